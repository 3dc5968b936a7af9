/* SPDX-License-Identifier: Apache-2.0 */
/* test_process.c - a responder as its supervisor sees it: signals, connections, memory, settings. */
#include <errno.h>
#include <sys/resource.h>

#include "tests/unit/sample.h"

static void begin_slow(int *fd)
{
	const char *slow[] = { "REQUEST_METHOD=GET", "REQUEST_URI=/slow", NULL };

	*fd = fcgi_connect(&responder);
	fcgi_begin(&cx, *fd, false, slow);
	fcgi_stdin(*fd, "", 0);
	usleep(150000);
}

START_TEST(sigterm_lets_the_request_end)
{
	int64_t before;
	int fd;

	ck_assert_int_eq(call("GET", "/nothing", NULL).status, 204);
	begin_slow(&fd);
	kill(responder.pid, SIGTERM);
	kill(responder.pid, SIGTERM); /* whoever asks twice gets no other answer */
	ck_assert_int_eq(fcgi_read_answer(&cx, fd).status, 200);
	before = cx_monotonic_ms();
	ck_assert_int_eq(responder_stop(&responder), 0);
	ck_assert_int_lt(cx_monotonic_ms() - before, 1000);
	responder_again(&responder, run); /* for the teardown */
	ck_assert_int_eq(call("GET", "/nothing", NULL).status, 204);
}
END_TEST

START_TEST(sigterm_ends_an_idle_process_at_once)
{
	int64_t before;

	ck_assert_int_eq(call("GET", "/nothing", NULL).status, 204);
	usleep(50000);
	before = cx_monotonic_ms();
	ck_assert_int_eq(responder_stop(&responder), 0);
	ck_assert_int_lt(cx_monotonic_ms() - before, 200);
	responder_again(&responder, run);
}
END_TEST

START_TEST(a_connection_may_be_kept)
{
	int64_t before;
	int fd = -1;

	for (int i = 0; i < 20; i++) {
		struct fcgi_answer a =
			fcgi_call_kept(&cx, &responder, &fd, "POST", "/body", "hello");

		ck_assert_int_eq(a.status, 200);
		a = fcgi_call_kept(&cx, &responder, &fd, "GET", "/size/100000", NULL);
		ck_assert_uint_eq(a.body_len, 100000);
		usleep(20000);
	}
	/* it does not keep the process from others for long: a second idle, then two in which
	 * libfcgi waits for us to close our end too */
	before = cx_monotonic_ms();
	ck_assert_int_eq(call("GET", "/nothing", NULL).status, 204);
	ck_assert_int_lt(cx_monotonic_ms() - before, 4500);
	close(fd);
}
END_TEST

/* What was not read of a request is not taken for the next one. */
START_TEST(a_refused_body_ends_its_connection)
{
	char *body = cx_alloc(&cx, 200001);
	int fd = -1;

	memset(body, 'x', 200000);
	ck_assert_int_eq(fcgi_call_kept(&cx, &responder, &fd, "GET", "/nothing", NULL).status, 204);
	ck_assert_int_eq(fcgi_call_kept(&cx, &responder, &fd, "POST", "/body", body).status, 413);
	ck_assert_int_eq(fcgi_call_kept(&cx, &responder, &fd, "GET", "/nothing", NULL).status, 0);
	ck_assert_int_eq(fcgi_call_kept(&cx, &responder, &fd, "GET", "/nothing", NULL).status, 204);
	close(fd);
}
END_TEST

START_TEST(sigterm_ends_a_process_with_a_kept_connection)
{
	int64_t before;
	int fd = -1;

	ck_assert_int_eq(fcgi_call_kept(&cx, &responder, &fd, "GET", "/nothing", NULL).status, 204);
	usleep(50000);
	before = cx_monotonic_ms();
	ck_assert_int_eq(responder_stop(&responder), 0);
	ck_assert_int_lt(cx_monotonic_ms() - before, 3500);
	close(fd);
	responder_again(&responder, run);
}
END_TEST

/* The socket is the supervisor's: who comes while there is no process waits for the next. */
START_TEST(a_killed_process_costs_its_request)
{
	struct fcgi_answer a;
	int status, fd;

	begin_slow(&fd);
	kill(responder.pid, SIGKILL);
	a = fcgi_read_answer(&cx, fd);
	ck_assert_int_eq(a.status, 0);
	ck_assert_int_eq(waitpid(responder.pid, &status, 0), responder.pid);
	responder_again(&responder, run);
	ck_assert_int_eq(call("GET", "/nothing", NULL).status, 204);
}
END_TEST

/* Whatever the limit was that it was started with: keys lie in its memory. */
START_TEST(a_crash_leaves_no_core)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit before;
	int status;

	ck_assert_int_eq(call("GET", "/nothing", NULL).status, 204);
	ck_assert_int_eq(responder_stop(&responder), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &before), 0);
	if (setrlimit(RLIMIT_CORE, &all)) /* its hard limit is lower, and we may not raise it */
		ck_assert_int_eq(errno, EPERM);
	responder_again(&responder, run);
	setrlimit(RLIMIT_CORE, &before);
	ck_assert_int_eq(call("GET", "/nothing", NULL).status, 204);
	kill(responder.pid, SIGSEGV);
	ck_assert_int_eq(waitpid(responder.pid, &status, 0), responder.pid);
	ck_assert(!WIFSIGNALED(status) || !WCOREDUMP(status));
	responder_again(&responder, run);
}
END_TEST

START_TEST(ends_after_its_requests)
{
	int status;

	ck_assert_int_eq(call("GET", "/nothing", NULL).status, 204);
	ck_assert_int_eq(responder_stop(&responder), 0);
	setenv("PANGOLIN_MAX_REQUESTS", "3", 1);
	responder_again(&responder, run);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(call("GET", "/nothing", NULL).status, 204);
	ck_assert_int_eq(waitpid(responder.pid, &status, 0), responder.pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	setenv("PANGOLIN_MAX_REQUESTS", "0", 1);
	responder_again(&responder, run);
}
END_TEST

static int64_t resident_kb(pid_t pid)
{
	FILE *f = fopen(cx_printf(&cx, "/proc/%d/statm", pid), "r");
	long pages = 0, resident = 0;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%ld %ld", &pages, &resident), 2);
	fclose(f);
	return resident * 4;
}

START_TEST(does_not_grow)
{
	int64_t before, after;

	for (int i = 0; i < 200; i++)
		ck_assert_int_eq(call("GET", "/size/200000", NULL).status, 200);
	before = resident_kb(responder.pid);
	for (int i = 0; i < 600; i++) {
		ck_assert_int_eq(call("GET", "/size/200000", NULL).status, 200);
		ck_assert_int_eq(call("GET", "/who", NULL).status, 200);
		ck_assert_int_eq(call("POST", "/size/1", "x").status, 405);
		cx_reset(&cx);
	}
	after = resident_kb(responder.pid);
#ifdef __SANITIZE_ADDRESS__
	before = after; /* it keeps what was freed for a while */
#endif
	ck_assert_msg(after - before < 512, "%lld KB more", (long long)(after - before));
}
END_TEST

/* A migration that this program can't work with moved the server's epoch. */
START_TEST(a_newer_schema_ends_it)
{
	struct epoch e = { .row = ROW(epoch), .tenant_id = "" };
	struct change list = { UPDATE, &e.row };
	struct store *st;
	int status;

	ck_assert_int_eq(call("GET", "/who", NULL).status, 200);
	ck_assert_int_eq(store_open(&cx, getenv("DATABASE_URL"), NULL, false, &st), OK);
	ck_assert_int_eq(store_get(&cx, st, &e.row), OK);
	e.min_program = store_program() + 1;
	ck_assert_int_eq(store_apply(&cx, st, &list, 1, NULL), OK);
	ck_assert_int_eq(call("GET", "/who", NULL).status, 503);
	ck_assert_int_eq(waitpid(responder.pid, &status, 0), responder.pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	e.min_program = store_program();
	ck_assert_int_eq(store_apply(&cx, st, &list, 1, NULL), OK);
	store_close(st);
	responder_again(&responder, run);
}
END_TEST

START_TEST(wrong_settings_end_it)
{
	int status;

	ck_assert_int_eq(call("GET", "/nothing", NULL).status, 204);
	ck_assert_int_eq(responder_stop(&responder), 0);
	setenv("PANGOLIN_MAX_BODY_BYTES", "lots", 1);
	responder_again(&responder, run);
	ck_assert_int_eq(waitpid(responder.pid, &status, 0), responder.pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	setenv("PANGOLIN_MAX_BODY_BYTES", "100000", 1);
	setenv("PANGOLIN_NO_AUTH", "false", 1); /* and no keys */
	responder_again(&responder, run);
	ck_assert_int_eq(waitpid(responder.pid, &status, 0), responder.pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	setenv("PANGOLIN_NO_AUTH", "true", 1);
	setenv("PANGOLIN_ROOT_PASSWORD", "changeme", 1);
	responder_again(&responder, run);
	ck_assert_int_eq(waitpid(responder.pid, &status, 0), responder.pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	unsetenv("PANGOLIN_ROOT_PASSWORD");
	responder_again(&responder, run);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("process");
	TCase *tc = tcase_create("process");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, start, end);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, sigterm_lets_the_request_end);
	tcase_add_test(tc, sigterm_ends_an_idle_process_at_once);
	tcase_add_test(tc, a_connection_may_be_kept);
	tcase_add_test(tc, a_refused_body_ends_its_connection);
	tcase_add_test(tc, sigterm_ends_a_process_with_a_kept_connection);
	tcase_add_test(tc, a_killed_process_costs_its_request);
	tcase_add_test(tc, a_crash_leaves_no_core);
	tcase_add_test(tc, ends_after_its_requests);
	tcase_add_test(tc, does_not_grow);
	tcase_add_test(tc, a_newer_schema_ends_it);
	tcase_add_test(tc, wrong_settings_end_it);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
