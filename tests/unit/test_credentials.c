/* SPDX-License-Identifier: Apache-2.0 */
/* test_credentials.c - pangolin-credentials whole: logins, tokens, API keys, and how each ends. */
#include "fcgi/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include "common/jwt.h"
#include "common/seal.h"
#include "common/text.h"
#include "stores/principals.h"
#include "stores/tenants.h"
#include "tests/unit/fcgi_client.h"

#include <check.h>
#undef fail

#define TENANT "11111111-1111-4111-8111-111111111111"
#define OTHER "22222222-2222-4222-8222-222222222222"
/* "correct horse", at a cost that lets tests be quick. */
#define HORSE                                                                                      \
	"$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$OAkZqU"                                       \
	"BelG6VIYdTJfYSENL5OmZRxMa3GwXn5oFliTg"
#define FORM "CONTENT_TYPE=application/x-www-form-urlencoded"
#define EXCHANGE "grant_type=urn:ietf:params:oauth:grant-type:token-exchange"

static struct cx cx;
static const char *folder, *second_folder, *api_key;
static struct store *st;
static struct responder_process responder, second; /* two processes of one family */
static struct user admin, reader, stranger;
static struct service_user service;

static int run(void)
{
	static const struct route_table *const tables[] = { &credentials_routes };

	return serve("credentials", NEED_STORAGE_KEY | NEED_IDENTITY_KEY, tables, 1);
}

static void must(enum status s)
{
	ck_assert_msg(s == OK, "%d: %s", s, cx.message);
}

static void make_user(struct user *u, const char *tenant_id, const char *name, const char *role)
{
	*u = (struct user){ .tenant_id = tenant_id,
			    .username = name,
			    .email = "a@b",
			    .role = role,
			    .password_hash = HORSE };
	must(user_create(&cx, st, u, NULL));
}

static void make_people(void)
{
	struct tenant ours = { .tenant_id = TENANT, .name = "ours", .properties = "{}" };
	struct tenant theirs = { .tenant_id = OTHER, .name = "theirs", .properties = "{}" };

	must(tenant_create(&cx, st, &ours, NULL));
	must(tenant_create(&cx, st, &theirs, NULL));
	make_user(&admin, TENANT, "ada", "tenant-admin");
	make_user(&reader, TENANT, "rob", "tenant-user");
	make_user(&stranger, OTHER, "eve", "tenant-admin");
	service = (struct service_user){
		.tenant_id = TENANT, .name = "etl", .role = "tenant-admin", .created_by = admin.id
	};
	must(service_user_create(&cx, st, &service, NULL, &api_key));
}

static void start(void)
{
	const char *key_path;

	cx = (struct cx){ 0 };
	folder = folder_with_store(&cx);
	second_folder = cx_printf(&cx, "%s/second", folder);
	key_path = cx_printf(&cx, "%s/storage.key", folder);
	ck_assert_int_eq(mkdir(second_folder, 0700), 0);
	must(jwt_keys_create(&cx, folder, false));
	must(seal_add_key(&cx, key_path));
	must(store_open(&cx, getenv("DATABASE_URL"), key_path, false, &st));
	make_people();
	setenv("PANGOLIN_KEYS_DIR", folder, 1);
	setenv("PANGOLIN_RUNTIME_DIR", folder, 1);
	setenv("PANGOLIN_ROOT_USER", "root", 1);
	setenv("PANGOLIN_ROOT_PASSWORD", "root's own", 1);
	responder_start(&responder, folder, run);
	responder_start(&second, second_folder, run);
}

static void start_strict(void)
{
	setenv("PANGOLIN_AUTH_RATE_LIMIT", "4", 1);
	setenv("PANGOLIN_AUTH_LOCKOUT", "4", 1);
	start();
}

static void end(void)
{
	const char *jwks = "/.well-known/jwks.json";
	int first = fcgi_call(&cx, &responder, "GET", jwks, NULL, NULL).status;
	int other = fcgi_call(&cx, &second, "GET", jwks, NULL, NULL).status;

	first += responder_stop(&responder);
	other += responder_stop(&second);
	store_close(st);
	close(responder.listener);
	close(second.listener);
	folder_remove(folder);
	cx_free(&cx);
	ck_assert_int_eq(first, 200);
	ck_assert_int_eq(other, 200);
}

/* --- calls --------------------------------------------------------------------------- */

static struct json_object *body_of(const struct fcgi_answer *a)
{
	struct json_object *v;

	ck_assert_msg(json_parse(&cx, a->body, a->body_len, 8, &v) == OK, "%d %s", a->status,
		      a->body);
	return v;
}

static struct fcgi_answer with_token(const struct responder_process *p, const char *method,
				     const char *uri, const char *token, const char *body)
{
	const char *params[] = { cx_printf(&cx, "HTTP_AUTHORIZATION=Bearer %s", token), NULL };

	return fcgi_call(&cx, p, method, uri, params, body);
}

static int me(const struct responder_process *p, const char *token)
{
	return with_token(p, "GET", "/api/v1/users/me", token, NULL).status;
}

static int me_by_key(const char *key)
{
	const char *params[] = { cx_printf(&cx, "HTTP_X_API_KEY=%s", key), NULL };

	return fcgi_call(&cx, &second, "GET", "/api/v1/users/me", params, NULL).status;
}

static struct fcgi_answer login(const char *body)
{
	return fcgi_call(&cx, &responder, "POST", "/api/v1/users/login", NULL, body);
}

static const char *login_token(const char *body)
{
	struct fcgi_answer a = login(body);

	ck_assert_msg(a.status == 200, "%d %s", a.status, a.body);
	return json_text(body_of(&a), "token");
}

#define ROOT_LOGIN "{\"username\":\"root\",\"password\":\"root's own\"}"
#define ADA_LOGIN                                                                                  \
	"{\"username\":\"ada\",\"password\":\"correct horse\",\"tenant-id\":\"" TENANT "\"}"
#define ROB_LOGIN                                                                                  \
	"{\"username\":\"rob\",\"password\":\"correct horse\",\"tenant_id\":\"" TENANT "\"}"

#define EVE_LOGIN                                                                                  \
	"{\"username\":\"eve\",\"password\":\"correct horse\",\"tenant-id\":\"" OTHER "\"}"

static struct fcgi_answer oauth(const char *body)
{
	const char *params[] = { FORM, NULL };

	return fcgi_call(&cx, &responder, "POST", "/v1/oauth/tokens", params, body);
}

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

static const char *access_token(const struct fcgi_answer *a)
{
	struct json_object *v = body_of(a);

	ck_assert_msg(a->status == 200, "%d %s", a->status, a->body);
	ck_assert_str_eq(json_text(v, "token_type"), "bearer");
	ck_assert_int_eq(json_int(v, "expires_in", 0), 3600);
	ck_assert_str_eq(answer_value(&cx, a, "Cache-Control"), "private, no-store");
	return json_text(v, "access_token");
}

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

/* --- tokens that are there ---------------------------------------------------------------------- */

static struct json_object *tokens_at(const char *uri, const char *token)
{
	struct fcgi_answer a = with_token(&second, "GET", uri, token, NULL);

	ck_assert_msg(a.status == 200, "%d %s", a.status, a.body);
	ck_assert_ptr_null(strstr(a.body, "eyJ")); /* no token's text */
	return body_of(&a);
}

START_TEST(tokens_are_listed)
{
	const char *rob = login_token(ROB_LOGIN), *ada = login_token(ADA_LOGIN);
	const char *of_rob = cx_printf(&cx, "/api/v1/users/%s/tokens", reader.id);
	const char *theirs = cx_printf(&cx, "/api/v1/users/%s/tokens", admin.id);
	const char *root = login_token(ROOT_LOGIN);
	struct json_object *v, *first;

	with_token(&responder, "POST", "/api/v1/tokens", ada,
		   "{\"tenant_id\":\"" TENANT "\",\"username\":\"rob\",\"expires_in_hours\":99}");
	v = tokens_at("/api/v1/users/me/tokens", rob);
	ck_assert_uint_eq(json_object_array_length(v), 2);
	first = json_object_array_get_idx(v, 0); /* the one that lives longest */
	ck_assert_str_eq(json_text(first, "username"), "rob");
	ck_assert_str_eq(json_text(first, "user_id"), reader.id);
	ck_assert_str_eq(json_text(first, "tenant_id"), TENANT);
	ck_assert_str_eq(json_text(first, "id"), json_text(first, "token_id"));
	ck_assert(json_object_get_boolean(json_member(first, "is_valid")));
	ck_assert_int_gt(strcmp(json_text(first, "expires_at"),
				json_text(json_object_array_get_idx(v, 1), "expires_at")),
			 0);
	ck_assert_uint_eq(json_object_array_length(tokens_at(of_rob, ada)), 2);
	ck_assert_uint_eq(json_object_array_length(tokens_at(of_rob, root)), 2);
	v = tokens_at(cx_printf(&cx, "%s?offset=1&limit=5", of_rob), ada);
	ck_assert_uint_eq(json_object_array_length(v), 1);
	ck_assert_int_eq(with_token(&second, "GET", theirs, rob, NULL).status, 403);
	ck_assert_int_eq(
		with_token(&second, "GET", "/api/v1/users/" NIL_UUID "/tokens", ada, NULL).status,
		404);
	ck_assert_int_eq(with_token(&second, "GET", of_rob, login_token(EVE_LOGIN), NULL).status,
			 404);
	ck_assert_uint_eq(json_object_array_length(tokens_at("/api/v1/users/me/tokens", root)), 1);
}
END_TEST

static const char *id_of(const char *token)
{
	struct json_object *v = tokens_at("/api/v1/users/me/tokens", token);

	return json_text(json_object_array_get_idx(v, 0), "token_id");
}

START_TEST(a_rotated_token_ends)
{
	const char *old = login_token(ROB_LOGIN), *fresh, *short_lived;
	struct fcgi_answer a;
	int64_t before = 0, after = 0;

	ck_assert_int_eq(me(&second, old), 200);
	a = with_token(&responder, "POST", "/api/v1/tokens/rotate", old, NULL);
	ck_assert_msg(a.status == 200, "%d %s", a.status, a.body);
	fresh = json_text(body_of(&a), "token");
	ck_assert_str_eq(json_text(body_of(&a), "tenant_id"), TENANT);
	ck_assert_int_eq(me(&second, old), 401);
	ck_assert_int_eq(me(&responder, old), 401);
	ck_assert_int_eq(me(&second, fresh), 200);
	ck_assert_int_eq(with_token(&second, "POST", "/api/v1/tokens/rotate", old, NULL).status,
			 401);
	/* what an administrator gave a program for an hour stays an hour */
	a = with_token(&responder, "POST", "/api/v1/tokens", login_token(ADA_LOGIN),
		       "{\"tenant_id\":\"" TENANT "\",\"expires_in_hours\":1}");
	short_lived = json_text(body_of(&a), "token");
	ck_assert(text_untime(json_text(body_of(&a), "expires_at"), &before));
	a = oauth(cx_printf(&cx, EXCHANGE "&subject_token=%s", short_lived));
	ck_assert_int_le(json_int(body_of(&a), "expires_in", 0), 3600);
	a = with_token(&responder, "POST", "/api/v1/tokens/rotate", short_lived, "{}");
	ck_assert_int_eq(a.status, 200);
	ck_assert(text_untime(json_text(body_of(&a), "expires_at"), &after));
	ck_assert_int_le(after, before + 1000);
	/* root's claim is no empty tenant, and the new one works */
	a = with_token(&responder, "POST", "/api/v1/tokens/rotate", login_token(ROOT_LOGIN), "");
	ck_assert_int_eq(me(&second, json_text(body_of(&a), "token")), 200);
}
END_TEST

START_TEST(tokens_are_revoked)
{
	const char *rob = login_token(ROB_LOGIN), *ada = login_token(ADA_LOGIN);
	const char *eve = login_token(EVE_LOGIN), *rob_id = id_of(rob), *ada_id = id_of(ada);
	const char *uri = cx_printf(&cx, "/api/v1/tokens/%s", ada_id);
	const char *post = cx_printf(&cx, "/api/v1/auth/revoke/%s", rob_id);
	const char *key[] = { cx_printf(&cx, "HTTP_X_API_KEY=%s", api_key), NULL };
	struct fcgi_answer a;

	/* another's, and another tenant's, read as none */
	ck_assert_int_eq(with_token(&second, "DELETE", uri, rob, NULL).status, 404);
	ck_assert_int_eq(with_token(&second, "DELETE", uri, eve, NULL).status, 404);
	ck_assert_int_eq(with_token(&second, "POST", post, eve, NULL).status, 404);
	ck_assert_int_eq(
		with_token(&second, "DELETE", "/api/v1/tokens/" NIL_UUID, ada, NULL).status, 404);
	ck_assert_int_eq(me(&responder, rob) + me(&responder, ada), 400);
	/* an administrator's word, without a body and with a reason */
	a = with_token(&second, "POST", post, ada, NULL);
	ck_assert_msg(a.status == 200, "%d %s", a.status, a.body);
	ck_assert_ptr_nonnull(json_text(body_of(&a), "message"));
	ck_assert_int_eq(me(&responder, rob), 401);
	rob = login_token(ROB_LOGIN);
	post = cx_printf(&cx, "/api/v1/auth/revoke/%s", id_of(rob));
	ck_assert_int_eq(
		with_token(&second, "POST", post, login_token(ROOT_LOGIN), "{\"reason\":\"lost\"}")
			.status,
		200);
	ck_assert_int_eq(me(&responder, rob), 401);
	/* one's own, by its id or as it comes */
	rob = login_token(ROB_LOGIN);
	ck_assert_int_eq(with_token(&second, "DELETE",
				    cx_printf(&cx, "/api/v1/tokens/%s", id_of(rob)), rob, NULL)
				 .status,
			 204);
	ck_assert_int_eq(me(&responder, rob), 401);
	a = with_token(&second, "POST", "/api/v1/auth/revoke", ada, "{\"reason\":1}");
	ck_assert_int_eq(a.status, 400);
	ck_assert_int_eq(with_token(&second, "POST", "/api/v1/auth/revoke", ada, NULL).status, 200);
	ck_assert_int_eq(me(&responder, ada), 401);
	ck_assert_int_eq(fcgi_call(&cx, &second, "POST", "/api/v1/auth/revoke", key, NULL).status,
			 400);
}
END_TEST

START_TEST(what_is_past_its_time_is_cleaned_up)
{
	struct token t = { .row = ROW(token), .tenant_id = TENANT, .expires_at = 1000 };
	const char *ada = login_token(ADA_LOGIN);
	struct fcgi_answer a;

	for (int i = 0; i < 3; i++) {
		t.token_id = cx_printf(&cx, "old%d", i);
		t.row.version = 0;
		must(store_apply(&cx, st, (struct change[]){ { INSERT, &t.row } }, 1, NULL));
	}
	a = with_token(&second, "POST", "/api/v1/auth/cleanup-tokens", login_token(EVE_LOGIN), "");
	ck_assert_int_eq(json_int(body_of(&a), "count", -1), 0);
	a = with_token(&second, "POST", "/api/v1/auth/cleanup-tokens", ada, NULL);
	ck_assert_int_eq(json_int(body_of(&a), "count", -1), 3);
	ck_assert_int_eq(me(&responder, ada), 200);
}
END_TEST

/* Java's client: an expired token for a fresh one, with the credential beside it. */
START_TEST(an_ended_token_and_a_credential)
{
	const char *pair = cx_printf(&cx, "%s:%s", service.id, api_key);
	const char *params[] = { FORM,
				 cx_printf(&cx, "HTTP_AUTHORIZATION=Basic %s",
					   text_base64(&cx, pair, strlen(pair))),
				 NULL };
	struct fcgi_answer a =
		oauth(cx_printf(&cx, "grant_type=client_credentials&client_secret=%s", api_key));
	const char *token = access_token(&a), *ada = login_token(ADA_LOGIN);

	with_token(&second, "POST", "/api/v1/users/logout", token, NULL);
	with_token(&second, "POST", "/api/v1/users/logout", ada, NULL);
	a = fcgi_call(&cx, &responder, "POST", "/v1/oauth/tokens", params,
		      cx_printf(&cx, EXCHANGE "&subject_token=%s", token));
	ck_assert_int_eq(me(&second, access_token(&a)), 200);
	a = fcgi_call(&cx, &responder, "POST", "/v1/oauth/tokens", params,
		      cx_printf(&cx, EXCHANGE "&subject_token=%s", ada));
	ck_assert_int_eq(a.status, 400); /* another's */
}
END_TEST

/* --- who guesses ---------------------------------------------------------------------------------- */

#define WRONG "{\"username\":\"ada\",\"password\":\"wrong horse\",\"tenant-id\":\"" TENANT "\"}"

static struct fcgi_answer login_from(const struct responder_process *p, const char *address,
				     const char *body)
{
	const char *params[] = { cx_printf(&cx, "REMOTE_ADDR=%s", address), NULL };

	return fcgi_call(&cx, p, "POST", "/api/v1/users/login", params, body);
}

/* Two processes count together; a right password does not pass a limit. */
START_TEST(an_address_is_slowed_down)
{
	struct fcgi_answer a;
	int64_t wait_s;

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(login_from(i % 2 ? &second : &responder, "2001:db8:1:2::7",
					    bad_logins[i + 10].body)
					 .status,
				 401);
	a = login_from(&second, "2001:db8:1:2:ffff::1", ADA_LOGIN);
	ck_assert_int_eq(a.status, 429);
	ck_assert(text_int(answer_value(&cx, &a, "Retry-After"), &wait_s));
	ck_assert(wait_s >= 2 && wait_s <= 60);
	ck_assert_int_eq(login_from(&responder, "2001:db8:1:3::7", ADA_LOGIN).status, 200);
	ck_assert_int_eq(login_from(&responder, "::ffff:192.0.2.1", WRONG).status, 401);
	ck_assert_int_eq(login_from(&responder, "192.0.2.1", ROOT_LOGIN).status, 200);
}
END_TEST

START_TEST(an_account_is_locked)
{
	struct login_attempt count = { .row = ROW(login_attempt),
				       .subject = "account " TENANT "/ada" };
	int64_t version;

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(
			login_from(&responder, cx_printf(&cx, "192.0.2.%d", i), WRONG).status, 401);
	must(store_get(&cx, st, &count.row));
	ck_assert_int_eq(count.failures, 3);
	ck_assert_int_eq(login_from(&second, "192.0.2.9", ADA_LOGIN).status, 200);
	ck_assert_int_eq(store_get(&cx, st, &count.row), NOT_FOUND); /* a success forgives */
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(
			login_from(&responder, cx_printf(&cx, "192.0.2.%d", 20 + i), WRONG).status,
			401);
	must(store_get(&cx, st, &count.row));
	version = count.row.version;
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(login_from(&second, "192.0.2.99", WRONG).status, 429);
	ck_assert_int_eq(login_from(&second, "192.0.2.99", ADA_LOGIN).status, 429);
	must(store_get(&cx, st, &count.row));
	ck_assert_int_eq(count.row.version, version); /* who hammers writes nothing */
	/* and who is not there is locked as well */
	for (int i = 0; i < 4; i++)
		login_from(&responder, cx_printf(&cx, "198.51.100.%d", i), bad_logins[11].body);
	ck_assert_int_eq(login_from(&responder, "198.51.100.7", bad_logins[11].body).status, 429);
	count.until_ms = 1;
	must(store_apply(&cx, st, (struct change[]){ { UPDATE, &count.row } }, 1, NULL));
	ck_assert_int_eq(login_from(&second, "192.0.2.99", ADA_LOGIN).status, 200);
}
END_TEST

START_TEST(guesses_at_roots_password_are_counted_on_every_way)
{
	const char *wrong = "HTTP_AUTHORIZATION=Basic cm9vdDp4"; /* root:x */
	const char *right = "HTTP_AUTHORIZATION=basic cm9vdDpyb290J3Mgb3du";
	const char *here = "REMOTE_ADDR=192.0.2.1", *there = "REMOTE_ADDR=192.0.2.2";
	const char *form = "grant_type=client_credentials&client_id=root&client_secret=x";
	const char *me_uri = "/api/v1/users/me";
	const char *oauth_params[] = { FORM, here, NULL };
	const char *early[] = { right, there, NULL }, *late[] = { right, here, NULL };
	const char *bad[] = { wrong, here, NULL };

	ck_assert_int_eq(fcgi_call(&cx, &responder, "GET", me_uri, early, NULL).status, 200);
	ck_assert_int_eq(fcgi_call(&cx, &responder, "GET", me_uri, bad, NULL).status, 401);
	ck_assert_int_eq(fcgi_call(&cx, &second, "GET", me_uri, bad, NULL).status, 401);
	ck_assert_int_eq(
		fcgi_call(&cx, &second, "POST", "/v1/oauth/tokens", oauth_params, form).status,
		401);
	ck_assert_int_eq(
		login_from(&second, "192.0.2.1", "{\"username\":\"root\",\"password\":\"x\"}")
			.status,
		401);
	ck_assert_int_eq(
		fcgi_call(&cx, &second, "POST", "/v1/oauth/tokens", oauth_params, form).status,
		429);
	ck_assert_int_eq(fcgi_call(&cx, &second, "GET", me_uri, bad, NULL).status, 429);
	ck_assert_int_eq(fcgi_call(&cx, &second, "GET", me_uri, late, NULL).status, 429);
	/* who was right from elsewhere before goes on */
	ck_assert_int_eq(fcgi_call(&cx, &responder, "GET", me_uri, early, NULL).status, 200);
}
END_TEST

START_TEST(another_password_ends_tokens)
{
	const char *mine = login_token(ADA_LOGIN), *other = login_token(ADA_LOGIN);
	struct user row;

	must(user_find(&cx, st, TENANT, "ada", &row));
	must(user_change_password(&cx, st, &row, id_of(mine), NULL));
	ck_assert_int_eq(me(&responder, mine) == 200, me(&responder, other) != 200);
	must(user_change_password(&cx, st, &row, NULL, NULL));
	ck_assert_int_eq(me(&responder, mine), 401);
	ck_assert_int_eq(me(&second, other), 401);
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
	tcase_add_test(tc, tokens_are_listed);
	tcase_add_test(tc, a_rotated_token_ends);
	tcase_add_test(tc, tokens_are_revoked);
	tcase_add_test(tc, what_is_past_its_time_is_cleaned_up);
	tcase_add_test(tc, an_ended_token_and_a_credential);
	tcase_add_test(tc, another_password_ends_tokens);
	tcase_add_test(tc, only_root_chooses_a_tenant);
	tcase_add_test(tc, keys_are_shown_and_rotate);
	suite_add_tcase(suite, tc);
	tc = tcase_create("guesses");
	tcase_add_checked_fixture(tc, start_strict, end);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, an_address_is_slowed_down);
	tcase_add_test(tc, an_account_is_locked);
	tcase_add_test(tc, guesses_at_roots_password_are_counted_on_every_way);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
