/* SPDX-License-Identifier: Apache-2.0 */
/* test_view.c - view metadata: the tables view_updates, view_requirements, view_create, view_checks. */
#include "common/iceberg/view.h"

#include "tests/unit/table.h"

#define NEW_UUID "11111111-2222-4333-8444-555555555555"

static struct cx cx;
static const struct metadata_env env = { .now_ms = 2000000000000, .new_uuid = NEW_UUID };

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

/* Each member named must be as said; where there is a base, all others must be as they were. */
static void expect_members(const char *name, struct json_object *expected, struct json_object *out,
			   struct json_object *base)
{
	json_object_object_foreach(expected, key, v)
		ck_assert_msg(json_equal(v, json_member(out, key)), "%s: %s is %s", name, key,
			      json_print(&cx, json_member(out, key), NULL));
	if (!base)
		return;
	json_object_object_foreach(base, old, was)
		if (!json_has(expected, old))
			ck_assert_msg(json_equal(was, json_member(out, old)), "%s: %s is now %s",
				      name, old, json_print(&cx, json_member(out, old), NULL));
}

/* What was written passes the checks, also when it is read again. */
static void expect_sound(const char *name, struct json_object *out)
{
	struct json_object *again = NULL;
	struct metadata_facts facts;
	size_t n;
	const char *text = json_print(&cx, out, &n);

	ck_assert_msg(!view_check(&cx, out), "%s: check: %s", name, cx.message);
	ck_assert_msg(!json_parse(&cx, text, n, METADATA_MAX_DEPTH, &again), "%s: %s", name,
		      cx.message);
	ck_assert_msg(json_equal(out, again), "%s: does not read back", name);
	ck_assert_int_eq(view_facts(&cx, out, &facts), OK);
}

START_TEST(updates)
{
	struct json_object *row = row_of("view_updates.json", _i), *out = NULL;
	struct json_object *base = base_of(row), *list = json_member(row, "updates");
	const char *name = json_text(row, "name"), *before = json_print(&cx, base, NULL);
	enum status s = view_apply(&cx, &env, base, list, &out);

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
	struct json_object *row = row_of("view_create.json", _i), *out = NULL;
	struct json_object *request = json_member(row, "request");
	const char *before = json_print(&cx, request, NULL);
	enum status s = view_create(&cx, &env, request, "s3://bucket/v", &out);

	table_expect(&cx, row, s);
	ck_assert_str_eq(before, json_print(&cx, request, NULL));
	if (s)
		return;
	expect_members(json_text(row, "name"), json_member(row, "expected"), out, NULL);
	expect_sound(json_text(row, "name"), out);
}
END_TEST

START_TEST(requirements)
{
	struct json_object *row = row_of("view_requirements.json", _i);

	table_expect(&cx, row,
		     view_requirements_check(&cx, base_of(row), json_member(row, "requirements")));
}
END_TEST

START_TEST(checks)
{
	struct json_object *row = row_of("view_checks.json", _i), *m = base_of(row);

	json_object_object_foreach(json_member(row, "set"), key, v) {
		if (v)
			json_set(m, key, v);
		else
			json_object_object_del(m, key);
	}
	table_expect(&cx, row, view_check(&cx, m));
}
END_TEST

/* What is not even an object. */
START_TEST(no_objects)
{
	static const char *const texts[] = { "[]", "7", "\"x\"", "true" };
	struct json_object *v = NULL, *out, *list = json_new_array(&cx);
	struct metadata_facts facts;
	const char *sql, *dialect;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		ck_assert_int_eq(json_parse(&cx, texts[i], strlen(texts[i]), 5, &v), OK);
		ck_assert_int_eq(view_check(&cx, v), INVALID);
		ck_assert_int_eq(view_facts(&cx, v, &facts), INVALID);
		ck_assert_int_eq(view_create(&cx, &env, v, "s3://b/t", &out), INVALID);
		ck_assert_int_eq(view_apply(&cx, &env, v, list, &out), INVALID);
		ck_assert_int_eq(view_requirements_check(&cx, v, list), INVALID);
		ck_assert(!view_query(v, &sql, &dialect));
	}
}
END_TEST

START_TEST(facts)
{
	struct json_object *m = table_json(&cx, "views/two.json");
	struct json_object *p = json_member(m, "properties");
	struct metadata_facts f;
	const char *sql, *dialect;

	ck_assert_int_eq(view_facts(&cx, m, &f), OK);
	ck_assert_str_eq(f.table_uuid, "fa6506c3-7681-40c8-86dc-e36561f83385");
	ck_assert_str_eq(f.location, "s3://bucket/warehouse/default.db/event_agg");
	ck_assert_ptr_null(f.data_path);
	ck_assert_ptr_null(f.metadata_path);
	ck_assert_int_eq(f.format_version, 1);
	ck_assert_int_eq(f.current_snapshot_id, -1);
	ck_assert_str_eq(f.compression, "none");
	json_set_text(p, "write.metadata.path", "s3://b/m");
	json_set_text(p, "write.metadata.compression-codec", "GZIP");
	ck_assert_int_eq(view_facts(&cx, m, &f), OK);
	ck_assert_str_eq(f.metadata_path, "s3://b/m");
	ck_assert_str_eq(f.compression, "gzip");
	ck_assert(view_query(m, &sql, &dialect));
	ck_assert_str_eq(dialect, "spark");
	ck_assert_ptr_nonnull(strstr(sql, "CAST(event_ts AS DATE)"));
}
END_TEST

/* n updates that add a version each. */
static struct json_object *versions(int n)
{
	static const char text[] =
		"{\"version-id\":1,\"timestamp-ms\":1,\"schema-id\":0,\"default-namespace\":[],"
		"\"representations\":[{\"type\":\"sql\",\"sql\":\"x\",\"dialect\":\"spark\"}]}";
	struct json_object *list = json_new_array(&cx), *v = NULL;

	for (int i = 0; i < n; i++) {
		struct json_object *u = json_new_object(&cx), *summary = json_new_object(&cx);

		ck_assert_int_eq(json_parse(&cx, text, strlen(text), 9, &v), OK);
		json_set_text(summary, "n", cx_printf(&cx, "%d", i));
		json_set(v, "summary", summary);
		json_set_text(u, "action", "add-view-version");
		json_set(u, "view-version", v);
		json_add(list, u);
	}
	return list;
}

/* What one commit may hold. */
START_TEST(limits)
{
	struct json_object *m = table_json(&cx, "views/many.json"), *out;
	struct json_object *many = json_new_array(&cx);

	ck_assert_int_eq(view_apply(&cx, &env, m, versions(100), &out), OK);
	ck_assert_uint_eq(json_object_array_length(json_member(out, "versions")), 101);
	ck_assert_int_eq(view_apply(&cx, &env, m, versions(101), &out), INVALID);
	ck_assert_ptr_nonnull(strstr(cx.message, "more than 100 versions"));
	for (int i = 0; i < 20001; i++)
		json_add_text(many, "x");
	ck_assert_int_eq(view_apply(&cx, &env, m, many, &out), INVALID);
	ck_assert_str_eq(cx.message, "updates: more than 20000");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("view");
	TCase *t = tcase_create("tables");
	SRunner *runner;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, updates, 0, table_size("view_updates.json"));
	tcase_add_loop_test(t, create, 0, table_size("view_create.json"));
	tcase_add_loop_test(t, requirements, 0, table_size("view_requirements.json"));
	tcase_add_loop_test(t, checks, 0, table_size("view_checks.json"));
	tcase_add_test(t, no_objects);
	tcase_add_test(t, facts);
	tcase_add_test(t, limits);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
