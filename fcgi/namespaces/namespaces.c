/* SPDX-License-Identifier: Apache-2.0 */
/* namespaces.c - namespaces: list, create, load, HEAD, drop, properties. */
#include "fcgi/namespaces/namespaces.h"

#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/idempotency.h"
#include "fcgi/idents.h"
#include "fcgi/visible.h"
#include "stores/namespaces.h"

static enum status no_namespace(struct request *rq, const char *path)
{
	return fail(rq->cx, NOT_FOUND, "Namespace does not exist: %s",
		    namespace_shown(rq->cx, path));
}

/* The path's namespace; NOT_FOUND. */
static enum status path_namespace(struct request *rq, const struct asset **out)
{
	*out = rq->resolved->namespace_row;
	return (*out)->row.version ? OK : no_namespace(rq, rq->resolved->path);
}

/* "a" of "a.b", or NULL at the top. */
static const char *parent_of(struct cx *cx, const char *path)
{
	const char *last = strrchr(path, LEVEL_SEPARATOR);

	return last ? cx_strndup(cx, path, (size_t)(last - path)) : NULL;
}

static enum status visit_namespace(struct request *rq, const char *path, enum action action,
				   enum status (*visit)(struct request *, enum action,
							const struct object *))
{
	struct object o = rq->object;

	o.kind = ON_NAMESPACE;
	o.namespace = path;
	return visit(rq, action, &o);
}

/* --- list --------------------------------------------------------------------------- */

/* NULL where none is asked for. */
static enum status asked_parent(struct request *rq, const char **out)
{
	enum status s = request_query(rq, "parent", out);

	if (!s && *out && !**out)
		*out = NULL;
	return s;
}

enum status list_namespaces_objects(struct request *rq,
				    enum status (*visit)(struct request *, enum action,
							 const struct object *))
{
	const char *parent = NULL;
	enum status s = asked_parent(rq, &parent);

	return s || !parent ? s : visit_namespace(rq, parent, MAY_LIST, visit);
}

static enum status find_parent(struct request *rq, const char **path,
			       const struct catalog_ref **ref)
{
	const char *none = NULL;
	struct place *p;
	enum status s = resolve_names(rq, path, &none, ref);

	if (s)
		return s;
	p = place_namespace(rq->cx, *ref, *path);
	s = content_read(rq->cx, rq->rs->store, *ref, NULL, &p, 1, NULL, 0);
	return s || p->seen ? s : no_namespace(rq, *path);
}

static struct json_object *listed(struct cx *cx, const char *parent, const struct listing *l)
{
	struct json_object *list = json_new_array(cx);

	for (size_t i = 0; i < l->n; i++) {
		const char *name = l->rows[i]->name;

		json_add(list, ident_levels(cx, parent ? cx_printf(cx, "%s%c%s", parent,
								   LEVEL_SEPARATOR, name)
						       : name));
	}
	return list;
}

enum status list_namespaces(struct request *rq)
{
	const struct catalog_ref *ref = rq->resolved->catalog;
	struct json_object *answer = json_new_object(rq->cx);
	struct object within = rq->object;
	const char *parent = NULL;
	struct listing l;
	struct page page;
	enum status s = asked_parent(rq, &parent);

	if (!s)
		s = page_read(rq, &page);
	if (!s && parent)
		s = find_parent(rq, &parent, &ref);
	if (s)
		return s;
	page.types[0] = "NAMESPACE";
	if (parent) {
		within.kind = ON_NAMESPACE;
		within.namespace = parent;
	}
	page_visible(rq, &within, &page);
	s = content_list(rq->cx, rq->rs->store, ref,
			 namespace_children(rq->cx, parent ? parent : ""), &page, &l);
	if (s)
		return s;
	json_set(answer, "namespaces", listed(rq->cx, parent, &l));
	page_next(rq, answer, &l);
	return answer_json(rq, 200, answer);
}

/* --- create, load, drop ------------------------------------------------------------- */

/* The body's namespace; parses it once. */
static enum status body_namespace(struct request *rq, const char **path)
{
	struct json_object *levels;
	enum status s = rq->json ? OK : request_json(rq, false);

	if (!s)
		s = json_get_array(rq->cx, rq->json, "", "namespace", &levels);
	return s ? s : ident_path(rq->cx, levels, "namespace", path);
}

enum status create_namespace_objects(struct request *rq,
				     enum status (*visit)(struct request *, enum action,
							  const struct object *))
{
	const char *path, *parent;
	enum status s = body_namespace(rq, &path);

	if (s)
		return s;
	parent = parent_of(rq->cx, path);
	return parent ? visit_namespace(rq, parent, MAY_CREATE, visit)
		      : visit(rq, MAY_CREATE, &rq->object);
}

static enum status answer_namespace(struct request *rq, const char *path,
				    struct json_object *properties)
{
	struct json_object *o = json_new_object(rq->cx);

	json_set(o, "namespace", ident_levels(rq->cx, path));
	json_set(o, "properties", properties);
	return answer_json(rq, 200, o);
}

enum status create_namespace(struct request *rq)
{
	struct json_object *properties = json_new_object(rq->cx);
	const struct catalog_ref *ref;
	const char *path, *none = NULL;
	enum status s = body_namespace(rq, &path);

	if (!s)
		s = json_opt_object(rq->cx, rq->json, "", "properties", &properties);
	if (!s)
		s = json_check_texts(rq->cx, properties, "properties");
	if (!s)
		s = resolve_names(rq, &path, &none, &ref);
	if (!s)
		s = namespace_create(rq->cx, rq->rs->store, ref, path, properties,
				     request_actor(rq));
	return s ? s : answer_namespace(rq, path, properties);
}

enum status replay_create_namespace(struct request *rq)
{
	const char *path;
	enum status s = body_namespace(rq, &path);

	return s ? s : replay_made(rq, NULL, path);
}

enum status load_namespace(struct request *rq)
{
	struct json_object *properties;
	const struct asset *row;
	enum status s = path_namespace(rq, &row);

	if (!s)
		s = namespace_properties(rq->cx, row, &properties);
	return s ? s : answer_namespace(rq, rq->resolved->path, properties);
}

enum status head_namespace(struct request *rq)
{
	const struct asset *row;
	enum status s = path_namespace(rq, &row);

	return s ? s : answer_empty(rq, 204);
}

enum status drop_namespace(struct request *rq)
{
	const struct resolved *r = rq->resolved;
	enum status s =
		namespace_drop(rq->cx, rq->rs->store, r->catalog, r->path, request_actor(rq));

	if (s == CONFLICT)
		rq->error_type = "NamespaceNotEmptyException";
	return s ? s : answer_empty(rq, 204);
}

/* --- properties ------------------------------------------------------------------------ */

/* [str], each once; a key that is also to be updated is 422. */
static enum status check_removals(struct request *rq, struct json_object *removals,
				  struct json_object *updates)
{
	for (size_t i = 0; i < json_object_array_length(removals); i++) {
		struct json_object *v = json_object_array_get_idx(removals, i);

		if (!json_object_is_type(v, json_type_string))
			return fail(rq->cx, INVALID, "removals[%zu]: not text", i);
		if (!json_has(updates, json_object_get_string(v)))
			continue;
		rq->answer.http = 422;
		rq->error_type = "UnprocessableEntityException";
		return fail(rq->cx, INVALID,
			    "The property \"%s\" is both to be set and to be removed",
			    json_object_get_string(v));
	}
	return OK;
}

enum status update_namespace(struct request *rq)
{
	struct json_object *updates = json_new_object(rq->cx), *removals = json_new_array(rq->cx);
	const struct resolved *r = rq->resolved;
	struct json_object *changes;
	enum status s = request_json(rq, false);

	if (!s)
		s = json_opt_object(rq->cx, rq->json, "", "updates", &updates);
	if (!s)
		s = json_opt_array(rq->cx, rq->json, "", "removals", &removals);
	if (!s)
		s = json_check_texts(rq->cx, updates, "updates");
	if (!s)
		s = check_removals(rq, removals, updates);
	if (!s)
		s = namespace_update(rq->cx, rq->rs->store, r->catalog, r->path, updates, removals,
				     request_actor(rq), &changes);
	return s ? s : answer_json(rq, 200, changes);
}

enum status replay_update_namespace(struct request *rq)
{
	const char *kept = rq->key->answer;

	if (!kept)
		return fail(rq->cx, INTERNAL, "key %s: no answer is kept", rq->key->key);
	answer_part(rq, kept, strlen(kept));
	return OK;
}
