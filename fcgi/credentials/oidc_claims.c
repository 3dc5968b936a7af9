/* SPDX-License-Identifier: Apache-2.0 */
/* oidc_claims.c - codes for claims.  Source: OpenID Connect Core 1.0, 3.1.3; RFC 6749, 2.3.1, 4.1.3; RFC 7636; docs.github.com, "Authorizing OAuth apps". */
#include "fcgi/credentials/oidc.h"

#include "common/text.h"
#include "fcgi/external.h"

#define MAX_FORM 16384

/* --- the token endpoint ----------------------------------------------------------------- */

static void add_field(struct text *t, const char *name, const char *value)
{
	if (t->len)
		text_addc(t, '&');
	text_addf(t, "%s=", name);
	text_add_percent(t, value, strlen(value), false);
}

static const char *encoded(struct cx *cx, const char *s)
{
	struct text t = text_open(cx, MAX_FORM);

	text_add_percent(&t, s, strlen(s), false);
	return t.s;
}

/* By Basic unless the endpoint says that it takes the secret in the form. */
static bool secret_in_form(struct json_object *endpoints)
{
	struct json_object *list = json_member(endpoints, "token_endpoint_auth_methods_supported");

	if (!endpoints)
		return true; /* github's */
	if (!json_object_is_type(list, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *v = json_object_array_get_idx(list, i);

		if (json_object_is_type(v, json_type_string) &&
		    strcmp(json_object_get_string(v), "client_secret_post") == 0)
			return true;
	}
	return false;
}

static const char *basic_of(struct cx *cx, const struct provider *p)
{
	const char *pair =
		cx_printf(cx, "%s:%s", encoded(cx, p->client_id), encoded(cx, p->client_secret));

	return cx_printf(cx, "Basic %s", text_base64(cx, pair, strlen(pair)));
}

static enum status redeem(struct request *rq, const struct provider *p, const char *url,
			  struct json_object *endpoints, const struct oidc_answer *a,
			  struct json_object **out)
{
	bool in_form = secret_in_form(endpoints);
	struct text form = text_open(rq->cx, MAX_FORM);
	struct pair headers[3] = { { "Content-Type", "application/x-www-form-urlencoded" },
				   { "Accept", "application/json" } };
	struct http_request r = {
		.method = "POST", .url = url, .headers = headers, .n_headers = 2
	};

	add_field(&form, "grant_type", "authorization_code");
	add_field(&form, "code", a->code);
	add_field(&form, "redirect_uri", a->redirect_uri);
	add_field(&form, "code_verifier", a->verifier);
	if (!p->client_secret || in_form)
		add_field(&form, "client_id", p->client_id);
	if (p->client_secret && in_form)
		add_field(&form, "client_secret", p->client_secret);
	if (p->client_secret && !in_form)
		headers[r.n_headers++] = (struct pair){ "Authorization", basic_of(rq->cx, p) };
	r.body = form.s;
	r.n_body = form.len;
	return issuers_fetch(rq->cx, rq->rs->external->issuers, &r, json_type_object, out);
}

/* --- OpenID Connect ----------------------------------------------------------------------- */

/* Core 3.1.3.7, beyond what every token must say. */
static enum status check_id_token(struct request *rq, const struct provider *p,
				  struct json_object *claims, const char *nonce)
{
	struct json_object *aud = json_member(claims, "aud");
	bool several =
		json_object_is_type(aud, json_type_array) && json_object_array_length(aud) > 1;
	const char *azp = json_text(claims, "azp");

	if (!text_same(json_text(claims, "nonce"), nonce))
		return fail(rq->cx, UNAUTHENTICATED,
			    "the provider's id_token is of another login: its nonce is wrong");
	if ((several && !azp) || (azp && strcmp(azp, p->client_id) != 0))
		return fail(rq->cx, UNAUTHENTICATED,
			    "the provider's id_token was issued to another client");
	return OK;
}

static enum status verify_id_token(struct request *rq, const struct provider *p, const char *token,
				   const char *nonce, struct json_object **claims)
{
	struct jwt_expected expected = { .issuer = p->issuer,
					 .audience = p->client_id,
					 .now_ms = cx_now_ms() };
	const struct jwt_keys *keys;
	const char *kid;
	enum status s;

	if (jwt_kid(rq->cx, token, &kid))
		return fail(rq->cx, UNAUTHENTICATED,
			    "the provider's id_token is not valid: it names no key");
	s = issuers_keys(rq->cx, rq->rs->external->issuers, rq->rs->store, p, kid, &keys);
	if (!s)
		s = jwt_verify(rq->cx, keys, token, &expected, claims);
	return s ? s : check_id_token(rq, p, *claims, nonce);
}

static enum status claims_of_issuer(struct request *rq, const struct provider *p,
				    const struct oidc_answer *a, struct json_object **out)
{
	struct json_object *endpoints, *answer;
	const char *url, *token;
	enum status s;

	s = issuers_endpoints(rq->cx, rq->rs->external->issuers, rq->rs->store, p, &endpoints);
	if (s)
		return s;
	url = json_text(endpoints, "token_endpoint");
	if (!url)
		return fail(rq->cx, UNAVAILABLE, "the issuer of %s names no token endpoint",
			    p->name);
	s = redeem(rq, p, url, endpoints, a, &answer);
	if (s)
		return s;
	token = json_text(answer, "id_token");
	if (!token)
		return fail(rq->cx, INVALID, "%s gave no id_token", p->name);
	return verify_id_token(rq, p, token, a->nonce, out);
}

/* --- github --------------------------------------------------------------------------------- */

static enum status ask_github(struct request *rq, const char *url, const char *token,
			      enum json_type type, struct json_object **out)
{
	struct pair headers[] = {
		{ "Authorization", cx_printf(rq->cx, "Bearer %s", token) },
		{ "Accept", "application/json" },
		{ "User-Agent", "pangolin" }, /* api.github.com answers nobody without one */
	};
	struct http_request r = {
		.method = "GET", .url = url, .headers = headers, .n_headers = ARRAY_SIZE(headers)
	};

	return issuers_fetch(rq->cx, rq->rs->external->issuers, &r, type, out);
}

/* The one that is primary and verified; NULL: there is none. */
static const char *primary_email(struct json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *v = json_object_array_get_idx(list, i);

		if (json_object_is_type(v, json_type_object) &&
		    json_object_get_boolean(json_member(v, "primary")) &&
		    json_object_get_boolean(json_member(v, "verified")))
			return json_text(v, "email");
	}
	return NULL;
}

static struct json_object *github_claims(struct cx *cx, struct json_object *user, int64_t id,
					 const char *email)
{
	struct json_object *o = json_new_object(cx);

	json_set_text(o, "sub", cx_printf(cx, "%lld", (long long)id));
	json_set_text(o, "preferred_username", json_text(user, "login"));
	json_set_text(o, "email", email);
	json_set_bool(o, "email_verified", email != NULL);
	return o;
}

static enum status claims_of_github(struct request *rq, const struct provider *p,
				    const struct oidc_answer *a, struct json_object **out)
{
	const char *emails_url = cx_printf(rq->cx, "%s/emails", p->userinfo_url), *token;
	struct json_object *answer, *user, *emails;
	int64_t id;
	enum status s;

	s = redeem(rq, p, p->token_url, NULL, a, &answer);
	if (s)
		return s;
	token = json_text(answer, "access_token");
	if (!token)
		return fail(rq->cx, INVALID, "%s did not take the code", p->name);
	s = ask_github(rq, p->userinfo_url, token, json_type_object, &user);
	id = s ? 0 : json_int(user, "id", 0);
	if (!s && !id)
		s = fail(rq->cx, INVALID, "%s does not say who came", p->name);
	if (!s)
		s = ask_github(rq, emails_url, token, json_type_array, &emails);
	if (!s)
		*out = github_claims(rq->cx, user, id, primary_email(emails));
	return s;
}

enum status oidc_claims(struct request *rq, const struct provider *p,
			const struct oidc_answer *answer, struct json_object **out)
{
	return p->issuer ? claims_of_issuer(rq, p, answer, out)
			 : claims_of_github(rq, p, answer, out);
}
