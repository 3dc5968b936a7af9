/* SPDX-License-Identifier: Apache-2.0 */
/* refs.h - what the handlers of branches, tags, commits and merges share. */
#ifndef FCGI_ADMIN_REFS_H
#define FCGI_ADMIN_REFS_H

#include "fcgi/admin/admin.h"
#include "stores/branches.h"
#include "stores/commits.h"

/*
 * The catalog of that name, main's view of it, where the caller may do `action`
 * with it as a whole.  NULL or "": the tenant's only catalog, else the one
 * called default.  INVALID: neither; NOT_FOUND, DENIED: as access_check.
 */
MUST_USE enum status refs_catalog(struct request *rq, const char *name, enum action action,
				  const struct catalog_ref **out);

/* The same by ?catalog=, and by the body's member "catalog". */
MUST_USE enum status refs_of_query(struct request *rq, enum action action,
				   const struct catalog_ref **out);
MUST_USE enum status refs_of_body(struct request *rq, enum action action,
				  const struct catalog_ref **out);

/* A branch or a tag of that name.  NOT_FOUND "Branch or tag does not exist ...". */
MUST_USE enum status refs_find(struct request *rq, const struct catalog_ref *ref, const char *name,
			       struct branch *out);

/* The catalog that a merge operation is of, by its id. */
MUST_USE enum status refs_of_id(struct request *rq, const char *catalog_id, enum action action,
				const struct catalog_ref **out);

/* What a name says: "a.b.t" or {"namespace", "name"}.  INVALID names `where`. */
MUST_USE enum status refs_asset(struct request *rq, struct json_object *v, const char *where,
				struct asset_name *out);

/* What states need that come back.  As struct comes_back's check: OK where each one's metadata
 * file and its current snapshot's manifest list are still there; CONFLICT names the file.
 * Of what a row of any branch names nothing is asked. */
struct refs_files {
	struct request *rq;
	const struct catalog_ref *ref;
};
MUST_USE enum status refs_check_back(void *files, const struct asset *const *states, size_t n,
				     struct claim **claims);

#endif
