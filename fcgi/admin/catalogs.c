/* SPDX-License-Identifier: Apache-2.0 */
/* catalogs.c - /api/v1/catalogs. */
#include "stores/catalogs.h"

#include <strings.h>

#include "common/location.h"
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/admin.h"
#include "stores/content.h"
#include "stores/trim.h"
#include "stores/warehouses.h"
#include "vending/storage.h"

/* "type" is an extra name of catalog_type. */
static enum status show_catalog(struct request *rq, const void *item, struct json_object **out)
{
	const struct catalog *c = item;
	enum status s = admin_json(rq->cx, &c->row, out);

	if (s)
		return s;
	json_set_text(*out, "type", c->catalog_type);
	return federated_show(rq, c, *out, "federated_config");
}

static struct object object_of(const struct catalog *c)
{
	return (struct object){ .kind = ON_CATALOG,
				.tenant_id = c->tenant_id,
				.catalog_id = c->id,
				.catalog = c->name };
}

const struct catalog *admin_shown(const struct request *rq, const struct catalog *c)
{
	struct object o = object_of(c);
	struct catalog *named;

	if (!access_may(rq->who, MAY_LIST, &o))
		return NULL;
	if (access_may(rq->who, MAY_READ, &o))
		return c;
	named = CX_NEW(rq->cx, struct catalog);
	*named = (struct catalog){ .row = c->row,
				   .tenant_id = c->tenant_id,
				   .name = c->name,
				   .id = c->id,
				   .catalog_type = c->catalog_type };
	return named;
}

static enum status show_visible(struct request *rq, const void *item, struct json_object **out)
{
	const struct catalog *c = admin_shown(rq, item);

	return c ? show_catalog(rq, c, out) : OK;
}

enum status list_catalogs(struct request *rq)
{
	struct catalog from = { .row = ROW(catalog), .tenant_id = rq->tenant_id };

	return admin_list(rq, &from.row, 1, false, show_visible);
}

enum status admin_catalog(struct request *rq, enum action action, struct catalog *c)
{
	enum status s = catalog_find(rq->cx, rq->rs->store, rq->tenant_id, rq->segments[0], c);
	struct object o;

	if (s)
		return s;
	o = object_of(c);
	return access_check(rq->cx, rq->who, action, &o);
}

enum status get_catalog(struct request *rq)
{
	struct catalog c;
	enum status s = admin_catalog(rq, MAY_READ, &c);

	return s ? s : admin_answer(rq, 200, &c, show_catalog);
}

static enum status read_type(struct request *rq, struct catalog *c)
{
	const char *type = NULL;
	enum status s = json_opt_text(rq->cx, rq->json, "", "type", &type);

	if (!s)
		s = json_opt_text(rq->cx, rq->json, "", "catalog_type", &type);
	if (s)
		return s;
	if (type && strcasecmp(type, "federated") == 0)
		return federated_read(rq, "federated_config", c);
	if (type && strcasecmp(type, "local") != 0)
		return fail(rq->cx, INVALID, "catalog_type: neither Local nor Federated: \"%s\"",
			    type);
	c->catalog_type = "Local";
	return OK;
}

/* A catalog's own location lies in its warehouse. */
static enum status check_location(struct request *rq, const struct catalog *c)
{
	struct storage storage = { 0 };
	struct json_object *config;
	struct location location;
	struct warehouse w;
	enum status s;

	if (!c->storage_location)
		return OK;
	s = location_parse(rq->cx, c->storage_location, &location);
	if (s)
		return fail(rq->cx, s, "storage_location: %s", rq->cx->message);
	if (!c->warehouse_name)
		return OK;
	s = warehouse_find(rq->cx, rq->rs->store, rq->tenant_id, c->warehouse_name, &w);
	if (s == NOT_FOUND)
		return INVALID;
	if (!s)
		s = admin_object(rq->cx, w.storage_config, &config);
	if (!s)
		s = storage_parse(rq->cx, config, &storage);
	return s ? s : storage_covers(rq->cx, &storage, &location);
}

/* Text where "" and null mean none; absent leaves *out. */
static enum status read_optional(struct request *rq, const char *key, const char **out)
{
	const char *text = NULL;
	enum status s = json_opt_text(rq->cx, rq->json, "", key, &text);

	if (!s && json_has(rq->json, key))
		*out = text && *text ? text : NULL;
	return s;
}

static enum status read_catalog(struct request *rq, struct catalog *c, const char **name)
{
	int64_t days;
	enum status s = json_opt_text(rq->cx, rq->json, "", "name", name);

	if (!s && *name)
		s = admin_check_name(rq->cx, "catalog", *name);
	if (!s && *name)
		s = catalog_name_check(rq->cx, *name);
	if (!s)
		s = read_optional(rq, "warehouse_name", &c->warehouse_name);
	if (!s)
		s = read_optional(rq, "storage_location", &c->storage_location);
	if (!s)
		s = admin_properties(rq->cx, rq->json, &c->properties);
	if (!s)
		s = trim_days(rq->cx, c->properties, 0, &days);
	return s ? s : check_location(rq, c);
}

enum status create_catalog(struct request *rq)
{
	struct catalog c = { .tenant_id = rq->tenant_id, .properties = "{}" };
	enum status s = request_json(rq, false);

	if (!s)
		s = read_type(rq, &c);
	if (!s)
		s = read_catalog(rq, &c, &c.name);
	if (!s && !c.name)
		s = fail(rq->cx, INVALID, "name is missing");
	if (!s)
		s = catalog_create(rq->cx, rq->rs->store, &c, request_actor(rq));
	if (s == NOT_FOUND)
		s = INVALID; /* it is the body that names what is not there */
	return s ? s : admin_answer(rq, 201, &c, show_catalog);
}

/* The properties that hold a catalog's writers in check. */
static const char *const guards[] = { MERGE_ONLY, COMMIT_DAYS };

static bool keeps_guards(struct json_object *before, struct json_object *now)
{
	for (size_t i = 0; i < ARRAY_SIZE(guards); i++)
		if (!json_equal(json_member(before, guards[i]), json_member(now, guards[i])))
			return false;
	return true;
}

/* Where a catalog's files are, and what holds its writers in check, is the tenant's to say: rights
 * on the catalog end at what is in it. */
static enum status check_tenants_own(struct request *rq, const struct catalog *before,
				     const struct catalog *now)
{
	struct object tenant = { .kind = ON_TENANT, .tenant_id = now->tenant_id };
	struct json_object *had, *has;
	enum status s = admin_object(rq->cx, before->properties, &had);

	if (!s)
		s = admin_object(rq->cx, now->properties, &has);
	if (s)
		return s;
	if (text_same(before->warehouse_name, now->warehouse_name) &&
	    text_same(before->storage_location, now->storage_location) &&
	    text_same(before->federated_config, now->federated_config) && keeps_guards(had, has))
		return OK;
	return access_check(rq->cx, rq->who, MAY_UPDATE, &tenant);
}

static enum status update_once(struct request *rq, struct catalog *c)
{
	const char *name = NULL;
	struct catalog before;
	enum status s = admin_catalog(rq, MAY_UPDATE, c);

	before = *c;
	if (!s)
		s = read_catalog(rq, c, &name);
	if (!s && catalog_is_federated(c) && json_member(rq->json, "federated_config"))
		s = federated_read(rq, "federated_config", c);
	if (!s)
		s = check_tenants_own(rq, &before, c);
	if (s)
		return s;
	s = catalog_update(rq->cx, rq->rs->store, c, name, request_actor(rq));
	return s == NOT_FOUND ? INVALID : s;
}

enum status update_catalog(struct request *rq)
{
	struct catalog c;
	enum status s = request_json(rq, false);

	if (s)
		return s;
	s = update_once(rq, &c);
	for (int i = 1; s == CONFLICT && i < ADMIN_TRIES; i++)
		s = update_once(rq, &c);
	return s ? s : admin_answer(rq, 200, &c, show_catalog);
}

/* A catalog lies in its tenant, as a table does in a namespace: rights on what is in it make
 * and drop that, never itself. */
enum status deletes_catalog(struct request *rq,
			    enum status (*visit)(struct request *rq, enum action action,
						 const struct object *object))
{
	const struct object tenant = { .kind = ON_TENANT, .tenant_id = rq->tenant_id };
	enum status s = visit(rq, MAY_DELETE, &tenant);

	if (s == DENIED || s == NOT_FOUND) /* that there is such a catalog the caller may know */
		return fail(rq->cx, DENIED, "to delete a catalog needs delete on the tenant");
	return s;
}

static enum status delete_once(struct request *rq, const char *id)
{
	struct catalog c;
	enum status s = admin_catalog(rq, MAY_DELETE, &c);

	if (!s && !text_same(id, c.id))
		s = fail(rq->cx, NOT_FOUND, "no catalog \"%s\"", c.name);
	return s ? s : catalog_drop(rq->cx, rq->rs->store, &c, request_actor(rq));
}

enum status catalog_delete(struct request *rq, const char *id)
{
	enum status s = delete_once(rq, id);

	for (int i = 1; s == CONFLICT && i < ADMIN_TRIES; i++)
		s = delete_once(rq, id);
	return s;
}

enum status delete_catalog(struct request *rq)
{
	enum status s = catalog_delete(rq, rq->object.catalog_id);

	return s ? s : answer_empty(rq, 204);
}
