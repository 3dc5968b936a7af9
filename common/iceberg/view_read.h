/* SPDX-License-Identifier: Apache-2.0 */
/* view_read.h - view metadata's members. */
#ifndef COMMON_ICEBERG_VIEW_READ_H
#define COMMON_ICEBERG_VIEW_READ_H

#include "common/iceberg/view.h"

#define VIEW_MAX_VERSION 1

struct view {
	int64_t format;
	const char *uuid, *location;
	int64_t current; /* version id */
	/* Never NULL; shared with the metadata, properties made where it has none. */
	struct json_object *schemas, *versions, *log, *properties;
};

/* INVALID: a member is missing or has the wrong type, or the current version or its
 * schema is not there. */
MUST_USE enum status view_read(struct cx *cx, struct json_object *metadata, struct view *out);

struct view_version {
	int64_t id, timestamp_ms, schema_id;
	struct json_object *representations;
};

/* INVALID: not what a version needs; that of each representation is its type, and SQL's
 * query and dialect. */
MUST_USE enum status view_version_read(struct cx *cx, struct json_object *json, const char *where,
				       struct view_version *out);

/* The dialect of a representation, or NULL: it is not SQL. */
const char *view_dialect(struct json_object *representation);

#endif
