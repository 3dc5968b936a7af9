/* SPDX-License-Identifier: Apache-2.0 */
/* past.c - metadata files that commits, merges and jobs name. */
#include "cli/past.h"

#include "common/text.h"
#include "stores/commits.h"
#include "stores/rows.h"
#include "stores/states.h"

#define PAGE 200

struct look {
	struct cx *step;
	struct store *st;
	const struct catalog_ref *ref;
	struct reach *into;
	struct reader *by;
};

static void add(struct look *l, const char *location)
{
	if (location)
		reach_metadata(l->step, l->into, l->by, location, false);
}

static bool names_it(const struct look *l, const char *text)
{
	return text && strstr(text, l->by->id);
}

static void add_state(struct look *l, const struct asset *state)
{
	if (state && text_same(state->asset_id, l->by->id))
		add(l, state->metadata_location);
}

/* --- one row of each kind ---------------------------------------------------------------------- */

static enum status look_at_commit(struct look *l, const void *row)
{
	const struct commit *c = row;
	struct operation *ops;
	size_t n;
	enum status s;

	if (!names_it(l, c->operations))
		return OK;
	s = commit_operations(l->step, c, &ops, &n);
	for (size_t i = 0; !s && i < n; i++) {
		add_state(l, ops[i].was);
		add_state(l, ops[i].is);
		if (text_same(ops[i].asset_id, l->by->id))
			add(l, ops[i].after);
	}
	return s;
}

static enum status look_at_conflict(struct look *l, const void *row)
{
	const struct merge_conflict *c = row;
	const char *states[] = { c->base_state, c->source_state, c->target_state,
				 c->resolved_state };
	enum status s = OK;

	for (size_t i = 0; !s && i < ARRAY_SIZE(states); i++) {
		struct asset *state = NULL;

		if (names_it(l, states[i]))
			s = state_parse(l->step, states[i], &state);
		if (!s)
			add_state(l, state);
	}
	return s;
}

static enum status look_at_job(struct look *l, const void *row)
{
	const struct job *j = row;
	struct json_object *payload;
	enum status s;

	if (!text_same(j->tenant_id, l->ref->tenant_id) || !names_it(l, j->payload))
		return OK;
	s = json_parse(l->step, j->payload, strlen(j->payload), 16, &payload);
	if (!s)
		add(l, json_text(payload, "metadata_location"));
	return s;
}

/* --- pages --------------------------------------------------------------------------------------- */

static struct row *first_of(struct look *l, size_t what)
{
	struct commit *c = CX_NEW(l->step, struct commit);
	struct merge_conflict *m = CX_NEW(l->step, struct merge_conflict);
	struct job *j = CX_NEW(l->step, struct job);
	struct row *rows[] = { &c->row, &m->row, &j->row };

	*c = (struct commit){ .row = ROW(commit),
			      .tenant_id = l->ref->tenant_id,
			      .catalog_id = l->ref->catalog_id };
	*m = (struct merge_conflict){ .row = ROW(merge_conflict),
				      .tenant_id = l->ref->tenant_id,
				      .catalog_id = l->ref->catalog_id };
	*j = (struct job){ .row = ROW(job) };
	return rows[what];
}

static const struct {
	size_t bound;
	enum status (*look)(struct look *l, const void *row);
} kinds[] = { { 2, look_at_commit }, { 2, look_at_conflict }, { 0, look_at_job } };

/* Where the next page begins; its memory outlives the step. */
static void remember(struct past *p, const struct row *last)
{
	struct cx old = p->cx;

	p->cx = (struct cx){ 0 };
	p->after = NULL;
	if (last) {
		p->after = cx_alloc(&p->cx, last->kind->size);
		p->after->kind = last->kind;
		rows_clone(&p->cx, p->after, last);
	}
	cx_free(&old);
}

enum status past_step(struct cx *step, struct past *p, struct store *st,
		      const struct catalog_ref *ref, struct reach *into, struct reader *by,
		      bool *done)
{
	struct look l = { step, st, ref, into, by };
	size_t what = (size_t)p->what;
	struct query q = { .limit = PAGE };
	const struct row *last = NULL;
	struct rows rows;
	enum status s;

	*done = what == ARRAY_SIZE(kinds);
	if (*done)
		return OK;
	q.from = first_of(&l, what);
	q.bound = kinds[what].bound;
	q.after = p->after;
	s = store_list(step, st, &q, &rows);
	for (size_t i = 0; !s && i < rows.n; i++) {
		last = (const struct row *)((const char *)rows.items + i * q.from->kind->size);
		s = kinds[what].look(&l, last);
	}
	if (s)
		return s;
	p->what += rows.n < PAGE;
	remember(p, rows.n < PAGE ? NULL : last);
	return OK;
}
