/* SPDX-License-Identifier: Apache-2.0 */
/* guard.h - engines see one metadata file: what other branches and tags read stays. */
#ifndef FCGI_TABLES_GUARD_H
#define FCGI_TABLES_GUARD_H

#include "fcgi/tables/commit.h"

/* True where the row goes with a change of it: the branch's own, which no cut shows. */
bool guard_replaces(const struct asset *a, const struct catalog_ref *ref,
		    const struct branch *branch);

/*
 * INVALID where the change removes a snapshot that another row of the same table, on any
 * branch, living or kept, still shows: an engine that expired it would remove its
 * files next.  `branch` is the row that the change will pin.
 */
MUST_USE enum status guard_check(struct request *rq, const struct catalog_ref *ref,
				 const struct scope *sc, const struct branch *branch,
				 const struct table_change *t);

#endif
