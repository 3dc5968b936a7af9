/* SPDX-License-Identifier: Apache-2.0 */
/* test_rights.c - what grants let people see and do, in every process at once. */
#include "stores/business.h"
#include "tests/unit/rights.h"

/* --- what is seen -------------------------------------------------------------------------- */

static void tag_table(const char *asset_id, const char *tags)
{
	struct business_metadata m = {
		.tenant_id = OURS, .asset_id = asset_id, .tags = tags, .properties = "{}"
	};
	struct business_metadata old;
	enum status s = business_find(&cx, st, OURS, asset_id, &old);

	ck_assert(s == OK || s == NOT_FOUND);
	must(business_put(&cx, st, &m, &old, "t", NULL));
}

static const struct {
	const char *scope, *actions;
	const char *catalogs, *namespaces, *in_a, *in_b; /* what lists show; NULL: 404 */
	int load_namespace, head_namespace, head_a_t, head_b_t, drop_a_t, create;
} views[] = {
	{ NULL, NULL, "[]", NULL, NULL, NULL, 404, 404, 404, 404, 404, 404 },
	{ "{\"type\":\"tenant\"}", "[\"list\"]", "\"c\"", "[[\"a\"],[\"b\"]]", "\"t\"", "\"t\"",
	  403, 204, 403, 403, 403, 403 },
	{ "{\"type\":\"tenant\"}", "[\"read\"]", "\"c\"", "[[\"a\"],[\"b\"]]", "\"t\"", "\"t\"",
	  200, 204, 204, 204, 403, 403 },
	{ "{\"type\":\"catalog\",\"catalog_id\":\"$C\"}", "[\"write\"]", "\"c\"",
	  "[[\"a\"],[\"b\"]]", "\"t\"", "\"t\"", 200, 204, 204, 204, 204, 400 },
	{ "{\"type\":\"catalog\",\"catalog_id\":\"$D\"}", "[\"all\"]", "[]", NULL, NULL, NULL, 404,
	  404, 404, 404, 404, 404 },
	/* a right on a part: its containers' names are no secret, the rest is */
	{ "{\"type\":\"namespace\",\"catalog_id\":\"$C\",\"namespace\":\"a\"}", "[\"read\"]",
	  "\"c\"", "[[\"a\"]]", "\"t\"", NULL, 200, 204, 204, 404, 403, 403 },
	{ "{\"type\":\"namespace\",\"catalog_id\":\"$C\",\"namespace\":\"a.x\"}", "[\"read\"]",
	  "\"c\"", "[[\"a\"]]", "[]", NULL, 403, 204, 404, 404, 404, 403 },
	{ "{\"type\":\"asset\",\"catalog_id\":\"$C\",\"namespace\":\"a\",\"asset_id\":\"$T\"}",
	  "[\"read\"]", "\"c\"", "[[\"a\"]]", "\"t\"", NULL, 403, 204, 204, 404, 403, 403 },
	{ "{\"type\":\"asset\",\"catalog_id\":\"$C\",\"namespace\":\"a\",\"asset_id\":\"$T\"}",
	  "[\"create\"]", "\"c\"", "[[\"a\"]]", "[]", NULL, 403, 204, 403, 404, 403, 403 },
	/* by a tag, which a.t carries */
	{ "{\"type\":\"tag\",\"tag_name\":\"pii\"}", "[\"read\"]", "\"c\"", "[[\"a\"],[\"b\"]]",
	  "\"t\"", "[]", 403, 204, 204, 404, 403, 403 },
	{ "{\"type\":\"tag\",\"tag_name\":\"pii\"}", "[\"write\"]", "\"c\"", "[[\"a\"],[\"b\"]]",
	  "\"t\"", "[]", 403, 204, 204, 404, 204, 403 },
	{ "{\"type\":\"tag\",\"tag_name\":\"other\"}", "[\"read\"]", "\"c\"", "[[\"a\"],[\"b\"]]",
	  "[]", "[]", 403, 204, 404, 404, 404, 403 },
};

static void expect_status(const char *method, const char *uri, const char *body, int status)
{
	take(&(struct step){ 'n', method, uri, body, status, NULL, NULL });
}

static void expect_list(const char *uri, const char *contains)
{
	take(&(struct step){ 'n', "GET", uri, NULL, contains ? 200 : 404, contains,
			     contains && strcmp(contains, "[]") == 0 ? "\"t\"" : NULL });
}

START_TEST(test_what_is_seen)
{
	tag_table(a_t, "[\"x\",\"pii\"]");
	tag_table(b_t, "[\"piis\"]");
	if (views[_i].scope)
		grant(&nora, filled(views[_i].scope), views[_i].actions);
	expect_list(API "catalogs", views[_i].catalogs);
	expect_list("/v1/c/namespaces", views[_i].namespaces);
	expect_list("/v1/c/namespaces/a/tables", views[_i].in_a);
	expect_list("/v1/c/namespaces/b/tables", views[_i].in_b);
	expect_status("GET", "/v1/c/namespaces/a", NULL, views[_i].load_namespace);
	expect_status("HEAD", "/v1/c/namespaces/a", NULL, views[_i].head_namespace);
	expect_status("HEAD", "/v1/c/namespaces/a/tables/t", NULL, views[_i].head_a_t);
	expect_status("HEAD", "/v1/c/namespaces/b/tables/t", NULL, views[_i].head_b_t);
	expect_status("POST", "/v1/c/namespaces/a/tables", "{\"name\":7}", views[_i].create);
	expect_status("DELETE", "/v1/c/namespaces/a/tables/t", NULL, views[_i].drop_a_t);
}
END_TEST

/* Of a catalog that is visible for what lies in it, its name is no secret; the rest is. */
START_TEST(test_visible_by_name_only)
{
	static const struct step steps[] = {
		{ 'a', "PUT", API "catalogs/c",
		  "{\"storage_location\":\"s3://b/elsewhere\",\"properties\":{\"k\":\"quiet\"}}",
		  200, NULL, NULL },
		{ 'n', "GET", API "catalogs", NULL, 200, "\"c\"", "elsewhere" },
		{ 'n', "GET", API "catalogs", NULL, 200, "\"c\"", "quiet" },
		{ 'n', "GET", API "catalogs/c/summary", NULL, 200, "\"c\"", "elsewhere" },
		{ 'a', "GET", API "catalogs", NULL, 200, "elsewhere", NULL },
		{ 'a', "GET", API "catalogs/c/summary", NULL, 200, "elsewhere", NULL },
	};

	grant(&nora, on_namespace(&ours, "a"), "[\"read\"]");
	take_all(steps, ARRAY_SIZE(steps));
}
END_TEST

/* Rows are asked about until the page is full; its token is the last one that was read. */
START_TEST(test_pages_of_what_is_seen)
{
	const struct catalog_ref *ref;
	const char *next = "";
	int pages = 0, rows = 0;

	must(content_catalog(&cx, content, st, OURS, "c", NULL, &ref));
	for (int i = 0; i < 40; i++) {
		const char *id = make_table(ref, "a", cx_printf(&cx, "m%02d", i));

		if (i % 10 == 9)
			tag_table(id, "[\"pii\"]");
		if (i % 10 == 4)
			grant(&nora, on_asset(&ours, "a", id), "[\"list\"]");
	}
	grant(&nora, "{\"type\":\"tag\",\"tag_name\":\"pii\"}", "[\"list\"]");
	while (next) {
		struct fcgi_answer a = ask(
			&first, 'n', "GET",
			cx_printf(&cx, "/v1/c/namespaces/a/tables?pageSize=3&pageToken=%s", next),
			NULL);
		const char *at;

		ck_assert_msg(a.status == 200, "%s", a.body);
		ck_assert_int_lt(pages++, 20);
		for (at = a.body; (at = strstr(at, "\"name\":\"m")); at += 9)
			rows++;
		ck_assert_ptr_null(strstr(a.body, "\"name\":\"t\""));
		at = strstr(a.body, "\"next-page-token\":\"");
		next = at ? cx_strndup(&cx, at + 19, strcspn(at + 19, "\"")) : NULL;
	}
	ck_assert_int_eq(rows, 8);
	ck_assert_int_ge(pages, 3);
}
END_TEST

/* --- objects in bodies ------------------------------------------------------------------------ */

START_TEST(test_bodies)
{
	static const struct step steps[] = {
		{ 'n', "POST", "/v1/c/tables/rename",
		  "{\"source\":{\"namespace\":[\"b\"],\"name\":\"t\"},"
		  "\"destination\":{\"namespace\":[\"a\"],\"name\":\"u\"}}",
		  404, "Table does not exist: b.t", NULL },
		{ 'n', "POST", "/v1/c/tables/rename",
		  "{\"source\":{\"namespace\":[\"a\"],\"name\":\"t\"},"
		  "\"destination\":{\"namespace\":[\"b\"],\"name\":\"u\"}}",
		  404, "NoSuchNamespaceException", NULL },
		{ 'n', "POST", "/v1/c/tables/rename",
		  "{\"source\":{\"namespace\":[\"a\"],\"name\":\"t\"},"
		  "\"destination\":{\"namespace\":[\"a\"],\"name\":\"u\"}}",
		  403, NULL, NULL },
		{ 'n', "POST", "/v1/c/transactions/commit",
		  "{\"table-changes\":[{\"identifier\":{\"namespace\":[\"a\"],\"name\":\"t\"},"
		  "\"requirements\":[],"
		  "\"updates\":[]},{\"identifier\":{\"namespace\":[\"b\"],\"name\":\"t\"},"
		  "\"requirements\":[],"
		  "\"updates\":[]}]}",
		  404, "Table does not exist: b.t", NULL },
		{ 'n', "POST", "/v1/c/namespaces", "{\"namespace\":[\"b\",\"n\"]}", 404, NULL,
		  NULL },
		{ 'n', "POST", "/v1/c/namespaces", "{\"namespace\":[\"a\",\"n\"]}", 403, NULL,
		  NULL },
		{ 'n', "GET", "/v1/c/namespaces?parent=b", NULL, 404, NULL, NULL },
		{ 'n', "GET", "/v1/c/namespaces?parent=a", NULL, 200, "[]", NULL },
	};

	grant(&nora,
	      filled("{\"type\":\"asset\",\"catalog_id\":\"$C\",\"namespace\":\"a\",\"asset_id\":"
		     "\"$T\"}"),
	      "[\"write\"]");
	take_all(steps, ARRAY_SIZE(steps));
	grant(&nora, on_namespace(&ours, "a"), "[\"create\"]");
	take(&(struct step){ 'n', "POST", "/v1/c/namespaces", "{\"namespace\":[\"a\",\"n\"]}", 200,
			     NULL, NULL });
	take(&(struct step){ 'n', "POST", "/v1/c/tables/rename",
			     "{\"source\":{\"namespace\":[\"a\"],\"name\":\"t\"},"
			     "\"destination\":{\"namespace\":[\"a\"],\"name\":\"u\"}}",
			     204, NULL, NULL });
	/* the right goes with the table */
	take(&(struct step){ 'n', "HEAD", "/v1/c/namespaces/a/tables/u", NULL, 204, NULL, NULL });
}
END_TEST

/* Where a catalog's files are is not its writers' to say. */
START_TEST(test_catalogs)
{
	static const struct step steps[] = {
		{ 'n', "PUT", API "catalogs/c", "{\"properties\":{\"x\":\"y\"}}", 200,
		  "\"x\":\"y\"", NULL },
		{ 'n', "PUT", API "catalogs/c", "{\"storage_location\":\"s3://b/elsewhere\"}", 403,
		  NULL, NULL },
		{ 'n', "POST", API "catalogs", "{\"name\":\"d\"}", 403, NULL, NULL },
		{ 'a', "PUT", API "catalogs/c", "{\"storage_location\":\"s3://b/elsewhere\"}", 200,
		  NULL, NULL },
		{ 'n', "DELETE", API "catalogs/c", NULL, 403, "delete on the tenant", NULL },
	};

	grant(&nora, on_catalog(&ours), "[\"all\"]");
	take_all(steps, ARRAY_SIZE(steps));
	grant(&nora, "{\"type\":\"tenant\"}", "[\"delete\"]");
	take(&(struct step){ 'n', "DELETE", API "catalogs/c", NULL, 204, NULL, NULL });
}
END_TEST

#define MERGES_ALONE "\"branches.main.merge-only\":\"true\""
#define A_WEEK "\"commits.retention-days\":\"7\""
#define PUT_PROPERTIES(list) "PUT", API "catalogs/c", "{\"properties\":{" list "}}"

/* What holds a catalog's writers in check is not theirs to lift. */
START_TEST(test_catalog_guards)
{
	static const struct step steps[] = {
		{ 'n', PUT_PROPERTIES(MERGES_ALONE), 403, "\\\"update\\\" on the tenant", NULL },
		{ 'n', PUT_PROPERTIES(A_WEEK), 403, NULL, NULL },
		{ 'a', PUT_PROPERTIES(MERGES_ALONE "," A_WEEK), 200, NULL, NULL },
		{ 'n', PUT_PROPERTIES(""), 403, NULL, NULL },
		{ 'n', PUT_PROPERTIES(MERGES_ALONE), 403, NULL, NULL },
		{ 'n', PUT_PROPERTIES(A_WEEK), 403, NULL, NULL },
		{ 'n', PUT_PROPERTIES("\"branches.main.merge-only\":\"false\"," A_WEEK), 403, NULL,
		  NULL },
		{ 'n', PUT_PROPERTIES(MERGES_ALONE ",\"commits.retention-days\":\"1\""), 403, NULL,
		  NULL },
		{ 'a', "GET", API "catalogs/c", NULL, 200, MERGES_ALONE "," A_WEEK, NULL },
		/* the rest is */
		{ 'n', PUT_PROPERTIES(A_WEEK "," MERGES_ALONE ",\"x\":\"y\""), 200, "\"x\":\"y\"",
		  NULL },
		{ 'n', "PUT", API "catalogs/c", "{}", 200, MERGES_ALONE, NULL },
	};

	grant(&nora, on_catalog(&ours), "[\"write\"]");
	take_all(steps, ARRAY_SIZE(steps));
	grant(&nora, "{\"type\":\"tenant\"}", "[\"update\"]");
	take(&(struct step){ 'n', PUT_PROPERTIES(""), 200, NULL, MERGES_ALONE });
}
END_TEST

/* An upstream's list is not ours to cut: it is for who may see all of it. */
START_TEST(test_federated_lists)
{
	struct catalog far = { .tenant_id = OURS,
			       .name = "far",
			       .catalog_type = "Federated",
			       .properties = "{}",
			       .federated_config =
				       "{\"properties\":{\"uri\":\"https://127.0.0.1:9/\"}}" };
	const char *list = "/v1/far/namespaces", *tables_of_a = "/v1/far/namespaces/a/tables";

	must(catalog_create(&cx, st, &far, NULL));
	grant(&nora, on_namespace(&far, "a"), "[\"read\"]");
	expect_status("GET", list, NULL, 403);
	expect_status("GET", "/v1/far/namespaces/b/tables", NULL, 404);
	/* asked, and not there */
	ck_assert_int_ge(ask(&first, 'n', "GET", tables_of_a, NULL).status, 500);
	ck_assert_int_ge(ask(&first, 'a', "GET", list, NULL).status, 500);
}
END_TEST

/* --- every process, at once ------------------------------------------------------------------ */

static int head_in(const struct responder_process *p)
{
	return ask(p, 'n', "HEAD", "/v1/c/namespaces/a/tables/t", NULL).status;
}

START_TEST(test_every_process)
{
	struct permission p;
	struct role_row role = { .tenant_id = OURS, .name = "r" };
	struct role_assignment given = { .tenant_id = OURS, .user_id = nora.id };
	struct user u;
	const char *id;

	role.permissions = filled("[" READ_C "]");
	for (int round = 0; round < 3; round++) {
		ck_assert_int_eq(head_in(&first), 404);
		ck_assert_int_eq(head_in(&second), 404);
		id = grant(&nora, on_catalog(&ours), "[\"read\"]");
		ck_assert_int_eq(head_in(&second), 204);
		ck_assert_int_eq(head_in(&first), 204);
		must(permission_find(&cx, st, OURS, id, &p));
		must(permission_revoke(&cx, st, &p, NULL));
	}
	ck_assert_int_eq(head_in(&first), 404);
	must(role_create(&cx, st, &role, NULL));
	given.role_id = role.id;
	must(user_find(&cx, st, OURS, "nora", &u));
	must(role_assign(&cx, st, &given, &u.row, NULL));
	ck_assert_int_eq(head_in(&first), 204);
	ck_assert_int_eq(head_in(&second), 204);
	must(role_find(&cx, st, OURS, role.id, &role));
	role.permissions = "[]";
	must(role_update(&cx, st, &role, NULL));
	ck_assert_int_eq(head_in(&second), 404);
	ck_assert_int_eq(head_in(&first), 404);
	grant(&nora, "{\"type\":\"tag\",\"tag_name\":\"pii\"}", "[\"read\"]");
	ck_assert_int_eq(head_in(&first), 404);
	tag_table(a_t, "[\"pii\"]");
	ck_assert_int_eq(head_in(&first), 204);
	tag_table(a_t, "[]");
	ck_assert_int_eq(head_in(&first), 404);
}
END_TEST

/* Into a protected branch merges who is listed: by his name, or by a role that he has, by its name or id. */
START_TEST(test_protected)
{
	static const char *const lists[] = { "[\"nora\"]", "[\"$N\"]", "[\"releasers\"]",
					     "[\"$I\"]", "[\"tenant-user\"]" };
	const struct role_row role = { .tenant_id = OURS,
				       .name = "releasers",
				       .permissions = "[]" };
	const char *merge = "{\"source_branch\":\"dev\",\"target_branch\":\"main\","
			    "\"catalog\":\"c\"}";
	struct role_assignment given = { .tenant_id = OURS, .user_id = nora.id };
	struct role_row made = role;
	struct user u;

	must(role_create(&cx, st, &made, NULL));
	must(user_find(&cx, st, OURS, "nora", &u));
	grant(&nora, on_catalog(&ours), "[\"write\"]");
	take(&(struct step){ 'a', "POST", API "branches", "{\"name\":\"dev\",\"catalog\":\"c\"}",
			     201, NULL, NULL });
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		bool by_role = i == 2 || i == 3;

		last_id = made.id;
		take(&(struct step){ 'a', "PUT", API "branches/main?catalog=c",
				     cx_printf(&cx, "{\"merge_by\":%s}", filled(lists[i])), 200,
				     NULL, NULL });
		expect_status("POST", API "branches/merge", merge, by_role ? 403 : 200);
		if (!by_role)
			continue;
		given.role_id = made.id;
		must(role_assign(&cx, st, &given, &u.row, NULL));
		expect_status("POST", API "branches/merge", merge, 200);
		must(role_unassign(&cx, st, OURS, nora.id, made.id, NULL));
		must(user_find(&cx, st, OURS, "nora", &u));
	}
	take(&(struct step){ 'a', "PUT", API "branches/main?catalog=c",
			     "{\"merge_by\":[\"bob\",\"tenant-admin\"]}", 200, NULL, NULL });
	expect_status("POST", API "branches/merge", merge, 403);
}
END_TEST

/* Grants are read when a caller comes first; from then on they cost no round trip. */
START_TEST(test_trips)
{
	struct fcgi_answer a;

	for (int i = 0; i < 50; i++)
		grant(&nora, on_namespace(&ours, cx_printf(&cx, "a.n%d", i)), "[\"read\"]");
	grant(&nora, on_catalog(&ours), "[\"read\"]");
	for (int i = 0; i < 2; i++)
		a = ask(&first, 'n', "HEAD", "/v1/c/namespaces/a/tables/t", NULL);
	ck_assert_int_eq(a.status, 204);
	ck_assert_msg(strstr(a.head, "trips=1 "), "%s", a.head);
	a = ask(&first, 'n', "GET", "/v1/c/namespaces/a/tables", NULL);
	ck_assert_msg(strstr(a.head, "trips=2 "), "%s", a.head);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("rights");
	TCase *t = tcase_create("rights");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_what_is_seen, 0, (int)ARRAY_SIZE(views));
	tcase_add_test(t, test_visible_by_name_only);
	tcase_add_test(t, test_pages_of_what_is_seen);
	tcase_add_test(t, test_bodies);
	tcase_add_test(t, test_catalogs);
	tcase_add_test(t, test_catalog_guards);
	tcase_add_test(t, test_protected);
	tcase_add_test(t, test_federated_lists);
	tcase_add_test(t, test_every_process);
	tcase_add_test(t, test_trips);
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
