/* SPDX-License-Identifier: Apache-2.0 */
/* test_storage.c - every spelling of storage_config becomes one model. */
#include "vending/storage.h"

#include <check.h>

#include "common/text.h"

static enum status parse(struct cx *cx, const char *text, struct storage *out)
{
	struct json_object *config;

	ck_assert_msg(!json_parse(cx, text, strlen(text), 16, &config), "%s", cx->message);
	return storage_parse(cx, config, out);
}

/* One configuration in the words of each writer. */
static const char *const spellings[] = {
	/* SDK, command line */
	"{\"s3.bucket\":\"b\",\"prefix\":\"p/"
	"q\",\"s3.region\":\"eu-central-1\",\"s3.access-key-id\":\"AK\","
	"\"s3.secret-access-key\":\"SK\",\"s3.endpoint\":\"http://"
	"127.0.0.1:9000\",\"s3.session-token\":\"ST\"}",
	/* undotted */
	"{\"type\":\"s3\",\"bucket\":\"b\",\"prefix\":\"/p/q/"
	"\",\"region\":\"eu-central-1\",\"access_key_id\":\"AK\","
	"\"secret_access_key\":\"SK\",\"endpoint\":\"http://127.0.0.1:9000/"
	"\",\"session_token\":\"ST\"}",
	/* hyphenated */
	"{\"location\":\"s3://b/p/q/"
	"\",\"region\":\"eu-central-1\",\"access-key-id\":\"AK\",\"s3.path-style-access\":\"true\","
	"\"secret-access-key\":\"SK\",\"endpoint\":\"HTTP://"
	"127.0.0.1:9000\",\"session-token\":\"ST\"}",
	/* both at once, agreeing; a boolean; empty text */
	"{\"location\":\"s3://b/p/"
	"q\",\"s3.bucket\":\"b\",\"bucket\":\"b\",\"s3.region\":\"eu-central-1\","
	"\"region\":\"eu-central-1\",\"s3.access-key-id\":\"AK\",\"access_key_id\":\"AK\",\"path_"
	"style_access\":true,"
	"\"secret_access_key\":\"SK\",\"s3.endpoint\":\"http://"
	"127.0.0.1:9000\",\"s3.session-token\":\"ST\","
	"\"role_arn\":\"\",\"azure.container\":\"\",\"something.else\":\"kept elsewhere\"}",
};

START_TEST(spelled)
{
	struct cx cx = { 0 };
	struct storage s;

	ck_assert_msg(!parse(&cx, spellings[_i], &s), "%s", cx.message);
	ck_assert_str_eq(s.scheme, "s3");
	ck_assert_str_eq(s.root, "s3://b/p/q");
	ck_assert_str_eq(s.bucket, "b");
	ck_assert_str_eq(s.region, "eu-central-1");
	ck_assert_str_eq(s.endpoint, "http://127.0.0.1:9000");
	ck_assert_str_eq(s.access_key_id, "AK");
	ck_assert_str_eq(s.secret_access_key, "SK");
	ck_assert_str_eq(s.session_token, "ST");
	ck_assert(s.path_style);
	ck_assert_ptr_null(s.role_arn);
	ck_assert_str_eq(storage_identity(&cx, &s), "s3://127.0.0.1:9000/b");
	cx_free(&cx);
}
END_TEST

static const struct {
	const char *config, *scheme, *root, *identity;
	bool path_style;
} places[] = {
	{ "{\"location\":\"file:///w/h\"}", "file", "file:///w/h", "file", false },
	{ "{\"location\":\"/w/h/\"}", "file", "file:///w/h", "file", false },
	{ "{\"type\":\"file\",\"path\":\"/w\"}", "file", "file:///w", "file", false },
	{ "{\"bucket\":\"b\"}", "s3", "s3://b", "s3://aws/b", false },
	{ "{\"bucket\":\"b\",\"endpoint\":\"https://s3.eu-west-1.amazonaws.com\"}", "s3", "s3://b",
	  "s3://aws/b", false },
	{ "{\"bucket\":\"b\",\"endpoint\":\"https://minio.example\"}", "s3", "s3://b",
	  "s3://minio.example/b", true },
	{ "{\"bucket\":\"b\",\"endpoint\":\"https://"
	  "minio.example\",\"s3.path-style-access\":\"false\"}",
	  "s3", "s3://b", "s3://minio.example/b", false },
	{ "{\"bucket\":\"b\",\"s3.path-style-access\":\"True\"}", "s3", "s3://b", "s3://aws/b",
	  true },
	{ "{\"location\":\"s3a://b/x\"}", "s3", "s3a://b/x", "s3://aws/b", false },
	{ "{\"azure.container\":\"c\",\"adls.account-name\":\"acc\",\"adls.account-key\":\"k\"}",
	  "abfss", "abfss://c@acc.dfs.core.windows.net", "abfss://c@acc", false },
	{ "{\"type\":\"azure\",\"container\":\"c\",\"account_name\":\"acc\",\"prefix\":\"p\"}",
	  "abfss", "abfss://c@acc.dfs.core.windows.net/p", "abfss://c@acc", false },
	{ "{\"gcs.bucket\":\"g\",\"gcs.project-id\":\"p\"}", "gs", "gs://g", "gs://g", false },
	{ "{\"gcp.bucket\":\"g\"}", "gs", "gs://g", "gs://g", false },
	{ "{\"type\":\"gcs\",\"bucket\":\"g\",\"service_account_json\":\"{}\"}", "gs", "gs://g",
	  "gs://g", false },
};

/* The account is one by either of its names; another cloud's of that name is another. */
START_TEST(azures_domain)
{
	static const struct {
		const char *location;
		enum status status;
	} where[] = {
		{ "abfss://c@acc.dfs.core.windows.net/w/t", OK },
		{ "wasbs://c@ACC.blob.Core.Windows.Net/w/t", OK },
		{ "abfss://c@acc/w/t", OK },
		{ "abfss://c@acc.dfs.core.evil.test/w/t", INVALID },
		{ "abfss://c@acc.BLOB.CORE.evil.test/w/t", INVALID },
		{ "abfss://c@acc.dfs.core.windows.net.evil.test/w/t", INVALID },
	};
	struct cx cx = { 0 };
	struct storage s;

	ck_assert(
		!parse(&cx, "{\"container\":\"c\",\"account_name\":\"acc\",\"prefix\":\"w\"}", &s));
	for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
		struct location l;
		enum status status = location_parse(&cx, where[i].location, &l);

		if (!status)
			status = storage_covers(&cx, &s, &l);
		ck_assert_msg(status == where[i].status, "%s: %s", where[i].location, cx.message);
	}
	cx_free(&cx);
}
END_TEST

START_TEST(placed)
{
	struct cx cx = { 0 };
	struct storage s;

	ck_assert_msg(!parse(&cx, places[_i].config, &s), "%s", cx.message);
	ck_assert_str_eq(s.scheme, places[_i].scheme);
	ck_assert_str_eq(s.root, places[_i].root);
	ck_assert_str_eq(storage_identity(&cx, &s), places[_i].identity);
	ck_assert_int_eq(s.path_style, places[_i].path_style);
	cx_free(&cx);
}
END_TEST

static const struct {
	const char *config, *says;
} mistakes[] = {
	{ "{}", "neither" },
	{ "[]", "not an object" },
	{ "{\"location\":5}", "location" },
	{ "{\"location\":{}}", "location" },
	{ "{\"location\":\"ftp://x/y\"}", "scheme" },
	{ "{\"location\":\"/\"}", "root" },
	{ "{\"location\":\"file:///\"}", "root" },
	{ "{\"location\":\"/a/../b\"}", ".." },
	{ "{\"type\":\"tape\",\"bucket\":\"b\"}", "tape" },
	{ "{\"type\":\"local\"}", "missing" },
	{ "{\"type\":\"gcs\",\"location\":\"s3://b\"}", "gcs" },
	{ "{\"location\":\"s3://b/x\",\"s3.bucket\":\"c\"}", "\"c\"" },
	{ "{\"s3.bucket\":\"b\",\"bucket\":\"c\"}", "differ" },
	{ "{\"container\":\"c\"}", "account-name" },
	{ "{\"bucket\":\"b\",\"prefix\":\"../x\"}", ".." },
	{ "{\"bucket\":\"b\",\"endpoint\":\"minio:9000\"}", "s3.endpoint" },
	{ "{\"bucket\":\"b\",\"endpoint\":\"ftp://minio\"}", "s3.endpoint" },
	{ "{\"bucket\":\"b\",\"endpoint\":\"https://\"}", "s3.endpoint" },
	{ "{\"bucket\":\"b\",\"endpoint\":\"https://u:p@h\"}", "s3.endpoint" },
	{ "{\"bucket\":\"b\",\"endpoint\":\"https://h/path\"}", "s3.endpoint" },
	{ "{\"bucket\":\"b\",\"endpoint\":\"https://h?x\"}", "s3.endpoint" },
	{ "{\"bucket\":\"b\",\"endpoint\":\"https://h\\r\\nX: y\"}", "s3.endpoint" },
	{ "{\"bucket\":\"b\",\"sts_endpoint\":\"h\"}", "sts-endpoint" },
	{ "{\"bucket\":\"b\",\"region\":\"us east\"}", "region" },
	{ "{\"bucket\":\"b\",\"s3.path-style-access\":\"maybe\"}", "path-style" },
	{ "{\"bucket\":\"b\",\"access_key_id\":\"AK\"}", "together" },
	{ "{\"bucket\":\"b\",\"secret_access_key\":\"hush\"}", "together" },
	{ "{\"bucket\":\"b\",\"allowed-locations\":\"s3://c,/x\"}", "/x" },
	{ "{\"bucket\":\"b\",\"allowed-locations\":\"s3://c/..\"}", ".." },
};

START_TEST(refused)
{
	struct cx cx = { 0 };
	struct storage s;

	ck_assert_msg(parse(&cx, mistakes[_i].config, &s) == INVALID, "%s was taken",
		      mistakes[_i].config);
	ck_assert_msg(strstr(cx.message, mistakes[_i].says) != NULL, "%s: %s", mistakes[_i].config,
		      cx.message);
	ck_assert_ptr_null(strstr(cx.message, "hush"));
	cx_free(&cx);
}
END_TEST

static const struct {
	const char *location;
	enum status status;
} covered[] = {
	{ "s3://b/wh/ns/t", OK },    { "s3a://b/wh/ns/t/metadata/00000-x.metadata.json", OK },
	{ "s3://b/wh", INVALID },    { "s3://b/wh/", INVALID },
	{ "s3://b/wh2/t", INVALID }, { "s3://b/x", INVALID },
	{ "s3://b", INVALID },	     { "s3://c/wh/t", INVALID },
	{ "gs://b/wh/t", INVALID },  { "file:///b/wh/t", INVALID },
	{ "s3://old/t1", OK },	     { "s3://old/t1/data", OK },
	{ "s3://old/t10", INVALID }, { "s3://any/t", OK },
	{ "s3://any", INVALID },
};

START_TEST(covers)
{
	struct cx cx = { 0 };
	struct storage s;
	struct location l;

	ck_assert_msg(!parse(&cx,
			     "{\"location\":\"s3://b/wh\",\"allowed-locations\":"
			     "\"s3a://old/t1/ , s3://any,\"}",
			     &s),
		      "%s", cx.message);
	ck_assert(!location_parse(&cx, covered[_i].location, &l));
	ck_assert_msg(storage_covers(&cx, &s, &l) == covered[_i].status, "%s",
		      covered[_i].location);
	cx_free(&cx);
}
END_TEST

START_TEST(claimed)
{
	static const struct {
		const char *endpoint, *scheme, *location, *claim;
	} claims[] = {
		{ "http://weed", "s3", "s3://b/W/t\xc3\x89", "/w/t\xc3\x89" },
		{ "http://weed", "s3", "s3://b/ta\xc5\xbf\xe2\x84\xaaS", "/tasks" },
		{ NULL, "s3", "s3://b/W/T", "/W/T" },
		{ NULL, "file", "file:///W/T", "/W/T" },
		{ NULL, "gs", "gs://b/W/T", "/W/T" },
	};
	struct cx cx = { 0 };
	struct location l;

	for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
		struct storage s = { .scheme = claims[i].scheme, .endpoint = claims[i].endpoint };

		ck_assert(!location_parse(&cx, claims[i].location, &l));
		ck_assert_str_eq(storage_claim(&cx, &s, &l), claims[i].claim);
	}
	cx_free(&cx);
}
END_TEST

START_TEST(clients_get_no_secret)
{
	struct cx cx = { 0 };
	struct storage s;
	struct json_object *config = json_new_object(&cx);

	ck_assert(!parse(&cx, spellings[0], &s));
	storage_client_config(&s, config);
	ck_assert_str_eq(json_text(config, "s3.endpoint"), "http://127.0.0.1:9000");
	ck_assert_str_eq(json_text(config, "s3.region"), "eu-central-1");
	ck_assert_str_eq(json_text(config, "client.region"), "eu-central-1");
	ck_assert_str_eq(json_text(config, "s3.path-style-access"), "true");
	ck_assert_int_eq(json_object_object_length(config), 4);
	cx_free(&cx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("storage");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, spelled, 0, ARRAY_SIZE(spellings));
	tcase_add_loop_test(all, placed, 0, ARRAY_SIZE(places));
	tcase_add_loop_test(all, refused, 0, ARRAY_SIZE(mistakes));
	tcase_add_test(all, azures_domain);
	tcase_add_loop_test(all, covers, 0, ARRAY_SIZE(covered));
	tcase_add_test(all, claimed);
	tcase_add_test(all, clients_get_no_secret);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
