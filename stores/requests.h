/* SPDX-License-Identifier: Apache-2.0 */
/* requests.h - access requests: one asks, another decides, and a yes is a grant. */
#ifndef STORES_REQUESTS_H
#define STORES_REQUESTS_H

#include "stores/store.h"

/* `by` is the start of the audit record (stores/audit.h). */

/* NOT_FOUND. */
MUST_USE enum status access_request_find(struct cx *cx, struct store *st, const char *tenant_id,
					 const char *id, struct access_request *out);

/*
 * Makes a request of r's user for r's asset: fills id, status and requested_at.  Where that
 * user's request for it is pending already, r is that one.  The tenant's administrators are
 * told by mail, and who asked of the decision: stores/mails.h.
 */
MUST_USE enum status access_request_create(struct cx *cx, struct store *st,
					   struct access_request *r, const struct audit *by);

/*
 * Writes a request that was read, with its new status, reviewer and comment.  "approved": `asset`
 * (as it is) may be read by who asked, in the same list; the permission's id is the request's.
 * Anything else takes that permission back where it is there.  INVALID: who asked is gone;
 * CONFLICT: another was faster; read again.
 */
MUST_USE enum status access_request_decide(struct cx *cx, struct store *st,
					   struct access_request *r, const struct asset *asset,
					   const struct audit *by);

#endif
