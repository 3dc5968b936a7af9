/* SPDX-License-Identifier: Apache-2.0 */
/* project.c - predicates through transforms, as Iceberg's ProjectionUtil does it. */
#include "common/iceberg/project.h"

static int compare_values(const void *a, const void *b)
{
	return literal_compare(a, b);
}

/* A set in order, none twice; a set of one is an equality. */
static void set_values(struct test *t, struct literal *values, size_t n, bool negated)
{
	size_t kept = 0;

	qsort(values, n, sizeof(*values), compare_values);
	for (size_t i = 0; i < n; i++)
		if (!kept || literal_compare(&values[kept - 1], &values[i]) != 0)
			values[kept++] = values[i];
	t->values = values;
	t->n_values = kept;
	if (kept == 1)
		t->op = negated ? EXPR_NOT_EQ : EXPR_EQ;
	else
		t->op = negated ? EXPR_NOT_IN : EXPR_IN;
}

/* The values transformed; with `early`, negative ones also one later: writers of Iceberg 0.10 and
 * before gave dates before 1970 so. */
static void transform_set(struct cx *cx, const struct expr *leaf, const struct transform *f,
			  bool early, struct test *out)
{
	struct literal *values = cx_array(cx, 2 * leaf->n_values, sizeof(*values));
	size_t n = 0;

	for (size_t i = 0; i < leaf->n_values; i++) {
		values[n++] = transform_apply(f, &leaf->term.field->type, &leaf->values[i]);
		if (early && values[n - 1].n < 0) {
			values[n] = values[n - 1];
			values[n++].n++;
		}
	}
	set_values(out, values, n, leaf->op == EXPR_NOT_EQ || leaf->op == EXPR_NOT_IN);
}

/* v + step in the smallest steps of its type; false past the end of 64 bits. */
static bool move(const struct literal *v, int step, struct literal *out)
{
	*out = *v;
	if (v->type == TYPE_DECIMAL) {
		out->unscaled += step;
		return true;
	}
	return !__builtin_add_overflow(v->n, step, &out->n);
}

/*
 * Orderings of whole numbers, f rounding down: x < b is x <= b-1, so f(x) <= f(b-1), and
 * f(x) < f(b) makes x < b sure.
 */
static bool order_whole(const struct expr *leaf, bool strict, struct literal *boundary,
			enum expr_op *op)
{
	bool less = leaf->op == EXPR_LT || leaf->op == EXPR_LT_EQ;
	bool closed = leaf->op == EXPR_LT_EQ || leaf->op == EXPR_GT_EQ;
	int step = less ? -1 : 1;

	if (strict)
		*op = less ? EXPR_LT : EXPR_GT;
	else
		*op = less ? EXPR_LT_EQ : EXPR_GT_EQ;
	if (strict != closed) {
		*boundary = leaf->values[0];
		return true;
	}
	return move(&leaf->values[0], strict ? -step : step, boundary);
}

static bool project_order(struct cx *cx, const struct expr *leaf, const struct transform *f,
			  bool strict, bool early, struct test *out)
{
	const struct type *type = &leaf->term.field->type;
	struct literal *value = CX_NEW(cx, struct literal), boundary = leaf->values[0];
	bool less = leaf->op == EXPR_LT || leaf->op == EXPR_LT_EQ;

	if (type->id == TYPE_STRING || type->id == TYPE_BINARY)
		out->op = strict ? (less ? EXPR_LT : EXPR_GT) : (less ? EXPR_LT_EQ : EXPR_GT_EQ);
	else if (!order_whole(leaf, strict, &boundary, &out->op))
		return false;
	*value = transform_apply(f, type, &boundary);
	if (early && ((!strict && less && value->n < 0) || (strict && !less && value->n <= 0)))
		value->n++;
	out->or_null = leaf->or_null;
	out->values = value;
	out->n_values = 1;
	return true;
}

/* A prefix against values cut to f->width code points. */
static bool project_prefix(struct cx *cx, const struct expr *leaf, const struct transform *f,
			   bool strict, struct test *out)
{
	const struct literal *prefix = &leaf->values[0];
	bool negated = leaf->op == EXPR_NOT_STARTS_WITH;
	struct literal *cut;

	*out = (struct test){ .op = leaf->op, .values = leaf->values, .n_values = 1 };
	if (utf8_count(prefix->s, prefix->len) <= (size_t)f->width)
		return true;
	if (negated != strict)
		return false;
	cut = CX_NEW(cx, struct literal);
	*cut = transform_apply(f, &leaf->term.field->type, prefix);
	out->values = cut;
	return true;
}

/* Transforms other than identity, of a column that is not transformed in the filter. */
static bool project_transform(struct cx *cx, const struct expr *leaf, const struct transform *f,
			      bool strict, struct test *out)
{
	bool time = f->id != TRANSFORM_BUCKET && f->id != TRANSFORM_TRUNCATE;
	bool early = time && !(f->id == TRANSFORM_DAY && leaf->term.field->type.id == TYPE_DATE);

	switch (leaf->op) {
	case EXPR_IS_NULL:
	case EXPR_NOT_NULL:
		*out = (struct test){ .op = leaf->op };
		return true;
	case EXPR_EQ:
	case EXPR_IN:
		if (!strict)
			transform_set(cx, leaf, f, early, out);
		return !strict;
	case EXPR_NOT_EQ:
	case EXPR_NOT_IN:
		if (strict)
			transform_set(cx, leaf, f, early, out);
		return strict;
	case EXPR_LT:
	case EXPR_LT_EQ:
	case EXPR_GT:
	case EXPR_GT_EQ:
		return f->id != TRANSFORM_BUCKET && project_order(cx, leaf, f, strict, early, out);
	case EXPR_STARTS_WITH:
	case EXPR_NOT_STARTS_WITH:
		return f->id == TRANSFORM_TRUNCATE && project_prefix(cx, leaf, f, strict, out);
	default:
		return false;
	}
}

bool project_leaf(struct cx *cx, const struct expr *leaf, const struct spec *spec, size_t field,
		  bool strict, struct partition_test *out)
{
	const struct transform *f = &spec->fields[field].transform, *term = &leaf->term.transform;
	enum type_id type = leaf->term.field->type.id;

	*out = (struct partition_test){ .field = field };
	if (f->id == TRANSFORM_UNKNOWN || f->id == TRANSFORM_VOID ||
	    !transform_takes(f, &leaf->term.field->type))
		return false;
	if (f->id == TRANSFORM_TRUNCATE && (type == TYPE_INT || type == TYPE_LONG))
		out->cut = f;
	if (f->id == TRANSFORM_IDENTITY || strcmp(f->text, term->text) == 0) {
		out->test = (struct test){ leaf->op, leaf->or_null, leaf->values, leaf->n_values };
		if (f->id == TRANSFORM_IDENTITY && term->id != TRANSFORM_IDENTITY) {
			out->of = term;
			out->source = &leaf->term.field->type;
		}
		return true;
	}
	return term->id == TRANSFORM_IDENTITY && project_transform(cx, leaf, f, strict, &out->test);
}
