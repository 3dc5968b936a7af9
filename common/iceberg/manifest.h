/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.h - which files a snapshot's manifest list and its manifests name.
 * Source: iceberg.apache.org/spec, "Manifests" and "Manifest Lists" (versions 1 to 3).
 */
#ifndef COMMON_ICEBERG_MANIFEST_H
#define COMMON_ICEBERG_MANIFEST_H

#include "common/avro.h"
#include "common/iceberg/evaluate.h"

/* Text is in the context's memory.  A number the file does not have is -1, but where said. */
struct manifest_file {
	const char *path;
	int64_t length;				      /* bytes */
	bool deletes;				      /* it lists delete files; else data files */
	int64_t partition_spec_id;		      /* 0 */
	int64_t sequence_number, min_sequence_number; /* 0 in v1 */
	int64_t added_snapshot_id;
	int64_t added_files, existing_files, deleted_files;
	int64_t added_rows, existing_rows, deleted_rows;
	int64_t first_row_id;
	const struct field_summary *partitions; /* by the fields of the spec */
	size_t n_partitions;			/* 0: the file has none */
};

/* INVALID: not a manifest list, or broken; UNSUPPORTED: compressed in a way that avro.h does not
 * know; TOO_LARGE: see there. */
MUST_USE enum status manifest_list_read(struct cx *cx, const char *bytes, size_t n,
					struct manifest_file **out, size_t *count);

enum entry_status { ENTRY_EXISTING, ENTRY_ADDED, ENTRY_DELETED };
enum file_content { CONTENT_DATA, CONTENT_POSITION_DELETES, CONTENT_EQUALITY_DELETES };

struct manifest_entry {
	enum entry_status status;
	enum file_content content;
	const char *path;
	const char *format; /* "PARQUET", "AVRO", "ORC", "PUFFIN"; NULL where there is none */
	int64_t snapshot_id, sequence_number, file_sequence_number; /* -1: inherited */
	int64_t record_count, file_size;			    /* bytes */
	int64_t sort_order_id, first_row_id;
	const char *referenced_data_file; /* of deletes of one data file; else NULL */
	int64_t content_offset,
		content_size; /* where in its Puffin file a deletion vector stands */

	/* What follows is manifest_next's alone. */
	const struct literal *partition; /* [n_partition]: by the fields of the wanted spec */
	size_t n_partition;
	const char *partition_key; /* equal bytes are equal values, of one spec */
	size_t partition_key_n;
	const struct column_stats *stats; /* [n_columns] of the wanted columns */
	const int64_t *sizes;		  /* likewise: bytes; -1 */
	size_t n_columns;
	const int64_t *split_offsets, *equality_ids;
	size_t n_split_offsets, n_equality_ids;
	const char *key_metadata; /* NULL: none */
	size_t key_metadata_n;
};

/* All entries, deleted ones too.  The same statuses.  Several deletion vectors may share a file.
 * Nothing is inherited: see manifest_next. */
MUST_USE enum status manifest_read(struct cx *cx, const char *bytes, size_t n,
				   struct manifest_entry **out, size_t *count);

/* --- one entry after the other, for scans -------------------------------------------------- */

/* The file_path column of position delete files. */
#define POSITION_DELETE_PATH 2147483546

/* What is read of each entry beside its plain members. */
struct manifest_want {
	const struct spec *spec;  /* whose partition values; NULL: none */
	const struct type *types; /* of its fields; not looked at where known[] is false */
	const bool *known;
	const int *columns; /* field ids, ascending: whose statistics */
	size_t n_columns;
};

struct manifest_reader;

/* `m` is the manifest's row of its list; bytes and `want` must stay.  The statuses of
 * manifest_read. */
MUST_USE enum status manifest_open(struct cx *cx, const char *bytes, size_t n,
				   const struct manifest_file *m, const struct manifest_want *want,
				   struct manifest_reader **out);

/*
 * The next entry, deleted ones too, with what it inherits from its manifest:
 * snapshot id, sequence numbers, first row id.  What it points to holds until
 * the next call.
 */
MUST_USE enum status manifest_next(struct manifest_reader *r, struct manifest_entry *e, bool *more);

/* Copies what the entry points to. */
void manifest_keep(struct cx *cx, struct manifest_entry *e);

/* The partition spec that the file itself names: for v1's manifests without a list.  0 where it
 * names none. */
MUST_USE enum status manifest_spec_id(struct cx *cx, const char *bytes, size_t n, int64_t *id);

#endif
