/* SPDX-License-Identifier: Apache-2.0 */
/* reach.c - every file that table metadata reads. */
#include "cli/reach.h"

#include "common/iceberg/metadata.h"
#include "common/text.h"

struct item {
	const char *location;
	struct reader *by;
	bool must;
};

static void begin(struct reach *r)
{
	const struct list empty = { .cx = &r->waiting, .size = sizeof(struct item) };

	cx_reset(&r->waiting);
	r->metadata = r->lists = r->manifests = empty;
	r->next_metadata = r->next_list = r->next_manifest = 0;
}

static void reach_free(void *reach)
{
	struct reach *r = reach;

	cx_free(&r->waiting);
}

void reach_open(struct reach *r, struct cx *cx)
{
	*r = (struct reach){ .files = seen_open(cx), .queued = seen_open(cx) };
	begin(r);
	cx_own(cx, r, reach_free);
}

/* --- what is noted --------------------------------------------------------------------------- */

/* A writer may have escaped what another did not; NULL: there is nothing to tell apart. */
static const char *unescaped(struct cx *step, const char *key)
{
	char *out = strchr(key, '%') ? cx_strdup(step, key) : NULL, *to = out;

	for (const char *from = key; out && *from; to++) {
		char digits[3] = { from[0] == '%' ? from[1] : '\0', 0, 0 };
		unsigned char c;

		if (digits[0])
			digits[1] = from[2];
		if (digits[0] && digits[1] && text_unhex(digits, &c, 1)) {
			*to = (char)c;
			from += 3;
		} else {
			*to = *from++;
		}
	}
	if (out)
		*to = '\0';
	return out;
}

static const char *name_of(const char *key)
{
	const char *slash = strrchr(key, '/');

	return slash ? slash : key;
}

void reach_file(struct cx *step, struct reach *r, const struct reader *by, const char *location)
{
	bool own = location && table_files_own(step, by->files, location);
	const char *key, *plain;

	if (!location || (own && !by->notes_own))
		return;
	key = location_key(step, location);
	plain = unescaped(step, key);
	r->n += seen_add(r->files, key);
	if (plain)
		seen_add(r->files, plain);
	if (!own)
		seen_add(r->files, name_of(key));
}

bool reach_has(struct cx *step, const struct reach *r, const char *location)
{
	const char *key = location_key(step, location), *plain = unescaped(step, key);

	return seen_has(r->files, key) || (plain && seen_has(r->files, plain)) ||
	       seen_has(r->files, name_of(key));
}

static void queue(struct cx *step, struct reach *r, struct list *into, struct reader *by,
		  const char *location, bool must)
{
	reach_file(step, r, by, location);
	if (seen_add(r->queued, cx_printf(step, "%s %s", by->id, location_key(step, location))))
		*(struct item *)list_add(into) =
			(struct item){ cx_strdup(&r->waiting, location), by, must };
}

void reach_metadata(struct cx *step, struct reach *r, struct reader *by, const char *location,
		    bool must)
{
	queue(step, r, &r->metadata, by, location, must);
}

void reach_snapshot(struct cx *step, struct reach *r, struct reader *by,
		    struct json_object *snapshot, bool must)
{
	const char *list = json_text(snapshot, "manifest-list");
	struct manifest_file *named;
	size_t n;

	if (list) {
		queue(step, r, &r->lists, by, list, must);
		return;
	}
	table_files_inline(step, snapshot, &named, &n);
	for (size_t i = 0; i < n; i++)
		queue(step, r, &r->manifests, by, named[i].path, must);
}

enum status reach_asset(struct cx *step, struct reach *r, struct store *st, const char *tenant_id,
			struct reader *by, size_t *rows)
{
	struct asset from = { .row = ROW(asset), .tenant_id = tenant_id, .asset_id = by->id };
	struct query q = { .from = &from.row, .bound = 1, .where = { "asset_id" } };
	struct rows found;
	enum status s = store_list_all(step, st, &q, &found);

	*rows = found.n;
	for (size_t i = 0; !s && i < found.n; i++) {
		const struct asset *a = (const struct asset *)found.items + i;

		if (a->metadata_location)
			reach_metadata(step, r, by, a->metadata_location, true);
	}
	return s;
}

/* --- one file more ----------------------------------------------------------------------------- */

static struct item *take(struct list *l, size_t *next)
{
	return *next < l->n ? (struct item *)l->items + (*next)++ : NULL;
}

/* What a list or a metadata file names one by one. */
static void reach_all(struct cx *step, struct reach *r, const struct reader *by,
		      struct json_object *metadata, const char *member, const char *path)
{
	struct json_object *list = json_member(metadata, member);

	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		reach_file(step, r, by, json_text(json_object_array_get_idx(list, i), path));
}

static enum status read_metadata(struct cx *step, struct reach *r, const struct item *it,
				 const char *bytes, size_t n)
{
	struct json_object *metadata, *list, *properties;
	enum status s = json_parse(step, bytes, n, METADATA_MAX_DEPTH, &metadata);

	if (s)
		return s;
	properties = json_member(metadata, "properties");
	if (it->must && properties && text_same(json_text(properties, "gc.enabled"), "false"))
		it->by->keeps_all = true;
	list = json_member(metadata, "snapshots");
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		reach_snapshot(step, r, it->by, json_object_array_get_idx(list, i), it->must);
	reach_all(step, r, it->by, metadata, "statistics", "statistics-path");
	reach_all(step, r, it->by, metadata, "partition-statistics", "statistics-path");
	reach_all(step, r, it->by, metadata, "metadata-log", "metadata-file");
	return OK;
}

static enum status read_list(struct cx *step, struct reach *r, const struct item *it,
			     const char *bytes, size_t n)
{
	struct manifest_file *files;
	enum status s = manifest_list_read(step, bytes, n, &files, &n);

	for (size_t i = 0; !s && i < n; i++)
		queue(step, r, &r->manifests, it->by, files[i].path, it->must);
	return s;
}

static enum status read_manifest(struct cx *step, struct reach *r, const struct item *it,
				 const char *bytes, size_t n)
{
	struct manifest_entry *entries;
	enum status s = manifest_read(step, bytes, n, &entries, &n);

	for (size_t i = 0; !s && i < n; i++)
		if (entries[i].status != ENTRY_DELETED)
			reach_file(step, r, it->by, entries[i].path);
	if (!s && r->n > REACH_MAX)
		s = fail(step, TOO_LARGE, "there are more than %d files", REACH_MAX);
	return s;
}

typedef enum status read_fn(struct cx *step, struct reach *r, const struct item *it,
			    const char *bytes, size_t n);

static enum status read_item(struct cx *step, struct reach *r, const struct item *it, read_fn *read)
{
	const char *bytes;
	size_t n;
	enum status s = table_files_read(step, it->by->files, it->location, &bytes, &n);

	if (!s)
		s = read(step, r, it, bytes, n);
	if (s == NOT_FOUND && !it->must)
		return OK;
	if (s)
		return fail(step, s == NOT_FOUND ? CONFLICT : s,
			    "%s can't be read, so nobody knows what is needed: %s", it->location,
			    cx_strdup(step, step->message));
	return OK;
}

enum status reach_step(struct cx *step, struct reach *r, bool *done)
{
	struct item copy;
	const struct item *it;
	read_fn *read = read_metadata;

	it = take(&r->metadata, &r->next_metadata);
	if (!it) {
		read = read_list;
		it = take(&r->lists, &r->next_list);
	}
	if (!it) {
		read = read_manifest;
		it = take(&r->manifests, &r->next_manifest);
	}
	*done = !it;
	if (!it) {
		begin(r);
		return OK;
	}
	copy = *it; /* the lists move when they grow */
	return read_item(step, r, &copy, read);
}
