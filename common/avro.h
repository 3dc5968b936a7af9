/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro.h - reads records of an Avro object container file, from bytes in memory.
 * Source: avro.apache.org, "Apache Avro 1.11.1 Specification", Object Container Files.
 *
 * Not libavro: the files come from whoever may write to a bucket, and libavro
 * 1.11.1 crashes on a schema that holds itself or a large fixed, and runs
 * without end over an array of nulls.  Here everything is bounded: a schema may
 * not hold itself, and values, sizes and unpacked bytes are counted.
 */
#ifndef COMMON_AVRO_H
#define COMMON_AVRO_H

#include "common/json.h"

#define AVRO_MAX_UNPACKED ((size_t)512 * 1024 * 1024) /* bytes of all blocks of a file together */

/*
 * A field the caller wants: of the record, of a record in it, or of an array's
 * elements (avro_item); never one within a map.  Found by Iceberg's "field-id"
 * ("element-id" of an array's plain elements), in a file without those by its path.
 */
struct avro_wanted {
	int field_id;
	const char *path; /* "data_file.file_path", "data_file.split_offsets[]" */
};

/* A wanted field's value in the record, or the element, at hand. */
struct avro_slot {
	bool set;      /* false: null, or the schema has no such field */
	int64_t n;     /* boolean, int, long, an enum's index */
	const char *s; /* string, bytes, fixed; float and double as their 4 and 8 bytes, low
			* ones first.  Valid until the next record.  NULL where it is a number */
	size_t len;
	const struct avro_node *array; /* an array: private; avro_item reads it.  Else NULL */
};

struct avro_file {
	struct avro_slot *slots; /* in the order of what was wanted */
	/* private */
	struct cx *cx, *block;
	const char *bytes, *data;
	size_t n, at;		/* of the file */
	size_t data_n, data_at; /* of the block */
	int64_t records;	/* left in the block */
	size_t unpacked, steps;
	enum status (*unpack)(struct cx *, const char *, size_t, size_t, const char **, size_t *);
	char sync[16];
	struct avro_node *schema;
	struct json_object *header;
	size_t n_slots;
};

/* INVALID: no such file, or a broken one; UNSUPPORTED: a codec other than null, deflate,
 * snappy and zstandard.
 * `bytes` and `wanted` must stay. */
MUST_USE enum status avro_open(struct cx *cx, const char *bytes, size_t n,
			       const struct avro_wanted *wanted, size_t n_wanted,
			       struct avro_file *out);

/* The next record's values into f->slots; *more false: there was none.  INVALID, TOO_LARGE. */
MUST_USE enum status avro_next(struct avro_file *f, bool *more);

/*
 * The next element of the array in slot `array`: fills the slots of what is
 * wanted of it.  *more false: there was none, or the slot holds no array.  INVALID.
 */
MUST_USE enum status avro_item(struct avro_file *f, size_t array, bool *more);

/* The slot's number; `other` where it holds none. */
int64_t avro_number(const struct avro_slot *slot, int64_t other);

/* The slot's text in cx; NULL where it holds none.  INVALID, by `name`: not UTF-8, holds a NUL,
 * or required and not there. */
MUST_USE enum status avro_text(struct cx *cx, const struct avro_slot *slot, const char *name,
			       bool required, const char **out);

/* The slot's bytes in cx, a NUL behind them; NULL where it holds none. */
const char *avro_bytes(struct cx *cx, const struct avro_slot *slot, size_t *n);

/* A text of the file's header ("format-version"); NULL where there is none. */
const char *avro_header(const struct avro_file *f, const char *key);

#endif
