/* SPDX-License-Identifier: Apache-2.0 */
/* test_config.c - settings: defaults, spellings, and what is refused. */
#include <fcntl.h>
#include <unistd.h>

#include "common/config.h"

#include <check.h>

static struct cx cx;
static struct config config;

static void setup(void)
{
	clearenv();
	cx = (struct cx){ 0 };
}

static void teardown(void)
{
	cx_free(&cx);
}

START_TEST(defaults)
{
	ck_assert_int_eq(config_read(&cx, &config), OK);
	ck_assert_ptr_null(config.database_url);
	ck_assert_ptr_null(config.root_password);
	ck_assert_ptr_null(config.file_roots);
	ck_assert(!config.no_auth);
	ck_assert_str_eq(config.cors_allowed_origins, "*");
	ck_assert_int_eq(config.max_body_bytes, 16777216);
	ck_assert_int_eq(config.request_timeout_ms, 25000);
	ck_assert_int_eq(config.login_ttl_s, 86400);
}
END_TEST

static const struct {
	const char *text;
	bool ok, value;
} booleans[] = {
	{ "true", true, true }, { "TRUE", true, true },	   { "1", true, true },
	{ "yes", true, true },	{ "on", true, true },	   { "false", true, false },
	{ "0", true, false },	{ "off", true, false },	   { "No", true, false },
	{ "", true, false },	{ "maybe", false, false }, { "2", false, false },
};

START_TEST(reads_booleans)
{
	setenv("PANGOLIN_NO_AUTH", booleans[_i].text, 1);
	ck_assert_int_eq(config_read(&cx, &config), booleans[_i].ok ? OK : INVALID);
	if (booleans[_i].ok)
		ck_assert_int_eq(config.no_auth, booleans[_i].value);
	else
		ck_assert_ptr_nonnull(strstr(cx.message, "PANGOLIN_NO_AUTH"));
}
END_TEST

static const struct {
	const char *name, *text;
} refused[] = {
	{ "PANGOLIN_MAX_BODY_BYTES", "16M" },
	{ "PANGOLIN_MAX_BODY_BYTES", "-1" },
	{ "PANGOLIN_MAX_BODY_BYTES", "99999999999999999999" },
	{ "PANGOLIN_MAX_JSON_DEPTH", "0" },
	{ "PANGOLIN_MAX_JSON_DEPTH", "100000" },
	{ "PANGOLIN_REQUEST_TIMEOUT_MS", " 5000" },
	{ "PANGOLIN_PUBLIC_URL", "catalog.example" },
	{ "PANGOLIN_PUBLIC_URL", "ftp://catalog.example" },
	{ "PANGOLIN_PUBLIC_URL", "https://" },
	{ "PANGOLIN_PUBLIC_URL", "https://catalog.example/" },
	{ "PANGOLIN_PUBLIC_URL", "https://user@catalog.example" },
	{ "PANGOLIN_ROOT_PASSWORD_FILE", "/no/such/file" },
};

START_TEST(refuses)
{
	setenv(refused[_i].name, refused[_i].text, 1);
	ck_assert_int_eq(config_read(&cx, &config), INVALID);
	ck_assert_msg(strstr(cx.message, refused[_i].name) == cx.message, "%s", cx.message);
}
END_TEST

START_TEST(a_secret_may_stand_in_a_file)
{
	char path[] = "/tmp/pangolin-test-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_eq(write(fd, "s3cret \n", 8), 8);
	close(fd);
	setenv("PANGOLIN_ROOT_PASSWORD", "other", 1);
	setenv("PANGOLIN_ROOT_PASSWORD_FILE", path, 1);
	ck_assert_int_eq(config_read(&cx, &config), OK);
	ck_assert_str_eq(config.root_password, "s3cret ");
	unlink(path);
}
END_TEST

static int lines;
static void count_line(const char *name, const char *unit, const char *fallback, const char *help)
{
	(void)fallback;
	ck_assert(*name && *unit && *help);
	lines++;
}

START_TEST(explains_itself)
{
	config_help(count_line);
	ck_assert_int_gt(lines, 15);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tc = tcase_create("config");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, defaults);
	tcase_add_loop_test(tc, reads_booleans, 0, (int)ARRAY_SIZE(booleans));
	tcase_add_loop_test(tc, refuses, 0, (int)ARRAY_SIZE(refused));
	tcase_add_test(tc, a_secret_may_stand_in_a_file);
	tcase_add_test(tc, explains_itself);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
