/* SPDX-License-Identifier: Apache-2.0 */
/* view.c - view metadata: reading, checking, requirements. */
#include "common/iceberg/view.h"

#include <stdio.h>
#include <strings.h>

#include "common/iceberg/ids.h"
#include "common/iceberg/read.h"
#include "common/iceberg/view_read.h"
#include "common/text.h"

/* --- versions ------------------------------------------------------------------- */

const char *view_dialect(struct json_object *representation)
{
	const char *type = json_text(representation, "type");

	return type && strcasecmp(type, "sql") == 0 ? json_text(representation, "dialect") : NULL;
}

static enum status check_representation(struct cx *cx, struct json_object *json, const char *where)
{
	const char *type = NULL, *sql = NULL, *dialect = NULL;
	enum status s;

	if (!json_object_is_type(json, json_type_object))
		return fail(cx, INVALID, "%s: not an object", where);
	s = json_get_text(cx, json, where, "type", &type);
	if (s || strcasecmp(type, "sql") != 0)
		return s;
	s = json_get_text(cx, json, where, "sql", &sql);
	return s ? s : json_get_text(cx, json, where, "dialect", &dialect);
}

/* A namespace: an array of texts, which may be empty. */
static enum status check_levels(struct cx *cx, struct json_object *json, const char *where)
{
	struct json_object *levels = NULL;
	enum status s = json_get_array(cx, json, where, "default-namespace", &levels);

	for (size_t i = 0; !s && i < json_object_array_length(levels); i++)
		if (!json_object_is_type(json_object_array_get_idx(levels, i), json_type_string))
			s = fail(cx, INVALID, "%s.default-namespace[%zu]: not a string", where, i);
	return s;
}

static enum status check_parts(struct cx *cx, struct json_object *json, const char *where,
			       struct json_object *representations)
{
	struct json_object *summary = NULL;
	const char *catalog = NULL;
	enum status s = json_get_object(cx, json, where, "summary", &summary);

	if (!s)
		s = json_check_texts(cx, summary, cx_printf(cx, "%s.summary", where));
	if (!s)
		s = json_opt_text(cx, json, where, "default-catalog", &catalog);
	if (!s)
		s = check_levels(cx, json, where);
	for (size_t i = 0; !s && i < json_object_array_length(representations); i++)
		s = check_representation(cx, json_object_array_get_idx(representations, i),
					 cx_printf(cx, "%s.representations[%zu]", where, i));
	return s;
}

enum status view_version_read(struct cx *cx, struct json_object *json, const char *where,
			      struct view_version *out)
{
	enum status s;

	*out = (struct view_version){ 0 };
	if (!json_object_is_type(json, json_type_object))
		return fail(cx, INVALID, "%s: not an object", where);
	s = json_get_int(cx, json, where, "version-id", &out->id);
	if (!s && (out->id < 0 || out->id > INT32_MAX))
		s = fail(cx, INVALID, "%s.version-id: not a number from 0 to %d", where, INT32_MAX);
	if (!s)
		s = json_get_int(cx, json, where, "timestamp-ms", &out->timestamp_ms);
	if (!s)
		s = json_get_int(cx, json, where, "schema-id", &out->schema_id);
	if (!s)
		s = json_get_array(cx, json, where, "representations", &out->representations);
	return s ? s : check_parts(cx, json, where, out->representations);
}

/* --- the whole ------------------------------------------------------------------- */

static enum status check_current(struct cx *cx, const struct view *v)
{
	struct json_object *version = find_by_id(v->versions, "version-id", v->current);
	int64_t schema = json_int(version, "schema-id", -1);

	if (!version)
		return fail(cx, INVALID, "Cannot find current version %lld in view versions",
			    (long long)v->current);
	if (!find_by_id(v->schemas, "schema-id", schema))
		return fail(cx, INVALID, "Cannot find current schema with id %lld in schemas",
			    (long long)schema);
	return OK;
}

enum status view_read(struct cx *cx, struct json_object *metadata, struct view *out)
{
	enum status s;

	*out = (struct view){ 0 };
	if (!json_object_is_type(metadata, json_type_object))
		return fail(cx, INVALID, "view metadata: not an object");
	s = json_get_text(cx, metadata, "", "view-uuid", &out->uuid);
	if (!s)
		s = json_get_int(cx, metadata, "", "format-version", &out->format);
	if (!s && (out->format < 1 || out->format > VIEW_MAX_VERSION))
		return fail(cx, INVALID, "Unsupported format version: %lld",
			    (long long)out->format);
	if (!s)
		s = json_get_text(cx, metadata, "", "location", &out->location);
	if (!s)
		s = json_get_array(cx, metadata, "", "schemas", &out->schemas);
	if (!s)
		s = json_get_array(cx, metadata, "", "versions", &out->versions);
	if (!s)
		s = json_get_array(cx, metadata, "", "version-log", &out->log);
	if (!s)
		s = json_get_int(cx, metadata, "", "current-version-id", &out->current);
	if (!s)
		s = json_opt_object(cx, metadata, "", "properties", &out->properties);
	if (!s && out->properties)
		s = json_check_texts(cx, out->properties, "properties");
	if (!out->properties)
		out->properties = json_new_object(cx);
	return s ? s : check_current(cx, out);
}

/* What one list's check is about: each id may be there once. */
typedef enum status check_entry(struct cx *cx, struct ids *seen, struct json_object *json,
				const char *where);

static enum status check_once(struct cx *cx, struct ids *seen, struct json_object *json,
			      const char *where, const char *key, int64_t id)
{
	if (ids_get(seen, id))
		return fail(cx, INVALID, "%s.%s: %lld is used twice", where, key, (long long)id);
	ids_set(seen, id, json);
	return OK;
}

static enum status check_schema(struct cx *cx, struct ids *seen, struct json_object *json,
				const char *where)
{
	struct schema schema;
	enum status s = schema_parse(cx, json, where, &schema);

	return s ? s : check_once(cx, seen, json, where, "schema-id", schema.id);
}

static enum status check_version(struct cx *cx, struct ids *seen, struct json_object *json,
				 const char *where)
{
	struct view_version v;
	enum status s = view_version_read(cx, json, where, &v);

	return s ? s : check_once(cx, seen, json, where, "version-id", v.id);
}

static enum status check_log_entry(struct cx *cx, struct ids *seen, struct json_object *json,
				   const char *where)
{
	int64_t number = 0;
	enum status s;

	(void)seen;
	if (!json_object_is_type(json, json_type_object))
		return fail(cx, INVALID, "%s: not an object", where);
	s = json_get_int(cx, json, where, "version-id", &number);
	return s ? s : json_get_int(cx, json, where, "timestamp-ms", &number);
}

static enum status check_list(struct cx *cx, struct json_object *list, const char *name,
			      check_entry *check)
{
	struct ids seen = { .cx = cx };
	enum status s = OK;

	for (size_t i = 0; !s && i < json_object_array_length(list); i++) {
		char where[40];

		snprintf(where, sizeof(where), "%s[%zu]", name, i);
		s = check(cx, &seen, json_object_array_get_idx(list, i), where);
	}
	return s;
}

enum status view_check(struct cx *cx, struct json_object *metadata)
{
	struct view v;
	enum status s = view_read(cx, metadata, &v);

	if (!s)
		s = check_list(cx, v.schemas, "schemas", check_schema);
	if (!s)
		s = check_list(cx, v.versions, "versions", check_version);
	return s ? s : check_list(cx, v.log, "version-log", check_log_entry);
}

/* --- what others want to know -------------------------------------------------------- */

enum status view_facts(struct cx *cx, struct json_object *metadata, struct metadata_facts *out)
{
	const char *codec;
	struct view v;
	enum status s = view_read(cx, metadata, &v);

	if (s)
		return s;
	codec = json_text(v.properties, "write.metadata.compression-codec");
	*out = (struct metadata_facts){
		.table_uuid = v.uuid,
		.location = v.location,
		.metadata_path = json_text(v.properties, "write.metadata.path"),
		.format_version = v.format,
		.current_snapshot_id = -1,
		.compression = codec && strcasecmp(codec, "gzip") == 0 ? "gzip" : "none",
	};
	return OK;
}

enum status view_paths(struct cx *cx, struct json_object *metadata, struct metadata_path **out,
		       size_t *n)
{
	struct metadata_path *paths = cx_array(cx, 2, sizeof(*paths));
	struct metadata_facts f;
	enum status s = view_facts(cx, metadata, &f);

	if (s)
		return s;
	paths[0] = (struct metadata_path){ "location", f.location };
	paths[1] = (struct metadata_path){ "properties.write.metadata.path", f.metadata_path };
	*out = paths;
	*n = f.metadata_path ? 2 : 1;
	return OK;
}

bool view_query(struct json_object *metadata, const char **sql, const char **dialect)
{
	int64_t current = json_int(metadata, "current-version-id", -1);
	struct json_object *version =
		find_by_id(json_member(metadata, "versions"), "version-id", current);
	struct json_object *list = json_member(version, "representations");

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *r = json_object_array_get_idx(list, i);

		*dialect = view_dialect(r);
		*sql = json_text(r, "sql");
		if (*dialect && *sql)
			return true;
	}
	return false;
}

/* --- requirements ------------------------------------------------------------------- */

static enum status check_requirement(struct cx *cx, const struct view *v, struct json_object *r,
				     const char *where)
{
	const char *type = NULL, *uuid = NULL;
	enum status s;

	if (!json_object_is_type(r, json_type_object))
		return fail(cx, INVALID, "%s: not an object", where);
	s = json_get_text(cx, r, where, "type", &type);
	if (s)
		return s;
	if (strcasecmp(type, "assert-view-uuid") != 0)
		return fail(cx, INVALID, "%s.type: unknown requirement of a view: %.60s", where,
			    type);
	s = json_get_text(cx, r, where, "uuid", &uuid);
	if (!s && strcasecmp(uuid, v->uuid) != 0)
		return fail(cx, CONFLICT,
			    "Requirement failed: view UUID does not match: expected %s != %.60s",
			    v->uuid, uuid);
	return s;
}

enum status view_requirements_check(struct cx *cx, struct json_object *base,
				    struct json_object *requirements)
{
	struct view v;
	enum status s = OK;

	if (!requirements)
		return OK;
	if (!json_object_is_type(requirements, json_type_array))
		return fail(cx, INVALID, "requirements: not an array");
	s = view_read(cx, base, &v);
	for (size_t i = 0; !s && i < json_object_array_length(requirements); i++)
		s = check_requirement(cx, &v, json_object_array_get_idx(requirements, i),
				      cx_printf(cx, "requirements[%zu]", i));
	return s;
}
