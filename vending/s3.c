/* SPDX-License-Identifier: Apache-2.0 */
/* s3.c - objects on S3 and what speaks like it.  Source: Amazon S3 API reference. */
#include "common/hmac.h"
#include "common/text.h"
#include "vending/objects.h"
#include "vending/sigv4.h"
#include "vending/xml.h"

#define CODE_MAX 64

/* --- requests --------------------------------------------------------------------- */

/* Where it goes: the URL, and the Host and path that are signed. */
static void aim(struct cx *cx, const struct storage *s, const char *key, struct object_request *r,
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

static const char *const methods[] = { [OBJECT_GET] = "GET",
				       [OBJECT_PUT] = "PUT",
				       [OBJECT_REMOVE] = "DELETE",
				       [OBJECT_STAT] = "HEAD",
				       [OBJECT_LIST] = "GET" };

/* Signed by the storage's own keys. */
static enum status s3_prepare(struct cx *cx, struct cloud *c, const struct storage *s,
			      struct object_request *r)
{
	struct sigv4 sign = { .method = methods[r->verb],
			      .query = r->query,
			      .n_query = r->n_query,
			      .region = s->region,
			      .service = "s3",
			      .access_key_id = s->access_key_id,
			      .secret_access_key = s->secret_access_key,
			      .now_ms = cx_now_ms() };
	const char *host, *authorization;

	(void)c;
	if (!s->access_key_id || !s->secret_access_key)
		return fail(cx, INVALID,
			    "the warehouse has no s3.access-key-id and s3.secret-access-key");
	r->http.method = sign.method;
	sign.payload = r->http.n_body ? sha256_hex(cx, r->http.body, r->http.n_body) : SIGV4_EMPTY;
	aim(cx, s, r->verb == OBJECT_LIST ? "" : object_name(r->at), r, &sign, &host);
	if (r->verb == OBJECT_PUT)
		object_header(r, "If-None-Match", "*");
	object_header(r, "x-amz-date", sigv4_time(cx, sign.now_ms));
	object_header(r, "x-amz-content-sha256", sign.payload);
	if (s->session_token)
		object_header(r, "x-amz-security-token", s->session_token);
	object_header(r, "Host", host);
	sign.headers = r->headers;
	sign.n_headers = r->http.n_headers;
	authorization = sigv4_authorization(cx, &sign);
	r->http.n_headers--; /* Host is libcurl's to send: the signature takes its place */
	object_header(r, "Authorization", authorization);
	return OK;
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
	return code;
}

static const struct object_error errors[] = {
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

static enum status s3_refused(struct cx *cx, const struct http_request *r, const char *verb,
			      const char *location)
{
	return object_refusal(cx, errors, ARRAY_SIZE(errors), r, error_code(cx, r), verb, location);
}

static int64_t s3_size(struct cx *cx, const struct http_request *r)
{
	(void)cx;
	return r->content_length;
}

static const struct object_dialect s3_dialect = { s3_prepare, s3_refused, s3_size };

/* --- the slots -------------------------------------------------------------------------- */

static enum status s3_get(struct cx *cx, struct cloud *c, const struct storage *s,
			  const struct location *l, const char **bytes, size_t *n)
{
	return objects_get(cx, c, s, &s3_dialect, l, bytes, n);
}

static enum status s3_remove(struct cx *cx, struct cloud *c, const struct storage *s,
			     const struct location *at, size_t n, enum status *each)
{
	return objects_remove(cx, c, s, &s3_dialect, at, n, each);
}

static enum status s3_stat(struct cx *cx, struct cloud *c, const struct storage *s,
			   const struct location *at, size_t n, int64_t *sizes, enum status *each)
{
	return objects_stat(cx, c, s, &s3_dialect, at, n, sizes, each);
}

static enum status s3_put(struct cx *cx, struct cloud *c, const struct storage *s, struct put *puts,
			  size_t n)
{
	return objects_put(cx, c, s, &s3_dialect, puts, n);
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
	struct http_request r;
	enum status status = objects_list(cx, c, s, &s3_dialect, l, query, n_query, &r);

	if (status)
		return status;
	if (xml_read(cx, r.answer, r.n_answer, on_list_element, li))
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
				 { "prefix",
				   *l->path ? cx_printf(cx, "%s/", object_name(l)) : "" } };
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
