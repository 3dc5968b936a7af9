/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - lists of rows with limit and offset over the store's key order. */
#include "common/text.h"
#include "fcgi/admin/admin.h"

#define PAGE 1000
#define MAX_SORTED 100000 /* rows that are sorted in memory */

struct list {
	struct json_object **items;
	size_t n, cap;
	size_t skip, limit; /* limit: SIZE_MAX = all */
};

static enum status read_number(struct request *rq, const char *name, size_t *out)
{
	const char *text = NULL;
	enum status s = request_query(rq, name, &text);
	int64_t n;

	if (s || !text || !*text)
		return s;
	if (!text_int(text, &n) || n < 0)
		return fail(rq->cx, INVALID, "%s is no number of rows: \"%s\"", name, text);
	*out = (size_t)n;
	return OK;
}

enum status admin_page(struct request *rq, size_t *skip, size_t *limit)
{
	enum status s = read_number(rq, "limit", limit);

	return s ? s : read_number(rq, "offset", skip);
}

static void keep(struct cx *cx, struct list *l, struct json_object *v)
{
	if (l->n == l->cap) {
		struct json_object **more;

		l->cap = l->cap ? 2 * l->cap : 64;
		more = cx_array(cx, l->cap, sizeof(struct json_object *));
		if (l->n)
			memcpy(more, l->items, l->n * sizeof(struct json_object *));
		l->items = more;
	}
	l->items[l->n++] = v;
}

/* Reads pages until `max` rows are kept or there are no more. */
static enum status read_rows(struct request *rq, struct query *q, struct list *l, size_t max,
			     enum status (*show)(struct request *rq, const void *item,
						 struct json_object **out))
{
	struct rows page;
	enum status s;

	do {
		s = store_list(rq->cx, rq->rs->store, q, &page);
		for (size_t i = 0; !s && i < page.n && l->n < max; i++) {
			const char *item = (const char *)page.items + i * q->from->kind->size;
			struct json_object *v = NULL;

			s = show(rq, item, &v);
			q->after = (const struct row *)item;
			if (v)
				keep(rq->cx, l, v);
		}
	} while (!s && page.n == q->limit && l->n < max);
	return s;
}

static int compare_names(const void *a, const void *b)
{
	const char *x = json_text(*(struct json_object *const *)a, "name");
	const char *y = json_text(*(struct json_object *const *)b, "name");

	return strcmp(x ? x : "", y ? y : "");
}

/* Rows come in key order, and glibc's qsort keeps the order of equals: pages agree. */
static enum status sort(struct cx *cx, struct list *l)
{
	if (l->n == MAX_SORTED)
		return fail(cx, TOO_LARGE, "there are more than %d: a list can't show them",
			    MAX_SORTED);
	if (l->n)
		qsort(l->items, l->n, sizeof(l->items[0]), compare_names);
	return OK;
}

/* What the query finds, cut by ?limit= and ?offset=. */
static enum status answer_list(struct request *rq, struct query *q, bool by_name,
			       enum status (*show)(struct request *rq, const void *item,
						   struct json_object **out))
{
	struct json_object *array = json_new_array(rq->cx);
	struct list l = { .limit = SIZE_MAX };
	size_t end;
	enum status s = admin_page(rq, &l.skip, &l.limit);

	if (s)
		return s;
	end = l.limit > SIZE_MAX - l.skip ? SIZE_MAX : l.skip + l.limit;
	s = read_rows(rq, q, &l, by_name ? MAX_SORTED : end, show);
	if (!s && by_name)
		s = sort(rq->cx, &l);
	for (size_t i = l.skip; !s && i < l.n && i < end; i++)
		json_add(array, l.items[i]);
	return s ? s : answer_json(rq, 200, array);
}

enum status admin_list(struct request *rq, const struct row *from, size_t bound, bool by_name,
		       enum status (*show)(struct request *rq, const void *item,
					   struct json_object **out))
{
	struct query q = { .from = from, .bound = bound, .limit = PAGE };

	return answer_list(rq, &q, by_name, show);
}

enum status admin_list_where(struct request *rq, const struct row *from, size_t bound,
			     const char *column,
			     enum status (*show)(struct request *rq, const void *item,
						 struct json_object **out))
{
	struct query q = { .from = from, .bound = bound, .where = { column }, .limit = PAGE };

	return answer_list(rq, &q, false, show);
}

enum status admin_answer(struct request *rq, int http, const void *item,
			 enum status (*show)(struct request *rq, const void *item,
					     struct json_object **out))
{
	struct json_object *o = NULL;
	enum status s = show(rq, item, &o);

	return s ? s : answer_json(rq, http, o);
}
