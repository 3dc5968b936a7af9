/* SPDX-License-Identifier: Apache-2.0 */
/* orphans.c - files in a table's folders that nothing reads. */
#include "cli/orphans.h"

#include "cli/past.h"
#include "common/json.h"
#include "common/text.h"
#include "stores/audit.h"
#include "stores/tenants.h"

struct orphans {
	struct cx *cx;
	struct responder *rs;
	const struct catalog_ref *ref;
	struct orphan_rule rule;
	int64_t before_ms; /* what was written later is left */
	const char *shown;
	struct table_files files;
	struct reader table;
	struct reach reach;
	struct past past;
	bool rows_read, past_read, audited;
	struct foreign *foreign; /* its own, while it is read; NULL: all is read */
	const struct foreign *shared;
	struct orphans_found found;

	/* Where it stands: a folder, a page of it, and of that what may go. */
	size_t folder;
	struct cx page;
	const char *after; /* within the folder; in `place`, which outlives pages */
	struct cx place;
	struct cloud_entry *entries;
	size_t n;
	bool open, more;
};

static void orphans_free(void *orphans)
{
	struct orphans *o = orphans;

	cx_free(&o->page);
	cx_free(&o->place);
	cx_free(&o->past.cx);
}

const struct orphans_found *orphans_found(const struct orphans *o)
{
	return &o->found;
}

/* --- begin ---------------------------------------------------------------------------------- */

static enum status find_table(struct orphans *o, const struct asset_name *at, const char **id)
{
	struct place *p = place_asset(o->cx, o->ref, at->path, at->name);
	enum status s = content_read(o->cx, o->rs->store, o->ref, NULL, &p, 1, NULL, 0);

	if (s)
		return s;
	if (!p->seen || !text_same(p->seen->type, "ICEBERG_TABLE"))
		return asset_missing(o->cx, "ICEBERG_TABLE", at);
	*id = p->seen->asset_id;
	return OK;
}

static enum status find_folders(struct orphans *o)
{
	struct asset from = { .row = ROW(asset),
			      .tenant_id = o->ref->tenant_id,
			      .asset_id = o->table.id };
	struct query q = { .from = &from.row, .bound = 1, .where = { "asset_id" } };
	struct rows rows;
	enum status s = store_list_all(o->cx, o->rs->store, &q, &rows);

	for (size_t i = 0; !s && i < rows.n; i++)
		table_files_add(o->cx, &o->files, (const struct asset *)rows.items + i);
	return s;
}

enum status orphans_open(struct cx *cx, struct responder *rs, const struct catalog_ref *ref,
			 const struct asset_name *at, const struct orphan_rule *rule,
			 const struct foreign *shared, struct orphans **out)
{
	struct orphans *o = CX_NEW(cx, struct orphans);
	const struct scope *sc;
	enum status s = scope_of(cx, ref, &sc);

	*out = NULL;
	*o = (struct orphans){ .cx = cx,
			       .rs = rs,
			       .ref = ref,
			       .rule = *rule,
			       .before_ms = cx_now_ms() - rule->age_ms,
			       .shared = shared };
	cx_own(cx, o, orphans_free);
	reach_open(&o->reach, cx);
	o->shown = asset_shown(cx, at->path, at->name);
	o->table = (struct reader){ .files = &o->files, .notes_own = true };
	if (!s)
		s = find_table(o, at, &o->table.id);
	if (s)
		return s;
	o->files = (struct table_files){ .cloud = rs->cloud, .storage = sc->storage };
	s = find_folders(o);
	if (!shared)
		o->shared = o->foreign = foreign_open(cx, rs, ref->tenant_id, sc->identity);
	*out = s ? NULL : o;
	return s;
}

/* --- the record -------------------------------------------------------------------------------- */

/* One before the first file goes and one at the end: who dies in between has left the first. */
static enum status record(struct orphans *o, struct cx *step, bool end)
{
	struct audit *a = audit_new(step, NULL, o->ref->tenant_id, "remove_orphan_files", "table",
				    o->table.id, o->shown);
	struct json_object *more = json_new_object(step);

	json_set_int(more, "written_before", o->before_ms);
	json_set_text(more, "state", end ? "ended" : "begun");
	if (end) {
		json_set_int(more, "files", o->found.files);
		json_set_int(more, "bytes", o->found.bytes);
	}
	a->metadata = json_print(step, more, NULL);
	o->audited = true;
	return store_apply(step, o->rs->store, (struct change[]){ { INSERT, &a->row } }, 1, NULL);
}

/* --- one page of a folder ------------------------------------------------------------------------ */

static bool is_ours(const char *location, const struct location *folder)
{
	const char *name = location + strlen(folder->text);

	while (*name == '/') {
		name++;
		if (*name == '_' || *name == '.')
			return false;
		name += strcspn(name, "/");
	}
	return !text_ends(location, "/version-hint.text");
}

static bool is_orphan(struct orphans *o, struct cx *step, const struct cloud_entry *e)
{
	struct location l;

	return e->modified_ms > 0 && e->modified_ms < o->before_ms &&
	       is_ours(e->location, &o->files.folders[o->folder]) &&
	       !location_parse(step, e->location, &l) && !reach_has(step, &o->reach, e->location) &&
	       !foreign_has(step, o->shared, e->location);
}

static void keep_orphans(struct orphans *o, struct cx *step)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->n; i++)
		if (is_orphan(o, step, &o->entries[i]))
			o->entries[kept++] = o->entries[i];
	o->n = kept;
}

static void remember(struct orphans *o)
{
	const char *last = o->n ? o->entries[o->n - 1].location : NULL;

	cx_reset(&o->place);
	o->after = last ? cx_strdup(&o->place, last) : NULL;
}

static enum status next_page(struct orphans *o, struct cx *step)
{
	enum status s;

	o->page.deadline_ms = step->deadline_ms;
	s = cloud_list(&o->page, o->rs->cloud, &o->files.storage, o->files.folders[o->folder].text,
		       o->after, &o->entries, &o->n, &o->more);
	if (s)
		return fail(step, s, "%s", o->page.message);
	o->found.looked_at += (int64_t)o->n;
	o->open = true;
	remember(o);
	keep_orphans(o, step);
	return OK;
}

static enum status remove_page(struct orphans *o, struct cx *step)
{
	const char **locations = cx_array(step, o->n + 1, sizeof(*locations));
	bool *gone = cx_array(step, o->n + 1, sizeof(*gone));
	enum status s = OK;

	for (size_t i = 0; i < o->n; i++) {
		locations[i] = o->entries[i].location;
		gone[i] = o->rule.dry_run;
		if (o->rule.tell)
			o->rule.tell(o->rule.arg, locations[i], o->entries[i].size);
	}
	if (!o->rule.dry_run && o->n && !o->audited)
		s = record(o, step, false);
	if (!s && !o->rule.dry_run)
		s = cloud_remove_all(step, o->rs->cloud, &o->files.storage, locations, o->n, gone);
	for (size_t i = 0; i < o->n; i++) {
		o->found.files += gone[i];
		o->found.bytes += gone[i] ? o->entries[i].size : 0;
	}
	o->open = false;
	cx_reset(&o->page);
	if (!o->more) {
		o->folder++;
		o->after = NULL;
	}
	return s;
}

/* --- steps ------------------------------------------------------------------------------------------ */

static bool skip(struct orphans *o, const char *why)
{
	o->found.skipped = cx_strdup(o->cx, why);
	return true;
}

/* Rows that were not read yet are read in the next steps. */
static enum status look_again(struct orphans *o, struct cx *step, bool *done)
{
	struct store *st = o->rs->store;
	size_t rows;
	enum status s = tenant_may_write(step, st, o->ref->tenant_id);

	if (!s)
		s = reach_asset(step, &o->reach, st, o->ref->tenant_id, &o->table, &rows);
	if (!s && !rows)
		*done = skip(o, "it was dropped");
	else if (!s)
		s = table_files_claimed(step, &o->files, st, o->table.id, true);
	if (s == INVALID) {
		*done = skip(o, step->message);
		return OK;
	}
	return s;
}

/* Rows come first: what they name must be there, and what only the past names need not. */
static enum status read_on(struct orphans *o, struct cx *step, bool *all_read, bool *done)
{
	bool end;
	enum status s = reach_step(step, &o->reach, &end);

	*all_read = false;
	if (s || !end)
		return s;
	if (!o->rows_read) {
		o->rows_read = true;
		return look_again(o, step, done);
	}
	if (!o->past_read)
		return past_step(step, &o->past, o->rs->store, o->ref, &o->reach, &o->table,
				 &o->past_read);
	if (o->foreign) {
		s = foreign_step(step, o->foreign, &end);
		if (!s && end)
			o->foreign = NULL;
		return s;
	}
	*all_read = true;
	return OK;
}

enum status orphans_step(struct cx *step, struct orphans *o, bool *done)
{
	bool all_read;
	enum status s;

	*done = false;
	s = read_on(o, step, &all_read, done);
	if (s || *done || !all_read)
		return s;
	if (o->table.keeps_all) {
		*done = skip(o, "its property gc.enabled is \"false\"");
		return OK;
	}
	if (o->folder == o->files.n_folders) {
		*done = true;
		return o->audited ? record(o, step, true) : OK;
	}
	if (!o->open) {
		s = next_page(o, step);
		return s || !o->n ? s : look_again(o, step, done);
	}
	keep_orphans(o, step);
	return remove_page(o, step);
}
