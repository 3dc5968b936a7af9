/* SPDX-License-Identifier: Apache-2.0 */
/* refs.c - catalogs, branches, tags and assets by the names that requests give them. */
#include "fcgi/admin/refs.h"

#include "common/text.h"
#include "fcgi/idents.h"
#include "fcgi/tables/scope.h"
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

static enum status check_file(struct request *rq, const struct scope *sc, const char *file)
{
	int64_t size;
	enum status s = cloud_stat(rq->cx, rq->rs->cloud, &sc->storage, file, &size);

	return s == NOT_FOUND ? fail(rq->cx, CONFLICT, "the metadata file %s is gone", file) : s;
}

enum status refs_check_back(void *files, const struct asset *state, struct claim **claim)
{
	const struct refs_files *f = files;
	struct request *rq = f->rq;
	const struct scope *sc;
	enum status s = scope_of(rq->cx, f->ref, &sc);

	*claim = NULL;
	if (s)
		return s == INVALID ? OK : s; /* nowhere to look */
	if (state->metadata_location)
		s = check_file(rq, sc, state->metadata_location);
	if (s || !state->location)
		return s;
	*claim = CX_NEW(rq->cx, struct claim);
	return scope_claim(rq->cx, sc, state, *claim);
}
