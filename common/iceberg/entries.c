/* SPDX-License-Identifier: Apache-2.0 */
/* entries.c - a manifest's entries one after the other, with what they inherit. */
#include "common/iceberg/manifest.h"
#include "common/list.h"
#include "common/text.h"

#define MAX_PARTITION_KEY ((size_t)1 << 20)

/* Field ids are the spec's; v1 wrote some names another way, so ids count. */
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
	FILE_KEY,
	FILE_SPLITS,
	SPLIT,
	FILE_EQUALITY,
	EQUALITY,
	FILE_SIZES,
	SIZES_KEY,
	SIZES_VALUE,
	FILE_VALUES,
	VALUES_KEY,
	VALUES_VALUE,
	FILE_NULLS,
	NULLS_KEY,
	NULLS_VALUE,
	FILE_NANS,
	NANS_KEY,
	NANS_VALUE,
	FILE_LOWER,
	LOWER_KEY,
	LOWER_VALUE,
	FILE_UPPER,
	UPPER_KEY,
	UPPER_VALUE,
	ENTRY_FIELDS, /* the partition's fields stand behind */
};

#define MAP(first, name, map_id, key_id, value_id)                                                 \
	[first] = { map_id, "data_file." name },                                                   \
	[(first) + 1] = { key_id, "data_file." name "[].key" },                                    \
	[(first) + 2] = { value_id, "data_file." name "[].value" }

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
	[FILE_KEY] = { 131, "data_file.key_metadata" },
	[FILE_SPLITS] = { 132, "data_file.split_offsets" },
	[SPLIT] = { 133, "data_file.split_offsets[]" },
	[FILE_EQUALITY] = { 135, "data_file.equality_ids" },
	[EQUALITY] = { 136, "data_file.equality_ids[]" },
	MAP(FILE_SIZES, "column_sizes", 108, 117, 118),
	MAP(FILE_VALUES, "value_counts", 109, 119, 120),
	MAP(FILE_NULLS, "null_value_counts", 110, 121, 122),
	MAP(FILE_NANS, "nan_value_counts", 137, 138, 139),
	MAP(FILE_LOWER, "lower_bounds", 125, 126, 127),
	MAP(FILE_UPPER, "upper_bounds", 128, 129, 130),
};

struct manifest_reader {
	struct avro_file f;
	struct cx memory; /* of the entry at hand */
	const struct manifest_file *m;
	const struct manifest_want *want;
	size_t n_partition;
	int64_t next_row_id; /* -1: files of this manifest have none */
};

/* --- beginning ------------------------------------------------------------------- */

static void free_reader(void *reader)
{
	cx_free(&((struct manifest_reader *)reader)->memory);
}

/* The fixed fields and the spec's. */
static struct avro_wanted *wanted_fields(struct cx *cx, const struct manifest_want *want, size_t n)
{
	struct avro_wanted *w = cx_array(cx, ENTRY_FIELDS + n, sizeof(*w));

	memcpy(w, entry_fields, sizeof(entry_fields));
	for (size_t i = 0; i < n; i++) {
		const struct spec_field *field = &want->spec->fields[i];

		w[ENTRY_FIELDS + i].field_id =
			field->field_id ? field->field_id : (int)(FIRST_PARTITION_ID + i);
		w[ENTRY_FIELDS + i].path = cx_printf(cx, "data_file.partition.%s", field->name);
	}
	return w;
}

enum status manifest_open(struct cx *cx, const char *bytes, size_t n, const struct manifest_file *m,
			  const struct manifest_want *want, struct manifest_reader **out)
{
	struct manifest_reader *r = CX_NEW(cx, struct manifest_reader);

	r->m = m;
	r->want = want;
	r->n_partition = want->spec ? want->spec->n : 0;
	r->next_row_id = m->first_row_id;
	cx_own(cx, r, free_reader);
	*out = r;
	return avro_open(cx, bytes, n, wanted_fields(cx, want, r->n_partition),
			 ENTRY_FIELDS + r->n_partition, &r->f);
}

enum status manifest_spec_id(struct cx *cx, const char *bytes, size_t n, int64_t *id)
{
	struct avro_file f;
	const char *text;
	enum status s = avro_open(cx, bytes, n, entry_fields, 1, &f);

	if (s)
		return s;
	*id = 0;
	text = avro_header(&f, "partition-spec-id");
	if (text && !text_int(text, id))
		return fail(cx, INVALID, "partition-spec-id: not a number");
	return OK;
}

/* --- an entry's parts -------------------------------------------------------------- */

static enum status read_plain(struct manifest_reader *r, struct manifest_entry *e)
{
	const struct avro_slot *v = r->f.slots;
	int64_t status = avro_number(&v[ENTRY_STATUS], -1),
		content = avro_number(&v[FILE_CONTENT], 0);
	struct cx *cx = r->f.cx;
	enum status s;

	if (status < ENTRY_EXISTING || status > ENTRY_DELETED)
		return fail(cx, INVALID, "an entry of unknown status %lld", (long long)status);
	if (content < CONTENT_DATA || content > CONTENT_EQUALITY_DELETES)
		return fail(cx, INVALID, "a file of unknown content %lld", (long long)content);
	*e = (struct manifest_entry){
		.status = (enum entry_status)status,
		.content = (enum file_content)content,
		.snapshot_id = avro_number(&v[ENTRY_SNAPSHOT], -1),
		.sequence_number = avro_number(&v[ENTRY_SEQUENCE], -1),
		.file_sequence_number = avro_number(&v[ENTRY_FILE_SEQUENCE], -1),
		.record_count = avro_number(&v[FILE_RECORDS], -1),
		.file_size = avro_number(&v[FILE_SIZE], -1),
		.sort_order_id = avro_number(&v[FILE_SORT_ORDER], -1),
		.first_row_id = avro_number(&v[FILE_FIRST_ROW], -1),
		.content_offset = avro_number(&v[FILE_OFFSET], -1),
		.content_size = avro_number(&v[FILE_CONTENT_SIZE], -1),
	};
	e->key_metadata = avro_bytes(&r->memory, &v[FILE_KEY], &e->key_metadata_n);
	s = avro_text(&r->memory, &v[FILE_PATH], "file_path", true, &e->path);
	if (!s)
		s = avro_text(&r->memory, &v[FILE_FORMAT], "file_format", false, &e->format);
	if (!s)
		s = avro_text(&r->memory, &v[FILE_REFERENCED], "referenced_data_file", false,
			      &e->referenced_data_file);
	return s ? fail(cx, s, "%s", r->memory.message) : OK;
}

static enum status read_numbers(struct manifest_reader *r, size_t array, size_t item,
				const int64_t **out, size_t *n)
{
	struct list found = { .cx = &r->memory, .size = sizeof(int64_t) };
	bool more = true;
	enum status s = OK;

	while (!s && more) {
		s = avro_item(&r->f, array, &more);
		if (!s && more)
			*(int64_t *)list_add(&found) = avro_number(&r->f.slots[item], 0);
	}
	*out = found.items;
	*n = found.n;
	return s;
}

/* Which wanted column it is; n_columns: none. */
static size_t find_column(const struct manifest_want *want, int64_t id)
{
	size_t low = 0, high = want->n_columns;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (want->columns[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < want->n_columns && want->columns[low] == id ? low : want->n_columns;
}

static void take_statistic(struct manifest_reader *r, size_t map, struct column_stats *c,
			   int64_t *size)
{
	const struct avro_slot *value = &r->f.slots[map + 2];

	switch (map) {
	case FILE_SIZES:
		*size = avro_number(value, -1);
		break;
	case FILE_VALUES:
		c->values = avro_number(value, -1);
		break;
	case FILE_NULLS:
		c->nulls = avro_number(value, -1);
		break;
	case FILE_NANS:
		c->nans = avro_number(value, -1);
		break;
	case FILE_LOWER:
		c->lower = avro_bytes(&r->memory, value, &c->lower_len);
		break;
	default:
		c->upper = avro_bytes(&r->memory, value, &c->upper_len);
	}
}

static enum status read_map(struct manifest_reader *r, size_t map, struct column_stats *stats,
			    int64_t *sizes)
{
	bool more = true;
	enum status s = OK;

	while (!s && more) {
		s = avro_item(&r->f, map, &more);
		if (!s && more) {
			size_t i = find_column(r->want, avro_number(&r->f.slots[map + 1], -1));

			if (i < r->want->n_columns)
				take_statistic(r, map, &stats[i], &sizes[i]);
		}
	}
	return s;
}

static enum status read_statistics(struct manifest_reader *r, struct manifest_entry *e)
{
	static const size_t maps[] = { FILE_SIZES, FILE_VALUES, FILE_NULLS,
				       FILE_NANS,  FILE_LOWER,	FILE_UPPER };
	size_t n = r->want->n_columns;
	struct column_stats *stats = cx_array(&r->memory, n, sizeof(*stats));
	int64_t *sizes = cx_array(&r->memory, n, sizeof(*sizes));
	enum status s = OK;

	for (size_t i = 0; i < n; i++) {
		stats[i] = NO_COLUMN_STATS;
		sizes[i] = -1;
	}
	for (size_t i = 0; !s && i < ARRAY_SIZE(maps); i++)
		s = read_map(r, maps[i], stats, sizes);
	e->stats = stats;
	e->sizes = sizes;
	e->n_columns = n;
	return s;
}

/* --- the partition ------------------------------------------------------------------ */

static double read_float(const struct avro_slot *v)
{
	float f = 0;
	double d = 0;

	if (v->len == sizeof(f)) {
		memcpy(&f, v->s, sizeof(f));
		return (double)f;
	}
	if (v->len == sizeof(d))
		memcpy(&d, v->s, sizeof(d));
	return d;
}

static bool is_float(const struct type *t)
{
	return t->id == TYPE_FLOAT || t->id == TYPE_DOUBLE;
}

static struct literal partition_value(struct cx *cx, const struct avro_slot *v,
				      const struct type *t)
{
	size_t n;
	const char *bytes;

	if (!v->set)
		return LITERAL_NULL_VALUE;
	if (!v->s)
		return literal_from_int(t, v->n);
	if (is_float(t))
		return literal_from_double(t, read_float(v));
	bytes = avro_bytes(cx, v, &n);
	return bytes ? literal_from_bytes(t, bytes, n) : (struct literal){ 0 };
}

/* Of a number in two's complement, high bytes first: those that say nothing more. */
static size_t sign_bytes(const char *s, size_t n)
{
	size_t i = 0;

	while (i + 1 < n &&
	       ((s[i] == 0 && !(s[i + 1] & 0x80)) || (s[i] == (char)0xff && (s[i + 1] & 0x80))))
		i++;
	return i;
}

/* Values that are equal give the same bytes, also where writers chose other Avro types:
 * an int that became a long, a decimal of more digits. */
static void add_key(struct text *key, const struct avro_slot *v, const struct type *t)
{
	double d;
	size_t sign;

	if (!v->set || v->array) {
		text_addc(key, 'n');
	} else if (!v->s) {
		text_addc(key, 'i');
		text_addn(key, (const char *)&v->n, sizeof(v->n));
	} else if (t && is_float(t)) {
		d = read_float(v);
		text_addc(key, 'd');
		text_addn(key, (const char *)&d, sizeof(d));
	} else {
		sign = t && t->id == TYPE_DECIMAL ? sign_bytes(v->s, v->len) : 0;
		text_addf(key, "s%zu:", v->len - sign);
		text_addn(key, v->s + sign, v->len - sign);
	}
}

static enum status read_partition(struct manifest_reader *r, struct manifest_entry *e)
{
	const struct manifest_want *want = r->want;
	struct text key = text_open(&r->memory, MAX_PARTITION_KEY);
	struct literal *values = cx_array(&r->memory, r->n_partition, sizeof(*values));

	for (size_t i = 0; i < r->n_partition; i++) {
		const struct avro_slot *v = &r->f.slots[ENTRY_FIELDS + i];
		const struct type *t = want->known[i] ? &want->types[i] : NULL;

		if (t)
			values[i] = partition_value(&r->memory, v, t);
		add_key(&key, v, t);
	}
	e->partition = values;
	e->n_partition = r->n_partition;
	e->partition_key = key.s;
	e->partition_key_n = key.len;
	return key.over ? fail(r->f.cx, TOO_LARGE, "a partition value is too long") : OK;
}

/* --- the next one ------------------------------------------------------------------------ */

/* A manifest of version 1 is of sequence number 0 with all its entries. */
static bool inherits(const struct manifest_reader *r, const struct manifest_entry *e)
{
	return r->m->sequence_number == 0 || e->status == ENTRY_ADDED;
}

static void inherit(struct manifest_reader *r, struct manifest_entry *e)
{
	if (e->snapshot_id < 0)
		e->snapshot_id = r->m->added_snapshot_id;
	if (e->sequence_number < 0 && inherits(r, e))
		e->sequence_number = r->m->sequence_number;
	if (e->file_sequence_number < 0 && inherits(r, e))
		e->file_sequence_number = r->m->sequence_number;
	if (!r->want->spec || e->status == ENTRY_DELETED || e->content != CONTENT_DATA)
		return;
	if (r->m->first_row_id < 0) {
		e->first_row_id = -1;
	} else if (e->first_row_id < 0) {
		e->first_row_id = r->next_row_id;
		if (e->record_count > 0 && e->record_count < INT64_MAX - r->next_row_id)
			r->next_row_id += e->record_count;
	}
}

enum status manifest_next(struct manifest_reader *r, struct manifest_entry *e, bool *more)
{
	enum status s = avro_next(&r->f, more);

	cx_reset(&r->memory);
	if (s || !*more)
		return s;
	s = read_plain(r, e);
	if (!s)
		s = read_numbers(r, FILE_SPLITS, SPLIT, &e->split_offsets, &e->n_split_offsets);
	if (!s)
		s = read_numbers(r, FILE_EQUALITY, EQUALITY, &e->equality_ids, &e->n_equality_ids);
	if (!s && r->want->n_columns)
		s = read_statistics(r, e);
	if (!s && r->want->spec)
		s = read_partition(r, e);
	if (!s)
		inherit(r, e);
	return s;
}

/* --- keeping ------------------------------------------------------------------------------- */

static const void *keep(struct cx *cx, const void *bytes, size_t n)
{
	char *copy;

	if (!bytes)
		return NULL;
	copy = cx_alloc(cx, n + 1);
	memcpy(copy, bytes, n);
	return copy;
}

static const void *keep_array(struct cx *cx, const void *items, size_t n, size_t size)
{
	void *copy;

	if (!n)
		return NULL;
	copy = cx_array(cx, n, size);
	memcpy(copy, items, n * size);
	return copy;
}

static bool points(const struct literal *v)
{
	return v->state == LITERAL_VALUE && (v->type == TYPE_STRING || v->type == TYPE_UUID ||
					     v->type == TYPE_FIXED || v->type == TYPE_BINARY);
}

static void keep_partition(struct cx *cx, struct manifest_entry *e)
{
	struct literal *values;

	if (!e->n_partition)
		return;
	values = cx_array(cx, e->n_partition, sizeof(*values));
	for (size_t i = 0; i < e->n_partition; i++) {
		values[i] = e->partition[i];
		if (points(&values[i]))
			values[i].s = keep(cx, values[i].s, values[i].len);
	}
	e->partition = values;
}

static void keep_statistics(struct cx *cx, struct manifest_entry *e)
{
	struct column_stats *stats;

	if (!e->n_columns)
		return;
	stats = cx_array(cx, e->n_columns, sizeof(*stats));
	for (size_t i = 0; i < e->n_columns; i++) {
		stats[i] = e->stats[i];
		stats[i].lower = keep(cx, stats[i].lower, stats[i].lower_len);
		stats[i].upper = keep(cx, stats[i].upper, stats[i].upper_len);
	}
	e->stats = stats;
	e->sizes = keep_array(cx, e->sizes, e->n_columns, sizeof(*e->sizes));
}

void manifest_keep(struct cx *cx, struct manifest_entry *e)
{
	e->path = cx_strdup(cx, e->path);
	e->format = cx_strdup(cx, e->format);
	e->referenced_data_file = cx_strdup(cx, e->referenced_data_file);
	keep_partition(cx, e);
	keep_statistics(cx, e);
	e->partition_key = keep(cx, e->partition_key, e->partition_key_n);
	e->split_offsets =
		keep_array(cx, e->split_offsets, e->n_split_offsets, sizeof(*e->split_offsets));
	e->equality_ids =
		keep_array(cx, e->equality_ids, e->n_equality_ids, sizeof(*e->equality_ids));
	e->key_metadata = keep(cx, e->key_metadata, e->key_metadata_n);
}
