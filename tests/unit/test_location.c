/* SPDX-License-Identifier: Apache-2.0 */
/* test_location.c - what is a location, what is the same one, and what lies in what. */
#include "common/location.h"

#include <check.h>

static const struct {
	const char *in, *scheme, *authority, *path, *text;
} good[] = {
	{ "s3://b/a/t", "s3", "b", "/a/t", "s3://b/a/t" },
	{ "s3://b/a/t/", "s3", "b", "/a/t", "s3://b/a/t" },
	{ "s3://b/", "s3", "b", "", "s3://b" },
	{ "s3://b", "s3", "b", "", "s3://b" },
	{ "s3a://b/x", "s3", "b", "/x", "s3a://b/x" },
	{ "s3n://b/x", "s3", "b", "/x", "s3n://b/x" },
	{ "S3://b/x", "s3", "b", "/x", "S3://b/x" },
	{ "s3://Big_Bucket.1/x", "s3", "Big_Bucket.1", "/x", "s3://Big_Bucket.1/x" },
	/* a key is taken as it stands */
	{ "s3://b/a b/%20+=~!(),'*", "s3", "b", "/a b/%20+=~!(),'*", "s3://b/a b/%20+=~!(),'*" },
	{ "s3://b/x%2Fy", "s3", "b", "/x%2Fy", "s3://b/x%2Fy" },
	{ "s3://b/100%", "s3", "b", "/100%", "s3://b/100%" },
	{ "s3://b/%zz", "s3", "b", "/%zz", "s3://b/%zz" },
	{ "s3://b/...", "s3", "b", "/...", "s3://b/..." },
	{ "s3://b/.hidden", "s3", "b", "/.hidden", "s3://b/.hidden" },
	{ "s3://b/a..b/c.", "s3", "b", "/a..b/c.", "s3://b/a..b/c." },
	{ "s3://b/\xc3\xa9/\xe6\xbc\xa2", "s3", "b", "/\xc3\xa9/\xe6\xbc\xa2",
	  "s3://b/\xc3\xa9/\xe6\xbc\xa2" },
	{ "gs://b/x", "gs", "b", "/x", "gs://b/x" },
	{ "abfss://c@Acct.dfs.core.windows.net/x", "abfss", "c@acct", "/x",
	  "abfss://c@Acct.dfs.core.windows.net/x" },
	{ "wasbs://c@acct.blob.core.windows.net/x", "abfss", "c@acct", "/x",
	  "wasbs://c@acct.blob.core.windows.net/x" },
	{ "abfs://c@onelake.example.com/x", "abfss", "c@onelake.example.com", "/x",
	  "abfs://c@onelake.example.com/x" },
	{ "file:///a/b", "file", "", "/a/b", "file:///a/b" },
	{ "file:/a/b/", "file", "", "/a/b", "file:/a/b" },
	{ "file://localhost/a", "file", "", "/a", "file://localhost/a" },
	{ "/a/b/", "file", "", "/a/b", "/a/b" },
	{ "/a:b", "file", "", "/a:b", "/a:b" },
	{ "/", "file", "", "", "/" },
	{ "file:///", "file", "", "", "file:///" },
	{ "file:/", "file", "", "", "file:/" },
};

START_TEST(takes)
{
	struct cx cx = { 0 };
	struct location l;

	ck_assert_msg(!location_parse(&cx, good[_i].in, &l), "%s: %s", good[_i].in, cx.message);
	ck_assert_str_eq(l.scheme, good[_i].scheme);
	ck_assert_str_eq(l.authority, good[_i].authority);
	ck_assert_str_eq(l.path, good[_i].path);
	ck_assert_str_eq(l.text, good[_i].text);
	cx_free(&cx);
}
END_TEST

static const struct {
	const char *in, *says;
} bad[] = {
	{ "", "scheme" },
	{ "b/a", "scheme" },
	{ "ftp://b/a", "scheme" },
	{ "https://b/a", "scheme" },
	{ " s3://b/a", "scheme" },
	{ "s3:/b/a", "\"//\"" },
	{ "s3:b", "\"//\"" },
	{ "file:a", "\"//\"" },
	{ "file:", "\"//\"" },
	{ "file://", "no path" },
	{ "file://host/a", "host" },
	{ "file://..", "\"..\"" },
	{ "s3:///a", "bucket" },
	{ "s3://", "bucket" },
	{ "s3://u:p@b/a", "bucket" },
	{ "s3://b:9000/a", "bucket" },
	{ "s3://b%2Fa/c", "bucket" },
	{ "s3://.b/a", "bucket" },
	{ "s3://b\xc3\xa9/a", "bucket" },
	{ "abfss://c/a", "container@account" },
	{ "abfss://@a/a", "container@account" },
	{ "abfss://c@/a", "container@account" },
	{ "abfss://c@a@b/a", "container@account" },
	{ "s3://b/./a", "\"..\"" },
	{ "s3://b/a/..", "\"..\"" },
	{ "s3://b/a/../c", "\"..\"" },
	{ "s3://b/a/%2e%2e/c", "\"..\"" },
	{ "s3://b/a/%2E./c", "\"..\"" },
	{ "s3://b/a/.%2e", "\"..\"" },
	{ "s3://b/a%2f..%2fc", "\"..\"" },
	{ "s3://b/%2e", "\"..\"" },
	{ "/a/../b", "\"..\"" },
	{ "s3://b/a\\b", "backslash" },
	{ "s3://b/t\\..\\t2", "backslash" },
	{ "s3://b//a", "empty segment" },
	{ "s3://b/a//", "empty segment" },
	{ "s3://b/a//c", "empty segment" },
	{ "file:////a", "empty segment" },
	{ "//a", "empty segment" },
	{ "s3://b/a?x=1", "query" },
	{ "s3://b/a#x", "query" },
	{ "s3://b/a\nb", "control" },
	{ "s3://b/a\x7f", "control" },
	{ "s3://b/a%00b", "control" },
	{ "s3://b/a%0Ab", "control" },
	{ "s3://b/\xff", "UTF-8" },
	{ "s3://b/\xc0\xae\xc0\xae/", "UTF-8" },
};

START_TEST(refuses)
{
	struct cx cx = { 0 };
	struct location l;

	ck_assert_msg(location_parse(&cx, bad[_i].in, &l) == INVALID, "%s was taken", bad[_i].in);
	ck_assert_msg(strstr(cx.message, bad[_i].says) != NULL, "%s: %s", bad[_i].in, cx.message);
	cx_free(&cx);
}
END_TEST

START_TEST(is_bounded)
{
	struct cx cx = { 0 };
	char text[1026] = "s3://b/";
	struct location l;

	memset(text + 7, 'a', 1024 - 7);
	ck_assert_int_eq(location_parse(&cx, text, &l), OK);
	text[1024] = 'a';
	ck_assert_int_eq(location_parse(&cx, text, &l), INVALID);
	cx_free(&cx);
}
END_TEST

static const struct {
	const char *inner, *outer;
	bool within;
} pairs[] = {
	{ "s3://b/a", "s3://b/a", true },
	{ "s3://b/a/", "s3://b/a", true },
	{ "s3a://b/a/c", "s3://b/a/", true },
	{ "s3://b/ab", "s3://b/a", false },
	{ "s3://b/a", "s3://b/a/c", false },
	{ "s3://b/A/c", "s3://b/a", false },
	{ "s3://b/a", "s3://b", true },
	{ "s3://c/a", "s3://b", false },
	{ "s3://B/a", "s3://b", false },
	{ "gs://b/a", "s3://b", false },
	{ "/w/t", "file:///w", true },
	{ "file:/w/t", "file://localhost/w", true },
	{ "/w/t", "/", true },
	{ "s3://b/a%2fc", "s3://b/a", false },
	{ "abfss://c@a.dfs.core.windows.net/t/x", "wasb://c@A.blob.core.windows.net/t", true },
};

START_TEST(lies_within)
{
	struct cx cx = { 0 };
	struct location inner, outer;

	ck_assert(!location_parse(&cx, pairs[_i].inner, &inner));
	ck_assert(!location_parse(&cx, pairs[_i].outer, &outer));
	ck_assert_msg(location_within(&inner, &outer) == pairs[_i].within, "%s in %s",
		      pairs[_i].inner, pairs[_i].outer);
	cx_free(&cx);
}
END_TEST

START_TEST(joins)
{
	struct cx cx = { 0 };

	ck_assert_str_eq(location_join(&cx, "s3://b", "a"), "s3://b/a");
	ck_assert_str_eq(location_join(&cx, "s3://b/", "/a"), "s3://b/a");
	ck_assert_str_eq(location_join(&cx, "/w", "a/b"), "/w/a/b");
	ck_assert_str_eq(location_join(&cx, "/", "a"), "/a");
	cx_free(&cx);
}
END_TEST

static const struct {
	const char *in, *key;
} keys[] = {
	{ "s3://b/a/t", "s3://b/a/t" },
	{ "s3a://b/a/t/", "s3://b/a/t" },
	{ "/a/t", "file:///a/t" },
	{ "file:/a/t", "file:///a/t" },
	{ "file://localhost/a/t", "file:///a/t" },
	{ "wasbs://c@Acct.blob.core.windows.net/x", "abfss://c@acct/x" },
	{ "s3://b/a b/%20", "s3://b/a b/%20" },
	{ "s3://b/../x", "s3://b/../x" },
	{ "none:x", "none:x" },
};

START_TEST(has_one_key)
{
	struct cx cx = { 0 };

	ck_assert_str_eq(location_key(&cx, keys[_i].in), keys[_i].key);
	cx_free(&cx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("location");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, takes, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(all, refuses, 0, ARRAY_SIZE(bad));
	tcase_add_test(all, is_bounded);
	tcase_add_loop_test(all, lies_within, 0, ARRAY_SIZE(pairs));
	tcase_add_test(all, joins);
	tcase_add_loop_test(all, has_one_key, 0, ARRAY_SIZE(keys));
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
