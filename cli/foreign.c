/* SPDX-License-Identifier: Apache-2.0 */
/* foreign.c - files that tables read outside of their own folders. */
#include "cli/foreign.h"

#include "common/text.h"
#include "stores/catalogs.h"
#include "stores/rows.h"

#define PAGE 200

struct foreign {
	struct cx *cx;
	struct responder *rs;
	const char *tenant_id, *identity;
	struct reach reach;
	struct rows catalogs;
	bool listed;
	size_t catalog;
	const struct scope
		*sc;	  /* of the catalog that is walked; NULL: the next one is to be opened */
	struct cx memory; /* of that catalog: its readers, and where its walk stands */
	struct asset *after;
	struct reader *last;
};

static void foreign_free(void *foreign)
{
	struct foreign *f = foreign;

	cx_free(&f->memory);
}

struct foreign *foreign_open(struct cx *cx, struct responder *rs, const char *tenant_id,
			     const char *identity)
{
	struct foreign *f = CX_NEW(cx, struct foreign);

	*f = (struct foreign){ .cx = cx, .rs = rs, .tenant_id = tenant_id, .identity = identity };
	reach_open(&f->reach, cx);
	cx_own(cx, f, foreign_free);
	return f;
}

bool foreign_has(struct cx *step, const struct foreign *f, const char *location)
{
	return reach_has(step, &f->reach, location);
}

/* --- rows ------------------------------------------------------------------------------------- */

static enum status reader_of(struct foreign *f, struct cx *step, const struct asset *a,
			     struct reader **out)
{
	struct cx *cx = &f->memory;
	struct table_files *files;
	enum status s;

	*out = f->last;
	if (f->last && text_same(f->last->id, a->asset_id))
		return OK;
	files = CX_NEW(cx, struct table_files);
	*files = (struct table_files){ .cloud = f->rs->cloud, .storage = f->sc->storage };
	table_files_add(cx, files, a);
	*out = f->last = CX_NEW(cx, struct reader);
	f->last->id = cx_strdup(cx, a->asset_id);
	f->last->files = files;
	s = table_files_claimed(step, files, f->rs->store, a->asset_id, true);
	f->last->notes_own = s == INVALID;
	return s == INVALID ? OK : s;
}

static enum status add_row(struct foreign *f, struct cx *step, const struct asset *a)
{
	struct reader *by;
	enum status s;

	if (!a->metadata_location || !text_same(a->type, "ICEBERG_TABLE"))
		return OK;
	s = reader_of(f, step, a, &by);
	if (!s)
		reach_metadata(step, &f->reach, by, a->metadata_location, false);
	return s;
}

static enum status next_rows(struct foreign *f, struct cx *step)
{
	const struct catalog *c = (const struct catalog *)f->catalogs.items + f->catalog;
	struct asset from = { .row = ROW(asset), .tenant_id = f->tenant_id, .catalog_id = c->id };
	struct query q = { .from = &from.row,
			   .bound = 2,
			   .after = f->after ? &f->after->row : NULL,
			   .limit = PAGE };
	struct rows rows;
	enum status s = store_list(step, f->rs->store, &q, &rows);

	for (size_t i = 0; !s && i < rows.n; i++)
		s = add_row(f, step, (const struct asset *)rows.items + i);
	if (s)
		return s;
	if (rows.n < PAGE) {
		f->catalog++;
		f->sc = NULL;
		return OK;
	}
	f->after = CX_NEW(&f->memory, struct asset);
	f->after->row.kind = &kind_asset;
	rows_clone(&f->memory, &f->after->row, &((const struct asset *)rows.items)[rows.n - 1].row);
	return OK;
}

/* --- catalogs --------------------------------------------------------------------------------- */

/* Where a catalog's storage can't be said, nobody knows what its tables read: it must have none. */
static enum status check_empty(struct foreign *f, struct cx *step, const struct catalog *c)
{
	struct asset from = { .row = ROW(asset), .tenant_id = f->tenant_id, .catalog_id = c->id };
	struct query q = { .from = &from.row, .bound = 2, .limit = 1 };
	struct rows rows;
	enum status s = store_list(step, f->rs->store, &q, &rows);

	if (s || !rows.n)
		return s;
	return fail(step, CONFLICT, "catalog %s: what its tables read is not known: %s", c->name,
		    f->memory.message);
}

/* One that is gone, or that has another storage, is passed by. */
static enum status open_catalog(struct foreign *f, struct cx *step)
{
	const struct catalog *c = (const struct catalog *)f->catalogs.items + f->catalog;
	const struct catalog_ref *ref;
	const struct scope *sc;
	enum status s = NOT_FOUND;

	cx_reset(&f->memory);
	f->memory.deadline_ms = step->deadline_ms;
	f->after = NULL;
	f->last = NULL;
	if (!catalog_is_federated(c))
		s = content_catalog(&f->memory, f->rs->content, f->rs->store, c->tenant_id, c->name,
				    NULL, &ref);
	if (!s)
		s = scope_of(&f->memory, ref, &sc);
	if (!s && text_same(sc->identity, f->identity))
		f->sc = sc;
	else
		f->catalog++;
	if (s == INVALID)
		return check_empty(f, step, c);
	if (!s || s == NOT_FOUND)
		return OK;
	return fail(step, s, "catalog %s: %s", c->name, f->memory.message);
}

static enum status list_catalogs(struct foreign *f)
{
	struct catalog from = { .row = ROW(catalog), .tenant_id = f->tenant_id };
	struct query q = { .from = &from.row, .bound = 1 };

	f->listed = true;
	return store_list_all(f->cx, f->rs->store, &q, &f->catalogs);
}

enum status foreign_step(struct cx *step, struct foreign *f, bool *done)
{
	bool all_read;
	enum status s = reach_step(step, &f->reach, &all_read);

	*done = false;
	if (s || !all_read)
		return s;
	if (!f->listed)
		return list_catalogs(f);
	*done = f->catalog == f->catalogs.n;
	if (*done)
		return OK;
	return f->sc ? next_rows(f, step) : open_catalog(f, step);
}
