/* SPDX-License-Identifier: Apache-2.0 */
/* oidc.c - logging in by another server.  Source: RFC 6749, 4.1; RFC 7636; RFC 9700, 2.1 and 4.7. */
#include "fcgi/credentials/oidc.h"

#include "common/hmac.h"
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/attempts.h"
#include "fcgi/credentials/credentials.h"
#include "fcgi/external.h"
#include "fcgi/refusals.h"
#include "stores/audit.h"
#include "stores/principals.h"

#define COOKIE "pangolin_oauth"
#define SECRET_BYTES 32
#define SECRET_CHARACTERS 43 /* base64url */
#define STATE_MS 600000
#define CODE_MS 120000
#define TRIES 4
#define MAX_URL 8192

/* --- providers -------------------------------------------------------------------------- */

enum status list_oauth_providers(struct request *rq)
{
	const struct providers *all = &rq->rs->external->providers;
	struct json_object *o = json_new_object(rq->cx), *names = json_new_array(rq->cx);

	for (size_t i = 0; i < all->n; i++)
		if (all->items[i].client_id)
			json_add_text(names, all->items[i].name);
	json_set(o, "providers", names);
	return answer_json(rq, 200, o);
}

static enum status find_provider(struct request *rq, const struct provider **out)
{
	*out = providers_find(&rq->rs->external->providers, rq->segments[0]);
	if (*out && (*out)->client_id)
		return OK;
	return fail(rq->cx, INVALID, "there is no provider \"%s\" to log in by", rq->segments[0]);
}

static const char *callback_of(struct request *rq, const struct provider *p)
{
	return p->redirect_uri
		       ? p->redirect_uri
		       : cx_printf(rq->cx, "%s/oauth/callback/%s", request_base_url(rq), p->name);
}

/* --- secrets of the way ------------------------------------------------------------------ */

static const char *new_secret(struct cx *cx)
{
	unsigned char bytes[SECRET_BYTES];

	text_random(bytes, sizeof(bytes));
	return text_base64url(cx, bytes, sizeof(bytes));
}

/* The browser's mark: what somebody else began can't be ended by it.  NULL: it has none. */
static const char *cookie_of(struct request *rq)
{
	const char *at = request_header(rq, "cookie");
	static const char safe[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (; at; at = strchr(at, ';')) {
		at += strspn(at, "; ");
		if (text_starts(at, COOKIE "=") &&
		    strspn(at + strlen(COOKIE "="), safe) == SECRET_CHARACTERS)
			return cx_strndup(rq->cx, at + strlen(COOKIE "="), SECRET_CHARACTERS);
	}
	return NULL;
}

static const char *handle_of_state(struct cx *cx, const char *state, const char *cookie)
{
	const char *both = cx_printf(cx, "%s|%s", state, cookie);

	return sha256_hex(cx, both, strlen(both));
}

/* Another login of the same browser, begun before, goes on: it keeps its mark. */
static const char *mark_browser(struct request *rq)
{
	const char *cookie = cookie_of(rq);
	const char *secure = text_starts(request_base_url(rq), "https:") ? "; Secure" : "";

	if (!cookie)
		cookie = new_secret(rq->cx);
	answer_header(rq, "Set-Cookie",
		      cx_printf(rq->cx,
				COOKIE "=%s; Path=/oauth/; Max-Age=%d; HttpOnly; SameSite=Lax%s",
				cookie, STATE_MS / 1000, secure));
	return cookie;
}

/* --- to the provider ----------------------------------------------------------------------- */

/* Where the browser shall be sent in the end: one of a list, or else its first. */
static enum status read_redirect(struct request *rq, const char **out)
{
	const char *list = rq->rs->external->providers.redirect_uris, *wanted;
	enum status s = request_query(rq, "redirect_uri", &wanted);

	if (s)
		return s;
	if (!list)
		return fail(rq->cx, INVALID, "PANGOLIN_OAUTH_REDIRECT_URIS is not set");
	for (const char *at = list; *at;) {
		size_t n;

		at += strspn(at, ", ");
		n = strcspn(at, ", ");
		if (n && (!wanted || (strlen(wanted) == n && memcmp(wanted, at, n) == 0))) {
			*out = cx_strndup(rq->cx, at, n);
			return OK;
		}
		at += n;
	}
	return fail(rq->cx, INVALID,
		    "redirect_uri is none that PANGOLIN_OAUTH_REDIRECT_URIS allows");
}

static void add_parameter(struct text *t, const char *name, const char *value)
{
	text_addf(t, "%c%s=", strchr(t->s, '?') ? '&' : '?', name);
	text_add_percent(t, value, strlen(value), false);
}

static enum status authorize_url(struct request *rq, const struct provider *p,
				 const struct oauth_flow *flow, const char *state, const char **out)
{
	struct text t = text_open(rq->cx, MAX_URL);
	unsigned char challenge[SHA256_BYTES];
	const char *url = p->authorize_url;
	struct json_object *endpoints;
	enum status s = OK;

	if (p->issuer)
		s = issuers_endpoints(rq->cx, rq->rs->external->issuers, rq->rs->store, p,
				      &endpoints);
	if (!s && p->issuer)
		url = json_text(endpoints, "authorization_endpoint");
	if (!s && !url)
		s = fail(rq->cx, UNAVAILABLE, "the issuer of %s names no place to log in", p->name);
	if (s)
		return s;
	sha256(flow->verifier, strlen(flow->verifier), challenge);
	text_add(&t, url);
	add_parameter(&t, "response_type", "code");
	add_parameter(&t, "client_id", p->client_id);
	add_parameter(&t, "redirect_uri", callback_of(rq, p));
	add_parameter(&t, "scope", p->scopes);
	add_parameter(&t, "state", state);
	add_parameter(&t, "code_challenge", text_base64url(rq->cx, challenge, sizeof(challenge)));
	add_parameter(&t, "code_challenge_method", "S256");
	if (p->issuer)
		add_parameter(&t, "nonce", flow->nonce);
	*out = t.s;
	return text_check(&t, "the provider's address");
}

static enum status send_browser(struct request *rq, const char *url)
{
	answer_header(rq, "Location", url);
	answer_header(rq, "Referrer-Policy", "no-referrer");
	return answer_empty(rq, 303);
}

enum status authorize_oauth(struct request *rq)
{
	struct oauth_flow flow = { .row = ROW(oauth_flow), .step = "state" };
	const char *state = new_secret(rq->cx), *url;
	struct change c = { INSERT, &flow.row };
	const struct provider *p;
	enum status s = find_provider(rq, &p);

	if (!s)
		s = read_redirect(rq, &flow.redirect_uri);
	if (!s)
		s = attempts_page(rq);
	if (s)
		return s;
	flow.provider = p->name;
	flow.nonce = new_secret(rq->cx);
	flow.verifier = new_secret(rq->cx);
	flow.expires_ms = cx_now_ms() + STATE_MS;
	s = authorize_url(rq, p, &flow, state, &url);
	if (s)
		return s;
	flow.handle_hash = handle_of_state(rq->cx, state, mark_browser(rq));
	s = store_apply(rq->cx, rq->rs->store, &c, 1, NULL);
	return s ? s : send_browser(rq, url);
}

/* --- back again --------------------------------------------------------------------------------- */

/* Reads a row and takes it away: whoever comes second finds nothing. */
static enum status take_flow(struct request *rq, struct oauth_flow *flow, const char *step)
{
	struct change c = { DELETE, &flow->row };
	enum status s = store_get(rq->cx, rq->rs->store, &flow->row);

	if (!s && (strcmp(flow->step, step) != 0 || flow->expires_ms < cx_now_ms()))
		s = NOT_FOUND;
	if (!s)
		s = store_apply(rq->cx, rq->rs->store, &c, 1, NULL);
	if (s == NOT_FOUND || s == CONFLICT)
		return fail(rq->cx, INVALID,
			    "this %s is not known here, was used, or is too old; log in again",
			    step);
	return s;
}

static enum status take_state(struct request *rq, const struct provider *p, struct oauth_flow *flow)
{
	const char *state, *cookie = cookie_of(rq);
	enum status s = request_query(rq, "state", &state);

	if (s)
		return s;
	if (!state || !cookie)
		return fail(rq->cx, INVALID,
			    "this login was not begun by this browser; log in again");
	*flow = (struct oauth_flow){ .row = ROW(oauth_flow),
				     .handle_hash = handle_of_state(rq->cx, state, cookie) };
	s = take_flow(rq, flow, "state");
	if (!s && strcmp(flow->provider, p->name) != 0)
		s = fail(rq->cx, INVALID, "this state is another provider's");
	return s;
}

static enum status read_code(struct request *rq, const struct provider *p, const char **code)
{
	const char *error;
	enum status s = request_query(rq, "error", &error);

	if (!s && error)
		return fail(rq->cx, INVALID, "%s let nobody in: %.60s", p->name, error);
	if (!s)
		s = request_query(rq, "code", code);
	return s || *code ? s : fail(rq->cx, INVALID, "code is missing");
}

/* The user, with the role the claims give now: a token's role is the lower of both. */
static enum status find_user(struct request *rq, const struct provider *p,
			     struct json_object *claims, struct user *u)
{
	enum status s = external_user(rq, p, claims, u);
	enum role role = external_role(p, claims);
	struct audit by = *request_actor(rq);

	if (s)
		return s;
	if (!u->active)
		return fail(rq->cx, UNAUTHENTICATED, "this account's user is not active");
	if (role == ROLE_NONE || role_parse(u->role) == role)
		return OK;
	u->role = role_name(role);
	by.username = p->name;
	s = user_update(rq->cx, rq->rs->store, u, &by);
	return s == CONFLICT ? OK : s; /* the next login will see to it */
}

/* A code that buys a token once, for a program that can't see cookies. */
static enum status send_code(struct request *rq, const struct oauth_flow *state,
			     const struct user *u, struct given_roles given)
{
	unsigned char bytes[SECRET_BYTES];
	struct text t = text_open(rq->cx, MAX_URL);
	struct oauth_flow flow = { .row = ROW(oauth_flow), .step = "code" };
	struct change c = { INSERT, &flow.row };
	const char *code;
	enum status s;

	text_random(bytes, sizeof(bytes));
	code = text_hex(rq->cx, bytes, sizeof(bytes));
	flow.handle_hash = sha256_hex(rq->cx, code, strlen(code));
	flow.provider = state->provider;
	flow.tenant_id = u->tenant_id;
	flow.username = u->username;
	flow.user_id = u->id;
	flow.roles = json_print(rq->cx, given_json(rq->cx, given), NULL);
	flow.expires_ms = cx_now_ms() + CODE_MS;
	text_add(&t, state->redirect_uri);
	add_parameter(&t, "code", code);
	s = text_check(&t, "the address to go to");
	if (!s)
		s = store_apply(rq->cx, rq->rs->store, &c, 1, NULL);
	return s ? s : send_browser(rq, t.s);
}

enum status oauth_callback(struct request *rq)
{
	struct oidc_answer answer = { .code = NULL };
	struct json_object *claims;
	const struct provider *p;
	struct oauth_flow flow;
	struct given_roles given;
	struct user u;
	enum status s = find_provider(rq, &p);

	if (!s)
		s = take_state(rq, p, &flow);
	if (!s)
		s = read_code(rq, p, &answer.code);
	if (s)
		return s;
	answer.redirect_uri = callback_of(rq, p);
	answer.nonce = flow.nonce;
	answer.verifier = flow.verifier;
	s = oidc_claims(rq, p, &answer, &claims);
	if (!s)
		s = find_user(rq, p, claims, &u);
	if (s == UNAUTHENTICATED || s == INVALID)
		refusal_note(rq, "", "unknown", "login_failed", rq->route->pattern);
	if (!s)
		s = external_roles(rq, p, claims, u.tenant_id, &given);
	return s ? s : send_code(rq, &flow, &u, given);
}

/* --- the token -------------------------------------------------------------------------------------- */

static enum status issue(struct request *rq, const struct oauth_flow *flow, struct user *u,
			 struct issued *t)
{
	const char *roles = flow->roles ? flow->roles : "[]";
	struct principal who;
	struct json_object *ids;
	struct change list[2];
	struct audit *record;
	enum status s = user_find(rq->cx, rq->rs->store, flow->tenant_id, flow->username, u);

	if (s && s != NOT_FOUND)
		return s;
	if (s || !u->active || strcmp(u->id, flow->user_id) != 0)
		return fail(rq->cx, INVALID, "this code's user is no more, or not active");
	s = json_parse(rq->cx, roles, strlen(roles), 2, &ids);
	if (s)
		return s;
	who = *auth_user(rq->cx, u);
	who.given = given_read(rq->cx, ids);
	list[0] = login_record(rq, &who, "login");
	record = (struct audit *)list[0].row;
	record->metadata = cx_printf(rq->cx, "{\"provider\":\"%s\"}", flow->provider);
	u->last_login = cx_now_ms();
	list[1] = (struct change){ UPDATE, &u->row };
	return auth_issue(rq->cx, rq->rs, &who, rq->rs->config->login_ttl_s, list, 2, t);
}

static enum status show_exchange(struct request *rq, const struct issued *t, const struct user *u)
{
	struct json_object *o = json_new_object(rq->cx);

	json_set_text(o, "token", t->token);
	json_set_text(o, "token_type", "Bearer");
	json_set_text(o, "token_id", t->token_id);
	json_set_text(o, "expires_at", text_time(rq->cx, t->expires_ms));
	json_set(o, "user", user_info(rq->cx, u));
	return answer_json(rq, 200, o);
}

enum status exchange_oauth_code(struct request *rq)
{
	struct oauth_flow flow = { .row = ROW(oauth_flow) };
	const char *code;
	struct issued t;
	struct user u;
	enum status s = request_json(rq, false);

	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "code", &code);
	if (s)
		return s;
	flow.handle_hash = sha256_hex(rq->cx, code, strlen(code));
	s = take_flow(rq, &flow, "code");
	if (!s)
		s = issue(rq, &flow, &u, &t);
	for (int i = 1; s == CONFLICT && i < TRIES; i++)
		s = issue(rq, &flow, &u, &t); /* the user's row was changed meanwhile */
	return s ? s : show_exchange(rq, &t, &u);
}
