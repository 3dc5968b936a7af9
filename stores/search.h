/* SPDX-License-Identifier: Apache-2.0 */
/* search.h - assets and namespaces by a part of their name or description, and by tags. */
#ifndef STORES_SEARCH_H
#define STORES_SEARCH_H

#include "stores/store.h"

#define SEARCH_MAX_ENTRIES 10000 /* that one search looks at */

struct search {
	const char *tenant_id;
	const char *text;	 /* in any case; NULL or "": whatever it says */
	const char *const *tags; /* all of them */
	size_t n_tags;
	const char *catalog_id; /* NULL = any */
};

struct found {
	const struct search_entry *entry;      /* where and what it is; type "NAMESPACE" too */
	const struct business_metadata *about; /* NULL = none */
};

/*
 * Calls visit with what its catalog's main branch shows and matches, each once, until that
 * is false.  More than SEARCH_MAX_ENTRIES are not looked at: *cut (may be NULL) says so.
 */
MUST_USE enum status search_each(struct cx *cx, struct store *st, const struct search *what,
				 bool (*visit)(void *arg, const struct found *f), void *arg,
				 bool *cut);

/* Where main shows the asset; NOT_FOUND "Asset does not exist: <id>": it shows none of that id. */
MUST_USE enum status search_place(struct cx *cx, struct store *st, const char *tenant_id,
				  const char *asset_id, struct search_entry *out);

#endif
