/* SPDX-License-Identifier: Apache-2.0 */
/* removal.c - removes the files that only expired snapshots reached. */
#include "cli/removal.h"

#include "cli/reach.h"
#include "common/iceberg/metadata.h"
#include "common/log.h"
#include "common/text.h"
#include "stores/tenants.h"

#define FILES_A_STEP 100

/* Locations in order, each once however it is spelled. */
struct queue {
	struct json_object *list;
	struct seen *seen;
	size_t at;
};

struct removal {
	struct cx *cx;
	struct store *st;
	const char *tenant_id;
	struct table_files files;
	struct reader table;
	struct reach reach;	      /* all that must stay */
	struct json_object *ids;      /* {snapshot id: true} of the expired */
	struct json_object *base;     /* the table's metadata before that */
	struct foreign *foreign;      /* its own, while it is read; NULL: all is read */
	const struct foreign *shared; /* what other tables read */
	bool base_read;		      /* what it reaches without them is in `reach` */
	bool looked;		      /* the rows are as they were when the next files go */
	struct queue old_lists, old_manifests, old_files;
	size_t list; /* of the old ones: the next that goes */
	size_t removed;

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

/* --- snapshots -------------------------------------------------------------------------------- */

static bool is_expired(const struct removal *r, int64_t id)
{
	char key[32];

	snprintf(key, sizeof(key), "%lld", (long long)id);
	return json_has(r->ids, key);
}

static void add_old(struct cx *step, struct removal *r, struct json_object *snapshot)
{
	const char *list = json_text(snapshot, "manifest-list");
	struct manifest_file *named;
	size_t n;

	queue_add(step, &r->old_lists, list);
	if (list)
		return;
	table_files_inline(step, snapshot, &named, &n);
	for (size_t i = 0; i < n; i++)
		queue_add(step, &r->old_manifests, named[i].path);
}

static void add_snapshots(struct cx *step, struct removal *r)
{
	struct json_object *list = json_member(r->base, "snapshots");

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		if (is_expired(r, json_int(o, "snapshot-id", -1)))
			add_old(step, r, o);
		else
			reach_snapshot(step, &r->reach, &r->table, o, false);
	}
}

static void add_statistics(struct cx *step, struct removal *r, const char *key)
{
	struct json_object *list = json_member(r->base, key);

	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		const char *path = json_text(o, "statistics-path");

		if (is_expired(r, json_int(o, "snapshot-id", -1)))
			queue_add(step, &r->old_files, path);
		else
			reach_file(step, &r->reach, &r->table, path);
	}
}

/* Behind the rows: what they read must be there, and what the base reads may be gone. */
static void read_base(struct cx *step, struct removal *r)
{
	add_snapshots(step, r);
	add_statistics(step, r, "statistics");
	add_statistics(step, r, "partition-statistics");
	r->base_read = true;
}

/* --- begin ------------------------------------------------------------------------------------ */

static enum status read_file(struct removal *r, const char *location)
{
	const char *bytes;
	size_t n;
	enum status s = table_files_read(r->cx, &r->files, location, &bytes, &n);

	return s ? s : json_parse(r->cx, bytes, n, METADATA_MAX_DEPTH, &r->base);
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

enum status removal_storage(struct cx *cx, struct responder *rs, const char *tenant_id,
			    struct json_object *payload, const char **identity)
{
	struct table_files files;
	enum status s = table_files_open(cx, rs->store, rs->cloud, tenant_id, payload, &files);

	if (!s)
		*identity = storage_identity(cx, &files.storage);
	return s;
}

static struct removal *removal_new(struct cx *cx, struct store *st, const char *tenant_id)
{
	struct removal *r = CX_NEW(cx, struct removal);

	*r = (struct removal){ .cx = cx, .st = st, .tenant_id = tenant_id };
	r->old_lists = queue_open(cx);
	r->old_manifests = queue_open(cx);
	r->old_files = queue_open(cx);
	reach_open(&r->reach, cx);
	cx_own(cx, r, removal_free);
	return r;
}

enum status removal_open(struct cx *cx, struct responder *rs, const char *tenant_id,
			 struct json_object *payload, const struct foreign *shared,
			 struct removal **out)
{
	struct removal *r = removal_new(cx, rs->store, tenant_id);
	const char *location, *asset_id;
	enum status s = json_get_text(cx, payload, "", "metadata_location", &location);

	*out = NULL;
	if (!s)
		s = json_get_text(cx, payload, "", "asset_id", &asset_id);
	if (!s)
		s = read_ids(r, payload);
	if (!s)
		s = table_files_open(cx, rs->store, rs->cloud, tenant_id, payload, &r->files);
	if (s)
		return s;
	r->table = (struct reader){ .id = asset_id, .files = &r->files, .notes_own = true };
	r->shared = shared;
	if (!shared)
		r->shared = r->foreign =
			foreign_open(cx, rs, tenant_id, storage_identity(cx, &r->files.storage));
	s = read_file(r, location);
	if (s == NOT_FOUND) {
		log_event(LOG_WARNING_, "removal_skipped", NULL, "%s", cx->message);
		return OK;
	}
	*out = s ? NULL : r;
	return s;
}

/* --- what goes ------------------------------------------------------------------------------------ */

/*
 * Anew before each step's files: what was committed, merged or brought back since.  *stop: the folders
 * are another table's by now, or the table is to keep all it has.
 */
static enum status look_again(struct cx *step, struct removal *r, bool *stop)
{
	size_t rows;
	enum status s = tenant_may_write(step, r->st, r->tenant_id);

	if (!s)
		s = reach_asset(step, &r->reach, r->st, r->tenant_id, &r->table, &rows);
	if (!s)
		s = table_files_claimed(step, &r->files, r->st, r->table.id, false);
	*stop = s == INVALID || r->table.keeps_all;
	if (s == INVALID)
		log_event(LOG_WARNING_, "removal_skipped", NULL, "%s", step->message);
	r->looked = true;
	return s == INVALID ? OK : s;
}

static enum status remove_one(struct cx *step, struct removal *r, const char *location)
{
	enum status s;

	if (reach_has(step, &r->reach, location) || foreign_has(step, r->shared, location) ||
	    !table_files_own(step, &r->files, location))
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

static enum status step_list(struct cx *step, struct removal *r, const char *location)
{
	struct manifest_file *files;
	const char *bytes;
	size_t n;
	enum status s = table_files_read(step, &r->files, location, &bytes, &n);

	if (!s)
		s = manifest_list_read(step, bytes, n, &files, &n);
	for (size_t i = 0; !s && i < n; i++)
		queue_add(step, &r->old_manifests, files[i].path);
	return s == NOT_FOUND ? OK : s;
}

/* One that is gone was done before. */
static enum status open_old(struct cx *step, struct removal *r, const char *location)
{
	struct cx *memory = &r->entries_memory;
	const char *bytes;
	size_t n;
	enum status s;

	if (reach_has(step, &r->reach, location))
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

static enum status remove_some(struct cx *step, struct removal *r, bool *done)
{
	const char *next;

	if (r->open)
		return step_entries(step, r);
	if ((next = queue_next(&r->old_files)))
		return remove_one(step, r, next);
	/* the lists are read through before the first manifest goes, and go at last */
	if ((next = queue_next(&r->old_lists)))
		return step_list(step, r, next);
	if ((next = queue_next(&r->old_manifests)))
		return open_old(step, r, next);
	if (r->list < json_object_array_length(r->old_lists.list))
		return remove_one(step, r,
				  json_object_get_string(
					  json_object_array_get_idx(r->old_lists.list, r->list++)));
	*done = true;
	return OK;
}

enum status removal_step(struct cx *step, struct removal *r, bool *done)
{
	bool end;
	enum status s = reach_step(step, &r->reach, &end);

	*done = false;
	if (s || !end)
		return s;
	if (!r->looked)
		return look_again(step, r, done);
	if (!r->base_read) {
		read_base(step, r);
		return OK;
	}
	if (r->foreign) {
		s = foreign_step(step, r->foreign, &end);
		if (!s && end)
			r->foreign = NULL;
		return s;
	}
	r->looked = false;
	if (r->table.keeps_all)
		*done = true;
	return *done ? OK : remove_some(step, r, done);
}
