/* SPDX-License-Identifier: Apache-2.0 */
/* sample.h - a family of small routes, and the process that serves them to a test. */
#ifndef TESTS_UNIT_SAMPLE_H
#define TESTS_UNIT_SAMPLE_H

#include "fcgi/server.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/text.h"
#include "tests/unit/fcgi_client.h"

#include <check.h>
#undef fail

#define BIG ((size_t)5 << 20)

static struct cx cx, life; /* of the answers, which a test may drop; of the folder's name */
static const char *folder;
static struct responder_process responder;

/* --- routes under test ------------------------------------------------------------ */

static enum status show_body(struct request *rq)
{
	struct json_object *o = json_new_object(rq->cx);

	json_set_int(o, "length", (int64_t)rq->body_len);
	json_set_int(o, "sum", 0);
	for (size_t i = 0; i < rq->body_len; i++)
		json_set_int(o, "sum",
			     json_int(o, "sum", 0) * 31 % 1000003 + (unsigned char)rq->body[i]);
	return answer_json(rq, 200, o);
}

static enum status show_big(struct request *rq)
{
	char *bytes = cx_alloc(rq->cx, BIG);

	for (size_t i = 0; i < BIG; i++)
		bytes[i] = (char)('a' + i % 23);
	answer_part(rq, "{\"head\":\"", 9);
	answer_part(rq, bytes, BIG);
	answer_part(rq, "", 0);
	answer_part(rq, "\"}", 2);
	return OK;
}

static enum status show_size(struct request *rq)
{
	int64_t n = 0;
	char *bytes;

	if (!text_int(rq->segments[0], &n))
		return fail(rq->cx, INVALID, "no number");
	bytes = cx_alloc(rq->cx, (size_t)n + 1);
	memset(bytes, 'x', (size_t)n);
	answer_part(rq, bytes, (size_t)n);
	return OK;
}

static enum status show_nothing(struct request *rq)
{
	return answer_empty(rq, 204);
}

static enum status forget_the_answer(struct request *rq)
{
	(void)rq;
	return OK;
}

static enum status be_slow(struct request *rq)
{
	usleep(500000);
	return answer_empty(rq, 200);
}

static enum status tell_who(struct request *rq)
{
	struct json_object *o = json_new_object(rq->cx);

	json_set_text(o, "name", rq->who ? rq->who->name : NULL);
	json_set_text(o, "tenant", rq->tenant_id);
	return answer_json(rq, 200, o);
}

static const struct route routes[] = {
	{ "POST", "/body", PUBLIC, ON_SERVER, 0, show_body, NULL },
	{ "GET", "/big", PUBLIC, ON_SERVER, 0, show_big, NULL },
	{ "GET", "/size/{}", PUBLIC, ON_SERVER, 0, show_size, NULL },
	{ "HEAD", "/size/{}", PUBLIC, ON_SERVER, 0, show_size, NULL },
	{ "GET", "/nothing", PUBLIC, ON_SERVER, 0, show_nothing, NULL },
	{ "GET", "/forgotten", PUBLIC, ON_SERVER, 0, forget_the_answer, NULL },
	{ "GET", "/slow", PUBLIC, ON_SERVER, 0, be_slow, NULL },
	{ "GET", "/who", MAY_READ, ON_TENANT, 0, tell_who, NULL },
	{ "GET", "/root", MAY_ROOT, ON_SERVER, 0, tell_who, NULL },
};
static const struct route_table table = { "test", routes, ARRAY_SIZE(routes) };

static int run(void)
{
	static const struct route_table *const tables[] = { &table };

	return serve("test", 0, tables, 1);
}

static void start(void)
{
	cx = life = (struct cx){ 0 };
	folder = folder_with_store(&life);
	setenv("PANGOLIN_NO_AUTH", "true", 1);
	setenv("PANGOLIN_MAX_BODY_BYTES", "100000", 1);
	setenv("PANGOLIN_BODY_TIMEOUT_MS", "300", 1);
	setenv("PANGOLIN_CORS_ALLOWED_ORIGINS", "https://ui", 1);
	responder_start(&responder, folder, run);
}

static struct fcgi_answer call(const char *method, const char *uri, const char *body)
{
	return fcgi_call(&cx, &responder, method, uri, NULL, body);
}

static void end(void)
{
	int alive = call("GET", "/nothing", NULL).status, status = responder_stop(&responder);

	close(responder.listener);
	folder_remove(folder);
	cx_free(&cx);
	cx_free(&life);
	ck_assert_int_eq(alive, 204);
	ck_assert_int_eq(status, 0);
}

#endif
