/* SPDX-License-Identifier: Apache-2.0 */
/* mongo.c - the MongoDB driver's connection, get and list. */
#include "stores/mongo.h"

#include <unistd.h>

#include "common/text.h"
#include "stores/rows.h"

#define WAIT_US 2000 /* between tries, times a random number up to the try's */
#define MAX_WAIT 40  /* of that */

/* --- errors -------------------------------------------------------------------- */

/* A document is at most 16 MiB: the driver says so of what it sends, the server of what becomes. */
static bool is_too_large(const bson_error_t *e)
{
	if (e->domain == MONGOC_ERROR_BSON)
		return e->code == MONGOC_ERROR_BSON_INVALID;
	return e->domain == MONGOC_ERROR_SERVER &&
	       (e->code == 10334 /* BSONObjectTooLarge */ || e->code == 17419 || e->code == 17420);
}

enum status mongo_fail(struct cx *cx, const bson_error_t *e)
{
	bool down = e->domain == MONGOC_ERROR_STREAM || e->domain == MONGOC_ERROR_CLIENT ||
		    e->domain == MONGOC_ERROR_SERVER_SELECTION ||
		    e->domain == MONGOC_ERROR_WRITE_CONCERN;

	if (is_too_large(e))
		return fail(cx, TOO_LARGE, "a row is too large for the database");
	switch (e->code) {
	case 50:    /* MaxTimeMSExpired */
	case 91:    /* ShutdownInProgress */
	case 189:   /* PrimarySteppedDown */
	case 10107: /* NotWritablePrimary */
	case 11600: /* InterruptedAtShutdown */
	case 11602: /* InterruptedDueToReplStateChange */
	case 13435: /* NotPrimaryNoSecondaryOk */
	case 13436: /* NotPrimaryOrSecondary */
		down = true;
	}
	return fail(cx, down ? UNAVAILABLE : INTERNAL, "MongoDB: %s (%u)", e->message, e->code);
}

bool mongo_is_transient(const bson_error_t *e, const bson_t *reply)
{
	if (e->domain == MONGOC_ERROR_SERVER_SELECTION) /* it was waited for already */
		return false;
	if (reply && mongoc_error_has_label(reply, "TransientTransactionError"))
		return true;
	if (e->domain != MONGOC_ERROR_SERVER)
		return false;
	/* Compatible servers don't label all, and some say 17 for 112: the driver makes 59 of it. */
	return e->code == 112 /* WriteConflict */ ||
	       e->code == 251 /* NoSuchTransaction: the server ended it */ ||
	       e->code == MONGOC_ERROR_QUERY_COMMAND_NOT_FOUND;
}

enum status mongo_wait(struct cx *cx, int tries)
{
	int64_t most = tries < MAX_WAIT ? tries : MAX_WAIT;

	if (cx_left_ms(cx) < 10)
		return fail(cx, UNAVAILABLE,
			    "MongoDB: other transactions were in the way until the deadline");
	usleep((useconds_t)(WAIT_US * (1 + text_random62() % most)));
	return OK;
}

/* --- handles --------------------------------------------------------------------- */

static void destroy_collection(void *c)
{
	mongoc_collection_destroy(c);
}

mongoc_collection_t *mongo_collection(struct cx *cx, struct mongo *m, const char *name)
{
	mongoc_collection_t *c = mongoc_database_get_collection(m->database, name);

	cx_own(cx, c, destroy_collection);
	return c;
}

static void destroy_session(void *s)
{
	mongoc_client_session_destroy(s); /* aborts a transaction that is open */
}

enum status mongo_begin(struct cx *cx, struct mongo *m, mongoc_client_session_t **out)
{
	mongoc_transaction_opt_t *options = mongoc_transaction_opts_new();
	mongoc_read_concern_t *snapshot = mongoc_read_concern_new();
	int64_t left = cx_left_ms(cx);
	mongoc_client_session_t *s;
	bson_error_t e;
	bool ok;

	mongoc_read_concern_set_level(snapshot, MONGOC_READ_CONCERN_LEVEL_SNAPSHOT);
	mongoc_transaction_opts_set_read_concern(options, snapshot);
	if (left != INT64_MAX)
		mongoc_transaction_opts_set_max_commit_time_ms(options, left ? left : 1);
	*out = s = mongoc_client_start_session(m->client, NULL, &e);
	ok = s && mongoc_client_session_start_transaction(s, options, &e);
	if (s)
		cx_own(cx, s, destroy_session);
	mongoc_read_concern_destroy(snapshot);
	mongoc_transaction_opts_destroy(options);
	return ok ? OK : mongo_fail(cx, &e);
}

bson_t *mongo_options(struct cx *cx, mongoc_client_session_t *session)
{
	bson_t *o = mongo_own(cx, bson_new());
	int64_t left = cx_left_ms(cx);
	bson_error_t e;

	if (session)
		(void)mongoc_client_session_append(session, o, &e); /* where it has ended: the
								     * operation says so */
	else if (left != INT64_MAX)
		BSON_APPEND_INT64(o, "maxTimeMS", left ? left : 1);
	return o;
}

/* --- reading ------------------------------------------------------------------------ */

static void destroy_cursor(void *c)
{
	mongoc_cursor_destroy(c);
}

/* In key order (1) or against it (-1); options are mongo_options'. */
static mongoc_cursor_t *find(struct cx *cx, struct mongo *m, const struct kind *k,
			     const bson_t *filter, bson_t *options, int order, int64_t limit)
{
	mongoc_cursor_t *c;
	bson_t sort;

	BSON_APPEND_DOCUMENT_BEGIN(options, "sort", &sort);
	BSON_APPEND_INT32(&sort, "_id", order);
	bson_append_document_end(options, &sort);
	BSON_APPEND_INT64(options, "limit", limit);
	c = mongoc_collection_find_with_opts(mongo_collection(cx, m, k->table), filter, options,
					     NULL);
	m->store.trips++;
	cx_own(cx, c, destroy_cursor);
	return c;
}

/* Ids of rows that share n key columns and come after `after` (NULL: all of them), or before it. */
static void append_range(struct cx *cx, bson_t *b, const struct row *bound, size_t n,
			 const struct row *after, bool backwards)
{
	struct bytes prefix = mongo_id(cx, bound, n);
	bson_t range;

	if (!n && !after)
		return;
	BSON_APPEND_DOCUMENT_BEGIN(b, "_id", &range);
	if (after && !backwards)
		mongo_append(&range, "$gt", mongo_id(cx, after, after->kind->n_keys));
	else if (n)
		mongo_append(&range, "$gte", prefix);
	if (after && backwards)
		mongo_append(&range, "$lt", mongo_id(cx, after, after->kind->n_keys));
	else if (n)
		mongo_append(&range, "$lt", mongo_past(cx, prefix));
	bson_append_document_end(b, &range);
}

/* The calls of one get: its own context, and the one that takes the rows' text. */
struct reading {
	struct cx *cx, *answer;
	struct mongo *m;
	mongoc_client_session_t *session; /* NULL: one row */
	bool again;			  /* the try failed, another may not */
};

static enum status failed_reading(struct reading *r, const bson_error_t *e, const bson_t *reply)
{
	r->again = r->session && (mongo_is_transient(e, reply) ||
				  mongoc_error_has_label(reply, "UnknownTransactionCommitResult"));
	return mongo_fail(r->cx, e);
}

static enum status get_one(struct reading *r, struct row *row)
{
	size_t keys = row->kind->n_keys;
	bson_t *filter = mongo_own(r->cx, bson_new());
	mongoc_cursor_t *c;
	const bson_t *doc;
	bson_error_t e;

	if (row->first_after)
		append_range(r->cx, filter, row, keys - 1, row, false);
	else
		filter = mongo_by_id(r->cx, row);
	c = find(r->cx, r->m, row->kind, filter, mongo_options(r->cx, r->session), 1, 1);
	row->version = 0;
	if (mongoc_cursor_next(c, &doc)) {
		mongo_read_row(r->answer, doc, row, row->first_after ? keys - 1 : keys);
		r->m->store.rows_read++;
	}
	return mongoc_cursor_error_document(c, &e, &doc) ? failed_reading(r, &e, doc) : OK;
}

/* What was read in a transaction is the majority's once that is committed. */
static enum status end_reading(struct reading *r)
{
	enum status s = OK;
	bson_error_t e;
	bson_t reply;

	if (!r->session)
		return OK;
	r->m->store.trips++;
	if (!mongoc_client_session_commit_transaction(r->session, &reply, &e))
		s = failed_reading(r, &e, &reply);
	bson_destroy(&reply);
	return s;
}

/* Copies of the rows, for a try that may be followed by another. */
static enum status get_once(struct reading *r, struct row **rows, size_t n, struct row **out)
{
	enum status s = n > 1 ? mongo_begin(r->cx, r->m, &r->session) : OK;

	for (size_t i = 0; !s && i < n; i++) {
		out[i] = cx_alloc(r->answer, rows[i]->kind->size);
		memcpy(out[i], rows[i], rows[i]->kind->size);
		s = get_one(r, out[i]);
	}
	return s ? s : end_reading(r);
}

/* Ends a call whose handles hung on `own`, so that none outlives the connection. */
static enum status done(struct cx *cx, struct cx *own, enum status s)
{
	if (s)
		(void)fail(cx, s, "%s", own->message);
	cx_free(own);
	return s;
}

static enum status mongo_get(struct cx *cx, struct store *store, struct row **rows, size_t n)
{
	struct row **found = cx_array(cx, n, sizeof(*found));
	enum status s;

	s = mongo_ready(cx, mongo_of(store));
	if (s)
		return s;
	for (int tries = 1;; tries++) {
		struct cx own = { .deadline_ms = cx->deadline_ms };
		struct reading r = { .cx = &own, .answer = cx, .m = mongo_of(store) };

		s = done(cx, &own, get_once(&r, rows, n, found));
		if (!r.again)
			break;
		s = mongo_wait(cx, tries);
		if (s)
			break;
	}
	for (size_t i = 0; !s && i < n; i++)
		if (found[i]->version)
			memcpy(rows[i], found[i], rows[i]->kind->size);
		else
			rows[i]->version = 0;
	return s;
}

static bson_t *filter_of(struct cx *cx, const struct query *q)
{
	bson_t *filter = mongo_own(cx, bson_new());

	if (q->bound == q->from->kind->n_keys)
		filter = mongo_by_id(cx, q->from);
	else
		append_range(cx, filter, q->from, q->bound, q->after, q->backwards);
	for (size_t i = 0; i < ARRAY_SIZE(q->where) && q->where[i]; i++)
		mongo_append_match(filter, q->from, model_column(q->from->kind, q->where[i]));
	return filter;
}

static enum status mongo_list(struct cx *cx, struct store *store, const struct query *q,
			      struct rows *out)
{
	struct cx own = { .deadline_ms = cx->deadline_ms };
	struct row_array rows = { .kind = q->from->kind };
	mongoc_cursor_t *c;
	const bson_t *doc;
	bson_error_t e;
	enum status s = mongo_ready(cx, mongo_of(store));

	if (s)
		return s;
	c = find(&own, mongo_of(store), rows.kind, filter_of(&own, q), mongo_options(&own, NULL),
		 q->backwards ? -1 : 1, (int64_t)q->limit);
	*out = (struct rows){ 0 };
	while (mongoc_cursor_next(c, &doc))
		mongo_read_row(cx, doc, rows_next(cx, &rows), 0);
	if (mongoc_cursor_error(c, &e))
		return done(cx, &own, mongo_fail(&own, &e));
	*out = (struct rows){ .n = rows.n, .items = rows.items };
	store->rows_read += out->n;
	return done(cx, &own, OK);
}

/* --- the store ---------------------------------------------------------------------- */

static void mongo_close(struct store *store)
{
	struct mongo *m = mongo_of(store);

	mongo_hang_up(m);
	mongoc_uri_destroy(m->uri);
	free(m);
}

static enum status mongo_open(struct cx *cx, const char *url, bool migrating, struct store **out)
{
	struct cx own = { .deadline_ms = cx->deadline_ms };
	struct mongo *m = calloc(1, sizeof(*m));
	enum status s;

	if (!m)
		abort();
	m->store.ops = &mongo_store;
	s = mongo_read_url(cx, m, url);
	if (!s)
		s = mongo_ready(cx, m);
	if (!s)
		s = done(cx, &own, mongo_check(&own, m, migrating));
	if (s) {
		mongo_close(&m->store);
		return s;
	}
	*out = &m->store;
	return OK;
}

static enum status migrate(struct cx *cx, struct store *store, int64_t *from, int64_t *to)
{
	struct cx own = { .deadline_ms = cx->deadline_ms };
	struct mongo *m = mongo_of(store);
	enum status s = mongo_ready(cx, m);

	return s ? s : done(cx, &own, mongo_migrate(&own, m, from, to));
}

const struct store_ops mongo_store = {
	.open = mongo_open,
	.close = mongo_close,
	.migrate = migrate,
	.get = mongo_get,
	.list = mongo_list,
	.apply = mongo_apply,
};
