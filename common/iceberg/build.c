/* SPDX-License-Identifier: Apache-2.0 */
/* build.c - opening and closing a change of table metadata. */
#include "common/iceberg/build.h"

#include "common/text.h"

#define ONE_MINUTE_MS 60000 /* how far clocks may be apart */
#define PREVIOUS_VERSIONS_MAX 100

/* The members of new metadata in the order Iceberg writes them. */
static const char *const members[] = {
	"format-version",
	"table-uuid",
	"location",
	"last-sequence-number",
	"last-updated-ms",
	"last-column-id",
	"schema",
	"current-schema-id",
	"schemas",
	"partition-spec",
	"default-spec-id",
	"partition-specs",
	"last-partition-id",
	"default-sort-order-id",
	"sort-orders",
	"properties",
	"current-snapshot-id",
	"next-row-id",
	"encryption-keys",
	"refs",
	"snapshots",
	"statistics",
	"partition-statistics",
	"snapshot-log",
	"metadata-log",
};

static void open_new(struct build *b, int64_t version)
{
	static const char *const lists[] = { "schemas",	     "partition-specs",
					     "sort-orders",  "snapshots",
					     "statistics",   "partition-statistics",
					     "snapshot-log", "metadata-log" };

	b->meta = (struct meta){ .version = version, .current_snapshot = -1 };
	b->out = json_new_object(b->cx);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		json_set(b->out, members[i], NULL);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		build_list(b, lists[i]);
	build_map(b, "properties");
	build_map(b, "refs");
}

/* What old files leave out stands in meta: put it where the updates look. */
static void open_base(struct build *b)
{
	struct json_object *snapshots = json_member(b->base, "snapshots");

	b->out = json_share(b->cx, b->base);
	json_set(b->out, "schemas", b->meta.schemas);
	json_set(b->out, "partition-specs", b->meta.specs);
	json_set(b->out, "sort-orders", b->meta.orders);
	json_set(b->out, "properties", b->meta.properties);
	json_set(b->out, "refs", b->meta.refs);
	for (size_t i = 0; snapshots && i < json_object_array_length(snapshots); i++) {
		struct json_object *o = json_object_array_get_idx(snapshots, i);

		ids_set(&b->snapshots, json_int(o, "snapshot-id", 0), o);
	}
}

enum status build_open(struct cx *cx, const struct metadata_env *env, struct json_object *base,
		       int64_t version, struct build *b)
{
	enum status s;

	*b = (struct build){ .cx = cx, .env = env, .base = base, .now_ms = env->now_ms };
	b->snapshots = b->added = b->mains = (struct ids){ .cx = cx };
	if (!base) {
		open_new(b, version);
		return OK;
	}
	s = check_for_commit(cx, base);
	if (!s)
		s = meta_read(cx, base, &b->meta);
	if (s)
		return s;
	open_base(b);
	if (b->meta.last_updated_ms > b->now_ms)
		b->now_ms = b->meta.last_updated_ms;
	return OK;
}

/* True where member `key` is still the base's own value, which nobody may change. */
static bool is_shared(const struct build *b, const char *key, struct json_object *v)
{
	return v == json_member(b->base, key) || v == b->meta.schemas || v == b->meta.specs ||
	       v == b->meta.orders || v == b->meta.properties || v == b->meta.refs;
}

static struct json_object *build_member(struct build *b, const char *key, bool list)
{
	struct json_object *v = json_member(b->out, key);

	if (v && !is_shared(b, key, v))
		return v;
	if (v)
		v = json_share(b->cx, v);
	else
		v = list ? json_new_array(b->cx) : json_new_object(b->cx);
	json_set(b->out, key, v);
	return v;
}

struct json_object *build_list(struct build *b, const char *key)
{
	return build_member(b, key, true);
}

struct json_object *build_map(struct build *b, const char *key)
{
	return build_member(b, key, false);
}

enum status build_schema(struct build *b, const struct schema **out)
{
	struct json_object *schemas = json_member(b->out, "schemas");
	struct json_object *json;
	enum status s = OK;

	json = find_by_id(schemas, "schema-id", b->meta.current_schema);
	if (!json)
		return fail(b->cx, INVALID,
			    "Cannot find the current schema: no schema has been added");
	if (!b->current_read || b->current.json != json)
		s = schema_parse(b->cx, json, "current schema", &b->current);
	b->current_read = !s;
	*out = &b->current;
	return s;
}

/* Snapshots and statistics that are still there. */
static void drop_removed(struct build *b, const char *key)
{
	struct json_object *old = json_member(b->out, key), *kept;

	if (!old)
		return;
	kept = json_new_array(b->cx);
	for (size_t i = 0; i < json_object_array_length(old); i++) {
		struct json_object *o = json_object_array_get_idx(old, i);

		if (ids_get(&b->snapshots, json_int(o, "snapshot-id", 0)) == o)
			json_add(kept, o);
	}
	json_set(b->out, key, kept);
}

/* True where main pointed at a snapshot of this commit and then went on. */
static bool has_intermediate(const struct build *b)
{
	for (size_t i = 0; i < b->mains.cap; i++)
		if (b->mains.slots[i].used && b->mains.slots[i].id != b->meta.current_snapshot)
			return true;
	return false;
}

/*
 * Leaves out snapshots that were current only within this commit.  A removed
 * snapshot takes the history before it along: with a gap, another snapshot
 * would seem to have been current at that time.
 */
static enum status update_log(struct build *b)
{
	struct json_object *old = json_member(b->out, "snapshot-log"), *log;
	int64_t current = b->meta.current_snapshot, last = -1;

	if (!has_intermediate(b) && !b->snapshots_removed)
		return OK;
	log = json_new_array(b->cx);
	for (size_t i = 0; old && i < json_object_array_length(old); i++) {
		struct json_object *o = json_object_array_get_idx(old, i);
		int64_t id = json_int(o, "snapshot-id", 0);

		if (!ids_get(&b->snapshots, id) && b->snapshots_removed) {
			log = json_new_array(b->cx);
			last = -1;
		} else if (ids_get(&b->snapshots, id) &&
			   (id == current || !ids_get(&b->mains, id))) {
			json_add(log, o);
			last = id;
		}
	}
	json_set(b->out, "snapshot-log", log);
	if (current >= 0 && old && json_object_array_length(old) && last != current)
		return fail(b->cx, INVALID,
			    "Cannot set invalid snapshot log: latest entry is not the current "
			    "snapshot");
	return OK;
}

/* Only new entries can break the order: the base's were checked. */
static enum status check_log(struct build *b)
{
	struct json_object *log = json_member(b->out, "snapshot-log");
	size_t n = log ? json_object_array_length(log) : 0;
	int64_t before = INT64_MIN;

	for (size_t i = 0; i < n; i++) {
		int64_t ms = json_int(json_object_array_get_idx(log, i), "timestamp-ms", 0);

		if (i && ms < before - ONE_MINUTE_MS)
			return fail(
				b->cx, INVALID,
				"Invalid snapshot timestamp %lld: more than a minute before the "
				"last snapshot log entry at %lld",
				(long long)ms, (long long)before);
		before = ms;
	}
	if (n && b->now_ms < before - ONE_MINUTE_MS)
		return fail(b->cx, INVALID,
			    "Invalid update timestamp %lld: before last snapshot log entry at %lld",
			    (long long)b->now_ms, (long long)before);
	return OK;
}

static void log_previous(struct build *b)
{
	const char *text = json_text(json_member(b->out, "properties"),
				     "write.metadata.previous-versions-max");
	int64_t max = PREVIOUS_VERSIONS_MAX;
	struct json_object *old, *log, *entry;
	size_t n, from;

	if (!b->base || !b->env->base_location)
		return;
	if (text && !text_int(text, &max))
		max = PREVIOUS_VERSIONS_MAX;
	if (max < 1)
		max = 1;
	old = json_member(b->out, "metadata-log");
	n = old ? json_object_array_length(old) : 0;
	from = n >= (size_t)max ? n - (size_t)max + 1 : 0;
	log = json_new_array(b->cx);
	for (size_t i = from; i < n; i++)
		json_add(log, json_object_array_get_idx(old, i));
	entry = json_new_object(b->cx);
	json_set_int(entry, "timestamp-ms", b->meta.last_updated_ms);
	json_set_text(entry, "metadata-file", b->env->base_location);
	json_add(log, entry);
	json_set(b->out, "metadata-log", log);
}

/* The defaults must fit the current schema, whatever changed. */
static enum status check_defaults(struct build *b)
{
	struct json_object *specs = json_member(b->out, "partition-specs");
	struct json_object *orders = json_member(b->out, "sort-orders");
	struct json_object *spec = find_by_id(specs, "spec-id", b->meta.default_spec);
	struct json_object *order = find_by_id(orders, "order-id", b->meta.default_order);
	const struct schema *schema;
	struct spec p;
	struct order o;
	enum status s;

	if (!spec)
		return fail(b->cx, INVALID,
			    "Partition specs cannot be null or empty: no default spec");
	if (!order)
		return fail(b->cx, INVALID,
			    "Sort orders cannot be null or empty: no default order");
	if (!b->meta.location)
		return fail(b->cx, INVALID, "Table location is required in format v%lld",
			    (long long)b->meta.version);
	if (!b->meta.uuid && !b->env->new_uuid)
		return fail(b->cx, INVALID, "UUID is required in format v%lld",
			    (long long)b->meta.version);
	if (b->meta.version == 1 && b->meta.last_sequence)
		return fail(b->cx, INVALID, "Sequence number must be 0 in v1: %lld",
			    (long long)b->meta.last_sequence);
	s = build_schema(b, &schema);
	if (!s)
		s = spec_parse(b->cx, spec, "default partition spec", &p);
	if (!s)
		s = spec_check(b->cx, &p, schema);
	if (!s)
		s = order_parse(b->cx, order, "default sort order", &o);
	return s ? s : order_check(b->cx, &o, schema);
}

/* Members of v1 for readers that know no lists; later versions have none of them. */
static void write_v1(struct build *b)
{
	const struct meta *m = &b->meta;
	struct json_object *specs = json_member(b->out, "partition-specs");
	struct json_object *spec = find_by_id(specs, "spec-id", m->default_spec);

	if (m->version > 1) {
		json_object_object_del(b->out, "schema");
		json_object_object_del(b->out, "partition-spec");
		json_set_int(b->out, "last-sequence-number", m->last_sequence);
		return;
	}
	json_object_object_del(b->out, "last-sequence-number");
	json_set(b->out, "schema", b->current.json);
	json_set(b->out, "partition-spec", json_member(spec, "fields"));
}

static void write_numbers(struct build *b)
{
	const struct meta *m = &b->meta;

	json_set_int(b->out, "format-version", m->version);
	json_set_text(b->out, "table-uuid", m->uuid ? m->uuid : b->env->new_uuid);
	json_set_text(b->out, "location", m->location);
	json_set_int(b->out, "last-updated-ms", b->now_ms);
	json_set_int(b->out, "last-column-id", m->last_column);
	json_set_int(b->out, "current-schema-id", m->current_schema);
	json_set_int(b->out, "default-spec-id", m->default_spec);
	json_set_int(b->out, "last-partition-id", m->last_partition);
	json_set_int(b->out, "default-sort-order-id", m->default_order);
	if (m->version >= 3)
		json_set_int(b->out, "next-row-id", m->next_row_id);
	if (m->current_snapshot >= 0)
		json_set_int(b->out, "current-snapshot-id", m->current_snapshot);
	else if (json_int(b->out, "current-snapshot-id", 0) != -1)
		json_object_object_del(b->out, "current-snapshot-id");
	write_v1(b);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (!json_member(b->out, members[i]))
			json_object_object_del(b->out, members[i]);
}

enum status build_finish(struct build *b, struct json_object **out)
{
	enum status s;

	*out = b->base;
	if (b->base && !b->changes)
		return OK;
	s = check_defaults(b);
	if (!s)
		s = update_log(b);
	if (!s)
		s = check_log(b);
	if (s)
		return s;
	if (b->snapshots_removed)
		drop_removed(b, "snapshots");
	log_previous(b);
	write_numbers(b);
	*out = b->out;
	return OK;
}
