/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.c - from an asset's id to its row, by search's entry or by the index. */
#include "fcgi/admin/lookup.h"

#include "common/list.h"
#include "common/text.h"
#include "fcgi/refusals.h"
#include "fcgi/route.h"
#include "stores/business.h"
#include "stores/catalogs.h"
#include "stores/search.h"

#define MAX_ROWS 1000

static enum status missing(struct request *rq, const char *id)
{
	rq->error_type = "NoSuchAssetException";
	return fail(rq->cx, NOT_FOUND, "Asset does not exist: %s", id);
}

/* --- where it is ------------------------------------------------------------------- */

static enum status name_catalog(struct request *rq, const char *catalog_id, const char **name)
{
	struct catalog c;
	enum status s = catalog_find_id(rq->cx, rq->rs->store, rq->tenant_id, catalog_id, &c);

	*name = c.name;
	return s;
}

/* As main shows it, where search knows it.  NOT_FOUND. */
static enum status see_on_main(struct request *rq, const char *id, struct sighting *out)
{
	const struct catalog_ref *ref;
	struct search_entry e;
	struct place *p;
	enum status s = search_place(rq->cx, rq->rs->store, rq->tenant_id, id, &e);

	if (!s)
		s = name_catalog(rq, e.catalog_id, &out->catalog);
	if (!s)
		s = content_catalog(rq->cx, rq->rs->content, rq->rs->store, rq->tenant_id,
				    out->catalog, NULL, &ref);
	if (s)
		return s;
	p = place_asset(rq->cx, ref, e.namespace, e.name);
	s = content_read(rq->cx, rq->rs->store, ref, NULL, &p, 1, NULL, 0);
	if (s)
		return s;
	out->row = p->seen && text_same(p->seen->asset_id, id) ? p->seen : NULL;
	return out->row ? OK : NOT_FOUND;
}

/* Of a deleted branch, which has no name any more, nothing is seen: what stays of it is read
 * through others. */
static bool is_branch(const struct rows *branches, const char *id)
{
	const struct branch *b = branches->items;

	for (size_t i = 0; i < branches->n; i++)
		if (text_same(b[i].id, id))
			return !text_same(b[i].branch_type, "hidden");
	return false;
}

/* On any branch that has a living row of it: all its rows are of one catalog. */
static enum status see_anywhere(struct request *rq, const char *id, struct sighting *out)
{
	struct asset from = {
		.row = ROW(asset), .tenant_id = rq->tenant_id, .asset_id = id, .until = LIVING
	};
	struct branch of = { .row = ROW(branch), .tenant_id = rq->tenant_id };
	struct query q = {
		.from = &from.row, .bound = 1, .where = { "asset_id", "until" }, .limit = MAX_ROWS
	};
	struct rows rows, branches = { 0 };
	struct asset *a;
	enum status s = store_list(rq->cx, rq->rs->store, &q, &rows);

	a = rows.items;
	if (!s && rows.n) {
		of.catalog_id = a[0].catalog_id;
		s = store_list_all(rq->cx, rq->rs->store,
				   &(struct query){ .from = &of.row, .bound = 2 }, &branches);
	}
	for (size_t i = 0; !s && i < rows.n; i++)
		if (!text_same(a[i].type, "TOMBSTONE") && is_branch(&branches, a[i].branch_id))
			out->row = &a[i];
	if (!s && !out->row)
		s = NOT_FOUND;
	return s ? s : name_catalog(rq, out->row->catalog_id, &out->catalog);
}

enum status asset_sight(struct request *rq, const char *id, struct sighting *out)
{
	enum status s = text_is_uuid(id) ? OK : NOT_FOUND;

	*out = (struct sighting){ 0 };
	if (!s)
		s = see_on_main(rq, id, out);
	if (s == NOT_FOUND && text_is_uuid(id))
		s = see_anywhere(rq, id, out);
	if (s == NOT_FOUND || (!s && text_same(out->row->type, "NAMESPACE")))
		return missing(rq, id);
	if (!s)
		s = business_find(rq->cx, rq->rs->store, rq->tenant_id, id, &out->about);
	if (s && s != NOT_FOUND)
		return s;
	out->object = (struct object){ .kind = ON_ASSET,
				       .tenant_id = rq->tenant_id,
				       .catalog_id = out->row->catalog_id,
				       .catalog = out->catalog,
				       .namespace = out->row->namespace,
				       .name = out->row->name,
				       .asset_id = out->row->asset_id,
				       .tags = tags_of(rq->cx, &out->about),
				       .noun = "Asset" };
	return OK;
}

enum status asset_decide(struct request *rq, enum action action, const struct sighting *a)
{
	enum status s = access_check(rq->cx, rq->who, action, &a->object);

	if (s == NOT_FOUND)
		s = missing(rq, a->row->asset_id);
	if (s == NOT_FOUND || s == DENIED)
		refusal_note(rq, rq->who->tenant_id, rq->who->name, "permission_denied",
			     rq->route->pattern);
	return s;
}

enum status asset_lookup(struct request *rq, const char *id, enum action action,
			 struct sighting *out)
{
	enum status s = asset_sight(rq, id, out);

	return s ? s : asset_decide(rq, action, out);
}

bool asset_may(struct request *rq, enum action action, struct object *asset)
{
	return decide_as(rq, rq->who, action, asset) == OK;
}

/* --- what is said of it ------------------------------------------------------------- */

bool is_discoverable(const struct business_metadata *about)
{
	return about && about->row.version && about->discoverable;
}

enum status about_json(struct request *rq, const struct business_metadata *about,
		       struct json_object **out)
{
	enum status s;

	*out = NULL;
	if (!about->row.version)
		return OK;
	s = admin_json(rq->cx, &about->row, out);
	if (s)
		return s;
	if (!json_member(*out, "tags"))
		json_set(*out, "tags", json_new_array(rq->cx));
	admin_add_snake(rq->cx, *out);
	return OK;
}

enum status asset_json(struct request *rq, const struct asset *a, struct json_object **out)
{
	struct json_object *o = json_new_object(rq->cx), *properties;
	enum status s = admin_object(rq->cx, a->properties, &properties);

	if (s)
		return s;
	if (a->metadata_location)
		json_set_text(properties, "metadata_location", a->metadata_location);
	json_set_text(o, "id", a->asset_id);
	json_set_text(o, "name", a->name);
	json_set_text(o, "kind", a->type);
	json_set_text(o, "location", a->location);
	json_set(o, "properties", properties);
	*out = o;
	return OK;
}

const char *asset_record_name(struct cx *cx, const struct sighting *a)
{
	return cx_printf(cx, "%s/%s/%s", a->catalog, namespace_shown(cx, a->row->namespace),
			 a->row->name);
}

/* --- catalogs by id ------------------------------------------------------------------- */

enum status catalog_name_of(struct request *rq, struct catalog_names *names, const char *id,
			    const char **out)
{
	struct catalog *c, *known;
	enum status s;

	if (!names->known) {
		names->known = CX_NEW(rq->cx, struct list);
		*names->known = (struct list){ .cx = rq->cx, .size = sizeof(struct catalog) };
	}
	known = names->known->items;
	for (size_t i = 0; i < names->known->n; i++)
		if (strcmp(known[i].id, id) == 0) {
			*out = known[i].name;
			return OK;
		}
	c = list_add(names->known);
	s = catalog_find_id(rq->cx, rq->rs->store, rq->tenant_id, id, c);
	c->id = id;
	*out = s ? NULL : c->name;
	return s == NOT_FOUND ? OK : s;
}
