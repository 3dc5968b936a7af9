/* SPDX-License-Identifier: Apache-2.0 */
/* roles.c - /api/v1/roles, and who has them. */
#include "stores/roles.h"

#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/people.h"

#define MAX_ROLE_GRANTS 1000

static enum status show_role(struct request *rq, const void *item, struct json_object **out)
{
	const struct role_row *r = item;
	enum status s = admin_json(rq->cx, &r->row, out);

	if (!s && !json_member(*out, "permissions"))
		json_set(*out, "permissions", json_new_array(rq->cx));
	return s;
}

static enum status answer_roles(struct request *rq, const struct role_row *roles, size_t n)
{
	struct json_object *array = json_new_array(rq->cx), *one;
	enum status s = OK;

	for (size_t i = 0; !s && i < n; i++) {
		s = show_role(rq, &roles[i], &one);
		json_add(array, one);
	}
	return s ? s : answer_json(rq, 200, array);
}

/* The caller's own, for who is no administrator. */
static enum status own_roles(struct request *rq, struct role_row **out, size_t *n)
{
	return roles_of(rq->cx, rq->rs->store, rq->who->tenant_id, rq->who->id, rq->who->given, out,
			n);
}

enum status list_roles(struct request *rq)
{
	struct role_row from = { .row = ROW(role_row), .tenant_id = rq->tenant_id }, *roles;
	size_t n;
	enum status s;

	if (people_admin(rq))
		return admin_list(rq, &from.row, 1, true, show_role);
	s = own_roles(rq, &roles, &n);
	return s ? s : answer_roles(rq, roles, n);
}

static enum status find_in(struct request *rq, const char *tenant_id, void *out)
{
	return role_find(rq->cx, rq->rs->store, tenant_id, rq->segments[0], out);
}

static enum status find_own(struct request *rq, struct role_row *r)
{
	struct role_row *roles;
	size_t n;
	enum status s = own_roles(rq, &roles, &n);

	for (size_t i = 0; !s && i < n; i++) {
		if (strcmp(roles[i].id, rq->segments[0]) == 0) {
			*r = roles[i];
			return OK;
		}
	}
	return s ? s : fail(rq->cx, NOT_FOUND, "no role \"%s\"", rq->segments[0]);
}

static enum status find(struct request *rq, struct role_row *r)
{
	return people_admin(rq) ? people_find(rq, r, find_in) : find_own(rq, r);
}

enum status get_role(struct request *rq)
{
	struct role_row r;
	enum status s = find(rq, &r);

	return s ? s : admin_answer(rq, 200, &r, show_role);
}

/* --- what a body says ----------------------------------------------------------- */

/* A grant as it is kept and shown: known members, in words of ours. */
static enum status read_grant(struct request *rq, struct json_object *given, size_t i,
			      struct json_object **out)
{
	const char *where = cx_printf(rq->cx, "permissions[%zu]", i);
	struct grant g;
	enum status s = grant_read_scope(rq->cx, json_member(given, "scope"),
					 cx_printf(rq->cx, "%s.scope", where), &g);

	if (!s)
		s = grant_read_actions(rq->cx, json_member(given, "actions"),
				       cx_printf(rq->cx, "%s.actions", where), &g);
	if (s) {
		rq->answer.http = 422;
		return s;
	}
	*out = json_new_object(rq->cx);
	json_set(*out, "scope", grant_show_scope(rq->cx, &g));
	json_set(*out, "actions", grant_show_actions(rq->cx, g.rights));
	return OK;
}

static enum status read_permissions(struct request *rq, struct role_row *r)
{
	struct json_object *given = NULL, *kept = json_new_array(rq->cx), *one;
	enum status s = json_opt_array(rq->cx, rq->json, "", "permissions", &given);
	size_t n;

	if (s || !given)
		return s;
	n = json_object_array_length(given);
	if (n > MAX_ROLE_GRANTS)
		return fail(rq->cx, INVALID, "permissions: more than %d", MAX_ROLE_GRANTS);
	for (size_t i = 0; i < n; i++) {
		s = read_grant(rq, json_object_array_get_idx(given, i), i, &one);
		if (s)
			return s;
		json_add(kept, one);
	}
	r->permissions = json_print(rq->cx, kept, NULL);
	return OK;
}

/* Absent members stay as they are. */
static enum status read_role(struct request *rq, struct role_row *r)
{
	enum status s = json_opt_text(rq->cx, rq->json, "", "name", &r->name);

	if (!s && r->name)
		s = admin_check_text(rq->cx, "role", r->name);
	if (!s)
		s = json_opt_text(rq->cx, rq->json, "", "description", &r->description);
	return s ? s : read_permissions(rq, r);
}

enum status create_role(struct request *rq)
{
	struct role_row r = { .permissions = "[]", .created_by = rq->who->id };
	enum status s = request_json(rq, false);

	if (!s)
		s = read_role(rq, &r);
	if (!s && !r.name)
		s = fail(rq->cx, INVALID, "name is missing");
	if (!s)
		s = people_tenant(rq, &r.tenant_id);
	if (!s)
		s = role_create(rq->cx, rq->rs->store, &r, request_actor(rq));
	return s ? s : admin_answer(rq, 201, &r, show_role);
}

/* Clients send the whole role back, with its id and its tenant. */
static enum status check_identity(struct request *rq, const struct role_row *r)
{
	const char *id = NULL, *tenant = NULL;
	enum status s = json_opt_text(rq->cx, rq->json, "", "id", &id);

	if (!s)
		s = json_opt_text(rq->cx, rq->json, "", "tenant-id", &tenant);
	if (!s && id && strcmp(id, r->id) != 0)
		s = fail(rq->cx, INVALID, "id: not the role's that is changed");
	if (!s && tenant && strcmp(tenant, r->tenant_id) != 0)
		s = fail(rq->cx, INVALID, "tenant-id: not the role's that is changed");
	return s;
}

static enum status update_once(struct request *rq, struct role_row *r)
{
	enum status s = find(rq, r);

	if (!s)
		s = check_identity(rq, r);
	if (!s)
		s = read_role(rq, r);
	return s ? s : role_update(rq->cx, rq->rs->store, r, request_actor(rq));
}

enum status update_role(struct request *rq)
{
	struct role_row r;
	enum status s = request_json(rq, false);

	if (s)
		return s;
	s = update_once(rq, &r);
	for (int i = 1; s == CONFLICT && i < ADMIN_TRIES; i++)
		s = update_once(rq, &r);
	return s ? s : admin_answer(rq, 200, &r, show_role);
}

static enum status delete_once(struct request *rq)
{
	struct role_row r;
	enum status s = find(rq, &r);

	return s ? s : role_delete(rq->cx, rq->rs->store, &r, request_actor(rq));
}

/* Who is given the role meanwhile changes its row. */
enum status delete_role(struct request *rq)
{
	enum status s = delete_once(rq);

	for (int i = 1; s == CONFLICT && i < ADMIN_TRIES; i++)
		s = delete_once(rq);
	return s ? s : answer_empty(rq, 204);
}

/* --- who has them ------------------------------------------------------------------ */

enum status list_user_roles(struct request *rq)
{
	struct role_row *roles;
	struct person person;
	size_t n;
	enum status s = people_person(rq, rq->segments[0], &person);

	if (!s)
		s = roles_of(rq->cx, rq->rs->store, person.tenant_id, person.id,
			     (struct given_roles){ 0 }, &roles, &n);
	return s ? s : answer_roles(rq, roles, n);
}

static enum status assign_once(struct request *rq, const char *role_id)
{
	struct role_assignment a = { .role_id = role_id, .assigned_by = rq->who->id };
	struct person person;
	enum status s = people_person(rq, rq->segments[0], &person);

	a.tenant_id = person.tenant_id;
	a.user_id = person.id;
	return s ? s : role_assign(rq->cx, rq->rs->store, &a, person.row, request_actor(rq));
}

enum status assign_role(struct request *rq)
{
	const char *role_id;
	enum status s = request_json(rq, false);

	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "role-id", &role_id);
	if (s)
		return s;
	s = assign_once(rq, role_id);
	for (int i = 1; s == CONFLICT && i < ADMIN_TRIES; i++)
		s = assign_once(rq, role_id);
	return s ? s : answer_empty(rq, 201);
}

enum status unassign_role(struct request *rq)
{
	struct person person;
	enum status s = people_person(rq, rq->segments[0], &person);

	if (!s)
		s = role_unassign(rq->cx, rq->rs->store, person.tenant_id, person.id,
				  rq->segments[1], request_actor(rq));
	return s ? s : answer_empty(rq, 204);
}
