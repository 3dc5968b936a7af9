/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - what a request says: parameters, headers, query, body. */
#include "fcgi/http.h"

#include <ctype.h>
#include <strings.h>

#include "common/text.h"

#define MAX_URI_BYTES ((size_t)16 * 1024)
#define MAX_REQUEST_ID 128

const char *request_env(const struct request *rq, const char *name)
{
	size_t n = strlen(name);

	for (const char *const *e = rq->env; e && *e; e++)
		if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
			return *e + n + 1;
	return NULL;
}

const char *request_header(const struct request *rq, const char *name)
{
	char key[80] = "HTTP_";
	size_t n = 5;

	if (strcasecmp(name, "content-type") == 0 || strcasecmp(name, "content-length") == 0)
		n = 0;
	for (; *name && n < sizeof(key) - 1; name++)
		key[n++] = *name == '-' ? '_' : (char)toupper((unsigned char)*name);
	key[n] = '\0';
	return request_env(rq, key);
}

/* --- who is calling, and how ------------------------------------------------ */

/* Whether `list`, ',' between, names the n bytes at `item`. */
static bool listed(const char *list, const char *item, size_t n)
{
	while (list && *list) {
		size_t len;

		list += strspn(list, ", ");
		len = strcspn(list, ", ");
		if (len && len == n && strncasecmp(list, item, n) == 0)
			return true;
		list += len;
	}
	return false;
}

static const char *peer_address(const struct request *rq)
{
	const char *peer = request_env(rq, "REMOTE_ADDR");

	return peer ? peer : "";
}

static bool trusted_peer(const struct request *rq)
{
	const char *peer = peer_address(rq);

	return listed(rq->rs->config->trusted_proxies, peer, strlen(peer));
}

/* The last address of X-Forwarded-For that is no trusted proxy's: those before
 * it are the caller's own invention. */
static const char *client_address(const struct request *rq)
{
	const char *list = request_header(rq, "x-forwarded-for");
	const char *end;

	if (!list || !trusted_peer(rq))
		return peer_address(rq);
	for (end = list + strlen(list); end > list;) {
		const char *start;

		while (end > list && strchr(", ", end[-1]))
			end--;
		for (start = end; start > list && !strchr(", ", start[-1]);)
			start--;
		if (end > start &&
		    !listed(rq->rs->config->trusted_proxies, start, (size_t)(end - start)))
			return cx_strndup(rq->cx, start, (size_t)(end - start));
		end = start;
	}
	return peer_address(rq);
}

/* True for a host[:port] that can stand in a URL. */
static bool host_is_sane(const char *host)
{
	return host && *host && strlen(host) < 256 &&
	       strspn(host,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]") ==
		       strlen(host);
}

const char *request_base_url(const struct request *rq)
{
	const char *host = request_header(rq, "host");
	const char *https = request_env(rq, "HTTPS");
	const char *scheme = https && strcasecmp(https, "off") != 0 && *https ? "https" : "http";
	const char *given;

	if (rq->rs->config->public_url)
		return rq->rs->config->public_url;
	if (trusted_peer(rq)) {
		given = request_header(rq, "x-forwarded-proto");
		if (given && (strcmp(given, "http") == 0 || strcmp(given, "https") == 0))
			scheme = given;
		given = request_header(rq, "x-forwarded-host");
		if (given)
			host = given;
	}
	return cx_printf(rq->cx, "%s://%s", scheme, host_is_sane(host) ? host : "localhost");
}

static const char *request_id(const struct request *rq)
{
	const char *given = request_header(rq, "x-request-id");
	size_t n = given ? strlen(given) : 0;

	if (n && n <= MAX_REQUEST_ID &&
	    strspn(given, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n)
		return given;
	return text_uuid4(rq->cx);
}

enum status request_open(struct request *rq)
{
	const char *uri = request_env(rq, "REQUEST_URI");
	const char *mark;

	rq->request_id = request_id(rq);
	rq->method = request_env(rq, "REQUEST_METHOD");
	rq->client_address = client_address(rq);
	rq->user_agent = request_header(rq, "user-agent");
	if (rq->user_agent && !text_is_utf8(rq->user_agent, strlen(rq->user_agent)))
		rq->user_agent = NULL; /* audit rows hold text */
	rq->path = rq->query = "";
	if (!rq->method)
		rq->method = "";
	if (!uri || !*rq->method)
		return fail(rq->cx, INVALID,
			    "the web server sent no REQUEST_METHOD or REQUEST_URI");
	if (strlen(uri) > MAX_URI_BYTES)
		return fail(rq->cx, INVALID, "the request's address is longer than %zu bytes",
			    MAX_URI_BYTES);
	if (*uri != '/')
		return fail(rq->cx, INVALID, "the request's address does not begin with a slash");
	for (const char *c = uri; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '#')
			return fail(rq->cx, INVALID,
				    "the request's address holds a control byte, a space or \"#\"");
	mark = strchr(uri, '?');
	rq->path = mark ? cx_strndup(rq->cx, uri, (size_t)(mark - uri)) : uri;
	if (mark)
		rq->query = mark + 1;
	return OK;
}

/* --- query and form ----------------------------------------------------------- */

/* The next name=value of `*at`, both decoded; false at the end. */
static enum status next_pair(struct cx *cx, const char **at, const char *end, bool *more,
			     char **name, char **value)
{
	const char *stop, *equals;
	enum status s;

	while (*at < end && **at == '&')
		(*at)++;
	*more = *at < end;
	if (!*more)
		return OK;
	stop = memchr(*at, '&', (size_t)(end - *at));
	if (!stop)
		stop = end;
	equals = memchr(*at, '=', (size_t)(stop - *at));
	if (!equals)
		equals = stop;
	s = text_unpercent(cx, *at, (size_t)(equals - *at), true, name);
	if (s)
		return s;
	if (equals < stop)
		equals++;
	*at = stop;
	return text_unpercent(cx, equals, (size_t)(stop - equals), true, value);
}

/* The first value of a parameter, or all of them with ',' between. */
static enum status read_query(struct request *rq, const char *name, bool all, const char **out)
{
	const char *at = rq->query, *end = at + strlen(at);
	char *key, *value;
	enum status s;
	bool more;

	*out = NULL;
	for (;;) {
		s = next_pair(rq->cx, &at, end, &more, &key, &value);
		if (s)
			return fail(rq->cx, s, "query: %s", rq->cx->message);
		if (!more)
			return OK;
		if (strcmp(key, name) != 0)
			continue;
		*out = *out ? cx_printf(rq->cx, "%s,%s", *out, value) : value;
		if (!all)
			return OK;
	}
}

enum status request_query(struct request *rq, const char *name, const char **out)
{
	return read_query(rq, name, false, out);
}

enum status request_query_all(struct request *rq, const char *name, const char **out)
{
	return read_query(rq, name, true, out);
}

const char *request_query_raw(const struct request *rq, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = rq->query; *at;) {
		size_t len = strcspn(at, "&");

		if (len > n && at[n] == '=' && memcmp(at, name, n) == 0)
			return cx_strndup(rq->cx, at + n + 1, len - n - 1);
		at += len + (at[len] == '&');
	}
	return NULL;
}

enum status request_form(struct request *rq)
{
	const char *at = rq->body ? rq->body : "", *end = at + rq->body_len;
	struct json_object *form = json_new_object(rq->cx);
	char *key, *value;
	enum status s;
	bool more;

	for (;;) {
		s = next_pair(rq->cx, &at, end, &more, &key, &value);
		if (s)
			return fail(rq->cx, s, "form: %s", rq->cx->message);
		if (!more)
			break;
		if (json_has(form, key))
			return fail(rq->cx, INVALID, "form: \"%s\" is given twice", key);
		json_set_text(form, key, value);
	}
	rq->json = form;
	return OK;
}

enum status request_json(struct request *rq, bool optional)
{
	struct json_object *v;
	enum status s;

	if (optional && rq->body_len == 0) {
		rq->json = json_new_object(rq->cx);
		return OK;
	}
	if (rq->body_len == 0)
		return fail(rq->cx, INVALID, "the request has no body; a JSON object is expected");
	s = json_parse(rq->cx, rq->body, rq->body_len, (int)rq->rs->config->max_json_depth, &v);
	if (s)
		return s;
	if (!json_object_is_type(v, json_type_object))
		return fail(rq->cx, INVALID, "the body is not a JSON object");
	rq->json = v;
	return OK;
}
