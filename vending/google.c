/* SPDX-License-Identifier: Apache-2.0 */
/* google.c - objects on Google Cloud Storage, by its JSON API.
 * Source: cloud.google.com, Cloud Storage JSON API: "Objects: insert", "Objects: list", "Status and error codes". */
#include "vending/google.h"

#include "common/json.h"
#include "common/text.h"
#include "vending/objects.h"

#define ENDPOINT "https://storage.googleapis.com"
#define SPARE_MS ((int64_t)300000)
#define URL_MAX ((size_t)32 << 10)
#define ANSWER_DEPTH 16

/* --- requests --------------------------------------------------------------------- */

static const char *service_of(const struct storage *s)
{
	return s->endpoint ? s->endpoint : ENDPOINT;
}

static void add_escaped(struct text *t, const char *head, const char *s)
{
	text_add(t, head);
	text_add_percent(t, s, strlen(s), false);
}

/* An object's name is one segment of the path, its slashes escaped. */
static enum status set_url(struct cx *cx, const struct storage *s, struct object_request *r)
{
	struct text t = text_open(cx, URL_MAX);
	const char *name = object_name(r->at);

	text_add(&t, service_of(s));
	add_escaped(&t, r->verb == OBJECT_PUT ? "/upload/storage/v1/b/" : "/storage/v1/b/",
		    r->at->authority);
	if (r->verb == OBJECT_PUT)
		add_escaped(&t, "/o?uploadType=media&ifGenerationMatch=0&fields=name&name=", name);
	else if (r->verb != OBJECT_LIST)
		add_escaped(&t, "/o/", name);
	if (r->verb == OBJECT_GET)
		text_add(&t, "?alt=media");
	if (r->verb == OBJECT_STAT)
		text_add(&t, "?fields=size");
	for (size_t i = 0; i < r->n_query; i++) {
		text_addf(&t, "%s%s=", i ? "&" : "/o?", r->query[i].name);
		add_escaped(&t, "", r->query[i].value);
	}
	r->http.url = t.s;
	return text_check(&t, "a URL");
}

static enum status google_prepare(struct cx *cx, struct cloud *c, const struct storage *s,
				  struct object_request *r)
{
	static const char *const methods[] = { [OBJECT_GET] = "GET",
					       [OBJECT_PUT] = "POST",
					       [OBJECT_REMOVE] = "DELETE",
					       [OBJECT_STAT] = "GET",
					       [OBJECT_LIST] = "GET" };
	struct access_token token = { .text = s->access_token };
	enum status status = set_url(cx, s, r);

	if (!status && !token.text)
		status = google_token(cx, c, s, SPARE_MS, &token);
	if (status)
		return status;
	r->http.method = methods[r->verb];
	object_header(r, "Authorization", cx_printf(cx, "Bearer %s", token.text));
	if (r->verb == OBJECT_PUT)
		object_header(r, "Content-Type", "application/octet-stream");
	return OK;
}

/* --- what went wrong ---------------------------------------------------------------- */

static const struct object_error errors[] = {
	{ "conditionNotMet", EXISTS, NULL },
	{ "required", DENIED, "the token is none, or its time is over" },
	{ "authError", DENIED, "the token is none, or its time is over" },
	{ "forbidden", DENIED, "the account has no role there (Storage Object User)" },
	{ "accountDisabled", DENIED, NULL },
	{ "rateLimitExceeded", UNAVAILABLE, NULL },
	{ "userRateLimitExceeded", UNAVAILABLE, NULL },
	{ "invalid", INVALID, NULL },
};

/* {"error": {"errors": [{"reason"}]}} */
static const char *reason_of(struct cx *cx, const struct http_request *r)
{
	struct json_object *o, *list;
	const char *reason;

	if (json_parse(cx, r->answer, r->n_answer, ANSWER_DEPTH, &o) ||
	    !json_object_is_type(o, json_type_object))
		return "";
	o = json_member(o, "error");
	list = json_object_is_type(o, json_type_object) ? json_member(o, "errors") : NULL;
	if (!json_object_is_type(list, json_type_array) || !json_object_array_length(list))
		return "";
	o = json_object_array_get_idx(list, 0);
	reason = json_object_is_type(o, json_type_object) ? json_text(o, "reason") : NULL;
	return reason ? reason : "";
}

static enum status google_refused(struct cx *cx, const struct http_request *r, const char *verb,
				  const char *location)
{
	return object_refusal(cx, errors, ARRAY_SIZE(errors), r, reason_of(cx, r), verb, location);
}

/* Numbers of 64 bits are texts there. */
static int64_t google_size(struct cx *cx, const struct http_request *r)
{
	struct json_object *o;
	const char *size;
	int64_t n;

	if (json_parse(cx, r->answer, r->n_answer, ANSWER_DEPTH, &o) ||
	    !json_object_is_type(o, json_type_object))
		return -1;
	size = json_text(o, "size");
	return size && text_int(size, &n) ? n : -1;
}

static const struct object_dialect google_dialect = { google_prepare, google_refused, google_size };

/* --- the slots -------------------------------------------------------------------------- */

static enum status google_get(struct cx *cx, struct cloud *c, const struct storage *s,
			      const struct location *l, const char **bytes, size_t *n)
{
	return objects_get(cx, c, s, &google_dialect, l, bytes, n);
}

static enum status google_put(struct cx *cx, struct cloud *c, const struct storage *s,
			      struct put *puts, size_t n)
{
	return objects_put(cx, c, s, &google_dialect, puts, n);
}

static enum status google_remove(struct cx *cx, struct cloud *c, const struct storage *s,
				 const struct location *at, size_t n, enum status *each)
{
	return objects_remove(cx, c, s, &google_dialect, at, n, each);
}

static enum status google_stat(struct cx *cx, struct cloud *c, const struct storage *s,
			       const struct location *at, size_t n, int64_t *sizes,
			       enum status *each)
{
	return objects_stat(cx, c, s, &google_dialect, at, n, sizes, each);
}

/* --- listing ------------------------------------------------------------------------------ */

/* {"items": [{"name","size","updated"}], "nextPageToken"}; `after` itself is left out. */
static enum status read_list(struct cx *cx, const struct http_request *r, const char *base,
			     const char *after, struct cloud_entry *out, size_t *n, bool *more)
{
	struct json_object *o, *items;
	enum status s = json_parse(cx, r->answer, r->n_answer, ANSWER_DEPTH, &o);

	if (s || !json_object_is_type(o, json_type_object))
		return fail(cx, UNAVAILABLE, "the storage's list is no JSON");
	items = json_member(o, "items");
	*more = json_text(o, "nextPageToken") != NULL;
	for (size_t i = 0; json_object_is_type(items, json_type_array) &&
			   i < json_object_array_length(items) && *n < LIST_MAX;
	     i++) {
		struct json_object *item = json_object_array_get_idx(items, i);
		const char *name = json_text(item, "name"), *size = json_text(item, "size");
		const char *updated = json_text(item, "updated");
		struct cloud_entry e = { 0 };

		if (!name || !size || !text_int(size, &e.size))
			return fail(cx, UNAVAILABLE, "the storage lists an object without a name");
		e.location = cx_printf(cx, "%s/%s", base, name);
		if (updated)
			(void)text_untime(updated, &e.modified_ms);
		if (!text_same(e.location, after))
			out[(*n)++] = e;
	}
	return OK;
}

static enum status google_list(struct cx *cx, struct cloud *c, const struct storage *s,
			       const struct location *l, const char *after, struct cloud_entry *out,
			       size_t *n, bool *more)
{
	size_t head = strlen(l->text) - strlen(l->path), n_query = 3;
	const char *base = cx_strndup(cx, l->text, head);
	struct pair query[4] = { { "prefix", *l->path ? cx_printf(cx, "%s/", object_name(l)) : "" },
				 { "maxResults", "1000" },
				 { "fields", "items(name,size,updated),nextPageToken" } };
	struct http_request r;
	enum status status;

	if (after)
		query[n_query++] = (struct pair){ "startOffset", after + head + 1 };
	status = objects_list(cx, c, s, &google_dialect, l, query, n_query, &r);
	return status ? status : read_list(cx, &r, base, after, out, n, more);
}

const struct cloud_ops google_cloud = {
	.scheme = "gs",
	.get = google_get,
	.put = google_put,
	.remove = google_remove,
	.stat = google_stat,
	.list = google_list,
};
