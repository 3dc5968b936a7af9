/* SPDX-License-Identifier: Apache-2.0 */
/* walk.h - every row of a kind, however many, in the memory of a page. */
#ifndef FCGI_ADMIN_WALK_H
#define FCGI_ADMIN_WALK_H

#include "fcgi/admin/admin.h"

/*
 * Calls visit with each row that q's from, bound and where say, in key order, from q->after on.
 * A row lives until visit returns.
 */
MUST_USE enum status rows_walk(struct request *rq, const struct query *q,
			       void (*visit)(void *arg, const void *row), void *arg);

#endif
