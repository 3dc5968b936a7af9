/* SPDX-License-Identifier: Apache-2.0 */
/* test_sharing.c - many processes at one SQLite file: who migrates, who waits, how large its log gets. */
#include "stores/sqlite.h"

#include <limits.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "stores/migrate.h"
#include "tests/unit/database.h"

/* Many migrate at once: one does it, the others find it done. */
static void migrators(struct folder *f, bool migrating)
{
	int *made = mmap(NULL, sizeof(*made), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	pid_t pids[8];

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			int64_t from = 0, to = 0;
			struct store *st;

			if (store_open(&f->cx, f->url, NULL, migrating, &st))
				_exit(1);
			if (migrating && store_migrate(&f->cx, st, &from, &to))
				_exit(2);
			if (migrating && to != migrate_program())
				_exit(3);
			if (migrating && !from)
				__atomic_fetch_add(made, 1, __ATOMIC_SEQ_CST);
			if (touch(&f->cx, st))
				_exit(4);
			store_close(st);
			_exit(0);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		int status;

		waitpid(pids[i], &status, 0);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(*made, migrating);
}

START_TEST(migrators_at_once)
{
	struct folder f;

	for (int round = 0; round < 5; round++) {
		folder_make(&f, "/tmp", "sqlite");
		migrators(&f, true);
		folder_remove(&f);
		folder_make(&f, "/dev/shm",
			    "memory"); /* here whoever opens it first makes the schema */
		migrators(&f, false);
		folder_remove(&f);
	}
}
END_TEST

static void await(const volatile int *step, int want)
{
	for (int i = 0; *step != want && i < 20000; i++)
		usleep(500);
	ck_assert_int_eq(*step, want);
}

/* Another process, begun before any store was open here: opens and closes its own, twice. */
static pid_t visitor(struct folder *f, volatile int *step)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (int i = 1; i <= 3; i += 2) {
			struct store *st;
			bool late;

			await(step, i);
			st = open_store(f);
			late = is_there(&f->cx, st, "late");
			store_close(st);
			if (late != (i == 3))
				_exit(1);
			*step = i + 1;
		}
		_exit(0);
	}
	return pid;
}

/* A second store of a process, opened and closed, takes no lock of the first away: else the
 * last process to close the file would remove the log that the first still writes. */
START_TEST(two_stores_in_a_process)
{
	volatile int *step = mmap(NULL, sizeof(*step), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct folder f;
	struct store *one;
	int status;
	pid_t pid;

	folder_make(&f, "/tmp", "sqlite");
	pid = visitor(&f, step);
	migrate(&f);
	one = open_store(&f);
	ck_assert_int_eq(touch(&f.cx, one), OK);
	store_close(open_store(&f));
	*step = 1;
	await(step, 2);
	ck_assert_int_eq(insert(&f.cx, one, "late", 10), OK);
	*step = 3;
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
	store_close(one);
	folder_remove(&f);
}
END_TEST

START_TEST(somebody_holds_the_file)
{
	struct folder f;
	struct store *st;
	sqlite3 *db;
	int64_t from;

	folder_make(&f, "/tmp", "sqlite");
	migrate(&f);
	st = open_store(&f);
	ck_assert_int_eq(sqlite3_open(f.file, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	from = cx_monotonic_ms();
	f.cx.deadline_ms = from + 100;
	ck_assert_int_eq(touch(&f.cx, st), UNAVAILABLE);
	ck_assert_int_ge(cx_monotonic_ms() - from, 90);
	ck_assert_int_le(cx_monotonic_ms() - from, 1000);
	f.cx.deadline_ms = from + 10000;
	ck_assert(!is_there(&f.cx, st, "nothing")); /* readers don't wait */
	ck_assert_int_eq(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(touch(&f.cx, st), OK);
	sqlite3_close(db);
	store_close(st);
	folder_remove(&f);
}
END_TEST

/* Readers that never pause can't make the log grow without end. */
START_TEST(the_log_stays_small)
{
	struct cx cx = { 0 }; /* f.cx holds the names */
	struct folder f;
	struct store *st;
	struct stat s;
	off_t largest = 0;
	pid_t pids[4];

	folder_make(&f, "/dev/shm", "memory");
	store_close(open_store(&f));
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			st = open_store(&f);
			for (;;) {
				struct catalog from = { .row = ROW(catalog),
							.tenant_id = NIL_UUID };
				struct query q = { .from = &from.row, .bound = 1, .limit = 10 };
				struct rows got;

				if (store_list(&cx, st, &q, &got))
					_exit(1);
				cx_reset(&cx);
			}
		}
	}
	st = open_store(&f);
	for (int i = 0; i < 300; i++) {
		ck_assert_int_eq(insert(&cx, st, cx_printf(&cx, "%d", i), 400000), OK);
		cx_reset(&cx);
		ck_assert_int_eq(stat(cx_printf(&cx, "%s-wal", f.file), &s), 0);
		largest = s.st_size > largest ? s.st_size : largest;
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		int status;

		ck_assert_int_eq(waitpid(pids[i], &status, WNOHANG), 0);
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	store_close(st);
	folder_remove(&f);
	cx_free(&cx);
	ck_assert_msg(largest < 80 * 1024 * 1024, "120 MB of changes made a log of %lld bytes",
		      (long long)largest);
}
END_TEST

/* Writers take turns: none gets far more than its share. */
START_TEST(writers_take_turns)
{
	struct folder f;
	struct {
		volatile bool stop;
		volatile long n[8];
	} *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	pid_t pids[8];
	long least = LONG_MAX, most = 0;

	folder_make(&f, "/tmp", "sqlite");
	migrate(&f);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			struct store *st = open_store(&f);

			while (!shared->stop) {
				f.cx.deadline_ms = cx_monotonic_ms() + 10000;
				if (touch(&f.cx, st))
					_exit(1);
				shared->n[i]++;
			}
			_exit(0);
		}
	}
	sleep(1);
	shared->stop = true;
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		int status;

		waitpid(pids[i], &status, 0);
		ck_assert_int_eq(status, 0);
		least = shared->n[i] < least ? shared->n[i] : least;
		most = shared->n[i] > most ? shared->n[i] : most;
	}
	ck_assert_msg(least * 3 >= most, "from %ld to %ld turns", least, most);
	folder_remove(&f);
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ migrators_at_once, 0 },	{ two_stores_in_a_process, 0 },
		{ somebody_holds_the_file, 0 }, { the_log_stays_small, 0 },
		{ writers_take_turns, 0 },
	};

	return run_suite("sharing", tests, ARRAY_SIZE(tests));
}
