/* SPDX-License-Identifier: Apache-2.0 */
/* oauth.c - the token endpoint.  Source: RFC 6749, 4.4 and 5.2; RFC 8693; Iceberg's getToken. */
#include "common/text.h"
#include "fcgi/attempts.h"
#include "fcgi/credentials/credentials.h"

#define EXCHANGE "urn:ietf:params:oauth:grant-type:token-exchange"
#define ACCESS_TOKEN "urn:ietf:params:oauth:token-type:access_token"
#define JWT_TOKEN "urn:ietf:params:oauth:token-type:jwt"

/* The body RFC 6749 wants of this one route; the reason is cx->message. */
static enum status oauth_error(struct request *rq, int http, const char *code)
{
	struct json_object *o = json_new_object(rq->cx);

	json_set_text(o, "error", code);
	json_set_text(o, "error_description", rq->cx->message);
	if (http == 401)
		answer_header(rq, "WWW-Authenticate", "Basic realm=\"pangolin\"");
	return answer_json(rq, http, o);
}

/* A failure as the OAuth error of its kind; what the server is to blame for stays. */
static enum status oauth_failure(struct request *rq, enum status s, const char *refused)
{
	if (s == INVALID)
		return oauth_error(rq, 400, "invalid_request");
	if (s == UNAUTHENTICATED)
		return oauth_error(rq, strcmp(refused, "invalid_client") == 0 ? 401 : 400, refused);
	return s;
}

static enum status issue(struct request *rq, const struct principal *who)
{
	int64_t ttl_s = rq->rs->config->oauth_ttl_s;
	struct json_object *o = json_new_object(rq->cx);
	struct change record = login_record(rq, who, "generate_token");
	struct issued t;
	enum status s;

	token_ttl(who, &ttl_s);
	s = auth_issue(rq->cx, rq->rs, who, ttl_s, &record, 1, &t);
	if (s)
		return s;
	json_set_text(o, "access_token", t.token);
	json_set_text(o, "token_type", "bearer");
	json_set_int(o, "expires_in", ttl_s);
	json_set_text(o, "issued_token_type", ACCESS_TOKEN);
	return answer_json(rq, 200, o);
}

/* --- client credentials ------------------------------------------------------------ */

/* Where a client may put them: the form, or HTTP Basic.  *id is NULL where only a
 * secret was given. */
static enum status read_client(struct request *rq, const char **id, const char **secret)
{
	const char *header = request_header(rq, "authorization");

	*id = json_text(rq->json, "client_id");
	*secret = json_text(rq->json, "client_secret");
	if (!*secret && header)
		return auth_basic(rq->cx, header, id, secret);
	if (*id && !**id)
		*id = NULL;
	return *secret ? OK : fail(rq->cx, INVALID, "client_secret is missing");
}

/* A service user's id with its API key, or root's name and password: that can be guessed. */
static enum status find_client(struct request *rq, const char *id, const char *secret,
			       const struct principal **who)
{
	bool is_key = text_starts(secret, "pgl_");
	struct attempts attempts;
	enum status s = attempts_check(rq, "", is_key ? NULL : id ? id : "", &attempts);

	if (s)
		return s;
	if (is_key)
		s = auth_api_key(rq, secret, who);
	else
		s = auth_root(rq->cx, rq->rs, id ? id : "", secret, who);
	if (!s && is_key && id && strcmp(id, (*who)->id) != 0)
		s = fail(rq->cx, UNAUTHENTICATED, "the API key is not this client's");
	return s == UNAUTHENTICATED ? auth_failed(rq, &attempts, "", "unknown") : s;
}

static enum status client_credentials(struct request *rq)
{
	const char *id, *secret;
	const struct principal *who;
	enum status s;

	s = read_client(rq, &id, &secret);
	if (!s)
		s = find_client(rq, id, secret, &who);
	return s ? oauth_failure(rq, s, "invalid_client") : issue(rq, who);
}

/* --- token exchange ----------------------------------------------------------------- */

/* Whoever the subject's token was issued to, not verified. */
static bool is_subject(struct cx *cx, const char *token, const struct principal *who)
{
	struct json_object *claims;

	return jwt_claims(cx, token, &claims) == OK && text_same(json_text(claims, "sub"), who->id);
}

/*
 * Java's client exchanges a token that has just expired for a fresh one, with its
 * credential in the Authorization header: it could as well ask for one by that alone.
 */
static enum status by_credential(struct request *rq, const char *token,
				 const struct principal **who)
{
	const char *header = request_header(rq, "authorization");
	const char *id, *secret;
	enum status s;

	if (!header || auth_basic(rq->cx, header, &id, &secret))
		return fail(rq->cx, UNAUTHENTICATED, "the subject_token is not valid");
	s = find_client(rq, id, secret, who);
	if (!s && !is_subject(rq->cx, token, *who))
		return fail(rq->cx, UNAUTHENTICATED,
			    "the subject_token is not valid, nor was it this client's");
	return s;
}

/* A valid token for a fresh one of the same principal and role. */
static enum status token_exchange(struct request *rq)
{
	const char *token = json_text(rq->json, "subject_token");
	const char *type = json_text(rq->json, "subject_token_type");
	const struct principal *who;
	enum status s;

	if (!token)
		s = fail(rq->cx, INVALID, "subject_token is missing");
	else if (type && strcmp(type, ACCESS_TOKEN) != 0 && strcmp(type, JWT_TOKEN) != 0)
		s = fail(rq->cx, INVALID, "subject_token_type is not one this server takes");
	else
		s = auth_token(rq, token, &who);
	if (s == UNAUTHENTICATED)
		s = by_credential(rq, token, &who);
	return s ? oauth_failure(rq, s, "invalid_grant") : issue(rq, who);
}

enum status create_oauth_token(struct request *rq)
{
	enum status s = request_form(rq);
	const char *grant;

	if (s)
		return oauth_failure(rq, s, "invalid_request");
	grant = json_text(rq->json, "grant_type");
	if (!grant) {
		s = fail(rq->cx, INVALID, "grant_type is missing");
		return oauth_failure(rq, s, "invalid_request");
	}
	if (strcmp(grant, "client_credentials") == 0)
		return client_credentials(rq);
	if (strcmp(grant, EXCHANGE) == 0)
		return token_exchange(rq);
	(void)fail(rq->cx, INVALID, "grant_type is not one this server knows");
	return oauth_error(rq, 400, "unsupported_grant_type");
}
