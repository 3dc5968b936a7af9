/* SPDX-License-Identifier: Apache-2.0 */
/* predicate.h - one predicate of a filter: its term and its values, bound to a column. */
#ifndef COMMON_ICEBERG_PREDICATE_H
#define COMMON_ICEBERG_PREDICATE_H

#include "common/iceberg/expression.h"

struct predicate_reader {
	struct cx *cx;
	const struct schema *schema;
	bool case_sensitive;
	struct expr **leaves; /* every predicate made so far */
	size_t n_leaves, cap;
	int n_values;
};

/* The predicate in object `json`, negated where that is asked for.  *out: a leaf, or a constant
 * where the schema decides it.  The statuses of filter_read. */
MUST_USE enum status predicate_read(struct predicate_reader *r, struct json_object *json,
				    enum expr_op op, bool negate, const struct expr **out);

enum expr_op expr_opposite(enum expr_op op);
const char *expr_name(enum expr_op op); /* "lt-eq" */

#endif
