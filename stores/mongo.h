/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mongo.h - the MongoDB driver: a collection an entity, lists by transactions.
 * Source: MongoDB's documentation, "Transactions", "Read Concern", "Comparison/Sort
 * Order"; the transactions and retryable writes specifications of its drivers
 * (error labels).
 */
#ifndef STORES_MONGO_H
#define STORES_MONGO_H

/* its inline functions are not written for our warnings */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <mongoc/mongoc.h>
#pragma GCC diagnostic pop

#include "stores/store.h"

/*
 * DATABASE_URL is MongoDB's own connection string (mongodb://, mongodb+srv://).
 * The database is the one it names, else MONGO_DB_NAME, else "pangolin".  Reads
 * and writes are majority ones at the primary, whatever the string says.  The
 * server must have transactions: a replica set, of one node at least, or a
 * sharded cluster.
 *
 * A list of one change is one operation, which the driver may send twice
 * (retryable writes); a longer one is a transaction: a command for each kind and
 * verb, and the commit.  A get of several rows is a transaction too, a find for
 * each and a commit: a moment is a transaction's here, and no one command reads
 * several collections within one.
 *
 * Deadlines are given to the server with each read and commit; the driver can't with
 * other writes.  An answer that does not come is waited for as long as the URL's socketTimeoutMS says, 10 s by default.
 *
 * A column that a later version adds is missing in older documents: it reads, and
 * is found, as 0 or NULL.
 */
extern const struct store_ops mongo_store;

/* --- private to mongo*.c ------------------------------------------------------- */

struct mongo {
	struct store store;
	mongoc_uri_t *uri;
	mongoc_client_t *client; /* NULL: not connected; so is database */
	mongoc_database_t *database;
};

static inline struct mongo *mongo_of(struct store *st)
{
	return (struct mongo *)st;
}

/* --- mongo_link.c */

/* Into m->uri, with what is ours to say.  INVALID. */
MUST_USE enum status mongo_read_url(struct cx *cx, struct mongo *m, const char *url);

/*
 * Knows a primary, before a call makes anything that hangs on the connection.
 * UNAVAILABLE where none was found for two seconds; the next call begins anew.
 */
MUST_USE enum status mongo_ready(struct cx *cx, struct mongo *m);
void mongo_hang_up(struct mongo *m);

/* --- mongo.c */

/* The status behind an error that no verb expects. */
enum status mongo_fail(struct cx *cx, const bson_error_t *e);

/* What the transaction met will be gone if all of it is tried again.  `reply`: the
 * server's, with its labels, or NULL. */
bool mongo_is_transient(const bson_error_t *e, const bson_t *reply);

/* Waits before try number `tries` + 1 of a transaction: a random time, longer each time.
 * UNAVAILABLE where the deadline is near. */
MUST_USE enum status mongo_wait(struct cx *cx, int tries);

/* The context destroys it.  What a call makes hangs on a context of the call's own, so
 * that none outlives the connection. */
mongoc_collection_t *mongo_collection(struct cx *cx, struct mongo *m, const char *name);

/* Begins a transaction that reads one moment; where it is not committed, the end of
 * the context aborts it. */
MUST_USE enum status mongo_begin(struct cx *cx, struct mongo *m, mongoc_client_session_t **out);

/* {sessionId of the session, or maxTimeMS of what is left where that is NULL} */
bson_t *mongo_options(struct cx *cx, mongoc_client_session_t *session);

/* --- mongo_bson.c */

/* A text of bytes, NULs among them. */
struct bytes {
	const char *s;
	size_t n;
};

/*
 * _id of a row: its key columns with NUL between them, so that ids sort as keys
 * do (text has no NUL; a number is 16 hex digits of it plus 2^63).  With n less
 * than all key columns: what the ids of all rows that share those begin with.
 */
struct bytes mongo_id(struct cx *cx, const struct row *row, size_t n);
/* The least text greater than all that begin with such a prefix. */
struct bytes mongo_past(struct cx *cx, struct bytes prefix);

/* The context destroys it. */
bson_t *mongo_own(struct cx *cx, bson_t *b);
void mongo_append(bson_t *b, const char *name, struct bytes value);
/* {"_id": the row's whole key} */
bson_t *mongo_by_id(struct cx *cx, const struct row *row);
/* What finds the column's value in a document, an older version's too. */
void mongo_append_match(bson_t *b, const struct row *row, const struct column *c);
/* The columns from number `first` on. */
void mongo_append_columns(bson_t *b, const struct row *row, size_t first);
/* Columns from number `first` on, and the version. */
void mongo_read_row(struct cx *cx, const bson_t *doc, struct row *row, size_t first);
/* The whole document of a new row, version included. */
bson_t *mongo_document(struct cx *cx, const struct row *row);

/* --- mongo_changes.c */

enum mongo_outcome {
	MONGO_HELD,
	MONGO_NOT_HELD,	 /* a change of the list did not hold: look which */
	MONGO_TRANSIENT, /* met another transaction: nothing is done, try again */
	MONGO_LOST,	 /* a write was sent, and what came of it is not known */
	MONGO_BROKEN,	 /* nothing is done: mongo_try.why and cx->message say why */
};

/* One try of a list. */
struct mongo_try {
	struct cx *cx; /* ends with the try */
	struct mongo *m;
	mongoc_client_session_t *session; /* NULL: one operation, alone */
	enum status why;
};

enum mongo_outcome mongo_outcome_of(struct mongo_try *t, const bson_error_t *e,
				    const bson_t *reply);

/* Does all changes within t->session, or the only one without. */
enum mongo_outcome mongo_run(struct mongo_try *t, const struct change *changes, size_t n);

/*
 * Reads do not conflict within transactions, so a pin is a write: a PINNED row has
 * MONGO_PINS documents in a collection of their own, with its version in each.  REQUIRE
 * writes one of them, at random; who changes the row writes all, and so meets every pin
 * that is held.  Under steady pins he would never find all of them free: after a try
 * that failed he says in one document more that he asks for them, and pins give way to
 * him for at most MONGO_ASK_MS.  Clocks that differ by more cost only that.
 */
#define MONGO_PINS 16
#define MONGO_ASK_MS 1000
#define MONGO_PINS_TABLE "pins"
void mongo_ask_for_pins(struct mongo_try *t, const struct change *changes, size_t n);

/* --- mongo_apply.c, mongo_schema.c */

enum status mongo_apply(struct cx *cx, struct store *store, const struct change *changes, size_t n,
			size_t *failed);
enum status mongo_migrate(struct cx *cx, struct mongo *m, int64_t *from, int64_t *to);
/* INVALID: no schema, another one, or a server without transactions. */
MUST_USE enum status mongo_check(struct cx *cx, struct mongo *m, bool migrating);

#endif
