/* SPDX-License-Identifier: Apache-2.0 */
/* sql.c - statement texts from the column tables. */
#include "stores/sql.h"

#include "common/text.h"

#define MAX_STATEMENT_BYTES 16384

/* A statement under construction. */
struct builder {
	struct text text;
	struct sql_statement *to;
};

static void put(struct builder *b, const char *s)
{
	text_add(&b->text, s);
}

static void put_name(struct builder *b, const char *name)
{
	text_addf(&b->text, "\"%s\"", name);
}

static void put_param(struct builder *b, enum sql_source source, const struct column *c)
{
	struct sql_statement *to = b->to;

	if (to->n_params == SQL_MAX_PARAMS)
		abort();
	to->params[to->n_params++] = (struct sql_param){ source, c };
	text_addf(&b->text, "$%zu", to->n_params);
}

/* "name" = $n */
static void put_equal(struct builder *b, const struct column *c)
{
	put_name(b, c->name);
	put(b, " = ");
	put_param(b, SQL_OF_ROW, c);
}

/* WHERE over the first n key columns. */
static void put_where_keys(struct builder *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		put(b, i ? " AND " : " WHERE ");
		put_equal(b, &b->to->shape.kind->columns[i]);
	}
}

/* SELECT version and all columns from number `first` on. */
static void put_select(struct builder *b, size_t first)
{
	const struct kind *k = b->to->shape.kind;

	if (k->n_columns > SQL_MAX_COLUMNS)
		abort();
	put(b, "SELECT \"version\"");
	for (size_t i = first; i < k->n_columns; i++) {
		put(b, ", ");
		put_name(b, k->columns[i].name);
		b->to->results[b->to->n_results++] = &k->columns[i];
	}
	put(b, " FROM ");
	put_name(b, k->table);
}

static void put_version_guard(struct builder *b)
{
	put(b, " AND \"version\" = ");
	put_param(b, SQL_VERSION, NULL);
}

static void build_get(struct builder *b)
{
	const struct kind *k = b->to->shape.kind;

	put_select(b, k->n_keys);
	put_where_keys(b, k->n_keys);
}

static void build_first_after(struct builder *b)
{
	const struct kind *k = b->to->shape.kind;
	const struct column *last = &k->columns[k->n_keys - 1];

	put_select(b, k->n_keys - 1);
	put_where_keys(b, k->n_keys - 1);
	put(b, k->n_keys > 1 ? " AND " : " WHERE ");
	put_name(b, last->name);
	put(b, " > ");
	put_param(b, SQL_OF_ROW, last);
	put(b, " ORDER BY ");
	put_name(b, last->name);
	put(b, " LIMIT 1");
}

/* ("b", "c") > ($3, $4), or < backwards: the key columns from number `first` on. */
static void put_after(struct builder *b, size_t first)
{
	const struct kind *k = b->to->shape.kind;

	put(b, first ? " AND (" : " WHERE (");
	for (size_t i = first; i < k->n_keys; i++) {
		put(b, i > first ? ", " : "");
		put_name(b, k->columns[i].name);
	}
	put(b, b->to->shape.backwards ? ") < (" : ") > (");
	for (size_t i = first; i < k->n_keys; i++) {
		put(b, i > first ? ", " : "");
		put_param(b, SQL_OF_AFTER, &k->columns[i]);
	}
	put(b, ")");
}

/* True where the list is by an indexed column: an asset's id, a metadata file. */
static bool is_lookup(const struct sql_shape *shape)
{
	for (size_t i = 0; i < ARRAY_SIZE(shape->where) && shape->where[i]; i++) {
		const struct column *c = &shape->kind->columns[(shape->where[i] & ~SQL_NULL) - 1];

		if (c->flags & INDEX)
			return true;
	}
	return false;
}

/*
 * ORDER BY the key columns from number `first` on.  Databases like to read the
 * key's index, which is in order, through half the table; where a lookup has
 * more than one of them left, its few rows are rather sorted: an expression
 * leaves no other way.
 */
static void put_order(struct builder *b, size_t first)
{
	const struct kind *k = b->to->shape.kind;
	bool sort = is_lookup(&b->to->shape) && k->n_keys - first > 1;

	for (size_t i = first; i < k->n_keys; i++) {
		put(b, i > first ? ", " : " ORDER BY ");
		put_name(b, k->columns[i].name);
		if (sort)
			put(b, model_is_text(&k->columns[i]) ? " || ''" : " + 0");
		if (b->to->shape.backwards)
			put(b, " DESC");
	}
}

static void build_list(struct builder *b)
{
	const struct sql_shape *shape = &b->to->shape;
	const struct kind *k = shape->kind;
	bool first = !shape->bound && !shape->after;

	put_select(b, shape->bound);
	put_where_keys(b, shape->bound);
	if (shape->after)
		put_after(b, shape->bound);
	for (size_t i = 0; i < ARRAY_SIZE(shape->where) && shape->where[i]; i++) {
		const struct column *c = &k->columns[(shape->where[i] & ~SQL_NULL) - 1];

		put(b, first ? " WHERE " : " AND ");
		first = false;
		if (shape->where[i] & SQL_NULL) {
			put_name(b, c->name);
			put(b, " IS NULL");
		} else {
			put_equal(b, c);
		}
	}
	put_order(b, shape->bound);
	put(b, " LIMIT ");
	put_param(b, SQL_LIMIT, NULL);
}

static void build_insert(struct builder *b)
{
	const struct kind *k = b->to->shape.kind;

	put(b, "INSERT INTO ");
	put_name(b, k->table);
	put(b, " (");
	for (size_t i = 0; i < k->n_columns; i++) {
		put_name(b, k->columns[i].name);
		put(b, ", ");
	}
	put(b, "\"version\") VALUES (");
	for (size_t i = 0; i < k->n_columns; i++) {
		put_param(b, SQL_OF_ROW, &k->columns[i]);
		put(b, ", ");
	}
	put_param(b, SQL_VERSION, NULL);
	put(b, ") ON CONFLICT (");
	for (size_t i = 0; i < k->n_keys; i++) {
		put(b, i ? ", " : "");
		put_name(b, k->columns[i].name);
	}
	put(b, ") DO ");
	if (b->to->shape.verb == SQL_INSERT)
		put(b, "NOTHING");
	else
		text_addf(&b->text, "UPDATE SET \"version\" = \"%s\".\"version\" + 1", k->table);
}

static bool is_left_out(const struct sql_shape *shape, size_t column)
{
	for (size_t i = 0; i < ARRAY_SIZE(shape->where) && shape->where[i]; i++)
		if (shape->where[i] == column + 1)
			return true;
	return false;
}

static void build_update(struct builder *b)
{
	const struct kind *k = b->to->shape.kind;

	put(b, "UPDATE ");
	put_name(b, k->table);
	put(b, " SET \"version\" = \"version\" + 1");
	if (b->to->shape.verb == SQL_UPDATE)
		for (size_t i = k->n_keys; i < k->n_columns; i++) {
			if (is_left_out(&b->to->shape, i))
				continue;
			put(b, ", ");
			put_equal(b, &k->columns[i]);
		}
	put_where_keys(b, k->n_keys);
	if (b->to->shape.verb == SQL_UPDATE)
		put_version_guard(b);
}

static void build_delete(struct builder *b)
{
	put(b, "DELETE FROM ");
	put_name(b, b->to->shape.kind->table);
	put_where_keys(b, b->to->shape.kind->n_keys);
	put_version_guard(b);
}

static void build_require(struct builder *b)
{
	put(b, "SELECT \"version\" FROM ");
	put_name(b, b->to->shape.kind->table);
	put_where_keys(b, b->to->shape.kind->n_keys);
	put_version_guard(b);
}

static void build_touch(struct builder *b)
{
	if (b->to->shape.kind->flags & UPSERT)
		build_insert(b);
	else
		build_update(b);
}

static void build(struct builder *b)
{
	static void (*const builders[])(struct builder *) = {
		[SQL_GET] = build_get,	       [SQL_FIRST_AFTER] = build_first_after,
		[SQL_LIST] = build_list,       [SQL_INSERT] = build_insert,
		[SQL_UPDATE] = build_update,   [SQL_DELETE] = build_delete,
		[SQL_REQUIRE] = build_require, [SQL_TOUCH] = build_touch,
	};

	builders[b->to->shape.verb](b);
}

static struct sql_statement *make(const struct sql_shape *shape)
{
	struct cx cx = { 0 };
	struct builder b = { .text = text_open(&cx, MAX_STATEMENT_BYTES) };

	b.to = calloc(1, sizeof(*b.to));
	if (!b.to)
		abort();
	b.to->shape = *shape;
	build(&b);
	b.to->text = strdup(b.text.s);
	if (b.text.over || !b.to->text)
		abort();
	cx_free(&cx);
	return b.to;
}

static struct sql_statement **bucket(struct sql_cache *cache, const struct sql_shape *shape)
{
	uint64_t words[2];

	_Static_assert(sizeof(*shape) == sizeof(words), "a shape is compared as bytes");
	memcpy(words, shape, sizeof(words));
	words[0] = (words[0] ^ words[1] * 31) * UINT64_C(0x9e3779b97f4a7c15);
	return &cache->buckets[words[0] >> 58];
}

struct sql_statement *sql_statement(struct sql_cache *cache, const struct sql_shape *shape)
{
	struct sql_statement **at = bucket(cache, shape), *s;

	for (s = *at; s; s = s->next)
		if (memcmp(&s->shape, shape, sizeof(*shape)) == 0)
			return s;
	s = make(shape);
	s->next = *at;
	*at = s;
	return s;
}

void sql_clear(struct sql_cache *cache, void (*release)(void *prepared))
{
	for (size_t i = 0; i < ARRAY_SIZE(cache->buckets); i++) {
		while (cache->buckets[i]) {
			struct sql_statement *s = cache->buckets[i];

			cache->buckets[i] = s->next;
			if (s->prepared)
				release(s->prepared);
			free(s->text);
			free(s);
		}
	}
}

static uint8_t shape_where(const struct query *q, const char *name)
{
	const struct column *c = model_column(q->from->kind, name);
	unsigned number = (unsigned)(c - q->from->kind->columns) + 1;

	if (model_is_text(c) && !model_text(q->from, c))
		number |= SQL_NULL;
	return (uint8_t)number;
}

struct sql_shape sql_shape_query(const struct query *q)
{
	struct sql_shape shape = { .kind = q->from->kind,
				   .verb = SQL_LIST,
				   .bound = (uint8_t)q->bound,
				   .after = q->after != NULL };

	shape.backwards = q->backwards;
	for (size_t i = 0; i < ARRAY_SIZE(q->where) && q->where[i]; i++)
		shape.where[i] = shape_where(q, q->where[i]);
	return shape;
}

static bool stays(const struct row *row, const struct column *c)
{
	return model_is_text(c) ? text_same(model_text(row, c), model_text(row->was, c))
				: model_int(row, c) == model_int(row->was, c);
}

/* The indexed columns of an UPDATE that stay as they were. */
static void leave_out(struct sql_shape *shape, const struct row *row)
{
	const struct kind *k = row->kind;
	size_t n = 0;

	for (size_t i = k->n_keys; i < k->n_columns && n < ARRAY_SIZE(shape->where); i++) {
		const struct column *c = &k->columns[i];

		if (c->flags & INDEX && stays(row, c))
			shape->where[n++] = (uint8_t)(i + 1);
	}
}

struct sql_shape sql_shape_change(const struct change *c)
{
	static const uint8_t verbs[] = { [INSERT] = SQL_INSERT,
					 [UPDATE] = SQL_UPDATE,
					 [DELETE] = SQL_DELETE,
					 [REQUIRE] = SQL_REQUIRE,
					 [TOUCH] = SQL_TOUCH };

	struct sql_shape shape = { .kind = c->row->kind, .verb = verbs[c->op] };

	if (c->op == UPDATE && c->row->was && c->row->was->version == c->row->version)
		leave_out(&shape, c->row);
	return shape;
}

struct sql_value sql_value(const struct sql_param *p, const struct sql_call *call)
{
	const struct row *row = p->source == SQL_OF_AFTER ? call->after : call->row;

	if (p->source == SQL_LIMIT)
		return (struct sql_value){ .number = call->limit };
	if (p->source == SQL_VERSION)
		return (struct sql_value){ .number = row->version };
	if (model_is_text(p->column))
		return (struct sql_value){ .is_text = true, .text = model_text(row, p->column) };
	return (struct sql_value){ .number = model_int(row, p->column) };
}
