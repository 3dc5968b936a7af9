/* SPDX-License-Identifier: Apache-2.0 */
/* auth.c - from a request's credential to a principal, and issuing tokens. */
#include "fcgi/auth.h"

#include <strings.h>
#include <sys/stat.h>

#include "common/password.h"
#include "common/text.h"
#include "fcgi/attempts.h"
#include "fcgi/external.h"
#include "fcgi/known.h"
#include "fcgi/loopback.h"
#include "fcgi/refusals.h"
#include "fcgi/route.h"
#include "stores/principals.h"
#include "stores/roles.h"

#define NAME "pangolin" /* issuer and audience */
#define ROOT_ID "ffffffff-ffff-ffff-ffff-ffffffffffff"
#define LOOK_AGAIN_MS 5000
#define FORGET_MS 600000
#define MAX_ALSO 6

struct identities {
	struct known *known;
	struct jwt_signer *signer;
	struct cx
		keys_cx; /* of the keys, which are read again when the public ones' file changes */
	struct jwt_keys *keys;		 /* NULL: none are configured */
	const char *path, *private_path; /* private_path NULL: this family does not sign */
	struct timespec changed;	 /* of the file, when it was read */
	int64_t looked_ms, forgot_ms;
};

/* Whom everyone is in no-auth mode. */
static const struct principal everyone = { .kind = A_TOKEN,
					   .id = NIL_UUID,
					   .name = "tenant_admin",
					   .tenant_id = NIL_UUID,
					   .role = ROLE_TENANT_ADMIN };

/* The words for a principal's kind in a token. */
static const char *const kinds[] = {
	[A_USER] = "user",
	[A_SERVICE_USER] = "service-user",
	[A_ROOT] = "root",
	[A_TOKEN] = "token",
};

static enum status refuse(struct cx *cx, const char *why)
{
	return fail(cx, UNAUTHENTICATED, "%s", why);
}

/* --- the ring -------------------------------------------------------------------- */

static enum status read_keys(struct cx *cx, struct identities *i)
{
	struct cx fresh = { 0 };
	struct jwt_signer *signer = NULL;
	struct jwt_keys *keys;
	struct stat st = { 0 };
	enum status s;

	(void)stat(i->path, &st);
	s = jwt_keys_read(&fresh, i->path, &keys);
	if (!s && i->private_path)
		s = jwt_signer_read(&fresh, i->private_path, &signer);
	if (s) {
		(void)fail(cx, s, "%s", fresh.message);
		cx_free(&fresh);
		return s;
	}
	cx_free(&i->keys_cx);
	i->keys_cx = fresh;
	i->keys = keys;
	i->signer = signer;
	i->changed = st.st_mtim;
	return OK;
}

/* Another issuer's keys may have ended: whom they vouched for is asked for again. */
static void forget_now_and_then(struct identities *i, int64_t now)
{
	if (now - i->forgot_ms < FORGET_MS)
		return;
	i->forgot_ms = now;
	known_forget(i->known);
}

/* A key taken away is forgotten within LOOK_AGAIN_MS, a rotated one is known at once. */
static void look_again(struct cx *cx, struct identities *i, bool now_please)
{
	int64_t now = cx_monotonic_ms();
	struct stat st;

	forget_now_and_then(i, now);
	if (!i->keys || (!now_please && now - i->looked_ms < LOOK_AGAIN_MS))
		return;
	i->looked_ms = now;
	if (stat(i->path, &st) || memcmp(&st.st_mtim, &i->changed, sizeof(i->changed)) == 0)
		return;
	if (read_keys(cx, i) == OK)
		known_forget(i->known);
}

enum status auth_open(struct cx *cx, struct responder *rs, bool may_sign)
{
	struct identities *i = CX_NEW(cx, struct identities);
	const char *folder = rs->config->keys_dir;

	i->known = known_open();
	rs->identities = i;
	if (rs->config->root_password && password_rule(cx, rs->config->root_password))
		return fail(cx, INVALID, "PANGOLIN_ROOT_PASSWORD: %s", cx->message);
	if (!folder && rs->config->no_auth)
		return OK;
	if (!folder)
		return fail(cx, INVALID,
			    "PANGOLIN_KEYS_DIR is not set; `pangolin keys` makes keys");
	i->path = cx_printf(cx, "%s/" JWT_PUBLIC_FILE, folder);
	if (may_sign)
		i->private_path = cx_printf(cx, "%s/" JWT_PRIVATE_FILE, folder);
	return read_keys(cx, i);
}

void auth_close(struct responder *rs)
{
	cx_free(&rs->identities->keys_cx);
	known_close(rs->identities->known);
}

void auth_forget(struct responder *rs)
{
	known_forget(rs->identities->known);
}

const struct jwt_keys *auth_keys(const struct responder *rs)
{
	return rs->identities->keys;
}

/* --- tokens ---------------------------------------------------------------------- */

/* The rows that must be there for a token to be believed: one round trip. */
struct witnesses {
	struct tenant tenant;
	struct token token;
	struct user user;
	struct service_user service;
};

static bool kind_of(const char *word, enum principal_kind *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (text_same(kinds[i], word)) {
			*out = (enum principal_kind)i;
			return true;
		}
	}
	return false;
}

struct given_roles given_read(struct cx *cx, struct json_object *v)
{
	size_t n = json_object_is_type(v, json_type_array) ? json_object_array_length(v) : 0;
	const char **ids = cx_array(cx, n, sizeof(*ids));

	for (size_t i = 0; i < n; i++)
		ids[i] = json_object_get_string(json_object_array_get_idx(v, i));
	return (struct given_roles){ ids, n };
}

static enum status read_claims(struct cx *cx, struct json_object *claims, struct principal *who)
{
	const char *tenant = json_text(claims, "tenant_id");

	*who = (struct principal){
		.id = json_text(claims, "sub"),
		.name = json_text(claims, "username"),
		.tenant_id = tenant ? tenant : "",
		.role = role_parse(json_text(claims, "role")),
		.token_id = json_text(claims, "jti"),
		.expires_ms = json_int(claims, "exp", 0) * 1000,
		.given = given_read(cx, json_member(claims, "roles")),
	};
	if (!who->id || !who->name || !who->token_id ||
	    !kind_of(json_text(claims, "kind"), &who->kind))
		return refuse(cx, "the token is not valid: a claim is missing");
	return OK;
}

static enum status read_witnesses(struct cx *cx, struct store *st, const struct principal *who,
				  struct witnesses *w)
{
	struct row *rows[3] = { &w->token.row };
	size_t n = 1;

	*w = (struct witnesses){
		.tenant = { .row = ROW(tenant), .tenant_id = who->tenant_id },
		.token = { .row = ROW(token),
			   .tenant_id = who->tenant_id,
			   .token_id = who->token_id },
		.user = { .row = ROW(user), .tenant_id = who->tenant_id, .username = who->name },
		.service = { .row = ROW(service_user), .tenant_id = who->tenant_id, .id = who->id },
	};
	if (*who->tenant_id)
		rows[n++] = &w->tenant.row;
	if (who->kind == A_USER)
		rows[n++] = &w->user.row;
	if (who->kind == A_SERVICE_USER)
		rows[n++] = &w->service.row;
	return store_get_all(cx, st, rows, n);
}

static bool service_user_lives(const struct service_user *su)
{
	return su->row.version && su->active && (!su->expires_at || su->expires_at > cx_now_ms());
}

/* A tenant's row makes nobody root, and the server's rows are root's. */
static enum role role_in(const char *tenant_id, const char *text)
{
	enum role role = role_parse(text);

	if (!*tenant_id)
		return role == ROLE_ROOT ? role : ROLE_NONE;
	return role == ROLE_ROOT ? ROLE_TENANT_ADMIN : role;
}

const struct principal *auth_user(struct cx *cx, const struct user *u)
{
	struct principal *who = CX_NEW(cx, struct principal);

	*who = (struct principal){ .kind = A_USER,
				   .id = u->id,
				   .name = u->username,
				   .tenant_id = u->tenant_id,
				   .role = u->active ? role_in(u->tenant_id, u->role) : ROLE_NONE };
	return who;
}

const struct principal *auth_service_user(struct cx *cx, const struct service_user *su)
{
	struct principal *who = CX_NEW(cx, struct principal);
	bool lives = service_user_lives(su);

	*who = (struct principal){ .kind = A_SERVICE_USER,
				   .id = su->id,
				   .name = su->name,
				   .tenant_id = su->tenant_id,
				   .role = lives ? role_in(su->tenant_id, su->role) : ROLE_NONE,
				   .expires_ms = su->expires_at };
	return who;
}

/* Whether what stands behind the token still does; lowers its role to the row's. */
static bool still_stands(const struct responder *rs, const struct witnesses *w,
			 struct principal *who)
{
	enum role role = who->role;

	switch (who->kind) {
	case A_USER:
		role = role_in(who->tenant_id, w->user.role);
		if (!w->user.row.version || !w->user.active || !text_same(w->user.id, who->id))
			return false;
		break;
	case A_SERVICE_USER:
		role = role_in(who->tenant_id, w->service.role);
		if (!service_user_lives(&w->service))
			return false;
		break;
	case A_ROOT:
		if (!rs->config->root_password || strcmp(rs->config->root_user, who->name) != 0)
			return false;
		break;
	case A_TOKEN:
		break;
	}
	if (role < who->role)
		who->role = role;
	return who->role != ROLE_NONE && (who->role == ROLE_ROOT) == !*who->tenant_id;
}

static enum status verify_token(struct cx *cx, struct responder *rs, const char *token,
				struct principal *who)
{
	struct jwt_expected expected = { .issuer = NAME, .audience = NAME, .now_ms = cx_now_ms() };
	struct json_object *claims;
	struct witnesses w;
	const char *kid;
	enum status s;

	if (!rs->identities->keys)
		return refuse(cx, "this server has no keys to verify tokens with");
	if (!jwt_kid(cx, token, &kid) && !jwt_keys_know(rs->identities->keys, kid))
		look_again(cx, rs->identities, true);
	s = jwt_verify(cx, rs->identities->keys, token, &expected, &claims);
	if (!s)
		s = read_claims(cx, claims, who);
	if (!s)
		s = read_witnesses(cx, rs->store, who, &w);
	if (s)
		return s == INVALID ? refuse(cx, "the token is not valid") : s;
	if (!w.token.row.version)
		return refuse(cx, "the token has been revoked");
	if (*who->tenant_id && !w.tenant.row.version)
		return refuse(cx, "the token's tenant is no more");
	if (!still_stands(rs, &w, who))
		return refuse(cx, "the token's user is no more, or not active");
	return OK;
}

enum status auth_token(struct request *rq, const char *token, const struct principal **out)
{
	const struct provider *p = external_issuer(rq->cx, rq->rs, token);
	struct principal *who;

	if (p)
		return external_token(rq, p, token, out);
	who = CX_NEW(rq->cx, struct principal);
	*out = who;
	return verify_token(rq->cx, rq->rs, token, who);
}

/* --- API keys and root -------------------------------------------------------------- */

static enum status verify_api_key(struct cx *cx, struct store *st, const char *text,
				  struct principal *who)
{
	struct tenant tenant = { .row = ROW(tenant) };
	struct service_user su = { .row = ROW(service_user) };
	struct row *rows[] = { &tenant.row, &su.row };
	struct api_key key;
	enum status s;

	s = api_key_find(cx, st, text, &key);
	if (s)
		return s == NOT_FOUND ? refuse(cx, "the API key is not valid") : s;
	tenant.tenant_id = su.tenant_id = key.tenant_id;
	su.id = key.service_user_id;
	s = store_get_all(cx, st, rows, ARRAY_SIZE(rows));
	if (s)
		return s;
	if (!tenant.row.version || !service_user_lives(&su))
		return refuse(cx, "the API key is not valid");
	*who = *auth_service_user(cx, &su);
	return OK;
}

enum status auth_api_key(struct request *rq, const char *api_key, const struct principal **out)
{
	struct principal *who = CX_NEW(rq->cx, struct principal);

	*out = who;
	return verify_api_key(rq->cx, rq->rs->store, api_key, who);
}

enum status auth_root(struct cx *cx, struct responder *rs, const char *user, const char *password,
		      const struct principal **out)
{
	const struct config *c = rs->config;
	struct principal *who = CX_NEW(cx, struct principal);

	if (!c->root_password || !text_same_secret(user, c->root_user) ||
	    !text_same_secret(password, c->root_password))
		return refuse(cx, "Invalid credentials");
	*who = (struct principal){ .kind = A_ROOT,
				   .id = ROOT_ID,
				   .name = c->root_user,
				   .tenant_id = "",
				   .role = ROLE_ROOT };
	*out = who;
	return OK;
}

enum status auth_basic(struct cx *cx, const char *header, const char **user, const char **password)
{
	unsigned char *bytes;
	char *colon, *text;
	size_t n;

	if (strncasecmp(header, "basic ", 6) != 0 ||
	    text_unbase64(cx, header + 6, strlen(header + 6), &bytes, &n))
		return fail(cx, INVALID, "this is no Basic credential");
	text = cx_strndup(cx, (char *)bytes, n);
	colon = strchr(text, ':');
	if (!colon || strlen(text) != n || !text_is_utf8(text, n))
		return fail(cx, INVALID, "this is no Basic credential");
	*colon = '\0';
	*user = text;
	*password = colon + 1;
	return OK;
}

enum status auth_failed(struct request *rq, struct attempts *attempts, const char *tenant_id,
			const char *username)
{
	enum status s = attempts_failed(rq, attempts);

	if (s)
		return s;
	refusal_note(rq, tenant_id, username, "login_failed", rq->route->pattern);
	return UNAUTHENTICATED;
}

/* --- a request --------------------------------------------------------------------- */

/* Of a tenant user, whose grants decide what he may. */
static enum status with_grants(struct request *rq, const struct principal **who)
{
	struct principal *full;

	if ((*who)->role != ROLE_TENANT_USER)
		return OK;
	full = CX_NEW(rq->cx, struct principal);
	*full = **who;
	*who = full;
	return grants_of(rq->cx, rq->rs->store, full->tenant_id, full->id, full->given,
			 &full->grants);
}

/* Verifies a credential, unless it was before; resolve() asks again when the epochs moved. */
static enum status verify(struct request *rq, const char *credential,
			  enum status (*how)(struct request *, const char *,
					     const struct principal **))
{
	struct identities *i = rq->rs->identities;
	const struct principal *who;
	enum status s;

	look_again(rq->cx, i, false);
	rq->who = known_find(rq->cx, i->known, credential);
	if (rq->who)
		return OK;
	s = how(rq, credential, &who);
	if (!s)
		s = with_grants(rq, &who);
	if (s)
		return s;
	known_keep(i->known, credential, who);
	rq->who = who;
	return OK;
}

/* Whoever guesses is slowed down; who was right from this address before is not asked again. */
static enum status basic(struct request *rq, const char *header)
{
	struct known *known = rq->rs->identities->known;
	const char *credential = cx_printf(rq->cx, "%s %s", rq->client_address, header);
	const char *user, *password;
	struct attempts attempts;
	enum status s;

	rq->who = known_find(rq->cx, known, credential);
	if (rq->who)
		return OK;
	if (auth_basic(rq->cx, header, &user, &password))
		return refuse(rq->cx, "the Authorization header is neither Bearer nor Basic");
	s = attempts_check(rq, "", user, &attempts);
	if (!s)
		s = auth_root(rq->cx, rq->rs, user, password, &rq->who);
	if (s == UNAUTHENTICATED)
		return auth_failed(rq, &attempts, "", "unknown");
	if (!s)
		known_keep(known, credential, rq->who);
	return s;
}

static enum status authorization(struct request *rq, const char *header)
{
	if (strncasecmp(header, "bearer ", 7) == 0)
		return verify(rq, header + 7, auth_token);
	return basic(rq, header);
}

/* PyIceberg without a token sends Python's word for it. */
static bool is_none(const char *header)
{
	return strcasecmp(header, "bearer None") == 0 || strcasecmp(header, "bearer") == 0;
}

enum status authenticate(struct request *rq)
{
	const char *key = request_header(rq, "x-api-key");
	const char *header = request_header(rq, "authorization");

	rq->who = NULL;
	if (key)
		return verify(rq, key, auth_api_key);
	if (header && !is_none(header))
		return authorization(rq, header);
	if (!rq->rs->config->no_auth)
		return OK;
	rq->who = &everyone;
	return rq->rs->config->no_auth_anywhere ? OK : loopback_check(rq);
}

/* --- issuing ------------------------------------------------------------------------- */

struct json_object *given_json(struct cx *cx, struct given_roles given)
{
	struct json_object *ids = json_new_array(cx);

	for (size_t i = 0; i < given.n; i++)
		json_add_text(ids, given.ids[i]);
	return ids;
}

static struct json_object *claims_of(struct cx *cx, const struct principal *who,
				     const struct token *t)
{
	struct json_object *o = json_new_object(cx);

	json_set_text(o, "iss", NAME);
	json_set_text(o, "aud", NAME);
	json_set_text(o, "sub", who->id);
	json_set_text(o, "jti", t->token_id);
	json_set_text(o, "kind", kinds[who->kind]);
	json_set_text(o, "username", who->name);
	json_set_text(o, "tenant_id", *who->tenant_id ? who->tenant_id : NULL);
	json_set_text(o, "role", role_name(who->role));
	if (who->given.n)
		json_set(o, "roles", given_json(cx, who->given));
	json_set_int(o, "iat", t->created_at / 1000);
	json_set_int(o, "exp", t->expires_at / 1000);
	return o;
}

enum status auth_issue(struct cx *cx, struct responder *rs, const struct principal *who,
		       int64_t ttl_s, const struct change *also, size_t n, struct issued *out)
{
	int64_t now = cx_now_ms() / 1000 * 1000; /* whole seconds, as in the token */
	struct token t = { .row = ROW(token),
			   .tenant_id = who->tenant_id,
			   .token_id = text_uuid4(cx),
			   .user_id = who->id,
			   .username = who->name,
			   .created_at = now,
			   .expires_at = now + ttl_s * 1000 };
	struct change list[MAX_ALSO + 1] = { { INSERT, &t.row } };
	enum status s;

	look_again(cx, rs->identities, true);
	if (!rs->identities->signer)
		return fail(cx, UNAVAILABLE, "this server has no key to sign tokens with");
	if (n > MAX_ALSO)
		return fail(cx, INTERNAL, "%zu changes ride with a token", n);
	s = jwt_sign(cx, rs->identities->signer, claims_of(cx, who, &t), &out->token);
	if (s)
		return s;
	for (size_t i = 0; i < n; i++)
		list[i + 1] = also[i];
	s = store_apply(cx, rs->store, list, n + 1, NULL);
	out->token_id = t.token_id;
	out->expires_ms = t.expires_at;
	return s;
}
