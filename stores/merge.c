/* SPDX-License-Identifier: Apache-2.0 */
/* merge.c - merges: begun with a cut, worked out, completed in one list. */
#include "stores/merge.h"

#include "common/list.h"
#include "common/text.h"
#include "stores/jobs.h"
#include "stores/merge_plan.h"
#include "stores/states.h"

enum status merge_preview(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			  const char *source, const char *target, struct plan *out)
{
	struct merging m = { .cx = cx, .st = st, .ref = ref, .plan = out, .source_cut = LIVING };
	struct branch *all;
	size_t n;
	enum status s = merging_open(&m, source, target, &all, &n);

	return s ? s : merging_work_out(&m, all, n);
}

/* --- conflicts --------------------------------------------------------------------------- */

static const char *state_text(struct cx *cx, const struct asset *a)
{
	return a ? json_print(cx, state_json(cx, a), NULL) : NULL;
}

static const char *asset_id_of(const struct entry *e)
{
	const struct asset *a = e->target->seen ? e->target->seen : e->source ? e->source : e->base;

	return a ? a->asset_id : NULL;
}

static void fill_conflict(struct merging *m, const struct entry *e, struct merge_conflict *c)
{
	c->namespace = e->target->namespace;
	c->name = e->target->name;
	c->asset_id = asset_id_of(e);
	c->conflict_type = e->type;
	c->description = e->description;
	c->base_state = state_text(m->cx, e->base);
	c->source_state = state_text(m->cx, e->source);
	c->target_state = state_text(m->cx, e->target->seen);
	c->strategy = c->resolved_state = c->resolved_value = c->resolved_by = NULL;
	c->resolved_at = 0;
}

static struct merge_conflict *new_conflict(struct merging *m, const struct merge_operation *op,
					   const struct entry *e)
{
	struct merge_conflict *c = CX_NEW(m->cx, struct merge_conflict);

	*c = (struct merge_conflict){ .row = ROW(merge_conflict),
				      .tenant_id = op->tenant_id,
				      .catalog_id = op->catalog_id,
				      .operation_id = op->id,
				      .id = text_uuid7(m->cx),
				      .created_at = cx_now_ms() };
	fill_conflict(m, e, c);
	return c;
}

enum status merge_conflicts(struct cx *cx, struct store *st, const struct merge_operation *op,
			    struct merge_conflict **out, size_t *n)
{
	struct merge_conflict from = { .row = ROW(merge_conflict),
				       .tenant_id = op->tenant_id,
				       .catalog_id = op->catalog_id,
				       .operation_id = op->id };
	struct rows list;
	enum status s =
		store_list_all(cx, st, &(struct query){ .from = &from.row, .bound = 3 }, &list);

	*out = list.items;
	*n = list.n;
	return s;
}

/* An answer stands while the question does: the same place, changed in the same way. */
static enum status apply_answer(struct merging *m, const struct merge_conflict *c, struct entry *e,
				bool *same)
{
	struct asset *source, *target, *manual;
	enum status s = state_parse(m->cx, c->source_state, &source);

	if (!s)
		s = state_parse(m->cx, c->target_state, &target);
	if (!s)
		s = state_parse(m->cx, c->resolved_state, &manual);
	if (s)
		return s;
	*same = text_same(c->conflict_type, e->type) && state_same(source, e->source) &&
		state_same(target, e->target->seen);
	if (!*same || !c->strategy)
		return OK;
	e->resolved = true;
	e->take = !text_same(c->strategy, "target");
	e->manual = manual;
	return OK;
}

/* The kept conflicts over the entries; `list` gets what has to be kept anew. */
static enum status match(struct merging *m, const struct merge_operation *op,
			 struct merge_conflict *kept, size_t n_kept, struct list *list)
{
	struct json_object *by_place = json_new_object(m->cx);
	enum status s = OK;

	for (size_t i = 0; i < n_kept; i++)
		json_set_int(by_place, state_key(m->cx, kept[i].namespace, kept[i].name),
			     (int64_t)i);
	for (size_t i = 0; !s && i < m->plan->n; i++) {
		struct entry *e = &m->plan->entries[i];
		const char *key = state_key(m->cx, e->target->namespace, e->target->name);
		int64_t at = json_int(by_place, key, -1);
		bool same = false;

		if (e->outcome != CONFLICTS)
			continue;
		if (at < 0) {
			*(struct change *)list_add(list) =
				(struct change){ INSERT, &new_conflict(m, op, e)->row };
			continue;
		}
		s = apply_answer(m, &kept[at], e, &same);
		if (s || same)
			continue;
		fill_conflict(m, e, &kept[at]);
		*(struct change *)list_add(list) = (struct change){ UPDATE, &kept[at].row };
	}
	merging_count(m->plan);
	return s;
}

/* What stands in the way is kept with the operation, for people to answer. */
static enum status keep_conflicts(struct merging *m, struct merge_operation *op, struct list *list)
{
	op->status = m->plan->open ? "conflicted" : op->status;
	op->conflicts_count = (int64_t)m->plan->open;
	*(struct change *)list_add(list) = (struct change){ UPDATE, &op->row };
	return store_apply(m->cx, m->st, list->items, list->n, NULL);
}

/* --- start -------------------------------------------------------------------------------- */

static struct audit *record(struct merging *m, const char *action, const struct merge_operation *op)
{
	return audit_new(m->cx, m->by, m->ref->tenant_id, action, "merge_operation", op->id,
			 cx_printf(m->cx, "%s/%s -> %s", m->ref->name, op->source_branch,
				   op->target_branch));
}

/* The base is chosen before the cut: it is of an earlier one, or of another branch. */
static enum status begin(struct merging *m, struct merge_operation *op)
{
	struct plan *p = m->plan;
	struct change list[BRANCH_CUTS + 2];
	size_t n;

	m->source_cut = p->source.cut;
	*op = (struct merge_operation){ .row = ROW(merge_operation),
					.tenant_id = m->ref->tenant_id,
					.catalog_id = m->ref->catalog_id,
					.id = text_uuid7(m->cx),
					.source_branch = p->source.name,
					.target_branch = p->target.name,
					.source_id = p->source.id,
					.target_id = p->target.id,
					.source_cut = p->source.cut,
					.base_id = m->base_id,
					.base_cut = m->base_cut,
					.base_version = m->base.row.version,
					.base_commit_id = p->base_commit_id,
					.status = "pending",
					.initiated_by = m->by ? m->by->username : NULL,
					.initiated_at = cx_now_ms() };
	n = branch_cut(m->cx, &p->source, list);
	list[n++] = (struct change){ INSERT, &op->row };
	list[n++] = (struct change){ INSERT, &record(m, "initiate_merge", op)->row };
	return store_apply(m->cx, m->st, list, n, NULL);
}

static enum status try_start(struct merging *m, const char *source, const char *target,
			     struct merge_operation *op)
{
	struct list list = { .cx = m->cx, .size = sizeof(struct change) };
	struct branch *all;
	size_t n;
	enum status s = merging_open(m, source, target, &all, &n);

	m->base_id = NULL;
	m->source_cut = LIVING;
	if (!s)
		s = merging_work_out(m, all, n);
	if (!s)
		s = begin(m, op);
	if (!s) /* again, over what the cut shows */
		s = merging_work_out(m, all, n);
	if (!s)
		s = match(m, op, NULL, 0, &list);
	if (s || !m->plan->open)
		return s;
	s = keep_conflicts(m, op, &list);
	return s == CONFLICT ? OK : s; /* somebody completes or aborts it already */
}

enum status merge_start(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			const char *source, const char *target, const struct audit *by,
			struct merge_operation *out)
{
	struct plan plan;
	struct merging m = { .cx = cx, .st = st, .ref = ref, .by = by, .plan = &plan };

	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		enum status s = try_start(&m, source, target, out);

		if (s != CONFLICT)
			return s;
		edit_backoff(cx, i);
	}
	return edit_gave_up(cx);
}

/* --- finding ------------------------------------------------------------------------------ */

enum status merge_find(struct cx *cx, struct store *st, const char *tenant_id, const char *id,
		       struct merge_operation *out)
{
	struct merge_operation from = { .row = ROW(merge_operation),
					.tenant_id = tenant_id,
					.id = id };
	struct query q = { .from = &from.row, .bound = 1, .where = { "id" }, .limit = 1 };
	struct rows rows;
	enum status s = store_list(cx, st, &q, &rows);

	if (!s && !rows.n)
		s = fail(cx, NOT_FOUND, "Merge operation does not exist: %s", id);
	if (!s)
		*out = *(struct merge_operation *)rows.items;
	return s;
}

enum status merge_find_conflict(struct cx *cx, struct store *st, const char *tenant_id,
				const char *id, struct merge_conflict *out)
{
	struct merge_conflict from = { .row = ROW(merge_conflict),
				       .tenant_id = tenant_id,
				       .id = id };
	struct query q = { .from = &from.row, .bound = 1, .where = { "id" }, .limit = 1 };
	struct rows rows;
	enum status s = store_list(cx, st, &q, &rows);

	if (!s && !rows.n)
		s = fail(cx, NOT_FOUND, "Conflict does not exist: %s", id);
	if (!s)
		*out = *(struct merge_conflict *)rows.items;
	return s;
}

/* --- resolve ------------------------------------------------------------------------------ */

static enum status check_open(struct cx *cx, const struct merge_operation *op)
{
	if (text_same(op->status, "completed") || text_same(op->status, "aborted"))
		return fail(cx, INVALID, "the merge is %s already", op->status);
	return OK;
}

static enum status try_resolve(struct cx *cx, struct store *st, const char *tenant_id,
			       const char *conflict_id, const struct merge_resolution *how,
			       const struct audit *by)
{
	struct merge_conflict c, *all;
	struct merge_operation op;
	struct change list[3];
	struct audit *r;
	size_t n = 0, open = 0;
	enum status s = merge_find_conflict(cx, st, tenant_id, conflict_id, &c);

	if (!s)
		s = merge_find(cx, st, tenant_id, c.operation_id, &op);
	if (!s)
		s = check_open(cx, &op);
	if (!s)
		s = merge_conflicts(cx, st, &op, &all, &n);
	if (s)
		return s;
	for (size_t i = 0; i < n; i++)
		open += !all[i].strategy && strcmp(all[i].id, c.id) != 0;
	c.strategy = how->strategy;
	c.resolved_state = state_text(cx, how->manual);
	c.resolved_value = how->value;
	c.resolved_by = by ? by->username : NULL;
	c.resolved_at = cx_now_ms();
	op.status = open ? "conflicted" : "ready";
	op.conflicts_count = (int64_t)open;
	r = audit_new(cx, by, tenant_id, "resolve_conflict", "conflict", c.id, c.description);
	list[0] = (struct change){ UPDATE, &c.row };
	list[1] =
		(struct change){ UPDATE, &op.row }; /* one answer at a time: the last one counts */
	list[2] = (struct change){ INSERT, &r->row };
	return store_apply(cx, st, list, ARRAY_SIZE(list), NULL);
}

enum status merge_resolve(struct cx *cx, struct store *st, const char *tenant_id,
			  const char *conflict_id, const struct merge_resolution *how,
			  const struct audit *by)
{
	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		enum status s = try_resolve(cx, st, tenant_id, conflict_id, how, by);

		if (s != CONFLICT)
			return s;
		edit_backoff(cx, i);
	}
	return edit_gave_up(cx);
}

/* --- complete ----------------------------------------------------------------------------- */

static enum status check_ends(struct merging *m, const struct merge_operation *op)
{
	if (!text_same(m->plan->source.id, op->source_id) ||
	    !text_same(m->plan->target.id, op->target_id))
		return fail(m->cx, CONFLICT, "a branch of the merge was deleted since: abort it");
	if (m->base.row.version != op->base_version)
		return fail(m->cx, CONFLICT,
			    "another merge of %s and %s was completed since: abort this one and "
			    "begin anew",
			    op->source_branch, op->target_branch);
	return OK;
}

/* The next merge of the two begins where this one did; what was kept for the last base may go. */
static void add_base(struct merging *m, struct edit *e, const struct merge_operation *op,
		     struct branch *all, size_t n)
{
	struct branch *before =
		m->base.row.version ? branch_of_id(all, n, m->base.branch_id) : NULL;

	m->base.branch_id = op->source_id;
	m->base.cut = op->source_cut;
	edit_add(e, m->base.row.version ? UPDATE : INSERT, &m->base.row, PART_RECORD);
	if (before && !text_same(before->branch_type, "hidden"))
		edit_add(e, INSERT, &job_free(m->cx, "free-history", before, cx_now_ms())->row,
			 PART_RECORD);
}

static enum status apply(struct merging *m, struct merge_operation *op, struct branch *all,
			 size_t n)
{
	struct edit *e = edit_open(m->cx, m->plan->into, &m->plan->target, m->by);
	size_t changes;
	enum status s = three_way_add(e, m->st, m->plan->entries, m->plan->n, &changes);

	if (s == CONFLICT)
		return fail(m->cx, INVALID, "%s", cx_strdup(m->cx, m->cx->message));
	if (s)
		return s;
	e->merges = true;
	e->commit.message =
		cx_printf(m->cx, "merge %s into %s", op->source_branch, op->target_branch);
	op->status = "completed";
	op->completed_at = cx_now_ms();
	op->result_commit_id = e->commit.commit_id;
	op->conflicts_count = 0;
	edit_add(e, UPDATE, &op->row, PART_RECORD);
	/* its rows are freed once it is deleted: what was read of it would not be all */
	edit_add(e, REQUIRE, &m->plan->source.row, PART_BRANCH);
	add_base(m, e, op, all, n);
	if (e->n + EDIT_RECORDS > STORE_MAX_CHANGES)
		return fail(m->cx, INVALID,
			    "the merge is %zu changes of rows: at most %d are made in one step",
			    e->n, STORE_MAX_CHANGES - EDIT_RECORDS);
	return edit_apply(e, m->st, record(m, "complete_merge", op));
}

/* *again: rows moved in between, nothing was written. */
static enum status try_complete(struct merging *m, struct merge_operation *op, bool *again)
{
	struct list list = { .cx = m->cx, .size = sizeof(struct change) };
	struct merge_conflict *kept;
	struct branch *all;
	size_t n, n_kept;
	enum status s;

	*again = false;
	s = merge_find(m->cx, m->st, op->tenant_id, op->id, op);
	if (!s)
		s = check_open(m->cx, op);
	if (!s)
		s = merging_open(m, op->source_branch, op->target_branch, &all, &n);
	if (!s)
		s = check_ends(m, op);
	if (s)
		return s;
	m->base_id = op->base_id;
	m->base_cut = op->base_cut;
	m->source_cut = op->source_cut;
	s = merging_work_out(m, all, n);
	if (!s)
		s = merge_conflicts(m->cx, m->st, op, &kept, &n_kept);
	if (!s)
		s = match(m, op, kept, n_kept, &list);
	if (s)
		return s;
	if (!m->plan->open) {
		s = apply(m, op, all, n);
		*again = s == CONFLICT;
		return s;
	}
	s = list.n ? keep_conflicts(m, op, &list) : OK;
	*again = s == CONFLICT;
	if (s)
		return s;
	return fail(m->cx, list.n ? CONFLICT : INVALID, "the merge has %zu conflicts to resolve",
		    m->plan->open);
}

enum status merge_complete(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			   struct merge_operation *op, const struct audit *by)
{
	struct plan plan;
	struct merging m = { .cx = cx, .st = st, .ref = ref, .by = by, .plan = &plan };

	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		bool again;
		enum status s = try_complete(&m, op, &again);

		if (!again)
			return s;
		edit_backoff(cx, i);
	}
	return edit_gave_up(cx);
}

enum status merge_abort(struct cx *cx, struct store *st, struct merge_operation *op,
			const struct audit *by)
{
	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		struct change list[2];
		struct audit *r;
		enum status s = merge_find(cx, st, op->tenant_id, op->id, op);

		if (s)
			return s;
		if (text_same(op->status, "aborted"))
			return OK;
		s = check_open(cx, op);
		if (s)
			return s;
		op->status = "aborted";
		op->completed_at = cx_now_ms();
		r = audit_new(cx, by, op->tenant_id, "abort_merge", "merge_operation", op->id,
			      cx_printf(cx, "%s -> %s", op->source_branch, op->target_branch));
		list[0] = (struct change){ UPDATE, &op->row };
		list[1] = (struct change){ INSERT, &r->row };
		s = store_apply(cx, st, list, ARRAY_SIZE(list), NULL);
		if (s != CONFLICT)
			return s;
		edit_backoff(cx, i);
	}
	return edit_gave_up(cx);
}
