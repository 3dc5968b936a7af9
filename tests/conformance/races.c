/* SPDX-License-Identifier: Apache-2.0 */
/* races.c - many writers: one winner, nothing lost, no orphan, nobody starved. */
#include "tests/conformance/conformance.h"

#include <sched.h>
#include <unistd.h>

#define WORKERS 8

/* --- one winner ----------------------------------------------------------------- */

#define PRIZES 40

static void grab(struct t *t, int number, struct shared *shared)
{
	for (int i = 0; i < PRIZES; i++) {
		struct asset a = t_asset(t, "n", cx_printf(&t->cx, "%d", (i + number) % PRIZES));
		enum status s;

		a.asset_id = cx_printf(&t->cx, "%d", number);
		s = t_apply(t, INSERT, &a.row);
		CHECK(t, s == OK || s == EXISTS);
		if (s == OK)
			__atomic_fetch_add(&shared->list[(i + number) % PRIZES], 1,
					   __ATOMIC_SEQ_CST);
	}
}

static void one_insert_wins(struct t *t)
{
	struct shared *shared = t_shared();
	struct asset from = t_asset(t, "n", "");

	t_workers(t, WORKERS, grab, shared);
	for (int i = 0; i < PRIZES; i++)
		EQUAL(t, shared->list[i], 1);
	EQUAL(t, t_count(t, &from.row, 4), PRIZES);
}

#define STEPS 25 /* at most */

static int steps(const struct t *t)
{
	return t->slow ? 8 : STEPS;
}

/* Reads, changes, writes: as long as it takes. */
static void step(struct t *t, int number, struct shared *shared)
{
	struct asset a = t_asset(t, "n", "counter");

	for (int done = 0; done < steps(t);) {
		enum status s;

		WANT(t, OK, store_get(&t->cx, t->st, &a.row));
		a.updated_ms++;
		s = t_apply(t, UPDATE, &a.row);
		CHECK(t, s == OK || s == CONFLICT);
		if (s == OK) { /* who made the counter that number: nobody else may have */
			int64_t none = 0;

			CHECK(t, __atomic_compare_exchange_n(&shared->list[a.updated_ms], &none,
							     number + 1, false, __ATOMIC_SEQ_CST,
							     __ATOMIC_SEQ_CST));
			done++;
		}
	}
}

static void no_update_is_lost(struct t *t)
{
	struct shared *shared = t_shared();
	struct asset a = t_asset(t, "n", "counter");
	int64_t first;

	WANT(t, OK, t_apply(t, INSERT, &a.row));
	first = a.row.version;
	t_workers(t, WORKERS, step, shared);
	WANT(t, OK, store_get(&t->cx, t->st, &a.row));
	EQUAL(t, a.updated_ms, WORKERS * steps(t));
	EQUAL(t, a.row.version, first + WORKERS * steps(t));
	for (int i = 1; i <= WORKERS * steps(t); i++)
		CHECK(t, shared->list[i] > 0);
}

/* TOUCH never conflicts, and none is lost. */
static void touch_many(struct t *t, int number, struct shared *shared)
{
	struct catalog c = t_catalog(t, "c");
	struct epoch e = { .row = ROW(epoch), .tenant_id = t->tenant };
	struct change list[] = { { TOUCH, &c.row }, { TOUCH, &e.row } };

	(void)number;
	(void)shared;
	for (int i = 0; i < steps(t); i++)
		WANT(t, OK, store_apply(&t->cx, t->st, list, 2, NULL));
}

static void no_touch_is_lost(struct t *t)
{
	struct catalog c = t_catalog(t, "c"), after = c;
	struct epoch e = { .row = ROW(epoch), .tenant_id = t->tenant };
	int64_t first;

	WANT(t, OK, t_apply(t, INSERT, &c.row));
	WANT(t, OK, t_apply(t, TOUCH, &e.row));
	WANT(t, OK, store_get(&t->cx, t->st, &e.row));
	first = e.row.version;
	t_workers(t, WORKERS, touch_many, t_shared());
	WANT(t, OK, store_get(&t->cx, t->st, &after.row));
	EQUAL(t, after.row.version, c.row.version + WORKERS * steps(t));
	WANT(t, OK, store_get(&t->cx, t->st, &e.row));
	EQUAL(t, e.row.version, first + WORKERS * steps(t));
}

/* --- lists that overlap, named in any order ------------------------------------------ */

#define SHARED_ROWS 6

static void overlap(struct t *t, int number, struct shared *shared)
{
	unsigned seed = (unsigned)number;

	(void)shared;
	for (int i = 0; i < steps(t); i++) {
		struct asset rows[SHARED_ROWS];
		struct change list[SHARED_ROWS];
		int shift = rand_r(&seed), step_by = rand_r(&seed) % 2 ? 1 : 5;

		t->cx.deadline_ms = cx_monotonic_ms() + 20000;
		for (int k = 0; k < SHARED_ROWS; k++) {
			rows[k] = t_asset(
				t, "n",
				cx_printf(&t->cx, "%d", (shift + k * step_by) % SHARED_ROWS));
			list[k] = (struct change){ TOUCH, &rows[k].row };
		}
		WANT(t, OK, store_apply(&t->cx, t->st, list, SHARED_ROWS, NULL));
	}
}

/* Lists over the same rows can't block each other for good. */
static void no_deadlock(struct t *t)
{
	for (int i = 0; i < SHARED_ROWS; i++) {
		struct asset a = t_asset(t, "n", cx_printf(&t->cx, "%d", i));

		WANT(t, OK, t_apply(t, INSERT, &a.row));
	}
	t_workers(t, WORKERS, overlap, t_shared());
}

/* --- pins ----------------------------------------------------------------------------- */

#define MAX_PINNERS 16

/* As committers do: pins the branch and writes a row of its own. */
static void pin(struct t *t, int number, struct shared *shared)
{
	struct branch b = t_branch(t, "main");
	int n = 0;

	while (!shared->stop) {
		struct asset a = t_asset(t, "n", cx_printf(&t->cx, "%d-%d", number, n++));
		struct change list[] = { { INSERT, &a.row }, { REQUIRE, &b.row } };
		int64_t from = cx_monotonic_ms();
		enum status s;

		do { /* a cut in between: read it, try again */
			WANT(t, OK, store_get(&t->cx, t->st, &b.row));
			a.born = b.cut;
			s = store_apply(&t->cx, t->st, list, 2, NULL);
		} while (s == CONFLICT);
		WANT(t, OK, s);
		if (cx_monotonic_ms() - from > shared->list[number])
			shared->list[number] = cx_monotonic_ms() - from;
		__atomic_fetch_add(&shared->n[0], 1, __ATOMIC_SEQ_CST);
		cx_reset(&t->cx);
	}
}

static void pins_and_an_update(struct t *t)
{
	struct shared *shared = t_shared();
	struct branch b = t_branch(t, "main");
	int64_t worst = 0, commits, allowed = t->slow ? 5000 : 1000;
	int pinners = t->slow ? 4 : MAX_PINNERS, cuts = t->slow ? 8 : 20;
	pid_t pids[MAX_PINNERS];

	WANT(t, OK, t_apply(t, INSERT, &b.row));
	t_close(t);
	for (int i = 0; i < pinners; i++)
		pids[i] = t_spawn(t, pin, i, shared);
	t_open(t);
	while (shared->n[0] < pinners)
		usleep(1000);
	for (int i = 0; i < cuts; i++) {
		int64_t from = cx_monotonic_ms();

		b.cut++;
		WANT(t, OK,
		     t_apply(t, UPDATE, &b.row)); /* pins leave no mark: its version is as it was */
		if (cx_monotonic_ms() - from > worst)
			worst = cx_monotonic_ms() - from;
		usleep(5000);
	}
	commits = shared->n[0];
	shared->stop = true;
	for (int i = 0; i < pinners; i++)
		t_join(t, pids[i]);
	printf("        %d updates under %d pinning workers: the slowest %lld ms; %lld pinned "
	       "lists\n",
	       cuts, pinners, (long long)worst, (long long)commits);
	CHECK(t, worst <= allowed);
	for (int i = 0; i < pinners; i++)
		CHECK(t, shared->list[i] <= allowed);
}

/* What was pinned at a cut was written at that cut: no row of an older one comes after it. */
static void cut_slowly(struct t *t, int number, struct shared *shared)
{
	struct branch b = t_branch(t, "main");

	if (number >= 4) {
		for (int i = 0; i < (t->slow ? 4 : 20); i++) {
			struct asset from = t_asset(t, "n", "");
			size_t before, after;

			WANT(t, OK, store_get(&t->cx, t->st, &b.row));
			b.cut++;
			WANT(t, OK, t_apply(t, UPDATE, &b.row));
			from.born = b.cut - 1;
			struct query q = {
				.from = &from.row, .bound = 4, .where = { "born" }, .limit = 10000
			};
			struct rows rows;

			WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
			before = rows.n;
			usleep(3000);
			WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
			after = rows.n;
			EQUAL(t, after, before);
		}
		shared->stop = true;
		return;
	}
	pin(t, number, shared);
}

static void a_cut_is_final(struct t *t)
{
	struct branch b = t_branch(t, "main");

	WANT(t, OK, t_apply(t, INSERT, &b.row));
	t_workers(t, 5, cut_slowly, t_shared());
}

/* --- containers ----------------------------------------------------------------------- */

/* A barrier of two for one round; gives up where the other side failed. */
static void meet(volatile int64_t *at, int64_t want)
{
	__atomic_fetch_add(at, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; *at < want && i < 20000000; i++)
		sched_yield();
}

static struct asset namespace_row(struct t *t, int round)
{
	struct asset ns = t_asset(t, "\x1f", cx_printf(&t->cx, "ns-%d", round));

	ns.type = "NAMESPACE";
	return ns;
}

/* Puts a table into the namespace of the round, if that is there. */
static enum status create(struct t *t, int round)
{
	struct asset ns = namespace_row(t, round), table = t_asset(t, ns.name, "t");
	struct change list[] = { { INSERT, &table.row }, { TOUCH, &ns.row } };
	enum status s = store_get(&t->cx, t->st, &ns.row);

	return s ? s : store_apply(&t->cx, t->st, list, 2, NULL);
}

/* Reads its version, looks for emptiness, deletes it at that version. */
static enum status drop(struct t *t, int round)
{
	struct asset ns = namespace_row(t, round), inside = t_asset(t, ns.name, "");
	enum status s = store_get(&t->cx, t->st, &ns.row);

	if (s)
		return s;
	if (t_count(t, &inside.row, 4))
		return EXISTS;
	return t_apply(t, DELETE, &ns.row);
}

static void create_or_drop(struct t *t, int number, struct shared *shared)
{
	unsigned seed = (unsigned)getpid();

	for (int round = 0; round < t_size(t, 100, 30); round++, cx_reset(&t->cx)) {
		enum status s;

		if (number == 0) {
			struct asset ns = namespace_row(t, round);

			WANT(t, OK, t_apply(t, INSERT, &ns.row));
		}
		meet(&shared->n[0], 2 * (round + 1));
		usleep((useconds_t)rand_r(&seed) % 600); /* now one is first, now the other */
		if (t->slow && round % 3 == number)
			usleep((useconds_t)rand_r(&seed) % 100000);
		s = number == 0 ? create(t, round) : drop(t, round);
		CHECK(t, s == OK || s == CONFLICT || s == NOT_FOUND || s == EXISTS);
		shared->list[2 * round + number] = s;
		meet(&shared->n[1], 2 * (round + 1));
	}
}

static void no_orphans(struct t *t)
{
	struct shared *shared = t_shared();
	int made = 0, dropped = 0;

	t_workers(t, 2, create_or_drop, shared);
	for (int round = 0; round < t_size(t, 100, 30); round++) {
		struct asset ns = namespace_row(t, round), table = t_asset(t, ns.name, "t");
		struct row *rows[] = { &ns.row, &table.row };

		WANT(t, OK, store_get_all(&t->cx, t->st, rows, 2));
		EQUAL(t, table.row.version != 0, shared->list[2 * round] == OK);
		EQUAL(t, ns.row.version == 0, shared->list[2 * round + 1] == OK);
		CHECK(t, ns.row.version || !table.row.version);
		made += table.row.version != 0;
		dropped += ns.row.version == 0;
	}
	printf("        %d rounds: %d times the table came first, %d times the drop\n",
	       t_size(t, 100, 30), made, dropped);
	CHECK(t, made && dropped); /* else the race was none */
}

/* --- waiting in turn -------------------------------------------------------------------- */

/* Long lists, one after another, that all begin with the same row: it is hardly ever free. */
static void hog(struct t *t, int number, struct shared *shared)
{
	for (int i = 0; !shared->stop; i++) {
		size_t n = t->slow ? 200 : 5000;
		struct asset *rows = cx_array(&t->cx, n, sizeof(*rows));
		struct change *list = cx_array(&t->cx, n, sizeof(*list));

		for (size_t k = 0; k < n; k++) {
			rows[k] = t_asset(t, cx_printf(&t->cx, "%d", number),
					  cx_printf(&t->cx, "%d-%zu", i, k));
			list[k] = (struct change){ INSERT, &rows[k].row };
		}
		rows[0] = t_asset(t, "", "shared");
		list[0].op = TOUCH;
		WANT(t, OK, store_apply(&t->cx, t->st, list, n, NULL));
		shared->n[number]++;
		cx_reset(&t->cx);
	}
}

/* An apply that must wait gives up at its deadline, and has then written nothing;
 * a server that is far may not have said so in time. */
static void a_deadline_ends_the_wait(struct t *t)
{
	struct shared *shared = t_shared();
	struct asset common = t_asset(t, "", "shared");
	int64_t slack = t->slow ? 5000 : 500;
	pid_t pids[4];
	int gave_up = 0, tries = 0;

	WANT(t, OK, t_apply(t, INSERT, &common.row));
	t_close(t);
	for (int i = 0; i < 4; i++)
		pids[i] = t_spawn(t, hog, i, shared);
	t_open(t);
	while (!shared->n[0])
		usleep(1000);
	for (; tries < 500 && gave_up < 10; tries++) {
		struct catalog c = t_catalog(t, cx_printf(&t->cx, "%d", tries));
		struct change list[] = { { TOUCH, &common.row }, { INSERT, &c.row } };
		int64_t from = cx_monotonic_ms(), took;
		enum status s;

		t->cx.deadline_ms = from + 5;
		s = store_apply(&t->cx, t->st, list, 2, NULL);
		took = cx_monotonic_ms() - from;
		t->cx.deadline_ms = 0;
		CHECK(t, s == OK || s == UNAVAILABLE || (t->remote && s == UNKNOWN));
		CHECK(t, s == OK || took < slack);
		gave_up += s != OK;
		if (s == UNAVAILABLE)
			WANT(t, NOT_FOUND, store_get(&t->cx, t->st, &c.row));
		usleep(3000);
	}
	for (int i = 0; i < 3; i++) { /* with more time it gets its turn */
		struct catalog c = t_catalog(t, cx_printf(&t->cx, "later-%d", i));

		t->cx.deadline_ms = cx_monotonic_ms() + 60000;
		WANT(t, OK, t_apply(t, INSERT, &c.row));
	}
	t->cx.deadline_ms = 0;
	shared->stop = true;
	for (int i = 0; i < 4; i++)
		t_join(t, pids[i]);
	printf("        %d of %d gave up at their deadline of 5 ms\n", gave_up, tries);
	CHECK(t, gave_up == 10);
}

/* As CGI does: every worker opens and closes the store for each request. */
static void open_close(struct t *t, int number, struct shared *shared)
{
	(void)shared;
	for (int i = 0; i < steps(t); i++) {
		struct asset a = t_asset(t, "n", cx_printf(&t->cx, "%d-%d", number, i)), b = a;

		t_close(t);
		t_open(t);
		t->cx.deadline_ms = cx_monotonic_ms() + 20000;
		WANT(t, OK, t_apply(t, INSERT, &a.row));
		t->cx.deadline_ms = 0;
		t_close(t);
		t_open(t);
		WANT(t, OK, store_get(&t->cx, t->st, &b.row));
	}
}

static void a_store_a_request(struct t *t)
{
	struct asset from = t_asset(t, "n", "");

	t_workers(t, WORKERS, open_close, t_shared());
	EQUAL(t, t_count(t, &from.row, 4), WORKERS * steps(t));
}

const struct test_case race_cases[] = {
	{ "one-insert-wins", one_insert_wins },
	{ "no-update-is-lost", no_update_is_lost },
	{ "no-touch-is-lost", no_touch_is_lost },
	{ "no-deadlock", no_deadlock },
	{ "pins-and-an-update", pins_and_an_update },
	{ "a-cut-is-final", a_cut_is_final },
	{ "no-orphans", no_orphans },
	{ "a-deadline-ends-the-wait", a_deadline_ends_the_wait },
	{ "a-store-a-request", a_store_a_request },
	{ NULL, NULL },
};
