/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - what every store needs before its driver: checks, order, versions, secrets. */
#include "stores/store.h"

#include <unistd.h>

#include "common/seal.h"
#include "common/text.h"
#include "stores/migrate.h"
#include "stores/mongo.h"
#include "stores/postgres.h"
#include "stores/rows.h"
#include "stores/sqlite.h"

#define MAX_KEY_BYTES 1024
#define MAX_LIMIT 10000
#define RETRY_US 20000
#define PAGE 1000 /* of what is read whole */

static const struct {
	const char *scheme;
	const struct store_ops *ops;
} stores[] = {
	{ "sqlite", &sqlite_store },	   { "memory", &memory_store },
	{ "postgresql", &postgres_store }, { "postgres", &postgres_store },
	{ "mongodb", &mongo_store },	   { "mongodb+srv", &mongo_store },
};

/* --- open --------------------------------------------------------------------- */

static const struct store_ops *ops_of(const char *url)
{
	for (size_t i = 0; i < ARRAY_SIZE(stores); i++) {
		size_t n = strlen(stores[i].scheme);

		if (strncmp(url, stores[i].scheme, n) == 0 && url[n] == ':')
			return stores[i].ops;
	}
	return NULL;
}

enum status store_open(struct cx *cx, const char *url, const char *key_path, bool migrating,
		       struct store **out)
{
	const struct store_ops *ops;
	struct seal *seal = NULL;
	enum status s = OK;

	url = url && *url ? url : "memory:";
	ops = ops_of(url);
	if (!ops)
		return fail(cx, INVALID,
			    "DATABASE_URL: no store of that kind (sqlite:, postgresql:, mongodb:, "
			    "memory:)");
	if (key_path)
		s = seal_open(cx, key_path, &seal);
	if (!s)
		s = ops->open(cx, url, migrating, out);
	if (s) {
		seal_close(seal);
		return s;
	}
	(*out)->seal = seal;
	return OK;
}

void store_close(struct store *st)
{
	struct seal *seal = st ? st->seal : NULL;

	if (st)
		st->ops->close(st);
	seal_close(seal);
}

enum status store_migrate(struct cx *cx, struct store *st, int64_t *from, int64_t *to)
{
	return st->ops->migrate(cx, st, from, to);
}

int64_t store_program(void)
{
	return migrate_program();
}

bool store_is_ephemeral(const struct store *st)
{
	return st->ephemeral;
}

/* --- messages ----------------------------------------------------------------- */

/* "service user \"etl\"": the kind and its last text key. */
static const char *row_name(struct cx *cx, const struct row *row)
{
	char *kind = cx_strdup(cx, row->kind->name);
	const char *name = "";

	for (char *c = kind; *c; c++)
		if (*c == '_')
			*c = ' ';
	for (size_t i = 0; i < row->kind->n_keys; i++)
		if (model_is_text(&row->kind->columns[i]))
			name = model_text(row, &row->kind->columns[i]);
	return cx_printf(cx, "%s \"%s\"", kind, name);
}

/* --- checks ------------------------------------------------------------------- */

static enum status check_text(struct cx *cx, const struct row *row, const struct column *c)
{
	const char *s = model_text(row, c);

	if (s && !text_is_utf8(s, strlen(s)))
		return fail(cx, INVALID, "%s of a %s is not UTF-8", c->name, row->kind->name);
	return OK;
}

/* The first n key columns. */
static enum status check_key(struct cx *cx, const struct row *row, size_t n)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++) {
		const struct column *c = &row->kind->columns[i];
		enum status s;

		if (!model_is_text(c))
			continue;
		if (!model_text(row, c))
			return fail(cx, INTERNAL, "%s of a %s is not set", c->name,
				    row->kind->name);
		s = check_text(cx, row, c);
		if (s)
			return s;
		bytes += strlen(model_text(row, c));
	}
	if (bytes > MAX_KEY_BYTES)
		return fail(cx, INVALID, "the names of a %s are longer than %d bytes together",
			    row->kind->name, MAX_KEY_BYTES);
	return OK;
}

static enum status check_columns(struct cx *cx, const struct row *row)
{
	enum status s = OK;

	for (size_t i = row->kind->n_keys; !s && i < row->kind->n_columns; i++)
		if (model_is_text(&row->kind->columns[i]))
			s = check_text(cx, row, &row->kind->columns[i]);
	return s;
}

enum status store_check_row(struct cx *cx, const struct row *row)
{
	enum status s = check_key(cx, row, row->kind->n_keys);

	return s ? s : check_columns(cx, row);
}

static bool writes_columns(const struct change *c)
{
	return c->op == INSERT || c->op == UPDATE;
}

static enum status check_change(struct cx *cx, const struct change *c)
{
	enum status s = writes_columns(c) ? store_check_row(cx, c->row)
					  : check_key(cx, c->row, c->row->kind->n_keys);

	if (!s && c->op == REQUIRE && !(c->row->kind->flags & PINNED))
		return fail(cx, INTERNAL, "REQUIRE of a %s, which is not PINNED",
			    c->row->kind->name);
	return s;
}

/* --- secrets ------------------------------------------------------------------ */

/* In a form that no other place shares. */
const char *store_secret_place(struct cx *cx, const struct row *row, const struct column *c)
{
	struct text t = text_open(cx, 4 * MAX_KEY_BYTES);

	text_addf(&t, "%s.%s", row->kind->table, c->name);
	for (size_t i = 0; i < row->kind->n_keys; i++) {
		const struct column *k = &row->kind->columns[i];

		if (model_is_text(k))
			text_addf(&t, "/%zu:%s", strlen(model_text(row, k)), model_text(row, k));
		else
			text_addf(&t, "/%lld", (long long)model_int(row, k));
	}
	return t.s;
}

static enum status seal_row(struct cx *cx, const struct store *st, const struct change *c,
			    struct row *copy)
{
	for (size_t i = 0; i < copy->kind->n_columns; i++) {
		const struct column *column = &copy->kind->columns[i];
		const char *plain;

		if (!(column->flags & SECRET))
			continue;
		plain = model_text(copy, column);
		if (st->sealed) {
			if (plain && !seal_is_sealed(plain))
				return fail(cx, INTERNAL, "a secret of %s is not sealed",
					    row_name(cx, copy));
			continue;
		}
		if (!st->seal && (plain || c->op == UPDATE))
			return fail(cx, INTERNAL,
				    "%s has secrets, and this process has no storage key",
				    row_name(cx, copy));
		if (plain)
			model_set_text(copy, column,
				       seal_text(cx, st->seal, store_secret_place(cx, copy, column),
						 plain));
	}
	return OK;
}

static enum status unseal_row(struct cx *cx, const struct store *st, struct row *row)
{
	for (size_t i = 0; !st->sealed && i < row->kind->n_columns; i++) {
		const struct column *c = &row->kind->columns[i];
		char *plain = NULL;

		if (!(c->flags & SECRET) || !model_text(row, c))
			continue;
		if (st->seal && seal_open_text(cx, st->seal, store_secret_place(cx, row, c),
					       model_text(row, c), &plain))
			return fail(cx, INTERNAL, "%s, %s: %s", row_name(cx, row), c->name,
				    cx_strdup(cx, cx->message));
		model_set_text(row, c, plain);
	}
	return OK;
}

/* --- get and list ------------------------------------------------------------- */

enum status store_get_all(struct cx *cx, struct store *st, struct row **rows, size_t n)
{
	enum status s = OK;

	for (size_t i = 0; !s && i < n; i++)
		s = check_key(cx, rows[i], rows[i]->kind->n_keys);
	if (!s && !cx_left_ms(cx))
		s = fail(cx, UNAVAILABLE, "past the deadline");
	if (!s && n)
		s = st->ops->get(cx, st, rows, n);
	for (size_t i = 0; !s && i < n; i++)
		if (rows[i]->version && model_has(rows[i]->kind, SECRET))
			s = unseal_row(cx, st, rows[i]);
	return s;
}

enum status store_get(struct cx *cx, struct store *st, struct row *row)
{
	enum status s = store_get_all(cx, st, &row, 1);

	if (!s && !row->version)
		return fail(cx, NOT_FOUND, "no %s", row_name(cx, row));
	return s;
}

static enum status check_query(struct cx *cx, const struct query *q)
{
	enum status s;

	if (q->limit < 1 || q->limit > MAX_LIMIT)
		return fail(cx, INTERNAL, "query of %s: limit %zu", q->from->kind->table, q->limit);
	s = query_check(cx, q);
	if (s)
		return s;
	if (!cx_left_ms(cx))
		return fail(cx, UNAVAILABLE, "past the deadline");
	s = check_key(cx, q->from, q->bound);
	return s || !q->after ? s : check_key(cx, q->after, q->after->kind->n_keys);
}

enum status store_list(struct cx *cx, struct store *st, const struct query *q, struct rows *out)
{
	const struct kind *k = q->from->kind;
	enum status s = check_query(cx, q);

	if (!s)
		s = st->ops->list(cx, st, q, out);
	if (s || !model_has(k, SECRET))
		return s;
	for (size_t i = 0; !s && i < out->n; i++)
		s = unseal_row(cx, st, (struct row *)((char *)out->items + i * k->size));
	return s;
}

enum status store_list_all(struct cx *cx, struct store *st, const struct query *q, struct rows *out)
{
	struct row_array all = { .kind = q->from->kind };
	struct query next = *q;
	struct rows page;

	*out = (struct rows){ 0 };
	next.limit = PAGE;
	do {
		enum status s = store_list(cx, st, &next, &page);

		if (s)
			return s;
		for (size_t i = 0; i < page.n; i++) {
			next.after = (struct row *)((char *)page.items + i * all.kind->size);
			memcpy(rows_next(cx, &all), next.after, all.kind->size);
		}
	} while (page.n == PAGE);
	*out = (struct rows){ all.n, all.items };
	return OK;
}

enum status store_hold(struct cx *cx, struct store *st, bool on)
{
	if (!st->ops->hold)
		return fail(cx, UNSUPPORTED, "this store can't show one moment for long");
	return st->ops->hold(cx, st, on);
}

enum status store_backup(struct cx *cx, struct store *st, const char *path,
			 bool (*tick)(void *arg, int64_t done), void *arg)
{
	if (!st->ops->backup)
		return fail(cx, UNSUPPORTED,
			    "only SQLite's file is backed up so: use the database's own tools "
			    "(pg_dump), or `pangolin export`");
	return st->ops->backup(cx, st, path, tick, arg);
}

/* --- apply -------------------------------------------------------------------- */

/* A list as its store gets it: sorted, checked, sealed. */
struct list {
	struct change *changes;
	size_t *from; /* changes[i] is the caller's number from[i] */
	size_t n;
};

static int compare_changes(const void *a, const void *b, void *arg)
{
	const struct change *changes = arg;
	const struct row *x = changes[*(const size_t *)a].row, *y = changes[*(const size_t *)b].row;

	return x->kind == y->kind ? model_compare(x, y) : strcmp(x->kind->table, y->kind->table);
}

/* The change as the store gets it: with its own copy of the row where that differs. */
static enum status prepare_change(struct cx *cx, const struct store *st, const struct change *c,
				  struct change *out)
{
	const struct kind *k = c->row->kind;
	bool secret = writes_columns(c) && model_has(k, SECRET);
	bool fresh = c->op == INSERT || (c->op == TOUCH && k->flags & UPSERT);

	*out = *c;
	if (!secret && !fresh)
		return OK;
	out->row = cx_alloc(cx, k->size);
	memcpy(out->row, c->row, k->size);
	if (fresh)
		out->row->version = text_random62();
	return secret ? seal_row(cx, st, c, out->row) : OK;
}

static enum status make_list(struct cx *cx, const struct store *st, struct change *changes,
			     size_t n, struct list *out)
{
	enum status s = OK;

	*out = (struct list){ cx_array(cx, n, sizeof(*changes)), cx_array(cx, n, sizeof(size_t)),
			      n };
	for (size_t i = 0; !s && i < n; i++) {
		out->from[i] = i;
		s = check_change(cx, &changes[i]);
	}
	if (s)
		return s;
	qsort_r(out->from, n, sizeof(size_t), compare_changes, changes);
	for (size_t i = 0; !s && i < n; i++) {
		if (i && !compare_changes(&out->from[i - 1], &out->from[i], changes))
			return fail(cx, INTERNAL, "a list names %s twice",
				    row_name(cx, changes[out->from[i]].row));
		s = prepare_change(cx, st, &changes[out->from[i]], &out->changes[i]);
	}
	return s;
}

/*
 * After a try of unknown outcome: did it land?  A row it INSERTed has the
 * version we drew for it, or a little more where it was changed since.
 */
static enum status landed(struct cx *cx, struct store *st, const struct list *list, bool *yes)
{
	*yes = false;
	for (size_t i = 0; i < list->n; i++) {
		const struct row *mine = list->changes[i].row;
		struct row *found;
		enum status s;

		if (list->changes[i].op != INSERT)
			continue;
		found = cx_alloc(cx, mine->kind->size);
		memcpy(found, mine, mine->kind->size);
		found->first_after = false;
		s = st->ops->get(cx, st, &found, 1);
		if (s)
			return s;
		*yes = found->version >= mine->version && found->version - mine->version < 1 << 20;
		if (*yes)
			return OK;
	}
	return OK;
}

static bool has_insert(const struct list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->changes[i].op == INSERT)
			return true;
	return false;
}

/*
 * Runs the list until its outcome is known, or can't be any more.  A later try that is
 * refused may have met the first one's own rows; only a list that INSERTs can tell.
 */
static enum status run_list(struct cx *cx, struct store *st, const struct list *list,
			    size_t *failed)
{
	enum status s = st->ops->apply(cx, st, list->changes, list->n, failed);
	const char *why = s == UNKNOWN ? cx_strdup(cx, cx->message) : NULL;
	bool yes = false, open = why;

	while (open && cx_left_ms(cx) > RETRY_US / 1000) {
		bool refused = s == EXISTS || s == CONFLICT;

		if (refused && !landed(cx, st, list, &yes))
			return yes ? OK : s;
		usleep(RETRY_US);
		s = st->ops->apply(cx, st, list->changes, list->n, failed);
		refused = s == EXISTS || s == CONFLICT;
		open = s == UNKNOWN || s == UNAVAILABLE || (refused && has_insert(list));
	}
	return why && s ? fail(cx, UNKNOWN, "%s", why) : s;
}

/* What the store now has, told to the caller's rows. */
static void give_versions(struct change *changes, const struct list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct change *c = &changes[list->from[i]];

		if (c->op == INSERT)
			c->row->version = list->changes[i].row->version;
		else if (c->op == UPDATE || (c->op == TOUCH && c->row->version))
			c->row->version++;
	}
}

/* Room for the list and its rider. */
static struct change *add_rider(struct cx *cx, const struct rider *rider,
				const struct change *changes, size_t n)
{
	struct change *all = cx_array(cx, n + 1, sizeof(*all));

	memcpy(all, changes, n * sizeof(*all));
	all[n] = rider->change;
	return all;
}

static enum status apply(struct cx *cx, struct store *st, struct change *changes, size_t n,
			 size_t *failed)
{
	struct list list;
	size_t at = 0;
	enum status s = make_list(cx, st, changes, n, &list);

	if (!s && !cx_left_ms(cx))
		s = fail(cx, UNAVAILABLE, "past the deadline");
	if (s)
		return s;
	s = run_list(cx, st, &list, &at);
	if (s == OK)
		give_versions(changes, &list);
	if (s != EXISTS && s != CONFLICT)
		return s;
	*failed = list.from[at];
	return fail(cx, s, s == EXISTS ? "%s exists already" : "%s was changed by another request",
		    row_name(cx, list.changes[at].row));
}

enum status store_apply(struct cx *cx, struct store *st, struct change *changes, size_t n,
			size_t *failed)
{
	struct rider *rider = st->rider && !st->rider->spent ? st->rider : NULL;
	size_t at = 0;
	enum status s;

	if (n > STORE_MAX_CHANGES)
		return fail(cx, INVALID, "%zu changes in one request: at most %d are possible", n,
			    STORE_MAX_CHANGES);
	if (!n)
		return OK;
	if (rider)
		s = apply(cx, st, add_rider(cx, rider, changes, n), n + 1, &at);
	else
		s = apply(cx, st, changes, n, &at);
	if (rider && s == OK)
		rider->spent = true;
	if (s != EXISTS && s != CONFLICT)
		return s;
	if (rider && at == n) {
		rider->met = true;
		return fail(cx, INVALID, "the same request was faster");
	}
	if (failed)
		*failed = at;
	return s;
}
