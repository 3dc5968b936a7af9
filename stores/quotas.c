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

/* --- ids --------------------------------------------------------------------------------- */

/* Of tables and of namespaces, sorted once all are there. */
enum what { TABLES, NAMESPACES, N_WHATS };
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

static bool is_counted(const struct asset *a, enum what *what)
{
	bool is_table = text_same(a->type, "ICEBERG_TABLE") || text_same(a->type, "VIEW");

	*what = is_table ? TABLES : NAMESPACES;
	return a->asset_id && (is_table || text_same(a->type, "NAMESPACE"));
}

/* --- counting -------------------------------------------------------------------------- */

/* All rows below `from`, a page at a time. */
static enum status each_row(struct cx *cx, struct store *st, struct row *from,
			    void (*take)(void *arg, const struct row *row), void *arg)
{
	struct query q = { .from = from, .bound = 1, .limit = PAGE };
	struct rows page;

	do {
		enum status s = store_list(cx, st, &q, &page);

		if (s)
			return s;
		for (size_t i = 0; i < page.n; i++) {
			q.after = (struct row *)((char *)page.items + i * from->kind->size);
			take(arg, q.after);
		}
	} while (page.n == PAGE);
	return OK;
}

/* A branch as somebody reads it through: as of that cut, or, LIVING, as it is. */
struct pin {
	const char *branch_id;
	int64_t cut;
};

struct count {
	struct cx *cx;
	struct ids catalogs;
	struct list pins; /* struct pin, sorted once all are there */
	struct ids found[N_WHATS];
	enum status failed;
};

static void take_catalog(void *arg, const struct row *row)
{
	struct count *c = arg;

	add_id(&c->catalogs, ((const struct catalog *)row)->id);
}

static void add_pin(struct count *c, const char *branch_id, int64_t cut)
{
	*(struct pin *)list_add(&c->pins) = (struct pin){ branch_id, cut };
}

static void take_branch(void *arg, const struct row *row)
{
	const struct branch *b = (const struct branch *)row;
	struct json_object *chain = NULL;
	struct count *c = arg;

	if (c->failed || !has_id(&c->catalogs, b->catalog_id))
		return;
	if (!text_same(b->branch_type, "hidden"))
		add_pin(c, b->id, LIVING);
	if (b->chain)
		c->failed = json_parse(c->cx, b->chain, strlen(b->chain), DEPTH, &chain);
	for (size_t i = 0; !c->failed && chain && i < json_object_array_length(chain); i++) {
		struct json_object *level = json_object_array_get_idx(chain, i);

		add_pin(c, json_object_get_string(json_object_array_get_idx(level, 0)),
			json_object_get_int64(json_object_array_get_idx(level, 1)));
	}
}

static int compare_pins(const void *a, const void *b)
{
	const struct pin *x = a, *y = b;
	int order = strcmp(x->branch_id, y->branch_id);

	return order ? order : (x->cut > y->cut) - (x->cut < y->cut);
}

/* Somebody reads the branch at a cut that the row lives at: the first from `born` on is before
 * `until`. */
static bool is_read(const struct count *c, const struct asset *a)
{
	const struct pin *pins = c->pins.items, least = { a->branch_id, a->born };
	size_t low = 0, high = c->pins.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_pins(&pins[middle], &least) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->pins.n && !strcmp(pins[low].branch_id, a->branch_id) &&
	       (pins[low].cut < a->until || a->until == LIVING);
}

static void take_asset(void *arg, const struct row *row)
{
	const struct asset *a = (const struct asset *)row;
	struct count *c = arg;
	enum what what;

	if (is_counted(a, &what) && is_read(c, a))
		add_id(&c->found[what], a->asset_id);
}

/* What catalogs show that are there: rows of dropped ones may still be. */
static enum status count_all(struct cx *cx, struct store *st, const char *tenant_id,
			     struct count *c)
{
	struct catalog catalogs = { .row = ROW(catalog), .tenant_id = tenant_id };
	struct branch branches = { .row = ROW(branch), .tenant_id = tenant_id };
	struct asset assets = { .row = ROW(asset), .tenant_id = tenant_id };
	const struct ids none = { { .cx = cx, .size = sizeof(const char *) } };
	enum status s;

	*c = (struct count){ .cx = cx,
			     .catalogs = none,
			     .pins = { .cx = cx, .size = sizeof(struct pin) },
			     .found = { none, none } };
	s = each_row(cx, st, &catalogs.row, take_catalog, c);
	sort_ids(&c->catalogs);
	if (!s)
		s = each_row(cx, st, &branches.row, take_branch, c);
	if (!s)
		s = c->failed;
	if (c->pins.n)
		qsort(c->pins.items, c->pins.n, sizeof(struct pin), compare_pins);
	return s ? s : each_row(cx, st, &assets.row, take_asset, c);
}

/* --- taking ------------------------------------------------------------------------------ */

void quota_note(struct list *moves, const struct asset *a)
{
	enum what what;

	if (is_counted(a, &what))
		*(struct quota_item *)list_add(moves) =
			(struct quota_item){ a->asset_id, what == NAMESPACES };
}

/* Those of one kind that are in `these` and not in `those`: a rename is neither. */
static struct ids ids_of(struct cx *cx, const struct list *these, const struct list *those,
			 enum what what)
{
	const struct quota_item *items = those->items;
	struct ids other = { { .cx = cx, .size = sizeof(const char *) } }, out = other;

	for (size_t i = 0; i < those->n; i++)
		add_id(&other, items[i].asset_id);
	sort_ids(&other);
	items = these->items;
	for (size_t i = 0; i < these->n; i++)
		if (items[i].is_namespace == (what == NAMESPACES) &&
		    !has_id(&other, items[i].asset_id))
			add_id(&out, items[i].asset_id);
	return out;
}

/* One kind of what is counted, and what a list does to it. */
struct tally {
	const char *noun;
	int64_t limit; /* 0 = none */
	int64_t *count;
	struct ids come;
	int64_t gone; /* surely */
};

static bool has_room(const struct tally *t)
{
	int64_t more = (int64_t)t->come.list.n;

	return !t->limit || !more || *t->count + more <= t->limit;
}

/* Of what comes only what is nowhere yet needs room. */
static enum status recount(struct cx *cx, struct tally *t, struct ids *found)
{
	int64_t before = distinct(found), after;
	const char **come = t->come.list.items;

	for (size_t i = 0; i < t->come.list.n; i++)
		add_id(found, come[i]);
	after = distinct(found);
	*t->count = after;
	if (!t->limit || after == before || after <= t->limit)
		return OK;
	return fail(cx, DENIED,
		    "the tenant's quota is reached: it has %lld of %lld %s, and this would make "
		    "%lld more",
		    (long long)before, (long long)t->limit, t->noun, (long long)(after - before));
}

static enum status count_again(struct cx *cx, struct store *st, const char *tenant_id,
			       struct tally *tallies)
{
	struct count c;
	enum status s = count_all(cx, st, tenant_id, &c);

	for (int i = 0; !s && i < N_WHATS; i++)
		s = recount(cx, &tallies[i], &c.found[i]);
	return s;
}

enum status quota_take(struct cx *cx, struct store *st, const char *tenant_id,
		       int64_t tenant_version, const struct quota *quota,
		       const struct quota_moves *moves, struct change *out)
{
	struct quota_count *c = CX_NEW(cx, struct quota_count);
	struct tally tallies[N_WHATS] = {
		[TABLES] = { "tables and views", quota->tables, &c->tables },
		[NAMESPACES] = { "namespaces", quota->namespaces, &c->namespaces },
	};
	bool has_limit = quota->tables || quota->namespaces, room = true;
	enum status s;

	*out = (struct change){ 0 };
	if (!has_limit || !(moves->come.n + moves->go.n))
		return OK;
	*c = (struct quota_count){ .row = ROW(quota_count), .tenant_id = tenant_id };
	s = store_get_all(cx, st, (struct row *[]){ &c->row }, 1);
	for (int i = 0; !s && i < N_WHATS; i++) {
		tallies[i].come = ids_of(cx, &moves->come, &moves->go, i);
		if (moves->is_gone)
			tallies[i].gone = (int64_t)ids_of(cx, &moves->go, &moves->come, i).list.n;
		room &= has_room(&tallies[i]);
	}
	if (!s && (c->tenant_version != tenant_version || !room))
		s = count_again(cx, st, tenant_id, tallies);
	else
		for (int i = 0; i < N_WHATS; i++)
			*tallies[i].count += (int64_t)tallies[i].come.list.n;
	for (int i = 0; i < N_WHATS; i++)
		*tallies[i].count -= tallies[i].gone;
	c->tenant_version = tenant_version;
	*out = (struct change){ c->row.version ? UPDATE : INSERT, &c->row };
	return s;
}
