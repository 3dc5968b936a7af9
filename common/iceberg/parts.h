/* SPDX-License-Identifier: Apache-2.0 */
/* parts.h - the small objects of table metadata: snapshots, refs, statistics, keys. */
#ifndef COMMON_ICEBERG_PARTS_H
#define COMMON_ICEBERG_PARTS_H

#include "common/json.h"

/* All functions are INVALID for a missing or broken member; `where` names the object. */

struct snapshot {
	int64_t id;
	bool has_parent;
	int64_t sequence; /* 0 where it names none (v1) */
	int64_t timestamp_ms;
	int64_t first_row_id; /* -1 = none */
	int64_t added_rows;   /* -1 = none; there where first_row_id is */
};
MUST_USE enum status snapshot_read(struct cx *cx, struct json_object *json, const char *where,
				   struct snapshot *out);

struct ref {
	int64_t snapshot_id;
	bool tag; /* else a branch */
	/* 0 = not set; a tag has max_ref_age_ms only */
	int64_t min_snapshots_to_keep, max_snapshot_age_ms, max_ref_age_ms;
};
MUST_USE enum status ref_read(struct cx *cx, struct json_object *json, const char *where,
			      struct ref *out);

/* *snapshot_id: the snapshot the file is of. */
MUST_USE enum status statistics_check(struct cx *cx, struct json_object *json, const char *where,
				      int64_t *snapshot_id);
MUST_USE enum status partition_statistics_check(struct cx *cx, struct json_object *json,
						const char *where, int64_t *snapshot_id);
MUST_USE enum status encryption_key_check(struct cx *cx, struct json_object *json,
					  const char *where, const char **key_id);

/* Entries {timestamp-ms, snapshot-id} and {timestamp-ms, metadata-file}. */
MUST_USE enum status snapshot_log_entry_check(struct cx *cx, struct json_object *json,
					      const char *where);
MUST_USE enum status metadata_log_entry_check(struct cx *cx, struct json_object *json,
					      const char *where);

#endif
