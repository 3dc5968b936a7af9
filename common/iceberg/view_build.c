/* SPDX-License-Identifier: Apache-2.0 */
/* view_build.c - making and changing view metadata: one function a ViewUpdate, and their table. */
#include <stdio.h>
#include <strings.h>

#include "common/iceberg/updates.h"
#include "common/iceberg/view_read.h"
#include "common/text.h"

#define MAX_ADDED 100 /* versions of one commit: each is compared with all there are */
#define HISTORY_ENTRIES 10

#define HISTORY_PROPERTY "version.history.num-entries"
#define DROP_DIALECT_PROPERTY "replace.drop-dialect.allowed"

/* View metadata while it is being changed. */
struct view_build {
	struct build b; /* what the updates that tables have too work on; its lists and maps */
	int64_t format;
	int64_t current;	      /* -1: none yet */
	struct json_object *previous; /* the base's current version, or NULL */
	bool has_version;
	int64_t last_version; /* offered last, added or found */
	struct ids added;
	size_t n_added;
	struct json_object *entry; /* of the version-log, or NULL */
};

/* The members in the order Iceberg writes them. */
static const char *const members[] = {
	"view-uuid", "format-version",	   "location", "properties",
	"schemas",   "current-version-id", "versions", "version-log"
};

static void open_new(struct view_build *v)
{
	struct build *b = &v->b;

	b->out = json_new_object(b->cx);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		json_set(b->out, members[i], NULL);
	build_list(b, "schemas");
	build_list(b, "versions");
	build_list(b, "version-log");
	build_map(b, "properties");
}

static enum status open_base(struct view_build *v, struct json_object *base)
{
	struct build *b = &v->b;
	struct view view;
	enum status s = view_check(b->cx, base);

	if (!s)
		s = view_read(b->cx, base, &view);
	if (s)
		return s;
	b->base = base;
	b->out = json_share(b->cx, base);
	b->meta.uuid = view.uuid;
	b->meta.location = view.location;
	v->format = view.format;
	v->current = view.current;
	v->previous = find_by_id(view.versions, "version-id", view.current);
	return OK;
}

static enum status view_open(struct cx *cx, const struct metadata_env *env,
			     struct json_object *base, struct view_build *v)
{
	*v = (struct view_build){ .b = { .cx = cx, .env = env, .now_ms = env->now_ms },
				  .format = VIEW_MAX_VERSION,
				  .current = -1,
				  .added = { .cx = cx } };
	/* A view's columns may be of any version's types, and it counts no column ids. */
	v->b.meta.version = MAX_VERSION;
	v->b.meta.last_column = INT32_MAX;
	if (base)
		return open_base(v, base);
	open_new(v);
	return OK;
}

/* --- versions ---------------------------------------------------------------------- */

/* INVALID unless a new version may have these representations: SQL, one a dialect. */
static enum status check_queries(struct cx *cx, struct json_object *list)
{
	size_t n = json_object_array_length(list);

	if (!n)
		return fail(cx, INVALID, "Invalid view version: it has no representation");
	for (size_t i = 0; i < n; i++) {
		struct json_object *r = json_object_array_get_idx(list, i);
		const char *dialect = view_dialect(r);

		if (!dialect)
			return fail(cx, INVALID, "Found unsupported view representations: [%.60s]",
				    json_text(r, "type"));
		for (size_t k = 0; k < i; k++)
			if (strcasecmp(dialect, view_dialect(json_object_array_get_idx(list, k))) ==
			    0)
				return fail(cx, INVALID,
					    "Invalid view version: Cannot add multiple queries for "
					    "dialect %.60s",
					    dialect);
	}
	return OK;
}

/* They behave the same: their id and their time don't count. */
static bool same_version(struct json_object *a, struct json_object *b)
{
	static const char *const keys[] = { "schema-id", "summary", "representations",
					    "default-catalog", "default-namespace" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!json_equal(json_member(a, keys[i]), json_member(b, keys[i])))
			return false;
	return true;
}

/* The id of a version that is the same, or a new one: its own, or the highest + 1. */
static int64_t version_id_for(struct view_build *v, struct json_object *version, bool *found)
{
	struct json_object *list = json_member(v->b.out, "versions");
	int64_t id = json_int(version, "version-id", 0);

	*found = false;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *other = json_object_array_get_idx(list, i);
		int64_t other_id = json_int(other, "version-id", 0);

		*found = same_version(version, other);
		if (*found)
			return other_id;
		if (other_id >= id)
			id = other_id + 1;
	}
	return id;
}

/* `json` was read, and its schema-id is no longer -1. */
static enum status put_version(struct view_build *v, struct json_object *json)
{
	struct cx *cx = v->b.cx;
	bool found;
	int64_t id = version_id_for(v, json, &found);

	v->has_version = true;
	v->last_version = id;
	if (found)
		return OK;
	if (id > INT32_MAX)
		return fail(cx, INVALID, "no version id is left");
	if (++v->n_added > MAX_ADDED)
		return fail(cx, INVALID, "more than %d versions in one commit", MAX_ADDED);
	json_set_int(json, "version-id", id);
	json_add(build_list(&v->b, "versions"), json);
	ids_set(&v->added, id, json);
	v->b.changes++;
	return OK;
}

static enum status add_version(struct view_build *v, struct json_object *u, const char *where)
{
	struct json_object *json = NULL;
	struct view_version version;
	struct cx *cx = v->b.cx;
	enum status s = json_get_object(cx, u, where, "view-version", &json);

	if (!s)
		s = view_version_read(cx, json, update_member(cx, where, "view-version"), &version);
	if (!s)
		s = check_queries(cx, version.representations);
	if (s)
		return s;
	json = json_share_set(cx, json);
	if (version.schema_id == LAST_ADDED) {
		if (!v->b.has_schema)
			return fail(cx, INVALID,
				    "Cannot set last added schema: no schema has been added");
		version.schema_id = v->b.added_schema;
		json_set_int(json, "schema-id", version.schema_id);
	}
	if (!find_by_id(json_member(v->b.out, "schemas"), "schema-id", version.schema_id))
		return fail(cx, INVALID, "Cannot add version with unknown schema: %lld",
			    (long long)version.schema_id);
	return put_version(v, json);
}

static enum status make_current(struct view_build *v, int64_t id)
{
	struct json_object *version =
		find_by_id(json_member(v->b.out, "versions"), "version-id", id);

	if (id == v->current)
		return OK;
	if (!version)
		return fail(v->b.cx, INVALID, "Cannot set current version to unknown version: %lld",
			    (long long)id);
	v->current = id;
	v->entry = json_new_object(v->b.cx);
	json_set_int(v->entry, "timestamp-ms",
		     ids_get(&v->added, id) ? json_int(version, "timestamp-ms", v->b.now_ms)
					    : v->b.now_ms);
	json_set_int(v->entry, "version-id", id);
	v->b.changes++;
	return OK;
}

static enum status set_current_version(struct view_build *v, struct json_object *u,
				       const char *where)
{
	int64_t id = 0;
	enum status s = json_get_int(v->b.cx, u, where, "view-version-id", &id);

	if (!s && id == LAST_ADDED) {
		if (!v->has_version)
			return fail(
				v->b.cx, INVALID,
				"Cannot set last version id: no current version id has been set");
		id = v->last_version;
	}
	return s ? s : make_current(v, id);
}

static enum status upgrade_format_version(struct view_build *v, struct json_object *u,
					  const char *where)
{
	int64_t version = 0;
	enum status s = json_get_int(v->b.cx, u, where, "format-version", &version);

	if (!s && version < v->format)
		return fail(v->b.cx, INVALID, "Cannot downgrade v%lld view to v%lld",
			    (long long)v->format, (long long)version);
	if (!s && version > VIEW_MAX_VERSION)
		return fail(v->b.cx, INVALID, "Unsupported format version: %lld",
			    (long long)version);
	return s;
}

/* --- the end of a change --------------------------------------------------------------- */

static bool has_dialect(struct json_object *version, const char *dialect)
{
	struct json_object *list = json_member(version, "representations");

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *d = view_dialect(json_object_array_get_idx(list, i));

		if (d && strcasecmp(d, dialect) == 0)
			return true;
	}
	return false;
}

/* A replace by one engine may not take away another one's query. */
static enum status check_dialects(struct view_build *v, struct json_object *current)
{
	const char *allowed = json_text(json_member(v->b.out, "properties"), DROP_DIALECT_PROPERTY);
	struct json_object *before = json_member(v->previous, "representations");

	if (!before || (allowed && strcasecmp(allowed, "true") == 0))
		return OK;
	for (size_t i = 0; i < json_object_array_length(before); i++) {
		const char *d = view_dialect(json_object_array_get_idx(before, i));

		if (d && !has_dialect(current, d))
			return fail(v->b.cx, INVALID,
				    "Cannot replace view due to loss of view dialects "
				    "(" DROP_DIALECT_PROPERTY "=false): %.60s",
				    d);
	}
	return OK;
}

/* How many versions stay. */
static enum status history_size(struct view_build *v, size_t *out)
{
	const char *text = json_text(json_member(v->b.out, "properties"), HISTORY_PROPERTY);
	size_t needed = v->n_added + (ids_get(&v->added, v->current) ? 0 : 1);
	int64_t n = HISTORY_ENTRIES;

	if (text && (!text_int(text, &n) || n < 1 || n > INT32_MAX))
		return fail(v->b.cx, INVALID, HISTORY_PROPERTY " must be positive but was %.40s",
			    text);
	*out = (size_t)n > needed ? (size_t)n : needed;
	return OK;
}

static int by_id_down(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x < y) - (x > y);
}

/* The lowest id that stays when `keep` of the versions do, the current one always among them. */
static int64_t lowest_kept(struct view_build *v, struct json_object *list, size_t keep)
{
	size_t n = json_object_array_length(list);
	int64_t *ids = cx_array(v->b.cx, n, sizeof(*ids));

	for (size_t i = 0; i < n; i++)
		ids[i] = json_int(json_object_array_get_idx(list, i), "version-id", 0);
	qsort(ids, n, sizeof(*ids), by_id_down);
	if (v->current >= ids[keep - 1])
		return ids[keep - 1];
	return keep > 1 ? ids[keep - 2] : INT64_MAX;
}

/*
 * Takes out the versions with the lowest ids.  An entry of the log that names one
 * takes the history before it along: with a gap, another version would seem to
 * have been current at that time.
 */
static void expire(struct view_build *v, size_t keep)
{
	struct cx *cx = v->b.cx;
	struct json_object *list = json_member(v->b.out, "versions");
	struct json_object *log = json_member(v->b.out, "version-log");
	struct json_object *kept = json_new_array(cx), *kept_log = json_new_array(cx);
	int64_t lowest;

	if (json_object_array_length(list) <= keep)
		return;
	lowest = lowest_kept(v, list, keep);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		int64_t id = json_int(o, "version-id", 0);

		if (id >= lowest || id == v->current)
			json_add(kept, o);
	}
	for (size_t i = 0; i < json_object_array_length(log); i++) {
		struct json_object *o = json_object_array_get_idx(log, i);

		if (find_by_id(kept, "version-id", json_int(o, "version-id", -1)))
			json_add(kept_log, o);
		else
			kept_log = json_new_array(cx);
	}
	json_set(v->b.out, "versions", kept);
	json_set(v->b.out, "version-log", kept_log);
}

static enum status view_finish(struct view_build *v, struct json_object **out)
{
	struct build *b = &v->b;
	struct view whole;
	size_t keep = 0;
	enum status s;

	*out = b->base;
	if (b->base && !b->changes)
		return OK;
	if (v->entry)
		json_add(build_list(b, "version-log"), v->entry);
	json_set_text(b->out, "view-uuid", b->meta.uuid ? b->meta.uuid : b->env->new_uuid);
	json_set_int(b->out, "format-version", v->format);
	json_set_text(b->out, "location", b->meta.location);
	json_set_int(b->out, "current-version-id", v->current);
	s = view_read(b->cx, b->out, &whole);
	if (!s)
		s = check_dialects(v, find_by_id(whole.versions, "version-id", v->current));
	if (!s)
		s = history_size(v, &keep);
	if (s)
		return s;
	expire(v, keep);
	*out = b->out;
	return OK;
}

/* --- create, apply ------------------------------------------------------------------- */

enum status view_create(struct cx *cx, const struct metadata_env *env, struct json_object *request,
			const char *location, struct json_object **out)
{
	struct json_object *version = NULL, *properties = NULL, *first;
	struct view_build v;
	enum status s = json_get_object(cx, request, "", "view-version", &version);

	*out = NULL;
	if (!s)
		s = json_opt_object(cx, request, "", "properties", &properties);
	if (!s && properties)
		s = json_check_texts(cx, properties, "properties");
	if (!s)
		s = view_open(cx, env, NULL, &v);
	if (!s)
		s = update_add_schema(&v.b, request, "");
	if (s)
		return s;
	if (properties)
		json_set(v.b.out, "properties", properties);
	v.b.meta.location = location;
	first = json_new_object(cx);
	version = json_share(cx, version);
	json_set_int(version, "schema-id", LAST_ADDED);
	json_set(first, "view-version", version);
	s = add_version(&v, first, "");
	if (!s)
		s = make_current(&v, v.last_version);
	return s ? s : view_finish(&v, out);
}

static const struct {
	const char *action;
	/* one of the two */
	enum status (*shared)(struct build *b, struct json_object *u, const char *where);
	enum status (*own)(struct view_build *v, struct json_object *u, const char *where);
} updates[] = {
	{ "assign-uuid", update_assign_uuid, NULL },
	{ "upgrade-format-version", NULL, upgrade_format_version },
	{ "add-schema", update_add_schema, NULL },
	{ "set-location", update_set_location, NULL },
	{ "set-properties", update_set_properties, NULL },
	{ "remove-properties", update_remove_properties, NULL },
	{ "add-view-version", NULL, add_version },
	{ "set-current-view-version", NULL, set_current_version },
};

static enum status apply_one(struct view_build *v, struct json_object *u, const char *where)
{
	const char *action = NULL;
	enum status s;

	if (!json_object_is_type(u, json_type_object))
		return fail(v->b.cx, INVALID, "%s: not an object", where);
	s = json_get_text(v->b.cx, u, where, "action", &action);
	if (s)
		return s;
	for (size_t i = 0; i < ARRAY_SIZE(updates); i++)
		if (strcasecmp(action, updates[i].action) == 0)
			return updates[i].shared ? updates[i].shared(&v->b, u, where)
						 : updates[i].own(v, u, where);
	return fail(v->b.cx, INVALID, "%s.action: unknown update of a view: %.60s", where, action);
}

enum status view_apply(struct cx *cx, const struct metadata_env *env, struct json_object *base,
		       struct json_object *list, struct json_object **out)
{
	struct view_build v;
	enum status s;

	*out = NULL;
	if (!json_object_is_type(list, json_type_array))
		return fail(cx, INVALID, "updates: not an array");
	if (json_object_array_length(list) > MAX_UPDATES)
		return fail(cx, INVALID, "updates: more than %d", MAX_UPDATES);
	s = view_open(cx, env, base, &v);
	for (size_t i = 0; !s && i < json_object_array_length(list); i++) {
		char where[32];

		snprintf(where, sizeof(where), "updates[%zu]", i);
		s = apply_one(&v, json_object_array_get_idx(list, i), where);
	}
	return s ? s : view_finish(&v, out);
}
