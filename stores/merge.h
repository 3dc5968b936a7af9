/* SPDX-License-Identifier: Apache-2.0 */
/* merge.h - merges of branches: worked out, kept with their conflicts, completed in one list. */
#ifndef STORES_MERGE_H
#define STORES_MERGE_H

#include "stores/branches.h"
#include "stores/three_way.h"

/*
 * A merge brings what a source changed since the base to a target.  It takes a cut of
 * the source first, and merges what it showed then: what is committed to the source
 * later is the next merge's.  The base is where the last merge between the two, either way,
 * began; else the nearest branch that both read, at the earlier of the two cuts (or
 * commits); of a partial branch, what it began with.  A rebase is a merge the other way.
 */
struct plan {
	struct branch source, target; /* as read */
	struct catalog_ref *into;     /* the catalog as the target shows it */
	struct entry *entries;
	size_t n;
	size_t changes, open; /* entries that are taken; conflicts that are not resolved */
	bool fast_forward;    /* the target changed nothing since the base */
	const char *base_commit_id;
};

/*
 * What a merge would do now; nothing is written.  NOT_FOUND: a branch; INVALID: the target is
 * a tag, both are one, or more changed than one list takes.
 */
MUST_USE enum status merge_preview(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				   const char *source, const char *target, struct plan *out);

/*
 * Takes the cut and keeps the operation: "pending", or "conflicted" with its conflicts.  As
 * merge_preview; UNAVAILABLE: others were always faster.
 */
MUST_USE enum status merge_start(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				 const char *source, const char *target, const struct audit *by,
				 struct merge_operation *out);

/* NOT_FOUND.  Of any catalog of the tenant. */
MUST_USE enum status merge_find(struct cx *cx, struct store *st, const char *tenant_id,
				const char *id, struct merge_operation *out);
MUST_USE enum status merge_find_conflict(struct cx *cx, struct store *st, const char *tenant_id,
					 const char *id, struct merge_conflict *out);

/* All conflicts of an operation, in the order they were found. */
MUST_USE enum status merge_conflicts(struct cx *cx, struct store *st,
				     const struct merge_operation *op, struct merge_conflict **out,
				     size_t *n);

/*
 * How it ends: "source", "target", or "manual" with what the target shall show.  With the last of
 * them the operation is "ready".  INVALID: it is completed or aborted.
 */
struct merge_resolution {
	const char *strategy;
	const struct asset *manual;
	const char *value; /* as it was sent, or NULL */
};
MUST_USE enum status merge_resolve(struct cx *cx, struct store *st, const char *tenant_id,
				   const char *conflict_id, const struct merge_resolution *how,
				   const struct audit *by);

/*
 * Works it out again over what the target shows now, and applies all of it or nothing.
 * INVALID: it has conflicts, is over, or is more than a list takes; CONFLICT: the target
 * changed what it meets (its conflicts are kept, "conflicted"), or another merge of the two
 * was completed since: this one is to be aborted.
 */
MUST_USE enum status merge_complete(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				    struct merge_operation *op, const struct audit *by);

/* INVALID: it is completed. */
MUST_USE enum status merge_abort(struct cx *cx, struct store *st, struct merge_operation *op,
				 const struct audit *by);

#endif
