/* SPDX-License-Identifier: Apache-2.0 */
/* adopt.h - another catalog's tables and views, registered here where they lie. */
#ifndef CLI_ADOPT_H
#define CLI_ADOPT_H

#include "cli/progress.h"
#include "cli/site.h"
#include "stores/seen.h"

struct adoption {
	struct site site;
	const struct catalog_ref *ref; /* what adopts, and where it may read */
	const struct scope *sc;
	const char *from;
	const char *only; /* this namespace and what lies in it; NULL = all */
	const char *into; /* put in front of every namespace; NULL = nothing */
	bool dry;
	struct seen *namespaces; /* that are known to be there */
	int64_t adopted, skipped;
	struct progress progress;
};

/*
 * One table (or view: *kind NULL looks into the file) of the source's namespace `path`.  What can't
 * be adopted is said and counted, and is no failure; UNAVAILABLE, INTERNAL: it ends.
 */
MUST_USE enum status adopt_one(struct adoption *a, const char *path, const char *name,
			       const char *metadata_location);

/* Says why something of the source is left out. */
void adopt_skip(struct adoption *a, const char *what, const char *why);

/* All of a catalog behind Iceberg's REST interface; of a folder of a warehouse. */
MUST_USE enum status adopt_rest(struct adoption *a);
MUST_USE enum status adopt_folder(struct adoption *a);

#endif
