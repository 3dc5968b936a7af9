/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c - answers: the one table from status to HTTP, error bodies, headers. */
#include "fcgi/http.h"

#include <strings.h>

#include "common/log.h"
#include "common/text.h"
#include "fcgi/route.h"

#define MAX_HEAD_BYTES ((size_t)16 * 1024)

/*
 * Status -> HTTP number and the exception name that Iceberg's clients know
 * (org.apache.iceberg.rest.ErrorHandlers, pyiceberg.catalog.rest.response: both
 * choose by the number first, by the name where one number has two meanings).
 */
static const struct {
	int http;
	const char *type;	/* of Iceberg's routes */
	const char *management; /* of /api/v1; NULL = the same */
} numbers[] = {
	[OK] = { 200, "", NULL },
	[INVALID] = { 400, "BadRequestException", NULL },
	[UNAUTHENTICATED] = { 401, "NotAuthorizedException", NULL },
	[DENIED] = { 403, "ForbiddenException", NULL },
	[NOT_FOUND] = { 404, "NotFoundException", NULL },
	[EXISTS] = { 409, "AlreadyExistsException", NULL },
	[CONFLICT] = { 409, "CommitFailedException", "ConflictException" },
	[UNSUPPORTED] = { 406, "UnsupportedOperationException", NULL },
	[TOO_LARGE] = { 413, "PayloadTooLargeException", NULL },
	[LIMITED] = { 429, "TooManyRequestsException", NULL },
	[UNAVAILABLE] = { 503, "ServiceUnavailableException", NULL },
	[UNKNOWN] = { 500, "CommitStateUnknownException", NULL },
	[INTERNAL] = { 500, "InternalServerError", NULL },
};

static const char *reason(int http)
{
	static const struct {
		int http;
		const char *text;
	} reasons[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].http == http)
			return reasons[i].text;
	return "Answer";
}

void answer_header(struct request *rq, const char *name, const char *value)
{
	struct answer *a = &rq->answer;

	if (a->n_headers < ARRAY_SIZE(a->headers) && !strpbrk(value, "\r\n"))
		a->headers[a->n_headers++] = (struct header){ name, value };
}

static bool has_header(const struct answer *a, const char *name)
{
	for (size_t i = 0; i < a->n_headers; i++)
		if (strcasecmp(a->headers[i].name, name) == 0)
			return true;
	return false;
}

void answer_part(struct request *rq, const char *bytes, size_t n)
{
	struct answer *a = &rq->answer;

	if (!a->http)
		a->http = 200;
	if (!a->content_type)
		a->content_type = "application/json";
	if (a->n_parts == MAX_PARTS)
		abort(); /* a handler's mistake, on every request of its route */
	a->parts[a->n_parts++] = (struct part){ bytes, n };
}

enum status answer_json(struct request *rq, int http, struct json_object *v)
{
	size_t n;
	const char *text = json_print(rq->cx, v, &n);

	rq->answer.http = http;
	answer_part(rq, text, n);
	return OK;
}

enum status answer_empty(struct request *rq, int http)
{
	rq->answer.http = http;
	rq->answer.content_type = NULL;
	rq->answer.n_parts = 0;
	return OK;
}

int failure_http(const struct request *rq, enum status s)
{
	return rq->answer.http >= 400 ? rq->answer.http : numbers[s].http;
}

const char *failure_type(const struct request *rq, enum status s)
{
	unsigned flags = rq->route ? rq->route->flags : 0;

	if (rq->error_type)
		return rq->error_type;
	if (rq->answer.http == 405)
		return "MethodNotAllowedException";
	if (s == NOT_FOUND && flags & NOUN_TABLE)
		return "NoSuchTableException";
	if (s == NOT_FOUND && flags & NOUN_VIEW)
		return "NoSuchViewException";
	if (s == NOT_FOUND && flags & NOUN_FUNCTION)
		return "NoSuchFunctionException";
	if (s == NOT_FOUND && flags & NOUN_NAMESPACE)
		return "NoSuchNamespaceException";
	if (numbers[s].management && (!rq->route || flags & NOT_ICEBERG))
		return numbers[s].management;
	return numbers[s].type;
}

void answer_failure(struct request *rq, enum status s)
{
	struct json_object *body = json_new_object(rq->cx), *error = json_new_object(rq->cx);
	struct answer *a = &rq->answer;
	const char *message = rq->cx->message;
	int http = failure_http(rq, s);

	if (http >= 500)
		log_event(LOG_ERROR_, "request_failed", rq->request_id, "%s %s: %s", rq->method,
			  rq->path, message);
	if (s == INTERNAL || !*message)
		message = http >= 500
				  ? "the server failed; its log says why, under this request's id"
				  : reason(http);
	json_set_text(error, "message", message);
	json_set_text(error, "type", failure_type(rq, s));
	json_set_int(error, "code", http);
	json_set(body, "error", error);
	a->content_type = NULL;
	a->n_parts = 0;
	if (http == 401)
		answer_header(rq, "WWW-Authenticate", "Bearer realm=\"pangolin\"");
	if (http == 429 && !has_header(a, "Retry-After"))
		answer_header(rq, "Retry-After", "1");
	answer_json(rq, http, body);
}

/* --- headers ---------------------------------------------------------------- */

/* What a web page of another origin may send and see. */
static const struct header preflight[] = {
	{ "Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS" },
	{ "Access-Control-Allow-Headers",
	  "content-type, authorization, accept, x-pangolin-tenant, x-api-key, x-request-id, "
	  "x-iceberg-access-delegation, if-none-match, idempotency-key" },
	{ "Access-Control-Max-Age", "600" },
};

/* The origin to allow: the request's own where the list has it; NULL = none. */
static const char *allowed_origin(const struct request *rq)
{
	const char *origin = request_header(rq, "origin");
	const char *list = rq->rs->config->cors_allowed_origins;

	if (!origin || !list)
		return NULL;
	if (strcmp(list, "*") == 0)
		return "*";
	while (*list) {
		size_t n;

		list += strspn(list, ", ");
		n = strcspn(list, ", ");
		if (n && strlen(origin) == n && strncasecmp(list, origin, n) == 0)
			return origin;
		list += n;
	}
	return NULL;
}

static void add_cors(struct request *rq)
{
	const char *origin = allowed_origin(rq);

	if (!origin)
		return;
	answer_header(rq, "Access-Control-Allow-Origin", origin);
	if (strcmp(origin, "*") != 0)
		answer_header(rq, "Vary", "Origin");
	answer_header(rq, "Access-Control-Expose-Headers",
		      "x-request-id, etag, x-pangolin-truncated");
	if (strcmp(rq->method, "OPTIONS") != 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(preflight); i++)
		answer_header(rq, preflight[i].name, preflight[i].value);
}

void answer_common(struct request *rq)
{
	answer_header(rq, "x-request-id", rq->request_id);
	if (!has_header(&rq->answer, "Cache-Control"))
		answer_header(rq, "Cache-Control", "private, no-store");
	if (rq->rs->config->no_auth)
		answer_header(rq, "X-Pangolin-No-Auth", "true");
	add_cors(rq);
}

static void add_line(struct text *t, const char *name, const char *value)
{
	text_add(t, name);
	text_add(t, ": ");
	text_add(t, value);
	text_add(t, "\r\n");
}

const char *answer_head(struct request *rq, size_t *n)
{
	const struct answer *a = &rq->answer;
	struct text t = text_open(rq->cx, MAX_HEAD_BYTES);
	size_t length = 0;

	text_addf(&t, "Status: %d %s\r\n", a->http, reason(a->http));
	for (size_t i = 0; i < a->n_headers; i++)
		add_line(&t, a->headers[i].name, a->headers[i].value);
	if (a->content_type)
		add_line(&t, "Content-Type", a->content_type);
	for (size_t i = 0; i < a->n_parts; i++)
		length += a->parts[i].n;
	if (a->http != 204 && a->http != 304)
		text_addf(&t, "Content-Length: %zu\r\n", length);
	text_add(&t, "\r\n");
	*n = t.len;
	return t.s;
}
