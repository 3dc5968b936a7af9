/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evaluate.h - which manifests and files may hold rows that a filter lets through.
 * Source: iceberg.apache.org/spec, "Scan Planning"; Iceberg's Java ManifestEvaluator,
 * InclusiveMetricsEvaluator, Projections and ResidualEvaluator.
 *
 * "May match" is never wrong with false.  What is missing or broken may match.  None of these
 * functions but filter_project and residual allocates.
 */
#ifndef COMMON_ICEBERG_EVALUATE_H
#define COMMON_ICEBERG_EVALUATE_H

#include "common/iceberg/expression.h"
#include "common/iceberg/spec.h"

/* A manifest list's summary of one partition field. */
struct field_summary {
	bool contains_null;
	int contains_nan;	   /* -1: not said */
	const char *lower, *upper; /* binary single values; NULL: none */
	size_t lower_len, upper_len;
};

/* What a file says of one column; binary single values, maybe cut short. */
struct column_stats {
	int64_t values, nulls, nans; /* -1: not said */
	const char *lower, *upper;   /* NULL: none */
	size_t lower_len, upper_len;
};
#define NO_COLUMN_STATS ((struct column_stats){ .values = -1, .nulls = -1, .nans = -1 })

/* False where no row can match: columns[i] is of field filter->columns[i], n = filter->n_columns.
 * `records` is the file's record count, negative where it is not known. */
bool stats_may_match(const struct filter *filter, int64_t records,
		     const struct column_stats *columns);

/* A filter seen through a partition spec. */
struct projection {
	const struct filter *filter;
	size_t n_fields;    /* of the spec */
	struct type *types; /* of partition values; by the spec's fields */
	bool *known;	    /* false: its source is no column of the schema, or the transform is
			       not known: types[] is not set */
	struct projected_leaf *leaves; /* private; by expr.leaf */
};

/* `spec` and `schema` must stay. */
void filter_project(struct cx *cx, const struct filter *filter, const struct spec *spec,
		    const struct schema *schema, struct projection *out);

/* False where no partition of the manifest can match.  n may be smaller than the spec's fields. */
bool manifest_may_match(const struct projection *p, const struct field_summary *fields, size_t n);

/* False where no row of the partition can match.  tuple[i] is the value of spec field i; n may be
 * smaller.  A value is of the type p->types[i]: see literal.h. */
bool partition_may_match(const struct projection *p, const struct literal *tuple, size_t n);

/* What is left to test on each row of the partition; filter->expr itself where all is. */
const struct expr *residual(struct cx *cx, const struct projection *p, const struct literal *tuple,
			    size_t n);

#endif
