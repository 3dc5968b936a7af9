/* SPDX-License-Identifier: Apache-2.0 */
/* readings.c - where two readings of a catalog may differ, from what was born between their cuts. */
#include "stores/readings.h"

#include "common/list.h"
#include "common/text.h"
#include "stores/states.h"

#define PAGE 1000
#define BATCH 500

enum status reading_of(struct cx *cx, const struct catalog_ref *ref, const struct branch *branch,
		       int64_t cut, struct reading *out)
{
	enum status s = content_branch(cx, ref, branch, &out->ref);
	struct level *levels;

	out->cut = cut == LIVING ? branch->cut : cut;
	if (s || cut == LIVING)
		return s;
	levels = cx_array(cx, out->ref->n_levels, sizeof(*levels));
	memcpy(levels, out->ref->levels, out->ref->n_levels * sizeof(*levels));
	levels[0].cut = cut;
	out->ref->levels = levels;
	out->ref->read_only = true;
	return OK;
}

/* --- names ---------------------------------------------------------------------------- */

struct names {
	struct cx *cx;
	struct store *st;
	const struct catalog_ref *ref;
	struct json_object *seen; /* {namespace and name: true} */
	struct list list;	  /* struct name_key */
	size_t max;
};

static struct names names_of(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			     size_t max)
{
	return (struct names){
		cx, st, ref, json_new_object(cx), { .cx = cx, .size = sizeof(struct name_key) }, max
	};
}

static enum status add_name(struct names *names, const struct asset *a)
{
	const char *key = state_key(names->cx, a->namespace, a->name);

	if (json_has(names->seen, key))
		return OK;
	if (names->list.n == names->max)
		return fail(names->cx, INVALID,
			    "more than %zu names were changed: that is more "
			    "than one step can take",
			    names->max);
	json_set_bool(names->seen, key, true);
	*(struct name_key *)list_add(&names->list) = (struct name_key){ a->namespace, a->name };
	return OK;
}

/* The names of a branch's rows: those born at that count, or all (-1). */
static enum status add_rows(struct names *names, const char *branch_id, int64_t born)
{
	struct asset from = { .row = ROW(asset),
			      .tenant_id = names->ref->tenant_id,
			      .catalog_id = names->ref->catalog_id,
			      .branch_id = branch_id,
			      .born = born };
	struct query q = { .from = &from.row, .bound = 3, .limit = PAGE };
	struct rows page;
	enum status s;

	if (born >= 0)
		q.where[0] = "born";
	do {
		s = store_list(names->cx, names->st, &q, &page);
		for (size_t i = 0; !s && i < page.n; i++) {
			struct asset *a = (struct asset *)page.items + i;

			s = add_name(names, a);
			q.after = &a->row;
		}
	} while (!s && page.n == PAGE);
	return s;
}

/* -1: the reading does not read that branch. */
static int64_t cut_of(const struct reading *r, const char *branch_id)
{
	for (size_t i = 0; i < r->ref->n_levels; i++)
		if (strcmp(r->ref->levels[i].branch_id, branch_id) == 0)
			return i == 0 ? r->cut : r->ref->levels[i].cut;
	return -1;
}

/* What the one reads and the other does not, of the one's branches; of those that both read, once. */
static enum status add_levels(struct names *names, const struct reading *a, const struct reading *b,
			      bool both)
{
	enum status s = OK;

	for (size_t i = 0; !s && i < a->ref->n_levels; i++) {
		const char *id = a->ref->levels[i].branch_id;
		int64_t from = cut_of(b, id), to = cut_of(a, id);

		if (from < 0) {
			s = add_rows(names, id, -1);
			continue;
		}
		if (from > to) {
			int64_t other = from;

			from = to;
			to = other;
		}
		for (int64_t c = from + 1; both && !s && c <= to; c++)
			s = add_rows(names, id, c);
	}
	return s;
}

enum status reading_changes(struct cx *cx, struct store *st, const struct reading *a,
			    const struct reading *b, size_t max, struct name_key **out, size_t *n)
{
	struct names names = names_of(cx, st, a->ref, max);
	enum status s = add_levels(&names, a, b, true);

	if (!s)
		s = add_levels(&names, b, a, false);
	*out = names.list.items;
	*n = names.list.n;
	return s;
}

enum status reading_differs(struct cx *cx, struct store *st, const struct reading *a,
			    const struct reading *b, bool *yes)
{
	struct name_key *names;
	size_t n;
	enum status s = reading_changes(cx, st, a, b, 0, &names, &n);

	*yes = s == INVALID; /* one is too many already */
	return *yes ? OK : s;
}

enum status reading_own(struct cx *cx, struct store *st, const struct reading *r, size_t max,
			struct name_key **out, size_t *n)
{
	struct names names = names_of(cx, st, r->ref, max);
	enum status s = OK;

	for (size_t i = 0; !s && i < r->ref->n_levels; i++)
		s = add_rows(&names, r->ref->levels[i].branch_id, -1);
	*out = names.list.items;
	*n = names.list.n;
	return s;
}

enum status reading_places(struct cx *cx, struct store *st, struct place *const *places, size_t n)
{
	enum status s = OK;

	for (size_t i = 0; !s && i < n; i += BATCH)
		s = content_read(cx, st, places[i]->catalog, NULL, places + i,
				 n - i < BATCH ? n - i : BATCH, NULL, 0);
	return s;
}
