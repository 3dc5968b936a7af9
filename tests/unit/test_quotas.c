/* SPDX-License-Identifier: Apache-2.0 */
/* test_quotas.c - what a tenant may have and ask: exact, also when many create at once. */
#include "fcgi/quota.h"
#include "stores/namespaces.h"
#include "stores/tenants.h"
#include "tests/unit/fresh_store.h"
#include "tests/unit/rest.h"
#include "tests/unit/suite.h"

#define NS "/v1/c/namespaces"
#define TABLE(name) "{\"name\":\"" name "\"," SCHEMA "}"

static void set_quota(const char *properties)
{
	struct tenant t;

	must(tenant_find(&cx, st, NIL_UUID, &t));
	t.properties = properties;
	must(tenant_update(&cx, st, &t, NULL));
}

static struct quota_count count(void)
{
	struct quota_count c = { .row = ROW(quota_count), .tenant_id = NIL_UUID };

	must(store_get_all(&cx, st, (struct row *[]){ &c.row }, 1));
	return c;
}

static const struct {
	const char *properties;
	enum status status;
	int64_t tables;
} properties[] = {
	{ NULL, OK, 0 },
	{ "{}", OK, 0 },
	{ "{\"quota.tables\":\"7\"}", OK, 7 },
	{ "{\"quota.tables\":\"0\"}", OK, 0 },
	{ "{\"quota.tables\":\"-1\"}", INVALID, 0 },
	{ "{\"quota.tables\":\"many\"}", INVALID, 0 },
	{ "{\"quota.requests-per-minute\":\"1.5\"}", INVALID, 0 },
};

START_TEST(reads_quotas)
{
	struct quota q;

	cx = (struct cx){ 0 };
	ck_assert_int_eq(quota_parse(&cx, properties[_i].properties, &q), properties[_i].status);
	if (!properties[_i].status)
		ck_assert_int_eq(q.tables, properties[_i].tables);
	cx_free(&cx);
}
END_TEST

START_TEST(without_a_quota_nothing_is_counted)
{
	start();
	make_t();
	ck_assert_int_eq(count().row.version, 0);
	end();
}
END_TEST

START_TEST(tables_and_views_are_limited)
{
	int files;

	start();
	make_t();
	set_quota("{\"quota.tables\":\"3\"}"); /* one is there already */
	expect("POST", T, TABLE("u"), 200, NULL);
	expect("POST", T "/v", STAGED("$W/v"), 200, NULL); /* the end of a staged create */
	files = files_in(root);
	expect("POST", T, TABLE("w"), 403, "3 of 3 tables and views");
	expect("POST", T "/w", STAGED("$W/w"), 403, "ForbiddenException");
	expect("POST", NS "/a/views", "{\"name\":\"x\",\"sql\":\"select 1\"}", 403, "quota");
	ck_assert_int_eq(files_in(root), files);	  /* nothing is left of what was refused */
	expect("POST", T "/t", SET("p", "q"), 200, NULL); /* no new table */
	expect("DELETE", T "/u", NULL, 204, NULL);
	expect("POST", T, TABLE("w"), 200, NULL);
	expect("POST", T, TABLE("x"), 403, NULL);
	expect("POST", "/v1/c/tables/rename",
	       "{\"source\":{\"namespace\":[\"a\"],\"name\":\"w\"},\"destination\":{\"namespace\":["
	       "\"a\"],\"name\":\"y\"}}",
	       204, NULL);
	set_quota("{\"quota.tables\":\"4\"}");
	expect("POST", T, TABLE("z"), 200, NULL);
	set_quota("{}");
	expect("POST", T, TABLE("z2"), 200, NULL);
	end();
}
END_TEST

START_TEST(a_transaction_counts_each_table)
{
	const char *two =
		"{\"table-changes\":[{\"identifier\":{\"namespace\":[\"a\"],\"name\":"
		"\"u\"}," STAGED_BODY("$W/u") "},{\"identifier\":{\"namespace\":[\"a\"],"
					      "\"name\":\"v\"}," STAGED_BODY("$W/v") "}]}";

	start();
	make_t();
	set_quota("{\"quota.tables\":\"2\"}");
	expect("POST", "/v1/c/transactions/commit", two, 403, "2 more");
	expect("GET", T "/u", NULL, 404, NULL);
	set_quota("{\"quota.tables\":\"3\"}");
	expect("POST", "/v1/c/transactions/commit", two, 204, NULL);
	ck_assert_int_eq(count().tables, 3);
	end();
}
END_TEST

START_TEST(namespaces_are_limited)
{
	start();
	set_quota("{\"quota.namespaces\":\"3\"}");
	expect("POST", NS, "{\"namespace\":[\"a\",\"b\"]}", 200, NULL); /* and its parent */
	expect("POST", NS, "{\"namespace\":[\"c\",\"d\"]}", 403, "2 of 3 namespaces");
	expect("POST", NS, "{\"namespace\":[\"a\",\"c\"]}", 200, NULL);
	expect("POST", NS, "{\"namespace\":[\"a\",\"d\"]}", 403, NULL);
	expect("POST", T, TABLE("t"), 200, NULL);
	expect("DELETE", NS "/a%1Fb", NULL, 204, NULL);
	expect("POST", NS, "{\"namespace\":[\"d\"]}", 200, NULL);
	end();
}
END_TEST

/* What is below a dropped catalog does not count, though the worker was not there yet. */
START_TEST(a_dropped_catalog_gives_room)
{
	struct catalog d = { .tenant_id = NIL_UUID, .name = "d" };

	start();
	d.storage_location = cx_printf(&cx, "file://%s", root);
	must(catalog_create(&cx, st, &d, NULL));
	set_quota("{\"quota.namespaces\":\"1\"}");
	expect("POST", "/v1/d/namespaces", "{\"namespace\":[\"a\"]}", 200, NULL);
	expect("POST", NS, "{\"namespace\":[\"a\"]}", 403, NULL);
	must(drop_catalog(&cx, st, "d"));
	expect("POST", NS, "{\"namespace\":[\"a\"]}", 200, NULL);
	end();
}
END_TEST

#define CREATORS 4

/* One process: makes up to 8 namespaces; how many it could. */
static int create_some(int who)
{
	struct content *content = content_open();
	const struct catalog_ref *ref;
	int made = 0;

	cx = (struct cx){ 0 };
	must(store_open(&cx, getenv("DATABASE_URL"), NULL, false, &st));
	must(content_catalog(&cx, content, st, NIL_UUID, "c", NULL, &ref));
	for (int i = 0; i < 8; i++) {
		enum status s;

		cx.deadline_ms = cx_monotonic_ms() + 20000;
		do
			s = namespace_create(&cx, st, ref, cx_printf(&cx, "n%d-%d", who, i), NULL,
					     NULL);
		while (s == UNAVAILABLE); /* others were faster, many times */
		if (s && s != DENIED)
			return 99;
		made += !s;
	}
	return made;
}

/* Several processes create as fast as they can: as many as there may be are made. */
START_TEST(many_at_once_are_exact)
{
	pid_t pids[CREATORS];
	int made = 0;

	start();
	set_quota("{\"quota.namespaces\":\"13\"}");
	for (int p = 0; p < CREATORS; p++) {
		pids[p] = fork();
		if (!pids[p])
			_exit(create_some(p));
	}
	for (int p = 0; p < CREATORS; p++) {
		int status;

		ck_assert_int_eq(waitpid(pids[p], &status, 0), pids[p]);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) <= 8);
		made += WEXITSTATUS(status);
	}
	ck_assert_int_eq(made, 13);
	ck_assert_int_eq(count().namespaces, 13);
	end();
}
END_TEST

/* --- requests a minute ------------------------------------------------------------------- */

START_TEST(requests_are_counted_by_all_processes)
{
	struct request_counts *one, *two;
	const char *path;

	cx = (struct cx){ 0 };
	path = cx_printf(&cx, "/tmp/pangolin-test-%s", text_uuid4(&cx));
	must(request_counts_open(&cx, path, &one));
	must(request_counts_open(&cx, path, &two));
	ck_assert_int_eq(request_counts_add(one, "a", 7), 1);
	ck_assert_int_eq(request_counts_add(two, "a", 7), 2);
	ck_assert_int_eq(request_counts_add(two, "b", 7), 1);
	ck_assert_int_eq(request_counts_add(one, "a", 8), 1); /* another minute */
	for (int i = 0; i < 20000; i++) /* more tenants than places: none is forgotten at once */
		request_counts_add(one, cx_printf(&cx, "t%d", i), 9);
	ck_assert_int_ge(request_counts_add(one, "t19999", 9), 2);
	ck_assert_int_ge(request_counts_add(one, "t0", 9), 2);
	request_counts_close(one);
	request_counts_close(two);
	unlink(path);
	ck_assert_int_eq(request_counts_open(&cx, "/nowhere/x", &one), INVALID);
	request_counts_close(one);
	cx_free(&cx);
}
END_TEST

START_TEST(requests_a_minute_are_limited)
{
	struct fcgi_answer a;
	int served = 0;

	start();
	while (cx_now_ms() / 1000 % 60 > 55)
		usleep(100000);
	set_quota("{\"quota.requests-per-minute\":\"5\"}");
	for (int i = 0; i < 8; i++)
		served += call("GET", NS, NULL).status == 200;
	ck_assert_int_eq(served, 5);
	a = call("POST", NS, "{\"namespace\":[\"a\"]}");
	ck_assert_int_eq(a.status, 429);
	ck_assert_ptr_nonnull(strstr(a.head, "Retry-After: "));
	ck_assert_ptr_null(strstr(a.head, "Retry-After: 1\r"));
	ck_assert_ptr_nonnull(strstr(a.body, "TooManyRequestsException"));
	expect("GET", "/v1/none/namespaces", NULL, 429, NULL);
	set_quota("{}");
	expect("GET", NS, NULL, 200, "[]");
	end();
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ reads_quotas, ARRAY_SIZE(properties) },
		{ without_a_quota_nothing_is_counted, 0 },
		{ tables_and_views_are_limited, 0 },
		{ a_transaction_counts_each_table, 0 },
		{ namespaces_are_limited, 0 },
		{ a_dropped_catalog_gives_room, 0 },
		{ many_at_once_are_exact, 0 },
		{ requests_are_counted_by_all_processes, 0 },
		{ requests_a_minute_are_limited, 0 },
	};

	return run_suite("quotas", tests, ARRAY_SIZE(tests));
}
