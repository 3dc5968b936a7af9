/* SPDX-License-Identifier: Apache-2.0 */
/* spec.h - partition specs and sort orders: reading, checking against a schema, writing. */
#ifndef COMMON_ICEBERG_SPEC_H
#define COMMON_ICEBERG_SPEC_H

#include "common/iceberg/schema.h"

#define FIRST_PARTITION_ID 1000 /* of partition fields; an unpartitioned table's last id is 999 */

struct spec_field {
	const char *name;
	struct transform transform;
	int source_id;
	int field_id; /* 0: the JSON names none */
	struct json_object *json;
};

struct spec {
	int id; /* 0 where the JSON names none */
	struct spec_field *fields;
	size_t n;
	struct json_object *json; /* NULL: read from a v1 "partition-spec" array, or none */
};

/*
 * `json` is a spec object, or the array of fields that v1's "partition-spec"
 * is, or NULL for unpartitioned.  INVALID: broken members, an empty name, a
 * name or field id used twice, field ids on some fields only.
 */
MUST_USE enum status spec_parse(struct cx *cx, struct json_object *json, const char *where,
				struct spec *out);

/* INVALID where a partition name is that of a column it is not made from. */
MUST_USE enum status spec_check_names(struct cx *cx, const struct spec *p, const struct schema *s);
/* The same, and that every source column is there and of a type its transform takes. */
MUST_USE enum status spec_check(struct cx *cx, const struct spec *p, const struct schema *s);

/* Same names, sources and transforms in the same order; ids do not count. */
bool spec_same(const struct spec *a, const struct spec *b);
/* Field ids are 1000, 1001, ...: what v1 needs. */
bool spec_is_sequential(const struct spec *p);
/* The largest field id; 999 where there is none. */
int spec_last_field_id(const struct spec *p);

/* The field of p with the source and transform of `known` takes its id, if none other has it. */
void spec_take_id(struct spec *p, const struct spec_field *known);

/* As JSON, with this spec-id and the fields' members as they now are in `p`. */
struct json_object *spec_write(struct cx *cx, const struct spec *p, int id);

struct order_field {
	struct transform transform;
	int source_id;
	bool descending, nulls_last;
	struct json_object *json;
};

struct order {
	int id;
	struct order_field *fields;
	size_t n; /* 0: unsorted, id 0 */
	struct json_object *json;
};

/* `json` NULL: unsorted.  INVALID: broken members, or an id that does not fit (0 is unsorted). */
MUST_USE enum status order_parse(struct cx *cx, struct json_object *json, const char *where,
				 struct order *out);
MUST_USE enum status order_check(struct cx *cx, const struct order *o, const struct schema *s);
bool order_same(const struct order *a, const struct order *b);
struct json_object *order_write(struct cx *cx, const struct order *o, int id);

#endif
