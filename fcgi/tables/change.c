/* SPDX-License-Identifier: Apache-2.0 */
/* change.c - list, rename, drop, unregister. */
#include "fcgi/tables/tables.h"

#include <strings.h>

#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/idents.h"
#include "stores/idempotency.h"

/* --- list ----------------------------------------------------------------------------- */

enum status list_tables(struct request *rq)
{
	return answer_identifiers(rq, "ICEBERG_TABLE");
}

/* --- rename ----------------------------------------------------------------------------- */

static enum status read_ends(struct request *rq, struct asset_name *from, struct asset_name *to)
{
	enum status s = rq->json ? OK : request_json(rq, false);

	if (!s)
		s = ident_read(rq->cx, rq->json, "source", &from->path, &from->name);
	return s ? s : ident_read(rq->cx, rq->json, "destination", &to->path, &to->name);
}

enum status rename_table_objects(struct request *rq,
				 enum status (*visit)(struct request *, enum action,
						      const struct object *))
{
	struct object source = rq->object, into = rq->object;
	struct asset_name from, to;
	enum status s = read_ends(rq, &from, &to);

	if (s)
		return s;
	source.kind = ON_ASSET;
	source.namespace = from.path;
	source.name = from.name;
	into.kind = ON_NAMESPACE;
	into.namespace = to.path;
	s = visit(rq, MAY_WRITE, &source);
	return s ? s : visit(rq, MAY_CREATE, &into);
}

enum status rename_asset(struct request *rq, const struct metadata_kind *kind)
{
	const struct catalog_ref *ref, *to_ref;
	struct asset_name from, to;
	bool no_namespace;
	enum status s = read_ends(rq, &from, &to);

	if (!s)
		s = resolve_names(rq, &from.path, &from.name, &ref);
	if (!s)
		s = resolve_names(rq, &to.path, &to.name, &to_ref);
	if (s)
		return s;
	if (strcmp(ref->branch_id, to_ref->branch_id) != 0)
		return fail(rq->cx, INVALID, "a rename cannot go from branch %s to branch %s",
			    ref->branch_name, to_ref->branch_name);
	s = asset_rename(rq->cx, rq->rs->store, ref, kind->type, &from, &to, request_actor(rq),
			 &no_namespace);
	if (no_namespace)
		rq->error_type = "NoSuchNamespaceException";
	return s ? s : answer_empty(rq, 204);
}

enum status rename_table(struct request *rq)
{
	return rename_asset(rq, &table_metadata);
}

/* --- drop -------------------------------------------------------------------------------- */

static enum status asked_purge(struct request *rq, bool *purge)
{
	const char *given = NULL;
	enum status s = request_query(rq, "purgeRequested", &given);

	*purge = false;
	if (s || !given || strcasecmp(given, "false") == 0)
		return s;
	*purge = true;
	if (strcasecmp(given, "true") != 0)
		return fail(rq->cx, INVALID, "purgeRequested: neither \"true\" nor \"false\"");
	return OK;
}

enum status drop_table(struct request *rq)
{
	const struct resolved *r = rq->resolved;
	struct asset_name at = { r->path, r->name };
	const char *left_to = NULL;
	const struct scope *sc;
	bool purge;
	enum status s = asked_purge(rq, &purge);

	/* Spark drops first and removes the files itself then, by requests that it has signed. */
	if (!s && !purge && !scope_of(rq->cx, r->catalog, &sc) && delegate_signs(rq, sc))
		left_to = delegate_owner(rq);
	if (!s)
		s = asset_drop(rq->cx, rq->rs->store, r->catalog, "ICEBERG_TABLE", &at, purge,
			       left_to, request_actor(rq));
	return s ? s : answer_empty(rq, 204);
}

/* --- unregister ------------------------------------------------------------------------- */

#define KEPT_MAX_DEPTH 4

/* Where the text is that the answer holds: nothing else will tell once the row is gone. */
static const char *kept_answer(struct cx *cx, const struct asset *row)
{
	struct json_object *o = json_new_object(cx);

	json_set_text(o, "metadata-location", row->metadata_location);
	json_set_text(o, "sha256", row->metadata_sha256);
	json_set_int(o, "size", row->metadata_size);
	return json_print(cx, o, NULL);
}

/* The answer holds the very text that the dropped row had: read before, dropped as read. */
static enum status try_unregister(struct request *rq, const struct scope *sc,
				  const struct place *place)
{
	const struct resolved *r = rq->resolved;
	const char *bytes;
	size_t n;
	enum status s;

	if (!place->seen || !text_same(place->seen->type, "ICEBERG_TABLE"))
		return fail(rq->cx, NOT_FOUND, "Table does not exist: %s",
			    asset_shown(rq->cx, r->path, r->name));
	s = text_read(rq, sc, place->seen, &bytes, &n);
	idempotency_answer(rq->rs->store, kept_answer(rq->cx, place->seen));
	if (!s)
		s = asset_unregister(rq->cx, rq->rs->store, r->branch, place, request_actor(rq));
	return s ? s : answer_table(rq, place->seen->metadata_location, bytes, n, NULL);
}

enum status unregister_table(struct request *rq)
{
	const struct resolved *r = rq->resolved;
	struct place *place = r->asset_place;
	const struct scope *sc;
	enum status s = scope_of(rq->cx, r->catalog, &sc);

	for (size_t i = 1; !s; i++) {
		s = try_unregister(rq, sc, place);
		if (s != CONFLICT)
			return s;
		if (i == EDIT_TRIES)
			return edit_gave_up(rq->cx);
		edit_backoff(rq->cx, i);
		s = content_read(rq->cx, rq->rs->store, r->catalog, r->branch, &place, 1, NULL, 0);
	}
	return s;
}

enum status replay_unregister_table(struct request *rq)
{
	struct cx *cx = rq->cx;
	const char *kept = rq->key->answer ? rq->key->answer : "", *bytes;
	struct json_object *o;
	const struct scope *sc;
	struct asset row = { 0 };
	size_t n;
	enum status s = json_parse(cx, kept, strlen(kept), KEPT_MAX_DEPTH, &o);

	if (!s)
		s = json_get_text(cx, o, "", "metadata-location", &row.metadata_location);
	if (!s)
		s = json_get_text(cx, o, "", "sha256", &row.metadata_sha256);
	if (!s)
		s = json_get_int(cx, o, "", "size", &row.metadata_size);
	if (s)
		return fail(cx, INTERNAL, "key %s: %s", rq->key->key, cx_strdup(cx, cx->message));
	s = scope_of(cx, rq->resolved->catalog, &sc);
	if (!s)
		s = text_read(rq, sc, &row, &bytes, &n);
	return s ? s : answer_table(rq, row.metadata_location, bytes, n, NULL);
}
