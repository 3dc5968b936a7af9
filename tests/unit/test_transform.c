/* SPDX-License-Identifier: Apache-2.0 */
/* test_transform.c - the spec's hash values, and what each transform makes of values. */
#include "common/iceberg/transform.h"

#include <check.h>

static struct cx cx;

static void teardown(void)
{
	cx_free(&cx);
}

static struct type type_of(const char *text)
{
	struct type t;

	ck_assert_msg(!type_parse(&cx, text, &t), "%s", cx.message);
	return t;
}

static struct literal value(const struct type *t, const char *json)
{
	struct json_object *v = NULL;
	struct literal out;
	enum literal_fit fit;

	ck_assert_msg(!json_parse(&cx, json, strlen(json), 1, &v), "%s", cx.message);
	ck_assert_msg(!literal_from_json(&cx, t, "x", v, &out, &fit), "%s", cx.message);
	ck_assert_int_eq(fit, FIT_EXACT);
	return out;
}

/* iceberg.apache.org/spec, appendix B: "Test value". */
static const struct {
	const char *type, *json;
	int32_t hash;
} hashes[] = {
	{ "int", "34", 2017239379 },
	{ "long", "34", 2017239379 },
	{ "decimal(9, 2)", "\"14.20\"", -500754589 },
	{ "decimal(38, 2)", "\"14.20\"", -500754589 },
	{ "date", "\"2017-11-16\"", -653330422 },
	{ "time", "\"22:31:08\"", -662762989 },
	{ "timestamp", "\"2017-11-16T22:31:08\"", -2047944441 },
	{ "timestamp", "\"2017-11-16T22:31:08.000001\"", -1207196810 },
	{ "timestamptz", "\"2017-11-16T14:31:08-08:00\"", -2047944441 },
	{ "timestamptz", "\"2017-11-16T14:31:08.000001-08:00\"", -1207196810 },
	{ "timestamp_ns", "\"2017-11-16T22:31:08\"", -2047944441 },
	{ "timestamp_ns", "\"2017-11-16T22:31:08.000001001\"", -1207196810 },
	{ "timestamptz_ns", "\"2017-11-16T14:31:08-08:00\"", -2047944441 },
	{ "timestamptz_ns", "\"2017-11-16T14:31:08.000001001-08:00\"", -1207196810 },
	{ "string", "\"iceberg\"", 1210000089 },
	{ "uuid", "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\"", 1488055340 },
	{ "fixed[4]", "\"00010203\"", -188683207 },
	{ "binary", "\"00010203\"", -188683207 },
};

START_TEST(bucket)
{
	struct type t = type_of(hashes[_i].type);
	struct literal v = value(&t, hashes[_i].json);
	struct transform f;

	for (int width = 1; width < 2000; width += 97) {
		ck_assert(!transform_parse(&cx, cx_printf(&cx, "bucket[%d]", width), &f));
		ck_assert_int_eq(transform_apply(&f, &t, &v).n,
				 (hashes[_i].hash & INT32_MAX) % width);
	}
}
END_TEST

static const struct {
	const char *transform, *type, *json, *result;
} applied[] = {
	{ "identity", "string", "\"abc\"", "\"abc\"" },
	{ "truncate[10]", "int", "1", "0" },
	{ "truncate[10]", "int", "-1", "-10" },
	{ "truncate[10]", "int", "-10", "-10" },
	{ "truncate[10]", "long", "-11", "-20" },
	{ "truncate[10]", "int", "-2147483648", "-2147483648" },
	{ "truncate[10]", "long", "-9223372036854775808", "-9223372036854775808" },
	{ "truncate[50]", "decimal(9, 2)", "\"10.65\"", "\"10.50\"" },
	{ "truncate[10]", "decimal(9, 2)", "\"-0.01\"", "\"-0.10\"" },
	{ "truncate[3]", "string", "\"iceberg\"", "\"ice\"" },
	{ "truncate[3]", "string", "\"ic\"", "\"ic\"" },
	{ "truncate[2]", "string", "\"é\\ud83d\\ude00x\"", "\"é😀\"" },
	{ "truncate[3]", "binary", "\"0102030405\"", "\"010203\"" },
	{ "year", "date", "\"2017-12-01\"", "47" },
	{ "year", "date", "\"1970-01-01\"", "0" },
	{ "year", "date", "\"1969-12-31\"", "-1" },
	{ "year", "date", "\"1969-01-01\"", "-1" },
	{ "year", "date", "\"1968-12-31\"", "-2" },
	{ "month", "date", "\"2017-12-01\"", "575" },
	{ "month", "date", "\"1969-12-31\"", "-1" },
	{ "month", "date", "\"1969-12-01\"", "-1" },
	{ "month", "date", "\"1969-11-30\"", "-2" },
	{ "day", "date", "\"2017-12-01\"", "\"2017-12-01\"" },
	{ "year", "timestamp", "\"1969-12-31T23:59:58.999999\"", "-1" },
	{ "month", "timestamp", "\"2017-12-01T10:12:55.038194\"", "575" },
	{ "month", "timestamptz", "\"1970-01-01T00:00:00-01:00\"", "0" },
	{ "day", "timestamp", "\"2017-12-01T10:12:55.038194\"", "\"2017-12-01\"" },
	{ "day", "timestamp", "\"1969-12-31T23:59:59.999999\"", "\"1969-12-31\"" },
	{ "day", "timestamp_ns", "\"1969-12-31T23:59:59.999999999\"", "\"1969-12-31\"" },
	{ "hour", "timestamp", "\"2017-12-01T10:12:55.038194\"", "420034" },
	{ "hour", "timestamp", "\"1969-12-31T23:00:00\"", "-1" },
	{ "hour", "timestamp", "\"1969-12-31T23:59:59.999999\"", "-1" },
	{ "hour", "timestamp", "\"1969-12-31T22:59:59.999999\"", "-2" },
	{ "hour", "timestamptz_ns", "\"1970-01-01T01:00:00+00:00\"", "1" },
};

START_TEST(apply)
{
	struct type t = type_of(applied[_i].type), result;
	struct literal v = value(&t, applied[_i].json), out;
	struct transform f;

	ck_assert(!transform_parse(&cx, applied[_i].transform, &f));
	out = transform_apply(&f, &t, &v);
	ck_assert_str_eq(json_print(&cx, literal_json(&cx, &out), NULL), applied[_i].result);
	ck_assert(transform_result(&f, &t, &result));
	ck_assert_int_eq(result.id, out.type);
}
END_TEST

START_TEST(no_values)
{
	static const char *const all[] = { "identity", "bucket[3]", "truncate[3]", "day",
					   "hour",     "void",	    "zorder" };
	struct type t = type_of("timestamp"), result;
	struct literal null = LITERAL_NULL_VALUE, unknown = { 0 }, one = literal_from_int(&t, 1);
	struct transform f;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		ck_assert(!transform_parse(&cx, all[i], &f));
		ck_assert_int_eq(transform_apply(&f, &t, &null).state, LITERAL_NULL);
		ck_assert_int_eq(transform_apply(&f, &t, &unknown).state, LITERAL_UNKNOWN);
		ck_assert_int_eq(transform_keeps_order(&f), i != 1 && i < 5);
	}
	ck_assert_int_eq(transform_apply(&f, &t, &one).state, LITERAL_UNKNOWN);
	ck_assert(!transform_result(&f, &t, &result));
	ck_assert(!transform_parse(&cx, "void", &f));
	ck_assert_int_eq(transform_apply(&f, &t, &one).state, LITERAL_NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("transform");
	TCase *t = tcase_create("transform");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, bucket, 0, (int)ARRAY_SIZE(hashes));
	tcase_add_loop_test(t, apply, 0, (int)ARRAY_SIZE(applied));
	tcase_add_test(t, no_values);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
