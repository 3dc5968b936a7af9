/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_jwt.c - any bytes as a token or as a set of keys: nothing that was not signed verifies. */
#include "common/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The key of RFC 7515's example A.3: nobody here has its private half. */
static const char ring[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a3\","
			   "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
			   "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct jwt_expected expected = { .issuer = "pangolin", .audience = "pangolin" };
	struct cx cx = { 0 };
	const char *text = cx_strndup(&cx, (const char *)data, size), *kid;
	struct json_object *claims;
	struct jwt_keys *keys, *other;

	if (jwt_keys_parse(&cx, ring, strlen(ring), "ring", &keys))
		abort();
	if (jwt_verify(&cx, keys, text, &expected, &claims) != UNAUTHENTICATED)
		abort();
	if (jwt_kid(&cx, text, &kid) == OK && !*text)
		abort();
	if (jwt_keys_parse(&cx, text, size, "input", &other) == OK &&
	    jwt_verify(&cx, other, text, &expected, &claims) != UNAUTHENTICATED)
		abort();
	if (jwt_keys_foreign(&cx, text, size, "input", &other) == OK &&
	    jwt_verify(&cx, other, text, &expected, &claims) != UNAUTHENTICATED)
		abort();
	cx_free(&cx);
	return 0;
}
