/* SPDX-License-Identifier: Apache-2.0 */
/* search.c - from a text and tags to entries, by the rarest of their terms. */
#include "stores/search.h"

#include <stdlib.h>

#include "common/json.h"
#include "common/text.h"
#include "stores/index.h"

#define MAX_TERMS 8 /* that the rarest is chosen from */
#define CHUNK 500   /* rows of business metadata that are read at once */
#define TAGS_DEPTH 4

struct finder {
	struct cx *cx;
	struct store *st;
	const struct search *what;
	const char *folded; /* the text; "" = any */
	struct search_entry *entries;
	size_t n;
	bool cut;
};

/* --- candidates -------------------------------------------------------------------- */

static enum status list_term(struct finder *f, const char *term, size_t limit, struct rows *out)
{
	struct search_entry from = { .row = ROW(search_entry),
				     .tenant_id = f->what->tenant_id,
				     .term = term };
	struct query q = { .from = &from.row, .bound = 2, .limit = limit };

	return store_list(f->cx, f->st, &q, out);
}

/* The entries of the first of the terms whose end is seen, looking ever further. */
static enum status read_rarest(struct finder *f, const char *const *terms, size_t n)
{
	struct rows rows = { 0 };

	for (size_t limit = 200; limit <= SEARCH_MAX_ENTRIES; limit *= limit == 200 ? 10 : 5)
		for (size_t i = 0; i < n; i++) {
			enum status s = list_term(f, terms[i], limit, &rows);

			if (s)
				return s;
			f->entries = rows.items;
			f->n = rows.n;
			f->cut = rows.n == limit;
			if (!f->cut)
				return OK;
		}
	return OK;
}

static int compare_ids(const void *a, const void *b)
{
	const struct search_entry *x = a, *y = b;

	return strcmp(x->asset_id, y->asset_id);
}

/* The entries whose terms begin so, each asset's once. */
static enum status read_beginning(struct finder *f, const char *term)
{
	struct search_entry from = { .row = ROW(search_entry), .tenant_id = f->what->tenant_id };
	struct search_entry after = from;
	struct query q = {
		.from = &from.row, .bound = 1, .after = &after.row, .limit = SEARCH_MAX_ENTRIES
	};
	struct rows rows;
	size_t kept = 0;
	enum status s;

	after.term = term;
	after.asset_id = "";
	s = store_list(f->cx, f->st, &q, &rows);
	if (s)
		return s;
	f->entries = rows.items;
	while (f->n < rows.n && text_starts(f->entries[f->n].term, term))
		f->n++;
	f->cut = f->n == SEARCH_MAX_ENTRIES;
	if (f->n)
		qsort(f->entries, f->n, sizeof(*f->entries), compare_ids);
	for (size_t i = 0; i < f->n; i++)
		if (!kept || compare_ids(&f->entries[kept - 1], &f->entries[i]) != 0)
			f->entries[kept++] = f->entries[i];
	f->n = kept;
	return OK;
}

static enum status read_candidates(struct finder *f)
{
	const char *terms[MAX_TERMS];
	const char *s = f->folded;
	size_t n = 0;

	for (size_t i = 0; i < f->what->n_tags && n < MAX_TERMS; i++)
		terms[n++] = cx_printf(f->cx, "#%s", f->what->tags[i]);
	while (n < MAX_TERMS && *s && *index_step(s) && *index_step(index_step(s))) {
		terms[n++] = index_gram(f->cx, s);
		s = index_step(s);
	}
	if (n == 0 && *s)
		return read_beginning(f, index_gram(f->cx, s));
	if (n == 0)
		terms[n++] = "*";
	return read_rarest(f, terms, n);
}

/* --- matches ------------------------------------------------------------------------ */

static bool has_tag(struct json_object *tags, const char *tag)
{
	for (size_t i = 0; tags && i < json_object_array_length(tags); i++)
		if (text_same(json_object_get_string(json_object_array_get_idx(tags, i)), tag))
			return true;
	return false;
}

static bool has_tags(const struct finder *f, const struct business_metadata *about)
{
	struct json_object *tags = NULL;

	if (f->what->n_tags == 0)
		return true;
	if (!about || !about->tags ||
	    json_parse(f->cx, about->tags, strlen(about->tags), TAGS_DEPTH, &tags))
		return false;
	for (size_t i = 0; i < f->what->n_tags; i++)
		if (!has_tag(tags, f->what->tags[i]))
			return false;
	return true;
}

static bool says(const struct finder *f, const struct found *hit)
{
	const char *description = hit->about ? hit->about->description : NULL;

	return !*f->folded || strstr(index_fold(f->cx, hit->entry->name), f->folded) ||
	       (description && strstr(index_fold(f->cx, description), f->folded));
}

static bool matches(const struct finder *f, const struct found *hit)
{
	const char *catalog_id = f->what->catalog_id;

	return (!catalog_id || text_same(hit->entry->catalog_id, catalog_id)) &&
	       has_tags(f, hit->about) && says(f, hit);
}

/* A chunk of candidates with what is said of them: one round trip. */
static enum status visit_chunk(const struct finder *f, const struct search_entry *e, size_t n,
			       bool (*visit)(void *arg, const struct found *f), void *arg,
			       bool *more)
{
	struct business_metadata *about = cx_array(f->cx, n, sizeof(*about));
	struct row **rows = cx_array(f->cx, n, sizeof(*rows));
	enum status s;

	for (size_t i = 0; i < n; i++) {
		about[i] = (struct business_metadata){ .row = ROW(business_metadata),
						       .tenant_id = e[i].tenant_id,
						       .asset_id = e[i].asset_id };
		rows[i] = &about[i].row;
	}
	s = store_get_all(f->cx, f->st, rows, n);
	for (size_t i = 0; !s && i < n && *more; i++) {
		struct found hit = { &e[i], about[i].row.version ? &about[i] : NULL };

		if (matches(f, &hit))
			*more = visit(arg, &hit);
	}
	return s;
}

enum status search_each(struct cx *cx, struct store *st, const struct search *what,
			bool (*visit)(void *arg, const struct found *f), void *arg, bool *cut)
{
	struct finder f = { .cx = cx, .st = st, .what = what };
	bool more = true;
	enum status s;

	f.folded = what->text ? index_fold(cx, what->text) : "";
	s = read_candidates(&f);
	for (size_t i = 0; !s && more && i < f.n; i += CHUNK)
		s = visit_chunk(&f, &f.entries[i], f.n - i < CHUNK ? f.n - i : CHUNK, visit, arg,
				&more);
	if (cut)
		*cut = f.cut;
	return s;
}

enum status search_place(struct cx *cx, struct store *st, const char *tenant_id,
			 const char *asset_id, struct search_entry *out)
{
	enum status s;

	*out = (struct search_entry){
		.row = ROW(search_entry), .tenant_id = tenant_id, .term = "*", .asset_id = asset_id
	};
	s = store_get(cx, st, &out->row);
	return s == NOT_FOUND ? fail(cx, s, "Asset does not exist: %s", asset_id) : s;
}
