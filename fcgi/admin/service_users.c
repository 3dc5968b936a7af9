/* SPDX-License-Identifier: Apache-2.0 */
/* service_users.c - /api/v1/service-users: programs, known by an API key. */
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/people.h"
#include "stores/principals.h"

#define DAY_MS ((int64_t)86400000)
#define MAX_DAYS 36500

/* As it is read: kebab-case, and never the key's hash. */
static enum status show_service_user(struct request *rq, const void *item, struct json_object **out)
{
	return admin_json(rq->cx, &((const struct service_user *)item)->row, out);
}

/* As it is made or gets another key: snake_case, with the key this once. */
static enum status answer_key(struct request *rq, int http, const struct service_user *su,
			      const char *api_key)
{
	struct json_object *o = json_new_object(rq->cx);

	json_set_text(o, "id", su->id);
	json_set_text(o, "service_user_id", su->id);
	json_set_text(o, "name", su->name);
	json_set_text(o, "description", su->description);
	json_set_text(o, "tenant_id", su->tenant_id);
	json_set_text(o, "role", su->role);
	json_set_text(o, "api_key", api_key);
	admin_set_time(rq->cx, o, "created_at", su->created_at);
	json_set_text(o, "created_by", su->created_by);
	admin_set_time(rq->cx, o, "expires_at", su->expires_at);
	json_set_bool(o, "active", su->active);
	return answer_json(rq, http, o);
}

static enum status answer_status(struct request *rq, const char *word)
{
	struct json_object *o = json_new_object(rq->cx);

	json_set_text(o, "status", word);
	return answer_json(rq, 200, o);
}

enum status list_service_users(struct request *rq)
{
	struct service_user from = { .row = ROW(service_user), .tenant_id = rq->tenant_id };

	return admin_list(rq, &from.row, 1, true, show_service_user);
}

static enum status find_in(struct request *rq, const char *tenant_id, void *out)
{
	return service_user_find(rq->cx, rq->rs->store, tenant_id, rq->segments[0], out);
}

static enum status find(struct request *rq, struct service_user *su)
{
	return people_find(rq, su, find_in);
}

enum status get_service_user(struct request *rq)
{
	struct service_user su;
	enum status s = find(rq, &su);

	return s ? s : admin_answer(rq, 200, &su, show_service_user);
}

static enum status read_texts(struct request *rq, struct service_user *su)
{
	enum status s = json_opt_text(rq->cx, rq->json, "", "name", &su->name);

	if (!s && su->name)
		s = admin_check_text(rq->cx, "service user", su->name);
	return s ? s : json_opt_text(rq->cx, rq->json, "", "description", &su->description);
}

static enum status read_new(struct request *rq, struct service_user *su)
{
	int64_t days = 0;
	enum status s = read_texts(rq, su);

	if (!s && !su->name)
		s = fail(rq->cx, INVALID, "name is missing");
	if (!s)
		s = people_role(rq, &su->role);
	if (!s)
		s = json_opt_int(rq->cx, rq->json, "", "expires_in_days", &days);
	if (s)
		return s;
	if (days < 0 || days > MAX_DAYS || (!days && json_member(rq->json, "expires_in_days")))
		return fail(rq->cx, INVALID, "expires_in_days: not from 1 to %d", MAX_DAYS);
	if (days)
		su->expires_at = cx_now_ms() + days * DAY_MS;
	return OK;
}

enum status create_service_user(struct request *rq)
{
	struct service_user su = { .tenant_id = rq->tenant_id,
				   .role = role_name(ROLE_TENANT_USER),
				   .created_by = rq->who->id };
	const char *api_key;
	enum status s = request_json(rq, false);

	if (!s)
		s = read_new(rq, &su);
	if (!s)
		s = service_user_create(rq->cx, rq->rs->store, &su, request_actor(rq), &api_key);
	return s ? s : answer_key(rq, 201, &su, api_key);
}

static enum status update_once(struct request *rq)
{
	struct service_user su;
	enum status s = find(rq, &su);

	if (!s)
		s = read_texts(rq, &su);
	if (!s)
		s = json_opt_bool(rq->cx, rq->json, "", "active", &su.active);
	return s ? s : service_user_update(rq->cx, rq->rs->store, &su, request_actor(rq));
}

enum status update_service_user(struct request *rq)
{
	enum status s = request_json(rq, false);

	if (s)
		return s;
	s = update_once(rq);
	for (int i = 1; s == CONFLICT && i < ADMIN_TRIES; i++)
		s = update_once(rq);
	return s ? s : answer_status(rq, "updated");
}

enum status delete_service_user(struct request *rq)
{
	struct service_user su;
	enum status s = find(rq, &su);

	if (!s)
		s = service_user_delete(rq->cx, rq->rs->store, &su, request_actor(rq));
	return s ? s : answer_status(rq, "deleted");
}

enum status rotate_service_user(struct request *rq)
{
	struct service_user su;
	const char *api_key;
	enum status s = find(rq, &su);

	if (!s)
		s = service_user_rotate(rq->cx, rq->rs->store, &su, request_actor(rq), &api_key);
	return s ? s : answer_key(rq, 200, &su, api_key);
}
