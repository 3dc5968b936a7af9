/* SPDX-License-Identifier: Apache-2.0 */
/* commit.c - updates of tables and views: bases, requirements, updates, new files, one list. */
#include "fcgi/tables/commit.h"

#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/meter.h"
#include "fcgi/tables/guard.h"
#include "fcgi/tables/tables.h"
#include "stores/absent.h"

#define SLOW_MS 3000 /* then a commit needs one of its table's places: common/slots.h */

/* One commit, over all its tries. */
struct attempt {
	struct request *rq;
	const struct catalog_ref *ref;
	const struct scope *sc;
	struct branch *branch;
	struct table_change *tables;
	size_t n;
	int64_t begun_ms;
	struct slot slot; /* of the first table */
};

/* --- making the new metadata ------------------------------------------------------------ */

/* Is there a table, or no table, as the change wants it? */
static enum status check_place(struct cx *cx, const struct table_change *t)
{
	const struct asset *seen = t->place->seen;

	if (seen && text_same(seen->type, t->kind->type))
		return OK;
	if (!change_creates(t))
		return asset_missing(cx, t->kind->type, &t->at);
	if (seen)
		return asset_exists(cx, seen, t->kind->type, &t->at);
	return asset_name_check(cx, t->at.path, t->at.name);
}

/* The row that the table gets, but for what follows from its metadata. */
static void begin_row(struct attempt *a, struct table_change *t)
{
	const struct asset *seen = t->place->seen;

	t->base_row = seen ? *seen : (struct asset){ 0 };
	t->row = t->base_row;
	if (seen)
		return;
	t->row.asset_id = t->fresh_id = text_uuid7(a->rq->cx);
	t->row.created_ms = cx_now_ms();
}

static enum status make_next(struct attempt *a, struct table_change *t)
{
	struct cx *cx = a->rq->cx;
	struct metadata_env env = { .now_ms = cx_now_ms() };
	enum status s = check_place(cx, t);

	if (s)
		return s;
	begin_row(a, t);
	env.new_uuid = t->row.asset_id;
	env.base_location = t->base_row.metadata_location;
	t->base = NULL;
	if (t->place->seen)
		s = text_read_json(a->rq, a->sc, t->place->seen, &t->base);
	if (!s)
		s = t->kind->require(cx, t->base, t->requirements);
	if (!s)
		s = t->kind->apply(cx, &env, t->base, t->updates, &t->next);
	if (!s)
		s = scope_describe(cx, a->sc, t->kind, t->next, &t->row, &t->claim);
	t->made = !s;
	return s;
}

/* Does what was made of the table stand on what is there now? */
static bool still_stands(const struct table_change *t)
{
	static const struct asset nothing;
	const struct asset *seen = t->place->seen ? t->place->seen : &nothing;

	return t->made && text_same(t->base_row.asset_id, seen->asset_id) &&
	       text_same(t->base_row.metadata_location, seen->metadata_location);
}

/* Makes anew what does not stand any more; of several tables the message says which failed. */
static enum status make_all(struct attempt *a)
{
	struct cx *cx = a->rq->cx;

	for (size_t i = 0; i < a->n; i++) {
		struct table_change *t = &a->tables[i];
		enum status s = still_stands(t) ? OK : make_next(a, t);

		if (s && a->n > 1)
			return fail(cx, s, "%s: %s", asset_shown(cx, t->at.path, t->at.name),
				    cx_strdup(cx, cx->message));
		if (s)
			return s;
	}
	return OK;
}

static bool changes(const struct table_change *t)
{
	return t->next != t->base;
}

static bool changes_any(const struct attempt *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (changes(&a->tables[i]))
			return true;
	return false;
}

/* --- namespaces and folders ---------------------------------------------------------------- */

/* What is read beside the tables: namespaces to make tables in, and folders that the
 * tables did not own before.  Rare, and then a round trip of its own. */
struct ground {
	struct place **places;
	struct row **rows;
	size_t n_places, n_rows, cap;
};

static struct place *namespace_of(struct attempt *a, struct ground *g, const char *path)
{
	struct place *p = place_namespace(a->rq->cx, a->ref, path);

	for (size_t i = 0; i < g->n_places; i++)
		if (!strcmp(g->places[i]->namespace, p->namespace) &&
		    !strcmp(g->places[i]->name, p->name))
			return g->places[i];
	return g->places[g->n_places++] = p;
}

static void add_rows(struct cx *cx, struct ground *g, struct row **rows, size_t n)
{
	if (g->n_rows + n > g->cap) {
		size_t cap = 2 * (g->cap + n);
		struct row **more = cx_array(cx, cap, sizeof(*more));

		if (g->n_rows)
			memcpy(more, g->rows, g->n_rows * sizeof(*more));
		g->rows = more;
		g->cap = cap;
	}
	memcpy(g->rows + g->n_rows, rows, n * sizeof(*rows));
	g->n_rows += n;
}

static bool has_new_folders(const struct table_change *t)
{
	const struct asset *old = t->place->seen, *new = &t->row;

	return !old || !text_same(old->location, new->location) ||
	       !text_same(old->data_path, new->data_path) ||
	       !text_same(old->metadata_path, new->metadata_path);
}

static enum status check_ground(struct attempt *a, const struct table_change *t)
{
	if (t->into && !t->into->seen) {
		a->rq->error_type = "NoSuchNamespaceException";
		return fail(a->rq->cx, NOT_FOUND, "Namespace does not exist: %s",
			    namespace_shown(a->rq->cx, t->at.path));
	}
	return t->claims ? claim_check(a->rq->cx, &t->claim, t->row.asset_id) : OK;
}

/* New tables take over what was staged for them, and what gives way to them goes. */
static enum status settle_staged(struct attempt *a, bool *again)
{
	enum status s = OK;

	*again = false;
	for (size_t i = 0; !s && !*again && i < a->n; i++) {
		struct table_change *t = &a->tables[i];

		t->staged = NULL;
		if (!t->claims)
			continue;
		s = absent_settle(a->rq->cx, a->rq->rs->store, a->ref, &t->claim,
				  delegate_owner(a->rq), !t->place->seen, &t->staged, again);
		if (!s && !t->place->seen)
			t->row.asset_id = t->staged ? t->staged->asset_id : t->fresh_id;
	}
	return s;
}

static enum status read_ground(struct attempt *a, bool *again)
{
	struct cx *cx = a->rq->cx;
	struct ground g = { .places = cx_array(cx, a->n, sizeof(struct place *)) };
	enum status s;

	for (size_t i = 0; i < a->n; i++) {
		struct table_change *t = &a->tables[i];
		struct row **rows;
		size_t n;

		t->into = t->place->seen ? NULL : namespace_of(a, &g, t->at.path);
		t->claims = has_new_folders(t);
		if (!t->claims)
			continue;
		rows = claim_rows(cx, &t->claim, &n);
		add_rows(cx, &g, rows, n);
	}
	s = content_read(cx, a->rq->rs->store, a->ref, NULL, g.places, g.n_places, g.rows,
			 g.n_rows);
	if (!s)
		s = settle_staged(a, again);
	for (size_t i = 0; !s && !*again && i < a->n; i++)
		s = check_ground(a, &a->tables[i]);
	return s;
}

/* --- one try ------------------------------------------------------------------------------ */

/* The files of those tables that change and have none yet: all made, then all written. */
static enum status write_files(struct attempt *a)
{
	struct cx *cx = a->rq->cx;
	struct metadata_file **files = cx_array(cx, a->n, sizeof(*files));
	enum status s = OK;

	for (size_t i = 0; !s && i < a->n; i++) {
		struct table_change *t = &a->tables[i];

		files[i] = &t->file;
		if (changes(t) && !t->file.location)
			s = text_make(a->rq, t->kind, t->next, t->base_row.metadata_location,
				      &t->file);
	}
	return s ? s : text_write(a->rq, a->sc, files, a->n);
}

/* {"new_metadata_location", "snapshot_id", "sequence_number"} for the audit trail. */
static const char *record(struct cx *cx, const struct table_change *t)
{
	struct json_object *o = json_new_object(cx);

	json_set_text(o, "new_metadata_location", t->file.location);
	if (t->kind != &table_metadata)
		return json_print(cx, o, NULL);
	json_set_int(o, "snapshot_id", t->row.current_snapshot_id);
	json_set_int(o, "sequence_number", json_int(t->next, "last-sequence-number", 0));
	return json_print(cx, o, NULL);
}

static enum status apply_all(struct attempt *a)
{
	struct cx *cx = a->rq->cx;
	struct asset_change *list = cx_array(cx, a->n, sizeof(*list));
	enum edit_part failed;

	for (size_t i = 0; i < a->n; i++) {
		struct table_change *t = &a->tables[i];

		list[i] = (struct asset_change){ .place = t->place };
		if (!changes(t))
			continue;
		text_name(&t->row, &t->file);
		list[i].row = &t->row;
		list[i].into = t->into;
		list[i].claim = t->claims ? &t->claim : NULL;
		list[i].staged = t->staged;
		list[i].metadata = t->base ? record(cx, t) : NULL;
	}
	return asset_commit(cx, a->rq->rs->store, a->ref, a->branch, list, a->n,
			    request_actor(a->rq), &failed);
}

/* Too little time left to hear how a list ended. */
static bool is_late(const struct attempt *a)
{
	return cx_left_ms(a->rq->cx) < a->rq->rs->config->request_timeout_ms / 5;
}

static enum status check_removals(struct attempt *a)
{
	enum status s = OK;

	for (size_t i = 0; !s && i < a->n; i++)
		s = guard_check(a->rq, a->ref, a->sc, a->branch, &a->tables[i]);
	return s;
}

static enum status try_commit(struct attempt *a, bool *again)
{
	enum status s = make_all(a);

	*again = false;
	if (s || !changes_any(a))
		return s;
	s = check_removals(a);
	for (bool more = true; !s && more;)
		s = read_ground(a, &more);
	if (!s)
		s = write_files(a);
	if (!s && is_late(a))
		s = fail(a->rq->cx, UNAVAILABLE, "no time is left after the files were written");
	if (s)
		return s;
	s = apply_all(a);
	*again = s == CONFLICT;
	if (*again)
		meter_add(a->rq->rs->meter, COUNT_COMMIT_RETRIES, 1);
	return s;
}

/* Every row anew; what another commit overtook loses its file: nothing will ever name it. */
static enum status read_again(struct attempt *a)
{
	struct cx *cx = a->rq->cx;
	struct place **places = cx_array(cx, a->n, sizeof(*places));
	enum status s;

	for (size_t i = 0; i < a->n; i++)
		places[i] = a->tables[i].place;
	s = content_read(cx, a->rq->rs->store, a->ref, a->branch, places, a->n, NULL, 0);
	for (size_t i = 0; !s && i < a->n; i++)
		if (!still_stands(&a->tables[i]))
			(void)text_undo(a->rq, a->sc, &a->tables[i].file, OK);
	return s;
}

/* After the first put a failure is definite, or it is UNKNOWN: never "later". */
static enum status settle(struct attempt *a, enum status s)
{
	bool written = false;

	for (size_t i = 0; i < a->n; i++) {
		written |= a->tables[i].file.written;
		s = text_undo(a->rq, a->sc, &a->tables[i].file, s);
	}
	if (!written || (s != UNAVAILABLE && s != LIMITED))
		return s;
	return fail(a->rq->cx, CONFLICT, "Commit failed: %s",
		    cx_strdup(a->rq->cx, a->rq->cx->message));
}

/* Long, and others fight for the same table longer already: a table's commits may hold no
 * more than a part of the processes. */
static bool is_crowded(struct attempt *a)
{
	return cx_monotonic_ms() - a->begun_ms > SLOW_MS && !slot_hold(&a->slot);
}

static enum status commit_loop(struct attempt *a)
{
	int64_t tries = a->rq->rs->config->commit_tries;
	bool again;

	for (int64_t i = 1;; i++) {
		enum status s = try_commit(a, &again);

		if (!s)
			return OK;
		if (!again || i >= tries || is_late(a) || is_crowded(a))
			return settle(a, s);
		edit_backoff(a->rq->cx, (size_t)i);
		s = read_again(a);
		if (s)
			return settle(a, s);
	}
}

/* --- afterwards ---------------------------------------------------------------------------- */

static bool in_log(struct json_object *log, const char *file)
{
	for (size_t i = 0; log && i < json_object_array_length(log); i++)
		if (text_same(json_text(json_object_array_get_idx(log, i), "metadata-file"), file))
			return true;
	return false;
}

/* write.metadata.delete-after-commit.enabled: the files that fell out of the log,
 * unless a row of any branch or cut still has one.  What can't be removed stays. */
static void remove_old(const struct attempt *a, const struct table_change *t)
{
	struct json_object *properties = json_member(t->next, "properties");
	struct json_object *before = json_member(t->base, "metadata-log");
	struct json_object *after = json_member(t->next, "metadata-log");
	struct request *rq = a->rq;

	if (!properties ||
	    !text_same(json_text(properties, "write.metadata.delete-after-commit.enabled"), "true"))
		return;
	for (size_t i = 0; before && i < json_object_array_length(before); i++) {
		const char *file = json_text(json_object_array_get_idx(before, i), "metadata-file");
		bool used;

		if (!file || in_log(after, file))
			continue;
		if (asset_metadata_used(rq->cx, rq->rs->store, a->ref, file, &used) || used)
			continue;
		if (cloud_remove(rq->cx, rq->rs->cloud, &a->sc->storage, file))
			return;
	}
}

/* False: as many as may wait for the table's other commits do so already. */
static bool enter(struct attempt *a)
{
	const struct asset *seen = a->n ? a->tables[0].place->seen : NULL;

	return slot_enter(seen ? a->rq->rs->slots : NULL, seen ? seen->asset_id : "", &a->slot);
}

enum status commit_changes(struct request *rq, const struct catalog_ref *ref, struct branch *branch,
			   struct table_change *list, size_t n)
{
	struct attempt a = { .rq = rq,
			     .ref = ref,
			     .branch = branch,
			     .tables = list,
			     .n = n,
			     .begun_ms = cx_monotonic_ms(),
			     .slot = { .file = -1 } };
	enum status s = content_may_write(rq->cx, ref);

	if (!s)
		s = scope_of(rq->cx, ref, &a.sc);
	if (!s && !enter(&a))
		s = fail(rq->cx, UNAVAILABLE,
			 "many commits to this table wait for each other: try again later");
	else if (!s)
		s = commit_loop(&a);
	slot_leave(&a.slot, SLOT_UNKNOWN);
	for (size_t i = 0; !s && i < n; i++) {
		if (!changes(&list[i]))
			continue;
		text_keep(rq, &list[i].file, ref->guarded && list[i].kind == &table_metadata);
		remove_old(&a, &list[i]);
	}
	return s;
}

/* --- one table ------------------------------------------------------------------------------ */

bool change_creates(const struct table_change *change)
{
	struct json_object *list = change->requirements;

	if (change->kind == &view_metadata)
		return false;
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (text_same(json_text(json_object_array_get_idx(list, i), "type"),
			      "assert-create"))
			return true;
	return false;
}

enum status change_read(struct cx *cx, const struct metadata_kind *kind, struct json_object *body,
			struct table_change *change)
{
	bool optional = kind == &view_metadata;
	enum status s;

	change->kind = kind;
	change->requirements = json_new_array(cx);
	s = optional ? json_opt_array(cx, body, "", "requirements", &change->requirements)
		     : json_get_array(cx, body, "", "requirements", &change->requirements);
	return s ? s : json_get_array(cx, body, "", "updates", &change->updates);
}

/* The updates change nothing: the table as it is, and no new file. */
static enum status keep_as_is(struct request *rq, const struct scope *sc, struct table_change *t)
{
	const struct asset *seen = t->place->seen;

	t->file = (struct metadata_file){ .location = seen->metadata_location,
					  .sha256 = seen->metadata_sha256 };
	return text_read(rq, sc, seen, &t->file.bytes, &t->file.n);
}

enum status commit_asset(struct request *rq, const struct metadata_kind *kind,
			 struct table_change *t, const struct scope **sc)
{
	const struct resolved *r = rq->resolved;
	enum status s = request_json(rq, false);

	*t = (struct table_change){ .at = { r->path, r->name }, .place = r->asset_place };
	if (!s)
		s = change_read(rq->cx, kind, rq->json, t);
	if (!s)
		s = scope_of(rq->cx, r->catalog, sc);
	if (!s)
		s = commit_changes(rq, r->catalog, r->branch, t, 1);
	if (!s && !t->file.location)
		s = keep_as_is(rq, *sc, t);
	return s;
}

enum status commit_table(struct request *rq)
{
	struct table_change t;
	struct delegation d;
	const struct scope *sc;
	const char *bytes;
	unsigned form;
	size_t n;
	enum status s = commit_asset(rq, &table_metadata, &t, &sc);

	if (s)
		return s;
	d = delegate_nothing(sc);
	form = table_form(rq->resolved->catalog);
	answer_header(rq, "ETag", table_etag(rq->cx, t.file.sha256, form, &d));
	s = text_of_file(rq, &t.file, form, &bytes, &n);
	return s ? s : answer_table(rq, t.file.location, bytes, n, NULL);
}
