/* SPDX-License-Identifier: Apache-2.0 */
/* quotas.c - what a tenant has, against what it may have. */
#include "stores/quotas.h"

#include "common/list.h"
#include "common/text.h"

#define PAGE 5000
#define DEPTH 4

enum status quota_parse(struct cx *cx, const char *properties, struct quota *out)
{
	const struct {
		const char *name;
		int64_t *to;
	} limits[] = {
		{ "quota.tables", &out->tables },
		{ "quota.namespaces", &out->namespaces },
		{ "quota.requests-per-minute", &out->requests_per_minute },
	};
	struct json_object *o = NULL;
	enum status s = OK;

	*out = (struct quota){ 0 };
	if (properties)
		s = json_parse(cx, properties, strlen(properties), DEPTH, &o);
	for (size_t i = 0; !s && i < ARRAY_SIZE(limits); i++) {
		const char *text = json_text(o, limits[i].name);

		if (text && (!text_int(text, limits[i].to) || *limits[i].to < 0))
			s = fail(cx, INVALID, "%s: not a number from 0 (no limit) on: \"%s\"",
				 limits[i].name, text);
	}
	return s;
}

/* --- counting -------------------------------------------------------------------------- */

/* Ids, sorted once all are there. */
struct ids {
	struct list list; /* const char * */
};

static void add_id(struct ids *ids, const char *id)
{
	*(const char **)list_add(&ids->list) = id;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_ids(struct ids *ids)
{
	if (ids->list.n)
		qsort(ids->list.items, ids->list.n, sizeof(const char *), compare_ids);
}

static bool has_id(const struct ids *ids, const char *id)
{
	return ids->list.n &&
	       bsearch(&id, ids->list.items, ids->list.n, sizeof(const char *), compare_ids);
}

static int64_t distinct(struct ids *ids)
{
	const char **items = ids->list.items;
	int64_t n = 0;

	sort_ids(ids);
	for (size_t i = 0; i < ids->list.n; i++)
		n += i == 0 || strcmp(items[i - 1], items[i]) != 0;
	return n;
}

/* All rows below `from` that match, a page at a time. */
static enum status each_row(struct cx *cx, struct store *st, struct query *q,
			    void (*take)(void *arg, const struct row *row), void *arg)
{
	struct rows page;

	q->limit = PAGE;
	do {
		enum status s = store_list(cx, st, q, &page);

		if (s)
			return s;
		for (size_t i = 0; i < page.n; i++) {
			q->after = (struct row *)((char *)page.items + i * q->from->kind->size);
			take(arg, q->after);
		}
	} while (page.n == PAGE);
	return OK;
}

struct count {
	struct ids catalogs, branches, tables, namespaces;
};

static void take_catalog(void *arg, const struct row *row)
{
	struct count *c = arg;

	add_id(&c->catalogs, ((const struct catalog *)row)->id);
}

static void take_branch(void *arg, const struct row *row)
{
	const struct branch *b = (const struct branch *)row;
	struct count *c = arg;

	if (has_id(&c->catalogs, b->catalog_id))
		add_id(&c->branches, b->id);
}

static void take_asset(void *arg, const struct row *row)
{
	const struct asset *a = (const struct asset *)row;
	struct count *c = arg;

	if (!a->asset_id || !has_id(&c->branches, a->branch_id))
		return;
	if (text_same(a->type, "ICEBERG_TABLE") || text_same(a->type, "VIEW"))
		add_id(&c->tables, a->asset_id);
	else if (text_same(a->type, "NAMESPACE"))
		add_id(&c->namespaces, a->asset_id);
}

/* What lives in catalogs and branches that are there: rows of dropped ones may still be. */
static enum status count_all(struct cx *cx, struct store *st, struct quota_count *out)
{
	struct catalog catalogs = { .row = ROW(catalog), .tenant_id = out->tenant_id };
	struct branch branches = { .row = ROW(branch), .tenant_id = out->tenant_id };
	struct asset assets = { .row = ROW(asset), .tenant_id = out->tenant_id, .until = LIVING };
	const struct ids none = { { .cx = cx, .size = sizeof(const char *) } };
	struct count c = { none, none, none, none };
	enum status s = each_row(cx, st, &(struct query){ .from = &catalogs.row, .bound = 1 },
				 take_catalog, &c);

	sort_ids(&c.catalogs);
	if (!s)
		s = each_row(cx, st, &(struct query){ .from = &branches.row, .bound = 1 },
			     take_branch, &c);
	sort_ids(&c.branches);
	if (!s)
		s = each_row(
			cx, st,
			&(struct query){ .from = &assets.row, .bound = 1, .where = { "until" } },
			take_asset, &c);
	out->tables = distinct(&c.tables);
	out->namespaces = distinct(&c.namespaces);
	return s;
}

/* --- taking ------------------------------------------------------------------------------ */

static bool has_room(int64_t limit, int64_t there, int64_t more)
{
	return !limit || !more || there + more <= limit;
}

static enum status check_room(struct cx *cx, const char *what, int64_t limit, int64_t there,
			      int64_t more)
{
	if (has_room(limit, there, more))
		return OK;
	return fail(cx, DENIED,
		    "the tenant's quota is reached: it has %lld of %lld %s, and this would make "
		    "%lld more",
		    (long long)there, (long long)limit, what, (long long)more);
}

enum status quota_take(struct cx *cx, struct store *st, const char *tenant_id,
		       int64_t tenant_version, const struct quota *quota, int64_t tables,
		       int64_t namespaces, struct change *out)
{
	struct quota_count *c = CX_NEW(cx, struct quota_count);
	enum status s;

	*c = (struct quota_count){ .row = ROW(quota_count), .tenant_id = tenant_id };
	s = store_get_all(cx, st, (struct row *[]){ &c->row }, 1);
	if (!s &&
	    (c->tenant_version != tenant_version || !has_room(quota->tables, c->tables, tables) ||
	     !has_room(quota->namespaces, c->namespaces, namespaces)))
		s = count_all(cx, st, c);
	if (!s)
		s = check_room(cx, "tables and views", quota->tables, c->tables, tables);
	if (!s)
		s = check_room(cx, "namespaces", quota->namespaces, c->namespaces, namespaces);
	c->tenant_version = tenant_version;
	c->tables += tables;
	c->namespaces += namespaces;
	*out = (struct change){ c->row.version ? UPDATE : INSERT, &c->row };
	return s;
}
