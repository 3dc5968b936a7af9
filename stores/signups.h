/* SPDX-License-Identifier: Apache-2.0 */
/* signups.h - accounts that people ask for themselves, where a tenant lets them. */
#ifndef STORES_SIGNUPS_H
#define STORES_SIGNUPS_H

#include "stores/store.h"

#define SIGNUP_MS (24 * INT64_C(3600000)) /* then a token is worth nothing */

/*
 * Whether people may sign up in the tenant: its settings into *out.  DENIED, in the same words,
 * where they may not and where there is no such tenant; UNAVAILABLE: nobody may write to it for now.
 */
MUST_USE enum status signup_allowed(struct cx *cx, struct store *st, const char *tenant_id,
				    struct setting *out);

/*
 * Asks for an account by that address.  Where the tenant sends mail: leaves a signup, and a
 * letter with its token; else makes the user, not active, for an administrator to
 * activate.  An address that has an account, or a user of that name, is told by mail,
 * and nobody else is told.  The address is the user's name; `by` starts the record.
 */
MUST_USE enum status signup_ask(struct cx *cx, struct store *st, const struct setting *v,
				const char *email, const char *password_hash,
				const struct audit *by);

/* NOT_FOUND: no such token, or its time is over. */
MUST_USE enum status signup_find(struct cx *cx, struct store *st, const char *token,
				 struct signup *out);

/* Makes the user, active, and takes the signup away.  NOT_FOUND: it was used, or the address has
 * an account by now. */
MUST_USE enum status signup_confirm(struct cx *cx, struct store *st, struct signup *v,
				    const struct audit *by, struct user *out);

#endif
