/* SPDX-License-Identifier: Apache-2.0 */
/* permissions.c - /api/v1/permissions: grants to one user or service user. */
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/people.h"
#include "stores/catalogs.h"
#include "stores/roles.h"
#include "stores/search.h"

static enum status show_permission(struct request *rq, const void *item, struct json_object **out)
{
	return admin_json(rq->cx, &((const struct permission *)item)->row, out);
}

/* --- list ------------------------------------------------------------------------- */

/* Of whom: ?user=, which only an administrator may say of others; NULL = of all. */
static enum status asked_person(struct request *rq, const char **tenant_id, const char **user_id)
{
	struct person person;
	const char *id = NULL;
	enum status s = request_query(rq, "user", &id);

	if (!s && (!id || !*id))
		id = people_admin(rq) ? NULL : rq->who->id;
	*tenant_id = rq->tenant_id;
	*user_id = id;
	if (s || !id || strcmp(id, rq->who->id) == 0)
		return s;
	s = people_person(rq, id, &person);
	*tenant_id = person.tenant_id;
	return s;
}

enum status list_permissions(struct request *rq)
{
	struct permission from = { .row = ROW(permission) };
	enum status s = asked_person(rq, &from.tenant_id, &from.user_id);

	if (s)
		return s;
	if (!from.user_id)
		return admin_list(rq, &from.row, 1, false, show_permission);
	return admin_list_where(rq, &from.row, 1, "user_id", show_permission);
}

/* --- grant ------------------------------------------------------------------------- */

static enum status check_catalog(struct request *rq, const char *tenant_id, const char *catalog_id)
{
	struct catalog c;
	enum status s = catalog_find_id(rq->cx, rq->rs->store, tenant_id, catalog_id, &c);

	return s == NOT_FOUND ? fail(rq->cx, s, "scope.catalog_id: no catalog \"%s\"", catalog_id)
			      : s;
}

/* Where a branch shows it that main does not. */
static enum status find_on_branch(struct request *rq, const char *tenant_id, const char *asset_id,
				  struct search_entry *out)
{
	struct asset from = { .row = ROW(asset), .tenant_id = tenant_id, .asset_id = asset_id };
	struct query q = { .from = &from.row, .bound = 1, .where = { "asset_id" }, .limit = 1 };
	struct rows found;
	enum status s = store_list(rq->cx, rq->rs->store, &q, &found);
	const struct asset *a = found.items;

	if (s || !found.n)
		return s ? s : NOT_FOUND;
	out->catalog_id = a->catalog_id;
	out->namespace = a->namespace;
	return OK;
}

/* The asset is where it is now, whatever the client remembers. */
static enum status check_asset(struct request *rq, const char *tenant_id, struct grant *g)
{
	struct search_entry at;
	enum status s = search_place(rq->cx, rq->rs->store, tenant_id, g->asset_id, &at);

	if (s == NOT_FOUND)
		s = find_on_branch(rq, tenant_id, g->asset_id, &at);
	if (s == NOT_FOUND || (!s && strcmp(at.catalog_id, g->catalog_id) != 0))
		return fail(rq->cx, NOT_FOUND, "scope.asset_id: no asset \"%s\"", g->asset_id);
	if (!s)
		g->namespace = at.namespace;
	return s;
}

/* What is granted is there: a grant on nothing would be found out when it is needed. */
static enum status check_scope(struct request *rq, const char *tenant_id, struct grant *g)
{
	enum status s = OK;

	if (*g->catalog_id)
		s = check_catalog(rq, tenant_id, g->catalog_id);
	if (!s && g->scope == SCOPE_ASSET)
		s = check_asset(rq, tenant_id, g);
	return s;
}

static enum status read_grant(struct request *rq, struct grant *g, const char **user_id)
{
	enum status s = json_get_text(rq->cx, rq->json, "", "user-id", user_id);

	if (s)
		return s;
	s = grant_read_scope(rq->cx, json_member(rq->json, "scope"), "scope", g);
	if (!s)
		s = grant_read_actions(rq->cx, json_member(rq->json, "actions"), "actions", g);
	if (s)
		rq->answer.http = 422;
	return s;
}

static enum status grant_once(struct request *rq, const char *user_id, struct grant *g,
			      struct permission *p)
{
	struct person person;
	enum status s = people_person(rq, user_id, &person);

	if (!s)
		s = check_scope(rq, person.tenant_id, g);
	if (s)
		return s;
	*p = (struct permission){ .tenant_id = person.tenant_id,
				  .user_id = person.id,
				  .scope = json_print(rq->cx, grant_show_scope(rq->cx, g), NULL),
				  .actions = json_print(
					  rq->cx, grant_show_actions(rq->cx, g->rights), NULL),
				  .granted_by = rq->who->id };
	return permission_grant(rq->cx, rq->rs->store, p, person.row, request_actor(rq));
}

enum status grant_permission(struct request *rq)
{
	const char *user_id;
	struct permission p;
	struct grant g;
	enum status s = request_json(rq, false);

	if (!s)
		s = read_grant(rq, &g, &user_id);
	if (s)
		return s;
	s = grant_once(rq, user_id, &g, &p);
	for (int i = 1; s == CONFLICT && i < ADMIN_TRIES; i++)
		s = grant_once(rq, user_id, &g, &p);
	return s ? s : admin_answer(rq, 201, &p, show_permission);
}

/* --- revoke ------------------------------------------------------------------------ */

static enum status find_in(struct request *rq, const char *tenant_id, void *out)
{
	return permission_find(rq->cx, rq->rs->store, tenant_id, rq->segments[0], out);
}

enum status revoke_permission(struct request *rq)
{
	struct permission p;
	enum status s = people_find(rq, &p, find_in);

	if (!s)
		s = permission_revoke(rq->cx, rq->rs->store, &p, request_actor(rq));
	return s ? s : answer_empty(rq, 204);
}
