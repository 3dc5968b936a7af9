/* SPDX-License-Identifier: Apache-2.0 */
/* commits.h - the history of a catalog's content: what each commit changed, newest first. */
#ifndef STORES_COMMITS_H
#define STORES_COMMITS_H

#include "stores/branches.h"

/* One entry of a commit: stores/edit.h's edit_operation, read. */
struct operation {
	const char *op, *asset_id, *type;
	const char *namespace, *name; /* key columns of the place */
	const char *before, *after;   /* metadata locations, or NULL */
	struct asset *was;	      /* what the place showed before; NULL = nothing */
	struct asset *is; /* what it shows behind it, where `after` can't tell; NULL = see there */
};

/* INTERNAL: the row does not read. */
MUST_USE enum status commit_operations(struct cx *cx, const struct commit *c,
				       struct operation **out, size_t *n);

/* True where the place still shows what the operation left there. */
bool operation_stands(const struct operation *o, const struct asset *seen);

/* The id of the newest commit that the branch showed at that cut (INT64_MAX: now), also an
 * ancestor's; NULL = there was none. */
MUST_USE enum status commit_head(struct cx *cx, struct store *st, const struct branch *b,
				 int64_t cut, const char **id);

/* The cut of a commit that is past its time and is kept because something begins with it:
 * those behind it may be gone, so what was there then is not known (stores/trim.h). */
#define COMMIT_ALONE (-1)

/* A commit of any branch of the catalog, and *of: which of `all`.  NOT_FOUND: also one that is
 * past its time. */
MUST_USE enum status commit_find(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				 struct branch *all, size_t n, const char *id, struct commit *out,
				 struct branch **of);

/* Which commits a list wants. */
struct commit_filter {
	const char *namespace, *name; /* that touched this asset; name NULL = all */
	const char *author;
	int64_t since_ms, until_ms; /* 0 = any; until is exclusive */
	const char *after;	    /* older than this commit; NULL = from the newest on */
	size_t skip, limit;
};

struct history {
	struct commit *commits; /* newest first */
	const char **parents;	/* [n]: the id of the commit before it, or NULL */
	size_t n;
};

/*
 * The history of a branch or tag: its own commits, then its ancestors' as of the
 * cuts it was made at.  TOO_LARGE: more than COMMITS_LOOKED_AT were looked at in vain.
 */
#define COMMITS_LOOKED_AT 100000
MUST_USE enum status commit_list(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				 const struct branch *b, const struct commit_filter *filter,
				 struct history *out);

/* What a place showed behind a commit, and shows no more. */
struct undone {
	const char *namespace, *name;
	struct asset *was; /* NULL = nothing */
};

/*
 * What the branch's commits behind `id` (which is one of its own) took away, up to
 * those of cut `cut`: once a place.  INVALID: more than a list takes; NOT_FOUND: some of
 * them are past their time.
 */
MUST_USE enum status commit_undo(struct cx *cx, struct store *st, const struct branch *b,
				 const char *id, int64_t cut, struct undone **out, size_t *n);

#endif
