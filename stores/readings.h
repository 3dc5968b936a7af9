/* SPDX-License-Identifier: Apache-2.0 */
/* readings.h - a catalog as of a cut, and where two readings of it may differ. */
#ifndef STORES_READINGS_H
#define STORES_READINGS_H

#include "stores/branches.h"

/* The catalog as a branch shows it. */
struct reading {
	struct catalog_ref *ref; /* levels[0].cut is LIVING or the cut; then nothing is written */
	int64_t cut;		 /* what it shows was written at this count or before */
};

/* `cut` LIVING: as it is, of a row that was just read. */
MUST_USE enum status reading_of(struct cx *cx, const struct catalog_ref *ref,
				const struct branch *branch, int64_t cut, struct reading *out);

/* A place of the map by its key columns. */
struct name_key {
	const char *namespace, *name;
};

/*
 * Every name that the two may show differently, each once, in no order: what was
 * written to branches that both read, between their cuts, and what stands on branches
 * that one of them reads.  It costs what changed, not what the catalog holds.
 * INVALID: more than `max`.
 */
MUST_USE enum status reading_changes(struct cx *cx, struct store *st, const struct reading *a,
				     const struct reading *b, size_t max, struct name_key **out,
				     size_t *n);

/* True where there is any such name. */
MUST_USE enum status reading_differs(struct cx *cx, struct store *st, const struct reading *a,
				     const struct reading *b, bool *yes);

/* Every name that stands on any branch of the reading: for small ones. */
MUST_USE enum status reading_own(struct cx *cx, struct store *st, const struct reading *r,
				 size_t max, struct name_key **out, size_t *n);

/* Reads places of any refs of one catalog, in parts: of what can't change meanwhile. */
MUST_USE enum status reading_places(struct cx *cx, struct store *st, struct place *const *places,
				    size_t n);

#endif
