/* SPDX-License-Identifier: Apache-2.0 */
/* test_rest_pages.c - Iceberg's lists page by page, while others make and drop what they list. */
#include "stores/index.h"
#include "tests/unit/rest.h"

#define NAMES 12
#define N "/v1/c/namespaces"

/* What a list of either kind gave, page after page. */
struct seen {
	int times[NAMES];
	int others, pages;
};

static void make_namespaces(const char *prefix)
{
	for (int i = 0; i < NAMES; i++)
		expect("POST", N, cx_printf(&cx, "{\"namespace\":[\"%s%02d\"]}", prefix, i), 200,
		       NULL);
}

static void make_tables(void)
{
	expect("POST", N, "{\"namespace\":[\"a\"]}", 200, NULL);
	for (int i = 0; i < NAMES; i++)
		expect("POST", T, cx_printf(&cx, "{\"name\":\"t%02d\"," SCHEMA "}", i), 200, NULL);
}

/* The answer's token, or NULL. */
static const char *token_of(const struct fcgi_answer *a)
{
	const char *at = strstr(a->body, "\"next-page-token\":\"");

	at = at ? at + strlen("\"next-page-token\":\"") : NULL;
	return at ? cx_strndup(&cx, at, strcspn(at, "\"")) : NULL;
}

/* Counts the names "<letter>NN" of an answer; of more than two digits: others. */
static int count(const struct fcgi_answer *a, char letter, struct seen *seen)
{
	char quoted[] = { '"', letter, '\0' };
	int n = 0;

	for (const char *at = a->body; (at = strstr(at, quoted)); at += 2) {
		int i = (at[2] - '0') * 10 + at[3] - '0';

		if (i < 0 || i >= NAMES)
			continue;
		n++;
		if (at[4] == '"')
			seen->times[i]++;
		else
			seen->others++;
	}
	return n;
}

/* Follows the tokens, doing `between` after each page. */
static struct seen walk(const char *list, char letter, int size, void (*between)(int page))
{
	const char *token = "";
	struct seen seen = { 0 };

	while (token) {
		struct fcgi_answer a = call(
			"GET", cx_printf(&cx, "%s?pageToken=%s&pageSize=%d", list, token, size),
			NULL);

		ck_assert_msg(a.status == 200, "%s", a.body);
		ck_assert_int_le(count(&a, letter, &seen), size < 4 ? size : 4);
		token = token_of(&a);
		seen.pages++;
		ck_assert_int_lt(seen.pages, 40);
		if (between)
			between(seen.pages);
	}
	return seen;
}

static void all_once(const struct seen *seen)
{
	for (int i = 0; i < NAMES; i++)
		ck_assert_msg(seen->times[i] == 1, "%d was listed %d times", i, seen->times[i]);
}

START_TEST(test_every_name_once)
{
	struct seen seen;

	make_namespaces("n");
	make_tables();
	for (int size = 1; size <= 7; size++) {
		seen = walk(N, 'n', size, NULL);
		all_once(&seen);
		seen = walk(T, 't', size, NULL);
		all_once(&seen);
		ck_assert_int_ge(seen.pages, NAMES / (size < 4 ? size : 4));
	}
}
END_TEST

/* Before and behind where the reader stands, names come and go. */
static void stir_tables(int page)
{
	expect("POST", T, cx_printf(&cx, "{\"name\":\"t00-%d\"," SCHEMA "}", page), 200, NULL);
	expect("POST", T, cx_printf(&cx, "{\"name\":\"t%02d-x\"," SCHEMA "}", page), 200, NULL);
	expect("DELETE", cx_printf(&cx, T "/t00-%d", page), NULL, 204, NULL);
}

static void stir_namespaces(int page)
{
	expect("POST", N, cx_printf(&cx, "{\"namespace\":[\"n00-%d\"]}", page), 200, NULL);
	expect("POST", N, cx_printf(&cx, "{\"namespace\":[\"n11-%d\"]}", page), 200, NULL);
	expect("DELETE", cx_printf(&cx, N "/n00-%d", page), NULL, 204, NULL);
}

/* The very name a token stands on may go: the next page begins behind it. */
static void drop_last(int page)
{
	if (page < NAMES)
		expect("DELETE", cx_printf(&cx, T "/t%02d", page - 1), NULL, 204, NULL);
}

START_TEST(test_stable)
{
	struct seen seen;

	make_namespaces("n");
	make_tables();
	seen = walk(T, 't', 3, stir_tables);
	all_once(&seen);
	seen = walk(N, 'n', 3, stir_namespaces);
	all_once(&seen);
	ck_assert_int_gt(seen.others, 0); /* what came behind the reader is listed too */
	seen = walk(T, 't', 1, drop_last);
	for (int i = 0; i < NAMES; i++)
		ck_assert_int_le(seen.times[i], 1);
}
END_TEST

/* Without a pageToken there are no pages, whatever the size. */
START_TEST(test_no_token_no_pages)
{
	struct seen seen = { 0 };
	struct fcgi_answer a;

	make_tables();
	a = call("GET", T "?pageSize=2", NULL);
	ck_assert_int_eq(count(&a, 't', &seen), NAMES);
	all_once(&seen);
	ck_assert_ptr_null(token_of(&a));
}
END_TEST

START_TEST(test_bad_tokens)
{
	static const char *const bad[] = { "YQ", "%25", "AAAAAAAA", "AAAAAAAAAA", "!!!", "%FF" };
	const char *good;
	struct fcgi_answer a;
	char *changed;

	make_namespaces("n");
	make_namespaces("n00\",\"n");
	make_tables();
	a = call("GET", N "?pageToken=&pageSize=2", NULL);
	good = token_of(&a);
	ck_assert_ptr_nonnull(good);
	expect("GET", cx_printf(&cx, N "?pageToken=%s", good), NULL, 200, "\"n02\"");
	/* another list's */
	expect("GET", cx_printf(&cx, T "?pageToken=%s", good), NULL, 400, "pageToken");
	expect("GET", cx_printf(&cx, N "?parent=n00&pageToken=%s", good), NULL, 400, "pageToken");
	changed = cx_strdup(&cx, good);
	changed[strlen(changed) - 2] ^= 1;
	expect("GET", cx_printf(&cx, N "?pageToken=%s", changed), NULL, 400, "pageToken");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect("GET", cx_printf(&cx, T "?pageToken=%s", bad[i]), NULL, 400, NULL);
	expect("GET", T "?pageToken=&pageSize=0", NULL, 400, "pageSize");
	expect("GET", T "?pageToken=&pageSize=-1", NULL, 400, "pageSize");
	expect("GET", T "?pageToken=&pageSize=1.5", NULL, 400, "pageSize");
	expect("GET", T "?pageToken=&pageSize=99999999999999999999", NULL, 400, "pageSize");
}
END_TEST

/* Entries that search finds, beside no asset: it shows what they say. */
static void add_entries(int from, int to)
{
	struct change *list = cx_array(&cx, (size_t)(to - from), sizeof(*list));
	struct catalog c;

	must(catalog_find(&cx, st, NIL_UUID, "c", &c));
	for (int i = from; i < to; i++) {
		struct search_entry *e = CX_NEW(&cx, struct search_entry);

		*e = (struct search_entry){ .row = ROW(search_entry),
					    .tenant_id = NIL_UUID,
					    .term = index_gram(&cx, "zzz"),
					    .asset_id = text_uuid7(&cx),
					    .catalog_id = c.id,
					    .namespace = "a",
					    .name = cx_printf(&cx, "zzz%d", i),
					    .type = "ICEBERG_TABLE" };
		list[i - from] = (struct change){ INSERT, &e->row };
	}
	must(store_apply(&cx, st, list, (size_t)(to - from), NULL));
}

/* A search that stops says so: nobody takes its count for all there is. */
START_TEST(test_a_cut_search_says_so)
{
	static const char *const paged = "/api/v1/search/assets?q=zzz&limit=1";
	struct fcgi_answer a;

	add_entries(0, 1000);
	expect("GET", paged, NULL, 200, "\"total\":1000,\"truncated\":false");
	a = call("GET", "/api/v1/assets/search?query=zzz", NULL);
	ck_assert_int_eq(a.status, 200);
	ck_assert_ptr_null(strstr(a.head, "X-Pangolin-Truncated"));
	expect("GET", "/api/v1/search?q=zzz&limit=1000", NULL, 200, "\"truncated\":false");
	expect("GET", "/api/v1/search?q=zzz&limit=999", NULL, 200, "\"truncated\":true");
	add_entries(1000, 1001);
	expect("GET", paged, NULL, 200, "\"total\":1000,\"truncated\":true");
	expect("GET", "/api/v1/search?q=zzz&limit=1000", NULL, 200, "\"truncated\":true");
	a = call("GET", "/api/v1/assets/search?query=zzz", NULL);
	ck_assert_ptr_nonnull(strstr(a.head, "X-Pangolin-Truncated: true"));
}
END_TEST

START_TEST(test_audit_is_not_paged_for_ever)
{
	expect("GET", "/api/v1/audit?offset=10000", NULL, 200, "[]");
	expect("GET", "/api/v1/audit?offset=10001", NULL, 400, "end_time");
	expect("GET", "/api/v1/audit?offset=18446744073709551615", NULL, 400, "offset");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("rest pages");
	TCase *t = tcase_create("rest pages");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_every_name_once);
	tcase_add_test(t, test_stable);
	tcase_add_test(t, test_no_token_no_pages);
	tcase_add_test(t, test_bad_tokens);
	tcase_add_test(t, test_a_cut_search_says_so);
	tcase_add_test(t, test_audit_is_not_paged_for_ever);
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
