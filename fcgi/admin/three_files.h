/* SPDX-License-Identifier: Apache-2.0 */
/* three_files.h - what the metadata files of a conflict say: what each side changed; one by hand. */
#ifndef FCGI_ADMIN_THREE_FILES_H
#define FCGI_ADMIN_THREE_FILES_H

#include "fcgi/admin/admin.h"
#include "stores/content.h"

/*
 * {"base", "source", "target": metadata locations; "source_changed", "target_changed":
 * of "schema", "partition-spec", "sort-order", "snapshots", "properties", "location",
 * "deleted"}; the lists of files that can't be read are left out.
 */
MUST_USE enum status three_files(struct request *rq, const struct catalog_ref *ref,
				 const struct merge_conflict *c, struct json_object **out);

/*
 * What the place shall show by the metadata file at `location`: within the warehouse,
 * whole, and of the table that the conflict is about.  INVALID.
 */
MUST_USE enum status manual_state(struct request *rq, const struct catalog_ref *ref,
				  const struct merge_conflict *c, const char *location,
				  const struct asset **out);

#endif
