/* SPDX-License-Identifier: Apache-2.0 */
/* test_branches.c - branches and tags: what they show, what they cost, when their rows go. */
#include "tests/unit/content.h"

#include "stores/commits.h"
#include "stores/merge.h"
#include "tests/unit/worker.h"

static enum status make(const char *name, const char *type, const char *from, const char *commit)
{
	const struct branch_wish wish = {
		.name = name, .type = type, .from = from, .commit_id = commit
	};
	struct branch made;

	return branch_create(&cx, st, ref, &wish, NULL, &made);
}

static enum status drop(const char *name, bool tag)
{
	return branch_drop(&cx, st, ref, name, tag, NULL);
}

static const char *file_of(const struct catalog_ref *r, const char *name)
{
	const struct asset *a = seen(r, "a", name);

	return a ? a->metadata_location : "-";
}

/* The newest commit of a branch. */
static const char *head(const char *branch)
{
	const char *id;
	struct branch b;

	ok(branch_find(&cx, st, ref, branch, false, &b));
	ok(commit_head(&cx, st, &b, INT64_MAX, &id));
	return id;
}

static void three_tables(void)
{
	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "t-1", NULL));
	ok(make_table(ref, "a", "u", "u-1", NULL));
	ok(make_table(ref, "a", "v", "v-1", NULL));
}

START_TEST(tag_stays)
{
	three_tables();
	ok(make("v1", "tag", NULL, NULL));
	ok(commit_table(ref, "a", "t", "t-2"));
	ok(drop_table(ref, "a", "u"));
	ok(rename_table(ref, "a", "v", "w"));
	ok(make_table(ref, "a", "x", "x-1", NULL));
	ck_assert_str_eq(names(ref, "a"), "t w x ");
	ck_assert_str_eq(names(on("v1"), "a"), "t u v ");
	ck_assert_str_eq(file_of(on("v1"), "t"), "t-1");
	ck_assert_str_eq(file_of(ref, "t"), "t-2");
	ok(make("v2", "tag", NULL, NULL));
	ok(make_table(ref, "a", "u", "u-9", NULL));
	ck_assert_str_eq(names(on("v2"), "a"), "t w x ");
	ck_assert_str_eq(file_of(on("v1"), "u"), "u-1");
	/* nothing is written to it */
	ck_assert_int_eq(commit_table(on("v1"), "a", "t", "t-3"), INVALID);
	ck_assert_int_eq(make_table(on("v1"), "a", "y", "y-1", NULL), INVALID);
	ck_assert_int_eq(drop_table(on("v1"), "a", "t"), INVALID);
	ck_assert_int_eq(rename_table(on("v1"), "a", "t", "tt"), INVALID);
	ck_assert_int_eq(make_namespace(on("v1"), "b"), INVALID);
	ck_assert_ptr_nonnull(strstr(cx.message, "Tag v1"));
}
END_TEST

START_TEST(a_name_used_again)
{
	const struct catalog_ref *before;

	three_tables();
	ok(make("dev", "experimental", NULL, NULL));
	ok(commit_table(on("dev"), "a", "t", "t-dev"));
	ok(make("v1", "tag", "dev", NULL));
	before = on("dev"); /* as a request holds it that began before */
	ok(drop("dev", false));
	ok(make("dev", "experimental", NULL, NULL));
	ck_assert_int_eq(make_table(before, "a", "lost", "lost-1", NULL), NOT_FOUND);
	ck_assert_int_eq(drop_table(before, "a", "t"), NOT_FOUND);
	ck_assert_int_eq(rename_table(before, "a", "t", "tt"), NOT_FOUND);
	ck_assert_str_eq(file_of(on("v1"), "t"), "t-dev");
	ck_assert_str_eq(names(on("v1"), "a"), "t u v ");
}
END_TEST

START_TEST(one_name_space)
{
	three_tables();
	ok(make("x", "tag", NULL, NULL));
	ck_assert_int_eq(make("x", "experimental", NULL, NULL), EXISTS);
	ck_assert_int_eq(make("main", "tag", NULL, NULL), EXISTS);
	ck_assert_int_eq(make("y", "tag", "nowhere", NULL), NOT_FOUND);
	ck_assert_int_eq(make("a@b", "tag", NULL, NULL), INVALID);
	ck_assert_int_eq(make("a/b", "tag", NULL, NULL), INVALID);
	ck_assert_int_eq(make("", "tag", NULL, NULL), INVALID);
	ck_assert_int_eq(drop("x", false), NOT_FOUND); /* it is a tag */
	ck_assert_int_eq(drop("main", false), INVALID);
	ok(drop("x", true));
	ck_assert_int_eq(drop("x", true), NOT_FOUND);
	ok(make("x", "experimental", NULL, NULL));
}
END_TEST

START_TEST(of_a_tag_and_of_a_branch)
{
	three_tables();
	ok(make("v1", "tag", NULL, NULL));
	ok(commit_table(ref, "a", "t", "t-2"));
	ok(make("old", "experimental", "v1", NULL));
	ck_assert_str_eq(file_of(on("old"), "t"), "t-1");
	ok(commit_table(on("old"), "a", "t", "t-old"));
	ok(make("older", "ingest", "old", NULL));
	ok(commit_table(on("old"), "a", "t", "t-old2"));
	ck_assert_str_eq(file_of(on("older"), "t"), "t-old");
	ck_assert_str_eq(file_of(on("v1"), "t"), "t-1");
	ck_assert_str_eq(file_of(ref, "t"), "t-2");
}
END_TEST

START_TEST(as_of_a_commit)
{
	const char *first, *second;

	three_tables();
	first = head("main");
	ok(commit_table(ref, "a", "t", "t-2"));
	second = head("main");
	ok(commit_table(ref, "a", "t", "t-3"));
	ok(drop_table(ref, "a", "u"));
	ok(rename_table(ref, "a", "v", "w"));
	ok(make_namespace(ref, "a.b"));
	ok(make("then", "tag", NULL, first));
	ok(make("dev", "experimental", "main", second));
	ck_assert_str_eq(names(on("then"), "a"), "t u v ");
	ck_assert_str_eq(file_of(on("then"), "t"), "t-1");
	ck_assert_str_eq(file_of(on("dev"), "t"), "t-2");
	ck_assert_str_eq(names(on("dev"), "a"), "t u v ");
	ck_assert_int_eq(make_namespace(on("dev"), "a.b"), OK);
	ok(commit_table(on("dev"), "a", "u", "u-dev"));
	ck_assert_str_eq(names(ref, "a"), "t w ");
	ck_assert_int_eq(make("bad", "tag", NULL, NIL_UUID), NOT_FOUND);
	ck_assert_int_eq(make("bad", "tag", "main", head("dev")), NOT_FOUND);
	ck_assert_int_eq(make("then", "tag", NULL, first), EXISTS);
	ok(make("again", "tag", "then", NULL));
	ck_assert_str_eq(file_of(on("again"), "t"), "t-1");
}
END_TEST

START_TEST(of_some_assets)
{
	const struct asset_name only[] = { { "a", "t" }, { "a", "u" } };
	const struct asset_name none[] = { { "a", "t" }, { "a", "nothing" } };
	struct branch_wish wish = { .name = "part", .type = "ingest", .only = none, .n_only = 2 };
	struct branch made;

	three_tables();
	ck_assert_int_eq(branch_create(&cx, st, ref, &wish, NULL, &made), NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(cx.message, "a.nothing"));
	wish.only = only;
	ok(branch_create(&cx, st, ref, &wish, NULL, &made));
	ck_assert_str_eq(made.assets, "[\"a.t\",\"a.u\"]");
	ck_assert_str_eq(names(on("part"), "a"), "t u ");
	ok(commit_table(ref, "a", "t", "t-2"));
	ok(commit_table(on("part"), "a", "u", "u-2"));
	ck_assert_str_eq(file_of(on("part"), "t"), "t-1");
	ck_assert_str_eq(file_of(ref, "u"), "u-1");
	ck_assert_str_eq(seen(on("part"), "a", "t")->asset_id, seen(ref, "a", "t")->asset_id);
}
END_TEST

/* --- cost ------------------------------------------------------------------------------- */

/* Rows of the catalog and of the server's jobs. */
static size_t rows_of(const struct kind *k)
{
	struct row *from = cx_alloc(&cx, k->size);
	struct query q = { .from = from, .bound = k->flags & GLOBAL ? 0 : 1, .limit = 10000 };
	struct rows rows;

	from->kind = k;
	if (q.bound)
		model_set_text(from, &k->columns[0], NIL_UUID);
	ok(store_list(&cx, st, &q, &rows));
	return rows.n;
}

static size_t all_rows(void)
{
	return rows_of(&kind_branch) + rows_of(&kind_asset) + rows_of(&kind_commit) +
	       rows_of(&kind_job);
}

START_TEST(making_one_costs_the_same)
{
	size_t before;

	ok(make_namespace(ref, "a"));
	for (int i = 0; i < 300; i++)
		ok(make_table(ref, "a", cx_printf(&cx, "t%d", i), "t-1", NULL));
	before = all_rows();
	ok(make("v1", "tag", NULL, NULL));
	ok(make("dev", "experimental", NULL, NULL));
	ck_assert_uint_eq(all_rows(), before + 2);
}
END_TEST

START_TEST(ten_levels_in_one_trip)
{
	const char *from = "main";
	const struct catalog_ref *r;
	struct place *p;
	uint64_t trips;

	three_tables();
	for (int i = 0; i < 10; i++) {
		const char *name = cx_printf(&cx, "b%d", i);

		ok(make(name, "experimental", from, NULL));
		ok(commit_table(on(name), "a", "u", cx_printf(&cx, "u-%d", i)));
		from = name;
	}
	r = on("b9");
	ck_assert_uint_eq(r->n_levels, 11);
	p = place_asset(&cx, r, "a", "t");
	trips = st->trips;
	ok(content_read(&cx, st, r, NULL, &p, 1, NULL, 0));
	/* MongoDB's snapshot reads are a find each */
	if (strncmp(fresh_store_kind(), "mongodb", strlen("mongodb")) != 0)
		ck_assert_uint_eq(st->trips, trips + 1);
	ck_assert_str_eq(p->seen->metadata_location, "t-1");
	ck_assert_str_eq(file_of(r, "u"), "u-9");
	for (int i = 10; i < MAX_LEVELS - 1; i++) {
		const char *name = cx_printf(&cx, "b%d", i);

		ok(make(name, "experimental", from, NULL));
		from = name;
	}
	ck_assert_str_eq(file_of(on(from), "u"), "u-9");
	ck_assert_int_eq(make("deeper", "experimental", from, NULL), INVALID);
}
END_TEST

/* --- rows that go ------------------------------------------------------------------------ */

static size_t kept_rows(void)
{
	struct asset from = { .row = ROW(asset), .tenant_id = NIL_UUID };
	struct query q = { .from = &from.row, .bound = 1, .limit = 10000 };
	struct rows rows;
	size_t n = 0;

	ok(store_list(&cx, st, &q, &rows));
	for (size_t i = 0; i < rows.n; i++)
		n += ((struct asset *)rows.items)[i].until != LIVING;
	return n;
}

START_TEST(history_goes_with_its_last_reader)
{
	three_tables();
	ok(make("v1", "tag", NULL, NULL));
	ok(commit_table(ref, "a", "t", "t-2"));
	ok(make("v2", "tag", NULL, NULL));
	ok(commit_table(ref, "a", "t", "t-3"));
	ok(drop_table(ref, "a", "u"));
	ok(make("child", "experimental", "v1", NULL));
	ck_assert_uint_eq(kept_rows(), 3);
	ok(drop("v2", true));
	work_all(ref);
	ck_assert_uint_eq(kept_rows(), 2); /* t-2 was v2's alone, u is v1's too */
	ok(drop("v1", true));
	work_all(ref);
	ck_assert_str_eq(file_of(on("child"), "t"), "t-1");
	ck_assert_str_eq(names(on("child"), "a"), "t u v ");
	ok(drop("child", false));
	work_all(ref);
	ck_assert_uint_eq(kept_rows(), 0);
	ck_assert_uint_eq(rows_of(&kind_branch), 1);
	ck_assert_uint_eq(rows_of(&kind_asset), 3); /* a, t, v: u's mark went too */
	ck_assert_str_eq(names(ref, "a"), "t v ");
}
END_TEST

/* Who frees a deleted branch has looked for children: one that was made since is noticed. */
START_TEST(a_child_of_a_deleted_branch_keeps_it)
{
	const char *commit;
	struct branch b, hidden;
	struct row *row = &hidden.row;

	three_tables();
	ok(make("dev", "experimental", NULL, NULL));
	ok(commit_table(on("dev"), "a", "t", "t-dev"));
	commit = head("dev");
	ok(branch_find(&cx, st, ref, "dev", false, &b));
	ok(drop("dev", false));
	hidden = b;
	hidden.name = branch_hidden_name(&cx, b.id);
	ok(store_get_all(&cx, st, &row, 1));
	ok(make("again", "experimental", NULL, commit));
	ck_assert_int_eq(store_apply(&cx, st, (struct change[]){ { DELETE, row } }, 1, NULL),
			 CONFLICT);
	work_all(ref);
	ck_assert_str_eq(file_of(on("again"), "t"), "t-dev");
}
END_TEST

static const struct store_ops *real_ops;

/* Between what a merge has read and what it writes its source is deleted. */
static enum status apply_late(struct cx *c, struct store *store, const struct change *changes,
			      size_t n, size_t *failed)
{
	store->ops = real_ops;
	ok(drop("dev", false));
	work_all(ref);
	return store->ops->apply(c, store, changes, n, failed);
}

START_TEST(a_merge_of_what_is_deleted_meanwhile)
{
	struct merge_operation op;
	struct store_ops late;

	three_tables();
	ok(make("dev", "experimental", NULL, NULL));
	ok(make_table(on("dev"), "a", "n", "n-1", NULL));
	ok(merge_start(&cx, st, ref, "dev", "main", NULL, &op));
	real_ops = st->ops;
	late = *real_ops;
	late.apply = apply_late;
	st->ops = &late;
	ck_assert_int_eq(merge_complete(&cx, st, ref, &op, NULL), NOT_FOUND);
	ck_assert_ptr_eq(st->ops, real_ops);
	ck_assert_str_eq(names(ref, "a"), "t u v ");
}
END_TEST

START_TEST(given_up_forks_go)
{
	const char *first;
	struct job from = { .row = ROW(job) };
	struct query q = { .from = &from.row, .limit = 10 };
	struct rows jobs;
	struct job *j;

	three_tables();
	first = head("main");
	ok(commit_table(ref, "a", "t", "t-2"));
	/* a name that is taken meanwhile: what was begun is left behind */
	ok(make("v1", "tag", NULL, first));
	ck_assert_uint_eq(rows_of(&kind_job), 0);
	ck_assert_int_eq(
		branch_create(&cx, st, ref,
			      &(struct branch_wish){ .name = "p",
						     .type = "ingest",
						     .only = &(struct asset_name){ "a", "zz" },
						     .n_only = 1 },
			      NULL, &(struct branch){ 0 }),
		NOT_FOUND);
	ck_assert_uint_eq(rows_of(&kind_branch), 3);
	ok(store_list(&cx, st, &q, &jobs));
	ck_assert_uint_eq(jobs.n, 1);
	j = jobs.items;
	j->due_ms = 1;
	ok(store_apply(&cx, st, (struct change[]){ { UPDATE, &j->row } }, 1, NULL));
	work_all(ref);
	ck_assert_uint_eq(rows_of(&kind_branch), 2);
	ck_assert_str_eq(file_of(on("v1"), "t"), "t-1");
}
END_TEST

/* --- commits ------------------------------------------------------------------------------ */

static const char *history(const char *branch, const struct commit_filter *filter)
{
	struct text t = text_open(&cx, 1 << 16);
	struct history h;
	struct branch b;

	ok(branch_find(&cx, st, ref, branch, false, &b));
	ok(commit_list(&cx, st, ref, &b, filter, &h));
	for (size_t i = 0; i < h.n; i++) {
		text_addf(&t, "%s ", h.commits[i].message);
		if (i)
			ck_assert(!h.parents[i - 1] || filter->name ||
				  strcmp(h.parents[i - 1], h.commits[i].commit_id) == 0);
	}
	if (h.n && h.n == filter->limit)
		ck_assert_ptr_nonnull(h.parents[h.n - 1]);
	return t.s;
}

START_TEST(history_through_ancestors)
{
	struct commit_filter all = { .limit = 100 }, some = { .limit = 2, .skip = 1 },
			     of_u = { .namespace = "a", .name = "u", .limit = 100 },
			     by = { .author = "nobody", .limit = 100 };

	three_tables();
	ok(make("dev", "experimental", NULL, NULL));
	ok(commit_table(ref, "a", "t", "t-2"));
	ok(drop_table(on("dev"), "a", "u"));
	ck_assert_str_eq(history("dev", &all),
			 "drop_table create_table create_table create_table create_namespace ");
	ck_assert_str_eq(history("main", &all),
			 "commit_table create_table create_table create_table create_namespace ");
	ck_assert_str_eq(history("dev", &some), "create_table create_table ");
	ck_assert_str_eq(history("dev", &of_u), "drop_table create_table ");
	ck_assert_str_eq(history("dev", &by), "");
	ok(make("then", "experimental", "main", head("dev")) == NOT_FOUND ? OK : INTERNAL);
	ok(make("back", "experimental", NULL, head("main")));
	ck_assert_str_eq(history("back", &some), "create_table create_table ");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("branches");
	TCase *c = tcase_create("branches");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, tag_stays);
	tcase_add_test(c, a_name_used_again);
	tcase_add_test(c, one_name_space);
	tcase_add_test(c, of_a_tag_and_of_a_branch);
	tcase_add_test(c, as_of_a_commit);
	tcase_add_test(c, of_some_assets);
	tcase_add_test(c, making_one_costs_the_same);
	tcase_add_test(c, ten_levels_in_one_trip);
	tcase_add_test(c, history_goes_with_its_last_reader);
	tcase_add_test(c, a_child_of_a_deleted_branch_keeps_it);
	tcase_add_test(c, a_merge_of_what_is_deleted_meanwhile);
	tcase_add_test(c, given_up_forks_go);
	tcase_add_test(c, history_through_ancestors);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
