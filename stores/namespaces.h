/* SPDX-License-Identifier: Apache-2.0 */
/* namespaces.h - namespaces: rows of the content map, and containers of it. */
#ifndef STORES_NAMESPACES_H
#define STORES_NAMESPACES_H

#include "stores/edit.h"

/*
 * `path` is levels joined by \x1F.  Each of these reads, decides and applies,
 * again where others were faster (UNAVAILABLE: they always were).
 */

/*
 * Makes the namespace and the parents it lacks.  properties: {str: str}.
 * INVALID: a name that may not be; EXISTS "Namespace already exists: a.b".
 */
MUST_USE enum status namespace_create(struct cx *cx, struct store *st,
				      const struct catalog_ref *ref, const char *path,
				      struct json_object *properties, const struct audit *by);

/* NOT_FOUND "Namespace does not exist: a.b"; CONFLICT "Namespace a.b is not empty". */
MUST_USE enum status namespace_drop(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				    const char *path, const struct audit *by);

/* updates: {str: str}; removals: [str]; neither NULL; no key in both.  *out says what
 * became of the keys: {"updated", "removed", "missing"}.  NOT_FOUND. */
MUST_USE enum status namespace_update(struct cx *cx, struct store *st,
				      const struct catalog_ref *ref, const char *path,
				      struct json_object *updates, struct json_object *removals,
				      const struct audit *by, struct json_object **out);

/* The properties of a namespace's row as an object; {} where it has none. */
MUST_USE enum status namespace_properties(struct cx *cx, const struct asset *row,
					  struct json_object **out);

#endif
