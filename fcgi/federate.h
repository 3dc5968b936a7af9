/* SPDX-License-Identifier: Apache-2.0 */
/* federate.h - catalogs that are another server's: requests on them are sent on to it. */
#ifndef FCGI_FEDERATE_H
#define FCGI_FEDERATE_H

#include "fcgi/http.h"
#include "stores/federation.h"
#include "vending/upstream.h"

/* True where the request's object lies in a federated catalog, and the route is not
 * answered here all the same (LOCAL). */
bool federate_applies(const struct request *rq);

/*
 * The handler of every Iceberg route of a federated catalog, once the caller's rights were
 * checked: sends the request on with the catalog's own credentials and passes on what comes
 * back.  What the upstream can't be asked for (/api/v1) is INVALID.  A request that may have
 * been carried out unheard answers 502, one that was not 503.
 */
MUST_USE enum status federate(struct request *rq);

/* What a process needs to talk to a catalog's upstream.  INTERNAL: its secrets can't be read. */
struct federation {
	struct upstream upstream;
	struct upstream_link link;
};
MUST_USE enum status federation_open(struct cx *cx, const struct catalog *c, struct cloud *cloud,
				     struct vault *vault, size_t max_answer,
				     struct federation *out);

/* Counts what there is and keeps the result, also that it failed; *complete: all was seen. */
MUST_USE enum status federation_sync(struct cx *cx, struct store *st, const struct catalog *c,
				     const struct federation *f, const struct audit *by,
				     struct federation_count *row, bool *complete);

#endif
