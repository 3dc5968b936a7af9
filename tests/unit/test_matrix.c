/* SPDX-License-Identifier: Apache-2.0 */
/* test_matrix.c - every route of every family asked by every sort of caller: no row lets anyone in by mistake. */
#include "fcgi/server.h"

#include <unistd.h>

#include "common/jwt.h"
#include "common/seal.h"
#include "common/text.h"
#include "fcgi/auth.h"
#include "stores/catalogs.h"
#include "stores/principals.h"
#include "stores/tenants.h"
#include "tests/unit/fcgi_client.h"

#include <check.h>
#undef fail

#define TENANT "11111111-1111-4111-8111-111111111111"
#define OTHER "22222222-2222-4222-8222-222222222222"

static const struct route_table *const tables[] = { &namespaces_routes, &tables_routes,
						    &credentials_routes, &admin_routes };

static struct cx cx;
static const char *folder;
static struct store *st;
static struct responder_process responder;
static const char *user_token,
	*stranger_token; /* no rights in its tenant; another tenant's admin */

static int run(void)
{
	return serve("test", NEED_CLOUD | NEED_STORAGE_KEY | NEED_IDENTITY_KEY, tables,
		     ARRAY_SIZE(tables));
}

static void must(enum status s)
{
	ck_assert_msg(s == OK, "%d: %s", s, cx.message);
}

/* A token by the library itself: logins are tested elsewhere. */
static const char *make_token(const char *tenant_id, const char *name, const char *role)
{
	struct config config = { .keys_dir = folder };
	struct responder rs = { .config = &config, .store = st };
	struct user u = { .tenant_id = tenant_id, .username = name, .role = role };
	struct issued t;

	must(user_create(&cx, st, &u, NULL));
	must(auth_open(&cx, &rs, true));
	must(auth_issue(&cx, &rs, auth_user(&cx, &u), 3600, NULL, 0, &t));
	auth_close(&rs);
	return t.token;
}

static void start(void)
{
	struct tenant ours = { .tenant_id = TENANT, .name = "ours", .properties = "{}" };
	struct tenant theirs = { .tenant_id = OTHER, .name = "theirs", .properties = "{}" };
	struct catalog catalog = { .tenant_id = TENANT, .name = "there", .properties = "{}" };
	const char *key_path;

	cx = (struct cx){ 0 };
	folder = folder_with_store(&cx);
	key_path = cx_printf(&cx, "%s/storage.key", folder);
	must(jwt_keys_create(&cx, folder, false));
	must(seal_add_key(&cx, key_path));
	must(store_open(&cx, getenv("DATABASE_URL"), key_path, false, &st));
	must(tenant_create(&cx, st, &ours, NULL));
	must(tenant_create(&cx, st, &theirs, NULL));
	must(catalog_create(&cx, st, &catalog, NULL));
	user_token = make_token(TENANT, "rob", "tenant-user");
	stranger_token = make_token(OTHER, "eve", "tenant-admin");
	setenv("PANGOLIN_KEYS_DIR", folder, 1);
	unsetenv("PANGOLIN_NO_AUTH");
	responder_start(&responder, folder, run);
}

static void end(void)
{
	int alive = fcgi_call(&cx, &responder, "GET", "/health/live", NULL, NULL).status;
	int status = responder_stop(&responder);

	store_close(st);
	close(responder.listener);
	folder_remove(folder);
	cx_free(&cx);
	ck_assert_int_eq(alive, 200);
	ck_assert_int_eq(status, 0);
}

/* The pattern with its first {} a catalog, the others "x". */
static const char *fill(const char *pattern, const char *catalog)
{
	struct text t = text_open(&cx, 1000);
	const char *next = catalog;

	for (; *pattern; pattern++) {
		if (strncmp(pattern, "{}", 2) != 0) {
			text_addc(&t, *pattern);
			continue;
		}
		text_add(&t, next);
		next = "x";
		pattern++;
	}
	return t.s;
}

static struct fcgi_answer ask(const struct route *r, const char *catalog, const char *token)
{
	const char *params[] = { token ? cx_printf(&cx, "HTTP_AUTHORIZATION=Bearer %s", token)
				       : NULL,
				 NULL };
	bool body = strcmp(r->method, "POST") == 0 || strcmp(r->method, "PUT") == 0;

	return fcgi_call(&cx, &responder, r->method, fill(r->pattern, catalog), params,
			 body ? "{}" : NULL);
}

/* What each caller may hear.  Nobody is let into an object of another's. */
static void check_route(const struct route *r)
{
	const char *path = cx_printf(&cx, "%s %s", r->method, r->pattern);
	const char *broken = cx_printf(&cx, "%.*s", (int)strlen(user_token) - 4, user_token);
	int status;

	if (r->action == PUBLIC)
		return;
	status = ask(r, "there", NULL).status;
	ck_assert_msg(status == 401, "%s: nobody gets %d", path, status);
	status = ask(r, "there", broken).status;
	ck_assert_msg(status == 401, "%s: a broken token gets %d", path, status);
	status = ask(r, "there", stranger_token).status;
	if (r->on >= ON_CATALOG)
		ck_assert_msg(status == 404, "%s: another tenant's admin gets %d", path, status);
	if (r->action == MAY_ANYTHING_OWN)
		return;
	if (r->action == MAY_ROOT)
		ck_assert_msg(status == 403, "%s: a tenant's admin gets %d", path, status);
	status = ask(r, "there", user_token).status;
	ck_assert_msg(status == 403 || status == 404, "%s: a user without rights gets %d", path,
		      status);
}

START_TEST(no_route_lets_in_by_mistake)
{
	for (size_t i = 0; i < tables[_i]->n; i++)
		check_route(&tables[_i]->routes[i]);
}
END_TEST

/* Who has no rights hears of a catalog that is there what he hears of one that is not. */
START_TEST(what_is_hidden_reads_as_missing)
{
	for (size_t i = 0; i < tables[_i]->n; i++) {
		const struct route *r = &tables[_i]->routes[i];
		struct fcgi_answer there, missing;

		if (r->on < ON_CATALOG)
			continue;
		there = ask(r, "there", user_token);
		missing = ask(r, "thare", user_token);
		ck_assert_msg(there.status == missing.status, "%s %s: %d and %d", r->method,
			      r->pattern, there.status, missing.status);
		for (char *c = strstr(missing.body, "thare"); c; c = strstr(c, "thare"))
			c[2] = 'e';
		ck_assert_msg(strcmp(there.body, missing.body) == 0, "%s %s: %s and %s", r->method,
			      r->pattern, there.body, missing.body);
	}
}
END_TEST

/* A token that has just ended says nothing any more, not even what is missing. */
START_TEST(an_ended_token_hears_nothing)
{
	const struct route list = { .method = "GET", .pattern = "/v1/{}/namespaces" };
	struct user rob;

	ck_assert_int_eq(ask(&list, "missing", user_token).status, 404);
	must(user_find(&cx, st, TENANT, "rob", &rob));
	must(user_delete(&cx, st, &rob, NULL));
	ck_assert_int_eq(ask(&list, "missing", user_token).status, 401);
}
END_TEST

/* A table's {} are what resolve() reads: fewer than its object needs would read past them. */
START_TEST(routes_are_well_formed)
{
	static const char *const methods = "GET HEAD POST PUT PATCH DELETE";
	static const size_t needs[] = { [ON_CATALOG] = 1, [ON_NAMESPACE] = 2, [ON_ASSET] = 3 };

	for (size_t i = 0; i < tables[_i]->n; i++) {
		const struct route *r = &tables[_i]->routes[i];
		size_t n = 0;

		for (const char *p = r->pattern; (p = strstr(p, "{}")); p++)
			n++;
		ck_assert_ptr_nonnull(r->handler);
		ck_assert_ptr_nonnull(strstr(methods, r->method));
		ck_assert_int_eq(r->pattern[0], '/');
		ck_assert_msg(n <= MAX_SEGMENTS && n >= needs[r->on], "%s", r->pattern);
		for (size_t k = 0; k < i; k++)
			ck_assert_msg(strcmp(r->pattern, tables[_i]->routes[k].pattern) != 0 ||
					      strcmp(r->method, tables[_i]->routes[k].method) != 0,
				      "%s %s stands twice", r->method, r->pattern);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("matrix");
	TCase *tc = tcase_create("matrix");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, start, end);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, no_route_lets_in_by_mistake, 0, (int)ARRAY_SIZE(tables));
	tcase_add_loop_test(tc, what_is_hidden_reads_as_missing, 0, (int)ARRAY_SIZE(tables));
	tcase_add_test(tc, an_ended_token_hears_nothing);
	tcase_add_loop_test(tc, routes_are_well_formed, 0, (int)ARRAY_SIZE(tables));
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
