/* SPDX-License-Identifier: Apache-2.0 */
/* access.h - who may do what: one pure function, the only evaluator. */
#ifndef COMMON_ACCESS_H
#define COMMON_ACCESS_H

#include "common/cx.h"

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
	const char *token_id; /* the jti, or NULL (API key, Basic, no-auth) */
	int64_t expires_ms;   /* of the token; 0 = never */
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
	const char *name, *asset_id;
};

/*
 * OK; DENIED (some right on the object, not this one); NOT_FOUND (no right at
 * all: the answer must be that of a missing object); UNAUTHENTICATED (no
 * principal).  NULL who = anonymous.
 */
MUST_USE enum status access_check(struct cx *cx, const struct principal *who, enum action action,
				  const struct object *object);

/* The same without a message: for lists, which ask it row by row. */
bool access_may(const struct principal *who, enum action action, const struct object *object);

#endif
