/* SPDX-License-Identifier: Apache-2.0 */
/* test_rest.c - Iceberg's routes: what each answers, and where tables may lie. */
#include "tests/unit/fresh_store.h"
#include "tests/unit/rest.h"

/* --- what each route answers ----------------------------------------------------------------- */

/* In order: each row finds what the rows before it made. */
static const struct {
	const char *method, *uri, *body;
	int status;
	const char *contains;
} script[] = {
	{ "GET", "/v1/config", NULL, 200, "\"prefix\":\"c\"}" },
	{ "GET", "/v1/config?warehouse=c", NULL, 200,
	  "\"overrides\":{\"namespace-separator\":\"%1F\",\"prefix\":\"c\"}" },
	{ "GET", "/v1/config?warehouse=c", NULL, 200,
	  "\"POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics\"" },
	{ "GET", "/v1/config?warehouse=d", NULL, 404, "NoSuchWarehouseException" },
	{ "GET", "/v1/c/config", NULL, 200,
	  "\"overrides\":{\"namespace-separator\":\"%1F\",\"prefix\":\"c\"}" },
	{ "GET", "/v1/c/v1/config", NULL, 200, "\"overrides\":{\"namespace-separator\":\"%1F\"}" },
	{ "GET", "/v1/d/namespaces", NULL, 404, "Catalog does not exist: d" },

	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"],\"properties\":{\"k\":\"v\"}}", 200,
	  "{\"namespace\":[\"a\"],\"properties\":{\"k\":\"v\"}}" },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"]}", 409, "AlreadyExistsException" },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"b\",\"x\",\"y\"]}", 200, NULL },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[]}", 400, NULL },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":\"a\"}", 400, NULL },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[1]}", 400, NULL },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"a@b\"]}", 400, "'@'" },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"..\"]}", 400, NULL },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"x\\u001fy\"]}", 400, NULL },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"x\\u0000y\"]}", 400, NULL },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"z\"],\"properties\":{\"k\":1}}", 400,
	  NULL },
	{ "POST", "/v1/c/namespaces", "[]", 400, NULL },
	{ "POST", "/v1/c/namespaces", "{", 400, NULL },
	{ "POST", "/v1/c/namespaces", NULL, 400, NULL },
	{ "GET", "/v1/c/namespaces", NULL, 200, "[[\"a\"],[\"b\"]]" },
	{ "GET", "/v1/c/namespaces?parent=", NULL, 200, "[[\"a\"],[\"b\"]]" },
	{ "GET", "/v1/c/namespaces?parent=b%1Fx", NULL, 200, "[[\"b\",\"x\",\"y\"]]" },
	{ "GET", "/v1/c/namespaces?parent=none", NULL, 404, "Namespace does not exist: none" },
	{ "GET", "/v1/c/namespaces?pageSize=0", NULL, 400, NULL },
	{ "GET", "/v1/c/namespaces?pageToken=%25", NULL, 400, NULL },
	{ "GET", "/v1/c/namespaces/a", NULL, 200, "\"properties\":{\"k\":\"v\"}" },
	{ "GET", "/v1/c/namespaces/b%1Fx", NULL, 200, "[\"b\",\"x\"]" },
	{ "GET", "/v1/c/namespaces/b.x", NULL, 200, "[\"b\",\"x\"]" },
	{ "HEAD", "/v1/c/namespaces/a", NULL, 204, NULL },
	{ "HEAD", "/v1/c/namespaces/none", NULL, 404, NULL },
	{ "GET", "/v1/c/namespaces/none", NULL, 404, "NoSuchNamespaceException" },
	{ "POST", "/v1/c/namespaces/a/properties",
	  "{\"updates\":{\"l\":\"w\"},\"removals\":[\"k\"]}", 200,
	  "{\"updated\":[\"l\"],\"removed\":[\"k\"],\"missing\":[]}" },
	{ "POST", "/v1/c/namespaces/a/properties",
	  "{\"updates\":{\"l\":\"w\"},\"removals\":[\"l\"]}", 422, "UnprocessableEntityException" },
	{ "POST", "/v1/c/namespaces/a/properties", "{\"removals\":[1]}", 400, NULL },
	{ "POST", "/v1/c/namespaces/none/properties", "{}", 404, "NoSuchNamespaceException" },
	{ "DELETE", "/v1/c/namespaces/b", NULL, 409, "NamespaceNotEmptyException" },
	{ "DELETE", "/v1/c/namespaces/b%1Fx%1Fy", NULL, 204, NULL },
	{ "DELETE", "/v1/c/namespaces/none", NULL, 404, "NoSuchNamespaceException" },

	{ "GET", T, NULL, 200, "{\"identifiers\":[],\"next-page-token\":null}" },
	{ "GET", "/v1/c/namespaces/none/tables", NULL, 404, "NoSuchNamespaceException" },
	{ "POST", T, "{\"name\":\"t\"," SCHEMA ",\"stage-create\":true}", 200, "{\"metadata\":{" },
	{ "GET", T "/t", NULL, 404, "Table does not exist: a.t" },
	{ "POST", T, "{\"name\":\"t\"," SCHEMA ",\"properties\":{\"p\":\"q\"}}", 200,
	  "\"metadata-location\":\"file:///" },
	{ "POST", T, "{\"name\":\"t\"," SCHEMA "}", 409, "Table already exists: a.t" },
	{ "POST", T, "{\"name\":\"t\"," SCHEMA ",\"stage-create\":true}", 409,
	  "AlreadyExistsException" },
	{ "POST", T, "{\"name\":\"u@b\"," SCHEMA "}", 400, NULL },
	{ "POST", T, "{\"name\":\"\"," SCHEMA "}", 400, NULL },
	{ "POST", T, "{\"name\":7," SCHEMA "}", 400, NULL },
	{ "POST", T, "{\"name\":\"u\"}", 400, NULL },
	{ "POST", T, "{\"name\":\"u\",\"schema\":{\"type\":\"struct\",\"fields\":[{}]}}", 400,
	  NULL },
	{ "POST", "/v1/c/namespaces/none/tables", "{\"name\":\"t\"," SCHEMA "}", 404,
	  "NoSuchNamespaceException" },
	{ "GET", T, NULL, 200, "{\"namespace\":[\"a\"],\"name\":\"t\"}" },
	{ "GET", T "/t", NULL, 200, "\"p\":\"q\"" },
	{ "GET", T "/t?snapshots=refs", NULL, 200, "\"p\":\"q\"" },
	{ "GET", T "/t?snapshots=some", NULL, 400, NULL },
	{ "HEAD", T "/t", NULL, 204, NULL },
	{ "HEAD", T "/none", NULL, 404, NULL },
	{ "POST", T "/t", SET("r", "s"), 200, "\"r\":\"s\"" },
	{ "GET", T "/t", NULL, 200, "\"r\":\"s\"" },
	{ "POST", T "/t", "{\"requirements\":[],\"updates\":[]}", 200, "\"r\":\"s\"" },
	{ "POST", T "/t", "{\"requirements\":[{\"type\":\"assert-create\"}],\"updates\":[]}", 409,
	  "Requirement failed: table already exists" },
	{ "POST", T "/t",
	  "{\"requirements\":[{\"type\":\"assert-current-schema-id\",\"current-schema-id\":7}],"
	  "\"updates\":[]}",
	  409, "CommitFailedException" },
	{ "POST", T "/t", "{\"requirements\":[{\"type\":\"assert-nonsense\"}],\"updates\":[]}", 400,
	  NULL },
	{ "POST", T "/t", "{\"requirements\":[],\"updates\":[{\"action\":\"nonsense\"}]}", 400,
	  NULL },
	{ "POST", T "/t", "{\"requirements\":{},\"updates\":[]}", 400, NULL },
	{ "POST", T "/t", "{\"updates\":[]}", 400, NULL },
	{ "POST", T "/none", SET("r", "s"), 404, "NoSuchTableException" },
	{ "POST", T "/t/metrics",
	  "{\"report-type\":\"commit-report\",\"table-name\":\"t\",\"snapshot-id\":1,"
	  "\"sequence-number\":1,\"operation\":\"append\",\"metrics\":{}}",
	  204, NULL },
	{ "POST", T "/t/metrics",
	  "{\"report-type\":\"commit-report\",\"table-name\":\"t\",\"metrics\":{}}", 400,
	  "sequence-number: missing" },
	{ "POST", T "/none/metrics",
	  "{\"report-type\":\"scan-report\",\"table-name\":\"t\",\"metrics\":{}}", 404, NULL },

	{ "POST", "/v1/c/tables/rename",
	  "{\"source\":{\"namespace\":[\"a\"],\"name\":\"t\"},"
	  "\"destination\":{\"namespace\":[\"none\"],\"name\":\"u\"}}",
	  404, "NoSuchNamespaceException" },
	{ "POST", "/v1/c/tables/rename",
	  "{\"source\":{\"namespace\":[\"a\"],\"name\":\"none\"},"
	  "\"destination\":{\"namespace\":[\"a\"],\"name\":\"u\"}}",
	  404, "NoSuchTableException" },
	{ "POST", "/v1/c/tables/rename",
	  "{\"source\":{\"namespace\":[\"a\"],\"name\":\"t\"},"
	  "\"destination\":{\"namespace\":[\"b\",\"x\"],\"name\":\"u\"}}",
	  204, NULL },
	{ "GET", T "/t", NULL, 404, "NoSuchTableException" },
	{ "GET", "/v1/c/namespaces/b%1Fx/tables/u", NULL, 200, "\"r\":\"s\"" },
	{ "GET", "/v1/c/namespaces/b.x/tables/u", NULL, 200, "\"r\":\"s\"" },
	{ "DELETE", "/v1/c/namespaces/b%1Fx", NULL, 409, "Namespace b.x is not empty" },
	{ "DELETE", "/v1/c/namespaces/b%1Fx/tables/u?purgeRequested=perhaps", NULL, 400, NULL },
	{ "DELETE", "/v1/c/namespaces/b%1Fx/tables/u", NULL, 204, NULL },
	{ "DELETE", "/v1/c/namespaces/b%1Fx/tables/u", NULL, 404, "NoSuchTableException" },

	{ "POST", "/v1/c/namespaces/a/register", "{\"name\":\"v\",\"metadata-location\":\"$M\"}",
	  200, "\"r\":\"s\"" },
	{ "POST", "/v1/c/namespaces/a/register", "{\"name\":\"v\",\"metadata-location\":\"$M\"}",
	  409, "Table already exists: a.v" },
	{ "POST", "/v1/c/namespaces/a/register", "{\"name\":\"w\",\"metadata-location\":\"$M\"}",
	  400, "overlaps" },
	{ "POST", "/v1/c/namespaces/a/register",
	  "{\"name\":\"v\",\"metadata-location\":\"$M\",\"overwrite\":true}", 200, "\"r\":\"s\"" },
	{ "POST", "/v1/c/namespaces/a/register", "{\"name\":\"w\",\"metadata-location\":\"$W/no\"}",
	  400, "Failed to open" },
	{ "POST", "/v1/c/namespaces/a/register",
	  "{\"name\":\"w\",\"metadata-location\":\"file:///etc/passwd\"}", 400, NULL },
	{ "POST", T "/v", SET("x", "y"), 200, "\"x\":\"y\"" },
};

START_TEST(test_script)
{
	for (size_t i = 0; i < ARRAY_SIZE(script); i++)
		expect(script[i].method, script[i].uri, script[i].body, script[i].status,
		       script[i].contains);
}
END_TEST

/* --- ETags, counts ------------------------------------------------------------------------------ */

static struct fcgi_answer load_with(const char *tag)
{
	const char *params[] = { cx_printf(&cx, "HTTP_IF_NONE_MATCH=%s", tag), NULL };

	return fcgi_call(&cx, &responder, "GET", T "/t", params, NULL);
}

START_TEST(test_etag)
{
	const char *tag, *inner;
	struct fcgi_answer a;

	make_t();
	a = call("GET", T "/t", NULL);
	tag = answer_value(&cx, &a, "ETag");
	ck_assert_ptr_nonnull(tag);
	inner = cx_strndup(&cx, tag + 1, strlen(tag) - 2);
	a = load_with(tag);
	ck_assert_int_eq(a.status, 304);
	ck_assert_uint_eq(a.body_len, 0);
	ck_assert_int_eq(load_with(cx_printf(&cx, "\"x\", W/%s", tag)).status, 304);
	ck_assert_int_eq(load_with(cx_printf(&cx, "\"%s-gzip\"", inner)).status, 304);
	ck_assert_int_eq(load_with(cx_printf(&cx, "\"%s-other\"", inner)).status, 200);
	a = call("GET", T "/t?snapshots=refs", NULL);
	ck_assert_str_ne(answer_value(&cx, &a, "ETag"), tag);
	expect("POST", T "/t", SET("k", "v"), 200, NULL);
	ck_assert_int_eq(load_with(tag).status, 200);
}
END_TEST

/* A warm load asks the store once and no storage; a commit asks twice and writes once. */
START_TEST(test_counts)
{
	struct fcgi_answer a;

	make_t();
	call("GET", T "/t", NULL);
	a = call("GET", T "/t", NULL);
	ck_counts(a.head, 1, "requests=0 gets=0 puts=0 removes=0");
	a = call("POST", T "/t", SET("k", "v"));
	ck_counts(a.head, 2, "requests=0 gets=0 puts=1 removes=0");
	a = call("GET", T "/t", NULL);
	ck_counts(a.head, 1, "requests=0 gets=0");
}
END_TEST

/* --- locations ------------------------------------------------------------------------------------ */

#define MOVE(location)                                                                             \
	"{\"requirements\":[],\"updates\":[{\"action\":\"set-location\",\"location\":\"" location  \
	"\"}]}"

static const char *const bad_creates[] = {
	CREATE_AT("file:///etc/t", ""),
	CREATE_AT("s3://bucket/t", ""),
	CREATE_AT("$W", ""),
	CREATE_AT("$W/../t", ""),
	CREATE_AT("$W/%2e%2e/t", ""),
	CREATE_AT("$W/x//t", ""),
	CREATE_AT("$W/t?x", ""),
	CREATE_AT("$W/taken", ""),
	CREATE_AT("$W/taken/below", ""),
	CREATE_AT("$W/u", "\"write.data.path\":\"file:///etc\""),
	CREATE_AT("$W/u", "\"write.data.path\":\"$W/taken/data\""),
	CREATE_AT("$W/u", "\"write.metadata.path\":\"file:///etc/x\""),
	CREATE_AT("$W/u", "\"write.metadata.path\":\"$W/u/../../x\""),
};
static const char *const bad_commits[] = {
	MOVE("file:///etc/t"),
	MOVE("$W/taken"),
	MOVE("$W/taken/x"),
	SET("write.data.path", "file:///etc/x"),
	SET("write.data.path", "$W/taken"),
	SET("write.metadata.path", "file:///etc/x"),
	SET("write.object-storage.path", "file:///etc/x"),
	"{\"requirements\":[],\"updates\":[{\"action\":\"set-statistics\",\"snapshot-id\":1,"
	"\"statistics\":{\"snapshot-id\":1,\"statistics-path\":\"file:///etc/x\","
	"\"file-size-in-bytes\":1,\"file-footer-size-in-bytes\":1,\"blob-metadata\":[]}}]}",
};

START_TEST(test_locations)
{
	int files;

	make_t();
	expect("POST", T, "{\"name\":\"taken\"," SCHEMA ",\"location\":\"$W/taken\"}", 200, NULL);
	files = files_in(root);
	for (size_t i = 0; i < ARRAY_SIZE(bad_creates); i++)
		expect("POST", T, bad_creates[i], 400, "BadRequestException");
	for (size_t i = 0; i < ARRAY_SIZE(bad_commits); i++)
		expect("POST", T "/t", bad_commits[i], 400, "BadRequestException");
	ck_assert_int_eq(files_in(root), files); /* and nothing was written for them */
	expect("POST", T "/t", MOVE("$W/moved"), 200, "/moved\"");
	expect("POST", T, CREATE_AT("$W/moved/x", ""), 400, "overlaps");
	expect("POST", T, CREATE_AT("$W/fine/", ""), 200, "/fine\"");
	expect("DELETE", T "/taken", NULL, 204, NULL);
	expect("POST", T, "{\"name\":\"again\"," SCHEMA ",\"location\":\"$W/taken\"}", 200, NULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("rest");
	TCase *t = tcase_create("rest");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_script);
	tcase_add_test(t, test_etag);
	tcase_add_test(t, test_counts);
	tcase_add_test(t, test_locations);
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
