/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4.c - AWS Signature Version 4, step by step. */
#include "vending/sigv4.h"

#include <ctype.h>
#include <strings.h>

#include "common/hmac.h"
#include "common/text.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define SIGNED_MAX ((size_t)1 << 20) /* bytes; a location has 1,024, a token a few thousand */

const char *sigv4_time(struct cx *cx, int64_t ms)
{
	time_t s = (time_t)(ms / 1000);
	char out[32];
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(out, sizeof(out), "%Y%m%dT%H%M%SZ", &tm);
	return cx_strdup(cx, out);
}

const char *sigv4_path(struct cx *cx, const char *path)
{
	struct text t = text_open(cx, SIGNED_MAX);

	text_add_percent(&t, path, strlen(path), true);
	return t.s;
}

static const char *encoded(struct cx *cx, const char *s)
{
	struct text t = text_open(cx, SIGNED_MAX);

	text_add_percent(&t, s, strlen(s), false);
	return t.s;
}

/* By name, then by value: "a-b" comes after "a" although '-' < '='. */
static int by_name_and_value(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->value, y->value);
}

const char *sigv4_query(struct cx *cx, const struct pair *query, size_t n)
{
	struct pair *sorted = cx_array(cx, n, sizeof(*sorted));
	struct text t = text_open(cx, SIGNED_MAX);

	for (size_t i = 0; i < n; i++) {
		sorted[i].name = encoded(cx, query[i].name);
		sorted[i].value = encoded(cx, query[i].value);
	}
	if (n)
		qsort(sorted, n, sizeof(*sorted), by_name_and_value);
	for (size_t i = 0; i < n; i++)
		text_addf(&t, "%s%s=%s", i ? "&" : "", sorted[i].name, sorted[i].value);
	return t.s;
}

static const char *lower(struct cx *cx, const char *s)
{
	char *copy = cx_strdup(cx, s);

	for (char *c = copy; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

/* No space around it, one where there are several (or a folded line). */
static const char *trimmed(struct cx *cx, const char *s)
{
	char *out = cx_alloc(cx, strlen(s) + 1), *end = out;

	for (; *s; s++) {
		if (!isspace((unsigned char)*s))
			*end++ = *s;
		else if (end > out && end[-1] != ' ')
			*end++ = ' ';
	}
	if (end > out && end[-1] == ' ')
		end[-1] = '\0';
	return out;
}

/* Lower-case names in order; several headers of one name become one, their
 * values in the order given. */
static struct pair *canonical_headers(struct cx *cx, const struct sigv4 *r, size_t *n)
{
	struct pair *out = cx_array(cx, r->n_headers, sizeof(*out));

	*n = 0;
	for (size_t i = 0; i < r->n_headers; i++) {
		struct pair h = { lower(cx, r->headers[i].name), trimmed(cx, r->headers[i].value) };
		size_t at = 0;

		while (at < *n && strcmp(out[at].name, h.name) < 0)
			at++;
		if (at < *n && !strcmp(out[at].name, h.name)) {
			out[at].value = cx_printf(cx, "%s,%s", out[at].value, h.value);
			continue;
		}
		memmove(&out[at + 1], &out[at], (*n - at) * sizeof(*out));
		out[at] = h;
		++*n;
	}
	return out;
}

static const char *signed_headers(struct cx *cx, const struct sigv4 *r)
{
	struct text t = text_open(cx, SIGNED_MAX);
	size_t n;
	const struct pair *headers = canonical_headers(cx, r, &n);

	for (size_t i = 0; i < n; i++)
		text_addf(&t, "%s%s", i ? ";" : "", headers[i].name);
	return t.s;
}

const char *sigv4_canonical_request(struct cx *cx, const struct sigv4 *r)
{
	struct text t = text_open(cx, SIGNED_MAX);
	size_t n;
	const struct pair *headers = canonical_headers(cx, r, &n);

	text_addf(&t, "%s\n%s\n%s\n", r->method, sigv4_path(cx, r->path),
		  sigv4_query(cx, r->query, r->n_query));
	for (size_t i = 0; i < n; i++)
		text_addf(&t, "%s:%s\n", headers[i].name, headers[i].value);
	text_addf(&t, "\n%s\n%s", signed_headers(cx, r), r->payload);
	return t.s;
}

/* "20150830/us-east-1/s3/aws4_request" */
static const char *scope_of(struct cx *cx, const struct sigv4 *r)
{
	return cx_printf(cx, "%.8s/%s/%s/aws4_request", sigv4_time(cx, r->now_ms), r->region,
			 r->service);
}

const char *sigv4_string_to_sign(struct cx *cx, const struct sigv4 *r, const char *canonical)
{
	return cx_printf(cx, ALGORITHM "\n%s\n%s\n%s", sigv4_time(cx, r->now_ms), scope_of(cx, r),
			 sha256_hex(cx, canonical, strlen(canonical)));
}

static void mac(unsigned char key[SHA256_BYTES], const char *text)
{
	unsigned char out[SHA256_BYTES];

	hmac_sha256(key, SHA256_BYTES, text, strlen(text), out);
	memcpy(key, out, sizeof(out));
}

const char *sigv4_signature(struct cx *cx, const struct sigv4 *r, const char *string_to_sign)
{
	const char *secret = cx_printf(cx, "AWS4%s", r->secret_access_key);
	const char *date = cx_strndup(cx, sigv4_time(cx, r->now_ms), 8);
	unsigned char key[SHA256_BYTES];

	hmac_sha256(secret, strlen(secret), date, strlen(date), key);
	mac(key, r->region);
	mac(key, r->service);
	mac(key, "aws4_request");
	mac(key, string_to_sign);
	return text_hex(cx, key, sizeof(key));
}

static const char *sign(struct cx *cx, const struct sigv4 *r)
{
	return sigv4_signature(cx, r, sigv4_string_to_sign(cx, r, sigv4_canonical_request(cx, r)));
}

const char *sigv4_authorization(struct cx *cx, const struct sigv4 *r)
{
	return cx_printf(cx, ALGORITHM " Credential=%s/%s, SignedHeaders=%s, Signature=%s",
			 r->access_key_id, scope_of(cx, r), signed_headers(cx, r), sign(cx, r));
}

const char *sigv4_presign(struct cx *cx, const struct sigv4 *r, int64_t expires_s,
			  const char *token)
{
	struct pair *query = cx_array(cx, r->n_query + 6, sizeof(*query));
	struct sigv4 signed_request = *r;
	size_t n = r->n_query;

	if (n)
		memcpy(query, r->query, n * sizeof(*query));
	query[n++] = (struct pair){ "X-Amz-Algorithm", ALGORITHM };
	query[n++] = (struct pair){ "X-Amz-Credential",
				    cx_printf(cx, "%s/%s", r->access_key_id, scope_of(cx, r)) };
	query[n++] = (struct pair){ "X-Amz-Date", sigv4_time(cx, r->now_ms) };
	query[n++] = (struct pair){ "X-Amz-Expires", cx_printf(cx, "%lld", (long long)expires_s) };
	query[n++] = (struct pair){ "X-Amz-SignedHeaders", signed_headers(cx, r) };
	if (token)
		query[n++] = (struct pair){ "X-Amz-Security-Token", token };
	signed_request.query = query;
	signed_request.n_query = n;
	return cx_printf(cx, "%s&X-Amz-Signature=%s", sigv4_query(cx, query, n),
			 sign(cx, &signed_request));
}
