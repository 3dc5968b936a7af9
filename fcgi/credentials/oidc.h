/* SPDX-License-Identifier: Apache-2.0 */
/* oidc.h - from a provider's authorization code to its claims on who came. */
#ifndef FCGI_CREDENTIALS_OIDC_H
#define FCGI_CREDENTIALS_OIDC_H

#include "common/providers.h"
#include "fcgi/http.h"

/* How the code came about. */
struct oidc_answer {
	const char *code;
	const char *redirect_uri;     /* as it was sent with the request for it */
	const char *nonce, *verifier; /* likewise, the verifier's hash */
};

/*
 * The claims of the id_token the code buys, verified; of github, which has none, those
 * its API gives, named as OpenID Connect's.  INVALID: the provider does not take the
 * code.  UNAUTHENTICATED: the id_token does not verify.  UNAVAILABLE.
 */
MUST_USE enum status oidc_claims(struct request *rq, const struct provider *p,
				 const struct oidc_answer *answer, struct json_object **out);

#endif
