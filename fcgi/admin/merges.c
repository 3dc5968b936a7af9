/* SPDX-License-Identifier: Apache-2.0 */
/* merges.c - /api/v1: merges of branches, their conflicts, rebases. */
#include <strings.h>

#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/refs.h"
#include "fcgi/admin/three_files.h"
#include "fcgi/idents.h"
#include "stores/merge.h"
#include "stores/roles.h"

#define MAX_DEPTH 64
#define DETAILED 100 /* so many conflicts of an answer have their files read */

/* --- shown -------------------------------------------------------------------------- */

static enum status conflict_json(struct request *rq, const struct catalog_ref *ref,
				 const struct merge_conflict *c, bool details,
				 struct json_object **out)
{
	struct json_object *o = json_new_object(rq->cx), *answer = NULL, *value = NULL;
	struct json_object *of = json_new_object(rq->cx);
	enum status s = OK;

	if (details)
		s = three_files(rq, ref, c, &of);
	if (!s && c->resolved_value)
		s = json_parse(rq->cx, c->resolved_value, strlen(c->resolved_value), MAX_DEPTH,
			       &value);
	if (s)
		return s;
	json_set_text(o, "id", c->id);
	json_set_text(o, "merge_operation_id", c->operation_id);
	json_set_text(o, "asset_name", asset_shown(rq->cx, c->namespace, c->name));
	json_set_text(o, "asset_id", c->asset_id);
	json_set_text(o, "conflict_type", c->conflict_type);
	json_set_text(o, "description", c->description);
	json_set(o, "details", of);
	if (c->strategy) {
		answer = json_new_object(rq->cx);
		json_set_text(answer, "conflict_id", c->id);
		json_set_text(answer, "strategy", c->strategy);
		json_set(answer, "resolved_value", value);
		json_set_text(answer, "resolved_by", c->resolved_by);
		admin_set_time(rq->cx, answer, "resolved_at", c->resolved_at);
	}
	json_set(o, "resolution", answer);
	admin_set_time(rq->cx, o, "created_at", c->created_at);
	*out = o;
	return OK;
}

static enum status operation_json(struct request *rq, const struct catalog_ref *ref,
				  const struct merge_operation *m, bool conflicts,
				  struct json_object **out)
{
	struct json_object *o = json_new_object(rq->cx), *list = json_new_array(rq->cx), *v;
	struct merge_conflict *c;
	size_t n = 0;
	enum status s = conflicts ? merge_conflicts(rq->cx, rq->rs->store, m, &c, &n) : OK;

	for (size_t i = 0; !s && i < n; i++) {
		s = conflict_json(rq, ref, &c[i], false, &v);
		if (!s)
			json_add(list, v);
	}
	json_set_text(o, "id", m->id);
	json_set_text(o, "tenant_id", m->tenant_id);
	json_set_text(o, "catalog_name", ref->name);
	json_set_text(o, "source_branch", m->source_branch);
	json_set_text(o, "target_branch", m->target_branch);
	json_set_text(o, "base_commit_id", m->base_commit_id);
	json_set_text(o, "status", m->status);
	if (conflicts)
		json_set(o, "conflicts", list);
	json_set_int(o, "conflicts_count", m->conflicts_count);
	json_set_text(o, "initiated_by", m->initiated_by);
	admin_set_time(rq->cx, o, "initiated_at", m->initiated_at);
	admin_set_time(rq->cx, o, "completed_at", m->completed_at);
	json_set_text(o, "result_commit_id", m->result_commit_id);
	json_set_text(o, "commit_id", m->result_commit_id);
	*out = o;
	return s;
}

/* --- who may ------------------------------------------------------------------------- */

/* Names and ids of the roles that who asks was given. */
static enum status read_roles(struct request *rq, const char *const **out)
{
	struct role_row *list = NULL;
	const char **roles;
	size_t n = 0;
	enum status s = OK;

	if (rq->who->kind == A_USER || rq->who->kind == A_SERVICE_USER)
		s = roles_of(rq->cx, rq->rs->store, rq->who->tenant_id, rq->who->id, rq->who->given,
			     &list, &n);
	roles = cx_array(rq->cx, 2 * n + 1, sizeof(*roles));
	for (size_t i = 0; i < n; i++) {
		roles[2 * i] = list[i].id;
		roles[2 * i + 1] = list[i].name;
	}
	*out = roles;
	return s;
}

/* Into a protected branch merge those alone whom it lists, and those who could say so. */
static enum status check_target(struct request *rq, const struct catalog_ref *ref,
				const char *target)
{
	struct json_object *list = NULL;
	const char *const *roles;
	struct branch b;
	enum status s = branch_find(rq->cx, rq->rs->store, ref, target, false, &b);

	if (s || !b.protection || rq->who->role >= ROLE_TENANT_ADMIN)
		return s == NOT_FOUND ? OK : s; /* the merge will say what is missing */
	s = json_parse(rq->cx, b.protection, strlen(b.protection), 2, &list);
	if (!s)
		s = read_roles(rq, &roles);
	if (s || access_listed(rq->who, roles, list))
		return s;
	return fail(rq->cx, DENIED, "the branch %s is protected: others merge into it", target);
}

/* --- merges ---------------------------------------------------------------------------- */

static struct json_object *entry_json(struct cx *cx, const struct entry *e)
{
	struct json_object *o = json_new_object(cx);

	json_set_text(o, "asset_name", asset_shown(cx, e->target->namespace, e->target->name));
	if (e->outcome == CONFLICTS) {
		json_set_text(o, "conflict_type", e->type);
		json_set_text(o, "description", e->description);
		return o;
	}
	json_set_text(o, "change", !e->source ? "removed" : e->target->seen ? "changed" : "added");
	json_set_text(o, "from", e->target->seen ? e->target->seen->metadata_location : NULL);
	json_set_text(o, "to", e->source ? e->source->metadata_location : NULL);
	return o;
}

/* What it would do, and nothing of it done. */
static enum status preview(struct request *rq, const struct catalog_ref *ref, const char *source,
			   const char *target)
{
	struct json_object *o = json_new_object(rq->cx), *changes = json_new_array(rq->cx);
	struct json_object *conflicts = json_new_array(rq->cx);
	struct plan p;
	enum status s = merge_preview(rq->cx, rq->rs->store, ref, source, target, &p);

	if (s)
		return s;
	for (size_t i = 0; i < p.n; i++)
		if (p.entries[i].outcome == TAKEN)
			json_add(changes, entry_json(rq->cx, &p.entries[i]));
		else if (p.entries[i].outcome == CONFLICTS)
			json_add(conflicts, entry_json(rq->cx, &p.entries[i]));
	json_set_text(o, "status", p.open ? "conflicted" : "ready");
	json_set_bool(o, "dry_run", true);
	json_set_bool(o, "fast_forward", p.fast_forward);
	json_set_text(o, "source_branch", source);
	json_set_text(o, "target_branch", target);
	json_set_text(o, "base_commit_id", p.base_commit_id);
	json_set(o, "changes", changes);
	json_set(o, "conflicts", conflicts);
	json_set_int(o, "conflicts_count", (int64_t)p.open);
	return answer_json(rq, 200, o);
}

static enum status answer_conflicted(struct request *rq, const struct merge_operation *m)
{
	struct json_object *o = json_new_object(rq->cx), *error = json_new_object(rq->cx);
	const char *message = cx_printf(
		rq->cx, "%lld names were changed on both sides: resolve the conflicts of merge %s",
		(long long)m->conflicts_count, m->id);

	json_set_text(error, "message", message);
	json_set_text(error, "type", "MergeConflictException");
	json_set_int(error, "code", 409);
	json_set(o, "error", error);
	json_set_text(o, "status", "conflicted");
	json_set_text(o, "operation_id", m->id);
	json_set_int(o, "conflicts", m->conflicts_count);
	json_set_text(o, "message", message);
	return answer_json(rq, 409, o);
}

static enum status merge(struct request *rq, const struct catalog_ref *ref, const char *source,
			 const char *target)
{
	struct merge_operation m;
	struct json_object *o = NULL;
	enum status s =
		merge_start(rq->cx, rq->rs->store, ref, source, target, request_actor(rq), &m);

	if (!s && strcmp(m.status, "conflicted") == 0)
		return answer_conflicted(rq, &m);
	if (!s)
		s = merge_complete(rq->cx, rq->rs->store, ref, &m, request_actor(rq));
	if (s == CONFLICT && strcmp(m.status, "conflicted") == 0)
		return answer_conflicted(rq, &m);
	if (!s)
		s = operation_json(rq, ref, &m, true, &o);
	return s ? s : answer_json(rq, 200, o);
}

static enum status merge_or_preview(struct request *rq, const struct catalog_ref *ref,
				    const char *source, const char *target)
{
	bool dry_run = false;
	enum status s = json_opt_bool(rq->cx, rq->json, "", "dry_run", &dry_run);

	if (!s)
		s = check_target(rq, ref, target);
	if (s)
		return s;
	return (dry_run ? preview : merge)(rq, ref, source, target);
}

enum status merge_branches(struct request *rq)
{
	const char *source, *target;
	const struct catalog_ref *ref;
	enum status s = request_json(rq, false);

	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "source_branch", &source);
	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "target_branch", &target);
	if (!s)
		s = refs_of_body(rq, MAY_WRITE, &ref);
	return s ? s : merge_or_preview(rq, ref, source, target);
}

/* A merge the other way: its parent, or who is named, into the branch. */
enum status rebase_branch(struct request *rq)
{
	const char *onto = NULL;
	const struct catalog_ref *ref;
	struct branch b, *all, *parent;
	size_t n;
	enum status s = request_json(rq, true);

	if (!s)
		s = refs_of_body(rq, MAY_WRITE, &ref);
	if (!s)
		s = branch_find(rq->cx, rq->rs->store, ref, rq->segments[0], false, &b);
	if (!s)
		s = json_opt_text(rq->cx, rq->json, "", "onto", &onto);
	if (!s)
		s = branch_all(rq->cx, rq->rs->store, ref, &all, &n);
	if (s)
		return s;
	parent = branch_of_id(all, n, b.parent_id);
	if (!onto)
		onto = parent && !text_same(parent->branch_type, "hidden") &&
				       !text_same(parent->branch_type, "tag")
			       ? parent->name
			       : "main";
	return merge_or_preview(rq, ref, onto, b.name);
}

/* --- operations -------------------------------------------------------------------------- */

static enum status show_operation(struct request *rq, const void *item, struct json_object **out)
{
	const struct merge_operation *m = item;
	const struct catalog_ref *ref;
	enum status s = refs_of_id(rq, m->catalog_id, MAY_LIST, &ref);

	if (s == NOT_FOUND || s == DENIED)
		return OK;
	return s ? s : operation_json(rq, ref, m, false, out);
}

/* An empty name, as some clients send it: those of all catalogs. */
enum status list_merges(struct request *rq)
{
	struct merge_operation from = { .row = ROW(merge_operation), .tenant_id = rq->tenant_id };
	const struct catalog_ref *ref;
	enum status s;

	if (!*rq->segments[0])
		return admin_list(rq, &from.row, 1, false, show_operation);
	s = refs_catalog(rq, rq->segments[0], MAY_LIST, &ref);
	if (s)
		return s;
	from.catalog_id = ref->catalog_id;
	return admin_list(rq, &from.row, 2, false, show_operation);
}

static enum status find(struct request *rq, enum action action, struct merge_operation *m,
			const struct catalog_ref **ref)
{
	enum status s = merge_find(rq->cx, rq->rs->store, rq->tenant_id, rq->segments[0], m);

	return s ? s : refs_of_id(rq, m->catalog_id, action, ref);
}

enum status get_merge(struct request *rq)
{
	const struct catalog_ref *ref;
	struct merge_operation m;
	struct json_object *o = NULL;
	enum status s = find(rq, MAY_LIST, &m, &ref);

	if (!s)
		s = operation_json(rq, ref, &m, true, &o);
	return s ? s : answer_json(rq, 200, o);
}

enum status list_conflicts(struct request *rq)
{
	struct json_object *list = json_new_array(rq->cx), *o;
	size_t skip = 0, limit = SIZE_MAX, n = 0;
	const struct catalog_ref *ref;
	struct merge_operation m;
	struct merge_conflict *c;
	enum status s = find(rq, MAY_READ, &m, &ref);

	if (!s)
		s = admin_page(rq, &skip, &limit);
	if (!s)
		s = merge_conflicts(rq->cx, rq->rs->store, &m, &c, &n);
	for (size_t i = skip; !s && i < n && i - skip < limit; i++) {
		s = conflict_json(rq, ref, &c[i], i - skip < DETAILED, &o);
		if (!s)
			json_add(list, o);
	}
	return s ? s : answer_json(rq, 200, list);
}

static struct json_object *state_answer(struct cx *cx, const char *status,
					const struct merge_operation *m)
{
	struct json_object *o = json_new_object(cx);

	json_set_text(o, "status", status);
	json_set_text(o, "operation_id", m->id);
	return o;
}

enum status complete_merge(struct request *rq)
{
	const struct catalog_ref *ref;
	struct merge_operation m;
	struct json_object *o;
	enum status s = find(rq, MAY_WRITE, &m, &ref);

	if (!s)
		s = check_target(rq, ref, m.target_branch);
	if (!s)
		s = merge_complete(rq->cx, rq->rs->store, ref, &m, request_actor(rq));
	if (s)
		return s;
	o = state_answer(rq->cx, "completed", &m);
	json_set_text(o, "commit_id", m.result_commit_id);
	return answer_json(rq, 200, o);
}

enum status abort_merge(struct request *rq)
{
	const struct catalog_ref *ref;
	struct merge_operation m;
	enum status s = find(rq, MAY_WRITE, &m, &ref);

	if (!s)
		s = merge_abort(rq->cx, rq->rs->store, &m, request_actor(rq));
	return s ? s : answer_json(rq, 200, state_answer(rq->cx, "aborted", &m));
}

/* --- conflicts ------------------------------------------------------------------------------ */

/* Words of several generations of clients. */
static enum status read_strategy(struct request *rq, const char **out)
{
	static const struct {
		const char *word, *strategy;
	} words[] = {
		{ "source", "source" },	    { "takesource", "source" }, { "target", "target" },
		{ "taketarget", "target" }, { "manual", "manual" },	{ "custom", "manual" },
	};
	const char *given = NULL;
	enum status s = json_opt_text(rq->cx, rq->json, "", "strategy", &given);

	if (!s && !given)
		s = json_opt_text(rq->cx, rq->json, "", "resolution", &given);
	if (s)
		return s;
	for (size_t i = 0; given && i < ARRAY_SIZE(words); i++)
		if (strcasecmp(given, words[i].word) == 0) {
			*out = words[i].strategy;
			return OK;
		}
	return fail(rq->cx, INVALID, "strategy: none of source, target, manual: \"%s\"",
		    given ? given : "");
}

/* {"metadata-location": ...} or the location itself. */
static enum status read_manual(struct request *rq, const struct catalog_ref *ref,
			       const struct merge_conflict *c, struct merge_resolution *how)
{
	struct json_object *value = json_member(rq->json, "resolved_value");
	const char *location;

	if (!value)
		value = json_member(rq->json, "content");
	location =
		json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
	if (json_object_is_type(value, json_type_object)) {
		location = json_text(value, "metadata-location");
		if (!location)
			location = json_text(value, "metadata_location");
	}
	if (value)
		how->value = json_print(rq->cx, value, NULL);
	if (strcmp(how->strategy, "manual") != 0)
		return OK;
	if (!location)
		return fail(rq->cx, INVALID,
			    "resolved_value: a metadata-location is needed for \"manual\"");
	return manual_state(rq, ref, c, location, &how->manual);
}

enum status resolve_conflict(struct request *rq)
{
	struct json_object *o = json_new_object(rq->cx);
	const struct catalog_ref *ref;
	struct merge_resolution how = { 0 };
	struct merge_conflict c;
	enum status s = request_json(rq, false);

	if (!s)
		s = merge_find_conflict(rq->cx, rq->rs->store, rq->tenant_id, rq->segments[0], &c);
	if (!s)
		s = refs_of_id(rq, c.catalog_id, MAY_WRITE, &ref);
	if (!s)
		s = read_strategy(rq, &how.strategy);
	if (!s)
		s = read_manual(rq, ref, &c, &how);
	if (!s)
		s = merge_resolve(rq->cx, rq->rs->store, rq->tenant_id, c.id, &how,
				  request_actor(rq));
	if (s)
		return s;
	json_set_text(o, "status", "resolved");
	json_set_text(o, "conflict_id", c.id);
	return answer_json(rq, 200, o);
}
