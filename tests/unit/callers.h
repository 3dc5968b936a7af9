/* SPDX-License-Identifier: Apache-2.0 */
/* callers.h - two tenants with users of every sort, and their tokens; for tests of who may do what. */
#ifndef TESTS_UNIT_CALLERS_H
#define TESTS_UNIT_CALLERS_H

#include "fcgi/server.h"

#include <unistd.h>

#include "common/jwt.h"
#include "common/seal.h"
#include "common/text.h"
#include "fcgi/auth.h"
#include "stores/assets.h"
#include "stores/catalogs.h"
#include "stores/namespaces.h"
#include "stores/principals.h"
#include "stores/roles.h"
#include "stores/tenants.h"
#include "tests/unit/fcgi_client.h"

#include <check.h>
#undef fail

#define OURS "11111111-1111-4111-8111-111111111111"
#define THEIRS "22222222-2222-4222-8222-222222222222"
#define ROOT_PASSWORD "correct horse battery staple 9"

static struct cx cx;
static const char *folder;
static struct store *st;

static inline void must(enum status s)
{
	ck_assert_msg(s == OK, "%d: %s", s, cx.message);
}

/* A folder with a store, keys and both tenants; the environment is a responder's. */
static inline void open_ground(void)
{
	struct tenant ours = { .tenant_id = OURS, .name = "ours", .properties = "{}" };
	struct tenant theirs = { .tenant_id = THEIRS, .name = "theirs", .properties = "{}" };
	const char *key_path;

	cx = (struct cx){ 0 };
	folder = folder_with_store(&cx);
	key_path = cx_printf(&cx, "%s/storage.key", folder);
	must(jwt_keys_create(&cx, folder, false));
	must(seal_add_key(&cx, key_path));
	must(store_open(&cx, getenv("DATABASE_URL"), key_path, false, &st));
	must(tenant_create(&cx, st, &ours, NULL));
	must(tenant_create(&cx, st, &theirs, NULL));
	setenv("PANGOLIN_KEYS_DIR", folder, 1);
	setenv("PANGOLIN_ROOT_USER", "root", 1);
	setenv("PANGOLIN_ROOT_PASSWORD", ROOT_PASSWORD, 1);
	unsetenv("PANGOLIN_NO_AUTH");
}

static inline void close_ground(void)
{
	store_close(st);
	folder_remove(folder);
	cx_free(&cx);
}

static inline struct user make_user(const char *tenant_id, const char *name, const char *role)
{
	struct user u = {
		.tenant_id = tenant_id, .username = name, .email = "x@example.com", .role = role
	};

	must(user_create(&cx, st, &u, NULL));
	return u;
}

/* A token by the library itself: logins are tested elsewhere.  Below 0: it is over already. */
static inline const char *token_for(const struct user *u, int64_t ttl_s, const char **token_id)
{
	struct config config = { .keys_dir = folder, .root_user = "root" };
	struct responder rs = { .config = &config, .store = st };
	struct principal root = { .kind = A_ROOT,
				  .id = "ffffffff-ffff-ffff-ffff-ffffffffffff",
				  .name = "root",
				  .tenant_id = "",
				  .role = ROLE_ROOT };
	struct issued t;

	must(auth_open(&cx, &rs, true));
	must(auth_issue(&cx, &rs, u ? auth_user(&cx, u) : &root, ttl_s, NULL, 0, &t));
	auth_close(&rs);
	if (token_id)
		*token_id = t.token_id;
	return t.token;
}

/* scope and actions as in JSON; returns the permission's id. */
static inline const char *grant(const struct user *u, const char *scope, const char *actions)
{
	struct permission p = { .tenant_id = u->tenant_id,
				.user_id = u->id,
				.scope = scope,
				.actions = actions,
				.granted_by = NIL_UUID };
	struct user fresh;

	must(user_find(&cx, st, u->tenant_id, u->username, &fresh));
	must(permission_grant(&cx, st, &p, &fresh.row, NULL));
	return p.id;
}

static inline const char *on_catalog(const struct catalog *c)
{
	return cx_printf(&cx, "{\"type\":\"catalog\",\"catalog_id\":\"%s\"}", c->id);
}

static inline const char *on_namespace(const struct catalog *c, const char *dotted)
{
	return cx_printf(&cx, "{\"type\":\"namespace\",\"catalog_id\":\"%s\",\"namespace\":\"%s\"}",
			 c->id, dotted);
}

static inline const char *on_asset(const struct catalog *c, const char *dotted, const char *id)
{
	return cx_printf(&cx,
			 "{\"type\":\"asset\",\"catalog_id\":\"%s\",\"namespace\":\"%s\","
			 "\"asset_id\":\"%s\"}",
			 c->id, dotted, id);
}

/* A catalog with namespaces a and b. */
static inline const struct catalog_ref *make_catalog(struct content *content, const char *tenant_id,
						     const char *name, struct catalog *out)
{
	const struct catalog_ref *ref;

	*out = (struct catalog){ .tenant_id = tenant_id, .name = name, .properties = "{}" };
	must(catalog_create(&cx, st, out, NULL));
	must(content_catalog(&cx, content, st, tenant_id, name, NULL, &ref));
	must(namespace_create(&cx, st, ref, "a", json_new_object(&cx), NULL));
	must(namespace_create(&cx, st, ref, "b", json_new_object(&cx), NULL));
	return ref;
}

/* A table's row without a file; returns its id. */
static inline const char *make_table(const struct catalog_ref *ref, const char *path,
				     const char *name)
{
	struct asset_name at = { path, name };
	struct asset row = { .asset_id = text_uuid7(&cx),
			     .type = "ICEBERG_TABLE",
			     .metadata_location = "file:///nowhere/m.json",
			     .location = "file:///nowhere/t",
			     .current_snapshot_id = -1 };

	must(asset_create(&cx, st, ref, &at, &row, NULL, false, "create", NULL));
	return row.asset_id;
}

/* token NULL: nobody.  root's go to OURS. */
static inline struct fcgi_answer ask_as(const struct responder_process *p, const char *token,
					const char *method, const char *uri, const char *body)
{
	const char *params[3] = { NULL };

	if (token) {
		params[0] = cx_printf(&cx, "HTTP_AUTHORIZATION=Bearer %s", token);
		params[1] = "HTTP_X_PANGOLIN_TENANT=" OURS;
	}
	return fcgi_call(&cx, p, method, uri, params, body);
}

#endif
