/* SPDX-License-Identifier: Apache-2.0 */
/* three_way.c - what one side changed, brought to another that may have changed it too. */
#include "stores/three_way.h"

#include "common/list.h"
#include "common/text.h"
#include "stores/assets.h"
#include "stores/readings.h"
#include "stores/states.h"

/* The entries of one merge, and which of them shows which asset. */
struct merging {
	struct cx *cx;
	struct store *st;
	const struct catalog_ref *ref;
	struct entry *entries;
	size_t n;
	struct json_object *places;		 /* {namespace and name: number} */
	struct json_object *in_source, *in_base; /* {asset id: number}: tables and the like */
};

static struct entry *find(const struct merging *m, struct json_object *map, const char *key)
{
	int64_t i = key ? json_int(map, key, -1) : -1;

	return i < 0 ? NULL : &m->entries[i];
}

static struct entry *at_place(const struct merging *m, const struct place *p)
{
	return find(m, m->places, state_key(m->cx, p->namespace, p->name));
}

static bool is_namespace(const struct asset *a)
{
	return a && text_same(a->type, "NAMESPACE");
}

static const char *shown(const struct merging *m, const struct place *p)
{
	return asset_shown(m->cx, p->namespace, p->name);
}

static void conflict(struct entry *e, const char *type, const char *description)
{
	e->outcome = CONFLICTS;
	e->type = type;
	e->description = description;
}

/* --- each name by itself ----------------------------------------------------------------- */

static void compare(struct merging *m, struct entry *e)
{
	const struct asset *target = e->target->seen;
	const char *name = shown(m, e->target);

	e->outcome = STAYS;
	if (state_same(e->source, target))
		return;
	if (e->unchanged)
		e->outcome = TAKEN;
	else if (!e->base)
		conflict(e, "created_twice",
			 cx_printf(m->cx, "%s was created on both sides", name));
	else if (!e->source)
		conflict(e, "modified_deleted",
			 cx_printf(m->cx, "%s was deleted in the source and changed in the target",
				   name));
	else if (!target)
		conflict(e, "modified_deleted",
			 cx_printf(m->cx, "%s was changed in the source and deleted in the target",
				   name));
	else
		conflict(e, "both_modified",
			 cx_printf(m->cx, "%s was changed on both sides", name));
}

static void note(struct merging *m, size_t i)
{
	const struct entry *e = &m->entries[i];

	json_set_int(m->places, state_key(m->cx, e->target->namespace, e->target->name),
		     (int64_t)i);
	if (e->source && !is_namespace(e->source))
		json_set_int(m->in_source, e->source->asset_id, (int64_t)i);
	if (e->base && !is_namespace(e->base))
		json_set_int(m->in_base, e->base->asset_id, (int64_t)i);
}

/* --- one asset, one name ------------------------------------------------------------------ */

/* Where the target shows the asset, other than at `not_here`; NULL: nowhere. */
static enum status find_in_target(struct merging *m, const char *asset_id,
				  const struct place *not_here, struct place **out)
{
	struct asset from = { .row = ROW(asset),
			      .tenant_id = m->ref->tenant_id,
			      .catalog_id = m->ref->catalog_id,
			      .asset_id = asset_id };
	struct query q = { .from = &from.row, .bound = 2, .where = { "asset_id" } };
	struct json_object *tried = json_new_object(m->cx);
	struct rows all;
	enum status s = store_list_all(m->cx, m->st, &q, &all);

	*out = NULL;
	for (size_t i = 0; !s && !*out && i < all.n; i++) {
		const struct asset *a = (const struct asset *)all.items + i;
		const char *key = state_key(m->cx, a->namespace, a->name);
		struct place *p;

		if (json_has(tried, key) || (!strcmp(a->namespace, not_here->namespace) &&
					     !strcmp(a->name, not_here->name)))
			continue;
		json_set_bool(tried, key, true);
		p = place_asset(m->cx, m->ref, a->namespace, a->name);
		s = content_read(m->cx, m->st, m->ref, NULL, &p, 1, NULL, 0);
		if (!s && p->seen && text_same(p->seen->asset_id, asset_id))
			*out = p;
	}
	return s;
}

/* The source shows at e what the target does not show there: does it show it elsewhere? */
static enum status check_arrival(struct merging *m, struct entry *e)
{
	struct place *other;
	struct entry *leaves;
	enum status s = find_in_target(m, e->source->asset_id, e->target, &other);

	if (s)
		return s;
	if (!other) {
		if (find(m, m->in_base, e->source->asset_id) && e->outcome == TAKEN)
			conflict(e, "modified_deleted",
				 cx_printf(m->cx,
					   "%s was renamed in the source and deleted in the target",
					   shown(m, e->target)));
		return OK;
	}
	leaves = at_place(m, other);
	if (leaves && leaves->outcome == TAKEN) /* it goes from there to here */
		return OK;
	e->also = other;
	conflict(e, "renamed",
		 cx_printf(m->cx, "%s is %s in the target", shown(m, e->target), shown(m, other)));
	/* one question, not two: what becomes of the old name is said with the new one */
	if (leaves && leaves->outcome == CONFLICTS && !leaves->source)
		leaves->outcome = STAYS;
	return OK;
}

/* The source has nothing at e any more: where else the asset is, it tells. */
static enum status check_departure(struct merging *m, struct entry *e)
{
	struct entry *arrives = find(m, m->in_source, e->base->asset_id);
	struct place *other;
	enum status s;

	if (arrives) {
		if (arrives->outcome == CONFLICTS && e->outcome == TAKEN)
			e->follows = (size_t)(arrives - m->entries) + 1;
		return OK;
	}
	if (e->target->seen)
		return OK;
	s = find_in_target(m, e->base->asset_id, e->target, &other);
	if (s || !other)
		return s;
	e->also = other;
	conflict(e, "renamed",
		 cx_printf(m->cx, "%s was deleted in the source and is %s in the target",
			   shown(m, e->target), shown(m, other)));
	return OK;
}

static bool arrives(const struct entry *e)
{
	return e->source && !is_namespace(e->source) && e->outcome != STAYS &&
	       !(e->target->seen && text_same(e->target->seen->asset_id, e->source->asset_id));
}

static enum status check_names(struct merging *m)
{
	enum status s = OK;

	for (size_t i = 0; !s && i < m->n; i++)
		if (arrives(&m->entries[i]))
			s = check_arrival(m, &m->entries[i]);
	for (size_t i = 0; !s && i < m->n; i++) {
		struct entry *e = &m->entries[i];

		if (e->base && !e->source && !is_namespace(e->base))
			s = check_departure(m, e);
	}
	return s;
}

/* --- namespaces ---------------------------------------------------------------------------- */

/* The path of the namespace that a place is in; NULL: a top-level namespace's own. */
static const char *path_of(struct cx *cx, const struct place *p)
{
	size_t n = strlen(p->namespace);

	if (n && (p->namespace[n - 1] == LEVEL_SEPARATOR || p->namespace[n - 1] == FUNCTIONS_MARK))
		n--;
	return n ? cx_strndup(cx, p->namespace, n) : NULL;
}

/* What is put there stands in a namespace: one that the target has, or gets too. */
static enum status check_namespace(struct merging *m, size_t i)
{
	const char *path = path_of(m->cx, m->entries[i].target);
	struct entry *own;
	struct place *p;
	enum status s;

	if (!path)
		return OK;
	p = place_namespace(m->cx, m->ref, path);
	own = at_place(m, p);
	if (!own) {
		s = content_read(m->cx, m->st, m->ref, NULL, &p, 1, NULL, 0);
		if (s || is_namespace(p->seen))
			return s;
		own = &m->entries[m->n];
		*own = (struct entry){ .target = p };
		note(m, m->n++);
	}
	if (own->outcome == TAKEN ? is_namespace(own->source) : is_namespace(own->target->seen))
		return OK;
	if (own->outcome != CONFLICTS)
		conflict(own, "namespace_missing",
			 cx_printf(m->cx,
				   "the namespace %s, which the source put something into, "
				   "is gone in the target",
				   namespace_shown(m->cx, path)));
	if (m->entries[i].outcome == TAKEN)
		m->entries[i].follows = (size_t)(own - m->entries) + 1;
	return OK;
}

static enum status has_more(struct merging *m, const char *namespace, bool *yes)
{
	struct page page = { .limit = 1000 };
	struct listing l;

	do {
		enum status s = content_list(m->cx, m->st, m->ref, namespace, &page, &l);

		if (s)
			return s;
		for (size_t i = 0; i < l.n && !*yes; i++) {
			const struct entry *e =
				find(m, m->places,
				     state_key(m->cx, l.rows[i]->namespace, l.rows[i]->name));

			*yes = !e || e->outcome != TAKEN || e->source || e->follows;
		}
		page.after = l.next;
	} while (!*yes && l.next);
	return OK;
}

/* A namespace goes when all that the target has in it goes too. */
static enum status check_empty(struct merging *m, struct entry *e)
{
	const char *above = path_of(m->cx, e->target), *path = e->target->name;
	bool more = false;
	enum status s;

	if (above)
		path = cx_printf(m->cx, "%s%c%s", above, LEVEL_SEPARATOR, path);
	s = has_more(m, path, &more);
	if (!s && !more)
		s = has_more(m, namespace_children(m->cx, path), &more);
	if (!s && !more)
		s = has_more(m, namespace_functions(m->cx, path), &more);
	if (!s && more)
		conflict(e, "namespace_not_empty",
			 cx_printf(m->cx,
				   "the namespace %s was dropped in the source; the target "
				   "has something in it",
				   namespace_shown(m->cx, path)));
	return s;
}

static enum status check_namespaces(struct merging *m)
{
	size_t n = m->n;
	enum status s = OK;

	for (size_t i = 0; !s && i < n; i++)
		if (m->entries[i].source && m->entries[i].outcome != STAYS)
			s = check_namespace(m, i);
	for (size_t i = 0; !s && i < n; i++) {
		struct entry *e = &m->entries[i];

		if (e->outcome == TAKEN && !e->source && is_namespace(e->base))
			s = check_empty(m, e);
	}
	return s;
}

enum status three_way(struct cx *cx, struct store *st, const struct catalog_ref *target,
		      struct entry *entries, size_t *n)
{
	struct merging m = { .cx = cx,
			     .st = st,
			     .ref = target,
			     .entries = entries,
			     .n = *n,
			     .places = json_new_object(cx),
			     .in_source = json_new_object(cx),
			     .in_base = json_new_object(cx) };
	enum status s;

	for (size_t i = 0; i < m.n; i++) {
		compare(&m, &entries[i]);
		note(&m, i);
	}
	s = check_names(&m);
	if (!s)
		s = check_namespaces(&m);
	*n = m.n;
	return s;
}

size_t three_way_open(const struct entry *entries, size_t n)
{
	size_t open = 0;

	for (size_t i = 0; i < n; i++)
		open += entries[i].outcome == CONFLICTS && !entries[i].resolved;
	return open;
}

/* --- the list ------------------------------------------------------------------------------ */

static bool is_taken(const struct entry *entries, const struct entry *e)
{
	const struct entry *says = e->follows ? &entries[e->follows - 1] : e;

	if (e->outcome == CONFLICTS)
		return e->take;
	return e->outcome == TAKEN && (says == e || says->take);
}

/* What it shall show where it is taken. */
static const struct asset *result_of(const struct entry *e)
{
	return e->outcome == CONFLICTS && e->manual ? e->manual : e->source;
}

/* Taken with an answer to the contrary elsewhere, it would be there twice or in no namespace. */
static enum status check_result(struct edit *e, const struct entry *entries, size_t n,
				struct json_object *ids)
{
	struct json_object *gone = json_new_object(e->cx);

	for (size_t i = 0; i < n; i++) {
		const struct entry *x = &entries[i];
		const struct asset *a = is_taken(entries, x) ? result_of(x) : x->target->seen;
		const struct place *p = x->target;

		if (!a)
			json_set_bool(gone, state_key(e->cx, p->namespace, p->name), true);
		if (!a || is_namespace(a) || !a->asset_id)
			continue;
		if (x->also && is_taken(entries, x))
			json_set_bool(gone, state_key(e->cx, x->also->namespace, x->also->name),
				      true);
		if (json_has(ids, a->asset_id))
			return fail(e->cx, CONFLICT, "%s and %s would be the same table",
				    asset_shown(e->cx, p->namespace, p->name),
				    json_text(ids, a->asset_id));
		json_set_text(ids, a->asset_id, asset_shown(e->cx, p->namespace, p->name));
	}
	for (size_t i = 0; i < n; i++) {
		const struct entry *x = &entries[i];
		const char *path = path_of(e->cx, x->target);
		struct place *in;

		if (!path || !is_taken(entries, x) || !result_of(x))
			continue;
		in = place_namespace(e->cx, e->catalog, path);
		if (json_has(gone, state_key(e->cx, in->namespace, in->name)))
			return fail(e->cx, CONFLICT, "%s would be in no namespace",
				    asset_shown(e->cx, x->target->namespace, x->target->name));
	}
	return OK;
}

/* A list under way, and the assets that the target shows behind it: {id: name}. */
struct adding {
	struct edit *e;
	struct store *st;
	const struct entry *entries;
	size_t n;
	struct json_object *ids;
};

/* What leaves a place, and is nowhere else in the target: its folders may be free now. */
static enum status leave(struct adding *a, const struct place *p)
{
	return json_has(a->ids, p->seen->asset_id) ? OK : asset_free(a->e, a->st, p);
}

static enum status add_leaving(struct adding *a, const struct place *p)
{
	enum status s = leave(a, p);

	if (s)
		return s;
	edit_operation(a->e, "merge_drop", p, NULL);
	edit_hide(a->e, p);
	return OK;
}

/* True where an entry that is taken says what becomes of that place. */
static bool is_said(const struct adding *a, const struct place *p)
{
	for (size_t i = 0; i < a->n; i++)
		if (!strcmp(a->entries[i].target->namespace, p->namespace) &&
		    !strcmp(a->entries[i].target->name, p->name))
			return is_taken(a->entries, &a->entries[i]);
	return false;
}

static enum status add_one(struct adding *a, const struct entry *x)
{
	const struct asset *to = result_of(x);
	const struct place *p = x->target;
	struct edit *e = a->e;
	struct asset *row;
	enum status s = OK;

	if (x->also && !is_said(a, x->also))
		s = add_leaving(a, x->also);
	if (s || (!to && !p->seen))
		return s;
	if (!to)
		return add_leaving(a, p);
	if (p->seen && !text_same(p->seen->asset_id, to->asset_id))
		s = leave(a, p);
	if (!s && x->claim && !(p->seen && text_same(p->seen->asset_id, to->asset_id)))
		s = claim_again(e, a->st, x->claim, to->asset_id);
	if (s)
		return s;
	row = state_copy(e->cx, to);
	row->updated_ms = cx_now_ms();
	edit_operation(e, p->seen ? "merge" : "merge_create", p, row);
	edit_put(e, p, row);
	return OK;
}

/* The namespaces that something new is put into: those the list itself makes are new anyway. */
static enum status enter_namespaces(struct edit *e, struct store *st, const struct entry *entries,
				    size_t n)
{
	struct json_object *done = json_new_object(e->cx);
	enum status s = OK;

	for (size_t i = 0; i < n; i++)
		if (is_taken(entries, &entries[i]) && is_namespace(result_of(&entries[i])))
			json_set_bool(done,
				      state_key(e->cx, entries[i].target->namespace,
						entries[i].target->name),
				      true);
	for (size_t i = 0; !s && i < n; i++) {
		const struct entry *x = &entries[i];
		const char *path = path_of(e->cx, x->target), *key;
		struct place *in;

		if (!path || x->target->seen || !is_taken(entries, x) || !result_of(x))
			continue;
		in = place_namespace(e->cx, e->catalog, path);
		key = state_key(e->cx, in->namespace, in->name);
		if (json_has(done, key))
			continue;
		json_set_bool(done, key, true);
		s = content_read(e->cx, st, e->catalog, NULL, &in, 1, NULL, 0);
		if (!s && !in->seen)
			s = fail(e->cx, CONFLICT, "%s would be in no namespace",
				 asset_shown(e->cx, x->target->namespace, x->target->name));
		if (!s)
			edit_into(e, in);
	}
	return s;
}

enum status three_way_add(struct edit *e, struct store *st, const struct entry *entries, size_t n,
			  size_t *changes)
{
	struct adding a = { e, st, entries, n, json_new_object(e->cx) };
	enum status s = check_result(e, entries, n, a.ids);

	*changes = 0;
	for (size_t i = 0; !s && i < n; i++) {
		if (!is_taken(entries, &entries[i]))
			continue;
		s = add_one(&a, &entries[i]);
		++*changes;
	}
	return s ? s : enter_namespaces(e, st, entries, n);
}
