/* SPDX-License-Identifier: Apache-2.0 */
/* project.h - predicates of columns as predicates of partition values. */
#ifndef COMMON_ICEBERG_PROJECT_H
#define COMMON_ICEBERG_PROJECT_H

#include "common/iceberg/expression.h"
#include "common/iceberg/spec.h"

/* A predicate of a value: what is left of one without its column. */
struct test {
	enum expr_op op;
	bool or_null;
	const struct literal *values; /* ordered, none twice */
	size_t n_values;
};

/* A test of a partition value, or of `of` applied to it. */
struct partition_test {
	struct test test;
	size_t field;		     /* of the spec */
	const struct transform *cut; /* the spec field's, where it truncates whole numbers */
	const struct transform *of;  /* NULL: the value itself */
	const struct type *source;   /* that `of` takes */
};

/*
 * What spec field `field`, made of the predicate's column, tells of it.  Inclusive: rows that match are
 * only in partitions that match.  Strict: in partitions that match all rows do.
 * False where it tells nothing.
 */
bool project_leaf(struct cx *cx, const struct expr *leaf, const struct spec *spec, size_t field,
		  bool strict, struct partition_test *out);

#endif
