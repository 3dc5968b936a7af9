/* SPDX-License-Identifier: Apache-2.0 */
/* locations.h - which table owns which folder of which storage: overlap is a store constraint. */
#ifndef STORES_LOCATIONS_H
#define STORES_LOCATIONS_H

#include "stores/edit.h"

#define MAX_CLAIM_PATHS 3   /* location, write.data.path, write.metadata.path */
#define MAX_CLAIM_DEPTH 100 /* folders of one path */

/*
 * What a table wants to own.  A table's folder is a TABLE row, each folder
 * above it a DIR row; a create INSERTs its TABLE row and the missing DIR rows,
 * so two that overlap meet at one key.  DIR rows are never changed.  A staged create's are
 * STAGED instead of TABLE until it is committed: stores/absent.h.
 */
struct claim {
	const char *storage;		    /* vending/storage.h: storage_identity() */
	const char *paths[MAX_CLAIM_PATHS]; /* "/a/b"; none lies in another */
	size_t n;
	struct location_row *rows; /* what is there of them and all folders above */
	size_t n_rows;
	bool staged; /* what claim_add puts in is a staged create's */
};

bool claim_is_staged(const struct location_row *r);

/* Adds a path; one that lies in another of them adds nothing.  INVALID: too deep. */
MUST_USE enum status claim_path(struct cx *cx, struct claim *c, const char *path);

/* The rows to read along with others (content_read's `more`): at most
 * MAX_CLAIM_PATHS * MAX_CLAIM_DEPTH; asks anew each time. */
struct row **claim_rows(struct cx *cx, struct claim *c, size_t *n);

/* INVALID where a folder above or below is another asset's than `asset_id`'s. */
MUST_USE enum status claim_check(struct cx *cx, const struct claim *c, const char *asset_id);

/* Whose table lies exactly at the first path, or NULL. */
const char *claim_owner(const struct claim *c);

/* Puts the missing rows into the list; what was staged for the asset becomes its own.  INVALID: it
 * overlaps a claim that is in the list. */
MUST_USE enum status claim_add(struct edit *e, struct claim *c, const char *asset_id);

/*
 * For an asset that comes back: reads and checks the claim, and puts what is missing of it
 * into the list; what is the asset's still stays so.  INVALID: it is another's by now.
 */
MUST_USE enum status claim_again(struct edit *e, struct store *st, struct claim *c,
				 const char *asset_id);

/* True where each path lies in a folder that was read to be a table's: claim_check says whose. */
bool claim_is_covered(const struct claim *c);

/* Puts DELETEs of all the asset's TABLE rows into the list. */
MUST_USE enum status locations_free(struct edit *e, struct store *st, const char *asset_id);

#endif
