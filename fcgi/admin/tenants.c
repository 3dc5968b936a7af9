/* SPDX-License-Identifier: Apache-2.0 */
/* tenants.c - /api/v1/tenants. */
#include "stores/quotas.h"
#include "stores/tenants.h"

#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/admin.h"

/* A description is kept among the properties. */
static enum status show_tenant(struct request *rq, const void *item, struct json_object **out)
{
	const struct tenant *t = item;
	enum status s = admin_json(rq->cx, &t->row, out);

	if (!s)
		json_set_text(*out, "description",
			      json_text(json_member(*out, "properties"), "description"));
	return s;
}

enum status list_tenants(struct request *rq)
{
	struct tenant from = { .row = ROW(tenant), .tenant_id = rq->tenant_id };

	if (rq->who->role == ROLE_ROOT)
		return admin_list(rq, &from.row, 0, true, show_tenant);
	if (rq->rs->config->no_auth)
		return admin_list(rq, &from.row, 1, true, show_tenant);
	return fail(rq->cx, DENIED, "this needs the root role");
}

/* A tenant is seen by root and by its own members; to others it is not there. */
static enum status find(struct request *rq, struct tenant *t)
{
	const char *id = rq->segments[0];

	if (rq->who->role != ROLE_ROOT && strcmp(id, rq->who->tenant_id) != 0)
		return fail(rq->cx, NOT_FOUND, "no tenant \"%s\"", id);
	return tenant_find(rq->cx, rq->rs->store, id, t);
}

enum status get_tenant(struct request *rq)
{
	struct tenant t;
	enum status s = find(rq, &t);

	return s ? s : admin_answer(rq, 200, &t, show_tenant);
}

/* Takes what the body has; what it does not name stays. */
static enum status read_tenant(struct request *rq, struct tenant *t)
{
	struct cx *cx = rq->cx;
	const char *description = NULL;
	struct json_object *properties;
	struct quota quota;
	enum status s = json_opt_text(cx, rq->json, "", "name", &t->name);

	if (!s && t->name)
		s = admin_check_text(cx, "tenant", t->name);
	if (!s)
		s = admin_properties(cx, rq->json, &t->properties);
	if (!s)
		s = json_opt_text(cx, rq->json, "", "description", &description);
	if (!s)
		s = quota_parse(cx, t->properties, &quota);
	if (s || !description)
		return s;
	s = admin_object(cx, t->properties, &properties);
	if (s)
		return s;
	json_set_text(properties, "description", description);
	t->properties = json_print(cx, properties, NULL);
	return OK;
}

enum status create_tenant(struct request *rq)
{
	struct tenant t = { .properties = "{}" };
	enum status s = request_json(rq, false);

	if (!s)
		s = read_tenant(rq, &t);
	if (!s && !t.name)
		s = fail(rq->cx, INVALID, "name is missing");
	if (!s)
		s = tenant_create(rq->cx, rq->rs->store, &t, request_actor(rq));
	return s ? s : admin_answer(rq, 201, &t, show_tenant);
}

static enum status update_once(struct request *rq, struct tenant *t)
{
	enum status s = find(rq, t);

	if (!s)
		s = read_tenant(rq, t);
	return s ? s : tenant_update(rq->cx, rq->rs->store, t, request_actor(rq));
}

enum status update_tenant(struct request *rq)
{
	struct tenant t;
	enum status s = request_json(rq, false);

	if (s)
		return s;
	s = update_once(rq, &t);
	for (int i = 1; s == CONFLICT && i < ADMIN_TRIES; i++)
		s = update_once(rq, &t);
	return s ? s : admin_answer(rq, 200, &t, show_tenant);
}

enum status delete_tenant(struct request *rq)
{
	enum status s = tenant_drop(rq->cx, rq->rs->store, rq->segments[0], request_actor(rq));

	return s ? s : answer_empty(rq, 204);
}
