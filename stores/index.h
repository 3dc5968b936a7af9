/* SPDX-License-Identifier: Apache-2.0 */
/* index.h - search entries: written with whatever changes an asset's name, place, description or tags. */
#ifndef STORES_INDEX_H
#define STORES_INDEX_H

#include "common/list.h"
#include "stores/edit.h"

/*
 * An asset or a namespace that its catalog's main branch shows has one entry (struct
 * search_entry) for each of its terms:
 *	"*"		where it is
 *	"g" + gram	up to three characters, from each place of its folded name and
 *			of the first INDEX_TEXT_BYTES of its folded description: so what
 *			is shorter than a gram is found too, as the beginning of one
 *	"#" + tag
 * Functions have none.  What only other branches show has none until it is merged.
 */
#define INDEX_TEXT_BYTES 2000
#define INDEX_MAX_TERMS 4000 /* of one asset: a name, a description and its tags */

/* Small letters, wherever a script has them. */
const char *index_fold(struct cx *cx, const char *text);

/* Where the character that begins at s ends; s itself at the end of the text. */
const char *index_step(const char *s);

/* "g" and the first three characters (or all there are) of a folded text. */
const char *index_gram(struct cx *cx, const char *folded);

/* All entries of the asset, as they are. */
MUST_USE enum status index_entries(struct cx *cx, struct store *st, const char *tenant_id,
				   const char *asset_id, struct rows *out);

/*
 * Adds to `changes` (of struct change) what makes the entries `old` of an asset
 * those of `now` with its business metadata (NULL: none); `now` NULL:
 * it has none from then on.  Its "*" is always among them, so two such lists exclude each other.
 */
void index_changes(struct cx *cx, const struct rows *old, const struct asset *now,
		   const struct business_metadata *about, struct list *changes);

/*
 * Adds to the edit what its edit_put and edit_hide mean for search, or, where that is
 * more than a list takes along, a job "index".
 */
MUST_USE enum status index_edit(struct edit *e, struct store *st);

/* How far a job "index" {"catalog_id"} has come.  Text lives in cx, which outlives the steps. */
struct index_walk {
	struct cx *cx;
	const char *tenant_id, *catalog_id, *branch_id;
	struct asset at;	   /* the last asset that was looked at */
	struct search_entry entry; /* then: the last entry */
	bool walked;		   /* all assets were */
};

/* Makes some of the catalog's entries right: first those of what main shows, then removes others. */
MUST_USE enum status index_step_catalog(struct cx *cx, struct store *st, struct index_walk *walk,
					bool *done);

#endif
