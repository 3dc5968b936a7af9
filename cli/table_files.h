/* SPDX-License-Identifier: Apache-2.0 */
/* table_files.h - a table's own files, as a job's payload names its folders: read and removed. */
#ifndef CLI_TABLE_FILES_H
#define CLI_TABLE_FILES_H

#include "common/iceberg/manifest.h"
#include "common/json.h"
#include "stores/store.h"
#include "vending/cloud.h"

#define MAX_FOLDERS 16

struct table_files {
	struct cloud *cloud;
	struct storage storage;
	struct location folders[MAX_FOLDERS]; /* the table's own */
	size_t n_folders;
};

/* From the payload of a "purge" or "remove-expired" (stores/jobs.h).  NOT_FOUND: the
 * warehouse; INVALID. */
MUST_USE enum status table_files_open(struct cx *cx, struct store *st, struct cloud *cloud,
				      const char *tenant_id, struct json_object *payload,
				      struct table_files *out);

/* The row's folders are the table's own, too: those that lie within the storage, up to MAX_FOLDERS.
 * cx outlives f. */
void table_files_add(struct cx *cx, struct table_files *f, const struct asset *row);

/* INVALID: a folder is another table's by now, or holds one's.  `owned`: also where it is not
 * the asset's own any more. */
MUST_USE enum status table_files_claimed(struct cx *cx, const struct table_files *f,
					 struct store *st, const char *asset_id, bool owned);

/* Whose the folders are by now, or the folders they lie in: location rows of tables other than
 * asset_id. */
MUST_USE enum status table_files_owners(struct cx *cx, const struct table_files *f,
					struct store *st, const char *asset_id,
					struct location_row **out, size_t *n);

/* True where it lies within the table's folders. */
bool table_files_own(struct cx *cx, const struct table_files *f, const char *location);

/* An object, unpacked where it is gzip'd.  As cloud_get. */
MUST_USE enum status table_files_read(struct cx *cx, const struct table_files *f,
				      const char *location, const char **bytes, size_t *n);

/* As cloud_remove; OK, and nothing, where it is not the table's own. */
MUST_USE enum status table_files_remove(struct cx *cx, const struct table_files *f,
					const char *location);

/* The manifests that a snapshot of version 1 names itself; n = 0 where it has a list. */
void table_files_inline(struct cx *cx, struct json_object *snapshot, struct manifest_file **out,
			size_t *n);

#endif
