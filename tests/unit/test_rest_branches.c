/* SPDX-License-Identifier: Apache-2.0 */
/* test_rest_branches.c - branches, tags, commits and merges as clients see them, by the routes. */
#include "stores/tenants.h"
#include "tests/unit/rest_refs.h"

/* What only a deleted branch had is nowhere, though its rows wait for the worker. */
START_TEST(nothing_of_a_deleted_branch)
{
	struct asset from = { .row = ROW(asset), .tenant_id = NIL_UUID };
	const char *id = NULL;
	struct rows rows;

	make_dev();
	expect("POST", T "?branch=dev", "{\"name\":\"mine\"," SCHEMA "}", 200, NULL);
	must(store_list_all(&cx, st, &(struct query){ .from = &from.row, .bound = 1 }, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct asset *a = (const struct asset *)rows.items + i;

		if (strcmp(a->name, "mine") == 0)
			id = a->asset_id;
	}
	ck_assert_ptr_nonnull(id);
	expect("GET", cx_printf(&cx, API "assets/%s", id), NULL, 200, "\"mine\"");
	expect("DELETE", API "branches/dev?catalog=c", NULL, 204, NULL);
	expect("GET", cx_printf(&cx, API "assets/%s", id), NULL, 404, "Asset does not exist");
}
END_TEST

START_TEST(branches_and_tags)
{
	make_dev();
	expect("POST", API "branches", "{\"name\":\"dev\",\"catalog\":null}", 409,
	       "already exists");
	expect("POST", API "branches", "{\"name\":\"x\",\"from_branch\":\"no\"}", 404, "no");
	expect("POST", API "branches", "{\"name\":\"a@b\"}", 400, "@");
	expect("GET", API "branches?catalog=c", NULL, 200, "\"name\":\"main\"");
	expect("GET", API "branches/dev", NULL, 200, "\"head_commit_id\":\"");
	expect("GET", API "branches/nope?catalog=c", NULL, 404, "Branch does not exist");
	expect("DELETE", API "branches/main?catalog=c", NULL, 400, "main");
	expect("POST", API "tags", "{\"name\":\"v1\",\"catalog\":\"c\"}", 200, "\"commit_id\":\"");
	expect("POST", API "tags", "{\"name\":\"dev\",\"catalog\":\"c\"}", 409, "already exists");
	expect("GET", API "tags?catalog=c", NULL, 200, "v1");
	/* writes to one are not seen by the other, and none to a tag */
	expect("POST", AT("dev"), SET("who", "dev"), 200, "\"who\":\"dev\"");
	expect("GET", AT("dev"), NULL, 200, "\"who\":\"dev\"");
	expect("GET", T "/t?branch=dev", NULL, 200, "\"who\":\"dev\"");
	ck_assert_ptr_null(strstr(call("GET", T "/t", NULL).body, "\"who\""));
	ck_assert_ptr_null(strstr(call("GET", AT("v1"), NULL).body, "\"who\""));
	expect("POST", AT("v1"), SET("who", "tag"), 400, "read-only");
	expect("DELETE", AT("v1"), NULL, 400, "read-only");
	expect("POST", "/v1/c/namespaces/a%40v1/tables", "{\"name\":\"n\"," SCHEMA "}", 400,
	       "read-only");
	expect("POST", "/v1/c/tables/rename",
	       "{\"source\":{\"namespace\":[\"a\"],\"name\":\"t@v1\"},\"destination\":{"
	       "\"namespace\":[\"a\"],\"name\":\"u@v1\"}}",
	       400, "read-only");
	expect("GET", "/v1/c/namespaces/a%40v1/tables", NULL, 200, "\"name\":\"t\"");
	expect("DELETE", API "tags/v1?catalog=c", NULL, 204, NULL);
	expect("GET", AT("v1"), NULL, 404, NULL);
	expect("DELETE", API "branches/dev?catalog=c", NULL, 204, NULL);
	expect("GET", AT("dev"), NULL, 404, NULL);
}
END_TEST

/* By another process: this one's cache holds the old branch. */
static void make_dev_again(void)
{
	struct content *other = content_open();
	const struct branch_wish wish = { .name = "dev", .type = "experimental" };
	const struct catalog_ref *ref;
	struct branch made;

	must(content_catalog(&cx, other, st, NIL_UUID, "c", NULL, &ref));
	must(branch_drop(&cx, st, ref, "dev", false, NULL));
	must(branch_create(&cx, st, ref, &wish, NULL, &made));
	content_close(other);
}

/* Who loads what a list names gets what was listed, and not main's. */
START_TEST(lists_keep_the_branch)
{
	make_dev();
	expect("GET", "/v1/c/namespaces/a%40dev/tables", NULL, 200,
	       "[{\"namespace\":[\"a@dev\"],\"name\":\"t\"}]");
	expect("GET", "/v1/c/namespaces/a%40main/tables", NULL, 200, "[\"a@main\"]");
	expect("GET", T "?branch=dev", NULL, 200, "[{\"namespace\":[\"a\"],\"name\":\"t\"}]");
	expect("POST", "/v1/c/namespaces?branch=dev", "{\"namespace\":[\"a\",\"b\"]}", 200, NULL);
	expect("POST", "/v1/c/namespaces/a%1Fb%40dev/tables", "{\"name\":\"u\"," SCHEMA "}", 200,
	       NULL);
	expect("GET", "/v1/c/namespaces/a%1Fb%40dev/tables", NULL, 200, "[\"a\",\"b@dev\"]");
	expect("GET", "/v1/c/namespaces/a.b%40dev/tables", NULL, 200, "[\"a\",\"b@dev\"]");
}
END_TEST

START_TEST(a_branch_of_the_same_name)
{
	make_dev();
	expect("POST", AT("dev"), SET("who", "old"), 200, NULL);
	make_dev_again();
	expect("POST", "/v1/c/tables/rename",
	       "{\"source\":{\"namespace\":[\"a\"],\"name\":\"t@dev\"},\"destination\":{"
	       "\"namespace\":[\"a\"],\"name\":\"u@dev\"}}",
	       204, NULL);
	expect("GET", "/v1/c/namespaces/a/tables/u%40dev", NULL, 200, NULL);
	expect("GET", AT("dev"), NULL, 404, NULL);
}
END_TEST

START_TEST(partial_branches)
{
	make_t();
	expect("POST", T, "{\"name\":\"u\"," SCHEMA "}", 200, NULL);
	expect("POST", API "branches", "{\"name\":\"p\",\"assets\":[\"a.t\",\"a.x\"]}", 404, "a.x");
	expect("POST", API "branches", "{\"name\":\"p\",\"assets\":[\"nodot\"]}", 400, "assets");
	expect("POST", API "branches",
	       "{\"name\":\"p\",\"branch_type\":\"ingest\",\"assets\":[\"a.t\"]}", 201,
	       "\"assets\":[\"a.t\"]");
	expect("GET", AT("p"), NULL, 200, NULL);
	expect("GET", "/v1/c/namespaces/a/tables/u%40p", NULL, 404, NULL);
}
END_TEST

START_TEST(commits)
{
	struct fcgi_answer a;
	const char *id, *set;

	make_dev();
	expect("POST", T "/t", SET("k", "1"), 200, NULL);
	a = call("GET", API "branches/main/commits?catalog=c&limit=1", NULL);
	ck_assert_int_eq(a.status, 200);
	set = member(a, "id");
	ck_assert_str_eq(member(a, "asset"), "a.t");
	expect("POST", T "/t", SET("k", "2"), 200, NULL);
	expect("GET", API "branches/main/commits?table=a.t&author=nobody", NULL, 200, "[]");
	expect("GET", API "branches/dev/commits?table=a.t", NULL, 200, "create_table");
	expect("GET", API "branches/main/commits?since=bad", NULL, 400, "since");
	expect("GET", cx_printf(&cx, API "commits/%s", set), NULL, 200, "\"parent_id\":\"");
	expect("GET", API "commits/" NIL_UUID, NULL, 404, "Commit does not exist");
	/* as of the first of the two, and what came since */
	expect("POST", API "tags", cx_printf(&cx, "{\"name\":\"v1\",\"commit_id\":\"%s\"}", set),
	       200, set);
	expect("GET", AT("v1"), NULL, 200, "\"k\":\"1\"");
	expect("GET", API "diff?from=v1&to=main", NULL, 200, "\"change\":\"changed\"");
	expect("GET", cx_printf(&cx, API "diff?from=%s&to=v1", set), NULL, 200, "[]");
	expect("GET", API "diff?from=dev&to=nothing", NULL, 404, "nothing");
	/* the first can't be taken back while the second stands on it */
	expect("POST", cx_printf(&cx, API "commits/%s/revert", set), "{}", 409, "a.t");
	id = member(call("GET", API "branches/main/commits?limit=1", NULL), "id");
	expect("POST", cx_printf(&cx, API "commits/%s/revert", id), "{\"branch\":\"main\"}", 200,
	       "reverted");
	expect("GET", T "/t", NULL, 200, "\"k\":\"1\"");
	expect("GET", API "diff?from=v1&to=main", NULL, 200, "[]");
	expect("POST", T, "{\"name\":\"q\\\"x\"," SCHEMA "}", 200, NULL);
	expect("GET", API "branches/main/commits?table=a.q%22x", NULL, 200, "create_table");
}
END_TEST

START_TEST(merges)
{
	struct fcgi_answer a;
	const char *op, *conflict;

	make_dev();
	expect("POST", AT("dev"), SET("k", "dev"), 200, NULL);
	expect("POST", "/v1/c/namespaces/a%40dev/tables", "{\"name\":\"n\"," SCHEMA "}", 200, NULL);
	expect("POST", API "branches/merge",
	       "{\"source_branch\":\"dev\",\"target_branch\":\"main\",\"dry_run\":true}", 200,
	       "\"fast_forward\":true");
	expect("GET", T "/n", NULL, 404, NULL);
	expect("POST", API "branches/merge",
	       "{\"source_branch\":\"dev\",\"target_branch\":\"main\",\"catalog\":\"c\"}", 200,
	       "\"status\":\"completed\"");
	expect("GET", T "/n", NULL, 200, NULL);
	expect("GET", T "/t", NULL, 200, "\"k\":\"dev\"");
	/* both change it: somebody has to say */
	expect("POST", AT("dev"), SET("k", "dev2"), 200, NULL);
	expect("POST", T "/t", SET("k", "main2"), 200, NULL);
	a = call("POST", API "branches/merge",
		 "{\"source_branch\":\"dev\",\"target_branch\":\"main\"}");
	ck_assert_int_eq(a.status, 409);
	op = member(a, "operation_id");
	expect("POST", cx_printf(&cx, API "merge-operations/%s/complete", op), "", 400, "resolve");
	a = call("GET", cx_printf(&cx, API "merge-operations/%s/conflicts", op), NULL);
	ck_assert_str_eq(member(a, "conflict_type"), "both_modified");
	ck_assert_ptr_nonnull(strstr(a.body, "\"source_changed\":[\"properties\"]"));
	conflict = member(a, "id");
	expect("POST", cx_printf(&cx, API "conflicts/%s/resolve", conflict),
	       "{\"strategy\":\"nonsense\"}", 400, "strategy");
	expect("POST", cx_printf(&cx, API "conflicts/%s/resolve", conflict),
	       "{\"strategy\":\"manual\",\"resolved_value\":\"file:///etc/passwd\"}", 400, NULL);
	expect("POST", cx_printf(&cx, API "conflicts/%s/resolve", conflict),
	       "{\"resolution\":\"source\",\"content\":null,\"extra\":1}", 200, "resolved");
	expect("GET", cx_printf(&cx, API "merge-operations/%s", op), NULL, 200,
	       "\"status\":\"ready\"");
	expect("POST", cx_printf(&cx, API "merge-operations/%s/complete", op), NULL, 200,
	       "\"commit_id\":\"");
	expect("GET", T "/t", NULL, 200, "\"k\":\"dev2\"");
	expect("POST", cx_printf(&cx, API "merge-operations/%s/complete", op), NULL, 400,
	       "completed already");
	expect("POST", cx_printf(&cx, API "merge-operations/%s/abort", op), NULL, 400, NULL);
	expect("GET", API "catalogs/c/merge-operations", NULL, 200, op);
	expect("GET", API "catalogs//merge-operations", NULL, 200, op);
	expect("GET", API "merge-operations/" NIL_UUID, NULL, 404, NULL);
	/* and the other way */
	expect("POST", T "/t", SET("k", "main3"), 200, NULL);
	expect("POST", API "branches/dev/rebase", "{\"name\":\"dev\",\"catalog\":\"c\"}", 200,
	       "completed");
	expect("GET", AT("dev"), NULL, 200, "\"k\":\"main3\"");
}
END_TEST

/* What was resolved is asked anew where the target moved meanwhile. */
START_TEST(answers_grow_old)
{
	struct fcgi_answer a;
	const char *op, *conflict;

	make_dev();
	expect("POST", AT("dev"), SET("k", "dev"), 200, NULL);
	expect("POST", T "/t", SET("k", "main"), 200, NULL);
	a = call("POST", API "branches/merge",
		 "{\"source_branch\":\"dev\",\"target_branch\":\"main\"}");
	op = member(a, "operation_id");
	a = call("GET", cx_printf(&cx, API "merge-operations/%s/conflicts", op), NULL);
	conflict = member(a, "id");
	expect("POST", cx_printf(&cx, API "conflicts/%s/resolve", conflict),
	       "{\"strategy\":\"TakeSource\"}", 200, NULL);
	expect("POST", T "/t", SET("k", "main again"), 200, NULL);
	expect("POST", cx_printf(&cx, API "merge-operations/%s/complete", op), NULL, 409,
	       "conflicts");
	expect("GET", T "/t", NULL, 200, "\"k\":\"main again\"");
	expect("GET", cx_printf(&cx, API "merge-operations/%s", op), NULL, 200, "conflicted");
	expect("POST", cx_printf(&cx, API "merge-operations/%s/abort", op), NULL, 200, "aborted");
}
END_TEST

/* Of dev's and main's both, as somebody has put them together, with that for dev's property; the
 * name of the file. */
static const char *by_hand(const char *name, const char *property)
{
	const char *file;

	expect("GET", AT("dev"), NULL, 200, NULL);
	file = cx_printf(&cx, "%.*s%s.metadata.json",
			 (int)(strrchr(last_location, '/') - last_location + 1), last_location,
			 name);
	ck_assert_int_eq(system(cx_printf(&cx, "sed 's|\"k\": *\"dev\"|%s|' %s > %s", property,
					  path_of(last_location), path_of(file))),
			 0);
	return file;
}

static void resolve_by_hand(const char *conflict, const char *location, int status,
			    const char *contains)
{
	expect("POST", cx_printf(&cx, API "conflicts/%s/resolve", conflict),
	       cx_printf(&cx,
			 "{\"strategy\":\"manual\",\"resolved_value\":{"
			 "\"metadata-location\":\"%s\"}}",
			 location),
	       status, contains);
}

START_TEST(resolved_by_hand)
{
	const char *op, *conflict, *file, *id;

	make_dev();
	id = member(call("GET", T "/t", NULL), "table-uuid");
	expect("POST", AT("dev"), SET("k", "dev"), 200, NULL);
	expect("POST", T "/t", SET("k", "main"), 200, NULL);
	op = member(call("POST", API "branches/merge",
			 "{\"source_branch\":\"dev\",\"target_branch\":\"main\"}"),
		    "operation_id");
	conflict = member(
		call("GET", cx_printf(&cx, API "merge-operations/%s/conflicts", op), NULL), "id");
	file = by_hand("moved", cx_printf(&cx, "\"write.data.path\":\"file://%s/x\"", root));
	resolve_by_hand(conflict, file, 400, "another folder");
	file = by_hand("hand", "\"k\":\"hand\"");
	/* it has to be there, in the warehouse, and of the same table */
	resolve_by_hand(conflict, "file:///etc/passwd", 400, "metadata-location");
	resolve_by_hand(conflict, "$W/none.metadata.json", 400, "none.metadata.json");
	expect("POST", T, "{\"name\":\"other\"," SCHEMA "}", 200, NULL);
	resolve_by_hand(conflict, "$M", 400, "another table's");
	expect("GET", cx_printf(&cx, API "merge-operations/%s", op), NULL, 200, "conflicted");
	resolve_by_hand(conflict, file, 200, "resolved");
	expect("GET", cx_printf(&cx, API "merge-operations/%s/conflicts", op), NULL, 200, file);
	expect("GET", T "/t", NULL, 200, "\"k\":\"main\"");
	expect("POST", cx_printf(&cx, API "merge-operations/%s/complete", op), NULL, 200,
	       "completed");
	expect("GET", T "/t", NULL, 200, "\"k\":\"hand\"");
	ck_assert_str_eq(last_location, file);
	ck_assert_str_eq(member(call("GET", T "/t", NULL), "table-uuid"), id);
	expect("GET", AT("dev"), NULL, 200, "\"k\":\"dev\"");
	/* and goes on from there */
	expect("POST", T "/t", SET("l", "1"), 200, "\"k\":\"hand\"");
}
END_TEST

START_TEST(protected_main)
{
	make_dev();
	expect("PUT", API "branches/dev?catalog=c", "{\"protected\":true,\"merge_by\":[\"bob\"]}",
	       200, "\"protected\":true");
	expect("DELETE", API "branches/dev?catalog=c", NULL, 403, "protected");
	expect("PUT", API "branches/dev?catalog=c", "{\"protected\":false}", 200,
	       "\"merge_by\":null");
	expect("POST", API "catalogs",
	       "{\"name\":\"m\",\"storage_location\":\"$W/m\",\"properties\":{"
	       "\"branches.main.merge-only\":\"true\"}}",
	       201, NULL);
	expect("POST", "/v1/m/namespaces", "{\"namespace\":[\"a\"]}", 403, "merges only");
	expect("POST", API "branches", "{\"name\":\"dev\",\"catalog\":\"m\"}", 201, NULL);
	expect("POST", "/v1/m/namespaces?branch=dev", "{\"namespace\":[\"a\"]}", 200, NULL);
	expect("POST", "/v1/m/namespaces/a%40dev/tables", "{\"name\":\"t\"," SCHEMA "}", 200, NULL);
	expect("POST", API "branches/merge",
	       "{\"source_branch\":\"dev\",\"target_branch\":\"main\",\"catalog\":\"m\"}", 200,
	       NULL);
	expect("GET", "/v1/m/namespaces/a/tables/t", NULL, 200, NULL);
	expect("POST", "/v1/m/namespaces/a/tables/t", SET("k", "no"), 403, "merges only");
}
END_TEST

/* From the first branch or tag on engines are kept from removing what they can't know is read. */
START_TEST(engines_are_kept_back)
{
	const char *location;
	struct fcgi_answer a;

	make_t();
	location = member(call("GET", T "/t", NULL), "location");
	expect("POST", T "/t", append(location, 1), 200, NULL);
	a = call("GET", T "/t", NULL);
	ck_assert_ptr_null(strstr(a.body, "gc.enabled"));
	expect("POST", API "tags", "{\"name\":\"v1\"}", 200, NULL);
	expect("GET", T "/t", NULL, 200, "\"gc.enabled\":\"false\"");
	expect("GET", T "/t?snapshots=refs", NULL, 200, "\"gc.enabled\":\"false\"");
	expect("POST", T "/t", append(location, 2), 200, "\"gc.enabled\":\"false\"");
	expect("POST", T "/t", EXPIRE_1, 400, "another branch or a tag");
	expect("GET", T "/t", NULL, 200, "\"snapshot-id\":1,");
	/* its own file says nothing of it */
	a = call("GET", T "/t", NULL);
	ck_assert_int_ne(system(cx_printf(&cx, "grep -q gc.enabled %s", path_of(last_location))),
			 0);
	/* a drop with purge leaves what the tag reads */
	expect("DELETE", T "/t?purgeRequested=true", NULL, 204, NULL);
	expect("GET", AT("v1"), NULL, 200, "\"snapshot-id\":1,");
}
END_TEST

START_TEST(expired_where_nobody_reads)
{
	const char *location;

	make_t();
	location = member(call("GET", T "/t", NULL), "location");
	expect("POST", T "/t", append(location, 1), 200, NULL);
	expect("POST", T "/t", append(location, 2), 200, NULL);
	expect("POST", T "/t", EXPIRE_1, 200, NULL);
	/* a table that was made since the last cut is read by nobody else */
	expect("POST", API "tags", "{\"name\":\"v1\"}", 200, NULL);
	expect("POST", T, "{\"name\":\"u\"," SCHEMA "}", 200, NULL);
	location = member(call("GET", T "/u", NULL), "location");
	expect("POST", T "/u", append(location, 1), 200, NULL);
	expect("POST", T "/u", append(location, 2), 200, NULL);
	expect("POST", T "/u", EXPIRE_1, 200, NULL);
}
END_TEST

/* Also what decides in its handler whether it may is refused while a tenant is read-only. */
START_TEST(nothing_is_made_while_read_only)
{
	make_dev();
	must(tenant_set_read_only(&cx, st, NIL_UUID, "it moves house", NULL));
	expect("POST", API "branches", "{\"name\":\"b\",\"catalog\":\"c\"}", 503, "it moves house");
	expect("POST", API "tags", "{\"name\":\"v1\",\"catalog\":\"c\"}", 503, NULL);
	expect("POST", API "branches/merge",
	       "{\"source_branch\":\"dev\",\"target_branch\":\"main\",\"catalog\":\"c\"}", 503,
	       NULL);
	expect("DELETE", API "branches/dev?catalog=c", NULL, 503, NULL);
	expect("GET", API "branches?catalog=c", NULL, 200, "\"dev\"");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rest_branches");
	TCase *c = tcase_create("rest_branches");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, start, end);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, branches_and_tags);
	tcase_add_test(c, nothing_of_a_deleted_branch);
	tcase_add_test(c, nothing_is_made_while_read_only);
	tcase_add_test(c, lists_keep_the_branch);
	tcase_add_test(c, a_branch_of_the_same_name);
	tcase_add_test(c, partial_branches);
	tcase_add_test(c, commits);
	tcase_add_test(c, merges);
	tcase_add_test(c, answers_grow_old);
	tcase_add_test(c, resolved_by_hand);
	tcase_add_test(c, protected_main);
	tcase_add_test(c, engines_are_kept_back);
	tcase_add_test(c, expired_where_nobody_reads);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
