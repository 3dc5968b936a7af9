/* SPDX-License-Identifier: Apache-2.0 */
/* test_server.c - a responder as the web server sees it: bodies and answers. */
#include "tests/unit/sample.h"

static const char *error_member(const struct fcgi_answer *a, const char *name)
{
	struct json_object *v;

	ck_assert_msg(json_parse(&cx, a->body, a->body_len, 8, &v) == OK, "%s", a->body);
	return json_text(json_member(v, "error"), name);
}

/* --- bodies ------------------------------------------------------------------------- */

START_TEST(reads_a_body)
{
	struct fcgi_answer a = call("POST", "/body", "hello");

	ck_assert_int_eq(a.status, 200);
	ck_assert_ptr_nonnull(strstr(a.body, "\"length\":5"));
	ck_assert_str_eq(answer_value(&cx, &a, "Content-Type"), "application/json");
	ck_assert(text_is_uuid(answer_value(&cx, &a, "x-request-id")));
	ck_assert_str_eq(answer_value(&cx, &a, "X-Pangolin-No-Auth"), "true");
}
END_TEST

/* In records of every odd size, with and without CONTENT_LENGTH. */
START_TEST(reads_a_body_in_pieces)
{
	static const size_t steps[] = { 1, 7, 100, 4000, 8184, 8192, 50000 };
	char *body = cx_alloc(&cx, 60001);
	const char *params[] = { "REQUEST_METHOD=POST", "REQUEST_URI=/body", NULL, NULL };
	struct fcgi_answer a;

	for (size_t i = 0; i < 60000; i++)
		body[i] = (char)('a' + i % 26);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		size_t n = steps[i] < 10 ? 3000 : 60000;
		int fd = fcgi_connect(&responder);

		params[2] = _i ? cx_printf(&cx, "CONTENT_LENGTH=%zu", n) : NULL;
		fcgi_begin(&cx, fd, false, params);
		for (size_t at = 0; at < n; at += steps[i])
			fcgi_stdin(fd, body + at, n - at < steps[i] ? n - at : steps[i]);
		fcgi_stdin(fd, "", 0);
		a = fcgi_read_answer(&cx, fd);
		ck_assert_msg(a.status == 200, "step %zu: %d %s", steps[i], a.status, a.body);
		ck_assert_ptr_nonnull(strstr(a.body, cx_printf(&cx, "\"length\":%zu", n)));
	}
}
END_TEST

static struct fcgi_answer call_with_length(const char *length, const char *body, size_t n)
{
	const char *params[] = { "REQUEST_METHOD=POST", "REQUEST_URI=/body",
				 length ? cx_printf(&cx, "CONTENT_LENGTH=%s", length) : NULL,
				 NULL };
	int fd = fcgi_connect(&responder);

	fcgi_begin(&cx, fd, false, params);
	if (n)
		fcgi_stdin(fd, body, n);
	fcgi_stdin(fd, "", 0);
	return fcgi_read_answer(&cx, fd);
}

START_TEST(refuses_wrong_lengths)
{
	static const struct {
		const char *length;
		size_t sent;
		int status;
	} cases[] = {
		{ "10", 10, 200 },
		{ "10", 9, 400 },
		{ "10", 11, 400 },
		{ "0", 0, 200 },
		{ "", 5, 200 },
		{ "-1", 5, 400 },
		{ "1x", 5, 400 },
		{ "99999999999999999999999", 5, 400 },
		{ "100000", 100000, 200 },
		{ "100001", 100001, 413 },
		{ NULL, 100000, 200 },
		{ NULL, 100001, 413 },
		{ "9223372036854775807", 5, 413 },
		{ "3000000", 3000000, 413 },
		{ NULL, 3000000, 413 },
	};
	char *body = cx_alloc(&cx, 3000000);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fcgi_answer a = call_with_length(cases[i].length, body, cases[i].sent);

		ck_assert_msg(a.status == cases[i].status, "case %zu: %d, not %d: %s", i, a.status,
			      cases[i].status, a.body);
	}
}
END_TEST

START_TEST(a_slow_body_is_refused)
{
	const char *params[] = { "REQUEST_METHOD=POST", "REQUEST_URI=/body", "CONTENT_LENGTH=1000",
				 NULL };
	int fd = fcgi_connect(&responder);
	int64_t before = cx_monotonic_ms();
	struct fcgi_answer a;

	fcgi_begin(&cx, fd, false, params);
	for (int i = 0; i < 20; i++) { /* a byte each 50 ms: never silent for long */
		fcgi_stdin(fd, "x", 1);
		usleep(50000);
	}
	a = fcgi_read_answer(&cx, fd);
	ck_assert_int_eq(a.status, 408);
	ck_assert_str_eq(error_member(&a, "type"), "BadRequestException");
	ck_assert_int_lt(cx_monotonic_ms() - before, 3000);
	ck_assert_int_eq(call("POST", "/body", "hello").status, 200);
}
END_TEST

START_TEST(a_silent_body_is_refused)
{
	const char *params[] = { "REQUEST_METHOD=POST", "REQUEST_URI=/body", "CONTENT_LENGTH=1000",
				 NULL };
	int fd = fcgi_connect(&responder);
	int64_t before = cx_monotonic_ms();

	fcgi_begin(&cx, fd, false, params);
	fcgi_stdin(fd, "abc", 3);
	ck_assert_int_eq(fcgi_read_answer(&cx, fd).status, 408);
	ck_assert_int_lt(cx_monotonic_ms() - before, 3000);
}
END_TEST

/* A web server that goes away in the middle leaves the process as it was. */
START_TEST(survives_peers_that_leave)
{
	const char *params[] = { "REQUEST_METHOD=POST", "REQUEST_URI=/body", "CONTENT_LENGTH=1000",
				 NULL };
	const char *big[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/big", NULL };
	char c;
	int fd;

	for (int i = 0; i < 3; i++) {
		fd = fcgi_connect(&responder);
		close(fd);
		fd = fcgi_connect(&responder);
		fcgi_begin(&cx, fd, false, params);
		close(fd);
		fd = fcgi_connect(&responder);
		fcgi_begin(&cx, fd, false, params);
		fcgi_stdin(fd, "abc", 3);
		close(fd);
		fd = fcgi_connect(&responder);
		fcgi_begin(&cx, fd, false, big);
		fcgi_stdin(fd, "", 0);
		ck_assert_int_eq(read(fd, &c, 1), 1);
		close(fd);
		ck_assert_int_eq(call("POST", "/body", "hello").status, 200);
	}
	ck_assert_int_eq(kill(responder.pid, 0), 0);
}
END_TEST

START_TEST(survives_bytes_that_are_no_fastcgi)
{
	static const char junk[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	static const char long_params[] = "\1\4\0\1\377\377\0\0\177\377\377\377";
	int fd = fcgi_connect(&responder);

	ck_assert_int_gt(send(fd, junk, sizeof(junk), MSG_NOSIGNAL), 0);
	shutdown(fd, SHUT_WR);
	ck_assert_int_eq(fcgi_read_answer(&cx, fd).status, 0);
	fd = fcgi_connect(&responder);
	ck_assert_int_gt(send(fd, long_params, sizeof(long_params), MSG_NOSIGNAL), 0);
	shutdown(fd, SHUT_WR);
	ck_assert_int_eq(fcgi_read_answer(&cx, fd).status, 0);
	ck_assert_int_eq(call("POST", "/body", "hello").status, 200);
}
END_TEST

/* --- answers ------------------------------------------------------------------------ */

START_TEST(sends_a_big_answer)
{
	struct fcgi_answer a = call("GET", "/big", NULL);

	ck_assert_int_eq(a.status, 200);
	ck_assert_uint_eq(a.body_len, BIG + 11);
	ck_assert_str_eq(answer_value(&cx, &a, "Content-Length"), cx_printf(&cx, "%zu", BIG + 11));
	ck_assert_int_eq(strncmp(a.body, "{\"head\":\"abc", 12), 0);
	for (size_t i = 0; i < BIG; i++)
		if (a.body[9 + i] != (char)('a' + i % 23))
			ck_abort_msg("byte %zu", i);
	ck_assert_str_eq(a.body + BIG + 9, "\"}");
}
END_TEST

/* Around the sizes where a record or the small buffer ends. */
START_TEST(sends_answers_of_every_size)
{
	static const int around[] = { 0, 7168, 8192, 65528, 65535, 65536, 131056 };

	for (size_t i = 0; i < ARRAY_SIZE(around); i++) {
		for (int n = around[i] - 400; n < around[i] + 20; n += 3) {
			struct fcgi_answer a;

			if (n < 0)
				continue;
			a = call("GET", cx_printf(&cx, "/size/%d", n), NULL);
			ck_assert_int_eq(a.status, 200);
			ck_assert_uint_eq(a.body_len, (size_t)n);
			ck_assert_str_eq(answer_value(&cx, &a, "Content-Length"),
					 cx_printf(&cx, "%d", n));
			cx_reset(&cx);
		}
	}
}
END_TEST

START_TEST(a_reader_that_takes_its_time_gets_all)
{
	const char *big[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/big", NULL };
	int fd = fcgi_connect(&responder);
	struct fcgi_answer a;

	fcgi_begin(&cx, fd, false, big);
	fcgi_stdin(fd, "", 0);
	usleep(700000);
	a = fcgi_read_answer(&cx, fd);
	ck_assert_uint_eq(a.body_len, BIG + 11);
}
END_TEST

START_TEST(head_has_the_length_and_no_body)
{
	struct fcgi_answer a = call("HEAD", "/size/12345", NULL);

	ck_assert_int_eq(a.status, 200);
	ck_assert_uint_eq(a.body_len, 0);
	ck_assert_str_eq(answer_value(&cx, &a, "Content-Length"), "12345");
	a = call("HEAD", "/no/such/route", NULL);
	ck_assert_int_eq(a.status, 404);
	ck_assert_uint_eq(a.body_len, 0);
	a = call("HEAD", "/big", NULL); /* no route of its own */
	ck_assert_int_eq(a.status, 405);
}
END_TEST

START_TEST(no_content_has_no_length)
{
	struct fcgi_answer a = call("GET", "/nothing", NULL);

	ck_assert_int_eq(a.status, 204);
	ck_assert_ptr_null(answer_value(&cx, &a, "Content-Length"));
	ck_assert_ptr_null(answer_value(&cx, &a, "Content-Type"));
}
END_TEST

START_TEST(failures_are_json)
{
	static const struct {
		const char *method, *uri;
		int status;
	} cases[] = {
		{ "GET", "/no/such/route", 404 },
		{ "DELETE", "/big", 405 },
		{ "GET", "/size/x", 400 },
		{ "GET", "/size/%2e%2e", 400 },
		{ "GET", "/size/%00", 400 },
		{ "GET", "http://host/size/1", 400 },
		{ "GET", "*", 400 },
		{ "GET", "/forgotten", 500 },
		{ "GET", "/root", 403 },
		{ "BREW", "/big", 405 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fcgi_answer a = call(cases[i].method, cases[i].uri, NULL);

		ck_assert_msg(a.status == cases[i].status, "%s: %d", cases[i].uri, a.status);
		ck_assert_ptr_nonnull(error_member(&a, "message"));
		ck_assert_ptr_nonnull(error_member(&a, "type"));
		ck_assert_ptr_nonnull(answer_value(&cx, &a, "x-request-id"));
	}
}
END_TEST

START_TEST(preflight)
{
	const char *ui[] = { "HTTP_ORIGIN=https://ui", "HTTP_X_REQUEST_ID=mine", NULL };
	const char *evil[] = { "HTTP_ORIGIN=https://evil", NULL };
	struct fcgi_answer a = fcgi_call(&cx, &responder, "OPTIONS", "/big", ui, NULL);

	ck_assert_int_eq(a.status, 204);
	ck_assert_str_eq(answer_value(&cx, &a, "Access-Control-Allow-Origin"), "https://ui");
	ck_assert_ptr_nonnull(
		strstr(answer_value(&cx, &a, "Access-Control-Allow-Headers"), "x-pangolin-tenant"));
	ck_assert_str_eq(answer_value(&cx, &a, "Allow"), "GET, OPTIONS");
	ck_assert_str_eq(answer_value(&cx, &a, "x-request-id"), "mine");
	a = fcgi_call(&cx, &responder, "OPTIONS", "/big", evil, NULL);
	ck_assert_ptr_null(answer_value(&cx, &a, "Access-Control-Allow-Origin"));
	a = fcgi_call(&cx, &responder, "GET", "/no/such/route", ui, NULL);
	ck_assert_str_eq(answer_value(&cx, &a, "Access-Control-Allow-Origin"), "https://ui");
	ck_assert_int_eq(fcgi_call(&cx, &responder, "OPTIONS", "/nowhere", ui, NULL).status, 404);
}
END_TEST

START_TEST(no_auth_is_the_default_tenants_admin)
{
	struct fcgi_answer a = call("GET", "/who", NULL);
	const char *bearer[] = { "HTTP_AUTHORIZATION=Bearer x.y.z", NULL };
	const char *basic[] = { "HTTP_AUTHORIZATION=Basic cm9vdDpyb290", NULL };
	const char *key[] = { "HTTP_X_API_KEY=pgl_x", NULL };
	const char *far[] = { "REMOTE_ADDR=192.0.2.1", NULL };

	ck_assert_int_eq(a.status, 200);
	ck_assert_int_eq(fcgi_call(&cx, &responder, "GET", "/who", far, NULL).status, 403);
	ck_assert_str_eq(a.body, "{\"name\":\"tenant_admin\",\"tenant\":\"" NIL_UUID "\"}");
	ck_assert_int_eq(fcgi_call(&cx, &responder, "GET", "/who", bearer, NULL).status, 401);
	ck_assert_int_eq(fcgi_call(&cx, &responder, "GET", "/who", basic, NULL).status, 401);
	a = fcgi_call(&cx, &responder, "GET", "/who", key, NULL);
	ck_assert_int_eq(a.status, 401);
	ck_assert_ptr_nonnull(strstr(answer_value(&cx, &a, "WWW-Authenticate"), "Bearer"));
	/* a public route does not look at what is sent along */
	ck_assert_int_eq(fcgi_call(&cx, &responder, "GET", "/nothing", bearer, NULL).status, 204);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("server");
	TCase *tc = tcase_create("server");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, start, end);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, reads_a_body);
	tcase_add_loop_test(tc, reads_a_body_in_pieces, 0, 2);
	tcase_add_test(tc, refuses_wrong_lengths);
	tcase_add_test(tc, a_slow_body_is_refused);
	tcase_add_test(tc, a_silent_body_is_refused);
	tcase_add_test(tc, survives_peers_that_leave);
	tcase_add_test(tc, survives_bytes_that_are_no_fastcgi);
	tcase_add_test(tc, sends_a_big_answer);
	tcase_add_test(tc, sends_answers_of_every_size);
	tcase_add_test(tc, a_reader_that_takes_its_time_gets_all);
	tcase_add_test(tc, head_has_the_length_and_no_body);
	tcase_add_test(tc, no_content_has_no_length);
	tcase_add_test(tc, failures_are_json);
	tcase_add_test(tc, preflight);
	tcase_add_test(tc, no_auth_is_the_default_tenants_admin);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
