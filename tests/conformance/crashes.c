/* SPDX-License-Identifier: Apache-2.0 */
/* crashes.c - kill -9 in the middle of applies: what was acknowledged is there, and no half list. */
#include "tests/conformance/conformance.h"

#include <sys/wait.h>
#include <unistd.h>

#define WRITERS 3
#define PARTS 4 /* commit rows of one list, beside the table's */

static struct asset table_of(struct t *t, int number)
{
	return t_asset(t, "n", cx_printf(&t->cx, "table-%d", number));
}

static struct commit part_of(struct t *t, int number, int64_t n, int part)
{
	return (struct commit){ .row = ROW(commit),
				.tenant_id = t->tenant,
				.catalog_id = t->catalog,
				.branch_id = cx_printf(&t->cx, "%d-%d", number, part),
				.commit_id = cx_printf(&t->cx, "%09lld", (long long)n),
				.cut = n };
}

/* Counts its table up for ever; each list writes PARTS more rows that must agree with it. */
static void count_up(struct t *t, int number, struct shared *shared)
{
	struct asset a = table_of(t, number);

	WANT(t, OK, store_get(&t->cx, t->st, &a.row));
	for (;;) {
		struct commit parts[PARTS];
		struct change list[PARTS + 1] = { { UPDATE, &a.row } };

		a.updated_ms++;
		for (int i = 0; i < PARTS; i++) {
			parts[i] = part_of(t, number, a.updated_ms, i);
			list[i + 1] = (struct change){ INSERT, &parts[i].row };
		}
		WANT(t, OK, store_apply(&t->cx, t->st, list, PARTS + 1, NULL));
		shared->list[number] = a.updated_ms; /* the acknowledgement */
	}
}

/* The same with a store a list: many opens and closes are killed too. */
static void count_up_reopening(struct t *t, int number, struct shared *shared)
{
	for (;;) {
		struct asset a = table_of(t, number);
		struct commit parts[PARTS];
		struct change list[PARTS + 1] = { { UPDATE, &a.row } };

		WANT(t, OK, store_get(&t->cx, t->st, &a.row));
		a.updated_ms++;
		for (int i = 0; i < PARTS; i++) {
			parts[i] = part_of(t, number, a.updated_ms, i);
			list[i + 1] = (struct change){ INSERT, &parts[i].row };
		}
		WANT(t, OK, store_apply(&t->cx, t->st, list, PARTS + 1, NULL));
		shared->list[number] = a.updated_ms;
		t_close(t);
		t_open(t);
	}
}

/* How many rows of that part came after number `before`; they are numbered on from there. */
static int64_t count_after(struct t *t, int number, int part, int64_t before)
{
	struct commit from = part_of(t, number, before, part), after = from;
	struct query q = { .from = &from.row, .bound = 3, .after = &after.row, .limit = 1000 };
	struct rows rows;
	int64_t n = 0;

	do {
		WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
		for (size_t i = 0; i < rows.n; i++) {
			after = ((struct commit *)rows.items)[i];
			EQUAL(t, after.cut, before + ++n);
		}
	} while (rows.n == q.limit);
	return n;
}

/* What one writer left: all of its last list or none, all that was acknowledged.  The
 * next round counts from there: its last list may have landed unacknowledged. */
static void check_writer(struct t *t, int number, int64_t before, struct shared *shared)
{
	struct asset a = table_of(t, number);

	WANT(t, OK, store_get(&t->cx, t->st, &a.row));
	CHECK(t, a.updated_ms >= shared->list[number]);
	CHECK(t, a.updated_ms <= shared->list[number] + 1);
	for (int i = 0; i < PARTS; i++)
		EQUAL(t, count_after(t, number, i, before), a.updated_ms - before);
	shared->list[number] = a.updated_ms;
}

static void kill_writers(struct t *t, int rounds,
			 void (*work)(struct t *t, int number, struct shared *shared))
{
	struct shared *shared = t_shared();
	unsigned seed = (unsigned)cx_now_ms();
	int64_t total = 0;

	for (int i = 0; i < WRITERS; i++) {
		struct asset a = table_of(t, i);

		WANT(t, OK, t_apply(t, INSERT, &a.row));
	}
	for (int round = 0; round < rounds; round++) {
		int64_t before[WRITERS];
		pid_t pids[WRITERS];

		t_close(t);
		for (int i = 0; i < WRITERS; i++) {
			before[i] = shared->list[i];
			pids[i] = t_spawn(t, work, i, shared);
		}
		for (int wait = 0; wait < 5000 && shared->list[0] == before[0]; wait++)
			usleep(1000); /* at least one list, however slow the disk */
		usleep((useconds_t)rand_r(&seed) % 30000);
		for (int i = 0; i < WRITERS; i++) {
			int status;

			kill(pids[i], SIGKILL);
			waitpid(pids[i], &status, 0);
			CHECK(t, WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
			total += shared->list[i] - before[i];
		}
		t_settle(t);
		t_open(t);
		for (int i = 0; i < WRITERS; i++)
			check_writer(t, i, before[i], shared);
		cx_reset(&t->cx);
	}
	for (int i = 0; i < WRITERS * PARTS; i++) /* and nothing that was once there has gone */
		EQUAL(t, count_after(t, i / PARTS, i % PARTS, 0), shared->list[i / PARTS]);
	printf("        killed %d times; %lld lists acknowledged, all of them whole\n",
	       rounds * WRITERS, (long long)total);
	CHECK(t, total > rounds);
}

static void killed_writers(struct t *t)
{
	kill_writers(t, t_size(t, 10, 3), count_up);
}

static void killed_while_opening(struct t *t)
{
	kill_writers(t, t_size(t, 5, 2), count_up_reopening);
}

static size_t long_list(const struct t *t)
{
	return t->slow ? 200 : 4000;
}

/* One list of many rows, killed at any point. */
static void write_long(struct t *t, int number, struct shared *shared)
{
	size_t n = long_list(t);
	struct asset *rows = cx_array(&t->cx, n, sizeof(*rows));
	struct change *list = cx_array(&t->cx, n, sizeof(*list));

	for (size_t i = 0; i < n; i++) {
		rows[i] = t_asset(t, cx_printf(&t->cx, "round-%d", number),
				  cx_printf(&t->cx, "%zu", i));
		list[i] = (struct change){ INSERT, &rows[i].row };
	}
	shared->n[0] = number;
	WANT(t, OK, store_apply(&t->cx, t->st, list, n, NULL));
	shared->list[number] = 1;
	for (;;)
		pause();
}

/* Runs the round's list for at most `us`, or to its end where that is 0; how long it took. */
static int64_t kill_long(struct t *t, int round, useconds_t us, struct shared *shared)
{
	int64_t from;
	pid_t pid;

	t_close(t);
	pid = t_spawn(t, write_long, round, shared);
	while (shared->n[0] != round)
		usleep(500);
	from = cx_monotonic_ms();
	if (us)
		usleep(us);
	while (!us && !shared->list[round])
		usleep(500);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	t_open(t);
	return cx_monotonic_ms() - from;
}

static void killed_in_a_long_list(struct t *t)
{
	struct shared *shared = t_shared();
	unsigned seed = (unsigned)cx_now_ms();
	int64_t whole_ms = kill_long(t, 1, 0, shared);
	int killed = 0, whole = 0, rounds = t_size(t, 8, 5);

	for (int round = 2; round <= rounds; round++) {
		struct asset from = t_asset(t, cx_printf(&t->cx, "round-%d", round), "");
		size_t n;

		/* anywhere in it, or a little after its end */
		kill_long(t, round, (useconds_t)rand_r(&seed) % (useconds_t)(1500 * whole_ms) + 1,
			  shared);
		n = t_count(t, &from.row, 4);
		cx_reset(&t->cx);
		CHECK(t, n == 0 || n == long_list(t));
		CHECK(t, n || !shared->list[round]);
		killed += !shared->list[round];
		whole += n != 0;
	}
	printf("        %d lists of %zu: %d whole, %d killed before they were acknowledged\n",
	       rounds - 1, long_list(t), whole, killed);
}

const struct test_case crash_cases[] = {
	{ "killed-writers", killed_writers },
	{ "killed-while-opening", killed_while_opening },
	{ "killed-in-a-long-list", killed_in_a_long_list },
	{ NULL, NULL },
};
