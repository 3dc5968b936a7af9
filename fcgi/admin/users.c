/* SPDX-License-Identifier: Apache-2.0 */
/* users.c - /api/v1/users. */
#include "common/password.h"
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/people.h"
#include "fcgi/external.h"
#include "stores/principals.h"

static enum status show_user(struct request *rq, const void *item, struct json_object **out)
{
	const struct user *u = item;
	enum status s = admin_json(rq->cx, &u->row, out);

	if (s)
		return s;
	if (!*u->tenant_id)
		json_set(*out, "tenant-id", NULL);
	admin_add_snake(rq->cx, *out);
	return OK;
}

enum status list_users(struct request *rq)
{
	struct user from = { .row = ROW(user), .tenant_id = rq->tenant_id };

	return admin_list(rq, &from.row, 1, false, show_user);
}

static bool is_self(const struct request *rq, const struct user *u)
{
	return strcmp(rq->who->id, u->id) == 0 && strcmp(rq->who->tenant_id, u->tenant_id) == 0;
}

static enum status find_in(struct request *rq, const char *tenant_id, void *out)
{
	return user_find_id(rq->cx, rq->rs->store, tenant_id, rq->segments[0], out);
}

/* One's own row, or any of the tenant for its administrators. */
static enum status find(struct request *rq, struct user *u)
{
	enum status s = people_find(rq, u, find_in);

	if (!s && !people_admin(rq) && !is_self(rq, u))
		return fail(rq->cx, NOT_FOUND, "no user \"%s\"", rq->segments[0]);
	return s;
}

enum status get_user(struct request *rq)
{
	struct user u;
	enum status s = find(rq, &u);

	return s ? s : admin_answer(rq, 200, &u, show_user);
}

/* --- what a body says ----------------------------------------------------------- */

static enum status read_password(struct request *rq, struct user *u)
{
	const struct config *c = rq->rs->config;
	struct password_limit limit = { c->runtime_dir, c->password_slots };
	const char *password = NULL;
	enum status s = json_opt_text(rq->cx, rq->json, "", "password", &password);

	if (s || !password)
		return s;
	if (!*password)
		return fail(rq->cx, INVALID, "the password is empty");
	if (c->password_rule)
		s = password_rule(rq->cx, password);
	return s ? s : password_hash(rq->cx, &limit, password, &u->password_hash);
}

/* Whoever logs in elsewhere and has the address becomes the user who has it here: nobody may
 * lie in wait for another. */
static bool links_accounts(const struct request *rq, const char *email)
{
	const char *at = strrchr(email, '@');

	return at && provider_lists(rq->rs->external->providers.link_domains, at + 1);
}

static enum status read_email(struct request *rq, struct user *u)
{
	const char *email = NULL;
	enum status s = json_opt_text(rq->cx, rq->json, "", "email", &email);

	if (s || !email || text_same(email, u->email))
		return s;
	s = admin_check_text(rq->cx, "e-mail", email);
	if (!s && !people_admin(rq) && links_accounts(rq, email))
		s = fail(rq->cx, DENIED, "an address of this domain is an administrator's to give");
	u->email = email;
	return s;
}

static enum status read_new(struct request *rq, struct user *u)
{
	struct cx *cx = rq->cx;
	enum status s = json_get_text(cx, rq->json, "", "username", &u->username);

	if (!s)
		s = admin_check_text(cx, "user", u->username);
	if (!s)
		s = read_email(rq, u);
	if (!s && !u->email)
		s = fail(cx, INVALID, "email is missing");
	if (!s)
		s = people_role(rq, &u->role);
	if (!s && !u->role)
		s = fail(cx, INVALID, "role is missing");
	if (!s)
		s = people_tenant(rq, &u->tenant_id);
	if (!s)
		s = read_password(rq, u);
	if (!s && !u->password_hash)
		s = fail(cx, INVALID, "password is missing");
	return s;
}

enum status create_user(struct request *rq)
{
	struct user u = { .role = NULL };
	enum status s = request_json(rq, false);

	if (!s)
		s = read_new(rq, &u);
	if (s)
		return s;
	s = user_create(rq->cx, rq->rs->store, &u, request_actor(rq));
	if (s == NOT_FOUND)
		s = INVALID; /* it is the body that names a tenant that is not there */
	return s ? s : admin_answer(rq, 201, &u, show_user);
}

/* --- changes --------------------------------------------------------------------- */

/* What only an administrator may change; UI forms send it along with the rest. */
static enum status read_rank(struct request *rq, struct user *u)
{
	const char *role = u->role;
	bool active = u->active;
	enum status s;

	if (!*u->tenant_id)
		return OK; /* root's users stay what they are */
	s = json_opt_bool(rq->cx, rq->json, "", "active", &active);
	if (!s)
		s = people_role(rq, &role);
	if (s)
		return s;
	if (!people_admin(rq) && (active != u->active || strcmp(role, u->role) != 0))
		return fail(rq->cx, DENIED, "role and active are the administrator's to change");
	u->active = active;
	u->role = role;
	return OK;
}

static enum status write_user(struct request *rq, struct user *u, bool new_password)
{
	if (!new_password)
		return user_update(rq->cx, rq->rs->store, u, request_actor(rq));
	/* whoever changes his own goes on with the token he does it with */
	return user_change_password(rq->cx, rq->rs->store, u, rq->who->token_id, request_actor(rq));
}

static enum status update_once(struct request *rq, struct user *u)
{
	const char *before;
	enum status s = find(rq, u);

	if (!s)
		s = read_email(rq, u);
	if (!s)
		s = read_rank(rq, u);
	if (s)
		return s;
	before = u->password_hash;
	s = read_password(rq, u);
	return s ? s : write_user(rq, u, u->password_hash != before);
}

enum status update_user(struct request *rq)
{
	struct user u;
	enum status s = request_json(rq, false);

	if (s)
		return s;
	s = update_once(rq, &u);
	for (int i = 1; s == CONFLICT && i < ADMIN_TRIES; i++)
		s = update_once(rq, &u);
	return s ? s : admin_answer(rq, 200, &u, show_user);
}

enum status delete_user(struct request *rq)
{
	struct user u;
	enum status s = find(rq, &u);

	if (!s && is_self(rq, &u))
		s = fail(rq->cx, INVALID, "nobody deletes himself");
	if (!s)
		s = user_delete(rq->cx, rq->rs->store, &u, request_actor(rq));
	return s ? s : answer_empty(rq, 204);
}
