/* SPDX-License-Identifier: Apache-2.0 */
/* test_route.c - which path finds which route, and which paths are refused. */
#include "common/text.h"
#include "fcgi/route.h"

#include <check.h>

static enum status no_handler(struct request *rq)
{
	(void)rq;
	return OK;
}

#define R(method, pattern)                                                                         \
	{                                                                                          \
		method, pattern, MAY_READ, ON_SERVER, 0, no_handler, NULL                          \
	}

static const struct route iceberg[] = {
	R("GET", "/v1/config"),
	R("GET", "/v1/{}/namespaces"),
	R("POST", "/v1/{}/namespaces"),
	R("GET", "/v1/{}/namespaces/{}"),
	R("GET", "/v1/{}/namespaces/{}/tables/{}"),
	R("HEAD", "/v1/{}/namespaces/{}/tables/{}"),
	R("POST", "/v1/{}/tables/rename"),
};
static const struct route management[] = {
	R("POST", "/v1/oauth/tokens"),
	R("POST", "/v1/{}/oauth/tokens"),
	R("GET", "/api/v1/catalogs"),
	R("GET", "/api/v1/catalogs/{}"),
	R("GET", "/api/v1/catalogs/{}/merge-operations"),
	R("GET", "/.well-known/jwks.json"),
};
static const struct route_table iceberg_table = { "tables", iceberg, ARRAY_SIZE(iceberg) };
static const struct route_table management_table = { "admin", management, ARRAY_SIZE(management) };
static const struct route_table *const tables[] = { &iceberg_table, &management_table };

static const struct {
	const char *method, *path;
	enum status status;
	const char *pattern;  /* found */
	const char *segments; /* joined by '|' */
	const char *hint;
} cases[] = {
	{ "GET", "/v1/config", OK, "/v1/config", "", NULL },
	{ "GET", "/v1/c/namespaces", OK, "/v1/{}/namespaces", "c", NULL },
	{ "POST", "/v1/c/namespaces", OK, "/v1/{}/namespaces", "c", NULL },
	{ "GET", "/v1/c/namespaces/a%1Fb/tables/t", OK, "/v1/{}/namespaces/{}/tables/{}",
	  "c|a\x1f"
	  "b|t",
	  NULL },
	/* a slash and an escaped percent sign are data, and are decoded once */
	{ "GET", "/v1/c/namespaces/a%2Ftables%2Fb", OK, "/v1/{}/namespaces/{}", "c|a/tables/b",
	  NULL },
	{ "GET", "/v1/c/namespaces/a%252Fb", OK, "/v1/{}/namespaces/{}", "c|a%2Fb", NULL },
	/* a space as Java writes it; under /api/v1, and in the prefix, a plus is a plus */
	{ "GET", "/v1/c+c/namespaces/a+b%2Bc%20d", OK, "/v1/{}/namespaces/{}", "c+c|a b+c d",
	  NULL },
	{ "GET", "/api/v1/catalogs/a+b", OK, "/api/v1/catalogs/{}", "a+b", NULL },
	{ "GET", "/v1/c/namespaces/%C3%A4", OK, "/v1/{}/namespaces/{}", "c|\xc3\xa4", NULL },
	{ "GET", "/v1/c/namespaces/...", OK, "/v1/{}/namespaces/{}", "c|...", NULL },
	{ "HEAD", "/v1/c/namespaces/n/tables/t", OK, "/v1/{}/namespaces/{}/tables/{}", "c|n|t",
	  NULL },
	/* no route; a literal is literal, and a slash at the end is another address */
	{ "GET", "/", NOT_FOUND, NULL, NULL, NULL },
	{ "GET", "/v1", NOT_FOUND, NULL, NULL, NULL },
	{ "GET", "/v1/config/", NOT_FOUND, NULL, NULL, NULL },
	{ "GET", "/v1/namespaces", NOT_FOUND, NULL, NULL, NULL },
	{ "GET", "/v1/%63onfig", NOT_FOUND, NULL, NULL, NULL },
	{ "GET", "/V1/config", NOT_FOUND, NULL, NULL, NULL },
	{ "GET", "/v1/c/namespaces/", NOT_FOUND, NULL, NULL, NULL },
	{ "GET", "/v1/c/namespaces/n/views/v", NOT_FOUND, NULL, NULL, NULL },
	/* an empty name is a name under /api/v1 alone */
	{ "GET", "/api/v1/catalogs//merge-operations", OK, "/api/v1/catalogs/{}/merge-operations",
	  "", NULL },
	{ "GET", "/api/v1/catalogs/", OK, "/api/v1/catalogs/{}", "", NULL },
	{ "GET", "/v1//namespaces", INVALID, NULL, NULL, NULL },
	{ "GET", "//v1/config", INVALID, NULL, NULL, NULL },
	/* what no path may hold */
	{ "GET", "/v1/c/namespaces/.", INVALID, NULL, NULL, NULL },
	{ "GET", "/v1/c/namespaces/..", INVALID, NULL, NULL, NULL },
	{ "GET", "/v1/../v1/config", INVALID, NULL, NULL, NULL },
	{ "GET", "/v1/c/namespaces/%2e%2E", INVALID, NULL, NULL, NULL },
	{ "GET", "/v1/c/namespaces/%2e", INVALID, NULL, NULL, NULL },
	{ "GET", "/no/such/route/%2e%2e", INVALID, NULL, NULL, NULL },
	{ "GET", "/v1/c/namespaces/a%00b", INVALID, NULL, NULL, NULL },
	{ "GET", "/v1/c/namespaces/a%0Ab", INVALID, NULL, NULL, NULL },
	{ "GET", "/v1/c/namespaces/a%7F", INVALID, NULL, NULL, NULL },
	{ "GET", "/v1/c/namespaces/a%1E", INVALID, NULL, NULL, NULL },
	{ "GET", "/v1/c/namespaces/a%", INVALID, NULL, NULL, NULL },
	{ "GET", "/v1/c/namespaces/a%2", INVALID, NULL, NULL, NULL },
	{ "GET", "/v1/c/namespaces/a%zz", INVALID, NULL, NULL, NULL },
	{ "GET", "/v1/c/namespaces/%ff", INVALID, NULL, NULL, NULL },
	{ "GET", "/v1/c/namespaces/%C0%AF", INVALID, NULL, NULL, NULL },
	{ "GET", "/v1/c/namespaces/%ED%A0%80", INVALID, NULL, NULL, NULL },
	{ "GET", "/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3", INVALID,
	  NULL, NULL, NULL },
	/* clients whose base address is <host>/v1/<catalog> */
	{ "GET", "/v1/c/v1/config", OK, "/v1/config", "", "c" },
	{ "GET", "/v1/c/v1/namespaces", OK, "/v1/{}/namespaces", "c", "c" },
	{ "GET", "/v1/c/v1/c/namespaces", OK, "/v1/{}/namespaces", "c", "c" },
	{ "GET", "/v1/c/v1/namespaces/n/tables/t", OK, "/v1/{}/namespaces/{}/tables/{}", "c|n|t",
	  "c" },
	{ "GET", "/v1/a%20b/v1/a%20b/namespaces/n", OK, "/v1/{}/namespaces/{}", "a b|n", "a b" },
	{ "POST", "/v1/c/v1/oauth/tokens", OK, "/v1/{}/oauth/tokens", "c", "c" },
	{ "POST", "/v1/c/v1/tables/rename", OK, "/v1/{}/tables/rename", "c", "c" },
	{ "GET", "/v1/c/v1/nothing", NOT_FOUND, NULL, NULL, NULL },
	{ "GET", "/v1/c/v1", NOT_FOUND, NULL, NULL, NULL },
	{ "GET", "/.well-known/jwks.json", OK, "/.well-known/jwks.json", "", NULL },
};

START_TEST(finds)
{
	struct cx cx = { 0 };
	struct request rq = { .cx = &cx, .method = cases[_i].method, .path = cases[_i].path };
	struct text joined = text_open(&cx, 1000);
	enum status s = route_find(&rq, tables, ARRAY_SIZE(tables));

	ck_assert_msg(s == cases[_i].status, "%s: %d, not %d (%s)", cases[_i].path, s,
		      cases[_i].status, cx.message);
	ck_assert_int_eq(rq.answer.http, 0);
	if (s == OK) {
		ck_assert_str_eq(rq.route->pattern, cases[_i].pattern);
		ck_assert_str_eq(rq.route->method, cases[_i].method);
		for (size_t i = 0; i < rq.n_segments; i++)
			text_addf(&joined, "%s%s", i ? "|" : "", rq.segments[i]);
		ck_assert_str_eq(joined.s, cases[_i].segments);
		ck_assert_pstr_eq(rq.prefix_hint, cases[_i].hint);
	} else {
		ck_assert(*cx.message);
	}
	cx_free(&cx);
}
END_TEST

static const struct {
	const char *method, *path, *allow;
} wrong_methods[] = {
	{ "PUT", "/v1/config", "GET, OPTIONS" },
	{ "HEAD", "/v1/config", "GET, OPTIONS" }, /* no route falls back to another's method */
	{ "DELETE", "/v1/c/namespaces", "GET, POST, OPTIONS" },
	{ "OPTIONS", "/v1/c/namespaces/n/tables/t", "GET, HEAD, OPTIONS" },
	{ "PUT", "/v1/c/v1/namespaces", "GET, POST, OPTIONS" },
	{ "get", "/v1/config", "GET, OPTIONS" },
};

START_TEST(says_which_methods)
{
	struct cx cx = { 0 };
	struct request rq = { .cx = &cx,
			      .method = wrong_methods[_i].method,
			      .path = wrong_methods[_i].path };

	ck_assert_int_eq(route_find(&rq, tables, ARRAY_SIZE(tables)), NOT_FOUND);
	ck_assert_int_eq(rq.answer.http, 405);
	ck_assert_uint_eq(rq.answer.n_headers, 1);
	ck_assert_str_eq(rq.answer.headers[0].name, "Allow");
	ck_assert_str_eq(rq.answer.headers[0].value, wrong_methods[_i].allow);
	cx_free(&cx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("route");
	TCase *tc = tcase_create("route");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, finds, 0, (int)ARRAY_SIZE(cases));
	tcase_add_loop_test(tc, says_which_methods, 0, (int)ARRAY_SIZE(wrong_methods));
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
