/* SPDX-License-Identifier: Apache-2.0 */
/* removal.h - removes the files that only expired snapshots reached. */
#ifndef CLI_REMOVAL_H
#define CLI_REMOVAL_H

#include "common/json.h"
#include "stores/store.h"
#include "vending/cloud.h"

struct removal;

/*
 * Begins a "remove-expired" job (stores/jobs.h); it belongs to cx.  Nothing is removed before
 * everything was read that any row of the asset still reaches, living or kept, on any branch,
 * and what the table's file before the expiry reaches without them.  What can't be read for
 * another reason than that it is gone ends it.  *out is NULL where that file is
 * gone.  NOT_FOUND: the warehouse.
 */
MUST_USE enum status removal_open(struct cx *cx, struct store *st, struct cloud *cloud,
				  const char *tenant_id, struct json_object *payload,
				  struct removal **out);

/* Some more; `step` is its memory and deadline.  Data files go before the manifest that names
 * them, manifests before their list: what ended half way begins again. */
MUST_USE enum status removal_step(struct cx *step, struct removal *r, bool *done);

/* How many files went. */
size_t removal_count(const struct removal *r);

#endif
