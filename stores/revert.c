/* SPDX-License-Identifier: Apache-2.0 */
/* revert.c - a commit taken back: a merge of what was before it, on the base of what was behind it. */
#include "stores/diff.h"
#include "stores/three_way.h"

#include "common/text.h"
#include "stores/states.h"

struct reverting {
	struct cx *cx;
	struct store *st;
	const struct catalog_ref *ref; /* on the branch */
	struct operation *ops;
	struct claim **claims; /* of what each brings back, or NULL */
	size_t n;
	const char *id;
};

/* What the operation left behind, as far as it says. */
static struct asset *left_by(struct cx *cx, const struct operation *o)
{
	struct asset *a;

	if (o->is || !o->after)
		return o->is;
	a = CX_NEW(cx, struct asset);
	*a = (struct asset){ .row = ROW(asset),
			     .asset_id = o->asset_id,
			     .type = o->type,
			     .metadata_location = o->after };
	return a;
}

static enum status read_entries(struct reverting *r, struct branch *branch, struct entry *entries)
{
	struct place **places = cx_array(r->cx, r->n, sizeof(*places));
	enum status s;

	for (size_t i = 0; i < r->n; i++)
		places[i] = place_asset(r->cx, r->ref, r->ops[i].namespace, r->ops[i].name);
	s = content_read(r->cx, r->st, r->ref, branch, places, r->n, NULL, 0);
	for (size_t i = 0; !s && i < r->n; i++) {
		const struct operation *o = &r->ops[i];

		entries[i] = (struct entry){ .source = o->was,
					     .base = left_by(r->cx, o),
					     .target = places[i],
					     .claim = r->claims[i],
					     .unchanged = operation_stands(o, places[i]->seen) };
	}
	return s;
}

static enum status first_conflict(struct reverting *r, const struct entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (entries[i].outcome == CONFLICTS)
			return fail(r->cx, CONFLICT,
				    "commit %s can't be taken back: %s was changed "
				    "since",
				    r->id,
				    asset_shown(r->cx, entries[i].target->namespace,
						entries[i].target->name));
	return OK;
}

static enum status try_revert(struct reverting *r, const struct audit *by, const char **commit_id,
			      bool *again)
{
	size_t n = r->n, changes;
	struct entry *entries = cx_array(r->cx, 2 * n + 1, sizeof(*entries));
	struct branch branch;
	struct audit *record;
	struct edit *e;
	enum status s = read_entries(r, &branch, entries);

	*again = false;
	if (!s)
		s = three_way(r->cx, r->st, r->ref, entries, &n);
	if (!s)
		s = first_conflict(r, entries, n);
	if (s)
		return s;
	e = edit_open(r->cx, r->ref, &branch, by);
	s = three_way_add(e, r->st, entries, n, &changes);
	if (s)
		return s;
	if (!changes)
		return fail(r->cx, CONFLICT, "commit %s changed nothing that is still there",
			    r->id);
	e->commit.message = cx_printf(r->cx, "revert %s", r->id);
	record = audit_new(r->cx, by, r->ref->tenant_id, "revert_commit", "commit", r->id,
			   cx_printf(r->cx, "%s/%s", r->ref->name, r->ref->branch_name));
	s = edit_apply(e, r->st, record);
	*again = s == CONFLICT;
	*commit_id = e->commit.commit_id;
	return s;
}

static enum status ask_back(struct reverting *r, const struct comes_back *back)
{
	struct asset **states = cx_array(r->cx, r->n, sizeof(*states));

	for (size_t i = 0; i < r->n; i++)
		states[i] = r->ops[i].was;
	return comes_back_ask(r->cx, back, states, r->n, r->claims);
}

enum status commit_revert(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			  const char *name, const char *id, const struct comes_back *back,
			  const struct audit *by, const char **commit_id)
{
	struct reverting r = { .cx = cx, .st = st, .id = id };
	struct catalog_ref *on = NULL;
	struct branch *all, *of, b;
	struct commit c;
	size_t n;
	enum status s = branch_all(cx, st, ref, &all, &n);

	if (!s)
		s = commit_find(cx, st, ref, all, n, id, &c, &of);
	if (!s)
		s = branch_find(cx, st, ref, name, false, &b);
	if (!s)
		s = content_branch(cx, ref, &b, &on);
	if (!s)
		s = commit_operations(cx, &c, &r.ops, &r.n);
	r.ref = on;
	r.claims = s ? NULL : cx_array(cx, r.n, sizeof(*r.claims));
	if (!s && back)
		s = ask_back(&r, back);
	if (s)
		return s;
	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		bool again;

		s = try_revert(&r, by, commit_id, &again);
		if (!again)
			return s;
		edit_backoff(cx, i);
	}
	return edit_gave_up(cx);
}
