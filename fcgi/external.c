/* SPDX-License-Identifier: Apache-2.0 */
/* external.c - other servers' tokens.  Source: RFC 9068; RFC 8725. */
#include "fcgi/external.h"

#include "common/text.h"
#include "fcgi/auth.h"

enum status external_open(struct cx *cx, struct responder *rs, bool secrets)
{
	struct external *e = CX_NEW(cx, struct external);
	struct http_limits limits = { .ca_file = rs->config->ca_file,
				      .refuse_loopback = rs->config->refuse_loopback };
	enum status s = providers_read(cx, secrets, &e->providers);

	if (s)
		return s;
	e->issuers = issuers_open(&e->providers, &limits);
	rs->external = e;
	return OK;
}

void external_close(struct responder *rs)
{
	issuers_close(rs->external->issuers);
}

/* The issuer a token names only chooses among those we know; nothing is fetched from it. */
const struct provider *external_issuer(struct cx *cx, const struct responder *rs, const char *token)
{
	struct json_object *claims;
	const char *issuer;

	if (!rs->external || !rs->external->providers.n || jwt_claims(cx, token, &claims))
		return NULL;
	issuer = json_text(claims, "iss");
	return issuer ? providers_of_issuer(&rs->external->providers, issuer) : NULL;
}

static enum status verify(struct request *rq, const struct provider *p, const char *token,
			  struct json_object **claims)
{
	struct jwt_expected expected = { .issuer = p->issuer,
					 .audience = p->audience,
					 .now_ms = cx_now_ms() };
	const struct jwt_keys *keys;
	const char *kid;
	enum status s;

	if (jwt_kid(rq->cx, token, &kid))
		return fail(rq->cx, UNAUTHENTICATED, "the token is not valid: it names no key");
	s = issuers_keys(rq->cx, rq->rs->external->issuers, rq->rs->store, p, kid, &keys);
	if (s == UNAVAILABLE) /* nothing was done yet: clients may send the request again */
		answer_header(rq, "Retry-After", "1");
	return s ? s : jwt_verify(rq->cx, keys, token, &expected, claims);
}

enum status external_token(struct request *rq, const struct provider *p, const char *token,
			   const struct principal **out)
{
	struct json_object *claims;
	struct principal *who;
	struct user u;
	enum role role;
	enum status s = verify(rq, p, token, &claims);

	if (!s)
		s = external_user(rq, p, claims, &u);
	if (!s && !u.active)
		s = fail(rq->cx, UNAUTHENTICATED, "the token's user is not active");
	if (s)
		return s;
	role = external_role(p, claims);
	who = CX_NEW(rq->cx, struct principal);
	*who = *auth_user(rq->cx, &u);
	s = external_roles(rq, p, claims, u.tenant_id, &who->given);
	if (s)
		return s;
	if (role != ROLE_NONE)
		who->role = role;
	who->expires_ms = json_int(claims, "exp", 0) * 1000;
	*out = who;
	return OK;
}
