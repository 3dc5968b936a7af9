/* SPDX-License-Identifier: Apache-2.0 */
/* functions.c - functions: Iceberg's clients list and load them, the management API makes them. */
#include "common/iceberg/function.h"
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/idents.h"
#include "fcgi/tables/commit.h"
#include "fcgi/tables/tables.h"

/* --- list, load ------------------------------------------------------------------------- */

enum status list_functions(struct request *rq)
{
	return answer_identifiers(rq, function_metadata.type);
}

enum status load_function(struct request *rq)
{
	const struct asset *row;
	const struct scope *sc;
	const char *bytes;
	size_t n;
	enum status s = path_asset(rq, &function_metadata, &row);

	if (!s)
		s = scope_of(rq->cx, rq->resolved->catalog, &sc);
	if (!s)
		s = text_read(rq, sc, row, &bytes, &n);
	return s ? s : answer_metadata(rq, row->metadata_location, bytes, n, NULL);
}

/* --- create, replace ---------------------------------------------------------------------- */

/* {"metadata", "base-metadata-location"}: function.h's one update, with a new one's location. */
static enum status read_update(struct request *rq, const char *location, struct table_change *t)
{
	struct json_object *given, *update = json_new_object(rq->cx);
	const char *base = NULL;
	enum status s = json_get_object(rq->cx, rq->json, "", "metadata", &given);

	if (!s)
		s = json_opt_text(rq->cx, rq->json, "", "base-metadata-location", &base);
	if (s)
		return s;
	json_set(update, "metadata", given);
	json_set_text(update, "location", location);
	json_set_text(update, "base-metadata-location", base);
	t->updates = json_new_array(rq->cx);
	json_add(t->updates, update);
	t->kind = &function_metadata;
	t->requirements = json_new_array(rq->cx);
	return OK;
}

static void assert_create(struct request *rq, struct table_change *t)
{
	struct json_object *requirement = json_new_object(rq->cx);

	json_set_text(requirement, "type", "assert-create");
	json_add(t->requirements, requirement);
}

/* As loadFunction answers it. */
static enum status answer_changed(struct request *rq, int http, const struct table_change *t)
{
	struct json_object *answer = json_new_object(rq->cx);

	json_set_text(answer, "metadata-location",
		      t->file.location ? t->file.location : t->place->seen->metadata_location);
	json_set(answer, "metadata", t->next);
	return answer_json(rq, http, answer);
}

/* What is there of the place, and the branch it is on. */
static enum status read_place(struct request *rq, const struct creation *c, struct branch *branch,
			      struct place **place)
{
	*place = place_function(rq->cx, c->ref, c->at.path, c->at.name);
	return content_read(rq->cx, rq->rs->store, c->ref, branch, place, 1, NULL, 0);
}

enum status create_function(struct request *rq)
{
	const char *name, *location = NULL;
	struct json_object *metadata;
	struct table_change t = { 0 };
	struct branch branch;
	struct creation c;
	enum status s = request_json(rq, false);

	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "name", &name);
	if (!s)
		s = json_get_object(rq->cx, rq->json, "", "metadata", &metadata);
	if (!s)
		s = json_opt_text(rq->cx, metadata, "metadata", "location", &location);
	if (!s)
		s = creation_open(rq, &function_metadata, name, &c);
	if (!s)
		s = creation_location(rq, &c, location, &location);
	if (!s)
		s = read_update(rq, location, &t);
	if (!s)
		s = read_place(rq, &c, &branch, &t.place);
	if (s)
		return s;
	assert_create(rq, &t);
	t.at = c.at;
	if (t.place->seen)
		return asset_exists(rq->cx, t.place->seen, function_metadata.type, &c.at);
	s = commit_changes(rq, c.ref, &branch, &t, 1);
	return s ? s : answer_changed(rq, 201, &t);
}

enum status replace_function(struct request *rq)
{
	const struct resolved *r = rq->resolved;
	struct table_change t = { .at = { r->path, r->name }, .place = r->asset_place };
	enum status s = request_json(rq, false);

	if (!s)
		s = read_update(rq, NULL, &t);
	if (!s)
		s = commit_changes(rq, r->catalog, r->branch, &t, 1);
	return s ? s : answer_changed(rq, 200, &t);
}

/* --- drop ----------------------------------------------------------------------------------- */

/* Its files stay: those who have just loaded it may read them still. */
enum status drop_function(struct request *rq)
{
	const struct resolved *r = rq->resolved;
	struct place *place = r->asset_place;
	struct asset_name at = { r->path, r->name };
	enum status s;

	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		if (!place->seen)
			return asset_missing(rq->cx, function_metadata.type, &at);
		s = asset_unregister(rq->cx, rq->rs->store, r->branch, place, request_actor(rq));
		if (s != CONFLICT)
			return s ? s : answer_empty(rq, 204);
		edit_backoff(rq->cx, i);
		s = content_read(rq->cx, rq->rs->store, r->catalog, r->branch, &place, 1, NULL, 0);
		if (s)
			return s;
	}
	return edit_gave_up(rq->cx);
}
