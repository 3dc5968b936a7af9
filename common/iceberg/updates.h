/* SPDX-License-Identifier: Apache-2.0 */
/* updates.h - the updates that tables and views share. */
#ifndef COMMON_ICEBERG_UPDATES_H
#define COMMON_ICEBERG_UPDATES_H

#include "common/iceberg/build.h"

#define MAX_UPDATES 20000 /* of one commit */

/* A member's place: "updates[2].schema"; `key` alone where `where` is "". */
const char *update_member(struct cx *cx, const char *where, const char *key);

/* `u` is the update's object, `where` its place: "updates[2]".  INVALID. */
MUST_USE enum status update_assign_uuid(struct build *b, struct json_object *u, const char *where);
MUST_USE enum status update_add_schema(struct build *b, struct json_object *u, const char *where);
MUST_USE enum status update_set_location(struct build *b, struct json_object *u, const char *where);
MUST_USE enum status update_set_properties(struct build *b, struct json_object *u,
					   const char *where);
MUST_USE enum status update_remove_properties(struct build *b, struct json_object *u,
					      const char *where);

#endif
