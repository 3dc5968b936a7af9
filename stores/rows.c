/* SPDX-License-Identifier: Apache-2.0 */
/* rows.c - arrays of rows, and their first columns. */
#include "stores/rows.h"

struct row *rows_next(struct cx *cx, struct row_array *a)
{
	struct row *row;

	if (a->n == a->room) {
		size_t room = a->room ? 2 * a->room : 16;
		char *bigger = cx_array(cx, room, a->kind->size);

		if (a->n)
			memcpy(bigger, a->items, a->n * a->kind->size);
		a->items = bigger;
		a->room = room;
	}
	row = (struct row *)(a->items + a->n++ * a->kind->size);
	row->kind = a->kind;
	return row;
}

void rows_copy(struct row *to, const struct row *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct column *c = &to->kind->columns[i];

		if (model_is_text(c))
			model_set_text(to, c, model_text(from, c));
		else
			model_set_int(to, c, model_int(from, c));
	}
}

void rows_clone(struct cx *cx, struct row *to, const struct row *from)
{
	to->kind = from->kind;
	rows_copy(to, from, from->kind->n_columns);
	for (size_t i = 0; i < to->kind->n_columns; i++) {
		const struct column *c = &to->kind->columns[i];

		if (model_is_text(c))
			model_set_text(to, c, cx_strdup(cx, model_text(to, c)));
	}
}

struct row *rows_bound(struct cx *cx, const struct query *q)
{
	struct row *bound = cx_alloc(cx, q->from->kind->size);

	bound->kind = q->from->kind;
	rows_copy(bound, q->from, q->bound);
	for (size_t i = 0; i < q->bound; i++) {
		const struct column *c = &bound->kind->columns[i];

		if (model_is_text(c))
			model_set_text(bound, c, cx_strdup(cx, model_text(bound, c)));
	}
	return bound;
}

static enum status check_where(struct cx *cx, const struct kind *k, const char *name)
{
	const struct column *c = model_column(k, name);

	if (!c || (model_is_text(c) && !(c->flags & (INDEX | KEY))))
		return fail(cx, INTERNAL, "query of %s by %s: not a number and not indexed",
			    k->table, name);
	return OK;
}

enum status query_check(struct cx *cx, const struct query *q)
{
	const struct kind *k = q->from->kind;
	enum status s = OK;

	if (q->bound > k->n_keys || (!q->bound && !(k->flags & GLOBAL)))
		return fail(cx, INTERNAL, "query of %s binds %zu key columns", k->table, q->bound);
	if (q->after && (q->after->kind != k || q->bound == k->n_keys))
		return fail(cx, INTERNAL, "query of %s after a row it cannot hold", k->table);
	for (size_t i = 0; !s && i < ARRAY_SIZE(q->where) && q->where[i]; i++)
		s = check_where(cx, k, q->where[i]);
	return s;
}
