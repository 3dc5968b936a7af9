/* SPDX-License-Identifier: Apache-2.0 */
/* model_json.c - one loop over the columns each way. */
#include "common/model_json.h"

#include "common/text.h"

#define MAX_DEPTH 1000 /* of what we stored ourselves */
#define MAX_NAME 64

/* The column's JSON key, in `name` where it has to be made. */
static const char *wire_name(const struct kind *k, const struct column *c, char name[MAX_NAME])
{
	if (c->wire || !(k->flags & KEBAB))
		return c->wire ? c->wire : c->name;
	snprintf(name, MAX_NAME, "%s", c->name);
	for (char *p = name; *p; p++)
		if (*p == '_')
			*p = '-';
	return name;
}

/* --- out -------------------------------------------------------------------- */

static enum status set_json(struct cx *cx, const struct row *row, const struct column *c,
			    const char *name, struct json_object *o)
{
	const char *text = model_text(row, c);
	struct json_object *v = NULL;

	if (text && json_parse(cx, text, strlen(text), MAX_DEPTH, &v))
		return fail(cx, INTERNAL, "%s of a stored %s: %s", c->name, row->kind->name,
			    cx_strdup(cx, cx->message));
	json_set(o, name, v);
	return OK;
}

static enum status set_member(struct cx *cx, const struct row *row, const struct column *c,
			      const char *name, struct json_object *o)
{
	switch (c->type) {
	case TEXT:
		json_set_text(o, name, model_text(row, c));
		return OK;
	case INT:
		json_set_int(o, name, model_int(row, c));
		return OK;
	case BOOL:
		json_set_bool(o, name, model_int(row, c) != 0);
		return OK;
	case TIME:
		json_set_text(o, name, model_int(row, c) ? text_time(cx, model_int(row, c)) : NULL);
		return OK;
	default:
		return set_json(cx, row, c, name, o);
	}
}

enum status model_json_of(struct cx *cx, const struct row *row, struct json_object **out)
{
	const struct kind *k = row->kind;
	struct json_object *o = json_new_object(cx);
	char name[MAX_NAME];
	enum status s = OK;

	for (size_t i = 0; !s && i < k->n_columns; i++)
		if (!(k->columns[i].flags & (SECRET | HIDDEN)))
			s = set_member(cx, row, &k->columns[i], wire_name(k, &k->columns[i], name),
				       o);
	*out = o;
	return s;
}

/* --- in --------------------------------------------------------------------- */

static enum status read_text(struct cx *cx, struct json_object *v, const struct column *c,
			     const char *name, struct row *row)
{
	const char *s = v ? json_object_get_string(v) : NULL;

	if (v && !json_object_is_type(v, json_type_string))
		return fail(cx, INVALID, "%s: not a string", name);
	if (s && strlen(s) != (size_t)json_object_get_string_len(v))
		return fail(cx, INVALID, "%s: holds a NUL", name);
	model_set_text(row, c, cx_strdup(cx, s));
	return OK;
}

static enum status read_time(struct cx *cx, struct json_object *v, const struct column *c,
			     const char *name, struct row *row)
{
	int64_t ms = 0;

	if (v && (!json_object_is_type(v, json_type_string) ||
		  !text_untime(json_object_get_string(v), &ms)))
		return fail(cx, INVALID, "%s: not a time such as 2026-01-31T12:00:00Z", name);
	model_set_int(row, c, ms);
	return OK;
}

static enum status read_member(struct cx *cx, struct json_object *o, struct json_object *v,
			       const struct column *c, const char *name, struct row *row)
{
	int64_t n = 0;
	bool b = false;
	enum status s = OK;

	switch (c->type) {
	case TEXT:
		return read_text(cx, v, c, name, row);
	case INT:
		s = json_opt_int(cx, o, "", name, &n);
		break;
	case BOOL:
		if (!v)
			return fail(cx, INVALID, "%s: not a boolean", name);
		s = json_opt_bool(cx, o, "", name, &b);
		n = b;
		break;
	case TIME:
		return read_time(cx, v, c, name, row);
	case JSON:
		model_set_text(row, c, v ? json_print(cx, v, NULL) : NULL);
		return OK;
	}
	if (!s)
		model_set_int(row, c, n);
	return s;
}

static const struct column *column_named(const struct kind *k, const char *member)
{
	char name[MAX_NAME];

	for (size_t i = 0; i < k->n_columns; i++)
		if (strcmp(wire_name(k, &k->columns[i], name), member) == 0)
			return &k->columns[i];
	return NULL;
}

enum status model_json_read(struct cx *cx, struct json_object *o, unsigned flags, struct row *row)
{
	if (!json_object_is_type(o, json_type_object))
		return fail(cx, INVALID, "body: not an object");
	json_object_object_foreach(o, member, v) {
		const struct column *c = column_named(row->kind, member);
		enum status s = OK;

		if (!c && flags & REFUSE_UNKNOWN)
			return fail(cx, INVALID, "%s: no such member", member);
		if (c && c->flags & (READONLY | SECRET | HIDDEN)) {
			if (flags & REFUSE_READONLY)
				return fail(cx, INVALID, "%s: can't be set", member);
			continue;
		}
		if (c && c->flags & KEY && (!model_is_text(c) || model_text(row, c)))
			continue;
		if (c)
			s = read_member(cx, o, v, c, member, row);
		if (s)
			return s;
	}
	return OK;
}
