/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - the invariants of table metadata that somebody else wrote. */
#include <stdio.h>

#include "common/iceberg/ids.h"
#include "common/iceberg/parts.h"
#include "common/iceberg/read.h"

#define ONE_MINUTE_MS 60000 /* how far clocks may be apart */

struct check {
	struct cx *cx;
	struct json_object *m;
	struct meta meta;
	struct schema current;
	struct ids seen;      /* ids of the list that is being walked */
	struct ids snapshots; /* ids of all snapshots */
	int64_t log_ms;	      /* timestamp of the log entry before; INT64_MIN = none */
	bool every_schema;
};

typedef enum status check_item(struct check *c, struct json_object *item, const char *where);

static enum status each(struct check *c, struct json_object *list, const char *name,
			check_item *item)
{
	enum status s = OK;

	c->seen = (struct ids){ .cx = c->cx };
	c->log_ms = INT64_MIN;
	for (size_t i = 0; !s && list && i < json_object_array_length(list); i++) {
		char where[64];

		snprintf(where, sizeof(where), "%s[%zu]", name, i);
		s = item(c, json_object_array_get_idx(list, i), where);
	}
	return s;
}

/* The list `key`, where the metadata has one. */
static enum status each_of(struct check *c, const char *key, check_item *item)
{
	struct json_object *list = NULL;
	enum status s = json_opt_array(c->cx, c->m, "", key, &list);

	return s ? s : each(c, list, key, item);
}

static enum status once(struct check *c, struct json_object *item, const char *where,
			const char *key)
{
	int64_t id = 0;
	enum status s = json_get_int(c->cx, item, where, key, &id);

	if (!s && ids_get(&c->seen, id))
		return fail(c->cx, INVALID, "%s.%s: %lld is used twice", where, key, (long long)id);
	if (!s)
		ids_set(&c->seen, id, item);
	return s;
}

/* In a context of its own: a table may have thousands of old schemas. */
static enum status check_old_schema(struct cx *cx, struct json_object *item, const char *where)
{
	struct cx own = { 0 };
	struct schema schema;
	enum status s = schema_parse(&own, item, where, &schema);

	if (s)
		s = fail(cx, s, "%s", own.message);
	cx_free(&own);
	return s;
}

static enum status check_schema(struct check *c, struct json_object *item, const char *where)
{
	enum status s = once(c, item, where, "schema-id");

	if (s)
		return s;
	if (json_int(item, "schema-id", 0) == c->meta.current_schema)
		return schema_parse(c->cx, item, where, &c->current);
	return c->every_schema ? check_old_schema(c->cx, item, where) : OK;
}

static enum status check_spec(struct check *c, struct json_object *item, const char *where)
{
	struct spec p;
	enum status s = once(c, item, where, "spec-id");

	if (!s)
		s = spec_parse(c->cx, item, where, &p);
	if (!s && p.n && !p.fields[0].field_id)
		return fail(c->cx, INVALID, "%s.fields[0].field-id: missing", where);
	if (!s && p.id == c->meta.default_spec)
		s = spec_check(c->cx, &p, &c->current);
	return s;
}

static enum status check_order(struct check *c, struct json_object *item, const char *where)
{
	struct order o;
	enum status s = once(c, item, where, "order-id");

	if (!s)
		s = order_parse(c->cx, item, where, &o);
	if (!s && o.id == c->meta.default_order)
		s = order_check(c->cx, &o, &c->current);
	return s;
}

static enum status check_snapshot(struct check *c, struct json_object *item, const char *where)
{
	struct snapshot snap;
	enum status s = snapshot_read(c->cx, item, where, &snap);

	if (s)
		return s;
	if (ids_get(&c->snapshots, snap.id))
		return fail(c->cx, INVALID, "%s.snapshot-id: %lld is used twice", where,
			    (long long)snap.id);
	if (snap.sequence > c->meta.last_sequence)
		return fail(c->cx, INVALID,
			    "Invalid snapshot with sequence number %lld greater than last sequence "
			    "number %lld",
			    (long long)snap.sequence, (long long)c->meta.last_sequence);
	ids_set(&c->snapshots, snap.id, item);
	return OK;
}

static enum status check_stats(struct check *c, struct json_object *item, const char *where)
{
	int64_t id = 0;

	return statistics_check(c->cx, item, where, &id);
}

static enum status check_partition_stats(struct check *c, struct json_object *item,
					 const char *where)
{
	int64_t id = 0;

	return partition_statistics_check(c->cx, item, where, &id);
}

static enum status check_key(struct check *c, struct json_object *item, const char *where)
{
	const char *id = NULL;

	return encryption_key_check(c->cx, item, where, &id);
}

/* Entries of a log come in order, and none is later than the metadata. */
static enum status check_time(struct check *c, struct json_object *item, const char *where)
{
	int64_t ms = json_int(item, "timestamp-ms", 0);

	if (c->log_ms != INT64_MIN && ms < c->log_ms - ONE_MINUTE_MS)
		return fail(c->cx, INVALID, "%s.timestamp-ms: %lld is before the entry before it",
			    where, (long long)ms);
	if (c->meta.last_updated_ms < ms - ONE_MINUTE_MS)
		return fail(c->cx, INVALID,
			    "Invalid update timestamp %lld: before last %s entry at %lld",
			    (long long)c->meta.last_updated_ms,
			    json_has(item, "snapshot-id") ? "snapshot log" : "metadata log",
			    (long long)ms);
	c->log_ms = ms;
	return OK;
}

static enum status check_snapshot_log(struct check *c, struct json_object *item, const char *where)
{
	enum status s = snapshot_log_entry_check(c->cx, item, where);

	return s ? s : check_time(c, item, where);
}

static enum status check_metadata_log(struct check *c, struct json_object *item, const char *where)
{
	enum status s = metadata_log_entry_check(c->cx, item, where);

	return s ? s : check_time(c, item, where);
}

static enum status check_refs(struct check *c)
{
	int64_t current = c->meta.current_snapshot, main = -1;
	struct ref ref;

	json_object_object_foreach(c->meta.refs, name, item) {
		char where[96];
		enum status s;

		snprintf(where, sizeof(where), "refs.%.80s", name);
		s = ref_read(c->cx, item, where, &ref);
		if (s)
			return s;
		if (!ids_get(&c->snapshots, ref.snapshot_id))
			return fail(c->cx, INVALID,
				    "Snapshot for reference %.80s does not exist in the existing "
				    "snapshots list: %lld",
				    name, (long long)ref.snapshot_id);
		if (strcmp(name, MAIN_BRANCH) == 0)
			main = ref.snapshot_id;
	}
	if (current >= 0 && !ids_get(&c->snapshots, current))
		return fail(c->cx, INVALID, "Invalid table metadata: Cannot find current version");
	if (current < 0 && main >= 0)
		return fail(c->cx, INVALID,
			    "Current snapshot is not set, but main branch exists: %lld",
			    (long long)main);
	if (main >= 0 && current != main)
		return fail(c->cx, INVALID,
			    "Current snapshot ID does not match main branch (%lld != %lld)",
			    (long long)current, (long long)main);
	return OK;
}

static enum status check_current(struct check *c)
{
	const struct meta *m = &c->meta;

	if (!find_by_id(m->schemas, "schema-id", m->current_schema))
		return fail(c->cx, INVALID,
			    "Cannot find schema with current-schema-id=%lld from schemas",
			    (long long)m->current_schema);
	if (!find_by_id(m->specs, "spec-id", m->default_spec))
		return fail(c->cx, INVALID, "default-spec-id: no partition spec %lld",
			    (long long)m->default_spec);
	if (!find_by_id(m->orders, "order-id", m->default_order))
		return fail(c->cx, INVALID, "default-sort-order-id: no sort order %lld",
			    (long long)m->default_order);
	return OK;
}

static enum status check_metadata(struct cx *cx, struct json_object *metadata, bool every_schema)
{
	struct check c = { .cx = cx, .m = metadata, .every_schema = every_schema };
	enum status s = meta_read(cx, metadata, &c.meta);

	c.snapshots = (struct ids){ .cx = cx };
	if (!s)
		s = check_current(&c);
	if (!s)
		s = each(&c, c.meta.schemas, "schemas", check_schema);
	if (!s)
		s = each(&c, c.meta.specs, "partition-specs", check_spec);
	if (!s)
		s = each(&c, c.meta.orders, "sort-orders", check_order);
	if (!s)
		s = json_check_texts(cx, c.meta.properties, "properties");
	if (!s)
		s = each_of(&c, "snapshots", check_snapshot);
	if (!s)
		s = check_refs(&c);
	if (!s)
		s = each_of(&c, "statistics", check_stats);
	if (!s)
		s = each_of(&c, "partition-statistics", check_partition_stats);
	if (!s)
		s = each_of(&c, "encryption-keys", check_key);
	if (!s)
		s = each_of(&c, "snapshot-log", check_snapshot_log);
	return s ? s : each_of(&c, "metadata-log", check_metadata_log);
}

enum status metadata_check(struct cx *cx, struct json_object *metadata)
{
	return check_metadata(cx, metadata, true);
}

enum status check_for_commit(struct cx *cx, struct json_object *metadata)
{
	return check_metadata(cx, metadata, false);
}
