/* SPDX-License-Identifier: Apache-2.0 */
/* s3.c - objects on S3 and what speaks like it.  Source: Amazon S3 API reference. */
#include <ctype.h>

#include "common/hmac.h"
#include "common/text.h"
#include "vending/cloud_impl.h"
#include "vending/http.h"
#include "vending/sigv4.h"
#include "vending/xml.h"

#define ERROR_MAX ((size_t)64 << 10) /* bytes of an error's XML */
#define LIST_BYTES_MAX ((size_t)8 << 20)
#define HEADERS_MAX 6
#define CODE_MAX 64

/* --- requests --------------------------------------------------------------------- */

struct s3_request {
	struct http_request http;
	struct pair headers[HEADERS_MAX];
};

static void add_header(struct s3_request *r, const char *name, const char *value)
{
	r->headers[r->http.n_headers++] = (struct pair){ name, value };
}

/* Where it goes: the URL, and the Host and path that are signed. */
static void aim(struct cx *cx, const struct storage *s, const char *key, struct s3_request *r,
		struct sigv4 *sign, const char **host)
{
	const char *endpoint = storage_endpoint(cx, s), *scheme_end = strstr(endpoint, "://") + 3;
	const char *query = sigv4_query(cx, sign->query, sign->n_query);

	*host = scheme_end;
	sign->path = cx_printf(cx, "/%s", key);
	if (!storage_by_path(s, endpoint))
		*host = cx_printf(cx, "%s.%s", s->bucket, scheme_end);
	else
		sign->path = cx_printf(cx, "/%s%s%s", s->bucket, *key ? "/" : "", key);
	r->http.url = cx_printf(cx, "%.*s%s%s%s%s", (int)(scheme_end - endpoint), endpoint, *host,
				sigv4_path(cx, sign->path), *query ? "?" : "", query);
}

/* Signs what the request has so far, by the warehouse's own keys. */
static enum status prepare(struct cx *cx, const struct storage *s, const char *key,
			   const struct pair *query, size_t n_query, struct s3_request *r)
{
	struct sigv4 sign = { .method = r->http.method,
			      .query = query,
			      .n_query = n_query,
			      .region = s->region,
			      .service = "s3",
			      .access_key_id = s->access_key_id,
			      .secret_access_key = s->secret_access_key,
			      .now_ms = cx_now_ms() };
	const char *host, *authorization;

	if (!s->access_key_id || !s->secret_access_key)
		return fail(cx, INVALID,
			    "the warehouse has no s3.access-key-id and s3.secret-access-key");
	sign.payload = r->http.n_body ? sha256_hex(cx, r->http.body, r->http.n_body) : SIGV4_EMPTY;
	aim(cx, s, key, r, &sign, &host);
	add_header(r, "x-amz-date", sigv4_time(cx, sign.now_ms));
	add_header(r, "x-amz-content-sha256", sign.payload);
	if (s->session_token)
		add_header(r, "x-amz-security-token", s->session_token);
	add_header(r, "Host", host);
	sign.headers = r->headers;
	sign.n_headers = r->http.n_headers;
	authorization = sigv4_authorization(cx, &sign);
	r->http.n_headers--; /* Host is libcurl's to send: the signature takes its place */
	add_header(r, "Authorization", authorization);
	r->http.headers = r->headers;
	return OK;
}

static const char *key_of(const struct location *l)
{
	return l->path + 1;
}

/* --- what went wrong ---------------------------------------------------------------- */

static void on_error_element(void *arg, const char *name, const char *text)
{
	char *code = arg;

	if (!strcmp(name, "Code") && !*code)
		snprintf(code, CODE_MAX, "%s", text);
}

/* The error's code, "" where there is none.  Its message may repeat what was
 * signed, so it stays where it is. */
static const char *error_code(struct cx *cx, const struct http_request *r)
{
	char *code = cx_alloc(cx, CODE_MAX);

	if (!r->n_answer || xml_read(cx, r->answer, r->n_answer, on_error_element, code))
		return "";
	for (const char *c = code; *c; c++)
		if (!isalnum((unsigned char)*c))
			return "";
	return code;
}

/* hint: what an operator has to look at; NULL where the word says it all. */
static const struct s3_error {
	const char *code;
	enum status status;
	const char *hint;
} codes[] = {
	{ "NoSuchKey", NOT_FOUND, NULL },
	{ "NoSuchBucket", INVALID, "there is no such bucket" },
	{ "PreconditionFailed", EXISTS, NULL },
	{ "PermanentRedirect", INVALID, "the bucket is in another region: look at s3.region" },
	{ "AuthorizationHeaderMalformed", INVALID, "look at s3.region" },
	{ "KeyTooLongError", INVALID, NULL },
	{ "AccessDenied", DENIED,
	  "the warehouse's keys may not do that, or there is no such bucket" },
	{ "InvalidAccessKeyId", DENIED, "the warehouse's access key is not known there" },
	{ "SignatureDoesNotMatch", DENIED, "the warehouse's secret key is another" },
	{ "RequestTimeTooSkewed", DENIED, "this server's clock is wrong" },
	{ "ExpiredToken", DENIED, "the warehouse's session token has run out" },
	{ "InvalidToken", DENIED, "the warehouse's session token is none" },
	{ "EntityTooLarge", TOO_LARGE, NULL },
};

static const struct s3_error *error_of(const char *code)
{
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (!strcmp(codes[i].code, code))
			return &codes[i];
	return NULL;
}

static enum status status_of(int code)
{
	switch (code) {
	case 301:
	case 307:
	case 308:
	case 400:
		return INVALID;
	case 401:
	case 403:
		return DENIED;
	case 404:
		return NOT_FOUND;
	case 412:
		return EXISTS;
	default:
		return UNAVAILABLE;
	}
}

/* OK for 2xx, else what the storage meant, with its own word for it. */
static enum status outcome(struct cx *cx, const struct http_request *r, const char *verb,
			   const char *location)
{
	const struct s3_error *e;
	const char *code;

	if (r->result)
		return fail(cx, r->result, "can't %s \"%s\": %s", verb, location, r->problem);
	if (r->code >= 200 && r->code < 300)
		return OK;
	code = error_code(cx, r);
	e = error_of(code);
	return fail(cx, e ? e->status : status_of(r->code),
		    "can't %s \"%s\": the storage says %d%s%s%s%s", verb, location, r->code,
		    *code ? " " : "", code, e && e->hint ? ": " : "", e && e->hint ? e->hint : "");
}

/* One request without a body, from its making to its outcome. */
static enum status simple(struct cx *cx, struct cloud *c, const struct storage *s,
			  const struct location *l, const char *method, const char *verb,
			  size_t max_answer, struct http_request *out)
{
	struct s3_request r = { .http = { .method = method, .max_answer = max_answer } };
	enum status status = prepare(cx, s, key_of(l), NULL, 0, &r);

	if (status)
		return status;
	cloud_perform(cx, c, &r.http, 1);
	*out = r.http;
	return outcome(cx, &r.http, verb, l->text);
}

/* --- the slots -------------------------------------------------------------------------- */

static enum status s3_get(struct cx *cx, struct cloud *c, const struct storage *s,
			  const struct location *l, const char **bytes, size_t *n)
{
	struct http_request r;
	enum status status =
		simple(cx, c, s, l, "GET", "read", (size_t)c->limits.object_max_bytes, &r);

	if (status)
		return status;
	*bytes = r.answer;
	*n = r.n_answer;
	return OK;
}

static enum status s3_remove(struct cx *cx, struct cloud *c, const struct storage *s,
			     const struct location *l)
{
	struct http_request r;

	return simple(cx, c, s, l, "DELETE", "remove", ERROR_MAX, &r);
}

static enum status s3_stat(struct cx *cx, struct cloud *c, const struct storage *s,
			   const struct location *l, int64_t *size)
{
	struct http_request r;
	enum status status = simple(cx, c, s, l, "HEAD", "read", ERROR_MAX, &r);

	if (status)
		return status;
	if (r.content_length < 0)
		return fail(cx, UNAVAILABLE, "the storage does not say how large \"%s\" is",
			    l->text);
	*size = r.content_length;
	return OK;
}

/* A put whose first answer was lost finds its own object there: names are
 * fresh, so one of our size is ours. */
static enum status settle(struct cx *cx, struct cloud *c, const struct storage *s, struct put *put)
{
	int64_t size = -1;
	enum status status = s3_stat(cx, c, s, &put->location, &size);

	if (status && status != NOT_FOUND)
		return status;
	put->maybe = !status && size == (int64_t)put->n;
	return put->maybe ? OK : fail(cx, EXISTS, "\"%s\" is there already", put->location.text);
}

static enum status put_outcome(struct cx *cx, struct cloud *c, const struct storage *s,
			       struct put *put, const struct http_request *r)
{
	enum status status = outcome(cx, r, "write", put->location.text);

	/* Without an answer, or with one that says nothing, it may have been written. */
	put->maybe = r->tries > 0 && (!status || status == UNAVAILABLE);
	if (status == EXISTS && r->tries > 1)
		return settle(cx, c, s, put);
	return status;
}

static enum status s3_put(struct cx *cx, struct cloud *c, const struct storage *s, struct put *puts,
			  size_t n)
{
	struct s3_request *r = cx_array(cx, n, sizeof(*r));
	struct http_request *requests = cx_array(cx, n, sizeof(*requests));
	enum status first = OK;
	char *message = NULL;

	for (size_t i = 0; i < n; i++) {
		r[i].http = (struct http_request){ .method = "PUT",
						   .body = puts[i].bytes,
						   .n_body = puts[i].n,
						   .max_answer = ERROR_MAX,
						   .again_on_409 = true };
		add_header(&r[i], "If-None-Match", "*");
		first = prepare(cx, s, key_of(&puts[i].location), NULL, 0, &r[i]);
		if (first)
			return first;
		requests[i] = r[i].http;
	}
	cloud_perform(cx, c, requests, n);
	for (size_t i = 0; i < n; i++) {
		enum status status = put_outcome(cx, c, s, &puts[i], &requests[i]);

		if (status && !first) {
			first = status;
			message = cx_strdup(cx, cx->message);
		}
	}
	return first ? fail(cx, first, "%s", message) : OK;
}

/* --- listing ------------------------------------------------------------------------------ */

struct listing {
	struct cx *cx;
	const char *base; /* "s3://bucket" */
	struct cloud_entry *out, one;
	size_t n;
	bool more, escaped;
};

static void on_list_element(void *arg, const char *name, const char *text)
{
	struct listing *li = arg;

	if (!strcmp(name, "Key"))
		li->one.location = cx_strdup(li->cx, text);
	else if (!strcmp(name, "Size"))
		(void)text_int(text, &li->one.size);
	else if (!strcmp(name, "LastModified"))
		(void)text_untime(text, &li->one.modified_ms);
	else if (!strcmp(name, "IsTruncated"))
		li->more = !strcmp(text, "true");
	else if (!strcmp(name, "EncodingType"))
		li->escaped = !strcmp(text, "url");
	else if (!strcmp(name, "Contents") && li->one.location && li->n < LIST_MAX) {
		li->out[li->n++] = li->one;
		li->one = (struct cloud_entry){ 0 };
	}
}

/* Keys become locations; only at the end is it known how they are written. */
static enum status locations_of(struct listing *li)
{
	for (size_t i = 0; i < li->n; i++) {
		const char *key = li->out[i].location;
		char *plain;

		if (li->escaped) {
			enum status s = text_unpercent(li->cx, key, strlen(key), true, &plain);

			if (s)
				return fail(li->cx, UNAVAILABLE,
					    "the storage lists a key that can't be read");
			key = plain;
		}
		li->out[i].location = cx_printf(li->cx, "%s/%s", li->base, key);
	}
	return OK;
}

static enum status list_page(struct cx *cx, struct cloud *c, const struct storage *s,
			     const struct location *l, const struct pair *query, size_t n_query,
			     struct listing *li)
{
	struct s3_request r = { .http = { .method = "GET", .max_answer = LIST_BYTES_MAX } };
	enum status status = prepare(cx, s, "", query, n_query, &r);

	if (status)
		return status;
	cloud_perform(cx, c, &r.http, 1);
	status = outcome(cx, &r.http, "list", l->text);
	if (status)
		return status == NOT_FOUND ? INVALID : status;
	if (xml_read(cx, r.http.answer, r.http.n_answer, on_list_element, li))
		return fail(cx, UNAVAILABLE, "the storage's list of \"%s\" is not XML", l->text);
	return locations_of(li);
}

static enum status s3_list(struct cx *cx, struct cloud *c, const struct storage *s,
			   const struct location *l, const char *after, struct cloud_entry *out,
			   size_t *n, bool *more)
{
	size_t head = strlen(l->text) - strlen(l->path), n_query = 4;
	struct listing li = { .cx = cx, .base = cx_strndup(cx, l->text, head), .out = out };
	struct pair query[5] = { { "list-type", "2" },
				 { "max-keys", "1000" },
				 { "encoding-type", "url" },
				 { "prefix", *l->path ? cx_printf(cx, "%s/", key_of(l)) : "" } };
	enum status status;

	if (after)
		query[n_query++] = (struct pair){ "start-after", after + head + 1 };
	status = list_page(cx, c, s, l, query, n_query, &li);
	*n = li.n;
	*more = li.more;
	return status;
}

const struct cloud_ops s3_cloud = {
	.scheme = "s3",
	.get = s3_get,
	.put = s3_put,
	.remove = s3_remove,
	.stat = s3_stat,
	.list = s3_list,
};
