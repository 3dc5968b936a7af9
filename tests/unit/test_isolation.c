/* SPDX-License-Identifier: Apache-2.0 */
/* test_isolation.c - two tenants with equal names everywhere: nothing of the one is heard of or changed by the other. */
#include "tests/unit/belongings.h"

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
	tcase_set_timeout(tc, 300); /* on a slow store */
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
