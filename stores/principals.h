/* SPDX-License-Identifier: Apache-2.0 */
/* principals.h - users, service users with their API keys, and tokens. */
#ifndef STORES_PRINCIPALS_H
#define STORES_PRINCIPALS_H

#include "stores/store.h"

/*
 * Tenant "" is the server: root's users and tokens.  `by` is the start of the
 * audit record (stores/audit.h); NULL = the operator.  Whoever writes a user's
 * password hash or a service user needs a store with the storage key.
 */

/* --- users -------------------------------------------------------------------- */

/* NOT_FOUND. */
MUST_USE enum status user_find(struct cx *cx, struct store *st, const char *tenant_id,
			       const char *username, struct user *out);
MUST_USE enum status user_find_id(struct cx *cx, struct store *st, const char *tenant_id,
				  const char *id, struct user *out);

/* Fills id (where NULL), active and the times.  EXISTS: the username; NOT_FOUND: the tenant. */
MUST_USE enum status user_create(struct cx *cx, struct store *st, struct user *u,
				 const struct audit *by);

/* { INSERT, user } and what goes with it, for lists that make a user beside something else, in a
 * tenant they TOUCH: fills id (where NULL) and the times; adds three changes. */
void user_add(struct cx *cx, struct user *u, const struct audit *by, struct change *list,
	      size_t *n);

/* Writes a user that was read.  CONFLICT: another was faster; read again. */
MUST_USE enum status user_update(struct cx *cx, struct store *st, struct user *u,
				 const struct audit *by);

/* The same where the password is another: the user's tokens end, all but `keep` (may be
 * NULL).  Those issued to the password before are gone when it holds: of a user with
 * TOKENS_LISTED or more, lists before that one end the most of them.  CONFLICT. */
MUST_USE enum status user_change_password(struct cx *cx, struct store *st, struct user *u,
					  const char *keep, const struct audit *by);

/* Removes a user that was read; its tokens are worth nothing from here on.  CONFLICT. */
MUST_USE enum status user_delete(struct cx *cx, struct store *st, struct user *u,
				 const struct audit *by);

/* --- service users ------------------------------------------------------------- */

/* NOT_FOUND. */
MUST_USE enum status service_user_find(struct cx *cx, struct store *st, const char *tenant_id,
				       const char *id, struct service_user *out);

/* Fills id (where NULL), active, created_at and api_key_hash.  *api_key is shown
 * once and kept nowhere.  NOT_FOUND: the tenant. */
MUST_USE enum status service_user_create(struct cx *cx, struct store *st, struct service_user *su,
					 const struct audit *by, const char **api_key);

/* A new API key for a service user that was read; the one before ends.  CONFLICT. */
MUST_USE enum status service_user_rotate(struct cx *cx, struct store *st, struct service_user *su,
					 const struct audit *by, const char **api_key);

/* As user_update, user_delete (with the API key). */
MUST_USE enum status service_user_update(struct cx *cx, struct store *st, struct service_user *su,
					 const struct audit *by);
MUST_USE enum status service_user_delete(struct cx *cx, struct store *st, struct service_user *su,
					 const struct audit *by);

/* --- API keys -------------------------------------------------------------------- */

/*
 * "pgl_<12>_<48>", letters and digits: the 12 name the key to people, all of it is
 * the secret (over 280 bits), and its SHA-256 in hex is what is stored: no slow hash is needed.
 */
const char *api_key_new(struct cx *cx);
bool api_key_is_sane(const char *text);
const char *api_key_hash(struct cx *cx, const char *text);

/* The row of a key's text.  NOT_FOUND: no such key, or not the form of one. */
MUST_USE enum status api_key_find(struct cx *cx, struct store *st, const char *text,
				  struct api_key *out);

/* --- tokens ---------------------------------------------------------------------- */

/* Ends a token; `action` is the record's ("revoke_token", "logout").  NOT_FOUND: there is
 * none, or it has ended already. */
MUST_USE enum status token_revoke(struct cx *cx, struct store *st, const char *tenant_id,
				  const char *token_id, const char *action, const struct audit *by);

/* { DELETE, the token } and { TOUCH, the epoch } for a list: another takes its place.
 * NOT_FOUND. */
MUST_USE enum status token_end(struct cx *cx, struct store *st, const char *tenant_id,
			       const char *token_id, struct change out[2]);

/* The tokens of a user, service user or program that have not expired, the longest-lived
 * first; at most TOKENS_LISTED of them. */
#define TOKENS_LISTED 10000
MUST_USE enum status token_list(struct cx *cx, struct store *st, const char *tenant_id,
				const char *user_id, struct rows *out);

#endif
