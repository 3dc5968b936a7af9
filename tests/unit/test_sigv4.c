/* SPDX-License-Identifier: Apache-2.0 */
/* test_sigv4.c - requests get the signatures AWS publishes for them. */
#include "vending/sigv4.h"

#include <check.h>
#include <strings.h>

#include "common/json.h"
#include "common/text.h"

static struct cx cx;
static struct json_object *cases;

static struct json_object *read_cases(void)
{
	const char *srcdir = getenv("srcdir");
	const char *path = cx_printf(&cx, "%s/tests/data/sigv4.json", srcdir ? srcdir : ".");
	char *text = cx_alloc(&cx, 1 << 20);
	struct json_object *all;
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		return NULL;
	n = fread(text, 1, 1 << 20, f);
	fclose(f);
	return json_parse(&cx, text, n, 16, &all) ? NULL : json_member(all, "cases");
}

static struct pair *pairs(struct json_object *o, const char *key, size_t *n)
{
	struct json_object *list = json_member(o, key);
	struct pair *out;

	*n = json_object_array_length(list);
	out = cx_array(&cx, *n, sizeof(*out));
	for (size_t i = 0; i < *n; i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		out[i].name = json_object_get_string(json_object_array_get_idx(one, 0));
		out[i].value = json_object_get_string(json_object_array_get_idx(one, 1));
	}
	return out;
}

static struct sigv4 request(struct json_object *o)
{
	struct sigv4 r = { .method = json_text(o, "method"),
			   .path = json_text(o, "path"),
			   .payload = json_text(o, "payload"),
			   .region = json_text(o, "region"),
			   .service = json_text(o, "service"),
			   .access_key_id = json_text(o, "access_key_id"),
			   .secret_access_key = json_text(o, "secret_access_key") };

	r.query = pairs(o, "query", &r.n_query);
	r.headers = pairs(o, "headers", &r.n_headers);
	ck_assert(text_untime(json_text(o, "time"), &r.now_ms));
	return r;
}

/* The suite's presigned requests sign no x-amz-date and no token header. */
static void keep_unsigned_headers(struct sigv4 *r)
{
	struct pair *kept = cx_array(&cx, r->n_headers, sizeof(*kept));
	size_t n = 0;

	for (size_t i = 0; i < r->n_headers; i++)
		if (strncasecmp(r->headers[i].name, "x-amz-", 6) != 0)
			kept[n++] = r->headers[i];
	r->headers = kept;
	r->n_headers = n;
}

START_TEST(header)
{
	struct json_object *o = json_object_array_get_idx(cases, (size_t)_i);
	struct sigv4 r = request(o);
	const char *authorization = sigv4_authorization(&cx, &r),
		   *signature = json_text(o, "signature");

	if (!signature)
		return;
	ck_assert_msg(text_ends(authorization, signature), "%s: %s\n%s", json_text(o, "name"),
		      authorization, sigv4_canonical_request(&cx, &r));
	ck_assert(
		text_starts(authorization, cx_printf(&cx, "AWS4-HMAC-SHA256 Credential=%s/%.8s/",
						     r.access_key_id, sigv4_time(&cx, r.now_ms))));
}
END_TEST

START_TEST(presigned)
{
	struct json_object *o = json_object_array_get_idx(cases, (size_t)_i);
	struct json_object *p = json_member(o, "presigned");
	struct sigv4 r = request(o);
	const char *query;

	if (!p)
		return;
	r.payload = json_text(p, "payload");
	keep_unsigned_headers(&r);
	query = sigv4_presign(&cx, &r, json_int(p, "expires_s", 0), json_text(p, "token"));
	ck_assert_msg(text_ends(query, json_text(p, "signature")), "%s: %s", json_text(o, "name"),
		      query);
}
END_TEST

/* The specification's steps of S3's "GET object" example. */
START_TEST(steps)
{
	static const struct pair headers[] = { { "Host", "examplebucket.s3.amazonaws.com" },
					       { "Range", " bytes=0-9 " },
					       { "x-amz-content-sha256", SIGV4_EMPTY },
					       { "X-Amz-Date", "20130524T000000Z" } };
	struct sigv4 r = { .method = "GET",
			   .path = "/test.txt",
			   .headers = headers,
			   .n_headers = 4,
			   .payload = SIGV4_EMPTY,
			   .region = "us-east-1",
			   .service = "s3",
			   .access_key_id = "AKIAIOSFODNN7EXAMPLE",
			   .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
			   .now_ms = 1369353600000 };
	const char *canonical = sigv4_canonical_request(&cx, &r);

	ck_assert_str_eq(canonical,
			 "GET\n/test.txt\n\nhost:examplebucket.s3.amazonaws.com\nrange:bytes=0-9\n"
			 "x-amz-content-sha256:" SIGV4_EMPTY "\nx-amz-date:20130524T000000Z\n\n"
			 "host;range;x-amz-content-sha256;x-amz-date\n" SIGV4_EMPTY);
	ck_assert_str_eq(sigv4_string_to_sign(&cx, &r, canonical),
			 "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
			 "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972");
}
END_TEST

START_TEST(encodes)
{
	static const struct pair query[] = {
		{ "b", "=&+ /~" }, { "a-b", "2" }, { "a", "2" }, { "a", "10" }
	};

	ck_assert_str_eq(sigv4_path(&cx, "/b/a b%=+~!(),'*;@$:/\xc3\xa9"),
			 "/b/a%20b%25%3D%2B~%21%28%29%2C%27%2A%3B%40%24%3A/%C3%A9");
	ck_assert_str_eq(sigv4_query(&cx, query, 4), "a=10&a=2&a-b=2&b=%3D%26%2B%20%2F~");
	ck_assert_str_eq(sigv4_query(&cx, NULL, 0), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sigv4");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed, n;

	cases = read_cases();
	if (!cases) {
		fprintf(stderr, "can't read tests/data/sigv4.json: %s\n", cx.message);
		return 1;
	}
	n = (int)json_object_array_length(cases);
	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, header, 0, n);
	tcase_add_loop_test(all, presigned, 0, n);
	tcase_add_test(all, steps);
	tcase_add_test(all, encodes);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	cx_free(&cx);
	return failed != 0 || n < 30;
}
