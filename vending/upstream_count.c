/* SPDX-License-Identifier: Apache-2.0 */
/* upstream_count.c - walks another catalog and counts what is there. */
#include "common/list.h"
#include "common/text.h"
#include "vending/upstream.h"

#define PAGE_SIZE "1000"
#define MAX_QUERY 16384
#define MAX_LEVELS 32
#define LEAST_MS 2000 /* that must be left for another request, or the walk ends */
#define SEPARATOR "\x1f"

struct walk {
	struct cx *cx;
	const struct upstream_link *link;
	struct list todo; /* const char *: paths of namespaces, levels joined by SEPARATOR */
	struct upstream_counts *counts;
};

/* A list as pages: `member` of each is given to take(). */
struct listing {
	const char *path, *member;
	const char *parent; /* NULL = the top */
	enum status (*take)(struct walk *w, const struct listing *l, struct json_object *items);
};

static const char *query_of(struct cx *cx, const struct listing *l, const char *token)
{
	struct text t = text_open(cx, MAX_QUERY);

	text_add(&t, "pageSize=" PAGE_SIZE "&pageToken=");
	text_add_percent(&t, token, strlen(token), false);
	if (l->parent) {
		text_add(&t, "&parent=");
		text_add_percent(&t, l->parent, strlen(l->parent), false);
	}
	return t.s;
}

static enum status read_page(struct walk *w, const struct listing *l, const char **token)
{
	const struct pair accept = { "Accept", "application/json" };
	struct upstream_request r = { .method = "GET",
				      .path = l->path,
				      .query = query_of(w->cx, l, *token),
				      .headers = &accept,
				      .n_headers = 1 };
	struct json_object *o = NULL, *items;
	enum status s = upstream_send(w->cx, w->link, &r);

	*token = NULL;
	if (s)
		return s;
	if (r.code == 404 || r.code == 405 || r.code == 406 || r.code == 501)
		return OK; /* dropped meanwhile, or it has no such routes */
	if (r.code != 200)
		return fail(w->cx, UNKNOWN, "the upstream catalog answered %d to GET %s", r.code,
			    l->path);
	if (json_parse(w->cx, r.answer, r.n_answer, 16, &o))
		return fail(w->cx, UNKNOWN, "the upstream catalog's list of %s does not read",
			    l->path);
	items = json_member(o, l->member);
	*token = json_text(o, "next-page-token");
	return json_object_is_type(items, json_type_array) ? l->take(w, l, items) : OK;
}

/* All pages, until there is no time for another. */
static enum status read_list(struct walk *w, const struct listing *l)
{
	const char *token = "";
	enum status s = OK;

	while (!s && token) {
		if (cx_left_ms(w->cx) < LEAST_MS) {
			w->counts->complete = false;
			return OK;
		}
		s = read_page(w, l, &token);
		if (token && !*token)
			token = NULL;
	}
	return s;
}

/* "a\x1fb" of ["a", "b"]; NULL: not one to walk into. */
static const char *joined(struct cx *cx, struct json_object *levels)
{
	size_t n =
		json_object_is_type(levels, json_type_array) ? json_object_array_length(levels) : 0;
	struct text t = text_open(cx, MAX_QUERY);

	for (size_t i = 0; i < n; i++) {
		const char *level = json_object_get_string(json_object_array_get_idx(levels, i));

		text_addf(&t, "%s%s", i ? SEPARATOR : "", level ? level : "");
	}
	return n && n <= MAX_LEVELS && !text_check(&t, "a namespace") ? t.s : NULL;
}

/* An upstream that knows no `parent` gives its top again: nothing of that is below it. */
static enum status take_namespaces(struct walk *w, const struct listing *l,
				   struct json_object *items)
{
	for (size_t i = 0; i < json_object_array_length(items); i++) {
		const char *path = joined(w->cx, json_object_array_get_idx(items, i));
		size_t n = l->parent ? strlen(l->parent) : 0;

		if (!path || (n && (!text_starts(path, l->parent) || path[n] != *SEPARATOR)))
			continue;
		w->counts->namespaces++;
		*(const char **)list_add(&w->todo) = path;
	}
	return OK;
}

static enum status take_tables(struct walk *w, const struct listing *l, struct json_object *items)
{
	(void)l;
	w->counts->tables += (int64_t)json_object_array_length(items);
	return OK;
}

static enum status take_views(struct walk *w, const struct listing *l, struct json_object *items)
{
	(void)l;
	w->counts->views += (int64_t)json_object_array_length(items);
	return OK;
}

static const char *path_of(struct cx *cx, const char *namespace, const char *what)
{
	struct text t = text_open(cx, MAX_QUERY);

	text_add(&t, "/namespaces/");
	text_add_percent(&t, namespace, strlen(namespace), false);
	text_add(&t, what);
	return t.s;
}

static enum status read_namespace(struct walk *w, const char *namespace)
{
	const struct listing lists[] = {
		{ path_of(w->cx, namespace, "/tables"), "identifiers", NULL, take_tables },
		{ path_of(w->cx, namespace, "/views"), "identifiers", NULL, take_views },
		{ "/namespaces", "namespaces", namespace, take_namespaces },
	};
	enum status s = OK;

	for (size_t i = 0; !s && i < ARRAY_SIZE(lists); i++)
		s = read_list(w, &lists[i]);
	return s;
}

enum status upstream_count(struct cx *cx, const struct upstream_link *link,
			   struct upstream_counts *out)
{
	const struct listing top = { "/namespaces", "namespaces", NULL, take_namespaces };
	struct walk w = { .cx = cx,
			  .link = link,
			  .todo = { .cx = cx, .size = sizeof(const char *) },
			  .counts = out };
	enum status s;

	*out = (struct upstream_counts){ .complete = true };
	s = read_list(&w, &top);
	for (size_t i = 0; !s && out->complete && i < w.todo.n; i++)
		s = read_namespace(&w, ((const char **)w.todo.items)[i]);
	return s;
}
