/* SPDX-License-Identifier: Apache-2.0 */
/* create.c - new tables: create, staged create, register; what new views have in common with them. */
#include "fcgi/tables/tables.h"

#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/idempotency.h"
#include "stores/absent.h"

#define STAGE_TRIES 20

/* What the body of a create says. */
struct wish {
	const char *name, *location; /* location NULL: ours to choose */
	bool stage;
};

enum status creation_open(struct request *rq, const struct metadata_kind *kind, const char *name,
			  struct creation *c)
{
	const char *path = rq->resolved->path;
	enum status s;

	*c = (struct creation){ .kind = kind, .row = CX_NEW(rq->cx, struct asset) };
	c->row->asset_id = text_uuid7(rq->cx);
	s = resolve_names(rq, &path, &name, &c->ref);
	c->at = (struct asset_name){ path, name };
	if (!s)
		s = content_may_write(rq->cx, c->ref);
	if (!s)
		s = asset_name_check(rq->cx, path, name);
	return s ? s : scope_of(rq->cx, c->ref, &c->sc);
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

static enum status read_free(struct request *rq, const struct creation *c, struct claim *claim)
{
	struct place *p = place_asset(rq->cx, c->ref, c->at.path, c->at.name);
	struct place *in = place_namespace(rq->cx, c->ref, c->at.path);
	struct place *places[] = { p, in };
	size_t n;
	struct row **rows = claim_rows(rq->cx, claim, &n);
	enum status s = content_read(rq->cx, rq->rs->store, c->ref, NULL, places, 2, rows, n);

	if (s)
		return s;
	if (!in->seen)
		return fail(rq->cx, NOT_FOUND, "Namespace does not exist: %s",
			    namespace_shown(rq->cx, c->at.path));
	return p->seen ? asset_exists(rq->cx, p->seen, c->kind->type, &c->at) : OK;
}

/* Is there a namespace to put it into, and nothing of that name yet?  Saves the
 * file of a create that cannot be; the store decides in the end. */
static enum status check_free(struct request *rq, const struct creation *c, struct claim *claim)
{
	struct absent *none;
	bool again = true;
	enum status s = OK;

	for (size_t i = 0; !s && again && i < STAGE_TRIES; i++) {
		s = read_free(rq, c, claim);
		if (!s)
			s = absent_settle(rq->cx, rq->rs->store, c->ref, claim, delegate_owner(rq),
					  false, &none, &again);
	}
	return s ? s : claim_check(rq->cx, claim, c->row->asset_id);
}

/* --- create -------------------------------------------------------------------------- */

enum status creation_location(struct request *rq, const struct creation *c, const char *wish,
			      const char **out)
{
	struct location location;
	enum status s;

	if (!wish)
		wish = scope_new_location(rq->cx, c->sc, c->at.path, c->at.name, c->row->asset_id);
	s = scope_check(rq->cx, c->sc, "location", wish, &location);
	*out = location.text;
	return s;
}

enum status creation_make(struct request *rq, const struct creation *c,
			  struct json_object *metadata, struct metadata_file *f)
{
	struct asset *row = c->row;
	struct claim claim;
	enum status s = scope_describe(rq->cx, c->sc, c->kind, metadata, row, &claim);

	*f = (struct metadata_file){ 0 };
	if (!s)
		s = check_free(rq, c, &claim);
	if (!s)
		s = text_make(rq, c->kind, metadata, NULL, f);
	if (!s)
		s = text_write(rq, c->sc, &f, 1);
	if (s)
		return s;
	row->created_ms = cx_now_ms();
	text_name(row, f);
	s = asset_create(rq->cx, rq->rs->store, c->ref, &c->at, row, &claim, false, "create",
			 request_actor(rq));
	if (s)
		return text_undo(rq, c->sc, f, s);
	text_keep(rq, f, c->ref->guarded && c->kind == &table_metadata);
	return OK;
}

/* Keeps others' tables out of its folders while the caller may reach what is there. */
static enum status reserve(struct request *rq, const struct creation *c, struct claim *claim)
{
	for (size_t i = 1;; i++) {
		enum status s = check_free(rq, c, claim);

		if (!s)
			s = absent_stage(rq->cx, rq->rs->store, c->ref, &c->at, c->row, claim,
					 delegate_owner(rq));
		if (s != CONFLICT)
			return s;
		if (i == STAGE_TRIES)
			return edit_gave_up(rq->cx);
		edit_backoff(rq->cx, i);
	}
}

/* Nothing else is kept of it: the commit that follows carries it all. */
static enum status stage_table(struct request *rq, const struct creation *c,
			       struct json_object *metadata)
{
	struct delegated t = { c->ref, c->sc, c->at, c->row, .staged = true };
	struct delegation d;
	struct claim claim;
	const char *text;
	size_t n;
	enum status s = scope_describe(rq->cx, c->sc, c->kind, metadata, c->row, &claim);

	if (!s)
		s = delegate_reaches(rq, c->sc) ? reserve(rq, c, &claim)
						: check_free(rq, c, &claim);
	if (s)
		return s;
	text = json_print(rq->cx, metadata, &n);
	delegate(rq, &t, &d);
	return answer_table(rq, NULL, text, n, &d);
}

static enum status answer_made(struct request *rq, const struct creation *c,
			       const struct metadata_file *f)
{
	struct delegated t = { c->ref, c->sc, c->at, c->row, .staged = false };
	unsigned form = table_form(c->ref);
	struct delegation d;
	const char *bytes;
	size_t n;
	enum status s = text_of_file(rq, f, form, &bytes, &n);

	if (s)
		return s;
	delegate(rq, &t, &d);
	answer_header(rq, "ETag", table_etag(rq->cx, f->sha256, form, &d));
	return answer_table(rq, f->location, bytes, n, &d);
}

/*
 * The catalog's table-default.* and table-override.* properties, in the body that a new
 * table is made of: clients that know of them have done the same.
 */
static enum status apply_catalog(struct request *rq, const struct catalog_ref *ref)
{
	static const char defaults[] = "table-default.", overrides[] = "table-override.";
	struct json_object *given = NULL, *properties, *said;
	enum status s = json_opt_object(rq->cx, rq->json, "", "properties", &given);

	if (!s)
		s = catalog_properties(rq->cx, ref, &said);
	if (s)
		return s;
	properties = given ? json_share(rq->cx, given) : json_new_object(rq->cx);
	json_object_object_foreach(said, key, value) {
		if (text_starts(key, overrides))
			json_set(properties, key + strlen(overrides), value);
		else if (text_starts(key, defaults) && !json_has(given, key + strlen(defaults)))
			json_set(properties, key + strlen(defaults), value);
	}
	if (json_object_object_length(properties))
		json_set(rq->json, "properties", properties);
	return OK;
}

enum status create_table(struct request *rq)
{
	struct metadata_env env = { .now_ms = cx_now_ms() };
	struct json_object *metadata;
	struct metadata_file f;
	struct creation c;
	struct wish wish;
	enum status s = read_wish(rq, &wish);

	if (!s)
		s = creation_open(rq, &table_metadata, wish.name, &c);
	if (!s)
		s = creation_location(rq, &c, wish.location, &wish.location);
	if (!s)
		s = apply_catalog(rq, c.ref);
	if (s)
		return s;
	env.new_uuid = c.row->asset_id;
	s = metadata_create(rq->cx, &env, rq->json, wish.location, &metadata);
	if (s)
		return s;
	if (wish.stage)
		return stage_table(rq, &c, metadata);
	s = creation_make(rq, &c, metadata, &f);
	return s ? s : answer_made(rq, &c, &f);
}

/* What a staged create reserved gives way to its owner: it is done again. */
enum status replay_create_table(struct request *rq)
{
	struct wish wish;
	enum status s = read_wish(rq, &wish);

	if (s)
		return s;
	return wish.stage ? create_table(rq) : replay_made(rq, NULL, wish.name);
}

/* --- register -------------------------------------------------------------------------- */

struct registration {
	const char *name, *location;
	bool overwrite;
};

static enum status read_registration(struct request *rq, struct registration *r)
{
	enum status s = rq->json ? OK : request_json(rq, false);

	*r = (struct registration){ 0 };
	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "name", &r->name);
	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "metadata-location", &r->location);
	return s ? s : json_opt_bool(rq->cx, rq->json, "", "overwrite", &r->overwrite);
}

/* Reads, within the warehouse only, what the asset shall be, and checks all of it. */
static enum status read_adopted(struct request *rq, const struct creation *c, const char *location,
				struct metadata_file *f, struct json_object **metadata)
{
	struct location l;
	enum status s = scope_check(rq->cx, c->sc, "metadata-location", location, &l);

	if (!s)
		s = text_read_file(rq, c->sc, l.text, f, metadata);
	return s ? s : c->kind->check(rq->cx, *metadata);
}

enum status register_table_objects(struct request *rq,
				   enum status (*visit)(struct request *, enum action,
							const struct object *))
{
	const char *path = rq->resolved->path;
	const struct catalog_ref *ref;
	struct object o = rq->object;
	struct registration r;
	enum status s = read_registration(rq, &r);

	if (s || !r.overwrite)
		return s;
	s = resolve_names(rq, &path, &r.name, &ref);
	o.kind = ON_ASSET;
	o.name = r.name;
	return s ? s : visit(rq, MAY_WRITE, &o);
}

enum status register_asset(struct request *rq, const struct metadata_kind *kind, struct creation *c,
			   struct metadata_file *f, struct json_object **metadata)
{
	struct registration r;
	struct claim claim;
	enum status s = read_registration(rq, &r);

	if (!s)
		s = creation_open(rq, kind, r.name, c);
	if (!s)
		s = read_adopted(rq, c, r.location, f, metadata);
	if (!s)
		s = scope_describe(rq->cx, c->sc, kind, *metadata, c->row, &claim);
	if (s)
		return s;
	c->row->created_ms = cx_now_ms();
	text_name(c->row, f);
	/* only of a table `overwrite` was asked for, and allowed */
	s = asset_create(rq->cx, rq->rs->store, c->ref, &c->at, c->row, &claim,
			 r.overwrite && kind == &table_metadata, "register", request_actor(rq));
	if (!s)
		text_keep(rq, f, c->ref->guarded && kind == &table_metadata);
	return s;
}

enum status register_table(struct request *rq)
{
	struct json_object *metadata;
	struct metadata_file f = { 0 };
	struct creation c;
	enum status s = register_asset(rq, &table_metadata, &c, &f, &metadata);

	return s ? s : answer_made(rq, &c, &f);
}

static enum status replay_registration(struct request *rq, const char *list)
{
	struct registration r;
	enum status s = read_registration(rq, &r);

	return s ? s : replay_made(rq, list, r.name);
}

enum status replay_register_table(struct request *rq)
{
	return replay_registration(rq, "tables");
}

enum status replay_register_view(struct request *rq)
{
	return replay_registration(rq, "views");
}
