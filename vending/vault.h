/* SPDX-License-Identifier: Apache-2.0 */
/* vault.h - short-lived secrets, kept until they are of no more use, shared by one user's processes. */
#ifndef VENDING_VAULT_H
#define VENDING_VAULT_H

#include "common/seal.h"

/*
 * A folder, mode 0700: a sealed file a secret, named by a keyed hash of its key,
 * and bound to that name.  Without a folder or without a seal: a few dozen
 * secrets in the process's own memory.
 */
struct vault;

/* INVALID where the folder is not this user's alone.  `seal` outlives it. */
MUST_USE enum status vault_open(struct cx *cx, const char *folder, struct seal *seal,
				struct vault **out);
void vault_close(struct vault *v);

/* The secret under that key, or NULL: none, or its time is over. */
const char *vault_get(struct cx *cx, struct vault *v, const char *key);

/* Keeps it until then; failing to is no failure.  Files whose time is over go now and then. */
void vault_put(struct cx *cx, struct vault *v, const char *key, const char *secret,
	       int64_t until_ms);

#endif
