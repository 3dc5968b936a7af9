/* SPDX-License-Identifier: Apache-2.0 */
/* external.h - other servers' users: their tokens as credentials, and who they are here. */
#ifndef FCGI_EXTERNAL_H
#define FCGI_EXTERNAL_H

#include "common/providers.h"
#include "fcgi/http.h"
#include "fcgi/issuers.h"

struct external {
	struct providers providers;
	struct issuers *issuers;
};

/* Reads the environment's providers; client secrets only for who runs the logins. */
MUST_USE enum status external_open(struct cx *cx, struct responder *rs, bool secrets);
void external_close(struct responder *rs);

/* The provider whose tokens are credentials here and who issued this one, as it says itself;
 * NULL: it is no such token. */
const struct provider *external_issuer(struct cx *cx, const struct responder *rs,
				       const char *token);

/*
 * Who a token of that provider is.  UNAUTHENTICATED: it does not verify, or its user is not
 * let in.  UNAVAILABLE: the issuer's keys can't be had.
 */
MUST_USE enum status external_token(struct request *rq, const struct provider *p, const char *token,
				    const struct principal **out);

/*
 * The user that claims mean: the one of (provider, sub), or one whose verified e-mail
 * address is in PANGOLIN_OAUTH_EMAIL_LINK_DOMAINS and who is then that one for good, or
 * a new one.  UNAUTHENTICATED, saying why none.
 */
MUST_USE enum status external_user(struct request *rq, const struct provider *p,
				   struct json_object *claims, struct user *out);

/*
 * The tenant's roles that the claims give, by their names; none of a name that no role has.
 * At most MAX_GIVEN_ROLES.
 */
MUST_USE enum status external_roles(struct request *rq, const struct provider *p,
				    struct json_object *claims, const char *tenant_id,
				    struct given_roles *out);

/* The role the claims give, where the provider says that claims do; ROLE_NONE: the row's. */
enum role external_role(const struct provider *p, struct json_object *claims);

#endif
