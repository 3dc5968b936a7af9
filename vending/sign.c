/* SPDX-License-Identifier: Apache-2.0 */
/* sign.c - what may be signed for whom, and its signature. */
#include "vending/sign.h"

#include <ctype.h>
#include <strings.h>

#include "common/hmac.h"
#include "common/text.h"
#include "vending/sigv4.h"
#include "vending/xml.h"

#define PARAMETERS_MAX 16
#define HEADERS_MAX 64
#define BODY_MAX ((size_t)2 << 20)
#define URL_MAX 8192

/* A request taken apart. */
struct target {
	struct cx *cx;
	const struct storage *storage;
	const struct vend_scope *scope;
	const char *scheme, *host; /* "https"; "s3.example:9000", as it is signed */
	const char *bucket, *key;  /* decoded; key "" = the bucket itself */
	const char *path;	   /* decoded, as it is sent: with or without the bucket */
	struct pair query[PARAMETERS_MAX + 1];
	size_t n_query;
};

/* --- the address -------------------------------------------------------------------- */

static bool is_bucket_of(const struct vend_scope *scope, const char *name)
{
	for (size_t i = 0; i < scope->n; i++)
		if (text_same(scope->folders[i].authority, name))
			return true;
	return false;
}

/* The host behind the bucket's name, or the host itself: one of the storage's? */
static bool is_storage_host(const struct target *t, const char *host)
{
	const char *own = strstr(storage_endpoint(t->cx, t->storage), "://") + 3;
	const char *region = t->storage->region;

	if (text_same(host, own))
		return true;
	if (!storage_is_aws(t->storage))
		return false;
	return text_same(host, cx_printf(t->cx, "s3.%s.amazonaws.com", region)) ||
	       text_same(host, cx_printf(t->cx, "s3.dualstack.%s.amazonaws.com", region)) ||
	       (text_same(region, "us-east-1") && text_same(host, "s3.amazonaws.com"));
}

/* Sets bucket, key and path from a host and a decoded path. */
static enum status set_place(struct target *t, const char *path)
{
	const char *dot = strchr(t->host, '.'), *slash;

	for (; dot; dot = strchr(dot + 1, '.')) {
		t->bucket = cx_strndup(t->cx, t->host, (size_t)(dot - t->host));
		if (is_bucket_of(t->scope, t->bucket) && is_storage_host(t, dot + 1)) {
			t->key = path + 1;
			t->path = path;
			return OK;
		}
	}
	if (!is_storage_host(t, t->host))
		return fail(t->cx, INVALID, "the request is not to the warehouse's storage");
	slash = strchr(path + 1, '/');
	t->path = path;
	t->bucket = slash ? cx_strndup(t->cx, path + 1, (size_t)(slash - path - 1)) : path + 1;
	t->key = slash ? slash + 1 : "";
	return OK;
}

/* What is read as it stands by some and as a space by others is read by nobody. */
static enum status decode(struct cx *cx, const char *s, size_t n, const char **out)
{
	char *plain = NULL;
	enum status status;

	*out = NULL;
	if (memchr(s, '+', n))
		return fail(cx, INVALID, "the request's address holds a plain '+'");
	status = text_unpercent(cx, s, n, false, &plain);
	*out = plain;
	return status;
}

static enum status read_query(struct target *t, const char *query)
{
	while (query && *query) {
		size_t n = strcspn(query, "&"), name = strcspn(query, "=&");
		struct pair *p = &t->query[t->n_query];
		size_t value = name < n ? name + 1 : name;
		enum status s;

		if (t->n_query == PARAMETERS_MAX)
			return fail(t->cx, INVALID, "the request has too many parameters");
		s = decode(t->cx, query, name, &p->name);
		if (!s)
			s = decode(t->cx, query + value, n - value, &p->value);
		if (s)
			return s;
		for (size_t i = 0; i < t->n_query; i++)
			if (text_same(t->query[i].name, p->name))
				return fail(t->cx, INVALID, "a parameter is given twice");
		t->n_query++;
		query += n + (query[n] == '&');
	}
	return OK;
}

/* "host:443" of https is "host": clients leave out what goes without saying. */
static const char *plain_host(struct cx *cx, const char *scheme, const char *host, size_t n)
{
	const char *port = text_same(scheme, "https") ? ":443" : ":80";
	char *out = cx_strndup(cx, host, n);

	for (char *c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (text_ends(out, port))
		out[strlen(out) - strlen(port)] = '\0';
	return out;
}

static enum status read_uri(struct target *t, const char *uri)
{
	const char *host = strstr(uri, "://"), *path, *plain;
	size_t n, path_n;
	enum status s;

	if (!host || (!text_starts(uri, "https://") && !text_starts(uri, "http://")))
		return fail(t->cx, INVALID, "uri: not an http:// or https:// address");
	if (strlen(uri) > URL_MAX || strpbrk(uri, "#\\@ "))
		return fail(t->cx, INVALID, "uri: not a storage's address");
	t->scheme = cx_strndup(t->cx, uri, (size_t)(host - uri));
	host += 3;
	n = strcspn(host, "/?");
	t->host = plain_host(t->cx, t->scheme, host, n);
	path = host + n;
	path_n = strcspn(path, "?");
	s = decode(t->cx, path, path_n, &plain);
	if (!s)
		s = set_place(t, *plain ? plain : "/");
	return s ? s : read_query(t, path[path_n] ? path + path_n + 1 : NULL);
}

/* --- keys ----------------------------------------------------------------------------- */

/* Does the key, or the beginning of keys, lie below one of the folders, however it is read? */
static enum status check_key(const struct target *t, const char *bucket, const char *key)
{
	struct location l;

	if (!*key || location_parse(t->cx, cx_printf(t->cx, "s3://%s/%s", bucket, key), &l))
		return fail(t->cx, DENIED, "the request is not about the table's files");
	for (size_t i = 0; i < t->scope->n; i++) {
		const struct location *folder = &t->scope->folders[i];

		if (text_same(folder->authority, bucket) &&
		    text_starts(key, cx_printf(t->cx, "%s/", folder->path + 1)))
			return OK;
	}
	return fail(t->cx, DENIED, "the request is not about the table's files");
}

/* "/bucket/key", escaped; no version of it. */
static enum status check_copy_source(const struct target *t, const char *value)
{
	const char *plain, *slash;
	enum status s;

	value += *value == '/';
	if (strchr(value, '?'))
		return fail(t->cx, DENIED, "a version of an object is not copied");
	s = decode(t->cx, value, strlen(value), &plain);
	if (s)
		return s;
	slash = strchr(plain, '/');
	if (!slash)
		return fail(t->cx, DENIED, "the request is not about the table's files");
	return check_key(t, cx_strndup(t->cx, plain, (size_t)(slash - plain)), slash + 1);
}

struct deletion {
	const struct target *target;
	enum status status;
	size_t keys;
};

/* Names the keys of a DeleteObjects; whatever else is in it is refused. */
static void on_delete_element(void *arg, const char *name, const char *text)
{
	static const char *const others[] = { "Delete", "Object",	    "Quiet",
					      "ETag",	"LastModifiedTime", "Size" };
	struct deletion *d = arg;

	if (d->status)
		return;
	if (!strcmp(name, "Key")) {
		d->keys++;
		d->status = check_key(d->target, d->target->bucket, text);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(name, others[i]))
			return;
	d->status = fail(d->target->cx, DENIED, "the deletion holds more than keys");
}

/* A comment or a CDATA section within a key would be read in two ways. */
static enum status check_deletion(const struct target *t, const char *body)
{
	struct deletion d = { .target = t };
	enum status s;

	if (!body || !*body)
		return fail(t->cx, DENIED, "a deletion of many is signed with its body only");
	if (strlen(body) > BODY_MAX || strstr(body, "<!") ||
	    (strstr(body, "<?") && strstr(body + 2, "<?")))
		return fail(t->cx, INVALID, "body: not a plain list of keys");
	s = xml_read(t->cx, body, strlen(body), on_delete_element, &d);
	if (s)
		return fail(t->cx, INVALID, "body: not XML");
	return d.status || d.keys ? d.status : fail(t->cx, INVALID, "body: names no key");
}

/* --- what is asked -------------------------------------------------------------------- */

enum about { ON_OBJECT, ON_PREFIX, ON_KEYS };

/* The first one whose method, object and `needs` are there is it.  Names end at a space. */
static const struct operation {
	const char *method;
	enum about about;
	unsigned verb;
	const char *needs, *may; /* parameters */
} operations[] = {
	{ "GET", ON_OBJECT, VEND_WRITE, "uploadId", "max-parts part-number-marker x-id" },
	{ "GET", ON_OBJECT, VEND_READ, NULL, "partNumber x-id" },
	{ "HEAD", ON_OBJECT, VEND_READ, NULL, "partNumber x-id" },
	{ "PUT", ON_OBJECT, VEND_WRITE, "partNumber", "uploadId x-id" },
	{ "PUT", ON_OBJECT, VEND_WRITE, NULL, "x-id" },
	{ "POST", ON_OBJECT, VEND_WRITE, "uploads", "x-id" },
	{ "POST", ON_OBJECT, VEND_WRITE, "uploadId", "x-id" },
	{ "DELETE", ON_OBJECT, VEND_WRITE, "uploadId", "x-id" },
	{ "DELETE", ON_OBJECT, VEND_DELETE, NULL, "x-id" },
	{ "GET", ON_PREFIX, VEND_READ, "prefix",
	  "list-type delimiter max-keys continuation-token start-after marker encoding-type "
	  "fetch-owner x-id" },
	{ "POST", ON_KEYS, VEND_DELETE, "delete", "x-id" },
};

static const char *parameter(const struct target *t, const char *name)
{
	for (size_t i = 0; i < t->n_query; i++)
		if (text_same(t->query[i].name, name))
			return t->query[i].value;
	return NULL;
}

static bool is_word_of(const char *words, const char *word)
{
	size_t n = strlen(word);

	while (*words) {
		size_t len = strcspn(words, " ");

		if (len == n && !memcmp(words, word, n))
			return true;
		words += len + strspn(words + len, " ");
	}
	return false;
}

static const struct operation *operation_of(const struct target *t, const char *method)
{
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		const struct operation *o = &operations[i];

		if (strcmp(o->method, method) != 0 || (o->about == ON_OBJECT) != (*t->key != '\0'))
			continue;
		if (!o->needs || parameter(t, o->needs))
			return o;
	}
	return NULL;
}

static enum status check_operation(const struct target *t, const struct sign_request *r,
				   const struct operation *o)
{
	if (!o)
		return fail(t->cx, DENIED, "requests of this kind are not signed");
	for (size_t i = 0; i < t->n_query; i++)
		if (!(o->needs && text_same(o->needs, t->query[i].name)) &&
		    !is_word_of(o->may, t->query[i].name))
			return fail(t->cx, DENIED, "requests with this parameter are not signed");
	if (!((t->scope->verbs | VEND_READ) & o->verb))
		return fail(t->cx, DENIED,
			    "the table's files may not be %s by signed requests here",
			    o->verb == VEND_DELETE ? "deleted" : "written");
	if (o->about == ON_OBJECT)
		return check_key(t, t->bucket, t->key);
	if (o->about == ON_KEYS)
		return check_deletion(t, r->body);
	return check_key(t, t->bucket, parameter(t, "prefix"));
}

/* --- headers --------------------------------------------------------------------------- */

/* x-amz- headers that say nothing about other objects or other people's rights. */
static const char *const plain_headers[] = {
	"bucket-key-enabled",
	"checksum-",
	"content-sha256",
	"copy-source-if-",
	"copy-source-range",
	"date",
	"decoded-content-length",
	"expected-bucket-owner",
	"meta-",
	"metadata-directive",
	"mp-object-size",
	"request-payer",
	"sdk-checksum-algorithm",
	"security-token",
	"server-side-encryption",
	"source-expected-bucket-owner",
	"storage-class",
	"te",
	"trailer",
	"user-agent",
};

static enum status check_amz_header(const struct target *t, const struct pair *h)
{
	const char *name = h->name + strlen("x-amz-");

	if (text_same(name, "copy-source"))
		return check_copy_source(t, h->value);
	if (text_same(name, "acl") &&
	    (text_same(h->value, "private") || text_same(h->value, "bucket-owner-full-control")))
		return OK;
	for (size_t i = 0; i < ARRAY_SIZE(plain_headers); i++)
		if (text_starts(name, plain_headers[i]))
			return OK;
	return fail(t->cx, DENIED, "requests with the header %s are not signed", h->name);
}

/* The headers that are to be signed, as the client sends them: names in lower case. */
static enum status read_headers(const struct target *t, struct json_object *given, struct pair *out,
				size_t *n)
{
	*n = 0;
	json_object_object_foreach(given, key, values) {
		char *name = cx_strdup(t->cx, key);
		struct json_object *value;
		enum status s = OK;

		for (char *c = name; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		if (!text_starts(name, "x-amz-") && !text_same(name, "content-md5"))
			continue;
		value = json_object_is_type(values, json_type_array) &&
					json_object_array_length(values) == 1
				? json_object_array_get_idx(values, 0)
				: NULL;
		if (!json_object_is_type(value, json_type_string) || *n == HEADERS_MAX)
			return fail(t->cx, INVALID, "headers.%s: not one text", key);
		for (size_t i = 0; i < *n; i++)
			if (text_same(out[i].name, name))
				return fail(t->cx, INVALID, "headers.%s: given twice", key);
		out[*n] = (struct pair){ name, json_object_get_string(value) };
		if (strpbrk(out[*n].value, "\r\n"))
			return fail(t->cx, INVALID, "headers.%s: more than one line", key);
		if (text_starts(name, "x-amz-"))
			s = check_amz_header(t, &out[*n]);
		if (s)
			return s;
		++*n;
	}
	return OK;
}

static const char *header_of(const struct pair *headers, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (text_same(headers[i].name, name))
			return headers[i].value;
	return NULL;
}

/* What the signature says of the body.  One that was checked is bound. */
static enum status payload_of(const struct target *t, const struct operation *o,
			      const struct sign_request *r, const char *given, const char **out)
{
	unsigned char digest[SHA256_BYTES];

	*out = given ? given : SIGV4_UNSIGNED;
	if (o->about == ON_KEYS) {
		*out = sha256_hex(t->cx, r->body, strlen(r->body));
		if (given && text_unhex(given, digest, sizeof(digest)) && strcmp(given, *out) != 0)
			return fail(t->cx, INVALID, "body: not the one whose hash is given");
		return OK;
	}
	if (text_same(*out, SIGV4_UNSIGNED) ||
	    text_same(*out, "STREAMING-UNSIGNED-PAYLOAD-TRAILER") ||
	    text_unhex(*out, digest, sizeof(digest)))
		return OK;
	return fail(t->cx, INVALID,
		    "x-amz-content-sha256: a body whose parts are signed can't be signed here");
}

/* --- the signature ---------------------------------------------------------------------- */

static struct sigv4 signer(const struct target *t, int64_t now_ms)
{
	return (struct sigv4){ .path = t->path,
			       .query = t->query,
			       .n_query = t->n_query,
			       .region = t->storage->region,
			       .service = "s3",
			       .access_key_id = t->storage->access_key_id,
			       .secret_access_key = t->storage->secret_access_key,
			       .now_ms = now_ms };
}

/* Ours take the place of the client's. */
static void sign(const struct target *t, const char *method, const char *payload,
		 const struct pair *given, size_t n, int64_t now_ms, struct sign_answer *out)
{
	struct pair *all = cx_array(t->cx, n + 4, sizeof(*all));
	struct pair *added = cx_array(t->cx, 4, sizeof(*added));
	const char *before = header_of(given, n, "x-amz-content-sha256");
	struct sigv4 s = signer(t, now_ms);
	size_t n_all = 0;

	out->headers = added;
	added[out->n_headers++] = (struct pair){ "x-amz-date", sigv4_time(t->cx, now_ms) };
	if (t->storage->session_token)
		added[out->n_headers++] =
			(struct pair){ "x-amz-security-token", t->storage->session_token };
	for (size_t i = 0; i < out->n_headers; i++)
		all[n_all++] = added[i];
	for (size_t i = 0; i < n; i++)
		if (!is_word_of("x-amz-date x-amz-security-token x-amz-content-sha256",
				given[i].name))
			all[n_all++] = given[i];
	all[n_all++] = (struct pair){ "x-amz-content-sha256", payload };
	all[n_all++] = (struct pair){ "host", t->host };
	if (!text_same(before, payload)) /* clients add, they do not replace */
		added[out->n_headers++] = (struct pair){ "x-amz-content-sha256", payload };
	s.method = method;
	s.headers = all;
	s.n_headers = n_all;
	s.payload = payload;
	added[out->n_headers++] = (struct pair){ "Authorization", sigv4_authorization(t->cx, &s) };
}

static enum status check_keys(struct cx *cx, const struct storage *s)
{
	if (!s->access_key_id)
		return fail(cx, INVALID, "the warehouse has no keys to sign with");
	return OK;
}

enum status sign_request(struct cx *cx, const struct storage *s, const struct vend_scope *scope,
			 const struct sign_request *request, int64_t now_ms,
			 struct sign_answer *out)
{
	struct target t = { .cx = cx, .storage = s, .scope = scope };
	struct pair given[HEADERS_MAX];
	const struct operation *o;
	const char *payload, *query;
	size_t n = 0;
	enum status status = check_keys(cx, s);

	*out = (struct sign_answer){ 0 };
	if (!status)
		status = read_uri(&t, request->uri);
	if (status)
		return status;
	o = operation_of(&t, request->method);
	status = check_operation(&t, request, o);
	if (!status)
		status = read_headers(&t, request->headers, given, &n);
	if (!status && !text_same(request->method, "PUT") &&
	    header_of(given, n, "x-amz-copy-source"))
		return fail(cx, DENIED, "only a PUT copies");
	if (!status)
		status = payload_of(&t, o, request, header_of(given, n, "x-amz-content-sha256"),
				    &payload);
	if (status)
		return status;
	sign(&t, request->method, payload, given, n, now_ms, out);
	query = sigv4_query(cx, t.query, t.n_query);
	out->uri = cx_printf(cx, "%s://%s%s%s%s", t.scheme, t.host, sigv4_path(cx, t.path),
			     *query ? "?" : "", query);
	out->cacheable = o->verb == VEND_READ;
	return OK;
}

enum status sign_url(struct cx *cx, const struct storage *s, const struct vend_scope *scope,
		     const char *location, int64_t expires_s, int64_t now_ms, const char **out)
{
	const char *endpoint = storage_endpoint(cx, s), *host = strstr(endpoint, "://") + 3;
	struct target t = { .cx = cx, .storage = s, .scope = scope };
	struct pair header = { "host", host };
	struct sigv4 sign;
	struct location l;
	enum status status = check_keys(cx, s);

	if (!status)
		status = location_parse(cx, location, &l);
	if (!status && !text_same(l.scheme, "s3"))
		status = fail(cx, INVALID, "location: not on S3");
	if (!status)
		status = check_key(&t, l.authority, *l.path ? l.path + 1 : "");
	if (status)
		return status;
	t.path = cx_printf(cx, "/%s%s", l.authority, l.path);
	if (!storage_by_path(s, endpoint)) {
		header.value = cx_printf(cx, "%s.%s", l.authority, host);
		t.path = l.path;
	}
	sign = signer(&t, now_ms);
	sign.method = "GET";
	sign.headers = &header;
	sign.n_headers = 1;
	sign.payload = SIGV4_UNSIGNED;
	*out = cx_printf(cx, "%.*s%s%s?%s", (int)(host - endpoint), endpoint, header.value,
			 sigv4_path(cx, t.path),
			 sigv4_presign(cx, &sign, expires_s, s->session_token));
	return OK;
}
