/* SPDX-License-Identifier: Apache-2.0 */
/* scope.h - where a catalog's tables may be, and what they own there. */
#ifndef FCGI_TABLES_SCOPE_H
#define FCGI_TABLES_SCOPE_H

#include "common/iceberg/kind.h"
#include "fcgi/resolve.h"
#include "stores/locations.h"
#include "vending/storage.h"

/* What a catalog's warehouse says, parsed once and kept with the catalog_ref. */
struct scope {
	struct storage storage;
	const char *identity; /* location rows' storage */
	const char *root;     /* new tables lie in here: no slash at the end */
	const char *config;   /* "config" of a LoadTableResult, JSON text */
	const char *tag;      /* changes where any of it does: for ETags */
	const char *problem;  /* why nothing can be vended, or NULL */
};

/* INVALID: the catalog has no warehouse, or one whose configuration does not read. */
MUST_USE enum status scope_of(struct cx *cx, const struct catalog_ref *ref,
			      const struct scope **out);

/* What an administrator put into the catalog's properties: {str: str}. */
MUST_USE enum status catalog_properties(struct cx *cx, const struct catalog_ref *ref,
					struct json_object **out);

/* root/<levels>/<name>-<random>, of characters that no storage, policy or client
 * reads in a second way.  Never the same twice. */
const char *scope_new_location(struct cx *cx, const struct scope *sc, const char *path,
			       const char *name, const char *asset_id);

/* INVALID unless it may be read or written here; `what` begins the message. */
MUST_USE enum status scope_check(struct cx *cx, const struct scope *sc, const char *what,
				 const char *location, struct location *out);

/*
 * Checks every location that the metadata itself names, and fills of `row` what follows from the metadata, and `claim` with the folders
 * it wants to own (`claim->rows` unread).  INVALID names the member.
 */
MUST_USE enum status scope_describe(struct cx *cx, const struct scope *sc,
				    const struct metadata_kind *kind, struct json_object *metadata,
				    struct asset *row, struct claim *claim);

/* The folders that a row says its asset owns, as far as they are of this storage. */
MUST_USE enum status scope_claim(struct cx *cx, const struct scope *sc, const struct asset *row,
				 struct claim *claim);

#endif
