/* SPDX-License-Identifier: Apache-2.0 */
/* test_metadata_types.c - type and transform texts, and which transform takes which type. */
#include "common/iceberg/types.h"

#include <check.h>

static struct cx cx;

static void teardown(void)
{
	cx_free(&cx);
}

/* A letter for each transform that takes the type: i y m d h v b t, u for one unknown. */
static const struct {
	const char *text, *written; /* NULL: as it is */
	const char *taken_by;
	int version;
} types[] = {
	{ "boolean", NULL, "ivu", 1 },
	{ "int", NULL, "ivbtu", 1 },
	{ "long", NULL, "ivbtu", 1 },
	{ "float", NULL, "ivu", 1 },
	{ "double", NULL, "ivu", 1 },
	{ "date", NULL, "iymdvbu", 1 },
	{ "time", NULL, "ivbu", 1 },
	{ "timestamp", NULL, "iymdhvbu", 1 },
	{ "timestamptz", NULL, "iymdhvbu", 1 },
	{ "timestamp_ns", NULL, "iymdhvbu", 3 },
	{ "timestamptz_ns", NULL, "iymdhvbu", 3 },
	{ "string", NULL, "ivbtu", 1 },
	{ "uuid", NULL, "ivbu", 1 },
	{ "binary", NULL, "ivbtu", 1 },
	{ "fixed[16]", NULL, "ivbu", 1 },
	{ "FIXED[ 007 ]", "fixed[7]", "ivbu", 1 },
	{ "decimal(38, 0)", NULL, "ivbtu", 1 },
	{ "Decimal(9,2)", "decimal(9, 2)", "ivbtu", 1 },
	{ "decimal( 9 , 2 )", "decimal(9, 2)", "ivbtu", 1 },
	{ "unknown", NULL, "ivu", 3 },
	{ "variant", NULL, "vu", 3 },
	{ "geometry", NULL, "vu", 3 },
	{ "geometry(OGC:CRS84)", NULL, "vu", 3 },
	{ "geography", NULL, "vu", 3 },
	{ "geography(srid:4326)", NULL, "vu", 3 },
	{ "Geography( srid:4326 , karney )", NULL, "vu", 3 },
	{ "LONG", "long", "ivbtu", 1 },
};

static const struct {
	char letter;
	const char *text, *written;
} transforms[] = {
	{ 'i', "identity", NULL },
	{ 'y', "Year", "year" },
	{ 'm', "month", NULL },
	{ 'd', "DAY", "day" },
	{ 'h', "hour", NULL },
	{ 'v', "void", NULL },
	{ 'b', "Bucket[016]", "bucket[16]" },
	{ 't', "truncate[2147483647]", NULL },
	{ 'u', "zorder", NULL },
};

START_TEST(type_texts)
{
	struct type t;

	ck_assert_msg(!type_parse(&cx, types[_i].text, &t), "%s", cx.message);
	ck_assert_str_eq(t.text, types[_i].written ? types[_i].written : types[_i].text);
	ck_assert_int_eq(type_min_version(&t), types[_i].version);
	ck_assert_int_eq(type_is_primitive(&t), strcmp(types[_i].text, "variant") != 0);
	for (size_t k = 0; k < ARRAY_SIZE(transforms); k++) {
		struct transform f;

		ck_assert_int_eq(transform_parse(&cx, transforms[k].text, &f), OK);
		ck_assert_str_eq(f.text, transforms[k].written ? transforms[k].written
							       : transforms[k].text);
		ck_assert_msg(transform_takes(&f, &t) ==
				      (strchr(types[_i].taken_by, transforms[k].letter) != NULL),
			      "%s of %s", f.text, t.text);
	}
}
END_TEST

static const char *const no_types[] = {
	"",
	"integer",
	"fixed",
	"fixed[]",
	"fixed[a]",
	"fixed[1",
	"fixed[1]x",
	"fixed[-1]",
	"fixed[1234567890]",
	"decimal",
	"decimal(9)",
	"decimal(9,)",
	"decimal(9,2",
	"decimal(,2)",
	"decimal(9,2)x",
	"decimal(39,2)",
	"geometry(",
	"geometry()",
	"geometry( )",
	"geometry(a)b",
	"geometryx",
	"geography(,a)",
	"struct",
	"list",
	"map",
};

START_TEST(type_refusals)
{
	struct type t;

	ck_assert_msg(type_parse(&cx, no_types[_i], &t) == INVALID, "%s", no_types[_i]);
}
END_TEST

static const char *const no_transforms[] = {
	"bucket[0]",	"bucket[]",	      "bucket[-1]",
	"bucket[1x]",	"bucket[2147483648]", "truncate[99999999999999999999]",
	"TRUNCATE[00]",
};

START_TEST(transform_refusals)
{
	struct transform f;

	ck_assert_msg(transform_parse(&cx, no_transforms[_i], &f) == INVALID, "%s",
		      no_transforms[_i]);
}
END_TEST

/* Default values: type, value as JSON, whether it is one. */
static const struct {
	const char *type, *json;
	bool fits;
} defaults[] = {
	{ "decimal(9, 2)", "\"1.50\"", true },
	{ "decimal(9, 2)", "\"+1.50\"", true },
	{ "decimal(9, 2)", "\"-.50\"", true },
	{ "decimal(9, 0)", "\"7\"", true },
	{ "decimal(9, 0)", "\"7.\"", true },
	{ "decimal(9, 2)", "\"x1.50\"", false },
	{ "decimal(9, 2)", "\"--1.50\"", false },
	{ "decimal(9, 0)", "\"\"", false },
	{ "decimal(9, 2)", "1.50", false },
	{ "int", "2147483647", true },
	{ "int", "-2147483649", false },
	{ "int", "1.0", false },
	{ "long", "18446744073709551615", false },
	{ "float", "1", true },
	{ "double", "\"1\"", false },
	{ "time", "\"22:31\"", true },
	{ "time", "\"22:31:08\"", true },
	{ "time", "\"22:31:08.1\"", true },
	{ "time", "\"22:31:08.\"", false },
	{ "time", "\"22:31:0\"", false },
	{ "time", "\"22:31:08.1234567890\"", false },
	{ "timestamp", "\"2017-11-16T22:31:08+00:00\"", false },
	{ "timestamptz", "\"2017-11-16T22:31:08Z\"", true },
	{ "timestamptz", "\"2017-11-16T22:31:08\"", false },
	{ "date", "\"2017-11-16T\"", false },
	{ "uuid", "\"F79C3E09-677C-4BBD-A479-3F349CB785E7\"", true },
	{ "fixed[0]", "\"\"", true },
	{ "binary", "\"\"", true },
	{ "binary", "\"abc\"", false },
	{ "boolean", "\"true\"", false },
	{ "unknown", "1", false },
	{ "geometry", "\"x\"", false },
};

START_TEST(default_values)
{
	struct json_object *v = NULL;
	struct type t;

	ck_assert_int_eq(type_parse(&cx, defaults[_i].type, &t), OK);
	ck_assert_int_eq(json_parse(&cx, defaults[_i].json, strlen(defaults[_i].json), 5, &v), OK);
	ck_assert_msg((type_check_default(&cx, &t, "w", v) == OK) == defaults[_i].fits, "%s of %s",
		      defaults[_i].json, defaults[_i].type);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metadata types");
	TCase *t = tcase_create("types");
	SRunner *runner;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, type_texts, 0, ARRAY_SIZE(types));
	tcase_add_loop_test(t, type_refusals, 0, ARRAY_SIZE(no_types));
	tcase_add_loop_test(t, transform_refusals, 0, ARRAY_SIZE(no_transforms));
	tcase_add_loop_test(t, default_values, 0, ARRAY_SIZE(defaults));
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
