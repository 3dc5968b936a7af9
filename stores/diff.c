/* SPDX-License-Identifier: Apache-2.0 */
/* diff.c - two points of a catalog's history, beside each other. */
#include "stores/diff.h"

#include "common/list.h"
#include "common/text.h"
#include "stores/states.h"

enum status diff_point(struct cx *cx, struct store *st, const struct catalog_ref *ref,
		       const char *what, struct point_in_time *out)
{
	struct branch *all, *of = NULL;
	struct commit c;
	size_t n;
	enum status s = branch_all(cx, st, ref, &all, &n);

	*out = (struct point_in_time){ 0 };
	for (size_t i = 0; !s && i < n; i++)
		if (strcmp(all[i].name, what) == 0 && !text_same(all[i].branch_type, "hidden"))
			return reading_of(cx, ref, &all[i], LIVING, &out->reading);
	if (!s && !text_is_uuid(what))
		s = fail(cx, NOT_FOUND, "Branch or tag does not exist: %s in catalog %s", what,
			 ref->name);
	if (!s)
		s = commit_find(cx, st, ref, all, n, what, &c, &of);
	if (!s)
		s = commit_undo(cx, st, of, what, INT64_MAX, &out->undone, &out->n_undone);
	return s ? s : reading_of(cx, ref, of, LIVING, &out->reading);
}

/* --- both sides -------------------------------------------------------------------------- */

/* The names, and where each stands among what a point undid: {key: number}. */
struct side {
	const struct point_in_time *point;
	struct json_object *undone;
};

static struct side side_of(struct cx *cx, const struct point_in_time *p)
{
	struct side s = { p, json_new_object(cx) };

	for (size_t i = 0; i < p->n_undone; i++)
		json_set_int(s.undone, state_key(cx, p->undone[i].namespace, p->undone[i].name),
			     (int64_t)i);
	return s;
}

static const struct asset *state_of(struct cx *cx, const struct side *s, const struct place *p)
{
	int64_t at = json_int(s->undone, state_key(cx, p->namespace, p->name), -1);

	return at < 0 ? p->seen : s->point->undone[at].was;
}

static void add_undone(struct cx *cx, const struct point_in_time *p, struct json_object *have,
		       struct list *names)
{
	for (size_t i = 0; i < p->n_undone; i++) {
		const struct undone *u = &p->undone[i];
		const char *key = state_key(cx, u->namespace, u->name);

		if (json_has(have, key))
			continue;
		json_set_bool(have, key, true);
		*(struct name_key *)list_add(names) = (struct name_key){ u->namespace, u->name };
	}
}

static enum status all_names(struct cx *cx, struct store *st, const struct point_in_time *from,
			     const struct point_in_time *to, struct list *names)
{
	struct json_object *have = json_new_object(cx);
	struct name_key *changed;
	size_t n;
	enum status s = reading_changes(cx, st, &from->reading, &to->reading, STORE_MAX_CHANGES,
					&changed, &n);

	*names = (struct list){ .cx = cx, .size = sizeof(struct name_key) };
	for (size_t i = 0; !s && i < n; i++) {
		json_set_bool(have, state_key(cx, changed[i].namespace, changed[i].name), true);
		*(struct name_key *)list_add(names) = changed[i];
	}
	add_undone(cx, from, have, names);
	add_undone(cx, to, have, names);
	return s;
}

static int by_name(const void *a, const void *b)
{
	const struct difference *x = a, *y = b;
	int order = strcmp(x->namespace, y->namespace);

	return order ? order : strcmp(x->name, y->name);
}

enum status diff_points(struct cx *cx, struct store *st, const struct point_in_time *from,
			const struct point_in_time *to, struct difference **out, size_t *n)
{
	struct list differences = { .cx = cx, .size = sizeof(struct difference) };
	struct side a = side_of(cx, from), b = side_of(cx, to);
	const struct name_key *key;
	struct place **places;
	struct list names;
	enum status s = all_names(cx, st, from, to, &names);

	if (s)
		return s;
	key = names.items;
	places = cx_array(cx, 2 * names.n, sizeof(*places));
	for (size_t i = 0; i < names.n; i++) {
		places[2 * i] = place_asset(cx, from->reading.ref, key[i].namespace, key[i].name);
		places[2 * i + 1] = place_asset(cx, to->reading.ref, key[i].namespace, key[i].name);
	}
	s = reading_places(cx, st, places, 2 * names.n);
	for (size_t i = 0; !s && i < names.n; i++) {
		struct difference d = { key[i].namespace, key[i].name,
					state_of(cx, &a, places[2 * i]),
					state_of(cx, &b, places[2 * i + 1]) };

		if (!state_same(d.from, d.to))
			*(struct difference *)list_add(&differences) = d;
	}
	if (!s && differences.n)
		qsort(differences.items, differences.n, sizeof(struct difference), by_name);
	*out = differences.items;
	*n = differences.n;
	return s;
}
