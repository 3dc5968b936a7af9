/* SPDX-License-Identifier: Apache-2.0 */
/* password.h - passwords as scrypt hashes, a bounded number at once.  Source: RFC 7914. */
#ifndef COMMON_PASSWORD_H
#define COMMON_PASSWORD_H

#include "common/cx.h"

/* One hash takes 32 MiB and about 100 ms: who may try at will could fill a machine. */
struct password_limit {
	const char *folder; /* where processes see each other's slots; NULL = no limit */
	int64_t slots;	    /* so many hashes at once on this machine */
};

/* INVALID: fewer than 8 characters, more than 1,024 bytes, or a word that stands in
 * every manual ("changeme"). */
MUST_USE enum status password_rule(struct cx *cx, const char *password);

/* "$scrypt$ln=15,r=8,p=1$<salt>$<hash>", base64 without padding.  LIMITED: no slot is free. */
MUST_USE enum status password_hash(struct cx *cx, const struct password_limit *limit,
				   const char *password, const char **out);

/*
 * OK: the password is the encoded hash's.  UNAUTHENTICATED.  LIMITED.  INTERNAL:
 * not a hash of ours.  NULL `encoded` (no such user) takes as long and is UNAUTHENTICATED.
 */
MUST_USE enum status password_verify(struct cx *cx, const struct password_limit *limit,
				     const char *password, const char *encoded);

#endif
