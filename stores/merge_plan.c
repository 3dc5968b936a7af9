/* SPDX-License-Identifier: Apache-2.0 */
/* merge_plan.c - where a merge begins, and what it would do: read, and nothing written. */
#include "stores/merge_plan.h"

#include "common/text.h"
#include "stores/commits.h"
#include "stores/states.h"

#define PLACES 4 /* read of a name: source, base, target, and what a partial target began with */

/* --- the ends and the base -------------------------------------------------------------- */

static struct branch *named(struct branch *all, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, name) == 0 && !text_same(all[i].branch_type, "hidden"))
			return &all[i];
	return NULL;
}

static enum status no_branch(const struct merging *m, const char *name)
{
	return fail(m->cx, NOT_FOUND, "Branch does not exist: %s in catalog %s", name,
		    m->ref->name);
}

static enum status find_ends(struct merging *m, struct branch *all, size_t n, const char *source,
			     const char *target)
{
	struct branch *from = named(all, n, source), *into = named(all, n, target);

	if (!from || !into)
		return no_branch(m, from ? target : source);
	if (text_same(into->branch_type, "tag"))
		return fail(m->cx, INVALID, "Tag %s is read-only: nothing is merged into it",
			    target);
	if (from == into)
		return fail(m->cx, INVALID, "a branch is not merged into itself");
	m->plan->source = *from;
	m->plan->target = *into;
	return OK;
}

static enum status read_base_row(struct merging *m)
{
	const char *a = m->plan->source.id, *b = m->plan->target.id;
	bool in_order = strcmp(a, b) < 0;
	struct row *row = &m->base.row;

	m->base = (struct merge_base){ .row = ROW(merge_base),
				       .tenant_id = m->ref->tenant_id,
				       .catalog_id = m->ref->catalog_id,
				       .low_id = in_order ? a : b,
				       .high_id = in_order ? b : a };
	return store_get_all(m->cx, m->st, &row, 1);
}

/* At which point of a branch a reading reads it: level i, or what stands before it. */
struct point {
	int64_t cut;
	const struct branch *undoes; /* begins as the branch was behind a commit, not at the cut */
};

static struct point point_of(const struct reading *r, size_t i, struct branch *all, size_t n)
{
	struct point p = { .cut = i ? r->ref->levels[i].cut : r->cut };
	struct branch *above = i ? branch_of_id(all, n, r->ref->levels[i - 1].branch_id) : NULL;

	if (above && above->as_of)
		p = (struct point){ above->as_of - 1, above };
	return p;
}

/* A commit of a count lies before the cut that ended it. */
static bool is_earlier(const struct point *a, const struct point *b)
{
	if (a->cut != b->cut)
		return a->cut < b->cut;
	if (a->undoes && b->undoes)
		return strcmp(a->undoes->commit_id, b->undoes->commit_id) < 0;
	return a->undoes != NULL;
}

/* The nearest branch that both read, at the earlier of the two points. */
static bool find_shared(struct merging *m, const struct reading *from, const struct reading *into,
			struct branch *all, size_t n)
{
	for (size_t i = 0; i < from->ref->n_levels; i++)
		for (size_t k = 0; k < into->ref->n_levels; k++) {
			struct point a = point_of(from, i, all, n), b = point_of(into, k, all, n);

			if (strcmp(from->ref->levels[i].branch_id, into->ref->levels[k].branch_id))
				continue;
			if (is_earlier(&b, &a))
				a = b;
			m->base_id = a.undoes ? a.undoes->id : from->ref->levels[i].branch_id;
			m->base_cut = a.undoes ? 0 : a.cut;
			return true;
		}
	return false;
}

/* The partial branch that a reading ends in, or NULL. */
static const struct branch *root_of(const struct reading *r, struct branch *all, size_t n)
{
	const struct branch *b =
		branch_of_id(all, n, r->ref->levels[r->ref->n_levels - 1].branch_id);

	return b && b->assets ? b : NULL;
}

static enum status choose_base(struct merging *m, const struct reading *from,
			       const struct reading *into, struct branch *all, size_t n)
{
	const struct branch *root = root_of(from, all, n);

	if (!root)
		root = root_of(into, all, n);
	if (m->base.row.version) {
		m->base_id = m->base.branch_id;
		m->base_cut = m->base.cut;
	} else if (!find_shared(m, from, into, all, n)) {
		if (!root)
			return fail(m->cx, INVALID, "%s and %s have nothing in common",
				    m->plan->source.name, m->plan->target.name);
		m->base_id = root->id;
		m->base_cut = 0; /* what it began with */
	}
	return OK;
}

static enum status find_began(struct merging *m, const struct reading *into, struct branch *all,
			      size_t n)
{
	const struct branch *root = root_of(into, all, n);

	m->began = (struct reading){ 0 };
	return root ? reading_of(m->cx, m->ref, root, 0, &m->began) : OK;
}

/* --- working it out --------------------------------------------------------------------- */

static enum status read_entries(struct merging *m, const struct name_key *names, size_t n,
				const struct reading *from, const struct reading *base)
{
	struct place **places = cx_array(m->cx, PLACES * n, sizeof(*places));
	struct plan *p = m->plan;
	enum status s;

	p->entries = cx_array(m->cx, 2 * n + 1, sizeof(*p->entries));
	p->n = n;
	for (size_t i = 0; i < n; i++) {
		const char *space = names[i].namespace, *name = names[i].name;

		places[PLACES * i] = place_asset(m->cx, from->ref, space, name);
		places[PLACES * i + 1] = place_asset(m->cx, base->ref, space, name);
		places[PLACES * i + 2] = place_asset(m->cx, p->into, space, name);
		places[PLACES * i + 3] =
			place_asset(m->cx, m->began.ref ? m->began.ref : p->into, space, name);
	}
	s = reading_places(m->cx, m->st, places, PLACES * n);
	p->n = 0;
	for (size_t i = 0; !s && i < n; i++) {
		struct place *const *at = &places[PLACES * i];

		if (state_same(at[0]->seen, at[1]->seen))
			continue; /* the source has not changed it */
		if (!at[2]->seen && !at[3]->seen && m->began.ref)
			continue; /* a partial branch has nothing to do with it */
		p->entries[p->n++] =
			(struct entry){ .source = at[0]->seen,
					.base = at[1]->seen,
					.target = at[2],
					.unchanged = state_same(at[1]->seen, at[2]->seen) };
	}
	return s;
}

void merging_count(struct plan *p)
{
	p->open = three_way_open(p->entries, p->n);
	p->changes = 0;
	for (size_t i = 0; i < p->n; i++)
		p->changes += p->entries[i].outcome == TAKEN;
}

static enum status find_names(struct merging *m, const struct reading *from,
			      const struct reading *base, const struct reading *into,
			      struct name_key **names, size_t *n)
{
	if (m->began.ref) /* not all that its parent has changed, but what it has copies of */
		return reading_own(m->cx, m->st, into, STORE_MAX_CHANGES, names, n);
	return reading_changes(m->cx, m->st, from, base, STORE_MAX_CHANGES, names, n);
}

enum status merging_work_out(struct merging *m, struct branch *all, size_t n_all)
{
	struct reading from, base, into;
	struct branch *at;
	struct name_key *names;
	bool moved = true;
	size_t n;
	enum status s = reading_of(m->cx, m->ref, &m->plan->source, m->source_cut, &from);

	if (!s)
		s = reading_of(m->cx, m->ref, &m->plan->target, LIVING, &into);
	if (!s)
		s = find_began(m, &into, all, n_all);
	if (!s && !m->base_id)
		s = choose_base(m, &from, &into, all, n_all);
	if (s)
		return s;
	m->plan->into = into.ref;
	at = branch_of_id(all, n_all, m->base_id);
	if (!at)
		return fail(m->cx, CONFLICT, "what both branches began with is gone");
	s = reading_of(m->cx, m->ref, at, m->base_cut, &base);
	if (!s)
		s = find_names(m, &from, &base, &into, &names, &n);
	if (!s)
		s = read_entries(m, names, n, &from, &base);
	if (!s)
		s = three_way(m->cx, m->st, into.ref, m->plan->entries, &m->plan->n);
	if (!s)
		s = reading_differs(m->cx, m->st, &into, &base, &moved);
	m->plan->fast_forward = !moved;
	if (!s)
		s = commit_head(m->cx, m->st, at, m->base_cut, &m->plan->base_commit_id);
	merging_count(m->plan);
	return s;
}

enum status merging_open(struct merging *m, const char *source, const char *target,
			 struct branch **all, size_t *n)
{
	enum status s = branch_all(m->cx, m->st, m->ref, all, n);

	*m->plan = (struct plan){ 0 };
	if (!s)
		s = find_ends(m, *all, *n, source, target);
	return s ? s : read_base_row(m);
}
