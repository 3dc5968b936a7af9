/* SPDX-License-Identifier: Apache-2.0 */
/* access.h - who may do what: one pure function, the only evaluator. */
#ifndef COMMON_ACCESS_H
#define COMMON_ACCESS_H

#include "common/grants.h"

enum role { ROLE_NONE, ROLE_TENANT_USER, ROLE_TENANT_ADMIN, ROLE_ROOT };

/* "tenant-admin" in any case, with any or no separators, and "admin", "user"; ROLE_NONE: no role. */
enum role role_parse(const char *text);
/* "root", "tenant-admin", "tenant-user", or "none". */
const char *role_name(enum role role);

/* What stands behind a principal, and has to be there while it is believed. */
enum principal_kind {
	A_USER,		/* a row of users */
	A_SERVICE_USER, /* a row of service users */
	A_ROOT,		/* the configured root password */
	A_TOKEN,	/* nothing but its token's row: made by an administrator for a program */
};

/* Who asks.  Text in the request's memory. */
struct principal {
	enum principal_kind kind;
	const char *id; /* user's or service user's UUID */
	const char *name;
	const char *tenant_id; /* "" for root */
	enum role role;
	const char *token_id;	     /* the jti, or NULL (API key, Basic, no-auth) */
	int64_t expires_ms;	     /* of the token; 0 = never */
	struct given_roles given;    /* beside those that rows assign */
	const struct grants *grants; /* a tenant user's, by roles and direct; NULL = none */
};

enum action {
	PUBLIC,		  /* no credential is asked for */
	MAY_ANYTHING_OWN, /* any principal, about itself (me, logout) */
	MAY_LIST,
	MAY_READ,
	MAY_CREATE,
	MAY_WRITE,
	MAY_UPDATE,
	MAY_DELETE,
	MAY_BRANCH_INGEST,	 /* make a branch of type ingest */
	MAY_BRANCH_EXPERIMENTAL, /* and one of type experimental */
	MAY_DISCOVER,		 /* say that others may find an asset */
	MAY_ADMIN,		 /* tenant administration: warehouses, users, catalogs */
	MAY_ROOT,		 /* the server's own: tenants */
};

enum object_kind { ON_SERVER, ON_TENANT, ON_CATALOG, ON_NAMESPACE, ON_ASSET };

/* What it is about; members of a wider kind are set, narrower ones NULL. */
struct object {
	enum object_kind kind;
	const char *tenant_id;
	const char *catalog_id, *catalog; /* id and name */
	const char *namespace;		  /* levels joined by \x1F */
	const char *name, *asset_id;	  /* asset_id NULL: it is not there, or not looked up */
	const char *const
		*tags;	  /* an asset's, NULL ends; NULL = not read: fcgi/decide.h reads them */
	const char *noun; /* what messages call an asset: "View"; NULL = "Table" */
};

/*
 * By role: root may do anything; a tenant's administrator anything in his tenant;
 * a tenant user what his grants say: one on the object, on what it lies in, or on a
 * tag it carries.  MAY_ADMIN and MAY_ROOT are no grant's to give.
 *
 * A catalog or namespace that holds something a grant is on is visible: MAY_LIST
 * is OK on it (a list shows its name), nothing else is.  So is every one for who holds a
 * grant on a tag, which anything may carry.
 *
 * OK; DENIED (some right on the object, or it is visible); NOT_FOUND (no right at
 * all: the answer must be that of a missing object); UNAUTHENTICATED (no
 * principal).  NULL who = anonymous.
 *
 * On a request's objects fcgi/decide.h asks this, and reads what it needs for it.
 */
MUST_USE enum status access_check(struct cx *cx, const struct principal *who, enum action action,
				  const struct object *object);

/* The same without a message: for lists, which ask it row by row. */
bool access_may(const struct principal *who, enum action action, const struct object *object);

/* True where the action may be done with everything in the object: a list need not ask for
 * each row. */
bool access_within(const struct principal *who, enum action action, const struct object *object);

/* True where the answer could become OK with the asset's id, or its tags, known. */
bool access_needs_id(const struct principal *who, enum action action, const struct object *object);
bool access_needs_tags(const struct principal *who, enum action action,
		       const struct object *object);

/* The right that an action asks for; 0: no grant gives it. */
unsigned access_right(enum action action);

/*
 * True where a list of texts names the principal: by his id or name, by his role as
 * role_name() says it, or by a role row he has: `roles` are their ids and names, NULL
 * ends.  "tenant-user" and the like are nobody's name.
 */
bool access_listed(const struct principal *who, const char *const *roles, struct json_object *list);

/* The grant that gives a tenant user the right on the object; NULL: none does. */
const struct grant *access_grant(const struct principal *who, unsigned right,
				 const struct object *object);

#endif
