/* SPDX-License-Identifier: Apache-2.0 */
/* drop.h - removes the rows below a dropped catalog or tenant, in small lists. */
#ifndef STORES_DROP_H
#define STORES_DROP_H

#include "stores/store.h"

#define DROP_MAX_ROWS 1000

/*
 * Each call removes up to `batch` rows (1 .. DROP_MAX_ROWS) and what hangs on
 * them, in one list; `*done` says that none were left.  Branches go first: no commit
 * can land from then on.  The caller calls again, with its context reset.
 */
MUST_USE enum status drop_catalog_rows(struct cx *cx, struct store *st, const char *tenant_id,
				       const char *catalog_id, size_t batch, bool *done);

/* Only for a tenant whose own row is gone; CONFLICT otherwise.  Of the default tenant an
 * empty one is left. */
MUST_USE enum status drop_tenant_rows(struct cx *cx, struct store *st, const char *tenant_id,
				      size_t batch, bool *done);

/* Grants to a principal, its roles among them; or assignments of a role.  The other is NULL. */
MUST_USE enum status drop_grant_rows(struct cx *cx, struct store *st, const char *tenant_id,
				     const char *user_id, const char *role_id, size_t batch,
				     bool *done);

/*
 * Rows of that kind whose time in `column` (0 = never) was over at before_ms, as above: the
 * tenant's ("" = the server's), or all rows of a GLOBAL kind.
 */
MUST_USE enum status drop_expired(struct cx *cx, struct store *st, const struct kind *k,
				  const char *column, const char *tenant_id, int64_t before_ms,
				  size_t batch, bool *done);

/* Metrics reports of the tenant that were received more than `days` ago, as above; up to a
 * week late. */
MUST_USE enum status drop_old_reports(struct cx *cx, struct store *st, const char *tenant_id,
				      int64_t now_ms, int64_t days, size_t batch, bool *done);

#endif
