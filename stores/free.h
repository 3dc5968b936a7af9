/* SPDX-License-Identifier: Apache-2.0 */
/* free.h - rows of branches that nobody reads any more go, in small lists: jobs of the worker. */
#ifndef STORES_FREE_H
#define STORES_FREE_H

#include "stores/content.h"

/*
 * A hidden branch ("free-branch"): once no other branch or tag has it for a
 * parent, its row goes, then all that hangs on its id.  What it was read through is
 * looked at next: a job for its parent.  Up to `batch` rows a call; *done: none were left, or
 * others still need it.
 */
MUST_USE enum status free_branch(struct cx *cx, struct store *st, const char *tenant_id,
				 const char *catalog_id, const char *branch_id, size_t batch,
				 bool *done);

/* Where a walk over a branch's rows stands; zeroed at its start.  Its text is its own. */
struct free_walk {
	struct cx cx;
	struct asset after;
};

/*
 * Kept rows ("free-history") of a branch that is not hidden: [born, until) goes where
 * no child, tag, open merge or merge base has a cut in it; and with them the
 * marks of drops that nothing behind them needs.
 */
MUST_USE enum status free_history(struct cx *cx, struct store *st, const char *tenant_id,
				  const char *catalog_id, const char *branch_id,
				  struct free_walk *walk, size_t batch, bool *done);

#endif
