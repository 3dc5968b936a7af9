/* SPDX-License-Identifier: Apache-2.0 */
/* test_rest_loads.c - loads of tables with many snapshots, what clients keep, and /v1/config. */
#include "tests/unit/fresh_store.h"
#include "tests/unit/rest.h"

#include "common/json.h"

#define SNAPSHOTS 500 /* enough that the committer works out the refs' text */

/* --- many snapshots ----------------------------------------------------------------------- */

/* One commit of snapshots first .. first + n - 1; main points at the last. */
static const char *many_snapshots(int first, int n)
{
	struct text t = text_open(&cx, 1 << 20);

	text_add(&t, "{\"requirements\":[],\"updates\":[");
	for (int i = first; i < first + n; i++)
		text_addf(&t,
			  "{\"action\":\"add-snapshot\",\"snapshot\":{\"snapshot-id\":%d,"
			  "\"sequence-number\":%d,\"timestamp-ms\":%lld,\"manifest-list\":"
			  "\"$L/metadata/snap-%d.avro\",\"summary\":{\"operation\":\"append\"},"
			  "\"schema-id\":0}},{\"action\":\"set-snapshot-ref\",\"ref-name\":"
			  "\"main\",\"type\":\"branch\",\"snapshot-id\":%d},",
			  i, i, (long long)cx_now_ms() + i, i, i);
	text_add(&t, "{\"action\":\"set-properties\",\"updates\":{\"many\":\"yes\"}}]}");
	ck_assert(!t.over);
	return t.s;
}

/* $L is the table's location. */
static struct fcgi_answer commit_many(int first, int n)
{
	const char *location = cx_strndup(
		&cx, last_location, (size_t)(strstr(last_location, "/metadata/") - last_location));
	const char *body = many_snapshots(first, n);
	struct text t = text_open(&cx, 1 << 20);

	for (const char *at; (at = strstr(body, "$L")); body = at + 2) {
		text_addn(&t, body, (size_t)(at - body));
		text_add(&t, location);
	}
	text_add(&t, body);
	return call("POST", T "/t", t.s);
}

static int parses(const struct fcgi_answer *a)
{
	const char *at = a->head ? strstr(a->head, "parses=") : NULL;

	return at ? at[strlen("parses=")] - '0' : -1;
}

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

/* `log`: entries of the snapshot-log, which stays whole: TIMESTAMP AS OF reads it. */
static void expect_load(const char *uri, int parsed, size_t snapshots, size_t log)
{
	struct fcgi_answer a = call("GET", uri, NULL);
	const char *at;

	ck_assert_int_eq(a.status, 200);
	ck_assert_msg(parses(&a) == parsed, "%s: %s", uri, a.head);
	ck_assert_uint_eq(count_of(a.body, "\"manifest-list\""), snapshots);
	ck_assert_ptr_nonnull(strstr(a.body, "\"many\":\"yes\""));
	at = strstr(a.body, "\"snapshot-log\":[");
	ck_assert_ptr_nonnull(at);
	at = cx_strndup(&cx, at, strcspn(at, "]"));
	ck_assert_uint_eq(count_of(at, "\"timestamp-ms\""), log);
}

static int refs_texts(const char *command)
{
	return system(
		cx_printf(&cx, "find %s/cache-tables -name '*.refs' -exec %s", folder, command));
}

START_TEST(test_committer_leaves_nothing_to_do)
{
	struct fcgi_answer a;

	make_t();
	commit_many(1, SNAPSHOTS - 1);
	a = commit_many(SNAPSHOTS, 1);
	ck_assert_msg(a.status == 200, "%s", a.body);
	ck_assert_int_eq(parses(&a), 1);
	expect_load(T "/t?snapshots=refs", 0, 1, 2);
	expect_load(T "/t?snapshots=refs", 0, 1, 2);
	expect_load(T "/t", 0, SNAPSHOTS, 2);
	expect_load(T "/t?snapshots=all", 0, SNAPSHOTS, 2);
}
END_TEST

/* A cached text that is gone or is not what was put there is worked out again. */
START_TEST(test_refs_text_is_checked)
{
	struct responder_process second = responder;

	make_t();
	commit_many(1, SNAPSHOTS);
	ck_assert_int_eq(refs_texts("sed -i 's/\"many\":\"yes\"/\"many\":\"no!\"/' {} ';'"), 0);
	expect_load(T "/t?snapshots=refs", 1, 1, 1);
	expect_load(T "/t?snapshots=refs", 0, 1, 1);
	ck_assert_int_eq(refs_texts("rm {} ';'"), 0);
	/* another process has nothing mapped */
	ck_assert_int_eq(responder_stop(&responder), 0);
	responder_again(&second, run);
	expect_load(T "/t?snapshots=refs", 1, 1, 1);
	expect_load(T "/t?snapshots=refs", 0, 1, 1);
	responder = second;
}
END_TEST

/* --- 304 ------------------------------------------------------------------------------------ */

static struct fcgi_answer load_if(const char *uri, const char *tags)
{
	const char *const params[] = { cx_printf(&cx, "HTTP_IF_NONE_MATCH=%s", tags), NULL };

	return fcgi_call(&cx, &responder, "GET", uri, params, NULL);
}

static const char *tag_of(const char *method, const char *uri, const char *body)
{
	struct fcgi_answer a = call(method, uri, body);
	const char *tag = answer_value(&cx, &a, "ETag");

	ck_assert_msg(tag != NULL, "%s %s: %s", method, uri, a.head);
	return cx_strndup(&cx, tag + 1, strlen(tag) - 2);
}

/* `quoted` holds the inner text of the tag at %s. */
static const struct {
	const char *quoted;
	int status;
} tags[] = {
	{ "\"%s\"", 304 },
	{ "W/\"%s\"", 304 },
	{ "w/\"%s\"", 304 },
	{ "\"%s-gzip\"", 304 },
	{ "W/\"%s-br\"", 304 },
	{ "*", 304 },
	{ "\"other\", W/\"more\" ,\"%s\"", 304 },
	{ "\"other\",\"%s-gzip\",\"x\"", 304 },
	{ "\"other\"", 200 },
	{ "\"%s-deflate\"", 200 },
	{ "\"x%s\"", 200 },
	{ "%s", 200 },
	{ "\"%s", 200 },
	{ "", 200 },
	{ "W/", 200 },
	{ "\"\"", 200 },
};

START_TEST(test_unchanged)
{
	static const char *const uris[] = { T "/t", T "/t?snapshots=all", T "/t?snapshots=refs" };
	const char *all, *refs;
	struct fcgi_answer a;

	make_t();
	all = tag_of("POST", T "/t", SET("a", "1"));
	refs = tag_of("GET", T "/t?snapshots=refs", NULL);
	ck_assert_str_eq(tag_of("GET", T "/t", NULL), all); /* a commit's is that of a load */
	ck_assert_str_ne(all, refs);
	for (size_t u = 0; u < ARRAY_SIZE(uris); u++)
		for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
			const char *tag = u == 2 ? refs : all, *other = u == 2 ? all : refs;
			const char *at = strstr(tags[i].quoted, "%s");
			int n = at ? (int)(at - tags[i].quoted) : 0;

			a = load_if(uris[u],
				    at ? cx_printf(&cx, "%.*s%s%s", n, tags[i].quoted, tag, at + 2)
				       : tags[i].quoted);
			ck_assert_msg(a.status == tags[i].status, "%s: %d", tags[i].quoted,
				      a.status);
			if (a.status == 304) {
				ck_assert_uint_eq(a.body_len, 0);
				ck_assert_ptr_nonnull(strstr(a.head, tag));
			}
			if (at && n == 1 && at[2] == '"' && !at[3])
				ck_assert_int_eq(
					load_if(uris[u], cx_printf(&cx, "\"%s\"", other)).status,
					200);
		}
	/* what it says of is over with the next commit */
	expect("POST", T "/t", SET("a", "2"), 200, NULL);
	ck_assert_int_eq(load_if(T "/t", cx_printf(&cx, "\"%s\"", all)).status, 200);
	ck_assert_int_eq(load_if(T "/none", "*").status, 404);
	ck_assert_int_eq(load_if(T "/t?snapshots=some", "*").status, 400);
}
END_TEST

START_TEST(test_made_answers_have_tags)
{
	const char *made, *adopted;

	expect("POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"]}", 200, NULL);
	made = tag_of("POST", T, "{\"name\":\"t\"," SCHEMA "}");
	ck_assert_str_eq(tag_of("GET", T "/t", NULL), made);
	expect("DELETE", T "/t", NULL, 204, NULL);
	adopted = tag_of("POST", "/v1/c/namespaces/a/register",
			 "{\"name\":\"u\",\"metadata-location\":\"$M\"}");
	ck_assert_str_eq(tag_of("GET", T "/u", NULL), adopted);
	ck_assert_int_eq(load_if(T "/u", cx_printf(&cx, "\"%s\"", adopted)).status, 304);
}
END_TEST

/* A client that has the answer costs no text: neither parsed nor read from anywhere. */
START_TEST(test_unchanged_reads_nothing)
{
	struct fcgi_answer a;

	make_t();
	commit_many(1, SNAPSHOTS);
	ck_assert_int_eq(system(cx_printf(&cx, "rm -rf %s/cache-tables/*/*", folder)), 0);
	a = load_if(T "/t?snapshots=refs", "*");
	ck_assert_int_eq(a.status, 304);
	ck_counts(a.head, 1, "requests=0 gets=0 ");
	ck_assert_int_eq(parses(&a), 0);
	/* yet a table whose file is gone is not called unchanged */
	ck_assert_int_eq(system(cx_printf(&cx, "find %s -name '*.metadata.json' -delete", root)),
			 0);
	ck_assert_int_eq(load_if(T "/t?snapshots=refs", "*").status, 404);
}
END_TEST

/* --- /v1/config ------------------------------------------------------------------------------- */

static struct json_object *config_of(const char *uri)
{
	struct fcgi_answer a = call("GET", uri, NULL);
	struct json_object *o;

	ck_assert_msg(a.status == 200, "%s", a.body);
	must(json_parse(&cx, a.body, a.body_len, 10, &o));
	return o;
}

/* The pattern's parts that stand for something, by what the specification calls them. */
static const char *by_specification(const char *pattern)
{
	static const char *const names[][2] = {
		{ "/v1/", "{prefix}" },		 { "/namespaces/", "{namespace}" },
		{ "/tables/", "{table}" },	 { "/views/", "{view}" },
		{ "/functions/", "{function}" }, { "/plan/", "{plan-id}" },
	};
	struct text t = text_open(&cx, 1024);

	for (const char *c = pattern; *c; c++) {
		const char *name = NULL;

		for (size_t i = 0; c[0] == '{' && i < ARRAY_SIZE(names); i++)
			if (t.len >= strlen(names[i][0]) && text_ends(t.s, names[i][0]))
				name = names[i][1];
		if (!name) {
			text_addc(&t, *c);
			continue;
		}
		text_add(&t, name);
		c++; /* the closing brace */
	}
	return t.s;
}

static bool is_specified(const struct route *r)
{
	return !(r->flags & NOT_ICEBERG) && text_starts(r->pattern, "/v1/{}/") &&
	       !text_starts(r->pattern, "/v1/{}/config") &&
	       !text_starts(r->pattern, "/v1/{}/oauth") && !text_ends(r->pattern, "/presign");
}

START_TEST(test_endpoints_are_the_routes)
{
	static const struct route_table *const served[] = { &namespaces_routes, &tables_routes,
							    &credentials_routes };
	struct json_object *listed = json_member(config_of("/v1/config?warehouse=c"), "endpoints");
	size_t routes = 0;

	for (size_t t = 0; t < ARRAY_SIZE(served); t++)
		for (size_t i = 0; i < served[t]->n; i++) {
			const struct route *r = &served[t]->routes[i];
			const char *wanted =
				cx_printf(&cx, "%s %s", r->method, by_specification(r->pattern));
			int found = 0;

			if (!is_specified(r))
				continue;
			routes++;
			for (size_t k = 0; k < json_object_array_length(listed); k++)
				found += strcmp(json_object_get_string(
							json_object_array_get_idx(listed, k)),
						wanted) == 0;
			ck_assert_msg(found == 1, "%s is listed %d times", wanted, found);
		}
	ck_assert_uint_eq(json_object_array_length(listed), routes);
}
END_TEST

START_TEST(test_defaults_and_overrides)
{
	struct json_object *o = config_of("/v1/config?warehouse=c"), *defaults, *overrides;
	struct catalog d = { .tenant_id = NIL_UUID, .name = "d" };

	ck_assert_str_eq(json_text(json_member(o, "overrides"), "namespace-separator"), "%1F");
	ck_assert_str_eq(json_text(json_member(o, "overrides"), "prefix"), "c");
	ck_assert_str_eq(json_text(o, "idempotency-key-lifetime"), "PT30M");
	d.properties = "{\"default.clients\":\"4\",\"table-default.write.format.default\":\"orc\","
		       "\"override.x\":\"y\",\"table-override.format-version\":\"3\","
		       "\"owner\":\"somebody\",\"override.\":\"nothing\","
		       "\"override.prefix\":\"elsewhere\"}";
	must(catalog_create(&cx, st, &d, NULL));
	for (int i = 0; i < 2; i++) {
		o = config_of(i ? "/v1/d/config" : "/v1/config?warehouse=d");
		defaults = json_member(o, "defaults");
		overrides = json_member(o, "overrides");
		ck_assert_str_eq(json_text(defaults, "clients"), "4");
		ck_assert_str_eq(json_text(defaults, "table-default.write.format.default"), "orc");
		ck_assert_str_eq(json_text(overrides, "x"), "y");
		ck_assert_str_eq(json_text(overrides, "table-override.format-version"), "3");
		ck_assert_str_eq(json_text(overrides, "prefix"), "d");
		ck_assert(!json_has(defaults, "owner") && !json_has(overrides, "owner"));
		ck_assert(!json_has(overrides, ""));
	}
	expect("GET", "/v1/config?warehouse=none", NULL, 404,
	       "{\"error\":{\"message\":\"Warehouse does not exist: none\","
	       "\"type\":\"NoSuchWarehouseException\",\"code\":404}}");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("rest loads");
	TCase *t = tcase_create("rest loads");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_committer_leaves_nothing_to_do);
	tcase_add_test(t, test_refs_text_is_checked);
	tcase_add_test(t, test_unchanged);
	tcase_add_test(t, test_made_answers_have_tags);
	tcase_add_test(t, test_unchanged_reads_nothing);
	tcase_add_test(t, test_endpoints_are_the_routes);
	tcase_add_test(t, test_defaults_and_overrides);
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
