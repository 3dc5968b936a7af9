/* SPDX-License-Identifier: Apache-2.0 */
/* test_google.c - boundaries, what is sent to Google's storage and token services, and what their answers mean. */
#include "vending/google.h"

#include <check.h>

#include "common/text.h"
#include "tests/unit/fake_server.h"

#undef fail

#define ANSWER(code, body) "HTTP/1.1 " code "\r\nConnection: close\r\n\r\n" body
#define ERROR(http, reason)                                                                        \
	ANSWER(http, "{\"error\":{\"code\":1,\"errors\":[{\"reason\":\"" reason "\"}]}}")

static struct cx cx;
static struct cloud *cloud;
static struct storage storage;
static struct fake_server server;

static void start(void)
{
	struct cloud_limits limits = { .object_max_bytes = 1000 };

	cx = (struct cx){ .deadline_ms = cx_monotonic_ms() + 10000 };
	server = (struct fake_server){ 0 };
	storage = (struct storage){
		.scheme = "gs", .root = "gs://lake/w", .bucket = "lake", .access_token = "abc"
	};
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
		storage.sts_endpoint = storage.endpoint;                                           \
	} while (0)

static bool head_has(int i, const char *text)
{
	return strcasestr(server.seen->heads[i], text) != NULL;
}

static const struct {
	unsigned verbs;
	const char *roles;
} boundaries[] = {
	{ VEND_READ, "[\"inRole:roles/storage.objectViewer\"]" },
	{ VEND_READ | VEND_DELETE, "[\"inRole:roles/storage.objectViewer\"]" },
	{ VEND_READ | VEND_WRITE,
	  "[\"inRole:roles/storage.objectViewer\",\"inRole:roles/storage.objectCreator\"]" },
	{ VEND_READ | VEND_WRITE | VEND_DELETE,
	  "[\"inRole:roles/storage.objectViewer\",\"inRole:roles/storage.objectUser\"]" },
};

START_TEST(a_boundary)
{
	struct vend_scope scope = { .n = 1, .verbs = boundaries[_i].verbs };

	ck_assert(!location_parse(&cx, "gcs://lake/w/it's", &scope.folders[0]));
	ck_assert_str_eq(
		google_boundary(&cx, &(struct storage){ 0 }, &scope),
		cx_printf(&cx,
			  "{\"accessBoundary\":{\"accessBoundaryRules\":[{\"availableResource\":"
			  "\"//storage.googleapis.com/projects/_/buckets/lake\","
			  "\"availablePermissions\":%s,\"availabilityCondition\":{\"expression\":"
			  "\"resource.name.startsWith('projects/_/buckets/lake/objects/w/"
			  "it\\\\u0027s/') || "
			  "api.getAttribute('storage.googleapis.com/objectListPrefix', '')"
			  ".startsWith('w/it\\\\u0027s/')\"}}]}}",
			  boundaries[_i].roles));
}
END_TEST

START_TEST(what_is_sent)
{
	const char *bytes;
	int64_t size;
	size_t n;

	ANSWERS(ANSWER("200 OK", "{}"), ANSWER("200 OK", "abc"), ANSWER("204 No Content", ""),
		ANSWER("200 OK", "{\"size\":\"7\"}"));
	ck_assert(!cloud_put(&cx, cloud, &storage, "gs://lake/w/a b%/c", "12345", 5));
	ck_assert(head_has(0, "POST /upload/storage/v1/b/lake/o?uploadType=media&ifGenerationMatch="
			      "0&fields=name&name=w%2Fa%20b%25%2Fc HTTP/1.1"));
	ck_assert(head_has(0, "\r\nAuthorization: Bearer abc\r\n") &&
		  head_has(0, "\r\nContent-Length: 5\r\n"));
	ck_assert(!cloud_get(&cx, cloud, &storage, "gs://lake/w/t", &bytes, &n));
	ck_assert(head_has(1, "GET /storage/v1/b/lake/o/w%2Ft?alt=media HTTP/1.1"));
	ck_assert_str_eq(bytes, "abc");
	ck_assert(!cloud_remove(&cx, cloud, &storage, "gs://lake/w/t"));
	ck_assert(head_has(2, "DELETE /storage/v1/b/lake/o/w%2Ft HTTP/1.1"));
	ck_assert(!cloud_stat(&cx, cloud, &storage, "gs://lake/w/t", &size) && size == 7);
}
END_TEST

static const struct {
	const char *answer;
	enum status status;
	const char *says;
} failures[] = {
	{ ERROR("412 X", "conditionNotMet"), EXISTS, "conditionNotMet" },
	{ ERROR("401 X", "authError"), DENIED, "time is over" },
	{ ERROR("403 X", "forbidden"), DENIED, "no role" },
	{ ERROR("403 X", "rateLimitExceeded"), UNAVAILABLE, "rateLimitExceeded" },
	{ ERROR("404 X", "notFound"), NOT_FOUND, "404 notFound" },
	{ ERROR("403 X", "<b>"), DENIED, "says 403" },
	{ ANSWER("403 X", "[1]"), DENIED, "403" },
	{ ANSWER("400 X", ""), INVALID, "400" },
};

START_TEST(failures_are_said)
{
	fake_start(&server, &failures[_i].answer, 1, 0);
	storage.endpoint = cx_printf(&cx, "http://127.0.0.1:%d", server.port);
	ck_assert_int_eq(cloud_put(&cx, cloud, &storage, "gs://lake/w/t", "x", 1),
			 failures[_i].status);
	ck_assert_msg(strstr(cx.message, failures[_i].says) != NULL, "%s", cx.message);
	ck_assert_ptr_null(strstr(cx.message, "abc"));
}
END_TEST

START_TEST(lists)
{
	struct cloud_entry *e;
	bool more;
	size_t n;

	ANSWERS(ANSWER("200 OK", "{\"items\":[{\"name\":\"w/t/a\",\"size\":\"7\",\"updated\":"
				 "\"2026-11-24T07:03:09.5Z\"}],\"nextPageToken\":\"x\"}"),
		ANSWER("200 OK", "{\"items\":[{\"name\":\"w/t/a\",\"size\":\"7\"},{\"name\":"
				 "\"w/t/b\",\"size\":\"8\"}]}"),
		ANSWER("200 OK", "{}"), ANSWER("200 OK", "nothing"));
	ck_assert(!cloud_list(&cx, cloud, &storage, "gs://lake/w/t", NULL, &e, &n, &more));
	ck_assert(n == 1 && more && e[0].size == 7 && e[0].modified_ms == 1795503789500);
	ck_assert(head_has(0, "GET /storage/v1/b/lake/o?prefix=w%2Ft%2F&maxResults=1000&fields="));
	ck_assert(!cloud_list(&cx, cloud, &storage, "gs://lake/w/t", e[0].location, &e, &n, &more));
	ck_assert(n == 1 && !more && head_has(1, "&startOffset=w%2Ft%2Fa HTTP"));
	ck_assert_str_eq(e[0].location, "gs://lake/w/t/b");
	ck_assert(!cloud_list(&cx, cloud, &storage, "gs://lake/w", NULL, &e, &n, &more) && !n);
	ck_assert_int_eq(cloud_list(&cx, cloud, &storage, "gs://lake/w", NULL, &e, &n, &more),
			 UNAVAILABLE);
}
END_TEST

/* It ends when the whole one does, whatever the answer says; what is refused is said without it. */
START_TEST(a_limited_token)
{
	struct access_token whole = { "whole-secret", cx_now_ms() + 60000 }, limited;

	ANSWERS(ANSWER("200 OK", "{\"access_token\":\"l\",\"expires_in\":3600}"),
		ANSWER("200 OK", "{\"access_token\":\"l\"}"),
		ANSWER("400 X",
		       "{\"error\":\"invalid_grant\",\"error_description\":\"whole-secret\"}"),
		ANSWER("200 OK", "{}"));
	for (int i = 0; i < 2; i++) {
		ck_assert(!google_downscope(&cx, cloud, &storage, &whole, "{}", &limited));
		ck_assert(text_same(limited.text, "l") && limited.expires_ms == whole.expires_ms);
		ck_assert(head_has(i, "POST /v1/token HTTP/1.1"));
	}
	ck_assert_int_eq(google_downscope(&cx, cloud, &storage, &whole, "{}", &limited), DENIED);
	ck_assert(strstr(cx.message, "invalid_grant") && !strstr(cx.message, "whole-secret"));
	ck_assert_int_eq(google_downscope(&cx, cloud, &storage, &whole, "{}", &limited),
			 UNAVAILABLE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("google");
	TCase *tc = tcase_create("google");
	SRunner *runner = srunner_create(suite);
	int bad;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, start, end);
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, a_boundary, 0, (int)ARRAY_SIZE(boundaries));
	tcase_add_test(tc, what_is_sent);
	tcase_add_loop_test(tc, failures_are_said, 0, (int)ARRAY_SIZE(failures));
	tcase_add_test(tc, lists);
	tcase_add_test(tc, a_limited_token);
	srunner_run_all(runner, CK_NORMAL);
	bad = srunner_ntests_failed(runner);
	srunner_free(runner);
	return bad != 0;
}
