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

/* A field the caller wants, of the record or of a record in it; never one within
 * an array or map.  Found by Iceberg's "field-id", in a file without those by its path. */
struct avro_wanted {
	int field_id;
	const char *path; /* "data_file.file_path" */
};

/* A wanted field's value in the record at hand. */
struct avro_slot {
	bool set;      /* false: null, or the schema has no such field */
	int64_t n;     /* boolean, int, long, an enum's index */
	const char *s; /* string, bytes, fixed: valid until the next record */
	size_t len;
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
	bool deflate;
	char sync[16];
	struct avro_node *schema;
	struct json_object *header;
	size_t n_slots;
};

/* INVALID: no such file, or a broken one; UNSUPPORTED: a codec other than null and deflate.
 * `bytes` and `wanted` must stay. */
MUST_USE enum status avro_open(struct cx *cx, const char *bytes, size_t n,
			       const struct avro_wanted *wanted, size_t n_wanted,
			       struct avro_file *out);

/* The next record's values into f->slots; *more false: there was none.  INVALID, TOO_LARGE. */
MUST_USE enum status avro_next(struct avro_file *f, bool *more);

/* A text of the file's header ("format-version"); NULL where there is none. */
const char *avro_header(const struct avro_file *f, const char *key);

#endif
