/* SPDX-License-Identifier: Apache-2.0 */
/* model_json.h - a row as a JSON object and back, for any kind, by its column table. */
#ifndef COMMON_MODEL_JSON_H
#define COMMON_MODEL_JSON_H

#include "common/json.h"
#include "common/model.h"

/*
 * A new object with every column but SECRET and HIDDEN ones, in the table's
 * order.  The key is the column's wire name, or its name ('-' for '_' where the
 * kind is KEBAB).  TIME is RFC 3339 text, or null for 0; a JSON column is the
 * value its text holds.  INTERNAL: a JSON column's text is not JSON.
 */
MUST_USE enum status model_json_of(struct cx *cx, const struct row *row, struct json_object **out);

enum model_json_flag {
	REFUSE_UNKNOWN = 1, /* INVALID for a member that names no column (default: ignored) */
	REFUSE_READONLY =
		2, /* INVALID for a READONLY, SECRET or HIDDEN column's (default: ignored) */
};

/*
 * Reads what a request body may say of a row: an absent member leaves its
 * column as it was, null makes it NULL or 0 (a BOOL can't be null).  A KEY
 * column that has a value keeps it: what the path said wins.  INVALID names the
 * member.  Text belongs to the context.
 */
MUST_USE enum status model_json_read(struct cx *cx, struct json_object *o, unsigned flags,
				     struct row *row);

#endif
