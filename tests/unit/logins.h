/* SPDX-License-Identifier: Apache-2.0 */
/* logins.h - pangolin-credentials in two processes with a few people, and how to ask them; for tests. */
#ifndef TESTS_UNIT_LOGINS_H
#define TESTS_UNIT_LOGINS_H

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

static inline int run(void)
{
	static const struct route_table *const tables[] = { &credentials_routes };

	return serve("credentials", NEED_STORAGE_KEY | NEED_IDENTITY_KEY, tables, 1);
}

static inline void must(enum status s)
{
	ck_assert_msg(s == OK, "%d: %s", s, cx.message);
}

static inline void make_user(struct user *u, const char *tenant_id, const char *name,
			     const char *role)
{
	*u = (struct user){ .tenant_id = tenant_id,
			    .username = name,
			    .email = "a@b",
			    .role = role,
			    .password_hash = HORSE };
	must(user_create(&cx, st, u, NULL));
}

static inline void make_people(void)
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

static inline void start(void)
{
	const char *key_path;

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

static inline void start_strict(void)
{
	setenv("PANGOLIN_AUTH_RATE_LIMIT", "4", 1);
	setenv("PANGOLIN_AUTH_LOCKOUT", "4", 1);
	start();
}

static inline void end(void)
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

static inline struct json_object *token_claims(const char *token)
{
	struct json_object *claims;

	must(jwt_claims(&cx, token, &claims));
	return claims;
}

/* The i-th of the roles that a token of ours names beside the assigned ones; NULL: none. */
static inline const char *role_in(const char *token, size_t i)
{
	struct json_object *roles = json_member(token_claims(token), "roles");

	return json_object_get_string(roles ? json_object_array_get_idx(roles, i) : NULL);
}

static inline int64_t end_of(const char *token)
{
	return json_int(token_claims(token), "exp", 0);
}

/* --- calls --------------------------------------------------------------------------- */

static inline struct json_object *body_of(const struct fcgi_answer *a)
{
	struct json_object *v;

	ck_assert_msg(json_parse(&cx, a->body, a->body_len, 8, &v) == OK, "%d %s", a->status,
		      a->body);
	return v;
}

static inline struct fcgi_answer with_token(const struct responder_process *p, const char *method,
					    const char *uri, const char *token, const char *body)
{
	const char *params[] = { cx_printf(&cx, "HTTP_AUTHORIZATION=Bearer %s", token), NULL };

	return fcgi_call(&cx, p, method, uri, params, body);
}

static inline int me(const struct responder_process *p, const char *token)
{
	return with_token(p, "GET", "/api/v1/users/me", token, NULL).status;
}

static inline int me_by_key(const char *key)
{
	const char *params[] = { cx_printf(&cx, "HTTP_X_API_KEY=%s", key), NULL };

	return fcgi_call(&cx, &second, "GET", "/api/v1/users/me", params, NULL).status;
}

static inline struct fcgi_answer login(const char *body)
{
	return fcgi_call(&cx, &responder, "POST", "/api/v1/users/login", NULL, body);
}

static inline const char *login_token(const char *body)
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

static inline struct fcgi_answer oauth(const char *body)
{
	const char *params[] = { FORM, NULL };

	return fcgi_call(&cx, &responder, "POST", "/v1/oauth/tokens", params, body);
}

static inline const char *access_token(const struct fcgi_answer *a)
{
	struct json_object *v = body_of(a);

	ck_assert_msg(a->status == 200, "%d %s", a->status, a->body);
	ck_assert_str_eq(json_text(v, "token_type"), "bearer");
	ck_assert_int_eq(json_int(v, "expires_in", 0), 3600);
	ck_assert_str_eq(answer_value(&cx, a, "Cache-Control"), "private, no-store");
	return json_text(v, "access_token");
}

#endif
