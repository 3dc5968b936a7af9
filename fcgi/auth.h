/* SPDX-License-Identifier: Apache-2.0 */
/* auth.h - from a request's credential to a principal. */
#ifndef FCGI_AUTH_H
#define FCGI_AUTH_H

#include "fcgi/http.h"

/* Opens the key rings the family may read.  INVALID: a missing or unsafe file. */
MUST_USE enum status auth_open(struct cx *cx, struct responder *rs, bool may_sign);
void auth_close(struct responder *rs);

/*
 * Sets rq->who from X-API-Key, Authorization: Bearer (our ES256 tokens) or
 * Basic (root).  No credential: rq->who stays NULL (no-auth mode: the default
 * tenant's admin).  UNAUTHENTICATED: a credential that is not valid now.  A
 * principal verified before costs no store trip while the epochs stand.
 */
MUST_USE enum status authenticate(struct request *rq);

/* Forgets every cached principal: the epochs moved. */
void auth_forget(struct responder *rs);

/* Issues a signed token and its row (which revocation deletes). */
struct issued {
	const char *token;
	const char *token_id;
	int64_t expires_ms;
};
MUST_USE enum status auth_issue(struct cx *cx, struct responder *rs, const struct principal *who,
				int64_t ttl_s, struct issued *out);

#endif
