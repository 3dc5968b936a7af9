/* SPDX-License-Identifier: Apache-2.0 */
/* postgres.c - the PostgreSQL driver's verbs: each is one pipeline, one round trip. */
#include "stores/postgres.h"

#include <unistd.h>

#include "common/text.h"
#include "stores/migrate.h"
#include "stores/rows.h"
#include "stores/url.h"

#define RETRY_US 5000
#define ANSWER_MS 500 /* the server gives up so much before we do, and can say so */

/* SQLSTATEs that are no failure but an answer. */
#define NOT_HELD "22012" /* division by zero: 1/count(*) of no row */

/* --- statements ------------------------------------------------------------------ */

static bool is_change(const struct sql_shape *shape)
{
	return shape->verb >= SQL_INSERT;
}

/* A change asserts itself: where it met no row, 1/0 ends the whole list. */
static const char *asserting(struct cx *cx, const struct sql_statement *s)
{
	if (s->shape.verb == SQL_REQUIRE)
		return cx_printf(cx, "SELECT 1/count(*) FROM (%s) c", s->text);
	return cx_printf(cx, "WITH c AS (%s RETURNING 1) SELECT 1/count(*) FROM c", s->text);
}

static struct pg_call call_of(struct cx *cx, struct postgres *pg, const struct sql_shape *shape,
			      const struct sql_call *call, const struct sql_statement **out)
{
	struct sql_statement *s = sql_statement(&pg->texts, shape);
	const char **values = cx_array(cx, s->n_params ? s->n_params : 1, sizeof(*values));

	if (!s->prepared)
		s->prepared = pg_statement_new(is_change(shape) ? asserting(cx, s) : s->text);
	for (size_t i = 0; i < s->n_params; i++) {
		struct sql_value v = sql_value(&s->params[i], call);

		values[i] = v.is_text ? v.text : cx_printf(cx, "%lld", (long long)v.number);
	}
	if (out)
		*out = s;
	return (struct pg_call){ s->prepared, values, s->n_params };
}

static int64_t number_at(const PGresult *r, int row, int column)
{
	return strtoll(PQgetvalue(r, row, column), NULL, 10);
}

static void read_row(struct cx *cx, const struct sql_statement *s, const PGresult *r, int at,
		     struct row *row)
{
	row->version = number_at(r, at, 0);
	for (size_t i = 0; i < s->n_results; i++) {
		const struct column *c = s->results[i];
		int column = (int)i + 1;

		if (!model_is_text(c))
			model_set_int(row, c, number_at(r, at, column));
		else if (PQgetisnull(r, at, column))
			model_set_text(row, c, NULL);
		else
			model_set_text(row, c,
				       cx_strndup(cx, PQgetvalue(r, at, column),
						  (size_t)PQgetlength(r, at, column)));
	}
}

/* --- reading ------------------------------------------------------------------------ */

/* A pooler gave us a connection that lost our names, or has them already. */
static bool names_are_lost(const char *sqlstate)
{
	return strcmp(sqlstate, "26000") == 0 || strcmp(sqlstate, "42P05") == 0;
}

/* Where a second try may do better.  A standby or a server going down is left
 * for the next connection. */
static bool is_transient(struct postgres *pg, const char *sqlstate)
{
	if (names_are_lost(sqlstate)) {
		pg->unnamed = true;
		return true;
	}
	if (strcmp(sqlstate, "25006") == 0)
		pg_hang_up(pg);
	return strcmp(sqlstate, "40001") == 0 || strcmp(sqlstate, "40P01") == 0;
}

/* Reading may be repeated: once over a new connection. */
static enum status run_reading(struct cx *cx, struct postgres *pg, struct pg_run *run)
{
	bool again = !pg->held;

	pg->store.trips++;
	for (;;) {
		enum status s = pg_ready(cx, pg);

		if (s)
			return s;
		switch (pg_run(cx, pg, run)) {
		case PG_DONE:
			return OK;
		case PG_LOST:
			if (!again || !cx_left_ms(cx))
				return UNAVAILABLE;
			again = false;
			break;
		case PG_REFUSED:
			if (pg->held || !is_transient(pg, run->sqlstate) || !cx_left_ms(cx))
				return pg_refused(cx, run->sqlstate);
		}
	}
}

struct get {
	struct cx *cx;
	struct store *store;
	struct row **rows;
	const struct sql_statement **statements;
	size_t first; /* call of rows[0] */
};

static void got(void *arg, size_t call, const PGresult *r)
{
	struct get *g = arg;
	size_t i = call - g->first;

	g->rows[i]->version = 0;
	if (PQntuples(r) < 1)
		return;
	read_row(g->cx, g->statements[i], r, 0, g->rows[i]);
	g->store->rows_read++;
}

static enum status postgres_get(struct cx *cx, struct store *store, struct row **rows, size_t n)
{
	struct postgres *pg = postgres_of(store);
	struct pg_call *calls = cx_array(cx, n + 2, sizeof(*calls));
	struct get g = { .cx = cx, .store = store, .rows = rows, .first = n > 1 && !pg->held };
	struct pg_run run = { .calls = calls, .n = n, .each = got, .arg = &g };

	g.statements = cx_array(cx, n, sizeof(*g.statements));
	for (size_t i = 0; i < n; i++) {
		struct sql_shape shape = { .kind = rows[i]->kind,
					   .verb = rows[i]->first_after ? SQL_FIRST_AFTER
									: SQL_GET };
		struct sql_call call = { .row = rows[i] };

		calls[i + g.first] = call_of(cx, pg, &shape, &call, &g.statements[i]);
	}
	if (g.first) { /* each statement of READ COMMITTED would see a moment of its own */
		calls[0] = (struct pg_call){ .statement = pg->begin_read };
		calls[n + 1] = (struct pg_call){ .statement = pg->end_read };
		run.n = n + 2;
	}
	return run_reading(cx, pg, &run);
}

struct listing_of {
	struct cx *cx;
	const struct sql_statement *statement;
	const struct row *bound;
	size_t n_bound;
	struct row_array rows;
};

static void listed(void *arg, size_t call, const PGresult *r)
{
	struct listing_of *l = arg;

	(void)call;
	l->rows.n = 0;
	for (int i = 0; i < PQntuples(r); i++) {
		struct row *row = rows_next(l->cx, &l->rows);

		rows_copy(row, l->bound, l->n_bound);
		read_row(l->cx, l->statement, r, i, row);
	}
}

static enum status postgres_list(struct cx *cx, struct store *store, const struct query *q,
				 struct rows *out)
{
	struct listing_of l = { .cx = cx, .n_bound = q->bound, .rows.kind = q->from->kind };
	struct sql_call call = { .row = q->from, .after = q->after, .limit = (int64_t)q->limit };
	struct pg_run run = { .n = 1, .each = listed, .arg = &l };
	struct pg_call one;
	struct sql_shape shape = sql_shape_query(q);
	enum status s;

	*out = (struct rows){ 0 };
	l.bound = rows_bound(cx, q);
	one = call_of(cx, postgres_of(store), &shape, &call, &l.statement);
	run.calls = &one;
	s = run_reading(cx, postgres_of(store), &run);
	if (s)
		return s;
	*out = (struct rows){ .n = l.rows.n, .items = l.rows.items };
	store->rows_read += out->n;
	return OK;
}

/* --- apply ---------------------------------------------------------------------------- */

/* The calls of a list, and whose each is. */
struct plan {
	struct pg_call *calls;
	size_t *changes; /* calls[i] is of change changes[i] */
	size_t n;
};

static struct pg_call call_with(struct cx *cx, struct pg_statement *statement, int64_t value)
{
	const char **values = cx_array(cx, 1, sizeof(*values));

	values[0] = cx_printf(cx, "%lld", (long long)value);
	return (struct pg_call){ statement, values, 1 };
}

/* What a pin of that row is called among advisory locks: 64 bits of its kind and key. */
static int64_t lock_number(const struct row *row)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a: two rows that meet only wait */
	const char *texts[SQL_MAX_COLUMNS + 1] = { row->kind->table };
	size_t n = 1;

	for (size_t i = 0; i < row->kind->n_keys; i++)
		if (model_is_text(&row->kind->columns[i]))
			texts[n++] = model_text(row, &row->kind->columns[i]);
	for (size_t i = 0; i < n; i++) {
		const char *c = texts[i];

		do
			h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
		while (*c++);
	}
	return (int64_t)h;
}

static void plan_change(struct cx *cx, struct postgres *pg, struct plan *p, size_t number,
			const struct change *c)
{
	struct sql_shape shape = sql_shape_change(c);
	struct sql_call call = { .row = c->row };

	/* The version is looked at in the statement after the lock: each has its own snapshot. */
	if (c->row->kind->flags & PINNED && c->op != INSERT) {
		p->changes[p->n] = number;
		p->calls[p->n++] =
			call_with(cx, c->op == REQUIRE ? pg->pin : pg->lock, lock_number(c->row));
	}
	p->changes[p->n] = number;
	p->calls[p->n++] = call_of(cx, pg, &shape, &call, NULL);
}

static struct plan make_plan(struct cx *cx, struct postgres *pg, const struct change *changes,
			     size_t n)
{
	struct plan p = { cx_array(cx, 2 * n + 1, sizeof(*p.calls)),
			  cx_array(cx, 2 * n + 1, sizeof(*p.changes)), 1 };
	int64_t left = cx_left_ms(cx);

	if (left == INT64_MAX)
		left = 0; /* no timeout */
	else
		left = left > 2 * ANSWER_MS ? left - ANSWER_MS : left / 2 + 1;
	p.calls[0] = call_with(cx, pg->timeout, left);
	for (size_t i = 0; i < n; i++)
		plan_change(cx, pg, &p, i, &changes[i]);
	return p;
}

static enum status postgres_apply(struct cx *cx, struct store *store, const struct change *changes,
				  size_t n, size_t *failed)
{
	struct postgres *pg = postgres_of(store);

	store->trips++;
	for (;;) {
		struct plan plan;
		struct pg_run run = { 0 };
		enum status s = pg_ready(cx, pg);

		if (s)
			return s;
		plan = make_plan(cx, pg, changes, n);
		run.calls = plan.calls;
		run.n = plan.n;
		switch (pg_run(cx, pg, &run)) {
		case PG_DONE:
			return OK;
		case PG_LOST:
			return UNKNOWN;
		case PG_REFUSED:
			break;
		}
		if (strcmp(run.sqlstate, NOT_HELD) == 0 && run.failed < run.n) {
			*failed = plan.changes[run.failed];
			return changes[*failed].op == INSERT ? EXISTS : CONFLICT;
		}
		if (!is_transient(pg, run.sqlstate) || !cx_left_ms(cx))
			return pg_refused(cx, run.sqlstate);
		usleep(RETRY_US);
	}
}

/* --- schema ----------------------------------------------------------------------------- */

static enum status run_text(struct cx *cx, void *arg, const char *sql)
{
	PGresult *r;
	enum status s = pg_exec(cx, arg, sql, &r);

	if (!s && PQresultStatus(r) == PGRES_FATAL_ERROR)
		return pg_refused(cx, PQresultErrorField(r, PG_DIAG_SQLSTATE));
	return s;
}

/* The first row's first two numbers; 0 where there is no row. */
static enum status numbers(struct cx *cx, struct postgres *pg, const char *sql, int64_t *a,
			   int64_t *b)
{
	PGresult *r;
	enum status s = pg_exec(cx, pg, sql, &r);

	*a = *b = 0;
	if (s)
		return s;
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		return pg_refused(cx, PQresultErrorField(r, PG_DIAG_SQLSTATE));
	if (PQntuples(r)) {
		*a = number_at(r, 0, 0);
		*b = number_at(r, 0, 1);
	}
	return OK;
}

static enum status read_version(struct cx *cx, struct postgres *pg, struct schema_version *v)
{
	int64_t there, unused;
	enum status s =
		numbers(cx, pg, "SELECT (to_regclass('schema_version') IS NOT NULL)::int, 0",
			&there, &unused);

	*v = (struct schema_version){ 0 };
	if (s || !there)
		return s;
	return numbers(cx, pg, "SELECT version, min_program FROM schema_version", &v->version,
		       &v->min_program);
}

enum status postgres_max_connections(struct cx *cx, struct store *store, int64_t *out)
{
	struct postgres *pg = postgres_of(store);
	int64_t unused;
	enum status s;

	if (store->ops != &postgres_store)
		return fail(cx, UNSUPPORTED, "this store is no PostgreSQL");
	s = pg_ready(cx, pg);
	return s ? s
		 : numbers(cx, pg, "SELECT current_setting('max_connections')::int, 0", out,
			   &unused);
}

/* SQLite has this collation by itself. */
static const char collation[] = "CREATE COLLATION IF NOT EXISTS \"BINARY\" FROM \"C\"";

static enum status migrate_now(struct cx *cx, struct postgres *pg, int64_t *from, int64_t *to)
{
	struct schema_version have, now;
	enum status s = run_text(
		cx, pg, "BEGIN; SELECT pg_advisory_xact_lock(hashtext('pangolin migrate'))");

	if (!s)
		s = read_version(cx, pg, &have);
	if (!s && !have.version)
		s = run_text(cx, pg, collation);
	if (!s)
		s = migrate_run(cx, have, run_text, pg);
	if (!s)
		s = read_version(cx, pg, &now);
	if (!s)
		s = run_text(cx, pg, "COMMIT");
	if (s)
		return s;
	*from = have.version;
	*to = now.version;
	return OK;
}

static enum status postgres_migrate(struct cx *cx, struct store *store, int64_t *from, int64_t *to)
{
	struct postgres *pg = postgres_of(store);
	enum status s = pg_ready(cx, pg);

	if (!s)
		s = migrate_now(cx, pg, from, to);
	if (s)
		pg_hang_up(pg); /* and with it what the transaction did */
	return s;
}

static enum status postgres_hold(struct cx *cx, struct store *store, bool on)
{
	struct postgres *pg = postgres_of(store);
	enum status s = on ? pg_ready(cx, pg) : OK;

	if (!s && (on || pg->conn))
		s = run_text(cx, pg,
			     on ? "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY" : "COMMIT");
	pg->held = on && !s;
	pg->unnamed |= pg->held; /* a name lost to a pooler would end the moment */
	return s;
}

/* --- open and close ----------------------------------------------------------------------- */

/* The URL as libpq takes it: without our own parameter. */
static enum status read_url(struct cx *cx, struct postgres *pg, const char *url)
{
	static const char ours[] = "pangolin_prepare=";
	struct text t = text_open(cx, 16384);
	const char *at = strchr(url, '?');
	char join = '?';

	text_addn(&t, url, at ? (size_t)(at - url) : strlen(url));
	while (at && *++at) {
		size_t n = strcspn(at, "&");

		if (!text_starts(at, ours)) {
			text_addc(&t, join);
			text_addn(&t, at, n);
			join = '&';
		} else if (strncmp(at + strlen(ours), "off", n - strlen(ours)) == 0 &&
			   n - strlen(ours) == 3) {
			pg->unnamed = true;
		} else {
			return fail(cx, INVALID, "DATABASE_URL: pangolin_prepare can only be off");
		}
		at = at[n] ? at + n : NULL;
	}
	pg->url = strdup(t.s);
	if (!pg->url)
		abort();
	return text_check(&t, "DATABASE_URL");
}

static void postgres_close(struct store *store)
{
	struct postgres *pg = postgres_of(store);

	pg_hang_up(pg);
	sql_clear(&pg->texts, pg_statement_free);
	pg_statement_free(pg->begin_read);
	pg_statement_free(pg->end_read);
	pg_statement_free(pg->timeout);
	pg_statement_free(pg->pin);
	pg_statement_free(pg->lock);
	free(pg->url);
	free(pg);
}

static enum status open_schema(struct cx *cx, struct postgres *pg)
{
	struct schema_version v;
	enum status s = read_version(cx, pg, &v);

	return s ? s : migrate_check(cx, v);
}

static enum status postgres_open(struct cx *cx, const char *url, bool migrating, struct store **out)
{
	struct postgres *pg = calloc(1, sizeof(*pg));
	enum status s;

	if (!pg)
		abort();
	pg->store.ops = &postgres_store;
	pg->begin_read = pg_statement_new("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
	pg->end_read = pg_statement_new("COMMIT");
	pg->timeout = pg_statement_new("SELECT set_config('statement_timeout', $1, true)");
	pg->pin = pg_statement_new("SELECT pg_advisory_xact_lock_shared($1)");
	pg->lock = pg_statement_new("SELECT pg_advisory_xact_lock($1)");
	s = url_check(cx, url, "postgresql://user@host/database");
	if (!s)
		s = read_url(cx, pg, url);
	if (!s)
		s = pg_ready(cx, pg);
	if (!s && !migrating)
		s = open_schema(cx, pg);
	if (s) {
		postgres_close(&pg->store);
		return s;
	}
	*out = &pg->store;
	return OK;
}

const struct store_ops postgres_store = {
	.open = postgres_open,
	.close = postgres_close,
	.migrate = postgres_migrate,
	.get = postgres_get,
	.list = postgres_list,
	.apply = postgres_apply,
	.hold = postgres_hold,
};
