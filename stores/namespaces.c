/* SPDX-License-Identifier: Apache-2.0 */
/* namespaces.c - namespaces as lists of changes. */
#include "stores/namespaces.h"

#include "common/text.h"
#include "stores/idempotency.h"

#define PROPERTIES_MAX_DEPTH 4

static struct audit *record(struct edit *e, const char *action, const char *path, const char *id)
{
	const char *name =
		cx_printf(e->cx, "%s/%s", e->catalog->name, namespace_shown(e->cx, path));

	return audit_new(e->cx, e->by, e->catalog->tenant_id, action, "namespace", id, name);
}

static enum status missing(struct cx *cx, const char *path)
{
	return fail(cx, NOT_FOUND, "Namespace does not exist: %s", namespace_shown(cx, path));
}

enum status namespace_properties(struct cx *cx, const struct asset *row, struct json_object **out)
{
	const char *text = row->properties ? row->properties : "{}";
	enum status s = json_parse(cx, text, strlen(text), PROPERTIES_MAX_DEPTH, out);

	return s ? fail(cx, INTERNAL, "the properties of namespace \"%s\" are broken", row->name)
		 : OK;
}

/* --- create ------------------------------------------------------------------ */

/* The namespace and all above it, topmost first: at most MAX_NAMESPACE_LEVELS. */
static size_t chain_of(struct cx *cx, const struct catalog_ref *ref, const char *path,
		       struct place **out)
{
	size_t n = 0;

	for (const char *c = path;; c++) {
		if (*c && *c != LEVEL_SEPARATOR)
			continue;
		out[n++] = place_namespace(cx, ref, cx_strndup(cx, path, (size_t)(c - path)));
		if (!*c)
			return n;
	}
}

static void put_new(struct edit *e, const struct place *p, const char *properties)
{
	struct asset *row = CX_NEW(e->cx, struct asset);

	*row = (struct asset){ .asset_id = text_uuid7(e->cx),
			       .type = "NAMESPACE",
			       .current_snapshot_id = -1,
			       .properties = properties,
			       .created_ms = cx_now_ms(),
			       .updated_ms = cx_now_ms() };
	edit_operation(e, "create_namespace", p, row);
	edit_make(e, p, row);
}

static enum status try_create(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			      const char *path, const char *properties, const struct audit *by)
{
	struct place *chain[MAX_NAMESPACE_LEVELS];
	size_t n = chain_of(cx, ref, path, chain), first = n;
	struct branch branch;
	struct edit *e;
	enum status s = content_read(cx, st, ref, &branch, chain, n, NULL, 0);

	if (s)
		return s;
	if (chain[n - 1]->seen)
		return fail(cx, EXISTS, "Namespace already exists: %s", namespace_shown(cx, path));
	while (first > 0 && !chain[first - 1]->seen)
		first--;
	e = edit_open(cx, ref, &branch, by);
	if (first > 0)
		edit_into(e, chain[first - 1]);
	for (size_t i = first; i < n; i++)
		put_new(e, chain[i], i == n - 1 ? properties : NULL);
	return edit_apply(e, st, record(e, "create_namespace", path, NULL));
}

enum status namespace_create(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			     const char *path, struct json_object *properties,
			     const struct audit *by)
{
	const char *text = properties ? json_print(cx, properties, NULL) : NULL;
	enum status s = namespace_check(cx, path);

	if (s)
		return s;
	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		s = try_create(cx, st, ref, path, text, by);
		if (s != CONFLICT)
			return s;
		edit_backoff(cx, i);
	}
	return edit_gave_up(cx);
}

/* --- drop --------------------------------------------------------------------- */

static enum status holds_any(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			     const char *namespace, bool *yes)
{
	struct page one = { .limit = 1 };
	struct listing l;
	enum status s;

	do { /* a page of names that were all dropped may be empty and not the last */
		s = content_list(cx, st, ref, namespace, &one, &l);
		one.after = l.next;
	} while (!s && !l.n && l.next);
	*yes = *yes || l.n > 0;
	return s;
}

/* Its version first, emptiness second, then DELETE at that version: whoever puts
 * something into it meanwhile changes the version. */
static enum status try_drop(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			    const char *path, const struct audit *by, bool *full)
{
	struct place *p = place_namespace(cx, ref, path);
	struct branch branch;
	struct edit *e;
	enum status s = content_read(cx, st, ref, &branch, &p, 1, NULL, 0);

	if (s)
		return s;
	if (!p->seen)
		return missing(cx, path);
	s = holds_any(cx, st, ref, path, full);
	if (!s)
		s = holds_any(cx, st, ref, namespace_children(cx, path), full);
	if (!s)
		s = holds_any(cx, st, ref, namespace_functions(cx, path), full);
	if (s)
		return s;
	if (*full)
		return fail(cx, CONFLICT, "Namespace %s is not empty", namespace_shown(cx, path));
	e = edit_open(cx, ref, &branch, by);
	edit_operation(e, "drop_namespace", p, NULL);
	edit_hide(e, p);
	return edit_apply(e, st, record(e, "delete_namespace", path, p->seen->asset_id));
}

enum status namespace_drop(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			   const char *path, const struct audit *by)
{
	bool full = false;
	enum status s = OK;

	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		s = try_drop(cx, st, ref, path, by, &full);
		if (s != CONFLICT || full)
			return s;
		edit_backoff(cx, i);
	}
	return edit_gave_up(cx);
}

/* --- properties ----------------------------------------------------------------- */

static struct json_object *change_properties(struct cx *cx, struct json_object *properties,
					     struct json_object *updates,
					     struct json_object *removals)
{
	struct json_object *updated = json_new_array(cx), *removed = json_new_array(cx),
			   *missing = json_new_array(cx), *changes = json_new_object(cx);

	json_object_object_foreach(updates, key, value) {
		json_set(properties, key, value);
		json_add_text(updated, key);
	}
	for (size_t i = 0; i < json_object_array_length(removals); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(removals, i));

		json_add_text(json_has(properties, name) ? removed : missing, name);
		json_object_object_del(properties, name);
	}
	json_set(changes, "updated", updated);
	json_set(changes, "removed", removed);
	json_set(changes, "missing", missing);
	return changes;
}

static enum status try_update(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			      const char *path, struct json_object *updates,
			      struct json_object *removals, const struct audit *by,
			      struct json_object **out)
{
	struct place *p = place_namespace(cx, ref, path);
	struct asset *row = CX_NEW(cx, struct asset);
	struct json_object *properties;
	struct branch branch;
	struct edit *e;
	enum status s = content_read(cx, st, ref, &branch, &p, 1, NULL, 0);

	if (s)
		return s;
	if (!p->seen)
		return missing(cx, path);
	s = namespace_properties(cx, p->seen, &properties);
	if (s)
		return s;
	*out = change_properties(cx, properties, updates, removals);
	idempotency_answer(st, json_print(cx, *out, NULL));
	*row = *p->seen;
	row->properties = json_print(cx, properties, NULL);
	row->updated_ms = cx_now_ms();
	e = edit_open(cx, ref, &branch, by);
	edit_operation(e, "update_namespace", p, row);
	edit_put(e, p, row);
	return edit_apply(e, st, record(e, "update_namespace", path, row->asset_id));
}

enum status namespace_update(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			     const char *path, struct json_object *updates,
			     struct json_object *removals, const struct audit *by,
			     struct json_object **out)
{
	enum status s = OK;

	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		s = try_update(cx, st, ref, path, updates, removals, by, out);
		if (s != CONFLICT)
			return s;
		edit_backoff(cx, i);
	}
	return edit_gave_up(cx);
}
