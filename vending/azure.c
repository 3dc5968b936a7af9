/* SPDX-License-Identifier: Apache-2.0 */
/* azure.c - objects on Azure Blob Storage and ADLS Gen2, by the blob service.
 * Source: learn.microsoft.com, REST API of Azure Storage: "Put Blob", "List Blobs", "Blob service error codes". */
#include "vending/azure.h"

#include "common/text.h"
#include "vending/objects.h"
#include "vending/xml.h"

#define CODE_MAX 64
#define URL_MAX ((size_t)32 << 10)
#define PAGES_MAX 10000

/* --- requests --------------------------------------------------------------------- */

const char *azure_service(struct cx *cx, const struct storage *s)
{
	const char *host;

	if (!s->endpoint)
		return cx_printf(cx, "https://%s.blob.%s", s->account_name, s->azure_domain);
	host = strstr(s->endpoint, "://") + 3;
	if (text_starts(host, cx_printf(cx, "%s.", s->account_name)))
		return s->endpoint;
	return cx_printf(cx, "%s/%s", s->endpoint, s->account_name);
}

/* "Tue, 24 Nov 2026 07:03:09 GMT" */
static const char *http_date(struct cx *cx)
{
	time_t now = (time_t)(cx_now_ms() / 1000);
	char text[64];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return cx_strdup(cx, text);
}

static const char *query_text(struct cx *cx, const struct pair *query, size_t n)
{
	struct text t = text_open(cx, URL_MAX);

	for (size_t i = 0; i < n; i++) {
		text_addf(&t, "%c%s=", i ? '&' : '?', query[i].name);
		text_add_percent(&t, query[i].value, strlen(query[i].value), false);
	}
	return t.s;
}

/* Container and blob as they stand in a URL.  A list is of the container. */
static const char *path_of(struct cx *cx, const struct object_request *r)
{
	size_t n = strcspn(r->at->authority, "@");
	struct text t = text_open(cx, URL_MAX);
	const char *name = object_name(r->at);

	text_addf(&t, "/%.*s", (int)n, r->at->authority);
	if (r->verb != OBJECT_LIST) {
		text_addc(&t, '/');
		text_add_percent(&t, name, strlen(name), true);
	}
	return t.s;
}

static enum status authorize(struct cx *cx, struct cloud *c, const struct storage *s,
			     const char *service, const char *path, struct object_request *r)
{
	const char *host_end = strchr(strstr(service, "://") + 3, '/'), *token = s->access_token;
	const char *signature;
	struct azure_request sign = { .method = r->http.method,
				      .account = s->account_name,
				      .path = cx_printf(cx, "%s%s", host_end ? host_end : "", path),
				      .query = r->query,
				      .n_query = r->n_query,
				      .headers = r->headers,
				      .n_headers = r->http.n_headers,
				      .n_body = r->http.n_body };
	enum status status = OK;

	if (s->sas_token) { /* one more parameter or several, as they are */
		r->http.url = cx_printf(cx, "%s%c%s", r->http.url, r->n_query ? '&' : '?',
					s->sas_token + (*s->sas_token == '?'));
		return OK;
	}
	if (s->account_key) {
		status = azure_signature(cx, s->account_key, azure_string_to_sign(cx, &sign),
					 &signature);
		if (!status)
			object_header(r, "Authorization",
				      cx_printf(cx, "SharedKey %s:%s", s->account_name, signature));
		return status;
	}
	if (!token)
		status = azure_token(cx, c, s, &token);
	if (!status)
		object_header(r, "Authorization", cx_printf(cx, "Bearer %s", token));
	return status;
}

static enum status azure_prepare(struct cx *cx, struct cloud *c, const struct storage *s,
				 struct object_request *r)
{
	static const char *const methods[] = { [OBJECT_GET] = "GET",
					       [OBJECT_PUT] = "PUT",
					       [OBJECT_REMOVE] = "DELETE",
					       [OBJECT_STAT] = "HEAD",
					       [OBJECT_LIST] = "GET" };
	const char *service = azure_service(cx, s), *path = path_of(cx, r);
	const char *account = strchr(r->at->authority, '@') + 1;

	if (!text_same(account, s->account_name))
		return fail(cx, INVALID, "\"%s\" is not in the storage account \"%s\"", r->at->text,
			    s->account_name);
	r->http.method = methods[r->verb];
	r->http.again_on_409 = false; /* here it says that the blob is there */
	r->http.url = cx_printf(cx, "%s%s%s", service, path, query_text(cx, r->query, r->n_query));
	object_header(r, "x-ms-date", http_date(cx));
	object_header(r, "x-ms-version", AZURE_VERSION);
	if (r->verb == OBJECT_PUT) {
		object_header(r, "x-ms-blob-type", "BlockBlob");
		object_header(r, "If-None-Match", "*");
	}
	return authorize(cx, c, s, service, path, r);
}

/* --- what went wrong ---------------------------------------------------------------- */

static const struct object_error errors[] = {
	{ "BlobNotFound", NOT_FOUND, NULL },
	{ "PathNotFound", NOT_FOUND, NULL },
	{ "ResourceNotFound", NOT_FOUND, NULL },
	{ "ContainerNotFound", INVALID, "there is no such container" },
	{ "BlobAlreadyExists", EXISTS, NULL },
	{ "ConditionNotMet", EXISTS, NULL },
	{ "LeaseIdMissing", DENIED, "somebody has a lease on it" },
	{ "AuthenticationFailed", DENIED,
	  "the account's key, the signature or its time: look at this server's clock too" },
	{ "InvalidAuthenticationInfo", DENIED, "the key, the token, or this server's clock" },
	{ "AuthorizationFailure", DENIED,
	  "the account's network rules, or what the signature is for" },
	{ "AuthorizationPermissionMismatch", DENIED,
	  "the identity has no role on the data (Storage Blob Data Contributor), or the signature "
	  "is for something else" },
	{ "AuthorizationProtocolMismatch", DENIED, "only https is allowed" },
	{ "AuthorizationSourceIPMismatch", DENIED, "this server's address is not allowed" },
	{ "KeyBasedAuthenticationNotPermitted", DENIED,
	  "the account takes no keys: give a client's id and secret" },
	{ "AccountIsDisabled", DENIED, NULL },
	{ "RequestBodyTooLarge", TOO_LARGE, NULL },
};

static void on_error_element(void *arg, const char *name, const char *text)
{
	char *code = arg;

	if (!strcmp(name, "Code") && !*code)
		snprintf(code, CODE_MAX, "%s", text);
}

static enum status azure_refused(struct cx *cx, const struct http_request *r, const char *verb,
				 const char *location)
{
	char *code = cx_alloc(cx, CODE_MAX);

	if (!r->n_answer || xml_read(cx, r->answer, r->n_answer, on_error_element, code))
		*code = '\0';
	return object_refusal(cx, errors, ARRAY_SIZE(errors), r, code, verb, location);
}

static int64_t azure_size(struct cx *cx, const struct http_request *r)
{
	(void)cx;
	return r->content_length;
}

static const struct object_dialect azure_dialect = { azure_prepare, azure_refused, azure_size };

/* --- the slots -------------------------------------------------------------------------- */

static enum status azure_get(struct cx *cx, struct cloud *c, const struct storage *s,
			     const struct location *l, const char **bytes, size_t *n)
{
	return objects_get(cx, c, s, &azure_dialect, l, bytes, n);
}

static enum status azure_put(struct cx *cx, struct cloud *c, const struct storage *s,
			     struct put *puts, size_t n)
{
	return objects_put(cx, c, s, &azure_dialect, puts, n);
}

static enum status azure_remove(struct cx *cx, struct cloud *c, const struct storage *s,
				const struct location *at, size_t n, enum status *each)
{
	return objects_remove(cx, c, s, &azure_dialect, at, n, each);
}

static enum status azure_stat(struct cx *cx, struct cloud *c, const struct storage *s,
			      const struct location *at, size_t n, int64_t *sizes,
			      enum status *each)
{
	return objects_stat(cx, c, s, &azure_dialect, at, n, sizes, each);
}

/* --- listing ------------------------------------------------------------------------------ */

struct listing {
	struct cx *cx;
	const char *base; /* "abfss://container@account" */
	const char *after;
	struct cloud_entry *out, one;
	size_t n;
	bool is_folder; /* an account with hierarchical namespaces lists its folders too */
	const char *mark;
};

static void end_blob(struct listing *li)
{
	const char *location = li->one.location;

	if (location && !li->is_folder && li->n < LIST_MAX &&
	    (!li->after || strcmp(location, li->after) > 0))
		li->out[li->n++] = li->one;
	li->one = (struct cloud_entry){ 0 };
	li->is_folder = false;
}

/* "Tue, 24 Nov 2026 07:03:09 GMT" */
static int64_t read_date(const char *text)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);

	return end && !*end ? (int64_t)timegm(&tm) * 1000 : 0;
}

static void on_list_element(void *arg, const char *name, const char *text)
{
	struct listing *li = arg;

	if (!strcmp(name, "Name"))
		li->one.location = cx_printf(li->cx, "%s/%s", li->base, text);
	else if (!strcmp(name, "Content-Length"))
		(void)text_int(text, &li->one.size);
	else if (!strcmp(name, "Last-Modified"))
		li->one.modified_ms = read_date(text);
	else if (!strcmp(name, "ResourceType"))
		li->is_folder = !strcmp(text, "directory");
	else if (!strcmp(name, "NextMarker"))
		li->mark = *text ? cx_strdup(li->cx, text) : NULL;
	else if (!strcmp(name, "Blob"))
		end_blob(li);
}

static enum status list_page(struct cx *cx, struct cloud *c, const struct storage *s,
			     const struct location *l, struct listing *li)
{
	struct pair query[5] = { { "restype", "container" },
				 { "comp", "list" },
				 { "maxresults", "1000" },
				 { "prefix",
				   *l->path ? cx_printf(cx, "%s/", object_name(l)) : "" } };
	size_t n = 4;
	struct http_request r;
	enum status status;

	if (li->mark)
		query[n++] = (struct pair){ "marker", li->mark };
	status = objects_list(cx, c, s, &azure_dialect, l, query, n, &r);
	if (status)
		return status;
	li->mark = NULL;
	if (xml_read(cx, r.answer, r.n_answer, on_list_element, li))
		return fail(cx, UNAVAILABLE, "the storage's list of \"%s\" is not XML", l->text);
	return OK;
}

static void keep(char **to, const char *text)
{
	free(*to);
	*to = text ? strdup(text) : NULL;
}

/*
 * A list is entered by a mark of the service's alone.  The last page's is kept, for who reads
 * on; else everything before `after` is read again.
 */
static enum status azure_list(struct cx *cx, struct cloud *c, const struct storage *s,
			      const struct location *l, const char *after, struct cloud_entry *out,
			      size_t *n, bool *more)
{
	struct listing li = { .cx = cx,
			      .base = cx_strndup(cx, l->text, strlen(l->text) - strlen(l->path)),
			      .after = after,
			      .out = out };
	enum status status = OK;

	if (after && text_same(c->list_folder, l->text) && text_same(c->list_after, after))
		li.mark = cx_strdup(cx, c->list_mark);
	for (int pages = 0; !status && pages < PAGES_MAX && (!pages || (li.mark && !li.n)); pages++)
		status = list_page(cx, c, s, l, &li);
	if (status)
		return status;
	*n = li.n;
	*more = li.mark != NULL;
	keep(&c->list_folder, li.mark ? l->text : NULL);
	keep(&c->list_after, li.n ? out[li.n - 1].location : NULL);
	keep(&c->list_mark, li.mark);
	return OK;
}

const struct cloud_ops azure_cloud = {
	.scheme = "abfss",
	.get = azure_get,
	.put = azure_put,
	.remove = azure_remove,
	.stat = azure_stat,
	.list = azure_list,
};
