/* SPDX-License-Identifier: Apache-2.0 */
/* test_selftest.c - what the self-test of a warehouse says of storages that do as they should, and of others. */
#include "vending/selftest.h"

#include <check.h>
#include <unistd.h>

#include "common/text.h"
#include "tests/unit/fake_server.h"

#undef fail

#define ANSWER(code, body) "HTTP/1.1 " code "\r\nConnection: close\r\n\r\n" body
#define PROBE "a probe of the catalog's: it may be removed\n"
#define DONE ANSWER("200 OK", "")
#define READ ANSWER("200 OK", PROBE)
#define NO ANSWER("403 Forbidden", "<Error><Code>AccessDenied</Code></Error>")
#define GONE ANSWER("404 Not Found", "")
#define LISTED                                                                                     \
	ANSWER("200 OK", "<ListBucketResult><Contents><Key>w/x</Key><Size>1</Size></Contents>"     \
			 "</ListBucketResult>")
#define SESSION                                                                                    \
	ANSWER("200 OK",                                                                           \
	       "<R><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s1</SecretAccessKey>"          \
	       "<SessionToken>t1</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></R>")

static struct cx cx;
static struct cloud *cloud;
static struct vault *vault;
static struct fake_server server;

static void start(void)
{
	struct cloud_limits limits = { .file_roots = "/tmp", .object_max_bytes = 1 << 20 };

	cx = (struct cx){ .deadline_ms = cx_monotonic_ms() + 10000 };
	server = (struct fake_server){ 0 };
	ck_assert(!cloud_open(&cx, &limits, &cloud));
	ck_assert(!vault_open(&cx, NULL, NULL, &vault));
}

static void end(void)
{
	fake_stop(&server);
	vault_close(vault);
	cloud_close(cloud);
	cx_free(&cx);
}

static struct selftest test_of(const char *const *answers, size_t n, enum vending vending)
{
	struct storage s = { .scheme = "s3",
			     .root = "s3://b/w",
			     .bucket = "b",
			     .region = "us-east-1",
			     .path_style = true,
			     .access_key_id = "AK",
			     .secret_access_key = "SK",
			     .vending = vending };
	struct selftest out;

	fake_start(&server, answers, n, 0);
	s.endpoint = cx_printf(&cx, "http://127.0.0.1:%d", server.port);
	selftest_run(&cx, cloud, vault, &s, NULL, &out);
	return out;
}

static const struct selftest_step *step(const struct selftest *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (text_same(t->steps[i].name, name))
			return &t->steps[i];
	ck_abort_msg("no step \"%s\" in %s", name, json_print(&cx, selftest_json(&cx, t), NULL));
	return NULL;
}

/* What a storage answers that does all it should; one answer a request, in this order. */
enum {
	PUT,
	GET,
	LIST,
	PUT_OTHER,
	ASSUME,
	OWN_PUT,
	OWN_GET,
	OWN_DELETE,
	BESIDE_GET,
	BESIDE_PUT,
	BESIDE_LIST,
	BESIDE_DELETE,
	CLEAN,
	CLEAN2,
	HEAD,
	REQUESTS
};
static const char *const sound[REQUESTS] = {
	[PUT] = DONE,	    [GET] = READ,      [LIST] = LISTED,	   [PUT_OTHER] = DONE,
	[ASSUME] = SESSION, [OWN_PUT] = DONE,  [OWN_GET] = READ,   [OWN_DELETE] = DONE,
	[BESIDE_GET] = NO,  [BESIDE_PUT] = NO, [BESIDE_LIST] = NO, [BESIDE_DELETE] = NO,
	[CLEAN] = DONE,	    [CLEAN2] = DONE,   [HEAD] = GONE,
};

START_TEST(a_sound_one)
{
	struct selftest t = test_of(sound, REQUESTS, VEND_SESSION);
	const char *text = json_print(&cx, selftest_json(&cx, &t), NULL);

	ck_assert_msg(t.good, "%s", text);
	ck_assert_uint_eq(t.n, 11);
	ck_assert_int_eq(server.seen->n, REQUESTS);
	ck_assert_ptr_nonnull(
		strstr(text, "{\"name\":\"read beside it\",\"result\":\"ok\",\"message\":null}"));
}
END_TEST

/* Each answer that opens the neighbour's folder is seen. */
START_TEST(one_that_leaks)
{
	static const struct {
		int at;
		const char *answer, *step;
	} leaks[] = { { BESIDE_GET, READ, "read beside it" },
		      { BESIDE_LIST, LISTED, "list beside it" },
		      { BESIDE_DELETE, DONE, "remove beside it" } };
	const char *answers[REQUESTS];
	struct selftest t;

	memcpy(answers, sound, sizeof(answers));
	answers[leaks[_i].at] = leaks[_i].answer;
	t = test_of(answers, REQUESTS, VEND_SESSION);
	ck_assert(!t.good);
	ck_assert_int_eq(step(&t, leaks[_i].step)->result, STEP_BAD);
	ck_assert_ptr_nonnull(strstr(step(&t, leaks[_i].step)->says, "not refused"));
}
END_TEST

/* What was written beside is removed again: one request more. */
START_TEST(one_that_lets_write)
{
	const char *answers[REQUESTS + 1];
	struct selftest t;

	memcpy(answers, sound, (BESIDE_PUT + 1) * sizeof(*answers));
	memcpy(answers + BESIDE_PUT + 2, sound + BESIDE_PUT + 1,
	       (REQUESTS - BESIDE_PUT - 1) * sizeof(*answers));
	answers[BESIDE_PUT] = answers[BESIDE_PUT + 1] = DONE;
	t = test_of(answers, REQUESTS + 1, VEND_SESSION);
	ck_assert(!t.good);
	ck_assert_int_eq(step(&t, "write beside it")->result, STEP_BAD);
	ck_assert_int_eq(
		strncmp(server.seen->heads[BESIDE_PUT + 1], "DELETE /b/w/pangolin-test-", 26), 0);
}
END_TEST

/* In words: what an operator has to look at. */
static const struct {
	const char *answer, *says;
} wrong[] = {
	{ ANSWER("404 Not Found", "<Error><Code>NoSuchBucket</Code></Error>"), "no such bucket" },
	{ ANSWER("301 Moved", "<Error><Code>PermanentRedirect</Code></Error>"), "another region" },
	{ ANSWER("400 Bad", "<Error><Code>AuthorizationHeaderMalformed</Code></Error>"),
	  "s3.region" },
	{ ANSWER("403 No", "<Error><Code>RequestTimeTooSkewed</Code></Error>"), "clock" },
	{ ANSWER("403 No", "<Error><Code>InvalidAccessKeyId</Code></Error>"), "access key" },
	{ ANSWER("403 No", "<Error><Code>SignatureDoesNotMatch</Code></Error>"), "secret key" },
	{ ANSWER("403 No", "<Error><Code>AccessDenied</Code></Error>"), "may not do that" },
};

START_TEST(says_what_is_wrong)
{
	struct selftest t = test_of(&wrong[_i].answer, 1, VEND_SIGNED);

	ck_assert(!t.good);
	ck_assert_uint_eq(t.n, 2);
	ck_assert_msg(strstr(step(&t, "write")->says, wrong[_i].says) != NULL, "%s",
		      step(&t, "write")->says);
}
END_TEST

START_TEST(a_trust_policy_that_refuses)
{
	const char *answers[REQUESTS];
	struct selftest t;

	memcpy(answers, sound, sizeof(answers));
	answers[ASSUME] = ANSWER("403 No", "<R><Error><Code>AccessDenied</Code></Error></R>");
	t = test_of(answers, ASSUME + 1, VEND_SESSION);
	ck_assert_ptr_nonnull(strstr(step(&t, "vend")->says, "trust policy"));
}
END_TEST

START_TEST(other_ways_of_vending)
{
	static const char *const answers[] = { DONE, READ, LISTED, DONE, DONE, DONE, GONE };
	struct selftest t = test_of(answers, ARRAY_SIZE(answers), (enum vending)_i);

	ck_assert(t.good);
	ck_assert_int_eq(step(&t, "vend")->result, STEP_SKIPPED);
	ck_assert_int_eq(server.seen->n, (int)ARRAY_SIZE(answers));
}
END_TEST

START_TEST(a_folder)
{
	char folder[] = "/tmp/pangolin-test-selftest-XXXXXX";
	struct storage s = { .scheme = "file", .vending = VEND_NOTHING };
	struct selftest t;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	s.root = cx_printf(&cx, "file://%s/w", folder);
	selftest_run(&cx, cloud, vault, &s, NULL, &t);
	ck_assert_msg(t.good, "%s", json_print(&cx, selftest_json(&cx, &t), NULL));
	s.root = "file:///var/w";
	selftest_run(&cx, cloud, vault, &s, NULL, &t);
	ck_assert(!t.good);
	selftest_run(&cx, cloud, vault, &s, "it does not read", &t);
	ck_assert_str_eq(step(&t, "configuration")->says, "it does not read");
	ck_assert_uint_eq(t.n, 1);
	ck_assert_int_eq(system(cx_printf(&cx, "rm -r '%s'", folder)), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("selftest");
	TCase *tc = tcase_create("selftest");
	SRunner *runner = srunner_create(suite);
	int bad;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, start, end);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_sound_one);
	tcase_add_loop_test(tc, one_that_leaks, 0, 2);
	tcase_add_test(tc, one_that_lets_write);
	tcase_add_loop_test(tc, says_what_is_wrong, 0, (int)ARRAY_SIZE(wrong));
	tcase_add_test(tc, a_trust_policy_that_refuses);
	tcase_add_loop_test(tc, other_ways_of_vending, VEND_STATIC, VEND_NOTHING + 1);
	tcase_add_test(tc, a_folder);
	srunner_run_all(runner, CK_NORMAL);
	bad = srunner_ntests_failed(runner);
	srunner_free(runner);
	return bad != 0;
}
