/* SPDX-License-Identifier: Apache-2.0 */
/* test_literal.c - single values: from JSON and bytes, compared, and back to JSON. */
#include "common/iceberg/literal.h"

#include <check.h>
#include <math.h>

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

static enum status read_value(const char *type, const char *json, struct literal *out,
			      enum literal_fit *fit)
{
	struct type t = type_of(type);
	struct json_object *v = NULL;

	ck_assert_msg(!json_parse(&cx, json, strlen(json), 1, &v), "%s", cx.message);
	return literal_from_json(&cx, &t, "x", v, out, fit);
}

enum { EXACT = FIT_EXACT, BETWEEN = FIT_BETWEEN, ABOVE = FIT_ABOVE, BELOW = FIT_BELOW, BAD = 9 };

/* `back`: what it is written as; NULL: as it was. */
static const struct {
	const char *type, *json, *back;
	int fit;
} values[] = {
	{ "boolean", "true", NULL, EXACT },
	{ "boolean", "false", NULL, EXACT },
	{ "boolean", "\"TRUE\"", "true", EXACT },
	{ "boolean", "1", NULL, BAD },
	{ "boolean", "\"yes\"", NULL, BAD },
	{ "int", "2147483647", NULL, EXACT },
	{ "int", "2147483648", NULL, ABOVE },
	{ "int", "-2147483649", NULL, BELOW },
	{ "int", "\"34\"", "34", EXACT },
	{ "int", "\"3.5\"", "3", BETWEEN },
	{ "int", "5.0", "5", EXACT },
	{ "int", "5.5", "5", BETWEEN },
	{ "int", "-5.5", "-6", BETWEEN },
	{ "int", "1e3", "1000", EXACT },
	{ "int", "1e300", NULL, ABOVE },
	{ "int", "-1e300", NULL, BELOW },
	{ "int", "1e-300", "0", BETWEEN },
	{ "int", "true", NULL, BAD },
	{ "int", "\"x\"", NULL, BAD },
	{ "int", "\"\"", NULL, BAD },
	{ "int", "null", NULL, BAD },
	{ "long", "-9223372036854775808", NULL, EXACT },
	{ "long", "18446744073709551615", NULL, ABOVE },
	{ "long", "\"9223372036854775808\"", NULL, ABOVE },
	{ "long", "\"-9223372036854775809\"", NULL, BELOW },
	{ "float", "0.1", "0.10000000149011612", EXACT },
	{ "float", "3", "3.0", EXACT },
	{ "float", "16777217", "16777216.0", EXACT },
	{ "float", "1e39", NULL, ABOVE },
	{ "float", "-1e39", NULL, BELOW },
	{ "float", "\"1.5\"", "1.5", EXACT },
	{ "float", "\"NaN\"", NULL, BAD },
	{ "double", "0.1", NULL, EXACT },
	{ "double", "1e39", "1e+39", EXACT },
	{ "double", "3", "3.0", EXACT },
	{ "double", "-0.5", NULL, EXACT },
	{ "double", "\"0x10\"", NULL, BAD },
	{ "double", "\"\"", NULL, BAD },
	{ "double", "\"1-2\"", NULL, BAD },
	{ "double", "\"1e999\"", NULL, ABOVE },
	{ "decimal(9, 2)", "\"123.45\"", NULL, EXACT },
	{ "decimal(9, 2)", "\"-0.05\"", NULL, EXACT },
	{ "decimal(9, 2)", "\"+1.5\"", "\"1.50\"", EXACT },
	{ "decimal(9, 2)", "\"1E+3\"", "\"1000.00\"", EXACT },
	{ "decimal(9, 2)", "\"1.005\"", "\"1.00\"", BETWEEN },
	{ "decimal(9, 2)", "\"-1.005\"", "\"-1.01\"", BETWEEN },
	{ "decimal(9, 2)", "\"0.00001\"", "\"0.00\"", BETWEEN },
	{ "decimal(9, 2)", "\"9999999.99\"", NULL, EXACT },
	{ "decimal(9, 2)", "\"9999999.999\"", "\"9999999.99\"", BETWEEN },
	{ "decimal(9, 2)", "\"10000000\"", NULL, ABOVE },
	{ "decimal(9, 2)", "\"-10000000\"", NULL, BELOW },
	{ "decimal(9, 2)", "\"1e99\"", NULL, ABOVE },
	{ "decimal(9, 2)", "1.005", "\"1.01\"", EXACT },
	{ "decimal(9, 2)", "-1.005", "\"-1.01\"", EXACT },
	{ "decimal(9, 2)", "1.004", "\"1.00\"", EXACT },
	{ "decimal(9, 2)", "0.0049", "\"0.00\"", EXACT },
	{ "decimal(9, 2)", "7", "\"7.00\"", EXACT },
	{ "decimal(9, 2)", "\"1.2.3\"", NULL, BAD },
	{ "decimal(9, 2)", "\"1e\"", NULL, BAD },
	{ "decimal(9, 2)", "\".\"", NULL, BAD },
	{ "decimal(9, 2)", "true", NULL, BAD },
	{ "decimal(38, 0)", "\"99999999999999999999999999999999999999\"", NULL, EXACT },
	{ "decimal(38, 0)", "\"100000000000000000000000000000000000000\"", NULL, ABOVE },
	{ "decimal(38, 38)", "\"-0.00000000000000000000000000000000000001\"", NULL, EXACT },
	{ "date", "\"2017-11-16\"", NULL, EXACT },
	{ "date", "\"0001-01-01\"", NULL, EXACT },
	{ "date", "\"-0001-02-28\"", NULL, EXACT },
	{ "date", "\"+10000-12-31\"", NULL, EXACT },
	{ "date", "17486", "\"2017-11-16\"", EXACT },
	{ "date", "-1", "\"1969-12-31\"", EXACT },
	{ "date", "3000000000", NULL, ABOVE },
	{ "date", "1.5", NULL, BAD },
	{ "date", "\"17486\"", NULL, BAD },
	{ "date", "\"2017-02-29\"", NULL, BAD },
	{ "date", "\"2016-02-29\"", NULL, EXACT },
	{ "date", "\"1900-02-29\"", NULL, BAD },
	{ "date", "\"2017-11-16T00:00:00\"", NULL, BAD },
	{ "date", "\"2017-13-01\"", NULL, BAD },
	{ "date", "\"10000-01-01\"", NULL, BAD },
	{ "time", "\"22:31:08.123456\"", NULL, EXACT },
	{ "time", "\"22:31\"", "\"22:31:00.000000\"", EXACT },
	{ "time", "\"22:31:08.1234567\"", "\"22:31:08.123456\"", EXACT },
	{ "time", "1000000", "\"00:00:01.000000\"", EXACT },
	{ "time", "\"24:00:00\"", NULL, BAD },
	{ "time", "\"22:31.5\"", NULL, BAD },
	{ "timestamp", "\"2017-11-16T22:31:08.000001\"", NULL, EXACT },
	{ "timestamp", "\"1969-12-31T23:59:59.999999\"", NULL, EXACT },
	{ "timestamp", "\"2017-11-16T22:31:08\"", "\"2017-11-16T22:31:08.000000\"", EXACT },
	{ "timestamp", "-1", "\"1969-12-31T23:59:59.999999\"", EXACT },
	{ "timestamp", "\"2017-11-16T22:31:08Z\"", NULL, BAD },
	{ "timestamp", "\"2017-11-16 22:31:08\"", NULL, BAD },
	{ "timestamp", "\"2017-11-16T\"", NULL, BAD },
	{ "timestamp", "\"+999999-01-01T00:00:00\"", NULL, ABOVE },
	{ "timestamp", "\"-999999-01-01T00:00:00\"", NULL, BELOW },
	{ "timestamptz", "\"2017-11-16T14:31:08-08:00\"", "\"2017-11-16T22:31:08.000000+00:00\"",
	  EXACT },
	{ "timestamptz", "\"2017-11-16T22:31:08Z\"", "\"2017-11-16T22:31:08.000000+00:00\"",
	  EXACT },
	{ "timestamptz", "\"2017-11-16T22:31:08\"", "\"2017-11-16T22:31:08.000000+00:00\"", EXACT },
	{ "timestamptz", "\"2017-11-16T22:31:08+1:00\"", NULL, BAD },
	{ "timestamptz", "\"2017-11-16T22:31:08+01:00x\"", NULL, BAD },
	{ "timestamp_ns", "\"2017-11-16T22:31:08.000001001\"", NULL, EXACT },
	{ "timestamp_ns", "1", "\"1970-01-01T00:00:00.000001000\"", EXACT },
	{ "timestamp_ns", "9223372036854775807", NULL, ABOVE },
	{ "timestamp_ns", "-9223372036854775807", NULL, BELOW },
	{ "timestamp_ns", "\"2300-01-01T00:00:00\"", NULL, ABOVE },
	{ "timestamptz_ns", "\"1677-09-21T00:12:43.145224192+00:00\"", NULL, EXACT },
	{ "string", "\"é\"", NULL, EXACT },
	{ "string", "\"\"", NULL, EXACT },
	{ "string", "5", NULL, BAD },
	{ "string", "\"a\\u0000b\"", NULL, BAD },
	{ "uuid", "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\"", NULL, EXACT },
	{ "uuid", "\"F79C3E09-677C-4bbd-a479-3f349cb785e7\"",
	  "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\"", EXACT },
	{ "uuid", "\"f79c3e09677c4bbda4793f349cb785e7\"", NULL, BAD },
	{ "fixed[4]", "\"0001FFfe\"", "\"0001FFFE\"", EXACT },
	{ "fixed[4]", "\"0001FF\"", NULL, BAD },
	{ "binary", "\"\"", NULL, EXACT },
	{ "binary", "\"0A\"", NULL, EXACT },
	{ "binary", "\"0A1\"", NULL, BAD },
	{ "binary", "\"0G\"", NULL, BAD },
	{ "unknown", "1", NULL, BAD },
	{ "variant", "1", NULL, BAD },
	{ "geometry", "\"00\"", NULL, BAD },
};

START_TEST(json_values)
{
	const char *back = values[_i].back ? values[_i].back : values[_i].json;
	struct literal v;
	enum literal_fit fit;
	enum status s = read_value(values[_i].type, values[_i].json, &v, &fit);

	if (values[_i].fit == BAD) {
		ck_assert_msg(s == INVALID, "%s %s", values[_i].type, values[_i].json);
		ck_assert_msg(strncmp(cx.message, "x: ", 3) == 0, "%s", cx.message);
		return;
	}
	ck_assert_msg(!s, "%s", cx.message);
	ck_assert_msg(fit == (enum literal_fit)values[_i].fit, "%s %s: fit %d", values[_i].type,
		      values[_i].json, (int)fit);
	if (fit <= FIT_BETWEEN)
		ck_assert_str_eq(json_print(&cx, literal_json(&cx, &v), NULL), back);
}
END_TEST

/* Binary single values, as hex. */
static const struct {
	const char *type, *hex, *json; /* NULL: unknown */
} bytes[] = {
	{ "boolean", "00", "false" },
	{ "boolean", "01", "true" },
	{ "boolean", "", NULL },
	{ "int", "22000000", "34" },
	{ "int", "feffffff", "-2" },
	{ "int", "2200000000000000", NULL },
	{ "long", "feffffffffffffff", "-2" },
	{ "long", "feffffff", "-2" },
	{ "long", "fe", NULL },
	{ "float", "0000803f", "1.0" },
	{ "float", "000000000000f03f", NULL },
	{ "float", "0000c07f", "\"NaN\"" },
	{ "double", "000000000000f03f", "1.0" },
	{ "double", "0000803f", "1.0" },
	{ "double", "000000000000f07f", "\"Infinity\"" },
	{ "decimal(9, 2)", "058c", "\"14.20\"" },
	{ "decimal(9, 2)", "ff", "\"-0.01\"" },
	{ "decimal(9, 2)", "0000000000000000000000000000000000058c", "\"14.20\"" },
	{ "decimal(9, 2)", "ffffffffffffffffffffffffffffffffffffffff", "\"-0.01\"" },
	{ "decimal(9, 2)", "", NULL },
	{ "decimal(9, 2)", "0100000000000000000000000000000000", NULL },
	{ "decimal(38, 0)", "7fffffffffffffffffffffffffffffff", NULL },
	{ "decimal(38, 0)", "00ffffffffffffffffffffffffffffffff", NULL },
	{ "date", "4e440000", "\"2017-11-16\"" },
	{ "time", "0065cd1d00000000", "\"00:08:20.000000\"" },
	{ "timestamp", "01000000", "\"1970-01-02T00:00:00.000000\"" },
	{ "timestamp_ns", "01000000", "\"1970-01-02T00:00:00.000000000\"" },
	{ "timestamp_ns", "ffffff7f", NULL },
	{ "string", "c3a9", "\"é\"" },
	{ "string", "c3", "null" },
	{ "uuid", "f79c3e09677c4bbda4793f349cb785e7", "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\"" },
	{ "uuid", "f79c", NULL },
	{ "fixed[4]", "0001", "\"0001\"" },
	{ "binary", "00ff", "\"00FF\"" },
	{ "unknown", "00", NULL },
	{ "variant", "00", NULL },
};

static size_t unhex(const char *hex, char *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned int byte;

		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (char)byte;
	}
	return n;
}

START_TEST(binary_values)
{
	struct type t = type_of(bytes[_i].type);
	char raw[64];
	struct literal v = literal_from_bytes(&t, raw, unhex(bytes[_i].hex, raw));

	ck_assert_msg((v.state == LITERAL_VALUE) == (bytes[_i].json != NULL), "%s %s",
		      bytes[_i].type, bytes[_i].hex);
	if (bytes[_i].json)
		ck_assert_str_eq(json_print(&cx, literal_json(&cx, &v), NULL), bytes[_i].json);
}
END_TEST

/* Of each type, ascending. */
static const struct {
	const char *type, *ordered[6];
} orders[] = {
	{ "boolean", { "false", "true" } },
	{ "long", { "-9223372036854775808", "-1", "0", "9223372036854775807" } },
	{ "double", { "-1.5", "0.0", "1e-300", "2" } },
	{ "decimal(20, 2)", { "\"-100\"", "\"-99.99\"", "\"0\"", "\"1000000000000\"" } },
	{ "date", { "\"1969-12-31\"", "\"1970-01-01\"", "\"2000-01-01\"" } },
	{ "timestamp_ns", { "\"1969-12-31T23:59:59.999999999\"", "\"1970-01-01T00:00:00\"" } },
	{ "string", { "\"\"", "\"A\"", "\"a\"", "\"a\\t\"", "\"\\uffff\"", "\"\\ud83d\\ude00\"" } },
	{ "uuid",
	  { "\"00000000-0000-0000-0000-000000000001\"", "\"7fffffff-0000-0000-0000-000000000000\"",
	    "\"80000000-0000-0000-0000-000000000000\"" } },
	{ "binary", { "\"\"", "\"00\"", "\"7F\"", "\"7F00\"", "\"80\"" } },
};

START_TEST(order)
{
	struct literal v[6];
	enum literal_fit fit;
	int n = 0;

	for (; n < 6 && orders[_i].ordered[n]; n++)
		ck_assert(!read_value(orders[_i].type, orders[_i].ordered[n], &v[n], &fit));
	for (int i = 0; i < n; i++)
		for (int k = 0; k < n; k++) {
			int c = literal_compare(&v[i], &v[k]);

			ck_assert_msg((c > 0) - (c < 0) == (i > k) - (i < k), "%s: %s and %s",
				      orders[_i].type, orders[_i].ordered[i],
				      orders[_i].ordered[k]);
		}
}
END_TEST

START_TEST(odd_floats)
{
	struct type t = type_of("double");
	struct literal nan = literal_from_double(&t, (double)NAN);
	struct literal inf = literal_from_double(&t, (double)INFINITY);
	struct literal zero = literal_from_double(&t, 0.0), minus = literal_from_double(&t, -0.0);

	ck_assert(literal_is_nan(&nan) && !literal_is_nan(&inf));
	ck_assert_int_eq(literal_compare(&nan, &nan), 0);
	ck_assert_int_gt(literal_compare(&nan, &inf), 0);
	ck_assert_int_eq(literal_compare(&zero, &minus), 0);
	ck_assert_int_eq(literal_from_int(&t, 1).state, LITERAL_UNKNOWN);
	t = type_of("int");
	ck_assert_int_eq(literal_from_double(&t, 1).state, LITERAL_UNKNOWN);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("literal");
	TCase *t = tcase_create("literal");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, json_values, 0, (int)ARRAY_SIZE(values));
	tcase_add_loop_test(t, binary_values, 0, (int)ARRAY_SIZE(bytes));
	tcase_add_loop_test(t, order, 0, (int)ARRAY_SIZE(orders));
	tcase_add_test(t, odd_floats);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
