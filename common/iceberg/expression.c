/* SPDX-License-Identifier: Apache-2.0 */
/* expression.c - trees of predicates: read, folded, numbered, written. */
#include "common/iceberg/expression.h"

#include <strings.h>

#include "common/iceberg/predicate.h"
#include "common/text.h"

const struct expr expr_true = { .op = EXPR_TRUE }, expr_false = { .op = EXPR_FALSE };

static const char *const names[] = {
	[EXPR_TRUE] = "true",
	[EXPR_FALSE] = "false",
	[EXPR_AND] = "and",
	[EXPR_OR] = "or",
	[EXPR_IS_NULL] = "is-null",
	[EXPR_NOT_NULL] = "not-null",
	[EXPR_IS_NAN] = "is-nan",
	[EXPR_NOT_NAN] = "not-nan",
	[EXPR_LT] = "lt",
	[EXPR_LT_EQ] = "lt-eq",
	[EXPR_GT] = "gt",
	[EXPR_GT_EQ] = "gt-eq",
	[EXPR_EQ] = "eq",
	[EXPR_NOT_EQ] = "not-eq",
	[EXPR_STARTS_WITH] = "starts-with",
	[EXPR_NOT_STARTS_WITH] = "not-starts-with",
	[EXPR_IN] = "in",
	[EXPR_NOT_IN] = "not-in",
};

static const enum expr_op opposites[] = {
	[EXPR_TRUE] = EXPR_FALSE,
	[EXPR_FALSE] = EXPR_TRUE,
	[EXPR_AND] = EXPR_OR,
	[EXPR_OR] = EXPR_AND,
	[EXPR_IS_NULL] = EXPR_NOT_NULL,
	[EXPR_NOT_NULL] = EXPR_IS_NULL,
	[EXPR_IS_NAN] = EXPR_NOT_NAN,
	[EXPR_NOT_NAN] = EXPR_IS_NAN,
	[EXPR_LT] = EXPR_GT_EQ,
	[EXPR_LT_EQ] = EXPR_GT,
	[EXPR_GT] = EXPR_LT_EQ,
	[EXPR_GT_EQ] = EXPR_LT,
	[EXPR_EQ] = EXPR_NOT_EQ,
	[EXPR_NOT_EQ] = EXPR_EQ,
	[EXPR_STARTS_WITH] = EXPR_NOT_STARTS_WITH,
	[EXPR_NOT_STARTS_WITH] = EXPR_STARTS_WITH,
	[EXPR_IN] = EXPR_NOT_IN,
	[EXPR_NOT_IN] = EXPR_IN,
};

enum expr_op expr_opposite(enum expr_op op)
{
	return opposites[op];
}

const char *expr_name(enum expr_op op)
{
	return names[op];
}

/* The kids of an AND or OR while they are gathered. */
struct list {
	struct cx *cx;
	enum expr_op op;
	const struct expr **items;
	size_t n, cap;
	const struct expr *decided; /* the constant that decides the whole, once it was added */
};

static void push(struct list *l, const struct expr *e)
{
	if (l->n == l->cap) {
		const struct expr **more;

		l->cap = l->cap ? 2 * l->cap : 4;
		more = cx_array(l->cx, l->cap, sizeof(*more));
		if (l->n)
			memcpy(more, l->items, l->n * sizeof(*more));
		l->items = more;
	}
	l->items[l->n++] = e;
}

static void add(struct list *l, const struct expr *e)
{
	enum expr_op deciding = l->op == EXPR_AND ? EXPR_FALSE : EXPR_TRUE;

	if (e->op == deciding)
		l->decided = e->op == EXPR_TRUE ? &expr_true : &expr_false;
	else if (e->op == l->op)
		for (size_t i = 0; i < e->n_kids; i++)
			push(l, e->kids[i]);
	else if (e->op != expr_opposite(deciding))
		push(l, e);
}

static const struct expr *fold(struct list *l)
{
	struct expr *e;

	if (l->decided)
		return l->decided;
	if (l->n == 0)
		return l->op == EXPR_AND ? &expr_true : &expr_false;
	if (l->n == 1)
		return l->items[0];
	e = CX_NEW(l->cx, struct expr);
	*e = (struct expr){ .op = l->op, .kids = l->items, .n_kids = l->n };
	return e;
}

const struct expr *expr_join(struct cx *cx, enum expr_op op, const struct expr **kids, size_t n)
{
	struct list l = { .cx = cx, .op = op };

	for (size_t i = 0; i < n; i++)
		add(&l, kids[i]);
	return fold(&l);
}

/* "lt-eq", "LT_EQ": as Java takes them. */
static bool same_name(const char *text, const char *name)
{
	for (; *text && *name; text++, name++)
		if (strncasecmp(*text == '_' ? "-" : text, name, 1) != 0)
			return false;
	return !*text && !*name;
}

static bool find_op(const char *text, enum expr_op *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (same_name(text, names[i])) {
			*out = (enum expr_op)i;
			return true;
		}
	return false;
}

static enum status read_into(struct predicate_reader *r, struct json_object *json, bool negate,
			     int depth, struct list *into);

/* Both sides of an AND or OR, of `op` after negation. */
static enum status read_sides(struct predicate_reader *r, struct json_object *json, bool negate,
			      int depth, enum expr_op op, struct list *into)
{
	struct list own = { .cx = r->cx, .op = op }, *to = into->op == op ? into : &own;
	enum status s = OK;

	if (!json_has(json, "left") || !json_has(json, "right"))
		return fail(r->cx, INVALID, "filter: Cannot parse \"%s\": missing left or right",
			    json_text(json, "type"));
	s = read_into(r, json_member(json, "left"), negate, depth + 1, to);
	if (!s)
		s = read_into(r, json_member(json, "right"), negate, depth + 1, to);
	if (!s && to == &own)
		add(into, fold(&own));
	return s;
}

static enum status read_constant(struct predicate_reader *r, struct json_object *v, bool negate,
				 struct list *into)
{
	if (!json_object_is_type(v, json_type_boolean))
		return fail(r->cx, INVALID,
			    "filter: Cannot parse expression from non-object: %.80s",
			    json_print(r->cx, v, NULL));
	add(into, (json_object_get_boolean(v) != 0) != negate ? &expr_true : &expr_false);
	return OK;
}

static enum status read_into(struct predicate_reader *r, struct json_object *json, bool negate,
			     int depth, struct list *into)
{
	const char *type = json_text(json, "type");
	const struct expr *leaf = NULL;
	enum expr_op op;
	enum status s;

	if (depth > EXPR_MAX_DEPTH)
		return fail(r->cx, INVALID, "filter: nested deeper than %d", EXPR_MAX_DEPTH);
	if (!json_object_is_type(json, json_type_object))
		return read_constant(r, json, negate, into);
	if (!type)
		return fail(r->cx, INVALID, "filter: Cannot parse missing string: type");
	if (strcasecmp(type, "literal") == 0)
		return read_constant(r, json_member(json, "value"), negate, into);
	if (strcasecmp(type, "not") == 0)
		return read_into(r, json_member(json, "child"), !negate, depth + 1, into);
	if (!find_op(type, &op))
		return fail(r->cx, INVALID, "filter: Invalid operation type: %.80s", type);
	if (op == EXPR_TRUE || op == EXPR_FALSE) {
		add(into, (op == EXPR_TRUE) != negate ? &expr_true : &expr_false);
		return OK;
	}
	if (op == EXPR_AND || op == EXPR_OR)
		return read_sides(r, json, negate, depth, negate ? expr_opposite(op) : op, into);
	s = predicate_read(r, json, op, negate, &leaf);
	if (!s)
		add(into, leaf);
	return s;
}

static int compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Which columns the predicates read, and the place of each one's. */
static void number_columns(const struct predicate_reader *r, struct filter *f)
{
	size_t kept = 0;

	f->n_leaves = r->n_leaves;
	f->columns = cx_array(r->cx, r->n_leaves + 1, sizeof(int));
	for (size_t i = 0; i < r->n_leaves; i++)
		f->columns[i] = r->leaves[i]->term.field->id;
	qsort(f->columns, r->n_leaves, sizeof(int), compare_ints);
	for (size_t i = 0; i < r->n_leaves; i++)
		if (!kept || f->columns[kept - 1] != f->columns[i])
			f->columns[kept++] = f->columns[i];
	f->n_columns = kept;
	for (size_t i = 0; i < r->n_leaves; i++) {
		const int *at = bsearch(&r->leaves[i]->term.field->id, f->columns, kept,
					sizeof(int), compare_ints);

		r->leaves[i]->column = (size_t)(at - f->columns);
	}
}

enum status filter_read(struct cx *cx, struct json_object *json, const struct schema *schema,
			bool case_sensitive, struct filter *out)
{
	struct predicate_reader r = { .cx = cx,
				      .schema = schema,
				      .case_sensitive = case_sensitive };
	struct list all = { .cx = cx, .op = EXPR_AND };
	enum status s = json ? read_into(&r, json, false, 0, &all) : OK;

	*out = (struct filter){ .expr = &expr_true };
	if (s)
		return s;
	out->expr = fold(&all);
	number_columns(&r, out);
	return OK;
}

static struct json_object *term_json(struct cx *cx, const struct term *t)
{
	struct json_object *o;

	if (t->transform.id == TRANSFORM_IDENTITY)
		return json_new_text(cx, t->field->full);
	o = json_new_object(cx);
	json_set_text(o, "type", "transform");
	json_set_text(o, "transform", t->transform.text);
	json_set_text(o, "term", t->field->full);
	return o;
}

static struct json_object *leaf_json(struct cx *cx, const struct expr *e)
{
	struct json_object *o = json_new_object(cx), *not ;
	enum expr_op op = e->or_null ? expr_opposite(e->op) : e->op;

	json_set_text(o, "type", names[op]);
	json_set(o, "term", term_json(cx, &e->term));
	if (op == EXPR_IN || op == EXPR_NOT_IN) {
		struct json_object *values = json_new_array(cx);

		for (size_t i = 0; i < e->n_values; i++)
			json_add(values, literal_json(cx, &e->values[i]));
		json_set(o, "values", values);
	} else if (e->n_values) {
		json_set(o, "value", literal_json(cx, &e->values[0]));
	}
	if (!e->or_null)
		return o;
	not = json_new_object(cx);
	json_set_text(not, "type", "not");
	json_set(not, "child", o);
	return not ;
}

/* Kids from .. to-1 of e as a tree of pairs. */
static struct json_object *pairs_json(struct cx *cx, const struct expr *e, size_t from, size_t to)
{
	struct json_object *o;
	size_t middle = from + (to - from) / 2;

	if (to - from == 1)
		return expr_json(cx, e->kids[from]);
	o = json_new_object(cx);
	json_set_text(o, "type", names[e->op]);
	json_set(o, "left", pairs_json(cx, e, from, middle));
	json_set(o, "right", pairs_json(cx, e, middle, to));
	return o;
}

struct json_object *expr_json(struct cx *cx, const struct expr *e)
{
	if (e->op == EXPR_TRUE || e->op == EXPR_FALSE) {
		struct json_object *o = json_new_object(cx);

		json_set_bool(o, "is", e->op == EXPR_TRUE);
		return json_member(o, "is");
	}
	if (e->op == EXPR_AND || e->op == EXPR_OR)
		return pairs_json(cx, e, 0, e->n_kids);
	return leaf_json(cx, e);
}
