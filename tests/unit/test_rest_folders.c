/* SPDX-License-Identifier: Apache-2.0 */
/* test_rest_folders.c - what comes back from a catalog's history, and where tables of one name lie on two branches. */
#include "tests/unit/rest_refs.h"

/* What comes back owns its folder again, or does not come back. */
START_TEST(folders_come_back)
{
	const char *folder_of_u = cx_printf(&cx, "file://%s/u", root), *drop, *made;

	make_t();
	expect("POST", T, create_at("u", folder_of_u), 200, NULL);
	made = member(call("GET", API "branches/main/commits?limit=1", NULL), "id");
	expect("DELETE", T "/u", NULL, 204, NULL);
	drop = member(call("GET", API "branches/main/commits?limit=1", NULL), "id");
	expect("POST", cx_printf(&cx, API "commits/%s/revert", drop), "{}", 200, NULL);
	expect("POST", T, create_at("w", folder_of_u), 400, "overlaps");
	expect("DELETE", T "/u", NULL, 204, NULL);
	/* the same for a branch that shows what main has no more */
	expect("POST", API "branches",
	       cx_printf(&cx, "{\"name\":\"then\",\"commit_id\":\"%s\"}", made), 201, NULL);
	expect("POST", T, create_at("w", folder_of_u), 400, "overlaps");
	expect("GET", T "/u?branch=then", NULL, 200, NULL);
}
END_TEST

START_TEST(folders_that_are_taken)
{
	const char *folder_of_u = cx_printf(&cx, "file://%s/u", root), *drop, *made;

	make_t();
	expect("POST", T, create_at("u", folder_of_u), 200, NULL);
	made = member(call("GET", API "branches/main/commits?limit=1", NULL), "id");
	expect("DELETE", T "/u", NULL, 204, NULL);
	drop = member(call("GET", API "branches/main/commits?limit=1", NULL), "id");
	expect("POST", T, create_at("w", folder_of_u), 200, NULL);
	expect("POST", cx_printf(&cx, API "commits/%s/revert", drop), "{}", 400, "overlaps");
	expect("POST", API "tags", cx_printf(&cx, "{\"name\":\"then\",\"commit_id\":\"%s\"}", made),
	       400, "overlaps");
	expect("GET", T "/u", NULL, 404, NULL);
}
END_TEST

/* --- commits whose files are gone ------------------------------------------------------------ */

static const char *snapshot_file(const char *location, int i)
{
	return cx_printf(&cx, "%s/metadata/snap-%d.avro", path_of(location), i);
}

/* A snapshot more, whose manifest list is there; the commit's id. */
static const char *append_file(const char *location, int i)
{
	expect("POST", T "/t", append(location, i), 200, NULL);
	ck_assert_int_eq(system(cx_printf(&cx, "touch %s", snapshot_file(location, i))), 0);
	return member(call("GET", API "branches/main/commits?limit=1", NULL), "id");
}

static void tag_at(const char *name, const char *commit, int status, const char *contains)
{
	expect("POST", API "tags",
	       cx_printf(&cx, "{\"name\":\"%s\",\"commit_id\":\"%s\"}", name, commit), status,
	       contains);
}

/* As pangolin maintain leaves it: metadata files stay, the manifest list is removed. */
START_TEST(snapshots_that_were_expired)
{
	const char *location, *first, *file;

	make_t();
	location = member(call("GET", T "/t", NULL), "location");
	first = append_file(location, 1);
	(void)append_file(location, 2);
	expect("POST", T "/t", EXPIRE_1, 200, NULL);
	file = snapshot_file(location, 1);
	ck_assert_int_eq(unlink(file), 0);
	tag_at("then", first, 409, file);
	expect("GET", API "tags/then?catalog=c", NULL, 404, NULL);
	expect("POST", API "branches",
	       cx_printf(&cx, "{\"name\":\"then\",\"commit_id\":\"%s\"}", first), 409, file);
	ck_assert_int_eq(system(cx_printf(&cx, "touch %s", file)), 0);
	tag_at("then", first, 200, first);
	expect("GET", AT("then"), NULL, 200, "\"current-snapshot-id\":1");
	/* what a tag shows is not asked for again: its files are kept */
	ck_assert_int_eq(unlink(file), 0);
	tag_at("again", first, 200, first);
}
END_TEST

START_TEST(reverts_to_what_is_gone)
{
	const char *location, *second, *file, *metadata, *revert;

	make_t();
	location = member(call("GET", T "/t", NULL), "location");
	(void)append_file(location, 1);
	metadata = last_location;
	second = append_file(location, 2);
	revert = cx_printf(&cx, API "commits/%s/revert", second);
	file = snapshot_file(location, 1);
	ck_assert_int_eq(unlink(file), 0);
	expect("POST", revert, "{}", 409, file);
	expect("GET", T "/t", NULL, 200, "\"current-snapshot-id\":2");
	ck_assert_int_eq(system(cx_printf(&cx, "touch %s", file)), 0);
	ck_assert_int_eq(rename(path_of(metadata), cx_printf(&cx, "%s/away", root)), 0);
	expect("POST", revert, "{}", 409, metadata);
	ck_assert_int_eq(rename(cx_printf(&cx, "%s/away", root), path_of(metadata)), 0);
	expect("POST", revert, "{}", 200, "reverted");
	expect("GET", T "/t", NULL, 200, "\"current-snapshot-id\":1");
}
END_TEST

/* --- one name on two branches ----------------------------------------------------------------- */

#define DEV_T "/v1/c/namespaces/a%40dev/tables"

static const char *folder_at(const char *uri)
{
	struct fcgi_answer a = call("GET", uri, NULL);

	ck_assert_int_eq(a.status, 200);
	return member(a, "location");
}

static void ck_apart(const char *a, const char *b)
{
	ck_assert_msg(strncmp(a, cx_printf(&cx, "%s/", b), strlen(b) + 1) != 0 &&
			      strncmp(b, cx_printf(&cx, "%s/", a), strlen(a) + 1) != 0 &&
			      strcmp(a, b) != 0,
		      "%s and %s", a, b);
}

/* t on main and another t on dev: what is there of each, and that they are apart. */
static void make_twice(const char **on_main, const char **on_dev)
{
	expect("POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"]}", 200, NULL);
	expect("POST", API "branches", "{\"name\":\"dev\",\"catalog\":\"c\"}", 201, NULL);
	expect("POST", T, "{\"name\":\"t\"," SCHEMA "}", 200, NULL);
	expect("POST", DEV_T, "{\"name\":\"t\"," SCHEMA "}", 200, NULL);
	*on_main = folder_at(T "/t");
	*on_dev = folder_at(AT("dev"));
	ck_apart(*on_main, *on_dev);
}

START_TEST(each_has_its_folder)
{
	const char *on_main, *on_dev, *again;

	make_twice(&on_main, &on_dev);
	expect("DELETE", AT("dev"), NULL, 204, NULL);
	expect("POST", DEV_T, "{\"name\":\"t\"," SCHEMA "}", 200, NULL);
	again = folder_at(AT("dev"));
	ck_apart(again, on_main);
	ck_apart(again, on_dev);
	expect("DELETE", T "/t", NULL, 204, NULL);
	expect("POST", T, "{\"name\":\"t\"," SCHEMA "}", 200, NULL);
	ck_apart(folder_at(T "/t"), again);
	ck_apart(folder_at(T "/t"), on_main);
}
END_TEST

START_TEST(a_folder_is_one_branchs)
{
	const char *at = cx_printf(&cx, "file://%s/u", root);

	make_dev();
	expect("POST", DEV_T, create_at("u", at), 200, NULL);
	expect("POST", T, create_at("u", at), 400, "overlaps");
	expect("POST", T, create_at("u", cx_printf(&cx, "%s/below", at)), 400, "overlaps");
	expect("GET", T "/u", NULL, 404, NULL);
	ck_assert_str_eq(folder_at("/v1/c/namespaces/a/tables/u%40dev"), at);
}
END_TEST

static const struct {
	const char *strategy;
	bool takes_source;
} ends[] = { { "source", true }, { "target", false } };

START_TEST(made_twice_and_merged)
{
	const char *on_main, *on_dev, *op, *left, *conflicts;
	struct fcgi_answer a;

	make_twice(&on_main, &on_dev);
	a = call("POST", API "branches/merge",
		 "{\"source_branch\":\"dev\",\"target_branch\":\"main\"}");
	ck_assert_int_eq(a.status, 409);
	op = member(a, "operation_id");
	conflicts = cx_printf(&cx, API "merge-operations/%s/conflicts", op);
	expect("GET", conflicts, NULL, 200, "created_twice");
	expect("POST",
	       cx_printf(&cx, API "conflicts/%s/resolve",
			 member(call("GET", conflicts, NULL), "id")),
	       cx_printf(&cx, "{\"strategy\":\"%s\"}", ends[_i].strategy), 200, NULL);
	expect("POST", cx_printf(&cx, API "merge-operations/%s/complete", op), NULL, 200,
	       "completed");
	left = folder_at(T "/t");
	ck_assert_str_eq(left, ends[_i].takes_source ? on_dev : on_main);
	ck_assert_str_eq(folder_at(AT("dev")), on_dev);
	/* what is shown stays its owner's, and what is made from here on lies apart */
	expect("POST", T, create_at("w", left), 400, "overlaps");
	expect("POST", T, create_at("w", on_dev), 400, "overlaps");
	expect("DELETE", T "/t", NULL, 204, NULL);
	expect("POST", T, "{\"name\":\"t\"," SCHEMA "}", 200, NULL);
	ck_apart(folder_at(T "/t"), on_main);
	ck_apart(folder_at(T "/t"), on_dev);
	ck_assert_str_eq(folder_at(AT("dev")), on_dev);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rest_folders");
	TCase *c = tcase_create("rest_folders");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, start, end);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, folders_come_back);
	tcase_add_test(c, folders_that_are_taken);
	tcase_add_test(c, snapshots_that_were_expired);
	tcase_add_test(c, reverts_to_what_is_gone);
	tcase_add_test(c, each_has_its_folder);
	tcase_add_test(c, a_folder_is_one_branchs);
	tcase_add_loop_test(c, made_twice_and_merged, 0, ARRAY_SIZE(ends));
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
