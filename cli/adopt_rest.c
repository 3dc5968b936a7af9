/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adopt_rest.c - the tables and views of a catalog behind Iceberg's REST interface.
 * Source: Apache Iceberg's REST catalog OpenAPI document.
 */
#include <errno.h>

#include "cli/adopt.h"
#include "common/list.h"
#include "common/text.h"
#include "vending/http.h"

#define MAX_URL 65536
#define MAX_LISTING ((size_t)64 * 1024 * 1024)
#define MAX_PAGES 100000
#define MAX_LINE 8192

struct rest {
	struct adoption *a;
	struct cx *cx; /* as long as all of it */
	struct http *http;
	const char *base, *prefix; /* "https://host/x", "" or "p/" */
	const char *authorization; /* "Bearer …", or NULL */
};

/* --- requests ------------------------------------------------------------------------ */

static const char *encoded(struct cx *cx, const char *s)
{
	struct text t = text_open(cx, MAX_URL);

	text_add_percent(&t, s, strlen(s), false);
	return t.s;
}

/* NOT_FOUND and UNSUPPORTED are answers; DENIED, UNAUTHENTICATED: the token's. */
static enum status status_of(int code)
{
	switch (code) {
	case 200:
		return OK;
	case 401:
	case 403:
		return DENIED;
	case 404:
		return NOT_FOUND;
	case 400:
	case 405:
	case 406:
	case 501:
		return UNSUPPORTED;
	default:
		return UNAVAILABLE;
	}
}

static enum status perform(struct cx *cx, struct rest *r, struct http_request *q,
			   struct json_object **out)
{
	struct json_object *error;
	enum status s;

	cx->deadline_ms = cx_monotonic_ms() + SITE_TIMEOUT_MS;
	http_perform(cx, r->http, q, 1);
	if (q->result)
		return fail(cx, q->result, "%s: %s", q->url, q->problem ? q->problem : "no answer");
	s = status_of(q->code);
	if (!s)
		return json_parse(cx, q->answer, q->n_answer, METADATA_MAX_DEPTH, out);
	if (json_parse(cx, q->answer, q->n_answer, METADATA_MAX_DEPTH, &error))
		return fail(cx, s, "%s: answer %d", q->url, q->code);
	error = json_member(error, "error");
	return fail(cx, s, "%s: answer %d: %s", q->url, q->code,
		    error && json_text(error, "message") ? json_text(error, "message") : "");
}

static enum status get(struct cx *cx, struct rest *r, const char *path, size_t max,
		       struct json_object **out)
{
	struct pair headers[] = { { "Accept", "application/json" },
				  { "Authorization", r->authorization } };
	struct http_request q = { .method = "GET",
				  .url = cx_printf(cx, "%s/v1/%s", r->base, path),
				  .headers = headers,
				  .n_headers = r->authorization ? 2 : 1,
				  .max_answer = max };

	return perform(cx, r, &q, out);
}

/* --- who we are there ------------------------------------------------------------------- */

/* The first line of a file: a secret on the command line stands in every process list. */
static enum status first_line(struct rest *r, const char *flag, const char **out)
{
	const char *path = cli_flag(r->a->site.c, flag);
	char line[MAX_LINE] = "";
	FILE *f;

	*out = NULL;
	if (!path)
		return OK;
	f = fopen(path, "re");
	if (!f)
		return fail(r->cx, INVALID, "%s: %s", path, strerror(errno));
	if (fgets(line, sizeof(line), f))
		*out = cx_strndup(r->cx, line, strcspn(line, "\r\n"));
	fclose(f);
	explicit_bzero(line, sizeof(line));
	return *out ? OK : fail(r->cx, INVALID, "%s is empty", path);
}

/* OAuth's client credentials: "id:secret", or a secret alone. */
static enum status exchange(struct rest *r, const char *credential)
{
	const char *colon = strchr(credential, ':');
	const char *secret = colon ? colon + 1 : credential;
	const char *id = colon ? cx_strndup(r->cx, credential, (size_t)(colon - credential)) : "";
	const char *scope = cli_flag(r->a->site.c, "scope"), *token;
	struct pair type = { "Content-Type", "application/x-www-form-urlencoded" };
	struct http_request q = { .method = "POST",
				  .url = cx_printf(r->cx, "%s/v1/oauth/tokens", r->base),
				  .headers = &type,
				  .n_headers = 1,
				  .max_answer = 65536 };
	struct json_object *answer;
	enum status s;

	q.body = cx_printf(r->cx,
			   "grant_type=client_credentials&client_id=%s&client_secret=%s&scope=%s",
			   encoded(r->cx, id), encoded(r->cx, secret),
			   encoded(r->cx, scope ? scope : "catalog"));
	q.n_body = strlen(q.body);
	s = perform(r->cx, r, &q, &answer);
	if (!s)
		s = json_get_text(r->cx, answer, "", "access_token", &token);
	if (!s)
		r->authorization = cx_printf(r->cx, "Bearer %s", token);
	return s;
}

static enum status identify(struct rest *r)
{
	const char *token, *credential;
	enum status s = first_line(r, "token-file", &token);

	if (!s)
		s = first_line(r, "credential-file", &credential);
	if (s)
		return s;
	if (token)
		r->authorization = cx_printf(r->cx, "Bearer %s", token);
	return credential ? exchange(r, credential) : OK;
}

/* Where the catalog says that it is. */
static enum status read_config(struct rest *r)
{
	const char *warehouse = cli_flag(r->a->site.c, "warehouse"), *prefix = NULL;
	struct json_object *config, *part;
	enum status s =
		get(r->cx, r,
		    warehouse ? cx_printf(r->cx, "config?warehouse=%s", encoded(r->cx, warehouse))
			      : "config",
		    MAX_LISTING, &config);

	if (s)
		return s;
	part = json_member(config, "defaults");
	if (part && json_text(part, "prefix"))
		prefix = json_text(part, "prefix");
	part = json_member(config, "overrides");
	if (part && json_text(part, "prefix"))
		prefix = json_text(part, "prefix");
	if (prefix && (strstr(prefix, "..") || strpbrk(prefix, "?# ")))
		return fail(r->cx, INVALID, "the catalog's prefix is no part of a path");
	/* as it came: it may be several segments, and is escaped already where it must be */
	r->prefix = prefix && *prefix ? cx_printf(r->cx, "%s/", prefix) : "";
	return OK;
}

/* --- lists --------------------------------------------------------------------------------- */

/* Calls each() with every item of a list, page by page; `query` is "" or "parent=…". */
static enum status each_item(struct cx *cx, struct rest *r, const char *path, const char *query,
			     const char *member,
			     enum status (*each)(void *arg, struct json_object *item), void *arg)
{
	const char *token = "";

	for (size_t pages = 0; token && pages < MAX_PAGES; pages++) {
		struct json_object *answer, *items;
		const char *next = NULL;
		enum status s;

		/* an empty token asks for pages; servers without them give all */
		s = get(cx, r,
			cx_printf(cx, "%s%s?%s%spageToken=%s", r->prefix, path, query,
				  *query ? "&" : "", encoded(cx, token)),
			MAX_LISTING, &answer);
		if (!s)
			s = json_get_array(cx, answer, "", member, &items);
		if (!s)
			s = json_opt_text(cx, answer, "", "next-page-token", &next);
		for (size_t i = 0; !s && i < json_object_array_length(items); i++)
			s = each(arg, json_object_array_get_idx(items, i));
		if (s)
			return s;
		token = next && *next ? next : NULL;
	}
	return OK;
}

/* --- one namespace ------------------------------------------------------------------------------ */

struct namespace
{
	struct rest *r;
	struct cx *cx;
	const char *path;    /* levels joined by \x1F */
	const char *encoded; /* the same, as a segment of a URL */
	const char *list;    /* "tables", "views" */
	struct list names;   /* const char * */
};

static enum status keep_name(void *arg, struct json_object *item)
{
	struct namespace *n = arg;
	const char *name = json_text(item, "name");

	if (name)
		*(const char **)list_add(&n->names) = name;
	return OK;
}

static enum status adopt_name(struct namespace *n, const char *name)
{
	struct adoption *a = n->r->a;
	struct cx cx = { 0 };
	struct json_object *answer;
	const char *location = NULL;
	enum status s = get(&cx, n->r,
			    cx_printf(&cx, "%snamespaces/%s/%s/%s%s", n->r->prefix, n->encoded,
				      n->list, encoded(&cx, name),
				      strcmp(n->list, "tables") == 0 ? "?snapshots=refs" : ""),
			    (size_t)a->site.rs.config->max_metadata_bytes, &answer);

	if (!s)
		s = json_get_text(&cx, answer, "", "metadata-location", &location);
	if (!s) {
		s = adopt_one(a, n->path, name, location);
	} else if (s == UNAVAILABLE) {
		fail(n->r->cx, s, "%s", cx.message);
	} else {
		adopt_skip(a, asset_shown(&cx, n->path, name), cx.message);
		s = OK;
	}
	cx_free(&cx);
	return s;
}

/* Servers that know no views say so in many ways. */
static enum status adopt_list(struct namespace *n, const char *list)
{
	const char **names;
	enum status s;

	n->list = list;
	n->names = (struct list){ .cx = n->cx, .size = sizeof(char *) };
	s = each_item(n->cx, n->r, cx_printf(n->cx, "namespaces/%s/%s", n->encoded, list), "",
		      "identifiers", keep_name, n);
	if (s && strcmp(list, "views") == 0 && s != UNAVAILABLE)
		return OK;
	if (s)
		return fail(n->r->cx, s, "%s", cx_strdup(n->r->cx, n->cx->message));
	names = n->names.items;
	for (size_t i = 0; !s && i < n->names.n; i++)
		s = adopt_name(n, names[i]);
	return s;
}

static enum status keep_path(void *arg, struct json_object *item)
{
	struct namespace *n = arg;
	struct text t = text_open(n->cx, MAX_URL);

	if (!json_object_is_type(item, json_type_array))
		return OK;
	for (size_t i = 0; i < json_object_array_length(item); i++)
		text_addf(&t, "%s%s", i ? "\x1f" : "",
			  json_object_get_string(json_object_array_get_idx(item, i)));
	if (t.len && strcmp(t.s, n->path) != 0)
		*(const char **)list_add(&n->names) = t.s;
	return OK;
}

/* The namespace's own tables and views (but of the root's), then its children's. */
static enum status adopt_namespace(struct rest *r, const char *path, size_t depth)
{
	struct cx cx = { 0 };
	struct namespace n = { .r = r, .cx = &cx, .path = path, .encoded = encoded(&cx, path) };
	const char **children;
	enum status s = OK;

	if (depth > MAX_NAMESPACE_LEVELS)
		return OK;
	if (*path)
		s = adopt_list(&n, "tables");
	if (!s && *path)
		s = adopt_list(&n, "views");
	n.names = (struct list){ .cx = &cx, .size = sizeof(char *) };
	if (!s) {
		s = each_item(&cx, r, "namespaces",
			      *path ? cx_printf(&cx, "parent=%s", n.encoded) : "", "namespaces",
			      keep_path, &n);
		if (s)
			fail(r->cx, s, "%s", cx.message);
	}
	children = n.names.items;
	for (size_t i = 0; !s && i < n.names.n; i++)
		s = adopt_namespace(r, children[i], depth + 1);
	cx_free(&cx);
	return s;
}

enum status adopt_rest(struct adoption *a)
{
	struct http_limits limits = { .ca_file = a->site.rs.config->ca_file,
				      .allow = a->site.rs.config->outbound_allow };
	struct rest r = { .a = a, .cx = a->site.c->cx, .base = a->from };
	size_t n = strlen(a->from);
	enum status s;

	while (n && a->from[n - 1] == '/')
		n--;
	r.base = cx_strndup(r.cx, a->from, n);
	r.http = http_open(&limits);
	s = identify(&r);
	if (!s)
		s = read_config(&r);
	if (!s)
		s = adopt_namespace(&r, "", 0);
	r.cx->deadline_ms = 0;
	http_close(r.http);
	return s;
}
