/* SPDX-License-Identifier: Apache-2.0 */
/* jwks.c - public keys out of JWKs, ours and other issuers'.  Source: RFC 7517, RFC 7518 6.2 and 6.3, RFC 8037. */
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

void jwt_key_own(struct cx *cx, EVP_PKEY *key)
{
	cx_own(cx, key, free_key);
}

static EVP_PKEY *key_of_params(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* --- P-256 ------------------------------------------------------------------------- */

static EVP_PKEY *key_of_point(unsigned char *point, size_t n)
{
	char group[] = "prime256v1";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, n),
		OSSL_PARAM_construct_end(),
	};

	return key_of_params("EC", params);
}

static bool read_coordinate(struct cx *cx, const char *text, unsigned char out[JWT_COORDINATE])
{
	unsigned char *bytes;
	size_t n;

	if (!text || text_unbase64(cx, text, strlen(text), &bytes, &n) || n != JWT_COORDINATE)
		return false;
	memcpy(out, bytes, JWT_COORDINATE);
	return true;
}

static EVP_PKEY *read_p256(struct cx *cx, struct json_object *jwk, struct jwt_key *out)
{
	unsigned char point[1 + 2 * JWT_COORDINATE] = { 4 };

	out->x = cx_strdup(cx, json_text(jwk, "x"));
	out->y = cx_strdup(cx, json_text(jwk, "y"));
	if (!text_same(json_text(jwk, "crv"), "P-256") || !read_coordinate(cx, out->x, point + 1) ||
	    !read_coordinate(cx, out->y, point + 1 + JWT_COORDINATE))
		return NULL;
	return key_of_point(point, sizeof(point));
}

/* --- RSA and Ed25519 ------------------------------------------------------------------- */

static BIGNUM *number_of(struct cx *cx, struct json_object *jwk, const char *name)
{
	const char *text = json_text(jwk, name);
	unsigned char *bytes;
	size_t n;

	if (!text || text_unbase64(cx, text, strlen(text), &bytes, &n) || n > RSA_MAX_BITS / 8)
		return NULL;
	return BN_bin2bn(bytes, (int)n, NULL);
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
		key = key_of_params("RSA", params);
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

/* --- sets ---------------------------------------------------------------------------- */

static bool for_signatures(struct json_object *jwk, const char *algorithm)
{
	const char *use = json_text(jwk, "use"), *alg = json_text(jwk, "alg");

	return (!use || strcmp(use, "sig") == 0) && (!alg || strcmp(alg, algorithm) == 0);
}

/* `p256`: no other keys are read.  False for one that is passed over. */
static bool read_key(struct cx *cx, struct json_object *jwk, bool p256, struct jwt_key *out)
{
	const char *type, *kid;

	if (!json_object_is_type(jwk, json_type_object))
		return false;
	type = json_text(jwk, "kty");
	kid = json_text(jwk, "kid");
	if (!type || !kid)
		return false;
	*out = (struct jwt_key){ .kid = cx_strdup(cx, kid) };
	if (strcmp(type, "EC") == 0 && for_signatures(jwk, "ES256")) {
		out->algorithm = ES256;
		out->key = read_p256(cx, jwk, out);
	} else if (!p256 && strcmp(type, "RSA") == 0 && for_signatures(jwk, "RS256")) {
		out->algorithm = RS256;
		out->key = read_rsa(cx, jwk);
	} else if (!p256 && strcmp(type, "OKP") == 0 && for_signatures(jwk, "EdDSA")) {
		out->algorithm = EDDSA;
		out->key = read_ed25519(cx, jwk);
	}
	if (out->key)
		jwt_key_own(cx, out->key);
	return out->key != NULL;
}

static enum status read_set(struct cx *cx, const char *text, size_t n, const char *what, bool p256,
			    size_t max, struct jwt_keys **out)
{
	struct jwt_keys *keys = CX_NEW(cx, struct jwt_keys);
	struct json_object *v, *list;

	if (json_parse(cx, text, n, 8, &v) || json_get_array(cx, v, "", "keys", &list))
		return fail(cx, INVALID, "%s is no JWKS: %s", what, cx->message);
	keys->keys = cx_array(cx, max, sizeof(keys->keys[0]));
	for (size_t i = 0; i < json_object_array_length(list) && keys->n < max; i++)
		if (read_key(cx, json_object_array_get_idx(list, i), p256, &keys->keys[keys->n]))
			keys->n++;
	if (!keys->n)
		return fail(cx, INVALID, "%s holds no %s", what,
			    p256 ? "P-256 key" : "key that tokens are verified by here");
	*out = keys;
	return OK;
}

enum status jwt_keys_parse(struct cx *cx, const char *text, size_t n, const char *what,
			   struct jwt_keys **out)
{
	return read_set(cx, text, n, what, true, JWT_MAX_KEYS, out);
}

enum status jwt_keys_foreign(struct cx *cx, const char *text, size_t n, const char *what,
			     struct jwt_keys **out)
{
	return read_set(cx, text, n, what, false, JWT_MAX_FOREIGN, out);
}
