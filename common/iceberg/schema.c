/* SPDX-License-Identifier: Apache-2.0 */
/* schema.c - reading, checking, comparing and writing schemas. */
#include "common/iceberg/schema.h"

#include <stdio.h>
#include <strings.h>

#include "common/text.h"

#define MAX_NAMES_BYTES ((size_t)32 * 1024 * 1024) /* all full names of one schema together */

/* State of one reading. */
struct reader {
	struct cx *cx;
	struct schema *s;
	size_t cap;
	size_t names_bytes;
};

/* The names a child's name is put behind; "" at the top. */
struct prefix {
	const char *full, *shortest;
};

static enum status read_type(struct reader *r, struct json_object *json, const char *where,
			     struct prefix p, int parent, struct type *out);

static enum status join(struct reader *r, const char *prefix, const char *name, const char **out)
{
	r->names_bytes += strlen(prefix) + strlen(name) + 2;
	if (r->names_bytes > MAX_NAMES_BYTES)
		return fail(r->cx, INVALID,
			    "schema: the names of its fields are too long together");
	*out = *prefix ? cx_printf(r->cx, "%s.%s", prefix, name) : name;
	return OK;
}

static enum status add_field(struct reader *r, struct schema_field f, struct prefix p,
			     size_t *index)
{
	struct schema *s = r->s;
	enum status st = join(r, p.full, f.name, &f.full);

	if (!st)
		st = join(r, p.shortest, f.name, &f.shortest);
	if (st)
		return st;
	if (s->n == r->cap) {
		struct schema_field *more;

		r->cap = r->cap ? 2 * r->cap : 32;
		more = cx_array(r->cx, r->cap, sizeof(*more));
		if (s->n)
			memcpy(more, s->fields, s->n * sizeof(*more));
		s->fields = more;
	}
	*index = s->n;
	s->fields[s->n++] = f;
	return OK;
}

/* int32 member */
static enum status get_id(struct cx *cx, struct json_object *o, const char *where, const char *key,
			  int *out)
{
	int64_t v = 0;
	enum status s = json_get_int(cx, o, where, key, &v);

	if (!s && (v < INT32_MIN || v > INT32_MAX))
		return fail(cx, INVALID, "%s.%s: not a 32-bit integer", where, key);
	*out = (int)v;
	return s;
}

static enum status get_bool(struct cx *cx, struct json_object *o, const char *where,
			    const char *key, bool *out)
{
	if (!json_member(o, key))
		return fail(cx, INVALID, "%s.%s: missing", where, key);
	return json_opt_bool(cx, o, where, key, out);
}

/* Reads the type of the field at `index` and closes its range of descendants. */
static enum status finish_field(struct reader *r, size_t index, struct json_object *type,
				const char *where, struct prefix below)
{
	struct type t;
	enum status s = read_type(r, type, where, below, (int)index, &t);
	struct schema_field *f = &r->s->fields[index];

	if (s)
		return s;
	f->type = t;
	f->end = r->s->n;
	if (t.id == TYPE_UNKNOWN && f->required)
		return fail(r->cx, INVALID, "Cannot create required field with unknown type: %s",
			    f->full);
	return OK;
}

static enum status check_defaults(struct reader *r, size_t index, const char *where)
{
	static const char *const keys[] = { "initial-default", "write-default" };
	const struct schema_field *f = &r->s->fields[index];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct json_object *v = json_member(f->json, keys[i]);
		char place[200];
		enum status s;

		if (!v)
			continue;
		snprintf(place, sizeof(place), "%s.%s", where, keys[i]);
		s = type_check_default(r->cx, &f->type, place, v);
		if (s)
			return s;
	}
	return OK;
}

static enum status read_column(struct reader *r, struct json_object *json, const char *where,
			       struct prefix p, int parent)
{
	struct schema_field f = { .role = FIELD_COLUMN, .parent = parent, .json = json };
	const char *doc = NULL;
	size_t index;
	enum status s;

	if (!json_object_is_type(json, json_type_object))
		return fail(r->cx, INVALID, "%s: not an object", where);
	s = get_id(r->cx, json, where, "id", &f.id);
	if (!s)
		s = json_get_text(r->cx, json, where, "name", &f.name);
	if (!s)
		s = get_bool(r->cx, json, where, "required", &f.required);
	if (!s)
		s = json_opt_text(r->cx, json, where, "doc", &doc);
	if (!s)
		s = add_field(r, f, p, &index);
	if (s)
		return s;
	p = (struct prefix){ r->s->fields[index].full, r->s->fields[index].shortest };
	s = finish_field(r, index, json_member(json, "type"), where, p);
	return s ? s : check_defaults(r, index, where);
}

static enum status read_struct(struct reader *r, struct json_object *json, const char *where,
			       struct prefix p, int parent)
{
	struct json_object *fields = NULL;
	enum status s = json_get_array(r->cx, json, where, "fields", &fields);

	for (size_t i = 0; !s && i < json_object_array_length(fields); i++) {
		char place[160];

		snprintf(place, sizeof(place), "%.100s.fields[%zu]", *p.full ? p.full : where, i);
		s = read_column(r, json_object_array_get_idx(fields, i), place, p, parent);
	}
	return s;
}

/* A list's element, a map's key or value. */
static enum status read_inner(struct reader *r, struct json_object *json, const char *where,
			      struct prefix p, struct schema_field f)
{
	struct json_object *type = json_member(json, f.name);
	bool is_struct = text_same(json_text(type, "type"), "struct");
	char key[24];
	size_t index;
	enum status s;

	snprintf(key, sizeof(key), "%s-id", f.name);
	s = get_id(r->cx, json, where, key, &f.id);
	if (!s && f.role != FIELD_KEY) {
		snprintf(key, sizeof(key), "%s-required", f.name);
		s = get_bool(r->cx, json, where, key, &f.required);
	}
	if (!s)
		s = add_field(r, f, p, &index);
	if (s)
		return s;
	/* the short name leaves out "element" and "value" of a struct */
	if (f.role == FIELD_KEY || !is_struct)
		p.shortest = r->s->fields[index].shortest;
	p.full = r->s->fields[index].full;
	return finish_field(r, index, type, where, p);
}

static enum status read_map(struct reader *r, struct json_object *json, const char *where,
			    struct prefix p, int parent)
{
	struct schema_field key = {
		.role = FIELD_KEY, .name = "key", .parent = parent, .required = true
	};
	struct schema_field value = { .role = FIELD_VALUE, .name = "value", .parent = parent };
	enum status s = read_inner(r, json, where, p, key);

	return s ? s : read_inner(r, json, where, p, value);
}

static enum status read_type(struct reader *r, struct json_object *json, const char *where,
			     struct prefix p, int parent, struct type *out)
{
	struct schema_field element = { .role = FIELD_ELEMENT,
					.name = "element",
					.parent = parent };
	const char *kind = json_text(json, "type");

	if (!json)
		return fail(r->cx, INVALID, "%s.type: missing", where);
	if (json_object_is_type(json, json_type_string))
		return type_parse(r->cx, json_object_get_string(json), out);
	if (text_same(kind, "struct")) {
		*out = (struct type){ .id = TYPE_STRUCT, .text = "struct" };
		return read_struct(r, json, where, p, parent);
	}
	if (text_same(kind, "list")) {
		*out = (struct type){ .id = TYPE_LIST, .text = "list" };
		return read_inner(r, json, where, p, element);
	}
	if (text_same(kind, "map")) {
		*out = (struct type){ .id = TYPE_MAP, .text = "map" };
		return read_map(r, json, where, p, parent);
	}
	return fail(r->cx, INVALID, "%s: Cannot parse type from json: %.100s", where,
		    json_print(r->cx, json, NULL));
}

static int compare_ids(const void *a, const void *b)
{
	const struct schema_field *x = *(const struct schema_field *const *)a;
	const struct schema_field *y = *(const struct schema_field *const *)b;

	return (x->id > y->id) - (x->id < y->id);
}

static int compare_names(const void *a, const void *b)
{
	const struct schema_field *x = *(const struct schema_field *const *)a;
	const struct schema_field *y = *(const struct schema_field *const *)b;

	return strcmp(x->full, y->full);
}

static enum status index_fields(struct cx *cx, struct schema *s, const char *where)
{
	s->by_id = cx_array(cx, s->n + 1, sizeof(*s->by_id));
	s->by_name = cx_array(cx, s->n + 1, sizeof(*s->by_name));
	for (size_t i = 0; i < s->n; i++) {
		s->by_id[i] = s->by_name[i] = &s->fields[i];
		if (s->fields[i].id > s->highest)
			s->highest = s->fields[i].id;
	}
	qsort(s->by_id, s->n, sizeof(*s->by_id), compare_ids);
	qsort(s->by_name, s->n, sizeof(*s->by_name), compare_names);
	for (size_t i = 1; i < s->n; i++) {
		const struct schema_field *a = s->by_id[i - 1], *b = s->by_id[i];

		if (a->id == b->id)
			return fail(cx, INVALID,
				    "%s: Invalid schema: field id %d is used for %s and %s", where,
				    a->id, a->full, b->full);
		a = s->by_name[i - 1], b = s->by_name[i];
		if (strcmp(a->full, b->full) == 0)
			return fail(cx, INVALID,
				    "%s: Invalid schema: multiple fields for name %s: %d and %d",
				    where, a->full, a->id, b->id);
	}
	return OK;
}

const struct schema_field *schema_find(const struct schema *s, int64_t id)
{
	struct schema_field key = { .id = (int)id };
	const struct schema_field *k = &key, **hit;

	if (id < INT32_MIN || id > INT32_MAX)
		return NULL;
	hit = bsearch(&k, s->by_id, s->n, sizeof(*s->by_id), compare_ids);
	return hit ? *hit : NULL;
}

const struct schema_field *schema_find_name(const struct schema *s, const char *name)
{
	struct schema_field key = { .full = name };
	const struct schema_field *k = &key;
	const struct schema_field **hit =
		bsearch(&k, s->by_name, s->n, sizeof(*s->by_name), compare_names);

	if (hit)
		return *hit;
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->fields[i].shortest, name) == 0)
			return &s->fields[i];
	return NULL;
}

static enum status check_identifier(struct cx *cx, const struct schema *s, int id)
{
	const struct schema_field *f = schema_find(s, id);
	const char *why = NULL;

	if (!f)
		return fail(cx, INVALID,
			    "Cannot add fieldId %d as an identifier field: field does not exist",
			    id);
	if (!type_is_primitive(&f->type))
		why = "not a primitive type field";
	else if (!f->required)
		why = "not a required field";
	else if (f->type.id == TYPE_FLOAT || f->type.id == TYPE_DOUBLE)
		why = "must not be float or double field";
	for (int p = f->parent; !why && p >= 0; p = s->fields[p].parent) {
		if (s->fields[p].type.id != TYPE_STRUCT)
			why = "must not be nested in a list or map";
		else if (!s->fields[p].required)
			why = "must not be nested in an optional field";
	}
	if (why)
		return fail(cx, INVALID, "Cannot add field %s as an identifier field: %s", f->full,
			    why);
	return OK;
}

static int compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static enum status read_identifiers(struct cx *cx, struct schema *s, const char *where)
{
	struct json_object *ids = NULL;
	enum status st = json_opt_array(cx, s->json, where, "identifier-field-ids", &ids);
	size_t n = ids ? json_object_array_length(ids) : 0, kept = 0;

	if (st)
		return st;
	s->identifiers = cx_array(cx, n + 1, sizeof(int));
	for (size_t i = 0; i < n; i++) {
		struct json_object *v = json_object_array_get_idx(ids, i);

		if (!json_object_is_type(v, json_type_int))
			return fail(cx, INVALID, "%s.identifier-field-ids[%zu]: not an integer",
				    where, i);
		s->identifiers[i] = json_object_get_int(v);
		st = check_identifier(cx, s, s->identifiers[i]);
		if (st)
			return st;
	}
	qsort(s->identifiers, n, sizeof(int), compare_ints);
	for (size_t i = 0; i < n; i++)
		if (!kept || s->identifiers[kept - 1] != s->identifiers[i])
			s->identifiers[kept++] = s->identifiers[i];
	s->n_identifiers = kept;
	return OK;
}

enum status schema_parse(struct cx *cx, struct json_object *json, const char *where,
			 struct schema *out)
{
	struct reader r = { .cx = cx, .s = out };
	enum status s;

	*out = (struct schema){ .json = json };
	if (!json_object_is_type(json, json_type_object))
		return fail(cx, INVALID, "%s: not an object", where);
	if (!text_same(json_text(json, "type"), "struct"))
		return fail(cx, INVALID, "%s: Cannot create schema, not a struct type", where);
	s = json_member(json, "schema-id") ? get_id(cx, json, where, "schema-id", &out->id) : OK;
	if (!s)
		s = read_struct(&r, json, where, (struct prefix){ "", "" }, -1);
	if (!s)
		s = index_fields(cx, out, where);
	return s ? s : read_identifiers(cx, out, where);
}

static bool same_types(struct cx *cx, struct json_object *a, struct json_object *b);

/* A member that is a text type or an object type under `key`, and its id and flag. */
static bool same_inner(struct cx *cx, struct json_object *a, struct json_object *b, const char *key)
{
	char id[24], required[24];

	snprintf(id, sizeof(id), "%s-id", key);
	snprintf(required, sizeof(required), "%s-required", key);
	return json_equal(json_member(a, id), json_member(b, id)) &&
	       json_equal(json_member(a, required), json_member(b, required)) &&
	       same_types(cx, json_member(a, key), json_member(b, key));
}

static bool same_column(struct cx *cx, struct json_object *a, struct json_object *b)
{
	static const char *const members[] = {
		"id", "name", "required", "doc", "initial-default", "write-default"
	};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (!json_equal(json_member(a, members[i]), json_member(b, members[i])))
			return false;
	return same_types(cx, json_member(a, "type"), json_member(b, "type"));
}

static bool same_columns(struct cx *cx, struct json_object *a, struct json_object *b)
{
	struct json_object *x = json_member(a, "fields"), *y = json_member(b, "fields");

	if (!json_object_is_type(x, json_type_array) || !json_object_is_type(y, json_type_array) ||
	    json_object_array_length(x) != json_object_array_length(y))
		return false;
	for (size_t i = 0; i < json_object_array_length(x); i++)
		if (!same_column(cx, json_object_array_get_idx(x, i),
				 json_object_array_get_idx(y, i)))
			return false;
	return true;
}

static bool same_texts(struct cx *cx, const char *a, const char *b)
{
	struct type x, y;
	bool geo;

	if (strcmp(a, b) == 0)
		return true;
	if (type_parse(cx, a, &x) || type_parse(cx, b, &y) || x.id != y.id)
		return false;
	geo = x.id == TYPE_GEOMETRY || x.id == TYPE_GEOGRAPHY;
	return (geo ? strcasecmp(x.text, y.text) : strcmp(x.text, y.text)) == 0;
}

static bool same_types(struct cx *cx, struct json_object *a, struct json_object *b)
{
	const char *kind = json_text(a, "type");

	if (json_object_is_type(a, json_type_string) && json_object_is_type(b, json_type_string))
		return same_texts(cx, json_object_get_string(a), json_object_get_string(b));
	if (!kind || !text_same(kind, json_text(b, "type")))
		return false;
	if (strcmp(kind, "struct") == 0)
		return same_columns(cx, a, b);
	if (strcmp(kind, "list") == 0)
		return same_inner(cx, a, b, "element");
	return same_inner(cx, a, b, "key") && same_inner(cx, a, b, "value");
}

/* Every id of list a stands in list b. */
static bool within(struct json_object *a, struct json_object *b)
{
	size_t n = a ? json_object_array_length(a) : 0, m = b ? json_object_array_length(b) : 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < m && !json_equal(json_object_array_get_idx(a, i),
					    json_object_array_get_idx(b, k)))
			k++;
		if (k == m)
			return false;
	}
	return true;
}

bool schema_same(struct cx *cx, struct json_object *a, struct json_object *b)
{
	struct json_object *x = json_member(a, "identifier-field-ids");
	struct json_object *y = json_member(b, "identifier-field-ids");

	return same_columns(cx, a, b) && within(x, y) && within(y, x);
}

enum status schema_check_version(struct cx *cx, const struct schema *s, int64_t version)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_field *f = s->by_id[i];

		if (version < type_min_version(&f->type))
			return fail(cx, INVALID,
				    "Invalid schema for v%d: Invalid type for %s: %s is not "
				    "supported until v%d",
				    (int)version, f->full, f->type.text,
				    type_min_version(&f->type));
		if (version < 3 && f->json && json_member(f->json, "initial-default"))
			return fail(
				cx, INVALID,
				"Invalid schema for v%d: Invalid initial default for %s: non-null "
				"default (%.80s) is not supported until v3",
				(int)version, f->full,
				json_print(cx, json_member(f->json, "initial-default"), NULL));
	}
	return OK;
}

static void number_fields(struct schema *s, size_t from, size_t end, int *last)
{
	for (size_t i = from; i < end; i = s->fields[i].end)
		s->fields[i].fresh = ++*last;
	for (size_t i = from; i < end; i = s->fields[i].end)
		number_fields(s, i + 1, s->fields[i].end, last);
}

int schema_fresh_ids(struct schema *s)
{
	int last = 0;

	number_fields(s, 0, s->n, &last);
	return last;
}

/* One writing: `at` walks over s->fields as the JSON is walked. */
struct writer {
	struct cx *cx;
	const struct schema *s;
	size_t at;
	bool fresh;
};

static struct json_object *write_type(struct writer *w, const struct type *t,
				      struct json_object *json);

/* Writes the field at w->at into o: its id as `id_key`, its type as `type_key`. */
static void write_field(struct writer *w, struct json_object *o, const char *id_key,
			const char *type_key)
{
	const struct schema_field *f = &w->s->fields[w->at++];

	json_set_int(o, id_key, w->fresh ? f->fresh : f->id);
	json_set(o, type_key, write_type(w, &f->type, json_member(o, type_key)));
}

static void write_columns(struct writer *w, struct json_object *o)
{
	struct json_object *from = json_member(o, "fields"), *to = json_new_array(w->cx);

	for (size_t i = 0; i < json_object_array_length(from); i++) {
		struct json_object *f = json_share_set(w->cx, json_object_array_get_idx(from, i));

		write_field(w, f, "id", "type");
		json_add(to, f);
	}
	json_set(o, "fields", to);
}

static struct json_object *write_type(struct writer *w, const struct type *t,
				      struct json_object *json)
{
	struct json_object *o;

	if (t->id < TYPE_STRUCT)
		return json_new_text(w->cx, t->text);
	o = json_share_set(w->cx, json);
	if (t->id == TYPE_STRUCT) {
		write_columns(w, o);
	} else if (t->id == TYPE_LIST) {
		write_field(w, o, "element-id", "element");
	} else {
		write_field(w, o, "key-id", "key");
		write_field(w, o, "value-id", "value");
	}
	return o;
}

struct json_object *schema_write(struct cx *cx, const struct schema *s, int id, bool fresh)
{
	struct writer w = { .cx = cx, .s = s, .fresh = fresh };
	struct json_object *o = json_share_set(cx, s->json);

	json_set_int(o, "schema-id", id);
	json_object_object_del(o, "identifier-field-ids");
	if (s->n_identifiers) {
		struct json_object *ids = json_new_array(cx);

		for (size_t i = 0; i < s->n_identifiers; i++) {
			const struct schema_field *f = schema_find(s, s->identifiers[i]);

			json_add(ids, json_new_int(cx, fresh ? f->fresh : f->id));
		}
		json_set(o, "identifier-field-ids", ids);
	}
	write_columns(&w, o);
	return o;
}
