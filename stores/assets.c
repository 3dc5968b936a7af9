/* SPDX-License-Identifier: Apache-2.0 */
/* assets.c - tables and other assets as lists of changes. */
#include "stores/assets.h"

#include "common/text.h"
#include "stores/absent.h"
#include "stores/business.h"
#include "stores/jobs.h"

static const char *noun(const char *type)
{
	if (text_same(type, "FUNCTION"))
		return "Function";
	if (text_same(type, "VIEW"))
		return "View";
	return text_same(type, "ICEBERG_TABLE") ? "Table" : "Asset";
}

/* "table", "view", "function", "asset": what audit records are about, and half of their action. */
static const char *record_type(const char *type)
{
	if (text_same(type, "ICEBERG_TABLE"))
		return "table";
	if (text_same(type, "FUNCTION"))
		return "function";
	return text_same(type, "VIEW") ? "view" : "asset";
}

static struct audit *record(struct edit *e, const char *op, const struct asset *a,
			    const struct asset_name *at, const char *metadata)
{
	const char *type = record_type(a->type);
	const char *name = cx_printf(e->cx, "%s/%s/%s", e->catalog->name,
				     namespace_shown(e->cx, at->path), at->name);
	struct audit *r = audit_new(e->cx, e->by, e->catalog->tenant_id,
				    cx_printf(e->cx, "%s_%s", op, type), type, a->asset_id, name);

	r->metadata = metadata;
	return r;
}

static enum status no_namespace(struct cx *cx, const char *path)
{
	return fail(cx, NOT_FOUND, "Namespace does not exist: %s", namespace_shown(cx, path));
}

enum status asset_missing(struct cx *cx, const char *type, const struct asset_name *at)
{
	return fail(cx, NOT_FOUND, "%s does not exist: %s", noun(type),
		    asset_shown(cx, at->path, at->name));
}

enum status asset_exists(struct cx *cx, const struct asset *seen, const char *type,
			 const struct asset_name *at)
{
	const char *shown = asset_shown(cx, at->path, at->name);

	if (text_same(seen->type, type))
		return fail(cx, EXISTS, "%s already exists: %s", noun(type), shown);
	return fail(cx, EXISTS, "%s with same name already exists: %s", noun(seen->type), shown);
}

/* --- create ------------------------------------------------------------------- */

/* A new asset, or with `overwrite` the next row of the one that is there. */
static enum status may_put(struct cx *cx, const struct place *p, const struct asset_name *at,
			   struct asset *row, bool overwrite)
{
	if (!p->seen)
		return OK;
	if (!overwrite || !text_same(p->seen->type, row->type))
		return asset_exists(cx, p->seen, row->type, at);
	row->asset_id = p->seen->asset_id;
	row->created_ms = p->seen->created_ms;
	return OK;
}

static const char *location_json(struct cx *cx, const struct asset *row)
{
	struct json_object *o = json_new_object(cx);

	json_set_text(o, "location", row->location);
	return json_print(cx, o, NULL);
}

/*
 * A table that was dropped here, and that another branch or a cut still shows,
 * keeps its folder.  Who registers the same table (by its UUID) takes it up again:
 * the row gets its asset_id, and the folder is its own.
 */
static enum status take_up(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			   const struct claim *claim, struct asset *row)
{
	struct asset from = { .row = ROW(asset),
			      .tenant_id = ref->tenant_id,
			      .catalog_id = ref->catalog_id,
			      .asset_id = claim_owner(claim) };
	struct query q = { .from = &from.row, .bound = 2, .where = { "asset_id" }, .limit = 1000 };
	struct rows rows = { 0 };
	struct asset *kept;
	enum status s = from.asset_id ? store_list(cx, st, &q, &rows) : OK;

	kept = rows.items;
	for (size_t i = 0; !s && i < rows.n; i++)
		if (!text_same(kept[i].table_uuid, row->table_uuid) ||
		    (kept[i].until == LIVING && text_same(kept[i].branch_id, ref->branch_id)))
			return OK;
	if (rows.n)
		row->asset_id = kept[0].asset_id;
	return s;
}

static enum status try_create(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			      const struct asset_name *at, struct asset *row, struct claim *claim,
			      bool overwrite, const char *op, const struct audit *by)
{
	struct place *p = place_asset(cx, ref, at->path, at->name);
	struct place *in = place_namespace(cx, ref, at->path);
	struct place *places[] = { p, in };
	size_t n = 0;
	struct row **more = claim ? claim_rows(cx, claim, &n) : NULL;
	const char *own_id = row->asset_id;
	struct branch branch;
	struct edit *e;
	enum status s = content_read(cx, st, ref, &branch, places, 2, more, n);

	if (s)
		return s;
	if (!in->seen)
		return no_namespace(cx, at->path);
	s = may_put(cx, p, at, row, overwrite);
	if (!s && claim && !p->seen && strcmp(op, "register") == 0)
		s = take_up(cx, st, ref, claim, row);
	if (!s && claim)
		s = claim_check(cx, claim, row->asset_id);
	if (s)
		return s;
	e = edit_open(cx, ref, &branch, by);
	edit_operation(e, op, p, row);
	if (row->asset_id == own_id)
		edit_make(e, p, row);
	else
		edit_put(e, p, row);
	edit_into(e, in);
	if (claim)
		s = claim_add(e, claim, row->asset_id);
	return s ? s
		 : edit_apply(e, st, record(e, op, row, at, claim ? location_json(cx, row) : NULL));
}

enum status asset_create(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			 const struct asset_name *at, struct asset *row, struct claim *claim,
			 bool overwrite, const char *op, const struct audit *by)
{
	enum status s = asset_name_check(cx, at->path, at->name);
	const char *own_id = row->asset_id;

	if (s)
		return s;
	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		row->asset_id = own_id;
		s = try_create(cx, st, ref, at, row, claim, overwrite, op, by);
		if (s != CONFLICT)
			return s;
		edit_backoff(cx, i);
	}
	return edit_gave_up(cx);
}

/* --- commit -------------------------------------------------------------------- */

/* One change, into the list: its record, or NULL where it only pins. */
static enum status add_change(struct edit *e, const struct asset_change *c, struct audit **made)
{
	const struct place *p = c->place;
	struct asset_name at = { p->namespace, p->name };
	const char *op = p->seen ? "commit" : "create";

	*made = NULL;
	if (!c->row) {
		edit_pin(e, p);
		return OK;
	}
	edit_operation(e, op, p, c->row);
	if (p->seen)
		edit_put(e, p, c->row);
	else
		edit_make(e, p, c->row);
	if (c->staged)
		edit_add(e, DELETE, &c->staged->row, PART_LOCATION);
	if (p->seen && !text_same(c->row->type, "ICEBERG_TABLE") &&
	    !text_same(c->row->type, "FUNCTION"))
		op = "update"; /* as audit records of views have always called it */
	*made = record(e, op, c->row, &at,
		       c->metadata || !c->row->metadata_location ? c->metadata
								 : location_json(e->cx, c->row));
	return c->claim ? claim_add(e, c->claim, c->row->asset_id) : OK;
}

/* Each namespace once, however many assets are made in it. */
static void enter_namespaces(struct edit *e, const struct asset_change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t first = 0;

		while (changes[first].into != changes[i].into)
			first++;
		if (changes[i].into && first == i)
			edit_into(e, changes[i].into);
	}
}

enum status asset_commit(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			 struct branch *branch, const struct asset_change *changes, size_t n,
			 const struct audit *by, enum edit_part *failed)
{
	struct edit *e = edit_open(cx, ref, branch, by);
	struct audit *last = NULL, *made;
	enum status s = OK;

	for (size_t i = 0; !s && i < n; i++) {
		s = add_change(e, &changes[i], &made);
		if (made && last) /* edit_apply adds the last one */
			edit_add(e, INSERT, &last->row, PART_RECORD);
		if (made)
			last = made;
	}
	*failed = PART_NONE;
	if (s || !last)
		return s;
	enter_namespaces(e, changes, n);
	if (n > 1)
		e->commit.message = "commit_transaction";
	s = edit_apply(e, st, last);
	*failed = e->failed;
	return s;
}

/* --- rename --------------------------------------------------------------------- */

static struct audit *rename_record(struct edit *e, const struct asset *a,
				   const struct asset_name *from, const struct asset_name *to)
{
	struct cx *cx = e->cx;
	struct audit *r = record(e, "rename", a, from, NULL);

	r->resource_name = cx_printf(cx, "%s/%s -> %s", e->catalog->name,
				     asset_shown(cx, from->path, from->name),
				     asset_shown(cx, to->path, to->name));
	return r;
}

static enum status try_rename(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			      const char *type, const struct asset_name *from,
			      const struct asset_name *to, const struct audit *by, bool *no_ns)
{
	struct place *source = place_asset(cx, ref, from->path, from->name);
	struct place *dest = place_asset(cx, ref, to->path, to->name);
	struct place *in = place_namespace(cx, ref, to->path);
	struct place *places[] = { source, dest, in };
	struct asset *row = CX_NEW(cx, struct asset);
	struct branch branch;
	struct edit *e;
	enum status s = content_read(cx, st, ref, &branch, places, 3, NULL, 0);

	if (s)
		return s;
	if (!source->seen || !text_same(source->seen->type, type))
		return asset_missing(cx, type, from);
	*no_ns = !in->seen;
	if (!in->seen)
		return no_namespace(cx, to->path);
	if (dest->seen)
		return fail(cx, EXISTS, "Cannot rename %s to %s. %s already exists",
			    asset_shown(cx, from->path, from->name),
			    asset_shown(cx, to->path, to->name), noun(dest->seen->type));
	*row = *source->seen;
	row->updated_ms = cx_now_ms();
	e = edit_open(cx, ref, &branch, by);
	edit_operation(e, "rename_from", source, NULL);
	edit_operation(e, "rename_to", dest, row);
	edit_hide(e, source);
	edit_put(e, dest, row);
	edit_into(e, in);
	return edit_apply(e, st, rename_record(e, row, from, to));
}

enum status asset_rename(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			 const char *type, const struct asset_name *from,
			 const struct asset_name *to, const struct audit *by, bool *no_ns)
{
	enum status s = asset_name_check(cx, to->path, to->name);

	*no_ns = false;
	if (s)
		return s;
	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		s = try_rename(cx, st, ref, type, from, to, by, no_ns);
		if (s != CONFLICT)
			return s;
		edit_backoff(cx, i);
	}
	return edit_gave_up(cx);
}

/* --- drop ------------------------------------------------------------------------ */

/* True where the asset is still shown once the branch's own living row is gone:
 * by another branch, or by a cut (also the copy that this drop will keep). */
static enum status is_shared(struct cx *cx, struct store *st, const struct place *p,
			     const struct branch *branch, bool *yes)
{
	const struct asset *own = &p->rows[0];
	struct asset from = { .row = ROW(asset),
			      .tenant_id = own->tenant_id,
			      .catalog_id = own->catalog_id,
			      .asset_id = p->seen->asset_id };
	struct query q = { .from = &from.row, .bound = 2, .where = { "asset_id" }, .limit = 2 };
	struct rows rows;
	enum status s;

	*yes = p->seen != own || own->born < branch->cut;
	if (*yes)
		return OK;
	s = store_list(cx, st, &q, &rows);
	*yes = rows.n > 1;
	return s;
}

enum status asset_free(struct edit *e, struct store *st, const struct place *p)
{
	bool shared = true;
	enum status s = p->seen->location ? is_shared(e->cx, st, p, e->branch, &shared) : OK;

	return s || shared ? s : locations_free(e, st, p->seen->asset_id);
}

/* What becomes of its files where nothing else shows the asset: a job's, somebody's, or nobody's. */
struct leaving {
	bool purge;
	const char *left_to;
};

static enum status leave(struct edit *e, struct store *st, const struct place *p,
			 const struct leaving *how)
{
	enum status s = locations_free(e, st, p->seen->asset_id);

	if (!s)
		s = business_free(e, st, p->seen->asset_id);
	if (!s && how->purge && p->seen->metadata_location)
		edit_add(e, INSERT, &job_purge(e->cx, p->catalog, p->seen)->row, PART_RECORD);
	if (!s && !how->purge && how->left_to)
		s = absent_leave(e, st, p->seen, how->left_to);
	return s;
}

/* Takes the asset of a place that was read with `branch` out of it. */
static enum status take_out(struct cx *cx, struct store *st, struct branch *branch,
			    const struct place *p, const char *op, const struct leaving *how,
			    const struct audit *by)
{
	const struct catalog_ref *ref = p->catalog;
	struct asset_name at = { p->namespace, p->name };
	struct edit *e;
	bool shared;
	enum status s = is_shared(cx, st, p, branch, &shared);

	if (s)
		return s;
	e = edit_open(cx, ref, branch, by);
	edit_operation(e, "drop", p, NULL);
	edit_hide(e, p);
	if (!shared)
		s = leave(e, st, p, how);
	return s ? s : edit_apply(e, st, record(e, op, p->seen, &at, NULL));
}

/* asset_id: which one it must be, or NULL. */
static enum status try_drop(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			    const char *type, const struct asset_name *at, const char *asset_id,
			    const struct leaving *how, const struct audit *by)
{
	struct place *p = place_asset(cx, ref, at->path, at->name);
	struct branch branch;
	enum status s = content_read(cx, st, ref, &branch, &p, 1, NULL, 0);

	if (s)
		return s;
	if (!p->seen || !text_same(p->seen->type, type) ||
	    (asset_id && !text_same(p->seen->asset_id, asset_id)))
		return asset_missing(cx, type, at);
	return take_out(cx, st, &branch, p, "drop", how, by);
}

static enum status drop(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			const char *type, const struct asset_name *at, const char *asset_id,
			const struct leaving *how, const struct audit *by)
{
	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		enum status s = try_drop(cx, st, ref, type, at, asset_id, how, by);

		if (s != CONFLICT)
			return s;
		edit_backoff(cx, i);
	}
	return edit_gave_up(cx);
}

enum status asset_drop(struct cx *cx, struct store *st, const struct catalog_ref *ref,
		       const char *type, const struct asset_name *at, bool purge,
		       const char *left_to, const struct audit *by)
{
	struct leaving how = { purge, left_to };

	return drop(cx, st, ref, type, at, NULL, &how, by);
}

enum status asset_drop_id(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			  const struct asset *which, const struct audit *by)
{
	struct asset_name at = { which->namespace, which->name };
	struct leaving how = { 0 };

	return drop(cx, st, ref, which->type, &at, which->asset_id, &how, by);
}

enum status asset_unregister(struct cx *cx, struct store *st, struct branch *branch,
			     const struct place *place, const struct audit *by)
{
	return take_out(cx, st, branch, place, "unregister", &(struct leaving){ 0 }, by);
}

/* --- asking ---------------------------------------------------------------------- */

enum status asset_metadata_used(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				const char *location, bool *used)
{
	struct asset from = { .row = ROW(asset),
			      .tenant_id = ref->tenant_id,
			      .catalog_id = ref->catalog_id,
			      .metadata_location = location };
	struct query q = {
		.from = &from.row, .bound = 2, .where = { "metadata_location" }, .limit = 1
	};
	struct rows rows;
	enum status s = store_list(cx, st, &q, &rows);

	*used = rows.n > 0;
	return s;
}
