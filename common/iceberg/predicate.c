/* SPDX-License-Identifier: Apache-2.0 */
/* predicate.c - both forms of predicates; columns, transforms and values bound to the schema. */
#include "common/iceberg/predicate.h"

#include <stdio.h>
#include <strings.h>

#include "common/text.h"

/* What a predicate's JSON has, in either form. */
struct parts {
	enum expr_op op;
	struct json_object *term;
	bool old;		   /* the term is in its older form: a text is a column's name */
	struct json_object *value; /* one, or the list */
};

static enum status broken(struct predicate_reader *r, enum expr_op op, const char *why)
{
	return fail(r->cx, INVALID, "filter: Cannot parse \"%s\" predicate: %s", expr_name(op),
		    why);
}

static bool is_kind(struct json_object *v, const char *kind)
{
	const char *type = json_text(v, "type");

	return type && strcasecmp(type, kind) == 0;
}

static bool is_literal(struct json_object *v)
{
	return !json_object_is_type(v, json_type_object) || is_kind(v, "literal");
}

static enum expr_op mirrored(enum expr_op op)
{
	switch (op) {
	case EXPR_LT:
		return EXPR_GT;
	case EXPR_LT_EQ:
		return EXPR_GT_EQ;
	case EXPR_GT:
		return EXPR_LT;
	case EXPR_GT_EQ:
		return EXPR_LT_EQ;
	default:
		return op;
	}
}

/* {left, right}: one is a literal. */
static enum status compared_parts(struct predicate_reader *r, struct json_object *json,
				  struct parts *p)
{
	struct json_object *left = json_member(json, "left"), *right = json_member(json, "right");

	if (!json_has(json, "left") || !json_has(json, "right"))
		return broken(r, p->op, "missing left or right");
	if (is_literal(left) && is_literal(right))
		return fail(r->cx, UNSUPPORTED, "filter: \"%s\" compares two values",
			    expr_name(p->op));
	if (!is_literal(left) && !is_literal(right))
		return fail(r->cx, UNSUPPORTED,
			    "filter: \"%s\" compares two columns; one side must be a value",
			    expr_name(p->op));
	p->term = is_literal(left) ? right : left;
	p->value = is_literal(left) ? left : right;
	if (is_literal(left) && p->op >= EXPR_STARTS_WITH)
		return fail(r->cx, UNSUPPORTED, "filter: \"%s\" of a value", expr_name(p->op));
	if (is_literal(left))
		p->op = mirrored(p->op);
	return OK;
}

static enum status read_parts(struct predicate_reader *r, struct json_object *json, struct parts *p)
{
	bool set = p->op == EXPR_IN || p->op == EXPR_NOT_IN, unary = p->op <= EXPR_NOT_NAN;

	if (!unary && !set && (json_has(json, "left") || json_has(json, "right")))
		return compared_parts(r, json, p);
	p->old = json_has(json, "term");
	p->term = json_member(json, p->old ? "term" : "child");
	p->value = json_member(json, set ? "values" : "value");
	if (!p->term)
		return broken(r, p->op, "missing term");
	if (!set && json_has(json, "values"))
		return broken(r, p->op, "has invalid values field");
	if ((set || unary) && json_has(json, "value"))
		return broken(r, p->op, "has invalid value field");
	if (set && !json_has(json, "values"))
		return broken(r, p->op, "missing values");
	if (!set && !unary && !json_has(json, "value"))
		return broken(r, p->op, "missing value");
	return OK;
}

/* The field of that name whatever the case of its ASCII letters; INVALID where two have it. */
static enum status find_any_case(struct predicate_reader *r, const char *name,
				 const struct schema_field **out)
{
	for (size_t i = 0; i < r->schema->n; i++) {
		const struct schema_field *f = &r->schema->fields[i];

		if (strcasecmp(f->full, name) != 0)
			continue;
		if (*out)
			return fail(r->cx, INVALID,
				    "filter: field '%s' is ambiguous without case: %s and %s", name,
				    (*out)->full, f->full);
		*out = f;
	}
	return OK;
}

static enum status bind_name(struct predicate_reader *r, const char *name,
			     const struct schema_field **out)
{
	enum status s = OK;

	if (r->case_sensitive)
		*out = schema_find_name(r->schema, name);
	else
		s = find_any_case(r, name, out);
	if (!s && !*out)
		return fail(r->cx, INVALID, "filter: Cannot find field '%.200s' in the schema",
			    name);
	return s;
}

/* A column's reference: its name, or an object of it or its id. */
static enum status bind_reference(struct predicate_reader *r, struct json_object *v, bool old,
				  const struct schema_field **out)
{
	const char *name = json_text(v, "name") ? json_text(v, "name") : json_text(v, "term");
	struct json_object *id = json_member(v, "id");
	enum status s;

	*out = NULL;
	if (old && json_object_is_type(v, json_type_string))
		name = json_object_get_string(v);
	else if (!is_kind(v, "reference"))
		return fail(r->cx, INVALID, "filter: Cannot parse reference: %.80s",
			    json_print(r->cx, v, NULL));
	if (!name && !json_object_is_type(id, json_type_int))
		return fail(r->cx, INVALID, "filter: a reference without a name: %.80s",
			    json_print(r->cx, v, NULL));
	if (name) {
		s = bind_name(r, name, out);
		if (s)
			return s;
	} else {
		*out = schema_find(r->schema, json_object_get_int64(id));
		if (!*out)
			return fail(r->cx, INVALID, "filter: Cannot find field with id %lld",
				    (long long)json_object_get_int64(id));
	}
	for (int p = (*out)->parent; p >= 0; p = r->schema->fields[p].parent)
		if (r->schema->fields[p].type.id != TYPE_STRUCT)
			return fail(r->cx, INVALID, "filter: field '%s' lies within a %s",
				    (*out)->full, r->schema->fields[p].type.text);
	return OK;
}

/* The name of a function of Iceberg's own: "day", ["day"], {"catalog", "identifier": ["day"]}. */
static const char *function_name(struct json_object *v)
{
	const char *catalog = json_text(v, "catalog");

	if (json_object_is_type(v, json_type_object)) {
		if (json_has(v, "catalog") && !text_same(catalog, "iceberg_functions"))
			return NULL;
		v = json_member(v, "identifier");
	}
	if (json_object_is_type(v, json_type_array) && json_object_array_length(v) == 1)
		v = json_object_array_get_idx(v, 0);
	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

/* {apply, function, arguments} of a transform: its text and the column. */
static enum status read_apply(struct predicate_reader *r, struct json_object *v, const char **text,
			      struct json_object **column)
{
	struct json_object *arguments = NULL;
	const char *name = function_name(json_member(v, "function"));
	enum status s = json_get_array(r->cx, v, "filter", "arguments", &arguments);
	size_t n = s ? 0 : json_object_array_length(arguments);
	bool wide = name && (strcmp(name, "bucket") == 0 || strcmp(name, "truncate") == 0);

	if (s)
		return s;
	if (!name || n != (wide ? 2 : 1))
		return fail(r->cx, UNSUPPORTED, "filter: a function that is no transform: %.80s",
			    json_print(r->cx, v, NULL));
	*column = json_object_array_get_idx(arguments, n - 1);
	*text = name;
	if (wide) {
		struct json_object *width = json_object_array_get_idx(arguments, 0);

		if (is_kind(width, "literal"))
			width = json_member(width, "value");
		*text = cx_printf(r->cx, "%s[%.20s]", name, json_print(r->cx, width, NULL));
	}
	if (!is_kind(*column, "reference"))
		return fail(r->cx, UNSUPPORTED, "filter: %s of what is no column", name);
	return OK;
}

static enum status bind_term(struct predicate_reader *r, const struct parts *p, struct term *out)
{
	struct json_object *column = p->term;
	const char *text = "identity";
	enum status s = OK;

	if (is_kind(p->term, "transform")) {
		s = json_get_text(r->cx, p->term, "filter", "transform", &text);
		column = json_member(p->term, "term");
	} else if (is_kind(p->term, "apply")) {
		s = read_apply(r, p->term, &text, &column);
	}
	if (!s)
		s = bind_reference(r, column, p->old, &out->field);
	if (!s)
		s = transform_parse(r->cx, text, &out->transform);
	if (s)
		return s;
	out->type = out->field->type;
	if (out->transform.id == TRANSFORM_UNKNOWN || out->transform.id == TRANSFORM_VOID)
		return fail(r->cx, UNSUPPORTED, "filter: cannot evaluate transform: %.80s", text);
	if (out->transform.id != TRANSFORM_IDENTITY &&
	    !transform_result(&out->transform, &out->field->type, &out->type))
		return fail(r->cx, INVALID, "filter: Invalid source type %s for transform: %s",
			    out->field->type.text, out->transform.text);
	return OK;
}

/* The column and all it lies in are required. */
static bool never_null(const struct predicate_reader *r, const struct schema_field *f)
{
	while (f->required && f->parent >= 0)
		f = &r->schema->fields[f->parent];
	return f->required;
}

static bool is_float(const struct type *t)
{
	return t->id == TYPE_FLOAT || t->id == TYPE_DOUBLE;
}

static enum status new_leaf(struct predicate_reader *r, enum expr_op op, const struct term *term,
			    struct expr **out)
{
	if (r->n_leaves >= EXPR_MAX_LEAVES)
		return fail(r->cx, INVALID, "filter: more than %d predicates", EXPR_MAX_LEAVES);
	if (r->n_leaves == r->cap) {
		struct expr **more;

		r->cap = r->cap ? 2 * r->cap : 16;
		more = cx_array(r->cx, r->cap, sizeof(struct expr *));
		if (r->n_leaves)
			memcpy(more, r->leaves, r->n_leaves * sizeof(struct expr *));
		r->leaves = more;
	}
	*out = CX_NEW(r->cx, struct expr);
	**out = (struct expr){ .op = op, .term = *term, .leaf = r->n_leaves };
	r->leaves[r->n_leaves++] = *out;
	return OK;
}

static const struct expr *constant(bool yes)
{
	return yes ? &expr_true : &expr_false;
}

/* is-null, not-null, is-nan, not-nan. */
static enum status read_unary(struct predicate_reader *r, enum expr_op op, const struct term *term,
			      const struct expr **out)
{
	bool yes = op == EXPR_IS_NULL || op == EXPR_IS_NAN, nan = op >= EXPR_IS_NAN;
	struct expr *leaf = NULL;
	enum status s;

	if (nan && !is_float(&term->type)) {
		*out = constant(!yes);
		return OK;
	}
	if (!nan && (never_null(r, term->field) || term->type.id == TYPE_UNKNOWN)) {
		*out = constant(yes == (term->type.id == TYPE_UNKNOWN));
		return OK;
	}
	s = new_leaf(r, op, term, &leaf);
	*out = leaf;
	return s;
}

static enum status read_value(struct predicate_reader *r, const struct term *term,
			      struct json_object *v, struct literal *out, enum literal_fit *fit)
{
	char where[128];

	snprintf(where, sizeof(where), "filter: field '%.100s'", term->field->full);
	if (++r->n_values > EXPR_MAX_VALUES)
		return fail(r->cx, INVALID, "filter: more than %d values", EXPR_MAX_VALUES);
	if (json_object_is_type(v, json_type_object)) {
		if (!is_kind(v, "literal"))
			return fail(r->cx, INVALID, "%s: Cannot parse type as a literal: %.80s",
				    where, json_print(r->cx, v, NULL));
		v = json_member(v, "value");
	}
	return literal_from_json(r->cx, &term->type, where, v, out, fit);
}

/* A value that the type does not have makes the predicate constant, or moves it to the next one. */
static const struct expr *fold(enum expr_op *op, enum literal_fit fit)
{
	bool less = *op == EXPR_LT || *op == EXPR_LT_EQ,
	     greater = *op == EXPR_GT || *op == EXPR_GT_EQ;

	if (fit == FIT_EXACT)
		return NULL;
	if (!less && !greater)
		return constant(*op == EXPR_NOT_EQ);
	if (fit != FIT_BETWEEN)
		return constant(less == (fit == FIT_ABOVE));
	*op = less ? EXPR_LT_EQ : EXPR_GT;
	return NULL;
}

static enum status read_compared(struct predicate_reader *r, const struct parts *p, bool negate,
				 const struct term *term, const struct expr **out)
{
	enum expr_op op = negate ? expr_opposite(p->op) : p->op;
	struct literal *value = CX_NEW(r->cx, struct literal);
	struct expr *leaf = NULL;
	enum literal_fit fit;
	enum status s;

	if (op >= EXPR_STARTS_WITH && term->type.id != TYPE_STRING)
		return fail(r->cx, INVALID, "filter: Term for \"%s\" must produce a string: %s: %s",
			    expr_name(op), term->field->full, term->type.text);
	s = read_value(r, term, p->value, value, &fit);
	*out = s ? NULL : fold(&op, fit);
	if (s || *out)
		return s;
	s = new_leaf(r, op, term, &leaf);
	*out = leaf;
	if (s)
		return s;
	leaf->values = value;
	leaf->n_values = 1;
	leaf->or_null = negate && op <= EXPR_GT_EQ &&
			(!never_null(r, term->field) || is_float(&term->type));
	return OK;
}

static int compare_values(const void *a, const void *b)
{
	return literal_compare(a, b);
}

/* Reads those that the type has, in order, none twice. */
static enum status read_values(struct predicate_reader *r, const struct term *term,
			       struct json_object *list, struct literal **out, size_t *n)
{
	struct literal *values;
	size_t count, read = 0;

	if (is_kind(list, "literals"))
		list = json_member(list, "values");
	if (!json_object_is_type(list, json_type_array))
		return fail(r->cx, INVALID, "filter: Cannot parse literals from non-array: %.80s",
			    json_print(r->cx, list, NULL));
	count = json_object_array_length(list);
	if (count > EXPR_MAX_VALUES)
		return fail(r->cx, INVALID, "filter: more than %d values", EXPR_MAX_VALUES);
	values = cx_array(r->cx, count + 1, sizeof(*values));
	for (size_t i = 0; i < count; i++) {
		enum literal_fit fit;
		enum status s = read_value(r, term, json_object_array_get_idx(list, i),
					   &values[read], &fit);

		if (s)
			return s;
		read += fit == FIT_EXACT;
	}
	qsort(values, read, sizeof(*values), compare_values);
	*n = 0;
	for (size_t i = 0; i < read; i++)
		if (!*n || literal_compare(&values[*n - 1], &values[i]) != 0)
			values[(*n)++] = values[i];
	*out = values;
	return OK;
}

static enum status read_set(struct predicate_reader *r, const struct parts *p, bool negate,
			    const struct term *term, const struct expr **out)
{
	enum expr_op op = negate ? expr_opposite(p->op) : p->op;
	struct literal *values = NULL;
	struct expr *leaf = NULL;
	size_t n = 0;
	enum status s = read_values(r, term, p->value, &values, &n);

	if (s)
		return s;
	if (n == 0) {
		*out = constant(op == EXPR_NOT_IN);
		return OK;
	}
	if (n == 1)
		op = op == EXPR_IN ? EXPR_EQ : EXPR_NOT_EQ;
	s = new_leaf(r, op, term, &leaf);
	*out = leaf;
	if (s)
		return s;
	leaf->values = values;
	leaf->n_values = n;
	return OK;
}

enum status predicate_read(struct predicate_reader *r, struct json_object *json, enum expr_op op,
			   bool negate, const struct expr **out)
{
	struct parts p = { .op = op };
	struct term term = { 0 };
	enum status s = read_parts(r, json, &p);

	if (!s)
		s = bind_term(r, &p, &term);
	if (s)
		return s;
	if (op <= EXPR_NOT_NAN)
		return read_unary(r, negate ? expr_opposite(op) : op, &term, out);
	if (op == EXPR_IN || op == EXPR_NOT_IN)
		return read_set(r, &p, negate, &term, out);
	return read_compared(r, &p, negate, &term, out);
}
