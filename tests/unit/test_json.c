/* SPDX-License-Identifier: Apache-2.0 */
/* test_json.c - JSON in and out: nothing is changed silently, nothing broken gets in. */
#include "common/json.h"

#include <check.h>

static struct cx cx;

static void teardown(void)
{
	cx_free(&cx);
}

/* What comes back as the same text. */
static const char *const kept[] = {
	"0",
	"-1",
	"1.0",
	"1.50",
	"1e3",
	"1E+3",
	"-0.0",
	"0.1e-7",
	"1e400",
	"123456789.123456789123456789",
	"9223372036854775807",
	"-9223372036854775808",
	"18446744073709551615",
	"true",
	"false",
	"null",
	"\"\"",
	"\"a/b\"",
	"\"\\n\\t\\\"\\\\\"",
	"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
	"[]",
	"{}",
	"[1,[2,[3]],null]",
	"{\"a\":1,\"b\":{\"c\":null},\"\":[]}",
	"{\"with:colon\":\"{\\\"x\\\":1}\"}",
	"\"\\u0000\"",
};

START_TEST(keeps)
{
	struct json_object *v;
	const char *text = kept[_i], *again;
	size_t n = 0;

	ck_assert_msg(!json_parse(&cx, text, strlen(text), 20, &v), "%s: %s", text, cx.message);
	again = json_print(&cx, v, &n);
	ck_assert_str_eq(again, text);
	ck_assert_uint_eq(n, strlen(text));
	ck_assert_str_eq(json_print(&cx, json_copy(&cx, v), NULL), text);
	ck_assert(json_equal(v, json_copy(&cx, v)));
}
END_TEST

/* What is written another way, as the same value. */
static const struct {
	const char *in, *out;
} same[] = {
	{ " \t\r\n[ 1 , 2 ]\n", "[1,2]" },
	{ "\"\\u00e9\"", "\"\xc3\xa9\"" },
	{ "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"" },
	{ "\"\\/\"", "\"/\"" },
};

START_TEST(rewrites)
{
	struct json_object *v;

	ck_assert_msg(!json_parse(&cx, same[_i].in, strlen(same[_i].in), 20, &v), "%s", cx.message);
	ck_assert_str_eq(json_print(&cx, v, NULL), same[_i].out);
}
END_TEST

static const struct {
	const char *text, *message;
} refused[] = {
	{ "", "empty text" },
	{ "   ", "empty text" },
	{ "{", "at byte" },
	{ "[1,", "at byte" },
	{ "[1,]", "at byte" },
	{ "{\"a\":1,}", "at byte" },
	{ "{\"a\" 1}", "at byte" },
	{ "{a:1}", "at byte" },
	{ "{'a':1}", "at byte" },
	{ "'a'", "at byte" },
	{ "[1] 2", "at byte" },
	{ "{}{}", "at byte" },
	{ "1\f", "at byte" },
	{ "\v1", "at byte" },
	{ "01", "at byte" },
	{ "-01", "at byte" },
	{ "1.", "at byte" },
	{ ".5", "at byte" },
	{ "+1", "at byte" },
	{ "1e", "at byte" },
	{ "1e+", "at byte" },
	{ "-", "at byte" },
	{ "--1", "at byte" },
	{ "1-1", "at byte" },
	{ "NaN", "at byte" },
	{ "Infinity", "at byte" },
	{ "-Infinity", "at byte" },
	{ "nul", "at byte" },
	{ "True", "at byte" },
	{ "NULL", "at byte" },
	{ "/* c */ 1", "at byte" },
	{ "1 // c", "at byte" },
	{ "\"a", "at byte" },
	{ "\"\\x\"", "at byte" },
	{ "\"\\u12\"", "at byte" },
	{ "\"a\nb\"", "at byte" },
	{ "\"\x01\"", "at byte" },
	{ "\"\xff\"", "not UTF-8" },
	{ "\"\xc3\"", "not UTF-8" },
	{ "\"\xed\xa0\x80\"", "not UTF-8" },
	{ "\"\xc0\x80\"", "not UTF-8" },
	{ "\xef\xbb\xbf{}", "at byte" },
	{ "\"\\ud800\"", "half a surrogate pair" },
	{ "\"\\ud800\\u0041\"", "half a surrogate pair" },
	{ "\"\\udc00\"", "half a surrogate pair" },
	{ "{\"a\\u0000b\":1}", "a NUL in a key" },
	{ "-0", "does not fit" },
	{ "18446744073709551616", "does not fit" },
	{ "-9223372036854775809", "does not fit" },
	{ "[1,12345678901234567890123]", "the integer at byte 3 does not fit 64 bits" },
	{ "{\"a\":1,\"a\":1}", "the same key twice" },
	{ "[{\"a\":{\"b\":1,\"\\u0062\":2}}]", "the same key twice" },
	{ "[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]", "nesting too deep" },
};

START_TEST(refuses)
{
	struct json_object *v;
	const char *text = refused[_i].text;
	enum status s = json_parse(&cx, text, strlen(text), 20, &v);

	ck_assert_msg(s == INVALID, "%s: status %d", text, (int)s);
	ck_assert_msg(strstr(cx.message, refused[_i].message), "%s: %s", text, cx.message);
}
END_TEST

START_TEST(refuses_bytes)
{
	struct json_object *v;

	ck_assert_int_eq(json_parse(&cx, "[1,\0 2]", 7, 20, &v), INVALID);
	/* only n bytes are looked at */
	ck_assert_int_eq(json_parse(&cx, "[1]]]]", 3, 20, &v), OK);
	ck_assert_int_eq(json_parse(&cx, "123456", 3, 20, &v), OK);
	ck_assert_str_eq(json_print(&cx, v, NULL), "123");
}
END_TEST

START_TEST(depth)
{
	struct json_object *v;

	ck_assert_int_eq(json_parse(&cx, "[[[]]]", 6, 3, &v), OK);
	ck_assert_int_eq(json_parse(&cx, "[[[]]]", 6, 2, &v), INVALID);
	ck_assert_int_eq(json_parse(&cx, "[[[1]]]", 7, 4, &v), OK);
}
END_TEST

static struct json_object *parsed(const char *text)
{
	struct json_object *v = NULL;

	ck_assert_msg(!json_parse(&cx, text, strlen(text), 20, &v), "%s", cx.message);
	return v;
}

START_TEST(equality)
{
	ck_assert(json_equal(parsed("{\"a\":1,\"b\":[2]}"), parsed("{\"b\":[2],\"a\":1}")));
	ck_assert(json_equal(parsed("1.50"), parsed("1.5")));
	ck_assert(!json_equal(parsed("[1,2]"), parsed("[2,1]")));
	ck_assert(!json_equal(parsed("{\"a\":1}"), parsed("{\"a\":1,\"b\":null}")));
	ck_assert(!json_equal(parsed("1"), parsed("\"1\"")));
	ck_assert(json_equal(NULL, NULL));
	ck_assert(!json_equal(NULL, parsed("0")));
	ck_assert(json_equal(parsed("18446744073709551615"), parsed("18446744073709551615")));
	ck_assert(!json_equal(parsed("18446744073709551615"), parsed("-1")));
}
END_TEST

static const char object[] =
	"{\"t\":\"x\",\"n\":\"a\\u0000\",\"i\":5,\"big\":18446744073709551615,\"d\":1.5,\"b\":true,"
	"\"o\":{},\"l\":[],\"z\":null}";

START_TEST(typed_reads)
{
	struct json_object *o = parsed(object), *v = NULL;
	const char *t = "other";
	int64_t i = 7;
	bool b = false;

	ck_assert_int_eq(json_get_text(&cx, o, "", "t", &t), OK);
	ck_assert_str_eq(t, "x");
	ck_assert_int_eq(json_opt_text(&cx, o, "", "z", &t), OK);
	ck_assert_int_eq(json_opt_text(&cx, o, "", "absent", &t), OK);
	ck_assert_str_eq(t, "x");
	ck_assert_int_eq(json_get_int(&cx, o, "", "i", &i), OK);
	ck_assert_int_eq(i, 5);
	ck_assert_int_eq(json_opt_int(&cx, o, "", "z", &i), OK);
	ck_assert_int_eq(i, 5);
	ck_assert_int_eq(json_opt_bool(&cx, o, "", "b", &b), OK);
	ck_assert(b);
	ck_assert_int_eq(json_get_object(&cx, o, "", "o", &v), OK);
	ck_assert_ptr_nonnull(v);
	ck_assert_int_eq(json_get_array(&cx, o, "", "l", &v), OK);
	ck_assert_int_eq(json_opt_array(&cx, o, "", "z", &v), OK);
	ck_assert_int_eq(json_opt_object(&cx, o, "", "o", &v), OK);
}
END_TEST

/* Which read of which key says what. */
static enum status read_any(char how, struct json_object *o, const char *where, const char *key)
{
	struct json_object *v;
	const char *t;
	int64_t i;
	bool b;

	switch (how) {
	case 't':
		return json_get_text(&cx, o, where, key, &t);
	case 'T':
		return json_opt_text(&cx, o, where, key, &t);
	case 'i':
		return json_get_int(&cx, o, where, key, &i);
	case 'I':
		return json_opt_int(&cx, o, where, key, &i);
	case 'B':
		return json_opt_bool(&cx, o, where, key, &b);
	case 'o':
		return json_get_object(&cx, o, where, key, &v);
	case 'O':
		return json_opt_object(&cx, o, where, key, &v);
	case 'l':
		return json_get_array(&cx, o, where, key, &v);
	default:
		return json_opt_array(&cx, o, where, key, &v);
	}
}

static const struct {
	char how;
	const char *where, *key, *message;
} misread[] = {
	{ 't', "", "absent", "absent: missing" },
	{ 't', "a[3]", "z", "a[3].z: missing" },
	{ 't', "", "i", "i: not a string" },
	{ 'T', "", "i", "i: not a string" },
	{ 't', "", "n", "n: holds a NUL" },
	{ 'i', "", "t", "t: not an integer" },
	{ 'i', "", "d", "d: not an integer" },
	{ 'I', "", "b", "b: not an integer" },
	{ 'i', "", "big", "big: larger than 2^63-1" },
	{ 'B', "", "i", "i: not a boolean" },
	{ 'o', "", "l", "l: not an object" },
	{ 'O', "", "t", "t: not an object" },
	{ 'l', "", "o", "o: not an array" },
	{ 'L', "", "o", "o: not an array" },
	{ 'l', "", "absent", "absent: missing" },
};

START_TEST(typed_misreads)
{
	ck_assert_int_eq(
		read_any(misread[_i].how, parsed(object), misread[_i].where, misread[_i].key),
		INVALID);
	ck_assert_str_eq(cx.message, misread[_i].message);
}
END_TEST

START_TEST(reads_of_no_object)
{
	ck_assert_int_eq(read_any('t', parsed("[]"), "", "t"), INVALID);
	ck_assert_str_eq(cx.message, "body: not an object");
	ck_assert_int_eq(read_any('t', parsed("5"), "x", "t"), INVALID);
	ck_assert_str_eq(cx.message, "x: not an object");
	ck_assert_ptr_null(json_member(parsed("[]"), "a"));
	ck_assert_ptr_null(json_text(NULL, "a"));
	ck_assert_int_eq(json_int(parsed("{\"a\":\"1\"}"), "a", -3), -3);
	ck_assert(json_has(parsed("{\"a\":null}"), "a"));
	ck_assert(!json_has(parsed("{}"), "a"));
}
END_TEST

START_TEST(text_maps)
{
	ck_assert_int_eq(json_check_texts(&cx, parsed("{\"a\":\"b\"}"), "p"), OK);
	ck_assert_int_eq(json_check_texts(&cx, parsed("{\"a\":null}"), "p"), INVALID);
	ck_assert_str_eq(cx.message, "p.a: not a string");
	ck_assert_int_eq(json_check_texts(&cx, parsed("{\"a\":\"\\u0000\"}"), "p"), INVALID);
	ck_assert_int_eq(json_check_texts(&cx, parsed("[]"), "p"), INVALID);
}
END_TEST

START_TEST(writes)
{
	struct json_object *o = json_new_object(&cx), *l = json_new_array(&cx);

	json_add_text(l, "x");
	json_add(l, json_new_int(&cx, INT64_MIN));
	json_add(l, json_new_text(&cx, "y"));
	json_set(o, "l", l);
	json_set_text(o, "t", "\x7f/\"");
	json_set_text(o, "null", NULL);
	json_set_int(o, "i", 1);
	json_set_int(o, "i", 2);
	json_set_bool(o, "b", false);
	ck_assert_str_eq(
		json_print(&cx, o, NULL),
		"{\"l\":[\"x\",-9223372036854775808,\"y\"],\"t\":\"\x7f/\\\"\",\"null\":null,"
		"\"i\":2,\"b\":false}");
	ck_assert_str_eq(json_print(&cx, NULL, NULL), "null");
}
END_TEST

START_TEST(sharing)
{
	struct json_object *o = parsed("{\"a\":{\"b\":1},\"c\":null}"), *l = parsed("[1,{}]");
	struct json_object *copy = json_share(&cx, o), *set = json_share_set(&cx, o);

	ck_assert_ptr_eq(json_member(copy, "a"), json_member(o, "a"));
	json_set_int(copy, "d", 1);
	ck_assert(!json_has(o, "d"));
	ck_assert(json_has(copy, "c"));
	ck_assert(!json_has(set, "c"));
	ck_assert(json_equal(json_share(&cx, l), l));
	ck_assert_str_eq(json_print(&cx, json_share(&cx, NULL), NULL), "{}");
	ck_assert_ptr_ne(json_member(json_copy(&cx, o), "a"), json_member(o, "a"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json");
	TCase *t = tcase_create("json");
	SRunner *runner;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, keeps, 0, ARRAY_SIZE(kept));
	tcase_add_loop_test(t, rewrites, 0, ARRAY_SIZE(same));
	tcase_add_loop_test(t, refuses, 0, ARRAY_SIZE(refused));
	tcase_add_test(t, refuses_bytes);
	tcase_add_test(t, depth);
	tcase_add_test(t, equality);
	tcase_add_test(t, typed_reads);
	tcase_add_loop_test(t, typed_misreads, 0, ARRAY_SIZE(misread));
	tcase_add_test(t, reads_of_no_object);
	tcase_add_test(t, text_maps);
	tcase_add_test(t, writes);
	tcase_add_test(t, sharing);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
