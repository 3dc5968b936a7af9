/* SPDX-License-Identifier: Apache-2.0 */
/* changes.c - what each change does, what a list does as a whole, what comes back. */
#include "tests/conformance/conformance.h"

#include <unistd.h>

static int64_t version_of(struct t *t, const struct row *row)
{
	struct row *key = t_key_of(t, row);

	WANT(t, OK, store_get_all(&t->cx, t->st, &key, 1));
	return key->version;
}

/* Every column of every kind comes back as it went in, through INSERT and UPDATE. */
static void round_trip(struct t *t)
{
	for (const struct kind *const *k = model_kinds; *k; k++)
		for (int64_t seed = 0; seed < (t->slow ? 3 : 7); seed++) {
			struct row *in = t_fill(t, *k, t->tenant, seed), *out = t_key_of(t, in),
				   *other;

			WANT(t, OK, t_apply(t, INSERT, in));
			WANT(t, OK, store_get(&t->cx, t->st, out));
			if (!t_same(in, out))
				t_fail(t, __FILE__, __LINE__,
				       "%s, seed %lld: INSERT changed a column", (*k)->table,
				       (long long)seed);
			EQUAL(t, out->version, in->version);
			other = t_fill(t, *k, t->tenant, seed + 1);
			for (size_t i = 0; i < (*k)->n_keys; i++)
				memcpy((char *)other + (*k)->columns[i].offset,
				       (char *)in + (*k)->columns[i].offset, 8);
			other->version = in->version;
			WANT(t, OK, t_apply(t, UPDATE, other));
			WANT(t, OK, store_get(&t->cx, t->st, out));
			if (!t_same(other, out))
				t_fail(t, __FILE__, __LINE__,
				       "%s, seed %lld: UPDATE changed a column", (*k)->table,
				       (long long)seed);
			EQUAL(t, out->version, in->version + 1);
			WANT(t, OK, t_apply(t, DELETE, out));
			WANT(t, NOT_FOUND, store_get(&t->cx, t->st, t_key_of(t, in)));
		}
}

/* Every second column of `row` as `other` has it, from number `first` on. */
static void mix(struct row *row, const struct row *other, size_t first)
{
	for (size_t i = row->kind->n_keys + first; i < row->kind->n_columns; i += 2) {
		const struct column *c = &row->kind->columns[i];

		if (model_is_text(c))
			model_set_text(row, c, model_text(other, c));
		else
			model_set_int(row, c, model_int(other, c));
	}
}

/* UPDATEs of a row whose former columns are told, and of one whose are no more those. */
static void update_of_known(struct t *t)
{
	for (const struct kind *const *k = model_kinds; *k; k++) {
		struct row *row = t_fill(t, *k, t->tenant, 1), *out = t_key_of(t, row);
		const struct row *other = t_fill(t, *k, t->tenant, 2), *first;
		struct row *was = t_fill(t, *k, t->tenant, 1);

		first = t_fill(t, *k, t->tenant, 1);
		WANT(t, OK, t_apply(t, INSERT, row));
		was->version = row->version;
		row->was = was;
		for (size_t half = 0; half < 2; half++) {
			mix(row, other, half);
			was->version = row->version;
			WANT(t, OK, t_apply(t, UPDATE, row));
			WANT(t, OK, store_get(&t->cx, t->st, out));
			CHECK(t, t_same(row, out) && out->version == row->version);
			mix(was, other, half);
		}
		mix(row, first, 0); /* `was` is as it was a version ago: it counts no more */
		mix(row, first, 1);
		mix(was, first, 0);
		mix(was, first, 1);
		was->version = row->version - 1;
		WANT(t, OK, t_apply(t, UPDATE, row));
		WANT(t, OK, store_get(&t->cx, t->st, out));
		if (!t_same(row, out))
			t_fail(t, __FILE__, __LINE__, "%s: a column was left out", (*k)->table);
		WANT(t, OK, t_apply(t, DELETE, out));
	}
}

/* What one row can't hold is refused as that, or it is held; never half of it. */
static void a_row_too_large(struct t *t)
{
	struct catalog c = t_catalog(t, "c"), small = t_catalog(t, "b"), read = c;
	struct change list[] = { { INSERT, &small.row }, { INSERT, &c.row } };
	const size_t bytes = 17 << 20;
	char *text = cx_alloc(&t->cx, bytes + 1);
	enum status s;

	memset(text, 'x', bytes);
	c.properties = text;
	for (size_t n = 1; n <= 2; n++) {
		s = store_apply(&t->cx, t->st, list + 2 - n, n, NULL);
		CHECK(t, s == OK || s == TOO_LARGE);
		WANT(t, s == OK ? OK : NOT_FOUND, store_get(&t->cx, t->st, &read.row));
		EQUAL(t, version_of(t, &small.row) != 0, s == OK && n == 2);
		if (s)
			continue;
		CHECK(t, strcmp(read.properties, text) == 0);
		WANT(t, OK, t_apply(t, DELETE, &read.row));
	}
	if (!small.row.version)
		WANT(t, OK, t_apply(t, INSERT, &small.row));
	small.properties = text;
	s = t_apply(t, UPDATE, &small.row);
	CHECK(t, s == OK || s == TOO_LARGE);
	WANT(t, OK, store_get(&t->cx, t->st, &small.row));
	EQUAL(t, small.properties && strcmp(small.properties, text) == 0, s == OK);
}

static void insert(struct t *t)
{
	struct catalog c = t_catalog(t, "c"), again = c;

	WANT(t, OK, t_apply(t, INSERT, &c.row));
	CHECK(t, c.row.version > 0);
	again.id = "another";
	WANT(t, EXISTS, t_apply(t, INSERT, &again.row));
	EQUAL(t, again.row.version, 0);
	WANT(t, OK, store_get(&t->cx, t->st, &again.row));
	CHECK(t, strcmp(again.id, "catalog-id") == 0);
	EQUAL(t, again.row.version, c.row.version);
}

static void update(struct t *t)
{
	struct catalog c = t_catalog(t, "c"), stale, missing = t_catalog(t, "missing");

	missing.row.version = 5;
	WANT(t, CONFLICT, t_apply(t, UPDATE, &missing.row));
	missing.row.version = 0;
	WANT(t, CONFLICT, t_apply(t, UPDATE, &missing.row));
	EQUAL(t, version_of(t, &missing.row), 0);
	WANT(t, OK, t_apply(t, INSERT, &c.row));
	stale = c;
	c.catalog_type = "Local";
	WANT(t, OK, t_apply(t, UPDATE, &c.row));
	EQUAL(t, c.row.version, stale.row.version + 1);
	stale.catalog_type = "Federated";
	WANT(t, CONFLICT, t_apply(t, UPDATE, &stale.row));
	EQUAL(t, stale.row.version, c.row.version - 1);
	WANT(t, OK, store_get(&t->cx, t->st, &stale.row));
	CHECK(t, strcmp(stale.catalog_type, "Local") == 0);
	WANT(t, OK, t_apply(t, UPDATE, &stale.row)); /* the version just read */
}

static void delete (struct t *t)
{
	struct catalog c = t_catalog(t, "c"), stale;

	c.row.version = 5;
	WANT(t, CONFLICT, t_apply(t, DELETE, &c.row));
	WANT(t, OK, t_apply(t, INSERT, &c.row));
	stale = c;
	stale.row.version--;
	WANT(t, CONFLICT, t_apply(t, DELETE, &stale.row));
	EQUAL(t, version_of(t, &c.row), c.row.version);
	WANT(t, OK, t_apply(t, DELETE, &c.row));
	EQUAL(t, version_of(t, &c.row), 0);
	WANT(t, CONFLICT, t_apply(t, DELETE, &c.row));
}

static void require(struct t *t)
{
	struct branch b = t_branch(t, "main"), read;

	b.row.version = 5;
	WANT(t, CONFLICT, t_apply(t, REQUIRE, &b.row));
	WANT(t, OK, t_apply(t, INSERT, &b.row));
	read = b;
	WANT(t, OK, t_apply(t, REQUIRE, &read.row));
	EQUAL(t, read.row.version, b.row.version);
	EQUAL(t, version_of(t, &b.row), b.row.version);
	WANT(t, OK, t_apply(t, UPDATE, &b.row));
	WANT(t, CONFLICT, t_apply(t, REQUIRE, &read.row));
	WANT(t, OK, t_apply(t, REQUIRE, &b.row));
}

static void touch(struct t *t)
{
	struct catalog c = t_catalog(t, "c"), unread = c, stale;

	WANT(t, CONFLICT, t_apply(t, TOUCH, &c.row));
	EQUAL(t, version_of(t, &c.row), 0);
	c.storage_location = "s3://b";
	WANT(t, OK, t_apply(t, INSERT, &c.row));
	stale = c;
	WANT(t, OK, t_apply(t, TOUCH, &c.row));
	EQUAL(t, c.row.version, stale.row.version + 1);
	EQUAL(t, version_of(t, &c.row), c.row.version);
	WANT(t, OK,
	     t_apply(t, TOUCH, &unread.row)); /* needs no read before, and tells no version */
	EQUAL(t, unread.row.version, 0);
	WANT(t, OK, t_apply(t, TOUCH, &stale.row)); /* whatever the version was */
	EQUAL(t, version_of(t, &c.row), c.row.version + 2);
	stale.storage_location = "s3://stale";
	WANT(t, CONFLICT, t_apply(t, UPDATE, &stale.row)); /* which was not read since */
	WANT(t, OK, store_get(&t->cx, t->st, &unread.row));
	CHECK(t, strcmp(unread.storage_location, "s3://b") == 0);
}

static void touch_makes_epochs(struct t *t)
{
	struct epoch e = { .row = ROW(epoch), .tenant_id = t->tenant }, read = e;

	WANT(t, NOT_FOUND, store_get(&t->cx, t->st, &read.row));
	WANT(t, OK, t_apply(t, TOUCH, &e.row));
	WANT(t, OK, store_get(&t->cx, t->st, &read.row));
	CHECK(t, read.row.version > 1000);
	WANT(t, OK, t_apply(t, TOUCH, &e.row));
	EQUAL(t, version_of(t, &e.row), read.row.version + 1);
}

/* A row that was deleted and made again is another row: its old readers meet CONFLICT. */
static void versions_never_come_back(struct t *t)
{
	struct branch b = t_branch(t, "main"), old;
	struct asset one = t_asset(t, "n", "one"), two = t_asset(t, "n", "two"), read, moved;

	WANT(t, OK, t_apply(t, INSERT, &b.row));
	old = b;
	WANT(t, OK, t_apply(t, DELETE, &b.row));
	WANT(t, OK, t_apply(t, INSERT, &b.row));
	WANT(t, CONFLICT, t_apply(t, UPDATE, &old.row));
	WANT(t, CONFLICT, t_apply(t, DELETE, &old.row));
	WANT(t, CONFLICT, t_apply(t, REQUIRE, &old.row));

	/* two renames swap two tables, as publishing does; a commit read `one` before */
	one.asset_id = "A";
	two.asset_id = "B";
	WANT(t, OK, t_apply(t, INSERT, &one.row));
	WANT(t, OK, t_apply(t, INSERT, &two.row));
	read = one;
	struct change away[] = { { DELETE, &one.row }, { INSERT, &moved.row } };

	moved = one;
	moved.name = "old";
	WANT(t, OK, store_apply(&t->cx, t->st, away, 2, NULL));
	struct change in[] = { { DELETE, &two.row }, { INSERT, &moved.row } };

	moved = two;
	moved.name = "one";
	WANT(t, OK, store_apply(&t->cx, t->st, in, 2, NULL));
	read.metadata_location = "of A";
	WANT(t, CONFLICT, t_apply(t, UPDATE, &read.row));
	WANT(t, OK, store_get(&t->cx, t->st, &moved.row));
	CHECK(t, strcmp(moved.asset_id, "B") == 0 && !moved.metadata_location);
}

/* --- lists ---------------------------------------------------------------------- */

/* A list in which change number `bad` does not hold: nothing of it is there. */
static void try_list(struct t *t, size_t bad, enum change_op op, enum status want)
{
	struct catalog there = t_catalog(t, cx_printf(&t->cx, "there-%zu-%d", bad, op));
	struct asset rows[7];
	struct change list[7];
	size_t failed = 99;

	WANT(t, OK, t_apply(t, INSERT, &there.row));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		rows[i] = t_asset(t, cx_printf(&t->cx, "%zu-%d", bad, op),
				  cx_printf(&t->cx, "%c", "dbgafce"[i]));
		list[i] = (struct change){ INSERT, &rows[i].row };
	}
	list[bad] = (struct change){ op, &there.row };
	there.row.version += op == INSERT ? 0 : 1;
	WANT(t, want, store_apply(&t->cx, t->st, list, ARRAY_SIZE(list), &failed));
	EQUAL(t, failed, bad);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		EQUAL(t, rows[i].row.version, 0);
		EQUAL(t, version_of(t, &rows[i].row), 0);
	}
}

static void all_or_nothing(struct t *t)
{
	for (size_t bad = 0; bad < 7; bad++) {
		try_list(t, bad, INSERT, EXISTS);
		try_list(t, bad, UPDATE, CONFLICT);
		try_list(t, bad, DELETE, CONFLICT);
	}
}

/* Of several changes that do not hold, one is named, and it is one of them. */
static void failed_is_one_that_failed(struct t *t)
{
	struct catalog a = t_catalog(t, "a"), b = t_catalog(t, "b"), c = t_catalog(t, "c"),
		       d = t_catalog(t, "d");
	struct change list[] = {
		{ INSERT, &d.row }, { UPDATE, &c.row }, { INSERT, &a.row }, { TOUCH, &b.row }
	};
	size_t failed = 99;

	c.row.version = 1;
	WANT(t, CONFLICT, store_apply(&t->cx, t->st, list, 4, &failed));
	CHECK(t, failed == 1 || failed == 3);
}

/* Each change sees the ones before it in no list: rows are named once. */
static void doubles_are_refused(struct t *t)
{
	struct catalog a = t_catalog(t, "a"), b = a;
	struct change list[] = { { INSERT, &a.row }, { TOUCH, &b.row } };

	WANT(t, INTERNAL, store_apply(&t->cx, t->st, list, 2, NULL));
	EQUAL(t, version_of(t, &a.row), 0);
	WANT(t, OK, store_apply(&t->cx, t->st, list, 0, NULL));
}

static void every_change_in_one_list(struct t *t)
{
	struct catalog made = t_catalog(t, "made"), changed = t_catalog(t, "changed"),
		       gone = t_catalog(t, "gone"), touched = t_catalog(t, "touched");
	struct branch pinned = t_branch(t, "main");
	struct change first[] = { { INSERT, &changed.row },
				  { INSERT, &gone.row },
				  { INSERT, &touched.row },
				  { INSERT, &pinned.row } };
	struct change list[] = { { REQUIRE, &pinned.row },
				 { DELETE, &gone.row },
				 { UPDATE, &changed.row },
				 { INSERT, &made.row },
				 { TOUCH, &touched.row } };

	WANT(t, OK, store_apply(&t->cx, t->st, first, ARRAY_SIZE(first), NULL));
	changed.storage_location = "s3://new";
	WANT(t, OK, store_apply(&t->cx, t->st, list, ARRAY_SIZE(list), NULL));
	EQUAL(t, version_of(t, &made.row), made.row.version);
	EQUAL(t, version_of(t, &gone.row), 0);
	EQUAL(t, version_of(t, &touched.row), touched.row.version);
	EQUAL(t, version_of(t, &pinned.row), pinned.row.version);
	WANT(t, OK, store_get(&t->cx, t->st, &changed.row));
	CHECK(t, strcmp(changed.storage_location, "s3://new") == 0);
}

/* The longest list there may be, and one more. */
static void long_lists(struct t *t)
{
	size_t most = STORE_MAX_CHANGES, n = t->slow ? 500 : most, failed = 0;
	struct asset *rows = cx_array(&t->cx, most + 1, sizeof(*rows)), from = t_asset(t, "n", "");
	struct change *list = cx_array(&t->cx, most + 1, sizeof(*list));

	for (size_t i = 0; i <= most; i++) {
		rows[i] = t_asset(t, "n", cx_printf(&t->cx, "%05zu", i * 7919 % (most + 1)));
		list[i] = (struct change){ INSERT, &rows[i].row };
	}
	WANT(t, INVALID, store_apply(&t->cx, t->st, list, most + 1, NULL));
	EQUAL(t, t_count(t, &from.row, 4), 0);
	WANT(t, OK, store_apply(&t->cx, t->st, list, n, NULL));
	EQUAL(t, t_count(t, &from.row, 4), n);
	for (size_t i = 0; i < n; i++)
		list[i].op = DELETE;
	rows[n / 2].row.version++; /* one of them does not hold */
	WANT(t, CONFLICT, store_apply(&t->cx, t->st, list, n, &failed));
	EQUAL(t, failed, n / 2);
	EQUAL(t, t_count(t, &from.row, 4), n);
	rows[n / 2].row.version--;
	WANT(t, OK, store_apply(&t->cx, t->st, list, n, NULL));
	EQUAL(t, t_count(t, &from.row, 4), 0);
}

/* --- get ------------------------------------------------------------------------ */

/* Rows of several kinds, there and not, in the order they were given. */
static void get_many(struct t *t)
{
	struct catalog c = t_catalog(t, "c"), c2 = c, none = t_catalog(t, "none");
	struct branch b = t_branch(t, "main"), b2 = b;
	struct asset a = t_asset(t, "n", "a"), a2 = a;
	struct row *rows[] = { &a2.row, &none.row, &c2.row, &b2.row };
	struct change list[] = { { INSERT, &c.row }, { INSERT, &b.row }, { INSERT, &a.row } };
	uint64_t trips;

	WANT(t, OK, store_apply(&t->cx, t->st, list, 3, NULL));
	c2.id = b2.id = NULL;
	none.id = "untouched";
	none.row.version = 77;
	trips = t->st->trips;
	WANT(t, OK, store_get_all(&t->cx, t->st, rows, 4));
	EQUAL(t, t->st->trips, trips + (t->far ? 5 : 1));
	EQUAL(t, a2.row.version, a.row.version);
	EQUAL(t, b2.row.version, b.row.version);
	EQUAL(t, c2.row.version, c.row.version);
	CHECK(t, strcmp(c2.id, "catalog-id") == 0 && strcmp(b2.id, "branch-id") == 0);
	EQUAL(t, none.row.version, 0);
	CHECK(t, strcmp(none.id, "untouched") == 0);
	WANT(t, OK, store_get_all(&t->cx, t->st, rows, 0));
}

static void large_text(struct t *t)
{
	size_t n = 4 << 20;
	struct catalog c = t_catalog(t, "c"), out = c;
	char *text = memset(cx_alloc(&t->cx, n + 1), 'x', n);

	text[0] = '"';
	text[n - 1] = '"';
	c.properties = text;
	WANT(t, OK, t_apply(t, INSERT, &c.row));
	WANT(t, OK, store_get(&t->cx, t->st, &out.row));
	CHECK(t, strcmp(out.properties, text) == 0);
}

/* The least row behind a bound in the last key column; never another key's. */
static void first_after(struct t *t)
{
	static const struct {
		int64_t after, want; /* 0: none */
	} tries[] = { { INT64_MIN, 5 }, { 4, 5 },	 { 5, 9 },     { 6, 9 },
		      { 9, LIVING },	{ 100, LIVING }, { LIVING, 0 } };
	struct asset a = t_asset(t, "n", "t"), other = a;

	for (size_t i = 0; i < 3; i++) {
		a.until = (int64_t[]){ 9, LIVING, 5 }[i];
		a.born = -a.until;
		WANT(t, OK, t_apply(t, INSERT, &a.row));
	}
	other.name = "s";
	WANT(t, OK, t_apply(t, INSERT, &other.row));
	other.name = "u";
	WANT(t, OK, t_apply(t, INSERT, &other.row));
	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct asset one = t_asset(t, "n", "t"), two = t_asset(t, "n", "none"), three = one;
		struct row *rows[] = { &two.row, &one.row, &three.row };

		one.row.first_after = two.row.first_after = true;
		one.until = two.until = tries[i].after;
		WANT(t, OK, store_get_all(&t->cx, t->st, rows, 3));
		EQUAL(t, one.row.version != 0, tries[i].want != 0);
		EQUAL(t, one.until, tries[i].want ? tries[i].want : tries[i].after);
		if (tries[i].want)
			EQUAL(t, one.born, -tries[i].want);
		EQUAL(t, two.row.version, 0);
		EQUAL(t, three.until, LIVING);
		CHECK(t, three.row.version != 0);
	}
}

/* --- secrets, deadlines ------------------------------------------------------------ */

static void secrets(struct t *t)
{
	struct catalog c = t_catalog(t, "c"), out = c, from = c;
	struct query q = { .from = &from.row, .bound = 1, .limit = 10 };
	struct store *blind;
	struct rows rows;

	c.federated_config = "{\"token\":\"s3cr3t\"}";
	WANT(t, OK, t_apply(t, INSERT, &c.row));
	CHECK(t, strcmp(c.federated_config, "{\"token\":\"s3cr3t\"}") ==
			 0); /* the caller's stays in the clear */
	WANT(t, OK, store_get(&t->cx, t->st, &out.row));
	CHECK(t, strcmp(out.federated_config, c.federated_config) == 0);
	WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
	CHECK(t, strcmp(((struct catalog *)rows.items)->federated_config, c.federated_config) == 0);
	/* what the store itself holds */
	WANT(t, OK, t->st->ops->get(&t->cx, t->st, (struct row *[]){ &out.row }, 1));
	CHECK(t, text_starts(out.federated_config, "enc:v1:") &&
			 !strstr(out.federated_config, "s3cr3t"));
	/* moved to another row it does not open */
	from = t_catalog(t, "thief");
	from.federated_config = out.federated_config;
	from.row.version = 1;
	WANT(t, OK,
	     t->st->ops->apply(&t->cx, t->st, (struct change[]){ { INSERT, &from.row } }, 1,
			       (size_t[1]){ 0 }));
	WANT(t, INTERNAL, store_get(&t->cx, t->st, &from.row));
	CHECK(t, !strstr(t->cx.message, "s3cr3t"));
	t_close(t);
	WANT(t, OK, store_open(&t->cx, t->url, NULL, false, &blind));
	WANT(t, OK, store_get(&t->cx, blind, &out.row));
	CHECK(t, !out.federated_config);
	WANT(t, INTERNAL,
	     store_apply(&t->cx, blind, (struct change[]){ { UPDATE, &out.row } }, 1, NULL));
	store_close(blind);
	t_open(t);
}

static void past_the_deadline(struct t *t)
{
	struct catalog c = t_catalog(t, "c");
	struct query q = { .from = &c.row, .bound = 1, .limit = 1 };
	struct rows rows;

	t->cx.deadline_ms = cx_monotonic_ms() - 1;
	WANT(t, UNAVAILABLE, t_apply(t, INSERT, &c.row));
	WANT(t, UNAVAILABLE, store_get(&t->cx, t->st, &c.row));
	WANT(t, UNAVAILABLE, store_list(&t->cx, t->st, &q, &rows));
	t->cx.deadline_ms = 0;
	EQUAL(t, version_of(t, &c.row), 0);
}

static void bad_keys(struct t *t)
{
	static const char *const names[] = { "\xff", "\xc0\x80", "\xed\xa0\x80", "a\xc3" };
	struct catalog c = t_catalog(t, "c");
	char *text = memset(cx_alloc(&t->cx, 1025), 'x', 1024);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		c.name = names[i];
		WANT(t, INVALID, t_apply(t, INSERT, &c.row));
		WANT(t, INVALID, store_get(&t->cx, t->st, &c.row));
	}
	c.name = text;
	WANT(t, INVALID, t_apply(t, INSERT, &c.row));
	c.name = text + strlen(t->tenant); /* the longest there may be */
	WANT(t, OK, t_apply(t, INSERT, &c.row));
	WANT(t, OK, store_get(&t->cx, t->st, &c.row));
	c.name = NULL;
	WANT(t, INTERNAL, t_apply(t, INSERT, &c.row));
}

const struct test_case change_cases[] = {
	{ "insert", insert },
	{ "update", update },
	{ "delete", delete },
	{ "require", require },
	{ "touch", touch },
	{ "touch-makes-epochs", touch_makes_epochs },
	{ "round-trip", round_trip },
	{ "update-of-known", update_of_known },
	{ "a-row-too-large", a_row_too_large },
	{ "versions-never-come-back", versions_never_come_back },
	{ "all-or-nothing", all_or_nothing },
	{ "failed-is-one-that-failed", failed_is_one_that_failed },
	{ "doubles-are-refused", doubles_are_refused },
	{ "every-change-in-one-list", every_change_in_one_list },
	{ "long-lists", long_lists },
	{ "get-many", get_many },
	{ "large-text", large_text },
	{ "first-after", first_after },
	{ "secrets", secrets },
	{ "past-the-deadline", past_the_deadline },
	{ "bad-keys", bad_keys },
	{ NULL, NULL },
};
