/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_backup.c - the database file copied while others write to it.
 * Source: sqlite.org/backup.html, "Using the SQLite Online Backup API".
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "stores/sqlite.h"

#define PAGES_A_STEP 1000

/* A reading transaction: a writer in between would make the copy begin anew, again and again. */
static enum status hold_now(struct cx *cx, struct sqlite *st)
{
	enum status s = sqlite_hold(cx, &st->store, true);
	int rc = SQLITE_OK;

	if (!s)
		rc = sqlite3_exec(st->db, "SELECT 1 FROM schema_version", NULL, NULL, NULL);
	return s || !rc ? s : sqlite_fail(cx, st, rc);
}

static enum status open_target(struct cx *cx, const char *path, sqlite3 **out)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail(cx, UNAVAILABLE, "%s: %s", path, strerror(errno));
	close(fd);
	if (sqlite3_open_v2(path, out, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
		return OK;
	return fail(cx, UNAVAILABLE, "%s: %s", path, sqlite3_errmsg(*out));
}

static enum status copy_pages(struct cx *cx, struct sqlite *st, sqlite3 *to,
			      bool (*tick)(void *arg, int64_t done), void *arg)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", st->db, "main");
	enum status s = OK;
	int rc = SQLITE_OK;

	while (b && !s && rc == SQLITE_OK) {
		rc = sqlite3_backup_step(b, PAGES_A_STEP);
		if (!tick(arg, sqlite3_backup_pagecount(b) - sqlite3_backup_remaining(b)))
			s = fail(cx, UNAVAILABLE, "stopped before it was done");
	}
	if (b)
		sqlite3_backup_finish(b);
	if (!s && (!b || rc != SQLITE_DONE))
		s = fail(cx, UNAVAILABLE, "the copy: %s", sqlite3_errmsg(to));
	return s;
}

/* On disk before its name says that it is whole. */
static enum status settle(struct cx *cx, const char *path, enum status s)
{
	int fd = s ? -1 : open(path, O_RDONLY | O_CLOEXEC);

	if (!s && (fd < 0 || fsync(fd)))
		s = fail(cx, UNAVAILABLE, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (s)
		unlink(path);
	return s;
}

enum status sqlite_backup(struct cx *cx, struct store *store, const char *path,
			  bool (*tick)(void *arg, int64_t done), void *arg)
{
	struct sqlite *st = sqlite_of(store);
	sqlite3 *to = NULL;
	enum status s, end;

	s = open_target(cx, path, &to);
	if (s) {
		sqlite3_close(to);
		return s;
	}
	s = hold_now(cx, st);
	if (!s)
		s = copy_pages(cx, st, to, tick, arg);
	end = sqlite_hold(cx, store, false);
	sqlite3_close(to);
	return settle(cx, path, s ? s : end);
}
