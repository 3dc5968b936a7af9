/* SPDX-License-Identifier: Apache-2.0 */
/* quotas.h - how much a tenant may have: read from its properties, counted in its creates' own lists. */
#ifndef STORES_QUOTAS_H
#define STORES_QUOTAS_H

#include "common/json.h"
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

/*
 * Room for so many new tables and namespaces: gives the change that takes it, for the list
 * that makes them.  The row counts creations and not drops, so it is never too low; where it
 * says that there is no room, what is there is counted, and the row put right.  Two lists
 * that take room at once: CONFLICT for one.  DENIED: the quota is reached.
 *
 * tenant_version is the tenant's row's: one that has changed since is counted anew, so a quota
 * holds from the moment it is set.
 */
MUST_USE enum status quota_take(struct cx *cx, struct store *st, const char *tenant_id,
				int64_t tenant_version, const struct quota *quota, int64_t tables,
				int64_t namespaces, struct change *out);

#endif
