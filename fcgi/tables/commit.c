/* SPDX-License-Identifier: Apache-2.0 */
/* commit.c - updates of a table: base, requirements, updates, one file, one list. */
#include "fcgi/tables/tables.h"

#include "common/text.h"
#include "fcgi/actor.h"

/* One commit, over all its tries. */
struct attempt {
	struct request *rq;
	const struct catalog_ref *ref;
	const struct scope *sc;
	struct asset_name at;
	struct json_object *requirements, *updates;

	/* As read for this try. */
	struct branch *branch;
	struct place *place;

	/* Made from base_location's text; they stay while the table does. */
	const char *base_location; /* NULL: nothing is made yet */
	struct json_object *base, *next;
	struct metadata_file file;
	struct asset row;
	struct claim claim;
};

static enum status no_table(const struct attempt *a)
{
	return fail(a->rq->cx, NOT_FOUND, "Table does not exist: %s",
		    asset_shown(a->rq->cx, a->at.path, a->at.name));
}

/* --- making the new metadata ------------------------------------------------------------ */

static enum status make_next(struct attempt *a)
{
	struct metadata_env env = { .now_ms = cx_now_ms(),
				    .new_uuid = a->place->seen->asset_id,
				    .base_location = a->place->seen->metadata_location };
	struct cx *cx = a->rq->cx;
	enum status s = text_read_json(a->rq, a->sc, a->place->seen, &a->base);

	if (!s)
		s = requirements_check(cx, a->base, a->requirements);
	if (!s)
		s = metadata_apply(cx, &env, a->base, a->updates, &a->next);
	if (!s)
		s = scope_check_metadata(cx, a->sc, a->next);
	if (s)
		return s;
	a->row = *a->place->seen;
	return scope_describe(cx, a->sc, a->next, &a->row, &a->claim);
}

/* Folders that the table did not own before: rare, and a round trip of its own. */
static enum status read_claim(struct attempt *a, struct claim **out)
{
	const struct asset *old = a->place->seen, *new = &a->row;
	struct row **rows;
	size_t n;
	enum status s;

	*out = NULL;
	if (text_same(old->location, new->location) && text_same(old->data_path, new->data_path) &&
	    text_same(old->metadata_path, new->metadata_path))
		return OK;
	rows = claim_rows(a->rq->cx, &a->claim, &n);
	s = store_get_all(a->rq->cx, a->rq->rs->store, rows, n);
	if (!s)
		s = claim_check(a->rq->cx, &a->claim, new->asset_id);
	*out = &a->claim;
	return s;
}

/* --- one try ------------------------------------------------------------------------------ */

/* {"new_metadata_location", "snapshot_id", "sequence_number"} for the audit trail. */
static const char *record(const struct attempt *a)
{
	struct json_object *o = json_new_object(a->rq->cx);

	json_set_text(o, "new_metadata_location", a->file.location);
	json_set_int(o, "snapshot_id", a->row.current_snapshot_id);
	json_set_int(o, "sequence_number", json_int(a->next, "last-sequence-number", 0));
	return json_print(a->rq->cx, o, NULL);
}

/* The updates change nothing: the table as it is, and no new file. */
static enum status keep_as_is(struct attempt *a)
{
	const struct asset *seen = a->place->seen;
	struct metadata_file as_is = { .location = seen->metadata_location,
				       .sha256 = seen->metadata_sha256 };
	enum status s = text_read(a->rq, a->sc, seen, &as_is.bytes, &as_is.n);

	if (!s)
		a->file = as_is;
	return s;
}

static enum status try_commit(struct attempt *a, bool *again)
{
	const char *base = a->place->seen->metadata_location;
	struct claim *claim;
	enum edit_part failed;
	enum status s = OK;

	*again = false;
	if (!text_same(a->base_location, base))
		s = make_next(a);
	if (!s && a->next == a->base)
		return keep_as_is(a);
	a->base_location = base;
	if (!s)
		s = read_claim(a, &claim);
	if (!s && !a->file.location)
		s = text_write(a->rq, a->sc, a->next, base, &a->file);
	if (s)
		return s;
	text_name(&a->row, &a->file);
	s = asset_commit(a->rq->cx, a->rq->rs->store, a->branch, a->place, &a->row, claim,
			 record(a), request_actor(a->rq), &failed);
	*again = s == CONFLICT;
	return s;
}

static enum status read_again(struct attempt *a)
{
	enum status s =
		content_read(a->rq->cx, a->rq->rs->store, a->ref, a->branch, &a->place, 1, NULL, 0);

	if (s)
		return s;
	if (!a->place->seen || !text_same(a->place->seen->type, "ICEBERG_TABLE"))
		return no_table(a);
	if (!text_same(a->base_location, a->place->seen->metadata_location))
		/* another commit came first: this file will never be named */
		s = text_undo(a->rq, a->sc, &a->file, CONFLICT);
	return OK;
}

/* After the first put a failure is definite, or it is UNKNOWN: never "later". */
static enum status settle(struct attempt *a, enum status s)
{
	if (!a->file.location)
		return s;
	s = text_undo(a->rq, a->sc, &a->file, s);
	if (s != UNAVAILABLE && s != LIMITED)
		return s;
	return fail(a->rq->cx, CONFLICT, "Commit failed: %s",
		    cx_strdup(a->rq->cx, a->rq->cx->message));
}

static enum status commit_loop(struct attempt *a)
{
	const struct config *c = a->rq->rs->config;
	bool again;

	for (int64_t i = 1;; i++) {
		enum status s = try_commit(a, &again);

		if (!s)
			return OK;
		if (!again || i >= c->commit_tries ||
		    cx_left_ms(a->rq->cx) < c->request_timeout_ms / 5)
			return settle(a, s);
		edit_backoff(a->rq->cx, (size_t)i);
		s = read_again(a);
		if (s)
			return settle(a, s);
	}
}

/* --- afterwards ---------------------------------------------------------------------------- */

static bool in_log(struct json_object *log, const char *file)
{
	for (size_t i = 0; log && i < json_object_array_length(log); i++)
		if (text_same(json_text(json_object_array_get_idx(log, i), "metadata-file"), file))
			return true;
	return false;
}

/* write.metadata.delete-after-commit.enabled: the files that fell out of the log,
 * unless a row of any branch or cut still has one.  What can't be removed stays. */
static void remove_old(const struct attempt *a)
{
	struct json_object *properties = json_member(a->next, "properties");
	struct json_object *before = json_member(a->base, "metadata-log");
	struct json_object *after = json_member(a->next, "metadata-log");
	struct request *rq = a->rq;

	if (!properties ||
	    !text_same(json_text(properties, "write.metadata.delete-after-commit.enabled"), "true"))
		return;
	for (size_t i = 0; before && i < json_object_array_length(before); i++) {
		const char *file = json_text(json_object_array_get_idx(before, i), "metadata-file");
		bool used;

		if (!file || in_log(after, file))
			continue;
		if (asset_metadata_used(rq->cx, rq->rs->store, a->ref, file, &used) || used)
			continue;
		if (cloud_remove(rq->cx, rq->rs->cloud, &a->sc->storage, file))
			return;
	}
}

/* --- the handler ---------------------------------------------------------------------------- */

static bool asserts_create(struct json_object *requirements)
{
	for (size_t i = 0; i < json_object_array_length(requirements); i++)
		if (text_same(json_text(json_object_array_get_idx(requirements, i), "type"),
			      "assert-create"))
			return true;
	return false;
}

/* A staged create comes to its end: all there is to the table stands in the updates. */
static enum status commit_new(struct attempt *a)
{
	struct metadata_env env = { .now_ms = cx_now_ms(), .new_uuid = text_uuid7(a->rq->cx) };
	struct json_object *metadata;
	enum status s = requirements_check(a->rq->cx, NULL, a->requirements);

	if (!s)
		s = asset_name_check(a->rq->cx, a->at.path, a->at.name);
	if (!s)
		s = metadata_apply(a->rq->cx, &env, NULL, a->updates, &metadata);
	if (!s)
		s = make_table(a->rq, a->ref, a->sc, &a->at, env.new_uuid, metadata, &a->file);
	if (s == NOT_FOUND)
		a->rq->error_type = "NoSuchNamespaceException";
	return s;
}

static enum status commit_old(struct attempt *a)
{
	enum status s = commit_loop(a);

	if (s)
		return s;
	text_keep(a->rq, &a->file);
	remove_old(a);
	return OK;
}

static enum status read_body(struct attempt *a)
{
	struct request *rq = a->rq;
	enum status s = request_json(rq, false);

	if (!s)
		s = json_get_array(rq->cx, rq->json, "", "requirements", &a->requirements);
	return s ? s : json_get_array(rq->cx, rq->json, "", "updates", &a->updates);
}

enum status commit_table(struct request *rq)
{
	const struct resolved *r = rq->resolved;
	struct attempt a = { .rq = rq,
			     .ref = r->catalog,
			     .at = { r->path, r->name },
			     .branch = r->branch,
			     .place = r->asset_place };
	enum status s = read_body(&a);

	if (!s)
		s = scope_of(rq->cx, a.ref, &a.sc);
	if (s)
		return s;
	if (!a.place->seen && asserts_create(a.requirements))
		s = commit_new(&a);
	else if (!a.place->seen || !text_same(a.place->seen->type, "ICEBERG_TABLE"))
		s = no_table(&a);
	else
		s = commit_old(&a);
	if (s)
		return s;
	answer_header(rq, "ETag", table_etag(rq->cx, a.file.sha256, "all", a.sc));
	return answer_table(rq, a.file.location, a.file.bytes, a.file.n, NULL);
}
