/* SPDX-License-Identifier: Apache-2.0 */
/* dashboard.c - how much of everything there is, counted when asked. */
#include "common/list.h"
#include "common/text.h"
#include "fcgi/admin/lookup.h"
#include "fcgi/admin/people.h"
#include "fcgi/admin/walk.h"
#include "fcgi/resolve.h"
#include "stores/content.h"

struct tally {
	struct request *rq;
	const char *tenant_id;
	const char *catalog_id; /* of the one that counts; NULL = all there are */
	struct list catalogs;	/* const char *: ids, in order */
	int64_t n_catalogs, n_tables, n_views, n_assets, n_namespaces, n_users, n_warehouses,
		n_branches, n_tenants;
};

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What a dropped catalog had is there until the worker has removed it. */
static bool counts(const struct tally *t, const char *catalog_id)
{
	if (t->catalog_id)
		return text_same(t->catalog_id, catalog_id);
	return t->catalogs.n && bsearch(&catalog_id, t->catalogs.items, t->catalogs.n,
					sizeof(const char *), compare_ids);
}

/* --- what is counted -------------------------------------------------------------------- */

static void see_catalog(void *arg, const void *row)
{
	struct tally *t = arg;
	const struct catalog *c = row;
	struct object o = { .kind = ON_CATALOG,
			    .tenant_id = t->tenant_id,
			    .catalog_id = c->id,
			    .catalog = c->name };

	if (!access_may(t->rq->who, MAY_LIST, &o))
		return;
	*(const char **)list_add(&t->catalogs) = cx_strdup(t->rq->cx, c->id);
	t->n_catalogs++;
}

static void see_branch(void *arg, const void *row)
{
	struct tally *t = arg;
	const struct branch *b = row;

	t->n_branches += counts(t, b->catalog_id) && !text_same(b->branch_type, "hidden");
}

static void count_namespace(struct tally *t, const struct search_entry *e)
{
	struct object o = { .kind = ON_NAMESPACE,
			    .tenant_id = t->tenant_id,
			    .catalog_id = e->catalog_id,
			    .namespace =
				    *e->namespace == LEVEL_SEPARATOR
					    ? e->name
					    : cx_printf(t->rq->cx, "%s%s", e->namespace, e->name) };

	t->n_namespaces += access_may(t->rq->who, MAY_LIST, &o);
}

/* Of all that main shows; search knows it by small rows. */
static void see_entry(void *arg, const void *row)
{
	struct tally *t = arg;
	const struct search_entry *e = row;
	struct object o = { .kind = ON_ASSET,
			    .tenant_id = t->tenant_id,
			    .catalog_id = e->catalog_id,
			    .namespace = e->namespace,
			    .name = e->name,
			    .asset_id = e->asset_id };

	if (!counts(t, e->catalog_id))
		return;
	if (text_same(e->type, "NAMESPACE")) {
		count_namespace(t, e);
		return;
	}
	if (!asset_may(t->rq, MAY_READ, &o))
		return;
	if (text_same(e->type, "ICEBERG_TABLE"))
		t->n_tables++;
	else if (text_same(e->type, "VIEW"))
		t->n_views++;
	else
		t->n_assets++;
}

static void see_user(void *arg, const void *row)
{
	((struct tally *)arg)->n_users += row != NULL;
}

static void see_warehouse(void *arg, const void *row)
{
	((struct tally *)arg)->n_warehouses += row != NULL;
}

/* --- a catalog, a tenant, all tenants --------------------------------------------------- */

static enum status walk(struct tally *t, const struct row *from, size_t bound,
			void (*visit)(void *arg, const void *row))
{
	struct query q = { .from = from, .bound = bound };

	return rows_walk(t->rq, &q, visit, t);
}

static enum status count_content(struct tally *t)
{
	struct branch branch = { .row = ROW(branch),
				 .tenant_id = t->tenant_id,
				 .catalog_id = t->catalog_id };
	struct search_entry entry = { .row = ROW(search_entry),
				      .tenant_id = t->tenant_id,
				      .term = "*" };
	enum status s = walk(t, &branch.row, t->catalog_id ? 2 : 1, see_branch);

	return s ? s : walk(t, &entry.row, 2, see_entry);
}

static enum status count_tenant(struct tally *t, const char *tenant_id)
{
	struct catalog catalog = { .row = ROW(catalog), .tenant_id = tenant_id };
	struct user user = { .row = ROW(user), .tenant_id = tenant_id };
	struct warehouse warehouse = { .row = ROW(warehouse), .tenant_id = tenant_id };
	enum status s;

	t->tenant_id = tenant_id;
	t->catalogs = (struct list){ .cx = t->rq->cx, .size = sizeof(const char *) };
	t->n_tenants++;
	s = walk(t, &catalog.row, 1, see_catalog);
	if (t->catalogs.n)
		qsort(t->catalogs.items, t->catalogs.n, sizeof(const char *), compare_ids);
	if (!s && people_admin(t->rq))
		s = walk(t, &user.row, 1, see_user);
	if (!s && people_admin(t->rq))
		s = walk(t, &warehouse.row, 1, see_warehouse);
	return s ? s : count_content(t);
}

static void see_tenant(void *arg, const void *row)
{
	struct list *l = arg;

	*(const char **)list_add(l) = cx_strdup(l->cx, ((const struct tenant *)row)->tenant_id);
}

static enum status count_all(struct tally *t)
{
	struct list tenants = { .cx = t->rq->cx, .size = sizeof(const char *) };
	struct tenant from = { .row = ROW(tenant) };
	struct query q = { .from = &from.row };
	enum status s = rows_walk(t->rq, &q, see_tenant, &tenants);
	const char **id = tenants.items;

	for (size_t i = 0; !s && i < tenants.n; i++)
		s = count_tenant(t, id[i]);
	return s;
}

/* --- routes ------------------------------------------------------------------------------- */

static const char *scope_of_caller(const struct request *rq, bool all)
{
	return all ? "system" : people_admin(rq) ? "tenant" : "user";
}

enum status get_stats(struct request *rq)
{
	struct json_object *o = json_new_object(rq->cx);
	struct tally t = { .rq = rq };
	bool all = rq->who->role == ROLE_ROOT && !request_header(rq, "x-pangolin-tenant");
	enum status s = all ? count_all(&t) : count_tenant(&t, rq->tenant_id);

	if (s)
		return s;
	json_set_int(o, "catalogs_count", t.n_catalogs);
	json_set_int(o, "tables_count", t.n_tables);
	json_set_int(o, "views_count", t.n_views);
	json_set_int(o, "assets_count", t.n_assets);
	json_set_int(o, "namespaces_count", t.n_namespaces);
	json_set_int(o, "users_count", t.n_users);
	json_set_int(o, "warehouses_count", t.n_warehouses);
	json_set_int(o, "branches_count", t.n_branches);
	json_set_int(o, "tenants_count", t.n_tenants);
	json_set_text(o, "scope", scope_of_caller(rq, all));
	return answer_json(rq, 200, o);
}

enum status get_summary(struct request *rq)
{
	const struct catalog_ref *ref = rq->resolved->catalog;
	struct json_object *o = json_new_object(rq->cx);
	struct tally t = { .rq = rq, .tenant_id = rq->tenant_id, .catalog_id = ref->catalog_id };
	enum status s = count_content(&t);

	if (s)
		return s;
	json_set_text(o, "name", ref->name);
	json_set_int(o, "table_count", t.n_tables);
	json_set_int(o, "view_count", t.n_views);
	json_set_int(o, "asset_count", t.n_assets);
	json_set_int(o, "namespace_count", t.n_namespaces);
	json_set_int(o, "branch_count", t.n_branches);
	json_set_text(o, "storage_location",
		      access_may(rq->who, MAY_READ, &rq->object) ? ref->row->storage_location
								 : NULL);
	return answer_json(rq, 200, o);
}
