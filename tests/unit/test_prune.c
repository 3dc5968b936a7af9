/* SPDX-License-Identifier: Apache-2.0 */
/* test_prune.c - random rows, files and filters: no file with a row that matches is ever pruned. */
#include "common/iceberg/evaluate.h"

#include <check.h>
#include <math.h>

#include "common/text.h"

#define ROUNDS 10000
#define COLUMNS 6
#define ROWS 6
#define FILES 2
#define FIELDS 3 /* of a spec */
#define VALUES 4

static const struct column {
	const char *name, *type;
	const char *transforms[6];
} columns[COLUMNS] = {
	{ "id", "long", { "identity", "bucket[4]", "truncate[10]", "void" } },
	{ "n", "int", { "identity", "bucket[3]", "truncate[3]", "zorder" } },
	{ "d", "double", { "identity" } },
	{ "s", "string", { "identity", "bucket[4]", "truncate[1]", "truncate[3]" } },
	{ "ts", "timestamp", { "identity", "year", "month", "day", "hour", "bucket[2]" } },
	{ "dec", "decimal(9, 2)", { "identity", "bucket[4]", "truncate[50]" } },
};

/* A filter of our own, and its truth: apart from the code under test. */
struct node {
	enum expr_op op; /* none of the "not" ones */
	bool negated;
	size_t column, n; /* n: kids or values */
	struct node **kids;
	const struct literal *values;
};

struct file {
	struct literal rows[ROWS][COLUMNS], tuple[FIELDS];
	size_t n;
	struct column_stats stats[COLUMNS];
};

struct world {
	struct schema schema;
	struct spec spec;
	struct file files[FILES];
	struct field_summary summary[FIELDS]; /* of all files */
};

static struct cx cx;
static uint32_t state;

static uint32_t dice(uint32_t sides)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % sides;
}

static struct literal random_value(const struct type *t)
{
	static const int64_t whole[] = { INT32_MIN, -1000, -12, -11, -10, -9, -3, -1,  0,
					 1,	    2,	   9,	10,  11,  50, 99, 100, INT32_MAX };
	static const double numbers[] = { -1.5, -0.0, 0.0, 0.5, 1e300, INFINITY, -INFINITY, NAN };
	static const char *const texts[] = { "",
					     "a",
					     "aa",
					     "ab",
					     "abc",
					     "abcd",
					     "b",
					     "\xc3\xa9",
					     "\xc3\xa9z",
					     "\xf0\x9f\x98\x80",
					     "\xef\xbf\xbf" };
	struct literal v = { .state = LITERAL_VALUE, .type = t->id, .scale = t->scale };
	int64_t n = whole[dice(ARRAY_SIZE(whole))];

	if (t->id == TYPE_DOUBLE) {
		v.d = numbers[dice(ARRAY_SIZE(numbers))];
	} else if (t->id == TYPE_STRING) {
		v.s = texts[dice(ARRAY_SIZE(texts))];
		v.len = strlen(v.s);
	} else if (t->id == TYPE_DECIMAL) {
		v.unscaled = n % 999999999;
	} else if (t->id == TYPE_TIMESTAMP) {
		v.n = n % 1000 * (dice(2) ? 86400000000 : 3600000000) + dice(3) - 1;
	} else if (t->id == TYPE_LONG && dice(9) == 0) {
		v.n = dice(2) ? INT64_MIN + dice(20) : INT64_MAX - dice(20);
	} else {
		v.n = n;
	}
	return v;
}

static const struct type *type_of(const struct world *w, size_t column)
{
	return &w->schema.fields[column].type;
}

static bool is_nan(const struct literal *v)
{
	return v->state == LITERAL_VALUE && v->type == TYPE_DOUBLE && isnan(v->d);
}

/* Less, equal, more: < 0, 0, > 0. */
static int order(const struct literal *a, const struct literal *b)
{
	if (a->type == TYPE_DOUBLE)
		return a->d < b->d ? -1 : a->d > b->d;
	if (a->type == TYPE_DECIMAL)
		return a->unscaled < b->unscaled ? -1 : a->unscaled > b->unscaled;
	if (a->type == TYPE_STRING) /* bytes in order are code points in order */
		return strcmp(a->s, b->s);
	return a->n < b->n ? -1 : a->n > b->n;
}

static bool leaf_holds(const struct node *e, const struct literal *v)
{
	bool found = false;
	int c;

	if (e->op == EXPR_IS_NULL || e->op == EXPR_IS_NAN)
		return e->op == EXPR_IS_NULL ? v->state == LITERAL_NULL : is_nan(v);
	if (v->state == LITERAL_NULL || is_nan(v))
		return false;
	c = order(v, &e->values[0]);
	switch (e->op) {
	case EXPR_LT:
		return c < 0;
	case EXPR_LT_EQ:
		return c <= 0;
	case EXPR_GT:
		return c > 0;
	case EXPR_GT_EQ:
		return c >= 0;
	case EXPR_STARTS_WITH:
		return text_starts(v->s, e->values[0].s);
	default: /* eq, in */
		for (size_t i = 0; i < e->n; i++)
			found |= order(v, &e->values[i]) == 0;
		return found;
	}
}

/* By format/expressions-spec.md: a predicate is true or false, of null and NaN too. */
static bool holds(const struct node *e, const struct literal *row)
{
	bool yes = e->op == EXPR_AND;

	if (e->op != EXPR_AND && e->op != EXPR_OR)
		return leaf_holds(e, &row[e->column]) != e->negated;
	for (size_t i = 0; i < e->n && yes == (e->op == EXPR_AND); i++)
		yes = holds(e->kids[i], row);
	return yes != e->negated;
}

/* Filters hold no null and NaN; JSON has no infinity. */
static struct literal random_constant(const struct world *w, size_t column)
{
	struct literal v;

	do {
		const struct file *f = &w->files[dice(FILES)];

		v = dice(2) ? f->rows[dice((uint32_t)f->n)][column]
			    : random_value(type_of(w, column));
	} while (v.state == LITERAL_NULL || (v.type == TYPE_DOUBLE && !isfinite(v.d)));
	return v;
}

static void random_leaf(const struct world *w, struct node *e)
{
	static const enum expr_op ops[] = { EXPR_EQ,	  EXPR_LT,     EXPR_LT_EQ,
					    EXPR_GT,	  EXPR_GT_EQ,  EXPR_IN,
					    EXPR_IS_NULL, EXPR_IS_NAN, EXPR_STARTS_WITH };
	struct literal *values = cx_array(&cx, VALUES, sizeof(*values));
	enum type_id type;

	e->column = dice(COLUMNS);
	type = type_of(w, e->column)->id;
	e->op = ops[dice(ARRAY_SIZE(ops))];
	if ((e->op == EXPR_STARTS_WITH && type != TYPE_STRING) ||
	    (e->op == EXPR_IS_NAN && type != TYPE_DOUBLE))
		e->op = EXPR_EQ;
	if (e->op == EXPR_IS_NULL || e->op == EXPR_IS_NAN)
		return;
	e->values = values;
	e->n = e->op == EXPR_IN ? 2 + dice(VALUES - 1) : 1;
	for (size_t i = 0; i < e->n; i++)
		values[i] = random_constant(w, e->column);
}

static struct node *random_node(const struct world *w, int depth)
{
	struct node *e = CX_NEW(&cx, struct node);

	e->negated = dice(4) == 0;
	if (depth == 0 || dice(2)) {
		random_leaf(w, e);
		return e;
	}
	e->op = dice(2) ? EXPR_AND : EXPR_OR;
	e->n = 2;
	e->kids = cx_array(&cx, e->n, sizeof(struct node *));
	for (size_t i = 0; i < e->n; i++)
		e->kids[i] = random_node(w, depth - 1);
	return e;
}

static const char *json_name(enum expr_op op)
{
	static const char *const names[] = {
		[EXPR_AND] = "and",	    [EXPR_OR] = "or",
		[EXPR_IS_NULL] = "is-null", [EXPR_IS_NAN] = "is-nan",
		[EXPR_LT] = "lt",	    [EXPR_LT_EQ] = "lt-eq",
		[EXPR_GT] = "gt",	    [EXPR_GT_EQ] = "gt-eq",
		[EXPR_EQ] = "eq",	    [EXPR_STARTS_WITH] = "starts-with",
		[EXPR_IN] = "in",
	};

	return names[op];
}

static struct json_object *node_json(const struct node *e)
{
	struct json_object *o = json_new_object(&cx), *list = json_new_array(&cx), *not ;

	json_set_text(o, "type", json_name(e->op));
	if (e->kids) {
		json_set(o, "left", node_json(e->kids[0]));
		json_set(o, "right", node_json(e->kids[1]));
	} else {
		json_set_text(o, "term", columns[e->column].name);
		for (size_t i = 0; i < e->n; i++)
			json_add(list, literal_json(&cx, &e->values[i]));
		if (e->op == EXPR_IN)
			json_set(o, "values", list);
		else if (e->n)
			json_set(o, "value", json_object_array_get_idx(list, 0));
	}
	if (!e->negated)
		return o;
	not = json_new_object(&cx);
	json_set_text(not, "type", "not");
	json_set(not, "child", o);
	return not ;
}

/* A residual as a filter of our own. */
static struct node *node_of(const struct expr *e)
{
	static const enum expr_op plain[] = {
		[EXPR_NOT_NULL] = EXPR_IS_NULL, [EXPR_NOT_NAN] = EXPR_IS_NAN,
		[EXPR_NOT_EQ] = EXPR_EQ,	[EXPR_NOT_STARTS_WITH] = EXPR_STARTS_WITH,
		[EXPR_NOT_IN] = EXPR_IN,
	};
	static const enum expr_op orders[] = { [EXPR_LT] = EXPR_GT_EQ,
					       [EXPR_LT_EQ] = EXPR_GT,
					       [EXPR_GT] = EXPR_LT_EQ,
					       [EXPR_GT_EQ] = EXPR_LT };
	struct node *n = CX_NEW(&cx, struct node);
	bool negative = e->op < ARRAY_SIZE(plain) && plain[e->op];

	*n = (struct node){ .op = e->or_null ? orders[e->op]
				  : negative ? plain[e->op]
					     : e->op,
			    .negated = negative || e->or_null,
			    .n = e->kids ? e->n_kids : e->n_values,
			    .values = e->values };
	if (e->op == EXPR_TRUE || e->op == EXPR_FALSE)
		*n = (struct node){ .op = EXPR_AND, .negated = e->op == EXPR_FALSE };
	if (e->op > EXPR_OR)
		n->column = (size_t)e->term.field->id - 1;
	n->kids = e->kids ? cx_array(&cx, n->n, sizeof(struct node *)) : NULL;
	for (size_t i = 0; e->kids && i < n->n; i++)
		n->kids[i] = node_of(e->kids[i]);
	return n;
}

/* The binary single value. */
static const char *encode(const struct literal *v, size_t *len)
{
	char *out = cx_alloc(&cx, 16);
	uint64_t n = (uint64_t)v->n;

	if (v->type == TYPE_STRING) {
		*len = v->len;
		return v->s;
	}
	*len = v->type == TYPE_DECIMAL ? 16 : v->type == TYPE_INT || v->type == TYPE_DATE ? 4 : 8;
	if (v->type == TYPE_DOUBLE)
		memcpy(&n, &v->d, 8);
	for (size_t i = 0; i < *len; i++)
		if (v->type == TYPE_DECIMAL)
			out[i] = (char)((unsigned __int128)v->unscaled >> (120 - 8 * i));
		else
			out[i] = (char)(n >> 8 * i);
	return out;
}

/* The smallest and largest of values that are neither null nor NaN; false where there is none. */
static bool bounds_of(const struct literal **values, size_t n, const struct literal **low,
		      const struct literal **high)
{
	*low = *high = NULL;
	for (size_t i = 0; i < n; i++) {
		if (values[i]->state != LITERAL_VALUE || is_nan(values[i]))
			continue;
		if (!*low || order(values[i], *low) < 0)
			*low = values[i];
		if (!*high || order(values[i], *high) > 0)
			*high = values[i];
	}
	return *low;
}

static void make_stats(struct file *f, size_t column)
{
	struct column_stats *s = &f->stats[column];
	const struct literal *values[ROWS], *low, *high;

	*s = (struct column_stats){ .values = (int64_t)f->n };
	for (size_t i = 0; i < f->n; i++) {
		values[i] = &f->rows[i][column];
		s->nulls += values[i]->state == LITERAL_NULL;
		s->nans += is_nan(values[i]);
	}
	if (bounds_of(values, f->n, &low, &high)) {
		s->lower = encode(low, &s->lower_len);
		s->upper = encode(high, &s->upper_len);
		if (low->type == TYPE_STRING && dice(2)) {
			s->lower_len = utf8_prefix(low->s, low->len, 1); /* cut short, and raised */
			s->upper = cx_printf(&cx, "%s~", high->s);
			s->upper_len = high->len + 1;
		}
	}
	s->values = dice(8) ? s->values : -1;
	s->nulls = dice(8) ? s->nulls : -1;
	s->nans = dice(8) ? s->nans : -1;
	s->lower = dice(8) ? s->lower : NULL;
	s->upper = dice(8) ? s->upper : NULL;
}

static struct literal partition_of(const struct world *w, const struct literal *row, size_t i)
{
	const struct spec_field *f = &w->spec.fields[i];
	size_t column = (size_t)f->source_id - 1;

	return transform_apply(&f->transform, type_of(w, column), &row[column]);
}

static bool same_partition(const struct world *w, const struct literal *a, const struct literal *b)
{
	for (size_t i = 0; i < w->spec.n; i++) {
		struct literal x = partition_of(w, a, i), y = partition_of(w, b, i);

		if (x.state != y.state || is_nan(&x) != is_nan(&y) ||
		    (x.state == LITERAL_VALUE && !is_nan(&x) && literal_compare(&x, &y) != 0))
			return false;
	}
	return true;
}

/* Rows of one partition. */
static void make_file(struct world *w, struct file *f)
{
	for (int tries = 0; tries < 20 && f->n < ROWS; tries++) {
		struct literal *row = f->rows[f->n];

		for (size_t c = 0; c < COLUMNS; c++)
			row[c] = f->n && dice(3) ? f->rows[0][c]
				 : dice(6) == 0	 ? LITERAL_NULL_VALUE
						 : random_value(type_of(w, c));
		f->n += f->n == 0 || same_partition(w, f->rows[0], row);
	}
	for (size_t i = 0; i < w->spec.n; i++)
		f->tuple[i] = partition_of(w, f->rows[0], i);
	for (size_t c = 0; c < COLUMNS; c++)
		make_stats(f, c);
}

static void summarise(struct world *w, size_t i)
{
	struct field_summary *s = &w->summary[i];
	const struct literal *values[FILES], *low, *high;

	*s = (struct field_summary){ 0 };
	for (size_t k = 0; k < FILES; k++) {
		values[k] = &w->files[k].tuple[i];
		s->contains_null |= values[k]->state == LITERAL_NULL;
		s->contains_nan |= is_nan(values[k]);
	}
	if (values[0]->state != LITERAL_UNKNOWN && bounds_of(values, FILES, &low, &high)) {
		s->lower = encode(low, &s->lower_len);
		s->upper = encode(high, &s->upper_len);
	}
	s->contains_nan = dice(4) ? s->contains_nan : -1;
}

static struct json_object *schema_json(void)
{
	struct json_object *o = json_new_object(&cx), *fields = json_new_array(&cx);

	for (size_t c = 0; c < COLUMNS; c++) {
		struct json_object *f = json_new_object(&cx);

		json_set_int(f, "id", (int64_t)c + 1);
		json_set_text(f, "name", columns[c].name);
		json_set_bool(f, "required", false);
		json_set_text(f, "type", columns[c].type);
		json_add(fields, f);
	}
	json_set_text(o, "type", "struct");
	json_set(o, "fields", fields);
	return o;
}

static struct json_object *spec_json(void)
{
	struct json_object *fields = json_new_array(&cx);

	for (uint32_t n = dice(FIELDS + 1); n; n--) {
		struct json_object *f = json_new_object(&cx);
		size_t c = dice(COLUMNS), t = 0;

		while (t + 1 < ARRAY_SIZE(columns[c].transforms) && columns[c].transforms[t + 1] &&
		       dice(3))
			t++;
		json_set_text(f, "name", cx_printf(&cx, "p%u", n));
		json_set_int(f, "source-id", (int64_t)c + 1);
		json_set_int(f, "field-id", 1000 + n);
		json_set_text(f, "transform", columns[c].transforms[t]);
		json_add(fields, f);
	}
	return fields;
}

static struct world *make_world(void)
{
	struct world *w = CX_NEW(&cx, struct world);

	ck_assert_msg(!schema_parse(&cx, schema_json(), "schema", &w->schema), "%s", cx.message);
	ck_assert_msg(!spec_parse(&cx, spec_json(), "spec", &w->spec), "%s", cx.message);
	for (size_t i = 0; i < FILES; i++)
		make_file(w, &w->files[i]);
	for (size_t i = 0; i < w->spec.n; i++)
		summarise(w, i);
	return w;
}

struct counts {
	int matches, pruned;
};

static void check_file(const struct world *w, const struct node *e, const struct projection *p,
		       size_t i, struct counts *counts)
{
	const struct file *f = &w->files[i];
	struct column_stats stats[COLUMNS];
	const struct node *left = node_of(residual(&cx, p, f->tuple, w->spec.n));
	bool match = false, kept;

	for (size_t c = 0; c < p->filter->n_columns; c++)
		stats[c] = f->stats[p->filter->columns[c] - 1];
	kept = manifest_may_match(p, w->summary, w->spec.n) &&
	       partition_may_match(p, f->tuple, w->spec.n) &&
	       stats_may_match(p->filter, dice(9) ? (int64_t)f->n : -1, stats);
	for (size_t r = 0; r < f->n; r++) {
		bool yes = holds(e, f->rows[r]);

		ck_assert_msg(yes == holds(left, f->rows[r]), "residual of %s",
			      json_print(&cx, node_json(e), NULL));
		match |= yes;
	}
	ck_assert_msg(kept || !match, "pruned: %s", json_print(&cx, node_json(e), NULL));
	counts->matches += match;
	counts->pruned += !kept;
}

/* Both happen often enough for the test to mean something. */
START_TEST(nothing_that_matches_is_pruned)
{
	struct counts counts = { 0 };

	state = 2463534242u;
	for (int i = 0; i < ROUNDS; i++) {
		const struct world *w = make_world();
		const struct node *e = random_node(w, 3);
		struct filter f;
		struct projection p;

		ck_assert_msg(!filter_read(&cx, node_json(e), &w->schema, true, &f), "%s",
			      cx.message);
		filter_project(&cx, &f, &w->spec, &w->schema, &p);
		for (size_t k = 0; k < FILES; k++)
			check_file(w, e, &p, k, &counts);
		cx_reset(&cx);
	}
	ck_assert_int_gt(counts.matches, ROUNDS / 2);
	ck_assert_int_gt(counts.pruned, ROUNDS / 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("prune");
	TCase *t = tcase_create("prune");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, nothing_that_matches_is_pruned);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
