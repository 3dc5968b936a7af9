/* SPDX-License-Identifier: Apache-2.0 */
/* decide.c - decisions on objects: most need nothing read. */
#include "fcgi/decide.h"

#include "fcgi/resolve.h"

#define TAGS_DEPTH 4

/* --- tags ---------------------------------------------------------------------------- */

const char *const *tags_of(struct cx *cx, const struct business_metadata *about)
{
	const char *json = about && about->row.version ? about->tags : NULL;
	struct json_object *array = NULL;
	const char **out;
	size_t n = 0, kept = 0;

	if (json && !json_parse(cx, json, strlen(json), TAGS_DEPTH, &array) &&
	    json_object_is_type(array, json_type_array))
		n = json_object_array_length(array);
	out = cx_array(cx, n + 1, sizeof(*out));
	for (size_t i = 0; i < n; i++) {
		struct json_object *tag = json_object_array_get_idx(array, i);

		if (json_object_is_type(tag, json_type_string))
			out[kept++] = json_object_get_string(tag);
	}
	return out;
}

/* The tags of n assets of one tenant: one round trip. */
static enum status read_tags(struct request *rq, struct object *const *objects, size_t n)
{
	struct business_metadata *about = cx_array(rq->cx, n, sizeof(*about));
	struct row **rows = cx_array(rq->cx, n, sizeof(*rows));
	enum status s;

	for (size_t i = 0; i < n; i++) {
		about[i] = (struct business_metadata){ .row = ROW(business_metadata),
						       .tenant_id = objects[i]->tenant_id,
						       .asset_id = objects[i]->asset_id };
		rows[i] = &about[i].row;
	}
	s = store_get_all(rq->cx, rq->rs->store, rows, n);
	for (size_t i = 0; !s && i < n; i++)
		objects[i]->tags = tags_of(rq->cx, &about[i]);
	return s;
}

enum status decide_prepare(struct request *rq, struct object *object)
{
	const struct grants *g = rq->who ? rq->who->grants : NULL;

	if (!g || !g->tags || object->kind != ON_ASSET || !object->asset_id || object->tags)
		return OK;
	return read_tags(rq, &object, 1);
}

/* --- one object ------------------------------------------------------------------------ */

enum status decide_as(struct request *rq, const struct principal *who, enum action action,
		      struct object *object)
{
	enum status s = OK;

	if (access_needs_tags(who, action, object))
		s = read_tags(rq, &object, 1);
	return s ? s : access_check(rq->cx, who, action, object);
}

/* An object that a body names, as the path's would be: without @branch, with its id. */
static enum status look_up(struct request *rq, enum action action, struct object *o)
{
	const struct catalog_ref *ref;
	struct place *p;
	enum status s = resolve_names(rq, &o->namespace, &o->name, &ref);

	if (s || !access_needs_id(rq->who, action, o))
		return s;
	p = place_asset(rq->cx, ref, o->namespace, o->name);
	s = content_read(rq->cx, rq->rs->store, ref, NULL, &p, 1, NULL, 0);
	if (!s && p->seen)
		o->asset_id = p->seen->asset_id;
	return s;
}

enum status decide(struct request *rq, enum action action, const struct object *object)
{
	struct object o = *object;
	enum status s = OK;

	if (object == &rq->object)
		return decide_as(rq, rq->who, action, &rq->object);
	if (rq->who && rq->who->role == ROLE_TENANT_USER && rq->resolved && o.kind >= ON_NAMESPACE)
		s = look_up(rq, action, &o);
	if (!s)
		s = decide_as(rq, rq->who, action, &o);
	if (s == NOT_FOUND && o.kind == ON_NAMESPACE)
		rq->error_type = "NoSuchNamespaceException";
	return s;
}

/* --- many ------------------------------------------------------------------------------- */

enum status decide_all(struct request *rq, enum action action, struct object *objects, size_t n,
		       bool *may)
{
	struct object **open = cx_array(rq->cx, n, sizeof(*open));
	size_t n_open = 0;
	enum status s;

	for (size_t i = 0; i < n; i++) {
		may[i] = access_may(rq->who, action, &objects[i]);
		if (!may[i] && access_needs_tags(rq->who, action, &objects[i]))
			open[n_open++] = &objects[i];
	}
	s = n_open ? read_tags(rq, open, n_open) : OK;
	for (size_t i = 0; !s && i < n_open; i++)
		may[open[i] - objects] = access_may(rq->who, action, open[i]);
	return s;
}
