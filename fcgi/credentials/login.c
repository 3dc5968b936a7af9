/* SPDX-License-Identifier: Apache-2.0 */
/* login.c - passwords for tokens; who am I; logging out. */
#include "common/password.h"
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/attempts.h"
#include "fcgi/credentials/credentials.h"
#include "stores/audit.h"
#include "stores/principals.h"

#define LOGIN_TRIES 8

/* --- showing a user ----------------------------------------------------------------- */

static void set_time(struct cx *cx, struct json_object *o, const char *kebab, const char *snake,
		     int64_t ms)
{
	const char *text = ms ? text_time(cx, ms) : NULL;

	json_set_text(o, kebab, text);
	json_set_text(o, snake, text);
}

struct json_object *user_info(struct cx *cx, const struct user *u)
{
	struct json_object *o = json_new_object(cx);
	const char *tenant = *u->tenant_id ? u->tenant_id : NULL;

	json_set_text(o, "id", u->id);
	json_set_text(o, "username", u->username);
	json_set_text(o, "email", u->email);
	json_set_text(o, "tenant-id", tenant);
	json_set_text(o, "tenant_id", tenant);
	json_set_text(o, "role", u->role);
	json_set_text(o, "oauth-provider", u->oauth_provider);
	set_time(cx, o, "created-at", "created_at", u->created_at);
	set_time(cx, o, "last-login", "last_login", u->last_login);
	return o;
}

/* A principal that has no row of users. */
static struct user seeming_user(struct cx *cx, const struct principal *who)
{
	return (struct user){ .tenant_id = who->tenant_id,
			      .username = who->name,
			      .id = who->id,
			      .email = cx_printf(cx, "%s@pangolin.local", who->name),
			      .role = role_name(who->role),
			      .active = true,
			      .created_at = cx_now_ms(),
			      .last_login = cx_now_ms() };
}

struct change login_record(struct request *rq, const struct principal *who, const char *action)
{
	struct audit *a = audit_new(rq->cx, request_actor(rq), who->tenant_id, action, "user",
				    who->id, who->name);

	a->user_id = who->id;
	a->username = who->name;
	return (struct change){ INSERT, &a->row };
}

/* --- logging in ----------------------------------------------------------------------- */

struct login {
	const char *username, *password, *tenant_id; /* "" = the server */
};

static enum status read_login(struct request *rq, struct login *l)
{
	struct cx *cx = rq->cx;
	enum status s;

	l->tenant_id = "";
	s = request_json(rq, false);
	if (!s)
		s = json_get_text(cx, rq->json, "", "username", &l->username);
	if (!s)
		s = json_get_text(cx, rq->json, "", "password", &l->password);
	if (!s)
		s = json_opt_text(cx, rq->json, "", "tenant_id", &l->tenant_id);
	if (!s)
		s = json_opt_text(cx, rq->json, "", "tenant-id", &l->tenant_id);
	if (!s && *l->tenant_id && !text_is_uuid(l->tenant_id))
		s = fail(cx, INVALID, "tenant-id is no UUID");
	if (!s && (!*l->username || strlen(l->username) > 255))
		s = fail(cx, INVALID, "username has not 1 to 255 bytes");
	return s;
}

/* The user's row, of a tenant that is there; version 0 = there is none. */
static enum status read_user(struct request *rq, const struct login *l, struct user *u,
			     bool *tenant_there)
{
	struct tenant t = { .row = ROW(tenant), .tenant_id = l->tenant_id };
	struct row *rows[] = { &u->row, &t.row };
	enum status s;

	*u = (struct user){ .row = ROW(user), .tenant_id = l->tenant_id, .username = l->username };
	s = store_get_all(rq->cx, rq->rs->store, rows, *l->tenant_id ? 2 : 1);
	*tenant_there = !*l->tenant_id || t.row.version;
	if (!*tenant_there)
		u->row.version = 0;
	return s;
}

/* A failure of an account is its tenant's to hear of; of no tenant, nobody's. */
static enum status login_failed(struct request *rq, const struct login *l, const struct user *u,
				bool tenant_there, struct attempts *attempts)
{
	if (!*l->tenant_id)
		(void)fail(rq->cx, UNAUTHENTICATED,
			   "Invalid credentials (tenant users must login with tenant-id)");
	if (!tenant_there)
		return auth_failed(rq, attempts, "", "unknown");
	return auth_failed(rq, attempts, l->tenant_id, u->row.version ? u->username : "unknown");
}

/* Who is not there takes as long as who has another password, and reads the same. */
static enum status check_user(struct request *rq, const struct login *l, struct user *u,
			      struct attempts *attempts)
{
	struct password_limit limit = { rq->rs->config->runtime_dir,
					rq->rs->config->password_slots };
	bool tenant_there;
	enum status s;

	s = read_user(rq, l, u, &tenant_there);
	if (s)
		return s;
	s = password_verify(rq->cx, &limit, l->password, u->row.version ? u->password_hash : NULL);
	if (!s && !u->active)
		s = fail(rq->cx, UNAUTHENTICATED, "Invalid credentials");
	return s == UNAUTHENTICATED ? login_failed(rq, l, u, tenant_there, attempts) : s;
}

static enum status show_login(struct request *rq, const struct issued *t, const struct user *u)
{
	struct json_object *o = json_new_object(rq->cx);

	json_set_text(o, "token", t->token);
	json_set_text(o, "token_id", t->token_id);
	json_set(o, "user", user_info(rq->cx, u));
	json_set_text(o, "expires-at", text_time(rq->cx, t->expires_ms));
	json_set_text(o, "expires_at", text_time(rq->cx, t->expires_ms));
	return answer_json(rq, 200, o);
}

static enum status log_in_root(struct request *rq, const struct principal *who,
			       struct attempts *attempts)
{
	struct change list[2] = { login_record(rq, who, "login") };
	struct user u = seeming_user(rq->cx, who);
	size_t n = 1;
	struct issued t;
	enum status s;

	n += attempts_forgive(attempts, &list[n]);
	s = auth_issue(rq->cx, rq->rs, who, rq->rs->config->login_ttl_s, list, n, &t);
	if (s == CONFLICT) /* somebody fails at this moment: that stays counted */
		s = auth_issue(rq->cx, rq->rs, who, rq->rs->config->login_ttl_s, list, 1, &t);
	return s ? s : show_login(rq, &t, &u);
}

/* In the list that issues the token stands the user as it was checked: a password that
 * is changed meanwhile gives none. */
static enum status log_in_user(struct request *rq, struct user *u, struct attempts *attempts)
{
	const struct principal *who = auth_user(rq->cx, u);
	int64_t ttl_s = rq->rs->config->login_ttl_s;
	struct change list[3] = { login_record(rq, who, "login"), { UPDATE, &u->row } };
	size_t n = 2;
	struct issued t;
	enum status s;

	u->last_login = cx_now_ms();
	n += attempts_forgive(attempts, &list[n]);
	s = auth_issue(rq->cx, rq->rs, who, ttl_s, list, n, &t);
	return s ? s : show_login(rq, &t, u);
}

/* Another login of the same user, or a failed one, may come in between. */
static enum status log_in_checked(struct request *rq, struct user *u, struct attempts *attempts)
{
	const char *checked = u->password_hash;
	enum status s = log_in_user(rq, u, attempts);

	for (int i = 1; s == CONFLICT && i < LOGIN_TRIES; i++) {
		attempts->account.row.version = 0; /* what failed meanwhile stays counted */
		s = user_find(rq->cx, rq->rs->store, u->tenant_id, u->username, u);
		if (!s && (!u->active || !text_same(u->password_hash, checked)))
			s = fail(rq->cx, UNAUTHENTICATED, "Invalid credentials");
		if (!s)
			s = log_in_user(rq, u, attempts);
	}
	return s;
}

enum status log_in(struct request *rq)
{
	const struct principal *who;
	struct attempts attempts;
	struct login l;
	struct user u;
	enum status s;

	s = read_login(rq, &l);
	if (!s)
		s = attempts_check(rq, l.tenant_id, l.username, &attempts);
	if (s)
		return s;
	if (!*l.tenant_id && auth_root(rq->cx, rq->rs, l.username, l.password, &who) == OK)
		return log_in_root(rq, who, &attempts);
	s = check_user(rq, &l, &u, &attempts);
	return s ? s : log_in_checked(rq, &u, &attempts);
}

/* --- the caller itself ------------------------------------------------------------------ */

enum status log_out(struct request *rq)
{
	const struct principal *who = rq->who;
	enum status s = OK;

	if (who->token_id)
		s = token_revoke(rq->cx, rq->rs->store, who->tenant_id, who->token_id, "logout",
				 request_actor(rq));
	if (s && s != NOT_FOUND)
		return s;
	auth_forget(rq->rs);
	return answer_empty(rq, 204);
}

enum status get_me(struct request *rq)
{
	struct user u = seeming_user(rq->cx, rq->who);
	enum status s = OK;

	if (rq->who->kind == A_USER)
		s = user_find(rq->cx, rq->rs->store, rq->who->tenant_id, rq->who->name, &u);
	return s ? s : answer_json(rq, 200, user_info(rq->cx, &u));
}
