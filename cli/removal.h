/* SPDX-License-Identifier: Apache-2.0 */
/* removal.h - removes the files that only expired snapshots reached. */
#ifndef CLI_REMOVAL_H
#define CLI_REMOVAL_H

#include "cli/foreign.h"

struct removal;

/*
 * Begins a "remove-expired" job (stores/jobs.h); it belongs to cx, and rs stays.  Nothing is removed
 * before everything was read that any row of the asset still reaches, living or kept, on any
 * branch (which must be there), what the table's file before the expiry reaches without them, and what other
 * tables of the storage read of it: `shared`, read after the job was inserted; NULL: it is read for
 * this job.  Rows are read again before each step's files go.  What can't be read ends
 * it.  Folders that are another table's by now, and a table with gc.enabled=false, are left alone.
 * *out is NULL where that file is gone.  NOT_FOUND: the warehouse.
 */
MUST_USE enum status removal_open(struct cx *cx, struct responder *rs, const char *tenant_id,
				  struct json_object *payload, const struct foreign *shared,
				  struct removal **out);

/* The storage of such a job: foreign_open's identity.  The failures of removal_open. */
MUST_USE enum status removal_storage(struct cx *cx, struct responder *rs, const char *tenant_id,
				     struct json_object *payload, const char **identity);

/* Some more; `step` is its memory and deadline.  Data files go before the manifest that names
 * them, manifests before their list: what ended half way begins again. */
MUST_USE enum status removal_step(struct cx *step, struct removal *r, bool *done);

/* How many files went. */
size_t removal_count(const struct removal *r);

#endif
