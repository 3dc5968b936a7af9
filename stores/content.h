/* SPDX-License-Identifier: Apache-2.0 */
/* content.h - a catalog's content: one map of names, versioned by cuts. */
#ifndef STORES_CONTENT_H
#define STORES_CONTENT_H

#include "common/json.h"
#include "stores/store.h"

/* One level of a branch's ancestry: own rows first, then parents as of a cut. */
struct level {
	const char *branch_id;
	int64_t cut; /* rows with until > cut, born <= cut; LIVING for the branch itself */
};

/* What a process keeps of a catalog and branch while the epochs stand. */
struct catalog_ref {
	const char *tenant_id, *catalog_id, *name;
	const char *branch_id, *branch_name;
	const struct level *levels;
	size_t n_levels;
	struct catalog *row;
	struct warehouse *warehouse; /* NULL: the catalog has none */
	const void *storage;	     /* struct storage, parsed once by the caller that needs it */
};

#endif
