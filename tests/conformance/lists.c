/* SPDX-License-Identifier: Apache-2.0 */
/* lists.c - listing: order, pages, filters, and tenants that never see each other. */
#include "tests/conformance/conformance.h"

#include <unistd.h>

/* Latin, Greek, CJK, an emoji, both cases, and what sorts them apart: in byte order. */
static const char *const names[] = {
	"",
	"\x1f",
	" ",
	"!",
	"-",
	"0",
	"10",
	"2",
	"A",
	"AB",
	"B",
	"Z",
	"[",
	"_",
	"a",
	"a\x1f"
	"b",
	"a b",
	"a_b",
	"aa",
	"ab",
	"b",
	"z",
	"~",
	"\xc3\x84",
	"\xc3\xa4",
	"\xce\x91",
	"\xce\xb1",
	"\xce\xb1\xce\xb2",
	"\xe4\xb8\xad",
	"\xe4\xb8\xad\xe6\x96\x87",
	"\xef\xbc\xa1",
	"\xf0\x9f\xa6\x80",
};

static struct row *item(const struct rows *rows, const struct kind *k, size_t i)
{
	return (struct row *)((char *)rows->items + i * k->size);
}

/* Inserts the names in an order that is none. */
static void insert_names(struct t *t)
{
	struct catalog rows[ARRAY_SIZE(names)];
	struct change list[ARRAY_SIZE(names)];
	size_t n = ARRAY_SIZE(names);

	for (size_t i = 0; i < n; i++) {
		rows[i] = t_catalog(t, names[i * 7 % n]);
		list[i] = (struct change){ INSERT, &rows[i].row };
	}
	WANT(t, OK, store_apply(&t->cx, t->st, list, n, NULL));
}

static void byte_order(struct t *t)
{
	struct catalog from = t_catalog(t, "");
	struct query q = { .from = &from.row, .bound = 1, .limit = 1000 };
	struct rows rows;

	insert_names(t);
	WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
	EQUAL(t, rows.n, ARRAY_SIZE(names));
	for (size_t i = 0; i < rows.n; i++) {
		struct catalog *c = (struct catalog *)rows.items + i;

		CHECK(t, strcmp(c->name, names[i]) == 0);
		CHECK(t, strcmp(c->tenant_id, t->tenant) == 0);
		CHECK(t, strcmp(c->id, "catalog-id") == 0);
		CHECK(t, c->row.version > 0 && c->row.kind == &kind_catalog);
	}
}

static void pages(struct t *t)
{
	struct catalog from = t_catalog(t, "");

	insert_names(t);
	for (size_t limit = 1; limit <= ARRAY_SIZE(names) + 1; limit++) {
		struct query q = { .from = &from.row, .bound = 1, .limit = limit };
		struct rows rows;
		size_t n = 0;

		do {
			WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
			CHECK(t, rows.n <= limit);
			for (size_t i = 0; i < rows.n; i++)
				CHECK(t, strcmp(((struct catalog *)rows.items)[i].name,
						names[n++]) == 0);
			q.after = rows.n ? item(&rows, &kind_catalog, rows.n - 1) : NULL;
		} while (rows.n == limit);
		EQUAL(t, n, ARRAY_SIZE(names));
	}
}

/* `after` need not be there. */
static void after_a_missing_row(struct t *t)
{
	struct catalog from = t_catalog(t, ""), after = t_catalog(t, "a\x1f"
								     "a");
	struct query q = { .from = &from.row, .bound = 1, .after = &after.row, .limit = 1 };
	struct rows rows;

	insert_names(t);
	WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
	CHECK(t, strcmp(((struct catalog *)rows.items)->name, "a\x1f"
							      "b") == 0);
	after.name = "\xf0\x9f\xa6\x80";
	WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
	EQUAL(t, rows.n, 0);
	CHECK(t, !rows.items);
}

/* Keys of several columns: every prefix may be bound, `after` counts all the rest. */
static void wide_keys(struct t *t)
{
	static const char *const parts[] = { "a", "b", "b\x1f", "c" };
	struct asset rows[64], from = t_asset(t, "", "");
	struct change list[64];
	size_t n = 0;

	for (size_t ns = 0; ns < 4; ns++)
		for (size_t name = 0; name < 4; name++)
			for (int64_t until = 0; until < 4; until++, n++) {
				rows[n] = t_asset(t, parts[ns], parts[name]);
				rows[n].until = until == 3 ? LIVING : until * 1000 - 1000;
				list[n] = (struct change){ INSERT, &rows[n].row };
			}
	WANT(t, OK, store_apply(&t->cx, t->st, list, n, NULL));
	for (size_t bound = 1; bound <= 6; bound++) {
		size_t want = bound < 4 ? 64 : bound == 4 ? 16 : bound == 5 ? 4 : 1;

		from = rows[23];
		EQUAL(t, t_count(t, &from.row, bound), want);
	}
	for (size_t start = 0; start < n; start++) {
		struct query q = {
			.from = &from.row, .bound = 3, .after = &rows[start].row, .limit = 2
		};
		struct rows got;

		WANT(t, OK, store_list(&t->cx, t->st, &q, &got));
		EQUAL(t, got.n, n - start - 1 < 2 ? n - start - 1 : 2);
		for (size_t i = 0; i < got.n; i++)
			EQUAL(t,
			      model_compare(item(&got, &kind_asset, i), &rows[start + 1 + i].row),
			      0);
	}
}

static void filters(struct t *t)
{
	struct asset from = t_asset(t, "n", "");
	struct query q = { .from = &from.row, .bound = 4, .limit = 100 };
	struct rows rows;

	for (size_t i = 0; i < 30; i++) {
		struct asset a = t_asset(t, "n", cx_printf(&t->cx, "%02zu", i));

		a.until = i % 2 ? LIVING : 7;
		a.asset_id = cx_printf(&t->cx, "id-%zu", i % 5);
		a.metadata_location = i % 3 ? cx_printf(&t->cx, "m-%zu", i % 3) : NULL;
		a.format_version = (int64_t)i % 4;
		WANT(t, OK, t_apply(t, INSERT, &a.row));
	}
	q.where[0] = "until";
	WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
	EQUAL(t, rows.n, 15);
	q.where[0] = "asset_id";
	from.asset_id = "id-3";
	WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
	EQUAL(t, rows.n, 6);
	q.bound = 1; /* wherever it is */
	WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
	EQUAL(t, rows.n, 6);
	for (size_t i = 1; i < rows.n; i++)
		CHECK(t, model_compare(item(&rows, &kind_asset, i - 1),
				       item(&rows, &kind_asset, i)) < 0);
	q.after = item(&rows, &kind_asset, 1);
	WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
	EQUAL(t, rows.n, 4);
	CHECK(t, strcmp(((struct asset *)rows.items)->name, "13") == 0);
	q.after = NULL;
	q.where[0] = "metadata_location"; /* NULL finds NULL */
	WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
	EQUAL(t, rows.n, 10);
	q.where[1] = "until";
	q.where[2] = "format_version";
	from.format_version = 3;
	WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
	EQUAL(t, rows.n, 3); /* 3, 15, 27 */
	q.where[0] = "type"; /* text without an index */
	WANT(t, INTERNAL, store_list(&t->cx, t->st, &q, &rows));
}

static void bad_queries(struct t *t)
{
	struct catalog from = t_catalog(t, "c");
	struct query q = { .from = &from.row, .bound = 1, .limit = 0 };
	struct rows rows;

	WANT(t, INTERNAL, store_list(&t->cx, t->st, &q, &rows));
	q.limit = 10001;
	WANT(t, INTERNAL, store_list(&t->cx, t->st, &q, &rows));
	q.limit = 10000;
	WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
	q.bound = 0; /* across tenants */
	WANT(t, INTERNAL, store_list(&t->cx, t->st, &q, &rows));
}

/* --- tenants ---------------------------------------------------------------------- */

/* All rows of the kind that a list bound to `tenant` gives, at any depth and filter. */
static void see_nothing(struct t *t, const struct kind *k, struct row *mine, const char *tenant)
{
	struct row *probe = cx_alloc(&t->cx, k->size), *theirs;
	struct query q = { .from = probe, .limit = 100 };
	struct rows rows;

	memcpy(probe, mine, k->size);
	model_set_text(probe, &k->columns[0], tenant);
	theirs = t_key_of(t, probe);
	WANT(t, NOT_FOUND, store_get(&t->cx, t->st, theirs));
	if (!model_is_text(&k->columns[k->n_keys - 1])) {
		theirs->first_after = true;
		model_set_int(theirs, &k->columns[k->n_keys - 1], INT64_MIN);
		WANT(t, NOT_FOUND, store_get(&t->cx, t->st, theirs));
	}
	for (q.bound = 1; q.bound <= k->n_keys; q.bound++)
		for (size_t c = 0; c <= k->n_columns; c++) {
			const struct column *column = &k->columns[c];

			q.where[0] = NULL;
			if (c < k->n_columns && (column->flags & INDEX || !model_is_text(column)))
				q.where[0] = column->name;
			WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
			EQUAL(t, rows.n, 0);
		}
	probe->version = mine->version;
	WANT(t, CONFLICT, t_apply(t, UPDATE, probe));
	WANT(t, CONFLICT, t_apply(t, DELETE, probe));
	WANT(t, CONFLICT, t_apply(t, TOUCH, probe));
	if (k->flags & PINNED)
		WANT(t, CONFLICT, t_apply(t, REQUIRE, probe));
}

static void tenants_are_apart(struct t *t)
{
	const char *tenants[] = { t->tenant, text_uuid7(&t->cx), text_uuid7(&t->cx), "" };
	size_t n = 0, others = t->slow ? 2 : ARRAY_SIZE(tenants);

	for (const struct kind *const *k = model_kinds; *k; k++) {
		struct row *mine, *theirs;

		if ((*k)->flags & GLOBAL)
			continue;
		n++;
		mine = t_fill(t, *k, tenants[0], 5);
		WANT(t, OK, t_apply(t, INSERT, mine));
		for (size_t i = 1; i < others; i++)
			see_nothing(t, *k, mine, tenants[i]);
		/* the same key of another tenant is another row */
		theirs = t_fill(t, *k, tenants[1], 5);
		WANT(t, OK, t_apply(t, INSERT, theirs));
		EQUAL(t, t_count(t, mine, 1), 1);
		EQUAL(t, t_count(t, theirs, 1), 1);
		WANT(t, OK, t_apply(t, DELETE, theirs));
		EQUAL(t, t_count(t, mine, 1), 1);
		WANT(t, OK, store_get(&t->cx, t->st, mine));
	}
	CHECK(t, n >= 8);
}

/* --- while others write ------------------------------------------------------------- */

#define COMING 8   /* names of one list */
#define STAYING 20 /* lists whose names are still there */

static int standing(const struct t *t)
{
	return t->slow ? 40 : 300;
}

/* INSERT, which tells versions, or DELETE, which needs them. */
static void come_or_go(struct t *t, int number, int i, enum change_op op, int64_t versions[COMING])
{
	struct asset rows[COMING];
	struct change list[COMING];

	for (int k = 0; k < COMING; k++) {
		rows[k] = t_asset(
			t, "n",
			cx_printf(&t->cx, "%03d-new-%d-%d-%d", i * 37 % standing(t), number, i, k));
		rows[k].row.version = versions[k];
		list[k] = (struct change){ op, &rows[k].row };
	}
	WANT(t, OK, store_apply(&t->cx, t->st, list, COMING, NULL));
	for (int k = 0; k < COMING; k++)
		versions[k] = rows[k].row.version;
}

/* Inserts names between and around those that stand, and deletes them again later. */
static void disturb(struct t *t, int number, struct shared *shared)
{
	int64_t versions[STAYING][COMING] = { 0 };

	for (int i = 0; !shared->stop; i++) {
		if (i >= STAYING)
			come_or_go(t, number, i - STAYING, DELETE, versions[i % STAYING]);
		come_or_go(t, number, i, INSERT, versions[i % STAYING]);
		shared->n[number]++;
		cx_reset(&t->cx);
	}
}

/* Every name that stood all the time is seen once, in order, whatever comes and goes. */
static void walk(struct t *t)
{
	struct asset from = t_asset(t, "n", "");
	struct query q = { .from = &from.row, .bound = 4, .limit = 7 };
	struct rows rows;
	int seen = 0;
	const char *last = "";

	do {
		WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
		for (size_t i = 0; i < rows.n; i++) {
			const struct asset *a = (struct asset *)rows.items + i;

			CHECK(t, strcmp(last, a->name) < 0);
			last = a->name;
			if (!strchr(a->name, '-'))
				CHECK(t, strtol(a->name, NULL, 10) == seen++);
		}
		if (rows.n)
			q.after = item(&rows, &kind_asset, rows.n - 1);
	} while (rows.n == q.limit);
	EQUAL(t, seen, standing(t));
	cx_reset(&t->cx);
}

static void pages_while_others_write(struct t *t)
{
	struct shared *shared = t_shared();
	pid_t pids[2];

	for (int i = 0; i < standing(t); i++) {
		struct asset a = t_asset(t, "n", cx_printf(&t->cx, "%03d", i));

		if (i % 50 == 0)
			usleep(1);
		WANT(t, OK, t_apply(t, INSERT, &a.row));
	}
	t_close(t);
	for (int i = 0; i < 2; i++)
		pids[i] = t_spawn(t, disturb, i, shared);
	t_open(t);
	for (int round = 0; round < t_size(t, 10, 2) || shared->n[0] < 5; round++)
		walk(t);
	shared->stop = true;
	for (int i = 0; i < 2; i++)
		t_join(t, pids[i]);
}

/* Two rows that always change together. */
static void change_both(struct t *t, int number, struct shared *shared)
{
	struct catalog a = t_catalog(t, "a");
	struct branch b = t_branch(t, "b");
	struct row *rows[] = { &a.row, &b.row };
	struct change list[] = { { UPDATE, &a.row }, { UPDATE, &b.row } };

	(void)number;
	WANT(t, OK, store_get_all(&t->cx, t->st, rows, 2));
	while (!shared->stop) {
		a.created_ms = b.created_ms = a.created_ms + 1;
		WANT(t, OK, store_apply(&t->cx, t->st, list, 2, NULL));
		shared->n[0]++;
	}
}

static void one_moment(struct t *t)
{
	struct shared *shared = t_shared();
	struct catalog a = t_catalog(t, "a");
	struct branch b = t_branch(t, "b");
	struct change list[] = { { INSERT, &a.row }, { INSERT, &b.row } };
	struct row *rows[] = { &a.row, &b.row };
	int64_t different = 0, last = -1;
	pid_t pid;

	WANT(t, OK, store_apply(&t->cx, t->st, list, 2, NULL));
	t_close(t);
	pid = t_spawn(t, change_both, 0, shared);
	t_open(t);
	while (different < t_size(t, 50, 20)) {
		cx_reset(&t->cx);
		WANT(t, OK, store_get_all(&t->cx, t->st, rows, 2));
		EQUAL(t, a.created_ms, b.created_ms);
		CHECK(t, a.created_ms >= last); /* time goes forward */
		different += a.created_ms != last;
		last = a.created_ms;
	}
	shared->stop = true;
	t_join(t, pid);
}

/* The same names from the last one on, in pages, and by an index. */
static void backwards(struct t *t)
{
	struct catalog from = t_catalog(t, "");
	struct query q = { .from = &from.row, .bound = 1, .limit = 7, .backwards = true };
	size_t at = ARRAY_SIZE(names);
	struct asset a = t_asset(t, "n", "a"), b = t_asset(t, "n", "b");
	struct query by_id = {
		.from = &a.row, .bound = 2, .where = { "asset_id" }, .limit = 9, .backwards = true
	};
	struct rows rows;

	insert_names(t);
	do {
		WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
		for (size_t i = 0; i < rows.n; i++) {
			struct catalog *c = (struct catalog *)rows.items + i;

			CHECK(t, at > 0 && strcmp(c->name, names[--at]) == 0);
			q.after = &c->row;
		}
	} while (rows.n == q.limit);
	EQUAL(t, at, 0);
	b.asset_id = a.asset_id = "one-id";
	WANT(t, OK, t_apply(t, INSERT, &a.row));
	WANT(t, OK, t_apply(t, INSERT, &b.row));
	WANT(t, OK, store_list(&t->cx, t->st, &by_id, &rows));
	EQUAL(t, rows.n, 2);
	CHECK(t, strcmp(((struct asset *)rows.items)->name, "b") == 0);
}

const struct test_case list_cases[] = {
	{ "byte-order", byte_order },
	{ "backwards", backwards },
	{ "pages", pages },
	{ "after-a-missing-row", after_a_missing_row },
	{ "wide-keys", wide_keys },
	{ "filters", filters },
	{ "bad-queries", bad_queries },
	{ "tenants-are-apart", tenants_are_apart },
	{ "pages-while-others-write", pages_while_others_write },
	{ "one-moment", one_moment },
	{ NULL, NULL },
};
