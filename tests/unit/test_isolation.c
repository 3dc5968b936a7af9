/* SPDX-License-Identifier: Apache-2.0 */
/* test_isolation.c - two tenants with equal names everywhere: nothing of the one is heard of or changed by the other. */
#include <sys/stat.h>

#include "stores/business.h"
#include "stores/warehouses.h"
#include "tests/unit/callers.h"

/* In everything of theirs, and in no request. */
#define MARK "xyzzymark"

static const struct route_table *const tables[] = { &namespaces_routes, &tables_routes,
						    &credentials_routes, &admin_routes };

static struct responder_process responder;

/* What each tenant has, under the same names. */
struct belongings {
	const char *tenant_id;
	struct catalog catalog;
	struct user admin, user;
	struct service_user service;
	struct role_row role;
	struct access_request request;
	const char *asset_id, *permission_id, *token_id, *audit_id;
};

static struct belongings ours, theirs;

static int run(void)
{
	return serve("test", NEED_CLOUD | NEED_STORAGE_KEY | NEED_IDENTITY_KEY, tables,
		     ARRAY_SIZE(tables));
}

/* --- two tenants ------------------------------------------------------------------------- */

static void add_content(struct belongings *b, const char *mark)
{
	struct content *content = content_open();
	const struct catalog_ref *ref = make_catalog(content, b->tenant_id, "c", &b->catalog);
	struct business_metadata about = { .tenant_id = b->tenant_id,
					   .description = mark,
					   .tags = cx_printf(&cx, "[\"%s\"]", mark),
					   .properties = "{}",
					   .discoverable = true };
	struct json_object *properties = json_new_object(&cx);

	json_set_text(properties, "owner", mark);
	must(namespace_create(&cx, st, ref, "d", properties, NULL));
	must(namespace_create(&cx, st, ref, cx_printf(&cx, "%s", mark), properties, NULL));
	b->asset_id = make_table(ref, "a", "t");
	make_table(ref, "a", cx_printf(&cx, "%s_t", mark));
	about.asset_id = b->asset_id;
	must(business_put(&cx, st, &about,
			  &(struct business_metadata){ .row = ROW(business_metadata),
						       .tenant_id = b->tenant_id,
						       .asset_id = b->asset_id },
			  "t", NULL));
	b->catalog.properties = cx_printf(&cx, "{\"default.owner\":\"%s\"}", mark);
	must(catalog_update(&cx, st, &b->catalog, NULL, NULL));
	content_close(content);
}

static void add_people(struct belongings *b, const char *mark)
{
	const char *key;

	b->admin = make_user(b->tenant_id, "ada", "tenant-admin");
	b->user = make_user(b->tenant_id, "nora", "tenant-user");
	b->user.email = cx_printf(&cx, "%s@example.com", mark);
	must(user_find(&cx, st, b->tenant_id, "nora", &b->user));
	b->user.email = cx_printf(&cx, "%s@example.com", mark);
	must(user_update(&cx, st, &b->user, NULL));
	b->service = (struct service_user){
		.tenant_id = b->tenant_id, .name = "s", .description = mark, .role = "tenant-user"
	};
	must(service_user_create(&cx, st, &b->service, NULL, &key));
	b->role = (struct role_row){
		.tenant_id = b->tenant_id, .name = "r", .description = mark, .permissions = "[]"
	};
	must(role_create(&cx, st, &b->role, NULL));
	b->permission_id = grant(&b->user, "{\"type\":\"tenant\"}", "[\"all\"]");
	(void)grant(&b->user, cx_printf(&cx, "{\"type\":\"tag\",\"tag_name\":\"%s\"}", mark),
		    "[\"all\"]");
	(void)token_for(&b->user, 3600, &b->token_id);
}

static void add_rest(struct belongings *b, const char *mark)
{
	struct warehouse w = { .tenant_id = b->tenant_id,
			       .name = "w",
			       .storage_config = cx_printf(
				       &cx, "{\"type\":\"s3\",\"bucket\":\"%s\"}", mark) };
	struct warehouse named = { .tenant_id = b->tenant_id,
				   .name = cx_printf(&cx, "%s-w", mark),
				   .storage_config = "{}" };
	struct audit from = { .row = ROW(audit), .tenant_id = b->tenant_id };
	struct query q = { .from = &from.row, .bound = 1, .limit = 1 };
	struct change change = { INSERT, &b->request.row };
	struct rows found;

	must(warehouse_create(&cx, st, &w, NULL));
	must(warehouse_create(&cx, st, &named, NULL));
	b->request = (struct access_request){ .row = ROW(access_request),
					      .tenant_id = b->tenant_id,
					      .id = text_uuid7(&cx),
					      .user_id = b->user.id,
					      .username = "nora",
					      .asset_id = b->asset_id,
					      .resource = mark,
					      .reason = mark,
					      .requested_at = cx_now_ms(),
					      .status = "pending" };
	must(store_apply(&cx, st, &change, 1, NULL));
	must(store_list(&cx, st, &q, &found));
	b->audit_id = ((struct audit *)found.items)->id;
}

static void start(void)
{
	open_ground();
	ours.tenant_id = OURS;
	theirs.tenant_id = THEIRS;
	add_content(&ours, "plain");
	add_content(&theirs, MARK);
	add_people(&ours, "plain");
	add_people(&theirs, MARK);
	add_rest(&ours, "plain");
	add_rest(&theirs, MARK);
	responder_start(&responder, folder, run);
}

static void end(void)
{
	int status = responder_stop(&responder);

	close(responder.listener);
	close_ground();
	ck_assert_int_eq(status, 0);
}

/* --- all of a tenant's rows ---------------------------------------------------------------- */

/* Keys and versions, as one text. */
static const char *rows_of(const char *tenant_id)
{
	struct text t = text_open(&cx, 1 << 20);

	for (size_t k = 0; model_kinds[k]; k++) {
		struct row *from = cx_alloc(&cx, model_kinds[k]->size);
		struct query q = { .from = from, .bound = 1, .limit = 10000 };
		struct rows found;

		if (model_kinds[k]->flags & GLOBAL)
			continue;
		from->kind = model_kinds[k];
		model_set_text(from, &from->kind->columns[0], tenant_id);
		must(store_list(&cx, st, &q, &found));
		for (size_t i = 0; i < found.n; i++) {
			const struct row *r =
				(struct row *)((char *)found.items + i * from->kind->size);

			if (r->kind == &kind_audit &&
			    strcmp(((const struct audit *)r)->action, "login_failed") == 0)
				continue; /* anybody may try, and it is on record there */
			text_addf(&t, "%s %s %lld\n", r->kind->name,
				  model_text(r, &r->kind->columns[1]), (long long)r->version);
		}
	}
	ck_assert(!t.over);
	return t.s;
}

/* --- attacks ---------------------------------------------------------------------------------- */

/* What stands for a {} behind that segment. */
static const char *behind(const struct belongings *b, const char *segment, bool by_id)
{
	const struct {
		const char *segment, *id, *name;
	} names[] = {
		{ "v1", b->catalog.id, "c" },
		{ "catalogs", b->catalog.id, "c" },
		{ "federated-catalogs", b->catalog.id, "c" },
		{ "namespaces", "a", "a" },
		{ "tables", b->asset_id, "t" },
		{ "assets", b->asset_id, b->asset_id },
		{ "business-metadata", b->asset_id, b->asset_id },
		{ "tenants", b->tenant_id, b->tenant_id },
		{ "users", b->user.id, b->user.id },
		{ "service-users", b->service.id, b->service.id },
		{ "roles", b->role.id, b->role.id },
		{ "permissions", b->permission_id, b->permission_id },
		{ "tokens", b->token_id, b->token_id },
		{ "revoke", b->token_id, b->token_id },
		{ "audit", b->audit_id, b->audit_id },
		{ "access-requests", b->request.id, b->request.id },
		{ "warehouses", b->catalog.id, "w" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].segment, segment) == 0)
			return by_id ? names[i].id : names[i].name;
	return by_id ? b->asset_id : "x";
}

static const char *fill(const char *pattern, const struct belongings *b, bool by_id)
{
	struct text t = text_open(&cx, 4000);
	const char *before = "";

	while (*pattern == '/') {
		size_t n = strcspn(++pattern, "/");
		const char *segment = cx_strndup(&cx, pattern, n);

		text_addf(&t, "/%s",
			  strcmp(segment, "{}") == 0 ? behind(b, before, by_id) : segment);
		before = segment;
		pattern += n;
	}
	return t.s;
}

/* Every member that any route may read, holding what is theirs. */
static const char *foreign_body(void)
{
	return cx_printf(&cx,
			 "{\"name\":\"n\",\"tenant_id\":\"%s\",\"tenant-id\":\"%s\",\"user-id\":\"%"
			 "s\",\"user_id\":\"%s\","
			 "\"role-id\":\"%s\",\"role_id\":\"%s\",\"catalog_id\":\"%s\",\"catalog-"
			 "id\":\"%s\",\"catalog\":\"%s\","
			 "\"catalog_name\":\"%s\",\"asset_id\":\"%s\",\"asset-id\":\"%s\",\"asset_"
			 "ids\":[\"%s\"],\"ids\":[\"%s\"],"
			 "\"warehouse\":\"w\",\"warehouse_name\":\"w\",\"namespace\":[\"a\"],"
			 "\"username\":\"nora\","
			 "\"email\":\"e@example.com\",\"password\":\"" ROOT_PASSWORD
			 "\",\"role\":\"tenant-user\","
			 "\"scope\":{\"type\":\"asset\",\"catalog_id\":\"%s\",\"namespace\":\"a\","
			 "\"asset_id\":\"%s\"},"
			 "\"actions\":[\"all\"],\"resource_type\":\"catalog\",\"names\":[\"c\"],"
			 "\"status\":\"approved\","
			 "\"source\":{\"namespace\":[\"a\"],\"name\":\"t\"},\"destination\":{"
			 "\"namespace\":[\"d\"],\"name\":\"u\"}}",
			 THEIRS, THEIRS, theirs.user.id, theirs.user.id, theirs.role.id,
			 theirs.role.id, theirs.catalog.id, theirs.catalog.id, theirs.catalog.id,
			 theirs.catalog.id, theirs.asset_id, theirs.asset_id, theirs.asset_id,
			 theirs.asset_id, theirs.catalog.id, theirs.asset_id);
}

static const char *foreign_query(const char *uri)
{
	return cx_printf(
		&cx,
		"%s?tenant_id=%s&tenant-id=%s&tenant=%s&user=%s&user_id=%s&role=%s&catalog=%s&"
		"catalog_id=%s&warehouse=%s&asset_id=%s&q=%%23&query=t&action=read&object=asset:%s&"
		"location=s3://b/t",
		uri, THEIRS, THEIRS, THEIRS, theirs.user.id, theirs.user.id, theirs.role.id,
		theirs.catalog.id, theirs.catalog.id, theirs.catalog.id, theirs.asset_id,
		theirs.asset_id);
}

static struct fcgi_answer attack(const struct user *who, const char *method, const char *uri)
{
	bool body = strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0;
	/* one that may end by the request */
	const char *const params[] = {
		cx_printf(&cx, "HTTP_AUTHORIZATION=Bearer %s", token_for(who, 60, NULL)),
		"HTTP_X_PANGOLIN_TENANT=" THEIRS,
		"HTTP_X_ICEBERG_ACCESS_DELEGATION=vended-credentials", NULL
	};
	struct fcgi_answer a =
		fcgi_call(&cx, &responder, method, uri, params, body ? foreign_body() : NULL);

	ck_assert_msg(!a.body || !strstr(a.body, MARK), "%s %.200s says: %.500s", method, uri,
		      a.body);
	ck_assert_msg(!a.head || !strstr(a.head, MARK), "%s %.200s says: %.500s", method, uri,
		      a.head);
	ck_assert_msg(a.status && a.status < 500, "%s %.200s: %d %.500s", method, uri, a.status,
		      a.body);
	return a;
}

static bool is_root_only(const struct route *r)
{
	return r->action == MAY_ROOT || strcmp(r->pattern, "/api/v1/tenants") == 0;
}

/* Their ids in every place of the path: to an administrator they are as what is not there. */
static void attack_by_id(const struct route *r)
{
	const char *uri = fill(r->pattern, &theirs, true);
	int status;

	if (!strstr(r->pattern, "{}") || r->action == PUBLIC)
		return;
	status = attack(&ours.admin, r->method, uri).status;
	ck_assert_msg(status == 404 || status == 400 || status == 422 ||
			      (status == 403 && is_root_only(r)),
		      "%s %s with their ids: %d", r->method, r->pattern, status);
	status = attack(&ours.user, r->method, foreign_query(uri)).status;
	ck_assert_msg(status >= 400, "%s %s with their ids: %d", r->method, r->pattern, status);
}

/* Names that both have, and theirs in query, body and header: it is ours that is meant. */
static void attack_by_name(const struct route *r, bool removes)
{
	const char *uri = fill(r->pattern, &ours, false);

	if ((strcmp(r->method, "DELETE") == 0) != removes)
		return;
	attack(&ours.user, r->method, uri);
	attack(&ours.user, r->method, foreign_query(uri));
	attack(&ours.admin, r->method, foreign_query(uri));
	attack(&ours.admin, r->method, uri);
}

/* The first line that differs, where one does. */
static void check_same(const char *before, const char *after)
{
	const char *line = before, *now = after;

	for (; *before && *before == *after; before++, after++)
		if (*before == '\n') {
			line = before + 1;
			now = after + 1;
		}
	ck_assert_msg(!*before && !*after, "their rows changed: %.200s, now %.200s", line, now);
}

START_TEST(nothing_leaks)
{
	const char *before = rows_of(THEIRS);

	ck_assert_ptr_nonnull(strstr(before, theirs.role.id));
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (size_t i = 0; i < tables[t]->n; i++)
			attack_by_id(&tables[t]->routes[i]);
	for (int removes = 0; removes < 2; removes++)
		for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
			for (size_t i = 0; i < tables[t]->n; i++)
				attack_by_name(&tables[t]->routes[i], removes);
	check_same(before, rows_of(THEIRS));
}
END_TEST

/* The mark is where an answer would show it: their own administrator hears it. */
START_TEST(the_mark_is_heard_by_its_own)
{
	static const char *const uris[] = {
		"/v1/c/namespaces",	  "/v1/c/namespaces/d",	 "/v1/c/namespaces/a/tables",
		"/v1/config?warehouse=c", "/api/v1/catalogs",	 "/api/v1/users",
		"/api/v1/roles",	  "/api/v1/permissions", "/api/v1/service-users",
		"/api/v1/warehouses"
	};

	for (size_t i = 0; i < ARRAY_SIZE(uris); i++) {
		struct fcgi_answer a = ask_as(&responder, token_for(&theirs.admin, 60, NULL), "GET",
					      uris[i], NULL);

		ck_assert_msg(a.status == 200 && strstr(a.body, MARK), "%s: %d %s", uris[i],
			      a.status, a.body);
	}
}
END_TEST

/* --- tokens ------------------------------------------------------------------------------------- */

/* The token with another payload under the same signature. */
static const char *forged(const char *token, const char *from, const char *to)
{
	const char *payload = strchr(token, '.') + 1, *signature = strchr(payload, '.');
	unsigned char *bytes;
	struct text t = text_open(&cx, 10000);
	const char *text, *at;
	size_t n;

	must(text_unbase64(&cx, payload, (size_t)(signature - payload), &bytes, &n));
	text = cx_strndup(&cx, (char *)bytes, n);
	at = strstr(text, from);
	ck_assert_ptr_nonnull(at);
	text_addn(&t, text, (size_t)(at - text));
	text_add(&t, to);
	text_add(&t, at + strlen(from));
	return cx_printf(&cx, "%.*s%s%s", (int)(payload - token), token,
			 text_base64url(&cx, t.s, t.len), signature);
}

START_TEST(tokens_are_not_forged)
{
	const char *good = token_for(&ours.admin, 3600, NULL);
	const char *none = cx_printf(
		&cx, "%s%s.", "eyJhbGciOiJub25lIn0.",
		cx_strndup(&cx, strchr(good, '.') + 1, strcspn(strchr(good, '.') + 1, ".")));
	const char *const bad[] = { forged(good, OURS, THEIRS),
				    forged(good, "tenant-admin", "root"),
				    forged(good, ours.admin.id, theirs.admin.id), none };

	ck_assert_int_eq(ask_as(&responder, good, "GET", "/v1/c/namespaces", NULL).status, 200);
	ck_assert_int_eq(
		ask_as(&responder, forged(good, OURS, OURS), "GET", "/v1/c/namespaces", NULL)
			.status,
		200);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(ask_as(&responder, bad[i], "GET", "/v1/c/namespaces", NULL).status,
				 401);
}
END_TEST

/* --- what clients bring back -------------------------------------------------------------------- */

/* A page token, an idempotency key: another tenant's says nothing here. */
START_TEST(handles_are_a_tenants_own)
{
	const char *key = "01890000-0000-7000-8000-000000000001", *next, *at;
	struct idempotency_key row = { .row = ROW(idempotency_key),
				       .tenant_id = THEIRS,
				       .key = key,
				       .operation = "POST /v1/{}/namespaces",
				       .principal = theirs.admin.id,
				       .http = 409,
				       .answer = MARK,
				       .made_ms = cx_now_ms(),
				       .expires_ms = cx_now_ms() + 60000 };
	struct change change = { INSERT, &row.row };
	const char *const params[] = { cx_printf(&cx, "HTTP_AUTHORIZATION=Bearer %s",
						 token_for(&ours.admin, 60, NULL)),
				       cx_printf(&cx, "HTTP_IDEMPOTENCY_KEY=%s", key), NULL };
	struct fcgi_answer a;

	must(store_apply(&cx, st, &change, 1, NULL));
	a = fcgi_call(&cx, &responder, "POST", "/v1/c/namespaces", params,
		      "{\"namespace\":[\"k\"]}");
	ck_assert_msg(a.status == 200 && !strstr(a.body, MARK), "%d %s", a.status, a.body);
	a = ask_as(&responder, token_for(&theirs.admin, 60, NULL), "GET",
		   "/v1/c/namespaces?pageSize=1&pageToken=", NULL);
	at = strstr(a.body, "\"next-page-token\":\"");
	ck_assert_msg(at != NULL, "%s", a.body);
	next = cx_strndup(&cx, at + 19, strcspn(at + 19, "\""));
	a = ask_as(&responder, token_for(&ours.admin, 60, NULL), "GET",
		   cx_printf(&cx, "/v1/c/namespaces?pageSize=1&pageToken=%s", next), NULL);
	ck_assert_int_eq(a.status, 400);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("isolation");
	TCase *tc = tcase_create("isolation");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, start, end);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, nothing_leaks);
	tcase_add_test(tc, the_mark_is_heard_by_its_own);
	tcase_add_test(tc, tokens_are_not_forged);
	tcase_add_test(tc, handles_are_a_tenants_own);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
