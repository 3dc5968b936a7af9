/* SPDX-License-Identifier: Apache-2.0 */
/* route.c - from a raw path to a route: cut at slashes first, decode once after. */
#include "fcgi/route.h"

#include "common/text.h"

#define MAX_RAW 32

/* A path cut at its slashes, undecoded. */
struct raw_path {
	struct part at[MAX_RAW];
	size_t n;
};

static enum status cut(struct cx *cx, const char *path, struct raw_path *out)
{
	out->n = 0;
	while (*path == '/') {
		size_t n = strcspn(++path, "/");

		if (out->n == MAX_RAW)
			return fail(cx, INVALID, "the path has more than %d segments", MAX_RAW);
		out->at[out->n++] = (struct part){ path, n };
		path += n;
	}
	return OK;
}

static bool part_is(const struct part *p, const char *s, size_t n)
{
	return p->n == n && memcmp(p->bytes, s, n) == 0;
}

static bool part_says(const struct part *p, const char *s)
{
	return part_is(p, s, strlen(s));
}

/* Every segment is checked, also of a path that has no route: decoded, it is no
 * "." or "..", and holds no control byte but the namespace separator. */
static enum status check_segment(struct cx *cx, const struct part *p, bool may_be_empty)
{
	enum status s;
	char *text;

	if (!p->n && !may_be_empty)
		return fail(cx, INVALID, "the path has an empty segment");
	s = text_unpercent(cx, p->bytes, p->n, false, &text);
	if (s)
		return fail(cx, s, "path: %s", cx->message);
	if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return fail(cx, INVALID, "the path has a \".\" or \"..\" segment");
	for (const char *c = text; *c; c++)
		if (((unsigned char)*c < ' ' && *c != 0x1f) || *c == 0x7f)
			return fail(cx, INVALID, "the path holds a control byte");
	return OK;
}

/* A slash at the end is no empty segment but an address that no route has. */
static enum status check_path(struct cx *cx, const struct raw_path *p)
{
	bool management = p->n > 2 && part_says(&p->at[0], "api") && part_says(&p->at[1], "v1");
	enum status s;

	for (size_t i = 0; i < p->n; i++) {
		s = check_segment(cx, &p->at[i], management || i == p->n - 1);
		if (s)
			return s;
	}
	return OK;
}

/* Whether the path is the pattern's; the {} parts, undecoded, go to `parts`. */
static bool matches(const char *pattern, const struct raw_path *p, struct part *parts, size_t *n)
{
	size_t i = 0;

	*n = 0;
	while (*pattern == '/') {
		size_t len = strcspn(++pattern, "/");

		if (i == p->n)
			return false;
		if (len == 2 && memcmp(pattern, "{}", 2) == 0) {
			if (!p->at[i].n && !part_says(&p->at[0], "api"))
				return false;
			if (*n == MAX_SEGMENTS)
				return false;
			parts[(*n)++] = p->at[i];
		} else if (!part_is(&p->at[i], pattern, len)) {
			return false;
		}
		pattern += len;
		i++;
	}
	return i == p->n;
}

/*
 * Iceberg's Java clients write names in a path as a form does (RESTUtil.encodeString):
 * a space is '+', and so a plus is %2B, as every other client writes it too.  The
 * prefix they take as we gave it.
 */
static enum status decode(struct request *rq, const struct part *parts, size_t n)
{
	bool iceberg = text_starts(rq->route->pattern, "/v1/");
	enum status s;
	char *text;

	for (size_t i = 0; i < n; i++) {
		s = text_unpercent(rq->cx, parts[i].bytes, parts[i].n, iceberg && i > 0, &text);
		if (s)
			return s;
		rq->segments[i] = text;
	}
	rq->n_segments = n;
	return OK;
}

/* Looks for the path alone: the route of the method, else (405) the methods it has. */
static enum status look(struct request *rq, const struct route_table *const *tables,
			size_t n_tables, const struct raw_path *p)
{
	struct text allow = text_open(rq->cx, 256);
	struct part parts[MAX_SEGMENTS];
	size_t n;

	for (size_t t = 0; t < n_tables; t++) {
		for (size_t i = 0; i < tables[t]->n; i++) {
			const struct route *r = &tables[t]->routes[i];

			if (!matches(r->pattern, p, parts, &n))
				continue;
			if (strcmp(r->method, rq->method) == 0) {
				rq->route = r;
				return decode(rq, parts, n);
			}
			text_addf(&allow, "%s, ", r->method);
		}
	}
	if (!allow.len)
		return fail(rq->cx, NOT_FOUND, "there is nothing at this address");
	text_add(&allow, "OPTIONS");
	answer_header(rq, "Allow", allow.s);
	rq->answer.http = 405;
	return fail(rq->cx, NOT_FOUND, "this address does not know the method \"%.16s\"",
		    rq->method);
}

static struct raw_path without(const struct raw_path *p, size_t from, size_t n)
{
	struct raw_path q = *p;

	q.n -= n;
	memmove(&q.at[from], &q.at[from + n], (q.n - from) * sizeof(q.at[0]));
	return q;
}

/*
 * A client whose base address is <host>/v1/<catalog> asks for <base>/v1/config,
 * <base>/v1/namespaces and, told a prefix, <base>/v1/<catalog>/namespaces:
 * /v1/c/v1/REST is /v1/c/REST, or else /v1/REST.
 */
static enum status look_behind_base(struct request *rq, const struct route_table *const *tables,
				    size_t n, const struct raw_path *p)
{
	struct raw_path inner = without(p, 2, 1), bare = without(p, 0, 2);
	enum status s;
	char *hint;

	s = text_unpercent(rq->cx, p->at[1].bytes, p->at[1].n, false, &hint);
	if (s)
		return s;
	rq->prefix_hint = hint;
	s = look(rq, tables, n, &inner);
	return s == NOT_FOUND && !rq->answer.http ? look(rq, tables, n, &bare) : s;
}

/* Where a client without a prefix asks, which is only right behind <host>/v1/<catalog>. */
static bool lacks_prefix(const struct raw_path *p)
{
	static const char *const firsts[] = { "namespaces", "tables", "views", "transactions" };

	for (size_t i = 0; i < ARRAY_SIZE(firsts); i++)
		if (p->n > 1 && part_says(&p->at[0], "v1") && part_says(&p->at[1], firsts[i]))
			return true;
	return false;
}

enum status route_find(struct request *rq, const struct route_table *const *tables, size_t n)
{
	struct raw_path p;
	enum status s;

	s = cut(rq->cx, rq->path, &p);
	if (!s)
		s = check_path(rq->cx, &p);
	if (s)
		return s;
	s = look(rq, tables, n, &p);
	if (s == NOT_FOUND && !rq->answer.http && p.n > 3 && part_says(&p.at[0], "v1") &&
	    part_says(&p.at[2], "v1"))
		return look_behind_base(rq, tables, n, &p);
	if (s == NOT_FOUND && !rq->answer.http && lacks_prefix(&p))
		return fail(rq->cx, s,
			    "the address names no catalog: set the client's warehouse to its "
			    "name, or ask /v1/config?warehouse=<name> for the prefix");
	return s;
}
