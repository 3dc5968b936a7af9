/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.h - from a path's names to rows, in one round trip with the epochs. */
#ifndef FCGI_RESOLVE_H
#define FCGI_RESOLVE_H

#include "fcgi/route.h"
#include "stores/content.h"

/* What stands behind rq->object.  Members narrower than the route's `on` are unset. */
struct resolved {
	const struct catalog_ref *catalog; /* ids, branch chain, storage; cached */
	const char *branch_name;
	struct asset *namespace_row; /* version 0 = none */
	struct asset *asset;	     /* the row visible on the branch; version 0 = none */
	struct branch *branch;	     /* with BRANCH_ROW */
};

/*
 * Fills rq->tenant_id, rq->object and rq->resolved from the route's leading
 * segments: ON_CATALOG {catalog}, ON_NAMESPACE {catalog, namespace}, ON_ASSET
 * {catalog, namespace, name}.  Reads the epochs first: where they moved, caches
 * are dropped and the caller is authenticated again.  A missing namespace or
 * asset is no failure (version 0): who may see that is access's to say.
 * NOT_FOUND: the catalog.
 */
MUST_USE enum status resolve(struct request *rq);

#endif
