/* SPDX-License-Identifier: Apache-2.0 */
/* route.h - the route table: path, permission and object stand side by side. */
#ifndef FCGI_ROUTE_H
#define FCGI_ROUTE_H

#include "fcgi/http.h"

enum route_flag {
	NOUN_TABLE = 1, /* a missing object answers NoSuchTableException ... */
	NOUN_VIEW = 2,
	NOUN_NAMESPACE = 4,
	BRANCH_ROW = 8,	     /* resolve reads the branch's row too: for writers */
	NOT_ICEBERG = 16,    /* /api/v1 */
	RAW_BODY = 32,	     /* the handler reads rq->body itself */
	IDEMPOTENT = 64,     /* takes an Idempotency-Key: fcgi/idempotency.h */
	NOUN_FUNCTION = 128, /* and the path's asset is a function */
	LOCAL = 256,	     /* answered here also where the catalog is federated */
};

struct route {
	const char *method;
	/* "/v1/{}/namespaces/{}/tables/{}": {} is one whole segment. */
	const char *pattern;
	enum action action;
	enum object_kind on; /* what the leading segments name: see resolve.h */
	unsigned flags;
	enum status (*handler)(struct request *rq);
	/* Objects named in the body, each decided on before the handler: calls
	 * visit for each; NULL where the path names all. */
	enum status (*objects)(struct request *rq,
			       enum status (*visit)(struct request *rq, enum action action,
						    const struct object *object));
	/*
	 * With IDEMPOTENT: answers a request that had its effect before, anew, from
	 * what is there now (answer_as_get) or rq->key->answer.  NULL: 204.  The
	 * handler itself: it has no effect that could happen twice.
	 */
	enum status (*replay)(struct request *rq);
};

struct route_table {
	const char *family; /* "tables" */
	const struct route *routes;
	size_t n;
};

/* Each stands in fcgi/<family>/routes.c, in the library: responders serve each
 * other's, and `pangolin routes` prints all.  fcgi/<family>/main.c is main() alone. */
extern const struct route_table tables_routes, namespaces_routes, credentials_routes, admin_routes;

/*
 * Finds the route of method and raw path in the tables and fills rq->route and
 * rq->segments.  Refuses dot segments, control bytes but %1F, %00, "//" (but
 * an empty {} segment under /api/v1).  /v1/{c}/v1/... is served as /v1/{c}/...
 * and sets rq->prefix_hint.  INVALID; NOT_FOUND; 405 is NOT_FOUND with
 * rq->answer.http = 405 set.
 */
MUST_USE enum status route_find(struct request *rq, const struct route_table *const *tables,
				size_t n);

#endif
