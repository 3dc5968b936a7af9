/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_file.c - opens, checks and migrates SQLite's file, and copies its log back. */
#include "stores/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/text.h"
#include "stores/migrate.h"

#define PROGRESS_STEPS 20000 /* of SQLite's machine, between looks at the clock */
#define WAL_PAGES 1000	     /* a commit past this copies the log back, waiting for nobody */
#define WAL_PAGES_MAX 8000   /* past this it waits a little for readers, so that the log restarts */
#define CHECKPOINT_WAIT_MS 100

static const char settings[] = "PRAGMA cache_size = -4000;"
			       "PRAGMA mmap_size = 1073741824;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA journal_size_limit = 33554432;"
			       "PRAGMA trusted_schema = OFF;";

/* --- waits ----------------------------------------------------------------- */

/* Called by SQLite while another connection is in the way. */
static int on_busy(void *arg, int tries)
{
	struct sqlite *st = arg;

	if (st->checkpoint_until_ms && cx_monotonic_ms() >= st->checkpoint_until_ms)
		return 0;
	if (st->cx && !cx_left_ms(st->cx))
		return 0;
	usleep(tries < 10 ? 200 : 2000);
	return 1;
}

/* Called by SQLite now and then during a long statement. */
static int on_progress(void *arg)
{
	struct sqlite *st = arg;

	return st->cx && !cx_left_ms(st->cx);
}

/*
 * Called by SQLite after a commit: we still hold the WRITER lock, so no other
 * commit runs.  What fails here is tried again at the next commit.
 */
static int on_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct sqlite *st = arg;
	int mode = pages < WAL_PAGES_MAX ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART;
	int rc;

	if (pages < WAL_PAGES)
		return SQLITE_OK;
	/* the longer the log, the longer readers are waited for */
	st->checkpoint_until_ms = cx_monotonic_ms() + CHECKPOINT_WAIT_MS * (pages / WAL_PAGES_MAX);
	rc = sqlite3_wal_checkpoint_v2(db, name, mode, NULL, NULL);
	st->checkpoint_until_ms = 0;
	/* it syncs the log first, and took the one answer there is of a write that failed */
	st->unsettled |= rc == SQLITE_IOERR_FSYNC;
	return SQLITE_OK;
}

/* --- schema ------------------------------------------------------------------ */

static enum status run_text(struct cx *cx, void *arg, const char *sql)
{
	struct sqlite *st = arg;
	int rc = sqlite3_exec(st->db, sql, NULL, NULL, NULL);

	return rc ? sqlite_fail(cx, st, rc) : OK;
}

/* The first two numbers of the first row, if any; *rows says how many rows (0, 1). */
static enum status numbers(struct cx *cx, struct sqlite *st, const char *sql, int *rows, int64_t *a,
			   int64_t *b)
{
	sqlite3_stmt *p = NULL;
	int rc = sqlite_prepare(st, sql, &p);

	if (!rc)
		rc = sqlite3_step(p);
	*rows = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW) {
		*a = sqlite3_column_int64(p, 0);
		*b = sqlite3_column_int64(p, 1);
		rc = SQLITE_DONE;
	}
	sqlite3_finalize(p);
	return rc == SQLITE_DONE ? OK : sqlite_fail(cx, st, rc);
}

static enum status read_version(struct cx *cx, struct sqlite *st, struct schema_version *v)
{
	int64_t tables = 0, unused;
	enum status s;
	int rows;

	*v = (struct schema_version){ 0 };
	s = numbers(cx, st, "SELECT count(*), 0 FROM sqlite_schema WHERE name = 'schema_version'",
		    &rows, &tables, &unused);
	if (s || !tables)
		return s;
	return numbers(cx, st, "SELECT \"version\", \"min_program\" FROM \"schema_version\"", &rows,
		       &v->version, &v->min_program);
}

/* The caller holds the queue.  *from and *to as store_migrate's. */
static enum status migrate_now(struct cx *cx, struct sqlite *st, int64_t *from, int64_t *to)
{
	struct schema_version have, now;
	enum status s;
	int rc = sqlite_control(st, BEGIN_WRITE);

	s = rc ? sqlite_fail(cx, st, rc) : read_version(cx, st, &have);
	if (!s)
		s = migrate_run(cx, have, run_text, st);
	if (!s)
		s = read_version(cx, st, &now);
	if (!s)
		s = sqlite_commit(cx, st);
	if (s) {
		sqlite_roll_back(st);
		return s;
	}
	*from = have.version;
	*to = now.version;
	return OK;
}

enum status sqlite_migrate(struct cx *cx, struct store *store, int64_t *from, int64_t *to)
{
	struct sqlite *st = sqlite_of(store);
	enum status s;

	st->cx = cx;
	s = queue_enter(cx, st->queue);
	if (!s) {
		s = migrate_now(cx, st, from, to);
		queue_leave(st->queue);
	}
	if (!s)
		s = sqlite_settle(cx, st);
	st->cx = NULL;
	return s;
}

/* --- open and close ----------------------------------------------------------- */

static void finalize(void *prepared)
{
	sqlite3_finalize(prepared);
}

/* The log beside a file that is no more belongs to the one in its place. */
static void let_go(struct sqlite *st, bool gone)
{
	sql_clear(&st->texts, finalize);
	for (size_t i = 0; i < N_CONTROLS; i++)
		sqlite3_finalize(st->controls[i]);
	memset(st->controls, 0, sizeof(st->controls));
	if (gone && st->db)
		sqlite3_db_config(st->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_close(st->db);
	queue_close(st->queue);
	st->db = NULL;
	st->queue = NULL;
	st->held = st->unsettled = false;
}

void sqlite_close(struct store *store)
{
	struct sqlite *st = sqlite_of(store);

	let_go(st, false);
	free(st->path);
	free(st);
}

bool sqlite_is_network(unsigned long f_type)
{
	static const unsigned long types[] = {
		0x6969,	    /* NFS */
		0x517b,	    /* SMB */
		0xfe534d42, /* SMB2 */
		0xff534d42, /* CIFS */
		0x00c36400, /* Ceph */
		0x0bd00bd0, /* Lustre */
		0x47504653, /* GPFS */
		0x5346414f, /* AFS */
		0x6b414653, /* kAFS */
		0x73757245, /* Coda */
		0x01021997, /* 9P */
		0x7461636f, /* OCFS2 */
		0x01161970, /* GFS2 */
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((f_type & 0xffffffff) == types[i])
			return true;
	return false;
}

/* Makes the file, with mode 0660 whatever the umask is: SQLite gives its other files the same. */
static enum status make_file(struct cx *cx, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660);

	if (fd < 0 && errno != EEXIST)
		return fail(cx, UNAVAILABLE, "cannot make database %s: %s", path, strerror(errno));
	if (fd >= 0) {
		(void)fchmod(fd, 0660);
		close(fd);
	}
	return OK;
}

/*
 * Looks at the file before SQLite does.  It is not opened for that: closing it
 * would drop the locks that another store of this process has on it.
 */
static enum status check_file(struct cx *cx, const char *path, unsigned flags)
{
	struct statfs fs;
	struct stat st;
	bool missing = stat(path, &st) && errno == ENOENT;

	if (missing && !(flags & FILE_MAKE))
		return fail(cx, INVALID, "no database at %s: run `pangolin migrate`", path);
	if (missing) {
		enum status s = make_file(cx, path);

		if (s)
			return s;
	}
	if (stat(path, &st) || statfs(path, &fs) ||
	    faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS))
		return fail(cx, UNAVAILABLE, "cannot open database %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(cx, INVALID, "database %s is not a file", path);
	if (sqlite_is_network((unsigned long)fs.f_type))
		return fail(cx, INVALID,
			    "database %s is on a network file system, where SQLite's log does not "
			    "work: use a local disk",
			    path);
	return OK;
}

/* *wal: whether the file is in WAL mode after `text`, a pragma that says so. */
static enum status journal_mode(struct cx *cx, struct sqlite *st, const char *text, bool *wal)
{
	sqlite3_stmt *p = NULL;
	int rc = sqlite_prepare(st, text, &p);

	if (!rc)
		rc = sqlite3_step(p);
	*wal = rc == SQLITE_ROW && text_same((const char *)sqlite3_column_text(p, 0), "wal");
	sqlite3_finalize(p);
	return rc == SQLITE_ROW ? OK : sqlite_fail(cx, st, rc);
}

static enum status check_journal(struct cx *cx, struct sqlite *st, unsigned flags)
{
	bool wal;
	enum status s = journal_mode(cx, st, "PRAGMA journal_mode", &wal);

	if (!s && !wal && flags & FILE_MAKE) {
		s = queue_enter(cx, st->queue);
		if (s)
			return s;
		s = journal_mode(cx, st, "PRAGMA journal_mode = WAL", &wal);
		queue_leave(st->queue);
	}
	if (!s && !wal)
		return fail(cx, INVALID, "the database is not in WAL mode: run `pangolin migrate`");
	return s;
}

static enum status open_file(struct cx *cx, struct sqlite *st, const char *path, unsigned flags)
{
	int rc = sqlite3_open_v2(path, &st->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (!st->db)
		abort();
	sqlite3_extended_result_codes(st->db, 1);
	if (rc)
		return sqlite_fail(cx, st, rc);
	sqlite3_busy_handler(st->db, on_busy, st);
	sqlite3_progress_handler(st->db, PROGRESS_STEPS, on_progress, st);
	sqlite3_wal_hook(st->db, on_wal, st);
	/* "x" is a name, never a text where there is no such column */
	sqlite3_db_config(st->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(st->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	rc = sqlite3_exec(st->db, settings, NULL, NULL, NULL);
	if (!rc) /* NORMAL: the log before it is copied back; sqlite_settle: each commit */
		rc = sqlite3_exec(st->db,
				  flags & FILE_NO_SYNC ? "PRAGMA synchronous = OFF"
						       : "PRAGMA synchronous = NORMAL",
				  NULL, NULL, NULL);
	if (rc)
		return sqlite_fail(cx, st, rc);
	return sqlite3_db_readonly(st->db, "main") ? sqlite_fail(cx, st, SQLITE_READONLY) : OK;
}

static enum status open_schema(struct cx *cx, struct sqlite *st, unsigned flags)
{
	struct schema_version v;
	int64_t from, to;
	enum status s = check_journal(cx, st, flags);

	if (s || flags & FILE_UNCHECKED)
		return s;
	s = read_version(cx, st, &v);
	if (!s && flags & FILE_MAKE && v.version < migrate_program())
		return sqlite_migrate(cx, &st->store, &from, &to);
	return s ? s : migrate_check(cx, v);
}

static enum status connect(struct cx *cx, struct sqlite *st)
{
	struct stat file;
	enum status s = check_file(cx, st->path, st->flags);

	if (!s && stat(st->path, &file))
		return fail(cx, UNAVAILABLE, "the database %s is gone", st->path);
	if (!s)
		s = queue_open(cx, st->path, &st->queue);
	if (!s)
		s = open_file(cx, st, st->path, st->flags);
	if (!s)
		s = open_schema(cx, st, st->flags);
	if (!s) {
		st->device = file.st_dev;
		st->inode = file.st_ino;
	}
	return s;
}

enum status sqlite_ready(struct cx *cx, struct sqlite *st)
{
	struct stat file;
	bool there = stat(st->path, &file) == 0, held = st->held;
	enum status s;

	if (there && st->db && file.st_ino == st->inode && file.st_dev == st->device)
		return OK;
	let_go(st, true);
	if (!there)
		return fail(cx, UNAVAILABLE, "the database %s is gone: %s", st->path,
			    strerror(errno));
	if (held)
		return fail(cx, UNAVAILABLE, "the database %s is another file now", st->path);
	s = connect(cx, st);
	if (s)
		let_go(st, true);
	return s;
}

enum status sqlite_open_file(struct cx *cx, const char *path, unsigned flags,
			     const struct store_ops *ops, struct store **out)
{
	struct sqlite *st;
	enum status s;

	/* One thread uses SQLite: no locks, no counting.  Refused, and of no
	 * matter, where SQLite runs already. */
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	st = calloc(1, sizeof(*st));
	if (!st)
		abort();
	*st = (struct sqlite){ .store.ops = ops, .path = strdup(path), .flags = flags, .cx = cx };
	if (!st->path)
		abort();
	s = connect(cx, st);
	st->cx = NULL;
	if (s) {
		sqlite_close(&st->store);
		return s;
	}
	*out = &st->store;
	return OK;
}

static enum status sqlite_open(struct cx *cx, const char *url, bool migrating, struct store **out)
{
	const char *path = url + strlen("sqlite://");

	if (!text_starts(url, "sqlite://") || !*path || strpbrk(path, "?#"))
		return fail(cx, INVALID,
			    "DATABASE_URL is neither sqlite:///absolute/path nor "
			    "sqlite://relative/path");
	return sqlite_open_file(cx, path, migrating ? FILE_MAKE | FILE_UNCHECKED : 0, &sqlite_store,
				out);
}

const struct store_ops sqlite_store = {
	.open = sqlite_open,
	.close = sqlite_close,
	.migrate = sqlite_migrate,
	.get = sqlite_get,
	.list = sqlite_list,
	.apply = sqlite_apply,
	.hold = sqlite_hold,
	.backup = sqlite_backup,
};
