/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_link.c - one connection: opened, run in pipelines, never waited for past the deadline. */
#include "stores/postgres.h"

#include <errno.h>
#include <poll.h>

#include "common/hmac.h"
#include "common/text.h"

#define NAME_BYTES 32

/* --- statements ------------------------------------------------------------------ */

struct pg_statement *pg_statement_new(const char *text)
{
	struct pg_statement *s = calloc(1, sizeof(*s));
	struct cx cx = { 0 };

	if (!s || !(s->text = strdup(text)))
		abort();
	snprintf(s->name, sizeof(s->name), "p_%.*s", NAME_BYTES,
		 sha256_hex(&cx, text, strlen(text)));
	cx_free(&cx);
	return s;
}

void pg_statement_free(void *statement)
{
	struct pg_statement *s = statement;

	if (s)
		free(s->text);
	free(s);
}

/* --- errors ------------------------------------------------------------------------ */

/* libpq's messages are lines; ours are one. */
static enum status say(struct cx *cx, enum status s, const char *text)
{
	char *line = cx_strdup(cx, text && *text ? text : "no answer");
	size_t n = strlen(line);

	while (n && (line[n - 1] == '\n' || line[n - 1] == ' '))
		line[--n] = '\0';
	for (char *c = line; *c; c++)
		if (*c == '\n' || *c == '\t')
			*c = ' ';
	return fail(cx, s, "PostgreSQL: %s", line);
}

enum status pg_refused(struct cx *cx, const char *sqlstate)
{
	static const struct {
		const char *class; /* how the SQLSTATE begins */
		enum status status;
	} known[] = {
		{ "57014", UNAVAILABLE }, /* statement_timeout: ours */
		{ "25006", UNAVAILABLE }, /* a standby: the primary went elsewhere */
		{ "08", UNAVAILABLE },	  /* connection */
		{ "53", UNAVAILABLE },	  /* resources */
		{ "57", UNAVAILABLE },	  /* operator: shutting down, starting up */
		{ "58", UNAVAILABLE },	  /* system */
		{ "40", UNAVAILABLE },	  /* rolled back, again and again */
		{ "26", UNAVAILABLE },	  /* a pooler lost our names, and no time is left */
		{ "42P05", UNAVAILABLE }, /* likewise */
		{ "55P03", UNAVAILABLE }, /* a lock */
		{ "54", INVALID },	  /* a limit: an index row too long */
	};
	const char *message = cx_strdup(cx, cx->message);

	if (!sqlstate) /* libpq's own: there was no answer, or one that it can't read */
		return fail(cx, UNAVAILABLE, "%s", message);
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (text_starts(sqlstate, known[i].class))
			return fail(cx, known[i].status, "%s", message);
	return fail(cx, INTERNAL, "%s (%s)", message, sqlstate);
}

/* --- waits ---------------------------------------------------------------------------- */

/* False: the deadline has come. */
static bool wait_for(const struct cx *cx, int fd, short events)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		int64_t left = cx_left_ms(cx);
		int n;

		if (!left)
			return false;
		n = poll(&p, 1, left > 60000 ? 60000 : (int)left);
		if (n > 0 || (n < 0 && errno != EINTR))
			return true;
	}
}

/* Until the next result is here.  Reads while it sends, so that neither end
 * waits for the other.  False: the connection broke, or the deadline came. */
static bool receive(const struct cx *cx, PGconn *conn)
{
	int unsent = PQflush(conn);

	while (unsent > 0 || PQisBusy(conn)) {
		if (unsent < 0 ||
		    !wait_for(cx, PQsocket(conn), unsent ? POLLIN | POLLOUT : POLLIN) ||
		    !PQconsumeInput(conn))
			return false;
		unsent = PQflush(conn);
	}
	return unsent == 0;
}

/* --- connecting ------------------------------------------------------------------------- */

static void quiet(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static enum status connect_now(struct cx *cx, struct postgres *pg)
{
	/* what stands in the URL wins over what stands before it here */
	static const char *const names[] = { "fallback_application_name", "target_session_attrs",
					     "keepalives_idle",		  "dbname",
					     "client_encoding",		  NULL };
	const char *values[] = { "pangolin", "read-write", "30", pg->url, "UTF8", NULL };
	PostgresPollingStatusType step = PGRES_POLLING_WRITING;

	pg->conn = PQconnectStartParams(names, values, 1);
	if (!pg->conn)
		abort();
	pg->number++;
	PQsetNoticeProcessor(pg->conn, quiet, NULL);
	if (PQstatus(pg->conn) == CONNECTION_BAD)
		return say(cx, UNAVAILABLE, PQerrorMessage(pg->conn));
	while (step == PGRES_POLLING_READING || step == PGRES_POLLING_WRITING) {
		if (!wait_for(cx, PQsocket(pg->conn),
			      step == PGRES_POLLING_READING ? POLLIN : POLLOUT))
			return fail(cx, UNAVAILABLE,
				    "PostgreSQL: no connection before the deadline");
		step = PQconnectPoll(pg->conn);
	}
	if (step != PGRES_POLLING_OK)
		return say(cx, UNAVAILABLE, PQerrorMessage(pg->conn));
	PQsetnonblocking(pg->conn, 1);
	return OK;
}

/* Between runs. */
static PGTransactionStatusType at_rest(const struct postgres *pg)
{
	return pg->held ? PQTRANS_INTRANS : PQTRANS_IDLE;
}

/* A server that ended while we were idle has said so, or closed. */
static bool is_alive(const struct postgres *pg)
{
	PGconn *conn = pg->conn;
	struct pollfd p = { .fd = PQsocket(conn), .events = POLLIN };

	if (PQstatus(conn) != CONNECTION_OK)
		return false;
	if (poll(&p, 1, 0) == 0)
		return true;
	return PQconsumeInput(conn) && PQstatus(conn) == CONNECTION_OK &&
	       PQtransactionStatus(conn) == at_rest(pg);
}

void pg_hang_up(struct postgres *pg)
{
	PQfinish(pg->conn);
	pg->conn = NULL;
}

enum status pg_ready(struct cx *cx, struct postgres *pg)
{
	enum status s;

	if (pg->conn && is_alive(pg))
		return OK;
	pg_hang_up(pg);
	if (pg->held)
		return fail(cx, UNAVAILABLE, "the connection that held the moment was lost");
	s = connect_now(cx, pg);
	if (s)
		pg_hang_up(pg);
	return s;
}

/* --- a run ---------------------------------------------------------------------------------- */

#define MAX_VALUES SQL_MAX_PARAMS

/* What was sent, in order: the n-th answer is this one's. */
struct sent {
	struct pg_statement *parse; /* a Parse, or NULL: the call */
	size_t call;
};

static bool send_call(struct postgres *pg, const struct pg_call *c, size_t number, struct sent *log,
		      size_t *n)
{
	struct pg_statement *s = c->statement;
	int count = (int)c->n_values;

	if (pg->unnamed) {
		log[(*n)++] = (struct sent){ NULL, number };
		return PQsendQueryParams(pg->conn, s->text, count, NULL, c->values, NULL, NULL, 0);
	}
	if (s->prepared_on != pg->number && s->sent_in != pg->runs) {
		log[(*n)++] = (struct sent){ s, number };
		s->sent_in = pg->runs;
		if (!PQsendPrepare(pg->conn, s->name, s->text, 0, NULL))
			return false;
	}
	log[(*n)++] = (struct sent){ NULL, number };
	return PQsendQueryPrepared(pg->conn, s->name, count, c->values, NULL, NULL, 0);
}

static bool send_all(struct cx *cx, struct postgres *pg, const struct pg_run *run,
		     struct sent **log)
{
	size_t n = 0;

	*log = cx_array(cx, 2 * run->n + 1, sizeof(**log));
	pg->runs++;
	if (PQpipelineStatus(pg->conn) == PQ_PIPELINE_OFF && !PQenterPipelineMode(pg->conn))
		return false;
	for (size_t i = 0; i < run->n; i++)
		if (!send_call(pg, &run->calls[i], i, *log, &n))
			return false;
	(*log)[n].call = run->n; /* what goes wrong at the Sync is of none of them */
	return PQpipelineSync(pg->conn);
}

static void note_refusal(struct cx *cx, struct pg_run *run, size_t call, const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	if (run->sqlstate[0]) /* the first says why */
		return;
	run->failed = call;
	snprintf(run->sqlstate, sizeof(run->sqlstate), "%s", state ? state : "XX000");
	(void)say(cx, INTERNAL, text ? text : PQresultErrorMessage(r));
}

/* One result.  True where it was the last. */
static bool take(struct cx *cx, struct postgres *pg, struct pg_run *run, const struct sent *at,
		 const PGresult *r)
{
	switch (PQresultStatus(r)) {
	case PGRES_PIPELINE_SYNC:
		return true;
	case PGRES_TUPLES_OK:
		if (run->each && !at->parse)
			run->each(run->arg, at->call, r);
		return false;
	case PGRES_COMMAND_OK:
		if (at->parse)
			at->parse->prepared_on = pg->number;
		return false;
	case PGRES_PIPELINE_ABORTED:
		return false;
	default:
		note_refusal(cx, run, at->call, r);
		return false;
	}
}

static enum pg_outcome lost(struct cx *cx, struct postgres *pg)
{
	if (cx_left_ms(cx))
		(void)say(cx, UNAVAILABLE, PQerrorMessage(pg->conn));
	else
		(void)fail(cx, UNAVAILABLE, "PostgreSQL: no answer before the deadline");
	pg_hang_up(pg);
	return PG_LOST;
}

enum pg_outcome pg_run(struct cx *cx, struct postgres *pg, struct pg_run *run)
{
	const struct sent *at;
	struct sent *log;
	bool ended = false;

	run->sqlstate[0] = '\0';
	if (!send_all(cx, pg, run, &log))
		return lost(cx, pg);
	for (at = log; !ended;) {
		PGresult *r;

		if (!receive(cx, pg->conn))
			return lost(cx, pg);
		r = PQgetResult(pg->conn);
		if (!r) { /* ends the results of one statement */
			at++;
			continue;
		}
		ended = take(cx, pg, run, at, r);
		PQclear(r);
		if (PQstatus(pg->conn) == CONNECTION_BAD)
			return lost(cx, pg);
	}
	if (PQtransactionStatus(pg->conn) != at_rest(pg))
		pg_hang_up(pg); /* what failed stood between BEGIN and COMMIT */
	return run->sqlstate[0] ? PG_REFUSED : PG_DONE;
}

/* --- plain SQL ---------------------------------------------------------------------------------- */

static void clear(void *result)
{
	PQclear(result);
}

enum status pg_exec(struct cx *cx, struct postgres *pg, const char *sql, PGresult **out)
{
	PGresult *r;

	*out = NULL;
	if (PQpipelineStatus(pg->conn) != PQ_PIPELINE_OFF)
		PQexitPipelineMode(pg->conn);
	if (!PQsendQuery(pg->conn, sql))
		return say(cx, UNAVAILABLE, PQerrorMessage(pg->conn));
	for (;;) {
		if (!receive(cx, pg->conn)) {
			(void)lost(cx, pg);
			return UNAVAILABLE;
		}
		r = PQgetResult(pg->conn);
		if (!r)
			break;
		cx_own(cx, r, clear);
		*out = r;
	}
	if (PQresultStatus(*out) == PGRES_FATAL_ERROR)
		(void)say(cx, INTERNAL, PQresultErrorField(*out, PG_DIAG_MESSAGE_PRIMARY));
	return OK;
}
