/* SPDX-License-Identifier: Apache-2.0 */
/* test_s3.c - what is sent to S3, and what becomes of each way it can fail. */
#include "vending/cloud.h"

#include <check.h>
#include <unistd.h>

#include "common/text.h"
#include "tests/unit/fake_server.h"

#define ANSWER(code, body) "HTTP/1.1 " code "\r\nConnection: close\r\n\r\n" body
#define ERROR(code, error)                                                                         \
	ANSWER(code,                                                                               \
	       "<?xml version=\"1.0\"?><Error><Code>" error "</Code>"                              \
	       "<AWSAccessKeyId>AKEXAMPLE</AWSAccessKeyId><Message>SKEXAMPLE</Message></Error>")
#define SIZED(n) "HTTP/1.1 200 OK\r\nContent-Length: " n "\r\n\r\n"

static struct cx cx;
static struct cloud *cloud;
static struct fake_server server;
static struct storage storage;

static void open_cloud(bool refuse_loopback)
{
	struct cloud_limits limits = { .object_max_bytes = 1000,
				       .refuse_loopback = refuse_loopback };

	ck_assert(!cloud_open(&cx, &limits, &cloud));
}

static void setup(void)
{
	storage = (struct storage){ .scheme = "s3",
				    .root = "s3://b/w",
				    .bucket = "b",
				    .region = "us-east-1",
				    .path_style = true,
				    .access_key_id = "AKEXAMPLE",
				    .secret_access_key = "SKEXAMPLE" };
	cx.deadline_ms = cx_monotonic_ms() + 20000;
	open_cloud(false);
}

static void teardown(void)
{
	fake_stop(&server);
	cloud_close(cloud);
	cx_free(&cx);
}

static void answers_slowly(const char *const *list, size_t n, int delay_ms)
{
	fake_start(&server, list, n, delay_ms);
	storage.endpoint = cx_printf(&cx, "http://127.0.0.1:%d", server.port);
}
#define ANSWERS(...)                                                                               \
	do {                                                                                       \
		static const char *const list[] = { __VA_ARGS__ };                                 \
		answers_slowly(list, ARRAY_SIZE(list), 0);                                         \
	} while (0)

/* How many requests came, and the head of one. */
static int seen(void)
{
	return server.seen->n;
}

static bool head_has(int i, const char *text)
{
	return strcasestr(server.seen->heads[i], text) != NULL;
}

static enum status put(void)
{
	return cloud_put(&cx, cloud, &storage, "s3://b/w/t", "12345", 5);
}

static enum status get(const char **bytes, size_t *n)
{
	return cloud_get(&cx, cloud, &storage, "s3://b/w/t", bytes, n);
}

/* --- puts -------------------------------------------------------------------- */

static const struct {
	const char *name, *answers[6];
	enum status status;
	int requests;
	const char *last; /* request line */
} puts_[] = {
	{ "plain", { ANSWER("200 OK", "") }, OK, 1, "PUT /b/w/t " },
	{ "after 500", { ANSWER("500 X", ""), ANSWER("200 OK", "") }, OK, 2, "PUT " },
	{ "after 503 and 429",
	  { ERROR("503 X", "SlowDown"), ANSWER("429 X", ""), ANSWER("200 OK", "") },
	  OK,
	  3,
	  "PUT " },
	{ "after a closed connection", { FAKE_CLOSE, ANSWER("200 OK", "") }, OK, 2, "PUT " },
	{ "after half an answer",
	  { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nabc",
	    ANSWER("200 OK", "") },
	  OK,
	  2,
	  "PUT " },
	{ "after no HTTP at all",
	  { "ha ha Connection: close\r\n\r\n", ANSWER("200 OK", "") },
	  OK,
	  2,
	  "PUT " },
	{ "while another writes",
	  { ERROR("409 X", "ConditionalRequestConflict"), ANSWER("200 OK", "") },
	  OK,
	  2,
	  "PUT " },
	{ "there already", { ERROR("412 X", "PreconditionFailed") }, EXISTS, 1, "PUT " },
	{ "its answer was lost",
	  { FAKE_CLOSE, ERROR("412 X", "PreconditionFailed"), SIZED("5") },
	  OK,
	  3,
	  "HEAD /b/w/t " },
	{ "its answer was a 500",
	  { ANSWER("500 X", ""), ANSWER("412 X", ""), SIZED("5") },
	  OK,
	  3,
	  "HEAD " },
	{ "another's, of another size",
	  { FAKE_CLOSE, ANSWER("412 X", ""), SIZED("6") },
	  EXISTS,
	  3,
	  "HEAD " },
	{ "another's, gone again",
	  { FAKE_CLOSE, ANSWER("412 X", ""), ANSWER("404 X", "") },
	  EXISTS,
	  3,
	  "HEAD " },
	{ "never",
	  { ANSWER("500 X", ""), ANSWER("500 X", ""), ANSWER("500 X", ""), ANSWER("500 X", ""),
	    ANSWER("204 X", "") },
	  UNAVAILABLE,
	  5,
	  "DELETE /b/w/t " },
	{ "wrong key", { ERROR("403 X", "SignatureDoesNotMatch") }, DENIED, 1, "PUT " },
	{ "old token", { ERROR("400 X", "ExpiredToken") }, DENIED, 1, "PUT " },
	{ "no bucket", { ERROR("404 X", "NoSuchBucket") }, INVALID, 1, "PUT " },
	{ "elsewhere",
	  { "HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n" },
	  INVALID,
	  1,
	  "PUT " },
};

START_TEST(puts_once)
{
	size_t n = 0;

	while (n < 6 && puts_[_i].answers[n])
		n++;
	answers_slowly(puts_[_i].answers, n, 0);
	ck_assert_msg(put() == puts_[_i].status, "%s: %s", puts_[_i].name, cx.message);
	ck_assert_msg(seen() == puts_[_i].requests, "%s: %d requests", puts_[_i].name, seen());
	ck_assert_msg(text_starts(server.seen->heads[seen() - 1], puts_[_i].last), "%s: %s",
		      puts_[_i].name, server.seen->heads[seen() - 1]);
	ck_assert_uint_eq(cloud_counts(cloud)->requests, (unsigned)seen());
	ck_assert(head_has(0, "\r\nIf-None-Match: *\r\n"));
	ck_assert_uint_eq(server.seen->body_bytes[0], 5);
	ck_assert_ptr_null(strstr(cx.message, "EXAMPLE"));
}
END_TEST

/* libcurl itself sends again where a kept connection breaks.  The first one was
 * heard: what looks like another's object is our own. */
START_TEST(counts_libcurls_own_retry)
{
	const char *bytes;
	size_t n;

	ANSWERS("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", FAKE_CLOSE, ANSWER("412 X", ""),
		SIZED("5"));
	ck_assert(!get(&bytes, &n));
	ck_assert_msg(!put(), "%s", cx.message);
	ck_assert_int_eq(seen(), 4);
	ck_assert_uint_eq(cloud_counts(cloud)->requests, 4);
}
END_TEST

START_TEST(puts_many_at_once)
{
	static const char *const list[] = { ANSWER("200 OK", "") };
	struct cloud_object objects[48];
	int64_t start;

	answers_slowly(list, 1, 100);
	for (int i = 0; i < 48; i++)
		objects[i] = (struct cloud_object){ cx_printf(&cx, "s3://b/w/%d", i), "x", 1 };
	start = cx_monotonic_ms();
	ck_assert_msg(!cloud_put_all(&cx, cloud, &storage, objects, 48), "%s", cx.message);
	/* three rounds of sixteen, where one after another is 4.8 s */
	ck_assert_int_ge(cx_monotonic_ms() - start, 300);
	ck_assert_int_lt(cx_monotonic_ms() - start, 2500);
	ck_assert_int_eq(seen(), 48);
	ck_assert_uint_eq(cloud_counts(cloud)->puts, 48);
}
END_TEST

START_TEST(takes_back_what_was_put)
{
	static const char *const list[] = { ANSWER("200 OK", ""), ANSWER("200 OK", ""),
					    ERROR("403 X", "AccessDenied"), ANSWER("204 X", "") };
	struct cloud_object objects[3] = { { "s3://b/w/1", "x", 1 },
					   { "s3://b/w/2", "x", 1 },
					   { "s3://b/w/3", "x", 1 } };
	int deletes = 0;

	answers_slowly(list, ARRAY_SIZE(list), 0);
	ck_assert_int_eq(cloud_put_all(&cx, cloud, &storage, objects, 3), DENIED);
	ck_assert_ptr_nonnull(strstr(cx.message, "AccessDenied"));
	for (int i = 0; i < seen(); i++)
		deletes += text_starts(server.seen->heads[i], "DELETE ");
	ck_assert_int_eq(deletes, 2);
}
END_TEST

/* --- reads -------------------------------------------------------------------- */

static const struct {
	const char *name, *answers[3];
	enum status status;
	const char *says;
	int requests;
} gets[] = {
	{ "plain", { ANSWER("200 OK", "hello") }, OK, NULL, 1 },
	{ "chunked",
	  { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" },
	  OK,
	  NULL,
	  1 },
	{ "cut short",
	  { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhel",
	    ANSWER("200 OK", "hello") },
	  OK,
	  NULL,
	  2 },
	{ "after 502",
	  { ANSWER("502 X", "oh no, a long answer from a proxy"), ANSWER("200 OK", "hello") },
	  OK,
	  NULL,
	  2 },
	{ "no key", { ERROR("404 X", "NoSuchKey") }, NOT_FOUND, "NoSuchKey", 1 },
	{ "no bucket", { ERROR("404 X", "NoSuchBucket") }, INVALID, "NoSuchBucket", 1 },
	{ "no rights", { ERROR("403 X", "AccessDenied") }, DENIED, "403 AccessDenied", 1 },
	{ "an odd code", { ERROR("403 X", "A&lt;b&gt; c") }, DENIED, "403", 1 },
	{ "another region",
	  { ERROR("301 X", "PermanentRedirect") },
	  INVALID,
	  "PermanentRedirect",
	  1 },
	{ "another place",
	  { "HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n" },
	  UNAVAILABLE,
	  "302",
	  1 },
};

START_TEST(reads)
{
	const char *bytes;
	size_t n = 0;

	while (n < 3 && gets[_i].answers[n])
		n++;
	answers_slowly(gets[_i].answers, n, 0);
	ck_assert_msg(get(&bytes, &n) == gets[_i].status, "%s: %s", gets[_i].name, cx.message);
	ck_assert_int_eq(seen(), gets[_i].requests);
	if (!gets[_i].status) {
		ck_assert_uint_eq(n, 5);
		ck_assert_str_eq(bytes, "hello");
		return;
	}
	ck_assert_msg(strstr(cx.message, gets[_i].says) != NULL, "%s: %s", gets[_i].name,
		      cx.message);
	ck_assert_ptr_null(strchr(cx.message, '<'));
	ck_assert_ptr_null(strstr(cx.message, "EXAMPLE"));
}
END_TEST

START_TEST(reads_only_so_much)
{
	static char answer[3000] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
	const char *list[] = { answer }, *bytes;
	size_t n, head = strlen(answer);

	memset(answer + head, 'x', 1001);
	answers_slowly(list, 1, 0);
	ck_assert_int_eq(get(&bytes, &n), TOO_LARGE);
	ck_assert_int_eq(seen(), 1);
	fake_stop(&server);
	answer[head + 1000] = '\0';
	answers_slowly(list, 1, 0);
	ck_assert(!get(&bytes, &n));
	ck_assert_uint_eq(n, 1000);
}
END_TEST

START_TEST(stats_and_removes)
{
	const char *const at[] = { "s3://b/w/t", "s3://b/w/u" };
	enum status each[2];
	int64_t size;

	ANSWERS(ANSWER("404 X", ""), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
	ck_assert(!cloud_stat_all(&cx, cloud, &storage, at, 2, each));
	ck_assert_int_eq(each[0] + each[1], OK + NOT_FOUND);
	fake_stop(&server);
	ANSWERS("HTTP/1.1 200 OK\r\nContent-Length: 12345678901\r\n\r\n", ANSWER("404 X", ""),
		ANSWER("403 X", ""), ANSWER("204 X", ""), ANSWER("404 X", ""),
		ERROR("403 X", "AccessDenied"));
	ck_assert(!cloud_stat(&cx, cloud, &storage, "s3://b/w/t", &size));
	ck_assert_int_eq(size, 12345678901);
	ck_assert_int_eq(cloud_stat(&cx, cloud, &storage, "s3://b/w/t", &size), NOT_FOUND);
	ck_assert_int_eq(cloud_stat(&cx, cloud, &storage, "s3://b/w/t", &size), DENIED);
	ck_assert(!cloud_remove(&cx, cloud, &storage, "s3://b/w/t"));
	ck_assert(!cloud_remove(&cx, cloud, &storage, "s3://b/w/t"));
	ck_assert_int_eq(cloud_remove(&cx, cloud, &storage, "s3://b/w/t"), DENIED);
}
END_TEST

/* --- how it is addressed --------------------------------------------------------- */

START_TEST(by_path)
{
	const char *bytes;
	size_t n;

	ANSWERS(ANSWER("200 OK", ""));
	storage.session_token = "TOKEN";
	ck_assert(!cloud_get(&cx, cloud, &storage, "s3a://b/w/a b%=+~!(),'\xc3\xa9", &bytes, &n));
	ck_assert(head_has(0, "GET /b/w/a%20b%25%3D%2B~%21%28%29%2C%27%C3%A9 HTTP/1.1\r\n"));
	ck_assert(head_has(0, cx_printf(&cx, "\r\nHost: 127.0.0.1:%d\r\n", server.port)));
	ck_assert(head_has(0, "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKEXAMPLE/"));
	ck_assert(head_has(
		0, "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"));
	ck_assert(head_has(0, "\r\nx-amz-security-token: TOKEN\r\n"));
	ck_assert(!head_has(0, "\r\nAccept:"));
	ck_assert(!head_has(0, "\r\nUser-Agent:"));
}
END_TEST

START_TEST(by_virtual_host)
{
	const char *bytes;
	size_t n;

	ANSWERS(ANSWER("200 OK", ""));
	storage.path_style = false;
	storage.endpoint = cx_printf(&cx, "http://s3.localhost:%d", server.port);
	ck_assert_msg(!get(&bytes, &n), "%s", cx.message);
	ck_assert(head_has(0, "GET /w/t HTTP/1.1\r\n"));
	ck_assert(head_has(0, cx_printf(&cx, "\r\nHost: b.s3.localhost:%d\r\n", server.port)));
}
END_TEST

START_TEST(without_keys)
{
	const char *bytes;
	size_t n;

	ANSWERS(ANSWER("200 OK", ""));
	storage.access_key_id = storage.secret_access_key = NULL;
	ck_assert_int_eq(get(&bytes, &n), INVALID);
	ck_assert_int_eq(put(), INVALID);
	ck_assert_int_eq(seen(), 0);
}
END_TEST

static const char *const forbidden[] = { "http://169.254.169.254", "http://[fe80::1]:80",
					 "http://0.0.0.0:80", "http://[::ffff:169.254.169.254]" };

START_TEST(talks_to_no_metadata_service)
{
	int64_t start = cx_monotonic_ms();
	const char *bytes;
	size_t n;

	storage.endpoint = forbidden[_i];
	ck_assert_int_eq(get(&bytes, &n), DENIED);
	ck_assert_ptr_nonnull(strstr(cx.message, "address"));
	ck_assert_int_lt(cx_monotonic_ms() - start, 1000);
}
END_TEST

START_TEST(loopback_may_be_refused)
{
	const char *bytes;
	size_t n;

	ANSWERS(ANSWER("200 OK", ""));
	cloud_close(cloud);
	open_cloud(true);
	ck_assert_int_eq(get(&bytes, &n), DENIED);
	storage.endpoint = cx_printf(&cx, "http://localhost:%d", server.port);
	ck_assert_int_eq(get(&bytes, &n), DENIED);
	ck_assert_int_eq(seen(), 0);
}
END_TEST

START_TEST(heeds_no_proxy)
{
	const char *bytes;
	size_t n;

	ck_assert(!setenv("http_proxy", "http://127.0.0.1:1", 1));
	ck_assert(!setenv("ALL_PROXY", "http://127.0.0.1:1", 1));
	ANSWERS(ANSWER("200 OK", ""));
	ck_assert_msg(!get(&bytes, &n), "%s", cx.message);
}
END_TEST

/* --- time -------------------------------------------------------------------------- */

START_TEST(keeps_the_deadline)
{
	int64_t start = cx_monotonic_ms(), took;
	const char *bytes;
	size_t n;

	ANSWERS(FAKE_SILENCE);
	cx.deadline_ms = start + 400;
	ck_assert_int_eq(get(&bytes, &n), UNAVAILABLE);
	took = cx_monotonic_ms() - start;
	ck_assert_int_ge(took, 390);
	ck_assert_int_lt(took, 700);
	ck_assert_int_eq(put(), UNAVAILABLE); /* nothing is left: nothing is sent */
	ck_assert_int_eq(seen(), 1);
}
END_TEST

START_TEST(keeps_the_deadline_while_it_pauses)
{
	int64_t start = cx_monotonic_ms();
	const char *bytes;
	size_t n;

	ANSWERS("HTTP/1.1 503 X\r\nRetry-After: 4\r\nContent-Length: 0\r\n\r\n");
	cx.deadline_ms = start + 1000;
	ck_assert_int_eq(get(&bytes, &n), UNAVAILABLE);
	ck_assert_int_lt(cx_monotonic_ms() - start, 1100);
	ck_assert_int_eq(seen(), 1);
}
END_TEST

START_TEST(pauses_as_asked)
{
	int64_t start = cx_monotonic_ms();
	const char *bytes;
	size_t n;

	ANSWERS("HTTP/1.1 503 X\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
		ANSWER("200 OK", ""));
	ck_assert(!get(&bytes, &n));
	ck_assert_int_ge(cx_monotonic_ms() - start, 1000);
}
END_TEST

START_TEST(nobody_listens)
{
	const char *bytes;
	size_t n;

	storage.endpoint = "http://127.0.0.1:1";
	ck_assert_int_eq(get(&bytes, &n), UNAVAILABLE);
	ck_assert_uint_eq(cloud_counts(cloud)->requests, 4);
	storage.endpoint = "http://no.such.host.invalid";
	ck_assert_int_eq(get(&bytes, &n), UNAVAILABLE);
}
END_TEST

START_TEST(keeps_connections)
{
	const char *bytes;
	size_t n;

	ANSWERS("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
	for (int i = 0; i < 20; i++)
		ck_assert(!get(&bytes, &n));
	ck_assert_int_eq(seen(), 20);
}
END_TEST

/* --- lists --------------------------------------------------------------------------- */

#define LIST(body)                                                                                 \
	ANSWER("200 OK",                                                                           \
	       "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"                                        \
	       "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" body         \
	       "</ListBucketResult>")
#define ENTRY(key)                                                                                 \
	"<Contents><Key>" key "</Key><LastModified>2026-11-24T07:03:09.123Z</LastModified>"        \
	"<ETag>&quot;x&quot;</ETag><Size>42</Size><Owner><ID>o</ID></Owner></Contents>"

START_TEST(lists)
{
	struct cloud_entry *entries;
	size_t n;
	bool more;

	ANSWERS(LIST("<EncodingType>url</EncodingType><Prefix>w/t/</Prefix><IsTruncated>true</"
		     "IsTruncated>" ENTRY("w/t/a+b%2B%25%C3%A9")
			     ENTRY("w/t/c") "<CommonPrefixes><Prefix>z</Prefix></CommonPrefixes>"),
		LIST("<IsTruncated>false</IsTruncated>" ENTRY("w/t/a+b%25&amp;&#233;")), LIST(""));
	ck_assert_msg(!cloud_list(&cx, cloud, &storage, "s3a://b/w/t/", NULL, &entries, &n, &more),
		      "%s", cx.message);
	ck_assert(head_has(
		0, "GET /b?encoding-type=url&list-type=2&max-keys=1000&prefix=w%2Ft%2F HTTP"));
	ck_assert_uint_eq(n, 2);
	ck_assert(more);
	ck_assert_str_eq(entries[0].location, "s3a://b/w/t/a b+%\xc3\xa9");
	ck_assert_str_eq(entries[1].location, "s3a://b/w/t/c");
	ck_assert_int_eq(entries[0].size, 42);
	ck_assert_int_eq(entries[0].modified_ms, 1795503789123);
	ck_assert(!cloud_list(&cx, cloud, &storage, "s3a://b/w/t", entries[1].location, &entries,
			      &n, &more));
	ck_assert(head_has(1, "&prefix=w%2Ft%2F&start-after=w%2Ft%2Fc HTTP"));
	ck_assert(!more);
	ck_assert_str_eq(entries[0].location, "s3a://b/w/t/a+b%25&\xc3\xa9");
	ck_assert(!cloud_list(&cx, cloud, &storage, "s3://b/w", NULL, &entries, &n, &more));
	ck_assert_uint_eq(n, 0);
}
END_TEST

static const struct {
	const char *answer;
	enum status status;
} bad_lists[] = {
	{ LIST("<Contents>"), UNAVAILABLE },
	{ ANSWER("200 OK", "{}"), UNAVAILABLE },
	{ ANSWER("200 OK", ""), UNAVAILABLE },
	{ ANSWER("200 OK",
		 "<!DOCTYPE a [<!ENTITY b \"c\">]><ListBucketResult>&b;</ListBucketResult>"),
	  UNAVAILABLE },
	{ LIST("<EncodingType>url</EncodingType>" ENTRY("%zz")), UNAVAILABLE },
	{ ERROR("404 X", "NoSuchBucket"), INVALID },
	{ ERROR("403 X", "AccessDenied"), DENIED },
};

START_TEST(survives_bad_lists)
{
	struct cloud_entry *entries;
	size_t n;
	bool more;

	answers_slowly(&bad_lists[_i].answer, 1, 0);
	ck_assert_int_eq(cloud_list(&cx, cloud, &storage, "s3://b/w/t", NULL, &entries, &n, &more),
			 bad_lists[_i].status);
}
END_TEST

static void add_tests(TCase *all)
{
	tcase_add_loop_test(all, puts_once, 0, ARRAY_SIZE(puts_));
	tcase_add_test(all, counts_libcurls_own_retry);
	tcase_add_test(all, puts_many_at_once);
	tcase_add_test(all, takes_back_what_was_put);
	tcase_add_loop_test(all, reads, 0, ARRAY_SIZE(gets));
	tcase_add_test(all, reads_only_so_much);
	tcase_add_test(all, stats_and_removes);
	tcase_add_test(all, by_path);
	tcase_add_test(all, by_virtual_host);
	tcase_add_test(all, without_keys);
	tcase_add_loop_test(all, talks_to_no_metadata_service, 0, ARRAY_SIZE(forbidden));
	tcase_add_test(all, loopback_may_be_refused);
	tcase_add_test(all, heeds_no_proxy);
	tcase_add_test(all, keeps_the_deadline);
	tcase_add_test(all, keeps_the_deadline_while_it_pauses);
	tcase_add_test(all, pauses_as_asked);
	tcase_add_test(all, nobody_listens);
	tcase_add_test(all, keeps_connections);
	tcase_add_test(all, lists);
	tcase_add_loop_test(all, survives_bad_lists, 0, ARRAY_SIZE(bad_lists));
}

int main(void)
{
	Suite *suite = suite_create("s3");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_set_timeout(all, 60);
	add_tests(all);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
