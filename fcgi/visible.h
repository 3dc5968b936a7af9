/* SPDX-License-Identifier: Apache-2.0 */
/* visible.h - lists leave out what their caller may not know of. */
#ifndef FCGI_VISIBLE_H
#define FCGI_VISIBLE_H

#include "fcgi/http.h"
#include "stores/content.h"

/*
 * Has `page` show only rows that the caller may list: namespaces and assets that lie in
 * `within` (a catalog or a namespace).  All of them where a grant on that, or the
 * caller's role, says so: then no row is asked about.
 */
void page_visible(struct request *rq, const struct object *within, struct page *page);

#endif
