/* SPDX-License-Identifier: Apache-2.0 */
/* test_matrix.c - every route of every family asked by every sort of caller: no row lets anyone in by mistake. */
#include <sys/stat.h>

#include "stores/branches.h"
#include "stores/business.h"
#include "tests/unit/callers.h"
#include "tests/unit/matrix_rows.h"

#define LET_IN 299
#define MAX_ROUTES 300

static const struct route_table *const tables[] = { &namespaces_routes, &tables_routes,
						    &credentials_routes, &admin_routes };

/* --- responders --------------------------------------------------------------------------- */

static enum status let_in(struct request *rq)
{
	return answer_empty(rq, LET_IN);
}

static int run(void)
{
	return serve("test", NEED_CLOUD | NEED_STORAGE_KEY | NEED_IDENTITY_KEY, tables,
		     ARRAY_SIZE(tables));
}

/* The same routes, where only those handlers run that decide themselves. */
static int run_deciding(void)
{
	static struct route routes[MAX_ROUTES];
	static struct route_table copies[ARRAY_SIZE(tables)];
	const struct route_table *served[ARRAY_SIZE(tables)];
	size_t n = 0;

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		copies[t] = (struct route_table){ tables[t]->family, &routes[n], tables[t]->n };
		served[t] = &copies[t];
		for (size_t i = 0; i < tables[t]->n && n < MAX_ROUTES; i++, n++) {
			routes[n] = tables[t]->routes[i];
			if (routes[n].action != MAY_ANYTHING_OWN && routes[n].action != PUBLIC)
				routes[n].handler = let_in;
		}
	}
	return serve("test", NEED_CLOUD | NEED_STORAGE_KEY | NEED_IDENTITY_KEY, served,
		     ARRAY_SIZE(served));
}

/* --- who and what -------------------------------------------------------------------------- */

enum caller { STRANGER, NONE, NARROW, READER, WRITER, ADMIN, ROOT, N_CALLERS };

static struct responder_process real, deciding;
static struct user users[N_CALLERS]; /* root has none */
static const char *tokens[N_CALLERS];
static struct catalog catalog;
static const char *a_table, *a_request, *a_record; /* the reader's request; an audit record's id */
static const char *a_role, *a_permission, *a_service_user, *a_token; /* the reader's, the token */

/* What stands for a {} behind that segment; the others are "x". */
static const struct {
	const char *behind;
	const char *const *name;
} names[] = {
	{ "v1", &catalog.name },
	{ "catalogs", &catalog.name },
	{ "namespaces", &(const char *){ "a" } },
	{ "tables", &(const char *){ "t" } },
	{ "users", &users[READER].id },
	{ "service-users", &a_service_user },
	{ "federated-catalogs", &(const char *){ "far" } },
	{ "assets", &a_table },
	{ "business-metadata", &a_table },
	{ "access-requests", &a_request },
	{ "audit", &a_record },
	{ "tokens", &a_token },
	{ "revoke", &a_token },
	{ "roles", &a_role },
	{ "permissions", &a_permission },
	{ "tenants", &(const char *){ OURS } },
	{ "plan", &(const char *){ NIL_UUID } },
};

static void make_content(void)
{
	struct content *content = content_open();
	const struct catalog_ref *ref = make_catalog(content, OURS, "there", &catalog);

	struct catalog far = { .tenant_id = OURS,
			       .name = "far",
			       .catalog_type = "Federated",
			       .properties = "{}",
			       .federated_config =
				       "{\"properties\":{\"uri\":\"https://127.0.0.1:9/\"}}" };

	must(catalog_create(&cx, st, &far, NULL));
	a_table = make_table(ref, "a", "t");
	make_table(ref, "b", "t");
	content_close(content);
}

static void make_callers(void)
{
	struct role_row role = { .tenant_id = OURS, .name = "r", .permissions = "[]" };
	struct service_user su = { .tenant_id = OURS, .name = "s", .role = "tenant-user" };
	const char *key;

	users[STRANGER] = make_user(THEIRS, "eve", "tenant-admin");
	users[NONE] = make_user(OURS, "nora", "tenant-user");
	users[NARROW] = make_user(OURS, "nat", "tenant-user");
	users[READER] = make_user(OURS, "rea", "tenant-user");
	users[WRITER] = make_user(OURS, "will", "tenant-user");
	users[ADMIN] = make_user(OURS, "ada", "tenant-admin");
	grant(&users[NARROW], on_namespace(&catalog, "a"), "[\"write\"]");
	a_permission = grant(&users[READER], on_catalog(&catalog), "[\"read\"]");
	grant(&users[WRITER], on_catalog(&catalog), "[\"write\"]");
	for (size_t i = 0; i < N_CALLERS; i++)
		tokens[i] = token_for(i == ROOT ? NULL : &users[i], 3600, NULL);
	must(role_create(&cx, st, &role, NULL));
	must(service_user_create(&cx, st, &su, NULL, &key));
	a_role = role.id;
	a_service_user = su.id;
}

static void make_records(void)
{
	struct access_request request = { .row = ROW(access_request),
					  .tenant_id = OURS,
					  .id = text_uuid7(&cx),
					  .user_id = users[READER].id,
					  .username = "rea",
					  .asset_id = a_table,
					  .resource = "there.a.t",
					  .status = "pending" };
	struct change change = { INSERT, &request.row };
	struct audit from = { .row = ROW(audit), .tenant_id = OURS };
	struct query q = { .from = &from.row, .bound = 1, .limit = 1 };
	struct rows found;

	must(store_apply(&cx, st, &change, 1, NULL));
	must(store_list(&cx, st, &q, &found));
	a_request = request.id;
	a_record = ((struct audit *)found.items)->id;
}

/* The catalog's branch "dev" and tag "v1". */
static void make_refs(void)
{
	static const struct branch_wish wishes[] = { { .name = "dev", .type = "experimental" },
						     { .name = "v1", .type = "tag" } };
	struct content *content = content_open();
	const struct catalog_ref *ref;
	struct branch made;

	must(content_catalog(&cx, content, st, OURS, "there", NULL, &ref));
	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++) {
		enum status s = branch_create(&cx, st, ref, &wishes[i], NULL, &made);

		if (s != EXISTS)
			must(s);
	}
	content_close(content);
}

/* What a request may end. */
static void make_again(void)
{
	struct business_metadata about = {
		.tenant_id = OURS, .asset_id = a_table, .tags = "[]", .properties = "{}"
	};
	struct business_metadata old;
	enum status status;

	(void)token_for(&users[READER], 60, &a_token);
	status = business_find(&cx, st, OURS, a_table, &old);
	ck_assert(status == OK || status == NOT_FOUND);
	must(business_put(&cx, st, &about, &old, "t", NULL));
	make_refs();
}

static void start(void)
{
	open_ground();
	make_content();
	make_callers();
	make_records();
	make_again();
	responder_start(&deciding, cx_printf(&cx, "%s/", folder), run_deciding);
	real = deciding;
	ck_assert_int_eq(mkdir(cx_printf(&cx, "%s/real", folder), 0700), 0);
	responder_start(&real, cx_printf(&cx, "%s/real", folder), run);
}

static int stop_one(struct responder_process *p)
{
	int alive = fcgi_call(&cx, p, "GET", "/health/live", NULL, NULL).status;
	int status = responder_stop(p);

	close(p->listener);
	return alive == 200 ? status : -1;
}

static void end(void)
{
	int first = stop_one(&deciding), second = stop_one(&real);

	ck_assert_int_eq(system(cx_printf(&cx, "rm -rf %s/real", folder)), 0);
	close_ground();
	ck_assert_int_eq(first, 0);
	ck_assert_int_eq(second, 0);
}

/* --- asking ---------------------------------------------------------------------------------- */

static const char *name_behind(const char *segment, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i].behind) == n && memcmp(names[i].behind, segment, n) == 0)
			return *names[i].name;
	return "x";
}

/* The pattern with what its {} stand for; `first` instead of the first one's, unless NULL. */
static const char *fill(const char *pattern, const char *first)
{
	struct text t = text_open(&cx, 2000);
	const char *before = "";
	size_t before_n = 0;

	while (*pattern == '/') {
		size_t n = strcspn(++pattern, "/");

		text_addc(&t, '/');
		if (n == 2 && memcmp(pattern, "{}", 2) == 0) {
			text_add(&t, first ? first : name_behind(before, before_n));
			first = NULL;
		} else {
			text_addn(&t, pattern, n);
		}
		before = pattern;
		before_n = n;
		pattern += n;
	}
	return t.s;
}

static struct fcgi_answer ask_at(const struct responder_process *p, const struct route *r,
				 const char *uri, const char *token, const char *body)
{
	bool sends = strcmp(r->method, "POST") == 0 || strcmp(r->method, "PUT") == 0;

	return ask_as(p, token, r->method, uri, !sends ? NULL : body ? body : "{}");
}

static struct fcgi_answer ask(const struct responder_process *p, const struct route *r,
			      const char *first, const char *token)
{
	return ask_at(p, r, fill(r->pattern, first), token, NULL);
}

/* --- the matrix --------------------------------------------------------------------------------- */

static const struct matrix_row *find_row(const struct route *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].method, r->method) == 0 &&
		    strcmp(rows[i].pattern, r->pattern) == 0)
			return &rows[i];
	return NULL;
}

static bool is_own(const struct route *r)
{
	return r->action == MAY_ANYTHING_OWN;
}

/* What a caller hears.  Where a row says that he is refused and nothing before the handler
 * does it, the handler has to. */
static char cell(const struct route *r, const struct matrix_row *row, enum caller who)
{
	const char *token = tokens[who], *body = row ? row->body : NULL, *uri;
	int status;

	if (is_own(r)) {
		make_again();
		token = token_for(who == ROOT ? NULL : &users[who], 60, NULL);
	}
	uri = row && row->uri ? row->uri : fill(r->pattern, NULL);
	status = ask_at(&deciding, r, uri, token, body).status;
	if (status == LET_IN && row && row->cells[who] != '+')
		status = ask_at(&real, r, uri, token, body).status;
	if (status == LET_IN ||
	    (is_own(r) && status != 500 && status != 401 && status != 403 && status != 404))
		return '+';
	return status == 401 ? '1' : status == 403 ? '3' : status == 404 ? '4' : '?';
}

/* Anonymous, and tokens that were good once. */
static void check_strangers(const struct route *r, const char *path, const char *const ended[5])
{
	for (size_t i = 0; i < 5; i++) {
		int status = ask(&deciding, r, NULL, ended[i]).status;

		ck_assert_msg(status == 401, "%s: caller %zu without a valid token gets %d", path,
			      i, status);
	}
}

static bool check_route(const struct route *r, const char *const ended[5])
{
	const char *path = cx_printf(&cx, "%s %s", r->method, r->pattern);
	const struct matrix_row *row = find_row(r);
	char got[N_CALLERS + 1] = "";

	if (r->action == PUBLIC) {
		ck_assert_msg(!row, "%s is public: no row", path);
		return true;
	}
	check_strangers(r, path, ended);
	for (enum caller who = 0; who < N_CALLERS; who++)
		got[who] = cell(r, row, who);
	if (!row)
		fprintf(stderr,
			"no row in matrix_rows.h; is it { \"%s\", \"%s\", \"%s\", NULL }?\n",
			r->method, r->pattern, got);
	else if (strcmp(got, row->cells) != 0)
		fprintf(stderr,
			"%s: stranger, none, narrow, reader, writer, admin, root hear %s, not %s\n",
			path, got, row->cells);
	return row && strcmp(got, row->cells) == 0;
}

START_TEST(no_route_lets_in_by_mistake)
{
	struct user left = make_user(OURS, "lee", "tenant-admin");
	const char *token = tokens[ADMIN], *revoked_id;
	size_t wrong = 0;
	const char *ended[5] = { NULL };

	ended[1] = cx_printf(&cx, "%.*s", (int)strlen(token) - 4, token); /* broken */
	ended[2] = token_for(&users[ADMIN], 3600, &revoked_id);
	ended[3] = token_for(&users[ADMIN], -3600, NULL); /* over */
	ended[4] = token_for(&left, 3600, NULL);
	must(token_revoke(&cx, st, OURS, revoked_id, "revoke_token", NULL));
	left.active = false;
	must(user_update(&cx, st, &left, NULL));
	for (size_t i = 0; i < tables[_i]->n; i++)
		wrong += !check_route(&tables[_i]->routes[i], ended);
	ck_assert_msg(!wrong, "%zu routes of %s, named above", wrong, tables[_i]->family);
}
END_TEST

START_TEST(every_row_has_its_route)
{
	size_t found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t k = 0; k < i; k++)
			ck_assert_msg(strcmp(rows[i].pattern, rows[k].pattern) != 0 ||
					      strcmp(rows[i].method, rows[k].method) != 0,
				      "two rows for %s %s", rows[i].method, rows[i].pattern);
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (size_t i = 0; i < tables[t]->n; i++)
			found += find_row(&tables[t]->routes[i]) != NULL;
	ck_assert_msg(found == ARRAY_SIZE(rows), "%zu rows, and %zu routes have one",
		      ARRAY_SIZE(rows), found);
}
END_TEST

/* --- what is hidden --------------------------------------------------------------------------- */

/* Who has no rights hears of a catalog that is there what he hears of one that is not. */
START_TEST(what_is_hidden_reads_as_missing)
{
	for (size_t i = 0; i < tables[_i]->n; i++) {
		const struct route *r = &tables[_i]->routes[i];
		struct fcgi_answer there, missing;

		if (r->on < ON_CATALOG)
			continue;
		there = ask(&deciding, r, "there", tokens[NONE]);
		missing = ask(&deciding, r, "thare", tokens[NONE]);
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
	struct user nora;

	ck_assert_int_eq(ask(&real, &list, "missing", tokens[NONE]).status, 404);
	must(user_find(&cx, st, OURS, "nora", &nora));
	must(user_delete(&cx, st, &nora, NULL));
	ck_assert_int_eq(ask(&real, &list, "missing", tokens[NONE]).status, 401);
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
	tcase_set_timeout(tc, 300); /* on a slow store */
	tcase_add_loop_test(tc, no_route_lets_in_by_mistake, 0, (int)ARRAY_SIZE(tables));
	tcase_add_test(tc, every_row_has_its_route);
	tcase_add_loop_test(tc, what_is_hidden_reads_as_missing, 0, (int)ARRAY_SIZE(tables));
	tcase_add_test(tc, an_ended_token_hears_nothing);
	tcase_add_loop_test(tc, routes_are_well_formed, 0, (int)ARRAY_SIZE(tables));
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
