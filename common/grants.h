/* SPDX-License-Identifier: Apache-2.0 */
/* grants.h - what was granted to a principal: scopes and actions, kept so that a decision is a few
 * binary searches. */
#ifndef COMMON_GRANTS_H
#define COMMON_GRANTS_H

#include "common/json.h"

/* What a grant is on.  Wider scopes hold all that lies in them. */
enum grant_scope {
	SCOPE_TENANT,	 /* {"type":"tenant"} */
	SCOPE_CATALOG,	 /* {"type":"catalog","catalog_id"} */
	SCOPE_NAMESPACE, /* {"type":"namespace","catalog_id","namespace"}: and those below it */
	SCOPE_ASSET,	 /* {"type":"asset","catalog_id","namespace","asset_id"} */
	SCOPE_TAG,	 /* {"type":"tag","tag_name"}: assets that carry it */
};

/* The actions of a grant, as bits. */
enum right {
	RIGHT_LIST = 1,
	RIGHT_READ = 2, /* implies list */
	RIGHT_CREATE = 4,
	RIGHT_UPDATE = 8,
	RIGHT_DELETE = 16,
	RIGHT_WRITE = 32, /* implies all above */
	RIGHT_INGEST_BRANCHING = 64,
	RIGHT_EXPERIMENTAL_BRANCHING = 128,
	RIGHT_MANAGE_DISCOVERY = 256,
	RIGHT_ALL = 512, /* implies everything */
};

/* One grant.  Members that its scope does not have are "". */
struct grant {
	enum grant_scope scope;
	const char *catalog_id;
	const char *namespace; /* levels joined by \x1F; an asset's: where it was when granted */
	const char *asset_id;
	const char *tag;
	unsigned rights; /* as they were named */
	/* Where it comes from: the one or the other; NULL = not. */
	const char *permission_id, *role_id;
};

/* Roles that another server's claims give: no rows say so, each credential does for itself. */
#define MAX_GIVEN_ROLES 32
struct given_roles {
	const char *const *ids;
	size_t n;
};

/* --- JSON -------------------------------------------------------------------- */

/*
 * Reads a scope.  A namespace is "a.b", or, where a level holds a dot, its levels
 * joined by \x1F or ["a", "b.c"].  INVALID.
 */
MUST_USE enum status grant_read_scope(struct cx *cx, struct json_object *scope, const char *where,
				      struct grant *out);
struct json_object *grant_show_scope(struct cx *cx, const struct grant *g);

/* Reads ["read", ...] (any case, any separators) into out->rights.  INVALID: none, or an
 * unknown one. */
MUST_USE enum status grant_read_actions(struct cx *cx, struct json_object *actions,
					const char *where, struct grant *out);
struct json_object *grant_show_actions(struct cx *cx, unsigned rights);

/* One action's word; 0 = there is no such action. */
unsigned right_parse(const char *word);
/* "read"; of several the first. */
const char *right_name(unsigned right);

/* With all that these imply. */
unsigned rights_implied(unsigned rights);

/* --- a principal's ------------------------------------------------------------- */

/* More of one principal are not read: MAX_GRANTS is checked where grants are made. */
#define MAX_GRANTS 10000

struct grants {
	const struct grant *items; /* by scope and what it names */
	size_t n;
	const struct grant **inside; /* those in a catalog, by catalog and namespace */
	size_t n_inside;
	bool tags; /* one is on a tag */
};

/* Sorts `items`, which stay where they are; the rest is in cx. */
const struct grants *grants_build(struct cx *cx, struct grant *items, size_t n);

/* A copy that shares nothing with `g`; NULL stays NULL. */
const struct grants *grants_copy(struct cx *cx, const struct grants *g);

/* The first of the grants on exactly this: `text` (n bytes) is the namespace, asset id
 * or tag, "" in wider scopes.  NULL: none.  The others stand behind it: grants_next. */
const struct grant *grants_find(const struct grants *g, enum grant_scope scope,
				const char *catalog_id, const char *text, size_t n);
const struct grant *grants_next(const struct grants *g, const struct grant *one);

/* True where a grant is on the catalog or something in it; with a namespace, on that or
 * something in that. */
bool grants_inside(const struct grants *g, const char *catalog_id, const char *namespace);

#endif
