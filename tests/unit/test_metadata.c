/* SPDX-License-Identifier: Apache-2.0 */
/* test_metadata.c - table metadata: the tables updates, requirements, create and examples. */
#include "common/iceberg/metadata.h"

#include "tests/unit/table.h"

#define NEW_UUID "11111111-2222-4333-8444-555555555555"

static struct cx cx;

static void teardown(void)
{
	cx_free(&cx);
}

static struct json_object *row_of(const char *file, int i)
{
	return json_object_array_get_idx(table_json(&cx, file), (size_t)i);
}

/* A base is an object, or a file's name. */
static struct json_object *base_of(struct json_object *row)
{
	struct json_object *base = json_member(row, "base");

	if (json_object_is_type(base, json_type_string))
		return table_json(&cx, json_object_get_string(base));
	return base;
}

static struct metadata_env env_of(struct json_object *row)
{
	return (struct metadata_env){ .now_ms = json_int(row, "now", 2000000000000),
				      .new_uuid = NEW_UUID,
				      .base_location = json_text(row, "base-location") };
}

/* Each member named must be as said (null: absent); where there is a base, all others must be
 * as they were. */
static void expect_members(const char *name, struct json_object *expected, struct json_object *out,
			   struct json_object *base)
{
	json_object_object_foreach(expected, key, v) {
		ck_assert_msg(v || !json_has(out, key), "%s: %s is there", name, key);
		ck_assert_msg(json_equal(v, json_member(out, key)), "%s: %s is %s", name, key,
			      json_print(&cx, json_member(out, key), NULL));
	}
	if (!base)
		return;
	json_object_object_foreach(base, old, was) {
		if (!json_has(expected, old) && strcmp(old, "last-updated-ms") != 0)
			ck_assert_msg(json_equal(was, json_member(out, old)), "%s: %s is now %s",
				      name, old, json_print(&cx, json_member(out, old), NULL));
	}
}

/* What was written can be read, checked, and changed again. */
static void expect_sound(const char *name, struct json_object *out)
{
	struct json_object *again = NULL;
	size_t n;
	const char *text = json_print(&cx, out, &n);

	ck_assert_msg(!metadata_check(&cx, out), "%s: check: %s", name, cx.message);
	ck_assert_msg(!json_parse(&cx, text, n, METADATA_MAX_DEPTH, &again), "%s: %s", name,
		      cx.message);
	ck_assert_msg(json_equal(out, again), "%s: does not read back", name);
}

START_TEST(updates)
{
	struct json_object *row = row_of("updates.json", _i), *out = NULL, *base = base_of(row);
	const char *name = json_text(row, "name"), *before = json_print(&cx, base, NULL);
	struct metadata_env env = env_of(row);
	enum status s = metadata_apply(&cx, &env, base, json_member(row, "updates"), &out);

	table_expect(&cx, row, s);
	ck_assert_str_eq(before, json_print(&cx, base, NULL));
	if (s)
		return;
	ck_assert_msg(json_has(row, "expected"), "%s: expects nothing", name);
	if (!json_member(row, "expected")) /* null: no change at all */
		ck_assert_msg(out == base, "%s: changed: %s", name, json_print(&cx, out, NULL));
	else
		expect_members(name, json_member(row, "expected"), out, base);
	expect_sound(name, out);
}
END_TEST

START_TEST(create)
{
	struct json_object *row = row_of("create.json", _i), *out = NULL;
	const char *name = json_text(row, "name");
	struct metadata_env env = env_of(row);
	enum status s =
		metadata_create(&cx, &env, json_member(row, "request"), "s3://bucket/t", &out);

	table_expect(&cx, row, s);
	if (s)
		return;
	expect_members(name, json_member(row, "expected"), out, NULL);
	expect_sound(name, out);
}
END_TEST

START_TEST(requirements)
{
	struct json_object *row = row_of("requirements.json", _i);

	table_expect(&cx, row,
		     requirements_check(&cx, base_of(row), json_member(row, "requirements")));
}
END_TEST

START_TEST(examples)
{
	struct json_object *row = row_of("examples.json", _i), *out = NULL,
			   *none = json_new_array(&cx);
	struct json_object *m = table_json(&cx, json_text(row, "name"));
	struct metadata_env env = env_of(row);
	enum status s = metadata_check(&cx, m);

	table_expect(&cx, row, s);
	if (s)
		return;
	ck_assert_int_eq(metadata_apply(&cx, &env, m, none, &out), OK);
	ck_assert_ptr_eq(out, m);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metadata");
	TCase *t = tcase_create("tables");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, updates, 0, table_size("updates.json"));
	tcase_add_loop_test(t, create, 0, table_size("create.json"));
	tcase_add_loop_test(t, requirements, 0, table_size("requirements.json"));
	tcase_add_loop_test(t, examples, 0, table_size("examples.json"));
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
