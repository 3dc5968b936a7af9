/* SPDX-License-Identifier: Apache-2.0 */
/* test_views.c - the routes of views: what each answers, files, branches, and what is recorded. */
#include "tests/unit/rest.h"

#define V "/v1/c/namespaces/a/views"
#define REGISTER "/v1/c/namespaces/a/register-view"
#define RENAME "/v1/c/views/rename"
#define QUERY(sql, dialect) "{\"type\":\"sql\",\"sql\":\"" sql "\",\"dialect\":\"" dialect "\"}"
#define FIRST(schema, queries)                                                                     \
	"\"view-version\":{\"version-id\":1,\"timestamp-ms\":1700000000000,\"schema-id\":" schema  \
	",\"summary\":{},\"default-namespace\":[\"a\"],\"representations\":[" queries "]}"
#define BODY(name, more)                                                                           \
	"{\"name\":\"" name "\"," SCHEMA "," FIRST("0", QUERY("select 1", "spark")) more "}"
#define REPLACE(sql)                                                                               \
	"{\"updates\":[{\"action\":\"add-view-version\"," FIRST(                                   \
		"0", QUERY(sql, "spark")) "},{\"action\":\"set-current-view-version\",\"view-"     \
					  "version-id\":-1}]}"
#define PROPERTY(key, value)                                                                       \
	"{\"updates\":[{\"action\":\"set-properties\",\"updates\":{\"" key "\":\"" value "\"}}]}"
#define MOVE(from, space, to)                                                                      \
	"{\"source\":{\"namespace\":[\"a\"],\"name\":\"" from                                      \
	"\"},\"destination\":{\"namespace\":[\"" space "\"],\"name\":\"" to "\"}}"

static void make_v(void)
{
	make_t();
	expect("POST", V, BODY("v", ""), 200, "\"current-version-id\":1");
}

/* --- what each route answers ----------------------------------------------------------------- */

/* In order: each row finds what the rows before it made. */
static const struct {
	const char *method, *uri, *body;
	int status;
	const char *contains;
} script[] = {
	{ "GET", V, NULL, 200, "{\"identifiers\":[],\"next-page-token\":null}" },
	{ "GET", "/v1/c/namespaces/none/views", NULL, 404, "NoSuchNamespaceException" },
	{ "POST", "/v1/c/namespaces/none/views", BODY("v", ""), 404, "NoSuchNamespaceException" },
	{ "POST", V, BODY("v", ",\"properties\":{\"p\":\"q\"}"), 200,
	  "\"metadata-location\":\"file:///" },
	{ "POST", V, BODY("v", ""), 409, "View already exists: a.v" },
	{ "POST", V, BODY("t", ""), 409, "Table with same name already exists: a.t" },
	{ "POST", T, "{\"name\":\"v\"," SCHEMA "}", 409,
	  "View with same name already exists: a.v" },
	{ "POST", T "/v", STAGED("$W/a/staged"), 409, "View with same name already exists: a.v" },
	{ "POST", V, BODY("w@b", ""), 400, NULL },
	{ "POST", V, BODY("", ""), 400, NULL },
	{ "POST", V, "{" SCHEMA "," FIRST("0", QUERY("x", "spark")) "}", 400, "name: missing" },
	{ "POST", V, "{\"name\":\"w\"," SCHEMA "}", 400, "view-version: missing" },
	{ "POST", V, "{\"name\":\"w\"," FIRST("0", QUERY("x", "spark")) "}", 400,
	  "schema: missing" },
	{ "POST", V,
	  "{\"name\":\"w\"," SCHEMA "," FIRST("0", QUERY("x", "s") "," QUERY("y", "S")) "}", 400,
	  "\"type\":\"IllegalArgumentException\"" },
	{ "POST", V, BODY("w", ",\"location\":\"$W/a/v\""), 200, NULL },
	{ "POST", V, BODY("x", ",\"location\":\"$W/a/v\""), 400, "location" },
	{ "POST", V, BODY("x", ",\"location\":\"$W/a/v/in/it\""), 400, "location" },
	{ "POST", T, "{\"name\":\"x\"," SCHEMA ",\"location\":\"$W/a/v\"}", 400, "location" },
	{ "POST", V, BODY("x", ",\"location\":\"file:///elsewhere\""), 400, "location" },
	{ "POST", V, BODY("x", ",\"properties\":{\"write.metadata.path\":\"file:///elsewhere\"}"),
	  400, "write.metadata.path" },
	{ "GET", V, NULL, 200, "{\"namespace\":[\"a\"],\"name\":\"v\"}" },
	{ "GET", T, NULL, 200, "[{\"namespace\":[\"a\"],\"name\":\"t\"}]" },
	{ "DELETE", V "/w", NULL, 204, NULL },
	{ "POST", V, BODY("w", ",\"location\":\"$W/a/v\""), 200, NULL }, /* it is free again */
	{ "DELETE", V "/w", NULL, 204, NULL },

	{ "GET", V "/v", NULL, 200, "\"properties\":{\"p\":\"q\"}" },
	{ "GET", V "/v", NULL, 200, ",\"config\":{}}" },
	{ "GET", V "/none", NULL, 404, "View does not exist: a.none" },
	{ "GET", V "/t", NULL, 404, "NoSuchViewException" },
	{ "GET", T "/v", NULL, 404, "NoSuchTableException" },
	{ "GET", V "/v?referenced-by=a%1Fw", NULL, 200, NULL },
	{ "GET", V "/v?referenced-by=a%1Fw,b%1Fc%1Fx", NULL, 200, NULL },
	{ "GET", V "/v?referenced-by=a%251Fw%2Cb%251Fx", NULL, 200, NULL },
	{ "GET", V "/v?referenced-by=a", NULL, 400, "referenced-by" },
	{ "GET", V "/v?referenced-by=a%1F", NULL, 400, "referenced-by" },
	{ "GET", V "/v?referenced-by=%1Fw", NULL, 400, "referenced-by" },
	{ "GET", V "/v?referenced-by=a%1Fw,", NULL, 400, "referenced-by" },
	{ "HEAD", V "/v", NULL, 204, NULL },
	{ "HEAD", V "/t", NULL, 404, NULL },

	{ "POST", V "/v", PROPERTY("r", "s"), 200, "\"properties\":{\"p\":\"q\",\"r\":\"s\"}" },
	{ "POST", V "/v", "{\"updates\":[]}", 200, "\"r\":\"s\"" },
	{ "POST", V "/v", "{}", 400, "updates: missing" },
	{ "POST", V "/v", "{\"updates\":[{\"action\":\"add-snapshot\"}]}", 400,
	  "unknown update of a view: add-snapshot" },
	{ "POST", V "/v",
	  "{\"requirements\":[{\"type\":\"assert-view-uuid\",\"uuid\":\"x\"}],\"updates\":[]}", 409,
	  "CommitFailedException" },
	{ "POST", V "/v", "{\"requirements\":[{\"type\":\"assert-create\"}],\"updates\":[]}", 400,
	  "unknown requirement of a view: assert-create" },
	{ "POST", V "/none", "{\"requirements\":[{\"type\":\"assert-create\"}],\"updates\":[]}",
	  404, "NoSuchViewException" },
	{ "POST", V "/t", PROPERTY("r", "s"), 404, "NoSuchViewException" },
	{ "POST", T "/v", SET("k", "v"), 404, "NoSuchTableException" },
	{ "POST", V "/v", REPLACE("select 2"), 200, "\"current-version-id\":2" },
	{ "POST", V "/v", "{\"updates\":[{\"action\":\"set-location\",\"location\":\"$W/a/t\"}]}",
	  200, "/a/t\"" },
	{ "POST", V "/v", "{\"updates\":[{\"action\":\"set-location\",\"location\":\"$W\"}]}", 400,
	  "location" },

	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"b\"]}", 200, NULL },
	{ "POST", RENAME, MOVE("v", "b", "u"), 204, NULL },
	{ "GET", V "/v", NULL, 404, NULL },
	{ "GET", "/v1/c/namespaces/b/views/u", NULL, 200, "\"current-version-id\":2" },
	{ "POST", RENAME, MOVE("v", "b", "u"), 404, "View does not exist: a.v" },
	{ "POST", RENAME, MOVE("t", "b", "u"), 404, "View does not exist: a.t" },
	{ "POST", "/v1/c/tables/rename", MOVE("t", "b", "u"), 409,
	  "Cannot rename a.t to b.u. View already exists" },
	{ "POST", V, BODY("v", ""), 200, NULL },
	{ "POST", RENAME, MOVE("v", "a", "t"), 409,
	  "Cannot rename a.v to a.t. Table already exists" },
	{ "POST", RENAME, MOVE("v", "b", "u"), 409,
	  "Cannot rename a.v to b.u. View already exists" },
	{ "POST", RENAME, MOVE("v", "none", "u"), 404, "NoSuchNamespaceException" },
	{ "POST", RENAME, "{}", 400, "source: missing" },

	{ "GET", V "/v", NULL, 200, NULL },
	{ "POST", REGISTER, "{\"name\":\"v\",\"metadata-location\":\"$M\"}", 409,
	  "View already exists: a.v" },
	{ "POST", REGISTER, "{\"name\":\"t\",\"metadata-location\":\"$M\"}", 409,
	  "Table with same name already exists: a.t" },
	{ "POST", REGISTER, "{\"name\":\"w\",\"metadata-location\":\"$M\"}", 400, "location" },
	{ "POST", REGISTER, "{\"name\":\"v\",\"metadata-location\":\"$M\",\"overwrite\":true}", 409,
	  "View already exists: a.v" },
	{ "POST", REGISTER, "{\"name\":\"w\",\"metadata-location\":\"$W/none.json\"}", 400,
	  "Failed to open input stream" },
	{ "POST", REGISTER, "{\"name\":\"w\"}", 400, "metadata-location: missing" },
	{ "POST", "/v1/c/namespaces/none/register-view",
	  "{\"name\":\"w\",\"metadata-location\":\"$M\"}", 404, "NoSuchNamespaceException" },
	{ "DELETE", V "/v", NULL, 204, NULL },
	{ "DELETE", V "/v", NULL, 404, "View does not exist: a.v" },
	{ "DELETE", V "/t", NULL, 404, "NoSuchViewException" },
	{ "POST", "/v1/c/namespaces/a/register", "{\"name\":\"w\",\"metadata-location\":\"$M\"}",
	  400, NULL },
	{ "POST", REGISTER, "{\"name\":\"w\",\"metadata-location\":\"$M\"}", 200,
	  "\"current-version-id\":1" },
	{ "DELETE", T "/w", NULL, 404, "NoSuchTableException" },
	{ "DELETE", T "/t", NULL, 204, NULL },
	{ "DELETE", "/v1/c/namespaces/a", NULL, 409, "NamespaceNotEmptyException" },
	{ "DELETE", V "/w", NULL, 204, NULL },
	{ "DELETE", "/v1/c/namespaces/a", NULL, 204, NULL },
};

START_TEST(test_script)
{
	make_t();
	for (size_t i = 0; i < ARRAY_SIZE(script); i++)
		expect(script[i].method, script[i].uri, script[i].body, script[i].status,
		       script[i].contains);
}
END_TEST

START_TEST(test_simple)
{
	make_t();
	expect("POST", V, "{\"name\":\"v\",\"sql\":\"select 1\"}", 201,
	       ",\"name\":\"v\",\"sql\":\"select 1\",\"dialect\":\"ansi\",\"properties\":"
	       "{\"sql\":\"select 1\",\"dialect\":\"ansi\"}}");
	expect("GET", V "/v", NULL, 200, "\"default-namespace\":[\"a\"]");
	expect("POST", V "/v",
	       "{\"updates\":[{\"action\":\"add-view-version\"," FIRST(
		       "0", QUERY("select 2", "ansi")) "},{\"action\":\"set-current-view-"
						       "version\",\"view-version-id\":-1}]}",
	       200, ",\"sql\":\"select 2\"");
	expect("POST", V,
	       "{\"name\":\"w\",\"sql\":\"x\",\"dialect\":\"trino\",\"properties\":{\"a\":\"b\"}"
	       "," SCHEMA "}",
	       201, "\"properties\":{\"a\":\"b\",\"sql\":\"x\",\"dialect\":\"trino\"}}");
	expect("POST", V, "{\"name\":\"x\",\"sql\":7}", 400, "sql: not a string");
	expect("POST", V, "{\"name\":\"x\",\"sql\":\"x\",\"schema\":7}", 400,
	       "schema: not an object");
	expect("POST", V, "{\"name\":\"v\",\"sql\":\"x\"}", 409, "View already exists: a.v");
}
END_TEST

/* --- files --------------------------------------------------------------------------------------- */

/* Each change is a file of its own, named one up; what fails leaves none behind. */
START_TEST(test_files)
{
	const char *first;

	make_v();
	first = last_location;
	ck_assert_ptr_nonnull(strstr(first, "/metadata/00000-"));
	expect("POST", V "/v", REPLACE("select 2"), 200, NULL);
	ck_assert_ptr_nonnull(strstr(last_location, "/metadata/00001-"));
	expect("POST", V "/v", PROPERTY("write.metadata.compression-codec", "gzip"), 200, NULL);
	ck_assert_ptr_nonnull(strstr(last_location, ".gz.metadata.json"));
	expect("POST", V "/v", REPLACE("select 2"), 200, NULL); /* it is so already */
	ck_assert_ptr_nonnull(strstr(last_location, "/metadata/00002-"));
	expect("POST", V "/v",
	       "{\"updates\":[{\"action\":\"set-location\",\"location\":\"$W/x/y\"}]}", 200, NULL);
	ck_assert_int_eq(versions(first), 3);
	expect("POST", V "/v", REPLACE("select 3"), 200, NULL);
	ck_assert_int_eq(versions(last_location), 2);
	expect("POST", V "/v", "{\"updates\":[{\"action\":\"set-location\",\"location\":\"$W\"}]}",
	       400, NULL);
	ck_assert_int_eq(versions(last_location), 2);
	ck_assert_int_eq(unlink(path_of(last_location)), 0);
	expect("GET", V "/v", NULL, 404, "Failed to open input stream for file");
}
END_TEST

/* --- branches -------------------------------------------------------------------------------------- */

START_TEST(test_branches)
{
	make_v();
	make_branch("dev");
	expect("POST", V "/v@dev", PROPERTY("on", "dev"), 200, "\"on\":\"dev\"");
	expect("GET", V "/v@dev", NULL, 200, "\"on\":\"dev\"");
	ck_assert_ptr_null(strstr(call("GET", V "/v", NULL).body, "\"on\""));
	expect("POST", V, BODY("new@dev", ""), 200, NULL);
	expect("GET", V "/new", NULL, 404, NULL);
	expect("GET", V "?branch=dev", NULL, 200, "\"new\"");
	expect("POST", RENAME, MOVE("new@dev", "a", "other"), 400, "branch");
	expect("POST", RENAME, MOVE("new@dev", "a", "other@dev"), 204, NULL);
	expect("DELETE", V "/v@dev", NULL, 204, NULL);
	expect("GET", V "/v", NULL, 200, NULL);
	expect("GET", V "/v@dev", NULL, 404, NULL);
}
END_TEST

/* --- what is recorded -------------------------------------------------------------------------------- */

START_TEST(test_records)
{
	static const char *const actions[] = { "create_view", "update_view", "rename_view",
					       "drop_view", "register_view" };
	struct audit from = { .row = ROW(audit), .tenant_id = NIL_UUID };
	struct query q = { .from = &from.row, .bound = 1, .limit = 100 };
	struct audit *found;
	struct rows rows;
	size_t n = 0;

	make_v();
	expect("POST", V "/v", PROPERTY("p", "q"), 200, NULL);
	expect("POST", RENAME, MOVE("v", "a", "w"), 204, NULL);
	expect("DELETE", V "/w", NULL, 204, NULL);
	expect("POST", REGISTER, "{\"name\":\"x\",\"metadata-location\":\"$M\"}", 200, NULL);
	must(store_list(&cx, st, &q, &rows));
	found = rows.items;
	for (size_t i = 0; i < rows.n; i++) {
		if (!text_same(found[i].resource_type, "view"))
			continue;
		ck_assert_uint_lt(n, ARRAY_SIZE(actions));
		ck_assert_str_eq(found[i].action, actions[n++]);
		ck_assert_str_eq(found[i].result, "success");
	}
	ck_assert_uint_eq(n, ARRAY_SIZE(actions));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("views");
	TCase *t = tcase_create("views");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_script);
	tcase_add_test(t, test_simple);
	tcase_add_test(t, test_files);
	tcase_add_test(t, test_branches);
	tcase_add_test(t, test_records);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *r = srunner_create(suite());
	int failed;

	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
