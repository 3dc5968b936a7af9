/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.h - from a path's names to rows, in one round trip with the epochs. */
#ifndef FCGI_RESOLVE_H
#define FCGI_RESOLVE_H

#include "fcgi/route.h"
#include "stores/content.h"

/* What stands behind rq->object.  Members narrower than the route's `on` are unset. */
struct resolved {
	const struct catalog_ref *catalog; /* ids, branch chain, warehouse; cached */
	const char *branch_name;
	const char *path, *name;       /* as looked up: levels joined by \x1F, without @branch */
	struct place *namespace_place; /* ON_NAMESPACE */
	struct place *asset_place;     /* ON_ASSET */
	struct asset *namespace_row;   /* what the branch shows, or a row of version 0 */
	struct asset *asset;	       /* likewise */
	struct branch *branch;	       /* with BRANCH_ROW */
};

/*
 * Fills rq->tenant_id, rq->object and rq->resolved from the route's leading
 * segments: ON_CATALOG {catalog}, ON_NAMESPACE {catalog, namespace}, ON_ASSET
 * {catalog, namespace, name}.  Reads the epochs first: where they moved, caches
 * are dropped and the caller is authenticated again.  A missing namespace or
 * asset is no failure (version 0): who may see that is access's to say.
 * NOT_FOUND: the tenant, the catalog or ?branch=.
 *
 * x@b: split at the last '@' where the part behind it names a branch; the
 * table's wins over the namespace's, that over ?branch=, that over main.  A
 * namespace of one level that is not there but reads a.b is tried as a, b.
 */
MUST_USE enum status resolve(struct request *rq);

/*
 * The same for names that stand in a body: *name (or, where NULL, *path) loses
 * its @branch, and *ref is the catalog on that branch: the request's own where
 * none is named.
 */
MUST_USE enum status resolve_names(struct request *rq, const char **path, const char **name,
				   const struct catalog_ref **ref);

#endif
