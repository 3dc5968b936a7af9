/* SPDX-License-Identifier: Apache-2.0 */
/* test_loopback.c - who comes from this very machine, and who only says so. */
#include "fcgi/loopback.h"

#include "common/text.h"
#include "tests/unit/suite.h"

static const struct {
	bool local;
	const char *env[4];
} cases[] = {
	{ true, { NULL } }, /* by hand, or over a unix socket */
	{ true, { "REMOTE_ADDR=127.0.0.1" } },
	{ true, { "REMOTE_ADDR=127.9.9.9", "HTTP_HOST=localhost:8080" } },
	{ true, { "REMOTE_ADDR=::1", "HTTP_HOST=[::1]:8080" } },
	{ true, { "REMOTE_ADDR=::ffff:127.0.0.1", "HTTP_HOST=catalog.localhost" } },
	{ true, { "REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=127.0.0.1, ::1" } },
	{ true, { "REMOTE_ADDR=127.0.0.1", "HTTP_ORIGIN=http://localhost:5173" } },
	{ false, { "REMOTE_ADDR=192.0.2.1" } },
	{ false, { "REMOTE_ADDR=172.17.0.1", "HTTP_HOST=localhost" } },
	{ false, { "REMOTE_ADDR=::ffff:192.0.2.1" } },
	{ false, { "REMOTE_ADDR=2001:db8::1" } },
	{ false, { "REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=192.0.2.1" } },
	{ false, { "REMOTE_ADDR=127.0.0.1", "HTTP_X_FORWARDED_FOR=192.0.2.1, 127.0.0.1" } },
	{ false, { "REMOTE_ADDR=127.0.0.1", "HTTP_FORWARDED=for=192.0.2.1" } },
	{ false, { "REMOTE_ADDR=127.0.0.1", "HTTP_HOST=evil.example" } }, /* a name rebound */
	{ false, { "REMOTE_ADDR=127.0.0.1", "HTTP_HOST=127.0.0.1.evil.example" } },
	{ false, { "REMOTE_ADDR=127.0.0.1", "HTTP_HOST=.localhost" } },
	{ false, { "REMOTE_ADDR=127.0.0.1", "HTTP_ORIGIN=https://evil.example" } },
	{ false, { "REMOTE_ADDR=127.0.0.1", "HTTP_ORIGIN=null" } },
};

START_TEST(each_is_told_apart)
{
	struct cx cx = { 0 };
	struct request rq = { .cx = &cx, .env = cases[_i].env };
	enum status s = loopback_check(&rq);

	ck_assert_int_eq(s, cases[_i].local ? OK : DENIED);
	if (s)
		ck_assert_ptr_nonnull(strstr(cx.message, "PANGOLIN_NO_AUTH_ANYWHERE"));
	cx_free(&cx);
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = { { each_is_told_apart, ARRAY_SIZE(cases) } };

	return run_suite("loopback", tests, ARRAY_SIZE(tests));
}
