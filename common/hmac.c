/* SPDX-License-Identifier: Apache-2.0 */
/* hmac.c - SHA-256 and HMAC-SHA-256 by OpenSSL. */
#include "common/hmac.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/text.h"

void sha256(const void *bytes, size_t n, unsigned char out[SHA256_BYTES])
{
	if (!EVP_Digest(n ? bytes : "", n, out, NULL, EVP_sha256(), NULL))
		abort();
}

char *sha256_hex(struct cx *cx, const void *bytes, size_t n)
{
	unsigned char digest[SHA256_BYTES];

	sha256(bytes, n, digest);
	return text_hex(cx, digest, sizeof(digest));
}

void hmac_sha256(const void *key, size_t key_n, const void *bytes, size_t n,
		 unsigned char out[SHA256_BYTES])
{
	if (key_n > INT_MAX || !HMAC(EVP_sha256(), key_n ? key : "", (int)key_n,
				     n ? bytes : (const void *)"", n, out, NULL))
		abort();
}
