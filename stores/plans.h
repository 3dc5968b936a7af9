/* SPDX-License-Identifier: Apache-2.0 */
/* plans.h - scans that clients had planned, for as long as their tasks may be fetched. */
#ifndef STORES_PLANS_H
#define STORES_PLANS_H

#include "stores/store.h"

#define PLAN_MAX_REQUEST ((size_t)1024 * 1024) /* bytes of a plan's request */

/* Inserts the plan under a fresh id, to stand for ttl_s.  TOO_LARGE: its request is. */
MUST_USE enum status plan_create(struct cx *cx, struct store *st, int64_t ttl_s,
				 struct scan_plan *plan);

/*
 * Fills `plan` by its key.  NOT_FOUND: there is none (any more), or it is not
 * of its asset_id and user_id as given.
 */
MUST_USE enum status plan_find(struct cx *cx, struct store *st, struct scan_plan *plan);

/* NOT_FOUND: another call removed it. */
MUST_USE enum status plan_remove(struct cx *cx, struct store *st, struct scan_plan *plan);

#endif
