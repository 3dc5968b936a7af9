/* SPDX-License-Identifier: Apache-2.0 */
/* commits.c - /api/v1: the history of a catalog, differences, and commits taken back. */
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/refs.h"
#include "fcgi/idents.h"
#include "stores/diff.h"

#define DEFAULT_COMMITS 100
#define MAX_COMMITS 1000

/* --- shown ------------------------------------------------------------------------- */

/* The levels of the namespace that a place is in. */
static struct json_object *levels_of(struct cx *cx, const char *namespace)
{
	size_t n = strlen(namespace);

	if (n && (namespace[n - 1] == LEVEL_SEPARATOR || namespace[n - 1] == FUNCTIONS_MARK))
		n--;
	return n ? ident_levels(cx, cx_strndup(cx, namespace, n)) : json_new_array(cx);
}

static struct json_object *operation_json(struct cx *cx, const struct operation *o)
{
	struct json_object *v = json_new_object(cx);

	json_set_text(v, "op", o->op);
	json_set_text(v, "asset_id", o->asset_id);
	json_set_text(v, "type", o->type);
	json_set(v, "namespace", levels_of(cx, o->namespace));
	json_set_text(v, "name", o->name);
	json_set_text(v, "asset", asset_shown(cx, o->namespace, o->name));
	json_set_text(v, "before", o->before);
	json_set_text(v, "after", o->after);
	return v;
}

static enum status commit_json(struct request *rq, const struct commit *c, const char *parent,
			       struct json_object **out)
{
	struct json_object *o = json_new_object(rq->cx), *list = json_new_array(rq->cx);
	struct operation *ops;
	size_t n;
	enum status s = commit_operations(rq->cx, c, &ops, &n);

	if (s)
		return s;
	for (size_t i = 0; i < n; i++)
		json_add(list, operation_json(rq->cx, &ops[i]));
	json_set_text(o, "id", c->commit_id);
	json_set_text(o, "parent_id", parent);
	json_set_int(o, "timestamp", c->made_ms);
	admin_set_time(rq->cx, o, "created_at", c->made_ms);
	json_set_text(o, "author", c->author);
	json_set_text(o, "message", c->message);
	json_set(o, "operations", list);
	*out = o;
	return OK;
}

/* --- lists -------------------------------------------------------------------------- */

/* RFC 3339, or milliseconds since 1970. */
static enum status read_time(struct request *rq, const char *key, int64_t *out)
{
	const char *text = NULL;
	enum status s = request_query(rq, key, &text);

	if (s || !text || !*text)
		return s;
	if (!text_int(text, out) && !text_untime(text, out))
		return fail(rq->cx, INVALID, "%s: neither a time nor milliseconds: \"%s\"", key,
			    text);
	return OK;
}

static enum status read_filter(struct request *rq, struct commit_filter *f)
{
	const char *table = NULL;
	struct asset_name at;
	enum status s = admin_page(rq, &f->skip, &f->limit);

	if (f->limit > MAX_COMMITS)
		f->limit = MAX_COMMITS;
	if (!s)
		s = request_query(rq, "author", &f->author);
	if (!s)
		s = request_query(rq, "after", &f->after);
	if (!s)
		s = read_time(rq, "since", &f->since_ms);
	if (!s)
		s = read_time(rq, "until", &f->until_ms);
	if (!s)
		s = request_query(rq, "table", &table);
	if (s || !table)
		return s;
	s = refs_asset(rq, json_new_text(rq->cx, table), "table", &at);
	f->namespace = at.path;
	f->name = at.name;
	return s;
}

enum status list_commits(struct request *rq)
{
	struct json_object *list = json_new_array(rq->cx), *o;
	const struct catalog_ref *ref;
	struct commit_filter f = { .limit = DEFAULT_COMMITS };
	struct history h = { 0 };
	struct branch b;
	enum status s = refs_of_query(rq, MAY_READ, &ref);

	if (!s)
		s = refs_find(rq, ref, rq->segments[0], &b);
	if (!s)
		s = read_filter(rq, &f);
	if (!s && f.limit)
		s = commit_list(rq->cx, rq->rs->store, ref, &b, &f, &h);
	for (size_t i = 0; !s && i < h.n; i++) {
		s = commit_json(rq, &h.commits[i], h.parents[i], &o);
		if (!s)
			json_add(list, o);
	}
	return s ? s : answer_json(rq, 200, list);
}

/* One commit, with the one before it on its branch. */
enum status get_commit(struct request *rq)
{
	struct commit_filter f = { .after = rq->segments[0], .limit = 1 };
	const struct catalog_ref *ref;
	struct json_object *o = NULL;
	struct branch *all, *of;
	struct history before;
	struct commit c;
	size_t n;
	enum status s = refs_of_query(rq, MAY_READ, &ref);

	if (!s)
		s = branch_all(rq->cx, rq->rs->store, ref, &all, &n);
	if (!s)
		s = commit_find(rq->cx, rq->rs->store, ref, all, n, rq->segments[0], &c, &of);
	if (!s)
		s = commit_list(rq->cx, rq->rs->store, ref, of, &f, &before);
	if (!s)
		s = commit_json(rq, &c, before.n ? before.commits[0].commit_id : NULL, &o);
	return s ? s : answer_json(rq, 200, o);
}

/* --- differences ---------------------------------------------------------------------- */

static const char *change_of(const struct difference *d)
{
	if (!d->from)
		return "added";
	if (!d->to)
		return "removed";
	return text_same(d->from->asset_id, d->to->asset_id) ? "changed" : "replaced";
}

static void set_state(struct json_object *o, const char *key, const char *id,
		      const struct asset *state)
{
	json_set_text(o, key, state ? state->metadata_location : NULL);
	if (state && state->current_snapshot_id >= 0)
		json_set_int(o, id, state->current_snapshot_id);
}

static struct json_object *difference_json(struct cx *cx, const struct difference *d)
{
	const struct asset *any = d->to ? d->to : d->from;
	struct json_object *o = json_new_object(cx);

	json_set_text(o, "change", change_of(d));
	json_set_text(o, "type", any->type);
	json_set_text(o, "asset_id", any->asset_id);
	json_set(o, "namespace", levels_of(cx, d->namespace));
	json_set_text(o, "name", d->name);
	json_set_text(o, "asset", asset_shown(cx, d->namespace, d->name));
	set_state(o, "from", "from_snapshot_id", d->from);
	set_state(o, "to", "to_snapshot_id", d->to);
	return o;
}

static enum status read_point(struct request *rq, const struct catalog_ref *ref, const char *key,
			      struct point_in_time *out)
{
	const char *what = NULL;
	enum status s = request_query(rq, key, &what);

	if (!s && (!what || !*what))
		s = fail(rq->cx, INVALID, "%s is missing: a branch, a tag or a commit's id", key);
	return s ? s : diff_point(rq->cx, rq->rs->store, ref, what, out);
}

enum status get_diff(struct request *rq)
{
	struct json_object *list = json_new_array(rq->cx);
	struct point_in_time from, to;
	const struct catalog_ref *ref;
	size_t skip = 0, limit = SIZE_MAX, n = 0;
	struct difference *d;
	enum status s = refs_of_query(rq, MAY_READ, &ref);

	if (!s)
		s = admin_page(rq, &skip, &limit);
	if (!s)
		s = read_point(rq, ref, "from", &from);
	if (!s)
		s = read_point(rq, ref, "to", &to);
	if (!s)
		s = diff_points(rq->cx, rq->rs->store, &from, &to, &d, &n);
	for (size_t i = skip; !s && i < n && i - skip < limit; i++)
		json_add(list, difference_json(rq->cx, &d[i]));
	return s ? s : answer_json(rq, 200, list);
}

/* --- taken back ------------------------------------------------------------------------- */

enum status revert_commit(struct request *rq)
{
	const char *branch = "main", *id = NULL;
	struct json_object *o = json_new_object(rq->cx);
	struct refs_files f = { rq, NULL };
	enum status s = request_json(rq, true);

	if (!s)
		s = json_opt_text(rq->cx, rq->json, "", "branch", &branch);
	if (!s)
		s = refs_of_body(rq, MAY_WRITE, &f.ref);
	if (!s)
		s = commit_revert(rq->cx, rq->rs->store, f.ref, branch, rq->segments[0],
				  &(struct comes_back){ refs_check_back, &f }, request_actor(rq),
				  &id);
	if (s)
		return s;
	json_set_text(o, "status", "reverted");
	json_set_text(o, "commit_id", id);
	json_set_text(o, "branch", branch);
	return answer_json(rq, 200, o);
}
