/* SPDX-License-Identifier: Apache-2.0 */
/* test_jwks.c - tokens of other issuers: what verifies, and every hostile one that must not. */
#include "common/jwt.h"

#include "common/hmac.h"
#include "tests/unit/foreign.h"

#define NOW_MS INT64_C(1800000000000)
#define GOOD "{\"iss\":\"https://idp\",\"aud\":\"us\",\"sub\":\"u\",\"exp\":1800000060}"

static struct cx cx;
static struct foreign_key rsa = { "r", "RS256", NULL }, ec = { "e", "ES256", NULL },
			  ed = { "d", "EdDSA", NULL }, other = { "r", "RS256", NULL };
static struct jwt_keys *keys;

static void setup(void)
{
	const char *jwks;

	rsa.key = foreign_make("RS256", 2048);
	other.key = foreign_make("RS256", 2048);
	ec.key = foreign_make("ES256", 0);
	ed.key = foreign_make("EdDSA", 0);
	jwks = cx_printf(&cx,
			 "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"o\",\"k\":\"AAAA\"},1,%s,%s,%s]}",
			 foreign_jwk(&cx, &rsa), foreign_jwk(&cx, &ec), foreign_jwk(&cx, &ed));
	ck_assert_msg(jwt_keys_foreign(&cx, jwks, strlen(jwks), "test", &keys) == OK, "%s",
		      cx.message);
}

static void teardown(void)
{
	EVP_PKEY_free(rsa.key);
	EVP_PKEY_free(other.key);
	EVP_PKEY_free(ec.key);
	EVP_PKEY_free(ed.key);
	cx_free(&cx);
}

static enum status verify(const char *token)
{
	const struct jwt_expected expected = { "https://idp", "us", NOW_MS };
	struct json_object *claims;

	return jwt_verify(&cx, keys, token, &expected, &claims);
}

static void refuses(const char *token, const char *why)
{
	ck_assert_msg(verify(token) == UNAUTHENTICATED, "%s was let in", why);
	ck_assert_msg(strstr(cx.message, why) != NULL, "%s: %s", why, cx.message);
}

START_TEST(three_algorithms_verify)
{
	const struct foreign_key *all[] = { &rsa, &ec, &ed };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const char *token = foreign_token(&cx, all[i], GOOD);
		char *changed = cx_strdup(&cx, token);

		ck_assert_msg(verify(token) == OK, "%s: %s", all[i]->alg, cx.message);
		changed[strlen(changed) - 10] ^= 1;
		refuses(changed, "its signature is wrong");
	}
	ck_assert_int_eq(
		verify(foreign_sign(&cx, &rsa,
				    "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"at+jwt\"}", GOOD)),
		OK);
	ck_assert_int_eq(verify(foreign_sign(&cx, &rsa, "{\"alg\":\"RS256\",\"kid\":\"r\"}", GOOD)),
			 OK);
}
END_TEST

static const struct {
	const char *header, *why;
} headers[] = {
	{ "{\"alg\":\"none\",\"kid\":\"r\"}", "algorithm" },
	{ "{\"alg\":\"None\",\"kid\":\"r\"}", "algorithm" },
	{ "{\"alg\":\"\",\"kid\":\"r\"}", "algorithm" },
	{ "{\"kid\":\"r\"}", "algorithm" },
	{ "{\"alg\":\"HS256\",\"kid\":\"r\"}", "algorithm" },
	{ "{\"alg\":\"ES256\",\"kid\":\"r\"}", "algorithm" },
	{ "{\"alg\":\"PS256\",\"kid\":\"r\"}", "algorithm" },
	{ "{\"alg\":\"RS256\",\"kid\":\"e\"}", "algorithm" },
	{ "{\"alg\":\"RS256\"}", "key" },
	{ "{\"alg\":\"RS256\",\"kid\":\"unknown\"}", "key" },
	{ "{\"alg\":\"RS256\",\"kid\":1}", "key" },
	{ "{\"alg\":\"HS256\",\"kid\":\"o\"}", "key" },
	{ "{\"alg\":\"RS256\",\"kid\":\"d\"}", "algorithm" },
	{ "{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[\"exp\"]}", "critical" },
	{ "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"logout+jwt\"}", "type" },
	{ "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":1}", "type" },
	{ "{\"alg\":\"RS256\",\"kid\":\"r\",\"jwk\":{},\"jku\":\"https://evil\",\"typ\":\"x\"}",
	  "type" },
};

START_TEST(headers_that_lie)
{
	refuses(foreign_sign(&cx, &rsa, headers[_i].header, GOOD), headers[_i].why);
}
END_TEST

static const struct {
	const char *claims, *why;
} claims[] = {
	{ "{\"iss\":\"https://evil\",\"aud\":\"us\",\"exp\":1800000060}", "issuer" },
	{ "{\"iss\":\"https://idp/\",\"aud\":\"us\",\"exp\":1800000060}", "issuer" },
	{ "{\"aud\":\"us\",\"exp\":1800000060}", "issuer" },
	{ "{\"iss\":\"https://idp\",\"aud\":\"them\",\"exp\":1800000060}", "audience" },
	{ "{\"iss\":\"https://idp\",\"exp\":1800000060}", "audience" },
	{ "{\"iss\":\"https://idp\",\"aud\":\"us\"}", "expires" },
	{ "{\"iss\":\"https://idp\",\"aud\":\"us\",\"exp\":1799999900}", "expired" },
	{ "{\"iss\":\"https://idp\",\"aud\":\"us\",\"exp\":1800000060,\"nbf\":1800000050}",
	  "not valid yet" },
};

START_TEST(claims_that_do_not_hold)
{
	refuses(foreign_token(&cx, &ed, claims[_i].claims), claims[_i].why);
}
END_TEST

/* The classic: the public key's own text as the secret of an HMAC. */
START_TEST(an_hmac_by_the_public_key)
{
	const char *header = "{\"alg\":\"HS256\",\"kid\":\"r\",\"typ\":\"JWT\"}";
	const char *secret = foreign_jwk(&cx, &rsa);
	const char *body = cx_printf(&cx, "%s.%s", text_base64url(&cx, header, strlen(header)),
				     text_base64url(&cx, GOOD, strlen(GOOD)));
	unsigned char mac[SHA256_BYTES];

	hmac_sha256(secret, strlen(secret), body, strlen(body), mac);
	refuses(cx_printf(&cx, "%s.%s", body, text_base64url(&cx, mac, sizeof(mac))), "algorithm");
	refuses(cx_printf(&cx, "%s.", body), "algorithm");
}
END_TEST

START_TEST(another_issuers_key_of_the_same_name)
{
	refuses(foreign_token(&cx, &other, GOOD), "its signature is wrong");
}
END_TEST

/* JWKS entries nothing may be verified by. */
static const char *const bad_keys[] = {
	"{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
	"{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"$N\",\"e\":\"AQ\"}",
	"{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"$N\",\"e\":\"Ag\"}",
	"{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"$N\"}",
	"{\"kty\":\"RSA\",\"n\":\"$N\",\"e\":\"AQAB\"}",
	"{\"kty\":\"RSA\",\"kid\":\"k\",\"use\":\"enc\",\"n\":\"$N\",\"e\":\"AQAB\"}",
	"{\"kty\":\"RSA\",\"kid\":\"k\",\"alg\":\"RS512\",\"n\":\"$N\",\"e\":\"AQAB\"}",
	"{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"!\",\"e\":\"AQAB\"}",
	"{\"kty\":\"OKP\",\"kid\":\"k\",\"crv\":\"X25519\",\"x\":"
	"\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
	"{\"kty\":\"OKP\",\"kid\":\"k\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}",
	"{\"kty\":\"EC\",\"kid\":\"k\",\"crv\":\"P-384\",\"x\":\"AAAA\",\"y\":\"AAAA\"}",
	"{\"kty\":\"oct\",\"kid\":\"k\",\"k\":\"AAAA\"}",
	"{}",
	"[]",
};

START_TEST(keys_nothing_is_verified_by)
{
	const char *n = foreign_number(&cx, rsa.key, OSSL_PKEY_PARAM_RSA_N);
	const char *at = strstr(bad_keys[_i], "$N"), *text = bad_keys[_i];
	struct jwt_keys *none;

	if (at)
		text = cx_printf(&cx, "%.*s%s%s", (int)(at - text), text, n, at + 2);
	text = cx_printf(&cx, "{\"keys\":[%s]}", text);
	ck_assert_msg(jwt_keys_foreign(&cx, text, strlen(text), "test", &none) == INVALID, "%s",
		      text);
}
END_TEST

START_TEST(more_keys_than_are_looked_at)
{
	struct text t = text_open(&cx, 1 << 20);
	struct jwt_keys *many;

	text_add(&t, "{\"keys\":[");
	for (int i = 0; i < 1000; i++) {
		struct foreign_key k = { cx_printf(&cx, "k%d", i), "EdDSA", ed.key };

		text_addf(&t, "%s%s", i ? "," : "", foreign_jwk(&cx, &k));
	}
	text_add(&t, "]}");
	ck_assert_int_eq(jwt_keys_foreign(&cx, t.s, t.len, "test", &many), OK);
	ck_assert(jwt_keys_know(many, "k0") && !jwt_keys_know(many, "k999"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("jwks");
	TCase *tc = tcase_create("jwks");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, three_algorithms_verify);
	tcase_add_loop_test(tc, headers_that_lie, 0, (int)ARRAY_SIZE(headers));
	tcase_add_loop_test(tc, claims_that_do_not_hold, 0, (int)ARRAY_SIZE(claims));
	tcase_add_test(tc, an_hmac_by_the_public_key);
	tcase_add_test(tc, another_issuers_key_of_the_same_name);
	tcase_add_loop_test(tc, keys_nothing_is_verified_by, 0, (int)ARRAY_SIZE(bad_keys));
	tcase_add_test(tc, more_keys_than_are_looked_at);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
