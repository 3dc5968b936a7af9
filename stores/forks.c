/* SPDX-License-Identifier: Apache-2.0 */
/* forks.c - branches and tags that begin otherwise than their parent is: as of a commit, or partial. */
#include "common/list.h"
#include "common/text.h"
#include "stores/branches.h"
#include "stores/commits.h"
#include "stores/jobs.h"
#include "stores/states.h"

#define GIVEN_UP_MS 3600000 /* a hidden branch that got no name by then is freed */
#define BATCH 500

/* A branch under way: hidden, so that its cut is kept, until its rows are known. */
struct fork {
	struct cx *cx;
	struct store *st;
	const struct catalog_ref *ref;
	const struct branch_wish *wish;
	struct branch *parent, hidden;
	struct job *job;
	struct catalog_ref *at; /* the catalog as the hidden branch shows it */
	struct list places;	/* struct place * that get a row of their own, */
	struct list states;	/* and what each shows: struct asset *, or NULL; */
	struct list claims;	/* what comes back by it: struct claim *, or NULL */
	struct commit commit;	/* that is wished for */
};

/* --- beginning ------------------------------------------------------------------------ */

static bool is_above(const struct branch *b, const char *id)
{
	return text_same(b->id, id) || (b->chain && strstr(b->chain, id));
}

static enum status check_name(struct fork *f, struct branch *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, f->wish->name) == 0)
			return fail(f->cx, EXISTS, "%s already exists: %s in catalog %s",
				    text_same(all[i].branch_type, "tag") ? "Tag" : "Branch",
				    f->wish->name, f->ref->name);
	return OK;
}

/* Which branch it is cut from: where the commit was made, or the one that is named. */
static enum status find_parent(struct fork *f)
{
	const struct branch_wish *w = f->wish;
	struct branch *all, *from = NULL;
	size_t n;
	enum status s = branch_all(f->cx, f->st, f->ref, &all, &n);

	if (!s)
		s = check_name(f, all, n);
	if (s)
		return s;
	for (size_t i = 0; i < n && (w->from || !w->commit_id); i++)
		if (strcmp(all[i].name, w->from ? w->from : "main") == 0 &&
		    !text_same(all[i].branch_type, "hidden"))
			from = &all[i];
	if (!from && (w->from || !w->commit_id))
		return fail(f->cx, NOT_FOUND, "Branch does not exist: %s in catalog %s",
			    w->from ? w->from : "main", f->ref->name);
	f->parent = from;
	if (!w->commit_id)
		return OK;
	s = commit_find(f->cx, f->st, f->ref, all, n, w->commit_id, &f->commit, &f->parent);
	if (!s && from && !is_above(from, f->parent->id))
		s = fail(f->cx, NOT_FOUND, "commit %s is none of branch %s", w->commit_id, w->from);
	return s;
}

static enum status hide(struct fork *f)
{
	struct change list[BRANCH_BEGINS + 2];
	size_t n;
	enum status s = branch_begin(f->cx, f->parent, &f->hidden, list, &n);

	if (s)
		return s;
	f->hidden.name = branch_hidden_name(f->cx, f->hidden.id);
	f->hidden.branch_type = "hidden";
	f->job = job_free(f->cx, "free-branch", &f->hidden, cx_now_ms() + GIVEN_UP_MS);
	list[n++] = (struct change){ INSERT, &f->hidden.row };
	list[n++] = (struct change){ INSERT, &f->job->row };
	s = store_apply(f->cx, f->st, list, n, NULL);
	return s ? s : content_branch(f->cx, f->ref, &f->hidden, &f->at);
}

/* --- what comes back -------------------------------------------------------------------- */

enum status comes_back_ask(struct cx *cx, const struct comes_back *back,
			   struct asset *const *states, size_t n, struct claim **claims)
{
	const struct asset **asked = cx_array(cx, n, sizeof(*asked));
	struct claim **found = cx_array(cx, n, sizeof(*found));
	size_t n_asked = 0, next = 0;
	enum status s;

	for (size_t i = 0; i < n; i++)
		if (states[i])
			asked[n_asked++] = states[i];
	s = back->check ? back->check(back->arg, asked, n_asked, found) : OK;
	for (size_t i = 0; !s && i < n; i++)
		if (states[i])
			claims[i] = found[next++];
	return s;
}

/* --- its rows --------------------------------------------------------------------------- */

static void add_place(struct fork *f, struct place *p, struct asset *state)
{
	list_add(&f->claims);
	*(struct place **)list_add(&f->places) = p;
	*(struct asset **)list_add(&f->states) = state;
}

static enum status read_places(struct fork *f)
{
	struct place **places = f->places.items;
	enum status s = OK;

	for (size_t i = 0; !s && i < f->places.n; i += BATCH) {
		size_t n = f->places.n - i < BATCH ? f->places.n - i : BATCH;

		s = content_read(f->cx, f->st, f->at, NULL, places + i, n, NULL, 0);
	}
	return s;
}

/* What the commits behind the wished one took away comes back. */
static enum status as_of_commit(struct fork *f)
{
	struct undone *undone;
	size_t n;
	enum status s = commit_undo(f->cx, f->st, f->parent, f->wish->commit_id,
				    f->hidden.parent_cut, &undone, &n);

	for (size_t i = 0; !s && i < n; i++) {
		const struct undone *u = &undone[i];

		add_place(f, place_asset(f->cx, f->at, u->namespace, u->name), u->was);
	}
	if (!s)
		s = comes_back_ask(f->cx, &f->wish->back, f->states.items, f->states.n,
				   f->claims.items);
	return s ? s : read_places(f);
}

/* The namespace and those above it, each once. */
static void add_namespaces(struct fork *f, const char *path)
{
	for (const char *c = path;; c++) {
		struct place **have = f->places.items, *p;
		size_t i = 0;

		if (*c && *c != LEVEL_SEPARATOR)
			continue;
		p = place_namespace(f->cx, f->at, cx_strndup(f->cx, path, (size_t)(c - path)));
		while (i < f->places.n &&
		       (strcmp(have[i]->namespace, p->namespace) || strcmp(have[i]->name, p->name)))
			i++;
		if (i == f->places.n)
			add_place(f, p, NULL);
		if (!*c)
			return;
	}
}

static bool is_listed(const struct fork *f, const struct asset_name *at)
{
	struct place **have = f->places.items;

	for (size_t i = 0; i < f->places.n; i++)
		if (!strcmp(have[i]->namespace, at->path) && !strcmp(have[i]->name, at->name))
			return true;
	return false;
}

/* Copies of the listed assets, and of the namespaces they are in. */
static enum status partial(struct fork *f)
{
	const struct branch_wish *w = f->wish;
	struct place **places;
	struct asset **states;
	enum status s;

	for (size_t i = 0; i < w->n_only; i++) {
		if (!is_listed(f, &w->only[i]))
			add_place(f, place_asset(f->cx, f->at, w->only[i].path, w->only[i].name),
				  NULL);
		add_namespaces(f, w->only[i].path);
	}
	s = read_places(f);
	places = f->places.items;
	states = f->states.items;
	for (size_t i = 0; !s && i < f->places.n; i++) {
		if (!places[i]->seen)
			return fail(f->cx, NOT_FOUND, "Asset does not exist: %s",
				    asset_shown(f->cx, places[i]->namespace, places[i]->name));
		states[i] = state_copy(f->cx, places[i]->seen);
	}
	return s;
}

/* ["a.b.t", ...] */
static const char *listed(struct cx *cx, const struct branch_wish *w)
{
	struct json_object *list = json_new_array(cx);

	for (size_t i = 0; i < w->n_only; i++)
		json_add_text(list, asset_shown(cx, w->only[i].path, w->only[i].name));
	return json_print(cx, list, NULL);
}

/* --- its name --------------------------------------------------------------------------- */

static bool is_there_still(const struct place *p, const struct asset *state)
{
	return p->seen && text_same(p->seen->asset_id, state->asset_id);
}

static enum status add_rows(struct fork *f, struct edit *e)
{
	struct place **places = f->places.items;
	struct asset **states = f->states.items;
	struct claim **claims = f->claims.items;
	enum status s = OK;

	for (size_t i = 0; !s && i < f->places.n; i++) {
		if (states[i] && claims[i] && !is_there_still(places[i], states[i]))
			s = claim_again(e, f->st, claims[i], states[i]->asset_id);
		if (states[i])
			edit_put(e, places[i], states[i]);
		else if (places[i]->seen)
			edit_hide(e, places[i]);
	}
	return s;
}

static enum status publish(struct fork *f, const struct audit *by, struct branch *out, bool *again)
{
	const struct branch_wish *w = f->wish;
	struct edit *e;
	enum status s;

	*out = f->hidden;
	out->row.version = 0;
	out->name = w->name;
	out->branch_type = w->type;
	e = edit_begin(f->cx, f->at, out, by);
	s = add_rows(f, e);
	if (!s)
		s = edit_take_room(e, f->st);
	if (s)
		return s;
	out->cut = 1; /* what it began with is its cut 0: where merges begin */
	if (w->n_only) {
		out->chain = "[]";
		out->assets = listed(f->cx, w);
	} else {
		out->as_of = f->commit.cut + 1;
	}
	edit_add(e, DELETE, &f->hidden.row, PART_BRANCH);
	edit_add(e, DELETE, &f->job->row, PART_RECORD);
	edit_add(e, INSERT, &out->row, PART_BRANCH);
	edit_add(e, INSERT, &branch_record(f->cx, by, f->ref, "create", out)->row, PART_RECORD);
	s = store_apply(f->cx, f->st, e->changes, e->n, NULL);
	*again = s == CONFLICT || s == EXISTS; /* the next try says what there is */
	return s;
}

enum status branch_fork(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			const struct branch_wish *wish, const struct audit *by, struct branch *out,
			bool *again)
{
	struct fork f = { .cx = cx,
			  .st = st,
			  .ref = ref,
			  .wish = wish,
			  .places = { .cx = cx, .size = sizeof(struct place *) },
			  .states = { .cx = cx, .size = sizeof(struct asset *) },
			  .claims = { .cx = cx, .size = sizeof(struct claim *) } };
	enum status s = find_parent(&f);

	if (!s)
		s = hide(&f);
	*again = s == CONFLICT;
	if (s)
		return s;
	s = wish->commit_id ? as_of_commit(&f) : partial(&f);
	f.hidden.commit_id = wish->commit_id;
	if (!s && !wish->commit_id)
		s = commit_head(cx, st, f.parent, f.hidden.parent_cut, &f.hidden.commit_id);
	return s ? s : publish(&f, by, out, again);
}
