/* SPDX-License-Identifier: Apache-2.0 */
/* test_idempotency.c - a request sent again under its Idempotency-Key: one effect, and an answer. */
#include <malloc.h>

#include "tests/unit/fresh_store.h"
#include "tests/unit/rest.h"

#include "common/json.h"
#include "stores/drop.h"

#define N "/v1/c/namespaces"
#define V N "/a/views"
#define RENAME(from, to)                                                                           \
	"{\"source\":{\"namespace\":[\"a\"],\"name\":\"" from "\"},"                               \
	"\"destination\":{\"namespace\":[\"a\"],\"name\":\"" to "\"}}"

static int next_key;

/* A key no test has used yet; keys[0] is the clock's part. */
static const char *fresh(void)
{
	return cx_printf(&cx, "01930000-0000-7000-8000-%012d", ++next_key);
}

static struct fcgi_answer send_key(const char *key, const char *method, const char *uri,
				   const char *body)
{
	const char *const params[] = { cx_printf(&cx, "HTTP_IDEMPOTENCY_KEY=%s", key), NULL };

	return fcgi_call(&cx, &responder, method, uri, params, filled(body));
}

static bool replayed(const struct fcgi_answer *a)
{
	return text_same(answer_value(&cx, a, "Idempotent-Replayed"), "true");
}

static void expect_key(const char *key, const char *method, const char *uri, const char *body,
		       int status, bool again, const char *contains)
{
	struct fcgi_answer a = send_key(key, method, uri, body);

	ck_assert_msg(a.status == status, "%s %s: %d, not %d: %s", method, uri, a.status, status,
		      a.body);
	ck_assert_msg(replayed(&a) == again, "%s %s: replayed or not: %s", method, uri, a.head);
	ck_assert_msg(!contains || strstr(a.body, contains), "%s %s: no %s in %s", method, uri,
		      contains, a.body);
}

/* How many lists the catalog's content was changed by. */
static size_t commits(void)
{
	struct catalog c;
	struct commit from = { .row = ROW(commit), .tenant_id = NIL_UUID };
	struct query q = { .from = &from.row, .bound = 2, .limit = 10000 };
	struct rows rows;

	must(catalog_find(&cx, st, NIL_UUID, "c", &c));
	from.catalog_id = c.id;
	must(store_list(&cx, st, &q, &rows));
	return rows.n;
}

static struct rows keys(void)
{
	struct idempotency_key from = { .row = ROW(idempotency_key), .tenant_id = NIL_UUID };
	struct query q = { .from = &from.row, .bound = 1, .limit = 10000 };
	struct rows rows;

	must(store_list(&cx, st, &q, &rows));
	return rows;
}

/* --- every operation --------------------------------------------------------------------- */

/* In order, each sent twice: the second time nothing changes and the answer says the same. */
static const struct {
	const char *method, *uri, *body;
	int status;
	const char *contains;
} operations[] = {
	{ "POST", N, "{\"namespace\":[\"a\"],\"properties\":{\"k\":\"v\"}}", 200, "\"k\":\"v\"" },
	{ "POST", N, "{\"namespace\":[\"a\",\"b c\",\"d+e\"]}", 200, "[\"a\",\"b c\",\"d+e\"]" },
	{ "POST", N "/a/properties", "{\"updates\":{\"l\":\"w\"},\"removals\":[\"k\",\"none\"]}",
	  200, "{\"updated\":[\"l\"],\"removed\":[\"k\"],\"missing\":[\"none\"]}" },
	{ "DELETE", N "/a%1Fb%20c%1Fd%2Be", NULL, 204, NULL },
	{ "POST", T, "{\"name\":\"t\"," SCHEMA "}", 200, "\"metadata-location\":\"file:///" },
	{ "POST", T, "{\"name\":\"t u+v\"," SCHEMA "}", 200, "\"metadata-location\":\"file:///" },
	{ "POST", T "/t", SET("p", "q"), 200, "\"p\":\"q\"" },
	{ "POST", "/v1/c/tables/rename", RENAME("t", "u"), 204, NULL },
	{ "DELETE", T "/u", NULL, 204, NULL },
	{ "POST", N "/a/register", "{\"name\":\"w\",\"metadata-location\":\"$M\"}", 200,
	  "\"p\":\"q\"" },
	{ "POST", "/v1/c/transactions/commit",
	  "{\"table-changes\":[{\"identifier\":{\"namespace\":[\"a\"],\"name\":\"w\"},"
	  "\"requirements\":[],\"updates\":[{\"action\":\"set-properties\",\"updates\":"
	  "{\"x\":\"y\"}}]}]}",
	  204, NULL },
	{ "POST", T "/w/unregister", NULL, 200, "\"x\":\"y\"" },
	{ "POST", V "/v",
	  "{\"requirements\":[],\"updates\":[{\"action\":\"set-properties\","
	  "\"updates\":{\"a\":\"b\"}}]}",
	  200, "\"a\":\"b\"" },
	{ "POST", "/v1/c/views/rename", RENAME("v", "z"), 204, NULL },
	{ "DELETE", V "/z", NULL, 204, NULL },
	{ "POST", N "/a/register-view", "{\"name\":\"y\",\"metadata-location\":\"$M\"}", 200,
	  "\"a\":\"b\"" },
};

/* Creating a view takes no key. */
static void make_view(void)
{
	expect("POST", V, "{\"name\":\"v\",\"sql\":\"SELECT 1\"}", 201, NULL);
}

START_TEST(test_operations)
{
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		const char *key = fresh(), *method = operations[i].method;
		struct fcgi_answer a = send_key(key, method, operations[i].uri, operations[i].body);
		size_t before = commits();
		const char *at = strstr(a.body, "\"metadata-location\":\"");

		ck_assert_msg(a.status == operations[i].status, "%s: %s", operations[i].uri,
			      a.body);
		ck_assert_msg(!replayed(&a), "%s", a.head);
		expect_key(key, method, operations[i].uri, operations[i].body, operations[i].status,
			   true, operations[i].contains);
		ck_assert_uint_eq(commits(), before);
		if (strcmp(operations[i].uri, T "/w/unregister") == 0)
			make_view();
		if (!at)
			continue;
		at += strlen("\"metadata-location\":\"");
		last_location = cx_strndup(&cx, at, strcspn(at, "\""));
		expect_key(key, method, operations[i].uri, operations[i].body, 200, true,
			   last_location);
	}
	ck_assert_uint_eq(keys().n, ARRAY_SIZE(operations));
}
END_TEST

/* The answer is made of what is there now: later commits show. */
START_TEST(test_answers_anew)
{
	const char *first = fresh();

	make_t();
	expect_key(first, "POST", T "/t", SET("a", "1"), 200, false, NULL);
	expect("POST", T "/t", SET("b", "2"), 200, NULL);
	expect_key(first, "POST", T "/t", SET("a", "1"), 200, true, "\"b\":\"2\"");
	expect("POST", T "/t", SET("a", "3"), 200, NULL);
	expect_key(first, "POST", T "/t", SET("a", "1"), 200, true, "\"a\":\"3\"");
}
END_TEST

/* A commit that changed nothing then must change nothing later either. */
START_TEST(test_no_change_is_final)
{
	const char *key = fresh();

	make_t();
	expect("POST", T "/t", SET("a", "1"), 200, NULL);
	expect_key(key, "POST", T "/t", SET("a", "1"), 200, false, NULL);
	expect("POST", T "/t", SET("a", "2"), 200, NULL);
	expect_key(key, "POST", T "/t", SET("a", "1"), 200, true, "\"a\":\"2\"");
}
END_TEST

START_TEST(test_staged)
{
	const char *key = fresh();
	const char *body = "{\"name\":\"s\"," SCHEMA ",\"stage-create\":true}";

	expect("POST", N, "{\"namespace\":[\"a\"]}", 200, NULL);
	expect_key(key, "POST", T, body, 200, false, "{\"metadata\":{");
	expect_key(key, "POST", T, body, 200, true, "{\"metadata\":{");
	expect("GET", T "/s", NULL, 404, NULL);
}
END_TEST

/* What the specification's operations with the parameter are, and no other. */
START_TEST(test_which_routes)
{
	static const char *const keyed[] = {
		"POST /v1/{}/namespaces",
		"DELETE /v1/{}/namespaces/{}",
		"POST /v1/{}/namespaces/{}/properties",
		"POST /v1/{}/namespaces/{}/tables",
		"POST /v1/{}/namespaces/{}/tables/{}",
		"DELETE /v1/{}/namespaces/{}/tables/{}",
		"POST /v1/{}/namespaces/{}/tables/{}/unregister",
		"POST /v1/{}/namespaces/{}/tables/{}/plan",
		"DELETE /v1/{}/namespaces/{}/tables/{}/plan/{}",
		"POST /v1/{}/namespaces/{}/tables/{}/tasks",
		"POST /v1/{}/namespaces/{}/register",
		"POST /v1/{}/tables/rename",
		"POST /v1/{}/transactions/commit",
		"POST /v1/{}/namespaces/{}/views/{}",
		"DELETE /v1/{}/namespaces/{}/views/{}",
		"POST /v1/{}/namespaces/{}/register-view",
		"POST /v1/{}/views/rename",
	};
	static const struct route_table *const tables[] = { &namespaces_routes, &tables_routes,
							    &credentials_routes, &admin_routes };
	size_t found = 0;

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (size_t i = 0; i < tables[t]->n; i++) {
			const struct route *r = &tables[t]->routes[i];
			const char *shown = cx_printf(&cx, "%s %s", r->method, r->pattern);
			bool listed = false;

			for (size_t k = 0; k < ARRAY_SIZE(keyed); k++)
				listed = listed || strcmp(keyed[k], shown) == 0;
			ck_assert_msg(listed == !!(r->flags & IDEMPOTENT), "%s", shown);
			found += listed;
		}
	ck_assert_uint_eq(found, ARRAY_SIZE(keyed));
}
END_TEST

/* Planning is done again; a plan is cancelled once. */
START_TEST(test_plans)
{
	const char *key = fresh(), *cancel = fresh(), *id;
	struct fcgi_answer a;

	make_t();
	expect_key(key, "POST", T "/t/plan", "{}", 200, false, "\"completed\"");
	expect_key(key, "POST", T "/t/plan", "{}", 200, false, "\"completed\"");
	ck_assert_uint_eq(keys().n, 0);
	expect_key("x", "POST", T "/t/plan", "{}", 400, false, "Idempotency-Key");
	a = call("POST", T "/t/plan", "{}");
	id = strstr(a.body, "\"plan-id\":\"");
	ck_assert_ptr_nonnull(id);
	id += strlen("\"plan-id\":\"");
	id = cx_printf(&cx, T "/t/plan/%s", cx_strndup(&cx, id, strcspn(id, "\"")));
	expect_key(cancel, "DELETE", id, NULL, 204, false, NULL);
	expect_key(cancel, "DELETE", id, NULL, 204, true, NULL);
	expect("DELETE", id, NULL, 404, NULL);
}
END_TEST

/* --- refusals -------------------------------------------------------------------------------- */

START_TEST(test_refusals)
{
	const char *exists = fresh(), *missing = fresh(), *broken = fresh(), *full = fresh();

	make_t();
	expect_key(exists, "POST", T, "{\"name\":\"t\"," SCHEMA "}", 409, false,
		   "AlreadyExistsException");
	expect_key(missing, "DELETE", T "/v", NULL, 404, false, "NoSuchTableException");
	expect_key(broken, "POST", T "/t", "{\"requirements\":[]}", 400, false,
		   "BadRequestException");
	expect_key(full, "DELETE", N "/a", NULL, 409, false, "NamespaceNotEmptyException");
	/* the causes go, the answers stay */
	expect("POST", "/v1/c/tables/rename", RENAME("t", "v"), 204, NULL);
	expect_key(exists, "POST", T, "{\"name\":\"t\"," SCHEMA "}", 409, true,
		   "\"message\":\"Table already exists: a.t\",\"type\":\"AlreadyExistsException\"");
	expect_key(missing, "DELETE", T "/v", NULL, 404, true,
		   "\"message\":\"Table does not exist: a.v\",\"type\":\"NoSuchTableException\"");
	expect_key(broken, "POST", T "/t", "{\"requirements\":[]}", 400, true,
		   "BadRequestException");
	expect("DELETE", T "/v", NULL, 204, NULL);
	expect_key(full, "DELETE", N "/a", NULL, 409, true, "NamespaceNotEmptyException");
	expect("DELETE", N "/a", NULL, 204, NULL);
}
END_TEST

/* What the server could not do is tried again. */
START_TEST(test_failures_are_not_kept)
{
	const char *key = fresh(), *aside = cx_printf(&cx, "%s/aside", root);
	const char *file;

	make_t();
	file = last_location + strlen("file://");
	ck_assert_int_eq(system(cx_printf(&cx, "rm -rf %s/cache-tables/*", folder)), 0);
	ck_assert_int_eq(rename(file, aside), 0);
	ck_assert_int_eq(system(cx_printf(&cx, "echo '{}' > %s", file)), 0);
	expect_key(key, "POST", T "/t", SET("a", "1"), 500, false, NULL);
	ck_assert_uint_eq(keys().n, 0);
	ck_assert_int_eq(rename(aside, file), 0);
	expect_key(key, "POST", T "/t", SET("a", "1"), 200, false, "\"a\":\"1\"");
}
END_TEST

/* --- which request a key stands for ------------------------------------------------------------ */

START_TEST(test_another_request)
{
	static const struct {
		const char *method, *uri, *body;
	} others[] = {
		{ "POST", T "/t", SET("a", "2") },
		{ "POST", T "/u", SET("a", "1") },
		{ "POST", T "/t?branch=main", SET("a", "1") },
		{ "POST", T, "{\"name\":\"u\"," SCHEMA "}" },
		{ "DELETE", T "/t", NULL },
		{ "POST", "/v1/c/tables/rename", RENAME("t", "u") },
		{ "POST", N, "{\"namespace\":[\"b\"]}" },
	};
	const char *key = fresh();
	size_t before;

	make_t();
	expect_key(key, "POST", T "/t", SET("a", "1"), 200, false, NULL);
	before = commits();
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		expect_key(key, others[i].method, others[i].uri, others[i].body, 422, false,
			   "\"type\":\"UnprocessableEntityException\"");
	ck_assert_uint_eq(commits(), before);
	/* either case of a key's letters */
	key = "01930000-0000-7000-8000-00000000ABCD";
	expect_key(key, "POST", T "/t", SET("b", "1"), 200, false, NULL);
	expect_key("01930000-0000-7000-8000-00000000abcd", "POST", T "/t", SET("b", "1"), 200, true,
		   NULL);
}
END_TEST

START_TEST(test_bad_keys)
{
	static const char *const bad[] = {
		"x",
		"",
		"01930000-0000-4000-8000-000000000001",
		"01930000-0000-7000-c000-000000000001",
		"01930000-0000-7000-8000-00000000000",
		"01930000-0000-7000-8000-0000000000011",
		"{01930000-0000-7000-8000-00000000001}",
		"01930000-0000-7000-8000-000000000001, 01930000-0000-7000-8000-000000000002",
	};

	make_t();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect_key(bad[i], "POST", T "/t", SET("a", "1"), 400, false, "Idempotency-Key");
	/* an operation that takes none does not look at it */
	expect_key("x", "GET", T "/t", NULL, 200, false, NULL);
}
END_TEST

/* --- how long ------------------------------------------------------------------------------------ */

static void let_expire(void)
{
	struct rows rows = keys();
	struct idempotency_key *k = rows.items;

	for (size_t i = 0; i < rows.n; i++) {
		k[i].expires_ms = cx_now_ms() - 1;
		must(store_apply(&cx, st, (struct change[]){ { UPDATE, &k[i].row } }, 1, NULL));
	}
}

START_TEST(test_lifetime)
{
	const char *key = fresh();
	bool done = false;

	make_t();
	expect("GET", "/v1/config", NULL, 200, "\"idempotency-key-lifetime\":\"PT30M\"");
	expect_key(key, "POST", T "/t", SET("a", "1"), 200, false, NULL);
	let_expire();
	/* as if it had never been sent, also to another request */
	expect_key(key, "POST", T "/t", SET("a", "2"), 200, false, "\"a\":\"2\"");
	expect_key(key, "POST", T "/t", SET("a", "2"), 200, true, NULL);
	expect_key(fresh(), "POST", T "/t", SET("a", "3"), 200, false, NULL);
	must(drop_expired(&cx, st, &kind_idempotency_key, "expires_ms", NIL_UUID, cx_now_ms(), 100,
			  &done));
	ck_assert(done);
	ck_assert_uint_eq(keys().n, 2);
	let_expire();
	must(drop_expired(&cx, st, &kind_idempotency_key, "expires_ms", NIL_UUID, cx_now_ms(), 1,
			  &done));
	ck_assert(!done);
	must(drop_expired(&cx, st, &kind_idempotency_key, "expires_ms", NIL_UUID, cx_now_ms(), 100,
			  &done));
	ck_assert_uint_eq(keys().n, 0);
	expect_key(key, "POST", T "/t", SET("a", "2"), 200, false, NULL);
}
END_TEST

enum { MANY = 5000, AT_ONCE = 1000 };

/* Keys 0 .. MANY - 1 of 1,000 bytes each; only the last one's time is over. */
static void put_many(void)
{
	const char *answer = cx_printf(&cx, "%01000d", 7);
	struct change list[AT_ONCE];

	for (int i = 0; i < MANY; i++) {
		struct idempotency_key *k = CX_NEW(&cx, struct idempotency_key);

		*k = (struct idempotency_key){ .row = ROW(idempotency_key),
					       .tenant_id = NIL_UUID,
					       .key = cx_printf(&cx, "%06d", i),
					       .answer = answer,
					       .expires_ms = i == MANY - 1 ? 1 : INT64_MAX };
		list[i % AT_ONCE] = (struct change){ INSERT, &k->row };
		if (i % AT_ONCE == AT_ONCE - 1)
			must(store_apply(&cx, st, list, AT_ONCE, NULL));
	}
}

static size_t heap_bytes(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* What stays may be more than fits: a page of it is held at a time. */
START_TEST(test_clean_among_many)
{
	struct cx own = { 0 };
	bool done = false;
	size_t before;

	put_many();
	must(drop_expired(&cx, st, &kind_idempotency_key, "expires_ms", NIL_UUID, 1, 1, &done));
	ck_assert(done);
	before = heap_bytes();
	must(drop_expired(&own, st, &kind_idempotency_key, "expires_ms", NIL_UUID, 2, 1, &done));
	ck_assert(!done);
	ck_assert_uint_lt(heap_bytes(), before + (size_t)MANY * 1000 / 4);
	cx_free(&own);
}
END_TEST

/* --- what it costs --------------------------------------------------------------------------------- */

START_TEST(test_no_further_trip)
{
	struct fcgi_answer plain, first, again;

	make_t();
	expect("GET", T "/t", NULL, 200, NULL);
	plain = call("POST", T "/t", SET("a", "0"));
	first = send_key("01930000-0000-7000-8000-0000000000ff", "POST", T "/t", SET("a", "1"));
	again = send_key("01930000-0000-7000-8000-0000000000ff", "POST", T "/t", SET("a", "1"));
	ck_counts(plain.head, 2, "");
	ck_counts(first.head, 2, "");
	ck_counts(again.head, 1, ""); /* the key with the table */
}
END_TEST

/* --- races ------------------------------------------------------------------------------------------ */

#define CLIENTS 4
#define ROUNDS 12

/* Both responders meet the same request at once: `gets` fills *body and *uri of round i. */
static int client(void (*gets)(struct cx *own, int i, const char **uri, const char **body))
{
	struct cx own = { 0 };
	const char *uri, *body;
	int good = 0;

	for (int i = 0; i < ROUNDS; i++) {
		const char *const params[] = {
			cx_printf(&own, "HTTP_IDEMPOTENCY_KEY=01930000-0000-7000-9000-%012d", i),
			NULL
		};
		struct fcgi_answer a;

		gets(&own, i, &uri, &body);
		a = fcgi_call(&own, &responder, "POST", uri, params, body);
		if (a.status == 200)
			good++;
		else
			fprintf(stderr, "%d %s\n", a.status, a.body);
		cx_reset(&own);
	}
	return good;
}

static void race(void (*gets)(struct cx *own, int i, const char **uri, const char **body))
{
	pid_t pids[CLIENTS];
	int status;

	for (int i = 0; i < CLIENTS; i++) {
		pids[i] = fork();
		ck_assert_int_ge(pids[i], 0);
		if (pids[i] == 0)
			_exit(client(gets));
	}
	for (int i = 0; i < CLIENTS; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == ROUNDS,
			      "client %d: %d of %d", i, WEXITSTATUS(status), ROUNDS);
	}
}

/* Each round's updates would go through again and again: the value differs from what is there. */
static void commit_round(struct cx *own, int i, const char **uri, const char **body)
{
	*uri = T "/t";
	*body = cx_printf(own,
			  "{\"requirements\":[],\"updates\":[{\"action\":\"set-properties\","
			  "\"updates\":{\"k\":\"%d\"}},{\"action\":\"add-schema\",\"schema\":{"
			  "\"type\":\"struct\",\"fields\":[{\"id\":1,\"name\":\"id%d\",\"type\":"
			  "\"long\",\"required\":false}]}}]}",
			  i, i);
}

static void create_round(struct cx *own, int i, const char **uri, const char **body)
{
	*uri = T;
	*body = cx_printf(own, "{\"name\":\"r%d\"," SCHEMA "}", i);
}

static void properties_round(struct cx *own, int i, const char **uri, const char **body)
{
	*uri = N "/a/properties";
	*body = cx_printf(own, "{\"updates\":{\"k\":\"%d\"}}", i);
}

static void one_effect_a_round(void (*gets)(struct cx *own, int i, const char **uri,
					    const char **body))
{
	struct responder_process second = responder;
	size_t before;

	make_t();
	responder_again(&second, run);
	before = commits();
	race(gets);
	ck_assert_uint_eq(commits(), before + ROUNDS);
	ck_assert_uint_eq(keys().n, ROUNDS);
	ck_assert_int_eq(responder_stop(&second), 0);
}

START_TEST(test_race_commit)
{
	const char *place;

	one_effect_a_round(commit_round);
	/* who came second has taken his metadata file away again */
	place = cx_strndup(&cx, last_location + strlen("file://"),
			   (size_t)(strrchr(last_location, '/') - last_location) -
				   strlen("file://"));
	ck_assert_int_eq(files_in(place), 1 + ROUNDS);
}
END_TEST

START_TEST(test_race_create)
{
	one_effect_a_round(create_round);
	ck_assert_int_eq(files_in(root), 1 + ROUNDS);
}
END_TEST

START_TEST(test_race_properties)
{
	one_effect_a_round(properties_round);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("idempotency");
	TCase *t = tcase_create("idempotency"), *routes = tcase_create("routes");

	tcase_add_test(routes, test_which_routes);
	suite_add_tcase(s, routes);
	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_operations);
	tcase_add_test(t, test_answers_anew);
	tcase_add_test(t, test_no_change_is_final);
	tcase_add_test(t, test_staged);
	tcase_add_test(t, test_plans);
	tcase_add_test(t, test_refusals);
	tcase_add_test(t, test_failures_are_not_kept);
	tcase_add_test(t, test_another_request);
	tcase_add_test(t, test_bad_keys);
	tcase_add_test(t, test_lifetime);
	tcase_add_test(t, test_clean_among_many);
	tcase_add_test(t, test_no_further_trip);
	tcase_add_test(t, test_race_commit);
	tcase_add_test(t, test_race_create);
	tcase_add_test(t, test_race_properties);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *r = srunner_create(suite());
	int failed;

	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
