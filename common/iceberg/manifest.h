/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.h - which files a snapshot's manifest list and its manifests name.
 * Source: iceberg.apache.org/spec, "Manifests" and "Manifest Lists" (versions 1 to 3).
 */
#ifndef COMMON_ICEBERG_MANIFEST_H
#define COMMON_ICEBERG_MANIFEST_H

#include "common/avro.h"

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
};

/* INVALID: not a manifest list, or broken; UNSUPPORTED: compressed another way than by deflate;
 * TOO_LARGE: see avro.h. */
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
	const char *referenced_data_file; /* of a deletion vector; else NULL */
	int64_t content_offset,
		content_size; /* where in its Puffin file a deletion vector stands */
};

/* All entries, deleted ones too.  The same statuses.  Several deletion vectors may share a file. */
MUST_USE enum status manifest_read(struct cx *cx, const char *bytes, size_t n,
				   struct manifest_entry **out, size_t *count);

#endif
