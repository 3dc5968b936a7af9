/* SPDX-License-Identifier: Apache-2.0 */
/* test_azure.c - Azure's signatures by the service's own examples, what is sent to it, and what its answers mean. */
#include "vending/azure.h"

#include <check.h>

#include "common/text.h"
#include "tests/unit/fake_server.h"

#undef fail

#define KEY "dGhlIGtleQ=="
#define WHEN ((int64_t)1795503789000) /* 2026-11-24T07:03:09Z */
#define ANSWER(code, body) "HTTP/1.1 " code "\r\nConnection: close\r\n\r\n" body
#define ERROR(http, code)                                                                          \
	ANSWER(http, "\xef\xbb\xbf<?xml version=\"1.0\"?><Error><Code>" code "</Code></Error>")

static struct cx cx;
static struct cloud *cloud;
static struct storage storage;
static struct fake_server server;

static void start(void)
{
	struct cloud_limits limits = { .object_max_bytes = 1000 };

	cx = (struct cx){ .deadline_ms = cx_monotonic_ms() + 10000 };
	server = (struct fake_server){ 0 };
	storage = (struct storage){ .scheme = "abfss",
				    .root = "abfss://lake@acc.dfs.core.windows.net/w",
				    .bucket = "lake",
				    .account_name = "acc",
				    .azure_domain = "core.windows.net",
				    .account_key = KEY };
	ck_assert(!cloud_open(&cx, &limits, &cloud));
}

static void end(void)
{
	fake_stop(&server);
	cloud_close(cloud);
	cx_free(&cx);
}

#define ANSWERS(...)                                                                               \
	do {                                                                                       \
		static const char *const list[] = { __VA_ARGS__ };                                 \
		fake_start(&server, list, ARRAY_SIZE(list), 0);                                    \
		storage.endpoint = cx_printf(&cx, "http://127.0.0.1:%d", server.port);             \
	} while (0)

/* --- signatures ----------------------------------------------------------------------- */

/* The example of "Authorize with Shared Key". */
START_TEST(shared_key)
{
	const struct pair query[] = { { "restype", "container" },
				      { "timeout", "20" },
				      { "comp", "metadata" } };
	const struct pair headers[] = { { "x-ms-version", "2015-02-21" },
					{ "x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT" } };
	const struct azure_request r = { .method = "GET",
					 .account = "myaccount",
					 .path = "/mycontainer",
					 .query = query,
					 .n_query = 3,
					 .headers = headers,
					 .n_headers = 2 };
	const char *text = azure_string_to_sign(&cx, &r), *signature;

	ck_assert_str_eq(text,
			 "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\n"
			 "x-ms-version:2015-02-21\n/myaccount/mycontainer\ncomp:metadata\n"
			 "restype:container\ntimeout:20");
	ck_assert(!azure_signature(&cx, KEY, text, &signature));
	ck_assert_str_eq(signature, "66uIZRoritvpWrCq7aUMG03X+m6DTYkKzwDqWhYnqm0=");
	ck_assert_int_eq(azure_signature(&cx, "no key!", text, &signature), INVALID);
}
END_TEST

static const struct azure_delegation delegation = {
	"o", "t", "2026-11-24T06:00:00Z", "2026-11-25T06:00:00Z", "b", "2021-12-02", KEY
};

/* Made by azure-storage-file-datalake 12.18.0; tests/differential/sas.py makes more. */
static const struct {
	const char *path;
	bool is_blob, http, delegated;
	unsigned verbs;
	const char *token;
} tokens[] = {
	{ "w/t a", false, false, false, VEND_READ | VEND_WRITE | VEND_DELETE,
	  "sp=racwdl&se=2026-11-24T07%3A03%3A09Z&spr=https&sv=2021-12-02&sr=d&sdd=2&"
	  "sig=2Q%2BU9RkWdlBEbG2Kjoq1EAB50zmuLcvc2zbmR1v0XUI%3D" },
	{ "w/t", false, false, true, VEND_READ,
	  "sp=rl&se=2026-11-24T07%3A03%3A09Z&skoid=o&sktid=t&skt=2026-11-24T06%3A00%3A00Z&"
	  "ske=2026-11-25T06%3A00%3A00Z&sks=b&skv=2021-12-02&spr=https&sv=2021-12-02&sr=d&sdd=2&"
	  "sig=Pm%2Fzr4lNlec5Jnw9hijo4p9i2wsF5lCDaHzgugpFGQ8%3D" },
	{ "w/t/x", true, true, false, VEND_READ,
	  "sp=r&se=2026-11-24T07%3A03%3A09Z&spr=https%2Chttp&sv=2021-12-02&sr=b&"
	  "sig=HzzknIMCmZ%2Bc8NHhmrWWv%2B85ofxlCdQ4qcwUMRmZ94E%3D" },
	{ NULL, false, false, false, VEND_READ,
	  "sp=rl&se=2026-11-24T07%3A03%3A09Z&spr=https&sv=2021-12-02&sr=c&"
	  "sig=KKcjv06Jeh0JQoYExfX%2FszJU85JNrbAdN%2Fhgu9jTkUw%3D" },
};

START_TEST(access_signatures)
{
	const struct azure_sas s = { .account = "acc",
				     .container = "lake",
				     .path = tokens[_i].path,
				     .is_blob = tokens[_i].is_blob,
				     .verbs = tokens[_i].verbs,
				     .expires_ms = WHEN,
				     .http = tokens[_i].http,
				     .account_key = KEY,
				     .delegation = tokens[_i].delegated ? &delegation : NULL };
	const char *token;

	ck_assert(!azure_sas_token(&cx, &s, &token));
	ck_assert_str_eq(token, tokens[_i].token);
}
END_TEST

/* --- objects ----------------------------------------------------------------------------- */

static bool head_has(int i, const char *text)
{
	return strcasestr(server.seen->heads[i], text) != NULL;
}

START_TEST(what_is_sent)
{
	const char *bytes;
	size_t n;

	ANSWERS(ANSWER("201 Created", ""), ANSWER("200 OK", "abc"), ANSWER("202 Accepted", ""));
	ck_assert_msg(!cloud_put(&cx, cloud, &storage,
				 "wasbs://lake@acc.blob.core.windows.net/w/a b%", "12345", 5),
		      "%s", cx.message);
	ck_assert(head_has(0, "PUT /acc/lake/w/a%20b%25 HTTP/1.1"));
	ck_assert(head_has(0, "\r\nx-ms-blob-type: BlockBlob\r\n") &&
		  head_has(0, "\r\nIf-None-Match: *\r\n"));
	ck_assert(head_has(0, "\r\nContent-Length: 5\r\n") &&
		  head_has(0, "\r\nAuthorization: SharedKey acc:"));
	ck_assert(!cloud_get(&cx, cloud, &storage, "abfss://lake@acc.dfs.core.windows.net/w/t",
			     &bytes, &n));
	ck_assert_str_eq(bytes, "abc");
	ck_assert(!cloud_remove(&cx, cloud, &storage, "az://lake@acc.dfs.core.windows.net/w/t"));
	ck_assert_int_eq(cloud_get(&cx, cloud, &storage,
				   "abfss://lake@other.dfs.core.windows.net/w/t", &bytes, &n),
			 INVALID);
	ck_assert_int_eq(server.seen->n, 3);
}
END_TEST

START_TEST(a_signature_and_a_token_instead_of_keys)
{
	const char *bytes;
	size_t n;

	ANSWERS(ANSWER("200 OK", "abc"));
	storage.sas_token = "?sp=r&sig=x";
	ck_assert(!cloud_get(&cx, cloud, &storage, "abfss://lake@acc/w/t", &bytes, &n));
	ck_assert(head_has(0, "GET /acc/lake/w/t?sp=r&sig=x HTTP/1.1") &&
		  !head_has(0, "Authorization"));
	storage.sas_token = storage.account_key = NULL;
	storage.access_token = "abc";
	ck_assert(!cloud_get(&cx, cloud, &storage, "abfss://lake@acc/w/t", &bytes, &n));
	ck_assert(head_has(1, "\r\nAuthorization: Bearer abc\r\n"));
	storage.access_token = NULL;
	ck_assert_int_eq(cloud_get(&cx, cloud, &storage, "abfss://lake@acc/w/t", &bytes, &n),
			 INVALID);
	ck_assert_int_eq(server.seen->n, 2);
}
END_TEST

static const struct {
	const char *answer;
	enum status status;
	const char *says;
} failures[] = {
	{ ERROR("404 X", "BlobNotFound"), NOT_FOUND, "BlobNotFound" },
	{ ERROR("404 X", "ContainerNotFound"), INVALID, "no such container" },
	{ ERROR("409 X", "BlobAlreadyExists"), EXISTS, "BlobAlreadyExists" },
	{ ERROR("412 X", "ConditionNotMet"), EXISTS, "ConditionNotMet" },
	{ ERROR("403 X", "AuthenticationFailed"), DENIED, "clock" },
	{ ERROR("403 X", "AuthorizationPermissionMismatch"), DENIED, "Storage Blob Data" },
	{ ERROR("403 X", "KeyBasedAuthenticationNotPermitted"), DENIED, "client's id" },
	{ ERROR("403 X", "Something &amp; else"), DENIED, "403" },
	{ ANSWER("403 X", "<html>"), DENIED, "403" },
	{ ANSWER("400 X", ""), INVALID, "400" },
};

START_TEST(failures_are_said)
{
	fake_start(&server, &failures[_i].answer, 1, 0);
	storage.endpoint = cx_printf(&cx, "http://127.0.0.1:%d", server.port);
	ck_assert_int_eq(cloud_put(&cx, cloud, &storage, "abfss://lake@acc/w/t", "x", 1),
			 failures[_i].status);
	ck_assert_msg(strstr(cx.message, failures[_i].says) != NULL, "%s", cx.message);
	ck_assert_int_eq(server.seen->n, 1);
}
END_TEST

/* A 500 may have written it: the second try finds it there, of our size. */
START_TEST(a_put_that_was_lost)
{
	ANSWERS(ANSWER("500 X", ""), ERROR("409 X", "BlobAlreadyExists"),
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
	ck_assert_msg(!cloud_put(&cx, cloud, &storage, "abfss://lake@acc/w/t", "12345", 5), "%s",
		      cx.message);
	ck_assert_int_eq(server.seen->n, 3);
	ck_assert(head_has(2, "HEAD /acc/lake/w/t"));
}
END_TEST

/* --- lists ------------------------------------------------------------------------------------ */

#define BLOB(name, type)                                                                           \
	"<Blob><Name>" name "</Name><Properties><Last-Modified>Tue, 24 Nov 2026 07:03:09 GMT"      \
	"</Last-Modified><Content-Length>7</Content-Length>" type "</Properties></Blob>"
#define PAGE(blobs, mark)                                                                          \
	ANSWER("200 OK", "\xef\xbb\xbf<?xml version=\"1.0\"?><EnumerationResults><Blobs>" blobs    \
			 "</Blobs><NextMarker>" mark "</NextMarker></EnumerationResults>")

START_TEST(lists_go_on_where_they_were)
{
	struct cloud_entry *e;
	bool more;
	size_t n;

	ANSWERS(PAGE(BLOB("w/t/a", "") BLOB("w/t/d", "<ResourceType>directory</ResourceType>"),
		     "m1"),
		PAGE(BLOB("w/t/d/b", "") BLOB("w/t/d/c", ""), "m2"), PAGE("", "m3"),
		PAGE(BLOB("w/t/e", ""), ""), PAGE(BLOB("w/t/a", ""), "m1"),
		PAGE(BLOB("w/t/d/b", ""), ""));
	ck_assert_msg(
		!cloud_list(&cx, cloud, &storage, "abfss://lake@acc/w/t", NULL, &e, &n, &more),
		"%s", cx.message);
	ck_assert(n == 1 && more);
	ck_assert_str_eq(e[0].location, "abfss://lake@acc/w/t/a");
	ck_assert(e[0].size == 7 && e[0].modified_ms == WHEN);
	ck_assert(head_has(
		0,
		"GET /acc/lake?restype=container&comp=list&maxresults=1000&prefix=w%2Ft%2F HTTP"));
	ck_assert(!cloud_list(&cx, cloud, &storage, "abfss://lake@acc/w/t", e[0].location, &e, &n,
			      &more));
	ck_assert(n == 2 && more && head_has(1, "&marker=m1 "));
	ck_assert(!cloud_list(&cx, cloud, &storage, "abfss://lake@acc/w/t", e[1].location, &e, &n,
			      &more));
	ck_assert(n == 1 && !more && head_has(3, "&marker=m3 "));
	ck_assert_str_eq(e[0].location, "abfss://lake@acc/w/t/e");
	/* entered in the middle by who did not read the beginning */
	ck_assert(!cloud_list(&cx, cloud, &storage, "abfss://lake@acc/w/t",
			      "abfss://lake@acc/w/t/a", &e, &n, &more));
	ck_assert(n == 1 && !head_has(4, "marker") && head_has(5, "&marker=m1 "));
	ck_assert_str_eq(e[0].location, "abfss://lake@acc/w/t/d/b");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("azure");
	TCase *tc = tcase_create("azure");
	SRunner *runner = srunner_create(suite);
	int bad;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, start, end);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, shared_key);
	tcase_add_loop_test(tc, access_signatures, 0, (int)ARRAY_SIZE(tokens));
	tcase_add_test(tc, what_is_sent);
	tcase_add_test(tc, a_signature_and_a_token_instead_of_keys);
	tcase_add_loop_test(tc, failures_are_said, 0, (int)ARRAY_SIZE(failures));
	tcase_add_test(tc, a_put_that_was_lost);
	tcase_add_test(tc, lists_go_on_where_they_were);
	srunner_run_all(runner, CK_NORMAL);
	bad = srunner_ntests_failed(runner);
	srunner_free(runner);
	return bad != 0;
}
