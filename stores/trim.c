/* SPDX-License-Identifier: Apache-2.0 */
/* trim.c - the history of catalogs, as long as its time is. */
#include "stores/trim.h"

#include "common/list.h"
#include "common/text.h"
#include "stores/merge.h"

#define DAY_MS ((int64_t)86400000)
#define MAX_DAYS 36500
#define MAX_BRANCHES 100 /* looked at in one call */
#define MERGES 1000

/* One call: of one catalog. */
struct trimming {
	struct cx *cx;
	struct store *st;
	struct catalog_ref ref; /* tenant_id, catalog_id and name alone */
	int64_t before_ms;
	size_t batch;
	struct branch *all;
	size_t n_all;
	struct json_object *pins; /* {commit id: true} */
	struct list list;	  /* struct change */
};

enum status trim_days(struct cx *cx, const char *properties, int64_t otherwise, int64_t *days)
{
	struct json_object *o;
	const char *text = NULL;

	*days = otherwise;
	if (properties && !json_parse(cx, properties, strlen(properties), 3, &o))
		text = json_text(o, COMMIT_DAYS);
	if (!text)
		return OK;
	if (text_int(text, days) && *days >= 0 && *days <= MAX_DAYS)
		return OK;
	return fail(cx, INVALID, "%s is no number of days from 0 to %d: \"%s\"", COMMIT_DAYS,
		    MAX_DAYS, text);
}

static void add(struct trimming *t, enum change_op op, struct row *row)
{
	*(struct change *)list_add(&t->list) = (struct change){ op, row };
}

/* --- commits ------------------------------------------------------------------------------ */

static void pin(struct trimming *t, const char *commit_id)
{
	if (commit_id)
		json_set_bool(t->pins, commit_id, true);
}

static enum status find_pins(struct trimming *t)
{
	struct merge_operation from = { .row = ROW(merge_operation),
					.tenant_id = t->ref.tenant_id,
					.catalog_id = t->ref.catalog_id };
	const struct query open = { .from = &from.row, .bound = 2, .where = { "completed_at" } };
	struct rows merges;
	enum status s = branch_all(t->cx, t->st, &t->ref, &t->all, &t->n_all);

	t->pins = json_new_object(t->cx);
	if (!s)
		s = store_list_all(t->cx, t->st, &open, &merges);
	for (size_t i = 0; !s && i < t->n_all; i++)
		pin(t, t->all[i].commit_id);
	for (size_t i = 0; !s && i < merges.n; i++)
		pin(t, ((struct merge_operation *)merges.items)[i].base_commit_id);
	return s;
}

static void trim_commit(struct trimming *t, struct commit *c)
{
	if (!json_has(t->pins, c->commit_id)) {
		add(t, DELETE, &c->row);
	} else if (c->cut >= 0) {
		c->cut = COMMIT_ALONE;
		add(t, UPDATE, &c->row);
	}
}

/* A page of a branch's oldest commits: *ended where nothing older than its time is behind it. */
static enum status trim_page(struct trimming *t, struct trim_walk *w, const char *branch_id,
			     bool *ended)
{
	struct commit from = { .row = ROW(commit),
			       .tenant_id = t->ref.tenant_id,
			       .catalog_id = t->ref.catalog_id,
			       .branch_id = branch_id };
	struct commit after = from, *c;
	/* most often the first one is young */
	struct query q = { .from = &from.row, .bound = 3, .limit = w->commit ? t->batch + 1 : 2 };
	const char *last = NULL;
	struct rows page;
	enum status s;

	after.commit_id = w->commit;
	if (w->commit)
		q.after = &after.row;
	s = store_list(t->cx, t->st, &q, &page);
	c = page.items;
	*ended = s || page.n < q.limit;
	/* the last of the page may be the branch's newest */
	for (size_t i = 0; !s && i + 1 < page.n; i++) {
		*ended |= c[i].made_ms >= t->before_ms;
		if (c[i].made_ms >= t->before_ms)
			break;
		last = c[i].commit_id;
		trim_commit(t, &c[i]);
	}
	if (last)
		w->commit = cx_strdup(&w->cx, last);
	return s;
}

/* Branches one after another until the list is long enough; *ended: there are no more. */
static enum status trim_branches(struct trimming *t, struct trim_walk *w, bool *ended)
{
	size_t i = 0, looked_at = 0;
	enum status s = OK;

	/* one that was deleted meanwhile: from the first one on again */
	while (w->branch && i < t->n_all && !text_same(t->all[i].id, w->branch))
		i++;
	if (i == t->n_all) {
		i = 0;
		w->commit = NULL;
	}
	while (!s && i < t->n_all && t->list.n < t->batch && looked_at < MAX_BRANCHES) {
		bool page_ended;

		looked_at++;
		s = trim_page(t, w, t->all[i].id, &page_ended);
		if (!page_ended)
			continue;
		i++;
		w->commit = NULL;
	}
	*ended = i == t->n_all;
	w->branch = *ended ? NULL : cx_strdup(&w->cx, t->all[i].id);
	return s;
}

/* --- merges ------------------------------------------------------------------------------- */

/* Its conflicts first; the operation itself where they all fit. */
static enum status drop_merge(struct trimming *t, struct merge_operation *op)
{
	struct merge_conflict from = { .row = ROW(merge_conflict),
				       .tenant_id = op->tenant_id,
				       .catalog_id = op->catalog_id,
				       .operation_id = op->id };
	struct query q = { .from = &from.row, .bound = 3, .limit = t->batch };
	struct rows page;
	enum status s = store_list(t->cx, t->st, &q, &page);

	for (size_t i = 0; !s && i < page.n; i++)
		add(t, DELETE, &((struct merge_conflict *)page.items + i)->row);
	if (!s && page.n < t->batch)
		add(t, DELETE, &op->row);
	return s;
}

/* The oldest merges.  Nothing is in the list where no further one is past its time. */
static enum status trim_merges(struct trimming *t)
{
	struct merge_operation from = { .row = ROW(merge_operation),
					.tenant_id = t->ref.tenant_id,
					.catalog_id = t->ref.catalog_id },
			       *op;
	const struct query q = { .from = &from.row, .bound = 2, .limit = MERGES };
	struct rows page;
	enum status s = store_list(t->cx, t->st, &q, &page);

	op = page.items;
	for (size_t i = 0; !s && i < page.n && t->list.n < t->batch; i++) {
		if (op[i].initiated_at >= t->before_ms)
			break;
		if (!op[i].completed_at)
			s = merge_abort(t->cx, t->st, &op[i], NULL);
		else if (op[i].completed_at < t->before_ms)
			s = drop_merge(t, &op[i]);
	}
	return s == INVALID || s == NOT_FOUND ? OK : s; /* somebody ended it just now */
}

/* --- a call --------------------------------------------------------------------------------- */

static enum status next_catalog(struct cx *cx, struct store *st, const char *tenant_id,
				const struct trim_walk *w, struct rows *out)
{
	struct catalog from = { .row = ROW(catalog), .tenant_id = tenant_id }, after = from;
	struct query q = { .from = &from.row, .bound = 1, .limit = 1 };

	after.name = w->catalog;
	if (w->catalog)
		q.after = &after.row;
	return store_list(cx, st, &q, out);
}

static enum status trim_catalog(struct trimming *t, struct trim_walk *w, bool *ended)
{
	enum status s = find_pins(t);

	if (!s)
		s = trim_branches(t, w, ended);
	if (!s && *ended && !t->list.n) {
		s = trim_merges(t);
		*ended = !t->list.n;
	}
	if (s || !t->list.n)
		return s;
	*ended = false;
	s = store_apply(t->cx, t->st, t->list.items, t->list.n, NULL);
	return s == CONFLICT ? OK : s; /* the next time's */
}

enum status trim_history(struct cx *cx, struct store *st, const char *tenant_id, int64_t now_ms,
			 int64_t days, struct trim_walk *w, size_t batch, bool *done)
{
	struct trimming t = { .cx = cx,
			      .st = st,
			      .batch = batch,
			      .list = { .cx = cx, .size = sizeof(struct change) } };
	const struct catalog *c;
	struct rows found;
	bool ended = true, known;
	enum status s = next_catalog(cx, st, tenant_id, w, &found);

	*done = s || !found.n;
	if (*done)
		return s;
	c = found.items;
	known = trim_days(cx, c->properties, days, &days) == OK;
	t.ref = (struct catalog_ref){ .tenant_id = tenant_id,
				      .catalog_id = c->id,
				      .name = c->name };
	t.before_ms = now_ms - days * DAY_MS;
	if (known && days)
		s = trim_catalog(&t, w, &ended);
	if (s || !ended)
		return s;
	w->catalog = cx_strdup(&w->cx, c->name);
	w->branch = w->commit = NULL;
	return OK;
}
