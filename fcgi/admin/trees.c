/* SPDX-License-Identifier: Apache-2.0 */
/* trees.c - a catalog's namespaces, and what is in them, as trees. */
#include "common/text.h"
#include "fcgi/admin/lookup.h"
#include "fcgi/idents.h"
#include "fcgi/resolve.h"
#include "fcgi/visible.h"
#include "stores/content.h"

#define MAX_NODES 10000

struct tree {
	struct request *rq;
	const struct catalog_ref *ref;
	bool assets; /* are nodes too: explorer/tree */
	size_t n;
};

static const char *child_path(struct cx *cx, const char *path, const char *name)
{
	return *path ? cx_printf(cx, "%s%c%s", path, LEVEL_SEPARATOR, name) : name;
}

/* A page of what is behind out->next, from the beginning where that is NULL: never many more rows
 * than a tree may have. */
static enum status list(struct tree *t, const char *path, bool spaces, struct listing *out)
{
	const char *namespace = spaces ? namespace_children(t->rq->cx, path) : path;
	const struct object within = { .kind = *path ? ON_NAMESPACE : ON_CATALOG,
				       .tenant_id = t->rq->tenant_id,
				       .catalog_id = t->ref->catalog_id,
				       .catalog = t->ref->name,
				       .namespace = *path ? path : NULL };
	struct page page = { .after = out->next, .limit = MAX_NODES + 1 - t->n };
	enum status s;

	page_visible(t->rq, &within, &page);
	s = content_list(t->rq->cx, t->rq->rs->store, t->ref, namespace, &page, out);
	t->n += s ? 0 : out->n;
	if (t->n > MAX_NODES)
		return fail(t->rq->cx, TOO_LARGE,
			    "there are more than %d: list them a namespace at a time", MAX_NODES);
	return s;
}

static struct json_object *asset_node(struct cx *cx, const struct asset *a)
{
	struct json_object *node = json_new_object(cx);

	json_set_text(node, "id", a->asset_id);
	json_set_text(node, "name", a->name);
	json_set_text(node, "type", "asset");
	json_set_text(node, "kind", a->type);
	json_set(node, "children", json_new_array(cx));
	return node;
}

static enum status add_assets(struct tree *t, const char *path, struct json_object *nodes)
{
	struct listing l = { 0 };
	enum status s;

	do {
		s = list(t, path, false, &l);
		for (size_t i = 0; !s && i < l.n; i++)
			json_add(nodes, asset_node(t->rq->cx, l.rows[i]));
	} while (!s && l.next);
	return s;
}

static enum status add_namespaces(struct tree *t, const char *path, struct json_object *nodes);

/* At most MAX_NAMESPACE_LEVELS deep. */
static enum status add_namespace(struct tree *t, const char *path, const char *name,
				 struct json_object *nodes)
{
	struct json_object *node = json_new_object(t->rq->cx);
	struct json_object *children = json_new_array(t->rq->cx);
	const char *child = child_path(t->rq->cx, path, name);
	enum status s;

	json_set_text(node, "name", name);
	if (t->assets)
		json_set_text(node, "type", "namespace");
	json_set(node, "full_path", ident_levels(t->rq->cx, child));
	json_set(node, "children", children);
	json_add(nodes, node);
	s = add_namespaces(t, child, children);
	return s || !t->assets ? s : add_assets(t, child, children);
}

static enum status add_namespaces(struct tree *t, const char *path, struct json_object *nodes)
{
	struct listing l = { 0 };
	enum status s;

	do {
		s = list(t, path, true, &l);
		for (size_t i = 0; !s && i < l.n; i++)
			s = add_namespace(t, path, l.rows[i]->name, nodes);
	} while (!s && l.next);
	return s;
}

enum status get_namespace_tree(struct request *rq)
{
	struct tree t = { .rq = rq, .ref = rq->resolved->catalog };
	struct json_object *o = json_new_object(rq->cx), *root = json_new_array(rq->cx);
	enum status s = add_namespaces(&t, "", root);

	json_set(o, "root", root);
	return s ? s : answer_json(rq, 200, o);
}

/* ?catalog= names it. */
enum status get_explorer_tree(struct request *rq)
{
	struct json_object *root = json_new_array(rq->cx);
	struct tree t = { .rq = rq, .assets = true };
	struct object o = { .kind = ON_CATALOG, .tenant_id = rq->tenant_id };
	enum status s = request_query(rq, "catalog", &o.catalog);

	if (!s && (!o.catalog || !*o.catalog))
		s = fail(rq->cx, INVALID, "catalog is missing");
	if (!s)
		s = content_catalog(rq->cx, rq->rs->content, rq->rs->store, rq->tenant_id,
				    o.catalog, NULL, &t.ref);
	if (s)
		return s;
	o.catalog_id = t.ref->catalog_id;
	s = access_check(rq->cx, rq->who, MAY_LIST, &o);
	if (!s)
		s = add_namespaces(&t, "", root);
	return s ? s : answer_json(rq, 200, root);
}
