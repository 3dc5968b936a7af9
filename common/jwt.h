/* SPDX-License-Identifier: Apache-2.0 */
/* jwt.h - signed tokens, by keys that have names; ours are ES256 alone.  Source: RFC 7515, 7517, 7518, 7519, 7638. */
#ifndef COMMON_JWT_H
#define COMMON_JWT_H

#include "common/json.h"

/*
 * The keys that tokens are verified by: a JWKS file of P-256 public keys, newest
 * first.  Private keys stand in a PEM file of their own; a key's `kid` is its RFC
 * 7638 thumbprint.
 */
struct jwt_keys;
struct jwt_signer;

#define JWT_PRIVATE_FILE "identity.pem"
#define JWT_PUBLIC_FILE "identity.pub.json"
#define JWT_MAX_KEYS 8

/*
 * Makes a key: writes its public half to the front of <folder>/identity.pub.json,
 * then <folder>/identity.pem (mode 0400).  EXISTS: there is a key already and
 * `rotate` is false; with `rotate` tokens of the keys before stay valid until
 * they expire.  INVALID: the folder can't be written.
 */
MUST_USE enum status jwt_keys_create(struct cx *cx, const char *folder, bool rotate);

/* Reads a JWKS file; keys live as long as the context.  INVALID: no such file, or
 * not one P-256 key for signatures with a kid in it. */
MUST_USE enum status jwt_keys_read(struct cx *cx, const char *path, struct jwt_keys **out);

/* The same from text; `what` names it in messages. */
MUST_USE enum status jwt_keys_parse(struct cx *cx, const char *text, size_t n, const char *what,
				    struct jwt_keys **out);

/*
 * The keys of another issuer, of its JWKS: P-256 (ES256), RSA of 2,048 to 8,192 bits
 * (RS256) and Ed25519 (EdDSA) that have a kid and are for signatures; at most
 * JWT_MAX_FOREIGN, and others are passed over.  INVALID: none of those in it.
 */
#define JWT_MAX_FOREIGN 32
MUST_USE enum status jwt_keys_foreign(struct cx *cx, const char *text, size_t n, const char *what,
				      struct jwt_keys **out);

/* Our keys as a JWKS: {"keys":[...]}. */
struct json_object *jwt_keys_json(struct cx *cx, const struct jwt_keys *keys);

/* True where a key of that name is among them. */
bool jwt_keys_know(const struct jwt_keys *keys, const char *kid);

/* Reads a private key.  INVALID: no such file, one that others may read, or no
 * P-256 private key. */
MUST_USE enum status jwt_signer_read(struct cx *cx, const char *path, struct jwt_signer **out);
const char *jwt_signer_kid(const struct jwt_signer *signer);

/* The compact form of `claims`, signed. */
MUST_USE enum status jwt_sign(struct cx *cx, const struct jwt_signer *signer,
			      struct json_object *claims, const char **out);

/* What a token must say; times are checked with 30 s of skew. */
struct jwt_expected {
	const char *issuer, *audience;
	int64_t now_ms;
};

/* The key a token says it was signed with, unverified; INVALID. */
MUST_USE enum status jwt_kid(struct cx *cx, const char *token, const char **out);

/* What a token claims, unverified: to find out who could verify it; INVALID. */
MUST_USE enum status jwt_claims(struct cx *cx, const char *token, struct json_object **out);

/*
 * Takes a token apart and verifies it.  UNAUTHENTICATED, saying what is wrong: its
 * form, a critical header, a typ that is no bearer token's, no or an unknown kid, an
 * alg that is not the key's, the signature, iss, aud, exp (which must be there), nbf,
 * iat, or more than 16 KiB.
 */
MUST_USE enum status jwt_verify(struct cx *cx, const struct jwt_keys *keys, const char *token,
				const struct jwt_expected *expected, struct json_object **claims);

#endif
