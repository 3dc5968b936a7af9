/* SPDX-License-Identifier: Apache-2.0 */
/* suite.h - main() of a unit test: runs a list of Check tests. */
#ifndef TESTS_UNIT_SUITE_H
#define TESTS_UNIT_SUITE_H

#include <check.h>

#undef fail /* ours is in common/cx.h */

struct unit_test {
	const TTest *test;
	int rows; /* of the test's table: it runs once a row, as _i; 0 = no table */
};

static inline int run_suite(const char *name, const struct unit_test *tests, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, 60);
	for (size_t i = 0; i < n; i++)
		tcase_add_loop_test(tc, tests[i].test, 0, tests[i].rows ? tests[i].rows : 1);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}

#endif
