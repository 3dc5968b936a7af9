/* SPDX-License-Identifier: Apache-2.0 */
/* jwks.c - the keys of other issuers.  Source: RFC 7517, RFC 7518 6.3, RFC 8037. */
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "common/jwt_keys.h"
#include "common/text.h"

#define ED25519_BYTES 32
#define RSA_MIN_BITS 2048
#define RSA_MAX_BITS 8192 /* a larger one would cost more than a request is worth */

static void free_key(void *key)
{
	EVP_PKEY_free(key);
}

static BIGNUM *number_of(struct cx *cx, struct json_object *jwk, const char *name)
{
	const char *text = json_text(jwk, name);
	unsigned char *bytes;
	size_t n;

	if (!text || text_unbase64(cx, text, strlen(text), &bytes, &n) || n > RSA_MAX_BITS / 8)
		return NULL;
	return BN_bin2bn(bytes, (int)n, NULL);
}

static EVP_PKEY *key_of_params(OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *rsa_of(BIGNUM *n, BIGNUM *e)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	if (params)
		key = key_of_params(params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	return key;
}

/* A public exponent of 1 would make every signature right. */
static EVP_PKEY *read_rsa(struct cx *cx, struct json_object *jwk)
{
	BIGNUM *n = number_of(cx, jwk, "n"), *e = number_of(cx, jwk, "e");
	EVP_PKEY *key = NULL;

	if (n && e && BN_num_bits(n) >= RSA_MIN_BITS && BN_num_bits(n) <= RSA_MAX_BITS &&
	    BN_is_odd(e) && !BN_is_one(e) && BN_num_bits(e) <= 32)
		key = rsa_of(n, e);
	BN_free(n);
	BN_free(e);
	return key;
}

static EVP_PKEY *read_ed25519(struct cx *cx, struct json_object *jwk)
{
	const char *text = json_text(jwk, "x");
	unsigned char *bytes;
	size_t n;

	if (!text_same(json_text(jwk, "crv"), "Ed25519") || !text ||
	    text_unbase64(cx, text, strlen(text), &bytes, &n) || n != ED25519_BYTES)
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, n);
}

static bool for_signatures(struct json_object *jwk, const char *algorithm)
{
	const char *use = json_text(jwk, "use"), *alg = json_text(jwk, "alg");

	return (!use || strcmp(use, "sig") == 0) && (!alg || strcmp(alg, algorithm) == 0);
}

static bool read_foreign(struct cx *cx, struct json_object *jwk, struct jwt_key *out)
{
	const char *type, *kid;

	if (!json_object_is_type(jwk, json_type_object))
		return false;
	type = json_text(jwk, "kty");
	kid = json_text(jwk, "kid");
	if (!type || !kid)
		return false;
	*out = (struct jwt_key){ .kid = cx_strdup(cx, kid) };
	if (strcmp(type, "EC") == 0)
		return for_signatures(jwk, "ES256") && jwt_key_read(cx, jwk, out);
	if (strcmp(type, "RSA") == 0 && for_signatures(jwk, "RS256")) {
		out->algorithm = RS256;
		out->key = read_rsa(cx, jwk);
	} else if (strcmp(type, "OKP") == 0 && for_signatures(jwk, "EdDSA")) {
		out->algorithm = EDDSA;
		out->key = read_ed25519(cx, jwk);
	}
	if (out->key)
		cx_own(cx, out->key, free_key);
	return out->key != NULL;
}

enum status jwt_keys_foreign(struct cx *cx, const char *text, size_t n, const char *what,
			     struct jwt_keys **out)
{
	struct jwt_keys *keys = CX_NEW(cx, struct jwt_keys);
	struct json_object *v, *list;

	if (json_parse(cx, text, n, 8, &v) || json_get_array(cx, v, "", "keys", &list))
		return fail(cx, INVALID, "%s is no JWKS: %s", what, cx->message);
	keys->keys = cx_array(cx, JWT_MAX_FOREIGN, sizeof(keys->keys[0]));
	for (size_t i = 0; i < json_object_array_length(list) && keys->n < JWT_MAX_FOREIGN; i++)
		if (read_foreign(cx, json_object_array_get_idx(list, i), &keys->keys[keys->n]))
			keys->n++;
	if (!keys->n)
		return fail(cx, INVALID, "%s holds no key that tokens are verified by here", what);
	*out = keys;
	return OK;
}
