/* SPDX-License-Identifier: Apache-2.0 */
/* function.c - a function's definitions and versions checked; what a new one leaves out. */
#include "common/iceberg/function.h"

#include "common/iceberg/types.h"
#include "common/text.h"

#define MAX_ID_BYTES ((size_t)64 * 1024)

/* Calls check() on each object of the array at o's member `key`. */
static enum status each(struct cx *cx, struct json_object *o, const char *where, const char *key,
			enum status (*check)(struct cx *, struct json_object *, const char *))
{
	struct json_object *list;
	enum status s = json_get_array(cx, o, where, key, &list);

	for (size_t i = 0; !s && i < json_object_array_length(list); i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		const char *at = cx_printf(cx, "%s%s%s[%zu]", where, *where ? "." : "", key, i);

		if (!json_object_is_type(item, json_type_object))
			return fail(cx, INVALID, "%s: not an object", at);
		s = check(cx, item, at);
	}
	return s;
}

/* INVALID where two of the list have the same value at `key` (absent ones do not count). */
static enum status check_single(struct cx *cx, struct json_object *o, const char *where,
				const char *list_key, const char *key)
{
	struct json_object *list = json_member(o, list_key), *seen = json_new_object(cx);

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *v = json_member(json_object_array_get_idx(list, i), key);
		const char *text = v ? json_object_get_string(v) : NULL;

		if (text && json_has(seen, text))
			return fail(cx, INVALID, "%s%s%s[%zu].%s: \"%.100s\" stands there twice",
				    where, *where ? "." : "", list_key, i, key, text);
		if (text)
			json_set_bool(seen, text, true);
	}
	return OK;
}

/* --- types ------------------------------------------------------------------------- */

static enum status add_type(struct text *id, struct json_object *v, const char *where);

static enum status add_member(struct text *id, struct json_object *o, const char *where,
			      const char *key)
{
	return add_type(id, json_member(o, key), cx_printf(id->cx, "%s.%s", where, key));
}

static enum status add_fields(struct text *id, struct json_object *o, const char *where)
{
	struct json_object *fields;
	enum status s = json_get_array(id->cx, o, where, "fields", &fields);

	for (size_t i = 0; !s && i < json_object_array_length(fields); i++) {
		struct json_object *field = json_object_array_get_idx(fields, i);
		const char *at = cx_printf(id->cx, "%s.fields[%zu]", where, i), *name;

		if (!field)
			return fail(id->cx, INVALID, "%s: not an object", at);
		s = json_get_text(id->cx, field, at, "name", &name);
		if (s)
			return s;
		text_addf(id, "%s%s:", i ? "," : "", name);
		s = add_member(id, field, at, "type");
	}
	return s;
}

static enum status add_nested(struct text *id, struct json_object *o, const char *where)
{
	const char *type;
	enum status s = json_get_text(id->cx, o, where, "type", &type);

	if (s)
		return s;
	text_addf(id, "%s<", type);
	if (strcmp(type, "list") == 0) {
		s = add_member(id, o, where, "element");
	} else if (strcmp(type, "map") == 0) {
		s = add_member(id, o, where, "key");
		text_addc(id, ',');
		if (!s)
			s = add_member(id, o, where, "value");
	} else if (strcmp(type, "struct") == 0) {
		s = add_fields(id, o, where);
	} else {
		s = fail(id->cx, INVALID, "%s.type: neither list, map nor struct", where);
	}
	text_addc(id, '>');
	return s;
}

/* Adds the type as a definition's id writes it. */
static enum status add_type(struct text *id, struct json_object *v, const char *where)
{
	struct type type;
	const char *text;

	if (json_object_is_type(v, json_type_object))
		return add_nested(id, v, where);
	if (!json_object_is_type(v, json_type_string))
		return fail(id->cx, INVALID, "%s: not a type", where);
	text = json_object_get_string(v);
	if (strpbrk(text, " \t\"'") || type_parse(id->cx, text, &type))
		return fail(id->cx, INVALID, "%s: no type is called \"%.100s\"", where, text);
	text_add(id, text);
	return OK;
}

/* --- definitions --------------------------------------------------------------------- */

static enum status check_representation(struct cx *cx, struct json_object *o, const char *where)
{
	const char *type, *text;
	enum status s = json_get_text(cx, o, where, "type", &type);

	if (!s && strcmp(type, "sql") != 0)
		s = fail(cx, INVALID, "%s.type: not \"sql\"", where);
	if (!s)
		s = json_get_text(cx, o, where, "dialect", &text);
	return s ? s : json_get_text(cx, o, where, "sql", &text);
}

static enum status check_version(struct cx *cx, struct json_object *o, const char *where)
{
	const char *on_null = "call";
	bool deterministic;
	int64_t n;
	enum status s = json_get_int(cx, o, where, "version-id", &n);

	if (!s)
		s = each(cx, o, where, "representations", check_representation);
	if (!s)
		s = check_single(cx, o, where, "representations", "dialect");
	if (!s)
		s = json_opt_bool(cx, o, where, "deterministic", &deterministic);
	if (!s)
		s = json_opt_text(cx, o, where, "on-null-input", &on_null);
	if (!s && strcmp(on_null, "call") != 0 && strcmp(on_null, "return-null") != 0)
		s = fail(cx, INVALID, "%s.on-null-input: neither \"return-null\" nor \"call\"",
			 where);
	return s ? s : json_get_int(cx, o, where, "timestamp-ms", &n);
}

static enum status check_parameter(struct cx *cx, struct json_object *o, const char *where)
{
	const char *text;
	enum status s = json_get_text(cx, o, where, "name", &text);

	return s ? s : json_opt_text(cx, o, where, "doc", &text);
}

/* "int,list<int>": what the definition is for. */
static enum status check_id(struct cx *cx, struct json_object *o, const char *where)
{
	struct text own = text_open(cx, MAX_ID_BYTES);
	struct json_object *parameters = json_member(o, "parameters");
	const char *id;
	enum status s = json_get_text(cx, o, where, "definition-id", &id);

	for (size_t i = 0; !s && i < json_object_array_length(parameters); i++) {
		if (i)
			text_addc(&own, ',');
		s = add_member(&own, json_object_array_get_idx(parameters, i),
			       cx_printf(cx, "%s.parameters[%zu]", where, i), "type");
	}
	if (!s)
		s = text_check(&own, "a definition's id");
	if (!s && strcmp(id, own.s) != 0)
		s = fail(cx, INVALID,
			 "%s.definition-id: \"%.100s\" is not what its parameters say: \"%.100s\"",
			 where, id, own.s);
	return s;
}

static enum status check_return(struct cx *cx, struct json_object *o, const char *where)
{
	struct json_object *type = json_member(o, "return-type");
	struct text ignored = text_open(cx, MAX_ID_BYTES);
	const char *kind, *at = cx_printf(cx, "%s.return-type", where);
	bool nullable;
	enum status s = add_type(&ignored, type, at);

	if (!s)
		s = json_opt_bool(cx, o, where, "return-nullable", &nullable);
	if (!s)
		s = json_get_text(cx, o, where, "function-type", &kind);
	if (s || strcmp(kind, "udf") == 0)
		return s;
	if (strcmp(kind, "udtf") != 0)
		return fail(cx, INVALID, "%s.function-type: neither \"udf\" nor \"udtf\"", where);
	if (!json_object_is_type(type, json_type_object) ||
	    strcmp(json_text(type, "type"), "struct") != 0)
		return fail(cx, INVALID, "%s: a udtf's is a struct", at);
	return OK;
}

static enum status check_current(struct cx *cx, struct json_object *o, const char *where)
{
	struct json_object *versions = json_member(o, "versions");
	int64_t current;
	enum status s = json_get_int(cx, o, where, "current-version-id", &current);

	for (size_t i = 0; !s && i < json_object_array_length(versions); i++)
		if (json_int(json_object_array_get_idx(versions, i), "version-id", 0) == current)
			return OK;
	return s ? s
		 : fail(cx, INVALID, "%s.current-version-id: there is no version %lld", where,
			(long long)current);
}

static enum status check_definition(struct cx *cx, struct json_object *o, const char *where)
{
	const char *text;
	enum status s = each(cx, o, where, "parameters", check_parameter);

	if (!s)
		s = check_id(cx, o, where);
	if (!s)
		s = check_return(cx, o, where);
	if (!s)
		s = each(cx, o, where, "versions", check_version);
	if (!s)
		s = check_single(cx, o, where, "versions", "version-id");
	if (!s)
		s = check_current(cx, o, where);
	if (!s)
		s = json_opt_text(cx, o, where, "specific-name", &text);
	return s ? s : json_opt_text(cx, o, where, "doc", &text);
}

/* --- the whole -------------------------------------------------------------------------- */

static enum status check_log_version(struct cx *cx, struct json_object *o, const char *where)
{
	const char *id;
	int64_t n;
	enum status s = json_get_text(cx, o, where, "definition-id", &id);

	return s ? s : json_get_int(cx, o, where, "version-id", &n);
}

static enum status check_log_entry(struct cx *cx, struct json_object *o, const char *where)
{
	int64_t ms;
	enum status s = json_get_int(cx, o, where, "timestamp-ms", &ms);

	return s ? s : each(cx, o, where, "definition-versions", check_log_version);
}

static enum status check_definitions(struct cx *cx, struct json_object *metadata)
{
	enum status s = each(cx, metadata, "", "definitions", check_definition);

	if (!s)
		s = check_single(cx, metadata, "", "definitions", "definition-id");
	if (!s)
		s = check_single(cx, metadata, "", "definitions", "specific-name");
	return s ? s : each(cx, metadata, "", "definition-log", check_log_entry);
}

enum status function_check(struct cx *cx, struct json_object *metadata)
{
	struct json_object *properties = NULL;
	const char *text;
	int64_t version;
	bool secure;
	enum status s = json_get_text(cx, metadata, "", "function-uuid", &text);

	if (!s && !text_is_uuid(text))
		s = fail(cx, INVALID, "function-uuid: not a UUID");
	if (!s)
		s = json_get_int(cx, metadata, "", "format-version", &version);
	if (!s && version != 1)
		s = fail(cx, INVALID, "format-version: not 1");
	if (!s)
		s = check_definitions(cx, metadata);
	if (!s)
		s = json_opt_text(cx, metadata, "", "location", &text);
	if (!s)
		s = json_opt_object(cx, metadata, "", "properties", &properties);
	if (!s && properties)
		s = json_check_texts(cx, properties, "properties");
	if (!s)
		s = json_opt_bool(cx, metadata, "", "secure", &secure);
	return s ? s : json_opt_text(cx, metadata, "", "doc", &text);
}

/* --- create, replace ---------------------------------------------------------------------- */

/* [{"definition-id", "version-id"}]: the current version of each definition. */
static struct json_object *current_versions(struct cx *cx, struct json_object *metadata)
{
	struct json_object *list = json_new_array(cx);
	struct json_object *definitions = json_member(metadata, "definitions");

	for (size_t i = 0; i < json_object_array_length(definitions); i++) {
		struct json_object *d = json_object_array_get_idx(definitions, i);
		struct json_object *o = json_new_object(cx);

		json_set_text(o, "definition-id", json_text(d, "definition-id"));
		json_set_int(o, "version-id", json_int(d, "current-version-id", 0));
		json_add(list, o);
	}
	return list;
}

static void log_now(struct cx *cx, struct json_object *metadata, struct json_object *log,
		    int64_t now_ms)
{
	struct json_object *entry = json_new_object(cx);

	json_set_int(entry, "timestamp-ms", now_ms);
	json_set(entry, "definition-versions", current_versions(cx, metadata));
	json_add(log, entry);
	json_set(metadata, "definition-log", log);
}

enum status function_create(struct cx *cx, const struct metadata_env *env,
			    struct json_object *given, const char *location,
			    struct json_object **out)
{
	struct json_object *m = json_share_set(cx, given), *log = json_new_array(cx);
	bool logged = json_has(m, "definition-log");
	enum status s;

	if (!json_has(m, "function-uuid"))
		json_set_text(m, "function-uuid", env->new_uuid);
	if (!json_has(m, "format-version"))
		json_set_int(m, "format-version", 1);
	json_set_text(m, "location", location);
	if (!logged)
		json_set(m, "definition-log", log);
	s = function_check(cx, m);
	if (!s && !logged)
		log_now(cx, m, log, env->now_ms);
	*out = m;
	return s;
}

/* What may not change: the base's, where `m` is silent. */
static enum status keep(struct cx *cx, struct json_object *m, struct json_object *base,
			const char *key)
{
	struct json_object *own = json_member(base, key);

	if (json_has(m, key) && !json_equal(json_member(m, key), own))
		return fail(cx, INVALID, "%s: it can't change", key);
	if (own)
		json_set(m, key, own);
	return OK;
}

static struct json_object *last_of(struct json_object *log)
{
	size_t n = json_object_array_length(log);

	return n ? json_object_array_get_idx(log, n - 1) : NULL;
}

enum status function_replace(struct cx *cx, const struct metadata_env *env,
			     struct json_object *base, struct json_object *given,
			     struct json_object **out)
{
	struct json_object *m = json_share_set(cx, given), *log, *last;
	bool logged = json_has(m, "definition-log");
	enum status s = keep(cx, m, base, "function-uuid");

	if (!s)
		s = keep(cx, m, base, "location");
	if (s)
		return s;
	if (!json_has(m, "format-version"))
		json_set_int(m, "format-version", 1);
	if (!logged)
		json_set(m, "definition-log", json_member(base, "definition-log"));
	s = function_check(cx, m);
	if (s)
		return s;
	log = json_member(m, "definition-log");
	last = logged ? NULL : last_of(log);
	if (!logged && !(last && json_equal(json_member(last, "definition-versions"),
					    current_versions(cx, m))))
		log_now(cx, m, json_share(cx, log), env->now_ms);
	*out = json_equal(m, base) ? base : m;
	return OK;
}

enum status function_apply(struct cx *cx, const struct metadata_env *env, struct json_object *base,
			   struct json_object *updates, struct json_object **out)
{
	struct json_object *update = json_object_array_get_idx(updates, 0);
	struct json_object *given = json_member(update, "metadata");
	const char *expected = json_text(update, "base-metadata-location");

	if (expected && !text_same(expected, env->base_location))
		return fail(cx, CONFLICT, "the function was changed: its metadata is %s",
			    env->base_location);
	if (base)
		return function_replace(cx, env, base, given, out);
	return function_create(cx, env, given, json_text(update, "location"), out);
}

enum status function_requirements_check(struct cx *cx, struct json_object *base,
					struct json_object *requirements)
{
	if (base && json_object_array_length(requirements) > 0)
		return fail(cx, EXISTS, "Function already exists");
	return OK;
}

/* --- facts -------------------------------------------------------------------------------- */

enum status function_facts(struct cx *cx, struct json_object *metadata, struct metadata_facts *out)
{
	*out = (struct metadata_facts){ .format_version = 1,
					.current_snapshot_id = -1,
					.compression = "none" };
	return json_get_text(cx, metadata, "", "function-uuid", &out->table_uuid) ||
			       json_get_text(cx, metadata, "", "location", &out->location)
		       ? INVALID
		       : OK;
}

enum status function_paths(struct cx *cx, struct json_object *metadata, struct metadata_path **out,
			   size_t *n)
{
	*out = CX_NEW(cx, struct metadata_path);
	(*out)->member = "location";
	*n = 1;
	return json_get_text(cx, metadata, "", "location", &(*out)->location);
}
