/* SPDX-License-Identifier: Apache-2.0 */
/* vend.h - a storage's credentials for some of its folders, as properties that clients read. */
#ifndef VENDING_VEND_H
#define VENDING_VEND_H

#include "vending/cloud.h"
#include "vending/policy.h"
#include "vending/vault.h"

struct vend_request {
	const struct storage *storage; /* VEND_SESSION or VEND_STATIC */
	const struct vend_scope *scope;
	/* Whose a kept session is, beside storage and scope: tenant, principal, the
	 * warehouse and its version, a line each. */
	const char *owner, *warehouse;
	const char *who;  /* for the session's name */
	int64_t until_ms; /* when the caller's own credential ends; 0 = never */
};

struct session;
struct vended {
	struct json_object *configs[VEND_FOLDERS_MAX]; /* {str: str}, one a folder of the scope */
	/* What clients are told: the earlier of the caller's and the credential's end (which lives
	 * longer: no cloud gives less than 15 minutes); 0 = never. */
	int64_t expires_ms;
	const char *id;	     /* of the credential, for records; no secret */
	const char *refresh; /* the property of the place to come back to */
	/* The storage as the session reaches it (its first folder): for a server that signs with it. */
	struct storage storage;
	const struct session *session;
	bool fresh; /* made by this call, not a kept one: for vend_keep */
};

/*
 * Nothing is asked of a cloud where a session of the same owner, storage and
 * scope has more than half of its time left; one request else (and one or two before it, now and then,
 * for the server's own token or key of Google or Azure).  INVALID: a
 * storage this server does not vend for, or that vends nothing; else as sts_assume.  What fails is not tried again
 * for some seconds: a token service that is down must not hold every load.
 */
MUST_USE enum status vend(struct cx *cx, struct cloud *c, struct vault *v,
			  const struct vend_request *request, struct vended *out);

/* Keeps a fresh session for the next that ask: once its issue is on record, so that none is
 * handed out that is not. */
void vend_keep(struct cx *cx, struct vault *v, const struct vend_request *request,
	       const struct vended *fresh);

#endif
