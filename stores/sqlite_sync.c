/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_sync.c - a commit reaches the disk behind the writers' queue: many share a sync.
 * Source: sqlite.org/c3ref/io_methods.html, sqlite.org/pragma.html#pragma_synchronous.
 */
#include "stores/sqlite.h"

#define PIECE 65536

static sqlite3_file *log_of(struct sqlite *st)
{
	sqlite3_file *log = NULL;

	(void)sqlite3_file_control(st->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	return log && log->pMethods ? log : NULL;
}

static int sync_log(sqlite3_file *log)
{
	return log ? log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) : SQLITE_IOERR_FSYNC;
}

/* The log with its own bytes: so they wait to be written once more. */
static int write_over(struct cx *cx, sqlite3_file *log)
{
	char *bytes = cx_alloc(cx, PIECE);
	sqlite3_int64 size = 0;
	int rc = log->pMethods->xFileSize(log, &size);

	for (sqlite3_int64 at = 0; !rc && at < size; at += PIECE) {
		int n = size - at < PIECE ? (int)(size - at) : PIECE;

		rc = log->pMethods->xRead(log, bytes, n, at);
		if (!rc)
			rc = log->pMethods->xWrite(log, bytes, n, at);
	}
	return rc;
}

/*
 * The kernel tells of a write that failed once, and takes the bytes for written then: a
 * second sync alone would say yes to what is not there.
 */
enum status sqlite_settle_again(struct cx *cx, struct sqlite *st)
{
	sqlite3_file *log = log_of(st);
	enum status s = queue_enter(cx, st->queue);
	int rc = SQLITE_IOERR_FSYNC;

	if (s)
		return s;
	if (log)
		rc = write_over(cx, log);
	if (!rc)
		rc = sync_log(log);
	queue_leave(st->queue);
	st->unsettled = rc != SQLITE_OK;
	return rc ? fail(cx, UNAVAILABLE, "the disk does not take what the database wrote") : OK;
}

enum status sqlite_settle(struct cx *cx, struct sqlite *st)
{
	if (st->flags & FILE_NO_SYNC || (!st->unsettled && !sync_log(log_of(st))))
		return OK;
	st->unsettled = true;
	return sqlite_settle_again(cx, st)
		       ? fail(cx, UNKNOWN,
			      "the database could not make sure that a change is on disk")
		       : OK;
}
