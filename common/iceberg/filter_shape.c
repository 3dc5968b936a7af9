/* SPDX-License-Identifier: Apache-2.0 */
/* filter_shape.c - the shape of filters: one function a rule of the grammar. */
#include "common/iceberg/filter_shape.h"

#include "common/text.h"

static const char *below(struct cx *cx, const char *where, const char *key)
{
	return cx_printf(cx, "%s.%s", where, key);
}

static enum status check_value(struct cx *cx, struct json_object *v, const char *where);

/* Calls check() on each of the array at o's member `key`. */
static enum status each(struct cx *cx, struct json_object *o, const char *where, const char *key,
			enum status (*check)(struct cx *, struct json_object *, const char *))
{
	struct json_object *list;
	enum status s = json_get_array(cx, o, where, key, &list);

	for (size_t i = 0; !s && i < json_object_array_length(list); i++)
		s = check(cx, json_object_array_get_idx(list, i),
			  cx_printf(cx, "%s.%s[%zu]", where, key, i));
	return s;
}

/* Members other than these are not the grammar's (of those rules that say so). */
static enum status only(struct cx *cx, struct json_object *o, const char *where,
			const char *const *keys)
{
	json_object_object_foreach(o, key, v) {
		size_t i = 0;

		(void)v;
		while (keys[i] && strcmp(keys[i], key) != 0)
			i++;
		if (!keys[i])
			return fail(cx, INVALID, "%s.%s: does not belong here", where, key);
	}
	return OK;
}

/* --- literals, references, functions ------------------------------------------------ */

static bool is_plain(struct json_object *v)
{
	return v && !json_object_is_type(v, json_type_object) &&
	       !json_object_is_type(v, json_type_array);
}

static enum status check_plain(struct cx *cx, struct json_object *v, const char *where)
{
	return is_plain(v) ? OK : fail(cx, INVALID, "%s: not a value", where);
}

static enum status check_typed_literal(struct cx *cx, struct json_object *o, const char *where)
{
	static const char *const keys[] = { "type", "value", "data-type", NULL };
	const char *type;
	enum status s = only(cx, o, where, keys);

	if (!s)
		s = json_opt_text(cx, o, where, "data-type", &type);
	return s ? s : check_plain(cx, json_member(o, "value"), below(cx, where, "value"));
}

static enum status check_literal(struct cx *cx, struct json_object *v, const char *where)
{
	if (json_object_is_type(v, json_type_object) && text_same(json_text(v, "type"), "literal"))
		return check_typed_literal(cx, v, where);
	return check_plain(cx, v, where);
}

static enum status check_reference(struct cx *cx, struct json_object *o, const char *where)
{
	static const char *const by_id[] = { "type", "id", NULL };
	static const char *const by_name[] = { "type", "name", NULL };
	const char *name;
	int64_t id;
	enum status s = only(cx, o, where, json_has(o, "id") ? by_id : by_name);

	if (s)
		return s;
	return json_has(o, "id") ? json_get_int(cx, o, where, "id", &id)
				 : json_get_text(cx, o, where, "name", &name);
}

static enum status check_level(struct cx *cx, struct json_object *v, const char *where)
{
	return json_object_is_type(v, json_type_string)
		       ? OK
		       : fail(cx, INVALID, "%s: not a name", where);
}

/* A name, ["ns", "name"], or {"catalog"?, "identifier"}. */
static enum status check_function(struct cx *cx, struct json_object *o, const char *where)
{
	static const char *const keys[] = { "catalog", "identifier", NULL };
	struct json_object *f = json_member(o, "function");
	const char *at = below(cx, where, "function"), *catalog;
	enum status s;

	if (json_object_is_type(f, json_type_string) && json_object_get_string_len(f) > 0)
		return OK;
	if (json_object_is_type(f, json_type_array))
		return each(cx, o, where, "function", check_level);
	if (!json_object_is_type(f, json_type_object))
		return fail(cx, INVALID, "%s: not a function's name", at);
	s = only(cx, f, at, keys);
	if (!s)
		s = json_opt_text(cx, f, at, "catalog", &catalog);
	return s ? s : each(cx, f, at, "identifier", check_level);
}

static bool is_value(struct json_object *v)
{
	static const char *const types[] = { "literal", "reference", "apply" };

	if (!json_object_is_type(v, json_type_object))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (text_same(json_text(v, "type"), types[i]))
			return true;
	return false;
}

static enum status check_argument(struct cx *cx, struct json_object *v, const char *where)
{
	return is_value(v) ? check_value(cx, v, where) : filter_shape_check(cx, v, where);
}

/* A literal, a reference, or a function of such. */
static enum status check_value(struct cx *cx, struct json_object *v, const char *where)
{
	static const char *const keys[] = { "type", "function", "arguments", NULL };
	const char *type = json_object_is_type(v, json_type_object) ? json_text(v, "type") : NULL;
	enum status s;

	if (text_same(type, "reference"))
		return check_reference(cx, v, where);
	if (!text_same(type, "apply"))
		return check_literal(cx, v, where);
	s = only(cx, v, where, keys);
	if (!s)
		s = check_function(cx, v, where);
	return s ? s : each(cx, v, where, "arguments", check_argument);
}

/* The older form of an operand: a column's name, or a transform of one.  Java's clients also
 * read and wrote {"type": "reference", "term": name}. */
static enum status check_term(struct cx *cx, struct json_object *o, const char *where)
{
	struct json_object *v = json_member(o, "term");
	const char *at = below(cx, where, "term"), *type, *text;
	enum status s;

	if (json_object_is_type(v, json_type_string))
		return OK;
	s = json_get_text(cx, v, at, "type", &type);
	if (!s && strcmp(type, "transform") == 0)
		s = json_get_text(cx, v, at, "transform", &text);
	else if (!s && strcmp(type, "reference") != 0)
		s = fail(cx, INVALID, "%s.type: neither \"transform\" nor \"reference\"", at);
	return s ? s : json_get_text(cx, v, at, "term", &text);
}

/* --- predicates ------------------------------------------------------------------------ */

static enum status check_operand(struct cx *cx, struct json_object *o, const char *where,
				 const char *key)
{
	if (json_has(o, "term"))
		return check_term(cx, o, where);
	return check_value(cx, json_member(o, key), below(cx, where, key));
}

static enum status check_join(struct cx *cx, struct json_object *o, const char *where)
{
	enum status s = filter_shape_check(cx, json_member(o, "left"), below(cx, where, "left"));

	return s ? s : filter_shape_check(cx, json_member(o, "right"), below(cx, where, "right"));
}

static enum status check_not(struct cx *cx, struct json_object *o, const char *where)
{
	return filter_shape_check(cx, json_member(o, "child"), below(cx, where, "child"));
}

static enum status check_unary(struct cx *cx, struct json_object *o, const char *where)
{
	static const char *const keys[] = { "type", "child", "term", NULL };
	enum status s = only(cx, o, where, keys);

	return s ? s : check_operand(cx, o, where, "child");
}

static enum status check_comparison(struct cx *cx, struct json_object *o, const char *where)
{
	static const char *const keys[] = { "type", "left", "right", "term", "value", NULL };
	enum status s = only(cx, o, where, keys);

	if (!s)
		s = check_operand(cx, o, where, "left");
	if (s)
		return s;
	if (json_has(o, "value"))
		return check_literal(cx, json_member(o, "value"), below(cx, where, "value"));
	return check_value(cx, json_member(o, "right"), below(cx, where, "right"));
}

static enum status check_set(struct cx *cx, struct json_object *o, const char *where)
{
	static const char *const keys[] = { "type", "child", "term", "values", NULL };
	static const char *const typed[] = { "type", "values", "data-type", NULL };
	struct json_object *values = json_member(o, "values");
	const char *at = below(cx, where, "values"), *type;
	enum status s = only(cx, o, where, keys);

	if (!s)
		s = check_operand(cx, o, where, "child");
	if (s || !json_object_is_type(values, json_type_object))
		return s ? s : each(cx, o, where, "values", check_literal);
	s = only(cx, values, at, typed);
	if (!s)
		s = json_get_text(cx, values, at, "data-type", &type);
	return s ? s : each(cx, values, at, "values", check_plain);
}

static enum status check_constant(struct cx *cx, struct json_object *o, const char *where)
{
	(void)cx;
	(void)o;
	(void)where;
	return OK;
}

static const struct {
	const char *type;
	enum status (*check)(struct cx *cx, struct json_object *o, const char *where);
} rules[] = {
	{ "true", check_constant },
	{ "false", check_constant },
	{ "and", check_join },
	{ "or", check_join },
	{ "not", check_not },
	{ "is-null", check_unary },
	{ "not-null", check_unary },
	{ "is-nan", check_unary },
	{ "not-nan", check_unary },
	{ "lt", check_comparison },
	{ "lt-eq", check_comparison },
	{ "gt", check_comparison },
	{ "gt-eq", check_comparison },
	{ "eq", check_comparison },
	{ "not-eq", check_comparison },
	{ "starts-with", check_comparison },
	{ "in", check_set },
	{ "not-starts-with", check_comparison },
	{ "not-in", check_set },
};

enum status filter_shape_check(struct cx *cx, struct json_object *v, const char *where)
{
	const char *type;
	enum status s;

	if (json_object_is_type(v, json_type_boolean))
		return OK;
	if (!json_object_is_type(v, json_type_object))
		return fail(cx, INVALID, "%s: neither true, false nor an object", where);
	s = json_get_text(cx, v, where, "type", &type);
	if (s)
		return s;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (strcmp(rules[i].type, type) == 0)
			return rules[i].check(cx, v, where);
	return fail(cx, INVALID, "%s.type: there is no predicate \"%.40s\"", where, type);
}
