/* SPDX-License-Identifier: Apache-2.0 */
/* test_search.c - what is found follows what main shows: creates, renames, drops, descriptions and tags. */
#include "stores/search.h"

#include "stores/business.h"
#include "stores/index.h"
#include "tests/unit/content.h"

static void start(void)
{
	set_up();
	ok(make_namespace(ref, "Sales.Europe"));
	ok(make_table(ref, "Sales.Europe", "Orders_2024", "file:///w/m1", NULL));
	ok(make_table(ref, "Sales", "b", "file:///w/m2", NULL));
}

static bool add_name(void *arg, const struct found *f)
{
	text_addf(arg, "%s ", f->entry->name);
	return true;
}

static const char *found(const char *text, const char *const *tags, size_t n_tags)
{
	struct search what = {
		.tenant_id = NIL_UUID, .text = text, .tags = tags, .n_tags = n_tags
	};
	struct text t = text_open(&cx, 1 << 20);

	ok(search_each(&cx, st, &what, add_name, &t, NULL));
	return t.s;
}

static size_t n_entries(void)
{
	struct search_entry from = { .row = ROW(search_entry), .tenant_id = NIL_UUID };
	struct query q = { .from = &from.row, .bound = 1, .limit = 10000 };
	struct rows rows;

	ok(store_list(&cx, st, &q, &rows));
	return rows.n;
}

static const char *id_of(const char *space, const char *name)
{
	return seen(ref, space, name)->asset_id;
}

static void say(const char *asset_id, const char *description, const char *tags)
{
	struct business_metadata m = { .tenant_id = NIL_UUID,
				       .asset_id = asset_id,
				       .description = description,
				       .tags = tags,
				       .properties = "{}" };
	struct business_metadata old;
	enum status s = business_find(&cx, st, NIL_UUID, asset_id, &old);

	ck_assert(s == OK || s == NOT_FOUND);
	ok(business_put(&cx, st, &m, &old, "x", NULL));
}

static void unsay(const char *asset_id)
{
	struct business_metadata old;

	ok(business_find(&cx, st, NIL_UUID, asset_id, &old));
	ok(business_delete(&cx, st, &old, "x", NULL));
}

START_TEST(names_are_found_by_any_part_in_any_case)
{
	static const char *const parts[] = { "orders_2024", "ORDERS", "ders", "o",   "r",
					     "4",	    "24",     "_2",   "2024" };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		ck_assert_msg(strstr(found(parts[i], NULL, 0), "Orders_2024 "), "%s", parts[i]);
	ck_assert_str_eq(found("orders_2025", NULL, 0), "");
	ck_assert_str_eq(found("dersor", NULL, 0), "");
	ck_assert_str_eq(found("%", NULL, 0), "");
	ck_assert_str_eq(found("b", NULL, 0), "b ");
	ck_assert_str_eq(found("europe", NULL, 0), "Europe ");
	ck_assert_str_eq(found("", NULL, 0), "Sales Europe Orders_2024 b ");
}
END_TEST

START_TEST(letters_of_other_scripts_have_small_ones_too)
{
	ok(make_table(ref, "Sales", "Größe ПРОДАЖИ 売上", "file:///w/m3", NULL));
	ck_assert_str_eq(found("GRÖSSE", NULL, 0), "");
	ck_assert_str_eq(found("GRÖ", NULL, 0), "Größe ПРОДАЖИ 売上 ");
	ck_assert_str_eq(found("продажи", NULL, 0), "Größe ПРОДАЖИ 売上 ");
	ck_assert_str_eq(found("上", NULL, 0), "Größe ПРОДАЖИ 売上 ");
	ck_assert_str_eq(index_fold(&cx, "\xf0\x90\x90\x80"), "\xf0\x90\x90\xa8");
}
END_TEST

START_TEST(what_is_renamed_or_dropped_is_found_as_it_is_then)
{
	ok(rename_table(ref, "Sales", "b", "orders_b"));
	ck_assert_str_eq(found("orders", NULL, 0), "Orders_2024 orders_b ");
	ck_assert_str_eq(found("b", NULL, 0), "orders_b ");
	ok(drop_table(ref, "Sales", "orders_b"));
	ck_assert_str_eq(found("b", NULL, 0), "");
	ok(drop_table(ref, "Sales.Europe", "Orders_2024"));
	ok(namespace_drop(&cx, st, ref, ns("Sales.Europe"), NULL));
	ok(namespace_drop(&cx, st, ref, ns("Sales"), NULL));
	ck_assert_uint_eq(n_entries(), 0);
}
END_TEST

START_TEST(a_commit_writes_no_entries)
{
	uint64_t trips;
	size_t n = n_entries();
	struct search_entry before, after;

	ok(search_place(&cx, st, NIL_UUID, id_of("Sales", "b"), &before));
	trips = st->trips;
	ok(commit_table(ref, "Sales", "b", "file:///w/m4"));
	ck_assert_uint_eq(st->trips - trips, 2);
	ok(search_place(&cx, st, NIL_UUID, id_of("Sales", "b"), &after));
	ck_assert_int_eq(before.row.version, after.row.version);
	ck_assert_uint_eq(n_entries(), n);
	trips = st->trips;
	ok(make_table(ref, "Sales", "new", "file:///w/m5", NULL));
	ck_assert_uint_eq(st->trips - trips, 2);
}
END_TEST

START_TEST(descriptions_and_tags_find_too)
{
	const char *both[] = { "pii", "Finance & tax" };

	say(id_of("Sales", "b"), "All INVOICES of a year", "[\"pii\",\"Finance & tax\"]");
	say(id_of("Sales.Europe", "Orders_2024"), NULL, "[\"pii\"]");
	ck_assert_str_eq(found("invoices OF", NULL, 0), "b ");
	ck_assert_str_eq(found("", both, 1), "Orders_2024 b ");
	ck_assert_str_eq(found("", both, 2), "b ");
	ck_assert_str_eq(found("order", both, 2), "");
	ck_assert_str_eq(found("order", both, 1), "Orders_2024 ");
	ok(rename_table(ref, "Sales", "b", "c"));
	ck_assert_str_eq(found("invoices", both, 2), "c ");
	say(id_of("Sales", "c"), "other", "[]");
	ck_assert_str_eq(found("invoices", NULL, 0), "");
	ck_assert_str_eq(found("", both, 2), "");
	unsay(id_of("Sales", "c"));
	ck_assert_str_eq(found("other", NULL, 0), "");
	ck_assert_str_eq(found("c", NULL, 0), "c ");
}
END_TEST

START_TEST(what_is_said_goes_with_the_asset)
{
	const char *id = id_of("Sales", "b");
	struct business_metadata m;

	say(id, "x", "[\"t\"]");
	ok(drop_table(ref, "Sales", "b"));
	ck_assert_int_eq(business_find(&cx, st, NIL_UUID, id, &m), NOT_FOUND);
	ck_assert_str_eq(found("", (const char *[]){ "t" }, 1), "");
}
END_TEST

START_TEST(changed_tags_move_the_epoch)
{
	struct epoch e = { .row = ROW(epoch), .tenant_id = NIL_UUID };
	const char *id = id_of("Sales", "b");
	int64_t version;

	say(id, "x", "[\"t\"]");
	ok(store_get(&cx, st, &e.row));
	version = e.row.version;
	say(id, "y", "[\"t\"]");
	ok(store_get(&cx, st, &e.row));
	ck_assert_int_eq(e.row.version, version);
	say(id, "y", "[\"u\"]");
	ok(store_get(&cx, st, &e.row));
	ck_assert_int_eq(e.row.version, version + 1);
	unsay(id);
	ok(store_get(&cx, st, &e.row));
	ck_assert_int_eq(e.row.version, version + 2);
}
END_TEST

/* Branches are not searched: what they make is found when main shows it. */
START_TEST(only_what_main_shows_is_found)
{
	const struct catalog_ref *dev = make_branch(ref, "dev");

	ok(make_table(dev, "Sales", "secret_plan", "file:///w/m6", NULL));
	ok(drop_table(dev, "Sales", "b"));
	ck_assert_str_eq(found("plan", NULL, 0), "");
	ck_assert_str_eq(found("b", NULL, 0), "b ");
}
END_TEST

static void rebuild(void)
{
	struct index_walk walk = { .cx = &cx,
				   .tenant_id = NIL_UUID,
				   .catalog_id = ref->catalog_id };
	bool done = false;

	while (!done)
		ok(index_step_catalog(&cx, st, &walk, &done));
}

/* As after an upgrade, or after a merge of more than one list takes. */
START_TEST(lost_and_stale_entries_are_made_right)
{
	struct search_entry from = { .row = ROW(search_entry), .tenant_id = NIL_UUID };
	struct query q = { .from = &from.row, .bound = 1, .limit = 10000 };
	struct search_entry *e, stale;
	size_t n = n_entries();
	struct rows rows;

	say(id_of("Sales", "b"), NULL, "[\"t\"]");
	ok(store_list(&cx, st, &q, &rows));
	e = rows.items;
	stale = e[0];
	for (size_t i = 0; i < rows.n; i++)
		ok(store_apply(&cx, st, &(struct change){ DELETE, &e[i].row }, 1, NULL));
	stale.term = "*";
	stale.asset_id = text_uuid7(&cx);
	stale.catalog_id = ref->catalog_id;
	stale.name = "gone";
	ok(store_apply(&cx, st, &(struct change){ INSERT, &stale.row }, 1, NULL));
	ck_assert_str_eq(found("", NULL, 0), "gone ");
	rebuild();
	ck_assert_str_eq(found("", NULL, 0), "Sales Europe Orders_2024 b ");
	ck_assert_str_eq(found("", (const char *[]){ "t" }, 1), "b ");
	ck_assert_uint_eq(n_entries(), n + 1);
	rebuild();
	ck_assert_uint_eq(n_entries(), n + 1);
}
END_TEST

/* More than one list takes along: a job makes the entries. */
START_TEST(a_list_that_would_be_too_long_takes_a_job)
{
	struct place *in = place_namespace(&cx, ref, "Sales");
	struct job from = { .row = ROW(job) };
	struct query q = { .from = &from.row, .limit = 10 };
	const struct job *job;
	struct branch branch;
	struct rows rows;
	struct edit *e;
	size_t n = n_entries();

	ok(content_read(&cx, st, ref, &branch, &in, 1, NULL, 0));
	e = edit_open(&cx, ref, &branch, NULL);
	for (int i = 0; i < 600; i++) {
		struct place *p = place_asset(&cx, ref, "Sales", cx_printf(&cx, "many_%d", i));
		struct asset *row = CX_NEW(&cx, struct asset);

		p->rows[0] = (struct asset){ .row = ROW(asset) };
		*row = (struct asset){ .asset_id = text_uuid7(&cx),
				       .type = "ICEBERG_TABLE",
				       .current_snapshot_id = -1 };
		edit_make(e, p, row);
	}
	ok(edit_apply(e, st, audit_new(&cx, NULL, NIL_UUID, "x", "y", "z", "n")));
	ck_assert_uint_eq(n_entries(), n);
	ok(store_list(&cx, st, &q, &rows));
	job = rows.items;
	ck_assert_uint_eq(rows.n, 1);
	ck_assert_str_eq(job->type, "index");
	rebuild();
	ck_assert_str_eq(found("many_599", NULL, 0), "many_599 ");
}
END_TEST

/* Each name's grams are many rows' here: the rarest one decides. */
START_TEST(common_beginnings_do_not_hide_rare_ends)
{
	for (int i = 0; i < 300; i++)
		ok(make_table(ref, "Sales", cx_printf(&cx, "table_%03d", i), "file:///w/m", NULL));
	ck_assert_str_eq(found("table_123", NULL, 0), "table_123 ");
	ck_assert_str_eq(found("E_29", NULL, 0),
			 "table_290 table_291 table_292 table_293 table_294 table_295 table_296 "
			 "table_297 table_298 table_299 ");
}
END_TEST

/* What was decided on one state is not done to another: a tag taken away does not come back. */
START_TEST(what_was_said_meanwhile_is_kept)
{
	const char *id = id_of("Sales", "b");
	struct business_metadata read, m;

	say(id, "first", "[\"secret\"]");
	ok(business_find(&cx, st, NIL_UUID, id, &read));
	say(id, "second", "[]");
	m = read;
	m.description = "third";
	ck_assert_int_eq(business_put(&cx, st, &m, &read, "x", NULL), CONFLICT);
	ck_assert_int_eq(business_delete(&cx, st, &read, "x", NULL), CONFLICT);
	ok(business_find(&cx, st, NIL_UUID, id, &read));
	ck_assert_str_eq(read.description, "second");
	ck_assert_str_eq(read.tags, "[]");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("search");
	TCase *tc = tcase_create("search");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, start, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, names_are_found_by_any_part_in_any_case);
	tcase_add_test(tc, letters_of_other_scripts_have_small_ones_too);
	tcase_add_test(tc, what_is_renamed_or_dropped_is_found_as_it_is_then);
	tcase_add_test(tc, a_commit_writes_no_entries);
	tcase_add_test(tc, descriptions_and_tags_find_too);
	tcase_add_test(tc, what_is_said_goes_with_the_asset);
	tcase_add_test(tc, changed_tags_move_the_epoch);
	tcase_add_test(tc, only_what_main_shows_is_found);
	tcase_add_test(tc, lost_and_stale_entries_are_made_right);
	tcase_add_test(tc, a_list_that_would_be_too_long_takes_a_job);
	tcase_add_test(tc, common_beginnings_do_not_hide_rare_ends);
	tcase_add_test(tc, what_was_said_meanwhile_is_kept);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
