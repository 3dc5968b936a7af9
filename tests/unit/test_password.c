/* SPDX-License-Identifier: Apache-2.0 */
/* test_password.c - hashes, the rule, and the bound on hashes at once. */
#include "common/password.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <check.h>
#undef fail

static struct cx cx;
static const struct password_limit free_of_limits;

static void teardown(void)
{
	cx_free(&cx);
}

START_TEST(a_password_is_its_hash)
{
	const char *hash, *again;

	ck_assert_int_eq(password_hash(&cx, &free_of_limits, "correct horse", &hash), OK);
	ck_assert_int_eq(password_hash(&cx, &free_of_limits, "correct horse", &again), OK);
	ck_assert_int_eq(strncmp(hash, "$scrypt$ln=15,r=8,p=1$", 22), 0);
	ck_assert_str_ne(hash, again); /* salted */
	ck_assert_int_eq(password_verify(&cx, &free_of_limits, "correct horse", hash), OK);
	ck_assert_int_eq(password_verify(&cx, &free_of_limits, "correct horsf", hash),
			 UNAUTHENTICATED);
	ck_assert_int_eq(password_verify(&cx, &free_of_limits, "", hash), UNAUTHENTICATED);
	ck_assert_int_eq(password_verify(&cx, &free_of_limits, "correct horse", NULL),
			 UNAUTHENTICATED);
}
END_TEST

/* scrypt("password", "NaCl", N = 1024, r = 8, p = 16) of RFC 7914, section 12, cut to 32 bytes. */
START_TEST(rfc_7914_vector)
{
	static const char vector[] = "$scrypt$ln=10,r=8,p=16$TmFDbA$"
				     "/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI";

	ck_assert_int_eq(password_verify(&cx, &free_of_limits, "password", vector), OK);
}
END_TEST

static const char *const broken[] = {
	"",
	"x",
	"$scrypt$",
	"$scrypt$ln=15,r=8,p=1$",
	"$scrypt$ln=15,r=8,p=1$AAAA",
	"$scrypt$ln=15,r=8,p=1$AAAA$AAAA",
	"$2b$12$abcdefghijklmnopqrstuv",
	"$scrypt$ln=99,r=8,p=1$AA$AA",
	"$scrypt$ln=0,r=8,p=1$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI",
	"$scrypt$ln=20,r=99,p=1$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI", /* memory */
};

START_TEST(a_broken_hash_is_our_mistake)
{
	ck_assert_int_eq(password_verify(&cx, &free_of_limits, "password", broken[_i]), INTERNAL);
}
END_TEST

static const struct {
	const char *password;
	bool good;
} rules[] = {
	{ "", false },
	{ "pw1", false },
	{ "1234567", false },
	{ "correct horse", true },
	{ "ChangeMe", false },
	{ "password", false },
	{ "PASSWORD123", false },
	{ "your-secret-key", false },
	{ "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", false }, /* four characters of two bytes */
	{ "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", true },
};

START_TEST(follows_the_rule)
{
	ck_assert_int_eq(password_rule(&cx, rules[_i].password), rules[_i].good ? OK : INVALID);
}
END_TEST

START_TEST(not_more_at_once_than_slots)
{
	char folder[] = "/tmp/pangolin-slots-XXXXXX";
	struct password_limit limit = { folder, 2 };
	const char *hash, *paths[2];
	int taken[2];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(password_hash(&cx, &limit, "correct horse", &hash), OK);
	for (int i = 0; i < 2; i++) {
		paths[i] = cx_printf(&cx, "%s/password-%d.lock", folder, i);
		ck_assert_int_eq(password_verify(&cx, &limit, "correct horse", hash), OK);
		taken[i] = open(paths[i], O_RDWR | O_CREAT, 0600);
		ck_assert_int_eq(flock(taken[i], LOCK_EX | LOCK_NB), 0);
	}
	ck_assert_int_eq(password_verify(&cx, &limit, "correct horse", hash), LIMITED);
	close(taken[1]); /* as when its process dies */
	ck_assert_int_eq(password_verify(&cx, &limit, "correct horse", hash), OK);
	close(taken[0]);
	for (int i = 0; i < 2; i++)
		unlink(paths[i]);
	rmdir(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("password");
	TCase *tc = tcase_create("password");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_password_is_its_hash);
	tcase_add_test(tc, rfc_7914_vector);
	tcase_add_loop_test(tc, a_broken_hash_is_our_mistake, 0, (int)ARRAY_SIZE(broken));
	tcase_add_loop_test(tc, follows_the_rule, 0, (int)ARRAY_SIZE(rules));
	tcase_add_test(tc, not_more_at_once_than_slots);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
