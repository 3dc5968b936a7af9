/* SPDX-License-Identifier: Apache-2.0 */
/* secrets.c - what of a configuration is never shown, and how a masked value survives a PUT. */
#include <strings.h>

#include "fcgi/admin/admin.h"

static const char mask[] = "***";

/*
 * By the words of a name rather than a list of names: configurations come in
 * many spellings, and one too many masked does no harm.
 */
static bool is_secret(const char *name)
{
	static const char *const words[] = { "key",	   "secret", "token",	 "password",
					     "credential", "sas",    "external", "json" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}

static void mask_members(struct json_object *o)
{
	json_object_object_foreach(o, key, v) {
		if (json_object_is_type(v, json_type_object))
			mask_members(v);
		else if (v && is_secret(key))
			json_set_text(o, key, mask);
	}
}

struct json_object *secrets_mask(struct cx *cx, struct json_object *v)
{
	struct json_object *copy = json_copy(cx, v);

	if (json_object_is_type(copy, json_type_object))
		mask_members(copy);
	return copy;
}

enum status secrets_restore(struct cx *cx, struct json_object *v, struct json_object *old,
			    const char *where)
{
	if (!json_object_is_type(v, json_type_object))
		return OK;
	json_object_object_foreach(v, key, member) {
		const char *place = cx_printf(cx, "%s.%s", where, key);
		struct json_object *before = json_member(old, key);
		const char *text = json_text(v, key);
		enum status s = secrets_restore(cx, member, before, place);

		if (s)
			return s;
		if (!text || strcmp(text, mask) != 0)
			continue;
		if (!json_object_is_type(before, json_type_string))
			return fail(cx, INVALID, "%s is masked, and no value is kept for it",
				    place);
		json_set(v, key, before);
	}
	return OK;
}
