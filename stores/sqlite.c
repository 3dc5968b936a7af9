/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite.c - the SQLite driver's verbs: get, list and apply by statements prepared once. */
#include "stores/sqlite.h"

#include "stores/rows.h"

/* --- errors ----------------------------------------------------------------- */

enum status sqlite_fail(struct cx *cx, struct sqlite *st, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		abort();
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return fail(cx, UNAVAILABLE,
			    "the database is busy: waited for it until the deadline");
	case SQLITE_INTERRUPT:
		return fail(cx, UNAVAILABLE, "the database did not answer before the deadline");
	case SQLITE_FULL:
		return fail(cx, UNAVAILABLE, "the database's disk is full: nothing was written");
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return fail(cx, UNAVAILABLE, "the database file can't be written by this user: %s",
			    sqlite3_errmsg(st->db));
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return fail(cx, UNAVAILABLE, "the database file: %s (%d, %s)",
			    sqlite3_errmsg(st->db), rc, strerror(sqlite3_system_errno(st->db)));
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return fail(cx, INTERNAL, "the database file is damaged: %s",
			    sqlite3_errmsg(st->db));
	case SQLITE_TOOBIG:
		return fail(cx, TOO_LARGE, "a row is too large for the database");
	default:
		return fail(cx, INTERNAL, "database: %s (%d)", sqlite3_errmsg(st->db), rc);
	}
}

/* --- statements ------------------------------------------------------------ */

int sqlite_prepare(struct sqlite *st, const char *text, sqlite3_stmt **out)
{
	return sqlite3_prepare_v3(st->db, text, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
}

int sqlite_control(struct sqlite *st, enum control which)
{
	static const char *const texts[] = {
		[BEGIN_READ] = "BEGIN",
		[BEGIN_WRITE] = "BEGIN IMMEDIATE",
		[COMMIT] = "COMMIT",
		[ROLLBACK] = "ROLLBACK",
	};
	int rc = SQLITE_OK;

	if (!st->controls[which])
		rc = sqlite_prepare(st, texts[which], &st->controls[which]);
	if (rc)
		return rc;
	rc = sqlite3_step(st->controls[which]);
	sqlite3_reset(st->controls[which]);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Ends a transaction that failed; after some errors SQLite did so itself. */
void sqlite_roll_back(struct sqlite *st)
{
	if (!sqlite3_get_autocommit(st->db))
		(void)sqlite_control(st, ROLLBACK);
}

static int bind(sqlite3_stmt *p, const struct sql_statement *s, const struct sql_call *call)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; !rc && i < s->n_params; i++) {
		struct sql_value v = sql_value(&s->params[i], call);
		int at = (int)i + 1;

		/* static: the text outlives the step, and is bound anew before the next */
		rc = v.is_text ? sqlite3_bind_text(p, at, v.text, -1, SQLITE_STATIC)
			       : sqlite3_bind_int64(p, at, v.number);
	}
	return rc;
}

/* The prepared statement of that shape, with the call's values bound. */
static enum status ready(struct cx *cx, struct sqlite *st, const struct sql_shape *shape,
			 const struct sql_call *call, struct sql_statement **out)
{
	struct sql_statement *s = sql_statement(&st->texts, shape);
	int rc = SQLITE_OK;

	if (!s->prepared) {
		sqlite3_stmt *p = NULL;

		rc = sqlite_prepare(st, s->text, &p);
		s->prepared = p;
	}
	if (!rc)
		rc = bind(s->prepared, s, call);
	*out = s;
	return rc ? sqlite_fail(cx, st, rc) : OK;
}

/* A statement has run: what it took is counted. */
static void finish(struct sqlite *st, sqlite3_stmt *p)
{
	sqlite3_reset(p);
	st->store.steps += (uint64_t)sqlite3_stmt_status(p, SQLITE_STMTSTATUS_VM_STEP, 1);
}

/* Reads the row a statement stands on. */
static void read_row(struct cx *cx, const struct sql_statement *s, struct row *row)
{
	sqlite3_stmt *p = s->prepared;

	row->version = sqlite3_column_int64(p, 0);
	for (size_t i = 0; i < s->n_results; i++) {
		const struct column *c = s->results[i];
		int at = (int)i + 1;

		if (model_is_text(c)) {
			const char *text = (const char *)sqlite3_column_text(p, at);

			model_set_text(
				row, c,
				text ? cx_strndup(cx, text, (size_t)sqlite3_column_bytes(p, at))
				     : NULL);
		} else {
			model_set_int(row, c, sqlite3_column_int64(p, at));
		}
	}
}

/* --- get and list ----------------------------------------------------------- */

static enum status get_one(struct cx *cx, struct sqlite *st, struct row *row)
{
	struct sql_shape shape = { .kind = row->kind,
				   .verb = row->first_after ? SQL_FIRST_AFTER : SQL_GET };
	struct sql_call call = { .row = row };
	struct sql_statement *s;
	enum status status = ready(cx, st, &shape, &call, &s);
	int rc;

	if (status)
		return status;
	rc = sqlite3_step(s->prepared);
	row->version = 0;
	if (rc == SQLITE_ROW) {
		read_row(cx, s, row);
		st->store.rows_read++;
		rc = SQLITE_DONE;
	}
	finish(st, s->prepared);
	return rc == SQLITE_DONE ? OK : sqlite_fail(cx, st, rc);
}

enum status sqlite_get(struct cx *cx, struct store *store, struct row **rows, size_t n)
{
	struct sqlite *st = sqlite_of(store);
	enum status s;
	int rc = SQLITE_OK;

	st->cx = cx;
	store->trips++;
	s = sqlite_ready(cx, st);
	if (!s && n > 1 && !st->held) /* one statement is one moment by itself */
		rc = sqlite_control(st, BEGIN_READ);
	if (rc)
		s = sqlite_fail(cx, st, rc);
	for (size_t i = 0; !s && i < n; i++)
		s = get_one(cx, st, rows[i]);
	if (n > 1 && !st->held && st->db)
		sqlite_roll_back(st); /* nothing was written: this only ends the reading */
	st->cx = NULL;
	return s;
}

static enum status list_rows(struct cx *cx, struct sqlite *st, const struct query *q,
			     const struct sql_statement *s, struct row_array *rows)
{
	const struct row *bound = rows_bound(cx, q);
	int rc;

	while ((rc = sqlite3_step(s->prepared)) == SQLITE_ROW) {
		struct row *row = rows_next(cx, rows);

		rows_copy(row, bound, q->bound);
		read_row(cx, s, row);
	}
	finish(st, s->prepared);
	return rc == SQLITE_DONE ? OK : sqlite_fail(cx, st, rc);
}

enum status sqlite_list(struct cx *cx, struct store *store, const struct query *q, struct rows *out)
{
	struct sqlite *st = sqlite_of(store);
	struct row_array rows = { .kind = q->from->kind };
	struct sql_call call = { .row = q->from, .after = q->after, .limit = (int64_t)q->limit };
	struct sql_statement *statement;
	struct sql_shape shape = sql_shape_query(q);
	enum status s;

	st->cx = cx;
	store->trips++;
	*out = (struct rows){ 0 };
	s = sqlite_ready(cx, st);
	if (!s)
		s = ready(cx, st, &shape, &call, &statement);
	if (!s)
		s = list_rows(cx, st, q, statement, &rows);
	if (!s)
		*out = (struct rows){ .n = rows.n, .items = rows.items };
	store->rows_read += out->n;
	st->cx = NULL;
	return s;
}

/* The moment is that of the first list. */
enum status sqlite_hold(struct cx *cx, struct store *store, bool on)
{
	struct sqlite *st = sqlite_of(store);
	enum status s = sqlite_ready(cx, st);
	int rc = SQLITE_OK;

	if (s)
		return s;
	if (on)
		rc = sqlite_control(st, BEGIN_READ);
	else
		sqlite_roll_back(st);
	st->held = on && !rc;
	return rc ? sqlite_fail(cx, st, rc) : OK;
}

/* --- apply ------------------------------------------------------------------ */

/* EXISTS or CONFLICT where the change does not hold. */
static enum status change_one(struct cx *cx, struct sqlite *st, const struct change *c)
{
	struct sql_shape shape = sql_shape_change(c);
	struct sql_call call = { .row = c->row };
	struct sql_statement *s;
	enum status status = ready(cx, st, &shape, &call, &s);
	bool held;
	int rc;

	if (status)
		return status;
	rc = sqlite3_step(s->prepared);
	held = c->op == REQUIRE ? rc == SQLITE_ROW : sqlite3_changes(st->db) == 1;
	finish(st, s->prepared);
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		return sqlite_fail(cx, st, rc);
	if (held)
		return OK;
	return c->op == INSERT ? EXISTS : CONFLICT;
}

static enum status change_all(struct cx *cx, struct sqlite *st, const struct change *changes,
			      size_t n, size_t *failed)
{
	enum status s = OK;

	for (size_t i = 0; !s && i < n; i++) {
		*failed = i;
		s = cx_left_ms(cx) ? change_one(cx, st, &changes[i])
				   : sqlite_fail(cx, st, SQLITE_INTERRUPT);
	}
	return s;
}

enum status sqlite_commit(struct cx *cx, struct sqlite *st)
{
	int rc = sqlite_control(st, COMMIT);

	if (!rc)
		return OK;
	if (rc == SQLITE_IOERR_FSYNC) /* the commit record is in the log, and may survive or not */
		return fail(cx, UNKNOWN,
			    "the database could not make sure that a change is on disk: %s",
			    strerror(sqlite3_system_errno(st->db)));
	return sqlite_fail(cx, st, rc);
}

/* The caller holds the queue. */
static enum status apply_now(struct cx *cx, struct sqlite *st, const struct change *changes,
			     size_t n, size_t *failed)
{
	int rc = sqlite_control(st, BEGIN_WRITE);
	enum status s = rc ? sqlite_fail(cx, st, rc) : OK;

	if (!s)
		s = change_all(cx, st, changes, n, failed);
	if (!s)
		s = sqlite_commit(cx, st);
	if (s)
		sqlite_roll_back(st);
	return s;
}

enum status sqlite_apply(struct cx *cx, struct store *store, const struct change *changes, size_t n,
			 size_t *failed)
{
	struct sqlite *st = sqlite_of(store);
	enum status s;

	st->cx = cx;
	store->trips++;
	s = sqlite_ready(cx, st);
	if (!s && st->unsettled)
		s = sqlite_settle_again(cx, st);
	if (!s)
		s = queue_enter(cx, st->queue);
	if (!s) {
		s = apply_now(cx, st, changes, n, failed);
		queue_leave(st->queue);
		if (!s)
			s = sqlite_settle(cx, st);
	}
	st->cx = NULL;
	return s;
}
