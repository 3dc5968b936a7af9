/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - durable rows: three verbs, and a transaction is a list. */
#ifndef STORES_STORE_H
#define STORES_STORE_H

#include "common/model.h"

/*
 * A change.  `row` holds the whole key and, for INSERT and UPDATE, all columns.
 *
 *	INSERT	EXISTS where a row of that key is there.
 *	UPDATE	CONFLICT unless the stored version is row->version.
 *	DELETE	likewise; `row` needs only key and version.
 *	REQUIRE	CONFLICT unless the stored version is row->version; until the
 *		list is committed no other list can UPDATE or DELETE the row.
 *		Any number of lists may hold one row.  For PINNED kinds.
 *	TOUCH	version + 1 whatever it was; CONFLICT where there is no row (an
 *		UPSERT kind's row is then made).  Who puts something INTO a
 *		container TOUCHes the container; who deletes a container reads
 *		its version, looks for emptiness, then DELETEs at that version.
 *
 * After a list that held, row->version is the row's new version (INSERT,
 * UPDATE, and TOUCH of a row that was read: right unless somebody else changed
 * it in between, so that a later UPDATE then is a CONFLICT; else unchanged).
 * After any other outcome versions are as they were.
 */
enum change_op { INSERT, UPDATE, DELETE, REQUIRE, TOUCH };

struct change {
	enum change_op op;
	struct row *row;
};

#define STORE_MAX_CHANGES 20000

/* Which rows store_list reads, in key order. */
struct query {
	const struct row *from;	 /* names the kind; holds the bound values */
	size_t bound;		 /* so many leading key columns equal from's; >= 1 unless GLOBAL */
	const struct row *after; /* NULL, or: only keys greater than this row's */
	bool backwards;		 /* in falling key order, and `after` means less than */
	const char *where[4];	 /* names of further columns that equal from's; NULL ends.
				 * INT columns and INDEX columns only */
	size_t limit;		 /* 1 .. 10000 */
};

/* What store_list gives: n rows in one array of the kind's struct. */
struct rows {
	size_t n;
	void *items; /* struct of the kind [n]; NULL where n is 0 */
};

struct store;

/*
 * A change that goes with the next list that holds, whoever applies it.  Where it
 * does not hold itself nothing of that list is applied, `met` is true, and
 * store_apply is INVALID, which no caller tries again.
 */
struct rider {
	struct change change; /* INSERT, UPDATE */
	bool spent, met;
};

/*
 * A store.  All slots but hold and backup are filled.  Every call honours cx->deadline_ms and is
 * UNAVAILABLE past it.  A store serves one process and one call at a time.
 * Text in rows that come back belongs to the context.
 */
struct store_ops {
	/* Connects.  UNAVAILABLE: not reachable.  INVALID: the URL is wrong, or
	 * the schema is missing, older or newer than this program works with:
	 * the message says what to do.  `migrating` leaves the schema unchecked. */
	enum status (*open)(struct cx *cx, const char *url, bool migrating, struct store **out);
	void (*close)(struct store *st);

	/* Brings the schema to this program's; *from and *to are its versions. */
	enum status (*migrate)(struct cx *cx, struct store *st, int64_t *from, int64_t *to);

	/* Reads n rows of any kinds by their whole keys, at one moment and in
	 * the order given, in one round trip.  A missing row's version is 0 and
	 * its columns are untouched.  first_after: see struct row. */
	enum status (*get)(struct cx *cx, struct store *st, struct row **rows, size_t n);

	enum status (*list)(struct cx *cx, struct store *st, const struct query *q,
			    struct rows *out);

	/* All of the list or none, in the order given.  Versions are store_apply's:
	 * an INSERT (or an UPSERT kind's TOUCH) stores row->version, rows are not
	 * changed.  EXISTS or CONFLICT: *failed is the index of the first change
	 * that did not hold.  UNKNOWN: the outcome is not known; the very same list
	 * may be given again. */
	enum status (*apply)(struct cx *cx, struct store *st, const struct change *changes,
			     size_t n, size_t *failed);

	/* From `on` until off all lists show one moment, whatever others write; nothing
	 * is applied meanwhile.  NULL: this store can't. */
	enum status (*hold)(struct cx *cx, struct store *st, bool on);

	/* A copy of the whole store, of one moment, as a new file of mode 0600, while others
	 * write; tick is told pages, and stops it by false.  NULL: the store has tools of its
	 * own for that.  UNAVAILABLE. */
	enum status (*backup)(struct cx *cx, struct store *st, const char *path,
			      bool (*tick)(void *arg, int64_t done), void *arg);
};

/* A store begins with this. */
struct store {
	const struct store_ops *ops;
	/* Counted for bench and tests; never reset by the store. */
	uint64_t trips, rows_read;
	uint64_t steps;	   /* SQLite: instructions of its virtual machine; elsewhere 0 */
	struct seal *seal; /* opens SECRET columns; NULL = this process can't */
	bool ephemeral;
	bool sealed;	     /* SECRET columns are given and taken as they lie in the store */
	struct rider *rider; /* NULL = none: stores/idempotency.h */
	/* Of catalogs that name no warehouse (common/default_storage.h); NULL = there is none. */
	const struct warehouse *fallback;
};

/*
 * Opens the store that DATABASE_URL names: sqlite:///absolute/path or
 * sqlite://relative/path; postgresql:// or postgres:// (stores/postgres.h); mongodb://
 * or mongodb+srv:// (stores/mongo.h); memory:/folder-on-tmpfs, or memory:NAME (NAME may
 * be empty; "" and NULL are "memory:"): a folder of this user's under /dev/shm.  `key_path` is the storage key ring's file (common/seal.h),
 * or NULL: SECRET columns then read as NULL, and a row that has them can't be
 * UPDATEd, nor INSERTed with a secret in it (INTERNAL).
 */
MUST_USE enum status store_open(struct cx *cx, const char *url, const char *key_path,
				bool migrating, struct store **out);
void store_close(struct store *st);

MUST_USE enum status store_migrate(struct cx *cx, struct store *st, int64_t *from, int64_t *to);

/* As ops->get; SECRET columns come back in the clear. */
MUST_USE enum status store_get_all(struct cx *cx, struct store *st, struct row **rows, size_t n);

/* One row; NOT_FOUND ("no catalog \"x\"", by its last key column) where missing. */
MUST_USE enum status store_get(struct cx *cx, struct store *st, struct row *row);

MUST_USE enum status store_list(struct cx *cx, struct store *st, const struct query *q,
				struct rows *out);

/* All that the query finds, page by page, as one array of the kind's struct: for what is
 * held at once anyway.  q->limit is not read. */
MUST_USE enum status store_list_all(struct cx *cx, struct store *st, const struct query *q,
				    struct rows *out);

/*
 * As ops->apply, with what every store needs first: checks keys (UTF-8, not
 * NULL, at most 1,024 bytes together) and other text (UTF-8): INVALID; refuses a list that names a row
 * twice (INTERNAL) or is longer than STORE_MAX_CHANGES (INVALID), seals SECRET
 * columns, gives versions to INSERTs, sorts by kind and key so that lists
 * cannot deadlock, and runs an UNKNOWN list again until the deadline.
 * `*failed` (may be NULL) counts in the caller's order.
 */
MUST_USE enum status store_apply(struct cx *cx, struct store *st, struct change *changes, size_t n,
				 size_t *failed);

/* As ops->hold; UNSUPPORTED where the store can't. */
MUST_USE enum status store_hold(struct cx *cx, struct store *st, bool on);

/* As ops->backup; UNSUPPORTED where the store has none. */
MUST_USE enum status store_backup(struct cx *cx, struct store *st, const char *path,
				  bool (*tick)(void *arg, int64_t done), void *arg);

/* Where a row's SECRET column is kept, as common/seal.h wants it: the same in every store. */
const char *store_secret_place(struct cx *cx, const struct row *row, const struct column *c);

/* What store_apply checks of a row that is INSERTed.  INVALID; INTERNAL: a key is NULL. */
MUST_USE enum status store_check_row(struct cx *cx, const struct row *row);

/* What the schema calls this program: it ends where the server's epoch row has a
 * greater min_program (stores/migrate.h). */
int64_t store_program(void);

/* True where the store loses everything when the machine stops. */
bool store_is_ephemeral(const struct store *st);

#endif
