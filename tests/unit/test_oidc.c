/* SPDX-License-Identifier: Apache-2.0 */
/* test_oidc.c - logins by other servers: what a provider may answer, and what lets nobody in. */
#include "fcgi/server.h"

#include "common/hmac.h"
#include "stores/roles.h"
#include "tests/unit/fake_server.h"
#include "tests/unit/foreign.h"
#include "tests/unit/logins.h"

#define ISSUER "https://idp.test"
#define UI "https://ui.test/done"
#define MARK "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm" /* the browser's cookie */
#define NOBODYS "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

static struct foreign_key key = { "k", "EdDSA", NULL }, evil = { "k", "EdDSA", NULL };
static struct fake_server provider;

static const char *http(int status, const char *body)
{
	return cx_printf(&cx, "HTTP/1.1 %d x\r\nContent-Length: %zu\r\n\r\n%s", status,
			 strlen(body), body);
}

/* Two responders whose provider gives these answers; nothing is read of the issuer anew. */
static void begin(const char *const *answers, size_t n)
{
	struct issuer row = { .row = ROW(issuer), .issuer = ISSUER };

	fake_start(&provider, answers, n, 0);
	setenv("PANGOLIN_OIDC_ACME_ISSUER", ISSUER, 1);
	setenv("PANGOLIN_OIDC_ACME_CLIENT_ID", "us", 1);
	setenv("PANGOLIN_OIDC_ACME_TENANT", TENANT, 1);
	setenv("PANGOLIN_GITHUB_CLIENT_ID", "us", 1);
	setenv("PANGOLIN_GITHUB_CLIENT_SECRET", "hub's", 1);
	setenv("PANGOLIN_GITHUB_TENANT", TENANT, 1);
	setenv("PANGOLIN_OAUTH_REDIRECT_URIS", UI, 1);
	setenv("OAUTH_GITHUB_TOKEN_URL", cx_printf(&cx, "http://127.0.0.1:%d/token", provider.port),
	       1);
	setenv("OAUTH_GITHUB_USERINFO_URL",
	       cx_printf(&cx, "http://127.0.0.1:%d/user", provider.port), 1);
	start();
	row.endpoints = cx_printf(&cx,
				  "{\"token_endpoint\":\"http://127.0.0.1:%d/token\","
				  "\"authorization_endpoint\":\"" ISSUER "/auth?x=1\"}",
				  provider.port);
	row.jwks = cx_printf(&cx, "{\"keys\":[%s]}", foreign_jwk(&cx, &key));
	row.read_ms = row.tried_ms = cx_now_ms();
	must(store_apply(&cx, st, (struct change[]){ { INSERT, &row.row } }, 1, NULL));
}

static void setup(void)
{
	key.key = foreign_make("EdDSA", 0);
	evil.key = foreign_make("EdDSA", 0);
}

static void teardown(void)
{
	end();
	fake_stop(&provider);
	EVP_PKEY_free(key.key);
	EVP_PKEY_free(evil.key);
}

/* A login that this browser began, with the nonce "n". */
static void put_flow(const char *name, const char *state, int64_t expires_ms)
{
	const char *both = cx_printf(&cx, "%s|" MARK, state);
	struct oauth_flow f = { .row = ROW(oauth_flow),
				.handle_hash = sha256_hex(&cx, both, strlen(both)),
				.step = "state",
				.provider = name,
				.redirect_uri = UI,
				.nonce = "n",
				.verifier = "v",
				.expires_ms = expires_ms };

	must(store_apply(&cx, st, (struct change[]){ { INSERT, &f.row } }, 1, NULL));
}

static struct fcgi_answer come_back(const char *name, const char *query, const char *mark)
{
	const char *params[] = { cx_printf(&cx, "HTTP_COOKIE=a=b; pangolin_oauth=%s", mark), NULL };

	return fcgi_call(&cx, &second, "GET", cx_printf(&cx, "/oauth/callback/%s?%s", name, query),
			 params, NULL);
}

/* --- id_tokens ---------------------------------------------------------------------------- */

static const char *answer_with(const struct foreign_key *k, const char *claims)
{
	return http(200, cx_printf(&cx, "{\"access_token\":\"a\",\"id_token\":\"%s\"}",
				   foreign_token(&cx, k, claims)));
}

#define CLAIMS(more) "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"exp\":9999999999" more "}"
#define GOOD CLAIMS(",\"aud\":\"us\",\"nonce\":\"n\"")

START_TEST(what_a_provider_answers)
{
	const struct {
		const char *answer;
		int status;
	} cases[] = {
		{ answer_with(&key, GOOD), 303 },
		{ answer_with(&key, CLAIMS(",\"aud\":[\"us\"],\"azp\":\"us\",\"nonce\":\"n\"")),
		  303 },
		{ answer_with(&key, CLAIMS(",\"aud\":\"us\",\"nonce\":\"other\"")), 401 },
		{ answer_with(&key, CLAIMS(",\"aud\":\"us\"")), 401 },
		{ answer_with(&key, CLAIMS(",\"aud\":\"them\",\"nonce\":\"n\"")), 401 },
		{ answer_with(&key, CLAIMS(",\"aud\":[\"us\",\"them\"],\"nonce\":\"n\"")), 401 },
		{ answer_with(&key, CLAIMS(",\"aud\":\"us\",\"azp\":\"them\",\"nonce\":\"n\"")),
		  401 },
		{ answer_with(&evil, GOOD), 401 },
		{ answer_with(&key, "{\"iss\":\"https://evil\",\"aud\":\"us\",\"nonce\":\"n\","
				    "\"sub\":\"s\",\"exp\":9999999999}"),
		  401 },
		{ http(400, "{\"error\":\"invalid_grant\"}"), 400 },
		{ http(200, "{\"access_token\":\"a\"}"), 400 },
		{ http(200, "no JSON"), 400 },
	};
	const char *answers[ARRAY_SIZE(cases)];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		answers[i] = cases[i].answer;
	begin(answers, ARRAY_SIZE(answers));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *state = cx_printf(&cx, "s%zu", i);
		struct fcgi_answer a;

		put_flow("acme", state, cx_now_ms() + 60000);
		a = come_back("acme", cx_printf(&cx, "state=%s&code=c", state), MARK);
		ck_assert_msg(a.status == cases[i].status, "case %zu: %d %s", i, a.status, a.body);
		if (a.status == 303)
			ck_assert(text_starts(answer_value(&cx, &a, "Location"), UI "?code="));
		else
			ck_assert_ptr_null(answer_value(&cx, &a, "Location"));
	}
	ck_assert_ptr_nonnull(strstr(provider.seen->heads[0], "POST /token "));
}
END_TEST

START_TEST(what_a_browser_brings)
{
	const char *answers[] = { answer_with(&key, GOOD) };

	begin(answers, 1);
	put_flow("acme", "old", cx_now_ms() - 1);
	put_flow("acme", "good", cx_now_ms() + 60000);
	put_flow("github", "hubs", cx_now_ms() + 60000);
	put_flow("acme", "denied", cx_now_ms() + 60000);
	ck_assert_int_eq(come_back("acme", "state=old&code=c", MARK).status, 400);
	ck_assert_int_eq(come_back("acme", "state=none&code=c", MARK).status, 400);
	ck_assert_int_eq(come_back("acme", "state=good&code=c", NOBODYS).status, 400);
	ck_assert_int_eq(come_back("acme", "state=good&code=c", "short").status, 400);
	ck_assert_int_eq(come_back("acme", "code=c", MARK).status, 400);
	ck_assert_int_eq(come_back("acme", "state=hubs&code=c", MARK).status, 400);
	ck_assert_int_eq(come_back("nobody", "state=good&code=c", MARK).status, 400);
	ck_assert_int_eq(come_back("acme", "state=denied&error=access_denied", MARK).status, 400);
	ck_assert_int_eq(come_back("acme", "state=denied&code=c", MARK).status, 400);
	ck_assert_int_eq(provider.seen->n, 0); /* of all these the provider heard nothing */
	ck_assert_int_eq(come_back("acme", "state=good&code=c", MARK).status, 303);
	ck_assert_int_eq(come_back("acme", "state=good&code=c", MARK).status, 400);
}
END_TEST

static struct fcgi_answer exchange(const struct fcgi_answer *a)
{
	const char *code = strstr(answer_value(&cx, a, "Location"), "code=") + 5;

	return fcgi_call(&cx, &responder, "POST", "/api/v1/oauth/exchange", NULL,
			 cx_printf(&cx, "{\"code\":\"%s\"}", code));
}

/* A code is worth what its user is when it is used; nor is a state a code. */
START_TEST(a_code_of_one_who_is_out)
{
	const char *answers[] = { answer_with(&key, GOOD) };
	struct fcgi_answer a, b;
	struct user u;

	begin(answers, 1);
	put_flow("acme", "one", cx_now_ms() + 60000);
	put_flow("acme", "two", cx_now_ms() + 60000);
	a = come_back("acme", "state=one&code=c", MARK);
	must(user_find(&cx, st, TENANT, "acme:s", &u));
	u.active = false;
	must(user_update(&cx, st, &u, NULL));
	ck_assert_int_eq(exchange(&a).status, 400);
	b = come_back("acme", "state=two&code=c", MARK);
	ck_assert_int_eq(b.status, 401);
	ck_assert_int_eq(fcgi_call(&cx, &responder, "POST", "/api/v1/oauth/exchange", NULL,
				   "{\"code\":\"two|" MARK "\"}")
				 .status,
			 400);
}
END_TEST

/* The roles of a login go with its token, and with what that is changed for, to no later end. */
START_TEST(a_login_gives_roles)
{
	const char *answers[] = { answer_with(&key,
					      CLAIMS(",\"aud\":\"us\",\"nonce\":\"n\",\"groups\":"
						     "[\"x\",\"readers\"]")),
				  answer_with(&key, GOOD) };
	struct role_row role = { .tenant_id = TENANT, .name = "Analysts", .permissions = "[]" };
	const char *token, *other;
	struct fcgi_answer a;

	setenv("PANGOLIN_OIDC_ACME_ROLES_CLAIM", "groups", 1);
	setenv("PANGOLIN_OIDC_ACME_ROLES", "readers=Analysts", 1);
	begin(answers, ARRAY_SIZE(answers));
	must(role_create(&cx, st, &role, NULL));
	put_flow("acme", "one", cx_now_ms() + 60000);
	put_flow("acme", "two", cx_now_ms() + 60000);
	a = come_back("acme", "state=one&code=c", MARK);
	a = exchange(&a);
	ck_assert_msg(a.status == 200, "%d %s", a.status, a.body);
	token = json_text(body_of(&a), "token");
	ck_assert_str_eq(role_in(token, 0), role.id);
	ck_assert_ptr_null(role_in(token, 1));
	a = come_back("acme", "state=two&code=c", MARK);
	a = exchange(&a);
	ck_assert_ptr_null(role_in(json_text(body_of(&a), "token"), 0));
	sleep(1); /* ends are whole seconds */
	a = oauth(cx_printf(&cx, EXCHANGE "&subject_token=%s", token));
	ck_assert_msg(a.status == 200, "%d %s", a.status, a.body);
	other = json_text(body_of(&a), "access_token");
	ck_assert_str_eq(role_in(other, 0), role.id);
	ck_assert_int_le(end_of(other), end_of(token));
	a = with_token(&second, "POST", "/api/v1/tokens/rotate", token, NULL);
	ck_assert_msg(a.status == 200, "%d %s", a.status, a.body);
	other = json_text(body_of(&a), "token");
	ck_assert_str_eq(role_in(other, 0), role.id);
	ck_assert_int_le(end_of(other), end_of(token));
	ck_assert_int_eq(me(&responder, other), 200);
}
END_TEST

/* --- github --------------------------------------------------------------------------------- */

START_TEST(github_by_its_api)
{
	const char *token = http(200, "{\"access_token\":\"gho_x\",\"token_type\":\"bearer\"}");
	const char *person = http(200, "{\"id\":583231,\"login\":\"octocat\"}");
	const char *emails = http(200, "[{\"email\":\"b@hub\",\"primary\":false,\"verified\":true},"
				       "{\"email\":\"a@hub\",\"primary\":true,\"verified\":true}]");
	const char *unseen =
		http(200, "[{\"email\":\"a@hub\",\"primary\":true,\"verified\":false}]");
	const char *answers[] = { token,
				  person,
				  emails,
				  token,
				  person,
				  unseen,
				  http(200, "{\"error\":\"bad_verification_code\"}"),
				  token,
				  http(200, "{\"login\":\"noid\"}") };
	struct fcgi_answer a;
	const char *id;

	begin(answers, ARRAY_SIZE(answers));
	for (int i = 0; i < 4; i++)
		put_flow("github", cx_printf(&cx, "s%d", i), cx_now_ms() + 60000);
	a = come_back("github", "state=s0&code=c", MARK);
	ck_assert_int_eq(a.status, 303);
	a = exchange(&a);
	ck_assert_msg(a.status == 200, "%d %s", a.status, a.body);
	a = with_token(&second, "GET", "/api/v1/users/me", json_text(body_of(&a), "token"), NULL);
	ck_assert_str_eq(json_text(body_of(&a), "username"), "a@hub");
	ck_assert_str_eq(json_text(body_of(&a), "oauth-provider"), "github");
	id = json_text(body_of(&a), "id");
	/* the number is the account, whatever became of the address */
	a = come_back("github", "state=s1&code=c", MARK);
	a = exchange(&a);
	ck_assert_str_eq(json_text(json_member(body_of(&a), "user"), "id"), id);
	ck_assert_int_eq(come_back("github", "state=s2&code=c", MARK).status, 400);
	ck_assert_int_eq(come_back("github", "state=s3&code=c", MARK).status, 400);
	ck_assert_ptr_nonnull(strstr(provider.seen->heads[1], "Authorization: Bearer gho_x"));
	ck_assert_ptr_nonnull(strstr(provider.seen->heads[1], "User-Agent: pangolin"));
}
END_TEST

/* --- to the provider --------------------------------------------------------------------------- */

static struct fcgi_answer leave(const char *name, const char *address)
{
	const char *params[] = { cx_printf(&cx, "REMOTE_ADDR=%s", address), "HTTPS=on",
				 "HTTP_HOST=pangolin.test", NULL };

	return fcgi_call(&cx, &responder, "GET", cx_printf(&cx, "/oauth/authorize/%s", name),
			 params, NULL);
}

START_TEST(where_browsers_are_sent)
{
	const char *answers[] = { http(500, "") }, *to;
	struct fcgi_answer a;

	setenv("PANGOLIN_AUTH_RATE_LIMIT", "1", 1);
	begin(answers, 1);
	a = leave("acme", "192.0.2.1");
	ck_assert_int_eq(a.status, 303);
	to = answer_value(&cx, &a, "Location");
	ck_assert(text_starts(to, ISSUER "/auth?x=1&response_type=code&client_id=us&redirect_uri="
					 "https%3A%2F%2Fpangolin.test%2Foauth%2Fcallback%2Facme&"));
	ck_assert_ptr_nonnull(strstr(to, "&code_challenge_method=S256"));
	ck_assert_ptr_nonnull(strstr(to, "&nonce="));
	ck_assert_ptr_nonnull(strstr(answer_value(&cx, &a, "Set-Cookie"), "; Secure"));
	to = cx_strdup(&cx, answer_value(&cx, &a, "Set-Cookie"));
	a = leave("github", "192.0.2.1");
	ck_assert_int_eq(a.status, 303);
	ck_assert_str_ne(answer_value(&cx, &a, "Set-Cookie"), to);
	ck_assert(text_starts(answer_value(&cx, &a, "Location"),
			      "https://github.com/login/oauth/authorize?"));
	/* each leaves a row: no address leaves many */
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(leave("acme", "192.0.2.1").status, 303);
	ck_assert_int_eq(leave("acme", "192.0.2.1").status, 429);
	ck_assert_int_eq(leave("acme", "192.0.2.2").status, 303);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oidc");
	TCase *tc = tcase_create("oidc");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_a_provider_answers);
	tcase_add_test(tc, what_a_browser_brings);
	tcase_add_test(tc, a_code_of_one_who_is_out);
	tcase_add_test(tc, a_login_gives_roles);
	tcase_add_test(tc, github_by_its_api);
	tcase_add_test(tc, where_browsers_are_sent);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
