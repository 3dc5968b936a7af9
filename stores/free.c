/* SPDX-License-Identifier: Apache-2.0 */
/* free.c - what no branch, tag or merge reads any more goes, in small lists. */
#include "stores/free.h"

#include "common/list.h"
#include "common/text.h"
#include "stores/branches.h"
#include "stores/jobs.h"

#define PAGE 1000
#define MAX_LOCATIONS 8
#define MAX_ROWS_OF_ASSET 1000

/* A branch, and a list of removals. */
struct freeing {
	struct cx *cx;
	struct store *st;
	struct catalog_ref ref; /* tenant_id and catalog_id alone */
	const char *branch_id;
	struct list list; /* struct change */
};

static struct freeing freeing_of(struct cx *cx, struct store *st, const char *tenant_id,
				 const char *catalog_id, const char *branch_id)
{
	return (struct freeing){
		.cx = cx,
		.st = st,
		.ref = { .tenant_id = tenant_id, .catalog_id = catalog_id, .name = catalog_id },
		.branch_id = branch_id,
		.list = { .cx = cx, .size = sizeof(struct change) }
	};
}

static void add(struct freeing *f, enum change_op op, struct row *row)
{
	*(struct change *)list_add(&f->list) = (struct change){ op, row };
}

/* Another changed a row meanwhile, and nothing goes: the next call reads it again. */
static enum status apply(struct freeing *f, bool *again)
{
	enum status s = f->list.n ? store_apply(f->cx, f->st, f->list.items, f->list.n, NULL) : OK;

	*again = s == CONFLICT || s == EXISTS;
	return *again ? OK : s;
}

/* --- locations ------------------------------------------------------------------------ */

/* True where the asset has no row but those that the list removes. */
static enum status is_last(struct freeing *f, const char *asset_id, bool *yes)
{
	struct asset from = { .row = ROW(asset),
			      .tenant_id = f->ref.tenant_id,
			      .asset_id = asset_id };
	struct query q = {
		.from = &from.row, .bound = 1, .where = { "asset_id" }, .limit = MAX_ROWS_OF_ASSET
	};
	const struct change *list = f->list.items;
	struct rows rows;
	enum status s = store_list(f->cx, f->st, &q, &rows);

	*yes = !s && rows.n < MAX_ROWS_OF_ASSET;
	for (size_t i = 0; *yes && i < rows.n; i++) {
		const struct asset *a = (const struct asset *)rows.items + i;
		bool goes = false;

		for (size_t k = 0; k < f->list.n && !goes; k++)
			goes = list[k].op == DELETE && list[k].row->kind == &kind_asset &&
			       model_compare(list[k].row, &a->row) == 0;
		*yes = goes;
	}
	return s;
}

static bool is_listed(const struct freeing *f, const struct row *row)
{
	const struct change *list = f->list.items;

	for (size_t i = 0; i < f->list.n; i++)
		if (list[i].row->kind == row->kind && model_compare(list[i].row, row) == 0)
			return true;
	return false;
}

static enum status free_locations(struct freeing *f, const char *asset_id)
{
	struct location_row from = { .row = ROW(location_row), .asset_id = asset_id };
	struct query q = { .from = &from.row, .where = { "asset_id" }, .limit = MAX_LOCATIONS };
	struct rows rows;
	enum status s = store_list(f->cx, f->st, &q, &rows);

	for (size_t i = 0; !s && i < rows.n; i++) {
		struct location_row *l = (struct location_row *)rows.items + i;

		if (!is_listed(f, &l->row))
			add(f, DELETE, &l->row);
	}
	return s;
}

/* Of the assets whose rows go, those that nobody shows any more own no folder. */
static enum status free_all_locations(struct freeing *f)
{
	size_t n = f->list.n;
	enum status s = OK;

	for (size_t i = 0; !s && i < n; i++) {
		const struct row *row = ((struct change *)f->list.items)[i].row;
		const struct asset *a = (const struct asset *)row;
		bool last = false;

		if (row->kind != &kind_asset || !a->asset_id || !a->location)
			continue;
		s = is_last(f, a->asset_id, &last);
		if (!s && last)
			s = free_locations(f, a->asset_id);
	}
	return s;
}

/* --- a branch ------------------------------------------------------------------------- */

static enum status has_children(struct freeing *f, bool *yes)
{
	struct branch from = { .row = ROW(branch),
			       .tenant_id = f->ref.tenant_id,
			       .catalog_id = f->ref.catalog_id,
			       .parent_id = f->branch_id };
	struct query q = { .from = &from.row, .bound = 2, .where = { "parent_id" }, .limit = 1 };
	struct rows rows;
	enum status s = store_list(f->cx, f->st, &q, &rows);

	*yes = !s && rows.n > 0;
	return s;
}

/* The row goes in one list with what makes sure that its parent is looked at. */
static enum status free_row(struct freeing *f, struct branch *hidden)
{
	struct branch *all, *parent;
	bool again;
	size_t n;
	enum status s = branch_all(f->cx, f->st, &f->ref, &all, &n);

	if (s)
		return s;
	parent = branch_of_id(all, n, hidden->parent_id);
	add(f, DELETE, &hidden->row);
	if (parent)
		add(f, INSERT,
		    &job_free(f->cx,
			      text_same(parent->branch_type, "hidden") ? "free-branch"
								       : "free-history",
			      parent, cx_now_ms())
			     ->row);
	return apply(f, &again);
}

/* Up to `batch` rows of a kind whose third key column is the branch's id. */
static enum status take_rows(struct freeing *f, struct row *from, size_t batch)
{
	struct query q = { .from = from, .bound = 3, .limit = batch };
	struct rows rows;
	enum status s = store_list(f->cx, f->st, &q, &rows);

	for (size_t i = 0; !s && i < rows.n; i++)
		add(f, DELETE, (struct row *)((char *)rows.items + i * from->kind->size));
	return s;
}

/* Bases of merges with it: its id is never used again. */
static enum status take_bases(struct freeing *f)
{
	struct merge_base from = { .row = ROW(merge_base),
				   .tenant_id = f->ref.tenant_id,
				   .catalog_id = f->ref.catalog_id };
	struct merge_base *b;
	struct rows all;
	enum status s = store_list_all(f->cx, f->st,
				       &(struct query){ .from = &from.row, .bound = 2 }, &all);

	b = all.items;
	for (size_t i = 0; !s && i < all.n && f->list.n < PAGE; i++)
		if (text_same(b[i].low_id, f->branch_id) || text_same(b[i].high_id, f->branch_id))
			add(f, DELETE, &b[i].row);
	return s;
}

static enum status free_rows(struct freeing *f, size_t batch, bool *done)
{
	struct asset assets = { .row = ROW(asset),
				.tenant_id = f->ref.tenant_id,
				.catalog_id = f->ref.catalog_id,
				.branch_id = f->branch_id };
	struct commit commits = { .row = ROW(commit),
				  .tenant_id = f->ref.tenant_id,
				  .catalog_id = f->ref.catalog_id,
				  .branch_id = f->branch_id };
	bool again;
	enum status s = take_rows(f, &assets.row, batch);

	if (!s)
		s = free_all_locations(f);
	if (!s && !f->list.n)
		s = take_rows(f, &commits.row, batch);
	if (!s && !f->list.n)
		s = take_bases(f);
	*done = !s && !f->list.n;
	return s ? s : apply(f, &again);
}

enum status free_branch(struct cx *cx, struct store *st, const char *tenant_id,
			const char *catalog_id, const char *branch_id, size_t batch, bool *done)
{
	struct freeing f = freeing_of(cx, st, tenant_id, catalog_id, branch_id);
	struct branch hidden = { .row = ROW(branch),
				 .tenant_id = tenant_id,
				 .catalog_id = catalog_id,
				 .name = branch_hidden_name(cx, branch_id) };
	struct row *row = &hidden.row;
	struct branch *all;
	size_t n;
	enum status s = store_get_all(cx, st, &row, 1);

	*done = false;
	if (!s && hidden.row.version) {
		s = has_children(&f, done);
		return s || *done ? s : free_row(&f, &hidden);
	}
	if (!s)
		s = branch_all(cx, st, &f.ref, &all, &n);
	if (s)
		return s;
	*done = branch_of_id(all, n, branch_id) != NULL; /* it got its name after all */
	return *done ? OK : free_rows(&f, batch, done);
}

/* --- history -------------------------------------------------------------------------- */

struct pins {
	struct list cuts; /* int64_t */
};

static void pin(struct pins *p, int64_t cut)
{
	*(int64_t *)list_add(&p->cuts) = cut;
}

/* True where a cut c with from <= c < to is pinned. */
static bool is_pinned(const struct pins *p, int64_t from, int64_t to)
{
	const int64_t *cuts = p->cuts.items;

	for (size_t i = 0; i < p->cuts.n; i++)
		if (from <= cuts[i] && cuts[i] < to)
			return true;
	return false;
}

static void pin_merges(struct freeing *f, const struct rows *list, struct pins *pins)
{
	const struct merge_operation *m = list->items;

	for (size_t i = 0; i < list->n; i++) {
		if (text_same(m[i].source_id, f->branch_id))
			pin(pins, m[i].source_cut);
		if (text_same(m[i].base_id, f->branch_id))
			pin(pins, m[i].base_cut);
	}
}

/* Who reads the branch as of a cut.  New pins are of cuts that no kept row lies before. */
static enum status find_pins(struct freeing *f, struct pins *pins, bool *living)
{
	struct merge_operation merges = { .row = ROW(merge_operation),
					  .tenant_id = f->ref.tenant_id,
					  .catalog_id = f->ref.catalog_id };
	struct merge_base bases = { .row = ROW(merge_base),
				    .tenant_id = f->ref.tenant_id,
				    .catalog_id = f->ref.catalog_id };
	const struct query open = { .from = &merges.row, .bound = 2, .where = { "completed_at" } };
	const struct merge_base *b;
	struct branch *all;
	struct rows list;
	size_t n;
	enum status s = branch_all(f->cx, f->st, &f->ref, &all, &n);

	*pins = (struct pins){ .cuts = { .cx = f->cx, .size = sizeof(int64_t) } };
	*living = !s && branch_of_id(all, n, f->branch_id);
	for (size_t i = 0; !s && i < n; i++)
		if (text_same(all[i].parent_id, f->branch_id))
			pin(pins, all[i].parent_cut);
	for (size_t i = 0; !s && i < n; i++)
		if (text_same(all[i].id, f->branch_id) && (all[i].assets || all[i].as_of))
			pin(pins, 0); /* its merges begin there */
	if (!s)			      /* the open ones: those that are over have a time in it */
		s = store_list_all(f->cx, f->st, &open, &list);
	if (!s)
		pin_merges(f, &list, pins);
	if (!s)
		s = store_list_all(f->cx, f->st, &(struct query){ .from = &bases.row, .bound = 2 },
				   &list);
	b = list.items;
	for (size_t i = 0; !s && i < list.n; i++)
		if (text_same(b[i].branch_id, f->branch_id))
			pin(pins, b[i].cut);
	return s;
}

/* The mark of a drop is needed where a cut before it shows the asset, or a parent may. */
static bool is_needless(const struct asset *a, const struct pins *pins, bool has_parent)
{
	if (a->until != LIVING)
		return !is_pinned(pins, a->born, a->until);
	return text_same(a->type, "TOMBSTONE") && !has_parent && !is_pinned(pins, 0, a->born);
}

static enum status is_child(struct freeing *f, bool *yes)
{
	struct branch *all, *own;
	size_t n;
	enum status s = branch_all(f->cx, f->st, &f->ref, &all, &n);

	own = s ? NULL : branch_of_id(all, n, f->branch_id);
	*yes = !own || !own->chain || strlen(own->chain) > 2;
	return s;
}

static void remember(struct free_walk *w, const struct asset *last)
{
	struct asset copy = *last;
	struct cx cx = { 0 };

	for (size_t i = 0; i < kind_asset.n_keys; i++) {
		const struct column *c = &kind_asset.columns[i];

		if (model_is_text(c))
			model_set_text(&copy.row, c, cx_strdup(&cx, model_text(&last->row, c)));
	}
	cx_free(&w->cx);
	w->cx = cx;
	w->after = copy;
}

enum status free_history(struct cx *cx, struct store *st, const char *tenant_id,
			 const char *catalog_id, const char *branch_id, struct free_walk *walk,
			 size_t batch, bool *done)
{
	struct freeing f = freeing_of(cx, st, tenant_id, catalog_id, branch_id);
	struct asset from = { .row = ROW(asset),
			      .tenant_id = tenant_id,
			      .catalog_id = catalog_id,
			      .branch_id = branch_id },
		     *a;
	struct query q = { .from = &from.row, .bound = 3, .limit = batch };
	struct pins pins;
	struct rows page = { 0 };
	bool living, child, again = false;
	enum status s;

	if (walk->after.name)
		q.after = &walk->after.row;
	/* the rows first: who pins one of them later pins a cut behind it */
	s = store_list(cx, st, &q, &page);
	if (!s)
		s = find_pins(&f, &pins, &living);
	if (!s)
		s = is_child(&f, &child);
	if (s)
		return s;
	a = page.items;
	*done = page.n < batch || !living;
	for (size_t i = 0; i < page.n && living; i++)
		if (is_needless(&a[i], &pins, child))
			add(&f, DELETE, &a[i].row);
	s = free_all_locations(&f);
	if (!s)
		s = apply(&f, &again);
	*done = *done && !again;
	if (!s && !again && page.n)
		remember(walk, &a[page.n - 1]);
	return s;
}
