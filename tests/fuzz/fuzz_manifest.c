/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_manifest.c - Avro files of any bytes, as manifest lists and as manifests. */
#include "common/iceberg/manifest.h"

/* libFuzzer's entry; driver.c calls it too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As a scan reads it: partition values, statistics of some columns. */
static size_t read_entries(struct cx *cx, const char *bytes, size_t n)
{
	struct spec_field fields[] = { { .name = "day", .field_id = 1000 },
				       { .name = "name", .field_id = 1001 } };
	const struct spec spec = { .fields = fields, .n = ARRAY_SIZE(fields) };
	const struct type types[] = { { .id = TYPE_DATE }, { .id = TYPE_STRING } };
	const bool known[] = { true, true };
	const int columns[] = { 1, 2, 3, POSITION_DELETE_PATH };
	const struct manifest_want want = { &spec, types, known, columns, ARRAY_SIZE(columns) };
	const struct manifest_file m = { .sequence_number = 7, .first_row_id = 5 };
	struct manifest_reader *r;
	struct manifest_entry e;
	size_t size = 0;
	bool more = true;
	enum status s = manifest_open(cx, bytes, n, &m, &want, &r);

	while (!s && more) {
		s = manifest_next(r, &e, &more);
		if (s || !more)
			break;
		manifest_keep(cx, &e);
		size += e.partition_key_n + e.key_metadata_n + e.n_split_offsets;
		for (size_t i = 0; i < e.n_columns; i++)
			size += e.stats[i].lower_len + e.stats[i].upper_len;
	}
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cx cx = { 0 };
	struct manifest_file *files;
	struct manifest_entry *entries;
	size_t n, bytes = 0;
	enum status s;

	s = manifest_list_read(&cx, (const char *)data, size, &files, &n);
	for (size_t i = 0; !s && i < n; i++)
		bytes += strlen(files[i].path);
	s = manifest_read(&cx, (const char *)data, size, &entries, &n);
	for (size_t i = 0; !s && i < n; i++)
		bytes += strlen(entries[i].path);
	for (size_t i = 0; !s && i < n; i++)
		bytes += entries[i].n_equality_ids;
	bytes += read_entries(&cx, (const char *)data, size);
	if (bytes == SIZE_MAX)
		abort();
	cx_free(&cx);
	return 0;
}
