/* SPDX-License-Identifier: Apache-2.0 */
/* test_vend.c - strategies, session policies, sessions: made, kept, told; each way they fail. */
#include "vending/vend.h"

#include <check.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"
#include "tests/unit/fake_server.h"

#undef fail

#define ANSWER(code, body) "HTTP/1.1 " code "\r\nConnection: close\r\n\r\n" body
#define REFUSAL(http, code)                                                                        \
	ANSWER(http, "<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>"     \
		     "SKEXAMPLE</Message></Error></ErrorResponse>")
#define SESSION(expires)                                                                           \
	ANSWER("200 OK",                                                                           \
	       "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"          \
	       "<AssumeRoleResult><AssumedRoleUser><Arn>x</Arn></AssumedRoleUser><Credentials>"    \
	       "<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s1</SecretAccessKey>"             \
	       "<SessionToken>t1</SessionToken><Expiration>" expires "</Expiration>"               \
	       "</Credentials></AssumeRoleResult></AssumeRoleResponse>")
#define LATE "2099-01-01T00:00:00Z"

static struct cx cx;
static struct storage storage;
static struct cloud *cloud;
static struct vault *vault;
static struct seal *seal;
static struct fake_server server;
static char folder[] = "/tmp/pangolin-test-vend-XXXXXX";
static const char *kept; /* the vault's folder */

/* --- strategies ------------------------------------------------------------------------- */

static const struct {
	const char *config, *strategy; /* NULL = none */
	bool use_sts;
	enum vending vending;
	const char *says; /* not NULL: INVALID, with this in the message */
} strategies[] = {
#define S3 "{\"bucket\":\"b\",\"access_key_id\":\"AK\",\"secret_access_key\":\"SK\""
#define OWN S3 ",\"endpoint\":\"http://minio:9000\"}"
#define ROLE ",\"role_arn\":\"arn:aws:iam::123456789012:role/x\"}"
	{ OWN, NULL, false, VEND_SIGNED, NULL },
	{ OWN, NULL, true, VEND_SESSION, NULL },
	{ OWN, "\"None\"", true, VEND_NOTHING, NULL },
	{ OWN, "\"AwsSts\"", false, VEND_SESSION, NULL },
	{ OWN, "\"aws-sts\"", false, VEND_SESSION, NULL },
	{ OWN, "{\"AwsSts\":{}}", false, VEND_SESSION, NULL },
	{ OWN, "{\"AwsSts\":{\"role_arn\":\"arn:aws:iam:::role/x\",\"external_id\":null}}", false,
	  VEND_SESSION, NULL },
	{ OWN, "{\"AwsStatic\":{\"access_key_id\":\"A\",\"secret_access_key\":\"S\"}}", true,
	  VEND_STATIC, NULL },
	{ OWN, "\"aws_static\"", false, VEND_STATIC, NULL },
	{ OWN, "\"RemoteSigning\"", true, VEND_SIGNED, NULL },
	{ OWN, "\"remote-signing\"", true, VEND_SIGNED, NULL },
	{ OWN, "\"SomethingElse\"", false, VEND_SIGNED, NULL },
	{ OWN, "{}", true, VEND_SESSION, NULL },
	{ OWN, "{\"Other\":{\"a\":1}}", false, VEND_SIGNED, NULL },
	{ S3 ROLE, NULL, true, VEND_SESSION, NULL },
	{ S3 ",\"region\":\"cn-north-1\",\"role_arn\":\"arn:aws-cn:iam::123456789012:role/a/b\"}",
	  NULL, true, VEND_SESSION, NULL },
	{ "{\"location\":\"/w\"}", NULL, false, VEND_NOTHING, NULL },
	{ "{\"location\":\"/w\"}", NULL, true, VEND_NOTHING, NULL },
	{ "{\"container\":\"c\",\"account_name\":\"a\"}", "\"AzureSas\"", false, VEND_SESSION,
	  NULL },
	{ "{\"gcs.bucket\":\"g\"}", "{\"GcpDownscoped\":{\"private_key\":\"x\"}}", false,
	  VEND_SESSION, NULL },
	{ "{\"gcs.bucket\":\"g\"}", NULL, false, VEND_NOTHING, NULL },
	{ S3 "}", NULL, true, VEND_SESSION, NULL },
	{ S3 ",\"role_arn\":\"role/x\"}", NULL, true, 0, "role-arn" },
	{ S3 ",\"role_arn\":\"arn:aws:iam::abcdefghijkl:role/x\"}", NULL, true, 0, "12 digits" },
	{ S3 ",\"role_arn\":\"arn:aws:iam::12345:role/x\"}", NULL, true, 0, "12 digits" },
	{ S3 ",\"role_arn\":\"arn:aws:iam::123456789012:user/x\"}", NULL, true, 0, "12 digits" },
	{ S3 ",\"role_arn\":\"arn:aws:iam::123456789012:role/\"}", NULL, true, 0, "12 digits" },
	{ S3 ",\"region\":\"us-gov-west-1\"" ROLE, NULL, true, 0, "arn:aws-us-gov:iam::" },
	{ S3 ",\"endpoint\":\"http://m\",\"role_arn\":\"arn:aws:iam:::role/x y\"}", NULL, true, 0,
	  "role-arn" },
	{ S3 ",\"external_id\":\"a b\"" ROLE, NULL, true, 0, "external-id" },
	{ S3 ",\"external_id\":\"a\"" ROLE, NULL, true, 0, "external-id" },
	{ S3 ",\"session-duration-seconds\":\"899\"" ROLE, NULL, true, 0, "900" },
	{ S3 ",\"session-duration-seconds\":\"43201\"" ROLE, NULL, true, 0, "43200" },
	{ OWN, "{\"AwsStatic\":{\"access_key_id\":\"A\"}}", false, 0, "together" },
	{ OWN, "\"AzureSas\"", false, VEND_SIGNED, NULL },
	{ OWN, "{", false, 0, "vending_strategy" },
	{ OWN, "{\"AwsSts\":{\"role_arn\":5}}", false, 0, "role_arn" },
};

START_TEST(reads_strategies)
{
	struct json_object *config;
	struct storage s;
	enum status status;

	ck_assert(
		!json_parse(&cx, strategies[_i].config, strlen(strategies[_i].config), 8, &config));
	ck_assert_msg(!storage_parse(&cx, config, &s), "%s", cx.message);
	status = storage_vending(&cx, &s, strategies[_i].use_sts, strategies[_i].strategy);
	if (strategies[_i].says) {
		ck_assert_msg(status == INVALID && strstr(cx.message, strategies[_i].says),
			      "%s %s: %s", strategies[_i].config, strategies[_i].strategy,
			      cx.message);
		return;
	}
	ck_assert_msg(!status, "%s", cx.message);
	ck_assert_int_eq(s.vending, strategies[_i].vending);
}
END_TEST

/* --- policies --------------------------------------------------------------------------- */

#define LIST(bucket, prefix)                                                                       \
	",{\"Effect\":\"Allow\",\"Action\":\"s3:ListBucket\",\"Resource\":\"arn:aws:s3:::" bucket  \
	"\",\"Condition\":{\"StringLike\":{\"s3:prefix\":[\"" prefix "\"]}}}"
#define POLICY(actions, resources, lists)                                                          \
	"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[" actions    \
	"],\"Resource\":[" resources "]}" lists "]}"
#define GET "\"s3:GetObject\""
#define PUTS "\"s3:PutObject\",\"s3:AbortMultipartUpload\",\"s3:ListMultipartUploadParts\""

static const struct {
	const char *region, *endpoint, *folders[2];
	unsigned verbs;
	bool list;
	enum status status;
	const char *policy;
} policies[] = {
	{ "us-east-1",
	  NULL,
	  { "s3://b/w/t" },
	  VEND_READ,
	  true,
	  OK,
	  POLICY(GET, "\"arn:aws:s3:::b/w/t/*\"", LIST("b", "w/t/*")) },
	{ "us-east-1",
	  NULL,
	  { "s3://b/w/t" },
	  0,
	  false,
	  OK,
	  POLICY(GET, "\"arn:aws:s3:::b/w/t/*\"", "") },
	{ "us-east-1",
	  NULL,
	  { "s3://b/w/t" },
	  VEND_READ | VEND_WRITE,
	  false,
	  OK,
	  POLICY(GET "," PUTS, "\"arn:aws:s3:::b/w/t/*\"", "") },
	{ "us-east-1",
	  NULL,
	  { "s3a://b/w/t" },
	  VEND_WRITE | VEND_DELETE,
	  false,
	  OK,
	  POLICY(GET "," PUTS ",\"s3:DeleteObject\"", "\"arn:aws:s3:::b/w/t/*\"", "") },
	{ "cn-north-1",
	  NULL,
	  { "s3://b/t" },
	  VEND_READ,
	  false,
	  OK,
	  POLICY(GET, "\"arn:aws-cn:s3:::b/t/*\"", "") },
	{ "us-gov-east-1",
	  NULL,
	  { "s3://b/t" },
	  VEND_READ,
	  false,
	  OK,
	  POLICY(GET, "\"arn:aws-us-gov:s3:::b/t/*\"", "") },
	{ "us-gov-east-1",
	  "http://minio",
	  { "s3://b/t" },
	  VEND_READ,
	  false,
	  OK,
	  POLICY(GET, "\"arn:aws:s3:::b/t/*\"", "") },
	{ "us-east-1",
	  NULL,
	  { "s3://b/t", "s3://c/d" },
	  VEND_READ,
	  true,
	  OK,
	  POLICY(GET, "\"arn:aws:s3:::b/t/*\",\"arn:aws:s3:::c/d/*\"",
		 LIST("b", "t/*") LIST("c", "d/*")) },
	/* what a pattern could mean */
	{ "us-east-1",
	  NULL,
	  { "s3://b/a*b" },
	  VEND_READ,
	  true,
	  OK,
	  POLICY(GET, "\"arn:aws:s3:::b/a${*}b/*\"", LIST("b", "a${*}b/*")) },
	{ "us-east-1",
	  NULL,
	  { "s3://b/${aws:username}" },
	  VEND_READ,
	  false,
	  OK,
	  POLICY(GET, "\"arn:aws:s3:::b/${$}{aws:username}/*\"", "") },
	{ "us-east-1",
	  NULL,
	  { "s3://b/${*}" },
	  VEND_READ,
	  false,
	  OK,
	  POLICY(GET, "\"arn:aws:s3:::b/${$}{${*}}/*\"", "") },
	{ "us-east-1",
	  NULL,
	  { "s3://b/q\"]},{" },
	  VEND_READ,
	  false,
	  OK,
	  POLICY(GET, "\"arn:aws:s3:::b/q\\\"]},{/*\"", "") },
	{ "us-east-1",
	  NULL,
	  { "s3://b/%2a" },
	  VEND_READ,
	  false,
	  OK,
	  POLICY(GET, "\"arn:aws:s3:::b/%2a/*\"", "") },
	{ "us-east-1", "http://minio", { "s3://b/a*b" }, VEND_READ, false, INVALID, NULL },
	{ "us-east-1", "http://minio", { "s3://b/$a" }, VEND_READ, false, INVALID, NULL },
	{ "us-east-1", "http://minio", { "s3://b/\xc3\xa9" }, VEND_READ, false, INVALID, NULL },
};

static struct vend_scope scope_of(const char *const *folders, unsigned verbs)
{
	struct vend_scope sc = { .verbs = verbs };

	for (; sc.n < 2 && folders[sc.n]; sc.n++)
		ck_assert_msg(!location_parse(&cx, folders[sc.n], &sc.folders[sc.n]), "%s",
			      cx.message);
	return sc;
}

START_TEST(writes_policies)
{
	struct vend_scope sc = scope_of(policies[_i].folders, policies[_i].verbs);
	struct storage s = { .region = policies[_i].region, .endpoint = policies[_i].endpoint };
	struct json_object *v;
	const char *text = NULL;

	ck_assert_int_eq(policy_text(&cx, &s, &sc, policies[_i].list, &text), policies[_i].status);
	if (policies[_i].status)
		return;
	ck_assert_str_eq(text, policies[_i].policy);
	ck_assert(!json_parse(&cx, text, strlen(text), 16, &v));
}
END_TEST

START_TEST(policies_are_short_or_none)
{
	struct storage s = { .region = "us-east-1" };
	char long_name[1000];
	const char *folders[3] = { NULL }, *text;
	struct vend_scope sc;

	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	folders[0] = cx_printf(&cx, "s3://b/%s", long_name);
	sc = scope_of(folders, VEND_READ);
	ck_assert_int_eq(policy_text(&cx, &s, &sc, true, &text), TOO_LARGE);
	ck_assert_int_eq(policy_text(&cx, &s, &sc, false, &text), OK);
	ck_assert(strlen(text) <= POLICY_MAX && strstr(text, long_name));
	folders[1] = cx_printf(&cx, "s3://c/%s", long_name);
	sc = scope_of(folders, VEND_READ);
	ck_assert_int_eq(policy_text(&cx, &s, &sc, false, &text), TOO_LARGE);
}
END_TEST

/* --- sessions --------------------------------------------------------------------------- */

static void setup(void)
{
	struct cloud_limits limits = { .object_max_bytes = 1000 };
	const char *key;

	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	key = cx_printf(&cx, "%s/key", folder);
	kept = cx_printf(&cx, "%s/vault", folder);
	storage = (struct storage){ .scheme = "s3",
				    .root = "s3://b/w",
				    .bucket = "b",
				    .region = "eu-west-1",
				    .endpoint = "http://storage.invalid",
				    .access_key_id = "AKEXAMPLE",
				    .secret_access_key = "SKEXAMPLE",
				    .role_arn = "arn:aws:iam:::role/x",
				    .external_id = "ext/1",
				    .vending = VEND_SESSION };
	cx.deadline_ms = cx_monotonic_ms() + 20000;
	ck_assert(!seal_add_key(&cx, key));
	ck_assert(!seal_open(&cx, key, &seal));
	ck_assert(!cloud_open(&cx, &limits, &cloud));
	ck_assert_msg(!vault_open(&cx, kept, seal, &vault), "%s", cx.message);
}

static void teardown(void)
{
	fake_stop(&server);
	vault_close(vault);
	cloud_close(cloud);
	seal_close(seal);
	ck_assert_int_eq(system(cx_printf(&cx, "rm -rf %s", folder)), 0);
	cx_free(&cx);
}

#define ANSWERS(...)                                                                               \
	do {                                                                                       \
		static const char *const list[] = { __VA_ARGS__ };                                 \
		fake_start(&server, list, ARRAY_SIZE(list), 0);                                    \
		storage.sts_endpoint = cx_printf(&cx, "http://127.0.0.1:%d", server.port);         \
	} while (0)

static bool keeps = true;

static enum status get(const char *owner, int64_t until_ms, struct vended *out)
{
	static const char *const folders[2] = { "s3://b/w/t" };
	struct vend_scope sc = scope_of(folders, VEND_READ);
	struct vend_request r = { .storage = &storage,
				  .scope = &sc,
				  .owner = owner,
				  .warehouse = "tenant\nw\n1",
				  .who = "al ice/é",
				  .until_ms = until_ms };
	enum status s = vend(&cx, cloud, vault, &r, out);

	if (!s && out->fresh && keeps)
		vend_keep(&cx, vault, &r, out);
	return s;
}

/* What nobody kept, because it could not be recorded, is not handed out again. */
START_TEST(a_session_is_kept_by_who_records_it)
{
	struct vended v;

	ANSWERS(SESSION(LATE), SESSION(LATE));
	keeps = false;
	ck_assert_int_eq(get("alice", 0, &v), OK);
	ck_assert(v.fresh);
	keeps = true;
	ck_assert_int_eq(get("alice", 0, &v), OK);
	ck_assert(v.fresh);
	ck_assert_int_eq(get("alice", 0, &v), OK);
	ck_assert(!v.fresh);
}
END_TEST

START_TEST(a_session_is_made_once)
{
	struct vended v;
	int64_t soon = cx_now_ms() + 60000;
	struct vault *other;

	ANSWERS(SESSION(LATE));
	ck_assert_msg(!get("alice", 0, &v), "%s", cx.message);
	ck_assert(v.fresh);
	ck_assert_str_eq(v.id, "ASIA1");
	ck_assert_str_eq(json_text(v.configs[0], "s3.access-key-id"), "ASIA1");
	ck_assert_str_eq(json_text(v.configs[0], "s3.secret-access-key"), "s1");
	ck_assert_str_eq(json_text(v.configs[0], "s3.session-token"), "t1");
	ck_assert_str_eq(json_text(v.configs[0], "s3.session-token-expires-at-ms"),
			 "4070908800000");
	ck_assert_str_eq(json_text(v.configs[0], "client.region"), "eu-west-1");
	ck_assert(strcasestr(server.seen->heads[0], "POST / HTTP/1.1"));
	ck_assert(strcasestr(server.seen->heads[0], "Credential=AKEXAMPLE/"));
	ck_assert(strcasestr(server.seen->heads[0], "/eu-west-1/sts/aws4_request"));
	ck_assert(!get("alice", soon, &v) && !v.fresh);
	ck_assert_int_eq(v.expires_ms, soon); /* the caller's own end */
	ck_assert_int_eq(server.seen->n, 1);
	vault_close(vault); /* another process of the same user */
	ck_assert(!vault_open(&cx, kept, seal, &other));
	vault = other;
	ck_assert(!get("alice", 0, &v) && !v.fresh);
	ck_assert(!get("bob", 0, &v) && v.fresh);
	ck_assert_int_eq(server.seen->n, 2);
}
END_TEST

START_TEST(kept_files_tell_nothing)
{
	struct dirent *e;
	struct vended v;
	size_t files = 0;
	DIR *d;

	ANSWERS(SESSION(LATE));
	ck_assert(!get("alice", 0, &v));
	d = opendir(kept);
	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d))) {
		const char *path = cx_printf(&cx, "%s/%s", kept, e->d_name);
		char text[4096] = { 0 };
		struct stat st;
		FILE *f;

		if (e->d_name[0] == '.')
			continue;
		files++;
		ck_assert_uint_eq(strlen(e->d_name), 64);
		ck_assert(!stat(path, &st) && (st.st_mode & 0777) == 0600);
		f = fopen(path, "r");
		ck_assert(fread(text, 1, sizeof(text) - 1, f) > 0);
		fclose(f);
		ck_assert(text_starts(text, "enc:v1:") && !strstr(text, "ASIA1"));
		f = fopen(path, "w"); /* changed: it is made anew */
		fputs("enc:v1:x", f);
		fclose(f);
	}
	closedir(d);
	ck_assert_uint_eq(files, 1);
	ck_assert(!get("alice", 0, &v) && v.fresh);
}
END_TEST

static const struct {
	const char *answer;
	enum status status;
	const char *says;
} refusals[] = {
	{ REFUSAL("403 X", "AccessDenied"), UNAVAILABLE, "trust policy" },
	{ REFUSAL("403 X", "SignatureDoesNotMatch"), UNAVAILABLE, "secret key" },
	{ REFUSAL("403 X", "RequestTimeTooSkewed"), UNAVAILABLE, "clock" },
	{ REFUSAL("400 X", "Throttling"), UNAVAILABLE, "too many" },
	{ REFUSAL("400 X", "ValidationError"), INVALID, "duration" },
	{ REFUSAL("400 X", "MalformedPolicyDocument"), INVALID, "policy" },
	{ REFUSAL("400 X", "SomethingNew"), INVALID, "400 SomethingNew" },
	{ REFUSAL("400 X", "<Secret> SKEXAMPLE"), INVALID, "400" },
	{ ANSWER("404 X", "<html>"), UNAVAILABLE, "404" },
	{ ANSWER("200 OK", "{}"), UNAVAILABLE, "not a session" },
	{ ANSWER("200 OK", "<A><AccessKeyId>a</AccessKeyId></A>"), UNAVAILABLE, "not a session" },
	{ SESSION("yesterday"), UNAVAILABLE, "not a session" },
	{ SESSION("2020-01-01T00:00:00Z"), UNAVAILABLE, "not a session" },
};

START_TEST(refusals_are_said)
{
	static const char *list[1];
	struct vended v;

	list[0] = refusals[_i].answer;
	fake_start(&server, list, 1, 0);
	storage.sts_endpoint = cx_printf(&cx, "http://127.0.0.1:%d", server.port);
	ck_assert_int_eq(get("alice", 0, &v), refusals[_i].status);
	ck_assert_msg(strstr(cx.message, refusals[_i].says), "%s", cx.message);
	ck_assert_ptr_null(strstr(cx.message, "SKEXAMPLE"));
	if (refusals[_i].status == UNAVAILABLE) { /* and not asked again at once */
		int n = server.seen->n;

		ck_assert_int_eq(get("bob", 0, &v), UNAVAILABLE);
		ck_assert_int_eq(server.seen->n, n);
	}
}
END_TEST

/* What the service packs may be too long where the text is not. */
START_TEST(a_packed_policy_gets_shorter)
{
	struct vended v;

	ANSWERS(REFUSAL("400 X", "PackedPolicyTooLarge"), SESSION(LATE));
	ck_assert_msg(!get("alice", 0, &v), "%s", cx.message);
	ck_assert_int_eq(server.seen->n, 2);
	ck_assert(server.seen->body_bytes[1] < server.seen->body_bytes[0]);
}
END_TEST

START_TEST(static_keys_only_where_said)
{
	struct vended v;

	ANSWERS(SESSION(LATE));
	storage.vending = VEND_STATIC;
	ck_assert(!get("alice", 5, &v));
	ck_assert_str_eq(json_text(v.configs[0], "s3.secret-access-key"), "SKEXAMPLE");
	ck_assert_ptr_null(json_text(v.configs[0], "s3.session-token"));
	storage.vended_key_id = "A2";
	storage.vended_secret = "S2";
	ck_assert(!get("alice", 0, &v));
	ck_assert_str_eq(json_text(v.configs[0], "s3.secret-access-key"), "S2");
	storage.vending = VEND_SESSION;
	storage.access_key_id = NULL;
	ck_assert_int_eq(get("alice", 0, &v), INVALID);
	storage.access_key_id = "AKEXAMPLE";
	storage.role_arn = storage.endpoint = NULL; /* Amazon's */
	ck_assert_int_eq(get("alice", 0, &v), INVALID);
	storage.vending = VEND_SIGNED;
	ck_assert_int_eq(get("alice", 0, &v), INVALID);
	storage.vending = VEND_NOTHING;
	ck_assert_int_eq(get("alice", 0, &v), INVALID);
	ck_assert_int_eq(server.seen->n, 0);
}
END_TEST

/* Without a folder: in the process's memory. */
START_TEST(a_vault_without_a_folder)
{
	struct vault *v;

	ANSWERS(SESSION(LATE));
	ck_assert(!vault_open(&cx, NULL, seal, &v));
	ck_assert_ptr_null(vault_get(&cx, v, "a"));
	vault_put(&cx, v, "a", "secret", cx_now_ms() + 60000);
	ck_assert_str_eq(vault_get(&cx, v, "a"), "secret");
	ck_assert_ptr_null(vault_get(&cx, v, "b"));
	vault_put(&cx, v, "a", "secret", cx_now_ms() - 1);
	ck_assert_ptr_null(vault_get(&cx, v, "a"));
	vault_close(v);
	vault_put(&cx, vault, "a", "secret", cx_now_ms() - 1);
	ck_assert_ptr_null(vault_get(&cx, vault, "a"));
	ck_assert_int_eq(chmod(kept, 0750), 0);
	ck_assert_int_eq(vault_open(&cx, kept, seal, &v), INVALID);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vend");
	TCase *texts = tcase_create("texts"), *sessions = tcase_create("sessions");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, texts);
	suite_add_tcase(suite, sessions);
	tcase_add_loop_test(texts, reads_strategies, 0, ARRAY_SIZE(strategies));
	tcase_add_loop_test(texts, writes_policies, 0, ARRAY_SIZE(policies));
	tcase_add_test(texts, policies_are_short_or_none);
	tcase_add_checked_fixture(sessions, setup, teardown);
	tcase_set_timeout(sessions, 30);
	tcase_add_test(sessions, a_session_is_made_once);
	tcase_add_test(sessions, a_session_is_kept_by_who_records_it);
	tcase_add_test(sessions, kept_files_tell_nothing);
	tcase_add_loop_test(sessions, refusals_are_said, 0, ARRAY_SIZE(refusals));
	tcase_add_test(sessions, a_packed_policy_gets_shorter);
	tcase_add_test(sessions, static_keys_only_where_said);
	tcase_add_test(sessions, a_vault_without_a_folder);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
