/* SPDX-License-Identifier: Apache-2.0 */
/* upstream_answer.c - another catalog's answers: whose addresses and settings are in them. */
#include "fcgi/upstream_answer.h"

#include "common/text.h"
#include "fcgi/secrets.h"

#define MAX_ADDRESSES 65536 /* bytes that addresses of ours may be longer */
#define CONFIG_DEPTH 4

/* --- strings of JSON text ------------------------------------------------------------- */

/* A string of JSON text, from its first quote to behind its last. */
struct quoted {
	const char *from, *to;
};

/* The next string; false: there is none any more. */
static bool next_string(const char *text, struct quoted *out)
{
	const char *c = strchr(text, '"');

	if (!c)
		return false;
	out->from = c++;
	while (*c && *c != '"')
		c += *c == '\\' && c[1] ? 2 : 1;
	out->to = c + 1;
	return *c == '"';
}

/* What it says; NULL where that does not read. */
static const char *string_text(struct cx *cx, const struct quoted *q)
{
	const char *list = cx_printf(cx, "[%.*s]", (int)(q->to - q->from), q->from);
	struct json_object *o;

	if (json_parse(cx, list, strlen(list), 2, &o))
		return NULL;
	return json_object_get_string(json_object_array_get_idx(o, 0));
}

/* --- addresses --------------------------------------------------------------------------- */

/*
 * Where clients get new credentials and signatures: to these addresses they send their token
 * of ours, so they have to be ours, whatever the upstream says.  The requests then come by
 * here and are sent on.
 */
static const char *const addresses[] = { "refresh-credentials-endpoint", "signer.endpoint",
					 "signer.uri" }; /* how their names end */

/* With escapes a name can be written in many ways. */
static bool is_address(struct cx *cx, const struct quoted *name)
{
	size_t n = (size_t)(name->to - name->from) - 2;
	const char *text = name->from + 1;

	if (memchr(text, '\\', n)) {
		text = string_text(cx, name);
		n = text ? strlen(text) : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		size_t end = strlen(addresses[i]);

		if (n >= end && memcmp(text + n - end, addresses[i], end) == 0)
			return true;
	}
	return false;
}

/* The text of the next such address; false: there is none any more. */
static bool next_address(struct cx *cx, const char *text, struct quoted *out)
{
	struct quoted name;

	while (next_string(text, &name)) {
		text = name.to + strspn(name.to, " \t\r\n");
		if (*text != ':' || !is_address(cx, &name))
			continue;
		text += 1 + strspn(text + 1, " \t\r\n");
		if (*text == '"')
			return next_string(text, out);
	}
	return false;
}

static bool at_path_end(const char *s)
{
	return !*s || *s == '/';
}

/* Our form of an address. */
static const char *our_address(const struct request *rq, const struct upstream *u, const char *root,
			       const char *address)
{
	struct text t = text_open(rq->cx, MAX_ADDRESSES);
	const char *rest = address, *host = strstr(address, "://");
	size_t base = strlen(u->base), n = strlen(root);

	if (text_starts(rest, u->base) && at_path_end(rest + base)) {
		rest += base;
		text_add(&t, request_base_url(rq));
	} else if (host && host < address + strcspn(address, "/")) {
		rest = host + 3 + strcspn(host + 3, "/");
		text_add(&t, request_base_url(rq));
	}
	if (*rest == '/') {
		text_addc(&t, '/');
		rest++;
	}
	if (strncmp(rest, root, n) == 0 && rest[n] == '/') {
		text_add(&t, "v1/");
		text_add_percent(&t, rq->object.catalog, strlen(rq->object.catalog), false);
		rest += n;
	}
	text_add(&t, rest);
	return t.s;
}

/* One that does not read is nobody's. */
static void add_address(struct text *t, const struct request *rq, const struct upstream *u,
			const char *root, const struct quoted *address)
{
	const char *text = string_text(rq->cx, address);
	const char *ours = our_address(rq, u, root, text ? text : "");

	text_add(t, json_print(rq->cx, json_new_text(rq->cx, ours), NULL));
}

/* Only those of ours are left. */
static enum status our_addresses(const struct request *rq, const struct upstream *u,
				 const char *root, const char **answer, size_t *n)
{
	struct text t = text_open(rq->cx, *n + MAX_ADDRESSES);
	const char *from = *answer;
	struct quoted address;

	while (next_address(rq->cx, from, &address)) {
		text_addn(&t, from, (size_t)(address.from - from));
		add_address(&t, rq, u, root, &address);
		from = address.to;
	}
	text_add(&t, from);
	*answer = t.s;
	*n = t.len;
	return text_check(&t, "the answer");
}

/* Without one of the names, and without an escape that could be in one, there is no address. */
static bool may_hold_addresses(const char *answer)
{
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		if (strstr(answer, addresses[i]))
			return true;
	return strstr(answer, "\\u");
}

/* --- config ------------------------------------------------------------------------------- */

/* How to reach a storage, and that scans may be planned here. */
static bool is_harmless(const char *name)
{
	static const char *const begins[] = {
		"s3.", "adls.", "gcs.", "client.", "signer.", "scan-planning-", "rest-scan-planning"
	};
	static const char *const classes[] = { "impl", "factory", "provider", "class" };
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		known |= text_starts(name, begins[i]);
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		known &= !strcasestr(name, classes[i]);
	return known;
}

static struct json_object *left_of(struct cx *cx, struct json_object *config, bool vended)
{
	struct json_object *out = json_new_object(cx);

	if (!json_object_is_type(config, json_type_object))
		return out;
	json_object_object_foreach(config, key, v) {
		if (is_harmless(key) && (vended || !secret_named(key)))
			json_set(out, key, v);
	}
	return out;
}

/* The list of "storage-credentials", each config filtered alike. */
static const char *their_credentials(struct cx *cx, const char *value, size_t n)
{
	struct json_object *list = NULL, *config;

	if (json_parse(cx, value, n, CONFIG_DEPTH, &list) ||
	    !json_object_is_type(list, json_type_array))
		return "[]";
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		if (json_object_object_get_ex(one, "config", &config))
			json_set(one, "config", left_of(cx, config, true));
	}
	return json_print(cx, list, NULL);
}

/* The end of the JSON value that begins there, as far as brackets and strings tell. */
static const char *value_end(const char *c)
{
	struct quoted q;
	int depth = 0;

	for (; *c; c++) {
		if (*c == '"') {
			if (!next_string(c, &q))
				return c + strlen(c);
			c = q.to - 1;
		} else if (*c == '{' || *c == '[') {
			depth++;
		} else if (*c == '}' || *c == ']') {
			depth--;
		}
		if (depth < 0 || (!depth && *c == ','))
			return c;
		if (!depth && strchr("}]\"", *c))
			return c + 1;
	}
	return c;
}

/* What takes the place of a member's value; NULL: it stays. */
static const char *instead_of(struct cx *cx, const char *name, const char *value, size_t n,
			      bool vended)
{
	struct json_object *config = NULL;

	if (text_same(name, "storage-credentials"))
		return vended ? their_credentials(cx, value, n) : "[]";
	if (!text_same(name, "config"))
		return NULL;
	if (json_parse(cx, value, n, CONFIG_DEPTH, &config))
		config = NULL;
	return json_print(cx, left_of(cx, config, vended), NULL);
}

/* Member by member of the outermost object: metadata is walked over, not parsed. */
static enum status our_config(struct cx *cx, bool vended, const char **answer, size_t *n)
{
	struct text t = text_open(cx, *n + MAX_ADDRESSES);
	const char *from = *answer, *c = from + strspn(from, " \t\r\n");
	struct quoted name;

	while ((*c == '{' || *c == ',') && next_string(c, &name)) {
		const char *value = name.to + strspn(name.to, " \t\r\n:"), *end = value_end(value);
		const char *other = instead_of(cx, string_text(cx, &name), value,
					       (size_t)(end - value), vended);

		if (other) {
			text_addn(&t, from, (size_t)(value - from));
			text_add(&t, other);
			from = end;
		}
		c = end + strspn(end, " \t\r\n");
	}
	text_add(&t, from);
	*answer = t.s;
	*n = t.len;
	return text_check(&t, "the answer");
}

static bool may_hold_config(const char *answer)
{
	return strstr(answer, "\"config\"") || strstr(answer, "storage-credentials") ||
	       strstr(answer, "\\u");
}

/* --- all of it ------------------------------------------------------------------------------ */

/* What was sent on is done by now: that its answer can't be made is no failure of it. */
static enum status answer_ours(struct request *rq, const struct upstream *u,
			       const struct upstream_request *r, bool vended)
{
	const char *answer = r->answer;
	size_t n = r->n_answer;

	if (may_hold_config(answer) && our_config(rq->cx, vended, &answer, &n))
		return UNKNOWN;
	if (may_hold_addresses(answer) && our_addresses(rq, u, r->root, &answer, &n))
		return UNKNOWN;
	answer_part(rq, answer, n);
	return OK;
}

/* Java's client sends again what has Retry-After: what only reads, or was not done (429). */
enum status upstream_answer(struct request *rq, const struct upstream *u,
			    const struct upstream_request *r, bool vended)
{
	bool reads = !strcmp(rq->method, "GET") || !strcmp(rq->method, "HEAD");

	if (r->etag)
		answer_header(rq, "ETag", r->etag);
	if (r->retry_after && (reads || r->code == 429))
		answer_header(rq, "Retry-After", r->retry_after);
	if (!r->n_answer)
		return answer_empty(rq, r->code);
	rq->answer.http = r->code;
	rq->answer.content_type = r->content_type;
	return answer_ours(rq, u, r, vended);
}
