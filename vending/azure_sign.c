/* SPDX-License-Identifier: Apache-2.0 */
/* azure_sign.c - strings to sign, and their signatures. */
#include "vending/azure_sign.h"

#include <strings.h>

#include "common/hmac.h"
#include "common/text.h"

#define STRING_MAX ((size_t)16 << 10)

enum status azure_signature(struct cx *cx, const char *key, const char *string_to_sign,
			    const char **out)
{
	unsigned char *raw, mac[SHA256_BYTES];
	size_t n;

	if (text_unbase64(cx, key, strlen(key), &raw, &n))
		return fail(cx, INVALID, "the account's key is no base64");
	hmac_sha256(raw, n, string_to_sign, strlen(string_to_sign), mac);
	*out = text_base64(cx, mac, sizeof(mac));
	return OK;
}

/* --- Shared Key ------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return strcasecmp(x->name, y->name);
}

static struct pair *sorted(struct cx *cx, const struct pair *pairs, size_t n)
{
	struct pair *out = cx_array(cx, n, sizeof(*out));

	if (n)
		memcpy(out, pairs, n * sizeof(*out));
	qsort(out, n, sizeof(*out), by_name);
	return out;
}

static const char *header_of(const struct azure_request *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (!strcasecmp(r->headers[i].name, name))
			return r->headers[i].value;
	return "";
}

/* The standard headers, in the order of the specification; Date stands in x-ms-date. */
static void add_standard(struct text *t, const struct azure_request *r)
{
	static const char *const names[] = { "Content-Encoding",
					     "Content-Language",
					     NULL,
					     "Content-MD5",
					     "Content-Type",
					     "Date",
					     "If-Modified-Since",
					     "If-Match",
					     "If-None-Match",
					     "If-Unmodified-Since",
					     "Range" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i])
			text_add(t, header_of(r, names[i]));
		else if (r->n_body)
			text_addf(t, "%zu", r->n_body);
		text_addc(t, '\n');
	}
}

const char *azure_string_to_sign(struct cx *cx, const struct azure_request *r)
{
	struct pair *headers = sorted(cx, r->headers, r->n_headers);
	struct pair *query = sorted(cx, r->query, r->n_query);
	struct text t = text_open(cx, STRING_MAX);

	text_addf(&t, "%s\n", r->method);
	add_standard(&t, r);
	for (size_t i = 0; i < r->n_headers; i++)
		if (!strncasecmp(headers[i].name, "x-ms-", 5))
			text_addf(&t, "%s:%s\n", headers[i].name, headers[i].value);
	text_addf(&t, "/%s%s", r->account, r->path);
	for (size_t i = 0; i < r->n_query; i++)
		text_addf(&t, "\n%s:%s", query[i].name, query[i].value);
	return t.s;
}

/* --- shared access signatures ------------------------------------------------------ */

/* In the order that the service asks for: racwdl. */
static const char *permissions_of(struct cx *cx, const struct azure_sas *s)
{
	const char *write = s->verbs & VEND_WRITE ? "acw" : "";
	const char *remove = s->verbs & VEND_DELETE ? "d" : "";

	return cx_printf(cx, "r%s%s%s", write, remove, s->is_blob ? "" : "l");
}

static bool of_container(const struct azure_sas *s)
{
	return !s->path || !*s->path;
}

static const char *resource_of(const struct azure_sas *s)
{
	return of_container(s) ? "c" : s->is_blob ? "b" : "d";
}

/* "2026-11-24T07:03:09Z" */
static const char *time_of(struct cx *cx, int64_t ms)
{
	const char *text = text_time(cx, ms);

	return cx_printf(cx, "%.*sZ", (int)strlen("2026-11-24T07:03:09"), text);
}

static const char *protocols(const struct azure_sas *s)
{
	return s->http ? "https,http" : "https";
}

const char *azure_sas_string(struct cx *cx, const struct azure_sas *s)
{
	const struct azure_delegation *d = s->delegation;
	struct text t = text_open(cx, STRING_MAX);

	text_addf(&t, "%s\n\n%s\n/blob/%s/%s%s%s\n", permissions_of(cx, s),
		  time_of(cx, s->expires_ms), s->account, s->container, of_container(s) ? "" : "/",
		  of_container(s) ? "" : s->path);
	if (d) /* whose key, for whom (three fields: nobody in particular) */
		text_addf(&t, "%s\n%s\n%s\n%s\n%s\n%s\n\n\n\n", d->oid, d->tid, d->start, d->expiry,
			  d->service, d->version);
	else /* no stored policy */
		text_add(&t, "\n");
	/* addresses, protocol, version, resource, snapshot, encryption scope, five headers */
	text_addf(&t, "\n%s\n%s\n%s\n\n\n\n\n\n\n", protocols(s), AZURE_VERSION, resource_of(s));
	return t.s;
}

static size_t depth_of(const char *path)
{
	size_t n = 1;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

static void add_parameter(struct text *t, const char *name, const char *value)
{
	text_addf(t, "%s%s=", t->len ? "&" : "", name);
	text_add_percent(t, value, strlen(value), false);
}

enum status azure_sas_token(struct cx *cx, const struct azure_sas *s, const char **out)
{
	const struct azure_delegation *d = s->delegation;
	struct text t = text_open(cx, STRING_MAX);
	const char *signature;
	enum status status = azure_signature(cx, d ? d->value : s->account_key,
					     azure_sas_string(cx, s), &signature);

	if (status)
		return status;
	add_parameter(&t, "sp", permissions_of(cx, s));
	add_parameter(&t, "se", time_of(cx, s->expires_ms));
	if (d) {
		add_parameter(&t, "skoid", d->oid);
		add_parameter(&t, "sktid", d->tid);
		add_parameter(&t, "skt", d->start);
		add_parameter(&t, "ske", d->expiry);
		add_parameter(&t, "sks", d->service);
		add_parameter(&t, "skv", d->version);
	}
	add_parameter(&t, "spr", protocols(s));
	add_parameter(&t, "sv", AZURE_VERSION);
	add_parameter(&t, "sr", resource_of(s));
	if (*resource_of(s) == 'd')
		add_parameter(&t, "sdd", cx_printf(cx, "%zu", depth_of(s->path)));
	add_parameter(&t, "sig", signature);
	*out = t.s;
	return text_check(&t, "a shared access signature");
}
