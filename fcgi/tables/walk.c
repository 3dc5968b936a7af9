/* SPDX-License-Identifier: Apache-2.0 */
/* walk.c - reads a part of a scan: data manifests first, then the deletes of what they gave. */
#include "fcgi/tables/walk.h"

#include "common/iceberg/deletes.h"
#include "common/list.h"
#include "common/text.h"

#define MAX_ANSWER ((size_t)64 * 1024 * 1024)
#define MAX_TASKS 1000
#define LISTS_A_PART 8

/* One walk.  What is kept of data and delete files is `batch`'s, of the manifest at
 * hand `step`'s, of the list at hand `list_memory`'s. */
struct walk {
	struct request *rq;
	const struct scope *sc;
	struct scan *scan;
	const struct scan_part *part;
	struct cx batch, step, list_memory;

	/* The list at hand. */
	size_t list; /* SIZE_MAX: none */
	int64_t snapshot_id;
	struct manifest_file *manifests;
	size_t n_manifests;
	bool has_deletes;

	/* The try at hand. */
	struct list files; /* struct scan_file */
	size_t most;	   /* files */
	int64_t bytes, stop_ms, rows;
	size_t n_read; /* manifests */
	bool stopped;  /* at `at`: there is more */
	struct scan_position at;
	bool too_many; /* fewer files would do */
};

static void free_walk(void *walk)
{
	struct walk *w = walk;

	cx_free(&w->batch);
	cx_free(&w->step);
	cx_free(&w->list_memory);
}

static struct cx *fresh(struct walk *w, struct cx *cx)
{
	cx_reset(cx);
	cx->deadline_ms = w->rq->cx->deadline_ms;
	return cx;
}

/* --- reading objects ----------------------------------------------------------------- */

/* A failure in `memory` that is about the file. */
static enum status of_file(struct walk *w, const struct cx *memory, const char *location,
			   enum status s)
{
	if (s == NOT_FOUND) {
		w->rq->error_type = "NotFoundException";
		return fail(w->rq->cx, s, "Failed to open input stream for file: %s", location);
	}
	if (s == TOO_LARGE)
		s = UNSUPPORTED;
	return fail(w->rq->cx, s, "%s: %s", location, memory->message);
}

static enum status read_object(struct walk *w, struct cx *memory, const char *location,
			       const char **bytes, size_t *n)
{
	enum status s = cloud_get(memory, w->rq->rs->cloud, &w->sc->storage, location, bytes, n);

	return s ? of_file(w, memory, location, s) : OK;
}

/* Version 1 may name manifests in the snapshot itself: which spec they are of, they say. */
static enum status take_inline(struct walk *w, struct json_object *snapshot)
{
	struct json_object *list = NULL;
	struct cx *cx = &w->list_memory;
	enum status s = json_get_array(w->rq->cx, snapshot, "snapshots", "manifests", &list);

	if (s)
		return s;
	w->n_manifests = json_object_array_length(list);
	w->manifests = cx_array(cx, w->n_manifests, sizeof(*w->manifests));
	for (size_t i = 0; i < w->n_manifests; i++) {
		struct json_object *path = json_object_array_get_idx(list, i);

		if (!json_object_is_type(path, json_type_string))
			return fail(w->rq->cx, INVALID, "snapshots.manifests: not texts");
		w->manifests[i] = (struct manifest_file){ .path = json_object_get_string(path),
							  .length = -1,
							  .partition_spec_id = -1,
							  .added_snapshot_id = w->snapshot_id,
							  .added_files = -1,
							  .existing_files = -1,
							  .first_row_id = -1 };
	}
	return OK;
}

static enum status read_list(struct walk *w, struct json_object *snapshot)
{
	struct cx *cx = fresh(w, &w->list_memory);
	const char *location = json_text(snapshot, "manifest-list"), *bytes;
	size_t n;
	enum status s;

	if (!location)
		return take_inline(w, snapshot);
	s = read_object(w, cx, location, &bytes, &n);
	if (s)
		return s;
	s = manifest_list_read(cx, bytes, n, &w->manifests, &w->n_manifests);
	return s ? of_file(w, cx, location, s) : OK;
}

static enum status open_list(struct walk *w, size_t list)
{
	struct json_object *snapshot = w->scan->snapshots[list];
	enum status s;

	if (w->list == list)
		return OK;
	w->list = SIZE_MAX;
	w->snapshot_id = json_int(snapshot, "snapshot-id", -1);
	s = read_list(w, snapshot);
	if (s)
		return s;
	w->list = list;
	w->has_deletes = false;
	for (size_t i = 0; i < w->n_manifests; i++)
		w->has_deletes |= w->manifests[i].deletes;
	return OK;
}

/* *spec NULL: the manifest has nothing for the scan. */
static enum status spec_of(struct walk *w, const struct manifest_file *m,
			   const struct scan_spec **spec)
{
	enum status s = scan_spec_of(w->scan, m->partition_spec_id, spec);

	if (!s && !scan_takes_manifest(w->scan, *spec, m, w->snapshot_id))
		*spec = NULL;
	return s;
}

/* *reader NULL: likewise. */
static enum status open_manifest(struct walk *w, struct manifest_file *m,
				 const struct scan_spec **spec, struct manifest_reader **reader)
{
	struct cx *cx = fresh(w, &w->step);
	const char *bytes;
	size_t n;
	enum status s = read_object(w, cx, m->path, &bytes, &n);

	*reader = NULL;
	if (s)
		return s;
	w->bytes += (int64_t)n;
	w->n_read++;
	if (m->partition_spec_id < 0) {
		s = manifest_spec_id(cx, bytes, n, &m->partition_spec_id);
		if (s)
			return of_file(w, cx, m->path, s);
		s = spec_of(w, m, spec);
		if (s || !*spec)
			return s;
	}
	s = manifest_open(cx, bytes, n, m, &(*spec)->want, reader);
	return s ? of_file(w, cx, m->path, s) : OK;
}

/* --- data files ---------------------------------------------------------------------------- */

static bool has_enough(const struct walk *w)
{
	return w->scan->min_rows && w->rows >= w->scan->min_rows;
}

/* Rows that a reader surely gets of the file. */
static int64_t sure_rows(struct walk *w, const struct scan_file *f)
{
	const struct manifest_entry *e = &f->e;

	if (!w->scan->min_rows || w->has_deletes || e->record_count < 0)
		return 0;
	return residual(&w->step, &f->spec->projection, e->partition, e->n_partition)->op ==
			       EXPR_TRUE
		       ? e->record_count
		       : 0;
}

static void keep_file(struct walk *w, const struct scan_spec *spec, const struct manifest_entry *e)
{
	struct scan_file *f = list_add(&w->files);

	f->e = *e;
	f->spec = spec;
	manifest_keep(&w->batch, &f->e);
	w->rows += sure_rows(w, f);
}

static void stop(struct walk *w, size_t list, size_t manifest, size_t entry)
{
	w->stopped = true;
	w->at = (struct scan_position){ list, manifest, entry };
}

static enum status walk_entries(struct walk *w, struct manifest_reader *r,
				const struct scan_spec *spec, size_t manifest, size_t first)
{
	struct manifest_entry e;
	bool more = true;
	enum status s = OK;

	for (size_t i = 0; !has_enough(w); i++) {
		s = manifest_next(r, &e, &more);
		if (s || !more)
			break;
		if (i < first || !scan_takes_file(w->scan, spec, &e, w->snapshot_id))
			continue;
		if (w->files.n == w->most) {
			stop(w, w->list, manifest, i);
			break;
		}
		keep_file(w, spec, &e);
	}
	return s ? of_file(w, &w->step, w->manifests[manifest].path, s) : OK;
}

/* One manifest is always read. */
static bool is_full(const struct walk *w)
{
	return w->n_read && (w->files.n >= w->most || w->bytes >= w->rq->rs->config->scan_bytes ||
			     cx_monotonic_ms() >= w->stop_ms);
}

static enum status walk_manifest(struct walk *w, size_t manifest, size_t first)
{
	struct manifest_file *m = &w->manifests[manifest];
	const struct scan_spec *spec = NULL;
	struct manifest_reader *r;
	enum status s = OK;

	if (m->partition_spec_id >= 0)
		s = spec_of(w, m, &spec);
	if (s || m->deletes || (m->partition_spec_id >= 0 && !spec))
		return s;
	if (is_full(w)) {
		stop(w, w->list, manifest, first);
		return OK;
	}
	s = open_manifest(w, m, &spec, &r);
	return s || !r ? s : walk_entries(w, r, spec, manifest, first);
}

/* Where the part ends in the list at hand. */
static size_t end_in_list(const struct walk *w)
{
	const struct scan_position *to = &w->part->to;

	return w->list == to->list && to->manifest < w->n_manifests ? to->manifest : w->n_manifests;
}

static bool is_in_part(const struct walk *w, size_t list)
{
	const struct scan_position *to = &w->part->to;

	return list < w->scan->n_snapshots &&
	       (list < to->list || (list == to->list && to->manifest));
}

static enum status gather(struct walk *w)
{
	const struct scan_position *from = &w->part->from;
	enum status s = OK;

	for (size_t l = from->list; !s && !w->stopped && is_in_part(w, l); l++) {
		if (l > from->list && is_full(w)) {
			stop(w, l, 0, 0);
			return OK;
		}
		s = open_list(w, l);
		for (size_t m = l == from->list ? from->manifest : 0;
		     !s && !w->stopped && !has_enough(w) && m < end_in_list(w); m++)
			s = walk_manifest(w, m,
					  l == from->list && m == from->manifest ? from->entry : 0);
	}
	return s;
}

/* --- deletes -------------------------------------------------------------------------------- */

static enum status take_deletes(struct walk *w, struct deletes *d, struct manifest_file *m)
{
	const struct scan_spec *spec;
	struct manifest_reader *r;
	struct manifest_entry e;
	bool more = true;
	enum status s = spec_of(w, m, &spec);

	if (s || !spec)
		return s;
	s = open_manifest(w, m, &spec, &r);
	if (s)
		return s;
	while (!s && more) {
		s = manifest_next(r, &e, &more);
		if (s)
			return of_file(w, &w->step, m->path, s);
		if (!more || e.status == ENTRY_DELETED || e.content == CONTENT_DATA)
			continue;
		s = deletes_take(d, spec, &e);
		w->too_many = s == TOO_LARGE;
	}
	return s ? fail(w->rq->cx, s, "%s: %s", m->path, w->batch.message) : OK;
}

/* A scan of appends has none; any other is of one list. */
static enum status find_deletes(struct walk *w, struct deletes *d)
{
	enum status s = OK;

	for (size_t i = 0; !s && !w->scan->incremental && w->has_deletes && i < w->n_manifests; i++)
		if (deletes_take_manifest(d, &w->manifests[i]))
			s = take_deletes(w, d, &w->manifests[i]);
	return s;
}

/* --- the answer -------------------------------------------------------------------------------- */

static void add_json(struct walk *w, struct text *out, bool first, struct json_object *v)
{
	size_t n;
	const char *s = json_print(&w->step, v, &n);

	if (!first)
		text_addc(out, ',');
	text_addn(out, s, n);
}

static enum status print(struct walk *w, const struct scan_file *deletes, size_t n,
			 struct walked *out)
{
	const struct scan_file *f = w->files.items;
	struct text t = text_open(w->rq->cx, MAX_ANSWER);

	text_add(&t, "\"delete-files\":[");
	for (size_t i = 0; i < n; i++)
		add_json(w, &t, i == 0,
			 scan_file_json(fresh(w, &w->step), w->scan, deletes[i].spec,
					&deletes[i].e));
	text_add(&t, "],\"file-scan-tasks\":[");
	for (size_t i = 0; !t.over && i < w->files.n; i++)
		add_json(w, &t, i == 0,
			 scan_task_json(fresh(w, &w->step), w->scan, f[i].spec, &f[i].e,
					f[i].deletes, f[i].n_deletes));
	text_add(&t, "]");
	w->too_many = t.over;
	out->bytes = t.s;
	out->n = t.len;
	return text_check(&t, "the files of a scan");
}

/* --- what is left --------------------------------------------------------------------------------- */

static void add_part(struct walk *w, struct list *parts, struct scan_position from,
		     struct scan_position to)
{
	if (parts->n + 1 == MAX_TASKS) /* the last one stands for all that is left */
		to = w->part->to;
	if (parts->n < MAX_TASKS)
		*(struct scan_part *)list_add(parts) = (struct scan_part){ from, to };
}

static bool may_be_taken(struct walk *w, const struct manifest_file *m)
{
	const struct scan_spec *spec;

	if (m->partition_spec_id < 0)
		return true;
	return !m->deletes && !scan_spec_of(w->scan, m->partition_spec_id, &spec) &&
	       scan_takes_manifest(w->scan, spec, m, w->snapshot_id);
}

static int64_t or_many(const struct walk *w, int64_t files)
{
	return files < 0 ? (int64_t)w->most : files;
}

/* Manifests of the list at hand, each part about what one answer holds. */
static void split_list(struct walk *w, struct list *parts)
{
	struct scan_position from = w->at;
	size_t end = end_in_list(w);
	int64_t files = 0, bytes = 0;

	for (size_t i = w->at.manifest; i < end; i++) {
		const struct manifest_file *m = &w->manifests[i];

		if (!may_be_taken(w, m))
			continue;
		files += or_many(w, m->added_files) + or_many(w, m->existing_files);
		bytes += m->length > 0 ? m->length : 0;
		if (files < (int64_t)w->most && bytes < w->rq->rs->config->scan_bytes)
			continue;
		add_part(w, parts, from, (struct scan_position){ w->list, i + 1, 0 });
		from = (struct scan_position){ w->list, i + 1, 0 };
		files = bytes = 0;
	}
	if (files || bytes)
		add_part(w, parts, from, (struct scan_position){ w->list, end, 0 });
}

static void split_rest(struct walk *w, struct walked *out)
{
	struct list parts = { .cx = w->rq->cx, .size = sizeof(struct scan_part) };
	size_t next = w->at.list;

	if (w->list == w->at.list) {
		split_list(w, &parts);
		next++;
	}
	for (; is_in_part(w, next); next += LISTS_A_PART) {
		struct scan_position to = { next + LISTS_A_PART, 0, 0 };

		if (to.list > w->part->to.list)
			to = w->part->to;
		add_part(w, &parts, (struct scan_position){ next, 0, 0 }, to);
	}
	out->rest = parts.items;
	out->n_rest = parts.n;
}

/* --- a try ---------------------------------------------------------------------------------------- */

static void begin_try(struct walk *w)
{
	fresh(w, &w->batch);
	w->files = (struct list){ .cx = &w->batch, .size = sizeof(struct scan_file) };
	w->bytes = w->rows = 0;
	w->n_read = 0;
	w->stopped = w->too_many = false;
	w->stop_ms = INT64_MAX;
	if (w->rq->cx->deadline_ms)
		w->stop_ms = cx_monotonic_ms() + cx_left_ms(w->rq->cx) / 2;
}

/* *again: columns were missing, and are read now. */
static enum status try_it(struct walk *w, struct walked *out, bool *again)
{
	struct deletes *d;
	struct scan_file *deletes;
	const int *missing;
	size_t n;
	enum status s;

	begin_try(w);
	s = gather(w);
	if (s)
		return s;
	d = deletes_begin(&w->batch, w->scan, w->files.items, w->files.n);
	s = find_deletes(w, d);
	missing = deletes_missing(d, &n);
	*again = !s && n && !*again;
	if (s)
		return s;
	if (*again) {
		scan_add_columns(w->scan, missing, n);
		return OK;
	}
	deletes_end(d, &deletes, &n);
	return print(w, deletes, n, out);
}

enum status walk_part(struct request *rq, const struct scope *sc, struct scan *scan,
		      const struct scan_part *part, struct walked *out)
{
	struct walk *w = CX_NEW(rq->cx, struct walk);
	bool again = false;
	enum status s;

	*w = (struct walk){ .rq = rq,
			    .sc = sc,
			    .scan = scan,
			    .part = part,
			    .list = SIZE_MAX,
			    .most = (size_t)rq->rs->config->scan_files };
	cx_own(rq->cx, w, free_walk);
	*out = (struct walked){ 0 };
	do {
		s = try_it(w, out, &again);
		if (!s && again)
			s = try_it(w, out, &again);
		if (s && w->too_many && w->files.n > 1)
			w->most = w->files.n / 2;
		else
			w->too_many = false;
	} while (s && w->too_many);
	if (!s && w->stopped)
		split_rest(w, out);
	return s;
}
