/* SPDX-License-Identifier: Apache-2.0 */
/* scan_json.c - a scan's tasks and files as the REST API shows them. */
#include "common/iceberg/scan.h"

#include <ctype.h>

/*
 * Bounds are the binary form in hex: what Iceberg's Java client reads of them,
 * and a BinaryTypeValue by the OpenAPI document.
 */
static struct json_object *bytes_json(struct cx *cx, const char *bytes, size_t n)
{
	const struct literal v = {
		.state = LITERAL_VALUE, .type = TYPE_BINARY, .s = bytes, .len = n
	};

	return literal_json(cx, &v);
}

static struct json_object *numbers_json(struct cx *cx, const int64_t *list, size_t n)
{
	struct json_object *out = json_new_array(cx);

	for (size_t i = 0; i < n; i++)
		json_add(out, json_new_int(cx, list[i]));
	return out;
}

static const char *lower_case(struct cx *cx, const char *s)
{
	char *copy = cx_strdup(cx, s);

	for (char *c = copy; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

/* --- statistics ------------------------------------------------------------------- */

/* One of a column's numbers or bounds; NULL: the file does not say. */
typedef struct json_object *statistic(struct cx *cx, const struct column_stats *c, int64_t size);

static struct json_object *count_json(struct cx *cx, int64_t n)
{
	return n < 0 ? NULL : json_new_int(cx, n);
}

static struct json_object *size_of(struct cx *cx, const struct column_stats *c, int64_t size)
{
	(void)c;
	return count_json(cx, size);
}

static struct json_object *values_of(struct cx *cx, const struct column_stats *c, int64_t size)
{
	(void)size;
	return count_json(cx, c->values);
}

static struct json_object *nulls_of(struct cx *cx, const struct column_stats *c, int64_t size)
{
	(void)size;
	return count_json(cx, c->nulls);
}

static struct json_object *nans_of(struct cx *cx, const struct column_stats *c, int64_t size)
{
	(void)size;
	return count_json(cx, c->nans);
}

static struct json_object *lower_of(struct cx *cx, const struct column_stats *c, int64_t size)
{
	(void)size;
	return c->lower ? bytes_json(cx, c->lower, c->lower_len) : NULL;
}

static struct json_object *upper_of(struct cx *cx, const struct column_stats *c, int64_t size)
{
	(void)size;
	return c->upper ? bytes_json(cx, c->upper, c->upper_len) : NULL;
}

static const struct {
	const char *name;
	statistic *read;
} statistics[] = {
	{ "column-sizes", size_of },	   { "value-counts", values_of },
	{ "null-value-counts", nulls_of }, { "nan-value-counts", nans_of },
	{ "lower-bounds", lower_of },	   { "upper-bounds", upper_of },
};

static bool is_asked(const struct scan *scan, int id)
{
	for (size_t i = 0; i < scan->n_stats; i++)
		if (scan->stats[i] == id)
			return true;
	return false;
}

/* {"keys": [column ids], "values": [...]} */
static void add_statistic(struct cx *cx, const struct scan *scan, const struct manifest_entry *e,
			  size_t which, struct json_object *out)
{
	struct json_object *map = json_new_object(cx), *keys = json_new_array(cx),
			   *values = json_new_array(cx), *v;

	for (size_t i = 0; i < e->n_columns; i++) {
		v = is_asked(scan, scan->columns[i])
			    ? statistics[which].read(cx, &e->stats[i], e->sizes[i])
			    : NULL;
		if (!v)
			continue;
		json_add(keys, json_new_int(cx, scan->columns[i]));
		json_add(values, v);
	}
	if (!json_object_array_length(keys))
		return;
	json_set(map, "keys", keys);
	json_set(map, "values", values);
	json_set(out, statistics[which].name, map);
}

/* --- files ------------------------------------------------------------------------- */

static struct json_object *partition_json(struct cx *cx, const struct manifest_entry *e)
{
	struct json_object *out = json_new_array(cx);

	for (size_t i = 0; i < e->n_partition; i++)
		json_add(out, literal_json(cx, &e->partition[i]));
	return out;
}

static void set_number(struct json_object *out, const char *key, int64_t n)
{
	if (n >= 0)
		json_set_int(out, key, n);
}

static void add_optional(struct cx *cx, const struct manifest_entry *e, struct json_object *out)
{
	if (e->key_metadata)
		json_set(out, "key-metadata", bytes_json(cx, e->key_metadata, e->key_metadata_n));
	if (e->n_split_offsets)
		json_set(out, "split-offsets",
			 numbers_json(cx, e->split_offsets, e->n_split_offsets));
	set_number(out, "sort-order-id", e->sort_order_id);
	if (e->content == CONTENT_DATA) {
		set_number(out, "first-row-id", e->first_row_id);
		return;
	}
	if (e->content == CONTENT_EQUALITY_DELETES)
		json_set(out, "equality-ids", numbers_json(cx, e->equality_ids, e->n_equality_ids));
	if (e->referenced_data_file)
		json_set_text(out, "referenced-data-file", e->referenced_data_file);
	set_number(out, "content-offset", e->content_offset);
	set_number(out, "content-size-in-bytes", e->content_size);
}

struct json_object *scan_file_json(struct cx *cx, const struct scan *scan,
				   const struct scan_spec *spec, const struct manifest_entry *e)
{
	static const char *const contents[] = { "data", "position-deletes", "equality-deletes" };
	struct json_object *out = json_new_object(cx);

	json_set_int(out, "spec-id", spec->spec.id);
	json_set_text(out, "content", contents[e->content]);
	json_set_text(out, "file-path", e->path);
	json_set_text(out, "file-format", lower_case(cx, e->format ? e->format : "parquet"));
	json_set(out, "partition", partition_json(cx, e));
	json_set_int(out, "file-size-in-bytes", e->file_size < 0 ? 0 : e->file_size);
	json_set_int(out, "record-count", e->record_count < 0 ? 0 : e->record_count);
	add_optional(cx, e, out);
	for (size_t i = 0;
	     e->content == CONTENT_DATA && scan->n_stats && i < ARRAY_SIZE(statistics); i++)
		add_statistic(cx, scan, e, i, out);
	return out;
}

struct json_object *scan_task_json(struct cx *cx, const struct scan *scan,
				   const struct scan_spec *spec, const struct manifest_entry *e,
				   const int64_t *deletes, size_t n_deletes)
{
	struct json_object *out = json_new_object(cx);

	json_set(out, "data-file", scan_file_json(cx, scan, spec, e));
	if (n_deletes)
		json_set(out, "delete-file-references", numbers_json(cx, deletes, n_deletes));
	json_set(out, "residual-filter",
		 expr_json(cx, residual(cx, &spec->projection, e->partition, e->n_partition)));
	return out;
}
