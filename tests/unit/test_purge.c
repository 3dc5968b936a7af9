/* SPDX-License-Identifier: Apache-2.0 */
/* test_purge.c - a purge under way leaves what comes back: files of a living table stay. */
#include "cli/purge.h"

#include <check.h>

#include "common/json.h"
#include "tests/unit/content.h"
#include "vending/cloud.h"

#define FORMER 150 /* metadata files: more than a step removes */

static const char metadata[] =
	"{\"format-version\":2,\"table-uuid\":\"7f1c2c1e-6d2b-4c3a-9b52-0a6d5f9f1c11\","
	"\"last-sequence-number\":0,\"last-updated-ms\":1,\"last-column-id\":1,"
	"\"current-schema-id\":0,\"schemas\":[{\"type\":\"struct\",\"schema-id\":0,\"fields\":[]}],"
	"\"default-spec-id\":0,\"partition-specs\":[{\"spec-id\":0,\"fields\":[]}],"
	"\"last-partition-id\":999,\"default-sort-order-id\":0,"
	"\"sort-orders\":[{\"order-id\":0,\"fields\":[]}]}";

static struct cloud *cloud;

static void open_cloud(void)
{
	struct cloud_limits limits = { .file_roots = folder, .object_max_bytes = 1000000 };

	ok(cloud_open(&cx, &limits, &cloud));
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(cx_printf(&cx, "%s/t/%s", folder, name), "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static const char *at(const char *name)
{
	return cx_printf(&cx, "file://%s/t/%s", folder, name);
}

/* The last metadata file of a table, and the former ones that it names. */
static void write_table(void)
{
	struct json_object *o, *log = json_new_array(&cx);

	ok(json_parse(&cx, metadata, strlen(metadata), 16, &o));
	ck_assert_int_eq(system(cx_printf(&cx, "mkdir %s/t", folder)), 0);
	for (int i = 0; i < FORMER; i++) {
		struct json_object *entry = json_new_object(&cx);
		const char *name = cx_printf(&cx, "%d.json", i);

		write_file(name, "{}");
		json_set_text(entry, "metadata-file", at(name));
		json_set_int(entry, "timestamp-ms", i);
		json_add(log, entry);
	}
	json_set_text(o, "location", cx_printf(&cx, "file://%s/t", folder));
	json_set(o, "metadata-log", log);
	write_file("last.json", json_print(&cx, o, NULL));
}

static struct json_object *payload_of(const char *asset_id)
{
	struct json_object *o = json_new_object(&cx), *locations = json_new_array(&cx);

	json_add_text(locations, cx_printf(&cx, "file://%s/t", folder));
	json_set(o, "locations", locations);
	json_set_text(o, "storage_location", cx_printf(&cx, "file://%s", folder));
	json_set_text(o, "asset_id", asset_id);
	json_set_text(o, "metadata_location", at("last.json"));
	return o;
}

static void bring_back(const char *asset_id)
{
	struct asset_name name = { "a", "t" };
	struct asset row = { .asset_id = asset_id,
			     .type = "ICEBERG_TABLE",
			     .metadata_location = at("last.json"),
			     .current_snapshot_id = -1 };

	ok(make_namespace(ref, "a"));
	ok(asset_create(&cx, st, ref, &name, &row, NULL, false, "create", NULL));
}

static int files_left(void)
{
	int64_t size;
	int n = cloud_stat(&cx, cloud,
			   &(struct storage){ .scheme = "file",
					      .root = cx_printf(&cx, "file://%s", folder) },
			   at("last.json"), &size) == OK;

	for (int i = 0; i < FORMER; i++)
		n += access(cx_printf(&cx, "%s/t/%d.json", folder, i), F_OK) == 0;
	return n;
}

START_TEST(what_comes_back_stays)
{
	const char *asset_id = text_uuid7(&cx);
	struct purge *p;
	bool done = false;
	int left;

	open_cloud();
	write_table();
	ok(purge_open(&cx, st, cloud, NIL_UUID, payload_of(asset_id), &p));
	ck_assert_ptr_nonnull(p);
	while (files_left() == FORMER + 1)
		ok(purge_step(&cx, p, &done));
	left = files_left();
	ck_assert_int_gt(left, 1);
	if (_i)
		bring_back(asset_id);
	while (!done)
		ok(purge_step(&cx, p, &done));
	ck_assert_int_eq(files_left(), _i ? left : 0);
	cloud_close(cloud);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("purge");
	TCase *c = tcase_create("purge");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_add_loop_test(c, what_comes_back_stays, 0, 2);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
