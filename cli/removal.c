/* SPDX-License-Identifier: Apache-2.0 */
/* removal.c - removes the files that only expired snapshots reached. */
#include "cli/removal.h"

#include "cli/table_files.h"
#include "common/iceberg/metadata.h"
#include "common/log.h"
#include "common/text.h"
#include "stores/seen.h"

#define FILES_A_STEP 100
#define MAX_ROWS 10000
#define MAX_SEEN 20000000 /* 16 bytes each */

/* Locations in order, each once however it is spelled. */
struct queue {
	struct json_object *list;
	struct seen *seen;
	size_t at;
};

struct removal {
	struct cx *cx;
	struct table_files files;
	struct json_object *ids;		 /* {snapshot id: true} of the expired */
	struct json_object *base;		 /* the table's metadata before that */
	struct queue metadata, lists, manifests; /* what is reached */
	struct queue old_lists, old_manifests, old_files;
	struct seen *reached; /* all that must stay */
	size_t n_reached, removed;
	size_t list; /* of the old ones: the next that goes */

	struct cx entries_memory;
	const char *open; /* an old manifest; NULL: none */
	struct manifest_entry *entries;
	size_t entry, n_entries;
};

static void removal_free(void *removal)
{
	struct removal *r = removal;

	cx_free(&r->entries_memory);
}

size_t removal_count(const struct removal *r)
{
	return r->removed;
}

/* --- queues --------------------------------------------------------------------------------- */

static struct queue queue_open(struct cx *cx)
{
	return (struct queue){ .list = json_new_array(cx), .seen = seen_open(cx) };
}

static void queue_add(struct cx *cx, struct queue *q, const char *text)
{
	if (text && seen_add(q->seen, location_key(cx, text)))
		json_add_text(q->list, text);
}

static const char *queue_next(struct queue *q)
{
	if (q->at == json_object_array_length(q->list))
		return NULL;
	return json_object_get_string(json_object_array_get_idx(q->list, q->at++));
}

static void reach(struct cx *cx, struct removal *r, const char *location)
{
	if (location && seen_add(r->reached, location_key(cx, location)))
		r->n_reached++;
}

/* --- snapshots -------------------------------------------------------------------------------- */

static bool is_expired(const struct removal *r, int64_t id)
{
	char key[32];

	snprintf(key, sizeof(key), "%lld", (long long)id);
	return json_has(r->ids, key);
}

static void add_snapshot(struct cx *cx, struct json_object *snapshot, struct queue *lists,
			 struct queue *manifests)
{
	const char *list = json_text(snapshot, "manifest-list");
	struct manifest_file *named;
	size_t n;

	queue_add(cx, lists, list);
	if (list)
		return;
	table_files_inline(cx, snapshot, &named, &n);
	for (size_t i = 0; i < n; i++)
		queue_add(cx, manifests, named[i].path);
}

/* `base`: its expired snapshots are what goes, where nothing else reaches it. */
static void add_snapshots(struct cx *cx, struct removal *r, struct json_object *metadata, bool base)
{
	struct json_object *list = json_member(metadata, "snapshots");

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		if (base && is_expired(r, json_int(o, "snapshot-id", -1)))
			add_snapshot(cx, o, &r->old_lists, &r->old_manifests);
		else
			add_snapshot(cx, o, &r->lists, &r->manifests);
	}
}

static void add_statistics(struct cx *cx, struct removal *r, struct json_object *metadata,
			   const char *key, bool base)
{
	struct json_object *list = json_member(metadata, key);

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		const char *path = json_text(o, "statistics-path");

		if (base && is_expired(r, json_int(o, "snapshot-id", -1)))
			queue_add(cx, &r->old_files, path);
		else
			reach(cx, r, path);
	}
}

static void add_metadata(struct cx *cx, struct removal *r, struct json_object *metadata, bool base)
{
	add_snapshots(cx, r, metadata, base);
	add_statistics(cx, r, metadata, "statistics", base);
	add_statistics(cx, r, metadata, "partition-statistics", base);
}

/* --- begin ------------------------------------------------------------------------------------ */

static enum status read_metadata(struct cx *cx, const struct removal *r, const char *location,
				 struct json_object **out)
{
	const char *bytes;
	size_t n;
	enum status s = table_files_read(cx, &r->files, location, &bytes, &n);

	return s ? s : json_parse(cx, bytes, n, METADATA_MAX_DEPTH, out);
}

static enum status read_ids(struct removal *r, struct json_object *payload)
{
	struct json_object *list;
	enum status s = json_get_array(r->cx, payload, "", "snapshot_ids", &list);

	r->ids = json_new_object(r->cx);
	for (size_t i = 0; !s && i < json_object_array_length(list); i++)
		json_set_bool(r->ids, json_object_get_string(json_object_array_get_idx(list, i)),
			      true);
	return s;
}

static enum status read_rows(struct removal *r, struct store *st, const char *tenant_id,
			     const char *asset_id)
{
	struct asset from = { .row = ROW(asset), .tenant_id = tenant_id, .asset_id = asset_id };
	struct query q = {
		.from = &from.row, .bound = 1, .where = { "asset_id" }, .limit = MAX_ROWS
	};
	struct rows rows;
	enum status s = store_list(r->cx, st, &q, &rows);

	if (!s && rows.n == MAX_ROWS)
		s = fail(r->cx, TOO_LARGE, "too many branches and tags show the table");
	for (size_t i = 0; !s && i < rows.n; i++)
		queue_add(r->cx, &r->metadata,
			  ((const struct asset *)rows.items)[i].metadata_location);
	return s;
}

static void open_queues(struct removal *r)
{
	struct queue *all[] = { &r->metadata,  &r->lists,	  &r->manifests,
				&r->old_lists, &r->old_manifests, &r->old_files };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		*all[i] = queue_open(r->cx);
	r->reached = seen_open(r->cx);
}

enum status removal_open(struct cx *cx, struct store *st, struct cloud *cloud,
			 const char *tenant_id, struct json_object *payload, struct removal **out)
{
	struct removal *r = CX_NEW(cx, struct removal);
	const char *location, *asset_id;
	enum status s;

	*out = NULL;
	r->cx = cx;
	open_queues(r);
	cx_own(cx, r, removal_free);
	s = json_get_text(cx, payload, "", "metadata_location", &location);
	if (!s)
		s = json_get_text(cx, payload, "", "asset_id", &asset_id);
	if (!s)
		s = read_ids(r, payload);
	if (!s)
		s = table_files_open(cx, st, cloud, tenant_id, payload, &r->files);
	if (s)
		return s;
	s = read_metadata(cx, r, location, &r->base);
	if (s == NOT_FOUND) {
		log_event(LOG_WARNING_, "removal_skipped", NULL, "%s", cx->message);
		return OK;
	}
	if (!s)
		s = read_rows(r, st, tenant_id, asset_id);
	if (s)
		return s;
	add_metadata(cx, r, r->base, true);
	*out = r;
	return OK;
}

/* --- what is reached ---------------------------------------------------------------------------- */

/* What is not there reaches nothing. */
static enum status step_metadata(struct cx *step, struct removal *r, const char *location)
{
	struct json_object *metadata;
	enum status s = read_metadata(step, r, location, &metadata);

	if (!s)
		add_metadata(step, r, metadata, false);
	return s == NOT_FOUND ? OK : s;
}

static enum status step_list(struct cx *step, struct removal *r, const char *location,
			     struct queue *into)
{
	struct manifest_file *files;
	const char *bytes;
	size_t n;
	enum status s = table_files_read(step, &r->files, location, &bytes, &n);

	if (!s)
		s = manifest_list_read(step, bytes, n, &files, &n);
	for (size_t i = 0; !s && i < n; i++)
		queue_add(step, into, files[i].path);
	return s == NOT_FOUND ? OK : s;
}

static enum status step_manifest(struct cx *step, struct removal *r, const char *location)
{
	struct manifest_entry *entries;
	const char *bytes;
	size_t n;
	enum status s = table_files_read(step, &r->files, location, &bytes, &n);

	if (!s)
		s = manifest_read(step, bytes, n, &entries, &n);
	for (size_t i = 0; !s && i < n; i++)
		if (entries[i].status != ENTRY_DELETED)
			reach(step, r, entries[i].path);
	if (!s && r->n_reached > MAX_SEEN)
		s = fail(step, TOO_LARGE, "the table has more than %d files", MAX_SEEN);
	return s == NOT_FOUND ? OK : s;
}

/* --- what goes ------------------------------------------------------------------------------------ */

static bool stays(struct cx *cx, const struct removal *r, const char *location)
{
	const char *key = location_key(cx, location);

	return seen_has(r->reached, key) || seen_has(r->lists.seen, key) ||
	       seen_has(r->manifests.seen, key) || seen_has(r->metadata.seen, key);
}

static enum status remove_one(struct cx *step, struct removal *r, const char *location)
{
	enum status s;

	if (stays(step, r, location) || !table_files_own(step, &r->files, location))
		return OK;
	s = table_files_remove(step, &r->files, location);
	r->removed += !s;
	return s;
}

static enum status step_entries(struct cx *step, struct removal *r)
{
	enum status s = OK;

	for (size_t i = 0; !s && i < FILES_A_STEP && r->entry < r->n_entries; i++) {
		const struct manifest_entry *e = &r->entries[r->entry++];

		if (e->status != ENTRY_DELETED)
			s = remove_one(step, r, e->path);
	}
	if (s || r->entry < r->n_entries)
		return s;
	s = remove_one(step, r, r->open);
	r->open = NULL;
	cx_reset(&r->entries_memory);
	return s;
}

/* One that is gone was done before. */
static enum status open_old(struct cx *step, struct removal *r, const char *location)
{
	struct cx *memory = &r->entries_memory;
	const char *bytes;
	size_t n;
	enum status s;

	if (stays(step, r, location))
		return OK;
	memory->deadline_ms = step->deadline_ms;
	s = table_files_read(memory, &r->files, location, &bytes, &n);
	if (!s)
		s = manifest_read(memory, bytes, n, &r->entries, &r->n_entries);
	if (s) {
		fail(step, s, "%s: %s", location, memory->message);
		cx_reset(memory);
		return s == NOT_FOUND ? OK : s;
	}
	r->open = location;
	r->entry = 0;
	return OK;
}

enum status removal_step(struct cx *step, struct removal *r, bool *done)
{
	const char *next;

	*done = false;
	if (r->open)
		return step_entries(step, r);
	if ((next = queue_next(&r->metadata)))
		return step_metadata(step, r, next);
	if ((next = queue_next(&r->lists)))
		return step_list(step, r, next, &r->manifests);
	if ((next = queue_next(&r->manifests)))
		return step_manifest(step, r, next);
	if ((next = queue_next(&r->old_files)))
		return remove_one(step, r, next);
	/* the lists are read through before the first manifest goes, and go at last */
	if ((next = queue_next(&r->old_lists)))
		return step_list(step, r, next, &r->old_manifests);
	if ((next = queue_next(&r->old_manifests)))
		return open_old(step, r, next);
	if (r->list < json_object_array_length(r->old_lists.list))
		return remove_one(step, r,
				  json_object_get_string(
					  json_object_array_get_idx(r->old_lists.list, r->list++)));
	*done = true;
	return OK;
}
