/* SPDX-License-Identifier: Apache-2.0 */
/* about.c - /api/v1/assets/{id}: an asset by its id, and its business metadata. */
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/lookup.h"
#include "fcgi/idents.h"
#include "stores/business.h"

#define MAX_TAGS 100
#define MAX_DESCRIPTION_BYTES 10000
#define MAX_PROPERTIES_BYTES 65536

/* Who may read it, and where others may find it, everyone of the tenant. */
static enum status find_visible(struct request *rq, struct sighting *out)
{
	enum status s = asset_sight(rq, rq->segments[0], out);

	if (s || is_discoverable(&out->about))
		return s;
	return asset_decide(rq, MAY_READ, out);
}

/* --- the asset ---------------------------------------------------------------------------- */

/* To who may only find it: that it is there, not what a load would tell. */
static struct asset as_seen(const struct request *rq, const struct sighting *a)
{
	struct asset row = *a->row;

	if (!access_may(rq->who, MAY_READ, &a->object))
		row.location = row.metadata_location = row.properties = NULL;
	return row;
}

enum status get_asset_by_id(struct request *rq)
{
	struct json_object *o = json_new_object(rq->cx), *asset, *about;
	struct asset seen;
	struct sighting a;
	enum status s = find_visible(rq, &a);

	if (s)
		return s;
	seen = as_seen(rq, &a);
	s = asset_json(rq, &seen, &asset);
	if (!s)
		s = about_json(rq, &a.about, &about);
	if (s)
		return s;
	json_set(o, "asset", asset);
	json_set(o, "metadata", about);
	json_set_text(o, "catalog", a.catalog);
	json_set(o, "namespace", ident_levels(rq->cx, a.row->namespace));
	/* flat, for clients that look here */
	json_set_text(o, "id", a.row->asset_id);
	json_set_text(o, "name", a.row->name);
	json_set_text(o, "asset_type", a.row->type);
	json_set_text(o, "catalog_id", a.row->catalog_id);
	json_set_text(o, "description", a.about.description);
	json_set_bool(o, "discoverable", a.about.discoverable);
	admin_set_time(rq->cx, o, "created_at", a.row->created_ms);
	return answer_json(rq, 200, o);
}

/* --- business metadata ---------------------------------------------------------------------- */

static enum status answer_about(struct request *rq, const struct business_metadata *about)
{
	struct json_object *o = json_new_object(rq->cx), *v;
	enum status s = about_json(rq, about, &v);

	json_set(o, "metadata", v);
	return s ? s : answer_json(rq, 200, o);
}

enum status get_about(struct request *rq)
{
	struct sighting a;
	enum status s = find_visible(rq, &a);

	if (!s && !a.about.row.version)
		s = fail(rq->cx, NOT_FOUND, "the asset %s has no business metadata",
			 rq->segments[0]);
	return s ? s : answer_about(rq, &a.about);
}

static bool has_text(struct json_object *array, const char *text)
{
	for (size_t i = 0; i < json_object_array_length(array); i++)
		if (text_same(json_object_get_string(json_object_array_get_idx(array, i)), text))
			return true;
	return false;
}

/* Each once, in the order given. */
static enum status read_tags(struct request *rq, const char **out)
{
	struct json_object *given = NULL, *tags = json_new_array(rq->cx);
	enum status s = json_opt_array(rq->cx, rq->json, "", "tags", &given);
	size_t n = given ? json_object_array_length(given) : 0;

	if (!s && n > MAX_TAGS)
		s = fail(rq->cx, INVALID, "tags: more than %d", MAX_TAGS);
	for (size_t i = 0; !s && i < n; i++) {
		struct json_object *v = json_object_array_get_idx(given, i);
		const char *tag = json_object_get_string(v);

		if (!json_object_is_type(v, json_type_string) ||
		    strlen(tag) != (size_t)json_object_get_string_len(v))
			return fail(rq->cx, INVALID, "tags[%zu]: not a text", i);
		s = admin_check_text(rq->cx, "tag", tag);
		if (!s && !has_text(tags, tag))
			json_add_text(tags, tag);
	}
	*out = json_print(rq->cx, tags, NULL);
	return s;
}

static enum status read_about(struct request *rq, struct business_metadata *m)
{
	struct json_object *properties = json_member(rq->json, "properties");
	size_t n = 0;
	enum status s = json_opt_text(rq->cx, rq->json, "", "description", &m->description);

	if (!s)
		s = json_opt_bool(rq->cx, rq->json, "", "discoverable", &m->discoverable);
	if (!s)
		s = read_tags(rq, &m->tags);
	if (s)
		return s;
	m->properties = properties ? json_print(rq->cx, properties, &n) : "{}";
	if (n > MAX_PROPERTIES_BYTES)
		return fail(rq->cx, INVALID, "properties: more than %d bytes",
			    MAX_PROPERTIES_BYTES);
	if (m->description && strlen(m->description) > MAX_DESCRIPTION_BYTES)
		return fail(rq->cx, INVALID, "description: longer than %d bytes",
			    MAX_DESCRIPTION_BYTES);
	return OK;
}

/* That others may find it is a right of its own to say.  Tags give others the rights that were
 * granted on them: who puts one on or takes it off must hold all that writers do. */
static enum status check_rights(struct request *rq, const struct sighting *a,
				const struct business_metadata *m)
{
	const char *tags = a->about.row.version ? a->about.tags : "[]";
	enum status s = OK;

	if (m->discoverable != is_discoverable(&a->about))
		s = asset_decide(rq, MAY_DISCOVER, a);
	return s || text_same(m->tags, tags) ? s : asset_decide(rq, MAY_WRITE, a);
}

/* What was decided on is what is replaced: else a tag that is just taken away came back. */
static enum status put_once(struct request *rq, struct business_metadata *m)
{
	struct sighting a;
	enum status s = asset_lookup(rq, rq->segments[0], MAY_UPDATE, &a);

	*m = (struct business_metadata){ .tenant_id = rq->tenant_id, .asset_id = rq->segments[0] };
	if (!s)
		s = read_about(rq, m);
	if (!s)
		s = check_rights(rq, &a, m);
	if (!s)
		s = business_put(rq->cx, rq->rs->store, m, &a.about, asset_record_name(rq->cx, &a),
				 request_actor(rq));
	return s;
}

enum status put_about(struct request *rq)
{
	struct business_metadata m;
	enum status s = request_json(rq, false);

	if (s)
		return s;
	s = put_once(rq, &m);
	for (int i = 1; s == CONFLICT && i < ADMIN_TRIES; i++)
		s = put_once(rq, &m);
	return s ? s : answer_about(rq, &m);
}

static enum status delete_once(struct request *rq)
{
	struct sighting a;
	enum status s = asset_lookup(rq, rq->segments[0], MAY_DELETE, &a);

	if (!s)
		s = check_rights(rq, &a, &(struct business_metadata){ .tags = "[]" });
	if (!s)
		s = business_delete(rq->cx, rq->rs->store, &a.about, asset_record_name(rq->cx, &a),
				    request_actor(rq));
	return s;
}

enum status delete_about(struct request *rq)
{
	enum status s = delete_once(rq);

	for (int i = 1; s == CONFLICT && i < ADMIN_TRIES; i++)
		s = delete_once(rq);
	return s ? s : answer_empty(rq, 204);
}
