/* SPDX-License-Identifier: Apache-2.0 */
/* test_sign.c - which requests to S3 are signed for whom: nothing beside the table's own folder. */
#include "vending/sign.h"

#include "common/text.h"
#include "tests/unit/suite.h"

#define AT "http://s3.test:9000"
#define T AT "/b/w/t/"
#define ALL (VEND_READ | VEND_WRITE | VEND_DELETE)

static struct cx cx;
static const struct storage plain = { .scheme = "s3",
				      .root = "s3://b/w",
				      .bucket = "b",
				      .region = "us-east-1",
				      .endpoint = "http://s3.test:9000",
				      .path_style = true,
				      .access_key_id = "AKEXAMPLE",
				      .secret_access_key = "SKEXAMPLE" };
static const struct storage amazon = { .scheme = "s3",
				       .root = "s3://b/w",
				       .bucket = "b",
				       .region = "eu-west-1",
				       .access_key_id = "AKEXAMPLE",
				       .secret_access_key = "SKEXAMPLE",
				       .session_token = "STEXAMPLE" };

/* s3://b/w/t, and s3://other/data where `folders` is 2. */
static struct vend_scope scope(unsigned verbs, size_t folders)
{
	struct vend_scope out = { .n = folders, .verbs = verbs };

	ck_assert(!location_parse(&cx, "s3://b/w/t", &out.folders[0]));
	ck_assert(!location_parse(&cx, "s3://other/data", &out.folders[1]));
	return out;
}

static enum status try(const struct storage *s, unsigned verbs, const char *method, const char *uri,
		       const char *headers, const char *body, struct sign_answer *out)
{
	struct vend_scope sc = scope(verbs, 2);
	struct sign_request r = { .method = method, .uri = uri, .body = body };

	headers = headers ? headers : "{}";
	ck_assert(!json_parse(&cx, headers, strlen(headers), 8, &r.headers));
	return sign_request(&cx, s, &sc, &r, 1440938160000, out);
}

/* --- what is signed ------------------------------------------------------------------ */

static const struct good {
	const char *method, *uri, *headers, *body;
	unsigned verb;		/* the one it takes */
	const char *signed_uri; /* NULL = as it came */
} goods[] = {
	{ "GET", T "f.parquet", NULL, NULL, VEND_READ, NULL },
	{ "HEAD", T "f.parquet", NULL, NULL, VEND_READ, NULL },
	{ "GET", T "a/b/c", "{\"Range\":[\"bytes=0-1\"]}", NULL, VEND_READ, NULL },
	{ "GET", T "f?x-id=GetObject", NULL, NULL, VEND_READ, NULL },
	{ "GET", T "p=a%20b/f", NULL, NULL, VEND_READ, T "p%3Da%20b/f" },
	{ "GET", T "p=%2520/f", NULL, NULL, VEND_READ, T "p%3D%2520/f" },
	{ "GET", T "(x)!*'", NULL, NULL, VEND_READ, T "%28x%29%21%2A%27" },
	{ "GET", "http://S3.test:9000/b/w/t/f", NULL, NULL, VEND_READ, T "f" },
	{ "GET", AT "/other/data/x", NULL, NULL, VEND_READ, NULL },
	{ "GET", "http://b.s3.test:9000/w/t/f", NULL, NULL, VEND_READ, NULL },
	{ "GET", AT "/b?list-type=2&prefix=w%2Ft%2F&delimiter=%2F&max-keys=1000&encoding-type=url",
	  NULL, NULL, VEND_READ,
	  AT "/b?delimiter=%2F&encoding-type=url&list-type=2&max-keys=1000&prefix=w%2Ft%2F" },
	{ "GET", AT "/b/?prefix=w/t/data", NULL, NULL, VEND_READ, AT "/b/?prefix=w%2Ft%2Fdata" },
	{ "PUT", T "f", "{\"x-amz-content-sha256\":[\"UNSIGNED-PAYLOAD\"]}", "", VEND_WRITE, NULL },
	{ "PUT", T "f", "{\"X-Amz-Acl\":[\"private\"],\"Content-Type\":[\"a\",\"b\"]}", NULL,
	  VEND_WRITE, NULL },
	{ "PUT", T "f", "{\"x-amz-copy-source\":[\"/b/w/t/g%20h\"]}", NULL, VEND_WRITE, NULL },
	{ "PUT", T "f?partNumber=1&uploadId=abc", NULL, NULL, VEND_WRITE, NULL },
	{ "POST", T "f?uploads", NULL, NULL, VEND_WRITE, T "f?uploads=" },
	{ "POST", T "f?uploadId=abc", NULL, NULL, VEND_WRITE, NULL },
	{ "DELETE", T "f?uploadId=abc", NULL, NULL, VEND_WRITE, NULL },
	{ "DELETE", T "f", NULL, NULL, VEND_DELETE, NULL },
	{ "POST", AT "/b?delete", NULL,
	  "<?xml version=\"1.0\"?><Delete "
	  "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object>"
	  "<Key>w/t/a</Key></Object><Object><Key>w/t/b&amp;c</Key></Object><Quiet>true</Quiet></"
	  "Delete>",
	  VEND_DELETE, AT "/b?delete=" },
};

START_TEST(signed_requests)
{
	const struct good *g = &goods[_i];
	struct sign_answer a;

	ck_assert_msg(!try(&plain, ALL, g->method, g->uri, g->headers, g->body, &a), "%s %s: %s",
		      g->method, g->uri, cx.message);
	ck_assert_str_eq(a.uri, g->signed_uri ? g->signed_uri : g->uri);
	ck_assert(a.cacheable == (g->verb == VEND_READ));
	ck_assert_str_eq(a.headers[a.n_headers - 1].name, "Authorization");
	ck_assert(!try(&plain, VEND_READ | g->verb, g->method, g->uri, g->headers, g->body, &a));
	if (g->verb != VEND_READ)
		ck_assert_msg(try(&plain, ALL & ~g->verb, g->method, g->uri, g->headers, g->body,
				  &a) == DENIED,
			      "%s %s without its verb", g->method, g->uri);
	cx_free(&cx);
}
END_TEST

/* --- what is not ---------------------------------------------------------------------- */

#define DELETE_OF(xml) "POST", AT "/b?delete", NULL, "<Delete><Object>" xml "</Object></Delete>"

static const struct bad {
	const char *method, *uri, *headers, *body;
	enum status status;
} bads[] = {
	/* siblings and what is above */
	{ "GET", AT "/b/w/t2/f", NULL, NULL, DENIED },
	{ "GET", AT "/b/w/t", NULL, NULL, DENIED },
	{ "GET", AT "/b/w/tt/f", NULL, NULL, DENIED },
	{ "GET", AT "/b/w/f", NULL, NULL, DENIED },
	{ "GET", AT "/c/w/t/f", NULL, NULL, DENIED },
	{ "GET", AT "/b/other/data/f", NULL, NULL, DENIED },
	{ "GET", AT "/B/w/t/f", NULL, NULL, DENIED },
	{ "GET", AT "/b/W/t/f", NULL, NULL, DENIED },
	/* other ways to say so */
	{ "GET", T "../t2/f", NULL, NULL, DENIED },
	{ "GET", T "..", NULL, NULL, DENIED },
	{ "GET", T "./f", NULL, NULL, DENIED },
	{ "GET", T "%2e%2e/t2/f", NULL, NULL, DENIED },
	{ "GET", T "%252e%252e/t2/f", NULL, NULL, DENIED },
	{ "GET", T "%2e%2E%2ft2/f", NULL, NULL, DENIED },
	{ "GET", T "/f", NULL, NULL, DENIED },
	{ "GET", AT "//b/w/t/f", NULL, NULL, DENIED },
	{ "GET", AT "/b//w/t/f", NULL, NULL, DENIED },
	{ "GET", T "a%00b", NULL, NULL, INVALID },
	{ "GET", T "a%0ab", NULL, NULL, DENIED },
	{ "GET", T "a%zz", NULL, NULL, INVALID },
	{ "GET", T "a%ff", NULL, NULL, INVALID },
	{ "GET", T "a+b", NULL, NULL, INVALID },
	{ "GET", T "a\\..\\b", NULL, NULL, INVALID },
	{ "GET", T "f#/../../t2", NULL, NULL, INVALID },
	/* other servers */
	{ "GET", "http://evil.test/b/w/t/f", NULL, NULL, INVALID },
	{ "GET", "http://s3.test:9001/b/w/t/f", NULL, NULL, INVALID },
	{ "GET", "http://s3.test:9000@evil.test/b/w/t/f", NULL, NULL, INVALID },
	{ "GET", "http://x.s3.test:9000/w/t/f", NULL, NULL, INVALID },
	{ "GET", "http://b.evil.s3.test:9000/w/t/f", NULL, NULL, INVALID },
	{ "GET", "http://other.s3.test:9000/w/t/f", NULL, NULL, DENIED },
	{ "GET", "ftp://s3.test:9000/b/w/t/f", NULL, NULL, INVALID },
	{ "GET", "/b/w/t/f", NULL, NULL, INVALID },
	{ "GET", "", NULL, NULL, INVALID },
	{ "GET", AT, NULL, NULL, DENIED },
	/* lists */
	{ "GET", AT "/b", NULL, NULL, DENIED },
	{ "GET", AT "/b?list-type=2", NULL, NULL, DENIED },
	{ "GET", AT "/b?list-type=2&prefix=", NULL, NULL, DENIED },
	{ "GET", AT "/b?list-type=2&prefix=w/t", NULL, NULL, DENIED },
	{ "GET", AT "/b?list-type=2&prefix=w/t2/", NULL, NULL, DENIED },
	{ "GET", AT "/b?list-type=2&prefix=w/t/../t2/", NULL, NULL, DENIED },
	{ "GET", AT "/b?prefix=w/t/&prefix=w/t2/", NULL, NULL, INVALID },
	{ "GET", AT "/b?list-type=2&prefix=w/t/&versions", NULL, NULL, DENIED },
	{ "GET", AT "/b?uploads&prefix=w/t/", NULL, NULL, DENIED },
	{ "GET", AT "/b?location", NULL, NULL, DENIED },
	{ "GET", AT "/?prefix=w/t/", NULL, NULL, DENIED },
	{ "HEAD", AT "/b", NULL, NULL, DENIED },
	{ "PUT", AT "/b", NULL, NULL, DENIED },
	{ "DELETE", AT "/b", NULL, NULL, DENIED },
	{ "PUT", AT "/b?policy", NULL, NULL, DENIED },
	/* subresources, verbs and headers that are not plain */
	{ "GET", T "f?acl", NULL, NULL, DENIED },
	{ "PUT", T "f?acl", NULL, NULL, DENIED },
	{ "GET", T "f?versionId=1", NULL, NULL, DENIED },
	{ "DELETE", T "f?versionId=1", NULL, NULL, DENIED },
	{ "PUT", T "f?tagging", NULL, NULL, DENIED },
	{ "PUT", T "f?%61cl", NULL, NULL, DENIED },
	{ "POST", T "f?select&select-type=2", NULL, NULL, DENIED },
	{ "POST", T "f", NULL, NULL, DENIED },
	{ "PATCH", T "f", NULL, NULL, DENIED },
	{ "get", T "f", NULL, NULL, DENIED },
	{ "PUT", T "f", "{\"x-amz-acl\":[\"public-read\"]}", NULL, DENIED },
	{ "PUT", T "f", "{\"X-Amz-Grant-Read\":[\"id=1\"]}", NULL, DENIED },
	{ "PUT", T "f", "{\"x-amz-website-redirect-location\":[\"/\"]}", NULL, DENIED },
	{ "DELETE", T "f", "{\"x-amz-bypass-governance-retention\":[\"true\"]}", NULL, DENIED },
	{ "PUT", T "f", "{\"x-amz-meta-a\":[\"1\",\"2\"]}", NULL, INVALID },
	{ "PUT", T "f", "{\"x-amz-meta-a\":[\"1\\r\\nx-amz-acl: public-read\"]}", NULL, INVALID },
	{ "PUT", T "f", "{\"x-amz-acl\":[\"private\"],\"X-AMZ-ACL\":[\"public-read\"]}", NULL,
	  INVALID },
	{ "PUT", T "f", "{\"x-amz-content-sha256\":[\"STREAMING-AWS4-HMAC-SHA256-PAYLOAD\"]}", NULL,
	  INVALID },
	{ "PUT", T "f", "{\"x-amz-copy-source\":[\"/b/w/t2/g\"]}", NULL, DENIED },
	{ "PUT", T "f", "{\"x-amz-copy-source\":[\"b/w/t/../t2/g\"]}", NULL, DENIED },
	{ "PUT", T "f", "{\"x-amz-copy-source\":[\"b/w/t/%2e%2e/t2/g\"]}", NULL, DENIED },
	{ "PUT", T "f", "{\"x-amz-copy-source\":[\"b/w/t/g?versionId=1\"]}", NULL, DENIED },
	{ "PUT", T "f", "{\"x-amz-copy-source\":[\"arn:aws:s3:::x\"]}", NULL, DENIED },
	{ "GET", T "f", "{\"x-amz-copy-source\":[\"b/w/t/g\"]}", NULL, DENIED },
	/* deletions of many */
	{ "POST", AT "/b?delete", NULL, NULL, DENIED },
	{ "POST", AT "/b?delete", NULL, "", DENIED },
	{ "POST", AT "/b?delete", NULL, "<Delete></Delete>", INVALID },
	{ "POST", AT "/b?delete", NULL, "nothing", INVALID },
	{ DELETE_OF("<Key>w/t2/a</Key>"), DENIED },
	{ DELETE_OF("<Key>w/t/a</Key></Object><Object><Key>w/t2/a</Key>"), DENIED },
	{ DELETE_OF("<Key>w/t/../t2/a</Key>"), DENIED },
	{ DELETE_OF("<Key>w/t</Key>"), DENIED },
	{ DELETE_OF("<Key></Key>"), DENIED },
	{ DELETE_OF("<Key>w/t/a</Key><VersionId>1</VersionId>"), DENIED },
	{ DELETE_OF("<Key>w/t2/<!-- -->w/t/a</Key>"), INVALID },
	{ DELETE_OF("<Key><![CDATA[w/t/a]]></Key>"), INVALID },
	{ DELETE_OF("<Key>w/t2/<?x?>w/t/a</Key><?y?>"), INVALID },
	{ DELETE_OF("<Key>w/t2/<Key/>w/t/a</Key>"), DENIED },
	{ "POST", AT "/c?delete", NULL, "<Delete><Object><Key>w/t/a</Key></Object></Delete>",
	  DENIED },
	{ "POST", AT "/b?delete&versionId=1", NULL,
	  "<Delete><Object><Key>w/t/a</Key></Object></Delete>", DENIED },
	{ "POST", AT "/b?delete",
	  "{\"x-amz-content-sha256\":["
	  "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"]}",
	  "<Delete><Object><Key>w/t/a</Key></Object></Delete>", INVALID },
};

START_TEST(refused_requests)
{
	const struct bad *b = &bads[_i];
	struct sign_answer a;
	enum status s = try(&plain, ALL, b->method, b->uri, b->headers, b->body, &a);

	ck_assert_msg(s == b->status, "%s %s %s %s: %d, not %d: %s", b->method, b->uri,
		      b->headers ? b->headers : "", b->body ? b->body : "", s, b->status,
		      cx.message);
	ck_assert_ptr_null(strstr(cx.message, "EXAMPLE"));
	cx_free(&cx);
}
END_TEST

/* --- the signature itself --------------------------------------------------------------- */

static const char *header(const struct sign_answer *a, const char *name)
{
	for (size_t i = 0; i < a->n_headers; i++)
		if (text_same(a->headers[i].name, name))
			return a->headers[i].value;
	return NULL;
}

START_TEST(amazon_hosts)
{
	static const struct {
		const char *uri;
		enum status status;
	} hosts[] = {
		{ "https://s3.eu-west-1.amazonaws.com/b/w/t/f", OK },
		{ "https://b.s3.eu-west-1.amazonaws.com/w/t/f", OK },
		{ "https://b.s3.eu-west-1.amazonaws.com:443/w/t/f", OK },
		{ "https://b.s3.dualstack.eu-west-1.amazonaws.com/w/t/f", OK },
		{ "https://b.s3.us-east-1.amazonaws.com/w/t/f", INVALID },
		{ "https://b.s3.amazonaws.com/w/t/f", INVALID },
		{ "https://iam.amazonaws.com/b/w/t/f", INVALID },
		{ "https://sts.eu-west-1.amazonaws.com/b/w/t/f", INVALID },
		{ "https://b.s3.eu-west-1.amazonaws.com.evil.test/w/t/f", INVALID },
	};
	struct sign_answer a;

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		ck_assert_msg(try(&amazon, ALL, "GET", hosts[i].uri, NULL, NULL, &a) ==
				      hosts[i].status,
			      "%s: %s", hosts[i].uri, cx.message);
	cx_free(&cx);
}
END_TEST

START_TEST(headers_of_the_answer)
{
	struct sign_answer a;

	ck_assert(
		!try(&amazon, ALL, "PUT", "https://b.s3.eu-west-1.amazonaws.com/w/t/f",
		     "{\"x-amz-date\":[\"19700101T000000Z\"],\"x-amz-security-token\":[\"theirs\"],"
		     "\"x-amz-content-sha256\":[\"UNSIGNED-PAYLOAD\"],\"X-Amz-Meta-A\":[\"1\"],"
		     "\"User-Agent\":[\"x\"]}",
		     NULL, &a));
	ck_assert_str_eq(header(&a, "x-amz-date"), "20150830T123600Z");
	ck_assert_str_eq(header(&a, "x-amz-security-token"), "STEXAMPLE");
	ck_assert_ptr_null(header(&a, "x-amz-content-sha256")); /* theirs stays */
	ck_assert(text_starts(
		header(&a, "Authorization"),
		"AWS4-HMAC-SHA256 Credential=AKEXAMPLE/20150830/eu-west-1/s3/aws4_request, "
		"SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-meta-a;"
		"x-amz-security-token, Signature="));
	ck_assert(!try(&amazon, ALL, "GET", "https://b.s3.eu-west-1.amazonaws.com/w/t/f", NULL,
		       NULL, &a));
	ck_assert_str_eq(header(&a, "x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
	cx_free(&cx);
}
END_TEST

START_TEST(presigned)
{
	struct vend_scope sc = scope(VEND_READ, 2);
	const char *url;

	ck_assert(!sign_url(&cx, &plain, &sc, "s3a://b/w/t/a b", 60, 1440938160000, &url));
	ck_assert_msg(text_starts(url, AT "/b/w/t/a%20b?X-Amz-Algorithm=AWS4-HMAC-SHA256&"), "%s",
		      url);
	ck_assert(strstr(url, "X-Amz-Expires=60&"));
	ck_assert(!sign_url(&cx, &amazon, &sc, "s3://b/w/t/a", 60, 1440938160000, &url));
	ck_assert(text_starts(url, "https://b.s3.eu-west-1.amazonaws.com/w/t/a?"));
	ck_assert(strstr(url, "X-Amz-Security-Token=STEXAMPLE"));
	ck_assert(sign_url(&cx, &plain, &sc, "s3://b/w/t2/a", 60, 0, &url) == DENIED);
	ck_assert(sign_url(&cx, &plain, &sc, "s3://b/w/t", 60, 0, &url) == DENIED);
	ck_assert(sign_url(&cx, &plain, &sc, "s3://b", 60, 0, &url) == DENIED);
	ck_assert(sign_url(&cx, &plain, &sc, "s3://b/w/t/../t2/a", 60, 0, &url) == INVALID);
	ck_assert(sign_url(&cx, &plain, &sc, "gs://b/w/t/a", 60, 0, &url) == INVALID);
	cx_free(&cx);
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ signed_requests, ARRAY_SIZE(goods) },
		{ refused_requests, ARRAY_SIZE(bads) },
		{ amazon_hosts, 0 },
		{ headers_of_the_answer, 0 },
		{ presigned, 0 },
	};

	return run_suite("sign", tests, ARRAY_SIZE(tests));
}
