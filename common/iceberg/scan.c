/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - a scan request against the table's metadata. */
#include "common/iceberg/scan.h"

#include <strings.h>

#include "common/iceberg/read.h"
#include "common/list.h"
#include "common/text.h"

/* --- the request ----------------------------------------------------------------- */

struct asked {
	int64_t snapshot, start, end; /* -1: not said */
	bool case_sensitive, snapshot_schema;
	struct json_object *stats;
};

static enum status read_names(struct cx *cx, struct json_object *request, const char *key,
			      struct json_object **out)
{
	enum status s = json_opt_array(cx, request, "", key, out);

	for (size_t i = 0; !s && *out && i < json_object_array_length(*out); i++)
		if (!json_object_is_type(json_object_array_get_idx(*out, i), json_type_string))
			s = fail(cx, INVALID, "%s[%zu]: not a text", key, i);
	return s;
}

static enum status read_flags(struct cx *cx, struct json_object *request, struct asked *a)
{
	struct json_object *select = NULL;
	enum status s = json_opt_bool(cx, request, "", "case-sensitive", &a->case_sensitive);

	if (!s)
		s = json_opt_bool(cx, request, "", "use-snapshot-schema", &a->snapshot_schema);
	if (!s) /* columns are the reader's to leave out: a file is planned whole */
		s = read_names(cx, request, "select", &select);
	return s ? s : read_names(cx, request, "stats-fields", &a->stats);
}

/* Ids are never negative. */
static enum status read_id(struct cx *cx, struct json_object *request, const char *key,
			   int64_t *out)
{
	enum status s = json_opt_int(cx, request, "", key, out);

	if (!s && json_member(request, key) && *out < 0)
		s = fail(cx, INVALID, "%s: Cannot find snapshot with ID %lld", key,
			 (long long)*out);
	return s;
}

static enum status read_numbers(struct cx *cx, struct json_object *request, struct asked *a,
				int64_t *min_rows)
{
	enum status s = read_id(cx, request, "snapshot-id", &a->snapshot);

	if (!s)
		s = read_id(cx, request, "start-snapshot-id", &a->start);
	if (!s)
		s = read_id(cx, request, "end-snapshot-id", &a->end);
	if (!s)
		s = json_opt_int(cx, request, "", "min-rows-requested", min_rows);
	if (s)
		return s;
	if (a->snapshot >= 0 && (a->start >= 0 || a->end >= 0))
		return fail(cx, INVALID,
			    "Invalid scan: cannot provide both snapshot-id and "
			    "start-snapshot-id/end-snapshot-id");
	if ((a->start >= 0) != (a->end >= 0))
		return fail(cx, INVALID,
			    "Invalid incremental scan: start-snapshot-id and end-snapshot-id are "
			    "both required");
	if (*min_rows < 0)
		return fail(cx, INVALID, "Invalid scan: min-rows-requested is negative");
	return OK;
}

/* --- snapshots -------------------------------------------------------------------- */

struct by_id {
	int64_t id;
	struct json_object *json;
};

static int compare_ids(const void *a, const void *b)
{
	int64_t x = ((const struct by_id *)a)->id, y = ((const struct by_id *)b)->id;

	return (x > y) - (x < y);
}

/* The table's snapshots, ordered by id. */
struct history {
	struct by_id *list;
	size_t n;
};

static void read_history(struct cx *cx, struct json_object *metadata, struct history *h)
{
	struct json_object *all = json_member(metadata, "snapshots");

	h->n = json_object_is_type(all, json_type_array) ? json_object_array_length(all) : 0;
	h->list = cx_array(cx, h->n, sizeof(*h->list));
	for (size_t i = 0; i < h->n; i++) {
		h->list[i].json = json_object_array_get_idx(all, i);
		h->list[i].id = json_int(h->list[i].json, "snapshot-id", -1);
	}
	qsort(h->list, h->n, sizeof(*h->list), compare_ids);
}

static struct json_object *find_snapshot(const struct history *h, int64_t id)
{
	struct by_id key = { .id = id };
	struct by_id *found =
		h->n ? bsearch(&key, h->list, h->n, sizeof(*h->list), compare_ids) : NULL;

	return found ? found->json : NULL;
}

static bool is_append(struct json_object *snapshot)
{
	struct json_object *summary = json_member(snapshot, "summary");

	return summary && text_same(json_text(summary, "operation"), "append");
}

static void reverse(struct json_object **list, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct json_object *kept = list[i];

		list[i] = list[n - 1 - i];
		list[n - 1 - i] = kept;
	}
}

/* The appends after `start` up to `end`, of the line of end's parents. */
static enum status take_appends(struct scan *scan, const struct history *h, int64_t start,
				int64_t end)
{
	struct list found = { .cx = scan->cx, .size = sizeof(struct json_object *) };
	int64_t at = end;
	size_t steps = 0;

	while (at != start) {
		struct json_object *snapshot = find_snapshot(h, at);

		if (!snapshot || steps++ > h->n)
			return fail(scan->cx, INVALID,
				    "Starting snapshot (exclusive) %lld is not a parent ancestor "
				    "of end snapshot %lld",
				    (long long)start, (long long)end);
		if (is_append(snapshot))
			*(struct json_object **)list_add(&found) = snapshot;
		at = json_int(snapshot, "parent-snapshot-id", -1);
	}
	scan->snapshots = found.items;
	scan->n_snapshots = found.n;
	reverse(scan->snapshots, scan->n_snapshots);
	return OK;
}

static enum status take_one(struct scan *scan, struct json_object *snapshot)
{
	scan->snapshots = cx_alloc(scan->cx, sizeof(struct json_object *));
	scan->snapshots[0] = snapshot;
	scan->n_snapshots = 1;
	return OK;
}

static enum status take_snapshots(struct scan *scan, const struct meta *meta, const struct asked *a,
				  struct scan_pins pins, struct json_object **last)
{
	struct history h;

	read_history(scan->cx, scan->metadata, &h);
	scan->incremental = a->end >= 0;
	scan->snapshot_id = scan->incremental ? a->end : a->snapshot;
	if (scan->snapshot_id < 0)
		scan->snapshot_id = pins.snapshot_id;
	if (scan->snapshot_id < 0)
		scan->snapshot_id = meta->current_snapshot;
	if (scan->snapshot_id < 0)
		return OK;
	*last = find_snapshot(&h, scan->snapshot_id);
	if (!*last)
		return fail(scan->cx, pins.snapshot_id < 0 ? INVALID : NOT_FOUND,
			    "Cannot find snapshot with ID %lld", (long long)scan->snapshot_id);
	return scan->incremental ? take_appends(scan, &h, a->start, a->end) : take_one(scan, *last);
}

/* --- schema and columns ------------------------------------------------------------- */

static enum status take_schema(struct scan *scan, const struct meta *meta, const struct asked *a,
			       struct scan_pins pins, struct json_object *snapshot)
{
	int64_t id = meta->current_schema;
	struct json_object *json;

	if (a->snapshot_schema && snapshot)
		id = json_int(snapshot, "schema-id", id);
	if (pins.schema_id >= 0)
		id = pins.schema_id;
	json = find_by_id(meta->schemas, "schema-id", id);
	if (!json && pins.schema_id >= 0)
		return fail(scan->cx, NOT_FOUND, "the table has no schema %lld any more",
			    (long long)id);
	if (!json)
		json = find_by_id(meta->schemas, "schema-id", meta->current_schema);
	if (!json)
		return fail(scan->cx, INVALID, "the table has no schema %lld", (long long)id);
	return schema_parse(scan->cx, json, "schema", &scan->schema);
}

static const struct schema_field *find_name(const struct schema *schema, const char *name,
					    bool case_sensitive)
{
	const struct schema_field *f = schema_find_name(schema, name);

	for (size_t i = 0; !f && !case_sensitive && i < schema->n; i++)
		if (strcasecmp(schema->fields[i].full, name) == 0)
			f = &schema->fields[i];
	return f;
}

static int compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Adds ids to an ascending list that holds none twice. */
static void add_ids(struct cx *cx, int **list, size_t *n, const int *ids, size_t n_ids)
{
	int *all = cx_array(cx, *n + n_ids, sizeof(int));
	size_t kept = 0;

	if (*n)
		memcpy(all, *list, *n * sizeof(int));
	if (n_ids)
		memcpy(all + *n, ids, n_ids * sizeof(int));
	qsort(all, *n + n_ids, sizeof(int), compare_ints);
	for (size_t i = 0; i < *n + n_ids; i++)
		if (!kept || all[kept - 1] != all[i])
			all[kept++] = all[i];
	*list = all;
	*n = kept;
}

static enum status take_stats(struct scan *scan, const struct asked *a)
{
	size_t n = a->stats ? json_object_array_length(a->stats) : 0;

	for (size_t i = 0; i < n; i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(a->stats, i));
		const struct schema_field *f = find_name(&scan->schema, name, a->case_sensitive);

		if (!f)
			return fail(scan->cx, INVALID, "stats-fields: there is no column \"%s\"",
				    name);
		add_ids(scan->cx, &scan->stats, &scan->n_stats, &f->id, 1);
	}
	return OK;
}

void scan_add_columns(struct scan *scan, const int *ids, size_t n)
{
	add_ids(scan->cx, &scan->columns, &scan->n_columns, ids, n);
	for (size_t i = 0; i < scan->n_known_specs; i++) {
		scan->known_specs[i]->want.columns = scan->columns;
		scan->known_specs[i]->want.n_columns = scan->n_columns;
	}
}

static void take_columns(struct scan *scan)
{
	static const int path = POSITION_DELETE_PATH;

	scan_add_columns(scan, &path, 1);
	scan_add_columns(scan, scan->filter.columns, scan->filter.n_columns);
	scan_add_columns(scan, scan->stats, scan->n_stats);
	scan_add_columns(scan, scan->schema.identifiers, scan->schema.n_identifiers);
}

enum status scan_open(struct cx *cx, struct json_object *metadata, struct json_object *request,
		      struct scan_pins pins, struct scan *out)
{
	struct asked a = { .snapshot = -1, .start = -1, .end = -1, .case_sensitive = true };
	struct json_object *snapshot = NULL;
	struct meta meta;
	enum status s;

	*out = (struct scan){ .cx = cx, .metadata = metadata };
	s = read_numbers(cx, request, &a, &out->min_rows);
	if (!s)
		s = read_flags(cx, request, &a);
	if (!s)
		s = meta_read(cx, metadata, &meta);
	if (!s)
		s = take_snapshots(out, &meta, &a, pins, &snapshot);
	if (!s)
		s = take_schema(out, &meta, &a, pins, snapshot);
	if (s)
		return s;
	out->specs = meta.specs;
	s = filter_read(cx, json_member(request, "filter"), &out->schema, a.case_sensitive,
			&out->filter);
	if (!s)
		s = take_stats(out, &a);
	if (s)
		return s;
	take_columns(out);
	out->filter_stats = cx_array(cx, out->filter.n_columns, sizeof(struct column_stats));
	return OK;
}
