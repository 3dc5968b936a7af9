/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - tokens that administrators make for others, and the keys they are verified by. */
#include "common/text.h"
#include "fcgi/credentials/credentials.h"
#include "stores/principals.h"
#include "stores/tenants.h"

#define DEFAULT_HOURS 24
#define MAX_HOURS 8760

struct wish {
	const char *tenant_id, *username;
	enum role role; /* ROLE_NONE: the user's own */
	int64_t hours;
};

static enum status read_role(struct request *rq, enum role *out)
{
	struct json_object *roles = NULL, *first;
	enum status s;

	*out = ROLE_NONE;
	s = json_opt_array(rq->cx, rq->json, "", "roles", &roles);
	if (s || !roles || !json_object_array_length(roles))
		return s;
	first = json_object_array_get_idx(roles, 0);
	if (!json_object_is_type(first, json_type_string))
		return fail(rq->cx, INVALID, "roles[0]: not a text");
	*out = role_parse(json_object_get_string(first));
	if (*out == ROLE_NONE)
		return fail(rq->cx, INVALID, "Unknown role: %s", json_object_get_string(first));
	return OK;
}

static enum status read_wish(struct request *rq, struct wish *w)
{
	enum status s;

	*w = (struct wish){ .username = "api-user", .hours = DEFAULT_HOURS };
	s = request_json(rq, false);
	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "tenant_id", &w->tenant_id);
	if (!s)
		s = json_opt_text(rq->cx, rq->json, "", "username", &w->username);
	if (!s)
		s = json_opt_int(rq->cx, rq->json, "", "expires_in_hours", &w->hours);
	if (!s)
		s = read_role(rq, &w->role);
	if (s)
		return s;
	if (!text_is_uuid(w->tenant_id))
		return fail(rq->cx, INVALID, "tenant_id is no UUID");
	if (!*w->username || strlen(w->username) > 255)
		return fail(rq->cx, INVALID, "username has not 1 to 255 bytes");
	if (w->hours < 1)
		return fail(rq->cx, INVALID, "expires_in_hours is less than 1");
	if (w->hours > MAX_HOURS)
		w->hours = MAX_HOURS;
	return OK;
}

enum status token_objects(struct request *rq,
			  enum status (*visit)(struct request *rq, enum action action,
					       const struct object *object))
{
	struct object o = { .kind = ON_TENANT };
	struct wish w;
	enum status s;

	s = read_wish(rq, &w);
	o.tenant_id = w.tenant_id;
	return s ? s : visit(rq, MAY_ADMIN, &o);
}

/* A token is no way to more than its maker has, nor out of its tenant. */
static enum status check_rank(struct request *rq, enum role role)
{
	if (role > rq->who->role)
		return fail(rq->cx, DENIED, "a token can't have a higher role than its maker");
	if (role == ROLE_ROOT)
		return fail(rq->cx, INVALID, "a tenant's token can't have the root role");
	return OK;
}

/* The user of that name, or none: then the token stands for itself. */
static enum status find_owner(struct request *rq, const struct wish *w, struct principal *who)
{
	struct tenant t;
	struct user u;
	enum status s;

	s = tenant_find(rq->cx, rq->rs->store, w->tenant_id, &t);
	if (s)
		return s;
	s = user_find(rq->cx, rq->rs->store, w->tenant_id, w->username, &u);
	if (s && s != NOT_FOUND)
		return s;
	if (!s) {
		if (!u.active)
			return fail(rq->cx, INVALID, "user \"%s\" is not active", u.username);
		*who = *auth_user(rq->cx, &u);
		if (w->role != ROLE_NONE)
			who->role = w->role;
		return OK;
	}
	*who = (struct principal){ .kind = A_TOKEN,
				   .id = text_uuid4(rq->cx),
				   .name = w->username,
				   .tenant_id = w->tenant_id,
				   .role = w->role ? w->role : ROLE_TENANT_USER };
	return OK;
}

enum status show_token(struct request *rq, const struct issued *t, const char *tenant_id)
{
	struct json_object *o = json_new_object(rq->cx);

	json_set_text(o, "token", t->token);
	json_set_text(o, "token_id", t->token_id);
	json_set_text(o, "expires_at", text_time(rq->cx, t->expires_ms));
	json_set_text(o, "tenant_id", *tenant_id ? tenant_id : NULL);
	return answer_json(rq, 200, o);
}

enum status create_token(struct request *rq)
{
	struct principal who;
	struct change record;
	struct issued t;
	struct wish w;
	enum status s;

	s = read_wish(rq, &w);
	if (!s)
		s = find_owner(rq, &w, &who);
	if (!s)
		s = check_rank(rq, who.role);
	if (s)
		return s;
	record = login_record(rq, &who, "generate_token");
	s = auth_issue(rq->cx, rq->rs, &who, w.hours * 3600, &record, 1, &t);
	return s ? s : show_token(rq, &t, w.tenant_id);
}

void token_ttl(const struct principal *who, int64_t *ttl_s)
{
	bool ends = who->kind == A_TOKEN || !who->token_id || who->given.n;
	int64_t left_s = (who->expires_ms - cx_now_ms()) / 1000;

	if (ends && who->expires_ms && left_s < *ttl_s)
		*ttl_s = left_s > 0 ? left_s : 0;
}

enum status get_jwks(struct request *rq)
{
	const struct jwt_keys *keys = auth_keys(rq->rs);

	if (!keys)
		return fail(rq->cx, NOT_FOUND, "this server has no keys");
	answer_header(rq, "Cache-Control", "public, max-age=300");
	return answer_json(rq, 200, jwt_keys_json(rq->cx, keys));
}
