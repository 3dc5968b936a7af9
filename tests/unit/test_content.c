/* SPDX-License-Identifier: Apache-2.0 */
/* test_content.c - one map of names, versioned by cuts: names, levels, containers. */
#include "tests/unit/content.h"

/* --- namespaces -------------------------------------------------------------------- */

START_TEST(test_namespaces)
{
	ok(make_namespace(ref, "a"));
	ck_assert_int_eq(make_namespace(ref, "a"), EXISTS);
	ck_assert_str_eq(cx.message, "Namespace already exists: a");
	ok(make_namespace(ref, "p.q.r")); /* makes p and p.q too */
	ck_assert_int_eq(make_namespace(ref, "p.q"), EXISTS);
	ck_assert_int_eq(namespace_drop(&cx, st, ref, ns("p.q"), NULL), CONFLICT);
	ck_assert_str_eq(cx.message, "Namespace p.q is not empty");
	ok(namespace_drop(&cx, st, ref, ns("p.q.r"), NULL));
	ok(namespace_drop(&cx, st, ref, ns("p.q"), NULL));
	ok(namespace_drop(&cx, st, ref, ns("p"), NULL));
	ck_assert_int_eq(namespace_drop(&cx, st, ref, ns("p"), NULL), NOT_FOUND);
	ck_assert_str_eq(cx.message, "Namespace does not exist: p");
	ok(make_table(ref, "a", "t", "f1", NULL));
	ck_assert_int_eq(namespace_drop(&cx, st, ref, "a", NULL), CONFLICT);
	ok(drop_table(ref, "a", "t"));
	ok(namespace_drop(&cx, st, ref, "a", NULL));
}
END_TEST

START_TEST(test_properties)
{
	struct json_object *up = json_new_object(&cx), *down = json_new_array(&cx), *got;
	struct json_object *ch;
	struct place *p = place_namespace(&cx, ref, "a");

	ok(make_namespace(ref, "a"));
	json_set_text(up, "k", "v");
	json_set_text(up, "l", "w");
	json_add_text(down, "gone");
	ok(namespace_update(&cx, st, ref, "a", up, down, NULL, &ch));
	ck_assert_str_eq(json_print(&cx, json_member(ch, "updated"), NULL), "[\"k\",\"l\"]");
	ck_assert_str_eq(json_print(&cx, json_member(ch, "missing"), NULL), "[\"gone\"]");
	json_add_text(down, "k");
	ok(namespace_update(&cx, st, ref, "a", json_new_object(&cx), down, NULL, &ch));
	ck_assert_str_eq(json_print(&cx, json_member(ch, "removed"), NULL), "[\"k\"]");
	ok(content_read(&cx, st, ref, NULL, &p, 1, NULL, 0));
	ok(namespace_properties(&cx, p->seen, &got));
	ck_assert_str_eq(json_print(&cx, got, NULL), "{\"l\":\"w\"}");
	ck_assert_int_eq(namespace_update(&cx, st, ref, "b", up, down, NULL, &ch), NOT_FOUND);
}
END_TEST

/* --- tables ------------------------------------------------------------------------ */

START_TEST(test_tables)
{
	const char *id;

	ck_assert_int_eq(make_table(ref, "a", "t", "f1", NULL), NOT_FOUND);
	ck_assert_str_eq(cx.message, "Namespace does not exist: a");
	ok(make_namespace(ref, "a"));
	ok(make_namespace(ref, "b"));
	ok(make_table(ref, "a", "t", "f1", NULL));
	ck_assert_int_eq(make_table(ref, "a", "t", "f2", NULL), EXISTS);
	ck_assert_str_eq(cx.message, "Table already exists: a.t");
	id = seen(ref, "a", "t")->asset_id;
	ok(commit_table(ref, "a", "t", "f3"));
	ok(rename_table(ref, "a", "t", "u"));
	ck_assert_ptr_null(seen(ref, "a", "t"));
	ck_assert_str_eq(seen(ref, "a", "u")->asset_id, id);
	ck_assert_str_eq(seen(ref, "a", "u")->metadata_location, "f3");
	ck_assert_int_eq(rename_table(ref, "a", "t", "v"), NOT_FOUND);
	ck_assert_str_eq(cx.message, "Table does not exist: a.t");
	ok(make_table(ref, "a", "t", "f4", NULL));
	ck_assert_int_eq(rename_table(ref, "a", "t", "u"), EXISTS);
	ck_assert_int_eq(drop_table(ref, "a", "w"), NOT_FOUND);
}
END_TEST

START_TEST(test_rename_across)
{
	struct asset_name from = { "a", "t" }, to = { "b", "t" };
	bool none;

	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "f", NULL));
	ck_assert_int_eq(asset_rename(&cx, st, ref, "ICEBERG_TABLE", &from, &to, NULL, &none),
			 NOT_FOUND);
	ck_assert(none);
	ck_assert_str_eq(cx.message, "Namespace does not exist: b");
	ok(make_namespace(ref, "b"));
	ok(asset_rename(&cx, st, ref, "ICEBERG_TABLE", &from, &to, NULL, &none));
	ok(namespace_drop(&cx, st, ref, "a", NULL));
	ck_assert_int_eq(namespace_drop(&cx, st, ref, "b", NULL), CONFLICT);
}
END_TEST

/* A commit that read before another's, a drop and re-creation, a rename: CONFLICT. */
START_TEST(test_stale_commit)
{
	struct place *p = place_asset(&cx, ref, "a", "t");
	struct asset *row = CX_NEW(&cx, struct asset);
	struct branch branch;
	enum edit_part failed;

	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "f", NULL));
	for (int i = 0; i < 3; i++) {
		ok(content_read(&cx, st, ref, &branch, &p, 1, NULL, 0));
		*row = *p->seen;
		if (i == 0)
			ok(commit_table(ref, "a", "t", "g"));
		else
			ok(drop_table(ref, "a", "t"));
		if (i == 1)
			ok(make_table(ref, "a", "t", "h", NULL));
		ck_assert_int_eq(asset_commit(&cx, st, ref, &branch,
					      &(struct asset_change){ .place = p, .row = row }, 1,
					      NULL, &failed),
				 CONFLICT);
		ck_assert_int_eq(failed, PART_ASSET);
	}
}
END_TEST

/* The container: dropped between a read and an INSERT into it, and the other way round. */
START_TEST(test_container)
{
	struct place *in = place_namespace(&cx, ref, "a"), *p = place_asset(&cx, ref, "a", "t");
	struct place *both[] = { in, p };
	struct asset *row = CX_NEW(&cx, struct asset);
	struct branch branch;
	struct edit *e;

	ok(make_namespace(ref, "a"));
	ok(content_read(&cx, st, ref, &branch, both, 2, NULL, 0));
	ok(namespace_drop(&cx, st, ref, "a", NULL));
	*row = (struct asset){ .asset_id = "x", .type = "ICEBERG_TABLE" };
	e = edit_open(&cx, ref, &branch, NULL);
	edit_put(e, p, row);
	edit_into(e, in);
	ck_assert_int_eq(edit_apply(e, st, audit_new(&cx, NULL, NIL_UUID, "x", "y", "z", "n")),
			 CONFLICT);
	ck_assert_int_eq(e->failed, PART_CONTAINER);

	ok(make_namespace(ref, "a"));
	ok(content_read(&cx, st, ref, &branch, both, 2, NULL, 0));
	ok(make_table(ref, "a", "t", "f", NULL));
	e = edit_open(&cx, ref, &branch, NULL);
	edit_hide(e, in);
	ck_assert_int_eq(edit_apply(e, st, audit_new(&cx, NULL, NIL_UUID, "x", "y", "z", "n")),
			 CONFLICT);
}
END_TEST

/* --- branches ----------------------------------------------------------------------- */

START_TEST(test_branch)
{
	const struct catalog_ref *dev, *sub;

	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "f1", NULL));
	ok(make_table(ref, "a", "u", "u1", NULL));
	dev = make_branch(ref, "dev");
	ok(commit_table(ref, "a", "t", "f2"));
	ck_assert_str_eq(seen(dev, "a", "t")->metadata_location, "f1");
	ok(commit_table(dev, "a", "t", "d1"));
	ck_assert_str_eq(seen(dev, "a", "t")->metadata_location, "d1");
	ck_assert_str_eq(seen(dev, "a", "t")->asset_id, seen(ref, "a", "t")->asset_id);
	ck_assert_str_eq(seen(ref, "a", "t")->metadata_location, "f2");
	ok(drop_table(dev, "a", "u"));
	ck_assert_ptr_null(seen(dev, "a", "u"));
	ck_assert_ptr_nonnull(seen(ref, "a", "u"));
	sub = make_branch(dev, "sub");
	ok(make_table(dev, "a", "u", "u2", NULL));
	ck_assert_ptr_null(seen(sub, "a", "u"));
	ck_assert_str_eq(names(sub, "a"), "t ");
	ck_assert_str_eq(names(dev, "a"), "t u ");
	ok(make_table(sub, "a", "s", "s1", NULL));
	ck_assert_str_eq(names(sub, "a"), "s t ");
	ck_assert_str_eq(names(ref, "a"), "t u ");
	ck_assert_int_eq(namespace_drop(&cx, st, sub, "a", NULL), CONFLICT);
	ok(drop_table(sub, "a", "s"));
	ok(drop_table(sub, "a", "t"));
	ok(namespace_drop(&cx, st, sub, "a", NULL));
	ck_assert_int_eq(make_table(sub, "a", "s", "s1", NULL), NOT_FOUND);
	ck_assert_str_eq(names(dev, "a"), "t u ");
}
END_TEST

/* A cut taken between a commit's read and its apply: the commit must not change the cut. */
START_TEST(test_cut_meanwhile)
{
	struct place *p = place_asset(&cx, ref, "a", "t");
	struct asset *row = CX_NEW(&cx, struct asset);
	struct branch branch;
	enum edit_part failed;

	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "f1", NULL));
	ok(content_read(&cx, st, ref, &branch, &p, 1, NULL, 0));
	*row = *p->seen;
	row->metadata_location = "f2";
	make_branch(ref, "dev");
	ck_assert_int_eq(asset_commit(&cx, st, ref, &branch,
				      &(struct asset_change){ .place = p, .row = row }, 1, NULL,
				      &failed),
			 CONFLICT);
	ck_assert_int_eq(failed, PART_BRANCH);
}
END_TEST

/* Every operation on every branch against maps that are copied whole. */
#define MODEL_BRANCHES 7
#define MODEL_NAMES 6

struct model {
	const struct catalog_ref *ref;
	int file[MODEL_NAMES]; /* 0 = no such table */
};

static const char *model_name(size_t i)
{
	return cx_printf(&cx, "t%zu", i);
}

static void model_step(struct model *m, int step, unsigned *seed)
{
	size_t i = (size_t)rand_r(seed) % MODEL_NAMES, j = (size_t)rand_r(seed) % MODEL_NAMES;
	const char *file = cx_printf(&cx, "%d", step);

	switch (rand_r(seed) % 5) {
	case 0:
		ck_assert_int_eq(make_table(m->ref, "a", model_name(i), file, NULL),
				 m->file[i] ? EXISTS : OK);
		m->file[i] = m->file[i] ? m->file[i] : step;
		break;
	case 1:
	case 2:
		if (!m->file[i])
			break;
		ok(commit_table(m->ref, "a", model_name(i), file));
		m->file[i] = step;
		break;
	case 3:
		ck_assert_int_eq(drop_table(m->ref, "a", model_name(i)),
				 m->file[i] ? OK : NOT_FOUND);
		m->file[i] = 0;
		break;
	case 4:
		if (i == j || !m->file[i] || m->file[j])
			break;
		ok(rename_table(m->ref, "a", model_name(i), model_name(j)));
		m->file[j] = m->file[i];
		m->file[i] = 0;
	}
}

static void model_compare_all(const struct model *m, size_t n)
{
	for (size_t b = 0; b < n; b++) {
		struct text expected = text_open(&cx, 4096);

		for (size_t i = 0; i < MODEL_NAMES; i++) {
			const struct asset *a = seen(m[b].ref, "a", model_name(i));

			ck_assert_int_eq(a != NULL, m[b].file[i] != 0);
			if (!a)
				continue;
			ck_assert_str_eq(a->metadata_location, cx_printf(&cx, "%d", m[b].file[i]));
			text_addf(&expected, "%s ", model_name(i));
		}
		ck_assert_str_eq(names_by(m[b].ref, "a", 1 + b % 3), expected.s);
	}
}

START_TEST(test_model)
{
	struct model m[MODEL_BRANCHES] = { { .ref = ref } };
	unsigned seed = 7 + (unsigned)_i;
	size_t n = 1;

	ok(make_namespace(ref, "a"));
	for (int step = 1; step <= 120; step++) {
		model_step(&m[(size_t)rand_r(&seed) % n], step, &seed);
		if (n < MODEL_BRANCHES && step % 15 == 0) {
			m[n] = m[(size_t)rand_r(&seed) % n];
			m[n].ref = make_branch(m[n].ref, cx_printf(&cx, "b%zu", n));
			n++;
		}
		if (step % 10 == 0)
			model_compare_all(m, n);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("content");
	TCase *t = tcase_create("content");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_namespaces);
	tcase_add_test(t, test_properties);
	tcase_add_test(t, test_tables);
	tcase_add_test(t, test_rename_across);
	tcase_add_test(t, test_stale_commit);
	tcase_add_test(t, test_container);
	tcase_add_test(t, test_branch);
	tcase_add_test(t, test_cut_meanwhile);
	tcase_add_loop_test(t, test_model, 0, 4);
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
