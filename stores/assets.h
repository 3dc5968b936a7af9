/* SPDX-License-Identifier: Apache-2.0 */
/* assets.h - tables, views and other assets: rows of the content map. */
#ifndef STORES_ASSETS_H
#define STORES_ASSETS_H

#include "stores/locations.h"

/* Which asset: levels joined by \x1F, and its name. */
struct asset_name {
	const char *path, *name;
};

/*
 * Makes the asset; `row` holds all but key columns, born and until.  `claim` is
 * what it wants to own, or NULL.  `overwrite`: an asset of row->type that is
 * there gets this row instead, and keeps its asset_id (row->asset_id is set).
 * `op` is "create" or "register": a registered table that another branch or a cut
 * still shows is taken up again under its asset_id.  NOT_FOUND "Namespace does not exist: a";
 * EXISTS "Table already exists: a.t"; INVALID: a name or a location that may
 * not be; UNAVAILABLE: others were always faster.
 */
MUST_USE enum status asset_create(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				  const struct asset_name *at, struct asset *row,
				  struct claim *claim, bool overwrite, const char *op,
				  const struct audit *by);

/* One asset's part of a commit. */
struct asset_change {
	const struct place *place; /* read together with the branch's row */
	const struct place *into;  /* the namespace, where a new asset is made; else NULL */
	struct asset *row;	   /* what the place shows from now on; NULL: what it shows now,
				    * and the commit stands on that */
	struct claim *claim;	   /* read and checked: locations the row adds; NULL = none */
	struct absent *staged;	   /* the staged create that this completes; NULL = none */
	const char *metadata;	   /* the audit record's; NULL = the row's location */
};

/*
 * One try to make all of the changes; each place stands in the list once, and
 * each namespace is one struct.  CONFLICT: *failed says which part changed:
 * PART_BRANCH, PART_CONTAINER and PART_LOCATION say nothing about an asset.
 * INVALID: two new assets' locations overlap, or more than the store takes at once.
 */
MUST_USE enum status asset_commit(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				  struct branch *branch, const struct asset_change *changes,
				  size_t n, const struct audit *by, enum edit_part *failed);

/* NOT_FOUND "Table does not exist: a.t". */
enum status asset_missing(struct cx *cx, const char *type, const struct asset_name *at);
/* EXISTS "Table already exists: a.t", or "View with same name already exists: a.t" where
 * what is seen there is no `type`. */
enum status asset_exists(struct cx *cx, const struct asset *seen, const char *type,
			 const struct asset_name *at);

/* NOT_FOUND "Table does not exist: a.t" or "Namespace does not exist: b" (then
 * *no_namespace is true); EXISTS "Cannot rename a.t to b.u. Table already exists"; INVALID. */
MUST_USE enum status asset_rename(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				  const char *type, const struct asset_name *from,
				  const struct asset_name *to, const struct audit *by,
				  bool *no_namespace);

/*
 * Drops it.  Where nothing else shows the asset (another branch, a cut), its
 * locations are free from then on, and with `purge` a job "purge" is inserted
 * that removes its files: stores/jobs.h; without, `left_to` (NULL = nobody) may do that:
 * stores/absent.h.  NOT_FOUND.
 */
MUST_USE enum status asset_drop(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				const char *type, const struct asset_name *at, bool purge,
				const char *left_to, const struct audit *by);

/* Drops the asset that main shows where `which` says, if it is that one still: its files stay.
 * NOT_FOUND. */
MUST_USE enum status asset_drop_id(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				   const struct asset *which, const struct audit *by);

/*
 * One try to take out what place->seen shows, as it was read with `branch`; its
 * files stay where they are, and its locations are free as after a drop.
 * CONFLICT: it is not as it was read.
 */
MUST_USE enum status asset_unregister(struct cx *cx, struct store *st, struct branch *branch,
				      const struct place *place, const struct audit *by);

/* The edit hides or replaces what the place shows: where nothing else shows that asset its
 * locations are free with the list. */
MUST_USE enum status asset_free(struct edit *e, struct store *st, const struct place *p);

/* True where any row of the catalog, living or kept, has this metadata file. */
MUST_USE enum status asset_metadata_used(struct cx *cx, struct store *st,
					 const struct catalog_ref *ref, const char *location,
					 bool *used);

#endif
