/* SPDX-License-Identifier: Apache-2.0 */
/* jwt_keys.h - the insides of key rings, for jwt.c, jwt_keys.c and jwks.c alone. */
#ifndef COMMON_JWT_KEYS_H
#define COMMON_JWT_KEYS_H

#include <openssl/evp.h>

#include "common/jwt.h"

/* What a key signs with: the key says so, never the token. */
enum jwt_algorithm { ES256, RS256, EDDSA };

#define JWT_COORDINATE 32 /* bytes of one of a P-256 point's two */

struct jwt_key {
	const char *kid;
	enum jwt_algorithm algorithm;
	const char *x, *y; /* of P-256: base64url of the point's 32-byte coordinates */
	EVP_PKEY *key;
};

struct jwt_keys {
	size_t n;
	struct jwt_key *keys;
};

struct jwt_signer {
	const char *kid;
	EVP_PKEY *key;
};

/* NULL where there is none of that name. */
const struct jwt_key *jwt_keys_find(const struct jwt_keys *keys, const char *kid);

/* The key goes with the context. */
void jwt_key_own(struct cx *cx, EVP_PKEY *key);

#endif
