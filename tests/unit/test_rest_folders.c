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
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
