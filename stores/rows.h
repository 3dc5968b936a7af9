/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - what every driver does with rows: a growing array of them, and their first columns. */
#ifndef STORES_ROWS_H
#define STORES_ROWS_H

#include "stores/store.h"

/* A growing array of rows of one kind.  Ready when zeroed but for the kind. */
struct row_array {
	const struct kind *kind;
	char *items; /* struct of the kind [n] */
	size_t n, room;
};

/* One more row at the end, zeroed; it moves when the array grows. */
struct row *rows_next(struct cx *cx, struct row_array *a);

/* The first n columns of `to` as they stand in `from`; text is shared. */
void rows_copy(struct row *to, const struct row *from, size_t n);

/* A copy of all but the version, with text of its own. */
void rows_clone(struct cx *cx, struct row *to, const struct row *from);

/* A row that holds what the query binds, with text of its own: the caller's may
 * not live as long as the answer. */
struct row *rows_bound(struct cx *cx, const struct query *q);

/* INTERNAL: a query store.h does not allow.  store_list asks before its driver. */
MUST_USE enum status query_check(struct cx *cx, const struct query *q);

#endif
