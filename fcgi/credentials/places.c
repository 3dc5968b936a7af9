/* SPDX-License-Identifier: Apache-2.0 */
/* places.c - from a location to the table's folder that holds it. */
#include "fcgi/credentials/places.h"

#include "common/text.h"
#include "stores/locations.h"

#define MAX_WAREHOUSES 1000

/* The part of the location that a row's path stands for: as many folders. */
static void set_folder(struct cx *cx, const struct location *l, const char *row_path,
		       struct location *out)
{
	const char *end = l->path;

	for (; *row_path; row_path++)
		if (*row_path == '/')
			end += 1 + strcspn(end + 1, "/");
	*out = *l;
	out->path = cx_strndup(cx, l->path, (size_t)(end - l->path));
	out->text = cx_strndup(cx, l->text, strlen(l->text) - strlen(end));
}

/* The TABLE row at or above the location, of this tenant. */
static enum status find_folder(struct request *rq, const struct location *l, struct place_of *out)
{
	struct claim claim = { .storage = storage_identity(rq->cx, &out->storage) };
	struct row **rows;
	size_t n;
	enum status s = claim_path(rq->cx, &claim, storage_claim(rq->cx, &out->storage, l));

	if (s)
		return s;
	rows = claim_rows(rq->cx, &claim, &n);
	s = store_get_all(rq->cx, rq->rs->store, rows, n);
	for (size_t i = 0; !s && i < n; i++) {
		const struct location_row *r = &claim.rows[i];

		if (!r->row.version || !text_same(r->type, "TABLE") ||
		    !text_same(r->tenant_id, rq->tenant_id))
			continue;
		out->asset_id = r->asset_id;
		set_folder(rq->cx, l, r->path, &out->folder);
		return OK;
	}
	return s ? s : fail(rq->cx, NOT_FOUND, "no table has its files at \"%s\"", l->text);
}

/* NOT_FOUND where the warehouse does not reach the location. */
static enum status try_warehouse(struct request *rq, struct warehouse *w, const struct location *l,
				 struct place_of *out)
{
	enum status s;

	*out = (struct place_of){ .warehouse = w };
	s = storage_of(rq->cx, w, &out->storage);
	if (s)
		return s;
	if (storage_covers(rq->cx, &out->storage, l))
		return fail(rq->cx, NOT_FOUND, "no warehouse reaches \"%s\"", l->text);
	return find_folder(rq, l, out);
}

static enum status try_all(struct request *rq, const struct location *l, struct place_of *out)
{
	struct warehouse from = { .row = ROW(warehouse), .tenant_id = rq->tenant_id };
	struct query q = { .from = &from.row, .bound = 1, .limit = MAX_WAREHOUSES };
	struct warehouse *w;
	struct rows rows;
	enum status s = store_list(rq->cx, rq->rs->store, &q, &rows);

	if (s)
		return s;
	w = rows.items;
	for (size_t i = 0; i < rows.n; i++)
		if (!try_warehouse(rq, &w[i], l, out))
			return OK;
	return fail(rq->cx, NOT_FOUND, "no table has its files at \"%s\"", l->text);
}

enum status place_of(struct request *rq, const char *warehouse, const char *location,
		     struct place_of *out)
{
	struct warehouse *w = CX_NEW(rq->cx, struct warehouse);
	struct location l;
	enum status s = OK;

	if (!location)
		return fail(rq->cx, INVALID, "location is missing");
	s = location_parse(rq->cx, location, &l);
	if (s)
		return s;
	if (!warehouse)
		return try_all(rq, &l, out);
	s = warehouse_find(rq->cx, rq->rs->store, rq->tenant_id, warehouse, w);
	return s ? s : try_warehouse(rq, w, &l, out);
}
