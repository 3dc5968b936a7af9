/* SPDX-License-Identifier: Apache-2.0 */
/* index.c - from names, descriptions and tags to search entries. */
#include "stores/index.h"

#include <locale.h>
#include <stdlib.h>
#include <wchar.h>
#include <wctype.h>

#include "common/text.h"
#include "stores/jobs.h"

#define MAX_ASSETS 500 /* of an edit: more are a job's */
#define GRAM 3
#define TAGS_DEPTH 4
#define PAGE 200
#define TRIES 5

/* --- text ---------------------------------------------------------------------- */

const char *index_step(const char *s)
{
	if (!*s)
		return s;
	do
		s++;
	while (((unsigned char)*s & 0xc0) == 0x80);
	return s;
}

/* A code point of well-formed UTF-8. */
static wchar_t read_char(const char *s, const char *end)
{
	unsigned char first = (unsigned char)*s;
	int more = (int)(end - s) - 1;
	unsigned c = more ? first & (0x3fu >> more) : first;

	while (++s < end)
		c = c << 6 | ((unsigned char)*s & 0x3f);
	return (wchar_t)c;
}

static void add_char(struct text *t, unsigned c)
{
	if (c < 0x80) {
		text_addc(t, (char)c);
		return;
	}
	if (c < 0x800) {
		text_addc(t, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			text_addc(t, (char)(0xe0 | c >> 12));
		} else {
			text_addc(t, (char)(0xf0 | c >> 18));
			text_addc(t, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		text_addc(t, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	text_addc(t, (char)(0x80 | (c & 0x3f)));
}

const char *index_fold(struct cx *cx, const char *text)
{
	struct text t = text_open(cx, 2 * strlen(text));
	locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

	for (const char *s = text, *end; *s; s = end) {
		wchar_t c = read_char(s, end = index_step(s));

		if (unicode)
			c = (wchar_t)towlower_l((wint_t)c, unicode);
		else if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		add_char(&t, (unsigned)c);
	}
	if (unicode)
		freelocale(unicode);
	return t.s;
}

const char *index_gram(struct cx *cx, const char *folded)
{
	const char *end = folded;

	for (int i = 0; i < GRAM; i++)
		end = index_step(end);
	return cx_printf(cx, "g%.*s", (int)(end - folded), folded);
}

/* --- terms ---------------------------------------------------------------------- */

static void add_term(struct list *terms, const char *term)
{
	*(const char **)list_add(terms) = term;
}

static void add_grams(struct list *terms, const char *text)
{
	for (const char *s = index_fold(terms->cx, text); *s; s = index_step(s))
		add_term(terms, index_gram(terms->cx, s));
}

/* The beginning of a text, cut between two characters. */
static const char *beginning(struct cx *cx, const char *text)
{
	size_t n = strnlen(text, INDEX_TEXT_BYTES);

	while (((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return cx_strndup(cx, text, n);
}

static void add_about(struct list *terms, const struct business_metadata *about)
{
	struct json_object *tags;

	if (about->description)
		add_grams(terms, beginning(terms->cx, about->description));
	if (!about->tags ||
	    json_parse(terms->cx, about->tags, strlen(about->tags), TAGS_DEPTH, &tags))
		return;
	for (size_t i = 0; i < json_object_array_length(tags); i++)
		add_term(terms,
			 cx_printf(terms->cx, "#%s",
				   json_object_get_string(json_object_array_get_idx(tags, i))));
}

static int compare_terms(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In order, each once. */
static struct list terms_of(struct cx *cx, const struct asset *a,
			    const struct business_metadata *about)
{
	struct list terms = { .cx = cx, .size = sizeof(const char *) };
	const char **t;
	size_t n = 0;

	add_term(&terms, "*");
	add_grams(&terms, a->name);
	if (about)
		add_about(&terms, about);
	t = terms.items;
	qsort(t, terms.n, sizeof(*t), compare_terms);
	for (size_t i = 0; i < terms.n; i++)
		if (!n || strcmp(t[n - 1], t[i]) != 0)
			t[n++] = t[i];
	terms.n = n < INDEX_MAX_TERMS ? n : INDEX_MAX_TERMS;
	return terms;
}

/* --- entries --------------------------------------------------------------------- */

enum status index_entries(struct cx *cx, struct store *st, const char *tenant_id,
			  const char *asset_id, struct rows *out)
{
	struct search_entry from = { .row = ROW(search_entry),
				     .tenant_id = tenant_id,
				     .asset_id = asset_id };
	struct query q = {
		.from = &from.row, .bound = 1, .where = { "asset_id" }, .limit = INDEX_MAX_TERMS
	};

	return store_list(cx, st, &q, out);
}

static void add_change(struct list *changes, enum change_op op, struct search_entry *e)
{
	*(struct change *)list_add(changes) = (struct change){ op, &e->row };
}

static struct search_entry *entry_of(struct cx *cx, const struct asset *a, const char *term)
{
	struct search_entry *e = CX_NEW(cx, struct search_entry);

	*e = (struct search_entry){ .row = ROW(search_entry),
				    .tenant_id = a->tenant_id,
				    .term = term,
				    .asset_id = a->asset_id,
				    .catalog_id = a->catalog_id,
				    .namespace = a->namespace,
				    .name = a->name,
				    .type = a->type };
	return e;
}

static bool same_place(const struct search_entry *e, const struct asset *a)
{
	return text_same(e->catalog_id, a->catalog_id) && text_same(e->namespace, a->namespace) &&
	       text_same(e->name, a->name) && text_same(e->type, a->type);
}

/* An entry that stays: "*" is written even where it is right. */
static void keep_entry(struct cx *cx, struct search_entry *old, const struct asset *now,
		       struct list *changes)
{
	struct search_entry *e;

	if (strcmp(old->term, "*") != 0 && same_place(old, now))
		return;
	e = entry_of(cx, now, old->term);
	e->row.version = old->row.version;
	add_change(changes, UPDATE, e);
}

/* Both are in order of terms: one walk through them. */
void index_changes(struct cx *cx, const struct rows *old, const struct asset *now,
		   const struct business_metadata *about, struct list *changes)
{
	struct list terms = { 0 };
	struct search_entry *e = old->items;
	const char **t;
	size_t i = 0, k = 0;

	if (now)
		terms = terms_of(cx, now, about);
	t = terms.items;
	while (i < old->n || k < terms.n) {
		int order = i == old->n ? 1 : k == terms.n ? -1 : strcmp(e[i].term, t[k]);

		if (order < 0)
			add_change(changes, DELETE, &e[i++]);
		else if (order > 0)
			add_change(changes, INSERT, entry_of(cx, now, t[k++]));
		else
			keep_entry(cx, &e[i++], now, changes), k++;
	}
}

/* --- an edit ---------------------------------------------------------------------- */

/* By asset; what it is now stands before where it was. */
static int compare_moves(const void *a, const void *b)
{
	const struct edit_move *x = a, *y = b;
	int order = strcmp(x->asset_id, y->asset_id);

	return order ? order : (x->row == NULL) - (y->row == NULL);
}

static size_t each_once(struct edit_move *m, size_t n)
{
	size_t kept = 0;

	qsort(m, n, sizeof(*m), compare_moves);
	for (size_t i = 0; i < n; i++)
		if (!kept || strcmp(m[kept - 1].asset_id, m[i].asset_id) != 0)
			m[kept++] = m[i];
	return kept;
}

/* The business metadata of all that is not new: one round trip. */
static enum status read_about(struct edit *e, struct store *st, const struct edit_move *m, size_t n,
			      struct business_metadata *about)
{
	struct row **rows = cx_array(e->cx, n, sizeof(*rows));
	size_t n_rows = 0;

	for (size_t i = 0; i < n; i++) {
		if (m[i].fresh || !m[i].row)
			continue;
		about[i] = (struct business_metadata){ .row = ROW(business_metadata),
						       .tenant_id = e->catalog->tenant_id,
						       .asset_id = m[i].asset_id };
		rows[n_rows++] = &about[i].row;
	}
	return n_rows ? store_get_all(e->cx, st, rows, n_rows) : OK;
}

static enum status add_moves(struct edit *e, struct store *st, const struct edit_move *m, size_t n,
			     struct list *changes)
{
	struct business_metadata *about = cx_array(e->cx, n, sizeof(*about));
	enum status s = read_about(e, st, m, n, about);

	for (size_t i = 0; !s && i < n; i++) {
		struct rows old = { 0 };

		if (!m[i].fresh)
			s = index_entries(e->cx, st, e->catalog->tenant_id, m[i].asset_id, &old);
		if (!s)
			index_changes(e->cx, &old, m[i].row,
				      about[i].row.version ? &about[i] : NULL, changes);
	}
	return s;
}

enum status index_edit(struct edit *e, struct store *st)
{
	struct list changes = { .cx = e->cx, .size = sizeof(struct change) };
	struct change *c;
	size_t n = e->moves.n ? each_once(e->moves.items, e->moves.n) : 0;
	enum status s = OK;

	if (n <= MAX_ASSETS)
		s = n ? add_moves(e, st, e->moves.items, n, &changes) : OK;
	if (s)
		return s;
	if (n > MAX_ASSETS || e->n + changes.n + EDIT_RECORDS > STORE_MAX_CHANGES) {
		edit_add(e, INSERT, &job_index(e->cx, e->catalog)->row, PART_RECORD);
		return OK;
	}
	c = changes.items;
	for (size_t i = 0; i < changes.n; i++)
		edit_add(e, c[i].op, c[i].row, PART_INDEX);
	return OK;
}

/* --- a catalog's entries made anew -------------------------------------------------- */

static bool is_found(const struct asset *a)
{
	return !text_same(a->type, "TOMBSTONE") && !strchr(a->namespace, FUNCTIONS_MARK);
}

/* The asset's row is written as it is: whoever changes it meanwhile is the one that counts. */
static enum status index_asset(struct cx *cx, struct store *st, struct asset *a)
{
	struct business_metadata about = { .row = ROW(business_metadata),
					   .tenant_id = a->tenant_id,
					   .asset_id = a->asset_id };
	struct row *rows[] = { &about.row, &a->row };
	struct list changes = { .cx = cx, .size = sizeof(struct change) };
	struct rows old;
	enum status s = store_get_all(cx, st, rows, 2);

	if (s || !a->row.version)
		return s;
	s = index_entries(cx, st, a->tenant_id, a->asset_id, &old);
	if (s)
		return s;
	index_changes(cx, &old, a, about.row.version ? &about : NULL, &changes);
	*(struct change *)list_add(&changes) = (struct change){ UPDATE, &a->row };
	s = store_apply(cx, st, changes.items, changes.n, NULL);
	return s == EXISTS ? CONFLICT : s;
}

static enum status walk_assets(struct cx *cx, struct store *st, struct index_walk *w)
{
	struct asset from = { .row = ROW(asset),
			      .tenant_id = w->tenant_id,
			      .catalog_id = w->catalog_id,
			      .branch_id = w->branch_id,
			      .until = LIVING };
	struct query q = { .from = &from.row, .bound = 3, .where = { "until" }, .limit = PAGE };
	struct asset *a;
	struct rows page;
	enum status s;

	if (w->at.name)
		q.after = &w->at.row;
	s = store_list(cx, st, &q, &page);
	a = page.items;
	for (size_t i = 0; !s && i < page.n; i++) {
		s = is_found(&a[i]) ? index_asset(cx, st, &a[i]) : OK;
		for (int tries = 0; s == CONFLICT && tries < TRIES; tries++)
			s = index_asset(cx, st, &a[i]);
	}
	w->walked = !s && page.n < PAGE;
	if (!s && page.n) {
		w->at = from;
		w->at.namespace = cx_strdup(w->cx, a[page.n - 1].namespace);
		w->at.name = cx_strdup(w->cx, a[page.n - 1].name);
	}
	return s;
}

/* Entries of what main does not show at that place go. */
static enum status remove_stale(struct cx *cx, struct store *st, const struct index_walk *w,
				const struct search_entry *e)
{
	struct asset a = { .row = ROW(asset),
			   .tenant_id = w->tenant_id,
			   .catalog_id = w->catalog_id,
			   .branch_id = w->branch_id,
			   .namespace = e->namespace,
			   .name = e->name,
			   .until = LIVING };
	struct list changes = { .cx = cx, .size = sizeof(struct change) };
	struct rows old;
	enum status s = store_get(cx, st, &a.row);

	if (s && s != NOT_FOUND)
		return s;
	if (!s && text_same(a.asset_id, e->asset_id))
		return OK;
	s = index_entries(cx, st, w->tenant_id, e->asset_id, &old);
	if (s)
		return s;
	index_changes(cx, &old, NULL, NULL, &changes);
	s = changes.n ? store_apply(cx, st, changes.items, changes.n, NULL) : OK;
	return s == CONFLICT ? OK : s; /* whoever changed it knows where it is */
}

static enum status walk_entries(struct cx *cx, struct store *st, struct index_walk *w, bool *done)
{
	struct search_entry from = { .row = ROW(search_entry),
				     .tenant_id = w->tenant_id,
				     .term = "*" };
	struct query q = { .from = &from.row, .bound = 2, .limit = PAGE };
	struct search_entry *e;
	struct rows page;
	enum status s;

	if (w->entry.asset_id)
		q.after = &w->entry.row;
	s = store_list(cx, st, &q, &page);
	e = page.items;
	for (size_t i = 0; !s && i < page.n; i++)
		if (text_same(e[i].catalog_id, w->catalog_id))
			s = remove_stale(cx, st, w, &e[i]);
	*done = !s && page.n < PAGE;
	if (!s && page.n) {
		w->entry = from;
		w->entry.asset_id = cx_strdup(w->cx, e[page.n - 1].asset_id);
	}
	return s;
}

enum status index_step_catalog(struct cx *cx, struct store *st, struct index_walk *walk, bool *done)
{
	struct branch main_row = { .row = ROW(branch),
				   .tenant_id = walk->tenant_id,
				   .catalog_id = walk->catalog_id,
				   .name = "main" };
	enum status s = store_get(cx, st, &main_row.row);

	*done = s == NOT_FOUND; /* the catalog is gone */
	if (s)
		return *done ? OK : s;
	walk->branch_id = main_row.id;
	return walk->walked ? walk_entries(cx, st, walk, done) : walk_assets(cx, st, walk);
}
