/* SPDX-License-Identifier: Apache-2.0 */
/* test_sqlite.c - what is SQLite's own: files, schema versions, full and broken disks, the log's size. */
#include "stores/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stores/migrate.h"
#include "tests/unit/database.h"

/* --- a disk that fails when told so -------------------------------------------------- */

static int failing_syncs; /* so many of the next ones; -1: all */
static int syncs;
static const char *writer_lock; /* NULL, or: free while a sync runs */

/* Stands before the C library's: SQLite calls this one. */
int fdatasync(int fd)
{
	syncs++;
	if (writer_lock) {
		int lock = open(writer_lock, O_RDWR | O_CLOEXEC);

		ck_assert_int_eq(flock(lock, LOCK_EX | LOCK_NB), 0);
		close(lock);
	}
	if (failing_syncs) {
		failing_syncs -= failing_syncs > 0;
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

static int write_error; /* what writes fail with; 0: they don't */
static off_t written;	/* bytes */

static ssize_t test_pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	if (write_error) {
		errno = write_error;
		return -1;
	}
	written += (off_t)n;
	return syscall(SYS_pwrite64, fd, bytes, n, at);
}

static void set_pwrite(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	ck_assert_int_eq(vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)test_pwrite),
			 SQLITE_OK);
	ck_assert_int_eq(vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)test_pwrite),
			 SQLITE_OK);
}

/* --- files ----------------------------------------------------------------------------------- */

/* A group of users shares the database, whatever their umask. */
START_TEST(files_are_the_groups)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-queue", "-writer" };
	struct folder f;
	struct store *st;
	struct stat s;

	folder_make(&f, "/tmp", "sqlite");
	umask(077);
	migrate(&f);
	st = open_store(&f);
	ck_assert_int_eq(touch(&f.cx, st), OK);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		ck_assert_int_eq(stat(cx_printf(&f.cx, "%s%s", f.file, ends[i]), &s), 0);
		ck_assert_msg((s.st_mode & 0777) == 0660, "%s: %o", ends[i], s.st_mode);
	}
	ck_assert(!store_is_ephemeral(st));
	store_close(st);
	folder_remove(&f);
}
END_TEST

static void expect_no_open(struct folder *f, enum status want, const char *message)
{
	struct store *st;

	ck_assert_msg(store_open(&f->cx, f->url, NULL, false, &st) == want, "%s", f->cx.message);
	ck_assert_msg(strstr(f->cx.message, message) != NULL, "%s", f->cx.message);
}

START_TEST(what_is_no_database)
{
	struct folder f;
	int fd;

	folder_make(&f, "/tmp", "sqlite");
	expect_no_open(&f, INVALID, "run `pangolin migrate`"); /* missing */
	ck_assert_int_ne(access(f.file, F_OK), 0);	       /* and not made by looking */
	fd = open(f.file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	expect_no_open(&f, INVALID, "WAL"); /* empty */
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(write(fd, "this is no database\n", 20), 20);
	close(fd);
	expect_no_open(&f, INTERNAL, "damaged");
	unlink(f.file);
	run_sql(&f, "CREATE TABLE t (a)"); /* of something else, in another mode */
	expect_no_open(&f, INVALID, "WAL");
	run_sql(&f, "PRAGMA journal_mode = WAL");
	expect_no_open(&f, INVALID, "no schema yet: run `pangolin migrate`");
	migrate(&f);
	store_close(open_store(&f));
	f.url = cx_printf(&f.cx, "sqlite://%s", f.path);
	expect_no_open(&f, INVALID, "is not a file"); /* a folder */
	folder_remove(&f);
}
END_TEST

/* As a user who may read the file but not write it. */
START_TEST(a_file_that_cannot_be_written)
{
	struct folder f;
	int status;
	pid_t pid;

	folder_make(&f, "/tmp", "sqlite");
	migrate(&f);
	ck_assert_int_eq(chmod(f.path, 0755), 0);
	ck_assert_int_eq(chmod(f.file, 0444), 0);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
			_exit(2);
		expect_no_open(&f, UNAVAILABLE, "cannot open database");
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
	folder_remove(&f);
}
END_TEST

/* --- schema versions ----------------------------------------------------------------------------- */

static const struct {
	int64_t version, min_program; /* less this program's number */
	enum status want;
	const char *message;
} versions[] = {
	{ 0, 0, OK, "" },
	{ 1, 0, OK, "" }, /* newer, and it still works */
	{ 5, -1, OK, "" },
	{ 1, 1, INVALID, "install the newer program" },
	{ -1, -1, INVALID, "run `pangolin migrate`" },
};

START_TEST(programs_and_schemas)
{
	int64_t own = migrate_program(), version = own + versions[_i].version,
		min_program = own + versions[_i].min_program, from, to;
	struct folder f;
	struct store *st;
	enum status want = versions[_i].want;

	folder_make(&f, "/tmp", "sqlite");
	migrate(&f);
	run_sql(&f, cx_printf(&f.cx, "UPDATE schema_version SET version = %lld, min_program = %lld",
			      (long long)version, (long long)min_program));
	if (want)
		expect_no_open(&f, want, versions[_i].message);
	else
		store_close(open_store(&f));
	if (version >= own) { /* a newer schema is left alone, or refused */
		ck_assert_int_eq(store_open(&f.cx, f.url, NULL, true, &st), OK);
		ck_assert_int_eq(store_migrate(&f.cx, st, &from, &to), want);
		if (!want) {
			ck_assert_int_eq(from, version);
			ck_assert_int_eq(to, version);
		}
		store_close(st);
	}
	folder_remove(&f);
}
END_TEST

/* --- the memory store's folder ---------------------------------------------------------------------- */

START_TEST(memory_folders)
{
	struct folder f, disk;
	struct store *st;

	folder_make(&f, "/dev/shm", "memory");
	st = open_store(&f);
	ck_assert(store_is_ephemeral(st));
	ck_assert_int_eq(touch(&f.cx, st), OK);
	store_close(st);
	ck_assert_int_eq(chmod(f.path, 0770), 0);
	store_close(open_store(&f));
	ck_assert_int_eq(chmod(f.path, 0777), 0);
	expect_no_open(&f, INVALID, "open to everybody");
	ck_assert_int_eq(chmod(f.path, 0700), 0);
	ck_assert_int_eq(symlink(f.path, cx_printf(&f.cx, "%s-link", f.file)), 0);
	f.url = cx_printf(&f.cx, "memory:%s-link", f.file);
	expect_no_open(&f, INVALID, "is not a folder");
	folder_make(&disk, "/var/tmp", "memory");
	expect_no_open(&disk, INVALID, "not on tmpfs");
	folder_remove(&disk);
	folder_remove(&f);
}
END_TEST

/* --- disks ---------------------------------------------------------------------------------------------- */

START_TEST(a_full_disk)
{
	static const int errors[] = { ENOSPC, EDQUOT, EIO, EFBIG };
	struct folder f;
	struct store *st;

	folder_make(&f, "/tmp", "sqlite");
	migrate(&f);
	st = open_store(&f);
	set_pwrite();
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		const char *name = cx_printf(&f.cx, "c-%zu", i);

		write_error = errors[i];
		ck_assert_int_eq(insert(&f.cx, st, name, 100000), UNAVAILABLE);
		ck_assert(*f.cx.message);
		if (errors[i] == ENOSPC)
			ck_assert_str_eq(f.cx.message,
					 "the database's disk is full: nothing was written");
		ck_assert(!is_there(&f.cx, st, name)); /* reading goes on */
		write_error = 0;
		ck_assert_int_eq(insert(&f.cx, st, name, 100000), OK);
	}
	store_close(st);
	folder_remove(&f);
}
END_TEST

/* A list that does not fit: none of it is there, also after everything is opened again. */
START_TEST(a_disk_that_fills_up_in_a_list)
{
	struct folder f;
	struct store *st;
	struct catalog rows[100];
	struct change list[100];
	struct catalog from = { .row = ROW(catalog), .tenant_id = NIL_UUID };
	struct query q = { .from = &from.row, .bound = 1, .limit = 1000 };
	struct rows got;

	folder_make(&f, "/tmp", "sqlite");
	migrate(&f);
	st = open_store(&f);
	sqlite3_exec(sqlite_of(st)->db, "PRAGMA max_page_count = 200", NULL, NULL, NULL);
	for (size_t i = 0; i < 100; i++) {
		rows[i] = from;
		rows[i].name = cx_printf(&f.cx, "%zu", i);
		rows[i].properties = memset(cx_alloc(&f.cx, 20001), 'x', 20000);
		list[i] = (struct change){ INSERT, &rows[i].row };
	}
	ck_assert_int_eq(store_apply(&f.cx, st, list, 100, NULL), UNAVAILABLE);
	ck_assert_int_eq(store_list(&f.cx, st, &q, &got), OK);
	ck_assert_uint_eq(got.n, 0);
	store_close(st);
	st = open_store(&f);
	ck_assert_int_eq(store_list(&f.cx, st, &q, &got), OK);
	ck_assert_uint_eq(got.n, 0);
	ck_assert_int_eq(store_apply(&f.cx, st, list, 100, NULL), OK);
	store_close(st);
	folder_remove(&f);
}
END_TEST

/* A commit is on disk before it is acknowledged, by one sync; the memory store never waits. */
START_TEST(a_commit_is_one_sync)
{
	static const char *const wheres[] = { "/tmp", "/dev/shm" }, *const schemes[] = { "sqlite",
											 "memory" };
	struct folder f;
	struct store *st;

	folder_make(&f, wheres[_i], schemes[_i]);
	migrate(&f);
	st = open_store(&f);
	ck_assert_int_eq(touch(&f.cx, st),
			 OK); /* the first one begins a new log, with a sync more */
	syncs = 0;
	for (int i = 1; i <= 20; i++) {
		ck_assert_int_eq(touch(&f.cx, st), OK);
		ck_assert_int_eq(syncs, _i == 0 ? i : 0);
	}
	ck_assert(!is_there(&f.cx, st, "x"));
	ck_assert_int_eq(syncs, _i == 0 ? 20 : 0);
	store_close(st);
	folder_remove(&f);
}
END_TEST

/* Where the disk does not say that it has a commit, nobody knows: the list runs again. */
START_TEST(a_sync_that_fails)
{
	struct folder f;
	struct store *st;
	struct catalog c = { .row = ROW(catalog), .tenant_id = NIL_UUID, .name = "c" };
	struct change list[] = { { INSERT, &c.row } };

	folder_make(&f, "/tmp", "sqlite");
	migrate(&f);
	st = open_store(&f);
	f.cx.deadline_ms = cx_monotonic_ms() + 20000;
	failing_syncs = 2;
	ck_assert_msg(store_apply(&f.cx, st, list, 1, NULL) == OK, "%s", f.cx.message);
	ck_assert(is_there(&f.cx, st, "c"));
	failing_syncs = -1;
	f.cx.deadline_ms = cx_monotonic_ms() + 200;
	ck_assert_int_eq(touch(&f.cx, st), UNKNOWN);
	failing_syncs = 0;
	f.cx.deadline_ms = 0;
	ck_assert_int_eq(touch(&f.cx, st), OK);
	store_close(st);
	folder_remove(&f);
}
END_TEST

/* Nobody waits for another one's disk. */
START_TEST(writers_share_a_disk)
{
	struct folder f;
	struct store *st;

	folder_make(&f, "/tmp", "sqlite");
	migrate(&f);
	st = open_store(&f);
	ck_assert_int_eq(touch(&f.cx, st), OK);
	syncs = 0;
	writer_lock = cx_printf(&f.cx, "%s-writer", f.file);
	ck_assert_int_eq(touch(&f.cx, st), OK);
	writer_lock = NULL;
	ck_assert_int_eq(syncs, 1);
	store_close(st);
	folder_remove(&f);
}
END_TEST

/* The kernel says once that it could not write: the next sync alone would prove nothing. */
START_TEST(a_log_that_is_written_again)
{
	struct folder f;
	struct store *st;
	struct stat log;

	folder_make(&f, "/tmp", "sqlite");
	migrate(&f);
	st = open_store(&f);
	ck_assert_int_eq(touch(&f.cx, st), OK);
	set_pwrite();
	written = 0;
	failing_syncs = 1;
	ck_assert_int_eq(touch(&f.cx, st), OK);
	ck_assert_int_eq(stat(cx_printf(&f.cx, "%s-wal", f.file), &log), 0);
	ck_assert_int_gt(written, log.st_size);
	failing_syncs = -1;
	f.cx.deadline_ms = cx_monotonic_ms() + 200;
	ck_assert_int_eq(touch(&f.cx, st), UNKNOWN);
	f.cx.deadline_ms = 0;
	failing_syncs = 0;
	written = 0; /* what is not known yet comes first */
	ck_assert_int_eq(touch(&f.cx, st), OK);
	ck_assert_int_gt(written, log.st_size);
	written = 0;
	ck_assert_int_eq(touch(&f.cx, st), OK);
	ck_assert_int_lt(written, log.st_size);
	store_close(st);
	folder_remove(&f);
}
END_TEST

/* A commit whose log is copied back at once: the copy's sync hears what the kernel says once. */
START_TEST(a_copy_that_hears_of_it)
{
	struct folder f;
	struct store *st;
	struct stat log;
	struct catalog c = { .row = ROW(catalog), .tenant_id = NIL_UUID, .name = "c" };
	struct change list[] = { { INSERT, &c.row } };
	char *text;

	folder_make(&f, "/tmp", "sqlite");
	migrate(&f);
	st = open_store(&f);
	ck_assert_int_eq(touch(&f.cx, st), OK);
	c.properties = text = cx_alloc(&f.cx, 6000001);
	memset(text, 'x', 6000000);
	set_pwrite();
	written = 0;
	failing_syncs = 1;
	ck_assert_int_eq(store_apply(&f.cx, st, list, 1, NULL), OK);
	ck_assert_int_eq(failing_syncs, 0);
	ck_assert_int_eq(stat(cx_printf(&f.cx, "%s-wal", f.file), &log), 0);
	ck_assert_int_gt(written, log.st_size + 6000000);
	store_close(st);
	folder_remove(&f);
}
END_TEST

/* A page that was overwritten: an error, and not a list with some of its rows. */
START_TEST(a_damaged_file)
{
	struct folder f;
	struct store *st;
	struct catalog from = { .row = ROW(catalog), .tenant_id = NIL_UUID };
	struct query q = { .from = &from.row, .bound = 1, .limit = 1000 };
	struct rows got = { .n = 1 };
	char junk[4096];
	struct stat s;
	int fd;

	folder_make(&f, "/tmp", "sqlite");
	migrate(&f);
	st = open_store(&f);
	for (int i = 0; i < 200; i++)
		ck_assert_int_eq(insert(&f.cx, st, cx_printf(&f.cx, "%d", i), 300), OK);
	store_close(st);
	memset(junk, 0x5a, sizeof(junk));
	fd = open(f.file, O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(fstat(fd, &s), 0);
	for (off_t at = s.st_size - 5 * 4096; at < s.st_size; at += 4096)
		ck_assert_int_eq(pwrite(fd, junk, sizeof(junk), at), (ssize_t)sizeof(junk));
	close(fd);
	st = open_store(&f);
	ck_assert_int_eq(store_list(&f.cx, st, &q, &got), INTERNAL);
	ck_assert_uint_eq(got.n, 0);
	ck_assert_msg(strstr(f.cx.message, "damaged") != NULL, "%s", f.cx.message);
	store_close(st);
	folder_remove(&f);
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ files_are_the_groups, 0 },
		{ what_is_no_database, 0 },
		{ a_file_that_cannot_be_written, 0 },
		{ programs_and_schemas, ARRAY_SIZE(versions) },
		{ memory_folders, 0 },
		{ a_full_disk, 0 },
		{ a_disk_that_fills_up_in_a_list, 0 },
		{ a_commit_is_one_sync, 2 },
		{ a_sync_that_fails, 0 },
		{ writers_share_a_disk, 0 },
		{ a_log_that_is_written_again, 0 },
		{ a_copy_that_hears_of_it, 0 },
		{ a_damaged_file, 0 },
	};

	return run_suite("sqlite", tests, ARRAY_SIZE(tests));
}
