/* SPDX-License-Identifier: Apache-2.0 */
/* absent.c - rows of tables that are not there yet, or any more. */
#include "stores/absent.h"

#include "common/text.h"

#define STAGED "STAGED"
#define DROPPED "DROPPED"

static struct absent *absent_of(struct cx *cx, const struct catalog_ref *ref,
				const struct asset_name *at, const struct asset *row,
				const char *owner)
{
	struct absent *a = CX_NEW(cx, struct absent);

	*a = (struct absent){ .row = ROW(absent),
			      .tenant_id = ref->tenant_id,
			      .catalog_id = ref->catalog_id,
			      .asset_id = row->asset_id,
			      .owner = owner,
			      .namespace = at->path,
			      .name = at->name,
			      .location = row->location,
			      .data_path = row->data_path,
			      .metadata_path = row->metadata_path };
	return a;
}

bool absent_is_staged(const struct absent *a)
{
	return text_same(a->type, STAGED);
}

/* --- staged -------------------------------------------------------------------------- */

enum status absent_stage(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			 const struct asset_name *at, const struct asset *row, struct claim *claim,
			 const char *owner)
{
	struct absent *a = absent_of(cx, ref, at, row, owner);
	struct edit e = { .cx = cx, .catalog = ref };
	enum status s;

	a->type = STAGED;
	a->until_ms = cx_now_ms() + STAGED_MS;
	claim->staged = true;
	edit_add(&e, INSERT, &a->row, PART_RECORD);
	s = claim_add(&e, claim, row->asset_id);
	if (!s)
		s = store_apply(cx, st, e.changes, e.n, NULL);
	return s == EXISTS ? CONFLICT : s;
}

/* The staged create of this tenant that a folder is reserved for, or version 0. */
static enum status read_staged(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			       const char *asset_id, struct absent *out)
{
	struct absent from = { .row = ROW(absent),
			       .tenant_id = ref->tenant_id,
			       .asset_id = asset_id };
	struct query q = { .from = &from.row, .bound = 1, .where = { "asset_id" }, .limit = 1 };
	struct rows rows;
	enum status s = store_list(cx, st, &q, &rows);

	*out = (struct absent){ 0 };
	if (!s && rows.n)
		*out = *(const struct absent *)rows.items;
	return s;
}

/* Another may commit or free it at once: either way it is read again. */
static enum status free_staged(struct cx *cx, struct store *st, struct absent *a)
{
	struct edit e = { .cx = cx };
	enum status s;

	edit_add(&e, DELETE, &a->row, PART_RECORD);
	s = locations_free(&e, st, a->asset_id);
	if (!s)
		s = store_apply(cx, st, e.changes, e.n, NULL);
	return s == CONFLICT ? OK : s;
}

enum status absent_settle(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			  const struct claim *claim, const char *owner, bool adopt,
			  struct absent **mine, bool *again)
{
	*mine = NULL;
	*again = false;
	for (size_t i = 0; i < claim->n_rows; i++) {
		const struct location_row *l = &claim->rows[i];
		struct absent *a = CX_NEW(cx, struct absent);
		bool own;
		enum status s = OK;

		if (!claim_is_staged(l) || (*mine && text_same((*mine)->asset_id, l->asset_id)))
			continue;
		s = read_staged(cx, st, ref, l->asset_id, a);
		if (s)
			return s;
		own = a->row.version && absent_is_staged(a) && text_same(a->owner, owner);
		if (own && adopt && text_same(a->catalog_id, ref->catalog_id) &&
		    text_same(claim->paths[0], l->path)) {
			*mine = a;
		} else if (own || (a->row.version && a->until_ms < cx_now_ms())) {
			*again = true;
			return free_staged(cx, st, a);
		}
	}
	return OK;
}

enum status absent_keep(struct cx *cx, struct store *st, struct absent *a)
{
	struct change change = { UPDATE, &a->row };
	enum status s;

	if (a->until_ms - cx_now_ms() > STAGED_MS / 2)
		return OK;
	a->until_ms = cx_now_ms() + STAGED_MS;
	s = store_apply(cx, st, &change, 1, NULL);
	return s == CONFLICT ? fail(cx, UNAVAILABLE, "the table is being created: try again") : s;
}

/* --- dropped ------------------------------------------------------------------------- */

enum status absent_leave(struct edit *e, struct store *st, const struct asset *dropped,
			 const char *owner)
{
	struct asset_name at = { dropped->namespace, dropped->name };
	struct absent *a = absent_of(e->cx, e->catalog, &at, dropped, owner), there = *a;
	struct row *row = &there.row;
	enum status s = store_get_all(e->cx, st, &row, 1);

	if (s)
		return s;
	a->row.version = there.row.version; /* it came back, and goes again */
	a->type = DROPPED;
	a->until_ms = cx_now_ms() + DROPPED_MS;
	edit_add(e, there.row.version ? UPDATE : INSERT, &a->row, PART_RECORD);
	return OK;
}

/* --- either --------------------------------------------------------------------------- */

enum status absent_find(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			const struct asset_name *at, const char *asset_id, const char *owner,
			struct absent *out)
{
	struct row *row = &out->row;
	enum status s;

	*out = (struct absent){ .row = ROW(absent),
				.tenant_id = ref->tenant_id,
				.catalog_id = ref->catalog_id,
				.asset_id = asset_id };
	s = store_get_all(cx, st, &row, 1);
	if (s)
		return s;
	if (!row->version || out->until_ms < cx_now_ms() || !text_same(out->owner, owner) ||
	    !text_same(out->namespace, at->path) || !text_same(out->name, at->name))
		return fail(cx, NOT_FOUND, "Table does not exist: %s",
			    asset_shown(cx, at->path, at->name));
	return OK;
}
