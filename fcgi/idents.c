/* SPDX-License-Identifier: Apache-2.0 */
/* idents.c - Iceberg's identifiers and pages in JSON and queries. */
#include "fcgi/idents.h"

#include "common/hmac.h"
#include "common/text.h"
#include "fcgi/resolve.h"
#include "fcgi/route.h"
#include "fcgi/visible.h"

#define MAX_PATH_BYTES 4096
#define TOKEN_MARK 6 /* bytes before the name in a page token */

/* --- identifiers --------------------------------------------------------------- */

enum status ident_path(struct cx *cx, struct json_object *levels, const char *where,
		       const char **out)
{
	struct text t = text_open(cx, MAX_PATH_BYTES);
	size_t n =
		json_object_is_type(levels, json_type_array) ? json_object_array_length(levels) : 0;

	if (n == 0)
		return fail(cx, INVALID, "%s: not an array of one or more names", where);
	for (size_t i = 0; i < n; i++) {
		struct json_object *v = json_object_array_get_idx(levels, i);
		const char *level = json_object_get_string(v);

		if (!json_object_is_type(v, json_type_string) ||
		    strlen(level) != (size_t)json_object_get_string_len(v))
			return fail(cx, INVALID, "%s[%zu]: not a name", where, i);
		if (strchr(level, LEVEL_SEPARATOR))
			return fail(cx, INVALID, "%s[%zu]: holds a control character", where, i);
		if (i)
			text_addc(&t, LEVEL_SEPARATOR);
		text_add(&t, level);
	}
	*out = t.s;
	return text_check(&t, where) ? fail(cx, INVALID, "%s: too long", where) : OK;
}

struct json_object *ident_levels(struct cx *cx, const char *path)
{
	struct json_object *levels = json_new_array(cx);

	for (const char *c = path, *level = path;; c++) {
		if (*c && *c != LEVEL_SEPARATOR)
			continue;
		json_add_text(levels, cx_strndup(cx, level, (size_t)(c - level)));
		if (!*c)
			return levels;
		level = c + 1;
	}
}

enum status ident_read(struct cx *cx, struct json_object *o, const char *key, const char **path,
		       const char **name)
{
	struct json_object *ident, *levels;
	const char *where = cx_printf(cx, "%s.namespace", key);
	enum status s = json_get_object(cx, o, "", key, &ident);

	if (!s)
		s = json_get_array(cx, ident, key, "namespace", &levels);
	if (!s)
		s = ident_path(cx, levels, where, path);
	return s ? s : json_get_text(cx, ident, key, "name", name);
}

/* --- pages --------------------------------------------------------------------- */

/* What a token of this list with that name begins with: no other list's tokens do. */
static enum status token_mark(struct request *rq, const char *name, unsigned char out[SHA256_BYTES])
{
	struct text t = text_open(rq->cx, (size_t)64 * 1024);
	const char *parent = NULL;
	enum status s = request_query(rq, "parent", &parent);

	text_addf(&t, "%s\n%s\n%s\n", rq->route->pattern, rq->tenant_id, parent ? parent : "");
	for (size_t i = 0; i < rq->n_segments; i++)
		text_addf(&t, "%s\n", rq->segments[i]);
	text_add(&t, name);
	sha256(t.s, t.len, out);
	return s;
}

static enum status read_token(struct request *rq, const char *token, const char **after)
{
	unsigned char *bytes, mark[SHA256_BYTES];
	size_t n;
	enum status s = text_unbase64(rq->cx, token, strlen(token), &bytes, &n);

	if (!s && n > TOKEN_MARK && text_is_utf8((char *)bytes + TOKEN_MARK, n - TOKEN_MARK)) {
		*after = cx_strndup(rq->cx, (char *)bytes + TOKEN_MARK, n - TOKEN_MARK);
		s = token_mark(rq, *after, mark);
		if (s || memcmp(mark, bytes, TOKEN_MARK) == 0)
			return s;
	}
	return fail(rq->cx, INVALID, "pageToken: not one that this list gave");
}

enum status page_read(struct request *rq, struct page *out)
{
	const char *token = NULL, *size = NULL;
	int64_t limit = rq->rs->config->max_page_size;
	enum status s = request_query(rq, "pageToken", &token);

	*out = (struct page){ 0 };
	if (!s)
		s = request_query(rq, "pageSize", &size);
	if (s)
		return s;
	if (size && (!text_int(size, &limit) || limit < 1))
		return fail(rq->cx, INVALID, "pageSize: not a number from 1 on");
	if (!token)
		return OK;
	if (limit > rq->rs->config->max_page_size)
		limit = rq->rs->config->max_page_size;
	out->limit = (size_t)limit;
	return *token ? read_token(rq, token, &out->after) : OK;
}

void page_next(struct request *rq, struct json_object *answer, const struct listing *l)
{
	unsigned char mark[SHA256_BYTES], *bytes;
	const char *token = NULL;
	size_t n;

	if (l->next && !token_mark(rq, l->next, mark)) {
		n = strlen(l->next);
		bytes = cx_alloc(rq->cx, TOKEN_MARK + n);
		memcpy(bytes, mark, TOKEN_MARK);
		memcpy(bytes + TOKEN_MARK, l->next, n);
		token = text_base64url(rq->cx, bytes, TOKEN_MARK + n);
	}
	json_set_text(answer, "next-page-token", token);
}

/* --- lists --------------------------------------------------------------------- */

/* A TableIdentifier; of a function the document has a CatalogObjectIdentifier: ["a", "f"]. */
static struct json_object *identifier(struct cx *cx, const char *path, const struct asset *row)
{
	struct json_object *levels = ident_levels(cx, path), *o;

	if (text_same(row->type, "FUNCTION")) {
		json_add_text(levels, row->name);
		return levels;
	}
	o = json_new_object(cx);
	json_set(o, "namespace", levels);
	json_set_text(o, "name", row->name);
	return o;
}

static struct json_object *identifiers(struct cx *cx, const char *path, const struct listing *l)
{
	struct json_object *list = json_new_array(cx);

	for (size_t i = 0; i < l->n; i++)
		json_add(list, identifier(cx, path, l->rows[i]));
	return list;
}

/* The namespace as the request names it: with its @branch, which what is listed is loaded by. */
static const char *path_asked(struct request *rq)
{
	const char *path = rq->resolved->path, *segment = rq->segments[1];
	size_t n = strlen(path);

	return strlen(segment) > n ? cx_printf(rq->cx, "%s%s", path, segment + n) : path;
}

enum status answer_identifiers(struct request *rq, const char *type)
{
	const struct resolved *r = rq->resolved;
	struct json_object *answer = json_new_object(rq->cx);
	struct listing l;
	const char *rows = r->path; /* the namespace column of what is listed */
	struct page page;
	enum status s = page_read(rq, &page);

	if (s)
		return s;
	if (!r->namespace_row->row.version)
		return fail(rq->cx, NOT_FOUND, "Namespace does not exist: %s",
			    namespace_shown(rq->cx, r->path));
	page.types[0] = type;
	page_visible(rq, &rq->object, &page);
	if (text_same(type, "FUNCTION"))
		rows = namespace_functions(rq->cx, r->path);
	s = content_list(rq->cx, rq->rs->store, r->catalog, rows, &page, &l);
	if (s)
		return s;
	json_set(answer, "identifiers", identifiers(rq->cx, path_asked(rq), &l));
	page_next(rq, answer, &l);
	return answer_json(rq, 200, answer);
}

/* --- referenced-by ------------------------------------------------------------------ */

/* One view of the chain, as it was sent. */
static bool is_view_ident(struct cx *cx, const char *encoded, size_t n)
{
	const char *separator;
	char *text;

	if (text_unpercent(cx, encoded, n, true, &text))
		return false;
	separator = strrchr(text, LEVEL_SEPARATOR);
	return separator && separator > text && separator[1];
}

static bool is_view_chain(struct cx *cx, const char *list)
{
	for (;;) {
		size_t n = strcspn(list, ",");

		if (!is_view_ident(cx, list, n))
			return false;
		if (!list[n])
			return true;
		list += n + 1;
	}
}

enum status referenced_by_check(struct request *rq)
{
	const char *raw = request_query_raw(rq, "referenced-by"), *decoded = NULL;
	enum status s;

	if (!raw || !*raw || is_view_chain(rq->cx, raw))
		return OK;
	/* a client that encodes each view, and then its whole query */
	s = request_query(rq, "referenced-by", &decoded);
	if (!s && is_view_chain(rq->cx, decoded))
		return OK;
	return fail(rq->cx, INVALID,
		    "referenced-by: not a list of views, each its namespace, %%1F and its name");
}
