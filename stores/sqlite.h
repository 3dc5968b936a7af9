/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite.h - the SQLite driver, private to sqlite*.c and memory.c. */
#ifndef STORES_SQLITE_H
#define STORES_SQLITE_H

#include <sqlite3.h>

#include "stores/queue.h"
#include "stores/sql.h"
#include "stores/store.h"

enum control { BEGIN_READ, BEGIN_WRITE, COMMIT, ROLLBACK, N_CONTROLS };

struct sqlite {
	struct store store;
	char *path;
	unsigned flags; /* sqlite_flag */
	sqlite3 *db;	/* NULL: the file was gone, or the path has another since */
	struct queue *queue;
	uint64_t device, inode; /* of the file that is open */
	struct sql_cache texts;
	sqlite3_stmt *controls[N_CONTROLS];
	const struct cx *cx;	     /* of the call that runs: its deadline */
	int64_t checkpoint_until_ms; /* 0: none runs */
	bool held;		     /* a reading transaction is open: sqlite_hold */
	bool unsettled;		     /* a sync of the log failed: sqlite_settle_again */
};

static inline struct sqlite *sqlite_of(struct store *st)
{
	return (struct sqlite *)st;
}

/* sqlite.c: results are SQLite's; sqlite_fail tells what they mean. */
int sqlite_prepare(struct sqlite *st, const char *text, sqlite3_stmt **out);
int sqlite_control(struct sqlite *st, enum control which);
/* UNKNOWN where the disk did not say whether it has the change. */
MUST_USE enum status sqlite_commit(struct cx *cx, struct sqlite *st);
/* Ends the transaction, if one is open: after some errors SQLite did so itself. */
void sqlite_roll_back(struct sqlite *st);
enum status sqlite_fail(struct cx *cx, struct sqlite *st, int rc);

/*
 * sqlite_sync.c: what was committed is on disk on return.  Called behind the queue, so that
 * the next commit need not wait for the disk: others read a commit a little before it is
 * there, and whoever writes next takes it along.  UNKNOWN: the disk did not say so;
 * nothing more is applied until sqlite_settle_again, UNAVAILABLE, was OK.
 */
MUST_USE enum status sqlite_settle(struct cx *cx, struct sqlite *st);
MUST_USE enum status sqlite_settle_again(struct cx *cx, struct sqlite *st);

/* sqlite_file.c */
enum sqlite_flag {
	FILE_MAKE = 1, /* make the file and, if it is checked, its schema where they are missing */
	FILE_UNCHECKED = 2, /* leave the schema unchecked: for store_migrate */
	FILE_NO_SYNC = 4,   /* nothing is kept when the machine stops */
};

/* Before each call: has the path still the file that is open?  Another one, a backup
 * that was put back, is opened in its place; UNAVAILABLE while there is none. */
MUST_USE enum status sqlite_ready(struct cx *cx, struct sqlite *st);

/* Opens the file at `path`; statuses as store_ops.open. */
MUST_USE enum status sqlite_open_file(struct cx *cx, const char *path, unsigned flags,
				      const struct store_ops *ops, struct store **out);

void sqlite_close(struct store *st);
enum status sqlite_migrate(struct cx *cx, struct store *st, int64_t *from, int64_t *to);
enum status sqlite_get(struct cx *cx, struct store *st, struct row **rows, size_t n);
enum status sqlite_list(struct cx *cx, struct store *st, const struct query *q, struct rows *out);
enum status sqlite_apply(struct cx *cx, struct store *st, const struct change *changes, size_t n,
			 size_t *failed);
enum status sqlite_hold(struct cx *cx, struct store *st, bool on);

/* sqlite_backup.c */
enum status sqlite_backup(struct cx *cx, struct store *st, const char *path,
			  bool (*tick)(void *arg, int64_t done), void *arg);

/* True for a statfs f_type of a network file system, where WAL's shared memory
 * does not work between machines. */
bool sqlite_is_network(unsigned long f_type);

extern const struct store_ops sqlite_store, memory_store;

#endif
