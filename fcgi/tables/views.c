/* SPDX-License-Identifier: Apache-2.0 */
/* views.c - the handlers of views: what is not a table's too. */
#include "common/iceberg/view.h"
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/idents.h"
#include "fcgi/tables/commit.h"
#include "fcgi/tables/tables.h"

#define DIALECT "ansi" /* of a simple body that names none */

/* --- answers -------------------------------------------------------------------------- */

/*
 * LoadViewResult.  A view that was made by a simple body has copies of its query and
 * dialect in its properties, and is answered as such a view too: the members that the
 * clients of /api/v1 read stand beside.  No view needs configuration of its own.
 */
static enum status answer_view(struct request *rq, const char *name, const struct metadata_file *f,
			       struct json_object *metadata)
{
	struct json_object *more = json_new_object(rq->cx);
	struct json_object *properties = json_member(metadata, "properties");
	const char *sql, *dialect;

	json_set(more, "config", json_new_object(rq->cx));
	if (json_text(properties, "sql") && json_text(properties, "dialect") &&
	    view_query(metadata, &sql, &dialect)) {
		json_set_text(more, "name", name);
		json_set_text(more, "sql", sql);
		json_set_text(more, "dialect", dialect);
		json_set(more, "properties", properties);
	}
	return answer_metadata(rq, f->location, f->bytes, f->n, json_print(rq->cx, more, NULL));
}

/* --- list, load, drop, rename ----------------------------------------------------------- */

enum status list_views(struct request *rq)
{
	return answer_identifiers(rq, view_metadata.type);
}

enum status load_view(struct request *rq)
{
	struct json_object *metadata;
	struct metadata_file f = { 0 };
	const struct asset *row;
	const struct scope *sc;
	enum status s = path_asset(rq, &view_metadata, &row);

	if (!s)
		s = referenced_by_check(rq);
	if (!s)
		s = scope_of(rq->cx, rq->resolved->catalog, &sc);
	if (!s)
		s = text_read(rq, sc, row, &f.bytes, &f.n);
	if (!s)
		s = text_parse(rq, row, f.bytes, f.n, &metadata);
	if (s)
		return s;
	f.location = row->metadata_location;
	return answer_view(rq, row->name, &f, metadata);
}

enum status head_view(struct request *rq)
{
	const struct asset *row;
	enum status s = path_asset(rq, &view_metadata, &row);

	return s ? s : answer_empty(rq, 204);
}

enum status drop_view(struct request *rq)
{
	const struct resolved *r = rq->resolved;
	struct asset_name at = { r->path, r->name };
	enum status s = asset_drop(rq->cx, rq->rs->store, r->catalog, view_metadata.type, &at,
				   false, NULL, request_actor(rq));

	return s ? s : answer_empty(rq, 204);
}

enum status rename_view(struct request *rq)
{
	return rename_asset(rq, &view_metadata);
}

/* --- create ------------------------------------------------------------------------------ */

/* A simple view's one version: its query, to be read in its own namespace. */
static struct json_object *simple_version(struct cx *cx, const char *path, const char *sql,
					  const char *dialect)
{
	struct json_object *version = json_new_object(cx), *query = json_new_object(cx);
	struct json_object *queries = json_new_array(cx);

	json_set_text(query, "type", "sql");
	json_set_text(query, "sql", sql);
	json_set_text(query, "dialect", dialect);
	json_add(queries, query);
	json_set_int(version, "version-id", 1);
	json_set_int(version, "timestamp-ms", cx_now_ms());
	json_set(version, "summary", json_new_object(cx));
	json_set(version, "default-namespace", ident_levels(cx, path));
	json_set(version, "representations", queries);
	return version;
}

/* {"name", "sql", "dialect", "schema", "properties"} as a CreateViewRequest.  Without a
 * schema it has no columns until an engine replaces it. */
static enum status expand_simple(struct request *rq, struct json_object **out)
{
	struct json_object *request = json_share_set(rq->cx, rq->json);
	struct json_object *schema = NULL, *properties = NULL;
	const char *sql, *dialect = DIALECT;
	struct cx *cx = rq->cx;
	enum status s = json_get_text(cx, rq->json, "", "sql", &sql);

	if (!s)
		s = json_opt_text(cx, rq->json, "", "dialect", &dialect);
	if (!s)
		s = json_opt_object(cx, rq->json, "", "schema", &schema);
	if (!s)
		s = json_opt_object(cx, rq->json, "", "properties", &properties);
	if (s)
		return s;
	properties = properties ? json_share(cx, properties) : json_new_object(cx);
	json_set_text(properties, "sql", sql);
	json_set_text(properties, "dialect", dialect);
	json_set(request, "properties", properties);
	if (!schema) {
		schema = json_new_object(cx);
		json_set_text(schema, "type", "struct");
		json_set(schema, "fields", json_new_array(cx));
		json_set(request, "schema", schema);
	}
	json_set(request, "view-version", simple_version(cx, rq->resolved->path, sql, dialect));
	*out = request;
	return OK;
}

enum status create_view(struct request *rq)
{
	struct metadata_env env = { .now_ms = cx_now_ms() };
	const char *name, *location = NULL;
	struct json_object *body, *metadata;
	struct metadata_file f;
	struct creation c;
	bool simple;
	enum status s = request_json(rq, false);

	if (s)
		return s;
	body = rq->json;
	simple = json_has(body, "sql") && !json_has(body, "view-version");
	s = json_get_text(rq->cx, body, "", "name", &name);
	if (!s)
		s = json_opt_text(rq->cx, body, "", "location", &location);
	if (!s && simple)
		s = expand_simple(rq, &body);
	if (!s)
		s = creation_open(rq, &view_metadata, name, &c);
	if (!s)
		s = creation_location(rq, &c, location, &location);
	if (s)
		return s;
	env.new_uuid = c.row->asset_id;
	s = view_create(rq->cx, &env, body, location, &metadata);
	if (s == INVALID) /* Iceberg's Java client knows a view that can't be by this name */
		rq->error_type = "IllegalArgumentException";
	if (!s)
		s = creation_make(rq, &c, metadata, &f);
	if (s)
		return s;
	rq->answer.http = simple ? 201 : 200;
	return answer_view(rq, c.at.name, &f, metadata);
}

enum status register_view(struct request *rq)
{
	struct json_object *metadata;
	struct metadata_file f = { 0 };
	struct creation c;
	enum status s = register_asset(rq, &view_metadata, &c, &f, &metadata);

	return s ? s : answer_view(rq, c.at.name, &f, metadata);
}

/* --- replace ------------------------------------------------------------------------------- */

enum status replace_view(struct request *rq)
{
	struct table_change t;
	const struct scope *sc;
	enum status s = commit_asset(rq, &view_metadata, &t, &sc);

	return s ? s : answer_view(rq, t.at.name, &t.file, t.next);
}
