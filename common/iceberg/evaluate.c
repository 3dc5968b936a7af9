/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate.c - filters against bounds, counts and partition values. */
#include "common/iceberg/evaluate.h"

#include "common/iceberg/project.h"

/* All that is known of a set of values. */
struct range {
	struct literal lower, upper; /* unknown: none */
	bool may_null;
	bool may_nan, has_nan; /* may be, is known to be there */
	bool may_value;	       /* neither null nor NaN */
};

enum match { NO, YES, MAYBE };

static bool is_float(const struct type *t)
{
	return t->id == TYPE_FLOAT || t->id == TYPE_DOUBLE;
}

/* AND and OR over what `leaf` says of each predicate. */
static bool walk(const struct expr *e, bool (*leaf)(const void *data, const struct expr *e),
		 const void *data)
{
	switch (e->op) {
	case EXPR_TRUE:
	case EXPR_FALSE:
		return e->op == EXPR_TRUE;
	case EXPR_AND:
	case EXPR_OR:
		for (size_t i = 0; i < e->n_kids; i++)
			if (walk(e->kids[i], leaf, data) == (e->op == EXPR_OR))
				return e->op == EXPR_OR;
		return e->op == EXPR_AND;
	default:
		return leaf(data, e);
	}
}

/* The first of t's values that is not below v; NULL where all are. */
static const struct literal *first_from(const struct test *t, const struct literal *v)
{
	size_t low = 0, high = t->n_values;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (literal_compare(&t->values[middle], v) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->n_values ? &t->values[low] : NULL;
}

static bool among(const struct test *t, const struct literal *v)
{
	const struct literal *found = first_from(t, v);

	return found && literal_compare(found, v) == 0;
}

static bool starts(const struct literal *v, const struct literal *prefix)
{
	return v->len >= prefix->len && memcmp(v->s, prefix->s, prefix->len) == 0;
}

/* How v's first bytes, as many as the prefix has, compare to it. */
static int compare_start(const struct literal *v, const struct literal *prefix)
{
	struct literal start = *v;

	if (start.len > prefix->len)
		start.len = prefix->len;
	return literal_compare(&start, prefix);
}

static bool is_set(const struct literal *v)
{
	return v->state == LITERAL_VALUE;
}

/* One of t's values lies between the bounds. */
static bool some_within(const struct test *t, const struct range *r)
{
	const struct literal *first = is_set(&r->lower) ? first_from(t, &r->lower) : t->values;

	return first && (!is_set(&r->upper) || literal_compare(first, &r->upper) <= 0);
}

/* A value that is no null and no NaN may make an ordering, equality or prefix true. */
static bool bounds_allow(const struct test *t, const struct range *r)
{
	const struct literal *v = &t->values[0];

	switch (t->op) {
	case EXPR_LT:
		return !is_set(&r->lower) || literal_compare(&r->lower, v) < 0;
	case EXPR_LT_EQ:
		return !is_set(&r->lower) || literal_compare(&r->lower, v) <= 0;
	case EXPR_GT:
		return !is_set(&r->upper) || literal_compare(&r->upper, v) > 0;
	case EXPR_GT_EQ:
		return !is_set(&r->upper) || literal_compare(&r->upper, v) >= 0;
	case EXPR_STARTS_WITH:
		return (!is_set(&r->lower) || compare_start(&r->lower, v) <= 0) &&
		       (!is_set(&r->upper) || compare_start(&r->upper, v) >= 0);
	default:
		return some_within(t, r);
	}
}

/* Every value is one of t's: the bounds are the same one. */
static bool all_among(const struct test *t, const struct range *r)
{
	return is_set(&r->lower) && is_set(&r->upper) &&
	       literal_compare(&r->lower, &r->upper) == 0 && among(t, &r->lower);
}

static bool all_start(const struct test *t, const struct range *r)
{
	return is_set(&r->lower) && is_set(&r->upper) && starts(&r->lower, &t->values[0]) &&
	       starts(&r->upper, &t->values[0]);
}

static bool range_may_match(const struct test *t, const struct range *r)
{
	switch (t->op) {
	case EXPR_IS_NULL:
		return r->may_null;
	case EXPR_NOT_NULL:
		return r->may_value || r->may_nan;
	case EXPR_IS_NAN:
		return r->may_nan;
	case EXPR_NOT_NAN:
		return r->may_value || r->may_null;
	case EXPR_NOT_EQ:
	case EXPR_NOT_IN:
		return r->may_null || r->may_nan || !all_among(t, r);
	case EXPR_NOT_STARTS_WITH:
		return r->may_null || !all_start(t, r);
	case EXPR_GT: /* some engines order NaN behind all numbers */
	case EXPR_GT_EQ:
		if (r->has_nan)
			return true;
		break;
	default:
		break;
	}
	return (t->or_null && (r->may_null || r->may_nan)) || (r->may_value && bounds_allow(t, r));
}

static struct test test_of(const struct expr *e)
{
	return (struct test){ e->op, e->or_null, e->values, e->n_values };
}

/* A bound that is NaN says nothing. */
static struct literal bound(const struct type *t, const char *s, size_t len)
{
	struct literal v = s ? literal_from_bytes(t, s, len) : (struct literal){ 0 };

	return literal_is_nan(&v) ? (struct literal){ 0 } : v;
}

static void transform_bounds(struct range *r, const struct transform *f, const struct type *source)
{
	bool order = transform_keeps_order(f);

	r->lower = order ? transform_apply(f, source, &r->lower) : (struct literal){ 0 };
	r->upper = order ? transform_apply(f, source, &r->upper) : (struct literal){ 0 };
}

static bool stats_leaf(const void *data, const struct expr *e)
{
	const struct column_stats *c = &((const struct column_stats *)data)[e->column];
	const struct type *type = &e->term.field->type;
	bool nan = is_float(type), counted = c->values >= 0;
	bool all_null = counted && c->nulls == c->values;
	bool all_nan = counted && nan && c->nans == c->values;
	struct range r = {
		.may_null = c->nulls != 0,
		.may_nan = nan && c->nans != 0 && !all_null,
		.has_nan = nan && c->nans > 0,
		.may_value = !all_null && !all_nan,
	};
	struct test t = test_of(e);

	if (e->op >= EXPR_LT) {
		r.lower = bound(type, c->lower, c->lower_len);
		r.upper = bound(type, c->upper, c->upper_len);
		transform_bounds(&r, &e->term.transform, type);
	}
	return range_may_match(&t, &r);
}

bool stats_may_match(const struct filter *filter, int64_t records,
		     const struct column_stats *columns)
{
	return records != 0 && walk(filter->expr, stats_leaf, columns);
}

struct projected_leaf {
	struct partition_test *inclusive, *strict;
	size_t n_inclusive, n_strict;
};

static void project_all(struct cx *cx, const struct expr *leaf, const struct spec *spec,
			struct projected_leaf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < spec->n; i++)
		n += spec->fields[i].source_id == leaf->term.field->id;
	out->inclusive = cx_array(cx, n, sizeof(*out->inclusive));
	out->strict = cx_array(cx, n, sizeof(*out->strict));
	for (size_t i = 0; n && i < spec->n; i++) {
		if (spec->fields[i].source_id != leaf->term.field->id)
			continue;
		if (project_leaf(cx, leaf, spec, i, false, &out->inclusive[out->n_inclusive]))
			out->n_inclusive++;
		if (project_leaf(cx, leaf, spec, i, true, &out->strict[out->n_strict]))
			out->n_strict++;
	}
}

static void project_leaves(struct cx *cx, const struct expr *e, const struct spec *spec,
			   struct projected_leaf *leaves)
{
	for (size_t i = 0; i < e->n_kids; i++)
		project_leaves(cx, e->kids[i], spec, leaves);
	if (e->op > EXPR_OR)
		project_all(cx, e, spec, &leaves[e->leaf]);
}

void filter_project(struct cx *cx, const struct filter *filter, const struct spec *spec,
		    const struct schema *schema, struct projection *out)
{
	*out = (struct projection){ .filter = filter, .n_fields = spec->n };
	out->types = cx_array(cx, spec->n, sizeof(*out->types));
	out->known = cx_array(cx, spec->n, sizeof(*out->known));
	out->leaves = cx_array(cx, filter->n_leaves, sizeof(*out->leaves));
	for (size_t i = 0; i < spec->n; i++) {
		const struct schema_field *source = schema_find(schema, spec->fields[i].source_id);

		out->known[i] = source && transform_result(&spec->fields[i].transform,
							   &source->type, &out->types[i]);
	}
	project_leaves(cx, filter->expr, spec, out->leaves);
}

/* False for a whole number that was truncated past the end of its type, and came out elsewhere. */
static bool is_cut(const struct transform *f, const struct literal *v)
{
	return !f || !is_set(v) || v->n % f->width == 0;
}

/* A manifest, or a tuple, as the tests of partitions see it. */
struct seen {
	const struct projection *p;
	const struct field_summary *fields;
	const struct literal *tuple;
	size_t n; /* of either */
};

static bool summary_may_match(const struct projection *p, const struct partition_test *t,
			      const struct field_summary *f)
{
	const struct type *type = &p->types[t->field];
	bool nan = is_float(type), bounds = f->lower || f->upper;
	struct range r = {
		.lower = bound(type, f->lower, f->lower_len),
		.upper = bound(type, f->upper, f->upper_len),
		.may_null = f->contains_null,
		.may_nan = nan && f->contains_nan != 0,
		.has_nan = nan && f->contains_nan == 1,
	};

	r.may_value = bounds || (!r.may_null && !r.has_nan);
	if (!is_cut(t->cut, &r.lower) || !is_cut(t->cut, &r.upper))
		r.lower = r.upper = (struct literal){ 0 };
	if (t->of)
		transform_bounds(&r, t->of, t->source);
	return range_may_match(&t->test, &r);
}

static bool manifest_leaf(const void *data, const struct expr *e)
{
	const struct seen *m = data;
	const struct projected_leaf *leaf = &m->p->leaves[e->leaf];

	for (size_t i = 0; i < leaf->n_inclusive; i++) {
		const struct partition_test *t = &leaf->inclusive[i];

		if (t->field < m->n && !summary_may_match(m->p, t, &m->fields[t->field]))
			return false;
	}
	return true;
}

bool manifest_may_match(const struct projection *p, const struct field_summary *fields, size_t n)
{
	struct seen m = { .p = p, .fields = fields, .n = n };

	return walk(p->filter->expr, manifest_leaf, &m);
}

/* Null: what predicates say of it differs between engines, but for these. */
static enum match match_null(const struct test *t)
{
	switch (t->op) {
	case EXPR_IS_NULL:
		return YES;
	case EXPR_NOT_NAN:
	case EXPR_NOT_EQ:
	case EXPR_NOT_STARTS_WITH:
	case EXPR_NOT_IN:
		return MAYBE;
	default:
		return t->or_null ? MAYBE : NO;
	}
}

static enum match match_nan(const struct test *t)
{
	switch (t->op) {
	case EXPR_NOT_NULL:
	case EXPR_IS_NAN:
	case EXPR_NOT_EQ:
	case EXPR_NOT_IN:
		return YES;
	case EXPR_GT: /* some engines order NaN behind all numbers */
	case EXPR_GT_EQ:
		return MAYBE;
	default:
		return t->or_null ? MAYBE : NO;
	}
}

static bool value_matches(const struct test *t, const struct literal *v)
{
	switch (t->op) {
	case EXPR_NOT_NULL:
	case EXPR_NOT_NAN:
		return true;
	case EXPR_LT:
		return literal_compare(v, &t->values[0]) < 0;
	case EXPR_LT_EQ:
		return literal_compare(v, &t->values[0]) <= 0;
	case EXPR_GT:
		return literal_compare(v, &t->values[0]) > 0;
	case EXPR_GT_EQ:
		return literal_compare(v, &t->values[0]) >= 0;
	case EXPR_STARTS_WITH:
	case EXPR_NOT_STARTS_WITH:
		return starts(v, &t->values[0]) == (t->op == EXPR_STARTS_WITH);
	case EXPR_EQ:
	case EXPR_IN:
		return among(t, v);
	case EXPR_NOT_EQ:
	case EXPR_NOT_IN:
		return !among(t, v);
	default: /* is-null, is-nan */
		return false;
	}
}

static enum match match_value(const struct seen *m, const struct partition_test *t)
{
	struct literal v;

	if (t->field >= m->n || !is_cut(t->cut, &m->tuple[t->field]))
		return MAYBE;
	v = m->tuple[t->field];
	if (t->of)
		v = transform_apply(t->of, t->source, &v);
	if (v.state == LITERAL_UNKNOWN)
		return MAYBE;
	if (v.state == LITERAL_NULL)
		return match_null(&t->test);
	if (literal_is_nan(&v))
		return match_nan(&t->test);
	return value_matches(&t->test, &v) ? YES : NO;
}

static bool partition_leaf(const void *data, const struct expr *e)
{
	const struct seen *m = data;
	const struct projected_leaf *leaf = &m->p->leaves[e->leaf];

	for (size_t i = 0; i < leaf->n_inclusive; i++)
		if (match_value(m, &leaf->inclusive[i]) == NO)
			return false;
	return true;
}

bool partition_may_match(const struct projection *p, const struct literal *tuple, size_t n)
{
	struct seen m = { .p = p, .tuple = tuple, .n = n };

	return walk(p->filter->expr, partition_leaf, &m);
}

static const struct expr *leaf_residual(const struct seen *m, const struct expr *e)
{
	const struct projected_leaf *leaf = &m->p->leaves[e->leaf];

	for (size_t i = 0; i < leaf->n_strict; i++)
		if (match_value(m, &leaf->strict[i]) == YES)
			return &expr_true;
	return partition_leaf(m, e) ? e : &expr_false;
}

static const struct expr *reduce(struct cx *cx, const struct seen *m, const struct expr *e)
{
	const struct expr **kids = NULL;
	size_t n = 0;

	if (e->op == EXPR_TRUE || e->op == EXPR_FALSE)
		return e;
	if (e->op > EXPR_OR)
		return leaf_residual(m, e);
	for (size_t i = 0; i < e->n_kids; i++) {
		const struct expr *kid = reduce(cx, m, e->kids[i]);

		if (kid->op == (e->op == EXPR_AND ? EXPR_FALSE : EXPR_TRUE))
			return kid;
		if (kid != e->kids[i] && !kids) {
			kids = cx_array(cx, e->n_kids, sizeof(struct expr *));
			memcpy(kids, e->kids, i * sizeof(struct expr *));
			n = i;
		}
		if (kids)
			kids[n++] = kid;
	}
	return kids ? expr_join(cx, e->op, kids, n) : e;
}

const struct expr *residual(struct cx *cx, const struct projection *p, const struct literal *tuple,
			    size_t n)
{
	struct seen m = { .p = p, .tuple = tuple, .n = n };

	return reduce(cx, &m, p->filter->expr);
}
