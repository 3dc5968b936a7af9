/* SPDX-License-Identifier: Apache-2.0 */
/* catalogs.h - catalogs: what holds namespaces and tables, and its first branch. */
#ifndef STORES_CATALOGS_H
#define STORES_CATALOGS_H

#include "stores/store.h"

/* `by` is the start of the audit record (stores/audit.h); NULL = the operator. */

/*
 * INVALID unless a catalog may be called so: it stands in a path, so no
 * control bytes, '/', '@', '%', '?', '#', '\' and no word that is a route
 * ("config", "oauth", "namespaces", "v1", "tables", "transactions", "views").
 */
MUST_USE enum status catalog_name_check(struct cx *cx, const char *name);

/* Its content is another server's. */
bool catalog_is_federated(const struct catalog *c);

/*
 * Makes the catalog and its branch "main"; no namespace.  Fills id,
 * catalog_type (where NULL) and created_ms.  EXISTS: the name; NOT_FOUND: the
 * warehouse or the tenant.
 */
MUST_USE enum status catalog_create(struct cx *cx, struct store *st, struct catalog *c,
				    const struct audit *by);

/* NOT_FOUND. */
MUST_USE enum status catalog_find(struct cx *cx, struct store *st, const char *tenant_id,
				  const char *name, struct catalog *out);

/* By its id.  NOT_FOUND. */
MUST_USE enum status catalog_find_id(struct cx *cx, struct store *st, const char *tenant_id,
				     const char *id, struct catalog *out);

/*
 * Writes a catalog that was read, under `name` where that is not NULL and
 * differs from its own: all below hangs on its id, which stays.  NOT_FOUND: the
 * warehouse it names; EXISTS: the new name; CONFLICT: another was faster; read
 * again.
 */
MUST_USE enum status catalog_update(struct cx *cx, struct store *st, struct catalog *c,
				    const char *name, const struct audit *by);

/*
 * Removes the catalog's row; a job ("drop-catalog", payload {"catalog_id"})
 * removes what was in it.  Its id is never used again, so nothing of it can be
 * reached from here on.  No file is removed.  `c` as it was read, and decided on: another
 * that has its name by now stays.  CONFLICT: it was changed meanwhile, or is gone.
 */
MUST_USE enum status catalog_drop(struct cx *cx, struct store *st, struct catalog *c,
				  const struct audit *by);

/* The tenant's catalogs by name, up to `max`; *more: there are further ones. */
MUST_USE enum status catalog_list(struct cx *cx, struct store *st, const char *tenant_id,
				  size_t max, struct catalog **out, size_t *n, bool *more);

#endif
