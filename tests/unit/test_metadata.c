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
				      .new_uuid = json_has(row, "no-uuid") ? NULL : NEW_UUID,
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

START_TEST(checks)
{
	struct json_object *row = row_of("checks.json", _i), *m = base_of(row);

	json_object_object_foreach(json_member(row, "set"), key, v) {
		if (v)
			json_set(m, key, v);
		else
			json_object_object_del(m, key);
	}
	table_expect(&cx, row, metadata_check(&cx, m));
}
END_TEST

/* What is not even an object. */
START_TEST(no_objects)
{
	static const char *const texts[] = { "[]", "7", "\"x\"", "null", "true" };
	struct metadata_env env = { .new_uuid = NEW_UUID };
	struct metadata_facts facts;
	struct json_object *v = NULL, *out, *list = json_new_array(&cx);

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		ck_assert_int_eq(json_parse(&cx, texts[i], strlen(texts[i]), 5, &v), OK);
		ck_assert_int_eq(metadata_check(&cx, v), INVALID);
		ck_assert_int_eq(metadata_facts(&cx, v, &facts), INVALID);
		ck_assert_int_eq(metadata_create(&cx, &env, v, "s3://b/t", &out), INVALID);
		if (v)
			ck_assert_int_eq(metadata_apply(&cx, &env, v, list, &out), INVALID);
		ck_assert_ptr_eq(metadata_refs_only(&cx, v), v);
	}
}
END_TEST

START_TEST(facts)
{
	struct json_object *m = table_json(&cx, "iceberg/TableMetadataV2Valid.json");
	struct json_object *p = json_member(m, "properties");
	struct metadata_facts f;

	ck_assert_int_eq(metadata_facts(&cx, m, &f), OK);
	ck_assert_str_eq(f.table_uuid, "9c12d441-03fe-4693-9a96-a0705ddf69c1");
	ck_assert_str_eq(f.location, "s3://bucket/test/location");
	ck_assert_ptr_null(f.data_path);
	ck_assert_ptr_null(f.metadata_path);
	ck_assert_int_eq(f.format_version, 2);
	ck_assert_int_eq(f.current_snapshot_id, 3055729675574597004);
	ck_assert_int_eq(f.last_updated_ms, 1602638573590);
	ck_assert_str_eq(f.compression, "none");
	json_set_text(p, "write.data.path", "s3://b/d");
	json_set_text(p, "write.metadata.path", "s3://b/m");
	json_set_text(p, "write.metadata.compression-codec", "GZIP");
	ck_assert_int_eq(metadata_facts(&cx, m, &f), OK);
	ck_assert_str_eq(f.data_path, "s3://b/d");
	ck_assert_str_eq(f.metadata_path, "s3://b/m");
	ck_assert_str_eq(f.compression, "gzip");

	m = table_json(&cx, "iceberg/TableMetadataV1Valid.json");
	ck_assert_int_eq(metadata_facts(&cx, m, &f), OK);
	ck_assert_int_eq(f.current_snapshot_id, -1);
}
END_TEST

START_TEST(paths)
{
	static const char *const expected[][2] = {
		{ "location", "s3://bucket/test/location" },
		{ "properties.write.data.path", "s3://b/d" },
		{ "properties.write.metadata.path", "s3://b/m" },
		{ "properties.write.object-storage.path", "s3://b/o" },
		{ "properties.write.folder-storage.path", "s3://b/f" },
		{ "snapshots[0].manifest-list", "s3://a/b/2.avro" },
		{ "snapshots[1].manifests[0]", "s3://a/b/m0.avro" },
		{ "snapshots[1].manifests[1]", "s3://a/b/m1.avro" },
		{ "statistics[0].statistics-path", "s3://a/b/stats.puffin" },
		{ "partition-statistics[0].statistics-path", "s3://a/b/p.parquet" },
		{ "metadata-log[0].metadata-file", "s3://a/b/1.json" },
	};
	static const char more[] =
		"{\"snapshots\":[{\"manifest-list\":\"s3://a/b/2.avro\",\"manifests\":[\"no\"]},"
		"{\"manifests\":[\"s3://a/b/m0.avro\",\"s3://a/b/m1.avro\"]}],"
		"\"partition-statistics\":[{\"statistics-path\":\"s3://a/b/p.parquet\"}],"
		"\"metadata-log\":[{\"metadata-file\":\"s3://a/b/1.json\"}],"
		"\"properties\":{\"write.folder-storage.path\":\"s3://b/f\","
		"\"write.object-storage.path\":\"s3://b/o\",\"write.metadata.path\":\"s3://b/m\","
		"\"write.data.path\":\"s3://b/d\"}}";
	struct json_object *m = table_json(&cx, "iceberg/TableMetadataStatisticsFiles.json"), *v;
	struct metadata_path *list;
	size_t n;

	ck_assert_int_eq(json_parse(&cx, more, strlen(more), 9, &v), OK);
	json_object_object_foreach(v, key, member)
		json_set(m, key, member);
	ck_assert_int_eq(metadata_paths(&cx, m, &list, &n), OK);
	for (size_t i = 0; i < n && i < ARRAY_SIZE(expected); i++) {
		ck_assert_str_eq(list[i].member, expected[i][0]);
		ck_assert_str_eq(list[i].location, expected[i][1]);
	}
	ck_assert_uint_eq(n, ARRAY_SIZE(expected));
}
END_TEST

START_TEST(refs_only)
{
	struct json_object *m = table_json(&cx, "iceberg/TableMetadataV2Valid.json"), *out, *list;
	const char *before = json_print(&cx, m, NULL);

	out = metadata_refs_only(&cx, m); /* no refs: main is the current snapshot */
	list = json_member(out, "snapshots");
	ck_assert_uint_eq(json_object_array_length(list), 1);
	ck_assert_int_eq(json_int(json_object_array_get_idx(list, 0), "snapshot-id", 0),
			 3055729675574597004);
	ck_assert(json_equal(json_member(out, "snapshot-log"), json_member(m, "snapshot-log")));
	ck_assert_str_eq(before, json_print(&cx, m, NULL));
	ck_assert_int_eq(metadata_check(&cx, out), OK);

	list = json_new_object(&cx);
	json_set_int(list, "snapshot-id", 3051729675574597004);
	json_set_text(list, "type", "tag");
	json_set(m, "refs", json_new_object(&cx));
	json_set(json_member(m, "refs"), "t", list);
	ck_assert(json_equal(metadata_refs_only(&cx, m), m)); /* both are named */
	json_object_object_del(m, "current-snapshot-id");
	out = metadata_refs_only(&cx, m);
	list = json_member(out, "snapshots");
	ck_assert_uint_eq(json_object_array_length(list), 1);
	ck_assert_int_eq(json_int(json_object_array_get_idx(list, 0), "snapshot-id", 0),
			 3051729675574597004);
}
END_TEST

/* n times the same, as an array. */
static struct json_object *repeated(const char *text, int n)
{
	struct json_object *v = NULL, *list = json_new_array(&cx);

	ck_assert_int_eq(json_parse(&cx, text, strlen(text), 20, &v), OK);
	for (int i = 0; i < n; i++)
		json_add(list, v);
	return list;
}

/* What one commit may hold. */
START_TEST(limits)
{
	static const char set[] = "{\"action\":\"set-properties\",\"updates\":{\"a\":\"b\"}}";
	static const char add[] = "{\"action\":\"add-spec\",\"spec\":{\"fields\":[]}}";
	static const char field[] = "{\"name\":\"a\",\"transform\":\"void\",\"source-id\":1}";
	struct json_object *m = table_json(&cx, "iceberg/TableMetadataV2Valid.json"), *out;
	struct json_object *spec = json_new_object(&cx), *update = json_new_object(&cx);
	struct metadata_env env = { .new_uuid = NEW_UUID };

	ck_assert_int_eq(metadata_apply(&cx, &env, m, repeated(set, 20000), &out), OK);
	ck_assert_int_eq(metadata_apply(&cx, &env, m, repeated(set, 20001), &out), INVALID);
	ck_assert_str_eq(cx.message, "updates: more than 20000");
	ck_assert_int_eq(metadata_apply(&cx, &env, m, repeated(add, 100), &out), OK);
	ck_assert_int_eq(metadata_apply(&cx, &env, m, repeated(add, 101), &out), INVALID);
	ck_assert_ptr_nonnull(strstr(cx.message, "more than 100 schemas"));
	json_set(spec, "fields", repeated(field, 1001));
	json_set_text(update, "action", "add-spec");
	json_set(update, "spec", spec);
	ck_assert_int_eq(
		metadata_apply(&cx, &env, m, repeated(json_print(&cx, update, NULL), 1), &out),
		INVALID);
	ck_assert_ptr_nonnull(strstr(cx.message, "more than 1000 fields"));
}
END_TEST

/* {"name":"t","schema":{... n columns called name0, name1 ... in a struct called outer}} */
static struct json_object *wide_request(const char *outer, int n)
{
	struct json_object *columns = json_new_array(&cx), *type = json_new_object(&cx), *f;
	struct json_object *schema = json_new_object(&cx), *request = json_new_object(&cx);

	for (int i = 0; i < n; i++) {
		f = json_new_object(&cx);
		json_set_int(f, "id", i + 2);
		json_set_text(f, "name", cx_printf(&cx, "name%d", i));
		json_set_bool(f, "required", false);
		json_set_text(f, "type", "int");
		json_add(columns, f);
	}
	json_set_text(type, "type", "struct");
	json_set(type, "fields", columns);
	f = json_new_object(&cx);
	json_set_int(f, "id", 1);
	json_set_text(f, "name", outer);
	json_set_bool(f, "required", false);
	json_set(f, "type", type);
	json_set_text(schema, "type", "struct");
	json_set(schema, "fields", json_new_array(&cx));
	json_add(json_member(schema, "fields"), f);
	json_set(request, "schema", schema);
	return request;
}

/* Full names are made of all names above: they may not multiply without end. */
START_TEST(wide_schemas)
{
	struct metadata_env env = { .new_uuid = NEW_UUID };
	char *name = cx_alloc(&cx, 100001);
	struct json_object *out;

	ck_assert_int_eq(metadata_create(&cx, &env, wide_request("a", 5000), "s3://b/t", &out), OK);
	ck_assert_int_eq(json_int(out, "last-column-id", 0), 5001);
	expect_sound("wide", out);
	memset(name, 'n', 100000);
	ck_assert_int_eq(metadata_create(&cx, &env, wide_request(name, 100), "s3://b/t", &out), OK);
	ck_assert_int_eq(metadata_create(&cx, &env, wide_request(name, 1000), "s3://b/t", &out),
			 INVALID);
	ck_assert_ptr_nonnull(strstr(cx.message, "too long together"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metadata");
	TCase *t = tcase_create("tables");
	SRunner *runner;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, updates, 0, table_size("updates.json"));
	tcase_add_loop_test(t, create, 0, table_size("create.json"));
	tcase_add_loop_test(t, requirements, 0, table_size("requirements.json"));
	tcase_add_loop_test(t, examples, 0, table_size("examples.json"));
	tcase_add_loop_test(t, checks, 0, table_size("checks.json"));
	tcase_add_test(t, no_objects);
	tcase_add_test(t, facts);
	tcase_add_test(t, paths);
	tcase_add_test(t, refs_only);
	tcase_add_test(t, limits);
	tcase_add_test(t, wide_schemas);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
