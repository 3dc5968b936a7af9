/* SPDX-License-Identifier: Apache-2.0 */
/* jwt.c - signing and verifying tokens. */
#include "common/jwt.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <strings.h>

#include "common/jwt_keys.h"
#include "common/text.h"

#define MAX_TOKEN_BYTES 16384
#define SKEW_S 30
#define HALF 32 /* bytes of each of a P-256 signature's two numbers */

/* --- signatures ------------------------------------------------------------- */

/* RFC 7518 has r and s as 32 bytes each, OpenSSL has them as DER. */
static bool raw_of_der(const unsigned char *der, size_t n, unsigned char raw[2 * HALF])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, HALF) == HALF &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + HALF, HALF) == HALF;

	ECDSA_SIG_free(sig);
	return ok;
}

static unsigned char *der_of_raw(struct cx *cx, const unsigned char raw[2 * HALF], size_t *n)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	unsigned char *der = cx_alloc(cx, 2 * HALF + 16), *end = der;
	BIGNUM *r = BN_bin2bn(raw, HALF, NULL), *s = BN_bin2bn(raw + HALF, HALF, NULL);
	int len = 0;

	if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
		len = i2d_ECDSA_SIG(sig, &end);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(sig);
	*n = len > 0 ? (size_t)len : 0;
	return der;
}

static bool digest_verifies(EVP_PKEY *key, const EVP_MD *digest, const char *signed_part, size_t n,
			    const unsigned char *signature, size_t len)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok = md && EVP_DigestVerifyInit(md, NULL, digest, NULL, key) == 1 &&
		  EVP_DigestVerify(md, signature, len, (const unsigned char *)signed_part, n) == 1;

	EVP_MD_CTX_free(md);
	return ok;
}

static bool signature_holds(struct cx *cx, const struct jwt_key *key, const char *signed_part,
			    size_t n, const unsigned char *signature, size_t len)
{
	if (key->algorithm == EDDSA)
		return digest_verifies(key->key, NULL, signed_part, n, signature, len);
	if (key->algorithm == ES256) {
		if (len != (size_t)2 * HALF)
			return false;
		signature = der_of_raw(cx, signature, &len);
	}
	return len && digest_verifies(key->key, EVP_sha256(), signed_part, n, signature, len);
}

static bool sign_bytes(EVP_PKEY *key, const char *bytes, size_t n, unsigned char raw[2 * HALF])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char der[2 * HALF + 16];
	size_t len = sizeof(der);
	bool ok = md && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) == 1 &&
		  EVP_DigestSign(md, der, &len, (const unsigned char *)bytes, n) == 1 &&
		  raw_of_der(der, len, raw);

	EVP_MD_CTX_free(md);
	return ok;
}

enum status jwt_sign(struct cx *cx, const struct jwt_signer *signer, struct json_object *claims,
		     const char **out)
{
	struct json_object *header = json_new_object(cx);
	unsigned char raw[2 * HALF];
	const char *h, *c, *body;
	size_t h_len, c_len;

	json_set_text(header, "alg", "ES256");
	json_set_text(header, "kid", signer->kid);
	json_set_text(header, "typ", "JWT");
	h = json_print(cx, header, &h_len);
	c = json_print(cx, claims, &c_len);
	body = cx_printf(cx, "%s.%s", text_base64url(cx, h, h_len), text_base64url(cx, c, c_len));
	if (!sign_bytes(signer->key, body, strlen(body), raw))
		return fail(cx, INTERNAL, "a token could not be signed");
	*out = cx_printf(cx, "%s.%s", body, text_base64url(cx, raw, sizeof(raw)));
	return OK;
}

/* --- the three parts -------------------------------------------------------- */

struct token_parts {
	const char *header, *claims, *signature; /* base64url; each ends at a dot or the end */
	size_t header_len, claims_len, signature_len;
};

static enum status refuse(struct cx *cx, const char *why)
{
	return fail(cx, UNAUTHENTICATED, "the token is not valid: %s", why);
}

static enum status split(struct cx *cx, const char *token, struct token_parts *p)
{
	const char *dot1, *dot2;

	if (strnlen(token, MAX_TOKEN_BYTES + 1) > MAX_TOKEN_BYTES)
		return refuse(cx, "it is too long");
	dot1 = strchr(token, '.');
	dot2 = dot1 ? strchr(dot1 + 1, '.') : NULL;
	if (!dot2 || strchr(dot2 + 1, '.'))
		return refuse(cx, "it has not three parts");
	*p = (struct token_parts){
		.header = token,
		.header_len = (size_t)(dot1 - token),
		.claims = dot1 + 1,
		.claims_len = (size_t)(dot2 - dot1 - 1),
		.signature = dot2 + 1,
		.signature_len = strlen(dot2 + 1),
	};
	return OK;
}

static enum status part_json(struct cx *cx, const char *part, size_t n, struct json_object **out)
{
	unsigned char *bytes;
	size_t len;

	if (text_unbase64(cx, part, n, &bytes, &len) ||
	    json_parse(cx, (const char *)bytes, len, 8, out) ||
	    !json_object_is_type(*out, json_type_object))
		return refuse(cx, "a part is no JSON object");
	return OK;
}

enum status jwt_kid(struct cx *cx, const char *token, const char **out)
{
	struct json_object *header;
	struct token_parts p;

	if (split(cx, token, &p) || part_json(cx, p.header, p.header_len, &header))
		return fail(cx, INVALID, "this is no token");
	*out = json_text(header, "kid");
	return *out ? OK : fail(cx, INVALID, "the token names no key");
}

enum status jwt_claims(struct cx *cx, const char *token, struct json_object **out)
{
	struct token_parts p;

	if (split(cx, token, &p) || part_json(cx, p.claims, p.claims_len, out))
		return fail(cx, INVALID, "this is no token");
	return OK;
}

/* RFC 8725, 3.11: other kinds of tokens, such as logout tokens, are no credential. */
static bool type_is_bearers(struct json_object *header)
{
	static const char *const types[] = { "JWT", "at+jwt", "application/at+jwt" };
	const char *type = json_text(header, "typ");

	for (size_t i = 0; type && i < ARRAY_SIZE(types); i++)
		if (strcasecmp(type, types[i]) == 0)
			return true;
	return !json_has(header, "typ");
}

static enum status check_header(struct cx *cx, const struct jwt_keys *keys,
				struct json_object *header, const struct jwt_key **key)
{
	static const char *const names[] = {
		[ES256] = "ES256", [RS256] = "RS256", [EDDSA] = "EdDSA"
	};
	const char *kid = json_text(header, "kid");

	if (json_has(header, "crit"))
		return refuse(cx, "it has a critical header");
	if (!type_is_bearers(header))
		return refuse(cx, "it is not of a type that is a credential");
	*key = kid ? jwt_keys_find(keys, kid) : NULL;
	if (!*key)
		return refuse(cx, "its key is not known here");
	if (!text_same(json_text(header, "alg"), names[(*key)->algorithm]))
		return refuse(cx, "its algorithm is not its key's");
	return OK;
}

/* --- claims ----------------------------------------------------------------- */

/* RFC 7519: one text, or an array of which one is enough. */
static bool audience_holds(struct json_object *claims, const char *audience)
{
	struct json_object *aud = json_member(claims, "aud");

	if (!json_object_is_type(aud, json_type_array))
		return text_same(json_text(claims, "aud"), audience);
	for (size_t i = 0; i < json_object_array_length(aud); i++) {
		struct json_object *v = json_object_array_get_idx(aud, i);

		if (json_object_is_type(v, json_type_string) &&
		    strcmp(json_object_get_string(v), audience) == 0)
			return true;
	}
	return false;
}

/* Times are whole seconds since 1970; INVALID ones are refused, absent ones are `other`. */
static enum status claim_time(struct cx *cx, struct json_object *claims, const char *name,
			      int64_t other, int64_t *out)
{
	*out = other;
	if (json_opt_int(cx, claims, "", name, out) || *out < 0 || *out > INT64_MAX / 2000)
		return refuse(cx, "one of its times is no number of seconds");
	return OK;
}

static enum status check_claims(struct cx *cx, struct json_object *claims,
				const struct jwt_expected *e)
{
	int64_t now = e->now_ms / 1000, exp, nbf, iat;

	if (!text_same(json_text(claims, "iss"), e->issuer))
		return refuse(cx, "it is another issuer's");
	if (!audience_holds(claims, e->audience))
		return refuse(cx, "it is meant for another audience");
	if (claim_time(cx, claims, "exp", 0, &exp) || claim_time(cx, claims, "nbf", 0, &nbf) ||
	    claim_time(cx, claims, "iat", 0, &iat))
		return UNAUTHENTICATED;
	if (exp + SKEW_S <= now)
		return refuse(cx, exp ? "it has expired" : "it never expires");
	if (nbf - SKEW_S > now || iat - SKEW_S > now)
		return refuse(cx, "it is not valid yet");
	return OK;
}

enum status jwt_verify(struct cx *cx, const struct jwt_keys *keys, const char *token,
		       const struct jwt_expected *expected, struct json_object **claims)
{
	const struct jwt_key *key = NULL;
	struct json_object *header;
	struct token_parts p;
	unsigned char *raw;
	enum status s;
	size_t n;

	s = split(cx, token, &p);
	if (!s)
		s = part_json(cx, p.header, p.header_len, &header);
	if (!s)
		s = check_header(cx, keys, header, &key);
	if (s)
		return s;
	if (text_unbase64(cx, p.signature, p.signature_len, &raw, &n) ||
	    !signature_holds(cx, key, p.header, p.header_len + 1 + p.claims_len, raw, n))
		return refuse(cx, "its signature is wrong");
	s = part_json(cx, p.claims, p.claims_len, claims);
	return s ? s : check_claims(cx, *claims, expected);
}
