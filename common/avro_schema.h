/* SPDX-License-Identifier: Apache-2.0 */
/* avro_schema.h - an Avro schema as a tree to walk values by. */
#ifndef COMMON_AVRO_SCHEMA_H
#define COMMON_AVRO_SCHEMA_H

#include "common/avro.h"

enum avro_type {
	AVRO_NULL,
	AVRO_BOOLEAN,
	AVRO_INT,
	AVRO_LONG,
	AVRO_FLOAT,
	AVRO_DOUBLE,
	AVRO_BYTES,
	AVRO_STRING,
	AVRO_FIXED,
	AVRO_ENUM,
	AVRO_ARRAY,
	AVRO_MAP,
	AVRO_UNION,
	AVRO_RECORD,
};

/* A type that is used by name stands in the tree once; no node holds itself. */
struct avro_node {
	enum avro_type type;
	int64_t size;		 /* fixed: bytes; enum: how many symbols */
	struct avro_node **kids; /* record's fields, union's branches, array's or map's values */
	int *slots;		 /* record, array: which wanted field each kid is; -1 = none */
	size_t n;		 /* kids */
};

/* INVALID for what is no schema, or one that holds itself. */
MUST_USE enum status avro_schema(struct cx *cx, struct json_object *json,
				 const struct avro_wanted *wanted, size_t n_wanted,
				 struct avro_node **out);

#endif
