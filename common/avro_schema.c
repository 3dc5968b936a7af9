/* SPDX-License-Identifier: Apache-2.0 */
/* avro_schema.c - Avro's schema JSON into a tree. */
#include "common/avro_schema.h"

#include "common/text.h"

/* Types that were given a name; node NULL while their inside is being read. */
struct named {
	struct named *next;
	const char *name, *full; /* full: with the namespace, where it has one */
	struct avro_node *node;
};

struct reader {
	struct cx *cx;
	const struct avro_wanted *wanted;
	size_t n_wanted;
	struct named *named;
};

/* path: of the field whose type it is; NULL within maps, where nothing is wanted. */
static enum status read_node(struct reader *r, struct json_object *json, const char *path,
			     struct avro_node **out);

static struct avro_node *new_node(struct reader *r, enum avro_type type, size_t kids)
{
	struct avro_node *node = CX_NEW(r->cx, struct avro_node);

	node->type = type;
	node->n = kids;
	node->kids = cx_array(r->cx, kids + 1, sizeof(struct avro_node *));
	return node;
}

static enum status read_name(struct reader *r, const char *name, struct avro_node **out)
{
	static const char *const plain[] = {
		[AVRO_NULL] = "null",	[AVRO_BOOLEAN] = "boolean", [AVRO_INT] = "int",
		[AVRO_LONG] = "long",	[AVRO_FLOAT] = "float",	    [AVRO_DOUBLE] = "double",
		[AVRO_BYTES] = "bytes", [AVRO_STRING] = "string"
	};

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (strcmp(name, plain[i]) == 0) {
			*out = new_node(r, (enum avro_type)i, 0);
			return OK;
		}
	for (struct named *t = r->named; t; t = t->next) {
		if (strcmp(name, t->full) != 0 && strcmp(name, t->name) != 0)
			continue;
		*out = t->node;
		return t->node ? OK : fail(r->cx, INVALID, "Avro: type %.80s holds itself", name);
	}
	return fail(r->cx, INVALID, "Avro: unknown type %.80s", name);
}

static enum status read_union(struct reader *r, struct json_object *json, const char *path,
			      struct avro_node **out)
{
	size_t n = json_object_array_length(json);
	enum status s = OK;

	*out = new_node(r, AVRO_UNION, n);
	for (size_t i = 0; !s && i < n; i++)
		s = read_node(r, json_object_array_get_idx(json, i), path, &(*out)->kids[i]);
	return s;
}

static enum status add_name(struct reader *r, struct json_object *json, struct named **out)
{
	const char *name = NULL, *space = json_text(json, "namespace");
	struct named *t = CX_NEW(r->cx, struct named);
	enum status s = json_get_text(r->cx, json, "Avro schema", "name", &name);

	if (s)
		return s;
	*t = (struct named){ .next = r->named, .name = name, .full = name };
	if (space && *space)
		t->full = cx_printf(r->cx, "%s.%s", space, name);
	*out = r->named = t;
	return OK;
}

/* Which wanted field it is, by the id in `key`; -1 = none. */
static int find_slot(const struct reader *r, struct json_object *field, const char *key,
		     const char *path)
{
	int64_t id = json_int(field, key, -1);

	for (size_t i = 0; path && i < r->n_wanted; i++)
		if (id >= 0 ? r->wanted[i].field_id == id : strcmp(r->wanted[i].path, path) == 0)
			return (int)i;
	return -1;
}

static enum status read_field(struct reader *r, struct json_object *json, const char *path,
			      struct avro_node *record, size_t i)
{
	const char *name = NULL;
	enum status s;

	if (!json_object_is_type(json, json_type_object))
		return fail(r->cx, INVALID, "Avro schema: a field that is no object");
	s = json_get_text(r->cx, json, "Avro schema", "name", &name);
	if (s)
		return s;
	if (path)
		path = *path ? cx_printf(r->cx, "%s.%s", path, name) : name;
	record->slots[i] = find_slot(r, json, "field-id", path);
	return read_node(r, json_member(json, "type"), path, &record->kids[i]);
}

static enum status read_record(struct reader *r, struct json_object *json, const char *path,
			       struct avro_node **out)
{
	struct json_object *fields = NULL;
	struct named *name = NULL;
	enum status s = json_get_array(r->cx, json, "Avro schema", "fields", &fields);

	if (!s)
		s = add_name(r, json, &name);
	if (s)
		return s;
	*out = new_node(r, AVRO_RECORD, json_object_array_length(fields));
	(*out)->slots = cx_array(r->cx, (*out)->n + 1, sizeof(int));
	for (size_t i = 0; !s && i < (*out)->n; i++)
		s = read_field(r, json_object_array_get_idx(fields, i), path, *out, i);
	name->node = *out;
	return s;
}

static enum status read_fixed(struct reader *r, struct json_object *json, struct avro_node **out)
{
	struct named *name = NULL;
	int64_t size = 0;
	enum status s = json_get_int(r->cx, json, "Avro schema", "size", &size);

	if (!s)
		s = add_name(r, json, &name);
	if (!s && (size < 0 || size > INT32_MAX))
		return fail(r->cx, INVALID, "Avro schema.size: not a size");
	if (s)
		return s;
	*out = name->node = new_node(r, AVRO_FIXED, 0);
	(*out)->size = size;
	return OK;
}

static enum status read_enum(struct reader *r, struct json_object *json, struct avro_node **out)
{
	struct json_object *symbols = NULL;
	struct named *name = NULL;
	enum status s = json_get_array(r->cx, json, "Avro schema", "symbols", &symbols);

	if (!s)
		s = add_name(r, json, &name);
	if (s)
		return s;
	*out = name->node = new_node(r, AVRO_ENUM, 0);
	(*out)->size = (int64_t)json_object_array_length(symbols);
	return OK;
}

static enum status read_map(struct reader *r, struct json_object *json, struct avro_node **out)
{
	*out = new_node(r, AVRO_MAP, 1);
	return read_node(r, json_member(json, "values"), NULL, &(*out)->kids[0]);
}

static enum status read_array(struct reader *r, struct json_object *json, const char *path,
			      struct avro_node **out)
{
	*out = new_node(r, AVRO_ARRAY, 1);
	(*out)->slots = cx_array(r->cx, 1, sizeof(int));
	if (path)
		path = cx_printf(r->cx, "%s[]", path);
	(*out)->slots[0] = find_slot(r, json, "element-id", path);
	return read_node(r, json_member(json, "items"), path, &(*out)->kids[0]);
}

static enum status read_node(struct reader *r, struct json_object *json, const char *path,
			     struct avro_node **out)
{
	const char *type;

	if (json_object_is_type(json, json_type_string))
		return read_name(r, json_object_get_string(json), out);
	if (json_object_is_type(json, json_type_array))
		return read_union(r, json, path, out);
	if (!json_object_is_type(json, json_type_object))
		return fail(r->cx, INVALID, "Avro schema: a type that is none");
	type = json_text(json, "type");
	if (!type) /* {"type": {...}} */
		return read_node(r, json_member(json, "type"), path, out);
	if (strcmp(type, "record") == 0)
		return read_record(r, json, path, out);
	if (strcmp(type, "array") == 0)
		return read_array(r, json, path, out);
	if (strcmp(type, "map") == 0)
		return read_map(r, json, out);
	if (strcmp(type, "fixed") == 0)
		return read_fixed(r, json, out);
	if (strcmp(type, "enum") == 0)
		return read_enum(r, json, out);
	return read_name(r, type, out);
}

enum status avro_schema(struct cx *cx, struct json_object *json, const struct avro_wanted *wanted,
			size_t n_wanted, struct avro_node **out)
{
	struct reader r = { .cx = cx, .wanted = wanted, .n_wanted = n_wanted };

	return read_node(&r, json, "", out);
}
