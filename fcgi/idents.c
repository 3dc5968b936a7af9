/* SPDX-License-Identifier: Apache-2.0 */
/* idents.c - Iceberg's identifiers and pages in JSON and queries. */
#include "fcgi/idents.h"

#include "common/text.h"

#define MAX_PATH_BYTES 4096

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

enum status page_read(struct request *rq, struct page *out)
{
	const char *token = NULL, *size = NULL;
	int64_t limit = rq->rs->config->max_page_size;
	unsigned char *after;
	size_t n;
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
	if (!*token)
		return OK;
	if (text_unbase64(rq->cx, token, strlen(token), &after, &n) ||
	    !text_is_utf8((const char *)after, n))
		return fail(rq->cx, INVALID, "pageToken: not one of this server's");
	out->after = cx_strndup(rq->cx, (const char *)after, n);
	return OK;
}

void page_next(struct request *rq, struct json_object *answer, const struct listing *l)
{
	const char *token = l->next ? text_base64url(rq->cx, l->next, strlen(l->next)) : NULL;

	json_set_text(answer, "next-page-token", token);
}
