/* SPDX-License-Identifier: Apache-2.0 */
/* requirements.c - one function a TableRequirement, and their table. */
#include <stdio.h>
#include <strings.h>

#include "common/iceberg/read.h"

/* m: the table's; NULL where there is no such table. */
typedef enum status check_requirement(struct cx *cx, const struct meta *m, struct json_object *r,
				      const char *where);

static enum status no_table(struct cx *cx)
{
	return fail(cx, CONFLICT, "Requirement failed: table does not exist");
}

static enum status assert_create(struct cx *cx, const struct meta *m, struct json_object *r,
				 const char *where)
{
	(void)r;
	(void)where;
	return m ? fail(cx, CONFLICT, "Requirement failed: table already exists") : OK;
}

static enum status assert_table_uuid(struct cx *cx, const struct meta *m, struct json_object *r,
				     const char *where)
{
	const char *uuid = NULL;
	enum status s = json_get_text(cx, r, where, "uuid", &uuid);

	if (s)
		return s;
	if (!m)
		return no_table(cx);
	if (!m->uuid || strcasecmp(m->uuid, uuid) != 0)
		return fail(cx, CONFLICT,
			    "Requirement failed: UUID does not match: expected %s != %.60s",
			    m->uuid ? m->uuid : "null", uuid);
	return OK;
}

static enum status assert_ref_snapshot_id(struct cx *cx, const struct meta *m,
					  struct json_object *r, const char *where)
{
	const char *name = NULL, *kind;
	struct json_object *ref;
	int64_t id = 0, is;
	bool wanted = json_member(r, "snapshot-id") != NULL;
	enum status s = json_get_text(cx, r, where, "ref", &name);

	if (!s)
		s = json_opt_int(cx, r, where, "snapshot-id", &id);
	if (s)
		return s;
	ref = m ? json_member(m->refs, name) : NULL;
	if (!ref && !wanted)
		return OK;
	if (!ref)
		return fail(cx, CONFLICT,
			    "Requirement failed: branch or tag %.100s is missing, expected %lld",
			    name, (long long)id);
	kind = json_text(ref, "type");
	kind = kind && strcasecmp(kind, "tag") == 0 ? "tag" : "branch";
	is = json_int(ref, "snapshot-id", -1);
	if (!wanted)
		return fail(cx, CONFLICT, "Requirement failed: %s %.100s was created concurrently",
			    kind, name);
	if (is != id)
		return fail(cx, CONFLICT,
			    "Requirement failed: %s %.100s has changed: expected id %lld != %lld",
			    kind, name, (long long)id, (long long)is);
	return OK;
}

/* The requirements that compare one number. */
static enum status assert_number(struct cx *cx, struct json_object *r, const char *where,
				 const char *key, const char *what, int64_t is)
{
	int64_t id = 0;
	enum status s = json_get_int(cx, r, where, key, &id);

	if (!s && id != is)
		return fail(cx, CONFLICT,
			    "Requirement failed: %s changed: expected id %lld != %lld", what,
			    (long long)id, (long long)is);
	return s;
}

/* Iceberg's own server lets the two requirements of last assigned ids pass where there is no
 * table: nothing was assigned that could have changed. */
static enum status assert_last_field(struct cx *cx, const struct meta *m, struct json_object *r,
				     const char *where)
{
	return m ? assert_number(cx, r, where, "last-assigned-field-id", "last assigned field id",
				 m->last_column)
		 : OK;
}

static enum status assert_last_partition(struct cx *cx, const struct meta *m, struct json_object *r,
					 const char *where)
{
	return m ? assert_number(cx, r, where, "last-assigned-partition-id",
				 "last assigned partition id", m->last_partition)
		 : OK;
}

static enum status assert_current_schema(struct cx *cx, const struct meta *m, struct json_object *r,
					 const char *where)
{
	return m ? assert_number(cx, r, where, "current-schema-id", "current schema",
				 m->current_schema)
		 : no_table(cx);
}

static enum status assert_default_spec(struct cx *cx, const struct meta *m, struct json_object *r,
				       const char *where)
{
	return m ? assert_number(cx, r, where, "default-spec-id", "default partition spec",
				 m->default_spec)
		 : no_table(cx);
}

static enum status assert_default_order(struct cx *cx, const struct meta *m, struct json_object *r,
					const char *where)
{
	return m ? assert_number(cx, r, where, "default-sort-order-id", "default sort order",
				 m->default_order)
		 : no_table(cx);
}

static const struct {
	const char *type;
	check_requirement *check;
} requirements_known[] = {
	{ "assert-create", assert_create },
	{ "assert-table-uuid", assert_table_uuid },
	{ "assert-ref-snapshot-id", assert_ref_snapshot_id },
	{ "assert-last-assigned-field-id", assert_last_field },
	{ "assert-current-schema-id", assert_current_schema },
	{ "assert-last-assigned-partition-id", assert_last_partition },
	{ "assert-default-spec-id", assert_default_spec },
	{ "assert-default-sort-order-id", assert_default_order },
};

static enum status check_one(struct cx *cx, const struct meta *m, struct json_object *r,
			     const char *where)
{
	const char *type = NULL;
	enum status s;

	if (!json_object_is_type(r, json_type_object))
		return fail(cx, INVALID, "%s: not an object", where);
	s = json_get_text(cx, r, where, "type", &type);
	if (s)
		return s;
	for (size_t i = 0; i < ARRAY_SIZE(requirements_known); i++)
		if (strcasecmp(type, requirements_known[i].type) == 0)
			return requirements_known[i].check(cx, m, r, where);
	return fail(cx, INVALID, "%s.type: unknown requirement of a table: %.60s", where, type);
}

enum status requirements_check(struct cx *cx, struct json_object *base,
			       struct json_object *requirements)
{
	struct meta meta;
	enum status s = OK;

	if (!json_object_is_type(requirements, json_type_array))
		return fail(cx, INVALID, "requirements: not an array");
	if (base)
		s = meta_read(cx, base, &meta);
	for (size_t i = 0; !s && i < json_object_array_length(requirements); i++) {
		char where[40];

		snprintf(where, sizeof(where), "requirements[%zu]", i);
		s = check_one(cx, base ? &meta : NULL, json_object_array_get_idx(requirements, i),
			      where);
	}
	return s;
}
