/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_apply.c - a list of changes is one operation or one transaction, tried until it is clear. */
#include "stores/mongo.h"

#include <unistd.h>

#include "common/text.h"

#define RETRY_US 2000	/* between tries of a commit */
#define LOOK_BATCH 1000 /* ids asked for at once */

/* --- transactions ---------------------------------------------------------------------- */

/* A try of unknown outcome is followed by others: the server knows a transaction that it
 * has committed, and one that it has not is said to be TRANSIENT by its label alone. */
static enum mongo_outcome commit(struct mongo_try *t)
{
	for (bool lost = false;; usleep(RETRY_US)) {
		enum mongo_outcome outcome = MONGO_HELD;
		bool unknown, transient;
		bson_error_t e;
		bson_t reply;

		t->m->store.trips++;
		if (!mongoc_client_session_commit_transaction(t->session, &reply, &e))
			outcome = mongo_outcome_of(t, &e, &reply);
		unknown = mongoc_error_has_label(&reply, "UnknownTransactionCommitResult");
		transient = mongoc_error_has_label(&reply, "TransientTransactionError");
		bson_destroy(&reply);
		if (outcome == MONGO_HELD || (!unknown && !lost))
			return outcome;
		if (transient && !unknown)
			return MONGO_TRANSIENT;
		lost = true;
		(void)mongo_fail(t->cx, &e);
		if (!unknown || cx_left_ms(t->cx) < 100)
			return MONGO_LOST;
	}
}

static bool is_alone(const struct change *changes, size_t n)
{
	unsigned flags = changes->row->kind->flags;

	return n == 1 && !(flags & PINNED) && !(changes->op == TOUCH && flags & UPSERT);
}

static enum mongo_outcome try_once(struct mongo_try *t, const struct change *changes, size_t n)
{
	enum mongo_outcome outcome;

	if (is_alone(changes, n))
		return mongo_run(t, changes, n);
	t->why = mongo_begin(t->cx, t->m, &t->session);
	if (t->why)
		return MONGO_BROKEN;
	outcome = mongo_run(t, changes, n);
	if (outcome == MONGO_HELD)
		return commit(t);
	(void)mongoc_client_session_abort_transaction(t->session, NULL);
	return outcome;
}

/* --- which change did not hold ------------------------------------------------------------- */

static bool holds(const struct change *c, int64_t version)
{
	switch (c->op) {
	case INSERT:
		return !version;
	case TOUCH:
		return version || c->row->kind->flags & UPSERT;
	default:
		return version && version == c->row->version;
	}
}

static bool has_id(struct cx *cx, const bson_t *doc, const struct row *row)
{
	struct bytes id = mongo_id(cx, row, row->kind->n_keys);
	bson_iter_t at;
	uint32_t n = 0;
	const char *have = bson_iter_init_find(&at, doc, "_id") ? bson_iter_utf8(&at, &n) : NULL;

	return have && n == id.n && memcmp(have, id.s, n) == 0;
}

/* The versions of up to LOOK_BATCH rows of one kind; 0 = there is none. */
static enum status versions_of(struct cx *cx, struct mongo *m, const struct change *changes,
			       size_t n, int64_t *out)
{
	bson_t *filter = mongo_own(cx, bson_new()), by, in;
	bson_t *options = mongo_own(cx, BCON_NEW("projection", "{", "version", BCON_INT32(1), "}",
						 "sort", "{", "_id", BCON_INT32(1), "}"));
	mongoc_cursor_t *c;
	const bson_t *doc;
	size_t i = 0;
	bson_error_t e;
	enum status s;

	BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &by);
	BSON_APPEND_ARRAY_BEGIN(&by, "$in", &in);
	for (size_t k = 0; k < n; k++)
		mongo_append(&in, cx_printf(cx, "%zu", k),
			     mongo_id(cx, changes[k].row, changes[k].row->kind->n_keys));
	bson_append_array_end(&by, &in);
	bson_append_document_end(filter, &by);
	m->store.trips++;
	c = mongoc_collection_find_with_opts(mongo_collection(cx, m, changes->row->kind->table),
					     filter, options, NULL);
	while (mongoc_cursor_next(c, &doc)) { /* in the order of the changes: both sort by key */
		bson_iter_t at;

		while (i < n && !has_id(cx, doc, changes[i].row))
			i++;
		if (i < n && bson_iter_init_find(&at, doc, "version"))
			out[i] = bson_iter_as_int64(&at);
	}
	s = mongoc_cursor_error(c, &e) ? mongo_fail(cx, &e) : OK;
	mongoc_cursor_destroy(c);
	return s;
}

/* *failed == n: all hold by now, the list is worth another try. */
static enum status look(struct cx *cx, struct mongo *m, const struct change *changes, size_t n,
			size_t *failed)
{
	for (size_t i = 0, j; i < n; i = j) {
		int64_t versions[LOOK_BATCH] = { 0 };
		enum status s;

		for (j = i + 1;
		     j < n && j - i < LOOK_BATCH && changes[j].row->kind == changes[i].row->kind;
		     j++)
			;
		s = versions_of(cx, m, changes + i, j - i, versions);
		for (size_t k = i; !s && k < j; k++)
			if (!holds(&changes[k], versions[k - i])) {
				*failed = k;
				return changes[k].op == INSERT ? EXISTS : CONFLICT;
			}
		if (s)
			return s;
	}
	*failed = n;
	return OK;
}

/* OK with *again: the list is worth another try. */
static enum status one_try(struct cx *cx, struct mongo *m, const struct change *changes, size_t n,
			   size_t *failed, bool *again)
{
	struct mongo_try t = { .cx = cx, .m = m };
	enum status s = OK;

	*again = false;
	switch (try_once(&t, changes, n)) {
	case MONGO_HELD:
		return OK;
	case MONGO_LOST:
		return UNKNOWN;
	case MONGO_BROKEN:
		return t.why;
	case MONGO_NOT_HELD:
		s = look(cx, m, changes, n, failed);
		break;
	case MONGO_TRANSIENT:
		t.session = NULL;
		mongo_ask_for_pins(&t, changes, n);
	}
	*again = !s;
	return s;
}

enum status mongo_apply(struct cx *cx, struct store *store, const struct change *changes, size_t n,
			size_t *failed)
{
	enum status s = mongo_ready(cx, mongo_of(store));

	for (int tries = 1; !s; tries++) {
		struct cx own = { .deadline_ms = cx->deadline_ms };
		bool again;

		s = one_try(&own, mongo_of(store), changes, n, failed, &again);

		if (s)
			(void)fail(cx, s, "%s", own.message);
		cx_free(&own);
		if (again)
			s = mongo_wait(cx, tries);
		else
			break;
	}
	return s;
}
