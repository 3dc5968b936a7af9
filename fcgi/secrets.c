/* SPDX-License-Identifier: Apache-2.0 */
/* secrets.c - what of a configuration is never shown, and how a masked value survives a PUT. */
#include "fcgi/secrets.h"

#include <strings.h>

static const char mask[] = "***";

/*
 * By the words of a name rather than a list of names: configurations come in
 * many spellings, and one too many masked does no harm.
 */
bool secret_named(const char *name)
{
	static const char *const words[] = { "key",	 "secret",     "token",
					     "password", "credential", "sas",
					     "external", "json",       "connection-string" };

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
		else if (v && secret_named(key))
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

/* *kept: a place whose text was put back. */
static enum status restore(struct cx *cx, struct json_object *v, struct json_object *old,
			   const char *where, const char **kept)
{
	if (!json_object_is_type(v, json_type_object))
		return OK;
	json_object_object_foreach(v, key, member) {
		const char *place = where ? cx_printf(cx, "%s.%s", where, key) : key;
		struct json_object *before = json_member(old, key);
		const char *text = json_text(v, key);
		enum status s = restore(cx, member, before, place, kept);

		if (s)
			return s;
		if (!text || strcmp(text, mask) != 0)
			continue;
		if (!before || json_object_is_type(before, json_type_object))
			return fail(cx, INVALID, "%s is masked, and no value is kept for it",
				    place);
		*kept = cx_strdup(cx, place);
		json_set(v, key, before);
	}
	return OK;
}

/* --- where a secret goes ---------------------------------------------------------------- */

/* By words again: one too many asks for a secret that could have stayed. */
static bool is_address(const char *name, const char *text)
{
	static const char *const words[] = { "uri",	     "url",	     "endpoint",
					     "host",	     "server",	     "authority",
					     "account-name", "account_name", "location" };
	const char *end = strrchr(name, '_');

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasestr(name, words[i]))
			return true;
	return strcasecmp(end ? end + 1 : name, "port") == 0 ||
	       strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

/* Of a location only its host, where it has one beside the bucket: abfss://c@host/path. */
static const char *address_in(struct cx *cx, const char *name, const char *text)
{
	const char *at = strstr(text, "://") ? strchr(text, '@') : NULL;

	if (!strcasestr(name, "location"))
		return text;
	return at ? cx_strndup(cx, at, strcspn(at, "/")) : "";
}

/* {"where.key": address}, of all that has one. */
static void add_addresses(struct cx *cx, struct json_object *v, const char *where,
			  struct json_object *out)
{
	if (!json_object_is_type(v, json_type_object))
		return;
	json_object_object_foreach(v, key, member) {
		const char *place = where ? cx_printf(cx, "%s.%s", where, key) : key;
		const char *text = NULL;

		if (json_object_is_type(member, json_type_object))
			add_addresses(cx, member, place, out);
		else if (member)
			text = json_object_get_string(member);
		if (!text || !is_address(key, text))
			continue;
		text = address_in(cx, key, text);
		if (*text)
			json_set_text(out, place, text);
	}
}

/* The first that is not the same in both, or NULL. */
static const char *changed_address(struct json_object *now, struct json_object *before)
{
	json_object_object_foreach(now, key, v) {
		const char *old = json_text(before, key);

		if (!old || strcmp(old, json_object_get_string(v)) != 0)
			return key;
	}
	json_object_object_foreach(before, gone, w) {
		if (w && !json_has(now, gone))
			return gone;
	}
	return NULL;
}

enum status secrets_restore(struct cx *cx, struct json_object *v, struct json_object *old,
			    const char *where)
{
	struct json_object *now = json_new_object(cx), *before = json_new_object(cx);
	const char *kept = NULL, *changed;
	enum status s = restore(cx, v, old, where, &kept);

	if (s || !kept)
		return s;
	add_addresses(cx, v, where, now);
	add_addresses(cx, old, where, before);
	changed = changed_address(now, before);
	return changed ? fail(cx, INVALID,
			      "%s is masked, and %s was changed: what is kept goes to no other "
			      "address: give it anew",
			      kept, changed)
		       : OK;
}
