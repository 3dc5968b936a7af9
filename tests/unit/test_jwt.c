/* SPDX-License-Identifier: Apache-2.0 */
/* test_jwt.c - keys, good tokens, and every way a token is bad. */
#include "common/jwt.c" /* its statics: the RFC's own example has no kid */

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>
#undef fail

#define NOW_MS INT64_C(1800000000000)
#define NOW_S (NOW_MS / 1000)

static struct cx cx;
static char folder[] = "/tmp/pangolin-jwt-XXXXXX";
static const char *private_path, *public_path;
static struct jwt_signer *signer;
static struct jwt_keys *keys;
static const struct jwt_expected expected = { "pangolin", "pangolin", NOW_MS };

static void setup(void)
{
	memcpy(folder, "/tmp/pangolin-jwt-XXXXXX", sizeof(folder));
	ck_assert_ptr_nonnull(mkdtemp(folder));
	private_path = cx_printf(&cx, "%s/identity.pem", folder);
	public_path = cx_printf(&cx, "%s/identity.pub.json", folder);
	ck_assert_int_eq(jwt_keys_create(&cx, folder, false), OK);
	ck_assert_int_eq(jwt_signer_read(&cx, private_path, &signer), OK);
	ck_assert_int_eq(jwt_keys_read(&cx, public_path, &keys), OK);
}

static void teardown(void)
{
	unlink(private_path);
	unlink(public_path);
	rmdir(folder);
	cx_free(&cx);
}

static struct json_object *parse(const char *text)
{
	struct json_object *v;

	ck_assert_msg(json_parse(&cx, text, strlen(text), 8, &v) == OK, "%s: %s", text, cx.message);
	return v;
}

static const char *sign_text(const char *claims)
{
	const char *token;

	ck_assert_int_eq(jwt_sign(&cx, signer, parse(claims), &token), OK);
	return token;
}

/* A token with a header of our own, signed by the right key. */
static const char *sign_with_header(const char *header, const char *claims)
{
	unsigned char raw[64];
	const char *body = cx_printf(&cx, "%s.%s", text_base64url(&cx, header, strlen(header)),
				     text_base64url(&cx, claims, strlen(claims)));

	ck_assert(sign_bytes(signer->key, body, strlen(body), raw));
	return cx_printf(&cx, "%s.%s", body, text_base64url(&cx, raw, 64));
}

#define GOOD                                                                                       \
	"{\"iss\":\"pangolin\",\"aud\":\"pangolin\",\"sub\":\"u\",\"exp\":1800000060,\"iat\":"     \
	"1800000000}"

static enum status verify(const char *token)
{
	struct json_object *claims;

	return jwt_verify(&cx, keys, token, &expected, &claims);
}

START_TEST(rfc_7515_example)
{
	static const char jwks[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a3\","
				   "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
				   "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";
	static const char body[] =
		"eyJhbGciOiJFUzI1NiJ9."
		"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
		"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
	static const char signature[] =
		"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8I"
		"SlSApmWQxfKTUJqPP3-Kg6NU1Q";
	struct jwt_keys *rfc;
	unsigned char *raw;
	size_t n;

	ck_assert_int_eq(jwt_keys_parse(&cx, jwks, strlen(jwks), "RFC", &rfc), OK);
	ck_assert_int_eq(text_unbase64(&cx, signature, strlen(signature), &raw, &n), OK);
	ck_assert_uint_eq(n, 64);
	ck_assert(signature_holds(&cx, jwt_keys_find(rfc, "a3"), body, strlen(body), raw, 64));
	raw[63] ^= 1;
	ck_assert(!signature_holds(&cx, jwt_keys_find(rfc, "a3"), body, strlen(body), raw, 64));
}
END_TEST

START_TEST(what_is_signed_verifies)
{
	struct json_object *claims;
	const char *kid;

	for (int i = 0; i < 50; i++) { /* r and s with leading zeros among them */
		const char *token =
			sign_text(cx_printf(&cx,
					    "{\"iss\":\"pangolin\",\"aud\":[\"x\",\"pangolin\"],"
					    "\"sub\":\"%d\",\"exp\":1800000060}",
					    i));

		ck_assert_msg(jwt_verify(&cx, keys, token, &expected, &claims) == OK, "%s",
			      cx.message);
		ck_assert_int_eq(atoll(json_text(claims, "sub")), i);
		ck_assert_int_eq(jwt_kid(&cx, token, &kid), OK);
		ck_assert_str_eq(kid, jwt_signer_kid(signer));
	}
}
END_TEST

static const struct {
	const char *claims, *why;
} bad_claims[] = {
	{ "{\"aud\":\"pangolin\",\"exp\":1800000060}", "issuer" },
	{ "{\"iss\":\"other\",\"aud\":\"pangolin\",\"exp\":1800000060}", "issuer" },
	{ "{\"iss\":[\"pangolin\"],\"aud\":\"pangolin\",\"exp\":1800000060}", "issuer" },
	{ "{\"iss\":\"pangolin\",\"exp\":1800000060}", "audience" },
	{ "{\"iss\":\"pangolin\",\"aud\":[],\"exp\":1800000060}", "audience" },
	{ "{\"iss\":\"pangolin\",\"aud\":[1,{}],\"exp\":1800000060}", "audience" },
	{ "{\"iss\":\"pangolin\",\"aud\":\"pangolin\"}", "never expires" },
	{ "{\"iss\":\"pangolin\",\"aud\":\"pangolin\",\"exp\":1799999970}", "expired" },
	{ "{\"iss\":\"pangolin\",\"aud\":\"pangolin\",\"exp\":0}", "never expires" },
	{ "{\"iss\":\"pangolin\",\"aud\":\"pangolin\",\"exp\":-1}", "times" },
	{ "{\"iss\":\"pangolin\",\"aud\":\"pangolin\",\"exp\":\"1800000060\"}", "times" },
	{ "{\"iss\":\"pangolin\",\"aud\":\"pangolin\",\"exp\":9223372036854775807}", "times" },
	{ "{\"iss\":\"pangolin\",\"aud\":\"pangolin\",\"exp\":1800000060,\"nbf\":1800000031}",
	  "not valid yet" },
	{ "{\"iss\":\"pangolin\",\"aud\":\"pangolin\",\"exp\":1800000060,\"iat\":1800000031}",
	  "not valid yet" },
};

START_TEST(refuses_claims)
{
	ck_assert_int_eq(verify(sign_text(bad_claims[_i].claims)), UNAUTHENTICATED);
	ck_assert_msg(strstr(cx.message, bad_claims[_i].why) != NULL, "%s", cx.message);
}
END_TEST

static const char *const just_good[] = {
	/* 30 s of skew, and not a second more */
	"{\"iss\":\"pangolin\",\"aud\":\"pangolin\",\"exp\":1799999971}",
	"{\"iss\":\"pangolin\",\"aud\":\"pangolin\",\"exp\":1800000060,\"nbf\":1800000030}",
	"{\"iss\":\"pangolin\",\"aud\":\"pangolin\",\"exp\":1800000060,\"iat\":1800000030}",
};

START_TEST(allows_skew)
{
	ck_assert_msg(verify(sign_text(just_good[_i])) == OK, "%s", cx.message);
}
END_TEST

static const struct {
	const char *header, *why;
} bad_headers[] = {
	{ "{\"alg\":\"none\",\"kid\":\"%s\"}", "algorithm" },
	{ "{\"alg\":\"HS256\",\"kid\":\"%s\"}", "algorithm" },
	{ "{\"alg\":\"RS256\",\"kid\":\"%s\"}", "algorithm" },
	{ "{\"alg\":\"es256\",\"kid\":\"%s\"}", "algorithm" },
	{ "{\"alg\":[\"ES256\"],\"kid\":\"%s\"}", "algorithm" },
	{ "{\"kid\":\"%s\"}", "algorithm" },
	{ "{\"alg\":\"ES256\",\"kid\":\"%sx\"}", "not known" },
	{ "{\"alg\":\"ES256\"}", "not known" },
	{ "{\"alg\":\"ES256\",\"kid\":{\"a\":\"%s\"}}", "not known" },
	{ "{\"alg\":\"ES256\",\"crit\":[\"exp\"],\"kid\":\"%s\"}", "critical" },
	{ "[\"%s\"]", "JSON" },
	{ "\"%s\"", "JSON" },
	{ "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"kid\":\"%s\"}", "JSON" },
};

START_TEST(refuses_headers)
{
	struct text header = text_open(&cx, 1000);
	const char *mark = strstr(bad_headers[_i].header, "%s");

	if (mark) {
		text_addn(&header, bad_headers[_i].header, (size_t)(mark - bad_headers[_i].header));
		text_add(&header, signer->kid);
		text_add(&header, mark + 2);
	} else {
		text_add(&header, bad_headers[_i].header);
	}
	ck_assert_int_eq(verify(sign_with_header(header.s, GOOD)), UNAUTHENTICATED);
	ck_assert_msg(strstr(cx.message, bad_headers[_i].why) != NULL, "%s", cx.message);
}
END_TEST

START_TEST(refuses_every_changed_byte)
{
	const char *good = sign_text(GOOD);
	size_t n = strlen(good);
	char *token = cx_strdup(&cx, good);

	ck_assert_int_eq(verify(token), OK);
	for (size_t i = 0; i < n - 1; i++) { /* the last digit of 86 has four spare bits */
		token[i] = token[i] == 'A' ? 'B' : 'A';
		if (token[i] != good[i])
			ck_assert_msg(verify(token) == UNAUTHENTICATED, "byte %zu", i);
		token[i] = good[i];
	}
}
END_TEST

START_TEST(refuses_shapes)
{
	const char *good = sign_text(GOOD), *kid;
	char *long_one = cx_alloc(&cx, 10000);
	const char *shapes[] = { "",
				 ".",
				 "..",
				 "a.b",
				 "a.b.c.d",
				 "....",
				 "%%%.%%%.%%%",
				 long_one,
				 cx_printf(&cx, "%s.", good),
				 cx_printf(&cx, ".%s", good),
				 cx_printf(&cx, "%.*s.", (int)(strrchr(good, '.') - good), good) };

	memset(long_one, 'a', 9999);
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		ck_assert_msg(verify(shapes[i]) == UNAUTHENTICATED, "shape %zu", i);
	ck_assert_int_eq(jwt_kid(&cx, "a.b", &kid), INVALID);
}
END_TEST

/* A signature by a key of the same name elsewhere. */
START_TEST(refuses_another_key)
{
	struct jwt_signer *ours = signer, *theirs;
	const char *token;

	ck_assert_int_eq(jwt_keys_create(&cx, folder, true), OK);
	ck_assert_int_eq(jwt_signer_read(&cx, private_path, &theirs), OK);
	theirs->kid = ours->kid;
	ck_assert_int_eq(jwt_sign(&cx, theirs, parse(GOOD), &token), OK);
	ck_assert_int_eq(verify(token), UNAUTHENTICATED);
	ck_assert_ptr_nonnull(strstr(cx.message, "signature"));
}
END_TEST

START_TEST(rotation_keeps_the_keys_before)
{
	const char *before = sign_text(GOOD), *text;
	size_t n;

	ck_assert_int_eq(jwt_keys_create(&cx, folder, false), EXISTS);
	for (int i = 0; i < JWT_MAX_KEYS - 1; i++)
		ck_assert_msg(jwt_keys_create(&cx, folder, true) == OK, "%s", cx.message);
	ck_assert_int_eq(jwt_keys_read(&cx, public_path, &keys), OK);
	ck_assert_uint_eq(keys->n, JWT_MAX_KEYS);
	ck_assert_int_eq(verify(before), OK);
	ck_assert_int_eq(jwt_signer_read(&cx, private_path, &signer), OK);
	ck_assert(jwt_keys_know(keys, signer->kid));
	ck_assert_str_eq(keys->keys[0].kid, signer->kid);
	ck_assert_int_eq(verify(sign_text(GOOD)), OK);
	text = json_print(&cx, jwt_keys_json(&cx, keys), &n);
	ck_assert_ptr_null(strstr(text, "\"d\""));
	ck_assert_int_eq(jwt_keys_create(&cx, folder, true), OK); /* the oldest falls out */
	ck_assert_int_eq(jwt_keys_read(&cx, public_path, &keys), OK);
	ck_assert_int_eq(verify(before), UNAUTHENTICATED);
}
END_TEST

START_TEST(rotation_keeps_the_owner)
{
	struct stat st;

	if (geteuid())
		return; /* only root can give files away */
	ck_assert_int_eq(chown(private_path, 1234, 4321), 0);
	ck_assert_int_eq(jwt_keys_create(&cx, folder, true), OK);
	ck_assert_int_eq(stat(private_path, &st), 0);
	ck_assert_int_eq(st.st_uid, 1234);
	ck_assert_int_eq(st.st_gid, 4321);
	ck_assert_int_eq(st.st_mode & 0777, 0400);
}
END_TEST

START_TEST(a_private_key_is_private)
{
	struct stat st;

	ck_assert_int_eq(stat(private_path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0400);
	ck_assert_int_eq(chmod(private_path, 0440), 0);
	ck_assert_int_eq(jwt_signer_read(&cx, private_path, &signer), INVALID);
	ck_assert_ptr_nonnull(strstr(cx.message, "chmod"));
	ck_assert_int_eq(jwt_signer_read(&cx, "/no/such/file", &signer), INVALID);
	ck_assert_int_eq(jwt_keys_read(&cx, private_path, &keys), INVALID);
}
END_TEST

static const char *const bad_jwks[] = {
	"",
	"[]",
	"{}",
	"{\"keys\":{}}",
	"{\"keys\":[]}",
	"{\"keys\":[1,null,[]]}",
	"{\"keys\":[{\"kty\":\"oct\",\"kid\":\"k\",\"k\":\"c2VjcmV0\"}]}",
	/* not on the curve */
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\","
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	"\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}]}",
	/* another issuer's, or for another purpose */
	"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k\","
	"\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}",
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\",\"use\":\"enc\","
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}",
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-384\",\"kid\":\"k\",\"x\":\"AA\",\"y\":\"AA\"}]}",
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
	"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}",
};

START_TEST(refuses_key_sets)
{
	ck_assert_int_eq(jwt_keys_parse(&cx, bad_jwks[_i], strlen(bad_jwks[_i]), "this", &keys),
			 INVALID);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("jwt");
	TCase *tc = tcase_create("jwt");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, rfc_7515_example);
	tcase_add_test(tc, what_is_signed_verifies);
	tcase_add_loop_test(tc, refuses_claims, 0, (int)ARRAY_SIZE(bad_claims));
	tcase_add_loop_test(tc, allows_skew, 0, (int)ARRAY_SIZE(just_good));
	tcase_add_loop_test(tc, refuses_headers, 0, (int)ARRAY_SIZE(bad_headers));
	tcase_add_test(tc, refuses_every_changed_byte);
	tcase_add_test(tc, refuses_shapes);
	tcase_add_test(tc, refuses_another_key);
	tcase_add_test(tc, rotation_keeps_the_keys_before);
	tcase_add_test(tc, rotation_keeps_the_owner);
	tcase_add_test(tc, a_private_key_is_private);
	tcase_add_loop_test(tc, refuses_key_sets, 0, (int)ARRAY_SIZE(bad_jwks));
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
