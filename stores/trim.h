/* SPDX-License-Identifier: Apache-2.0 */
/* trim.h - commits and merges that are past their time go, in small lists: work of the worker. */
#ifndef STORES_TRIM_H
#define STORES_TRIM_H

#include "stores/commits.h"

/* A property of a catalog: how many days its commits and merges are kept, in place of the
 * operator's PANGOLIN_COMMIT_DAYS.  0 = for ever. */
#define COMMIT_DAYS "commits.retention-days"

/* The catalog's days, or `otherwise` where it does not say.  INVALID: it says no number of days. */
MUST_USE enum status trim_days(struct cx *cx, const char *properties, int64_t otherwise,
			       int64_t *days);

/* Where the walk over a tenant's catalogs stands; zeroed at its start.  Its text is its own. */
struct trim_walk {
	struct cx cx;
	const char *catalog; /* the last one that was trimmed to its end */
	const char
		*branch; /* id of the branch that is trimmed, and its last commit that was seen */
	const char *commit;
};

/*
 * Of each catalog of the tenant, what is older than its days:
 *
 *	commits		oldest first.  Kept are a branch's newest one, and those that a branch
 *			or tag begins at or an open merge begins with; they are marked (COMMIT_ALONE):
 *			what followed on them is not known any more, so nothing is made
 *			as of them (stores/commits.h).
 *	merges		those that are over, with their conflicts; those that were begun
 *			and never ended are aborted: they hold rows of the content.
 *
 * No row of the content goes: branches, tags, merges and their bases stand on cuts.  One list
 * a call, of some `batch` removals; *done: the tenant has no further catalog.
 */
MUST_USE enum status trim_history(struct cx *cx, struct store *st, const char *tenant_id,
				  int64_t now_ms, int64_t days, struct trim_walk *walk,
				  size_t batch, bool *done);

#endif
