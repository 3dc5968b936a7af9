/* SPDX-License-Identifier: Apache-2.0 */
/* test_folders.c - listings by pages; who owns which folder, and what a drop leaves to do. */
#include "tests/unit/content.h"

/* --- listings ------------------------------------------------------------------------- */

START_TEST(test_pages)
{
	struct page page = { .limit = 3, .types = { "ICEBERG_TABLE" } };
	struct listing l;

	ok(make_namespace(ref, "a"));
	ok(make_namespace(ref, "a.x"));
	for (int i = 0; i < 7; i++)
		ok(make_table(ref, "a", cx_printf(&cx, "t%d", i), "f", NULL));
	ok(content_list(&cx, st, ref, "a", &page, &l));
	ck_assert_uint_eq(l.n, 3);
	ck_assert_str_eq(l.next, "t2");
	page.after = "t5";
	ok(content_list(&cx, st, ref, "a", &page, &l));
	ck_assert_uint_eq(l.n, 1);
	ck_assert_ptr_null(l.next);
	ck_assert_str_eq(names_by(ref, "a", 7), "t0 t1 t2 t3 t4 t5 t6 ");
	ck_assert_str_eq(names(ref, "a.x"), "");
}
END_TEST

/* --- locations ------------------------------------------------------------------------- */

static struct claim *claim_of(const char *path)
{
	struct claim *c = CX_NEW(&cx, struct claim);

	c->storage = "file";
	ok(claim_path(&cx, c, path));
	return c;
}

START_TEST(test_locations)
{
	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t1", "f", claim_of("/w/a/t1")));
	ok(make_table(ref, "a", "t12", "f", claim_of("/w/a/t12"))); /* a sibling, no folder of t1 */
	ck_assert_int_eq(make_table(ref, "a", "x", "f", claim_of("/w/a/t1")), INVALID);
	ck_assert_int_eq(make_table(ref, "a", "x", "f", claim_of("/w/a/t1/deep/er")), INVALID);
	ck_assert_int_eq(make_table(ref, "a", "x", "f", claim_of("/w/a")), INVALID);
	ck_assert_int_eq(make_table(ref, "a", "x", "f", claim_of("/w")), INVALID);
	ok(drop_table(ref, "a", "t1"));
	ok(make_table(ref, "a", "x", "f", claim_of("/w/a/t1/deep/er")));
	ck_assert_int_eq(make_table(ref, "a", "t1", "f", claim_of("/w/a/t1")), INVALID);
}
END_TEST

START_TEST(test_locations_of_a_branch)
{
	const struct catalog_ref *dev;

	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "f", claim_of("/w/t")));
	dev = make_branch(ref, "dev");
	ok(drop_table(ref, "a", "t")); /* dev still shows it */
	ck_assert_int_eq(make_table(ref, "a", "x", "f", claim_of("/w/t")), INVALID);
	ck_assert_ptr_nonnull(seen(dev, "a", "t"));
}
END_TEST

static enum status register_table(const char *name, const char *uuid, const char **asset_id)
{
	struct asset_name at = { "a", name };
	struct asset row = { .asset_id = text_uuid7(&cx),
			     .type = "ICEBERG_TABLE",
			     .table_uuid = uuid };
	enum status s =
		asset_create(&cx, st, ref, &at, &row, claim_of("/w/t"), false, "register", NULL);

	*asset_id = row.asset_id;
	return s;
}

/* Dropped here and shown by dev: the same table may come back, another may not come there. */
START_TEST(test_taken_up_again)
{
	const struct catalog_ref *dev;
	const char *id, *first;

	ok(make_namespace(ref, "a"));
	ok(register_table("t", "uuid-1", &id));
	first = seen(ref, "a", "t")->asset_id;
	ck_assert_int_eq(register_table("u", "uuid-1", &id), INVALID); /* it lives here */
	dev = make_branch(ref, "dev");
	ok(drop_table(ref, "a", "t"));
	ck_assert_int_eq(register_table("u", "uuid-2", &id), INVALID);
	ok(register_table("u", "uuid-1", &id));
	ck_assert_str_eq(id, first);
	ck_assert_str_eq(seen(dev, "a", "t")->asset_id, first);
}
END_TEST

/* --- jobs ---------------------------------------------------------------------------------- */

START_TEST(test_purge_job)
{
	struct asset_name at = { "a", "t" };
	struct job job, other;
	bool found;

	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "f", NULL));
	ok(asset_drop(&cx, st, ref, "ICEBERG_TABLE", &at, true, NULL, NULL));
	ok(job_lease(&cx, st, &job, &found));
	ck_assert(found);
	ck_assert_str_eq(job.type, "purge");
	ok(job_lease(&cx, st, &other, &found));
	ck_assert(!found);
	ok(job_failed(&cx, st, &job, "why"));
	ok(job_lease(&cx, st, &other, &found));
	ck_assert(!found); /* not due yet */
	ok(job_done(&cx, st, &job));
}
END_TEST

/* What dev still shows must stay: no purge. */
START_TEST(test_no_purge_of_shared)
{
	struct asset_name at = { "a", "t" };
	struct job job;
	bool found;

	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "f", NULL));
	make_branch(ref, "dev");
	ok(asset_drop(&cx, st, ref, "ICEBERG_TABLE", &at, true, NULL, NULL));
	ok(job_lease(&cx, st, &job, &found));
	ck_assert(!found);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("folders");
	TCase *t = tcase_create("folders");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_pages);
	tcase_add_test(t, test_locations);
	tcase_add_test(t, test_locations_of_a_branch);
	tcase_add_test(t, test_taken_up_again);
	tcase_add_test(t, test_purge_job);
	tcase_add_test(t, test_no_purge_of_shared);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *r = srunner_create(suite());
	int failed;

	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
