/* SPDX-License-Identifier: Apache-2.0 */
/* edit.h - one change of a catalog's content: a list, its commit row and its audit row. */
#ifndef STORES_EDIT_H
#define STORES_EDIT_H

#include "common/list.h"
#include "stores/audit.h"
#include "stores/content.h"

/* `by` is the start of the audit record (stores/audit.h): who asks, and from where. */

/* What a change of the list is for: which of them failed tells what to do. */
enum edit_part {
	PART_NONE,
	PART_ASSET,	/* the row that is changed */
	PART_CONTAINER, /* the namespace it is put into */
	PART_BRANCH,	/* the pin of the branch row */
	PART_LOCATION,
	PART_RECORD, /* commit row, audit row, job */
	PART_INDEX,  /* what search finds: stores/index.h */
};

/* What main shows elsewhere or otherwise named from now on. */
struct edit_move {
	const char *asset_id;
	const struct asset *row; /* as main shows it; NULL = no more */
	bool fresh;		 /* its id is new: nothing can be kept of it yet */
};

struct edit {
	struct cx *cx;
	const struct catalog_ref *catalog;
	struct branch *branch; /* as read: its cut is what new rows are born at */
	const struct audit *by;
	struct change *changes;
	unsigned char *parts; /* enum edit_part of each change */
	size_t n, cap;
	struct quota_moves room; /* for the tenant's quota */
	struct commit commit;
	struct json_object *operations;
	struct list moves;     /* struct edit_move */
	enum edit_part failed; /* after edit_apply was CONFLICT */
	bool merges;	       /* what content_may_write says of main does not hold for it */
};

/* Begins a list with a fresh commit id, and pins the branch. */
struct edit *edit_open(struct cx *cx, const struct catalog_ref *ref, struct branch *branch,
		       const struct audit *by);

/* The same of a branch whose row the list itself writes. */
struct edit *edit_begin(struct cx *cx, const struct catalog_ref *ref, struct branch *branch,
			const struct audit *by);

/* How many there may be is store_apply's to say: STORE_MAX_CHANGES. */
void edit_add(struct edit *e, enum change_op op, struct row *row, enum edit_part part);

/* The place goes on showing what it was read to show: CONFLICT where it does not. */
void edit_pin(struct edit *e, const struct place *p);

/*
 * The place shows `row` from now on (key columns, born and until are filled in).
 * Keeps what a cut still shows; an inherited asset gets a row of the branch's own.
 */
void edit_put(struct edit *e, const struct place *p, struct asset *row);

/* The same of an asset that did not exist before: its asset_id is new. */
void edit_make(struct edit *e, const struct place *p, struct asset *row);

/* The place shows nothing from now on: a DELETE, or a tombstone where the parents or a cut may
 * show something: what changed since a cut is found by rows that were born since. */
void edit_hide(struct edit *e, const struct place *p);

/* Something is put into the namespace at this place: TOUCH, or a copy of the inherited row. */
void edit_into(struct edit *e, const struct place *namespace);

/*
 * One entry of the commit row, for a place that was read and what it shows from now
 * on (NULL = nothing): {"op","asset_id","type","namespace","name","before","after",
 * "was","is"}.  before and after are metadata locations or null; was is the state it
 * showed (stores/states.h) or null; is, likewise, only where `after` can't tell.
 */
void edit_operation(struct edit *e, const char *op, const struct place *p,
		    const struct asset *after);

/* The change of the tenant's count (stores/quotas.h), for a list that edit_apply does not apply.
 * DENIED: its quota is reached. */
MUST_USE enum status edit_take_room(struct edit *e, struct store *st);

#define EDIT_RECORDS 2 /* which edit_apply adds: */

/*
 * Adds what search needs to know, the commit row and the audit record (whose action is the commit's message
 * unless it has one) and applies the list.  CONFLICT: a
 * row is not as it was read (e->failed says which part): read again, decide
 * again.  INVALID, DENIED: as content_may_write; DENIED: the tenant's quota is reached, too
 * (stores/quotas.h).  That this very list landed after all, in a try whose answer was lost,
 * is store_apply's to find out: by the fresh rows it INSERTs.
 */
MUST_USE enum status edit_apply(struct edit *e, struct store *st, struct audit *audit);

/*
 * Waits a little before try number `tries` (from 1) of something that met a
 * CONFLICT: random, growing, never past the deadline.
 */
void edit_backoff(struct cx *cx, size_t tries);

/* How often a change that meets CONFLICTs is tried unless the caller says. */
#define EDIT_TRIES 20

/* After the last of them: UNAVAILABLE; nothing was written. */
enum status edit_gave_up(struct cx *cx);

#endif
