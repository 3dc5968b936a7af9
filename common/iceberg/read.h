/* SPDX-License-Identifier: Apache-2.0 */
/* read.h - table metadata's members, with what old (v1) files leave out filled in. */
#ifndef COMMON_ICEBERG_READ_H
#define COMMON_ICEBERG_READ_H

#include "common/iceberg/metadata.h"
#include "common/iceberg/spec.h"

#define MAX_VERSION 3
#define MAIN_BRANCH "main"

struct meta {
	int64_t version;
	const char *uuid; /* NULL: a v1 file without */
	const char *location;
	int64_t last_sequence; /* 0 in v1 */
	int64_t last_updated_ms, last_column, last_partition;
	int64_t current_schema, default_spec, default_order;
	int64_t current_snapshot; /* -1 = none */
	int64_t next_row_id;	  /* 0 before v3 */
	/* Never NULL; shared with the metadata, or made where it has none. */
	struct json_object *schemas, *specs, *orders, *refs, *properties;
};

/* INVALID: a member that its format version needs is missing, or has the wrong
 * type.  What stands inside of arrays and objects is not looked at. */
MUST_USE enum status meta_read(struct cx *cx, struct json_object *metadata, struct meta *out);

/* The object in `list` whose `key` is `id`; NULL where there is none. */
struct json_object *find_by_id(struct json_object *list, const char *key, int64_t id);

/* As metadata_check, but of the schemas only the current one is read. */
MUST_USE enum status check_for_commit(struct cx *cx, struct json_object *metadata);

#endif
