/* SPDX-License-Identifier: Apache-2.0 */
/* hmac.h - SHA-256 and HMAC-SHA-256.  Source: FIPS 180-4, RFC 2104. */
#ifndef COMMON_HMAC_H
#define COMMON_HMAC_H

#include "common/cx.h"

#define SHA256_BYTES 32
#define SHA256_HEX 64 /* digits */

/* A NULL `bytes` is allowed where n is 0. */
void sha256(const void *bytes, size_t n, unsigned char out[SHA256_BYTES]);

/* 64 lower-case hex digits, in the context's memory. */
char *sha256_hex(struct cx *cx, const void *bytes, size_t n);

/* The key may have any length. */
void hmac_sha256(const void *key, size_t key_n, const void *bytes, size_t n,
		 unsigned char out[SHA256_BYTES]);

#endif
