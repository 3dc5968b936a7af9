/* SPDX-License-Identifier: Apache-2.0 */
/* test_hmac.c - SHA-256 and HMAC against FIPS 180-4's and RFC 4231's examples. */
#include "common/hmac.h"

#include <check.h>

#include "common/text.h"

static const struct {
	const char *text, *hex;
} hashes[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

START_TEST(hash)
{
	struct cx cx = { 0 };

	ck_assert_str_eq(sha256_hex(&cx, hashes[_i].text, strlen(hashes[_i].text)), hashes[_i].hex);
	ck_assert_str_eq(sha256_hex(&cx, NULL, 0), hashes[0].hex);
	cx_free(&cx);
}
END_TEST

/* RFC 4231, test cases 2 and 6 (a key longer than a block). */
START_TEST(mac)
{
	static const char *text = "Test Using Larger Than Block-Size Key - Hash Key First";
	struct cx cx = { 0 };
	unsigned char out[SHA256_BYTES], key[131];

	hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out);
	ck_assert_str_eq(text_hex(&cx, out, sizeof(out)),
			 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	hmac_sha256(key, sizeof(key), text, strlen(text), out);
	ck_assert_str_eq(text_hex(&cx, out, sizeof(out)),
			 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	cx_free(&cx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hmac");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_loop_test(all, hash, 0, ARRAY_SIZE(hashes));
	tcase_add_test(all, mac);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
