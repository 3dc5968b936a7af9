/* SPDX-License-Identifier: Apache-2.0 */
/* spec.c - partition specs and sort orders. */
#include "common/iceberg/spec.h"

#include <stdio.h>
#include <strings.h>

#include "common/text.h"

/* Member `key` of o, an int32. */
static enum status read_id(struct cx *cx, struct json_object *o, const char *where, const char *key,
			   bool required, int *out)
{
	int64_t v = *out;
	enum status s;

	if (!required && !json_member(o, key))
		return OK;
	s = json_get_int(cx, o, where, key, &v);
	if (!s && (v < INT32_MIN || v > INT32_MAX))
		return fail(cx, INVALID, "%s.%s: not a 32-bit integer", where, key);
	*out = (int)v;
	return s;
}

static enum status read_transform(struct cx *cx, struct json_object *o, const char *where,
				  struct transform *out)
{
	const char *text = NULL;
	enum status s = json_get_text(cx, o, where, "transform", &text);

	return s ? s : transform_parse(cx, text, out);
}

static enum status read_spec_field(struct cx *cx, struct json_object *json, const char *where,
				   struct spec_field *f)
{
	enum status s;

	f->json = json;
	if (!json_object_is_type(json, json_type_object))
		return fail(cx, INVALID, "%s: Cannot parse partition field, not an object", where);
	s = json_get_text(cx, json, where, "name", &f->name);
	if (!s)
		s = read_transform(cx, json, where, &f->transform);
	if (!s)
		s = read_id(cx, json, where, "source-id", true, &f->source_id);
	if (!s)
		s = read_id(cx, json, where, "field-id", false, &f->field_id);
	if (!s && f->field_id == 0 && json_member(json, "field-id"))
		return fail(cx, INVALID, "%s.field-id: 0 is no partition field id", where);
	return s;
}

/* What no two fields of a spec may share. */
static enum status check_unique(struct cx *cx, const struct spec *p, const char *where)
{
	size_t ids = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct spec_field *f = &p->fields[i];

		ids += f->field_id != 0;
		if (!*f->name)
			return fail(cx, INVALID, "%s: Cannot use empty partition name", where);
		for (size_t k = 0; k < i; k++) {
			if (strcmp(p->fields[k].name, f->name) == 0)
				return fail(cx, INVALID,
					    "%s: Cannot use partition name more than once: %s",
					    where, f->name);
			if (f->field_id && p->fields[k].field_id == f->field_id)
				return fail(cx, INVALID,
					    "%s: Cannot use partition field id more than once: %d",
					    where, f->field_id);
		}
	}
	if (ids && ids != p->n)
		return fail(
			cx, INVALID,
			"%s: Cannot parse spec with missing field IDs: %zu missing of %zu fields.",
			where, p->n - ids, p->n);
	return OK;
}

#define MAX_SPEC_FIELDS 1000

enum status spec_parse(struct cx *cx, struct json_object *json, const char *where, struct spec *out)
{
	struct json_object *fields = json;
	enum status s = OK;

	*out = (struct spec){ 0 };
	if (!json)
		return OK;
	if (!json_object_is_type(json, json_type_array)) {
		out->json = json;
		s = json_get_array(cx, json, where, "fields", &fields);
		if (!s)
			s = read_id(cx, json, where, "spec-id", false, &out->id);
	}
	if (s)
		return s;
	out->n = json_object_array_length(fields);
	if (out->n > MAX_SPEC_FIELDS)
		return fail(cx, INVALID, "%s: more than %d fields", where, MAX_SPEC_FIELDS);
	out->fields = cx_array(cx, out->n, sizeof(*out->fields));
	for (size_t i = 0; !s && i < out->n; i++) {
		char place[128];

		snprintf(place, sizeof(place), "%s.fields[%zu]", where, i);
		s = read_spec_field(cx, json_object_array_get_idx(fields, i), place,
				    &out->fields[i]);
	}
	return s ? s : check_unique(cx, out, where);
}

static const char *spec_field_text(struct cx *cx, const struct spec_field *f)
{
	return cx_printf(cx, "%d: %s: %s(%d)", f->field_id, f->name, f->transform.text,
			 f->source_id);
}

enum status spec_check_names(struct cx *cx, const struct spec *p, const struct schema *s)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct spec_field *f = &p->fields[i];
		const struct schema_field *same = schema_find_name(s, f->name);

		if (same && same->id != f->source_id && schema_find(s, f->source_id))
			return fail(
				cx, INVALID,
				"Cannot create identity partition sourced from different field in "
				"schema: %s",
				f->name);
	}
	return OK;
}

static enum status check_source(struct cx *cx, const struct spec_field *f, const struct schema *s)
{
	const struct schema_field *source = schema_find(s, f->source_id);

	if (f->transform.id == TRANSFORM_VOID) /* v1 keeps the place of a dropped field by it */
		return OK;
	if (!source)
		return fail(cx, INVALID, "Cannot find source column for partition field: %s",
			    spec_field_text(cx, f));
	if (!type_is_primitive(&source->type))
		return fail(cx, INVALID, "Cannot partition by non-primitive source field: %s",
			    source->type.text);
	if (!transform_takes(&f->transform, &source->type))
		return fail(cx, INVALID, "Invalid source type %s for transform: %s",
			    source->type.text, f->transform.text);
	for (int k = source->parent; k >= 0; k = s->fields[k].parent)
		if (s->fields[k].type.id != TYPE_STRUCT)
			return fail(cx, INVALID, "Invalid partition field parent: %s",
				    s->fields[k].type.text);
	return OK;
}

enum status spec_check(struct cx *cx, const struct spec *p, const struct schema *s)
{
	enum status st = spec_check_names(cx, p, s);

	for (size_t i = 0; !st && i < p->n; i++)
		st = check_source(cx, &p->fields[i], s);
	return st;
}

bool spec_same(const struct spec *a, const struct spec *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct spec_field *x = &a->fields[i], *y = &b->fields[i];

		if (x->source_id != y->source_id || strcmp(x->name, y->name) != 0 ||
		    strcmp(x->transform.text, y->transform.text) != 0)
			return false;
	}
	return true;
}

bool spec_is_sequential(const struct spec *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->fields[i].field_id != FIRST_PARTITION_ID + (int)i)
			return false;
	return true;
}

int spec_last_field_id(const struct spec *p)
{
	int last = FIRST_PARTITION_ID - 1;

	for (size_t i = 0; i < p->n; i++)
		if (p->fields[i].field_id > last)
			last = p->fields[i].field_id;
	return last;
}

void spec_take_id(struct spec *p, const struct spec_field *known)
{
	struct spec_field *taker = NULL;

	for (size_t i = 0; i < p->n; i++) {
		struct spec_field *f = &p->fields[i];

		if (f->field_id == known->field_id)
			return;
		if (!taker && !f->field_id && f->source_id == known->source_id &&
		    strcmp(f->transform.text, known->transform.text) == 0)
			taker = f;
	}
	if (taker)
		taker->field_id = known->field_id;
}

struct json_object *spec_write(struct cx *cx, const struct spec *p, int id)
{
	struct json_object *o = json_share_set(cx, p->json), *fields = json_new_array(cx);

	json_set_int(o, "spec-id", id);
	for (size_t i = 0; i < p->n; i++) {
		const struct spec_field *f = &p->fields[i];
		struct json_object *field = json_share_set(cx, f->json);

		json_set_text(field, "transform", f->transform.text);
		json_set_int(field, "source-id", f->source_id);
		json_set_int(field, "field-id", f->field_id);
		json_add(fields, field);
	}
	json_set(o, "fields", fields);
	return o;
}

/* One of two words, any case. */
static enum status read_choice(struct cx *cx, struct json_object *o, const char *where,
			       const char *key, const char *no, const char *yes, bool *out)
{
	const char *text = NULL;
	enum status s = json_get_text(cx, o, where, key, &text);

	if (s)
		return s;
	*out = strcasecmp(text, yes) == 0;
	if (!*out && strcasecmp(text, no) != 0)
		return fail(cx, INVALID, "%s.%s: neither %s nor %s: %.40s", where, key, no, yes,
			    text);
	return OK;
}

static enum status read_order_field(struct cx *cx, struct json_object *json, const char *where,
				    struct order_field *f)
{
	enum status s;

	f->json = json;
	if (!json_object_is_type(json, json_type_object))
		return fail(cx, INVALID, "%s: Cannot parse sort field, not an object", where);
	s = read_transform(cx, json, where, &f->transform);
	if (!s)
		s = read_id(cx, json, where, "source-id", true, &f->source_id);
	if (!s)
		s = read_choice(cx, json, where, "direction", "asc", "desc", &f->descending);
	if (!s)
		s = read_choice(cx, json, where, "null-order", "nulls-first", "nulls-last",
				&f->nulls_last);
	return s;
}

enum status order_parse(struct cx *cx, struct json_object *json, const char *where,
			struct order *out)
{
	struct json_object *fields = NULL;
	enum status s;

	*out = (struct order){ .json = json };
	if (!json)
		return OK;
	s = json_get_array(cx, json, where, "fields", &fields);
	if (s)
		return s;
	out->n = json_object_array_length(fields);
	out->id = out->n ? 1 : 0;
	s = read_id(cx, json, where, "order-id", false, &out->id);
	if (!s && out->n && out->id == 0)
		return fail(cx, INVALID, "%s: Sort order ID 0 is reserved for unsorted order",
			    where);
	if (!s && !out->n && out->id != 0)
		return fail(cx, INVALID, "%s: Unsorted order ID must be 0", where);
	out->fields = cx_array(cx, out->n, sizeof(*out->fields));
	for (size_t i = 0; !s && i < out->n; i++) {
		char place[128];

		snprintf(place, sizeof(place), "%s.fields[%zu]", where, i);
		s = read_order_field(cx, json_object_array_get_idx(fields, i), place,
				     &out->fields[i]);
	}
	return s;
}

enum status order_check(struct cx *cx, const struct order *o, const struct schema *s)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct order_field *f = &o->fields[i];
		const struct schema_field *source = schema_find(s, f->source_id);

		if (!source)
			return fail(cx, INVALID,
				    "Cannot find source column for sort field: %s(%d) %s %s",
				    f->transform.text, f->source_id, f->descending ? "DESC" : "ASC",
				    f->nulls_last ? "NULLS LAST" : "NULLS FIRST");
		if (!type_is_primitive(&source->type))
			return fail(cx, INVALID, "Cannot sort by non-primitive source field: %s",
				    source->type.text);
		if (!transform_takes(&f->transform, &source->type))
			return fail(cx, INVALID, "Invalid source type %s for transform: %s",
				    source->type.text, f->transform.text);
	}
	return OK;
}

bool order_same(const struct order *a, const struct order *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct order_field *x = &a->fields[i], *y = &b->fields[i];

		if (x->source_id != y->source_id || x->descending != y->descending ||
		    x->nulls_last != y->nulls_last ||
		    strcmp(x->transform.text, y->transform.text) != 0)
			return false;
	}
	return true;
}

struct json_object *order_write(struct cx *cx, const struct order *o, int id)
{
	struct json_object *json = json_share_set(cx, o->json), *fields = json_new_array(cx);

	json_set_int(json, "order-id", id);
	for (size_t i = 0; i < o->n; i++) {
		const struct order_field *f = &o->fields[i];
		struct json_object *field = json_share_set(cx, f->json);

		json_set_text(field, "transform", f->transform.text);
		json_set_int(field, "source-id", f->source_id);
		json_set_text(field, "direction", f->descending ? "desc" : "asc");
		json_set_text(field, "null-order", f->nulls_last ? "nulls-last" : "nulls-first");
		json_add(fields, field);
	}
	json_set(json, "fields", fields);
	return json;
}
