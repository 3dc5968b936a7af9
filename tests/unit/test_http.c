/* SPDX-License-Identifier: Apache-2.0 */
/* test_http.c - what is read out of a request, and what goes into an answer. */
#include "common/text.h"
#include "fcgi/route.h"

#include <check.h>
#undef fail /* Check's old name for ck_abort_msg */

static struct cx cx;
static struct config config;
static struct responder rs;
static struct request rq;

static void setup(void)
{
	cx = (struct cx){ 0 };
	config = (struct config){ .max_json_depth = 16, .cors_allowed_origins = "*" };
	rs = (struct responder){ .family = "test", .config = &config };
	rq = (struct request){
		.cx = &cx, .rs = &rs, .method = "GET", .path = "/", .request_id = "r"
	};
}

static void teardown(void)
{
	cx_free(&cx);
}

/* --- requests ----------------------------------------------------------------- */

START_TEST(reads_parameters_and_headers)
{
	const char *env[] = { "REQUEST_METHOD=GET", "HTTP_X_API_KEY=k", "CONTENT_TYPE=a/b",
			      "X=", NULL };

	rq.env = env;
	ck_assert_str_eq(request_env(&rq, "REQUEST_METHOD"), "GET");
	ck_assert_str_eq(request_env(&rq, "X"), "");
	ck_assert_ptr_null(request_env(&rq, "REQUEST"));
	ck_assert_str_eq(request_header(&rq, "X-Api-Key"), "k");
	ck_assert_str_eq(request_header(&rq, "Content-Type"), "a/b");
	ck_assert_ptr_null(request_header(&rq, "authorization"));
}
END_TEST

static const struct {
	const char *uri;
	enum status status;
	const char *path, *query;
} uris[] = {
	{ "/a/b?c=d?e", OK, "/a/b", "c=d?e" },
	{ "/a", OK, "/a", "" },
	{ "/a?", OK, "/a", "" },
	{ "", INVALID, "", "" },
	{ "*", INVALID, "", "" },
	{ "http://host/a", INVALID, "", "" },
	{ "/a b", INVALID, "", "" },
	{ "/a\tb", INVALID, "", "" },
	{ "/a\x7f", INVALID, "", "" },
	{ "/a#b", INVALID, "", "" },
};

START_TEST(takes_the_address_apart)
{
	const char *env[] = { "REQUEST_METHOD=GET", cx_printf(&cx, "REQUEST_URI=%s", uris[_i].uri),
			      NULL };

	rq.env = env;
	ck_assert_int_eq(request_open(&rq), uris[_i].status);
	ck_assert_str_eq(rq.path, uris[_i].path);
	ck_assert_str_eq(rq.query, uris[_i].query);
	ck_assert(text_is_uuid(rq.request_id));
}
END_TEST

START_TEST(refuses_a_long_address)
{
	char *uri = cx_alloc(&cx, 20000);
	const char *env[] = { "REQUEST_METHOD=GET", NULL, NULL };

	memset(uri, '/', 19999);
	env[1] = cx_printf(&cx, "REQUEST_URI=%s", uri);
	rq.env = env;
	ck_assert_int_eq(request_open(&rq), INVALID);
}
END_TEST

static const struct {
	const char *given;
	bool kept;
} ids[] = {
	{ "abc-1.2_3", true }, { "a b", false },    { "", false },
	{ "a\"b", false },     { "a\r\nb", false },
};

START_TEST(keeps_a_sane_request_id)
{
	const char *env[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/",
			      cx_printf(&cx, "HTTP_X_REQUEST_ID=%s", ids[_i].given), NULL };

	rq.env = env;
	ck_assert_int_eq(request_open(&rq), OK);
	ck_assert_int_eq(strcmp(rq.request_id, ids[_i].given) == 0, ids[_i].kept);
}
END_TEST

static const struct {
	const char *trusted, *peer, *forwarded, *client;
} clients[] = {
	{ NULL, "10.0.0.1", "1.2.3.4", "10.0.0.1" },
	{ "10.0.0.2", "10.0.0.1", "1.2.3.4", "10.0.0.1" },
	{ "10.0.0.1", "10.0.0.1", "1.2.3.4", "1.2.3.4" },
	{ "10.0.0.1", "10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4" },
	{ "10.0.0.1,10.0.0.2", "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4" },
	{ "10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.1" },
	{ "10.0.0.1", "10.0.0.1", " , ", "10.0.0.1" },
};

START_TEST(believes_only_trusted_proxies)
{
	const char *env[] = { "REQUEST_METHOD=GET",
			      "REQUEST_URI=/",
			      "HTTP_HOST=inner:81",
			      "HTTP_X_FORWARDED_PROTO=https",
			      "HTTP_X_FORWARDED_HOST=outer",
			      cx_printf(&cx, "REMOTE_ADDR=%s", clients[_i].peer),
			      cx_printf(&cx, "HTTP_X_FORWARDED_FOR=%s", clients[_i].forwarded),
			      NULL };
	bool trusted = clients[_i].trusted && strstr(clients[_i].trusted, clients[_i].peer);

	config.trusted_proxies = clients[_i].trusted;
	rq.env = env;
	ck_assert_int_eq(request_open(&rq), OK);
	ck_assert_str_eq(rq.client_address, clients[_i].client);
	ck_assert_str_eq(request_base_url(&rq), trusted ? "https://outer" : "http://inner:81");
	config.public_url = "https://told";
	ck_assert_str_eq(request_base_url(&rq), "https://told");
}
END_TEST

START_TEST(an_agent_is_text_or_nothing)
{
	const char *env[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/", "HTTP_USER_AGENT=a/1", NULL };

	rq.env = env;
	ck_assert_int_eq(request_open(&rq), OK);
	ck_assert_str_eq(rq.user_agent, "a/1");
	env[2] = "HTTP_USER_AGENT=a\xff";
	ck_assert_int_eq(request_open(&rq), OK);
	ck_assert_ptr_null(rq.user_agent);
}
END_TEST

START_TEST(a_strange_host_is_not_repeated)
{
	const char *env[] = { "HTTP_HOST=a\"b/evil", NULL };

	rq.env = env;
	ck_assert_str_eq(request_base_url(&rq), "http://localhost");
}
END_TEST

static const struct {
	const char *query, *name, *value;
	enum status status;
} queries[] = {
	{ "a=1&b=2", "b", "2", OK },
	{ "a=1&b=2", "c", NULL, OK },
	{ "a", "a", "", OK },
	{ "&&a=b=c&", "a", "b=c", OK },
	{ "a=x%1Fy+z", "a", "x\x1fy z", OK },
	{ "a=1&a=2", "a", "1", OK },
	{ "%61=1", "a", "1", OK },
	{ "a=%zz", "a", NULL, INVALID },
	{ "a=%00", "a", NULL, INVALID },
	{ "x=%ff&a=1", "a", NULL, INVALID },
	{ "", "a", NULL, OK },
};

START_TEST(reads_queries)
{
	const char *value;

	rq.query = queries[_i].query;
	ck_assert_int_eq(request_query(&rq, queries[_i].name, &value), queries[_i].status);
	ck_assert_pstr_eq(value, queries[_i].value);
}
END_TEST

START_TEST(reads_forms)
{
	rq.body = "grant_type=client_credentials&client_secret=a%2Bb+c";
	rq.body_len = strlen(rq.body);
	ck_assert_int_eq(request_form(&rq), OK);
	ck_assert_str_eq(json_text(rq.json, "client_secret"), "a+b c");
	rq.body = "a=1&a=2";
	rq.body_len = strlen(rq.body);
	ck_assert_int_eq(request_form(&rq), INVALID);
}
END_TEST

static const struct {
	const char *body;
	bool optional;
	enum status status;
} bodies[] = {
	{ "{\"a\":1}", false, OK },
	{ "", true, OK },
	{ "", false, INVALID },
	{ "[1]", false, INVALID },
	{ "null", true, INVALID },
	{ "{\"a\":", false, INVALID },
	{ "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
	  "\"a\":"
	  "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}}",
	  false, INVALID },
};

START_TEST(reads_json)
{
	rq.body = bodies[_i].body;
	rq.body_len = strlen(rq.body);
	ck_assert_int_eq(request_json(&rq, bodies[_i].optional), bodies[_i].status);
}
END_TEST

/* --- answers ------------------------------------------------------------------ */

static const struct {
	enum status status;
	unsigned flags;
	int preset;
	const char *error_type;
	int http;
	const char *type;
} failures[] = {
	{ INVALID, 0, 0, NULL, 400, "BadRequestException" },
	{ UNAUTHENTICATED, 0, 0, NULL, 401, "NotAuthorizedException" },
	{ DENIED, NOUN_TABLE, 0, NULL, 403, "ForbiddenException" },
	{ NOT_FOUND, NOUN_TABLE, 0, NULL, 404, "NoSuchTableException" },
	{ NOT_FOUND, NOUN_VIEW, 0, NULL, 404, "NoSuchViewException" },
	{ NOT_FOUND, NOUN_NAMESPACE, 0, NULL, 404, "NoSuchNamespaceException" },
	{ NOT_FOUND, NOUN_TABLE, 0, "NoSuchNamespaceException", 404, "NoSuchNamespaceException" },
	{ NOT_FOUND, 0, 405, NULL, 405, "MethodNotAllowedException" },
	{ EXISTS, NOUN_TABLE, 0, NULL, 409, "AlreadyExistsException" },
	{ CONFLICT, NOUN_TABLE, 0, NULL, 409, "CommitFailedException" },
	{ CONFLICT, NOT_ICEBERG, 0, NULL, 409, "ConflictException" },
	{ CONFLICT, NOUN_NAMESPACE, 0, "NamespaceNotEmptyException", 409,
	  "NamespaceNotEmptyException" },
	{ UNSUPPORTED, 0, 0, NULL, 406, "UnsupportedOperationException" },
	{ TOO_LARGE, 0, 0, NULL, 413, "PayloadTooLargeException" },
	{ LIMITED, 0, 0, NULL, 429, "TooManyRequestsException" },
	{ UNAVAILABLE, 0, 0, NULL, 503, "ServiceUnavailableException" },
	{ UNKNOWN, NOUN_TABLE, 0, NULL, 500, "CommitStateUnknownException" },
	{ INTERNAL, 0, 0, NULL, 500, "InternalServerError" },
	{ INVALID, 0, 422, NULL, 422, "BadRequestException" },
};

START_TEST(failures_have_their_numbers)
{
	struct route route = { .flags = failures[_i].flags };
	struct json_object *v, *error;

	rq.route = &route;
	rq.error_type = failures[_i].error_type;
	rq.answer.http = failures[_i].preset;
	answer_part(&rq, "left over", 9);
	rq.answer.http = failures[_i].preset;
	(void)fail(&cx, failures[_i].status, "because \"%s\"", "x");
	answer_failure(&rq, failures[_i].status);
	ck_assert_int_eq(rq.answer.http, failures[_i].http);
	ck_assert_uint_eq(rq.answer.n_parts, 1);
	ck_assert_int_eq(json_parse(&cx, rq.answer.parts[0].bytes, rq.answer.parts[0].n, 8, &v),
			 OK);
	error = json_member(v, "error");
	ck_assert_str_eq(json_text(error, "type"), failures[_i].type);
	ck_assert_int_eq(json_int(error, "code", 0), failures[_i].http);
	if (failures[_i].status == INTERNAL)
		ck_assert_ptr_null(strstr(json_text(error, "message"), "because"));
	else
		ck_assert_str_eq(json_text(error, "message"), "because \"x\"");
}
END_TEST

static const char *head(void)
{
	size_t n;
	const char *s = answer_head(&rq, &n);

	ck_assert_uint_eq(n, strlen(s));
	return s;
}

START_TEST(heads_say_length_and_type)
{
	answer_part(&rq, "{\"a\":", 5);
	answer_part(&rq, "1}", 2);
	ck_assert_str_eq(head(), "Status: 200 OK\r\nContent-Type: application/json\r\n"
				 "Content-Length: 7\r\n\r\n");
	answer_empty(&rq, 204);
	ck_assert_str_eq(head(), "Status: 204 No Content\r\n\r\n");
	answer_empty(&rq, 200);
	ck_assert_str_eq(head(), "Status: 200 OK\r\nContent-Length: 0\r\n\r\n");
}
END_TEST

START_TEST(a_header_is_one_line)
{
	answer_header(&rq, "X", "a\r\nSet-Cookie: b");
	ck_assert_uint_eq(rq.answer.n_headers, 0);
}
END_TEST

static const struct {
	const char *origins, *origin, *method, *allowed;
	bool methods;
} cors[] = {
	{ "*", NULL, "GET", NULL, false },
	{ "*", "https://ui", "GET", "*", false },
	{ "*", "https://ui", "OPTIONS", "*", true },
	{ "https://other, https://ui", "https://ui", "GET", "https://ui", false },
	{ "https://other", "https://ui", "OPTIONS", NULL, false },
	{ "https://ui.example", "https://ui", "GET", NULL, false },
	{ "https://u", "https://ui", "GET", NULL, false },
};

START_TEST(cors_follows_the_list)
{
	const char *env[] = { "A=b", NULL, NULL };
	const char *s;

	if (cors[_i].origin)
		env[1] = cx_printf(&cx, "HTTP_ORIGIN=%s", cors[_i].origin);
	rq.env = env;
	rq.method = cors[_i].method;
	config.cors_allowed_origins = cors[_i].origins;
	answer_empty(&rq, 204);
	answer_common(&rq);
	s = head();
	ck_assert_ptr_nonnull(strstr(s, "x-request-id: r\r\n"));
	if (cors[_i].allowed)
		ck_assert_ptr_nonnull(
			strstr(s, cx_printf(&cx, "Access-Control-Allow-Origin: %s\r\n",
					    cors[_i].allowed)));
	else
		ck_assert_ptr_null(strstr(s, "Access-Control"));
	ck_assert_int_eq(strstr(s, "Access-Control-Allow-Methods") != NULL, cors[_i].methods);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http");
	TCase *tc = tcase_create("http");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reads_parameters_and_headers);
	tcase_add_loop_test(tc, takes_the_address_apart, 0, (int)ARRAY_SIZE(uris));
	tcase_add_test(tc, refuses_a_long_address);
	tcase_add_loop_test(tc, keeps_a_sane_request_id, 0, (int)ARRAY_SIZE(ids));
	tcase_add_loop_test(tc, believes_only_trusted_proxies, 0, (int)ARRAY_SIZE(clients));
	tcase_add_test(tc, a_strange_host_is_not_repeated);
	tcase_add_test(tc, an_agent_is_text_or_nothing);
	tcase_add_loop_test(tc, reads_queries, 0, (int)ARRAY_SIZE(queries));
	tcase_add_test(tc, reads_forms);
	tcase_add_loop_test(tc, reads_json, 0, (int)ARRAY_SIZE(bodies));
	tcase_add_loop_test(tc, failures_have_their_numbers, 0, (int)ARRAY_SIZE(failures));
	tcase_add_test(tc, heads_say_length_and_type);
	tcase_add_test(tc, a_header_is_one_line);
	tcase_add_loop_test(tc, cors_follows_the_list, 0, (int)ARRAY_SIZE(cors));
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
