/* SPDX-License-Identifier: Apache-2.0 */
/* upstream.c - requests to another Iceberg REST catalog. */
#include "vending/upstream.h"

#include <strings.h>

#include "common/text.h"
#include "vending/cloud_impl.h"
#include "vending/http.h"

#define MAX_URL 16384
#define MAX_TOKEN_ANSWER ((size_t)64 * 1024)
#define MAX_CONFIG_ANSWER ((size_t)1024 * 1024)
#define CONFIG_KEPT_MS 300000
#define TOKEN_EARLY_S 30    /* a token is not used in its last seconds */
#define TOKEN_DEFAULT_S 300 /* where nothing is said of its life */
#define MAX_HEADERS 24

/* --- properties ------------------------------------------------------------------ */

static enum status check_url(struct cx *cx, const char *name, const char *url)
{
	const char *host = url ? strstr(url, "://") : NULL;

	if (!host || (strncasecmp(url, "https://", 8) && strncasecmp(url, "http://", 7)) ||
	    !host[3] || host[3] == '/')
		return fail(cx, INVALID, "%s: not an http:// or https:// address", name);
	if (strpbrk(url, "?# \t\"\\<>") || memchr(host + 3, '@', strcspn(host + 3, "/")))
		return fail(cx, INVALID,
			    "%s: only scheme, host, port and path: credentials have properties of "
			    "their own",
			    name);
	for (const char *c = url; *c; c++)
		if ((unsigned char)*c < 0x21 || (unsigned char)*c > 0x7e)
			return fail(cx, INVALID, "%s: holds a character no address has", name);
	return OK;
}

/* base, and what follows it from "v1/" on where that is not the end. */
static void split_uri(struct cx *cx, const char *uri, struct upstream *out)
{
	const char *path = strchr(strstr(uri, "://") + 3, '/');
	const char *v1 = path ? strstr(path, "/v1") : NULL;
	char *base = cx_strdup(cx, uri);
	size_t n = strlen(base);

	while (n && base[n - 1] == '/')
		base[--n] = '\0';
	while (v1 && v1[3] && v1[3] != '/')
		v1 = strstr(v1 + 3, "/v1");
	if (v1) {
		base[v1 - uri] = '\0';
		if ((size_t)(v1 - uri) + 4 < n)
			out->fixed = base + (v1 - uri) + 1;
	}
	out->base = base;
}

static bool is_header_value(const char *s)
{
	for (; s && *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

static enum status read_texts(struct cx *cx, struct json_object *properties, struct upstream *out)
{
	const struct {
		const char *name, **to;
	} texts[] = {
		{ "warehouse", &out->warehouse }, { "prefix", &out->prefix },
		{ "token", &out->token },	  { "username", &out->username },
		{ "password", &out->password },	  { "x-api-key", &out->api_key },
		{ "api_key", &out->api_key },	  { "credential", &out->credential },
		{ "scope", &out->scope },	  { "audience", &out->audience },
		{ "resource", &out->resource },	  { "oauth2-server-uri", &out->token_uri },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *text = json_text(properties, texts[i].name);

		if (text && *text)
			*texts[i].to = text;
		if (!is_header_value(text))
			return fail(cx, INVALID, "%s: holds a control character", texts[i].name);
	}
	return OK;
}

enum status upstream_parse(struct cx *cx, struct json_object *properties, struct upstream *out)
{
	const char *uri = json_text(properties, "uri");
	enum status s;

	*out = (struct upstream){ .scope = "catalog" };
	if (!uri || !*uri)
		return fail(cx, INVALID, "uri is missing: the address of the upstream catalog");
	s = check_url(cx, "uri", uri);
	if (!s)
		s = read_texts(cx, properties, out);
	if (s)
		return s;
	split_uri(cx, uri, out);
	if (out->prefix && (strstr(out->prefix, "..") || strpbrk(out->prefix, "?# ")))
		return fail(cx, INVALID, "prefix: not a part of a path");
	if (out->username && strchr(out->username, ':'))
		return fail(cx, INVALID, "username: holds a colon");
	if (!out->token_uri)
		out->token_uri = cx_printf(cx, "%s/v1/oauth/tokens", out->base);
	return check_url(cx, "oauth2-server-uri", out->token_uri);
}

/* --- one exchange ------------------------------------------------------------------ */

/* Of what did not end in an answer.  A request that may be sent twice did nothing. */
static enum status no_answer(struct cx *cx, const struct http_request *r, const char *what)
{
	enum status s = r->result;

	if (s == DENIED || s == INVALID)
		return fail(cx, DENIED, "%s is not asked: %s", what, r->problem);
	if (s == TOO_LARGE)
		return fail(cx, UNKNOWN, "%s answered more than %zu bytes", what, r->max_answer);
	return fail(cx, r->heard ? UNKNOWN : UNAVAILABLE, "%s: %s", what, r->problem);
}

static bool is_json(const char *type)
{
	size_t n = type ? strcspn(type, "; ") : 0;

	return (n >= 5 && strncasecmp(type + n - 5, "/json", 5) == 0) ||
	       (n >= 5 && strncasecmp(type + n - 5, "+json", 5) == 0);
}

/* An answer that a catalog gives, or what else it is. */
static enum status check_answer(struct cx *cx, const struct http_request *r, const char *what)
{
	const char *type = r->values[0];

	if (r->result)
		return no_answer(cx, r, what);
	if (r->code / 100 == 3 && r->code != 304)
		return fail(
			cx, UNKNOWN,
			"%s answered with a redirect (%d), which is not followed: uri has to be "
			"the address itself",
			what, r->code);
	if (r->n_answer && !is_json(type))
		return fail(cx, UNKNOWN,
			    "%s answered %d with %.60s instead of JSON: is uri the address of an "
			    "Iceberg REST catalog?",
			    what, r->code, type ? type : "no content type");
	return OK;
}

static void exchange(struct cx *cx, const struct upstream_link *link, struct http_request *r)
{
	r->wanted[0] = "content-type";
	r->wanted[1] = "etag";
	r->wanted[2] = "retry-after";
	cloud_perform(cx, link->cloud, r, 1);
}

/* --- who we are there ------------------------------------------------------------------ */

static const char *kept_name(struct cx *cx, const struct upstream_link *link, const char *what)
{
	return cx_printf(cx, "upstream %s %s", what, link->name);
}

static void add_field(struct text *t, const char *name, const char *value)
{
	if (!value)
		return;
	text_addf(t, "%s%s=", t->len ? "&" : "", name);
	text_add_percent(t, value, strlen(value), false);
}

static const char *token_form(struct cx *cx, const struct upstream *u)
{
	const char *colon = strchr(u->credential, ':');
	struct text t = text_open(cx, MAX_TOKEN_ANSWER);

	add_field(&t, "grant_type", "client_credentials");
	if (colon)
		add_field(&t, "client_id",
			  cx_strndup(cx, u->credential, (size_t)(colon - u->credential)));
	add_field(&t, "client_secret", colon ? colon + 1 : u->credential);
	add_field(&t, "scope", u->scope);
	add_field(&t, "audience", u->audience);
	add_field(&t, "resource", u->resource);
	return t.s;
}

static enum status read_token(struct cx *cx, const struct upstream_link *link,
			      const struct http_request *r, const char **token)
{
	struct json_object *o = NULL;
	int64_t life_s;

	if (r->code != 200)
		return fail(cx, r->code / 100 == 4 ? DENIED : UNAVAILABLE,
			    "the upstream catalog's token service answered %d to our credential",
			    r->code);
	if (!json_parse(cx, r->answer, r->n_answer, 8, &o))
		*token = json_text(o, "access_token");
	if (!o || !*token || !is_header_value(*token))
		return fail(cx, UNAVAILABLE,
			    "the upstream catalog's token service gave no access_token");
	life_s = json_int(o, "expires_in", TOKEN_DEFAULT_S) - TOKEN_EARLY_S;
	if (link->vault && life_s > 0)
		vault_put(cx, link->vault, kept_name(cx, link, "token"), *token,
			  cx_now_ms() + life_s * 1000);
	return OK;
}

/* A token of the client credentials; `anew`: the one that is kept was not accepted. */
static enum status find_token(struct cx *cx, const struct upstream_link *link, bool anew,
			      const char **token)
{
	const struct pair headers[] = {
		{ "Content-Type", "application/x-www-form-urlencoded" },
		{ "Accept", "application/json" },
	};
	struct http_request r = { .method = "POST",
				  .url = link->upstream->token_uri,
				  .headers = headers,
				  .n_headers = ARRAY_SIZE(headers),
				  .max_answer = MAX_TOKEN_ANSWER };
	enum status s;

	*token = NULL;
	if (link->vault && !anew)
		*token = vault_get(cx, link->vault, kept_name(cx, link, "token"));
	if (*token)
		return OK;
	r.body = token_form(cx, link->upstream);
	r.n_body = strlen(r.body);
	exchange(cx, link, &r);
	s = check_answer(cx, &r, "the upstream catalog's token service");
	if (s)
		return s == UNKNOWN ? UNAVAILABLE
				    : s; /* whatever it did, the request was not sent */
	return read_token(cx, link, &r, token);
}

static enum status authorization(struct cx *cx, const struct upstream_link *link, bool anew,
				 struct pair *out)
{
	const struct upstream *u = link->upstream;
	const char *token = u->token, *both;
	enum status s = OK;

	*out = (struct pair){ 0 };
	if (!token && u->credential)
		s = find_token(cx, link, anew, &token);
	if (s)
		return s;
	if (token) {
		*out = (struct pair){ "Authorization", cx_printf(cx, "Bearer %s", token) };
	} else if (u->username) {
		both = cx_printf(cx, "%s:%s", u->username, u->password ? u->password : "");
		*out = (struct pair){ "Authorization",
				      cx_printf(cx, "Basic %s",
						text_base64(cx, both, strlen(both))) };
	} else if (u->api_key) {
		*out = (struct pair){ "X-API-Key", u->api_key };
	}
	return OK;
}

/* Sends with our credentials; where a token of ours is not accepted, again with another. */
static enum status send_as_us(struct cx *cx, const struct upstream_link *link,
			      struct http_request *r)
{
	bool renews = link->upstream->credential && !link->upstream->token;
	struct pair headers[MAX_HEADERS + 1];
	const struct http_request first = *r;

	for (int i = 0; i < 2; i++) {
		enum status s = authorization(cx, link, i > 0, &headers[0]);
		size_t own = headers[0].name ? 1 : 0;

		if (s)
			return s;
		*r = first;
		if (r->n_headers)
			memcpy(headers + own, first.headers, r->n_headers * sizeof(*headers));
		r->headers = headers;
		r->n_headers += own;
		exchange(cx, link, r);
		r->headers = first.headers;
		r->n_headers = first.n_headers;
		if (r->result || r->code != 401)
			return check_answer(cx, r, "the upstream catalog");
		if (!renews)
			break;
	}
	return fail(
		cx, DENIED,
		"the upstream catalog does not accept the credentials that this catalog has for "
		"it (401)");
}

/* --- where it is -------------------------------------------------------------------------- */

static enum status read_prefix(struct cx *cx, const struct http_request *r, const char **prefix)
{
	struct json_object *o, *overrides, *defaults;

	if (r->code != 200)
		return fail(
			cx, r->code / 100 == 4 ? DENIED : UNAVAILABLE,
			"the upstream catalog answered %d to /v1/config: is its warehouse right?",
			r->code);
	if (json_parse(cx, r->answer, r->n_answer, 32, &o))
		return fail(cx, UNAVAILABLE, "the upstream catalog's /v1/config does not read");
	overrides = json_member(o, "overrides");
	defaults = json_member(o, "defaults");
	*prefix = json_text(overrides, "prefix");
	if (!*prefix)
		*prefix = json_text(defaults, "prefix");
	if (!*prefix)
		*prefix = "";
	if (strstr(*prefix, "..") || strpbrk(*prefix, "?# ") || !is_header_value(*prefix))
		return fail(cx, UNAVAILABLE, "the upstream catalog's prefix is no part of a path");
	return OK;
}

static enum status ask_prefix(struct cx *cx, const struct upstream_link *link, const char **prefix)
{
	const struct upstream *u = link->upstream;
	const struct pair accept = { "Accept", "application/json" };
	struct text url = text_open(cx, MAX_URL);
	struct http_request r = {
		.method = "GET", .headers = &accept, .n_headers = 1, .max_answer = MAX_CONFIG_ANSWER
	};
	enum status s;

	text_addf(&url, "%s/v1/config", u->base);
	if (u->warehouse) {
		text_add(&url, "?warehouse=");
		text_add_percent(&url, u->warehouse, strlen(u->warehouse), false);
	}
	r.url = url.s;
	s = send_as_us(cx, link, &r);
	if (!s)
		s = read_prefix(cx, &r, prefix);
	return s == UNKNOWN ? UNAVAILABLE : s; /* nothing was changed by asking */
}

/* Asks, and keeps what it said: after a slash, since a prefix may be empty. */
static enum status learn_prefix(struct cx *cx, const struct upstream_link *link,
				const char **prefix)
{
	enum status s = ask_prefix(cx, link, prefix);

	if (!s && link->vault)
		vault_put(cx, link->vault, kept_name(cx, link, "prefix"),
			  cx_printf(cx, "/%s", *prefix), cx_now_ms() + CONFIG_KEPT_MS);
	return s;
}

enum status upstream_configure(struct cx *cx, const struct upstream_link *link)
{
	const char *prefix;

	return link->upstream->fixed ? OK : learn_prefix(cx, link, &prefix);
}

/* "v1", or "v1/<prefix>". */
static enum status find_root(struct cx *cx, const struct upstream_link *link, const char **root)
{
	const struct upstream *u = link->upstream;
	const char *kept = NULL, *prefix = u->prefix;
	enum status s = OK;

	*root = u->fixed;
	if (*root)
		return OK;
	if (!prefix && link->vault)
		kept = vault_get(cx, link->vault, kept_name(cx, link, "prefix"));
	if (kept)
		prefix = kept + 1;
	if (!prefix)
		s = learn_prefix(cx, link, &prefix);
	if (!s)
		*root = *prefix ? cx_printf(cx, "v1/%s", prefix) : "v1";
	return s;
}

/* --- a request ------------------------------------------------------------------------------ */

enum status upstream_send(struct cx *cx, const struct upstream_link *link,
			  struct upstream_request *r)
{
	bool reads = !strcmp(r->method, "GET") || !strcmp(r->method, "HEAD");
	struct http_request h = { .method = r->method,
				  .headers = r->headers,
				  .n_headers = r->n_headers,
				  .body = r->body,
				  .n_body = r->n_body,
				  .max_answer = link->max_answer,
				  .once = !reads };
	enum status s = find_root(cx, link, &r->root);

	if (s)
		return s;
	if (r->n_headers > MAX_HEADERS)
		return fail(cx, INTERNAL, "too many headers for an upstream catalog");
	h.url = cx_printf(cx, "%s/%s%s%s%s", link->upstream->base, r->root, r->path,
			  r->query && *r->query ? "?" : "", r->query ? r->query : "");
	s = send_as_us(cx, link, &h);
	r->code = h.code;
	r->answer = h.answer;
	r->n_answer = h.n_answer;
	r->content_type = h.values[0];
	r->etag = h.values[1];
	r->retry_after = h.values[2];
	return s;
}
