/* SPDX-License-Identifier: Apache-2.0 */
/* three_way.h - what one side changed, brought to another that may have changed it too. */
#ifndef STORES_THREE_WAY_H
#define STORES_THREE_WAY_H

#include "stores/locations.h"

enum outcome {
	STAYS,	   /* the target is as it shall be */
	TAKEN,	   /* it gets what the source shows */
	CONFLICTS, /* both changed it: somebody has to say */
};

/* One name that the source changed since the base. */
struct entry {
	const struct asset *source, *base; /* states; NULL = nothing */
	struct place *target;		   /* read */
	bool unchanged;			   /* the target shows there what the base did */
	enum outcome outcome;
	/* Of a conflict: "both_modified", "modified_deleted", "created_twice", "renamed",
	 * "namespace_not_empty", "namespace_missing". */
	const char *type;
	const char *description;
	/* What the target calls the same asset: goes where the source's is taken.  NULL = none. */
	struct place *also;
	/* It goes the way of that entry, which is a conflict: number + 1; 0 = its own. */
	size_t follows;
	/* Of a source that the target's history has and its branches may not: the folders it wants
	 * again; set by the caller.  NULL: they are its own still. */
	struct claim *claim;
	/* How a conflict ends; set by the caller. */
	bool resolved;
	bool take;		    /* the source's, or `manual` */
	const struct asset *manual; /* what it shall show instead; NULL = the source's */
};

/*
 * Works out outcomes.  It looks at the target beyond the entries' names: an asset is
 * shown once, in a namespace that is there, and a namespace goes empty.  May add
 * entries (of namespaces) behind the *n that there are: room for 2 * n.
 */
MUST_USE enum status three_way(struct cx *cx, struct store *st, const struct catalog_ref *target,
			       struct entry *entries, size_t *n);

/* How many conflicts are not resolved. */
size_t three_way_open(const struct entry *entries, size_t n);

/*
 * Adds all that is taken to a list over the target.  CONFLICT: what was resolved so
 * can't be: the message says why; INVALID: a claim is another's by now.
 */
MUST_USE enum status three_way_add(struct edit *e, struct store *st, const struct entry *entries,
				   size_t n, size_t *changes);

#endif
