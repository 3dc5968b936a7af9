/* SPDX-License-Identifier: Apache-2.0 */
/* diff.h - what two points of a catalog's history show differently; and a commit taken back. */
#ifndef STORES_DIFF_H
#define STORES_DIFF_H

#include "stores/commits.h"
#include "stores/readings.h"

/* A branch or tag as it is, or a branch as it was behind a commit. */
struct point_in_time {
	struct reading reading;
	struct undone *undone; /* what it showed there instead */
	size_t n_undone;
};

/* `what` is the name of a branch or a tag, or a commit's id.  NOT_FOUND. */
MUST_USE enum status diff_point(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				const char *what, struct point_in_time *out);

struct difference {
	const char *namespace, *name;  /* key columns */
	const struct asset *from, *to; /* states; NULL = nothing */
};

/* By namespace and name.  INVALID: more than a list takes differ. */
MUST_USE enum status diff_points(struct cx *cx, struct store *st, const struct point_in_time *from,
				 const struct point_in_time *to, struct difference **out,
				 size_t *n);

/*
 * Makes what the commit changed on its branch as it was before, in a commit of the
 * branch `name`: all of it or nothing.  `back` is asked of each state that
 * comes back, or NULL.  *commit_id: the new commit.  NOT_FOUND; CONFLICT: something of it was
 * changed since: the message names the first.
 */
MUST_USE enum status commit_revert(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				   const char *name, const char *id, const struct comes_back *back,
				   const struct audit *by, const char **commit_id);

#endif
