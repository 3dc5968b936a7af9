/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.c - manifest lists and manifests out of their Avro files. */
#include "common/iceberg/manifest.h"

#include "common/text.h"

/* Field ids are the spec's; v1 wrote some names another way, so ids count. */
enum {
	LIST_PATH,
	LIST_LENGTH,
	LIST_SPEC_ID,
	LIST_CONTENT,
	LIST_SEQUENCE,
	LIST_MIN_SEQUENCE,
	LIST_SNAPSHOT,
	LIST_ADDED_FILES,
	LIST_EXISTING_FILES,
	LIST_DELETED_FILES,
	LIST_ADDED_ROWS,
	LIST_EXISTING_ROWS,
	LIST_DELETED_ROWS,
	LIST_FIRST_ROW,
	LIST_FIELDS,
};

static const struct avro_wanted list_fields[LIST_FIELDS] = {
	[LIST_PATH] = { 500, "manifest_path" },
	[LIST_LENGTH] = { 501, "manifest_length" },
	[LIST_SPEC_ID] = { 502, "partition_spec_id" },
	[LIST_CONTENT] = { 517, "content" },
	[LIST_SEQUENCE] = { 515, "sequence_number" },
	[LIST_MIN_SEQUENCE] = { 516, "min_sequence_number" },
	[LIST_SNAPSHOT] = { 503, "added_snapshot_id" },
	[LIST_ADDED_FILES] = { 504, "added_files_count" },
	[LIST_EXISTING_FILES] = { 505, "existing_files_count" },
	[LIST_DELETED_FILES] = { 506, "deleted_files_count" },
	[LIST_ADDED_ROWS] = { 512, "added_rows_count" },
	[LIST_EXISTING_ROWS] = { 513, "existing_rows_count" },
	[LIST_DELETED_ROWS] = { 514, "deleted_rows_count" },
	[LIST_FIRST_ROW] = { 520, "first_row_id" },
};

enum {
	ENTRY_STATUS,
	ENTRY_SNAPSHOT,
	ENTRY_SEQUENCE,
	ENTRY_FILE_SEQUENCE,
	FILE_CONTENT,
	FILE_PATH,
	FILE_FORMAT,
	FILE_RECORDS,
	FILE_SIZE,
	FILE_SORT_ORDER,
	FILE_FIRST_ROW,
	FILE_REFERENCED,
	FILE_OFFSET,
	FILE_CONTENT_SIZE,
	ENTRY_FIELDS,
};

static const struct avro_wanted entry_fields[ENTRY_FIELDS] = {
	[ENTRY_STATUS] = { 0, "status" },
	[ENTRY_SNAPSHOT] = { 1, "snapshot_id" },
	[ENTRY_SEQUENCE] = { 3, "sequence_number" },
	[ENTRY_FILE_SEQUENCE] = { 4, "file_sequence_number" },
	[FILE_CONTENT] = { 134, "data_file.content" },
	[FILE_PATH] = { 100, "data_file.file_path" },
	[FILE_FORMAT] = { 101, "data_file.file_format" },
	[FILE_RECORDS] = { 103, "data_file.record_count" },
	[FILE_SIZE] = { 104, "data_file.file_size_in_bytes" },
	[FILE_SORT_ORDER] = { 140, "data_file.sort_order_id" },
	[FILE_FIRST_ROW] = { 142, "data_file.first_row_id" },
	[FILE_REFERENCED] = { 143, "data_file.referenced_data_file" },
	[FILE_OFFSET] = { 144, "data_file.content_offset" },
	[FILE_CONTENT_SIZE] = { 145, "data_file.content_size_in_bytes" },
};

static int64_t number(const struct avro_slot *slot, int64_t other)
{
	return slot->set && !slot->s ? slot->n : other; /* text where a number should be is none */
}

/* *out NULL where the value is null.  INVALID: required and not there, or no text. */
static enum status text_of(struct cx *cx, const struct avro_slot *slot, const char *name,
			   bool required, const char **out)
{
	*out = NULL;
	if (!slot->set || !slot->s)
		return required ? fail(cx, INVALID, "an entry has no %s", name) : OK;
	if (!text_is_utf8(slot->s, slot->len))
		return fail(cx, INVALID, "%s: not UTF-8, or holds a NUL", name);
	*out = cx_strndup(cx, slot->s, slot->len);
	return OK;
}

static enum status read_list_row(struct cx *cx, const struct avro_slot *v, void *row)
{
	struct manifest_file *m = row;
	int64_t content = number(&v[LIST_CONTENT], 0);

	*m = (struct manifest_file){
		.length = number(&v[LIST_LENGTH], -1),
		.deletes = content == 1,
		.partition_spec_id = number(&v[LIST_SPEC_ID], 0),
		.sequence_number = number(&v[LIST_SEQUENCE], 0),
		.min_sequence_number = number(&v[LIST_MIN_SEQUENCE], 0),
		.added_snapshot_id = number(&v[LIST_SNAPSHOT], -1),
		.added_files = number(&v[LIST_ADDED_FILES], -1),
		.existing_files = number(&v[LIST_EXISTING_FILES], -1),
		.deleted_files = number(&v[LIST_DELETED_FILES], -1),
		.added_rows = number(&v[LIST_ADDED_ROWS], -1),
		.existing_rows = number(&v[LIST_EXISTING_ROWS], -1),
		.deleted_rows = number(&v[LIST_DELETED_ROWS], -1),
		.first_row_id = number(&v[LIST_FIRST_ROW], -1),
	};
	if (content < 0 || content > 1)
		return fail(cx, INVALID, "a manifest of unknown content %lld", (long long)content);
	return text_of(cx, &v[LIST_PATH], "manifest_path", true, &m->path);
}

static enum status read_entry_row(struct cx *cx, const struct avro_slot *v, void *row)
{
	struct manifest_entry *e = row;
	int64_t status = number(&v[ENTRY_STATUS], -1), content = number(&v[FILE_CONTENT], 0);
	enum status s;

	if (status < ENTRY_EXISTING || status > ENTRY_DELETED)
		return fail(cx, INVALID, "an entry of unknown status %lld", (long long)status);
	if (content < CONTENT_DATA || content > CONTENT_EQUALITY_DELETES)
		return fail(cx, INVALID, "a file of unknown content %lld", (long long)content);
	*e = (struct manifest_entry){
		.status = (enum entry_status)status,
		.content = (enum file_content)content,
		.snapshot_id = number(&v[ENTRY_SNAPSHOT], -1),
		.sequence_number = number(&v[ENTRY_SEQUENCE], -1),
		.file_sequence_number = number(&v[ENTRY_FILE_SEQUENCE], -1),
		.record_count = number(&v[FILE_RECORDS], -1),
		.file_size = number(&v[FILE_SIZE], -1),
		.sort_order_id = number(&v[FILE_SORT_ORDER], -1),
		.first_row_id = number(&v[FILE_FIRST_ROW], -1),
		.content_offset = number(&v[FILE_OFFSET], -1),
		.content_size = number(&v[FILE_CONTENT_SIZE], -1),
	};
	s = text_of(cx, &v[FILE_PATH], "file_path", true, &e->path);
	if (!s)
		s = text_of(cx, &v[FILE_FORMAT], "file_format", false, &e->format);
	return s ? s
		 : text_of(cx, &v[FILE_REFERENCED], "referenced_data_file", false,
			   &e->referenced_data_file);
}

/* A growing array of rows of `size` bytes each. */
struct rows {
	struct cx *cx;
	char *list;
	size_t n, cap, size;
};

static void *next_row(struct rows *r)
{
	if (r->n == r->cap) {
		char *more;

		r->cap = r->cap ? 2 * r->cap : 64;
		more = cx_array(r->cx, r->cap, r->size);
		if (r->n)
			memcpy(more, r->list, r->n * r->size);
		r->list = more;
	}
	return r->list + r->n++ * r->size;
}

typedef enum status read_row(struct cx *cx, const struct avro_slot *values, void *row);

static enum status read_rows(struct rows *r, const char *bytes, size_t n,
			     const struct avro_wanted *wanted, size_t n_wanted, read_row *read)
{
	struct avro_file f;
	bool more = true;
	enum status s = avro_open(r->cx, bytes, n, wanted, n_wanted, &f);

	while (!s && more) {
		s = avro_next(&f, &more);
		if (!s && more)
			s = read(r->cx, f.slots, next_row(r));
	}
	return s;
}

enum status manifest_list_read(struct cx *cx, const char *bytes, size_t n,
			       struct manifest_file **out, size_t *count)
{
	struct rows r = { .cx = cx, .size = sizeof(struct manifest_file) };
	enum status s = read_rows(&r, bytes, n, list_fields, LIST_FIELDS, read_list_row);

	*out = (struct manifest_file *)(void *)r.list;
	*count = s ? 0 : r.n;
	return s;
}

enum status manifest_read(struct cx *cx, const char *bytes, size_t n, struct manifest_entry **out,
			  size_t *count)
{
	struct rows r = { .cx = cx, .size = sizeof(struct manifest_entry) };
	enum status s = read_rows(&r, bytes, n, entry_fields, ENTRY_FIELDS, read_entry_row);

	*out = (struct manifest_entry *)(void *)r.list;
	*count = s ? 0 : r.n;
	return s;
}
