/* SPDX-License-Identifier: Apache-2.0 */
/* foreign.h - another issuer's keys and tokens, good and bad; for tests. */
#ifndef TESTS_UNIT_FOREIGN_H
#define TESTS_UNIT_FOREIGN_H

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "common/json.h"
#include "common/text.h"

#include <check.h>
#undef fail

struct foreign_key {
	const char *kid, *alg;
	EVP_PKEY *key;
};

static inline EVP_PKEY *foreign_make(const char *alg, unsigned bits)
{
	if (strcmp(alg, "ES256") == 0)
		return EVP_EC_gen("P-256");
	if (strcmp(alg, "EdDSA") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return EVP_RSA_gen(bits);
}

static inline const char *foreign_number(struct cx *cx, EVP_PKEY *key, const char *param)
{
	unsigned char bytes[1024];
	BIGNUM *n = NULL;
	int len;

	ck_assert_int_eq(EVP_PKEY_get_bn_param(key, param, &n), 1);
	len = BN_bn2bin(n, bytes);
	BN_free(n);
	return text_base64url(cx, bytes, (size_t)len);
}

/* The public half as a JWK. */
static inline const char *foreign_jwk(struct cx *cx, const struct foreign_key *k)
{
	unsigned char bytes[65];
	size_t n = sizeof(bytes);

	if (strcmp(k->alg, "RS256") == 0)
		return cx_printf(cx,
				 "{\"kty\":\"RSA\",\"use\":\"sig\",\"kid\":\"%s\",\"n\":\"%s\","
				 "\"e\":\"%s\"}",
				 k->kid, foreign_number(cx, k->key, OSSL_PKEY_PARAM_RSA_N),
				 foreign_number(cx, k->key, OSSL_PKEY_PARAM_RSA_E));
	if (strcmp(k->alg, "EdDSA") == 0) {
		ck_assert_int_eq(EVP_PKEY_get_raw_public_key(k->key, bytes, &n), 1);
		return cx_printf(cx,
				 "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\"kid\":"
				 "\"%s\",\"x\":\"%s\"}",
				 k->kid, text_base64url(cx, bytes, n));
	}
	ck_assert_int_eq(EVP_PKEY_get_octet_string_param(k->key, OSSL_PKEY_PARAM_PUB_KEY, bytes,
							 sizeof(bytes), &n),
			 1);
	return cx_printf(cx,
			 "{\"kty\":\"EC\",\"crv\":\"P-256\",\"alg\":\"ES256\",\"kid\":\"%s\","
			 "\"x\":\"%s\",\"y\":\"%s\"}",
			 k->kid, text_base64url(cx, bytes + 1, 32),
			 text_base64url(cx, bytes + 33, 32));
}

/* The bytes of a signature as RFC 7518 wants them. */
static inline const char *foreign_signature(struct cx *cx, const struct foreign_key *k,
					    const char *body)
{
	const EVP_MD *digest = strcmp(k->alg, "EdDSA") == 0 ? NULL : EVP_sha256();
	unsigned char out[1024], raw[64];
	const unsigned char *der = out;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t n = sizeof(out);
	ECDSA_SIG *sig;

	ck_assert_int_eq(EVP_DigestSignInit(md, NULL, digest, NULL, k->key), 1);
	ck_assert_int_eq(EVP_DigestSign(md, out, &n, (const unsigned char *)body, strlen(body)), 1);
	EVP_MD_CTX_free(md);
	if (strcmp(k->alg, "ES256") != 0)
		return text_base64url(cx, out, n);
	sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
	ECDSA_SIG_free(sig);
	return text_base64url(cx, raw, sizeof(raw));
}

/* A token with that header, signed by that key, whatever the header says. */
static inline const char *foreign_sign(struct cx *cx, const struct foreign_key *k,
				       const char *header, const char *claims)
{
	const char *body = cx_printf(cx, "%s.%s", text_base64url(cx, header, strlen(header)),
				     text_base64url(cx, claims, strlen(claims)));

	return cx_printf(cx, "%s.%s", body, foreign_signature(cx, k, body));
}

static inline const char *foreign_token(struct cx *cx, const struct foreign_key *k,
					const char *claims)
{
	return foreign_sign(
		cx, k,
		cx_printf(cx, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", k->alg, k->kid),
		claims);
}

#endif
