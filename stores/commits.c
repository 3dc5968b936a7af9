/* SPDX-License-Identifier: Apache-2.0 */
/* commits.c - the history of a catalog's content, read from commit rows. */
#include "stores/commits.h"

#include "common/list.h"
#include "common/text.h"
#include "stores/states.h"

#define PAGE 200
#define OPERATIONS_DEPTH 6

/* --- one commit --------------------------------------------------------------------- */

static struct operation read_operation(struct cx *cx, struct json_object *o)
{
	return (struct operation){
		.op = json_text(o, "op"),
		.asset_id = json_text(o, "asset_id"),
		.type = json_text(o, "type"),
		.namespace = json_text(o, "namespace"),
		.name = json_text(o, "name"),
		.before = json_text(o, "before"),
		.after = json_text(o, "after"),
		.was = state_asset(cx, json_member(o, "was")),
		.is = state_asset(cx, json_member(o, "is")),
	};
}

enum status commit_operations(struct cx *cx, const struct commit *c, struct operation **out,
			      size_t *n)
{
	const char *text = c->operations ? c->operations : "[]";
	struct json_object *list;

	if (json_parse(cx, text, strlen(text), OPERATIONS_DEPTH, &list) ||
	    !json_object_is_type(list, json_type_array))
		return fail(cx, INTERNAL, "the operations of commit %s do not read", c->commit_id);
	*n = json_object_array_length(list);
	*out = cx_array(cx, *n, sizeof(**out));
	for (size_t i = 0; i < *n; i++) {
		(*out)[i] = read_operation(cx, json_object_array_get_idx(list, i));
		if (!(*out)[i].namespace || !(*out)[i].name)
			return fail(cx, INTERNAL, "an operation of commit %s names nothing",
				    c->commit_id);
	}
	return OK;
}

bool operation_stands(const struct operation *o, const struct asset *seen)
{
	if (!seen)
		return !o->after && !o->is;
	if (o->is)
		return state_same(o->is, seen);
	return o->after && text_same(o->after, seen->metadata_location) &&
	       text_same(o->asset_id, seen->asset_id);
}

static struct commit row_of(const struct catalog_ref *ref, const char *branch_id, const char *id)
{
	return (struct commit){ .row = ROW(commit),
				.tenant_id = ref->tenant_id,
				.catalog_id = ref->catalog_id,
				.branch_id = branch_id,
				.commit_id = id };
}

enum status commit_find(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			struct branch *all, size_t n, const char *id, struct commit *out,
			struct branch **of)
{
	struct commit *found = cx_array(cx, n, sizeof(*found));
	struct row **rows = cx_array(cx, n, sizeof(*rows));
	enum status s;

	for (size_t i = 0; i < n; i++) {
		found[i] = row_of(ref, all[i].id, id);
		rows[i] = &found[i].row;
	}
	s = store_get_all(cx, st, rows, n);
	for (size_t i = 0; !s && i < n; i++) {
		if (!found[i].row.version)
			continue;
		*out = found[i];
		*of = &all[i];
		return OK;
	}
	return s ? s
		 : fail(cx, NOT_FOUND,
			"Commit does not exist, or is past its time: %s in catalog %s", id,
			ref->name);
}

/* --- history ------------------------------------------------------------------------ */

/* A walk over commits, newest first, through a branch and its ancestors. */
struct walk {
	struct store *st;
	const struct catalog_ref *ref;
	struct cx page;	       /* the memory of the page of rows */
	const char *branch_id; /* whose commits are read */
	struct commit after;   /* the last key read */
	struct commit *rows;
	size_t n, at;
	size_t limit; /* of the next page: doubled up to PAGE */
	bool end;
	size_t looked_at;
};

/* All of the branch that stand before `end` (NULL = all). */
static void walk_begin(struct walk *w, const char *branch_id, const char *end)
{
	w->branch_id = branch_id;
	w->after = row_of(w->ref, branch_id, end);
	w->n = w->at = 0;
	w->end = false;
}

/* The next commit of the branch, in the walk's memory until the next call; NULL = that was all. */
static enum status walk_next(struct cx *cx, struct walk *w, const struct commit **out)
{
	struct commit from = row_of(w->ref, w->branch_id, NULL);
	struct query q = { .from = &from.row, .bound = 3, .limit = w->limit, .backwards = true };
	struct rows rows;
	enum status s;

	*out = NULL;
	if (w->at == w->n && !w->end) {
		if (w->after.commit_id)
			q.after = &w->after.row;
		cx_reset(&w->page);
		w->page.deadline_ms = cx->deadline_ms;
		s = store_list(&w->page, w->st, &q, &rows);
		if (s)
			return fail(cx, s, "%s", w->page.message);
		w->rows = rows.items;
		w->n = rows.n;
		w->at = 0;
		w->end = rows.n < w->limit;
		w->limit = 2 * w->limit < PAGE ? 2 * w->limit : PAGE;
		if (rows.n)
			w->after.commit_id = cx_strdup(cx, w->rows[rows.n - 1].commit_id);
	}
	if (w->at == w->n)
		return OK;
	w->looked_at++;
	*out = &w->rows[w->at++];
	return OK;
}

static struct commit *keep(struct cx *cx, const struct commit *c)
{
	struct commit *copy = CX_NEW(cx, struct commit);

	*copy = *c;
	for (size_t i = 0; i < kind_commit.n_columns; i++) {
		const struct column *column = &kind_commit.columns[i];

		if (model_is_text(column))
			model_set_text(&copy->row, column,
				       cx_strdup(cx, model_text(&c->row, column)));
	}
	return copy;
}

enum status commit_head(struct cx *cx, struct store *st, const struct branch *b, int64_t cut,
			const char **id)
{
	const struct catalog_ref ref = { .tenant_id = b->tenant_id, .catalog_id = b->catalog_id };
	struct walk w = { .st = st, .ref = &ref, .limit = 1 }; /* most often the first one is it */
	const struct commit *c;
	enum status s;

	walk_begin(&w, b->id, NULL);
	do
		s = walk_next(cx, &w, &c);
	while (!s && c && c->cut > cut);
	*id = !s && c ? cx_strdup(cx, c->commit_id) : b->commit_id;
	cx_free(&w.page);
	return s;
}

/* --- lists -------------------------------------------------------------------------- */

struct lister {
	const struct commit_filter *filter;
	size_t skipped;
	struct list commits, parents;
	bool open; /* the last one kept waits for its parent */
};

/* Spares most commits the reading.  What JSON writes in another way is not looked for. */
static bool may_name(const char *operations, const char *name)
{
	return strpbrk(name, "\"\\/") || strstr(operations, name);
}

static enum status touches(struct cx *cx, const struct commit *c, const struct commit_filter *f,
			   bool *yes)
{
	struct cx own = { 0 };
	struct operation *list;
	size_t n;
	enum status s;

	*yes = !f->name;
	if (*yes || !c->operations || !may_name(c->operations, f->name))
		return OK;
	s = commit_operations(&own, c, &list, &n);
	for (size_t i = 0; !s && !*yes && i < n; i++)
		*yes = strcmp(list[i].namespace, f->namespace) == 0 &&
		       strcmp(list[i].name, f->name) == 0;
	if (s)
		fail(cx, s, "%s", own.message);
	cx_free(&own);
	return s;
}

static enum status matches(struct cx *cx, const struct commit *c, const struct commit_filter *f,
			   bool *yes)
{
	*yes = (!f->author || text_same(c->author, f->author)) &&
	       (!f->since_ms || c->made_ms >= f->since_ms) &&
	       (!f->until_ms || c->made_ms < f->until_ms);
	return *yes ? touches(cx, c, f, yes) : OK;
}

/* Takes one commit of the walk; *full: the list has all that it shall have. */
static enum status take(struct cx *cx, struct lister *l, const struct commit *c, bool *full)
{
	bool yes;
	enum status s;

	if (l->open)
		((const char **)l->parents.items)[l->parents.n - 1] = cx_strdup(cx, c->commit_id);
	l->open = false;
	*full = l->commits.n == l->filter->limit;
	if (*full)
		return OK;
	s = matches(cx, c, l->filter, &yes);
	if (s || !yes)
		return s;
	if (l->skipped < l->filter->skip) {
		l->skipped++;
		return OK;
	}
	*(struct commit *)list_add(&l->commits) = *keep(cx, c);
	*(const char **)list_add(&l->parents) = NULL;
	l->open = true;
	return OK;
}

/* One branch's commits before `end` (NULL = all), as of `cut`. */
static enum status take_branch(struct cx *cx, struct walk *w, struct lister *l,
			       const char *branch_id, const char *end, int64_t cut, bool *full)
{
	const struct commit *c;
	enum status s;

	walk_begin(w, branch_id, end);
	for (;;) {
		s = walk_next(cx, w, &c);
		if (s || !c)
			return s;
		if (w->looked_at > COMMITS_LOOKED_AT)
			return fail(cx, TOO_LARGE,
				    "none of the last %d commits is among them: ask for a time",
				    COMMITS_LOOKED_AT);
		if (c->cut > cut)
			continue;
		s = take(cx, l, c, full);
		if (s || *full)
			return s;
	}
}

static const char *earlier(const char *a, const char *b)
{
	return !b || (a && strcmp(a, b) < 0) ? a : b;
}

static enum status take_all(struct cx *cx, struct walk *w, struct lister *l, const struct branch *b,
			    struct branch *all, size_t n)
{
	const char *end = l->filter->after;
	int64_t cut = INT64_MAX;
	bool full = false;
	enum status s = OK;

	while (!s && b && !full) {
		s = take_branch(cx, w, l, b->id, end, cut, &full);
		if (!b->parent_id || !b->commit_id)
			return s;
		/* ids are hex and dashes: this stands behind that one, and before any other */
		end = earlier(end, cx_printf(cx, "%s~", b->commit_id));
		cut = b->parent_cut;
		b = branch_of_id(all, n, b->parent_id);
	}
	return s;
}

enum status commit_list(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			const struct branch *b, const struct commit_filter *filter,
			struct history *out)
{
	struct walk w = { .st = st, .ref = ref, .limit = PAGE };
	struct lister l = { .filter = filter,
			    .commits = { .cx = cx, .size = sizeof(struct commit) },
			    .parents = { .cx = cx, .size = sizeof(const char *) } };
	struct branch *all;
	size_t n;
	enum status s = branch_all(cx, st, ref, &all, &n);

	if (!s)
		s = take_all(cx, &w, &l, b, all, n);
	cx_free(&w.page);
	*out = (struct history){ l.commits.items, l.parents.items, l.commits.n };
	return s;
}

/* --- undoing ------------------------------------------------------------------------ */

struct undoing {
	struct list *list;
	struct json_object *places; /* {namespace and name: index in the list} */
};

/* From the newest commit on: the oldest has the last word on what a place showed before. */
static enum status undo_one(struct cx *cx, struct undoing *u, const struct commit *c)
{
	struct operation *ops;
	size_t n;
	enum status s = commit_operations(cx, c, &ops, &n);

	for (size_t i = n; !s && i > 0; i--) {
		const struct operation *o = &ops[i - 1];
		const char *key = state_key(cx, o->namespace, o->name);
		int64_t at = json_int(u->places, key, -1);
		struct undone *place;

		if (at < 0) {
			if (u->list->n == STORE_MAX_CHANGES)
				return fail(cx, INVALID,
					    "more than %d changes were made since commit %s",
					    STORE_MAX_CHANGES, c->commit_id);
			json_set_int(u->places, key, (int64_t)u->list->n);
			place = list_add(u->list);
		} else {
			place = (struct undone *)u->list->items + at;
		}
		*place = (struct undone){ o->namespace, o->name, o->was };
	}
	return s;
}

enum status commit_undo(struct cx *cx, struct store *st, const struct branch *b, const char *id,
			int64_t cut, struct undone **out, size_t *n)
{
	const struct catalog_ref ref = { .tenant_id = b->tenant_id, .catalog_id = b->catalog_id };
	struct list list = { .cx = cx, .size = sizeof(struct undone) };
	struct undoing u = { &list, json_new_object(cx) };
	struct walk w = { .st = st, .ref = &ref, .limit = PAGE };
	const struct commit *c;
	enum status s;

	walk_begin(&w, b->id, NULL);
	for (;;) {
		s = walk_next(cx, &w, &c);
		if (s || !c || strcmp(c->commit_id, id) <= 0)
			break;
		if (c->cut <= cut)
			s = undo_one(cx, &u, keep(cx, c));
		if (s)
			break;
	}
	if (!s && (!c || strcmp(c->commit_id, id) || c->cut == COMMIT_ALONE))
		s = fail(cx, NOT_FOUND,
			 "commit %s is past its time: what was changed behind it is not kept", id);
	cx_free(&w.page);
	*out = list.items;
	*n = list.n;
	return s;
}
