/* SPDX-License-Identifier: Apache-2.0 */
/* visible.c - decides on the rows of a list, a chunk at a time: at most one read for each. */
#include "fcgi/visible.h"

#include "common/list.h"
#include "fcgi/decide.h"

/* Rows that were read ahead, and which of them may be shown. */
struct chunk {
	const struct asset *rows;
	size_t n;
	bool *may;
};

struct filter {
	struct request *rq;
	struct object within;
	struct list chunks;
};

static struct object object_of(const struct filter *f, const struct asset *row)
{
	struct object o = f->within;

	if (row->type && strcmp(row->type, "NAMESPACE") == 0) {
		o.kind = ON_NAMESPACE;
		o.namespace = row->namespace[0] == LEVEL_SEPARATOR
				      ? row->name
				      : cx_printf(f->rq->cx, "%s%s", row->namespace, row->name);
		return o;
	}
	o.kind = ON_ASSET;
	o.name = row->name;
	o.asset_id = row->asset_id;
	return o;
}

static enum status look_ahead(void *arg, const struct asset *rows, size_t n)
{
	struct filter *f = arg;
	struct object *objects = cx_array(f->rq->cx, n, sizeof(*objects));
	struct chunk *c = list_add(&f->chunks);

	*c = (struct chunk){ rows, n, cx_array(f->rq->cx, n, sizeof(bool)) };
	for (size_t i = 0; i < n; i++)
		objects[i] = object_of(f, &rows[i]);
	return decide_all(f->rq, MAY_LIST, objects, n, c->may);
}

static bool keep(void *arg, const struct asset *row)
{
	const struct filter *f = arg;
	const struct chunk *chunks = f->chunks.items;

	for (size_t i = f->chunks.n; i > 0; i--) {
		const struct chunk *c = &chunks[i - 1];

		if (row >= c->rows && row < c->rows + c->n)
			return c->may[row - c->rows];
	}
	return false;
}

void page_visible(struct request *rq, const struct object *within, struct page *page)
{
	struct filter *f;

	if (access_within(rq->who, MAY_LIST, within))
		return;
	f = CX_NEW(rq->cx, struct filter);
	*f = (struct filter){ rq, *within, { .cx = rq->cx, .size = sizeof(struct chunk) } };
	page->ahead = look_ahead;
	page->keep = keep;
	page->arg = f;
}
