/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - typed, checked access to JSON over json-c. */
#include "common/json.h"

#include "common/json_scan.h"

static void release(void *v)
{
	json_object_put(v);
}

static struct json_object *owned(struct cx *cx, struct json_object *v)
{
	if (v)
		cx_own(cx, v, release);
	return v;
}

static size_t count_members(struct json_object *v)
{
	size_t n = 0;

	if (json_object_is_type(v, json_type_object)) {
		n = (size_t)json_object_object_length(v);
		json_object_object_foreach(v, key, member) {
			(void)key;
			n += count_members(member);
		}
	} else if (json_object_is_type(v, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(v); i++)
			n += count_members(json_object_array_get_idx(v, i));
	}
	return n;
}

static enum status tokenize(struct cx *cx, const char *bytes, size_t n, int max_depth,
			    struct json_object **out)
{
	struct json_tokener *tok = json_tokener_new_ex(max_depth + 2); /* a scalar is a level too */
	enum json_tokener_error error;
	size_t at;

	if (!tok)
		abort();
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	*out = owned(cx, json_tokener_parse_ex(tok, bytes, (int)n));
	error = json_tokener_get_error(tok);
	if (error == json_tokener_continue) { /* a bare number ends only at a NUL */
		*out = owned(cx, json_tokener_parse_ex(tok, "", 1));
		error = json_tokener_get_error(tok);
	}
	at = json_tokener_get_parse_end(tok);
	json_tokener_free(tok);
	if (error != json_tokener_success)
		return fail(cx, INVALID, "JSON: %s at byte %zu", json_tokener_error_desc(error),
			    at);
	return OK;
}

enum status json_parse(struct cx *cx, const char *bytes, size_t n, int max_depth,
		       struct json_object **out)
{
	size_t members;
	enum status s;

	*out = NULL;
	while (n && memchr(" \t\r\n", bytes[n - 1], 4))
		n--;
	if (!n)
		return fail(cx, INVALID, "JSON: empty text");
	if (n > INT32_MAX - 1)
		return fail(cx, TOO_LARGE, "JSON: text of more than 2 GiB");
	s = json_scan(cx, bytes, n, max_depth, &members);
	if (!s)
		s = tokenize(cx, bytes, n, max_depth, out);
	if (s)
		return s;
	if (count_members(*out) != members)
		return fail(cx, INVALID, "JSON: an object holds the same key twice");
	return OK;
}

const char *json_print(struct cx *cx, struct json_object *v, size_t *len)
{
	int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *s = "null";
	size_t n = 4;

	if (v)
		s = json_object_to_json_string_length(v, flags, &n);
	if (!s)
		abort();
	if (len)
		*len = n;
	return cx_strndup(cx, s, n);
}

struct json_object *json_new_object(struct cx *cx)
{
	return owned(cx, json_object_new_object());
}

struct json_object *json_new_array(struct cx *cx)
{
	return owned(cx, json_object_new_array());
}

struct json_object *json_new_text(struct cx *cx, const char *s)
{
	return owned(cx, json_object_new_string(s));
}

struct json_object *json_new_int(struct cx *cx, int64_t v)
{
	return owned(cx, json_object_new_int64(v));
}

static void share_members(struct json_object *from, struct json_object *to, bool nulls)
{
	json_object_object_foreach(from, key, v)
		if (v || nulls)
			json_set(to, key, v);
}

struct json_object *json_share(struct cx *cx, struct json_object *v)
{
	struct json_object *copy;

	if (!json_object_is_type(v, json_type_array)) {
		copy = json_new_object(cx);
		if (v)
			share_members(v, copy, true);
		return copy;
	}
	copy = json_new_array(cx);
	for (size_t i = 0; i < json_object_array_length(v); i++)
		json_add(copy, json_object_array_get_idx(v, i));
	return copy;
}

struct json_object *json_share_set(struct cx *cx, struct json_object *o)
{
	struct json_object *copy = json_new_object(cx);

	if (o)
		share_members(o, copy, false);
	return copy;
}

void json_set(struct json_object *o, const char *key, struct json_object *v)
{
	json_object_object_add(o, key, json_object_get(v));
}

void json_set_text(struct json_object *o, const char *key, const char *s)
{
	json_object_object_add(o, key, s ? json_object_new_string(s) : NULL);
}

void json_set_int(struct json_object *o, const char *key, int64_t v)
{
	json_object_object_add(o, key, json_object_new_int64(v));
}

void json_set_bool(struct json_object *o, const char *key, bool v)
{
	json_object_object_add(o, key, json_object_new_boolean(v));
}

void json_add(struct json_object *array, struct json_object *v)
{
	json_object_array_add(array, json_object_get(v));
}

void json_add_text(struct json_object *array, const char *s)
{
	json_object_array_add(array, json_object_new_string(s));
}

struct json_object *json_copy(struct cx *cx, struct json_object *v)
{
	struct json_object *copy = NULL;

	if (v && json_object_deep_copy(v, &copy, NULL) != 0)
		abort();
	return owned(cx, copy);
}

bool json_equal(struct json_object *a, struct json_object *b)
{
	return json_object_equal(a, b) != 0;
}

struct json_object *json_member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, key, &v);
	return v;
}

bool json_has(struct json_object *o, const char *key)
{
	return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, NULL);
}

const char *json_text(struct json_object *o, const char *key)
{
	struct json_object *v = json_member(o, key);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

int64_t json_int(struct json_object *o, const char *key, int64_t other)
{
	struct json_object *v = json_member(o, key);

	return json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : other;
}

static const char *type_name(enum json_type t)
{
	switch (t) {
	case json_type_string:
		return "a string";
	case json_type_int:
		return "an integer";
	case json_type_boolean:
		return "a boolean";
	case json_type_object:
		return "an object";
	case json_type_array:
		return "an array";
	default:
		return "a number";
	}
}

/* *v: the member, of type t; NULL where absent or null and not required. */
static enum status member(struct cx *cx, struct json_object *o, const char *where, const char *key,
			  enum json_type t, bool required, struct json_object **v)
{
	const char *dot = *where ? "." : "";

	if (o && !json_object_is_type(o, json_type_object))
		return fail(cx, INVALID, "%s: not an object", *where ? where : "body");
	*v = json_member(o, key);
	if (!*v && required)
		return fail(cx, INVALID, "%s%s%s: missing", where, dot, key);
	if (*v && !json_object_is_type(*v, t))
		return fail(cx, INVALID, "%s%s%s: not %s", where, dot, key, type_name(t));
	return OK;
}

static enum status text_member(struct cx *cx, struct json_object *o, const char *where,
			       const char *key, bool required, const char **out)
{
	struct json_object *v;
	enum status s = member(cx, o, where, key, json_type_string, required, &v);

	if (s || !v)
		return s;
	if (strlen(json_object_get_string(v)) != (size_t)json_object_get_string_len(v))
		return fail(cx, INVALID, "%s%s%s: holds a NUL", where, *where ? "." : "", key);
	*out = json_object_get_string(v);
	return OK;
}

enum status json_get_text(struct cx *cx, struct json_object *o, const char *where, const char *key,
			  const char **out)
{
	return text_member(cx, o, where, key, true, out);
}

enum status json_opt_text(struct cx *cx, struct json_object *o, const char *where, const char *key,
			  const char **out)
{
	return text_member(cx, o, where, key, false, out);
}

static enum status int_member(struct cx *cx, struct json_object *o, const char *where,
			      const char *key, bool required, int64_t *out)
{
	struct json_object *v;
	enum status s = member(cx, o, where, key, json_type_int, required, &v);

	if (s || !v)
		return s;
	if (json_object_get_uint64(v) > INT64_MAX && json_object_get_int64(v) == INT64_MAX)
		return fail(cx, INVALID, "%s%s%s: larger than 2^63-1", where, *where ? "." : "",
			    key);
	*out = json_object_get_int64(v);
	return OK;
}

enum status json_get_int(struct cx *cx, struct json_object *o, const char *where, const char *key,
			 int64_t *out)
{
	return int_member(cx, o, where, key, true, out);
}

enum status json_opt_int(struct cx *cx, struct json_object *o, const char *where, const char *key,
			 int64_t *out)
{
	return int_member(cx, o, where, key, false, out);
}

enum status json_opt_bool(struct cx *cx, struct json_object *o, const char *where, const char *key,
			  bool *out)
{
	struct json_object *v;
	enum status s = member(cx, o, where, key, json_type_boolean, false, &v);

	if (!s && v)
		*out = json_object_get_boolean(v);
	return s;
}

static enum status node_member(struct cx *cx, struct json_object *o, const char *where,
			       const char *key, enum json_type t, bool required,
			       struct json_object **out)
{
	struct json_object *v;
	enum status s = member(cx, o, where, key, t, required, &v);

	if (!s && v)
		*out = v;
	return s;
}

enum status json_get_object(struct cx *cx, struct json_object *o, const char *where,
			    const char *key, struct json_object **out)
{
	return node_member(cx, o, where, key, json_type_object, true, out);
}

enum status json_opt_object(struct cx *cx, struct json_object *o, const char *where,
			    const char *key, struct json_object **out)
{
	return node_member(cx, o, where, key, json_type_object, false, out);
}

enum status json_get_array(struct cx *cx, struct json_object *o, const char *where, const char *key,
			   struct json_object **out)
{
	return node_member(cx, o, where, key, json_type_array, true, out);
}

enum status json_opt_array(struct cx *cx, struct json_object *o, const char *where, const char *key,
			   struct json_object **out)
{
	return node_member(cx, o, where, key, json_type_array, false, out);
}

enum status json_check_texts(struct cx *cx, struct json_object *o, const char *where)
{
	if (!json_object_is_type(o, json_type_object))
		return fail(cx, INVALID, "%s: not an object", where);
	json_object_object_foreach(o, key, v) {
		if (!json_object_is_type(v, json_type_string))
			return fail(cx, INVALID, "%s.%s: not a string", where, key);
		if (strlen(json_object_get_string(v)) != (size_t)json_object_get_string_len(v))
			return fail(cx, INVALID, "%s.%s: holds a NUL", where, key);
	}
	return OK;
}
