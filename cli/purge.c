/* SPDX-License-Identifier: Apache-2.0 */
/* purge.c - removes a dropped table's files: data, manifests, lists, statistics, metadata. */
#include "cli/purge.h"

#include "cli/reach.h"
#include "common/iceberg/metadata.h"
#include "common/log.h"
#include "common/text.h"

#define FILES_A_STEP 100

struct purge {
	struct cx *cx;
	struct store *st;
	const char *tenant_id, *asset_id;
	/* What a table reads that has the folders by now: it may have been registered from a former
	 * file, and written to since. */
	struct reach reach;
	struct list heirs; /* struct reader * */
	bool looked;	   /* at whose they are, for the next files */
	struct table_files files;
	const char *metadata_location;
	struct json_object *metadata, *snapshots;
	bool keep_data;
	struct json_object *seen; /* {manifest: true}: those that were taken up */

	/* Where it stands: a snapshot, a manifest of its list, an entry of that. */
	size_t snapshot, n_snapshots;
	struct cx list_memory;
	bool list_open;	  /* its manifests, of which there may be none, are under way */
	const char *list; /* NULL: a v1 snapshot names its manifests itself */
	struct manifest_file *manifests;
	size_t manifest, n_manifests;
	struct cx entries_memory;
	const char *open_manifest; /* NULL: none is open */
	struct manifest_entry *entries;
	size_t entry, n_entries;
	struct metadata_path *rest; /* at last: what the metadata itself names */
	size_t at, n_rest;
};

/* --- begin ---------------------------------------------------------------------- */

static void purge_free(void *purge)
{
	struct purge *p = purge;

	cx_free(&p->list_memory);
	cx_free(&p->entries_memory);
}

/* Any catalog of the tenant, any branch, living or kept: by an indexed column of its rows. */
static enum status is_used(struct cx *cx, struct store *st, const struct asset *from,
			   const char *column, bool *used)
{
	struct query q = { .from = &from->row, .bound = 1, .where = { column }, .limit = 1 };
	struct rows rows = { 0 };
	enum status s = store_list(cx, st, &q, &rows);

	*used = rows.n > 0;
	return s;
}

/* A registered copy is the same table again; and a branch may have got the asset since. */
static enum status is_table_used(struct cx *cx, struct store *st, const char *tenant_id,
				 struct json_object *payload, bool *used)
{
	struct asset from = { .row = ROW(asset),
			      .tenant_id = tenant_id,
			      .asset_id = json_text(payload, "asset_id"),
			      .metadata_location = json_text(payload, "metadata_location") };
	enum status s = is_used(cx, st, &from, "metadata_location", used);

	return s || *used || !from.asset_id ? s : is_used(cx, st, &from, "asset_id", used);
}

/* Former metadata files: where a row names one, it reads the files of this table. */
static enum status is_log_used(struct purge *p, struct store *st, const char *tenant_id, bool *used)
{
	enum status s = OK;

	for (size_t i = 0; !s && !*used && i < p->n_rest; i++) {
		struct asset from = { .row = ROW(asset),
				      .tenant_id = tenant_id,
				      .metadata_location = p->rest[i].location };

		if (text_starts(p->rest[i].member, "metadata-log["))
			s = is_used(p->cx, st, &from, "metadata_location", used);
	}
	return s;
}

static enum status read_metadata(struct purge *p)
{
	struct json_object *properties;
	const char *bytes;
	size_t n;
	enum status s = table_files_read(p->cx, &p->files, p->metadata_location, &bytes, &n);

	if (!s)
		s = json_parse(p->cx, bytes, n, METADATA_MAX_DEPTH, &p->metadata);
	if (!s)
		s = metadata_paths(p->cx, p->metadata, &p->rest, &p->n_rest);
	if (s)
		return s;
	properties = json_member(p->metadata, "properties");
	p->keep_data = properties && text_same(json_text(properties, "gc.enabled"), "false");
	p->snapshots = json_member(p->metadata, "snapshots");
	if (p->snapshots)
		p->n_snapshots = json_object_array_length(p->snapshots);
	return OK;
}

enum status purge_open(struct cx *cx, struct store *st, struct cloud *cloud, const char *tenant_id,
		       struct json_object *payload, struct purge **out)
{
	struct purge *p = CX_NEW(cx, struct purge);
	bool used = false;
	enum status s;

	*p = (struct purge){ .cx = cx,
			     .st = st,
			     .tenant_id = tenant_id,
			     .asset_id = json_text(payload, "asset_id"),
			     .seen = json_new_object(cx),
			     .heirs = { .cx = cx, .size = sizeof(struct reader *) } };
	reach_open(&p->reach, cx);
	cx_own(cx, p, purge_free);
	*out = NULL;
	s = json_get_text(cx, payload, "", "metadata_location", &p->metadata_location);
	if (!s)
		s = is_table_used(cx, st, tenant_id, payload, &used);
	if (s || used)
		return s;
	s = table_files_open(cx, st, cloud, tenant_id, payload, &p->files);
	if (s)
		return s;
	s = read_metadata(p);
	if (s == NOT_FOUND)
		return OK;
	if (!s)
		s = is_log_used(p, st, tenant_id, &used);
	if (!used)
		*out = p;
	return s;
}

/* --- files ----------------------------------------------------------------------- */

/* A list or manifest that is gone was done before; one that does not read is left
 * where it lies, with all it names. */
static enum status skip(struct cx *cx, const char *location, enum status s)
{
	if (s == NOT_FOUND)
		return OK;
	if (s != INVALID && s != UNSUPPORTED && s != TOO_LARGE)
		return s;
	log_event(LOG_WARNING_, "purge_skipped", NULL, "%s: %s", location, cx->message);
	return OK;
}

/* --- what another table reads by now -------------------------------------------------- */

static struct reader *heir(struct purge *p, const char *asset_id)
{
	struct reader **known = p->heirs.items, *r;

	for (size_t i = 0; i < p->heirs.n; i++)
		if (text_same(known[i]->id, asset_id))
			return known[i];
	r = CX_NEW(p->cx, struct reader);
	*r = (struct reader){ .id = cx_strdup(p->cx, asset_id),
			      .files = &p->files,
			      .notes_own = true };
	*(struct reader **)list_add(&p->heirs) = r;
	return r;
}

static enum status look_again(struct cx *step, struct purge *p)
{
	struct location_row *owners;
	size_t n = 0, rows;
	enum status s = OK;

	if (p->asset_id) /* a revert brings the very table back */
		s = reach_asset(step, &p->reach, p->st, p->tenant_id, heir(p, p->asset_id), &rows);
	if (!s)
		s = table_files_owners(step, &p->files, p->st, p->asset_id, &owners, &n);
	for (size_t i = 0; !s && i < n; i++)
		s = reach_asset(step, &p->reach, p->st, owners[i].tenant_id,
				heir(p, owners[i].asset_id), &rows);
	p->looked = true;
	return s;
}

static enum status remove_one(struct cx *step, struct purge *p, const char *location)
{
	return reach_has(step, &p->reach, location) ? OK
						    : table_files_remove(step, &p->files, location);
}

/* --- one step of each kind --------------------------------------------------------- */

static enum status step_entries(struct cx *step, struct purge *p)
{
	enum status s = OK;

	for (size_t i = 0; !s && i < FILES_A_STEP && p->entry < p->n_entries; i++) {
		const struct manifest_entry *e = &p->entries[p->entry++];

		if (e->status != ENTRY_DELETED && !p->keep_data)
			s = remove_one(step, p, e->path);
	}
	if (s || p->entry < p->n_entries)
		return s;
	s = remove_one(step, p, p->open_manifest);
	p->open_manifest = NULL;
	cx_reset(&p->entries_memory);
	return s;
}

static enum status open_manifest(struct cx *step, struct purge *p, const char *path)
{
	struct cx *memory = &p->entries_memory;
	const char *bytes;
	size_t n;
	enum status s;

	if (json_has(p->seen, path) || !table_files_own(step, &p->files, path))
		return OK;
	json_set_bool(p->seen, path, true);
	memory->deadline_ms = step->deadline_ms;
	s = table_files_read(memory, &p->files, path, &bytes, &n);
	if (!s)
		s = manifest_read(memory, bytes, n, &p->entries, &p->n_entries);
	if (s) {
		fail(step, s, "%s: %s", path, memory->message);
		cx_reset(memory);
		return skip(step, path, s);
	}
	p->open_manifest = path;
	p->entry = 0;
	return OK;
}

/* Opens the next manifest of the open list; behind the last one the list goes. */
static enum status step_manifest(struct cx *step, struct purge *p)
{
	enum status s = OK;

	if (p->manifest < p->n_manifests)
		return open_manifest(step, p, p->manifests[p->manifest++].path);
	if (p->list)
		s = remove_one(step, p, p->list);
	p->list_open = false;
	cx_reset(&p->list_memory);
	return s;
}

static enum status step_snapshot(struct cx *step, struct purge *p)
{
	struct json_object *snapshot = json_object_array_get_idx(p->snapshots, p->snapshot++);
	struct cx *memory = &p->list_memory;
	const char *bytes;
	size_t n;
	enum status s;

	p->list = json_text(snapshot, "manifest-list");
	p->manifest = 0;
	if (!p->list) {
		p->list_open = true;
		table_files_inline(memory, snapshot, &p->manifests, &p->n_manifests);
		return OK;
	}
	if (!table_files_own(step, &p->files, p->list))
		return OK;
	memory->deadline_ms = step->deadline_ms;
	s = table_files_read(memory, &p->files, p->list, &bytes, &n);
	if (!s)
		s = manifest_list_read(memory, bytes, n, &p->manifests, &p->n_manifests);
	p->list_open = !s;
	if (!s)
		return OK;
	fail(step, s, "%s: %s", p->list, memory->message);
	cx_reset(memory);
	return skip(step, p->list, s);
}

/* Statistics and former metadata files; manifest lists went before, folders are no files. */
static bool is_rest(const char *member)
{
	return text_starts(member, "statistics[") || text_starts(member, "partition-statistics[") ||
	       text_starts(member, "metadata-log[");
}

/* The metadata file goes last: while it is there, so is the list. */
static enum status step_rest(struct cx *step, struct purge *p, bool *done)
{
	enum status s = OK;

	for (size_t i = 0; !s && i < FILES_A_STEP && p->at < p->n_rest; i++, p->at++)
		if (is_rest(p->rest[p->at].member))
			s = remove_one(step, p, p->rest[p->at].location);
	if (s || p->at < p->n_rest)
		return s;
	*done = true;
	return remove_one(step, p, p->metadata_location);
}

enum status purge_step(struct cx *step, struct purge *p, bool *done)
{
	bool all_read;
	enum status s = reach_step(step, &p->reach, &all_read);

	*done = false;
	if (s || !all_read)
		return s;
	if (!p->looked)
		return look_again(step, p);
	p->looked = false;
	if (p->open_manifest)
		return step_entries(step, p);
	if (p->list_open)
		return step_manifest(step, p);
	if (p->snapshot < p->n_snapshots)
		return step_snapshot(step, p);
	return step_rest(step, p, done);
}
