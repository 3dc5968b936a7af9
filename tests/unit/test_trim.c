/* SPDX-License-Identifier: Apache-2.0 */
/* test_trim.c - commits and merges past their time go; branches, tags, merges and differences stay as they are. */
#include "tests/unit/content.h"

#include "stores/diff.h"
#include "stores/merge.h"
#include "stores/trim.h"
#include "tests/unit/worker.h"

#define DAY_MS ((int64_t)86400000)

/* As `days` days later, in lists of two; how many calls it took. */
static int trim_later(int64_t later, int64_t days)
{
	struct trim_walk walk = { 0 };
	bool done = false;
	int calls = 0;

	for (; !done; calls++)
		ok(trim_history(&cx, st, NIL_UUID, cx_now_ms() + later * DAY_MS, days, &walk, 2,
				&done));
	cx_free(&walk.cx);
	return calls;
}

static struct history history_on(const struct catalog_ref *r, const char *branch)
{
	const struct commit_filter all = { .limit = 1000 };
	struct history h;
	struct branch b;

	ok(branch_find(&cx, st, r, branch, false, &b));
	ok(commit_list(&cx, st, r, &b, &all, &h));
	return h;
}

static struct history history_of(const char *branch)
{
	return history_on(ref, branch);
}

static enum status make_at(const char *name, const char *type, const char *commit)
{
	const struct branch_wish wish = { .name = name, .type = type, .commit_id = commit };
	struct branch made;

	return branch_create(&cx, st, ref, &wish, NULL, &made);
}

static void commit_times(const char *branch, int n)
{
	static int files;

	while (n-- > 0)
		ok(commit_table(on(branch), "a", "t", cx_printf(&cx, "%d", ++files)));
}

/* A table with ten commits on main, a tag after four and a branch after seven of them. */
static void ground(void)
{
	const struct branch_wish tag = { .name = "v1", .type = "tag" };
	struct branch made;

	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "0", NULL));
	commit_times("main", 2);
	ok(branch_create(&cx, st, ref, &tag, NULL, &made));
	commit_times("main", 3);
	make_branch(ref, "dev");
	commit_times("main", 3);
}

START_TEST(the_old_ones_go)
{
	struct history before, after;
	const char *of_tag, *of_dev;

	ground();
	before = history_of("main");
	ck_assert_uint_eq(before.n, 10);
	of_tag = before.commits[6].commit_id;
	of_dev = before.commits[3].commit_id;
	trim_later(89, 90);
	ck_assert_uint_eq(history_of("main").n, 10);
	trim_later(1000, 0); /* for ever */
	ck_assert_uint_eq(history_of("main").n, 10);
	ck_assert_int_gt(trim_later(91, 90), 3);
	after = history_of("main");
	ck_assert_uint_eq(after.n, 3);
	ck_assert_str_eq(after.commits[0].commit_id, before.commits[0].commit_id);
	ck_assert_str_eq(after.commits[1].commit_id, of_dev);
	ck_assert_str_eq(after.commits[2].commit_id, of_tag);
	trim_later(91, 90);
	ck_assert_uint_eq(history_of("main").n, 3);
	ok(branch_drop(&cx, st, ref, "v1", true, NULL));
	work_all(ref);
	trim_later(91, 90);
	ck_assert_uint_eq(history_of("main").n, 2);
}
END_TEST

START_TEST(what_stands_on_cuts_stays)
{
	struct point_in_time from, to;
	struct merge_operation op;
	struct difference *d;
	size_t n;

	ground();
	commit_times("dev", 2);
	trim_later(91, 90);
	ck_assert_str_eq(seen(on("v1"), "a", "t")->metadata_location, "2");
	ck_assert_str_eq(seen(on("dev"), "a", "t")->metadata_location, "10");
	ok(diff_point(&cx, st, ref, "v1", &from));
	ok(diff_point(&cx, st, ref, "main", &to));
	ok(diff_points(&cx, st, &from, &to, &d, &n));
	ck_assert_uint_eq(n, 1);
	ok(merge_start(&cx, st, ref, "main", "dev", NULL, &op));
	ck_assert_str_eq(op.status, "conflicted"); /* both changed it since the cut */
}
END_TEST

START_TEST(nothing_is_made_as_of_what_is_gone)
{
	struct history all;
	struct point_in_time p;
	const char *made;

	ground();
	all = history_of("main");
	trim_later(91, 90);
	ck_assert_int_eq(make_at("x", "tag", all.commits[5].commit_id), NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(cx.message, "past its time"));
	/* the tag's own commit is there; what was committed behind it is not */
	ck_assert_int_eq(make_at("x", "tag", all.commits[6].commit_id), NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(cx.message, "past its time"));
	ck_assert_int_eq(diff_point(&cx, st, ref, all.commits[6].commit_id, &p), NOT_FOUND);
	ck_assert_int_eq(
		commit_revert(&cx, st, ref, "main", all.commits[5].commit_id, NULL, NULL, &made),
		NOT_FOUND);
	ok(make_at("x", "tag", all.commits[0].commit_id));
	commit_times("main", 2);
	ok(make_at("y", "tag", history_of("main").commits[1].commit_id));
	ck_assert_str_eq(seen(on("y"), "a", "t")->metadata_location, "9");
}
END_TEST

START_TEST(a_catalog_says_how_long)
{
	struct catalog c = { .tenant_id = NIL_UUID,
			     .name = "d",
			     .properties = "{\"commits.retention-days\": \"7\"}" };
	const struct catalog_ref *d;
	int64_t days;

	ok(catalog_create(&cx, st, &c, NULL));
	ok(content_catalog(&cx, content, st, NIL_UUID, "d", NULL, &d));
	ok(make_namespace(d, "a"));
	ok(make_table(d, "a", "t", "0", NULL));
	trim_later(6, 1);
	ck_assert_uint_eq(history_on(d, "main").n, 2);
	trim_later(8, 90);
	ck_assert_uint_eq(history_on(d, "main").n, 1);
	ok(trim_days(&cx, "{\"commits.retention-days\": \"0\"}", 90, &days));
	ck_assert_int_eq(days, 0);
	ck_assert_int_eq(trim_days(&cx, "{\"commits.retention-days\": \"soon\"}", 90, &days),
			 INVALID);
	ck_assert_int_eq(trim_days(&cx, "{\"commits.retention-days\": \"-1\"}", 90, &days),
			 INVALID);
}
END_TEST

/* Those that are over go with their conflicts, those nobody ended are aborted. */
START_TEST(merges_go)
{
	struct merge_operation op, open;
	struct merge_conflict *list;
	size_t n;

	ground();
	commit_times("dev", 1);
	ok(merge_start(&cx, st, ref, "dev", "main", NULL, &op));
	ok(merge_conflicts(&cx, st, &op, &list, &n));
	ck_assert_uint_eq(n, 1);
	ok(merge_abort(&cx, st, &op, NULL));
	ok(merge_start(&cx, st, ref, "dev", "main", NULL, &open));
	trim_later(89, 90);
	ok(merge_find(&cx, st, NIL_UUID, op.id, &op));
	trim_later(91, 90);
	ck_assert_int_eq(merge_find(&cx, st, NIL_UUID, op.id, &op), NOT_FOUND);
	ck_assert_int_eq(merge_find_conflict(&cx, st, NIL_UUID, list[0].id, &list[0]), NOT_FOUND);
	ok(merge_find(&cx, st, NIL_UUID, open.id, &open));
	ck_assert_str_eq(open.status, "aborted");
	trim_later(91, 90);
	ck_assert_int_eq(merge_find(&cx, st, NIL_UUID, open.id, &open), NOT_FOUND);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("trim");
	TCase *c = tcase_create("trim");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_set_timeout(c, 120);
	tcase_add_test(c, the_old_ones_go);
	tcase_add_test(c, what_stands_on_cuts_stays);
	tcase_add_test(c, nothing_is_made_as_of_what_is_gone);
	tcase_add_test(c, a_catalog_says_how_long);
	tcase_add_test(c, merges_go);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
