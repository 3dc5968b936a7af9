/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres.h - the PostgreSQL driver: pipelines over one connection.
 * Source: PostgreSQL's documentation, "libpq: Pipeline Mode", "Message Flow:
 * Pipelining" (statements up to one Sync are one transaction), "Advisory Locks".
 */
#ifndef STORES_POSTGRES_H
#define STORES_POSTGRES_H

#include <libpq-fe.h>

#include "stores/sql.h"
#include "stores/store.h"

/*
 * DATABASE_URL is libpq's own connection URI, several hosts, TLS and
 * passwords from a service or .pgpass file included: postgresql://user@host/base.
 * One parameter is ours: pangolin_prepare=off never names a statement, for
 * poolers that give every transaction another connection.  Without it names are
 * used until a pooler is seen to lose them.
 */
extern const struct store_ops postgres_store;

/* How many connections the server takes at most.  UNSUPPORTED: the store is no PostgreSQL. */
MUST_USE enum status postgres_max_connections(struct cx *cx, struct store *st, int64_t *out);

/* --- private to postgres*.c -------------------------------------------------- */

/* A statement as the server knows it.  The name is made of the text, so that
 * a pooler can't run another client's statement under it. */
struct pg_statement {
	char name[40];
	char *text;
	uint64_t prepared_on; /* number of the connection that has it; 0 = none */
	uint64_t sent_in;     /* number of the run whose Parse is on its way */
};

struct postgres {
	struct store store;
	char *url;
	PGconn *conn;	 /* NULL: not connected */
	uint64_t number; /* of the connection, from 1 */
	uint64_t runs;
	bool unnamed;		/* names are lost: send texts */
	bool held;		/* a reading transaction is open, on this connection alone */
	struct sql_cache texts; /* prepared: struct pg_statement */
	struct pg_statement *begin_read, *end_read, *timeout, *pin, *lock;
};

static inline struct postgres *postgres_of(struct store *st)
{
	return (struct postgres *)st;
}

struct pg_statement *pg_statement_new(const char *text);
void pg_statement_free(void *statement);

/* One statement of a run; values are texts, NULL = SQL NULL. */
struct pg_call {
	struct pg_statement *statement;
	const char *const *values;
	size_t n_values;
};

struct pg_run {
	const struct pg_call *calls;
	size_t n;
	/* Gets the result of each call that gave rows. */
	void (*each)(void *arg, size_t call, const PGresult *r);
	void *arg;
	/* After PG_REFUSED: which call, and the SQLSTATE. */
	size_t failed;
	char sqlstate[6];
};

enum pg_outcome {
	PG_DONE,
	PG_REFUSED, /* one of them failed: all are undone; cx->message is the server's */
	PG_LOST,    /* no answer: the connection is closed; what came of it is not known */
};

/* Connected: as it is, or anew where it was closed.  UNAVAILABLE; also where the connection
 * that held a moment is lost. */
MUST_USE enum status pg_ready(struct cx *cx, struct postgres *pg);

/* Runs the calls in one pipeline with one Sync: one transaction, one round trip. */
enum pg_outcome pg_run(struct cx *cx, struct postgres *pg, struct pg_run *run);

/* Runs plain SQL, several statements too, outside pipelines: for opening and
 * migrating.  *out is cleared with the context; its status is for the caller to see. */
MUST_USE enum status pg_exec(struct cx *cx, struct postgres *pg, const char *sql, PGresult **out);

/* Closes; the next pg_ready connects. */
void pg_hang_up(struct postgres *pg);

/* The status behind a SQLSTATE that no verb expects (NULL: libpq's own failure has none);
 * cx->message holds the server's. */
enum status pg_refused(struct cx *cx, const char *sqlstate);

#endif
