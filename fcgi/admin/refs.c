/* SPDX-License-Identifier: Apache-2.0 */
/* refs.c - catalogs, branches, tags and assets by the names that requests give them. */
#include "fcgi/admin/refs.h"

#include "common/iceberg/read.h"
#include "common/list.h"
#include "common/text.h"
#include "fcgi/idents.h"
#include "fcgi/tables/text.h"
#include "stores/catalogs.h"

#define MAX_ROUNDS 4

/* The tenant's only catalog, else "default". */
static enum status guess(struct request *rq, const char **out)
{
	struct catalog *list, fallback;
	bool more;
	size_t n;
	enum status s = catalog_list(rq->cx, rq->rs->store, rq->tenant_id, 2, &list, &n, &more);

	if (s)
		return s;
	*out = n == 1 && !more ? list[0].name : "default";
	if (n == 1 && !more)
		return OK;
	s = catalog_find(rq->cx, rq->rs->store, rq->tenant_id, "default", &fallback);
	if (s != NOT_FOUND)
		return s;
	return fail(rq->cx, INVALID,
		    "catalog is missing: the tenant has not just one, nor one "
		    "called default");
}

/* What is cached stands where it was read under the epochs that the request began with. */
static enum status find(struct request *rq, const char *name, const struct catalog_ref **out)
{
	struct content *c = rq->rs->content;

	for (int i = 0; i < MAX_ROUNDS; i++) {
		enum status s =
			content_catalog(rq->cx, c, rq->rs->store, rq->tenant_id, name, NULL, out);

		if (s ||
		    content_stands(c, rq->tenant_id, (*out)->server_epoch, (*out)->tenant_epoch))
			return s;
		content_forget(rq->cx, c, *out);
		if (i > 0) /* they moved since the request began */
			return OK;
	}
	return OK;
}

enum status refs_catalog(struct request *rq, const char *name, enum action action,
			 const struct catalog_ref **out)
{
	struct object o = { .kind = ON_CATALOG, .tenant_id = rq->tenant_id };
	enum status s = OK;

	if (!name || !*name)
		s = guess(rq, &name);
	if (!s)
		s = find(rq, name, out);
	if (s)
		return s;
	o.catalog_id = (*out)->catalog_id;
	o.catalog = (*out)->name;
	return access_check(rq->cx, rq->who, action, &o);
}

enum status refs_of_id(struct request *rq, const char *catalog_id, enum action action,
		       const struct catalog_ref **out)
{
	struct catalog from = { .row = ROW(catalog), .tenant_id = rq->tenant_id, .id = catalog_id };
	struct query q = { .from = &from.row, .bound = 1, .where = { "id" }, .limit = 1 };
	struct rows rows;
	enum status s = store_list(rq->cx, rq->rs->store, &q, &rows);

	if (!s && !rows.n)
		s = fail(rq->cx, NOT_FOUND, "the catalog of it is gone");
	return s ? s : refs_catalog(rq, ((struct catalog *)rows.items)->name, action, out);
}

enum status refs_of_query(struct request *rq, enum action action, const struct catalog_ref **out)
{
	const char *name = NULL;
	enum status s = request_query(rq, "catalog", &name);

	return s ? s : refs_catalog(rq, name, action, out);
}

enum status refs_of_body(struct request *rq, enum action action, const struct catalog_ref **out)
{
	const char *name = NULL;
	enum status s = json_opt_text(rq->cx, rq->json, "", "catalog", &name);

	return s ? s : refs_catalog(rq, name, action, out);
}

enum status refs_find(struct request *rq, const struct catalog_ref *ref, const char *name,
		      struct branch *out)
{
	enum status s = branch_find(rq->cx, rq->rs->store, ref, name, false, out);

	if (s == NOT_FOUND)
		s = branch_find(rq->cx, rq->rs->store, ref, name, true, out);
	return s == NOT_FOUND ? fail(rq->cx, s, "Branch or tag does not exist: %s in catalog %s",
				     name, ref->name)
			      : s;
}

enum status refs_asset(struct request *rq, struct json_object *v, const char *where,
		       struct asset_name *out)
{
	const char *text = json_object_get_string(v), *dot;
	char *path;

	if (json_object_is_type(v, json_type_object)) {
		struct json_object *holder = json_new_object(rq->cx);

		json_set(holder, where, v);
		return ident_read(rq->cx, holder, where, &out->path, &out->name);
	}
	dot = json_object_is_type(v, json_type_string) ? strrchr(text, '.') : NULL;
	if (!dot || dot == text || !dot[1])
		return fail(rq->cx, INVALID, "%s: no \"<namespace>.<name>\"", where);
	path = cx_strndup(rq->cx, text, (size_t)(dot - text));
	for (char *c = path; *c; c++)
		if (*c == '.')
			*c = LEVEL_SEPARATOR;
	*out = (struct asset_name){ path, dot + 1 };
	return OK;
}

/* --- what comes back -------------------------------------------------------------------- */

/* Any row, of whatever branch, keeps the files that its pointer needs from being removed. */
static enum status is_kept(struct request *rq, const struct asset *state, bool *kept)
{
	struct asset from = { .row = ROW(asset),
			      .tenant_id = rq->tenant_id,
			      .metadata_location = state->metadata_location };
	const struct query q = {
		.from = &from.row, .bound = 1, .where = { "metadata_location" }, .limit = 1
	};
	struct rows rows;
	enum status s = store_list(rq->cx, rq->rs->store, &q, &rows);

	*kept = !s && rows.n;
	return s;
}

static enum status gone(struct request *rq, const char *file)
{
	return fail(rq->cx, CONFLICT,
		    "what was there then can't be read any more, as its snapshot was expired or "
		    "its table purged: the file %s is gone",
		    file);
}

/* The manifest list of its current snapshot; NULL where there is none that we could ask for. */
static enum status manifest_list_of(struct request *rq, const struct scope *sc,
				    const struct asset *state, const char **out)
{
	struct cx step = { .deadline_ms = rq->cx->deadline_ms };
	struct request own = *rq;
	struct json_object *metadata, *snapshot;
	struct location l;
	enum status s;

	*out = NULL;
	own.cx = &step; /* metadata may be large, and states many */
	s = text_read_json(&own, sc, state, &metadata);
	if (s == NOT_FOUND)
		s = gone(rq, state->metadata_location);
	else if (s)
		s = fail(rq->cx, s, "%s", step.message);
	snapshot = s ? NULL
		     : find_by_id(json_member(metadata, "snapshots"), "snapshot-id",
				  state->current_snapshot_id);
	if (snapshot)
		*out = cx_strdup(rq->cx, json_text(snapshot, "manifest-list"));
	if (*out && (location_parse(&step, *out, &l) || storage_covers(&step, &sc->storage, &l)))
		*out = NULL;
	cx_free(&step);
	return s;
}

/* What has to be there, so that the state can be loaded and its current snapshot read. */
static enum status add_needed(struct request *rq, const struct scope *sc, const struct asset *state,
			      struct list *needed)
{
	const char *file;
	bool kept;
	enum status s;

	if (!state->metadata_location)
		return OK;
	s = is_kept(rq, state, &kept);
	if (s || kept)
		return s;
	*(const char **)list_add(needed) = state->metadata_location;
	if (!text_same(state->type, table_metadata.type) || state->current_snapshot_id < 0)
		return OK;
	s = manifest_list_of(rq, sc, state, &file);
	if (!s && file)
		*(const char **)list_add(needed) = file;
	return s;
}

static enum status check_needed(struct request *rq, const struct scope *sc,
				const struct list *needed)
{
	enum status *each = cx_array(rq->cx, needed->n, sizeof(*each));
	enum status s =
		cloud_stat_all(rq->cx, rq->rs->cloud, &sc->storage, needed->items, needed->n, each);

	for (size_t i = 0; !s && i < needed->n; i++)
		if (each[i])
			s = gone(rq, ((const char **)needed->items)[i]);
	return s;
}

enum status refs_check_back(void *files, const struct asset *const *states, size_t n,
			    struct claim **claims)
{
	const struct refs_files *f = files;
	struct request *rq = f->rq;
	struct list needed = { .cx = rq->cx, .size = sizeof(const char *) };
	const struct scope *sc;
	enum status s = scope_of(rq->cx, f->ref, &sc);

	if (s)
		return s == INVALID ? OK : s; /* nowhere to look */
	for (size_t i = 0; !s && i < n; i++)
		s = add_needed(rq, sc, states[i], &needed);
	if (!s)
		s = check_needed(rq, sc, &needed);
	for (size_t i = 0; !s && i < n; i++) {
		if (!states[i]->location)
			continue;
		claims[i] = CX_NEW(rq->cx, struct claim);
		s = scope_claim(rq->cx, sc, states[i], claims[i]);
	}
	return s;
}
