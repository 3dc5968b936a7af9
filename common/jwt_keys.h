/* SPDX-License-Identifier: Apache-2.0 */
/* jwt_keys.h - the insides of key rings, for jwt.c and jwt_keys.c alone. */
#ifndef COMMON_JWT_KEYS_H
#define COMMON_JWT_KEYS_H

#include <openssl/evp.h>

#include "common/jwt.h"

struct jwt_key {
	const char *kid;
	const char *x, *y; /* base64url of the point's 32-byte coordinates */
	EVP_PKEY *key;
};

struct jwt_keys {
	size_t n;
	struct jwt_key keys[JWT_MAX_KEYS];
};

struct jwt_signer {
	const char *kid;
	EVP_PKEY *key;
};

/* NULL where there is none of that name. */
EVP_PKEY *jwt_keys_find(const struct jwt_keys *keys, const char *kid);

#endif
