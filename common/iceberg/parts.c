/* SPDX-License-Identifier: Apache-2.0 */
/* parts.c - checks of the small objects of table metadata. */
#include "common/iceberg/parts.h"

#include <stdio.h>
#include <strings.h>

#include "common/text.h"

static enum status need_object(struct cx *cx, struct json_object *json, const char *where)
{
	if (!json_object_is_type(json, json_type_object))
		return fail(cx, INVALID, "%s: not an object", where);
	return OK;
}

/* manifest-list, or v1's manifests: [path, ...] */
static enum status check_manifests(struct cx *cx, struct json_object *json, const char *where)
{
	struct json_object *list = NULL;
	const char *path = NULL;
	enum status s = json_opt_text(cx, json, where, "manifest-list", &path);

	if (s || path)
		return s;
	s = json_opt_array(cx, json, where, "manifests", &list);
	if (s)
		return s;
	if (!list)
		return fail(cx, INVALID, "%s.manifest-list: missing", where);
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (!json_object_is_type(json_object_array_get_idx(list, i), json_type_string))
			return fail(cx, INVALID, "%s.manifests[%zu]: not a string", where, i);
	return OK;
}

static enum status check_summary(struct cx *cx, struct json_object *json, const char *where)
{
	struct json_object *summary = NULL;
	char place[160];
	enum status s = json_opt_object(cx, json, where, "summary", &summary);

	if (s || !summary)
		return s;
	snprintf(place, sizeof(place), "%s.summary", where);
	return json_check_texts(cx, summary, place);
}

static enum status read_rows(struct cx *cx, struct json_object *json, const char *where,
			     struct snapshot *out)
{
	bool first = json_member(json, "first-row-id"), added = json_member(json, "added-rows");
	enum status s = json_opt_int(cx, json, where, "first-row-id", &out->first_row_id);

	if (!s)
		s = json_opt_int(cx, json, where, "added-rows", &out->added_rows);
	if (s)
		return s;
	if (first && out->first_row_id < 0)
		return fail(cx, INVALID, "%s: Invalid first-row-id (cannot be negative): %lld",
			    where, (long long)out->first_row_id);
	if (added && out->added_rows < 0)
		return fail(cx, INVALID, "%s: Invalid added-rows (cannot be negative): %lld", where,
			    (long long)out->added_rows);
	if (first && !added)
		return fail(cx, INVALID,
			    "%s: Invalid added-rows (required when first-row-id is set): null",
			    where);
	return OK;
}

enum status snapshot_read(struct cx *cx, struct json_object *json, const char *where,
			  struct snapshot *out)
{
	int64_t parent = 0, schema = 0;
	const char *key = NULL;
	enum status s = need_object(cx, json, where);

	*out = (struct snapshot){ .first_row_id = -1, .added_rows = -1 };
	out->has_parent = json_member(json, "parent-snapshot-id") != NULL;
	if (!s)
		s = json_get_int(cx, json, where, "snapshot-id", &out->id);
	if (!s)
		s = json_opt_int(cx, json, where, "parent-snapshot-id", &parent);
	if (!s)
		s = json_opt_int(cx, json, where, "sequence-number", &out->sequence);
	if (!s)
		s = json_get_int(cx, json, where, "timestamp-ms", &out->timestamp_ms);
	if (!s)
		s = json_opt_int(cx, json, where, "schema-id", &schema);
	if (!s)
		s = json_opt_text(cx, json, where, "key-id", &key);
	if (!s)
		s = check_summary(cx, json, where);
	if (!s)
		s = check_manifests(cx, json, where);
	if (!s && out->sequence < 0)
		return fail(cx, INVALID, "%s.sequence-number: negative", where);
	return s ? s : read_rows(cx, json, where, out);
}

/* A positive integer, or absent. */
static enum status read_limit(struct cx *cx, struct json_object *json, const char *where,
			      const char *key, const char *negative, int64_t *out)
{
	enum status s = json_opt_int(cx, json, where, key, out);

	if (!s && json_member(json, key) && *out <= 0)
		return fail(cx, INVALID, "%s: %s", where, negative);
	return s;
}

enum status ref_read(struct cx *cx, struct json_object *json, const char *where, struct ref *out)
{
	const char *type = NULL;
	enum status s = need_object(cx, json, where);

	*out = (struct ref){ 0 };
	if (!s)
		s = json_get_int(cx, json, where, "snapshot-id", &out->snapshot_id);
	if (!s)
		s = json_get_text(cx, json, where, "type", &type);
	if (!s)
		s = read_limit(cx, json, where, "min-snapshots-to-keep",
			       "Min snapshots to keep must be greater than 0",
			       &out->min_snapshots_to_keep);
	if (!s)
		s = read_limit(cx, json, where, "max-snapshot-age-ms",
			       "Max snapshot age must be greater than 0 ms",
			       &out->max_snapshot_age_ms);
	if (!s)
		s = read_limit(cx, json, where, "max-ref-age-ms",
			       "Max reference age must be greater than 0", &out->max_ref_age_ms);
	if (s)
		return s;
	out->tag = strcasecmp(type, "tag") == 0;
	if (!out->tag && strcasecmp(type, "branch") != 0)
		return fail(cx, INVALID, "%s: Invalid snapshot ref type: %.40s", where, type);
	if (out->min_snapshots_to_keep > INT32_MAX)
		return fail(cx, INVALID, "%s.min-snapshots-to-keep: not a 32-bit integer", where);
	if (out->tag && out->min_snapshots_to_keep)
		return fail(cx, INVALID, "%s: Tags do not support setting minSnapshotsToKeep",
			    where);
	if (out->tag && out->max_snapshot_age_ms)
		return fail(cx, INVALID, "%s: Tags do not support setting maxSnapshotAgeMs", where);
	return OK;
}

static enum status check_blob(struct cx *cx, struct json_object *json, const char *where)
{
	struct json_object *fields = NULL, *properties = NULL;
	const char *type = NULL;
	int64_t n = 0;
	enum status s = need_object(cx, json, where);

	if (!s)
		s = json_get_text(cx, json, where, "type", &type);
	if (!s)
		s = json_get_int(cx, json, where, "snapshot-id", &n);
	if (!s)
		s = json_get_int(cx, json, where, "sequence-number", &n);
	if (!s)
		s = json_get_array(cx, json, where, "fields", &fields);
	if (!s)
		s = json_opt_object(cx, json, where, "properties", &properties);
	for (size_t i = 0; !s && i < json_object_array_length(fields); i++)
		if (!json_object_is_type(json_object_array_get_idx(fields, i), json_type_int))
			return fail(cx, INVALID, "%s.fields[%zu]: not an integer", where, i);
	return s || !properties ? s : json_check_texts(cx, properties, where);
}

enum status statistics_check(struct cx *cx, struct json_object *json, const char *where,
			     int64_t *snapshot_id)
{
	struct json_object *blobs = NULL;
	int64_t n = 0;
	enum status s = partition_statistics_check(cx, json, where, snapshot_id);

	if (!s)
		s = json_get_int(cx, json, where, "file-footer-size-in-bytes", &n);
	if (!s)
		s = json_get_array(cx, json, where, "blob-metadata", &blobs);
	for (size_t i = 0; !s && i < json_object_array_length(blobs); i++) {
		char place[160];

		snprintf(place, sizeof(place), "%s.blob-metadata[%zu]", where, i);
		s = check_blob(cx, json_object_array_get_idx(blobs, i), place);
	}
	return s;
}

enum status partition_statistics_check(struct cx *cx, struct json_object *json, const char *where,
				       int64_t *snapshot_id)
{
	const char *path = NULL;
	int64_t n = 0;
	enum status s = need_object(cx, json, where);

	if (!s)
		s = json_get_int(cx, json, where, "snapshot-id", snapshot_id);
	if (!s)
		s = json_get_text(cx, json, where, "statistics-path", &path);
	return s ? s : json_get_int(cx, json, where, "file-size-in-bytes", &n);
}

enum status encryption_key_check(struct cx *cx, struct json_object *json, const char *where,
				 const char **key_id)
{
	struct json_object *properties = NULL;
	const char *bytes = NULL, *by = NULL;
	unsigned char *raw;
	size_t len;
	enum status s = need_object(cx, json, where);

	if (!s)
		s = json_get_text(cx, json, where, "key-id", key_id);
	if (!s)
		s = json_get_text(cx, json, where, "encrypted-key-metadata", &bytes);
	if (!s)
		s = json_opt_text(cx, json, where, "encrypted-by-id", &by);
	if (!s)
		s = json_opt_object(cx, json, where, "properties", &properties);
	if (!s && text_unbase64(cx, bytes, strlen(bytes), &raw, &len))
		return fail(cx, INVALID, "%s.encrypted-key-metadata: not base64", where);
	return s || !properties ? s : json_check_texts(cx, properties, where);
}

enum status snapshot_log_entry_check(struct cx *cx, struct json_object *json, const char *where)
{
	int64_t n = 0;
	enum status s = need_object(cx, json, where);

	if (!s)
		s = json_get_int(cx, json, where, "timestamp-ms", &n);
	return s ? s : json_get_int(cx, json, where, "snapshot-id", &n);
}

enum status metadata_log_entry_check(struct cx *cx, struct json_object *json, const char *where)
{
	const char *file = NULL;
	int64_t n = 0;
	enum status s = need_object(cx, json, where);

	if (!s)
		s = json_get_int(cx, json, where, "timestamp-ms", &n);
	return s ? s : json_get_text(cx, json, where, "metadata-file", &file);
}
