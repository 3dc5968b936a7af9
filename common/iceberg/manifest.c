/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.c - manifest lists and manifests out of their Avro files. */
#include "common/iceberg/manifest.h"

#include "common/list.h"

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
	LIST_PARTITIONS,
	PARTITION_NULL,
	PARTITION_NAN,
	PARTITION_LOWER,
	PARTITION_UPPER,
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
	[LIST_PARTITIONS] = { 507, "partitions" },
	[PARTITION_NULL] = { 509, "partitions[].contains_null" },
	[PARTITION_NAN] = { 518, "partitions[].contains_nan" },
	[PARTITION_LOWER] = { 510, "partitions[].lower_bound" },
	[PARTITION_UPPER] = { 511, "partitions[].upper_bound" },
};

static enum status read_summaries(struct avro_file *f, struct cx *cx, struct manifest_file *m)
{
	struct list found = { .cx = cx, .size = sizeof(struct field_summary) };
	bool more = true;
	enum status s = OK;

	while (!s && more) {
		const struct avro_slot *v = f->slots;
		struct field_summary *p;

		s = avro_item(f, LIST_PARTITIONS, &more);
		if (s || !more)
			break;
		p = list_add(&found);
		p->contains_null = avro_number(&v[PARTITION_NULL], 1) != 0;
		p->contains_nan = (int)avro_number(&v[PARTITION_NAN], -1);
		p->lower = avro_bytes(cx, &v[PARTITION_LOWER], &p->lower_len);
		p->upper = avro_bytes(cx, &v[PARTITION_UPPER], &p->upper_len);
	}
	m->partitions = found.items;
	m->n_partitions = found.n;
	return s;
}

static enum status read_file(struct avro_file *f, struct manifest_file *m)
{
	const struct avro_slot *v = f->slots;
	int64_t content = avro_number(&v[LIST_CONTENT], 0);
	enum status s;

	*m = (struct manifest_file){
		.length = avro_number(&v[LIST_LENGTH], -1),
		.deletes = content == 1,
		.partition_spec_id = avro_number(&v[LIST_SPEC_ID], 0),
		.sequence_number = avro_number(&v[LIST_SEQUENCE], 0),
		.min_sequence_number = avro_number(&v[LIST_MIN_SEQUENCE], 0),
		.added_snapshot_id = avro_number(&v[LIST_SNAPSHOT], -1),
		.added_files = avro_number(&v[LIST_ADDED_FILES], -1),
		.existing_files = avro_number(&v[LIST_EXISTING_FILES], -1),
		.deleted_files = avro_number(&v[LIST_DELETED_FILES], -1),
		.added_rows = avro_number(&v[LIST_ADDED_ROWS], -1),
		.existing_rows = avro_number(&v[LIST_EXISTING_ROWS], -1),
		.deleted_rows = avro_number(&v[LIST_DELETED_ROWS], -1),
		.first_row_id = avro_number(&v[LIST_FIRST_ROW], -1),
	};
	if (content < 0 || content > 1)
		return fail(f->cx, INVALID, "a manifest of unknown content %lld",
			    (long long)content);
	s = avro_text(f->cx, &v[LIST_PATH], "manifest_path", true, &m->path);
	return s ? s : read_summaries(f, f->cx, m);
}

enum status manifest_list_read(struct cx *cx, const char *bytes, size_t n,
			       struct manifest_file **out, size_t *count)
{
	struct list found = { .cx = cx, .size = sizeof(struct manifest_file) };
	struct avro_file f;
	bool more = true;
	enum status s = avro_open(cx, bytes, n, list_fields, LIST_FIELDS, &f);

	while (!s && more) {
		s = avro_next(&f, &more);
		if (!s && more)
			s = read_file(&f, list_add(&found));
	}
	*out = found.items;
	*count = s ? 0 : found.n;
	return s;
}

enum status manifest_read(struct cx *cx, const char *bytes, size_t n, struct manifest_entry **out,
			  size_t *count)
{
	static const struct manifest_file nothing = { .added_snapshot_id = -1,
						      .sequence_number = -1,
						      .first_row_id = -1 };
	static const struct manifest_want plain = { 0 };
	struct list found = { .cx = cx, .size = sizeof(struct manifest_entry) };
	struct manifest_reader *r;
	struct manifest_entry e;
	bool more = true;
	enum status s = manifest_open(cx, bytes, n, &nothing, &plain, &r);

	while (!s && more) {
		s = manifest_next(r, &e, &more);
		if (s || !more)
			break;
		manifest_keep(cx, &e);
		*(struct manifest_entry *)list_add(&found) = e;
	}
	*out = found.items;
	*count = s ? 0 : found.n;
	return s;
}
