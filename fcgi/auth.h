/* SPDX-License-Identifier: Apache-2.0 */
/* auth.h - from a request's credential to a principal. */
#ifndef FCGI_AUTH_H
#define FCGI_AUTH_H

#include "common/jwt.h"
#include "fcgi/http.h"

struct attempts; /* fcgi/attempts.h */

/*
 * Opens the identity ring: the public keys, and with may_sign the private one.
 * INVALID: a missing or unsafe file, or no PANGOLIN_KEYS_DIR (in no-auth mode: then
 * tokens can't be used).
 */
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

/* --- one credential each, looked up now; UNAUTHENTICATED says why -------------- */

/* The user, service user or root a token was issued to: its row is there, and the
 * user's, which is active.  Or whom another issuer's token means: fcgi/external.h. */
MUST_USE enum status auth_token(struct request *rq, const char *token,
				const struct principal **out);

/* The service user of an API key: active and not expired. */
MUST_USE enum status auth_api_key(struct request *rq, const char *api_key,
				  const struct principal **out);

/* The principal of a user's row; ROLE_NONE where it is not active, or its role does not go with
 * its tenant. */
const struct principal *auth_user(struct cx *cx, const struct user *u);

/* Likewise of a service user's. */
const struct principal *auth_service_user(struct cx *cx, const struct service_user *su);

/* Root by PANGOLIN_ROOT_USER and PANGOLIN_ROOT_PASSWORD. */
MUST_USE enum status auth_root(struct cx *cx, struct responder *rs, const char *user,
			       const char *password, const struct principal **out);

/*
 * After a password or client secret was wrong: counts the attempt and puts it on
 * record, for whom refusals.h says.  UNAUTHENTICATED, with cx->message as it was;
 * UNAVAILABLE where it can't be counted.
 */
MUST_USE enum status auth_failed(struct request *rq, struct attempts *attempts,
				 const char *tenant_id, const char *username);

/* Takes "Basic ..." apart; INVALID. */
MUST_USE enum status auth_basic(struct cx *cx, const char *header, const char **user,
				const char **password);

/* Roles of another server's claims as a token of ours, and the row of a login, hold them: [ids].
 * What is no list holds none. */
struct json_object *given_json(struct cx *cx, struct given_roles given);
struct given_roles given_read(struct cx *cx, struct json_object *v);

/* --- issuing ---------------------------------------------------------------------- */

/* Issues a signed token and its row (which revocation deletes).  `also` are
 * changes that ride in the same list. */
struct issued {
	const char *token;
	const char *token_id;
	int64_t expires_ms;
};
MUST_USE enum status auth_issue(struct cx *cx, struct responder *rs, const struct principal *who,
				int64_t ttl_s, const struct change *also, size_t n,
				struct issued *out);

/* The public keys, as this process knows them; NULL = none. */
const struct jwt_keys *auth_keys(const struct responder *rs);

#endif
