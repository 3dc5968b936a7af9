/* SPDX-License-Identifier: Apache-2.0 */
/* branches.h - branches and tags of a catalog: made, found, deleted. */
#ifndef STORES_BRANCHES_H
#define STORES_BRANCHES_H

#include "stores/assets.h"

/*
 * Asked once of the n states that come back from the history: its failure ends it.  claims[i]
 * is NULL; set: the folders that the asset owns.  check NULL: not asked.
 */
struct comes_back {
	enum status (*check)(void *arg, const struct asset *const *states, size_t n,
			     struct claim **claims);
	void *arg;
};

/* Asks it of those states that are not NULL; claims[] as they are numbered. */
MUST_USE enum status comes_back_ask(struct cx *cx, const struct comes_back *back,
				    struct asset *const *states, size_t n, struct claim **claims);

/*
 * `ref` says which catalog: any branch of it.  A branch begins as its parent is at a
 * cut that is taken for it: whatever the catalog holds, its making writes the same few rows.
 * A tag is a branch that nothing is written to.
 *
 * What can't be made in one list (a branch as of a commit; a partial one) begins as
 * a hidden branch, which holds the cut, and gets its name in the list that
 * writes its rows.  A job frees what was given up in between (stores/free.h).
 */
struct branch_wish {
	const char *name;
	const char *type; /* "ingest", "experimental", "tag" */
	const char *from; /* a branch's or tag's name; NULL = main, or wherever the commit is */
	const char *commit_id; /* as it was behind that commit; NULL = as it is */
	/* A partial branch: copies of these assets alone, of no parent's.  0 = all. */
	const struct asset_name *only;
	size_t n_only;
	/* Of the states that the commits since took away. */
	struct comes_back back;
};

/*
 * INVALID: the name, the type, too many ancestors, more than a list takes; NOT_FOUND:
 * `from`, the commit or an asset; EXISTS: a branch or tag of that name;
 * UNAVAILABLE: others were always faster.
 */
MUST_USE enum status branch_create(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				   const struct branch_wish *wish, const struct audit *by,
				   struct branch *out);

/* NOT_FOUND "Branch does not exist: x in catalog c", or "Tag ...": also where it is the other. */
MUST_USE enum status branch_find(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				 const char *name, bool tag, struct branch *out);

/* Every branch and tag of the catalog, hidden ones too, by name. */
MUST_USE enum status branch_all(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				struct branch **out, size_t *n);

/* Of those that branch_all gave, the one with that id, or NULL. */
struct branch *branch_of_id(struct branch *all, size_t n, const char *id);

/*
 * Deletes it: its name is free and nothing can be written to it any more.  What
 * others read through it stays until they are gone too; a job frees the rest.
 * INVALID: main; DENIED: it is protected; NOT_FOUND.
 */
MUST_USE enum status branch_drop(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				 const char *name, bool tag, const struct audit *by);

/* Who may merge into it from now on: JSON [text], or NULL = whoever may write. */
MUST_USE enum status branch_protect(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				    const char *name, const char *protection,
				    const struct audit *by, struct branch *out);

/* INVALID unless a new branch or tag may be called so. */
MUST_USE enum status branch_name_check(struct cx *cx, const char *name);

/* The name of that branch while it is hidden. */
const char *branch_hidden_name(struct cx *cx, const char *id);

/* The change that takes a cut of a branch that was read: it is as it was at the count before
 * from then on.  At most BRANCH_CUTS of them.  Of what can't be written to: a pin. */
#define BRANCH_CUTS 2
size_t branch_cut(struct cx *cx, struct branch *b, struct change *list);

/*
 * What a new branch begins with: wish->from was read (or is wherever the commit is); `child`
 * gets all but its name and type, and `list` the change that keeps the parent as it is
 * at the cut: with it goes an epoch where that was main's first.  *n: how many
 * changes, at most BRANCH_BEGINS.  INVALID: too many ancestors.
 */
#define BRANCH_BEGINS BRANCH_CUTS
MUST_USE enum status branch_begin(struct cx *cx, struct branch *parent, struct branch *child,
				  struct change *list, size_t *n);

/* The part of branch_create that takes two lists: stores/forks.c.  *again: others were
 * faster; any other failure, also a CONFLICT of wish->back's, is the last word. */
MUST_USE enum status branch_fork(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				 const struct branch_wish *wish, const struct audit *by,
				 struct branch *out, bool *again);

/* The record of its making, for both. */
struct audit *branch_record(struct cx *cx, const struct audit *by, const struct catalog_ref *ref,
			    const char *op, const struct branch *b);

/* [[id, cut], ...] of a child that b has at that cut.  INVALID: too many ancestors. */
MUST_USE enum status branch_chain(struct cx *cx, const struct branch *b, int64_t cut,
				  const char **out);

#endif
