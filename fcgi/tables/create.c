/* SPDX-License-Identifier: Apache-2.0 */
/* create.c - new tables: create, staged create, register. */
#include "fcgi/tables/tables.h"

#include "common/text.h"
#include "fcgi/actor.h"

/* What the body of a create says. */
struct wish {
	const char *name, *location; /* location NULL: ours to choose */
	bool stage;
};

/* The body's name, and the catalog on the branch that it names. */
static enum status read_at(struct request *rq, const char *name, struct asset_name *at,
			   const struct catalog_ref **ref)
{
	const char *path = rq->resolved->path;
	enum status s = resolve_names(rq, &path, &name, ref);

	*at = (struct asset_name){ path, name };
	return s ? s : asset_name_check(rq->cx, path, name);
}

static enum status read_wish(struct request *rq, struct wish *w)
{
	struct cx *cx = rq->cx;
	enum status s = request_json(rq, false);

	*w = (struct wish){ 0 };
	if (!s)
		s = json_get_text(cx, rq->json, "", "name", &w->name);
	if (!s)
		s = json_opt_text(cx, rq->json, "", "location", &w->location);
	return s ? s : json_opt_bool(cx, rq->json, "", "stage-create", &w->stage);
}

/* Is there a namespace to put it into, and no table of that name yet?  Saves the
 * file of a create that cannot be; the store decides in the end. */
static enum status check_free(struct request *rq, const struct catalog_ref *ref,
			      const struct asset_name *at, struct claim *claim,
			      const char *asset_id)
{
	struct place *p = place_asset(rq->cx, ref, at->path, at->name);
	struct place *in = place_namespace(rq->cx, ref, at->path);
	struct place *places[] = { p, in };
	size_t n;
	struct row **rows = claim_rows(rq->cx, claim, &n);
	enum status s = content_read(rq->cx, rq->rs->store, ref, NULL, places, 2, rows, n);

	if (s)
		return s;
	if (!in->seen)
		return fail(rq->cx, NOT_FOUND, "Namespace does not exist: %s",
			    namespace_shown(rq->cx, at->path));
	if (p->seen)
		return fail(rq->cx, EXISTS, "%s already exists: %s",
			    text_same(p->seen->type, "ICEBERG_TABLE") ? "Table"
								      : "View with same name",
			    asset_shown(rq->cx, at->path, at->name));
	return claim_check(rq->cx, claim, asset_id);
}

/* --- create -------------------------------------------------------------------------- */

/* Makes a table of `metadata`, written as its first file, and answers nothing. */
static enum status make_table(struct request *rq, const struct catalog_ref *ref,
			      const struct scope *sc, const struct asset_name *at,
			      const char *asset_id, struct json_object *metadata,
			      struct metadata_file *f)
{
	struct asset *row = CX_NEW(rq->cx, struct asset);
	struct claim claim;
	enum status s = scope_check_metadata(rq->cx, sc, metadata);

	*f = (struct metadata_file){ 0 };
	if (!s)
		s = scope_describe(rq->cx, sc, metadata, row, &claim);
	if (!s)
		s = check_free(rq, ref, at, &claim, asset_id);
	if (!s)
		s = text_make(rq, metadata, NULL, f);
	if (!s)
		s = text_write(rq, sc, &f, 1);
	if (s)
		return s;
	row->asset_id = asset_id;
	row->created_ms = cx_now_ms();
	text_name(row, f);
	s = asset_create(rq->cx, rq->rs->store, ref, at, row, &claim, false, "create",
			 request_actor(rq));
	if (s)
		return text_undo(rq, sc, f, s);
	text_keep(rq, f);
	return OK;
}

/* Nothing is kept of it: the commit that follows carries it all. */
static enum status stage_table(struct request *rq, const struct catalog_ref *ref,
			       const struct scope *sc, const struct asset_name *at,
			       const char *asset_id, struct json_object *metadata)
{
	struct asset row = { .asset_id = asset_id };
	struct delegated t = { ref, sc, *at, &row, .staged = true };
	struct delegation d;
	struct claim claim;
	const char *text;
	size_t n;
	enum status s = scope_check_metadata(rq->cx, sc, metadata);

	if (!s)
		s = scope_describe(rq->cx, sc, metadata, &row, &claim);
	if (!s)
		s = check_free(rq, ref, at, &claim, asset_id);
	if (s)
		return s;
	text = json_print(rq->cx, metadata, &n);
	delegate(rq, &t, &d);
	return answer_table(rq, NULL, text, n, &d);
}

static enum status answer_made(struct request *rq, const struct delegated *t,
			       const struct metadata_file *f)
{
	struct delegation d;

	delegate(rq, t, &d);
	answer_header(rq, "ETag", table_etag(rq->cx, f->sha256, "all", &d));
	return answer_table(rq, f->location, f->bytes, f->n, &d);
}

enum status create_table(struct request *rq)
{
	struct metadata_env env = { .now_ms = cx_now_ms(), .new_uuid = text_uuid7(rq->cx) };
	struct asset row = { .asset_id = env.new_uuid };
	struct claim claim;
	const struct catalog_ref *ref;
	struct json_object *metadata;
	struct location location;
	struct metadata_file f;
	struct asset_name at;
	const struct scope *sc;
	struct wish wish;
	enum status s = read_wish(rq, &wish);

	if (!s)
		s = read_at(rq, wish.name, &at, &ref);
	if (!s)
		s = scope_of(rq->cx, ref, &sc);
	if (s)
		return s;
	if (!wish.location)
		wish.location = scope_new_location(rq->cx, sc, at.path, at.name, env.new_uuid);
	s = scope_check(rq->cx, sc, "location", wish.location, &location);
	if (!s)
		s = metadata_create(rq->cx, &env, rq->json, location.text, &metadata);
	if (s)
		return s;
	if (wish.stage)
		return stage_table(rq, ref, sc, &at, env.new_uuid, metadata);
	s = make_table(rq, ref, sc, &at, env.new_uuid, metadata, &f);
	if (!s)
		s = scope_describe(rq->cx, sc, metadata, &row, &claim);
	return s ? s : answer_made(rq, &(struct delegated){ ref, sc, at, &row, false }, &f);
}

/* --- register -------------------------------------------------------------------------- */

static enum status read_registration(struct request *rq, const char **name, const char **location,
				     bool *overwrite)
{
	enum status s = rq->json ? OK : request_json(rq, false);

	*overwrite = false;
	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "name", name);
	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "metadata-location", location);
	return s ? s : json_opt_bool(rq->cx, rq->json, "", "overwrite", overwrite);
}

/* Reads, within the warehouse only, what the table shall be, and checks all of it. */
static enum status read_adopted(struct request *rq, const struct scope *sc, const char *location,
				struct metadata_file *f, struct asset *row, struct claim *claim)
{
	struct json_object *metadata;
	struct location l;
	enum status s = scope_check(rq->cx, sc, "metadata-location", location, &l);

	if (!s)
		s = text_read_file(rq, sc, l.text, f, &metadata);
	if (!s)
		s = metadata_check(rq->cx, metadata);
	if (!s)
		s = scope_check_metadata(rq->cx, sc, metadata);
	if (!s)
		s = scope_describe(rq->cx, sc, metadata, row, claim);
	if (s)
		return s;
	row->created_ms = cx_now_ms();
	text_name(row, f);
	return OK;
}

enum status register_table_objects(struct request *rq,
				   enum status (*visit)(struct request *, enum action,
							const struct object *))
{
	const char *path = rq->resolved->path, *name, *location;
	const struct catalog_ref *ref;
	struct object o = rq->object;
	bool overwrite;
	enum status s = read_registration(rq, &name, &location, &overwrite);

	if (s || !overwrite)
		return s;
	s = resolve_names(rq, &path, &name, &ref);
	o.kind = ON_ASSET;
	o.name = name;
	return s ? s : visit(rq, MAY_WRITE, &o);
}

enum status register_table(struct request *rq)
{
	struct asset *row = CX_NEW(rq->cx, struct asset);
	const char *name, *location;
	const struct catalog_ref *ref;
	struct metadata_file f = { 0 };
	const struct scope *sc;
	struct asset_name at;
	struct claim claim;
	bool overwrite;
	enum status s = read_registration(rq, &name, &location, &overwrite);

	if (!s)
		s = read_at(rq, name, &at, &ref);
	if (!s)
		s = scope_of(rq->cx, ref, &sc);
	if (!s)
		s = read_adopted(rq, sc, location, &f, row, &claim);
	if (s)
		return s;
	row->asset_id = text_uuid7(rq->cx);
	s = asset_create(rq->cx, rq->rs->store, ref, &at, row, &claim, overwrite, "register",
			 request_actor(rq));
	if (s)
		return s;
	text_keep(rq, &f);
	return answer_made(rq, &(struct delegated){ ref, sc, at, row, false }, &f);
}
