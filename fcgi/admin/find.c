/* SPDX-License-Identifier: Apache-2.0 */
/* find.c - the three routes of search, each asset once, with the one evaluator's word on access. */
#include "common/list.h"
#include "common/text.h"
#include "fcgi/admin/lookup.h"
#include "fcgi/idents.h"
#include "stores/catalogs.h"
#include "stores/index.h"
#include "stores/search.h"

#define MAX_FOUND 1000 /* of a search: `total` says no more */
#define MAX_TAGS 20
#define QUICK 20 /* results of /search unless it says */
#define PAGE 1000

struct match {
	const struct search_entry *entry;
	const struct business_metadata *about; /* NULL = none */
	const char *const *tags;
	bool has_access, discoverable;
};

/* What is being found. */
struct hunt {
	struct request *rq;
	bool namespaces;     /* are wanted too */
	struct list matches; /* struct match */
	bool cut;	     /* there may be more than was looked at, or is shown */
};

/* --- who may see it -------------------------------------------------------------------- */

static bool may_see_namespace(struct request *rq, const struct search_entry *e)
{
	/* its row stands in its parent's place: "a\x1F", "b" is a.b */
	const char *path = *e->namespace == LEVEL_SEPARATOR
				   ? e->name
				   : cx_printf(rq->cx, "%s%s", e->namespace, e->name);
	struct object o = { .kind = ON_NAMESPACE,
			    .tenant_id = rq->tenant_id,
			    .catalog_id = e->catalog_id,
			    .namespace = path };

	return access_may(rq->who, MAY_LIST, &o);
}

static bool keep(void *arg, const struct found *f)
{
	struct hunt *h = arg;
	const struct search_entry *e = f->entry;
	struct match m = { .entry = e, .about = f->about, .tags = tags_of(h->rq->cx, f->about) };
	struct object o = { .kind = ON_ASSET,
			    .tenant_id = h->rq->tenant_id,
			    .catalog_id = e->catalog_id,
			    .namespace = e->namespace,
			    .name = e->name,
			    .asset_id = e->asset_id,
			    .tags = m.tags };

	if (text_same(e->type, "NAMESPACE")) {
		if (!h->namespaces || !may_see_namespace(h->rq, e))
			return true;
		m.has_access = true;
	} else {
		m.discoverable = is_discoverable(f->about);
		m.has_access = access_may(h->rq->who, MAY_READ, &o);
		if (!m.has_access && !m.discoverable)
			return true;
	}
	h->cut = h->matches.n == MAX_FOUND;
	if (h->cut)
		return false;
	*(struct match *)list_add(&h->matches) = m;
	return true;
}

/* Short names first: what was typed is most of them. */
static int compare_matches(const void *a, const void *b)
{
	const struct search_entry *x = ((const struct match *)a)->entry;
	const struct search_entry *y = ((const struct match *)b)->entry;
	size_t n = strlen(x->name), k = strlen(y->name);
	int order = (n > k) - (n < k);

	if (!order)
		order = strcmp(x->name, y->name);
	if (!order)
		order = strcmp(x->namespace, y->namespace);
	return order ? order : strcmp(x->asset_id, y->asset_id);
}

/* "#tag", or a text; with all of the tags. */
static enum status hunt(struct hunt *h, const char *text, const char *const *tags, size_t n_tags,
			const char *catalog_id)
{
	struct search what = { .tenant_id = h->rq->tenant_id,
			       .text = text,
			       .tags = tags,
			       .n_tags = n_tags,
			       .catalog_id = catalog_id };
	const char *all[MAX_TAGS + 1];
	bool cut = false;
	enum status s;

	if (text[0] == '#' && text[1]) {
		if (n_tags)
			memcpy(all, tags, n_tags * sizeof(*tags));
		all[n_tags] = text + 1;
		what.text = NULL;
		what.tags = all;
		what.n_tags++;
	}
	h->matches = (struct list){ .cx = h->rq->cx, .size = sizeof(struct match) };
	s = search_each(h->rq->cx, h->rq->rs->store, &what, keep, h, &cut);
	h->cut |= cut;
	if (!s && h->matches.n)
		qsort(h->matches.items, h->matches.n, sizeof(struct match), compare_matches);
	return s;
}

static const char *lower_kind(struct cx *cx, const char *type)
{
	struct text t = text_open(cx, strlen(type));

	if (text_same(type, "ICEBERG_TABLE"))
		return "table";
	for (; *type; type++)
		if (*type != '_')
			text_addc(&t, (char)(*type | 0x20));
	return t.s;
}

/* --- GET /api/v1/assets/search ------------------------------------------------------------ */

/* a,b,c; and each ?tags= there is. */
static enum status read_tags(struct request *rq, const char **tags, size_t *n)
{
	const char *given = NULL;
	enum status s = request_query_all(rq, "tags", &given);

	while (!s && given && *given) {
		size_t end = strcspn(given, ",");

		if (end && *n == MAX_TAGS)
			return fail(rq->cx, INVALID, "tags: more than %d", MAX_TAGS);
		if (end)
			tags[(*n)++] = cx_strndup(rq->cx, given, end);
		given += end + (given[end] == ',');
	}
	return s;
}

/* Where main shows it; NULL: its catalog has just gone. */
static enum status place_of(struct request *rq, struct catalog_names *names, const struct match *m,
			    struct place **out)
{
	const struct catalog_ref *ref;
	const char *catalog;
	enum status s = catalog_name_of(rq, names, m->entry->catalog_id, &catalog);

	*out = NULL;
	if (s || !catalog)
		return s;
	s = content_catalog(rq->cx, rq->rs->content, rq->rs->store, rq->tenant_id, catalog, NULL,
			    &ref);
	if (!s)
		*out = place_asset(rq->cx, ref, m->entry->namespace, m->entry->name);
	return s == NOT_FOUND ? OK : s;
}

/* Each match's place, NULL as above: all in one round trip. */
static enum status read_places(struct request *rq, const struct hunt *h, struct place **places)
{
	struct place **there = cx_array(rq->cx, h->matches.n, sizeof(struct place *));
	struct catalog_names names = { 0 };
	const struct match *m = h->matches.items;
	size_t n = 0;
	enum status s = OK;

	for (size_t i = 0; !s && i < h->matches.n; i++) {
		s = place_of(rq, &names, &m[i], &places[i]);
		if (places[i])
			there[n++] = places[i];
	}
	if (s || !n)
		return s;
	return content_read(rq->cx, rq->rs->store, there[0]->catalog, NULL, there, n, NULL, 0);
}

static struct json_object *show_match(struct request *rq, const struct match *m,
				      const struct place *p)
{
	struct json_object *o = json_new_object(rq->cx), *tags = json_new_array(rq->cx);
	bool shown = m->has_access && p->seen;

	for (const char *const *t = m->tags; *t; t++)
		json_add_text(tags, *t);
	json_set_text(o, "id", m->entry->asset_id);
	json_set_text(o, "name", m->entry->name);
	json_set_text(o, "kind", m->entry->type);
	json_set_text(o, "location", shown ? p->seen->location : NULL);
	json_set_text(o, "description", m->about ? m->about->description : NULL);
	json_set(o, "tags", tags);
	json_set_bool(o, "has_access", m->has_access);
	json_set_bool(o, "discoverable", m->discoverable);
	json_set_text(o, "catalog", p->catalog->name);
	json_set_text(o, "namespace", namespace_shown(rq->cx, m->entry->namespace));
	return o;
}

enum status search_assets_plain(struct request *rq)
{
	struct json_object *array = json_new_array(rq->cx);
	struct hunt h = { .rq = rq };
	const char *tags[MAX_TAGS], *text = NULL;
	const struct match *m;
	struct place **places;
	size_t n_tags = 0;
	enum status s = request_query(rq, "query", &text);

	if (!s && !text)
		s = fail(rq->cx, INVALID, "query is missing");
	if (!s)
		s = read_tags(rq, tags, &n_tags);
	if (!s)
		s = hunt(&h, text, tags, n_tags, NULL);
	if (s)
		return s;
	places = cx_array(rq->cx, h.matches.n, sizeof(struct place *));
	s = read_places(rq, &h, places);
	m = h.matches.items;
	for (size_t i = 0; !s && i < h.matches.n; i++)
		if (places[i])
			json_add(array, show_match(rq, &m[i], places[i]));
	if (h.cut) /* a bare array has no other place for it */
		answer_header(rq, "X-Pangolin-Truncated", "true");
	return s ? s : answer_json(rq, 200, array);
}

/* --- GET /api/v1/search/assets -------------------------------------------------------------- */

static enum status show_paged(struct request *rq, struct catalog_names *names,
			      const struct match *m, struct json_object *array)
{
	struct json_object *o = json_new_object(rq->cx);
	const char *catalog;
	enum status s = catalog_name_of(rq, names, m->entry->catalog_id, &catalog);

	if (s || !catalog)
		return s;
	json_set_text(o, "id", m->entry->asset_id);
	json_set_text(o, "name", m->entry->name);
	json_set(o, "namespace", ident_levels(rq->cx, m->entry->namespace));
	json_set_text(o, "catalog", catalog);
	json_set_text(o, "asset_type", lower_kind(rq->cx, m->entry->type));
	json_set_bool(o, "has_access", m->has_access);
	json_add(array, o);
	return OK;
}

/* ?catalog=: its id; a catalog that is not there has nothing to be found in. */
static enum status read_catalog(struct request *rq, const char **id)
{
	const char *name = NULL;
	struct catalog c;
	enum status s = request_query(rq, "catalog", &name);

	if (s || !name || !*name)
		return s;
	s = catalog_find(rq->cx, rq->rs->store, rq->tenant_id, name, &c);
	*id = s ? "" : c.id;
	return s == NOT_FOUND ? OK : s;
}

enum status search_assets_paged(struct request *rq)
{
	struct json_object *o = json_new_object(rq->cx), *array = json_new_array(rq->cx);
	struct catalog_names names = { 0 };
	struct hunt h = { .rq = rq };
	size_t limit = 50, offset = 0;
	const char *text = NULL, *catalog_id = NULL;
	const struct match *m;
	enum status s = request_query(rq, "q", &text);

	if (!s && (!text || !*text))
		s = fail(rq->cx, INVALID, "q is missing");
	if (!s)
		s = admin_page(rq, &offset, &limit);
	if (!s)
		s = read_catalog(rq, &catalog_id);
	if (!s)
		s = hunt(&h, text, NULL, 0, catalog_id);
	if (s)
		return s;
	m = h.matches.items;
	for (size_t i = offset; !s && i < h.matches.n && i - offset < limit; i++)
		s = show_paged(rq, &names, &m[i], array);
	json_set(o, "results", array);
	json_set_int(o, "total", (int64_t)h.matches.n);
	json_set_bool(o, "truncated", h.cut);
	json_set_int(o, "limit", (int64_t)limit);
	json_set_int(o, "offset", (int64_t)offset);
	return s ? s : answer_json(rq, 200, o);
}

/* --- GET /api/v1/search --------------------------------------------------------------------- */

struct quick {
	const char *id, *name, *kind, *description, *context;
};

static struct quick *add_quick(struct list *l, const char *id, const char *name, const char *kind)
{
	struct quick *q = list_add(l);

	*q = (struct quick){ .id = id, .name = name, .kind = kind };
	return q;
}

static bool holds(struct request *rq, const char *name, const char *folded)
{
	return strstr(index_fold(rq->cx, name), folded) != NULL;
}

/* Catalogs of that name, and what all are called: branches are found below them. */
static enum status add_catalogs(struct request *rq, const char *folded, struct list *out,
				struct list *visible)
{
	struct catalog from = { .row = ROW(catalog), .tenant_id = rq->tenant_id }, *c;
	struct query q = { .from = &from.row, .bound = 1, .limit = PAGE };
	struct rows page;
	enum status s;

	do {
		s = store_list(rq->cx, rq->rs->store, &q, &page);
		c = page.items;
		for (size_t i = 0; !s && i < page.n; i++) {
			struct object o = { .kind = ON_CATALOG,
					    .tenant_id = rq->tenant_id,
					    .catalog_id = c[i].id,
					    .catalog = c[i].name };

			q.after = &c[i].row;
			if (!access_may(rq->who, MAY_LIST, &o))
				continue;
			*(struct catalog *)list_add(visible) = c[i];
			if (holds(rq, c[i].name, folded))
				add_quick(out, c[i].id, c[i].name, "Catalog")->context =
					cx_printf(rq->cx, "Catalog: %s", c[i].name);
		}
	} while (!s && page.n == PAGE);
	return s;
}

/* *cut: there may be more of them. */
static enum status add_branches(struct request *rq, const char *folded, struct list *out,
				const struct list *visible, bool *cut)
{
	const struct catalog *c = visible->items;
	enum status s = OK;

	for (size_t i = 0; !s && i < visible->n; i++) {
		struct branch from = { .row = ROW(branch),
				       .tenant_id = rq->tenant_id,
				       .catalog_id = c[i].id },
			      *b;
		struct query q = { .from = &from.row, .bound = 2, .limit = PAGE };
		struct rows page;

		if (out->n >= MAX_FOUND) {
			*cut = true;
			return OK;
		}
		s = store_list(rq->cx, rq->rs->store, &q, &page);
		b = page.items;
		*cut |= !s && page.n == PAGE;
		for (size_t k = 0; !s && k < page.n; k++)
			if (!text_same(b[k].branch_type, "hidden") && holds(rq, b[k].name, folded))
				add_quick(out, b[k].id, b[k].name, "Branch")->context =
					cx_printf(rq->cx, "Catalog: %s", c[i].name);
	}
	return s;
}

static enum status add_matches(struct hunt *h, struct list *out)
{
	struct catalog_names names = { 0 };
	const struct match *m = h->matches.items;
	enum status s = OK;

	for (size_t i = 0; !s && i < h->matches.n; i++) {
		bool space = text_same(m[i].entry->type, "NAMESPACE");
		const char *parent = namespace_shown(h->rq->cx, m[i].entry->namespace);
		struct quick *q;
		const char *catalog;

		s = catalog_name_of(h->rq, &names, m[i].entry->catalog_id, &catalog);
		if (s || !catalog)
			continue;
		q = add_quick(out, m[i].entry->asset_id, m[i].entry->name,
			      space ? "Namespace" : "Asset");
		q->description = m[i].about ? m[i].about->description : NULL;
		q->context = space ? cx_printf(h->rq->cx, "Catalog: %s", catalog)
				   : cx_printf(h->rq->cx, "%s.%s", catalog, parent);
	}
	return s;
}

static int compare_quick(const void *a, const void *b)
{
	const struct quick *x = a, *y = b;
	size_t n = strlen(x->name), k = strlen(y->name);
	int order = (n > k) - (n < k);

	if (!order)
		order = strcmp(x->name, y->name);
	return order ? order : strcmp(x->id, y->id);
}

static enum status answer_quick(struct request *rq, const struct list *l, size_t limit, bool cut)
{
	struct json_object *o = json_new_object(rq->cx), *array = json_new_array(rq->cx);
	const struct quick *q = l->items;

	for (size_t i = 0; i < l->n && i < limit; i++) {
		struct json_object *r = json_new_object(rq->cx);

		json_set_text(r, "id", q[i].id);
		json_set_text(r, "name", q[i].name);
		json_set_text(r, "kind", q[i].kind);
		json_set_text(r, "description", q[i].description);
		json_set_text(r, "context", q[i].context);
		json_add(array, r);
	}
	json_set(o, "results", array);
	json_set_bool(o, "truncated", cut || l->n > limit);
	return answer_json(rq, 200, o);
}

enum status search_all(struct request *rq)
{
	struct list out = { .cx = rq->cx, .size = sizeof(struct quick) };
	struct list visible = { .cx = rq->cx, .size = sizeof(struct catalog) };
	struct hunt h = { .rq = rq, .namespaces = true };
	size_t limit = QUICK, offset = 0;
	const char *text = NULL, *folded;
	enum status s = request_query(rq, "q", &text);

	if (!s && !text)
		s = fail(rq->cx, INVALID, "q is missing");
	if (!s)
		s = admin_page(rq, &offset, &limit);
	if (!s)
		s = hunt(&h, text, NULL, 0, NULL);
	if (s)
		return s;
	folded = index_fold(rq->cx, text);
	s = add_catalogs(rq, folded, &out, &visible);
	if (!s)
		s = add_branches(rq, folded, &out, &visible, &h.cut);
	if (!s)
		s = add_matches(&h, &out);
	if (s)
		return s;
	if (out.n)
		qsort(out.items, out.n, sizeof(struct quick), compare_quick);
	return answer_quick(rq, &out, limit ? limit : QUICK, h.cut);
}
