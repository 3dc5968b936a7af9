/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_changes.c - what changes do: one operation, or a bulk for each kind and verb; pins. */
#include "stores/mongo.h"

#include "common/text.h"

#define LETTERS "abcdefghijklmnopz" /* MONGO_PINS pins, and z: who asks for all */
#define MAX_PIN_ID 8192

/* --- outcomes ----------------------------------------------------------------------- */

/* A write that was sent alone: may it have been done, or be done yet? */
static bool may_be_done(const bson_error_t *e, const bson_t *reply)
{
	return e->domain == MONGOC_ERROR_STREAM || e->domain == MONGOC_ERROR_WRITE_CONCERN ||
	       (reply && mongoc_error_has_label(reply, "RetryableWriteError"));
}

enum mongo_outcome mongo_outcome_of(struct mongo_try *t, const bson_error_t *e, const bson_t *reply)
{
	if (mongo_is_transient(e, reply))
		return MONGO_TRANSIENT;
	if (e->code == MONGOC_ERROR_DUPLICATE_KEY)
		return MONGO_NOT_HELD;
	t->why = mongo_fail(t->cx, e);
	return !t->session && may_be_done(e, reply) ? MONGO_LOST : MONGO_BROKEN;
}

static int64_t number(const bson_t *reply, const char *name)
{
	bson_iter_t at;

	return bson_iter_init_find(&at, reply, name) ? bson_iter_as_int64(&at) : 0;
}

/* --- a change as an operation ------------------------------------------------------- */

/* {_id, version}: the row as it was read; TOUCH takes it as it is. */
static bson_t *selector(struct cx *cx, const struct change *c)
{
	bson_t *b = mongo_by_id(cx, c->row);

	if (c->op != TOUCH)
		BSON_APPEND_INT64(b, "version", c->row->version);
	return b;
}

/* {$inc: {version: 1}, $set: the columns} */
static bson_t *update_of(struct cx *cx, const struct change *c)
{
	bson_t *b = mongo_own(cx, BCON_NEW("$inc", "{", "version", BCON_INT64(1), "}")), set;
	const struct kind *k = c->row->kind;

	if (c->op == UPDATE && k->n_columns > k->n_keys) {
		BSON_APPEND_DOCUMENT_BEGIN(b, "$set", &set);
		mongo_append_columns(&set, c->row, k->n_keys);
		bson_append_document_end(b, &set);
	}
	return b;
}

static enum mongo_outcome run_alone(struct mongo_try *t, const struct change *c)
{
	mongoc_collection_t *to = mongo_collection(t->cx, t->m, c->row->kind->table);
	bson_t reply;
	enum mongo_outcome outcome;
	bson_error_t e;
	bool ok;

	t->m->store.trips++;
	if (c->op == INSERT)
		ok = mongoc_collection_insert_one(to, mongo_document(t->cx, c->row), NULL, &reply,
						  &e);
	else if (c->op == DELETE)
		ok = mongoc_collection_delete_one(to, selector(t->cx, c), NULL, &reply, &e);
	else
		ok = mongoc_collection_update_one(to, selector(t->cx, c), update_of(t->cx, c), NULL,
						  &reply, &e);
	if (!ok)
		outcome = mongo_outcome_of(t, &e, &reply);
	else if (number(&reply, "insertedCount") || number(&reply, "deletedCount") ||
		 number(&reply, "matchedCount"))
		outcome = MONGO_HELD;
	else
		outcome = MONGO_NOT_HELD;
	bson_destroy(&reply);
	return outcome;
}

/* --- bulks within a transaction ------------------------------------------------------ */

/* Operations of one collection, and how many documents they must find. */
struct bulk {
	struct mongo_try *t;
	mongoc_bulk_operation_t *ops;
	size_t want;
	bool ok; /* all could be added; else e */
	bson_error_t e;
};

static void destroy_bulk(void *ops)
{
	mongoc_bulk_operation_destroy(ops);
}

static struct bulk bulk_open(struct mongo_try *t, const char *collection)
{
	struct bulk b = { .t = t, .ok = true };

	b.ops = mongoc_collection_create_bulk_operation_with_opts(
		mongo_collection(t->cx, t->m, collection), mongo_options(t->cx, t->session));
	cx_own(t->cx, b.ops, destroy_bulk);
	return b;
}

static void bulk_insert(struct bulk *b, const bson_t *document)
{
	b->ok = b->ok && mongoc_bulk_operation_insert_with_opts(b->ops, document, NULL, &b->e);
	b->want++;
}

static void bulk_add(struct bulk *b, const struct change *c)
{
	struct cx *cx = b->t->cx;

	if (!b->ok)
		return;
	if (c->op == INSERT) {
		bulk_insert(b, mongo_document(cx, c->row));
		return;
	}
	if (c->op == DELETE)
		b->ok = mongoc_bulk_operation_remove_one_with_opts(b->ops, selector(cx, c), NULL,
								   &b->e);
	else
		b->ok = mongoc_bulk_operation_update_one_with_opts(b->ops, selector(cx, c),
								   update_of(cx, c), NULL, &b->e);
	b->want++;
}

static enum mongo_outcome bulk_run(struct bulk *b)
{
	enum mongo_outcome outcome;
	bson_t reply;

	if (!b->ok)
		return mongo_outcome_of(b->t, &b->e, NULL);
	if (!b->want)
		return MONGO_HELD;
	b->t->m->store.trips++;
	if (mongoc_bulk_operation_execute(b->ops, &reply, &b->e)) {
		int64_t found = number(&reply, "nInserted") + number(&reply, "nRemoved");
		int64_t matched = number(&reply, "nMatched");

		outcome = found + matched == (int64_t)b->want &&
					  matched == number(&reply, "nModified")
				  ? MONGO_HELD
				  : MONGO_NOT_HELD;
	} else {
		outcome = mongo_outcome_of(b->t, &b->e, &reply);
	}
	bson_destroy(&reply);
	return outcome;
}

/* --- pins ---------------------------------------------------------------------------- */

static struct bytes pin_id(struct cx *cx, const struct row *row, char letter)
{
	struct bytes id = mongo_id(cx, row, row->kind->n_keys);
	struct text text = text_open(cx, MAX_PIN_ID);

	text_add(&text, row->kind->table);
	text_addc(&text, '\0');
	text_addn(&text, id.s, id.n);
	text_addc(&text, '\0');
	text_addc(&text, letter);
	return (struct bytes){ text.s, text.len };
}

static bson_t *all_pins(struct cx *cx, const struct row *row)
{
	bson_t *b = mongo_own(cx, bson_new()), range;

	BSON_APPEND_DOCUMENT_BEGIN(b, "_id", &range);
	mongo_append(&range, "$gte", pin_id(cx, row, LETTERS[0]));
	mongo_append(&range, "$lte", pin_id(cx, row, LETTERS[MONGO_PINS]));
	bson_append_document_end(b, &range);
	return b;
}

/* One of the pins, where the row is as it was read. */
static bson_t *one_pin(struct cx *cx, const struct row *row)
{
	bson_t *b = mongo_own(cx, bson_new());

	mongo_append(b, "_id", pin_id(cx, row, LETTERS[text_random62() % MONGO_PINS]));
	BSON_APPEND_INT64(b, "version", row->version);
	return b;
}

/* The document that says who asks for all pins, while he does. */
static bson_t *asked(struct cx *cx, const struct row *row)
{
	bson_t *b = mongo_own(cx, bson_new()), after;

	mongo_append(b, "_id", pin_id(cx, row, LETTERS[MONGO_PINS]));
	BSON_APPEND_DOCUMENT_BEGIN(b, "until_ms", &after);
	BSON_APPEND_INT64(&after, "$gt", cx_now_ms());
	bson_append_document_end(b, &after);
	return b;
}

static void insert_pins(struct bulk *b, const struct row *row)
{
	for (const char *letter = LETTERS; *letter; letter++) {
		bson_t *pin = mongo_own(b->t->cx, bson_new());

		mongo_append(pin, "_id", pin_id(b->t->cx, row, *letter));
		BSON_APPEND_INT64(pin, "version", row->version);
		BSON_APPEND_INT64(pin, "n", 0);
		BSON_APPEND_INT64(pin, "until_ms", 0);
		bulk_insert(b, pin);
	}
}

/* Two statements of one command: the pin is changed; what is asked for would be found
 * and not changed, so that one too many is found. */
static void take_pin(struct bulk *b, const struct row *row)
{
	struct cx *cx = b->t->cx;
	bson_t *count = mongo_own(cx, BCON_NEW("$inc", "{", "n", BCON_INT64(1), "}"));
	bson_t *nothing = mongo_own(cx, BCON_NEW("$set", "{", "n", BCON_INT64(0), "}"));

	b->ok = mongoc_bulk_operation_update_one_with_opts(b->ops, one_pin(cx, row), count, NULL,
							   &b->e) &&
		mongoc_bulk_operation_update_one_with_opts(b->ops, asked(cx, row), nothing, NULL,
							   &b->e);
	b->want++;
}

static void add_pins(struct bulk *b, const struct change *c)
{
	struct cx *cx = b->t->cx;
	bson_t *next = mongo_own(cx, BCON_NEW("$inc", "{", "version", BCON_INT64(1), "}", "$set",
					      "{", "until_ms", BCON_INT64(0), "}"));

	if (!b->ok)
		return;
	switch (c->op) {
	case INSERT:
		insert_pins(b, c->row);
		return;
	case REQUIRE:
		take_pin(b, c->row);
		return;
	case DELETE:
		b->ok = mongoc_bulk_operation_remove_many_with_opts(b->ops, all_pins(cx, c->row),
								    NULL, &b->e);
		break;
	case UPDATE:
	case TOUCH:
		b->ok = mongoc_bulk_operation_update_many_with_opts(b->ops, all_pins(cx, c->row),
								    next, NULL, &b->e);
	}
	b->want += MONGO_PINS + 1;
}

void mongo_ask_for_pins(struct mongo_try *t, const struct change *changes, size_t n)
{
	bson_t *until = mongo_own(t->cx, BCON_NEW("$set", "{", "until_ms",
						  BCON_INT64(cx_now_ms() + MONGO_ASK_MS), "}"));

	for (size_t i = 0; i < n; i++) {
		const struct change *c = &changes[i];
		bson_t *by = mongo_own(t->cx, bson_new());

		if (!(c->row->kind->flags & PINNED) || c->op == REQUIRE || c->op == INSERT)
			continue;
		mongo_append(by, "_id", pin_id(t->cx, c->row, LETTERS[MONGO_PINS]));
		t->m->store.trips++;
		(void)mongoc_collection_update_one(mongo_collection(t->cx, t->m, MONGO_PINS_TABLE),
						   by, until, NULL, NULL, NULL);
	}
}

/* First of all, so that who can't have them learns it before he has done the rest. */
static enum mongo_outcome run_pins(struct mongo_try *t, const struct change *changes, size_t n)
{
	struct bulk b = { .t = t, .ok = true };

	for (size_t i = 0; i < n; i++)
		if (changes[i].row->kind->flags & PINNED) {
			if (!b.ops)
				b = bulk_open(t, MONGO_PINS_TABLE);
			add_pins(&b, &changes[i]);
		}
	return bulk_run(&b);
}

/* --- lists --------------------------------------------------------------------------- */

static bool is_upsert(const struct change *c)
{
	return c->op == TOUCH && c->row->kind->flags & UPSERT;
}

/* TOUCH of an UPSERT kind: makes the row where there is none. */
static enum mongo_outcome touch_or_make(struct mongo_try *t, const struct change *c)
{
	struct change make = { INSERT, c->row };
	struct bulk b = bulk_open(t, c->row->kind->table);
	enum mongo_outcome outcome;

	bulk_add(&b, c);
	outcome = bulk_run(&b);
	if (outcome != MONGO_NOT_HELD)
		return outcome;
	b = bulk_open(t, c->row->kind->table);
	bulk_add(&b, &make);
	outcome = bulk_run(&b);
	return outcome == MONGO_NOT_HELD ? MONGO_TRANSIENT : outcome; /* another just made it */
}

/* The changes of one kind with one verb: one command. */
static enum mongo_outcome run_verb(struct mongo_try *t, const struct change *changes, size_t n,
				   enum change_op op)
{
	struct bulk b = { .t = t, .ok = true };

	for (size_t i = 0; i < n; i++)
		if (changes[i].op == op && !is_upsert(&changes[i])) {
			if (!b.ops)
				b = bulk_open(t, changes->row->kind->table);
			bulk_add(&b, &changes[i]);
		}
	return bulk_run(&b);
}

static enum mongo_outcome run_kind(struct mongo_try *t, const struct change *changes, size_t n)
{
	static const enum change_op verbs[] = { DELETE, UPDATE, TOUCH, INSERT };
	enum mongo_outcome outcome = MONGO_HELD;

	for (size_t i = 0; outcome == MONGO_HELD && i < ARRAY_SIZE(verbs); i++)
		outcome = run_verb(t, changes, n, verbs[i]);
	for (size_t i = 0; outcome == MONGO_HELD && i < n; i++)
		if (is_upsert(&changes[i]))
			outcome = touch_or_make(t, &changes[i]);
	return outcome;
}

enum mongo_outcome mongo_run(struct mongo_try *t, const struct change *changes, size_t n)
{
	enum mongo_outcome outcome;

	if (!t->session)
		return run_alone(t, changes);
	outcome = run_pins(t, changes, n);
	for (size_t i = 0, j; outcome == MONGO_HELD && i < n; i = j) {
		for (j = i + 1; j < n && changes[j].row->kind == changes[i].row->kind; j++)
			;
		outcome = run_kind(t, changes + i, j - i);
	}
	return outcome;
}
