/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - typed, checked access to JSON; the only place that knows json-c. */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <json-c/json.h>

#include "common/cx.h"

/*
 * Values are json-c objects.  What json_parse and json_new_* give belongs to
 * the context and goes with it: never json_object_put() those.  JSON null is a
 * NULL pointer.
 */

/*
 * Parses n bytes of RFC 8259 JSON, UTF-8 without a byte order mark.  INVALID,
 * with the place, for anything else, and for what json-c would change
 * silently: a duplicate key, an integer beyond 64 bits, -0, half a surrogate
 * pair.  Arrays and objects may nest max_depth deep.  What json_parse accepts,
 * json_print gives back value for value, and each number with its own text.
 */
MUST_USE enum status json_parse(struct cx *cx, const char *bytes, size_t n, int max_depth,
				struct json_object **out);

/* Compact text, '/' not escaped; belongs to the context.  *len may be NULL. */
const char *json_print(struct cx *cx, struct json_object *v, size_t *len);

/* New values owned by the context. */
struct json_object *json_new_object(struct cx *cx);
struct json_object *json_new_array(struct cx *cx);
struct json_object *json_new_text(struct cx *cx, const char *s);
struct json_object *json_new_int(struct cx *cx, int64_t v);

/* A new object or array holding the very members `v` holds: it can be changed,
 * they are shared and must not be. */
struct json_object *json_share(struct cx *cx, struct json_object *v);
/* The same of an object, leaving out its members that are null. */
struct json_object *json_share_set(struct cx *cx, struct json_object *o);

/* Adds to an object (replacing) or an array.  `v` may be a value of the same
 * context: the parent takes a reference of its own. */
void json_set(struct json_object *o, const char *key, struct json_object *v);
void json_set_text(struct json_object *o, const char *key, const char *s); /* NULL: JSON null */
void json_set_int(struct json_object *o, const char *key, int64_t v);
void json_set_bool(struct json_object *o, const char *key, bool v);
void json_add(struct json_object *array, struct json_object *v);
void json_add_text(struct json_object *array, const char *s);

/* A copy that shares nothing with `v`; numbers keep their text. */
struct json_object *json_copy(struct cx *cx, struct json_object *v);

/* Same value: objects without regard to order, numbers by value. */
bool json_equal(struct json_object *a, struct json_object *b);

/*
 * Reads member `key` of object `o`.  `where` stands before the key in messages
 * ("snapshots[3]" gives "snapshots[3].snapshot-id: not an integer"); "" for the
 * top.  The _opt forms leave *out as it was where the member is absent or
 * null; the others are INVALID then.  A wrong type is always INVALID.
 * Text may not hold a NUL.
 */
MUST_USE enum status json_get_text(struct cx *cx, struct json_object *o, const char *where,
				   const char *key, const char **out);
MUST_USE enum status json_opt_text(struct cx *cx, struct json_object *o, const char *where,
				   const char *key, const char **out);
MUST_USE enum status json_get_int(struct cx *cx, struct json_object *o, const char *where,
				  const char *key, int64_t *out);
MUST_USE enum status json_opt_int(struct cx *cx, struct json_object *o, const char *where,
				  const char *key, int64_t *out);
MUST_USE enum status json_opt_bool(struct cx *cx, struct json_object *o, const char *where,
				   const char *key, bool *out);
MUST_USE enum status json_get_object(struct cx *cx, struct json_object *o, const char *where,
				     const char *key, struct json_object **out);
MUST_USE enum status json_opt_object(struct cx *cx, struct json_object *o, const char *where,
				     const char *key, struct json_object **out);
MUST_USE enum status json_get_array(struct cx *cx, struct json_object *o, const char *where,
				    const char *key, struct json_object **out);
MUST_USE enum status json_opt_array(struct cx *cx, struct json_object *o, const char *where,
				    const char *key, struct json_object **out);

/* INVALID unless every value of object `o` is a string: {str:str} maps. */
MUST_USE enum status json_check_texts(struct cx *cx, struct json_object *o, const char *where);

/* Unchecked reads of what was checked before: NULL, 0 or `other` where the
 * member is absent or of another type. */
const char *json_text(struct json_object *o, const char *key);
int64_t json_int(struct json_object *o, const char *key, int64_t other);
struct json_object *json_member(struct json_object *o, const char *key);
bool json_has(struct json_object *o, const char *key);

#endif
