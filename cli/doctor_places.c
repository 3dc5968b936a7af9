/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_places.c - location rows: tables in each other's folders, rows of no table, empty folders. */
#include "cli/doctor.h"

#include "common/text.h"

#define PAGE 500

static const char *shown(struct doctor *d, const struct location_row *l)
{
	return cx_printf(&d->step, "%s%s", l->storage, l->path);
}

/* The row's folders are a few: each is a key. */
static enum status look_above(struct doctor *d, const struct location_row *l)
{
	for (const char *end = strchr(l->path + 1, '/'); end; end = strchr(end + 1, '/')) {
		struct location_row *above = CX_NEW(&d->step, struct location_row);
		enum status s;

		*above = (struct location_row){ .row = ROW(location_row),
						.storage = l->storage,
						.path = cx_strndup(&d->step, l->path,
								   (size_t)(end - l->path)) };
		s = store_get_all(&d->step, d->site.rs.store, (struct row *[]){ &above->row }, 1);
		if (s)
			return s;
		if (!above->row.version)
			doctor_finds(d, "%s: the folder %s above it has no row", shown(d, l),
				     above->path);
		else if (text_same(above->type, "TABLE") &&
			 !text_same(above->asset_id, l->asset_id))
			doctor_finds(d, "%s lies in the folder of another table, %s", shown(d, l),
				     above->path);
	}
	return OK;
}

static enum status remove_row(struct doctor *d, struct location_row *l)
{
	return store_apply(&d->step, d->site.rs.store, (struct change[]){ { DELETE, &l->row } }, 1,
			   NULL);
}

static enum status look_at_table(struct doctor *d, struct location_row *l)
{
	struct asset from = { .row = ROW(asset),
			      .tenant_id = l->tenant_id ? l->tenant_id : "",
			      .asset_id = l->asset_id };
	struct query q = { .from = &from.row, .bound = 1, .where = { "asset_id" }, .limit = 1 };
	struct rows rows;
	enum status s = look_above(d, l);

	if (!s)
		s = store_list(&d->step, d->site.rs.store, &q, &rows);
	if (s || rows.n)
		return s;
	doctor_finds(d, "the location %s is of a table that is not there (%s)", shown(d, l),
		     l->asset_id ? l->asset_id : "none");
	if (doctor_may(d, "free it"))
		doctor_did(d, remove_row(d, l));
	return OK;
}

/* Is a row below it?  Keys are in order of bytes, so the next one behind "path/" tells. */
static enum status is_empty(struct doctor *d, const struct location_row *l, bool *empty)
{
	struct location_row from = { .row = ROW(location_row), .storage = l->storage }, *next;
	struct location_row after = { .row = ROW(location_row),
				      .storage = l->storage,
				      .path = cx_printf(&d->step, "%s/", l->path) };
	struct query q = { .from = &from.row, .bound = 1, .after = &after.row, .limit = 1 };
	struct rows rows;
	enum status s = store_list(&d->step, d->site.rs.store, &q, &rows);

	next = rows.items;
	*empty = !s && (!rows.n || !text_starts(next->path, after.path));
	return s;
}

/* Who makes a table just now may have counted on the row: then it is put back. */
static enum status remove_folder(struct doctor *d, struct location_row *l)
{
	bool empty;
	enum status s = remove_row(d, l);

	if (!s)
		s = is_empty(d, l, &empty);
	if (!s && !empty)
		s = store_apply(&d->step, d->site.rs.store,
				(struct change[]){ { INSERT, &l->row } }, 1, NULL);
	return s;
}

static enum status look_at_folder(struct doctor *d, struct location_row *l)
{
	bool empty;
	enum status s = is_empty(d, l, &empty);

	if (s || !empty)
		return s;
	doctor_finds(d, "nothing lies below the folder %s any more", shown(d, l));
	if (doctor_may(d, "remove its row"))
		doctor_did(d, remove_folder(d, l));
	return OK;
}

/* What is staged ends by itself. */
static enum status look_at(struct doctor *d, struct location_row *l)
{
	if (text_same(l->type, "TABLE"))
		return look_at_table(d, l);
	return text_same(l->type, "DIR") ? look_at_folder(d, l) : OK;
}

enum status doctor_places(struct doctor *d)
{
	struct cx *cx = d->site.c->cx, pages[2] = { 0 };
	struct location_row from = { .row = ROW(location_row) };
	struct query q = { .from = &from.row, .limit = PAGE };
	struct rows rows;
	int turn = 0;
	enum status s;

	do {
		struct location_row *l;

		turn = !turn;
		cx_reset(&pages[turn]);
		s = store_list(&pages[turn], d->site.rs.store, &q, &rows);
		l = rows.items;
		for (size_t i = 0; !s && i < rows.n; i++) {
			s = doctor_step(d);
			if (!s)
				s = look_at(d, &l[i]);
			d->looked_at++;
			q.after = &l[i].row;
			if (s && !*cx->message)
				fail(cx, s, "%s", d->step.message);
		}
	} while (!s && rows.n == PAGE);
	cx_free(&pages[0]);
	cx_free(&pages[1]);
	return s;
}
