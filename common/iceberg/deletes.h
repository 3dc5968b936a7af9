/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deletes.h - which delete files apply to which of some data files.
 * Source: iceberg.apache.org/spec, "Scan Planning"; Iceberg's Java DeleteFileIndex.
 */
#ifndef COMMON_ICEBERG_DELETES_H
#define COMMON_ICEBERG_DELETES_H

#include "common/iceberg/scan.h"

#define DELETES_MOST 500000 /* pairs of a data file and a delete file */

/* A file of a scan; its entry is kept (manifest_keep). */
struct scan_file {
	struct manifest_entry e;
	const struct scan_spec *spec;
	int64_t *deletes; /* [n_deletes]: indexes of deletes_end's list, ascending */
	size_t n_deletes;
};

struct deletes;

/* For these data files of one scan; nothing applies yet. */
struct deletes *deletes_begin(struct cx *cx, const struct scan *scan, struct scan_file *files,
			      size_t n);

/* False where nothing in the manifest can apply. */
bool deletes_take_manifest(const struct deletes *d, const struct manifest_file *m);

/* A live entry of a delete manifest; copied where it applies to some file.  INVALID: a deletion
 * vector that names no data file.  TOO_LARGE: more than DELETES_MOST pairs. */
MUST_USE enum status deletes_take(struct deletes *d, const struct scan_spec *spec,
				  const struct manifest_entry *e);

/*
 * Fills the files' `deletes` and gives the delete files they point to, each
 * once.  A deletion vector takes the place of position deletes.
 */
void deletes_end(struct deletes *d, struct scan_file **out, size_t *n);

/* Columns of equality deletes that the scan does not read the statistics of, so that some of
 * these may apply to less than it seems.  Until deletes_end. */
const int *deletes_missing(const struct deletes *d, size_t *n);

#endif
