/* SPDX-License-Identifier: Apache-2.0 */
/* test_credentials.c - pangolin-credentials whole: logins, tokens, API keys, and how each ends. */
#include "tests/unit/logins.h"

/* --- logins ------------------------------------------------------------------------------ */

START_TEST(root_logs_in)
{
	struct fcgi_answer a = login(ROOT_LOGIN);
	struct json_object *v = body_of(&a);
	const char *token = json_text(v, "token");

	ck_assert_int_eq(a.status, 200);
	ck_assert_str_eq(json_text(json_member(v, "user"), "role"), "root");
	ck_assert(json_has(json_member(v, "user"), "tenant-id"));
	ck_assert_ptr_null(json_text(json_member(v, "user"), "tenant-id"));
	ck_assert_ptr_nonnull(json_text(v, "expires-at"));
	a = with_token(&second, "GET", "/api/v1/users/me", token, NULL);
	ck_assert_int_eq(a.status, 200);
	ck_assert_str_eq(json_text(body_of(&a), "username"), "root");
	ck_assert_str_eq(json_text(body_of(&a), "email"), "root@pangolin.local");
}
END_TEST

START_TEST(a_tenants_user_logs_in)
{
	struct fcgi_answer a = login(ADA_LOGIN);
	struct json_object *user = json_member(body_of(&a), "user");
	struct user row;

	ck_assert_int_eq(a.status, 200);
	ck_assert_str_eq(json_text(user, "tenant-id"), TENANT);
	ck_assert_str_eq(json_text(user, "role"), "tenant-admin");
	ck_assert_ptr_null(strstr(a.body, "scrypt"));
	must(user_find(&cx, st, TENANT, "ada", &row));
	ck_assert_int_gt(row.last_login, cx_now_ms() - 10000);
	ck_assert_str_eq(row.password_hash, admin.password_hash);
	a = with_token(&second, "GET", "/api/v1/users/me", login_token(ROB_LOGIN), NULL);
	ck_assert_str_eq(json_text(body_of(&a), "username"), "rob");
}
END_TEST

static const struct {
	const char *body;
	int status;
} bad_logins[] = {
	{ "", 400 },
	{ "{}", 400 },
	{ "{\"username\":\"root\"}", 400 },
	{ "{\"username\":1,\"password\":\"x\"}", 400 },
	{ "{\"username\":\"\",\"password\":\"x\"}", 400 },
	{ "{\"username\":\"a\\u0000b\",\"password\":\"x\"}", 400 },
	{ "{\"username\":\"root\",\"password\":\"root's\"}", 401 },
	{ "{\"username\":\"root\",\"password\":\"root's own\",\"tenant-id\":\"" TENANT "\"}", 401 },
	{ "{\"username\":\"root\",\"password\":\"x\",\"tenant-id\":\"x\"}", 400 },
	{ "{\"username\":\"ada\",\"password\":\"correct horse\"}", 401 },
	{ "{\"username\":\"ada\",\"password\":\"wrong horse\",\"tenant-id\":\"" TENANT "\"}", 401 },
	{ "{\"username\":\"eve\",\"password\":\"correct horse\",\"tenant-id\":\"" TENANT "\"}",
	  401 },
	{ "{\"username\":\"ada\",\"password\":\"correct horse\",\"tenant-id\":\"" OTHER "\"}",
	  401 },
	{ "{\"username\":\"ada\",\"password\":\"correct horse\",\"tenant-id\":\"" NIL_UUID "\"}",
	  401 },
};

START_TEST(bad_logins_fail)
{
	struct fcgi_answer a = login(bad_logins[_i].body);
	struct json_object *error = json_member(body_of(&a), "error");

	ck_assert_msg(a.status == bad_logins[_i].status, "%s: %d", bad_logins[_i].body, a.status);
	ck_assert_int_eq(json_int(error, "code", 0), a.status);
	if (a.status == 401)
		ck_assert(text_starts(json_text(error, "message"), "Invalid credentials"));
}
END_TEST

START_TEST(failed_logins_are_one_record)
{
	struct audit key = { .row = ROW(audit), .tenant_id = TENANT };
	struct query q = { .from = &key.row, .bound = 1, .limit = 1000 };
	struct json_object *v;
	struct rows rows;
	int64_t found = 0, counted = 0;

	for (int i = 0; i < 9; i++)
		ck_assert_int_eq(login(bad_logins[10].body).status, 401);
	must(store_list(&cx, st, &q, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct audit *a = &((struct audit *)rows.items)[i];

		if (strcmp(a->action, "login_failed") != 0)
			continue;
		found++;
		ck_assert_str_eq(a->username, "ada");
		ck_assert_str_eq(a->result, "failure");
		ck_assert(text_is_uuid(a->id));
		must(json_parse(&cx, a->metadata, strlen(a->metadata), 4, &v));
		counted += json_int(v, "count", 0);
	}
	ck_assert_int_ge(found, 1);
	ck_assert_int_le(found, 2); /* where the minute ended meanwhile */
	ck_assert_int_ge(counted, 5);
	ck_assert_int_le(counted, 9);
}
END_TEST

START_TEST(an_inactive_user_is_nobody)
{
	const char *token = login_token(ADA_LOGIN);

	ck_assert_int_eq(me(&responder, token), 200);
	ck_assert_int_eq(me(&second, token), 200);
	must(user_find(&cx, st, TENANT, "ada", &admin));
	admin.active = false;
	must(user_update(&cx, st, &admin, NULL));
	ck_assert_int_eq(me(&responder, token), 401);
	ck_assert_int_eq(me(&second, token), 401);
	ck_assert_int_eq(login(ADA_LOGIN).status, 401);
	admin.active = true;
	must(user_update(&cx, st, &admin, NULL));
	ck_assert_int_eq(me(&second, token), 200);
	must(user_delete(&cx, st, &admin, NULL));
	ck_assert_int_eq(me(&responder, token), 401);
	make_user(&admin, TENANT, "ada", "tenant-admin"); /* another of the same name */
	ck_assert_int_eq(me(&responder, token), 401);
}
END_TEST

START_TEST(a_lower_role_holds_at_once)
{
	const char *token = login_token(ADA_LOGIN);
	const char *wish = "{\"tenant_id\":\"" TENANT "\"}";

	ck_assert_int_eq(with_token(&second, "POST", "/api/v1/tokens", token, wish).status, 200);
	must(user_find(&cx, st, TENANT, "ada", &admin));
	admin.role = "tenant-user";
	must(user_update(&cx, st, &admin, NULL));
	ck_assert_int_eq(with_token(&second, "POST", "/api/v1/tokens", token, wish).status, 403);
}
END_TEST

START_TEST(logout_ends_the_token_everywhere)
{
	const char *token = login_token(ADA_LOGIN), *another = login_token(ADA_LOGIN);

	ck_assert_int_eq(me(&responder, token), 200);
	ck_assert_int_eq(me(&second, token), 200);
	ck_assert_int_eq(with_token(&responder, "POST", "/api/v1/users/logout", token, NULL).status,
			 204);
	ck_assert_int_eq(me(&responder, token), 401);
	ck_assert_int_eq(me(&second, token), 401);
	ck_assert_int_eq(me(&second, another), 200);
	ck_assert_int_eq(with_token(&second, "POST", "/api/v1/users/logout", token, "{}").status,
			 401);
}
END_TEST

START_TEST(a_dropped_tenant_has_no_users)
{
	const char *token = login_token(ADA_LOGIN);

	ck_assert_int_eq(me(&second, token), 200);
	ck_assert_int_eq(me_by_key(api_key), 200);
	must(tenant_drop(&cx, st, TENANT, NULL));
	ck_assert_int_eq(me(&second, token), 401);
	ck_assert_int_eq(me_by_key(api_key), 401);
	ck_assert_int_eq(login(ADA_LOGIN).status, 401);
}
END_TEST

/* --- OAuth ---------------------------------------------------------------------------------- */

START_TEST(client_credentials)
{
	static const char *const uris[] = { "/v1/oauth/tokens", "/v1/c/oauth/tokens",
					    "/v1/c/v1/oauth/tokens",
					    "/api/v1/iceberg/c/oauth/tokens",
					    "/api/v1/iceberg/c/v1/oauth/tokens" };
	const char *form = cx_printf(&cx,
				     "grant_type=client_credentials&client_id=%s&client_secret=%s"
				     "&scope=catalog",
				     service.id, api_key);
	const char *params[] = { FORM, NULL };
	struct fcgi_answer a;

	for (size_t i = 0; i < ARRAY_SIZE(uris); i++) {
		a = fcgi_call(&cx, &responder, "POST", uris[i], params, form);
		a = with_token(&second, "GET", "/api/v1/users/me", access_token(&a), NULL);
		ck_assert_str_eq(json_text(body_of(&a), "username"), "etl");
		ck_assert_str_eq(json_text(body_of(&a), "id"), service.id);
	}
	/* a secret alone, as clients send that know no id */
	a = oauth(cx_printf(&cx, "grant_type=client_credentials&client_secret=%s", api_key));
	ck_assert_int_eq(me(&second, access_token(&a)), 200);
	/* root */
	a = oauth("grant_type=client_credentials&client_id=root&client_secret=root%27s+own");
	ck_assert_int_eq(me(&second, access_token(&a)), 200);
}
END_TEST

START_TEST(client_credentials_by_basic)
{
	const char *pair = cx_printf(&cx, "%s:%s", service.id, api_key);
	const char *header =
		cx_printf(&cx, "HTTP_AUTHORIZATION=Basic %s", text_base64(&cx, pair, strlen(pair)));
	const char *params[] = { FORM, header, NULL };
	struct fcgi_answer a = fcgi_call(&cx, &responder, "POST", "/v1/oauth/tokens", params,
					 "grant_type=client_credentials");

	ck_assert_int_eq(me(&second, access_token(&a)), 200);
}
END_TEST

static const struct {
	const char *form;
	int status;
	const char *error;
} bad_grants[] = {
	{ "", 400, "invalid_request" },
	{ "grant_type=%zz", 400, "invalid_request" },
	{ "grant_type=password&username=a&password=b", 400, "unsupported_grant_type" },
	{ "grant_type=client_credentials", 400, "invalid_request" },
	{ "grant_type=client_credentials&grant_type=client_credentials", 400, "invalid_request" },
	{ "grant_type=client_credentials&client_id=root&client_secret=x", 401, "invalid_client" },
	{ "grant_type=client_credentials&client_secret=root%27s+own", 401, "invalid_client" },
	{ "grant_type=client_credentials&client_secret=pgl_x", 401, "invalid_client" },
	{ "grant_type=client_credentials&client_secret="
	  "pgl_abcdefghijkl_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv",
	  401, "invalid_client" },
	{ EXCHANGE, 400, "invalid_request" },
	{ EXCHANGE "&subject_token=a.b.c", 400, "invalid_grant" },
	{ EXCHANGE "&subject_token=a.b.c&subject_token_type=saml", 400, "invalid_request" },
};

START_TEST(oauth_has_errors_of_its_own)
{
	struct fcgi_answer a = oauth(bad_grants[_i].form);
	struct json_object *v = body_of(&a);

	ck_assert_msg(a.status == bad_grants[_i].status, "%d %s", a.status, a.body);
	ck_assert_str_eq(json_text(v, "error"), bad_grants[_i].error);
	ck_assert_ptr_nonnull(json_text(v, "error_description"));
	if (a.status == 401)
		ck_assert(text_starts(answer_value(&cx, &a, "WWW-Authenticate"), "Basic"));
}
END_TEST

START_TEST(an_api_key_is_its_owners)
{
	struct fcgi_answer a =
		oauth(cx_printf(&cx, "grant_type=client_credentials&client_id=%s&client_secret=%s",
				admin.id, api_key));

	ck_assert_int_eq(a.status, 401);
	ck_assert_str_eq(json_text(body_of(&a), "error"), "invalid_client");
}
END_TEST

START_TEST(token_exchange)
{
	const char *token = login_token(ADA_LOGIN), *fresh;
	struct fcgi_answer a =
		oauth(cx_printf(&cx,
				EXCHANGE "&subject_token=%s&subject_token_type=%s"
					 "&scope=catalog",
				token, "urn:ietf:params:oauth:token-type:access_token"));

	fresh = access_token(&a);
	ck_assert_str_ne(fresh, token);
	ck_assert_int_eq(me(&second, fresh), 200);
	with_token(&responder, "POST", "/api/v1/users/logout", token, NULL);
	a = oauth(cx_printf(&cx, EXCHANGE "&subject_token=%s", token));
	ck_assert_int_eq(a.status, 400); /* a token that has ended buys nothing */
	ck_assert_str_eq(json_text(body_of(&a), "error"), "invalid_grant");
	ck_assert_int_eq(me(&second, fresh), 200);
}
END_TEST

START_TEST(a_rotated_key_ends)
{
	const char *old = api_key;
	struct service_user su;
	struct fcgi_answer a;

	ck_assert_int_eq(me_by_key(old), 200);
	must(service_user_find(&cx, st, TENANT, service.id, &su));
	must(service_user_rotate(&cx, st, &su, NULL, &api_key));
	ck_assert_int_eq(me_by_key(old), 401);
	ck_assert_int_eq(me_by_key(api_key), 200);
	must(service_user_find(&cx, st, TENANT, service.id, &su));
	su.expires_at = cx_now_ms() - 1;
	must(service_user_update(&cx, st, &su, NULL));
	ck_assert_int_eq(me_by_key(api_key), 401);
	must(service_user_delete(&cx, st, &su, NULL));
	a = oauth(cx_printf(&cx, "grant_type=client_credentials&client_secret=%s", api_key));
	ck_assert_int_eq(a.status, 401);
}
END_TEST

/* --- tokens for others ------------------------------------------------------------------------ */

static const struct {
	const char *login, *body;
	int status;
} wishes[] = {
	{ ADA_LOGIN, "{\"tenant_id\":\"" TENANT "\"}", 200 },
	{ ADA_LOGIN,
	  "{\"tenant_id\":\"" TENANT "\",\"roles\":[\"TenantAdmin\"],\"username\":\"job\"}", 200 },
	{ ADA_LOGIN,
	  "{\"tenant_id\":\"" TENANT "\",\"username\":\"rob\",\"expires_in_hours\":99999}", 200 },
	{ ADA_LOGIN, "{\"tenant_id\":\"" TENANT "\",\"roles\":[\"root\"]}", 403 },
	{ ADA_LOGIN, "{\"tenant_id\":\"" TENANT "\",\"roles\":[\"emperor\"]}", 400 },
	{ ADA_LOGIN, "{\"tenant_id\":\"" TENANT "\",\"roles\":[1]}", 400 },
	{ ADA_LOGIN, "{\"tenant_id\":\"" TENANT "\",\"expires_in_hours\":0}", 400 },
	{ ADA_LOGIN, "{\"tenant_id\":\"" OTHER "\"}", 404 },
	{ ADA_LOGIN, "{\"tenant_id\":\"x\"}", 400 },
	{ ROB_LOGIN, "{\"tenant_id\":\"" TENANT "\"}", 403 },
	{ ROB_LOGIN, "{\"tenant_id\":\"" OTHER "\"}", 403 },
	{ ROOT_LOGIN, "{\"tenant_id\":\"" TENANT "\",\"roles\":[\"admin\"]}", 200 },
	{ ROOT_LOGIN, "{\"tenant_id\":\"" TENANT "\",\"roles\":[\"root\"]}", 400 },
	{ ROOT_LOGIN, "{\"tenant_id\":\"33333333-3333-4333-8333-333333333333\"}", 404 },
};

START_TEST(admins_make_tokens)
{
	const char *token = login_token(wishes[_i].login);
	struct fcgi_answer a =
		with_token(&second, "POST", "/api/v1/tokens", token, wishes[_i].body);

	ck_assert_msg(a.status == wishes[_i].status, "%s: %d %s", wishes[_i].body, a.status,
		      a.body);
	if (a.status != 200)
		return;
	ck_assert_str_eq(json_text(body_of(&a), "tenant_id"), TENANT);
	ck_assert_int_eq(me(&responder, json_text(body_of(&a), "token")), 200);
	ck_assert_int_eq(
		fcgi_call(&cx, &responder, "POST", "/api/v1/tokens", NULL, wishes[_i].body).status,
		401);
}
END_TEST

/* --- whose tenant ------------------------------------------------------------------------------- */

START_TEST(only_root_chooses_a_tenant)
{
	const char *root = cx_printf(&cx, "HTTP_AUTHORIZATION=Bearer %s", login_token(ROOT_LOGIN));
	const char *ada = cx_printf(&cx, "HTTP_AUTHORIZATION=Bearer %s", login_token(ADA_LOGIN));
	const char *basic = "HTTP_AUTHORIZATION=basic cm9vdDpyb290J3Mgb3du"; /* root:root's own */
	const char *there = "HTTP_X_PANGOLIN_TENANT=" OTHER;
	const char *nowhere = "HTTP_X_PANGOLIN_TENANT=33333333-3333-4333-8333-333333333333";
	const struct {
		const char *params[3];
		int status;
	} cases[] = {
		{ { root, there }, 200 },
		{ { root, nowhere }, 404 },
		{ { ada, nowhere }, 200 },
		{ { basic, there }, 200 },
		{ { root, "HTTP_X_PANGOLIN_TENANT=x" }, 400 },
		{ { "HTTP_AUTHORIZATION=Basic cm9vdDpyb290" }, 401 },
		{ { "HTTP_AUTHORIZATION=Basic !!!" }, 401 },
		{ { "HTTP_AUTHORIZATION=Digest x" }, 401 },
		{ { "HTTP_AUTHORIZATION=" }, 401 },
		{ { NULL }, 401 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fcgi_answer a = fcgi_call(&cx, &responder, "GET", "/api/v1/users/me",
						 cases[i].params, NULL);

		ck_assert_msg(a.status == cases[i].status, "case %zu: %d %s", i, a.status, a.body);
	}
}
END_TEST

START_TEST(keys_are_shown_and_rotate)
{
	struct fcgi_answer a = fcgi_call(&cx, &second, "GET", "/.well-known/jwks.json", NULL, NULL);
	const char *before = login_token(ADA_LOGIN), *after, *kid, *old_kid;

	ck_assert_int_eq(a.status, 200);
	ck_assert_uint_eq(json_object_array_length(json_member(body_of(&a), "keys")), 1);
	ck_assert_ptr_null(strstr(a.body, "\"d\""));
	ck_assert_int_eq(me(&second, before), 200); /* it has looked at the file just now */
	must(jwt_keys_create(&cx, folder, true));
	after = login_token(ADA_LOGIN);
	must(jwt_kid(&cx, after, &kid));
	must(jwt_kid(&cx, before, &old_kid));
	ck_assert_str_ne(kid, old_kid);
	/* nobody was started again */
	ck_assert_int_eq(me(&second, after), 200);
	ck_assert_int_eq(me(&second, before), 200);
	ck_assert_int_eq(me(&responder, before), 200);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("credentials");
	TCase *tc = tcase_create("credentials");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, start, end);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, root_logs_in);
	tcase_add_test(tc, a_tenants_user_logs_in);
	tcase_add_loop_test(tc, bad_logins_fail, 0, (int)ARRAY_SIZE(bad_logins));
	tcase_add_test(tc, failed_logins_are_one_record);
	tcase_add_test(tc, an_inactive_user_is_nobody);
	tcase_add_test(tc, a_lower_role_holds_at_once);
	tcase_add_test(tc, logout_ends_the_token_everywhere);
	tcase_add_test(tc, a_dropped_tenant_has_no_users);
	tcase_add_test(tc, client_credentials);
	tcase_add_test(tc, client_credentials_by_basic);
	tcase_add_loop_test(tc, oauth_has_errors_of_its_own, 0, (int)ARRAY_SIZE(bad_grants));
	tcase_add_test(tc, an_api_key_is_its_owners);
	tcase_add_test(tc, token_exchange);
	tcase_add_test(tc, a_rotated_key_ends);
	tcase_add_loop_test(tc, admins_make_tokens, 0, (int)ARRAY_SIZE(wishes));
	tcase_add_test(tc, only_root_chooses_a_tenant);
	tcase_add_test(tc, keys_are_shown_and_rotate);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
