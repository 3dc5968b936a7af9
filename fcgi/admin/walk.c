/* SPDX-License-Identifier: Apache-2.0 */
/* walk.c - pages in two contexts by turns: the last row of one is what the next begins behind. */
#include "fcgi/admin/walk.h"

#define PAGE 2000

enum status rows_walk(struct request *rq, const struct query *q,
		      void (*visit)(void *arg, const void *row), void *arg)
{
	struct cx pages[2] = { { .deadline_ms = rq->cx->deadline_ms },
			       { .deadline_ms = rq->cx->deadline_ms } };
	struct query next = *q;
	struct rows page;
	size_t turn = 0;
	enum status s;

	next.limit = PAGE;
	do {
		struct cx *cx = &pages[turn ^= 1];

		cx_reset(cx);
		cx->deadline_ms = rq->cx->deadline_ms;
		s = store_list(cx, rq->rs->store, &next, &page);
		if (s)
			fail(rq->cx, s, "%s", cx->message);
		for (size_t i = 0; !s && i < page.n; i++) {
			const char *row = (const char *)page.items + i * q->from->kind->size;

			visit(arg, row);
			next.after = (const struct row *)row;
		}
	} while (!s && page.n == PAGE);
	cx_free(&pages[0]);
	cx_free(&pages[1]);
	return s;
}
