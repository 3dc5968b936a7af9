/* SPDX-License-Identifier: Apache-2.0 */
/* test_quota_model.c - random changes under a quota: the count is never too low, the quota never passed. */
#include "tests/unit/content.h"

#include "stores/commits.h"
#include "stores/diff.h"
#include "stores/merge.h"
#include "stores/tenants.h"
#include "tests/unit/worker.h"

#define NAMES 8
#define LIMIT 6
#define MAX_BRANCHES 7

static unsigned seed;
static int operations, refused, reverted, merged, forked;

static int pick(int n)
{
	seed = seed * 1103515245u + 12345u;
	return (int)(seed >> 16) % n;
}

static const char *name_of(int i)
{
	return cx_printf(&cx, "t%d", i);
}

/* --- what there is ----------------------------------------------------------------------- */

static void add_listed(struct json_object *ids, const struct catalog_ref *r)
{
	struct page page = { .types = { "ICEBERG_TABLE" } };
	struct listing l;

	ok(content_list(&cx, st, r, "a", &page, &l));
	for (size_t i = 0; i < l.n; i++)
		json_set_bool(ids, l.rows[i]->asset_id, true);
}

static int64_t shown(void)
{
	struct json_object *ids = json_new_object(&cx);
	struct branch *all;
	size_t n;

	ok(branch_all(&cx, st, ref, &all, &n));
	for (size_t i = 0; i < n; i++)
		if (!text_same(all[i].branch_type, "hidden"))
			add_listed(ids, on(all[i].name));
	return json_object_object_length(ids);
}

/* Whatever rows are left of: there is never more to count. */
static int64_t in_rows(void)
{
	struct json_object *ids = json_new_object(&cx);
	struct asset from = { .row = ROW(asset),
			      .tenant_id = NIL_UUID,
			      .catalog_id = ref->catalog_id };
	struct rows rows;

	ok(store_list_all(&cx, st, &(struct query){ .from = &from.row, .bound = 2 }, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct asset *a = (const struct asset *)rows.items + i;

		if (text_same(a->type, "ICEBERG_TABLE"))
			json_set_bool(ids, a->asset_id, true);
	}
	return json_object_object_length(ids);
}

static struct quota_count counted(void)
{
	struct quota_count c = { .row = ROW(quota_count), .tenant_id = NIL_UUID };

	ok(store_get_all(&cx, st, (struct row *[]){ &c.row }, 1));
	return c;
}

static void check(void)
{
	struct quota_count c = counted();
	int64_t n = shown();

	ck_assert_msg(n <= LIMIT, "operation %d: %lld are shown", operations, (long long)n);
	ck_assert_msg(!c.row.version || c.tables >= n, "operation %d: %lld are shown, not %lld",
		      operations, (long long)n, (long long)c.tables);
}

/* DENIED: then there was no room. */
static bool done(enum status s)
{
	ck_assert_msg(s == OK || s == DENIED, "operation %d: %d: %s", operations, s, cx.message);
	if (s)
		ck_assert_msg(strstr(cx.message, "quota") && in_rows() >= LIMIT,
			      "operation %d: refused with %lld: %s", operations,
			      (long long)in_rows(), cx.message);
	refused += s != OK;
	return !s;
}

/* --- changes ------------------------------------------------------------------------------- */

static struct branch any_branch(bool writable)
{
	struct branch *all;
	size_t n;

	ok(branch_all(&cx, st, ref, &all, &n));
	for (;;) {
		const struct branch *b = &all[pick((int)n)];

		if (!text_same(b->branch_type, "hidden") &&
		    !(writable && text_same(b->branch_type, "tag")))
			return *b;
	}
}

static void change_one(void)
{
	const struct catalog_ref *r = on(any_branch(true).name);
	const char *name = name_of(pick(NAMES)), *other = name_of(pick(NAMES));
	struct place *in = place_namespace(&cx, r, "a");
	int what = pick(10);

	ok(content_read(&cx, st, r, NULL, &in, 1, NULL, 0));
	if (!in->seen) /* its making was taken back */
		ok(make_namespace(r, "a"));
	if (!seen(r, "a", name))
		done(make_table(r, "a", name, "1", NULL));
	else if (what < 5)
		ok(drop_table(r, "a", name));
	else if (what < 7)
		ok(commit_table(r, "a", name, "2"));
	else if (!seen(r, "a", other))
		done(rename_table(r, "a", name, other));
}

static const char *any_commit(const struct branch *b)
{
	struct commit from = { .row = ROW(commit),
			       .tenant_id = NIL_UUID,
			       .catalog_id = b->catalog_id,
			       .branch_id = b->id };
	struct rows rows;

	ok(store_list_all(&cx, st, &(struct query){ .from = &from.row, .bound = 3 }, &rows));
	return rows.n ? ((const struct commit *)rows.items)[pick((int)rows.n)].commit_id : NULL;
}

static void make_one(void)
{
	struct branch from = any_branch(false), made, *all;
	struct asset_name only = { "a", name_of(pick(NAMES)) };
	struct branch_wish wish = { .name = cx_printf(&cx, "b%d", operations),
				    .type = pick(3) ? "experimental" : "tag",
				    .from = from.name };
	int how = pick(3);
	size_t n;

	ok(branch_all(&cx, st, ref, &all, &n));
	if (n > MAX_BRANCHES)
		return;
	if (how == 1)
		wish.commit_id = any_commit(&from);
	if (how == 2 && !text_same(wish.type, "tag") && seen(on(from.name), "a", only.name)) {
		wish.only = &only;
		wish.n_only = 1;
	}
	forked += wish.commit_id && done(branch_create(&cx, st, ref, &wish, NULL, &made));
	if (!wish.commit_id)
		ok(branch_create(&cx, st, ref, &wish, NULL, &made));
}

static void delete_one(void)
{
	struct branch b = any_branch(false);

	if (strcmp(b.name, "main") != 0)
		ok(branch_drop(&cx, st, ref, b.name, text_same(b.branch_type, "tag"), NULL));
}

static void merge_one(void)
{
	struct branch source = any_branch(false), target = any_branch(true);
	struct merge_operation op;

	if (!strcmp(source.name, target.name))
		return;
	ok(merge_start(&cx, st, ref, source.name, target.name, NULL, &op));
	if (strcmp(op.status, "conflicted") != 0 && done(merge_complete(&cx, st, ref, &op, NULL)))
		merged++;
	else
		ok(merge_abort(&cx, st, &op, NULL));
}

static void revert_one(void)
{
	struct branch b = any_branch(true);
	const char *id = any_commit(&b), *made;
	enum status s;

	if (!id)
		return;
	s = commit_revert(&cx, st, ref, b.name, id, NULL, NULL, &made);
	reverted += s != CONFLICT && done(s);
}

/* --- catalogs and tenants -------------------------------------------------------------------- */

static void forget(void)
{
	content_close(content);
	cx_reset(&cx);
	content = content_open();
	ok(content_catalog(&cx, content, st, NIL_UUID, "c", NULL, &ref));
}

static void set_quota(void)
{
	struct tenant t;

	ok(tenant_find(&cx, st, NIL_UUID, &t));
	t.properties = cx_printf(&cx, "{\"quota.tables\":\"%d\"}", LIMIT);
	ok(tenant_update(&cx, st, &t, NULL));
	forget();
}

/* Another catalog comes, with a table, and goes: nothing of it is left in the way. */
static void come_and_go(void)
{
	struct catalog d = { .tenant_id = NIL_UUID, .name = "d" };
	const struct catalog_ref *r;

	ok(catalog_create(&cx, st, &d, NULL));
	ok(content_catalog(&cx, content, st, NIL_UUID, "d", NULL, &r));
	ok(make_namespace(r, "a"));
	if (done(make_table(r, "a", "t", "1", NULL)))
		ck_assert_int_ge(counted().tables, shown() + 1);
	ok(drop_catalog(&cx, st, "d"));
	forget();
}

/* --- the run ----------------------------------------------------------------------------------- */

static void step(void)
{
	int what = pick(100);

	operations++;
	if (what < 60)
		change_one();
	else if (what < 68)
		make_one();
	else if (what < 74)
		delete_one();
	else if (what < 82)
		merge_one();
	else if (what < 94)
		revert_one();
	else if (what < 97)
		work_all(ref);
	else if (what < 99)
		set_quota();
	else
		come_and_go();
	check();
}

START_TEST(never_too_low)
{
	const char *given = getenv("QUOTA_OPERATIONS");
	int64_t n = 400, start = 1;

	ck_assert(!given || text_int(given, &n));
	given = getenv("QUOTA_SEED");
	ck_assert(!given || text_int(given, &start));
	seed = (unsigned)start;
	ok(make_namespace(ref, "a"));
	set_quota();
	while (operations < n) {
		step();
		forget();
	}
	ck_assert(refused && reverted && merged && forked);
	printf("quota model: %d operations, %d of them refused, %d merges, %d reverts, %d branches "
	       "at a commit: never above, never counted too low\n",
	       operations, refused, merged, reverted, forked);
}
END_TEST

/* Beside no branch what goes is taken off, and nothing has to be counted. */
START_TEST(exact_without_branches)
{
	ok(make_namespace(ref, "a"));
	set_quota();
	for (int i = 0; i < LIMIT; i++)
		ok(make_table(ref, "a", name_of(i), "1", NULL));
	ok(drop_table(ref, "a", "t0"));
	ck_assert_int_eq(counted().tables, LIMIT - 1);
	ok(rename_table(ref, "a", "t1", "t0"));
	ck_assert_int_eq(counted().tables, LIMIT - 1);
	ok(make_table(ref, "a", "t1", "1", NULL));
	ck_assert_int_eq(make_table(ref, "a", "t7", "1", NULL), DENIED);
	ck_assert_int_eq(counted().tables, LIMIT);
	ck_assert_int_eq(counted().namespaces, 1);
}
END_TEST

/* What a branch still shows is not gone, and what a commit brings back needs room. */
START_TEST(what_comes_back_needs_room)
{
	const struct branch_wish wish = { .name = "old", .type = "tag" };
	const char *made, *drop;
	struct branch main, tag;

	ok(make_namespace(ref, "a"));
	set_quota();
	for (int i = 0; i < LIMIT; i++)
		ok(make_table(ref, "a", name_of(i), "1", NULL));
	ok(branch_find(&cx, st, ref, "main", false, &main));
	ok(drop_table(ref, "a", "t0"));
	ok(commit_head(&cx, st, &main, INT64_MAX, &drop));
	ok(make_table(ref, "a", "t6", "1", NULL));
	ck_assert_int_eq(commit_revert(&cx, st, ref, "main", drop, NULL, NULL, &made), DENIED);
	ck_assert_ptr_nonnull(strstr(cx.message, "quota"));
	ok(drop_table(ref, "a", "t6"));
	ok(commit_revert(&cx, st, ref, "main", drop, NULL, NULL, &made));
	ok(branch_create(&cx, st, ref, &wish, NULL, &tag));
	ok(drop_table(ref, "a", "t0"));
	ck_assert_int_eq(make_table(ref, "a", "t6", "1", NULL), DENIED);
	ok(branch_drop(&cx, st, ref, "old", true, NULL));
	work_all(ref);
	ok(make_table(ref, "a", "t6", "1", NULL));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("quota_model");
	TCase *c = tcase_create("quota_model");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_set_timeout(c, 3600);
	tcase_add_test(c, never_too_low);
	tcase_add_test(c, exact_without_branches);
	tcase_add_test(c, what_comes_back_needs_room);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
