/* SPDX-License-Identifier: Apache-2.0 */
/* test_branch_races.c - processes that commit, tag and merge at once, some killed: nothing acknowledged is lost. */
#include "tests/unit/content.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "stores/merge.h"

#define TABLES 3
#define ROUNDS 6
#define ROUND_MS 350

struct shared {
	volatile bool stop;
	volatile int acknowledged[TABLES]; /* the number of the file that dev has */
	volatile int tags, merges;
};
static struct shared *shared;

static const char *name_of(int i)
{
	return cx_printf(&cx, "t%d", i);
}

static int64_t file_of(const struct catalog_ref *r, int i)
{
	const struct asset *a = seen(r, "a", name_of(i));
	int64_t n = -1;

	ck_assert(a && text_int(a->metadata_location, &n));
	return n;
}

/* A process of its own, with a store of its own. */
static pid_t begin(void (*work)(int number), int number)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	ok(store_open(&cx, store_url, NULL, false, &st));
	content = content_open();
	ok(content_catalog(&cx, content, st, NIL_UUID, "c", NULL, &ref));
	work(number);
	_exit(0);
}

static void wait_for(pid_t pid, bool killed)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(killed ? WIFSIGNALED(status) || WIFEXITED(status)
			 : WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* One list a commit: each shows one file more.  Others cut the branch meanwhile: again then. */
static void commit_on(int number)
{
	while (!shared->stop) {
		const struct catalog_ref *dev = on("dev");
		struct place *p = place_asset(&cx, dev, "a", name_of(number));
		struct asset row;
		struct branch branch;
		enum edit_part failed;
		enum status s;

		ok(content_read(&cx, st, dev, &branch, &p, 1, NULL, 0));
		row = *p->seen;
		row.metadata_location = cx_printf(&cx, "%d", shared->acknowledged[number] + 1);
		s = asset_commit(&cx, st, dev, &branch,
				 &(struct asset_change){ .place = p, .row = &row }, 1, NULL,
				 &failed);
		if (!s)
			shared->acknowledged[number]++;
		else
			ck_assert_int_eq(s, CONFLICT);
	}
}

/* A tag shows at least what was acknowledged before it was asked for, and the same ever after. */
static void tag_on(int number)
{
	for (int k = 0; !shared->stop; k++) {
		int64_t first[TABLES];
		int before[TABLES];
		const char *name = cx_printf(&cx, "v%d-%d-%d", number, (int)getpid(), k);
		const struct branch_wish wish = { .name = name, .type = "tag", .from = "dev" };
		struct branch made;

		for (int i = 0; i < TABLES; i++)
			before[i] = shared->acknowledged[i];
		ok(branch_create(&cx, st, ref, &wish, NULL, &made));
		for (int i = 0; i < TABLES; i++) {
			first[i] = file_of(on(name), i);
			if (first[i] < before[i])
				_exit(1);
		}
		usleep(20000);
		for (int i = 0; i < TABLES; i++)
			if (file_of(on(name), i) != first[i])
				_exit(1);
		shared->tags++;
	}
}

static void merge_on(int number)
{
	(void)number;
	while (!shared->stop) {
		struct merge_operation op;

		ok(merge_start(&cx, st, ref, "dev", "main", NULL, &op));
		if (merge_complete(&cx, st, ref, &op, NULL) == OK)
			shared->merges++;
	}
}

/* Half a merge is none: what a killed process left is completed or given up. */
static void finish_merges(void)
{
	struct merge_operation from = { .row = ROW(merge_operation), .tenant_id = NIL_UUID };
	struct query q = { .from = &from.row, .bound = 1, .limit = 10000 };
	struct rows rows;

	ok(store_list(&cx, st, &q, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		struct merge_operation *op = (struct merge_operation *)rows.items + i;

		if (strcmp(op->status, "pending"))
			continue;
		if (merge_complete(&cx, st, ref, op, NULL))
			ok(merge_abort(&cx, st, op, NULL));
	}
}

static void check_merged(void)
{
	struct merge_operation op;

	finish_merges();
	ok(merge_start(&cx, st, ref, "dev", "main", NULL, &op));
	ck_assert_str_eq(op.status, "pending");
	ok(merge_complete(&cx, st, ref, &op, NULL));
	for (int i = 0; i < TABLES; i++) {
		ck_assert_int_ge(file_of(on("dev"), i), shared->acknowledged[i]);
		ck_assert_int_eq(file_of(ref, i), file_of(on("dev"), i));
		shared->acknowledged[i] = (int)file_of(on("dev"), i);
	}
}

START_TEST(nothing_acknowledged_is_lost)
{
	pid_t pids[TABLES + 2];

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	ok(make_namespace(ref, "a"));
	for (int i = 0; i < TABLES; i++)
		ok(make_table(ref, "a", name_of(i), "0", NULL));
	make_branch(ref, "dev");
	for (int round = 0; round < ROUNDS; round++) {
		bool kills = round % 2;

		shared->stop = false;
		for (int i = 0; i < TABLES; i++)
			pids[i] = begin(commit_on, i);
		pids[TABLES] = begin(tag_on, round);
		pids[TABLES + 1] = begin(merge_on, round);
		usleep((useconds_t)(ROUND_MS * 1000 + round * 17000));
		if (kills)
			kill(pids[TABLES + 1], SIGKILL);
		shared->stop = true;
		for (int i = 0; i < TABLES + 2; i++)
			wait_for(pids[i], kills && i == TABLES + 1);
		check_merged();
	}
	printf("branch races: %d, %d, %d commits beside %d tags and %d merges\n",
	       shared->acknowledged[0], shared->acknowledged[1], shared->acknowledged[2],
	       shared->tags, shared->merges);
	ck_assert_int_gt(shared->tags, 0);
	ck_assert_int_gt(shared->merges, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("branch_races");
	TCase *c = tcase_create("branch_races");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_set_timeout(c, 120);
	tcase_add_test(c, nothing_acknowledged_is_lost);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
