/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expression.h - filters of the REST API: JSON in, a tree bound to a schema, JSON out.
 * Source: Iceberg's format/expressions-spec.md, and the REST catalog's OpenAPI document (Predicate);
 * the older forms as Java's ExpressionParser and PyIceberg write them.
 */
#ifndef COMMON_ICEBERG_EXPRESSION_H
#define COMMON_ICEBERG_EXPRESSION_H

#include "common/iceberg/schema.h"
#include "common/iceberg/transform.h"

#define EXPR_MAX_DEPTH 500     /* nesting of and, or and not */
#define EXPR_MAX_LEAVES 5000   /* predicates in one filter */
#define EXPR_MAX_VALUES 250000 /* in all its predicates */

enum expr_op {
	EXPR_TRUE,
	EXPR_FALSE,
	EXPR_AND,
	EXPR_OR,
	/* predicates */
	EXPR_IS_NULL,
	EXPR_NOT_NULL,
	EXPR_IS_NAN,
	EXPR_NOT_NAN,
	EXPR_LT,
	EXPR_LT_EQ,
	EXPR_GT,
	EXPR_GT_EQ,
	EXPR_EQ,
	EXPR_NOT_EQ,
	EXPR_STARTS_WITH,
	EXPR_NOT_STARTS_WITH,
	EXPR_IN,
	EXPR_NOT_IN,
};

/* What a predicate tests: a column, or a transform of it. */
struct term {
	const struct schema_field *field;
	struct transform transform; /* identity: the column itself */
	struct type type;	    /* of the tested value */
};

/*
 * There is no "not": negated predicates are the opposite ones.  An ordering
 * that was negated is true for null and NaN (predicates are two-valued), its
 * opposite is not: such a one has `or_null`.
 */
struct expr {
	enum expr_op op;
	const struct expr **kids; /* AND, OR: two or more, none of the same op, no constants */
	size_t n_kids;

	struct term term;
	size_t leaf;		/* the predicate's number in its filter */
	size_t column;		/* of filter.columns */
	bool or_null;		/* LT, LT_EQ, GT, GT_EQ */
	struct literal *values; /* ordered, none twice; IN and NOT_IN: two or more */
	size_t n_values;
};

/* A filter bound to a schema, constants folded. */
struct filter {
	const struct expr *expr;
	size_t n_leaves;
	int *columns; /* field ids that it reads, ascending */
	size_t n_columns;
};

extern const struct expr expr_true, expr_false;

/*
 * `json` NULL: true.  INVALID, saying what and where: not an expression, a column that is not
 * there (or lies within a list or map), a value its column can't have, nested too deep, too long.
 * UNSUPPORTED: a function that is no transform, a comparison of two columns.  Case without
 * case_sensitive: of ASCII letters.  Shares with `schema`, not with `json`.
 */
MUST_USE enum status filter_read(struct cx *cx, struct json_object *json,
				 const struct schema *schema, bool case_sensitive,
				 struct filter *out);

/* In the older form (term, value), which all clients read; "and" and "or" as a balanced tree. */
struct json_object *expr_json(struct cx *cx, const struct expr *e);

/* A AND or OR of n kids, folded: constants and nesting go.  Does not keep `kids`. */
const struct expr *expr_join(struct cx *cx, enum expr_op op, const struct expr **kids, size_t n);

#endif
