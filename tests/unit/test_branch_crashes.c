/* SPDX-License-Identifier: Apache-2.0 */
/* test_branch_crashes.c - kill -9 at each step of making, deleting, merging and freeing branches: before or after. */
#include "tests/unit/kill_points.h"

#include "tests/unit/content.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include "stores/commits.h"
#include "stores/diff.h"
#include "stores/merge.h"
#include "tests/unit/worker.h"

static struct kill_steps *steps;

/* Which catalog of the store is worked in, and what was prepared there. */
static char catalog_name[16];
static struct merge_operation prepared;
static const char *prepared_commit;

/* --- the ground: main and dev, each with changes of its own, and a tag ----------------------- */

static void fresh_catalog(void)
{
	static int number;
	struct catalog c = { .tenant_id = NIL_UUID, .name = catalog_name };

	snprintf(catalog_name, sizeof(catalog_name), "c%d", ++number);
	ok(catalog_create(&cx, st, &c, NULL));
}

static const struct catalog_ref *at(const char *branch)
{
	const struct catalog_ref *out;

	ok(content_catalog(&cx, content, st, NIL_UUID, catalog_name, branch, &out));
	return out;
}

static const char *head_of(const char *branch)
{
	struct branch b;
	const char *id;

	ok(branch_find(&cx, st, at(NULL), branch, false, &b));
	ok(commit_head(&cx, st, &b, INT64_MAX, &id));
	return id;
}

static enum status make(const char *name, const char *type, const char *from, const char *commit)
{
	const struct branch_wish wish = {
		.name = name, .type = type, .from = from, .commit_id = commit
	};
	struct branch made;

	return branch_create(&cx, st, at(NULL), &wish, NULL, &made);
}

static void ground(void)
{
	fresh_catalog();
	ok(make_namespace(at(NULL), "a"));
	for (int i = 0; i < 3; i++)
		ok(make_table(at(NULL), "a", cx_printf(&cx, "t%d", i), "1", NULL));
	prepared_commit = head_of("main");
	ok(make("dev", "experimental", NULL, NULL));
	ok(make("v0", "tag", NULL, NULL));
	ok(commit_table(at("dev"), "a", "t0", "d"));
	ok(drop_table(at("dev"), "a", "t2"));
	ok(make_table(at("dev"), "a", "t3", "d", NULL));
	ok(commit_table(at(NULL), "a", "t1", "m"));
}

static void ground_of_conflicts(void)
{
	ground();
	ok(commit_table(at(NULL), "a", "t0", "m"));
}

/* --- what is done --------------------------------------------------------------------------- */

static enum status start(const char *source, const char *target)
{
	return merge_start(&cx, st, at(NULL), source, target, NULL, &prepared);
}

static enum status complete(void)
{
	return merge_complete(&cx, st, at(NULL), &prepared, NULL);
}

static void started(void)
{
	ground();
	ok(start("dev", "main"));
}

static void started_with_conflicts(void)
{
	ground_of_conflicts();
	ok(start("dev", "main"));
}

static enum status resolve_all(void)
{
	const struct merge_resolution how = { .strategy = "source" };
	struct merge_conflict *list;
	enum status s;
	size_t n;

	s = merge_conflicts(&cx, st, &prepared, &list, &n);
	for (size_t i = 0; !s && i < n; i++)
		s = merge_resolve(&cx, st, NIL_UUID, list[i].id, &how, NULL);
	return s;
}

static void resolved(void)
{
	started_with_conflicts();
	ok(resolve_all());
}

static void deleted(void)
{
	ground();
	ok(branch_drop(&cx, st, at(NULL), "dev", false, NULL));
	ok(branch_drop(&cx, st, at(NULL), "v0", true, NULL));
}

static enum status make_branch_(void)
{
	return make("new", "experimental", "dev", NULL);
}

static enum status make_tag(void)
{
	return make("new", "tag", NULL, NULL);
}

static enum status tag_commit(void)
{
	return make("new", "tag", NULL, prepared_commit);
}

static enum status make_partial(void)
{
	const struct asset_name only[] = { { "a", "t0" }, { "a", "t1" } };
	const struct branch_wish wish = {
		.name = "new", .type = "ingest", .from = "dev", .only = only, .n_only = 2
	};
	struct branch made;

	return branch_create(&cx, st, at(NULL), &wish, NULL, &made);
}

static enum status delete_branch(void)
{
	return branch_drop(&cx, st, at(NULL), "dev", false, NULL);
}

static enum status delete_tag(void)
{
	return branch_drop(&cx, st, at(NULL), "v0", true, NULL);
}

static enum status start_merge(void)
{
	return start("dev", "main");
}

static enum status merge(void)
{
	enum status s = start("dev", "main");

	return s ? s : complete();
}

static enum status rebase(void)
{
	enum status s = start("main", "dev");

	return s ? s : complete();
}

static enum status abort_merge(void)
{
	return merge_abort(&cx, st, &prepared, NULL);
}

static enum status revert(void)
{
	const char *made;

	return commit_revert(&cx, st, at(NULL), "main", head_of("main"), NULL, NULL, &made);
}

static enum status work(void)
{
	work_all(at(NULL));
	return OK;
}

#define NOT_TWICE INTERNAL /* a second one is another change */

/* `again`: what the same request is answered once it was done. */
static const struct act {
	const char *name;
	void (*prepare)(void);
	enum status (*run)(void);
	enum status again;
} acts[] = {
	{ "make a branch", ground, make_branch_, EXISTS },
	{ "make a tag", ground, make_tag, EXISTS },
	{ "tag a commit", ground, tag_commit, EXISTS },
	{ "make a partial branch", ground, make_partial, EXISTS },
	{ "delete a branch", ground, delete_branch, NOT_FOUND },
	{ "delete a tag", ground, delete_tag, NOT_FOUND },
	{ "start a merge", ground, start_merge, OK },
	{ "start a merge with conflicts", ground_of_conflicts, start_merge, OK },
	{ "resolve", started_with_conflicts, resolve_all, OK },
	{ "complete", started, complete, INVALID },
	{ "complete what is resolved", resolved, complete, INVALID },
	{ "abort", started_with_conflicts, abort_merge, OK },
	{ "merge", ground, merge, NOT_TWICE },
	{ "rebase", ground, rebase, NOT_TWICE },
	{ "revert", ground, revert, NOT_TWICE },
	{ "work", deleted, work, OK },
};

/* --- what is there -------------------------------------------------------------------------- */

static bool is_over(const struct merge_operation *op)
{
	return !strcmp(op->status, "completed") || !strcmp(op->status, "aborted");
}

static void add_content(struct text *t, const char *branch)
{
	const struct page page = { .types = { "ICEBERG_TABLE" } };
	struct listing l;

	ok(content_list(&cx, st, at(branch), "a", &page, &l));
	for (size_t i = 0; i < l.n; i++)
		text_addf(t, " %s=%s", l.rows[i]->name, l.rows[i]->metadata_location);
}

/* Every branch and tag that has a name, what it shows, and how many commits say so. */
static const char *content_text(void)
{
	const struct commit_filter all_commits = { .limit = 1000 };
	struct text t = text_open(&cx, 1 << 16);
	struct history history;
	struct branch *all;
	size_t n;

	ok(branch_all(&cx, st, at(NULL), &all, &n));
	for (size_t i = 0; i < n; i++) {
		if (text_same(all[i].branch_type, "hidden"))
			continue;
		text_addf(&t, "%s %s:", all[i].branch_type ? all[i].branch_type : "", all[i].name);
		add_content(&t, all[i].name);
		ok(commit_list(&cx, st, at(NULL), &all[i], &all_commits, &history));
		text_addf(&t, " (%zu)\n", history.n);
	}
	return t.s;
}

static void each_merge(void (*each)(void *arg, struct merge_operation *op), void *arg)
{
	struct merge_operation from = { .row = ROW(merge_operation),
					.tenant_id = NIL_UUID,
					.catalog_id = at(NULL)->catalog_id };
	const struct query q = { .from = &from.row, .bound = 2, .limit = 1000 };
	struct rows rows;

	ok(store_list(&cx, st, &q, &rows));
	for (size_t i = 0; i < rows.n; i++)
		each(arg, (struct merge_operation *)rows.items + i);
}

/* An open merge with conflicts says so, unless it was killed before it had looked. */
static void check_open(void *arg, struct merge_operation *op)
{
	struct merge_conflict *list;
	size_t n, open = 0;

	(void)arg;
	ok(merge_conflicts(&cx, st, op, &list, &n));
	for (size_t i = 0; i < n; i++)
		open += !list[i].strategy;
	if (is_over(op))
		return;
	ck_assert_int_eq(op->conflicts_count, (int64_t)open);
	ck_assert_str_eq(op->status, open ? "conflicted" : n ? "ready" : "pending");
}

static void give_up(void *arg, struct merge_operation *op)
{
	(void)arg;
	if (!is_over(op))
		ok(merge_abort(&cx, st, op, NULL));
}

static size_t count_rows(struct row *from, size_t bound)
{
	const struct query q = { .from = from, .bound = bound, .limit = 10000 };
	struct rows rows;

	ok(store_list(&cx, st, &q, &rows));
	return rows.n;
}

/* Jobs that wait for their time need not. */
static void hasten(void)
{
	struct job from = { .row = ROW(job) };
	const struct query q = { .from = &from.row, .limit = 1000 };
	struct rows rows;

	ok(store_list(&cx, st, &q, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		struct job *j = (struct job *)rows.items + i;

		j->due_ms = j->lease_ms = 0;
		ok(store_apply(&cx, st, (struct change[]){ { UPDATE, &j->row } }, 1, NULL));
	}
}

/* All branches are deleted and the worker has run: what is there is main's alone, as it is now. */
static void check_clean(void)
{
	const struct catalog_ref *main_ = at(NULL);
	struct branch branches = { .row = ROW(branch),
				   .tenant_id = NIL_UUID,
				   .catalog_id = main_->catalog_id };
	struct asset assets = { .row = ROW(asset),
				.tenant_id = NIL_UUID,
				.catalog_id = main_->catalog_id,
				.branch_id = main_->branch_id };
	struct commit commits = { .row = ROW(commit),
				  .tenant_id = NIL_UUID,
				  .catalog_id = main_->catalog_id,
				  .branch_id = main_->branch_id };
	struct merge_base bases = { .row = ROW(merge_base),
				    .tenant_id = NIL_UUID,
				    .catalog_id = main_->catalog_id };
	struct job jobs = { .row = ROW(job) };
	struct page all = { 0 };
	struct listing in_a, top;
	struct branch *list;
	size_t n;

	each_merge(give_up, NULL);
	ok(branch_all(&cx, st, main_, &list, &n));
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, "main") && !text_same(list[i].branch_type, "hidden"))
			ok(branch_drop(&cx, st, main_, list[i].name,
				       text_same(list[i].branch_type, "tag"), NULL));
	hasten();
	work_all(main_);
	ok(content_list(&cx, st, main_, "a", &all, &in_a));
	ok(content_list(&cx, st, main_, namespace_children(&cx, ""), &all, &top));
	ck_assert_uint_eq(count_rows(&branches.row, 2), 1);
	ck_assert_uint_eq(count_rows(&bases.row, 2), 0);
	ck_assert_uint_eq(count_rows(&jobs.row, 0), 0);
	ck_assert_uint_eq(count_rows(&assets.row, 3), in_a.n + top.n);
	ck_assert_uint_eq(count_rows(&assets.row, 2), in_a.n + top.n);
	ck_assert_uint_eq(count_rows(&commits.row, 2), count_rows(&commits.row, 3));
}

/* --- the kill ------------------------------------------------------------------------------- */

static void open_again(void)
{
	ok(store_open(&cx, store_url, NULL, false, &st));
}

/* Runs it in a process of its own, which dies at step `at_step` (0: it does not). */
static bool run_killed(const struct act *act, int at_step, bool torn)
{
	int status;
	pid_t pid;

	steps->n = 0;
	store_close(st);
	pid = fork();
	if (!pid) {
		open_again();
		kill_points.steps = steps;
		kill_points.at = at_step;
		kill_points.torn = torn;
		kill_points.armed = true;
		_exit(act->run() != OK);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status) && strchr(store_url, '@'))
		usleep(20000); /* a server goes on with what it was sent */
	if (WIFSIGNALED(status) && strncmp(store_url, "mongodb", 7) == 0)
		usleep(100000);
	open_again();
	ck_assert_msg(WIFSIGNALED(status) || status == 0, "%s: ended with %d", act->name, status);
	return WIFSIGNALED(status);
}

static void forget(void)
{
	const char *url = store_url;
	char kept[512];

	snprintf(kept, sizeof(kept), "%s", url);
	content_close(content);
	cx_reset(&cx);
	content = content_open();
	store_url = cx_strdup(&cx, kept);
}

struct kills {
	char *before, *after; /* content_text of the ground, and once it was done */
	int killed, as_before, as_after;
};

/* What it does where nobody dies. */
static void run_whole(const struct act *act, struct kills *o)
{
	act->prepare();
	o->before = strdup(content_text());
	ck_assert(!run_killed(act, 0, false));
	o->after = strdup(content_text());
	check_clean();
	forget();
}

static void try_one(const struct act *act, int step, bool torn, struct kills *o)
{
	const char *is;
	bool undone;
	enum status s;

	act->prepare();
	ck_assert_str_eq(content_text(), o->before);
	o->killed += run_killed(act, step, torn);
	is = content_text();
	undone = strcmp(is, o->before) == 0;
	ck_assert_msg(undone || !strcmp(is, o->after),
		      "%s, killed at %d%s: it is\n%snot\n%snor\n%s", act->name, step,
		      torn ? " (torn)" : "", is, o->before, o->after);
	(*(undone ? &o->as_before : &o->as_after))++;
	each_merge(check_open, NULL);
	if (undone || act->again != NOT_TWICE) {
		s = act->run();
		ck_assert_msg(s == OK || s == act->again, "%s, killed at %d: then %s", act->name,
			      step, cx.message);
	}
	ck_assert_str_eq(content_text(), o->after);
	check_clean();
	forget();
}

/* BRANCH_KILLS: at how many steps, or all: each, before it and (a write) in it. */
START_TEST(before_or_after)
{
	const struct act *act = &acts[_i];
	const char *given = getenv("BRANCH_KILLS");
	struct kills o = { 0 };
	struct kill_steps whole;
	int64_t most = 2;

	steps = mmap(NULL, sizeof(*steps), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	ck_assert_ptr_ne(steps, MAP_FAILED);
	run_whole(act, &o);
	memcpy(&whole, steps, sizeof(whole));
	ck_assert_int_gt(whole.n, 1);
	if (!text_same(given, "all")) {
		ck_assert(!given || text_int(given, &most));
		for (int i = 0; i < most && i < whole.n - 1; i++) /* from the last but one on */
			try_one(act, whole.n - 1 - whole.n * i / (int)most, i % 2, &o);
	}
	for (int step = 1; text_same(given, "all") && step <= whole.n; step++) {
		try_one(act, step, false, &o);
		if (whole.writes[step])
			try_one(act, step, true, &o);
	}
	printf("branch crashes: %s: %d steps, killed %d times: %d as before, %d as after\n",
	       act->name, whole.n, o.killed, o.as_before, o.as_after);
	ck_assert_int_gt(o.killed, 0);
	free(o.before);
	free(o.after);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("branch_crashes");
	TCase *c = tcase_create("branch_crashes");
	SRunner *r = srunner_create(s);
	int failed;

	if (!getenv("BRANCH_KILLS"))
		setenv("PANGOLIN_TEST_STORE", "memory", 0); /* a file of SQLite's all the same */
	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_set_timeout(c, 1800);
	tcase_add_loop_test(c, before_or_after, 0, ARRAY_SIZE(acts));
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
