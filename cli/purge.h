/* SPDX-License-Identifier: Apache-2.0 */
/* purge.h - removes a dropped table's files, by the list its metadata gives; never by a prefix. */
#ifndef CLI_PURGE_H
#define CLI_PURGE_H

#include "common/json.h"
#include "stores/store.h"
#include "vending/cloud.h"

struct purge;

/*
 * Begins a "purge" job (stores/jobs.h).  The purge belongs to cx.  *out is NULL
 * where there is nothing to do: the metadata file is gone (it goes last), or a row of any
 * branch, living or kept, has it, a former one or the asset (again).  NOT_FOUND: the warehouse; else what reading says.
 */
MUST_USE enum status purge_open(struct cx *cx, struct store *st, struct cloud *cloud,
				const char *tenant_id, struct json_object *payload,
				struct purge **out);

/*
 * Removes some files more; `step` is its memory and deadline.  Only files within
 * the table's own folders go; with gc.enabled=false its data files stay.  What
 * was removed before does no harm: a purge that ended half way begins again.
 */
MUST_USE enum status purge_step(struct cx *step, struct purge *p, bool *done);

#endif
