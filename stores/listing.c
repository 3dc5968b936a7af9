/* SPDX-License-Identifier: Apache-2.0 */
/* listing.c - what a namespace holds on a branch: the sorted lists of all levels, merged. */
#include "stores/content.h"

#include "common/text.h"

#define CHUNK 500
#define MAX_LOOKED_AT 10000

/* One level's rows as of its cut, by name; at most one a name. */
struct cursor {
	const struct catalog_ref *ref;
	const struct level *level;
	const char *namespace;
	const struct page *page;
	struct asset *items; /* the chunk */
	size_t n, at, want;
	struct asset after; /* the last key read */
	bool end;	    /* there is no chunk behind this one */
};

static enum status next_chunk(struct cx *cx, struct store *st, struct cursor *c)
{
	bool living = c->level->cut == LIVING;
	struct asset from = {
		.row = ROW(asset),
		.tenant_id = c->ref->tenant_id,
		.catalog_id = c->ref->catalog_id,
		.branch_id = c->level->branch_id,
		.namespace = c->namespace,
		.until = LIVING,
	};
	struct query q = { .from = &from.row, .bound = 4, .limit = c->want };
	struct rows rows;
	enum status s;

	if (c->after.name)
		q.after = &c->after.row;
	if (living)
		q.where[0] = "until";
	s = store_list(cx, st, &q, &rows);
	if (s)
		return s;
	c->items = rows.items;
	c->n = rows.n;
	c->at = 0;
	c->end = rows.n < c->want;
	if (rows.n)
		c->after = c->items[rows.n - 1];
	c->want = CHUNK;
	return c->page->ahead && c->n ? c->page->ahead(c->page->arg, c->items, c->n) : OK;
}

/* The next row the level shows, or NULL; stays on it until cursor_step. */
static enum status cursor_row(struct cx *cx, struct store *st, struct cursor *c, struct asset **out)
{
	enum status s;

	*out = NULL;
	for (;;) {
		while (c->at < c->n) {
			struct asset *a = &c->items[c->at];

			/* the first of a name with until > cut decides for the name */
			if (c->level->cut == LIVING ||
			    (a->until > c->level->cut && a->born <= c->level->cut)) {
				*out = a;
				return OK;
			}
			c->at++;
		}
		if (c->end)
			return OK;
		s = next_chunk(cx, st, c);
		if (s)
			return s;
	}
}

static void cursor_open(struct cx *cx, struct cursor *c, const struct catalog_ref *ref,
			const struct level *level, const char *namespace, const struct page *page)
{
	*c = (struct cursor){ .ref = ref,
			      .level = level,
			      .namespace = namespace,
			      .page = page,
			      .want = page->limit && page->limit < CHUNK ? page->limit + 1
									 : CHUNK };
	if (page->after) {
		/* every row of that name is behind us: its living row has the greatest until */
		c->after = (struct asset){ .row = ROW(asset),
					   .tenant_id = ref->tenant_id,
					   .catalog_id = ref->catalog_id,
					   .branch_id = level->branch_id,
					   .namespace = namespace,
					   .name = cx_strdup(cx, page->after),
					   .until = LIVING };
	}
}

/* Of all levels' next rows the least name, the nearest level winning; all
 * cursors on that name step on. */
static enum status merged_row(struct cx *cx, struct store *st, struct cursor *cursors, size_t n,
			      struct asset **out)
{
	struct asset *heads[MAX_LEVELS];

	*out = NULL;
	for (size_t i = 0; i < n; i++) {
		enum status s = cursor_row(cx, st, &cursors[i], &heads[i]);

		if (s)
			return s;
		if (heads[i] && (!*out || strcmp(heads[i]->name, (*out)->name) < 0))
			*out = heads[i];
	}
	for (size_t i = 0; i < n && *out; i++)
		if (heads[i] && strcmp(heads[i]->name, (*out)->name) == 0)
			cursors[i].at++;
	return OK;
}

static bool counts(const struct page *page, const struct asset *a)
{
	bool named = !page->types[0] && !text_same(a->type, "TOMBSTONE");

	for (size_t i = 0; i < ARRAY_SIZE(page->types) && page->types[i]; i++)
		named = named || text_same(a->type, page->types[i]);
	return named && (!page->keep || page->keep(page->arg, a));
}

static void listing_add(struct cx *cx, struct listing *l, size_t *cap, struct asset *a)
{
	if (l->n == *cap) {
		struct asset **more;

		*cap = *cap ? *cap * 2 : 64;
		more = cx_array(cx, *cap, sizeof(struct asset *));
		if (l->n)
			memcpy(more, l->rows, l->n * sizeof(*more));
		l->rows = more;
	}
	l->rows[l->n++] = a;
}

enum status content_list(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			 const char *namespace, const struct page *page, struct listing *out)
{
	struct cursor cursors[MAX_LEVELS];
	const char *last = NULL;
	size_t cap = 0, looked_at = 0;
	enum status s;

	*out = (struct listing){ 0 };
	for (size_t i = 0; i < ref->n_levels; i++)
		cursor_open(cx, &cursors[i], ref, &ref->levels[i], namespace, page);
	for (;;) {
		struct asset *a;

		s = merged_row(cx, st, cursors, ref->n_levels, &a);
		if (s || !a)
			return s;
		if (page->limit && (out->n == page->limit || looked_at == MAX_LOOKED_AT)) {
			out->next = last;
			return OK;
		}
		looked_at++;
		last = a->name;
		if (counts(page, a))
			listing_add(cx, out, &cap, a);
	}
}
