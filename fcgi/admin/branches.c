/* SPDX-License-Identifier: Apache-2.0 */
/* branches.c - /api/v1/branches and /api/v1/tags. */
#include <strings.h>

#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/refs.h"

#define MAX_ASSETS 5000
#define MAX_DEPTH 3

/* --- shown ------------------------------------------------------------------------ */

static enum status json_of(struct request *rq, const char *text, struct json_object **out)
{
	*out = json_new_array(rq->cx);
	return text ? json_parse(rq->cx, text, strlen(text), MAX_DEPTH, out) : OK;
}

/* "head", "catalog", "created_at" are what older clients look for. */
static enum status branch_json(struct request *rq, const struct catalog_ref *ref,
			       const struct branch *b, struct json_object **out)
{
	struct json_object *o = json_new_object(rq->cx), *list;
	const char *head = NULL;
	enum status s = commit_head(rq->cx, rq->rs->store, b, INT64_MAX, &head);

	if (!s)
		s = json_of(rq, b->assets, &list);
	if (s)
		return s;
	json_set_text(o, "id", b->id);
	json_set_text(o, "name", b->name);
	json_set_text(o, "catalog", ref->name);
	json_set_text(o, "head_commit_id", head);
	json_set_text(o, "head", head);
	json_set_text(o, "branch_type", b->branch_type);
	json_set(o, "assets", list);
	json_set_bool(o, "partial", b->assets != NULL);
	json_set_bool(o, "protected", b->protection != NULL);
	s = json_of(rq, b->protection, &list);
	json_set(o, "merge_by", b->protection ? list : NULL);
	admin_set_time(rq->cx, o, "created_at", b->created_ms);
	*out = o;
	return s;
}

static enum status tag_json(struct request *rq, const struct catalog_ref *ref,
			    const struct branch *b, struct json_object **out)
{
	*out = json_new_object(rq->cx);
	json_set_text(*out, "id", b->id);
	json_set_text(*out, "name", b->name);
	json_set_text(*out, "catalog", ref->name);
	/* clients of other servers read a text here: of a catalog without a commit, none */
	json_set_text(*out, "commit_id", b->commit_id ? b->commit_id : NIL_UUID);
	admin_set_time(rq->cx, *out, "created_at", b->created_ms);
	return OK;
}

static enum status show_branch(struct request *rq, const void *item, struct json_object **out)
{
	const struct branch *b = item;
	const struct catalog_ref *ref;
	enum status s;

	if (text_same(b->branch_type, "tag") || text_same(b->branch_type, "hidden"))
		return OK;
	s = refs_of_query(rq, MAY_LIST, &ref);
	return s ? s : branch_json(rq, ref, b, out);
}

static enum status show_tag(struct request *rq, const void *item, struct json_object **out)
{
	const struct branch *b = item;
	const struct catalog_ref *ref;
	enum status s;

	if (!text_same(b->branch_type, "tag"))
		return OK;
	s = refs_of_query(rq, MAY_LIST, &ref);
	return s ? s : tag_json(rq, ref, b, out);
}

static enum status list(struct request *rq,
			enum status (*show)(struct request *rq, const void *item,
					    struct json_object **out))
{
	const struct catalog_ref *ref;
	struct branch from = { .row = ROW(branch), .tenant_id = rq->tenant_id };
	enum status s = refs_of_query(rq, MAY_LIST, &ref);

	if (s)
		return s;
	from.catalog_id = ref->catalog_id;
	return admin_list(rq, &from.row, 2, false, show);
}

enum status list_branches(struct request *rq)
{
	return list(rq, show_branch);
}

enum status list_tags(struct request *rq)
{
	return list(rq, show_tag);
}

static enum status get(struct request *rq, bool tag)
{
	const struct catalog_ref *ref;
	struct json_object *o = NULL;
	struct branch b;
	enum status s = refs_of_query(rq, MAY_LIST, &ref);

	if (!s)
		s = branch_find(rq->cx, rq->rs->store, ref, rq->segments[0], tag, &b);
	if (!s)
		s = tag ? tag_json(rq, ref, &b, &o) : branch_json(rq, ref, &b, &o);
	return s ? s : answer_json(rq, 200, o);
}

enum status get_branch(struct request *rq)
{
	return get(rq, false);
}

enum status get_tag(struct request *rq)
{
	return get(rq, true);
}

/* --- made ------------------------------------------------------------------------- */

static enum status read_assets(struct request *rq, struct branch_wish *w)
{
	struct json_object *list = NULL;
	struct asset_name *only;
	enum status s = json_opt_array(rq->cx, rq->json, "", "assets", &list);
	size_t n = list ? json_object_array_length(list) : 0;

	if (s || !n)
		return s;
	if (n > MAX_ASSETS)
		return fail(rq->cx, INVALID, "assets: at most %d", MAX_ASSETS);
	w->only = only = cx_array(rq->cx, n, sizeof(*only));
	w->n_only = n;
	for (size_t i = 0; !s && i < n; i++)
		s = refs_asset(rq, json_object_array_get_idx(list, i), "assets", &only[i]);
	return s;
}

static enum status read_wish(struct request *rq, struct branch_wish *w)
{
	struct cx *cx = rq->cx;
	enum status s = json_get_text(cx, rq->json, "", "name", &w->name);

	if (!s)
		s = json_opt_text(cx, rq->json, "", "from_branch", &w->from);
	if (!s)
		s = json_opt_text(cx, rq->json, "", "from", &w->from);
	if (!s)
		s = json_opt_text(cx, rq->json, "", "commit_id", &w->commit_id);
	if (!s && w->commit_id && !text_is_uuid(w->commit_id))
		s = fail(cx, INVALID, "commit_id is not a UUID");
	return s;
}

/* Whoever may make branches of its type may make it. */
static enum status make(struct request *rq, struct branch_wish *w, enum action action,
			struct branch *out, const struct catalog_ref **ref)
{
	struct refs_files f = { rq, NULL };
	enum status s = refs_of_body(rq, action, ref);

	if (s)
		return s;
	f.ref = *ref;
	w->back = (struct comes_back){ refs_check_back, &f };
	return branch_create(rq->cx, rq->rs->store, *ref, w, request_actor(rq), out);
}

enum status create_branch(struct request *rq)
{
	struct branch_wish w = { .type = "experimental" };
	const char *type = NULL;
	const struct catalog_ref *ref;
	struct json_object *o = NULL;
	struct branch made;
	enum status s = request_json(rq, false);

	if (!s)
		s = read_wish(rq, &w);
	if (!s)
		s = json_opt_text(rq->cx, rq->json, "", "branch_type", &type);
	if (!s)
		s = read_assets(rq, &w);
	if (s)
		return s;
	if (type && strcasecmp(type, "ingest") == 0)
		w.type = "ingest";
	s = make(rq, &w,
		 strcmp(w.type, "ingest") == 0 ? MAY_BRANCH_INGEST : MAY_BRANCH_EXPERIMENTAL, &made,
		 &ref);
	if (!s)
		s = branch_json(rq, ref, &made, &o);
	return s ? s : answer_json(rq, 201, o);
}

enum status create_tag(struct request *rq)
{
	struct branch_wish w = { .type = "tag" };
	const struct catalog_ref *ref;
	struct json_object *o = NULL;
	struct branch made;
	enum status s = request_json(rq, false);

	if (!s)
		s = read_wish(rq, &w);
	if (!s)
		s = make(rq, &w, MAY_WRITE, &made, &ref);
	if (!s)
		s = tag_json(rq, ref, &made, &o);
	return s ? s : answer_json(rq, 200, o);
}

/* --- changed and deleted ------------------------------------------------------------ */

/* {"protected": bool, "merge_by": [text]} as the row keeps it. */
static enum status read_protection(struct request *rq, const char **out)
{
	struct json_object *by = NULL;
	bool is_protected = false;
	enum status s = json_opt_array(rq->cx, rq->json, "", "merge_by", &by);

	is_protected = by != NULL;
	if (!s)
		s = json_opt_bool(rq->cx, rq->json, "", "protected", &is_protected);
	if (s)
		return s;
	if (!json_has(rq->json, "protected") && !json_has(rq->json, "merge_by"))
		return fail(rq->cx, INVALID, "neither protected nor merge_by is there");
	for (size_t i = 0; by && i < json_object_array_length(by); i++)
		if (!json_object_is_type(json_object_array_get_idx(by, i), json_type_string))
			return fail(rq->cx, INVALID, "merge_by[%zu]: not a text", i);
	*out = is_protected ? json_print(rq->cx, by ? by : json_new_array(rq->cx), NULL) : NULL;
	return OK;
}

enum status update_branch(struct request *rq)
{
	const struct catalog_ref *ref;
	const char *protection = NULL, *name = NULL;
	struct json_object *o = NULL;
	struct branch b;
	enum status s = request_json(rq, false);

	if (!s)
		s = request_query(rq, "catalog", &name);
	if (!s)
		s = name ? refs_catalog(rq, name, MAY_ADMIN, &ref)
			 : refs_of_body(rq, MAY_ADMIN, &ref);
	if (!s)
		s = read_protection(rq, &protection);
	if (!s)
		s = branch_protect(rq->cx, rq->rs->store, ref, rq->segments[0], protection,
				   request_actor(rq), &b);
	if (!s)
		s = branch_json(rq, ref, &b, &o);
	return s ? s : answer_json(rq, 200, o);
}

static enum status delete_ref(struct request *rq, bool tag)
{
	const struct catalog_ref *ref;
	enum status s = refs_of_query(rq, MAY_DELETE, &ref);

	if (!s)
		s = branch_drop(rq->cx, rq->rs->store, ref, rq->segments[0], tag,
				request_actor(rq));
	return s ? s : answer_empty(rq, 204);
}

enum status delete_branch(struct request *rq)
{
	return delete_ref(rq, false);
}

enum status delete_tag(struct request *rq)
{
	return delete_ref(rq, true);
}
