/* SPDX-License-Identifier: Apache-2.0 */
/* updates.c - one function a TableUpdate, and their table. */
#include "common/iceberg/updates.h"

#include <stdio.h>
#include <strings.h>

#include "common/iceberg/snapshots.h"
#include "common/text.h"

#define MAX_ADDITIONS 100 /* of schemas, specs and orders together */

const char *update_member(struct cx *cx, const char *where, const char *key)
{
	return *where ? cx_printf(cx, "%s.%s", where, key) : key;
}

enum status update_assign_uuid(struct build *b, struct json_object *u, const char *where)
{
	const char *uuid = NULL;
	enum status s = json_get_text(b->cx, u, where, "uuid", &uuid);

	if (s)
		return s;
	if (!text_is_uuid(uuid))
		return fail(b->cx, INVALID, "%s.uuid: not a UUID", where);
	if (b->base && b->meta.uuid && strcasecmp(b->meta.uuid, uuid) != 0)
		return fail(b->cx, INVALID, "Cannot reassign uuid");
	b->changes += !b->meta.uuid || strcmp(b->meta.uuid, uuid) != 0;
	b->meta.uuid = uuid;
	return OK;
}

static enum status upgrade_format_version(struct build *b, struct json_object *u, const char *where)
{
	int64_t version = 0;
	enum status s = json_get_int(b->cx, u, where, "format-version", &version);

	if (s)
		return s;
	if (version > MAX_VERSION)
		return fail(b->cx, INVALID,
			    "Cannot upgrade table to unsupported format version: v%lld (supported: "
			    "v%d)",
			    (long long)version, MAX_VERSION);
	if (version < b->meta.version)
		return fail(b->cx, INVALID, "Cannot downgrade v%lld table to v%lld",
			    (long long)b->meta.version, (long long)version);
	b->changes += version != b->meta.version;
	b->meta.version = version;
	return OK;
}

/* Each is compared with all there are. */
static enum status count_addition(struct build *b)
{
	if (++b->additions > MAX_ADDITIONS)
		return fail(b->cx, INVALID,
			    "more than %d schemas, partition specs and sort orders in one commit",
			    MAX_ADDITIONS);
	return OK;
}

/* The id of an equal schema, or a new one: the highest + 1. */
static int64_t schema_id_for(struct build *b, struct json_object *schema, bool *found)
{
	struct json_object *list = json_member(b->out, "schemas");
	int64_t id = b->meta.current_schema;

	*found = false;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *other = json_object_array_get_idx(list, i);
		int64_t other_id = json_int(other, "schema-id", 0);

		*found = schema_same(b->cx, schema, other);
		if (*found)
			return other_id;
		if (other_id >= id)
			id = other_id + 1;
	}
	return id;
}

enum status update_add_schema(struct build *b, struct json_object *u, const char *where)
{
	struct json_object *json = NULL;
	struct schema schema;
	bool found = false;
	int64_t id = 0;
	enum status s = json_get_object(b->cx, u, where, "schema", &json);

	if (!s)
		s = schema_parse(b->cx, json, update_member(b->cx, where, "schema"), &schema);
	if (!s)
		s = schema_check_version(b->cx, &schema, b->meta.version);
	if (!s)
		s = count_addition(b);
	if (s)
		return s;
	id = schema_id_for(b, json, &found);
	if (id > INT32_MAX)
		return fail(b->cx, INVALID, "no schema id is left");
	if (!found)
		json_add(build_list(b, "schemas"), schema_write(b->cx, &schema, (int)id, false));
	b->changes += !found || schema.highest > b->meta.last_column;
	if (schema.highest > b->meta.last_column)
		b->meta.last_column = schema.highest;
	b->has_schema = true;
	b->added_schema = id;
	return OK;
}

/* The id an update names; LAST_ADDED is the one added last. */
static enum status read_target(struct build *b, struct json_object *u, const char *where,
			       const char *key, const char *what, bool has, int64_t added,
			       int64_t *id)
{
	enum status s = json_get_int(b->cx, u, where, key, id);

	if (s || *id != LAST_ADDED)
		return s;
	if (!has)
		return fail(b->cx, INVALID, "Cannot set last added %s: no %s has been added", what,
			    what);
	*id = added;
	return OK;
}

/* A new column may not take the name of a partition made from another one. */
static enum status check_all_names(struct build *b, const struct schema *schema)
{
	struct json_object *specs = json_member(b->out, "partition-specs");

	for (size_t i = 0; i < json_object_array_length(specs); i++) {
		struct spec p;
		enum status s = spec_parse(b->cx, json_object_array_get_idx(specs, i),
					   "partition-specs", &p);

		if (!s)
			s = spec_check_names(b->cx, &p, schema);
		if (s)
			return s;
	}
	return OK;
}

static enum status set_current_schema(struct build *b, struct json_object *u, const char *where)
{
	const struct schema *schema;
	int64_t id = 0;
	enum status s = read_target(b, u, where, "schema-id", "schema", b->has_schema,
				    b->added_schema, &id);

	if (s)
		return s;
	if (!find_by_id(json_member(b->out, "schemas"), "schema-id", id))
		return fail(b->cx, INVALID, "Cannot set current schema to unknown schema: %lld",
			    (long long)id);
	if (id == b->meta.current_schema)
		return OK;
	b->meta.current_schema = id;
	b->changes++;
	s = build_schema(b, &schema);
	return s ? s : check_all_names(b, schema);
}

/* The id of an equal spec, or a new one: the highest + 1. */
static enum status spec_id_for(struct build *b, const struct spec *p, int64_t *id, bool *found)
{
	struct json_object *list = json_member(b->out, "partition-specs");

	*id = 0;
	*found = false;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct spec other;
		enum status s = spec_parse(b->cx, json_object_array_get_idx(list, i),
					   "partition-specs", &other);

		if (s)
			return s;
		*found = spec_same(p, &other);
		if (*found) {
			*id = other.id;
			return OK;
		}
		if (other.id >= *id)
			*id = other.id + (int64_t)1;
	}
	return OK;
}

/* Fields of p take the ids that older specs gave to the same source and transform. */
static enum status take_known_ids(struct build *b, struct spec *p)
{
	struct json_object *list = json_member(b->out, "partition-specs");

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct spec old;
		enum status s = spec_parse(b->cx, json_object_array_get_idx(list, i),
					   "partition-specs", &old);

		if (s)
			return s;
		for (size_t k = 0; k < old.n; k++)
			spec_take_id(p, &old.fields[k]);
	}
	return OK;
}

/* For clients that leave field ids to the server. */
static enum status give_field_ids(struct build *b, struct spec *p)
{
	int64_t last = b->meta.last_partition;
	enum status s = b->meta.version == 1 ? OK : take_known_ids(b, p);

	if (b->meta.version == 1 || last < FIRST_PARTITION_ID - 1)
		last = FIRST_PARTITION_ID - 1;
	for (size_t i = 0; !s && i < p->n; i++) {
		if (p->fields[i].field_id)
			continue;
		if (last >= INT32_MAX)
			return fail(b->cx, INVALID, "no partition field id is left");
		p->fields[i].field_id = (int)++last;
	}
	return s;
}

static enum status check_new_spec(struct build *b, struct spec *p)
{
	const struct schema *schema;
	enum status s = build_schema(b, &schema);

	if (!s)
		s = spec_check(b->cx, p, schema);
	if (!s && p->n && !p->fields[0].field_id)
		s = give_field_ids(b, p);
	if (!s && b->meta.version == 1 && !spec_is_sequential(p))
		return fail(b->cx, INVALID,
			    "Spec does not use sequential IDs that are required in v1");
	return s;
}

static enum status add_spec(struct build *b, struct json_object *u, const char *where)
{
	struct json_object *json = NULL;
	struct spec p;
	bool found = false;
	int64_t id = 0;
	enum status s = json_get_object(b->cx, u, where, "spec", &json);

	if (!s)
		s = spec_parse(b->cx, json, cx_printf(b->cx, "%s.spec", where), &p);
	if (!s)
		s = count_addition(b);
	if (!s)
		s = spec_id_for(b, &p, &id, &found);
	if (!s && !found)
		s = check_new_spec(b, &p);
	if (s)
		return s;
	if (!found) {
		json_add(build_list(b, "partition-specs"), spec_write(b->cx, &p, (int)id));
		if (spec_last_field_id(&p) > b->meta.last_partition)
			b->meta.last_partition = spec_last_field_id(&p);
		b->changes++;
	}
	b->has_spec = true;
	b->added_spec = id;
	return OK;
}

static enum status set_default_spec(struct build *b, struct json_object *u, const char *where)
{
	int64_t id = 0;
	enum status s =
		read_target(b, u, where, "spec-id", "spec", b->has_spec, b->added_spec, &id);

	if (s)
		return s;
	if (!find_by_id(json_member(b->out, "partition-specs"), "spec-id", id))
		return fail(b->cx, INVALID,
			    "Cannot set default partition spec to unknown spec: %lld",
			    (long long)id);
	b->changes += id != b->meta.default_spec;
	b->meta.default_spec = id;
	return OK;
}

/* The id of an equal order, or a new one: the highest + 1; 0 for unsorted. */
static enum status order_id_for(struct build *b, const struct order *o, int64_t *id, bool *found)
{
	struct json_object *list = json_member(b->out, "sort-orders");

	*id = o->n ? 1 : 0;
	*found = false;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct order other;
		enum status s = order_parse(b->cx, json_object_array_get_idx(list, i),
					    "sort-orders", &other);

		if (s)
			return s;
		*found = order_same(o, &other);
		if (*found) {
			*id = other.id;
			return OK;
		}
		if (o->n && other.id >= *id)
			*id = other.id + (int64_t)1;
	}
	return OK;
}

static enum status add_sort_order(struct build *b, struct json_object *u, const char *where)
{
	struct json_object *json = NULL;
	const struct schema *schema;
	struct order o;
	bool found = false;
	int64_t id = 0;
	enum status s = json_get_object(b->cx, u, where, "sort-order", &json);

	if (!s)
		s = order_parse(b->cx, json, cx_printf(b->cx, "%s.sort-order", where), &o);
	if (!s)
		s = count_addition(b);
	if (!s)
		s = order_id_for(b, &o, &id, &found);
	if (!s && !found)
		s = build_schema(b, &schema);
	if (!s && !found)
		s = order_check(b->cx, &o, schema);
	if (s)
		return s;
	if (!found)
		json_add(build_list(b, "sort-orders"), order_write(b->cx, &o, (int)id));
	b->changes += !found;
	b->has_order = true;
	b->added_order = id;
	return OK;
}

static enum status set_default_sort_order(struct build *b, struct json_object *u, const char *where)
{
	int64_t id = 0;
	enum status s = read_target(b, u, where, "sort-order-id", "sort order", b->has_order,
				    b->added_order, &id);

	if (s)
		return s;
	if (!find_by_id(json_member(b->out, "sort-orders"), "order-id", id))
		return fail(b->cx, INVALID,
			    "Cannot set default sort order to unknown sort order: %lld",
			    (long long)id);
	b->changes += id != b->meta.default_order;
	b->meta.default_order = id;
	return OK;
}

/* Takes the objects whose `key` is in u.`ids_key` out of the list `name`. */
static enum status remove_listed(struct build *b, struct json_object *u, const char *where,
				 const char *ids_key, const char *name, const char *key,
				 int64_t keep, const char *refusal)
{
	struct json_object *ids = NULL, *old = json_member(b->out, name), *kept;
	struct ids gone = { .cx = b->cx };
	enum status s = json_get_array(b->cx, u, where, ids_key, &ids);

	for (size_t i = 0; !s && i < json_object_array_length(ids); i++) {
		struct json_object *v = json_object_array_get_idx(ids, i);

		if (!json_object_is_type(v, json_type_int))
			return fail(b->cx, INVALID, "%s.%s[%zu]: not an integer", where, ids_key,
				    i);
		if (json_object_get_int64(v) == keep)
			return fail(b->cx, INVALID, "%s", refusal);
		ids_set(&gone, json_object_get_int64(v), v);
	}
	if (s)
		return s;
	kept = json_new_array(b->cx);
	for (size_t i = 0; i < json_object_array_length(old); i++) {
		struct json_object *o = json_object_array_get_idx(old, i);

		if (ids_get(&gone, json_int(o, key, 0)))
			b->changes++;
		else
			json_add(kept, o);
	}
	json_set(b->out, name, kept);
	return OK;
}

static enum status remove_partition_specs(struct build *b, struct json_object *u, const char *where)
{
	return remove_listed(b, u, where, "spec-ids", "partition-specs", "spec-id",
			     b->meta.default_spec, "Cannot remove the default partition spec");
}

static enum status remove_schemas(struct build *b, struct json_object *u, const char *where)
{
	return remove_listed(b, u, where, "schema-ids", "schemas", "schema-id",
			     b->meta.current_schema, "Cannot remove the current schema");
}

enum status update_set_location(struct build *b, struct json_object *u, const char *where)
{
	const char *location = NULL;
	size_t n;
	enum status s = json_get_text(b->cx, u, where, "location", &location);

	if (s)
		return s;
	n = strlen(location);
	while (n > 1 && location[n - 1] == '/' && !text_ends(cx_strndup(b->cx, location, n), "://"))
		n--;
	if (!n)
		return fail(b->cx, INVALID, "%s.location: empty", where);
	location = cx_strndup(b->cx, location, n);
	b->changes += !text_same(location, b->meta.location);
	b->meta.location = location;
	return OK;
}

/* The member `key` of u, or the one older clients send. */
static const char *either(struct json_object *u, const char *key, const char *old)
{
	return json_has(u, old) && !json_has(u, key) ? old : key;
}

enum status update_set_properties(struct build *b, struct json_object *u, const char *where)
{
	const char *key = either(u, "updates", "updated");
	struct json_object *updates = NULL, *properties;
	enum status s = json_get_object(b->cx, u, where, key, &updates);

	if (!s)
		s = json_check_texts(b->cx, updates, cx_printf(b->cx, "%s.%s", where, key));
	if (s || !json_object_object_length(updates))
		return s;
	properties = build_map(b, "properties");
	json_object_object_foreach(updates, name, value)
		json_set(properties, name, value);
	b->changes++;
	return OK;
}

enum status update_remove_properties(struct build *b, struct json_object *u, const char *where)
{
	const char *key = either(u, "removals", "removed");
	struct json_object *removals = NULL, *properties;
	enum status s = json_get_array(b->cx, u, where, key, &removals);

	if (s)
		return s;
	properties = build_map(b, "properties");
	for (size_t i = 0; i < json_object_array_length(removals); i++) {
		struct json_object *name = json_object_array_get_idx(removals, i);

		if (!json_object_is_type(name, json_type_string))
			return fail(b->cx, INVALID, "%s.%s[%zu]: not a string", where, key, i);
		json_object_object_del(properties, json_object_get_string(name));
		b->changes++;
	}
	return OK;
}

typedef enum status apply_update(struct build *b, struct json_object *u, const char *where);

static const struct {
	const char *action;
	apply_update *apply;
} updates[] = {
	{ "assign-uuid", update_assign_uuid },
	{ "upgrade-format-version", upgrade_format_version },
	{ "add-schema", update_add_schema },
	{ "set-current-schema", set_current_schema },
	{ "add-spec", add_spec },
	{ "set-default-spec", set_default_spec },
	{ "add-sort-order", add_sort_order },
	{ "set-default-sort-order", set_default_sort_order },
	{ "remove-partition-specs", remove_partition_specs },
	{ "remove-schemas", remove_schemas },
	{ "set-location", update_set_location },
	{ "set-properties", update_set_properties },
	{ "remove-properties", update_remove_properties },
	{ "add-snapshot", update_add_snapshot },
	{ "remove-snapshots", update_remove_snapshots },
	{ "set-snapshot-ref", update_set_ref },
	{ "remove-snapshot-ref", update_remove_ref },
	{ "set-statistics", update_set_statistics },
	{ "remove-statistics", update_remove_statistics },
	{ "set-partition-statistics", update_set_partition_statistics },
	{ "remove-partition-statistics", update_remove_partition_statistics },
	{ "add-encryption-key", update_add_key },
	{ "remove-encryption-key", update_remove_key },
};

static enum status apply_one(struct build *b, struct json_object *u, const char *where)
{
	const char *action = NULL;
	enum status s;

	if (!json_object_is_type(u, json_type_object))
		return fail(b->cx, INVALID, "%s: not an object", where);
	s = json_get_text(b->cx, u, where, "action", &action);
	if (s)
		return s;
	for (size_t i = 0; i < ARRAY_SIZE(updates); i++)
		if (strcasecmp(action, updates[i].action) == 0)
			return updates[i].apply(b, u, where);
	return fail(b->cx, INVALID, "%s.action: unknown update of a table: %.60s", where, action);
}

/* A new table's first version is that of its first upgrade: going up to it would be a change. */
static int64_t first_version(struct json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *u = json_object_array_get_idx(list, i);
		int64_t version = json_int(u, "format-version", 0);

		if (text_same(json_text(u, "action"), "upgrade-format-version") && version >= 1 &&
		    version <= MAX_VERSION)
			return version;
	}
	return 2;
}

enum status metadata_apply(struct cx *cx, const struct metadata_env *env, struct json_object *base,
			   struct json_object *list, struct json_object **out)
{
	struct build b;
	enum status s;

	*out = NULL;
	if (!json_object_is_type(list, json_type_array))
		return fail(cx, INVALID, "updates: not an array");
	if (json_object_array_length(list) > MAX_UPDATES)
		return fail(cx, INVALID, "updates: more than %d", MAX_UPDATES);
	s = build_open(cx, env, base, base ? 0 : first_version(list), &b);
	for (size_t i = 0; !s && i < json_object_array_length(list); i++) {
		char where[32];

		snprintf(where, sizeof(where), "updates[%zu]", i);
		s = apply_one(&b, json_object_array_get_idx(list, i), where);
	}
	return s ? s : build_finish(&b, out);
}
