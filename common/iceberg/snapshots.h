/* SPDX-License-Identifier: Apache-2.0 */
/* snapshots.h - updates of snapshots and of what hangs on them: refs, statistics, keys. */
#ifndef COMMON_ICEBERG_SNAPSHOTS_H
#define COMMON_ICEBERG_SNAPSHOTS_H

#include "common/iceberg/build.h"

/* `u` is the update's object, `where` its place: "updates[2]".  INVALID as
 * metadata_apply says; add-snapshot is CONFLICT where its numbers are older than the table. */
MUST_USE enum status update_add_snapshot(struct build *b, struct json_object *u, const char *where);
MUST_USE enum status update_remove_snapshots(struct build *b, struct json_object *u,
					     const char *where);
MUST_USE enum status update_set_ref(struct build *b, struct json_object *u, const char *where);
MUST_USE enum status update_remove_ref(struct build *b, struct json_object *u, const char *where);
MUST_USE enum status update_set_statistics(struct build *b, struct json_object *u,
					   const char *where);
MUST_USE enum status update_remove_statistics(struct build *b, struct json_object *u,
					      const char *where);
MUST_USE enum status update_set_partition_statistics(struct build *b, struct json_object *u,
						     const char *where);
MUST_USE enum status update_remove_partition_statistics(struct build *b, struct json_object *u,
							const char *where);
MUST_USE enum status update_add_key(struct build *b, struct json_object *u, const char *where);
MUST_USE enum status update_remove_key(struct build *b, struct json_object *u, const char *where);

#endif
