/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_tables.c - rows whose metadata file is missing or another, and files that no row has. */
#include "cli/doctor.h"

#include "cli/past.h"
#include "common/gzip.h"
#include "common/hmac.h"
#include "common/list.h"
#include "common/text.h"
#include "stores/assets.h"
#include "stores/branches.h"

#define PAGE 500
#define MAX_UNPACKED ((size_t)256 * 1024 * 1024)
#define CANDIDATES 10 /* metadata files that are tried as the one to go back to */

struct ward {
	struct doctor *d;
	const struct catalog *catalog;
	const struct catalog_ref *ref; /* on the branch that is looked at */
	const struct scope *sc;
	struct seen *done;	  /* assets whose folders were looked through */
	const struct reach *past; /* what only the history names of the asset; NULL: not read yet */
	struct cx memory;	  /* of ref and done: of one catalog */
};

static const struct metadata_kind *kind_of(const char *type)
{
	static const struct metadata_kind *const kinds[] = { &table_metadata, &view_metadata,
							     &function_metadata };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (text_same(kinds[i]->type, type))
			return kinds[i];
	return NULL;
}

static const char *shown(struct ward *w, const struct asset *a)
{
	return cx_printf(&w->d->step, "%s of %s@%s (tenant %s)",
			 asset_shown(&w->d->step, a->namespace, a->name), w->catalog->name,
			 w->ref->branch_name, w->catalog->tenant_id);
}

/* --- a row's own file ------------------------------------------------------------------ */

enum state { GOOD, MISSING, ANOTHER };

/* *metadata stays NULL where only the file's being there was asked for. */
static enum status look_at_file(struct ward *w, const struct asset *a, enum state *state,
				struct json_object **metadata)
{
	struct cx *cx = &w->d->step;
	struct cloud *cloud = w->d->site.rs.cloud;
	const char *bytes;
	int64_t size;
	size_t n;
	enum status s;

	*state = GOOD;
	if (w->d->quick)
		s = cloud_stat(cx, cloud, &w->sc->storage, a->metadata_location, &size);
	else
		s = cloud_get(cx, cloud, &w->sc->storage, a->metadata_location, &bytes, &n);
	if (s == NOT_FOUND)
		*state = MISSING;
	if (s || w->d->quick)
		return s == NOT_FOUND ? OK : s;
	if (gzip_is(bytes, n) && gzip_unpack(cx, bytes, n, MAX_UNPACKED, &bytes, &n))
		*state = ANOTHER;
	else if ((int64_t)n != a->metadata_size ||
		 !text_same(sha256_hex(cx, bytes, n), a->metadata_sha256) ||
		 json_parse(cx, bytes, n, METADATA_MAX_DEPTH, metadata))
		*state = ANOTHER;
	return OK;
}

/* --- going back -------------------------------------------------------------------------- */

static const char *folder_of(struct cx *cx, const char *location)
{
	const char *slash = strrchr(location, '/');

	return slash ? cx_strndup(cx, location, (size_t)(slash - location)) : location;
}

/* Keeps the newest few, newest first. */
static void keep_newest(struct cloud_entry *best, size_t *n, const struct cloud_entry *e)
{
	size_t at = *n;

	while (at && site_is_newer(e, &best[at - 1]))
		at--;
	if (at == CANDIDATES)
		return;
	*n = *n < CANDIDATES ? *n + 1 : CANDIDATES;
	memmove(&best[at + 1], &best[at], (*n - at - 1) * sizeof(*best));
	best[at] = *e;
}

static enum status newest_files(struct ward *w, const char *folder, struct cloud_entry *best,
				size_t *n)
{
	struct cx *cx = &w->d->step;
	struct cloud_entry *entries;
	const char *after = NULL;
	size_t n_entries;
	bool more = true;
	enum status s = OK;

	*n = 0;
	while (!s && more) {
		s = cloud_list(cx, w->d->site.rs.cloud, &w->sc->storage, folder, after, &entries,
			       &n_entries, &more);
		for (size_t i = 0; !s && i < n_entries; i++) {
			if (site_is_metadata(entries[i].location))
				keep_newest(best, n, &entries[i]);
			after = entries[i].location;
		}
	}
	return s;
}

/* True where the file is metadata of this very table, and good. */
static bool is_same_table(struct ward *w, const struct asset *a, const char *location,
			  struct asset *row)
{
	struct request rq = site_request(&w->d->site, &w->d->step);
	const struct metadata_kind *kind = kind_of(a->type);
	struct json_object *metadata;
	struct metadata_file f = { 0 };
	struct claim claim;

	*row = *a;
	if (text_read_file(&rq, w->sc, location, &f, &metadata) || kind->check(rq.cx, metadata) ||
	    scope_describe(rq.cx, w->sc, kind, metadata, row, &claim) ||
	    !text_same(row->table_uuid, a->table_uuid))
		return false;
	text_name(row, &f);
	return true;
}

static enum status put_row(struct ward *w, const struct asset *a, struct asset *row)
{
	static const struct audit self = { .username = "operator" };
	struct cx *cx = &w->d->step;
	bool is_function = text_same(a->type, "FUNCTION");
	const char *path = cx_strndup(cx, a->namespace, strlen(a->namespace) - is_function);
	struct place *p = (is_function ? place_function : place_asset)(cx, w->ref, path, a->name);
	struct branch branch;
	enum edit_part failed;
	enum status s;

	s = content_read(cx, w->d->site.rs.store, w->ref, &branch, &p, 1, NULL, 0);
	if (!s && (!p->seen || p->seen->row.version != a->row.version))
		s = fail(cx, CONFLICT, "it was changed meanwhile");
	return s ? s
		 : asset_commit(cx, w->d->site.rs.store, w->ref, &branch,
				&(struct asset_change){ .place = p, .row = row }, 1, &self,
				&failed);
}

/* The newest other file that is this table's; else the very file, where it is one. */
static enum status go_back(struct ward *w, const struct asset *a, enum state state)
{
	struct cloud_entry best[CANDIDATES + 1];
	const char *to = NULL;
	struct asset row;
	size_t n;
	enum status s = newest_files(w, folder_of(&w->d->step, a->metadata_location), best, &n);

	for (size_t i = 0; !s && i < n && !to; i++)
		if (strcmp(best[i].location, a->metadata_location) != 0 &&
		    is_same_table(w, a, best[i].location, &row))
			to = best[i].location;
	if (!s && !to && state == ANOTHER && is_same_table(w, a, a->metadata_location, &row))
		to = a->metadata_location;
	if (s || !to) {
		cli_say("  there is no other metadata of it to go back to");
		return OK;
	}
	if (doctor_may(w->d,
		       strcmp(to, a->metadata_location) == 0 ? "take the file as it is now: %s"
							     : "go back to %s",
		       to))
		doctor_did(w->d, put_row(w, a, &row));
	return OK;
}

/* --- files that no row has --------------------------------------------------------------- */

/* Every metadata file that a row of the asset, living or kept, or its history names.
 * False: one of them can't be read, so nobody knows. */
static bool known_files(struct ward *w, const char *asset_id, struct seen *known)
{
	struct cx *cx = &w->d->step;
	struct request rq = site_request(&w->d->site, cx);
	struct asset from = { .row = ROW(asset),
			      .tenant_id = w->catalog->tenant_id,
			      .asset_id = asset_id },
		     *a;
	struct query q = { .from = &from.row, .bound = 1, .where = { "asset_id" }, .limit = 10000 };
	struct rows rows;

	if (store_list(cx, w->d->site.rs.store, &q, &rows) || rows.n == q.limit)
		return false;
	a = rows.items;
	for (size_t i = 0; i < rows.n; i++) {
		struct metadata_file f = { 0 };
		struct json_object *metadata;
		struct metadata_path *paths;
		size_t n;

		if (!a[i].metadata_location ||
		    !seen_add(known, location_key(cx, a[i].metadata_location)))
			continue;
		if (text_read_file(&rq, w->sc, a[i].metadata_location, &f, &metadata) ||
		    metadata_paths(cx, metadata, &paths, &n))
			return false;
		for (size_t k = 0; k < n; k++)
			if (text_starts(paths[k].member, "metadata-log["))
				seen_add(known, location_key(cx, paths[k].location));
	}
	return true;
}

/* The whole history of the catalog: only where a file may go. */
static enum status read_past(struct ward *w, const struct asset *a)
{
	struct cx *cx = &w->d->step, page = { 0 };
	struct reach *reach = CX_NEW(cx, struct reach);
	struct table_files *files = CX_NEW(cx, struct table_files);
	struct reader by = { .id = a->asset_id, .files = files, .notes_own = true };
	struct past past = { 0 };
	bool done = false;
	enum status s = OK;

	*files = (struct table_files){ .cloud = w->d->site.rs.cloud, .storage = w->sc->storage };
	reach_open(reach, cx);
	while (!s && !done) {
		cx_reset(&page);
		page.deadline_ms = cx_monotonic_ms() + SITE_TIMEOUT_MS;
		s = past_step(&page, &past, w->d->site.rs.store, w->ref, reach, &by, &done);
	}
	if (s)
		fail(cx, s, "%s", page.message);
	w->past = reach;
	cx->deadline_ms = cx_monotonic_ms() + SITE_TIMEOUT_MS; /* of what comes behind it */
	cx_free(&page);
	cx_free(&past.cx);
	return s;
}

static enum status is_named(struct ward *w, const struct asset *a, const char *location,
			    bool *named)
{
	struct cx *cx = &w->d->step;
	enum status s = asset_metadata_used(cx, w->d->site.rs.store, w->ref, location, named);

	if (!s && !*named && !w->past)
		s = read_past(w, a);
	if (!s && !*named)
		*named = reach_has(cx, w->past, location);
	return s;
}

static enum status look_at_entry(struct ward *w, const struct asset *a, const struct cloud_entry *e,
				 const struct seen *known)
{
	struct cx *cx = &w->d->step;
	bool named = true;
	enum status s;

	if (!site_is_metadata(e->location) || seen_has(known, location_key(cx, e->location)) ||
	    e->modified_ms > cx_now_ms() - w->d->grace_ms)
		return OK;
	s = is_named(w, a, e->location, &named);
	if (s || named)
		return s;
	doctor_finds(w->d, "no row has the metadata file %s", e->location);
	if (doctor_may(w->d, "remove it"))
		doctor_did(w->d,
			   cloud_remove(cx, w->d->site.rs.cloud, &w->sc->storage, e->location));
	return OK;
}

static enum status look_through(struct ward *w, const struct asset *a)
{
	struct cx *cx = &w->d->step;
	const char *folder = a->metadata_path ? a->metadata_path
			     : a->location    ? cx_printf(cx, "%s/metadata", a->location)
					      : NULL;
	struct seen *known = seen_open(cx);
	struct cloud_entry *entries;
	const char *after = NULL;
	bool more = true;
	size_t n;
	enum status s = OK;

	if (!folder || kind_of(a->type) != &table_metadata || !seen_add(w->done, a->asset_id) ||
	    !known_files(w, a->asset_id, known))
		return OK;
	w->past = NULL;
	while (!s && more) {
		s = cloud_list(cx, w->d->site.rs.cloud, &w->sc->storage, folder, after, &entries,
			       &n, &more);
		for (size_t i = 0; !s && i < n; i++) {
			s = look_at_entry(w, a, &entries[i], known);
			after = entries[i].location;
		}
	}
	return s;
}

/* --- rows ------------------------------------------------------------------------------------ */

static enum status look_at_row(struct ward *w, const struct asset *a)
{
	struct json_object *metadata = NULL;
	enum state state;
	enum status s;

	if (!a->metadata_location || !kind_of(a->type))
		return OK;
	s = look_at_file(w, a, &state, &metadata);
	if (s) { /* the warehouse's failure, or a place it does not have */
		doctor_finds(w->d, "%s: %s can't be read: %s", shown(w, a), a->metadata_location,
			     cx_strdup(&w->d->step, w->d->step.message));
		return s == UNAVAILABLE ? fail(w->d->site.c->cx, s, "%s", w->d->step.message) : OK;
	}
	if (state == GOOD)
		return a->until == LIVING ? look_through(w, a) : OK;
	doctor_finds(w->d, "%s%s: its metadata file %s %s", shown(w, a),
		     a->until == LIVING ? "" : " as it was", a->metadata_location,
		     state == MISSING ? "is missing" : "is not what was committed");
	return a->until == LIVING ? go_back(w, a, state) : OK;
}

static enum status look_at_branch(struct ward *w, const char *branch_id)
{
	struct asset from = { .row = ROW(asset),
			      .tenant_id = w->catalog->tenant_id,
			      .catalog_id = w->catalog->id,
			      .branch_id = branch_id };
	struct query q = { .from = &from.row, .bound = 3, .limit = PAGE };
	struct rows rows;
	enum status s;

	do { /* a page's rows are the catalog's memory: a step's goes with each row */
		struct asset *a;

		s = store_list(&w->memory, w->d->site.rs.store, &q, &rows);
		a = rows.items;
		for (size_t i = 0; !s && i < rows.n; i++) {
			s = doctor_step(w->d);
			if (!s)
				s = look_at_row(w, &a[i]);
			w->d->looked_at++;
			q.after = &a[i].row;
		}
	} while (!s && rows.n == PAGE);
	return s;
}

static enum status look_at_branches(struct ward *w)
{
	struct branch from = { .row = ROW(branch),
			       .tenant_id = w->catalog->tenant_id,
			       .catalog_id = w->catalog->id };
	struct query q = { .from = &from.row, .bound = 2, .limit = PAGE };
	struct rows rows;
	enum status s;

	do {
		struct branch *b;

		s = store_list(&w->memory, w->d->site.rs.store, &q, &rows);
		b = rows.items;
		for (size_t i = 0; !s && i < rows.n; i++) {
			q.after = &b[i].row;
			s = content_catalog(&w->memory, w->d->site.rs.content, w->d->site.rs.store,
					    w->catalog->tenant_id, w->catalog->name, b[i].name,
					    &w->ref);
			if (s == NOT_FOUND) { /* dropped: its rows are about to go */
				s = OK;
				continue;
			}
			if (!s)
				s = scope_of(&w->memory, w->ref, &w->sc);
			if (!s)
				s = look_at_branch(w, b[i].id);
		}
	} while (!s && rows.n == PAGE);
	return s;
}

enum status doctor_catalog(struct doctor *d, const struct catalog *c)
{
	struct ward w = { .d = d, .catalog = c };
	enum status s;

	w.done = seen_open(&w.memory);
	s = look_at_branches(&w);
	if (s == NOT_FOUND || s == INVALID) {
		doctor_finds(d, "catalog %s of tenant %s: %s", c->name, c->tenant_id,
			     w.memory.message);
		s = OK;
	}
	if (s && !*d->site.c->cx->message)
		fail(d->site.c->cx, s, "%s", w.memory.message);
	cx_free(&w.memory);
	return s;
}
