/* SPDX-License-Identifier: Apache-2.0 */
/* commit.h - updates of tables (or a view), all of them or none: one is the common case. */
#ifndef FCGI_TABLES_COMMIT_H
#define FCGI_TABLES_COMMIT_H

#include "fcgi/tables/text.h"
#include "stores/assets.h"

/* One table's part of a commit. */
struct table_change {
	const struct metadata_kind *kind;
	struct asset_name at;
	struct json_object *requirements, *updates;
	struct place *place; /* of `at`, read together with the branch's row */

	/* The table's new file; without a location where the updates change nothing. */
	struct metadata_file file;

	/* The commit's own.  What is made from a base stays while the base does. */
	bool made;
	struct asset base_row; /* as it was read for that; version 0: there is no table yet */
	struct json_object *base, *next;
	struct asset row;
	struct claim claim;
	bool claims;	       /* the claim says something new */
	const char *fresh_id;  /* of a new table that completes no staged create */
	struct absent *staged; /* the one that it completes, whose id it takes */
	struct place *into;
};

/* CommitTableRequest: requirements and updates of `body`; a view's needs no requirements.
 * INVALID. */
MUST_USE enum status change_read(struct cx *cx, const struct metadata_kind *kind,
				 struct json_object *body, struct table_change *change);

/* True where the change wants to make its table: an assert-create is among its requirements. */
bool change_creates(const struct table_change *change);

/*
 * Commits changes of n different tables of one branch in one list.  NOT_FOUND:
 * no such table, or no namespace to make one in (rq->error_type is set);
 * CONFLICT: a requirement, or others were always faster; EXISTS: a view has the
 * name; UNKNOWN: it may stand.  New files are removed after any failure but UNKNOWN.
 */
MUST_USE enum status commit_changes(struct request *rq, const struct catalog_ref *ref,
				    struct branch *branch, struct table_change *changes, size_t n);

/*
 * Commits what the body says of the path's table or view.  *t: what it is now
 * (`next`) and the file that says so, an old one where nothing changed.
 */
MUST_USE enum status commit_asset(struct request *rq, const struct metadata_kind *kind,
				  struct table_change *t, const struct scope **sc);

#endif
