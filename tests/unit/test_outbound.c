/* SPDX-License-Identifier: Apache-2.0 */
/* test_outbound.c - where this server connects to, what it sends twice, and how many wait for what is slow. */
#include "common/slots.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/text.h"
#include "tests/unit/fake_server.h"
#include "tests/unit/suite.h"
#include "vending/address.h"
#include "vending/cloud.h"
#include "vending/http.h"

#define KEPT(code, headers) "HTTP/1.1 " code "\r\nContent-Length: 2\r\n" headers "\r\n{}"

static struct cx cx;
static struct fake_server server;

static struct http_request ask(const struct http_limits *limits, struct http_request r)
{
	struct http *h = http_open(limits);

	r.url = cx_printf(&cx, "http://127.0.0.1:%d/x", server.port);
	r.max_answer = 100;
	cx.deadline_ms = cx_monotonic_ms() + 10000;
	http_perform(&cx, h, &r, 1);
	http_close(h);
	return r;
}

static void start(const char *const *answers, size_t n, int delay_ms)
{
	cx = (struct cx){ 0 };
	fake_start(&server, answers, n, delay_ms);
}

static void end(void)
{
	fake_stop(&server);
	cx_free(&cx);
}

/* --- hosts --------------------------------------------------------------------------- */

static const struct {
	const char *list, *host, *port;
	bool listed;
} hosts[] = {
	{ NULL, "anything", "80", true },    { "", "a", "80", false },
	{ "a.b", "a.b", "443", true },	     { "a.b", "A.B", "443", true },
	{ "a.b", "xa.b", "443", false },     { "a.b", "a.b.evil", "443", false },
	{ "a.b:9000", "a.b", "9000", true }, { "a.b:9000", "a.b", "443", false },
	{ "x,a.b, c", "c", "443", true },    { "*.b.c", "a.b.c", "443", true },
	{ "*.b.c", "x.a.b.c", "443", true }, { "*.b.c", "b.c", "443", false },
	{ "*.b.c", "ab.c", "443", false },   { "*.b.c:1", "a.b.c", "1", true },
	{ "*", "a", "443", false },	     { "*.", "a.", "443", false },
};

START_TEST(lists_hosts)
{
	struct cx mine = { 0 };

	ck_assert_msg(host_listed(&mine, hosts[_i].list, hosts[_i].host, hosts[_i].port) ==
			      hosts[_i].listed,
		      "%s: %s:%s", hosts[_i].list, hosts[_i].host, hosts[_i].port);
	cx_free(&mine);
}
END_TEST

START_TEST(asks_only_listed_hosts)
{
	static const char *const answers[] = { KEPT("200 OK", "") };
	struct http_limits limits = { .allow = "localhost" };

	start(answers, 1, 0);
	ck_assert_int_eq(ask(&limits, (struct http_request){ .method = "GET" }).result, DENIED);
	limits.allow = cx_printf(&cx, "localhost,127.0.0.1:%d", server.port);
	ck_assert_int_eq(ask(&limits, (struct http_request){ .method = "GET" }).result, OK);
	ck_assert_int_eq(server.seen->n, 1);
	end();
}
END_TEST

START_TEST(says_so_to_who_writes_it_down)
{
	struct cloud_limits limits = { .allow = "a.b, *.amazonaws.com" };
	struct cx mine = { 0 };
	struct cloud *c;

	ck_assert_int_eq(cloud_open(&mine, &limits, &c), OK);
	ck_assert_int_eq(cloud_check_url(&mine, c, "x", "https://a.b:443/v1"), OK);
	ck_assert_int_eq(cloud_check_url(&mine, c, "x", "https://s3.us-east-1.amazonaws.com"), OK);
	ck_assert_int_eq(cloud_check_url(&mine, c, "x", NULL), OK);
	ck_assert_int_eq(cloud_check_url(&mine, c, "s3.endpoint", "http://b.a"), INVALID);
	ck_assert_ptr_nonnull(strstr(mine.message, "s3.endpoint"));
	ck_assert_int_eq(cloud_check_url(&mine, c, "x", "http://a.b@evil/"), INVALID);
	cloud_close(c);
	cx_free(&mine);
}
END_TEST

START_TEST(a_redirect_is_an_answer)
{
	static const char *const answers[] = { KEPT("302 Found",
						    "Location: http://127.0.0.1:1/\r\n") };
	struct http_request r;

	start(answers, 1, 0);
	r = ask(&(struct http_limits){ 0 }, (struct http_request){ .method = "GET" });
	ck_assert_int_eq(r.result, OK);
	ck_assert_int_eq(r.code, 302);
	ck_assert_int_eq(server.seen->n, 1);
	end();
}
END_TEST

/* --- how often ----------------------------------------------------------------------- */

static const struct {
	const char *answer;
	bool once;
	int sent; /* of at most HTTP_TRIES */
} tries[] = {
	{ KEPT("503 Busy", ""), false, HTTP_TRIES }, { KEPT("503 Busy", ""), true, 1 },
	{ KEPT("429 Slow", ""), false, HTTP_TRIES }, { KEPT("429 Slow", ""), true, 1 },
	{ FAKE_CLOSE, false, HTTP_TRIES },	     { FAKE_CLOSE, true, 1 },
	{ KEPT("404 None", ""), false, 1 },
};

START_TEST(sends_again)
{
	struct http_request r;

	start(&tries[_i].answer, 1, 0);
	r = ask(&(struct http_limits){ 0 },
		(struct http_request){ .method = "POST", .once = tries[_i].once });
	ck_assert_int_eq(server.seen->n, tries[_i].sent);
	ck_assert(r.heard);
	end();
}
END_TEST

/* libcurl repeats a request by itself where a kept connection turns out closed. */
START_TEST(once_is_once_on_a_kept_connection_too)
{
	static const char *const answers[] = { KEPT("200 OK", ""), FAKE_CLOSE };
	struct http_request first = { .method = "GET", .max_answer = 100 },
			    second = { .method = "DELETE", .max_answer = 100, .once = true };
	struct http *h = http_open(&(struct http_limits){ 0 });

	start(answers, 2, 0);
	first.url = second.url = cx_printf(&cx, "http://127.0.0.1:%d/x", server.port);
	cx.deadline_ms = cx_monotonic_ms() + 10000;
	http_perform(&cx, h, &first, 1);
	http_perform(&cx, h, &second, 1);
	http_close(h);
	ck_assert_int_eq(second.result, UNAVAILABLE);
	ck_assert_int_eq(server.seen->n, 2);
	end();
}
END_TEST

/* Whose address was not asked about is no way there for others. */
START_TEST(the_machines_connection_is_nobody_elses)
{
	static const char *const answers[] = { KEPT("200 OK", "") };
	struct http_request machine = { .method = "GET", .max_answer = 100, .to_machine = true },
			    other = { .method = "GET", .max_answer = 100 };
	struct http *h = http_open(&(struct http_limits){ .refuse_loopback = true });

	start(answers, 1, 0);
	machine.url = other.url = cx_printf(&cx, "http://127.0.0.1:%d/x", server.port);
	cx.deadline_ms = cx_monotonic_ms() + 10000;
	http_perform(&cx, h, &machine, 1);
	http_perform(&cx, h, &other, 1);
	http_close(h);
	ck_assert_int_eq(machine.result, OK);
	ck_assert_int_eq(other.result, DENIED);
	ck_assert_int_eq(server.seen->n, 1);
	end();
}
END_TEST

START_TEST(a_header_is_one_line)
{
	static const char *const answers[] = { KEPT("200 OK", "") };
	static const struct pair smuggled[] = { { "x-a", "b\r\n\r\nGET /y HTTP/1.1\r\nHost: h" },
						{ "x-a", "b\nx-c: d" } };

	start(answers, 1, 0);
	for (size_t i = 0; i < ARRAY_SIZE(smuggled); i++)
		ck_assert_int_eq(ask(&(struct http_limits){ 0 },
				     (struct http_request){ .method = "GET",
							    .headers = &smuggled[i],
							    .n_headers = 1 })
					 .result,
				 INVALID);
	ck_assert_int_eq(server.seen->n, 0);
	end();
}
END_TEST

START_TEST(what_nobody_heard)
{
	static const char *const answers[] = { FAKE_CLOSE };
	struct http_request r;
	int port;

	start(answers, 1, 0);
	port = server.port;
	fake_stop(&server);
	server.port = port;
	r = ask(&(struct http_limits){ 0 },
		(struct http_request){ .method = "POST", .once = true });
	ck_assert_int_eq(r.result, UNAVAILABLE);
	ck_assert(!r.heard);
	ck_assert_int_eq(r.tries, HTTP_TRIES);
	cx_free(&cx);
}
END_TEST

START_TEST(gives_the_headers_that_are_wanted)
{
	static const char *const answers[] = { KEPT("200 OK", "ETag: \"e\"\r\nX-B: b\r\n") };
	struct http_request r;

	start(answers, 1, 0);
	r = ask(&(struct http_limits){ 0 },
		(struct http_request){ .method = "GET", .wanted = { "etag", "x-a", "x-b" } });
	ck_assert_str_eq(r.values[0], "\"e\"");
	ck_assert_ptr_null(r.values[1]);
	ck_assert_str_eq(r.values[2], "b");
	end();
}
END_TEST

/* --- places ----------------------------------------------------------------------------- */

static char folder[sizeof("/tmp/pangolin-test-XXXXXX")];

static bool hold(struct slots *s, const char *thing, struct slot *slot)
{
	return slot_enter(s, thing, slot) && slot_hold(slot);
}

static bool take(struct slots *s, const char *thing, struct slot *slot)
{
	return slot_take(&cx, s, thing, slot);
}

/* Another process of the family: waits for the thing, or only lives. */
static pid_t other_by(bool (*way)(struct slots *, const char *, struct slot *), const char *thing,
		      enum slot_end end_as, int *go)
{
	int ready[2], wait[2];
	pid_t pid;
	char c;

	ck_assert(!pipe(ready) && !pipe(wait));
	pid = fork();
	if (!pid) {
		struct slots *s;
		struct slot slot = { .file = -1 };

		close(wait[1]);
		if (slots_open(&cx, folder, &s) || (thing && !way(s, thing, &slot)))
			_exit(1);
		if (write(ready[1], "r", 1) != 1 || read(wait[0], &c, 1) < 0)
			_exit(2);
		slot_leave(&slot, end_as);
		slots_close(s);
		_exit(0);
	}
	close(ready[1]);
	close(wait[0]);
	if (read(ready[0], &c, 1) != 1)
		c = 0;
	close(ready[0]);
	*go = wait[1];
	return pid;
}

static pid_t other(const char *thing, enum slot_end end_as, int *go)
{
	return other_by(hold, thing, end_as, go);
}

static void let_go(pid_t pid, int go)
{
	int status;

	ck_assert_int_eq(write(go, "g", 1), 1);
	close(go);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static bool may(struct slots *s, const char *thing, bool holds, enum slot_end as)
{
	struct slot slot;
	bool yes = slot_enter(s, thing, &slot) && (!holds || slot_hold(&slot));

	slot_leave(&slot, as);
	return yes;
}

static void begin_folder(struct slots **s)
{
	cx = (struct cx){ 0 };
	snprintf(folder, sizeof(folder), "/tmp/pangolin-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(slots_open(&cx, folder, s), OK);
}

static void end_folder(struct slots *s)
{
	slots_close(s);
	ck_assert_int_eq(system(cx_printf(&cx, "rm -rf %s", folder)), 0);
	cx_free(&cx);
}

START_TEST(a_slow_thing_has_a_third_of_the_processes)
{
	struct slots *s;
	pid_t pids[6];
	int gos[6];

	begin_folder(&s);
	for (int i = 0; i < 6; i++) /* with this one 7: two places */
		pids[i] = other(i < 1 ? "slow" : NULL, SLOT_UNKNOWN, &gos[i]);
	ck_assert(may(s, "slow", true, SLOT_UNKNOWN));
	let_go(pids[5], gos[5]);
	pids[5] = other("slow", SLOT_UNKNOWN, &gos[5]);
	ck_assert(!may(s, "slow", false, SLOT_UNKNOWN)); /* does not even begin */
	ck_assert(may(s, "another", true, SLOT_UNKNOWN));
	kill(pids[0], SIGKILL); /* who dies holds nothing */
	waitpid(pids[0], NULL, 0);
	ck_assert(may(s, "slow", true, SLOT_UNKNOWN));
	for (int i = 1; i < 6; i++)
		let_go(pids[i], gos[i]);
	end_folder(s);
}
END_TEST

START_TEST(what_never_answers_is_tried_by_one)
{
	struct slots *s;
	pid_t prober, none;
	int go, go_none;

	begin_folder(&s);
	none = other(NULL, SLOT_UNKNOWN, &go_none);
	for (int i = 0; i < SLOT_FAILURES; i++)
		ck_assert(may(s, "dead", true, SLOT_FAILED));
	prober = other("dead", SLOT_ANSWERED, &go);
	ck_assert(!may(s, "dead", false, SLOT_UNKNOWN));
	let_go(prober, go); /* it answered */
	ck_assert(may(s, "dead", false, SLOT_UNKNOWN));
	prober = other("dead", SLOT_UNKNOWN, &go);
	ck_assert(!may(s, "dead", false, SLOT_UNKNOWN)); /* its one place of two processes' */
	let_go(prober, go);
	let_go(none, go_none);
	end_folder(s);
}
END_TEST

/* How a wait for the thing begins; `ms` is how long it took to say. */
static bool begins(struct slots *s, const char *thing, enum slot_end as, int64_t *ms)
{
	int64_t since_ms = cx_monotonic_ms();
	struct slot slot;
	bool yes = slot_take(&cx, s, thing, &slot);

	*ms = cx_monotonic_ms() - since_ms;
	slot_leave(&slot, as);
	return yes;
}

START_TEST(what_hangs_from_its_first_request_on_has_a_third)
{
	struct slots *s;
	pid_t pids[6];
	int gos[6];
	int64_t ms;

	begin_folder(&s);
	for (int i = 5; i >= 0; i--) /* with this one 7: two places */
		pids[i] = other_by(take, i < 2 ? "hangs" : NULL, SLOT_UNKNOWN, &gos[i]);
	ck_assert(!begins(s, "hangs", SLOT_UNKNOWN, &ms)); /* it might have answered yet */
	ck_assert_int_lt(ms, SLOT_PATIENCE_MS + 900);
	ck_assert(!begins(s, "hangs", SLOT_UNKNOWN, &ms));
	ck_assert_int_lt(ms, SLOT_PATIENCE_MS / 4); /* nobody waits for that again */
	ck_assert(begins(s, "another", SLOT_ANSWERED, &ms));
	ck_assert_int_lt(ms, SLOT_PATIENCE_MS / 4);
	let_go(pids[0], gos[0]);
	ck_assert(begins(s, "hangs", SLOT_UNKNOWN, &ms));
	for (int i = 1; i < 6; i++)
		let_go(pids[i], gos[i]);
	end_folder(s);
}
END_TEST

START_TEST(what_answers_is_asked_by_all)
{
	struct slots *s;
	pid_t pids[2];
	int gos[2];
	int64_t ms;

	begin_folder(&s);
	for (int i = 0; i < 2; i++)
		pids[i] = other_by(take, i ? NULL : "busy", SLOT_ANSWERED, &gos[i]);
	if (!fork()) { /* its one place's first answer comes while this one looks on */
		usleep(300000);
		_exit(write(gos[0], "g", 1) != 1);
	}
	ck_assert(begins(s, "busy", SLOT_ANSWERED, &ms));
	ck_assert_int_ge(ms, 200);
	close(gos[0]);
	for (int i = 0; i < 2; i++)
		ck_assert_int_gt(wait(NULL), 0);
	pids[0] = other_by(take, "busy", SLOT_UNKNOWN, &gos[0]);
	ck_assert(begins(s, "busy", SLOT_UNKNOWN, &ms)); /* beyond the one place: it is well */
	ck_assert_int_lt(ms, SLOT_PATIENCE_MS / 4);
	usleep(1000 * SLOT_WELL_MS + 50000);
	ck_assert(!begins(s, "busy", SLOT_UNKNOWN, &ms)); /* it answers no more */
	for (int i = 0; i < 2; i++)
		let_go(pids[i], gos[i]);
	end_folder(s);
}
END_TEST

START_TEST(no_folder_is_no_limit)
{
	struct slots *s;

	cx = (struct cx){ 0 };
	ck_assert_int_eq(slots_open(&cx, NULL, &s), OK);
	ck_assert_ptr_null(s);
	ck_assert(may(s, "x", true, SLOT_FAILED));
	ck_assert_int_eq(slots_open(&cx, "/proc/nothing", &s), INVALID);
	cx_free(&cx);
}
END_TEST

START_TEST(a_request_gives_up_where_others_wait)
{
	static const char *const answers[] = { KEPT("200 OK", "") };
	struct http_limits limits = { 0 };
	const char *endpoint;
	struct http_request r;
	struct slots *s;
	pid_t pid;
	int go;

	begin_folder(&s);
	fake_start(&server, answers, 1, 4000);
	limits.slots = s;
	endpoint = cx_printf(&cx, "http://127.0.0.1:%d", server.port);
	ck_assert(may(s, endpoint, true, SLOT_UNKNOWN));
	pid = other_by(take, endpoint, SLOT_UNKNOWN, &go);
	r = ask(&limits, (struct http_request){ .method = "GET" });
	ck_assert_int_eq(r.result, UNAVAILABLE);
	ck_assert_int_eq(r.tries, 0); /* unheard */
	ck_assert(!r.heard);
	let_go(pid, go);
	r = ask(&limits, (struct http_request){ .method = "GET" });
	ck_assert_int_eq(r.result, OK); /* slow, and it has the place */
	fake_stop(&server);
	end_folder(s);
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ lists_hosts, ARRAY_SIZE(hosts) },
		{ asks_only_listed_hosts, 0 },
		{ says_so_to_who_writes_it_down, 0 },
		{ a_redirect_is_an_answer, 0 },
		{ sends_again, ARRAY_SIZE(tries) },
		{ once_is_once_on_a_kept_connection_too, 0 },
		{ the_machines_connection_is_nobody_elses, 0 },
		{ a_header_is_one_line, 0 },
		{ what_nobody_heard, 0 },
		{ gives_the_headers_that_are_wanted, 0 },
		{ a_slow_thing_has_a_third_of_the_processes, 0 },
		{ what_never_answers_is_tried_by_one, 0 },
		{ what_hangs_from_its_first_request_on_has_a_third, 0 },
		{ what_answers_is_asked_by_all, 0 },
		{ no_folder_is_no_limit, 0 },
		{ a_request_gives_up_where_others_wait, 0 },
	};

	return run_suite("outbound", tests, ARRAY_SIZE(tests));
}
