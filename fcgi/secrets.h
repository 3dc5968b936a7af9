/* SPDX-License-Identifier: Apache-2.0 */
/* secrets.h - what of a configuration is never shown, and when a masked value is what it was. */
#ifndef FCGI_SECRETS_H
#define FCGI_SECRETS_H

#include "common/json.h"

/* True where a member of that name may hold a secret. */
bool secret_named(const char *name);

/* A copy in which the text of every member whose name says it is secret is "***". */
struct json_object *secrets_mask(struct cx *cx, struct json_object *v);

/*
 * Puts the value of `old` (may be NULL) where `v` holds "***": both are all there is of a
 * configuration.  `where` is what messages call it, or NULL.  INVALID: there is none; an address in
 * it (a URI, host, endpoint, port, account ...) is not what it was: who may change where a
 * secret goes does not know it for that.
 */
MUST_USE enum status secrets_restore(struct cx *cx, struct json_object *v, struct json_object *old,
				     const char *where);

#endif
