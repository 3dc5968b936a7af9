/* SPDX-License-Identifier: Apache-2.0 */
/* test_names.c - what a new namespace or asset may be called. */
#include "stores/content.h"

#include <check.h>

static const struct {
	const char *path, *name; /* name NULL: of a namespace */
	bool good;
} name_rules[] = {
	{ "a", NULL, true },
	{ "a.b", NULL, true },
	{ "new/db", NULL, true },
	{ "a\x1f"
	  "b",
	  NULL, true },
	{ "\xc3\xbc", NULL, true },
	{ "", NULL, false },
	{ ".", NULL, false },
	{ "..", NULL, false },
	{ "a\x1f", NULL, false },
	{ "\x1f"
	  "a",
	  NULL, false },
	{ "a\x1f..", NULL, false },
	{ "a@b", NULL, false },
	{ "a\nb", NULL, false },
	{ "a\x7f", NULL, false },
	{ "\xff", NULL, false },
	{ "a/tables/b/sign", NULL, false },
	{ "1\x1f"
	  "2\x1f"
	  "3\x1f"
	  "4\x1f"
	  "5\x1f"
	  "6\x1f"
	  "7\x1f"
	  "8\x1f"
	  "9\x1f"
	  "10\x1f"
	  "11\x1f"
	  "12\x1f"
	  "13\x1f"
	  "14\x1f"
	  "15\x1f"
	  "16",
	  NULL, true },
	{ "1\x1f"
	  "2\x1f"
	  "3\x1f"
	  "4\x1f"
	  "5\x1f"
	  "6\x1f"
	  "7\x1f"
	  "8\x1f"
	  "9\x1f"
	  "10\x1f"
	  "11\x1f"
	  "12\x1f"
	  "13\x1f"
	  "14\x1f"
	  "15\x1f"
	  "16\x1f"
	  "17",
	  NULL, false },
	{ "a", "t", true },
	{ "a", "tab/le", true },
	{ "a", "credentials", true },
	{ "a", "t@b", false },
	{ "a", "", false },
	{ "a", "x/credentials", false },
	{ "a/tables/b", "credentials", false },
	{ "a", "t\x1fu", false },
};

START_TEST(test_names)
{
	struct cx cx = { 0 };
	const char *path = name_rules[_i].path, *name = name_rules[_i].name;
	enum status s = name ? asset_name_check(&cx, path, name) : namespace_check(&cx, path);

	ck_assert_msg(s == (name_rules[_i].good ? OK : INVALID), "%s %s: %s", path,
		      name ? name : "", cx.message);
	cx_free(&cx);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("names");
	TCase *t = tcase_create("names");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, test_names, 0, ARRAY_SIZE(name_rules));
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
