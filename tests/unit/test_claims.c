/* SPDX-License-Identifier: Apache-2.0 */
/* test_claims.c - the folders a table asks for. */
#include "stores/locations.h"

#include <check.h>

START_TEST(test_claims)
{
	struct cx cx = { 0 };
	struct claim c = { .storage = "file" };
	size_t n;

	ck_assert_int_eq(OK, claim_path(&cx, &c, "/w/t/data"));
	ck_assert_int_eq(OK, claim_path(&cx, &c, "/w/meta/t"));
	ck_assert_int_eq(OK, claim_path(&cx, &c, "/w/t"));	 /* takes data in */
	ck_assert_int_eq(OK, claim_path(&cx, &c, "/w/t/other")); /* lies in it */
	ck_assert_uint_eq(c.n, 2);
	claim_rows(&cx, &c, &n);
	ck_assert_uint_eq(n, 4); /* /w, /w/meta, /w/meta/t, /w/t */
	ck_assert_int_eq(claim_path(&cx, &c, ""), INVALID);
	cx_free(&cx);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("claims");
	TCase *t = tcase_create("claims");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, test_claims);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
