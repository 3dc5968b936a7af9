/* SPDX-License-Identifier: Apache-2.0 */
/* past.h - metadata files of a table that no row has now, and that somebody may still go back to. */
#ifndef CLI_PAST_H
#define CLI_PAST_H

#include "cli/reach.h"
#include "stores/content.h"

/*
 * Those that commits of the catalog name (a revert, or a branch at a commit, goes back to them),
 * both sides of merges that are open or were, and jobs that still have to read one.  The whole
 * history is read, a page a step.
 */
struct past {
	struct cx cx; /* where it stands */
	struct row *after;
	int what; /* 0 = zeroed: at its start */
};

MUST_USE enum status past_step(struct cx *step, struct past *p, struct store *st,
			       const struct catalog_ref *ref, struct reach *into, struct reader *by,
			       bool *done);

#endif
