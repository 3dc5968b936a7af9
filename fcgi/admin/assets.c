/* SPDX-License-Identifier: Apache-2.0 */
/* assets.c - what is no Iceberg table or view: files, models, connections, as entries of a namespace. */
#include "stores/assets.h"

#include <ctype.h>

#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/lookup.h"
#include "fcgi/idents.h"
#include "fcgi/resolve.h"
#include "fcgi/tables/scope.h"

#define MAX_LOCATION_BYTES 4096 /* of what is no storage path: a connection string */
#define PAGE 500

static const char *const kinds[] = { "ICEBERG_TABLE", "DELTA_TABLE", "HUDI_TABLE", "PARQUET_TABLE",
				     "CSV_TABLE",     "JSON_TABLE",  "VIEW",	   "ML_MODEL",
				     "APACHE_PAIMON", "VORTEX",	     "LANCE",	   "NIMBLE",
				     "DIRECTORY",     "VIDEO_FILE",  "IMAGE_FILE", "OTHER",
				     "DB_CONN_STRING" };

/* --- what a body says ------------------------------------------------------------------ */

/* "DeltaTable", "delta-table" and "DELTA_TABLE" are one. */
static bool same_word(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a == '_' || *a == '-' || *a == ' ')
			a++;
		while (*b == '_')
			b++;
		if (toupper((unsigned char)*a) != *b)
			return false;
		if (!*a)
			return true;
	}
}

static enum status read_kind(struct request *rq, const char *text, const char **out)
{
	*out = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (same_word(text, kinds[i]))
			*out = kinds[i];
	if (!*out)
		return fail(rq->cx, INVALID, "kind: there is none called \"%s\"", text);
	if (text_same(*out, "ICEBERG_TABLE") || text_same(*out, "VIEW"))
		return fail(rq->cx, INVALID,
			    "kind: an Iceberg table or view is made, or registered by its metadata "
			    "file, under /v1/{catalog}/namespaces");
	return OK;
}

/* True where a storage path was meant, right or wrong. */
static bool names_storage(const char *location)
{
	static const char *const schemes[] = { "s3:",	"s3a:",	  "s3n:",   "gs:",
					       "abfs:", "abfss:", "wasbs:", "file:/" };

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (text_starts(location, schemes[i]))
			return true;
	return false;
}

/* A path of the catalog's storage is checked and owned as a table's is; any other text is
 * kept as it is, and leads nobody to anything by this server. */
static enum status read_location(struct request *rq, struct asset *row, struct claim *claim)
{
	const struct catalog_ref *ref = rq->resolved->catalog;
	const struct scope *sc;
	struct location l;
	enum status s;

	claim->n = 0;
	if (strlen(row->location) > MAX_LOCATION_BYTES)
		return fail(rq->cx, INVALID, "location: longer than %d bytes", MAX_LOCATION_BYTES);
	s = location_parse(rq->cx, row->location, &l);
	if (s)
		return names_storage(row->location) ? s : OK;
	if (scope_of(rq->cx, ref, &sc) || strcmp(l.scheme, sc->storage.scheme) != 0 ||
	    storage_covers(rq->cx, &sc->storage, &l))
		return OK;
	row->location = l.text;
	claim->storage = sc->identity;
	return claim_path(rq->cx, claim, storage_claim(rq->cx, &sc->storage, &l));
}

static enum status read_body(struct request *rq, struct asset *row, struct claim *claim)
{
	const char *location = NULL;
	enum status s = json_opt_text(rq->cx, rq->json, "", "location", &location);

	if (!s)
		s = admin_properties(rq->cx, rq->json, &row->properties);
	if (s || !location)
		return s;
	row->location = location;
	return read_location(rq, row, claim);
}

/* --- answers ------------------------------------------------------------------------------ */

static enum status answer_asset(struct request *rq, int http, const struct asset *a)
{
	struct json_object *o = NULL;
	enum status s = asset_json(rq, a, &o);

	return s ? s : answer_json(rq, http, o);
}

/* The path's asset of any kind; NOT_FOUND. */
static enum status path_any(struct request *rq, const struct asset **out)
{
	const struct resolved *r = rq->resolved;
	struct asset_name at = { r->path, r->name };

	*out = r->asset;
	return r->asset->row.version ? OK : asset_missing(rq->cx, "OTHER", &at);
}

/* And one that these routes may change. */
static enum status path_generic(struct request *rq, const struct asset **out)
{
	enum status s = path_any(rq, out);

	if (!s && (*out)->metadata_location)
		return fail(rq->cx, INVALID,
			    "%s is an Iceberg table or view: it is changed under /v1/{catalog}",
			    rq->resolved->name);
	return s;
}

enum status get_asset(struct request *rq)
{
	const struct asset *a;
	enum status s = path_any(rq, &a);

	return s ? s : answer_asset(rq, 200, a);
}

/* --- changes -------------------------------------------------------------------------------- */

enum status create_asset(struct request *rq)
{
	struct asset *row = CX_NEW(rq->cx, struct asset);
	const char *path = rq->resolved->path, *kind;
	const struct catalog_ref *ref;
	struct asset_name at = { .path = path };
	struct claim claim = { .n = 0 };
	enum status s = request_json(rq, false);

	*row = (struct asset){ .asset_id = text_uuid7(rq->cx),
			       .properties = "{}",
			       .current_snapshot_id = -1,
			       .created_ms = cx_now_ms(),
			       .updated_ms = cx_now_ms() };
	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "name", &at.name);
	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "kind", &kind);
	if (!s)
		s = read_kind(rq, kind, &row->type);
	if (!s)
		s = read_body(rq, row, &claim);
	if (!s && !row->location)
		s = fail(rq->cx, INVALID, "location is missing");
	if (!s)
		s = resolve_names(rq, &at.path, &at.name, &ref);
	if (!s)
		s = asset_create(rq->cx, rq->rs->store, ref, &at, row, claim.n ? &claim : NULL,
				 false, "create", request_actor(rq));
	return s ? s : answer_asset(rq, 201, row);
}

static enum status read_claim(struct request *rq, struct claim *claim, const char *asset_id)
{
	size_t n;
	struct row **rows = claim_rows(rq->cx, claim, &n);
	enum status s = store_get_all(rq->cx, rq->rs->store, rows, n);

	return s ? s : claim_check(rq->cx, claim, asset_id);
}

static enum status update_once(struct request *rq, struct asset *row)
{
	const struct resolved *r = rq->resolved;
	struct claim claim = { .n = 0 };
	struct asset_change change = { .row = row };
	struct place *p = place_asset(rq->cx, r->catalog, r->path, r->name);
	struct branch branch;
	enum edit_part failed;
	enum status s = content_read(rq->cx, rq->rs->store, r->catalog, &branch, &p, 1, NULL, 0);

	if (s)
		return s;
	if (!p->seen || !text_same(p->seen->asset_id, r->asset->asset_id))
		return asset_missing(rq->cx, "OTHER", &(struct asset_name){ r->path, r->name });
	*row = *p->seen;
	row->updated_ms = cx_now_ms();
	s = read_body(rq, row, &claim);
	if (!s && claim.n)
		s = read_claim(rq, &claim, row->asset_id);
	if (s)
		return s;
	change.place = p;
	change.claim = claim.n ? &claim : NULL;
	return asset_commit(rq->cx, rq->rs->store, r->catalog, &branch, &change, 1,
			    request_actor(rq), &failed);
}

/* Its name and kind stay: another kind is another asset. */
static enum status refuse_other(struct request *rq, const struct asset *a)
{
	const char *name = a->name, *word = a->type, *kind;
	enum status s = json_opt_text(rq->cx, rq->json, "", "name", &name);

	if (!s)
		s = json_opt_text(rq->cx, rq->json, "", "kind", &word);
	if (!s)
		s = read_kind(rq, word, &kind);
	if (!s && strcmp(name, a->name) != 0)
		s = fail(rq->cx, INVALID, "name: an asset can't be renamed");
	if (!s && strcmp(kind, a->type) != 0)
		s = fail(rq->cx, INVALID, "kind: it is %s, and stays so", a->type);
	return s;
}

enum status update_asset(struct request *rq)
{
	const struct asset *a;
	struct asset row;
	enum status s = request_json(rq, false);

	if (!s)
		s = path_generic(rq, &a);
	if (!s)
		s = refuse_other(rq, a);
	if (s)
		return s;
	s = update_once(rq, &row);
	for (int i = 1; s == CONFLICT && i < ADMIN_TRIES; i++)
		s = update_once(rq, &row);
	return s ? s : answer_asset(rq, 200, &row);
}

enum status delete_asset(struct request *rq)
{
	const struct resolved *r = rq->resolved;
	struct asset_name at = { r->path, r->name };
	const struct asset *a;
	enum status s = path_generic(rq, &a);

	if (!s)
		s = asset_drop(rq->cx, rq->rs->store, r->catalog, a->type, &at, false, NULL,
			       request_actor(rq));
	return s ? s : answer_empty(rq, 204);
}

/* --- lists ------------------------------------------------------------------------------------ */

static enum status show_row(struct request *rq, const struct asset *a, struct json_object **out)
{
	struct json_object *o = json_new_object(rq->cx), *identifier = json_new_object(rq->cx);
	struct json_object *levels = ident_levels(rq->cx, a->namespace);

	json_set(identifier, "namespace", levels);
	json_set_text(identifier, "name", a->name);
	json_set_text(o, "id", a->asset_id);
	json_set_text(o, "name", a->name);
	json_set(o, "namespace", levels);
	json_set_text(o, "kind", a->type);
	json_set(o, "identifier", identifier);
	*out = o;
	return OK;
}

/* What a load would hide is left out, but for what others may find. */
static bool is_seen(struct request *rq, const struct asset *a,
		    const struct business_metadata *about)
{
	struct object o = rq->object;

	o.kind = ON_ASSET;
	o.name = a->name;
	o.asset_id = a->asset_id;
	o.tags = tags_of(rq->cx, about);
	return is_discoverable(about) || access_may(rq->who, MAY_READ, &o);
}

/* The rows of a page that the caller may see, into `array`, from number *skip on, *left at most. */
static enum status add_page(struct request *rq, const struct listing *l, size_t *skip, size_t *left,
			    struct json_object *array)
{
	struct business_metadata *about = cx_array(rq->cx, l->n, sizeof(*about));
	struct row **rows = cx_array(rq->cx, l->n, sizeof(*rows));
	enum status s;

	for (size_t i = 0; i < l->n; i++) {
		about[i] = (struct business_metadata){ .row = ROW(business_metadata),
						       .tenant_id = rq->tenant_id,
						       .asset_id = l->rows[i]->asset_id };
		rows[i] = &about[i].row;
	}
	s = store_get_all(rq->cx, rq->rs->store, rows, l->n);
	for (size_t i = 0; !s && i < l->n && *left; i++) {
		struct json_object *o;

		if (!is_seen(rq, l->rows[i], &about[i]))
			continue;
		if (*skip) {
			--*skip;
			continue;
		}
		s = show_row(rq, l->rows[i], &o);
		json_add(array, o);
		--*left;
	}
	return s;
}

enum status list_assets(struct request *rq)
{
	const struct resolved *r = rq->resolved;
	struct json_object *array = json_new_array(rq->cx);
	struct page page = { .limit = PAGE };
	size_t skip = 0, left = SIZE_MAX;
	struct listing l;
	enum status s = admin_page(rq, &skip, &left);

	if (!s && !r->namespace_row->row.version)
		s = fail(rq->cx, NOT_FOUND, "Namespace does not exist: %s",
			 namespace_shown(rq->cx, r->path));
	do {
		if (!s)
			s = content_list(rq->cx, rq->rs->store, r->catalog, r->path, &page, &l);
		if (!s)
			s = add_page(rq, &l, &skip, &left, array);
		page.after = l.next;
	} while (!s && l.next && left);
	return s ? s : answer_json(rq, 200, array);
}
