/* SPDX-License-Identifier: Apache-2.0 */
/* quotas.h - how much a tenant may have: read from its properties, counted in the lists that make and drop. */
#ifndef STORES_QUOTAS_H
#define STORES_QUOTAS_H

#include "common/json.h"
#include "common/list.h"
#include "stores/store.h"

/* 0 = no limit. */
struct quota {
	int64_t tables; /* and views, of all catalogs: each once, on however many branches */
	int64_t namespaces;
	int64_t requests_per_minute;
};

/* Of a tenant's properties, JSON text or NULL: quota.tables, quota.namespaces,
 * quota.requests-per-minute.  INVALID: one that is no number from 0 on. */
MUST_USE enum status quota_parse(struct cx *cx, const char *properties, struct quota *out);

/* What a list does to what its tenant has. */
struct quota_moves {
	struct list come, go; /* struct quota_item: what a branch shows from now on, or no more */
	bool is_gone;	      /* what goes is nowhere else: no branch or tag was ever made beside */
};
struct quota_item {
	const char *asset_id;
	bool is_namespace; /* else a table or view */
};

/* Other kinds of assets are not counted. */
void quota_note(struct list *moves, const struct asset *a);

/*
 * What is counted: each table, view and namespace that a branch or tag of the tenant's
 * catalogs shows, or that one reads of its parents, once.  A deleted branch's parents count
 * until it was freed (stores/free.h).
 *
 * Gives the change of the tenant's count that goes with such a list; out->row NULL: none.
 * EVERY list in which assets come or go has it, and so the count is never too low: what comes is
 * added, be it elsewhere already or not, what is surely gone is taken off, and any other
 * move makes a new version of the row.  Where the row says that there is no room, what is there is
 * counted, and the row put right: a move in between makes that a CONFLICT, as two lists at once do.
 * DENIED: the quota is reached, and the list makes more of it.
 *
 * tenant_version is the tenant's row's: one that has changed since is counted anew, so a quota
 * holds from the moment it is set.
 */
MUST_USE enum status quota_take(struct cx *cx, struct store *st, const char *tenant_id,
				int64_t tenant_version, const struct quota *quota,
				const struct quota_moves *moves, struct change *out);

#endif
