/* SPDX-License-Identifier: Apache-2.0 */
/* common.c - names, properties and times in the management API's bodies. */
#include "common/model_json.h"
#include "common/text.h"
#include "fcgi/admin/admin.h"

#define MAX_NAME_BYTES 255
#define PROPERTIES_DEPTH 64

enum status admin_check_text(struct cx *cx, const char *what, const char *name)
{
	size_t n = strlen(name);

	if (n == 0)
		return fail(cx, INVALID, "the %s name is empty", what);
	if (n > MAX_NAME_BYTES)
		return fail(cx, INVALID, "the %s name is longer than %d bytes", what,
			    MAX_NAME_BYTES);
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return fail(cx, INVALID, "the %s name holds a control byte", what);
	return OK;
}

enum status admin_check_name(struct cx *cx, const char *what, const char *name)
{
	enum status s = admin_check_text(cx, what, name);

	if (s)
		return s;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return fail(cx, INVALID, "a %s can't be called \"%s\"", what, name);
	if (strpbrk(name, "/@"))
		return fail(cx, INVALID, "a %s name can't hold '/' or '@': \"%s\"", what, name);
	if (*name == ' ' || name[strlen(name) - 1] == ' ')
		return fail(cx, INVALID, "a %s name can't begin or end with a space: \"%s\"", what,
			    name);
	return OK;
}

enum status admin_properties(struct cx *cx, struct json_object *body, const char **out)
{
	struct json_object *properties = NULL;
	enum status s = json_opt_object(cx, body, "", "properties", &properties);

	if (!s && properties)
		s = json_check_texts(cx, properties, "properties");
	if (!s && properties)
		*out = json_print(cx, properties, NULL);
	return s;
}

enum status admin_json(struct cx *cx, const struct row *row, struct json_object **out)
{
	enum status s = model_json_of(cx, row, out);

	if (!s && json_has(*out, "properties") && !json_member(*out, "properties"))
		json_set(*out, "properties", json_new_object(cx));
	return s;
}

void admin_add_snake(struct cx *cx, struct json_object *o)
{
	struct json_object *copies = json_new_object(cx);

	json_object_object_foreach(o, key, value) {
		char *snake = cx_strdup(cx, key);

		for (char *c = snake; *c; c++)
			if (*c == '-')
				*c = '_';
		if (strcmp(snake, key) != 0)
			json_set(copies, snake, value);
	}
	json_object_object_foreach(copies, name, copy)
		json_set(o, name, copy);
}

enum status admin_object(struct cx *cx, const char *text, struct json_object **out)
{
	if (text)
		return json_parse(cx, text, strlen(text), PROPERTIES_DEPTH, out);
	*out = json_new_object(cx);
	return OK;
}

void admin_set_time(struct cx *cx, struct json_object *o, const char *key, int64_t ms)
{
	json_set_text(o, key, ms ? text_time(cx, ms) : NULL);
}
