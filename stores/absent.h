/* SPDX-License-Identifier: Apache-2.0 */
/* absent.h - tables that are not there, whose files somebody may reach still: staged creates until their
 * commit, and dropped ones until who dropped them removed their files. */
#ifndef STORES_ABSENT_H
#define STORES_ABSENT_H

#include "stores/assets.h"

#define STAGED_MS ((int64_t)2 * 60 * 60 * 1000)	 /* unless absent_keep prolongs it */
#define DROPPED_MS ((int64_t)1 * 60 * 60 * 1000) /* from the drop on */

/* `owner` is a text that names a principal; only that one finds what it staged or dropped. */

/*
 * Reserves the folders of a claim that was read and checked: nobody else's table can be put there
 * until the create is committed or its time is over.  CONFLICT: something changed there
 * meanwhile, read the claim again.
 */
MUST_USE enum status absent_stage(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				  const struct asset_name *at, const struct asset *row,
				  struct claim *claim, const char *owner);

/*
 * For a new table, whose claim was read: staged creates in its way that are the owner's own, or past their
 * time, go; *again: one did, read the claim again.  `adopt`: an own one at just this place
 * stays and is *mine, which the new table takes over with its asset_id (asset_change.staged);
 * else *mine is NULL.
 */
MUST_USE enum status absent_settle(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				   const struct claim *claim, const char *owner, bool adopt,
				   struct absent **mine, bool *again);

/* Puts into the list of a drop that frees the table's folders: the owner may remove its files. */
MUST_USE enum status absent_leave(struct edit *e, struct store *st, const struct asset *dropped,
				  const char *owner);

/* NOT_FOUND: the owner has none of that id and name in the catalog, or its time is over. */
MUST_USE enum status absent_find(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				 const struct asset_name *at, const char *asset_id,
				 const char *owner, struct absent *out);

bool absent_is_staged(const struct absent *a);

/* At least half of STAGED_MS is left of a staged one from here on. */
MUST_USE enum status absent_keep(struct cx *cx, struct store *st, struct absent *a);

#endif
