/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idempotency.h - Idempotency-Key: a request sent again has its effect once.
 * Source: the REST catalog's OpenAPI document, parameter idempotency-key.
 *
 * The key's row (common/model.h) rides in the very list that is the request's
 * effect (struct rider), so of two that come at once one list holds; the other
 * request is then answered as a replay.  A refusal (4xx) that would be the same
 * again is kept alone; 5xx, 401, 403 and 429 never are.  A replay is answered by
 * the route's `replay` and for the caller as he is now: no credential is kept.
 */
#ifndef FCGI_IDEMPOTENCY_H
#define FCGI_IDEMPOTENCY_H

#include "fcgi/route.h"

/* Makes rq->key where the route takes a key and the request has one; resolve() reads
 * its row in the get it makes anyway.  INVALID: not a UUIDv7. */
MUST_USE enum status idempotency_open(struct request *rq);

/* The handler's answer, or a replay's.  A key that stood for another request is
 * INVALID with 422. */
MUST_USE enum status idempotency_handle(struct request *rq);

/*
 * For a route's `replay`: answers what GET of that path does, with the request's
 * own query.  `delegation`: as the request asked for credentials by
 * X-Iceberg-Access-Delegation; they are vended anew.
 */
MUST_USE enum status answer_as_get(struct request *rq, const char *path, bool delegation);

/* A `replay`: what GET of the request's own path answers, without credentials. */
MUST_USE enum status replay_as_get(struct request *rq);

/* For the `replay` of what makes something: GET of <the path>/<name>, or with `list`
 * in the place of the path's last segment ("tables" of .../register). */
MUST_USE enum status replay_made(struct request *rq, const char *list, const char *name);

#endif
