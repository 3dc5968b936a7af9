/* SPDX-License-Identifier: Apache-2.0 */
/* table_files.c - a table's own files: read and removed. */
#include "cli/table_files.h"

#include "common/default_storage.h"
#include "common/gzip.h"
#include "common/list.h"
#include "common/text.h"
#include "stores/locations.h"

#define MAX_UNPACKED ((size_t)256 * 1024 * 1024)

static enum status read_storage(struct cx *cx, struct table_files *f, struct store *st,
				const char *tenant_id, struct json_object *payload)
{
	const char *name = json_text(payload, "warehouse");
	struct json_object *config;
	struct warehouse w = { .row = ROW(warehouse), .tenant_id = tenant_id, .name = name };
	enum status s;

	if (json_object_get_boolean(json_member(payload, "on_default"))) {
		if (!st->fallback)
			return fail(cx, INVALID, "PANGOLIN_DEFAULT_STORAGE is not set any more");
		s = storage_of(cx, default_storage_of(cx, st->fallback, tenant_id), &f->storage);
		f->storage.trusted = true;
		return s;
	}
	if (!name || !*name) {
		config = json_new_object(cx);
		json_set_text(config, "location", json_text(payload, "storage_location"));
		return storage_parse(cx, config, &f->storage);
	}
	s = store_get(cx, st, &w.row);
	if (!s && !w.storage_config)
		s = fail(cx, INVALID, "warehouse \"%s\" has no storage", name);
	if (!s)
		s = json_parse(cx, w.storage_config, strlen(w.storage_config), 8, &config);
	return s ? s : storage_parse(cx, config, &f->storage);
}

static enum status read_folders(struct cx *cx, struct table_files *f, struct json_object *payload)
{
	struct json_object *list;
	enum status s = json_get_array(cx, payload, "", "locations", &list);

	for (size_t i = 0; !s && i < json_object_array_length(list); i++) {
		const char *folder = json_object_get_string(json_object_array_get_idx(list, i));

		if (folder && f->n_folders < MAX_FOLDERS)
			s = location_parse(cx, folder, &f->folders[f->n_folders++]);
	}
	return s;
}

enum status table_files_open(struct cx *cx, struct store *st, struct cloud *cloud,
			     const char *tenant_id, struct json_object *payload,
			     struct table_files *out)
{
	enum status s;

	*out = (struct table_files){ .cloud = cloud };
	s = read_folders(cx, out, payload);
	return s ? s : read_storage(cx, out, st, tenant_id, payload);
}

static void add_folder(struct cx *cx, struct table_files *f, const char *folder)
{
	struct location l;
	size_t kept = 0;

	if (location_parse(cx, folder, &l) || storage_covers(cx, &f->storage, &l))
		return;
	for (size_t i = 0; i < f->n_folders; i++)
		if (location_within(&l, &f->folders[i]))
			return;
	for (size_t i = 0; i < f->n_folders; i++)
		if (!location_within(&f->folders[i], &l))
			f->folders[kept++] = f->folders[i];
	f->n_folders = kept;
	if (kept < MAX_FOLDERS)
		f->folders[f->n_folders++] = l;
}

void table_files_add(struct cx *cx, struct table_files *f, const struct asset *row)
{
	const char *folders[] = { row->location, row->data_path, row->metadata_path };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (folders[i])
			add_folder(cx, f, cx_strdup(cx, folders[i]));
}

static enum status read_claim(struct cx *cx, const struct table_files *f,
			      const struct location *folder, struct store *st, struct claim *out)
{
	struct row **rows;
	size_t n;
	enum status s;

	*out = (struct claim){ .storage = storage_identity(cx, &f->storage) };
	s = claim_path(cx, out, storage_claim(cx, &f->storage, folder));
	if (s)
		return s;
	rows = claim_rows(cx, out, &n);
	return store_get_all(cx, st, rows, n);
}

enum status table_files_owners(struct cx *cx, const struct table_files *f, struct store *st,
			       const char *asset_id, struct location_row **out, size_t *n)
{
	struct list found = { .cx = cx, .size = sizeof(struct location_row) };
	enum status s = OK;

	for (size_t i = 0; !s && i < f->n_folders; i++) {
		struct claim claim;

		s = read_claim(cx, f, &f->folders[i], st, &claim);
		for (size_t k = 0; !s && k < claim.n_rows; k++) {
			const struct location_row *r = &claim.rows[k];

			if (r->row.version && r->asset_id && !text_same(r->asset_id, asset_id))
				*(struct location_row *)list_add(&found) = *r;
		}
	}
	*out = found.items;
	*n = found.n;
	return s;
}

static enum status claimed(struct cx *cx, const struct table_files *f,
			   const struct location *folder, struct store *st, const char *asset_id,
			   bool owned)
{
	struct claim claim;
	enum status s = read_claim(cx, f, folder, st, &claim);

	if (!s)
		s = claim_check(cx, &claim, asset_id);
	if (!s && owned && !claim_is_covered(&claim))
		s = fail(cx, INVALID, "%s is not the table's own any more", folder->text);
	return s;
}

enum status table_files_claimed(struct cx *cx, const struct table_files *f, struct store *st,
				const char *asset_id, bool owned)
{
	enum status s = OK;

	for (size_t i = 0; !s && i < f->n_folders; i++)
		s = claimed(cx, f, &f->folders[i], st, asset_id, owned);
	return s;
}

bool table_files_own(struct cx *cx, const struct table_files *f, const char *location)
{
	struct location l;

	if (location_parse(cx, location, &l))
		return false;
	for (size_t i = 0; i < f->n_folders; i++)
		if (location_within(&l, &f->folders[i]))
			return true;
	return false;
}

enum status table_files_read(struct cx *cx, const struct table_files *f, const char *location,
			     const char **bytes, size_t *n)
{
	enum status s = cloud_get(cx, f->cloud, &f->storage, location, bytes, n);

	if (!s && gzip_is(*bytes, *n))
		s = gzip_unpack(cx, *bytes, *n, MAX_UNPACKED, bytes, n);
	return s;
}

enum status table_files_remove(struct cx *cx, const struct table_files *f, const char *location)
{
	return table_files_own(cx, f, location) ? cloud_remove(cx, f->cloud, &f->storage, location)
						: OK;
}

void table_files_inline(struct cx *cx, struct json_object *snapshot, struct manifest_file **out,
			size_t *n)
{
	struct json_object *list = json_member(snapshot, "manifests");

	*n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	*out = cx_array(cx, *n + 1, sizeof(**out));
	for (size_t i = 0; i < *n; i++)
		(*out)[i].path =
			cx_strdup(cx, json_object_get_string(json_object_array_get_idx(list, i)));
}
