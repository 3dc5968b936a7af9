/* SPDX-License-Identifier: Apache-2.0 */
/* test_roles.c - the routes of roles and permissions, and of what explains them. */
#include "tests/unit/rights.h"

/* --- roles ------------------------------------------------------------------------------ */

START_TEST(test_roles)
{
	static const struct step steps[] = {
		{ 'a', "POST", ROLES, "{\"description\":\"d\"}", 400, "name is missing", NULL },
		{ 'a', "POST", ROLES, "{\"name\":\"r\",\"tenant-id\":\"" THEIRS "\"}", 404, NULL,
		  NULL },
		{ 'a', "POST", ROLES, "{\"name\":\"r\",\"permissions\":[{}]}", 422,
		  "permissions[0].scope", NULL },
		{ 'a', "POST", ROLES, "{\"name\":\"r\",\"permissions\":7}", 400, "permissions",
		  NULL },
		{ 'n', "POST", ROLES, "{\"name\":\"r\"}", 403, NULL, NULL },
		{ 'a', "POST", ROLES,
		  "{\"name\":\"r\",\"description\":\"d\",\"tenant-id\":\"" OURS "\",\"more\":1}",
		  201, "\"description\":\"d\",\"permissions\":[],\"created-by\":\"$A\"", NULL },
		{ 'a', "GET", ROLES "/$I", NULL, 200, "\"tenant-id\":\"" OURS "\"", NULL },
		{ 'e', "GET", ROLES "/$I", NULL, 404, NULL, NULL },
		{ 'n', "GET", ROLES "/$I", NULL, 404, NULL, NULL },
		{ 'n', "GET", ROLES, NULL, 200, "[]", NULL },
		{ 'e', "GET", ROLES, NULL, 200, "[]", NULL },
		/* what is not said stays */
		{ 'a', "PUT", ROLES "/$I", "{\"permissions\":[" READ_C "]}", 200, "\"name\":\"r\"",
		  NULL },
		{ 'a', "PUT", ROLES "/$I", "{\"name\":\"s\"}", 200, "\"permissions\":[" READ_C "]",
		  NULL },
		{ 'a', "PUT", ROLES "/$I", "{\"id\":\"other\"}", 400, "id:", NULL },
		{ 'a', "PUT", ROLES "/$I", "{\"tenant-id\":\"" THEIRS "\"}", 400,
		  "tenant-id:", NULL },
		{ 'e', "PUT", ROLES "/$I", "{\"name\":\"stolen\"}", 404, NULL, NULL },
		{ 'e', "DELETE", ROLES "/$I", NULL, 404, NULL, NULL },
		/* given, taken */
		{ 'a', "POST", API "users/$N/roles", "{}", 400, "role-id", NULL },
		{ 'a', "POST", API "users/$N/roles", "{\"role-id\":\"none\"}", 404, "no role",
		  NULL },
		{ 'a', "POST", API "users/$E/roles", "{\"role-id\":\"$I\"}", 404, "no user", NULL },
		{ 'e', "POST", API "users/$E/roles", "{\"role-id\":\"$I\"}", 404, "no role", NULL },
		{ 'n', "POST", API "users/$N/roles", "{\"role-id\":\"$I\"}", 403, NULL, NULL },
		{ 'n', "GET", "/v1/c/namespaces", NULL, 404, NULL, NULL },
		{ 'a', "POST", API "users/$N/roles", "{\"role-id\":\"$I\"}", 201, NULL, NULL },
		{ 'a', "POST", API "users/$N/roles", "{\"role-id\":\"$I\"}", 201, NULL, NULL },
		{ 'n', "GET", "/v1/c/namespaces", NULL, 200, "[[\"a\"],[\"b\"]]", NULL },
		{ 'n', "POST", "/v1/c/namespaces", "{\"namespace\":[\"n\"]}", 403, "\\\"create\\\"",
		  NULL },
		{ 'n', "GET", API "users/$N/roles", NULL, 200, "\"name\":\"s\"", NULL },
		{ 'n', "GET", API "users/$A/roles", NULL, 404, NULL, NULL },
		{ 'n', "GET", ROLES "/$I", NULL, 200, NULL, NULL },
		{ 'n', "GET", ROLES, NULL, 200, "\"name\":\"s\"", NULL },
		{ 'a', "DELETE", API "users/$N/roles/none", NULL, 404, NULL, NULL },
		{ 'a', "DELETE", API "users/$N/roles/$I", NULL, 204, NULL, NULL },
		{ 'a', "DELETE", API "users/$N/roles/$I", NULL, 404, NULL, NULL },
		{ 'n', "GET", "/v1/c/namespaces", NULL, 404, NULL, NULL },
		/* a role that goes is nobody's any more */
		{ 'a', "POST", API "users/$N/roles", "{\"role-id\":\"$I\"}", 201, NULL, NULL },
		{ 'a', "DELETE", ROLES "/$I", NULL, 204, NULL, NULL },
		{ 'a', "GET", ROLES "/$I", NULL, 404, NULL, NULL },
		{ 'n', "GET", "/v1/c/namespaces", NULL, 404, NULL, NULL },
		{ 'n', "GET", API "users/$N/roles", NULL, 200, "[]", NULL },
	};

	take_all(steps, ARRAY_SIZE(steps));
}
END_TEST

/* What is over the bound would not be read: it is refused where it is given. */
START_TEST(test_too_many_roles)
{
	struct role_row *roles = cx_array(&cx, MAX_ROLES + 1, sizeof(*roles));
	struct role_assignment a = { .tenant_id = OURS, .user_id = nora.id };
	struct user u;

	must(user_find(&cx, st, OURS, "nora", &u));
	for (size_t i = 0; i <= MAX_ROLES; i++) {
		struct role_assignment one = a;
		struct change list[] = { { INSERT, &roles[i].row }, { INSERT, &one.row } };

		roles[i] = (struct role_row){ .row = ROW(role_row),
					      .tenant_id = OURS,
					      .id = cx_printf(&cx, "r%04zu", i),
					      .name = "many",
					      .permissions = "[]" };
		one.row = (struct row)ROW(role_assignment);
		one.role_id = roles[i].id;
		must(store_apply(&cx, st, list, i < MAX_ROLES - 1 ? 2 : 1, NULL));
	}
	a.role_id = roles[MAX_ROLES - 1].id; /* the last that he may have */
	must(role_assign(&cx, st, &a, &u.row, NULL));
	must(user_find(&cx, st, OURS, "nora", &u));
	must(role_assign(&cx, st, &a, &u.row, NULL)); /* which he has */
	a.role_id = roles[MAX_ROLES].id;
	ck_assert_int_eq(role_assign(&cx, st, &a, &u.row, NULL), INVALID);
	last_id = a.role_id;
	take(&(struct step){ 'a', "POST", API "users/$N/roles", "{\"role-id\":\"$I\"}", 400,
			     "more than 1000 roles", NULL });
	must(role_unassign(&cx, st, OURS, nora.id, roles[0].id, NULL));
	take(&(struct step){ 'a', "POST", API "users/$N/roles", "{\"role-id\":\"$I\"}", 201, NULL,
			     NULL });
}
END_TEST

/* --- permissions -------------------------------------------------------------------------- */

START_TEST(test_permissions)
{
	static const struct step steps[] = {
		{ 'n', "POST", GRANTS, GRANT("\"type\":\"tenant\"", "\"all\""), 403, NULL, NULL },
		{ 'a', "POST", GRANTS, "{\"scope\":{\"type\":\"tenant\"},\"actions\":[\"all\"]}",
		  400, "user-id", NULL },
		{ 'a', "POST", GRANTS, GRANT("\"type\":\"planet\"", "\"all\""), 422, "scope.type",
		  NULL },
		{ 'a', "POST", GRANTS, GRANT("\"type\":\"tenant\"", "\"own\""), 422, "actions[0]",
		  NULL },
		{ 'a', "POST", GRANTS, GRANT("\"type\":\"tenant\"", ""), 422, "actions", NULL },
		{ 'a', "POST", GRANTS, GRANT(ON_C("$D"), "\"read\""), 404, "catalog", NULL },
		{ 'a', "POST", GRANTS, GRANT(ON_ASSET_IN("$C", "$C"), "\"read\""), 404, "asset",
		  NULL },
		{ 'a', "POST", GRANTS,
		  "{\"user-id\":\"$E\",\"scope\":{\"type\":\"tenant\"},\"actions\":[\"all\"]}", 404,
		  "no user", NULL },
		{ 'e', "POST", GRANTS, GRANT("\"type\":\"tenant\"", "\"all\""), 404, "no user",
		  NULL },
		{ 'n', "GET", "/v1/c/namespaces/a", NULL, 404, NULL, NULL },
		{ 'a', "POST", GRANTS, GRANT(ON_C("$C"), "\"READ\",\"create\""), 201,
		  "\"user-id\":\"$N\",\"scope\":{\"type\":\"catalog\",\"catalog_id\":\"$C\"},"
		  "\"actions\":[\"read\",\"create\"],\"granted-by\":\"$A\"",
		  NULL },
		{ 'n', "GET", "/v1/c/namespaces/a", NULL, 200, NULL, NULL },
		{ 'n', "DELETE", "/v1/c/namespaces/a", NULL, 403, NULL, NULL },
		{ 'n', "DELETE", GRANTS "/$I", NULL, 403, NULL, NULL },
		{ 'e', "DELETE", GRANTS "/$I", NULL, 404, NULL, NULL },
		{ 'a', "GET", GRANTS "?user=$N", NULL, 200, "$I", NULL },
		{ 'a', "GET", GRANTS "?user=$A", NULL, 200, "[]", NULL },
		{ 'a', "GET", GRANTS "?role=x", NULL, 200, "$I", NULL },
		{ 'n', "GET", GRANTS, NULL, 200, "$I", NULL },
		{ 'n', "GET", GRANTS "?user=$N", NULL, 200, "$I", NULL },
		{ 'n', "GET", GRANTS "?user=$A", NULL, 404, NULL, NULL },
		{ 'e', "GET", GRANTS, NULL, 200, "[]", NULL },
		{ 'e', "GET", GRANTS "?user=$N", NULL, 404, NULL, NULL },
		{ 'a', "DELETE", GRANTS "/$I", NULL, 204, NULL, NULL },
		{ 'a', "DELETE", GRANTS "/$I", NULL, 404, NULL, NULL },
		{ 'n', "GET", "/v1/c/namespaces/a", NULL, 404, NULL, NULL },
		/* an asset is where it is, whatever the client says */
		{ 'a', "POST", GRANTS, GRANT(ON_ASSET_IN("$C", "$B"), "\"read\""), 201,
		  "\"namespace\":\"b\"", NULL },
		{ 'a', "POST", API "branches", "{\"catalog\":\"c\",\"name\":\"dev\"}", 201, NULL,
		  NULL },
	};
	const struct catalog_ref *dev;

	take_all(steps, ARRAY_SIZE(steps));
	/* one that main does not show */
	must(content_catalog(&cx, content, st, OURS, "c", "dev", &dev));
	a_t = make_table(dev, "a", "d");
	take(&(struct step){ 'a', "POST", GRANTS, GRANT(ON_ASSET_IN("$C", "$T"), "\"read\""), 201,
			     "\"namespace\":\"a\"", NULL });
}
END_TEST

/* --- addresses ----------------------------------------------------------------------------------- */

#define USER API "users/$N"

/* An address that another server's accounts are linked by is not the user's to take. */
START_TEST(test_own_address)
{
	static const struct step steps[] = {
		{ 'n', "PUT", USER, "{\"email\":\"nora@corp\"}", 403, "administrator", NULL },
		{ 'n', "PUT", USER, "{\"email\":\"nora@Corp\"}", 403, NULL, NULL },
		{ 'n', "PUT", USER, "{\"email\":\"nora@home\"}", 200, "nora@home", NULL },
		{ 'e', "PUT", USER, "{\"email\":\"nora@corp\"}", 404, NULL, NULL },
		{ 'a', "PUT", USER, "{\"email\":\"nora@corp\"}", 200, "nora@corp", NULL },
		{ 'n', "PUT", USER, "{\"email\":\"nora@corp\"}", 200, "nora@corp", NULL },
		{ 'n', "PUT", USER, "{\"email\":\"ada@corp\"}", 403, NULL, NULL },
	};

	take_all(steps, ARRAY_SIZE(steps));
}
END_TEST

static void start_linked(void)
{
	setenv("PANGOLIN_OAUTH_EMAIL_LINK_DOMAINS", "corp", 1);
	start();
}

/* --- explained ---------------------------------------------------------------------------------- */

#define EXPLAIN(query) API "access/explain?" query

START_TEST(test_explain)
{
	static const struct step steps[] = {
		{ 'a', "GET", EXPLAIN("action=read&object=table:c.a.t"), NULL, 200,
		  "\"allowed\":true,\"answer\":\"allowed\",\"missing\":null,\"exists\":true,"
		  "\"because\":{\"kind\":\"session-role\",\"name\":\"tenant-admin\"}",
		  NULL },
		{ 'a', "GET", EXPLAIN("user=$N&action=read&object=table:c.a.t"), NULL, 200,
		  "\"allowed\":true", NULL },
		{ 'a', "GET", EXPLAIN("user=$N&action=read&object=table:c.a.t"), NULL, 200,
		  "\"because\":{\"kind\":\"permission\",\"id\":\"$I\",\"scope\":{\"type\":"
		  "\"namespace\"",
		  NULL },
		{ 'a', "GET", EXPLAIN("user=$N&action=write&object=table:c.a.t"), NULL, 200,
		  "\"allowed\":false,\"answer\":\"forbidden\",\"missing\":\"this needs the "
		  "tenant-admin role, or a "
		  "grant of \\\"write\\\"\",\"exists\":true,\"because\":null",
		  NULL },
		{ 'a', "GET", EXPLAIN("user=$N&action=read&object=table:c.b.t"), NULL, 200,
		  "\"answer\":\"not found\"", NULL },
		{ 'a', "GET", EXPLAIN("user=$N&action=list&object=catalog:c"), NULL, 200,
		  "\"because\":{\"kind\":\"visible\"}", NULL },
		{ 'a', "GET", EXPLAIN("user=$N&action=read&object=namespace:c.a.x"), NULL, 200,
		  "\"allowed\":true", NULL },
		{ 'a', "GET", EXPLAIN("user=$N&action=read&object=asset:$T"), NULL, 200,
		  "\"allowed\":true", NULL },
		{ 'a', "GET", EXPLAIN("user=$N&action=read&object=asset:$B"), NULL, 200,
		  "\"allowed\":false", NULL },
		{ 'a', "GET", EXPLAIN("user=$N&action=read&object=tag:pii"), NULL, 200,
		  "\"allowed\":false", NULL },
		{ 'a', "GET", EXPLAIN("user=$N&action=create&object=tenant"), NULL, 200,
		  "\"answer\":\"forbidden\"", NULL },
		{ 'a', "GET", EXPLAIN("user=$N&action=read&object=table:none.a.t"), NULL, 200,
		  "\"exists\":false", NULL },
		/* a catalog's name may hold dots */
		{ 'a', "GET", EXPLAIN("action=read&object=catalog:c.x"), NULL, 200,
		  "\"exists\":false", NULL },
		/* oneself; whether it exists is not told to who may not know */
		{ 'n', "GET", EXPLAIN("action=read&object=table:c.a.t"), NULL, 200,
		  "\"allowed\":true", "exists" },
		{ 'n', "GET", EXPLAIN("user=$N&action=read&object=table:c.b.t"), NULL, 200,
		  "\"missing\":\"Table does not exist: b.t\"", "exists" },
		{ 'n', "GET", EXPLAIN("user=$A&action=read&object=tenant"), NULL, 404, NULL, NULL },
		{ 'e', "GET", EXPLAIN("user=$N&action=read&object=tenant"), NULL, 404, NULL, NULL },
		/* what can't be asked */
		{ 'a', "GET", EXPLAIN("action=read"), NULL, 400, "object is missing", NULL },
		{ 'a', "GET", EXPLAIN("object=tenant"), NULL, 400, "action is missing", NULL },
		{ 'a', "GET", EXPLAIN("action=fly&object=tenant"), NULL, 400, "fly", NULL },
		{ 'a', "GET", EXPLAIN("action=read&object=planet:x"), NULL, 400, "planet", NULL },
		{ 'a', "GET", EXPLAIN("action=read&object=table:c"), NULL, 400, "object", NULL },
		{ 'a', "GET", EXPLAIN("action=read&object=table:c.t"), NULL, 400, "namespace",
		  NULL },
		{ 'a', "GET", EXPLAIN("action=read&object=catalog:"), NULL, 200, "\"exists\":false",
		  NULL },
		{ 'a', "GET", EXPLAIN("action=read&object=tag:"), NULL, 400, "tag", NULL },
	};

	last_id = grant(&nora, on_namespace(&ours, "a"), "[\"read\"]");
	take_all(steps, ARRAY_SIZE(steps));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("roles");
	TCase *t = tcase_create("roles");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_roles);
	tcase_add_test(t, test_too_many_roles);
	tcase_add_test(t, test_permissions);
	tcase_add_test(t, test_explain);
	suite_add_tcase(s, t);
	t = tcase_create("linked");
	tcase_add_checked_fixture(t, start_linked, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_own_address);
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
