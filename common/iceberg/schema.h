/* SPDX-License-Identifier: Apache-2.0 */
/* schema.h - a schema read into a flat list of fields: ids, names, checks, fresh ids. */
#ifndef COMMON_ICEBERG_SCHEMA_H
#define COMMON_ICEBERG_SCHEMA_H

#include "common/iceberg/types.h"

enum field_role { FIELD_COLUMN, FIELD_ELEMENT, FIELD_KEY, FIELD_VALUE };

/* One field of any depth.  A list's element, a map's key and value are fields too. */
struct schema_field {
	int id;
	enum field_role role;
	bool required;
	struct type type;
	int parent;		  /* index of the field it lies in; -1 at the top */
	size_t end;		  /* index behind its last descendant */
	const char *name;	  /* "x"; "element", "key", "value" */
	const char *full;	  /* "points.element.x" */
	const char *shortest;	  /* "points.x": also finds it */
	struct json_object *json; /* FIELD_COLUMN: its object; else NULL */
	int fresh;		  /* schema_fresh_ids */
};

struct schema {
	struct json_object *json;
	int id;			     /* 0 where the JSON names none */
	int highest;		     /* field id; 0 = no fields */
	struct schema_field *fields; /* a parent stands before its children */
	size_t n;
	const struct schema_field **by_id, **by_name; /* sorted */
	int *identifiers;			      /* sorted, no id twice */
	size_t n_identifiers;
};

/*
 * INVALID for what Iceberg's own reader refuses: broken members, an id or full
 * name used twice, identifier fields that may not be such, default values that
 * are none of their type.  `where` names it in messages: "schemas[2]".
 */
MUST_USE enum status schema_parse(struct cx *cx, struct json_object *json, const char *where,
				  struct schema *out);

/* NULL where there is none. */
const struct schema_field *schema_find(const struct schema *s, int64_t id);
/* By full name, else by its short one. */
const struct schema_field *schema_find_name(const struct schema *s, const char *name);

/* Same fields and identifier fields; schema ids and unknown members do not count.
 * Both as JSON that schema_parse takes. */
bool schema_same(struct cx *cx, struct json_object *a, struct json_object *b);

/* INVALID where it needs a later format version (types, initial defaults). */
MUST_USE enum status schema_check_version(struct cx *cx, const struct schema *s, int64_t version);

/* Sets every field's `fresh`, from 1, in the order of Iceberg's TypeUtil.assignFreshIds: the
 * fields of a struct first, then each one's inside.  Returns the last id. */
int schema_fresh_ids(struct schema *s);

/* The schema as JSON with this schema-id, types in Iceberg's spelling, no nulls;
 * with `fresh`, field ids replaced by the fresh ones. */
struct json_object *schema_write(struct cx *cx, const struct schema *s, int id, bool fresh);

#endif
