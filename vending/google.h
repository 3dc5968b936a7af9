/* SPDX-License-Identifier: Apache-2.0 */
/* google.h - who the server is to Google Cloud Storage, and tokens limited to folders. */
#ifndef VENDING_GOOGLE_H
#define VENDING_GOOGLE_H

#include "vending/cloud.h"
#include "vending/policy.h"
#include "vending/token.h"

/*
 * The access token of the storage's service account (its key as JSON, or e-mail and PEM), of
 * the external account that its JSON describes (a subject token from a file: workload
 * identity), or of the machine.  Good for spare_ms at least.  INVALID: it has none of them,
 * or one that it may not use (struct storage.trusted).
 */
MUST_USE enum status google_token(struct cx *cx, struct cloud *c, const struct storage *s,
				  int64_t spare_ms, struct access_token *out);

/*
 * The credential access boundary of a scope, as JSON: rules for each folder, by roles that
 * hold no more than the verbs.  No role of Google's removes and does not write: VEND_DELETE without
 * VEND_WRITE by the storage's delete_role, and not at all where it has none.  Source: cloud.google.com, "Downscope with Credential Access Boundaries".
 */
const char *google_boundary(struct cx *cx, const struct storage *s, const struct vend_scope *scope);

/* A text as a CEL string literal, quotes included. */
const char *google_literal(struct cx *cx, const char *text);

/* The token, limited; it ends when the whole one does.  One request. */
MUST_USE enum status google_downscope(struct cx *cx, struct cloud *c, const struct storage *s,
				      const struct access_token *whole, const char *boundary,
				      struct access_token *out);

/* A URL that reads an object for so long (V4, by the service account's key).  INVALID: the
 * storage has none. */
MUST_USE enum status google_url(struct cx *cx, struct cloud *c, const struct storage *s,
				const struct location *l, int64_t expires_s, const char **out);

#endif
