/* SPDX-License-Identifier: Apache-2.0 */
/* purge.c - removes a dropped table's files: data, manifests, lists, statistics, metadata. */
#include "cli/purge.h"

#include "common/default_storage.h"
#include "common/gzip.h"
#include "common/iceberg/manifest.h"
#include "common/iceberg/metadata.h"
#include "common/log.h"
#include "common/text.h"

#define FILES_A_STEP 100
#define MAX_FOLDERS 3
#define MAX_UNPACKED ((size_t)256 * 1024 * 1024)

struct purge {
	struct cx *cx;
	struct cloud *cloud;
	struct storage storage;
	struct location folders[MAX_FOLDERS]; /* the table's own */
	size_t n_folders;
	const char *metadata_location;
	struct json_object *metadata, *snapshots;
	bool keep_data;
	struct json_object *seen; /* {manifest: true}: those that were taken up */

	/* Where it stands: a snapshot, a manifest of its list, an entry of that. */
	size_t snapshot, n_snapshots;
	struct cx list_memory;
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

static enum status read_storage(struct purge *p, struct store *st, const char *tenant_id,
				struct json_object *payload)
{
	const char *name = json_text(payload, "warehouse");
	struct json_object *config;
	struct warehouse w = { .row = ROW(warehouse), .tenant_id = tenant_id, .name = name };
	enum status s;

	if (json_object_get_boolean(json_member(payload, "on_default"))) {
		if (!st->fallback)
			return fail(p->cx, INVALID, "PANGOLIN_DEFAULT_STORAGE is not set any more");
		s = storage_of(p->cx, default_storage_of(p->cx, st->fallback, tenant_id),
			       &p->storage);
		p->storage.trusted = true;
		return s;
	}
	if (!name || !*name) {
		config = json_new_object(p->cx);
		json_set_text(config, "location", json_text(payload, "storage_location"));
		return storage_parse(p->cx, config, &p->storage);
	}
	s = store_get(p->cx, st, &w.row);
	if (!s && !w.storage_config)
		s = fail(p->cx, INVALID, "warehouse \"%s\" has no storage", name);
	if (!s)
		s = json_parse(p->cx, w.storage_config, strlen(w.storage_config), 8, &config);
	return s ? s : storage_parse(p->cx, config, &p->storage);
}

static enum status read_folders(struct purge *p, struct json_object *payload)
{
	struct json_object *list;
	enum status s = json_get_array(p->cx, payload, "", "locations", &list);

	for (size_t i = 0; !s && i < json_object_array_length(list); i++) {
		const char *folder = json_object_get_string(json_object_array_get_idx(list, i));

		if (folder && p->n_folders < MAX_FOLDERS)
			s = location_parse(p->cx, folder, &p->folders[p->n_folders++]);
	}
	return s;
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

static enum status read_plain(struct cx *cx, struct purge *p, const char *location,
			      const char **bytes, size_t *n)
{
	enum status s = cloud_get(cx, p->cloud, &p->storage, location, bytes, n);

	if (!s && gzip_is(*bytes, *n))
		s = gzip_unpack(cx, *bytes, *n, MAX_UNPACKED, bytes, n);
	return s;
}

static enum status read_metadata(struct purge *p)
{
	struct json_object *properties;
	const char *bytes;
	size_t n;
	enum status s = read_plain(p->cx, p, p->metadata_location, &bytes, &n);

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

	p->cx = cx;
	p->cloud = cloud;
	p->seen = json_new_object(cx);
	cx_own(cx, p, purge_free);
	*out = NULL;
	s = json_get_text(cx, payload, "", "metadata_location", &p->metadata_location);
	if (!s)
		s = is_table_used(cx, st, tenant_id, payload, &used);
	if (s || used)
		return s;
	s = read_folders(p, payload);
	if (!s)
		s = read_storage(p, st, tenant_id, payload);
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

static bool is_ours(struct cx *cx, const struct purge *p, const char *location)
{
	struct location l;

	if (location_parse(cx, location, &l))
		return false;
	for (size_t i = 0; i < p->n_folders; i++)
		if (location_within(&l, &p->folders[i]))
			return true;
	return false;
}

static enum status remove_ours(struct cx *step, struct purge *p, const char *location)
{
	if (!is_ours(step, p, location))
		return OK;
	return cloud_remove(step, p->cloud, &p->storage, location);
}

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

/* --- one step of each kind --------------------------------------------------------- */

static enum status step_entries(struct cx *step, struct purge *p)
{
	enum status s = OK;

	for (size_t i = 0; !s && i < FILES_A_STEP && p->entry < p->n_entries; i++) {
		const struct manifest_entry *e = &p->entries[p->entry++];

		if (e->status != ENTRY_DELETED && !p->keep_data)
			s = remove_ours(step, p, e->path);
	}
	if (s || p->entry < p->n_entries)
		return s;
	s = remove_ours(step, p, p->open_manifest);
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

	if (json_has(p->seen, path) || !is_ours(step, p, path))
		return OK;
	json_set_bool(p->seen, path, true);
	memory->deadline_ms = step->deadline_ms;
	s = read_plain(memory, p, path, &bytes, &n);
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
		s = remove_ours(step, p, p->list);
	p->manifests = NULL;
	cx_reset(&p->list_memory);
	return s;
}

/* Version 1 tables may name manifests in the snapshot itself. */
static void take_inline(struct purge *p, struct json_object *snapshot)
{
	struct json_object *list = json_member(snapshot, "manifests");

	p->list = NULL;
	p->manifest = 0;
	p->n_manifests =
		json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	p->manifests = cx_array(&p->list_memory, p->n_manifests + 1, sizeof(*p->manifests));
	for (size_t i = 0; i < p->n_manifests; i++)
		p->manifests[i].path =
			cx_strdup(&p->list_memory,
				  json_object_get_string(json_object_array_get_idx(list, i)));
}

static enum status step_snapshot(struct cx *step, struct purge *p)
{
	struct json_object *snapshot = json_object_array_get_idx(p->snapshots, p->snapshot++);
	struct cx *memory = &p->list_memory;
	const char *bytes;
	size_t n;
	enum status s;

	p->list = json_text(snapshot, "manifest-list");
	if (!p->list) {
		take_inline(p, snapshot);
		return OK;
	}
	if (!is_ours(step, p, p->list))
		return OK;
	memory->deadline_ms = step->deadline_ms;
	s = read_plain(memory, p, p->list, &bytes, &n);
	if (!s)
		s = manifest_list_read(memory, bytes, n, &p->manifests, &p->n_manifests);
	p->manifest = 0;
	if (!s)
		return OK;
	fail(step, s, "%s: %s", p->list, memory->message);
	p->manifests = NULL;
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
			s = remove_ours(step, p, p->rest[p->at].location);
	if (s || p->at < p->n_rest)
		return s;
	*done = true;
	return remove_ours(step, p, p->metadata_location);
}

enum status purge_step(struct cx *step, struct purge *p, bool *done)
{
	*done = false;
	if (p->open_manifest)
		return step_entries(step, p);
	if (p->manifests)
		return step_manifest(step, p);
	if (p->snapshot < p->n_snapshots)
		return step_snapshot(step, p);
	return step_rest(step, p, done);
}
