/* SPDX-License-Identifier: Apache-2.0 */
/* roles.c - roles, assignments and direct grants as lists of changes, and what a principal holds. */
#include "stores/roles.h"

#include "common/list.h"
#include "common/log.h"
#include "common/text.h"
#include "stores/audit.h"
#include "stores/jobs.h"
#include "stores/tenants.h"

#define GRANT_DEPTH 16

/* --- what a principal holds --------------------------------------------------------- */

static enum status parse(struct cx *cx, const char *text, struct json_object **out)
{
	*out = NULL;
	return text ? json_parse(cx, text, strlen(text), GRANT_DEPTH, out) : OK;
}

/* One grant more; what can't be read grants nothing. */
static void add_grant(struct list *l, struct json_object *scope, struct json_object *actions,
		      const char *permission_id, const char *role_id)
{
	struct grant g = { .permission_id = permission_id, .role_id = role_id };

	if (grant_read_scope(l->cx, scope, "scope", &g) ||
	    grant_read_actions(l->cx, actions, "actions", &g))
		log_event(LOG_WARNING_, "grant_unreadable", NULL, "%s %s: %s",
			  role_id ? "role" : "permission", role_id ? role_id : permission_id,
			  l->cx->message);
	else
		*(struct grant *)list_add(l) = g;
}

static void add_permission(struct list *l, const struct permission *p)
{
	struct json_object *scope, *actions;

	if (parse(l->cx, p->scope, &scope))
		scope = NULL;
	if (parse(l->cx, p->actions, &actions))
		actions = NULL;
	add_grant(l, scope, actions, p->id, NULL);
}

static void add_role(struct list *l, const struct role_row *r)
{
	struct json_object *all;

	if (parse(l->cx, r->permissions, &all) || !json_object_is_type(all, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(all); i++) {
		struct json_object *one = json_object_array_get_idx(all, i);

		add_grant(l, json_member(one, "scope"), json_member(one, "actions"), NULL, r->id);
	}
}

static enum status direct_grants(struct cx *cx, struct store *st, const char *tenant_id,
				 const char *user_id, struct rows *out)
{
	struct permission from = { .row = ROW(permission),
				   .tenant_id = tenant_id,
				   .user_id = user_id };
	struct query q = {
		.from = &from.row, .bound = 1, .where = { "user_id" }, .limit = MAX_GRANTS
	};

	return store_list(cx, st, &q, out);
}

static bool is_listed(const char *const *ids, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(ids[i], id) == 0)
			return true;
	return false;
}

/* Those assigned, then those given, each once. */
static enum status role_ids(struct cx *cx, struct store *st, const char *tenant_id,
			    const char *user_id, struct given_roles given, const char ***out,
			    size_t *n)
{
	struct role_assignment from = { .row = ROW(role_assignment),
					.tenant_id = tenant_id,
					.user_id = user_id };
	struct query q = { .from = &from.row, .bound = 2, .limit = MAX_ROLES };
	const struct role_assignment *a;
	struct rows found;
	enum status s = store_list(cx, st, &q, &found);

	*n = 0;
	if (s)
		return s;
	a = found.items;
	*out = cx_array(cx, found.n + given.n, sizeof(**out));
	for (size_t i = 0; i < found.n; i++)
		(*out)[(*n)++] = a[i].role_id;
	for (size_t i = 0; i < given.n; i++)
		if (!is_listed(*out, *n, given.ids[i]))
			(*out)[(*n)++] = given.ids[i];
	return OK;
}

enum status roles_of(struct cx *cx, struct store *st, const char *tenant_id, const char *user_id,
		     struct given_roles given, struct role_row **out, size_t *n)
{
	const char **ids;
	struct row **rows;
	size_t found;
	enum status s = role_ids(cx, st, tenant_id, user_id, given, &ids, &found);

	*n = 0;
	if (s || !found)
		return s;
	*out = cx_array(cx, found, sizeof(struct role_row));
	rows = cx_array(cx, found, sizeof(struct row *));
	for (size_t i = 0; i < found; i++) {
		(*out)[i] = (struct role_row){ .row = ROW(role_row),
					       .tenant_id = tenant_id,
					       .id = ids[i] };
		rows[i] = &(*out)[i].row;
	}
	s = store_get_all(cx, st, rows, found);
	for (size_t i = 0; !s && i < found; i++)
		if ((*out)[i].row.version)
			(*out)[(*n)++] = (*out)[i];
	return s;
}

enum status roles_named(struct cx *cx, struct store *st, const char *tenant_id, const char *name,
			const char **ids, size_t *n)
{
	struct role_row from = { .row = ROW(role_row), .tenant_id = tenant_id, .name = name };
	struct query q = {
		.from = &from.row, .bound = 1, .where = { "name" }, .limit = MAX_GIVEN_ROLES
	};
	const struct role_row *r;
	struct rows found;
	enum status s = store_list(cx, st, &q, &found);

	r = found.items;
	for (size_t i = 0; !s && i < found.n && *n < MAX_GIVEN_ROLES; i++)
		if (!is_listed(ids, *n, r[i].id))
			ids[(*n)++] = r[i].id;
	return s;
}

enum status grants_of(struct cx *cx, struct store *st, const char *tenant_id, const char *user_id,
		      struct given_roles given, const struct grants **out)
{
	struct list l = { .cx = cx, .size = sizeof(struct grant) };
	struct role_row *roles;
	struct permission *p;
	struct rows direct;
	size_t n;
	enum status s = direct_grants(cx, st, tenant_id, user_id, &direct);

	if (!s)
		s = roles_of(cx, st, tenant_id, user_id, given, &roles, &n);
	if (s)
		return s;
	p = direct.items;
	for (size_t i = 0; i < direct.n; i++)
		add_permission(&l, &p[i]);
	for (size_t i = 0; i < n; i++)
		add_role(&l, &roles[i]);
	*out = grants_build(cx, l.items, l.n);
	return OK;
}

/* --- roles ---------------------------------------------------------------------- */

/* A list that changes who may do what, and its record. */
static void add_record(struct cx *cx, struct change *list, size_t *n, const struct audit *by,
		       const char *tenant_id, const char *action, const char *type, const char *id,
		       const char *name)
{
	list[(*n)++] = epoch_touch(cx, tenant_id);
	list[(*n)++] =
		(struct change){ INSERT,
				 &audit_new(cx, by, tenant_id, action, type, id, name)->row };
}

enum status role_find(struct cx *cx, struct store *st, const char *tenant_id, const char *id,
		      struct role_row *out)
{
	enum status s;

	*out = (struct role_row){ .row = ROW(role_row), .tenant_id = tenant_id, .id = id };
	s = store_get(cx, st, &out->row);
	return s == NOT_FOUND ? fail(cx, s, "no role \"%s\"", id) : s;
}

enum status role_create(struct cx *cx, struct store *st, struct role_row *r, const struct audit *by)
{
	struct change list[4] = { { INSERT, &r->row } };
	size_t n = 1;
	enum status s;

	r->row = (struct row)ROW(role_row);
	if (!r->id)
		r->id = text_uuid4(cx);
	r->created_at = r->updated_at = cx_now_ms();
	list[n++] = tenant_touch(cx, r->tenant_id);
	add_record(cx, list, &n, by, r->tenant_id, "create_role", "role", r->id, r->name);
	s = store_apply(cx, st, list, n, NULL);
	return s == CONFLICT ? fail(cx, NOT_FOUND, "no tenant \"%s\"", r->tenant_id) : s;
}

static enum status apply_role(struct cx *cx, struct store *st, struct change *list, size_t n,
			      const char *name)
{
	enum status s = store_apply(cx, st, list, n, NULL);

	return s == CONFLICT ? fail(cx, s, "role \"%s\" was changed meanwhile", name) : s;
}

enum status role_update(struct cx *cx, struct store *st, struct role_row *r, const struct audit *by)
{
	struct change list[3] = { { UPDATE, &r->row } };
	size_t n = 1;

	r->updated_at = cx_now_ms();
	add_record(cx, list, &n, by, r->tenant_id, "update_role", "role", r->id, r->name);
	return apply_role(cx, st, list, n, r->name);
}

enum status role_delete(struct cx *cx, struct store *st, struct role_row *r, const struct audit *by)
{
	struct change list[4] = { { DELETE, &r->row } };
	size_t n = 1;

	add_record(cx, list, &n, by, r->tenant_id, "delete_role", "role", r->id, r->name);
	list[n++] = (struct change){ INSERT, &job_drop_grants(cx, r->tenant_id, NULL, r->id)->row };
	return apply_role(cx, st, list, n, r->name);
}

enum status role_assign(struct cx *cx, struct store *st, struct role_assignment *a,
			struct row *holder, const struct audit *by)
{
	struct role_row role = { .row = ROW(role_row),
				 .tenant_id = a->tenant_id,
				 .id = a->role_id };
	struct change list[5] = { { INSERT, &a->row }, { TOUCH, &role.row }, { TOUCH, holder } };
	size_t n = 3, failed, had;
	const char **ids;
	enum status s =
		role_ids(cx, st, a->tenant_id, a->user_id, (struct given_roles){ 0 }, &ids, &had);

	if (s)
		return s;
	if (had && is_listed(ids, had, a->role_id))
		return OK;
	if (had >= MAX_ROLES)
		return fail(cx, INVALID, "nobody has more than %d roles", MAX_ROLES);
	a->row = (struct row)ROW(role_assignment);
	a->assigned_at = cx_now_ms();
	add_record(cx, list, &n, by, a->tenant_id, "assign_role", "role", a->role_id, a->user_id);
	s = store_apply(cx, st, list, n, &failed);
	if (s == EXISTS)
		return OK;
	if (s == CONFLICT && failed == 1)
		return fail(cx, NOT_FOUND, "no role \"%s\"", a->role_id);
	return s;
}

enum status role_unassign(struct cx *cx, struct store *st, const char *tenant_id,
			  const char *user_id, const char *role_id, const struct audit *by)
{
	struct role_assignment a = { .row = ROW(role_assignment),
				     .tenant_id = tenant_id,
				     .user_id = user_id,
				     .role_id = role_id };
	struct change list[3] = { { DELETE, &a.row } };
	size_t n = 1;
	enum status s = store_get(cx, st, &a.row);

	if (!s) {
		add_record(cx, list, &n, by, tenant_id, "revoke_role", "role", role_id, user_id);
		s = store_apply(cx, st, list, n, NULL);
	}
	return s == NOT_FOUND || s == CONFLICT
		       ? fail(cx, NOT_FOUND, "the user does not have the role \"%s\"", role_id)
		       : s;
}

/* --- direct grants ---------------------------------------------------------------- */

enum status permission_find(struct cx *cx, struct store *st, const char *tenant_id, const char *id,
			    struct permission *out)
{
	enum status s;

	*out = (struct permission){ .row = ROW(permission), .tenant_id = tenant_id, .id = id };
	s = store_get(cx, st, &out->row);
	return s == NOT_FOUND ? fail(cx, s, "no permission \"%s\"", id) : s;
}

void permission_add(struct cx *cx, struct permission *p, const struct audit *by,
		    struct change *list, size_t *n)
{
	p->row = (struct row)ROW(permission);
	if (!p->id)
		p->id = text_uuid4(cx);
	p->granted_at = cx_now_ms();
	list[(*n)++] = (struct change){ INSERT, &p->row };
	add_record(cx, list, n, by, p->tenant_id, "grant_permission", "permission", p->id,
		   p->user_id);
}

enum status permission_grant(struct cx *cx, struct store *st, struct permission *p,
			     struct row *holder, const struct audit *by)
{
	struct change list[4] = { { TOUCH, holder } };
	struct rows held;
	size_t n = 1;
	enum status s = direct_grants(cx, st, p->tenant_id, p->user_id, &held);

	if (s)
		return s;
	if (held.n >= MAX_GRANTS)
		return fail(cx, INVALID, "nobody holds more than %d permissions: use a role",
			    MAX_GRANTS);
	permission_add(cx, p, by, list, &n);
	return store_apply(cx, st, list, n, NULL);
}

enum status permission_revoke(struct cx *cx, struct store *st, struct permission *p,
			      const struct audit *by)
{
	struct change list[3] = { { DELETE, &p->row } };
	size_t n = 1;
	enum status s;

	add_record(cx, list, &n, by, p->tenant_id, "revoke_permission", "permission", p->id,
		   p->user_id);
	s = store_apply(cx, st, list, n, NULL);
	return s == CONFLICT ? fail(cx, NOT_FOUND, "no permission \"%s\"", p->id) : s;
}
