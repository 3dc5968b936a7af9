/* SPDX-License-Identifier: Apache-2.0 */
/* idents.h - Iceberg's identifiers and pages in JSON and queries. */
#ifndef FCGI_IDENTS_H
#define FCGI_IDENTS_H

#include "fcgi/http.h"
#include "stores/content.h"

/* ["a","b"] as a path (levels joined by \x1F).  INVALID: not an array of one or
 * more texts, or a text that holds the separator itself. */
MUST_USE enum status ident_path(struct cx *cx, struct json_object *levels, const char *where,
				const char **out);
/* A path as ["a","b"]. */
struct json_object *ident_levels(struct cx *cx, const char *path);

/* Member `key` of o, {"namespace":["a"],"name":"t"}. */
MUST_USE enum status ident_read(struct cx *cx, struct json_object *o, const char *key,
				const char **path, const char **name);

/*
 * pageToken and pageSize.  Without a pageToken everything is asked for: a client
 * that does not send one does not look for a next page.  A token holds the last
 * name of its page, so it stays good whatever comes and goes.  INVALID: a token
 * that this list did not give, a size that is no number from 1 on.
 */
MUST_USE enum status page_read(struct request *rq, struct page *out);

/* "next-page-token" of the answer: what page_read takes; null after the last page. */
void page_next(struct request *rq, struct json_object *answer, const struct listing *l);

/*
 * The answer of a list of assets of one type ("ICEBERG_TABLE", "VIEW", "FUNCTION") in the
 * path's namespace: {"identifiers", "next-page-token"}, without what a load would
 * hide.  Identifiers have the namespace's @branch where the path has it.  NOT_FOUND: the
 * namespace.
 */
MUST_USE enum status answer_identifiers(struct request *rq, const char *type);

/*
 * referenced-by: the chain of views that something is loaded through.  INVALID
 * where it is no list of "<namespace>\x1F<view>".  Views in it need not be there.
 */
MUST_USE enum status referenced_by_check(struct request *rq);

#endif
