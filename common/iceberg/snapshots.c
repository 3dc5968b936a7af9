/* SPDX-License-Identifier: Apache-2.0 */
/* snapshots.c - updates of snapshots, refs, statistics and encryption keys. */
#include "common/iceberg/snapshots.h"

#include <stdio.h>

#include "common/iceberg/parts.h"

static enum status need_lists(struct build *b)
{
	static const struct {
		const char *key, *what;
	} lists[] = { { "schemas", "schema" },
		      { "partition-specs", "partition spec" },
		      { "sort-orders", "sort order" } };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (!json_object_array_length(json_member(b->out, lists[i].key)))
			return fail(b->cx, INVALID,
				    "Attempting to add a snapshot before a %s is added",
				    lists[i].what);
	return OK;
}

/* The snapshot was made from an older table: its writer must read the table again. */
static enum status check_sequence(struct build *b, const struct snapshot *snap)
{
	const struct meta *m = &b->meta;
	bool older = snap->has_parent ? snap->sequence <= m->last_sequence
				      : snap->sequence < m->last_sequence;

	if (m->version > 1 && older)
		return fail(
			b->cx, CONFLICT,
			"Validation failed, please retry: Cannot add snapshot with sequence number "
			"%lld older than last sequence number %lld",
			(long long)snap->sequence, (long long)m->last_sequence);
	return OK;
}

static enum status add_rows(struct build *b, const struct snapshot *snap)
{
	if (b->meta.version < 3)
		return OK;
	if (snap->first_row_id < 0)
		return fail(b->cx, INVALID, "Cannot add a snapshot: first-row-id is null");
	if (snap->first_row_id < b->meta.next_row_id)
		return fail(
			b->cx, CONFLICT,
			"Validation failed, please retry: Cannot add a snapshot, first-row-id is "
			"behind table next-row-id: %lld < %lld",
			(long long)snap->first_row_id, (long long)b->meta.next_row_id);
	if (__builtin_add_overflow(snap->first_row_id, snap->added_rows, &b->meta.next_row_id))
		return fail(b->cx, INVALID, "Cannot add a snapshot: row ids pass 2^63-1");
	return OK;
}

enum status update_add_snapshot(struct build *b, struct json_object *u, const char *where)
{
	struct json_object *json = NULL;
	struct snapshot snap;
	char place[64];
	enum status s = json_get_object(b->cx, u, where, "snapshot", &json);

	snprintf(place, sizeof(place), "%s.snapshot", where);
	if (!s)
		s = snapshot_read(b->cx, json, place, &snap);
	if (!s)
		s = need_lists(b);
	if (s)
		return s;
	if (snap.id < 0)
		return fail(b->cx, INVALID, "%s.snapshot-id: negative", place);
	if (ids_get(&b->snapshots, snap.id))
		return fail(b->cx, INVALID, "Snapshot already exists for id: %lld",
			    (long long)snap.id);
	s = check_sequence(b, &snap);
	if (!s)
		s = add_rows(b, &snap);
	if (s)
		return s;
	b->meta.last_sequence = snap.sequence;
	if (snap.timestamp_ms > b->now_ms) /* a writer's clock may be ahead of ours */
		b->now_ms = snap.timestamp_ms;
	json = json_share_set(b->cx, json);
	json_add(build_list(b, "snapshots"), json);
	ids_set(&b->snapshots, snap.id, json);
	ids_set(&b->added, snap.id, json);
	b->changes++;
	return OK;
}

/* Takes the statistics of snapshots out of the list; true where there were any. */
static bool drop_statistics(struct build *b, const char *key, const struct ids *gone)
{
	struct json_object *old = json_member(b->out, key), *kept;
	size_t n = old ? json_object_array_length(old) : 0;

	if (!n)
		return false;
	kept = json_new_array(b->cx);
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(old, i);

		if (!ids_get(gone, json_int(o, "snapshot-id", 0)))
			json_add(kept, o);
	}
	json_set(b->out, key, kept);
	return json_object_array_length(kept) < n;
}

static bool drop_statistics_of(struct build *b, const char *key, int64_t id)
{
	struct ids one = { .cx = b->cx };

	ids_set(&one, id, b);
	return drop_statistics(b, key, &one);
}

static void remove_ref(struct build *b, const char *name)
{
	struct json_object *refs = build_map(b, "refs");
	bool was_main = strcmp(name, MAIN_BRANCH) == 0;

	b->changes += json_has(refs, name) || (was_main && b->meta.current_snapshot >= 0);
	json_object_object_del(refs, name);
	if (was_main)
		b->meta.current_snapshot = -1;
}

/* Refs to snapshots that are gone. */
static void drop_dangling_refs(struct build *b)
{
	struct json_object *refs = json_share(b->cx, json_member(b->out, "refs"));

	json_object_object_foreach(refs, name, ref)
		if (!ids_get(&b->snapshots, json_int(ref, "snapshot-id", -1)))
			remove_ref(b, name);
}

enum status update_remove_snapshots(struct build *b, struct json_object *u, const char *where)
{
	struct json_object *list = NULL;
	struct ids gone = { .cx = b->cx };
	enum status s = json_get_array(b->cx, u, where, "snapshot-ids", &list);

	for (size_t i = 0; !s && i < json_object_array_length(list); i++) {
		struct json_object *v = json_object_array_get_idx(list, i);
		int64_t id = json_object_get_int64(v);

		if (!json_object_is_type(v, json_type_int))
			return fail(b->cx, INVALID, "%s.snapshot-ids[%zu]: not an integer", where,
				    i);
		if (!ids_get(&b->snapshots, id))
			continue;
		ids_set(&b->snapshots, id, NULL);
		ids_set(&gone, id, v);
		b->snapshots_removed = true;
		b->changes++;
	}
	if (s || !gone.used)
		return s;
	drop_statistics(b, "statistics", &gone);
	drop_statistics(b, "partition-statistics", &gone);
	drop_dangling_refs(b);
	return OK;
}

static void log_main(struct build *b, int64_t id)
{
	struct json_object *added = ids_get(&b->added, id), *entry = json_new_object(b->cx);

	/* going back to an older snapshot happens now; a new one brings its own time */
	json_set_int(entry, "timestamp-ms",
		     added ? json_int(added, "timestamp-ms", b->now_ms) : b->now_ms);
	json_set_int(entry, "snapshot-id", id);
	json_add(build_list(b, "snapshot-log"), entry);
	if (added)
		ids_set(&b->mains, id, added);
}

static bool same_ref(struct json_object *json, const struct ref *r)
{
	return json_int(json, "snapshot-id", -1) == r->snapshot_id &&
	       strcmp(json_text(json, "type"), r->tag ? "tag" : "branch") == 0 &&
	       json_int(json, "min-snapshots-to-keep", 0) == r->min_snapshots_to_keep &&
	       json_int(json, "max-snapshot-age-ms", 0) == r->max_snapshot_age_ms &&
	       json_int(json, "max-ref-age-ms", 0) == r->max_ref_age_ms;
}

enum status update_set_ref(struct build *b, struct json_object *u, const char *where)
{
	const char *name = NULL;
	struct json_object *json;
	struct ref ref;
	bool is_main;
	enum status s = json_get_text(b->cx, u, where, "ref-name", &name);

	if (!s)
		s = ref_read(b->cx, u, where, &ref);
	if (s)
		return s;
	json = json_member(json_member(b->out, "refs"), name);
	if (json && same_ref(json, &ref))
		return OK;
	if (!ids_get(&b->snapshots, ref.snapshot_id))
		return fail(b->cx, INVALID, "Cannot set %.80s to unknown snapshot: %lld", name,
			    (long long)ref.snapshot_id);
	is_main = strcmp(name, MAIN_BRANCH) == 0;
	if (is_main && ref.tag)
		return fail(b->cx, INVALID, "Cannot set main to a tag, it must be a branch");
	if (is_main) {
		b->meta.current_snapshot = ref.snapshot_id;
		log_main(b, ref.snapshot_id);
	}
	json = json_share_set(b->cx, u);
	json_object_object_del(json, "action");
	json_object_object_del(json, "ref-name");
	json_set_text(json, "type", ref.tag ? "tag" : "branch");
	json_set(build_map(b, "refs"), name, json);
	b->changes++;
	return OK;
}

enum status update_remove_ref(struct build *b, struct json_object *u, const char *where)
{
	const char *name = NULL;
	enum status s = json_get_text(b->cx, u, where, "ref-name", &name);

	if (!s)
		remove_ref(b, name);
	return s;
}

static void put_statistics(struct build *b, const char *key, int64_t id, struct json_object *json)
{
	drop_statistics_of(b, key, id);
	json_add(build_list(b, key), json_share_set(b->cx, json));
	b->changes++;
}

enum status update_set_statistics(struct build *b, struct json_object *u, const char *where)
{
	struct json_object *json = NULL;
	int64_t id = 0;
	char place[64];
	enum status s = json_get_object(b->cx, u, where, "statistics", &json);

	snprintf(place, sizeof(place), "%s.statistics", where);
	if (!s)
		s = statistics_check(b->cx, json, place, &id);
	if (!s)
		put_statistics(b, "statistics", id, json);
	return s;
}

enum status update_set_partition_statistics(struct build *b, struct json_object *u,
					    const char *where)
{
	struct json_object *json = NULL;
	int64_t id = 0;
	char place[64];
	enum status s = json_get_object(b->cx, u, where, "partition-statistics", &json);

	snprintf(place, sizeof(place), "%s.partition-statistics", where);
	if (!s)
		s = partition_statistics_check(b->cx, json, place, &id);
	if (!s)
		put_statistics(b, "partition-statistics", id, json);
	return s;
}

static enum status remove_statistics(struct build *b, struct json_object *u, const char *where,
				     const char *key)
{
	int64_t id = 0;
	enum status s = json_get_int(b->cx, u, where, "snapshot-id", &id);

	if (!s)
		b->changes += drop_statistics_of(b, key, id);
	return s;
}

enum status update_remove_statistics(struct build *b, struct json_object *u, const char *where)
{
	return remove_statistics(b, u, where, "statistics");
}

enum status update_remove_partition_statistics(struct build *b, struct json_object *u,
					       const char *where)
{
	return remove_statistics(b, u, where, "partition-statistics");
}

/* Index of the key in the list, or its length. */
static size_t find_key(struct json_object *list, const char *key_id)
{
	size_t n = list ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		const char *id = json_text(json_object_array_get_idx(list, i), "key-id");

		if (id && strcmp(id, key_id) == 0)
			return i;
	}
	return n;
}

enum status update_add_key(struct build *b, struct json_object *u, const char *where)
{
	struct json_object *json = NULL, *list;
	const char *id = NULL;
	char place[64];
	enum status s = json_get_object(b->cx, u, where, "encryption-key", &json);

	snprintf(place, sizeof(place), "%s.encryption-key", where);
	if (!s)
		s = encryption_key_check(b->cx, json, place, &id);
	if (s)
		return s;
	list = build_list(b, "encryption-keys");
	if (find_key(list, id) < json_object_array_length(list))
		return OK;
	json_add(list, json_share_set(b->cx, json));
	b->changes++;
	return OK;
}

enum status update_remove_key(struct build *b, struct json_object *u, const char *where)
{
	struct json_object *list;
	const char *id = NULL;
	size_t at;
	enum status s = json_get_text(b->cx, u, where, "key-id", &id);

	if (s)
		return s;
	list = build_list(b, "encryption-keys");
	at = find_key(list, id);
	if (at == json_object_array_length(list))
		return OK;
	json_object_array_del_idx(list, at, 1);
	if (!json_object_array_length(list))
		json_object_object_del(b->out, "encryption-keys");
	b->changes++;
	return OK;
}
