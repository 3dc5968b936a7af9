/* SPDX-License-Identifier: Apache-2.0 */
/*
 * types.h - the texts of Iceberg's types, transforms and default values.
 * Source: iceberg.apache.org/spec, "Schemas and Data Types", "Partition Transforms",
 * appendix D "Single-value serialization".
 */
#ifndef COMMON_ICEBERG_TYPES_H
#define COMMON_ICEBERG_TYPES_H

#include "common/json.h"

enum type_id {
	TYPE_BOOLEAN,
	TYPE_INT,
	TYPE_LONG,
	TYPE_FLOAT,
	TYPE_DOUBLE,
	TYPE_DATE,
	TYPE_TIME,
	TYPE_TIMESTAMP,
	TYPE_TIMESTAMPTZ,
	TYPE_TIMESTAMP_NS,
	TYPE_TIMESTAMPTZ_NS,
	TYPE_STRING,
	TYPE_UUID,
	TYPE_BINARY,
	TYPE_UNKNOWN,
	TYPE_VARIANT,
	TYPE_FIXED,
	TYPE_DECIMAL,
	TYPE_GEOMETRY,
	TYPE_GEOGRAPHY,
	TYPE_STRUCT, /* from here on nested: JSON objects, never texts */
	TYPE_LIST,
	TYPE_MAP,
};

struct type {
	enum type_id id;
	int length;	      /* fixed's bytes */
	int precision, scale; /* decimal's */
	const char *text;     /* as Iceberg writes it: "decimal(9, 2)", "string", "struct" */
};

/* A type that is a text.  INVALID with Iceberg's own words for any other. */
MUST_USE enum status type_parse(struct cx *cx, const char *text, struct type *out);

/* The lowest format version that has the type: 1, or 3. */
int type_min_version(const struct type *t);

/* True but for variant, struct, list and map. */
bool type_is_primitive(const struct type *t);

/* INVALID unless v is a value of type t as column defaults are written. */
MUST_USE enum status type_check_default(struct cx *cx, const struct type *t, const char *where,
					struct json_object *v);

enum transform_id {
	TRANSFORM_IDENTITY,
	TRANSFORM_YEAR,
	TRANSFORM_MONTH,
	TRANSFORM_DAY,
	TRANSFORM_HOUR,
	TRANSFORM_VOID,
	TRANSFORM_BUCKET,
	TRANSFORM_TRUNCATE,
	TRANSFORM_UNKNOWN, /* of a later version: kept, taken for any type */
};

struct transform {
	enum transform_id id;
	const char *text; /* as Iceberg writes it: "bucket[16]" */
	int width;	  /* bucket's, truncate's; else 0 */
};

/* INVALID: a bucket or truncate without a positive 32-bit width. */
MUST_USE enum status transform_parse(struct cx *cx, const char *text, struct transform *out);

/* True where values of type t can go through the transform. */
bool transform_takes(const struct transform *f, const struct type *t);

#endif
