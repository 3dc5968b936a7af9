/* SPDX-License-Identifier: Apache-2.0 */
/* issuers.h - what other issuers of tokens say of themselves: endpoints and keys. */
#ifndef FCGI_ISSUERS_H
#define FCGI_ISSUERS_H

#include "common/jwt.h"
#include "common/providers.h"
#include "fcgi/http.h"
#include "vending/http.h"

/*
 * An issuer's discovery document and JWKS are read by whichever process needs them
 * first and kept in the store (kind issuer) for all others, for ten minutes; longer, up to
 * a day, while the issuer can't be reached.  An unknown key has them read again,
 * but never twice within a minute, however many tokens name it, from all hosts together.
 * While one process reads, others go on with what they know, or wait a second for it.
 * Answers of more than 128 KiB are refused.
 */
struct issuers;

/* `limits` and the providers outlive it. */
struct issuers *issuers_open(const struct providers *providers, const struct http_limits *limits);
void issuers_close(struct issuers *i);

/* The keys of a provider that has an issuer; where they can be had with the key `kid`
 * among them, they are.  UNAVAILABLE: nothing is known of the issuer, or another process is
 * reading them: try again. */
MUST_USE enum status issuers_keys(struct cx *cx, struct issuers *i, struct store *st,
				  const struct provider *p, const char *kid,
				  const struct jwt_keys **out);

/* Its discovery document: authorization_endpoint, token_endpoint,
 * token_endpoint_auth_methods_supported; those there are.  UNAVAILABLE. */
MUST_USE enum status issuers_endpoints(struct cx *cx, struct issuers *i, struct store *st,
				       const struct provider *p, struct json_object **out);

/*
 * Sends a request and reads its answer as JSON of that type.  UNAVAILABLE: none came.
 * INVALID: it is not 200, or no such JSON; what it says stays out of the message.
 */
MUST_USE enum status issuers_fetch(struct cx *cx, struct issuers *i, struct http_request *r,
				   enum json_type type, struct json_object **out);

#endif
