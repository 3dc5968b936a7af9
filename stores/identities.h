/* SPDX-License-Identifier: Apache-2.0 */
/* identities.h - users who log in elsewhere: which user a provider's subject is. */
#ifndef STORES_IDENTITIES_H
#define STORES_IDENTITIES_H

#include "stores/store.h"

/* The user, whose tenant is there.  NOT_FOUND: nobody yet, or nobody any more. */
MUST_USE enum status identity_find(struct cx *cx, struct store *st, const char *provider,
				   const char *subject, struct user *out);

/*
 * Makes the user u->oauth_provider, u->oauth_subject, or makes one that was read that
 * user; fills what user_create fills.  EXISTS or CONFLICT: somebody was faster, or the
 * username is taken; NOT_FOUND: the tenant.
 */
MUST_USE enum status identity_create(struct cx *cx, struct store *st, struct user *u,
				     const struct audit *by);
MUST_USE enum status identity_link(struct cx *cx, struct store *st, struct user *u,
				   const struct audit *by);

/* { DELETE, identity row } for the list that deletes the user; false where there is none. */
MUST_USE enum status identity_removal(struct cx *cx, struct store *st, const struct user *u,
				      struct change *out, bool *there);

/* The one user of the tenant with that e-mail address.  NOT_FOUND: none, or several. */
MUST_USE enum status identity_by_email(struct cx *cx, struct store *st, const char *tenant_id,
				       const char *email, struct user *out);

#endif
