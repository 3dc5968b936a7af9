/* SPDX-License-Identifier: Apache-2.0 */
/* expire.c - which snapshots nothing needs any more, and the commit that takes them out. */
#include "cli/expire.h"

#include "common/text.h"
#include "fcgi/tables/guard.h"
#include "stores/jobs.h"

#define TIMEOUT_MS 60000 /* of one try */
#define MAX_IDS 10000	 /* of one commit: the next run takes the rest */
#define DEFAULT_AGE_MS ((int64_t)5 * 24 * 3600 * 1000)

struct snapshot {
	int64_t id, parent, made_ms;
	bool stays, referenced;
};

/* One try. */
struct expiry {
	struct request rq;
	const struct catalog_ref *ref;
	const struct scope *sc;
	struct branch branch;
	struct place *place;
	struct json_object *metadata;
	int64_t now_ms, age_ms, keep;
	struct snapshot *snapshots; /* by id */
	size_t n;
	struct json_object *old_refs; /* [name] */
};

/* --- what the metadata says --------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	const struct snapshot *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static struct snapshot *find(struct expiry *e, int64_t id)
{
	struct snapshot key = { .id = id };

	return e->n ? bsearch(&key, e->snapshots, e->n, sizeof(key), by_id) : NULL;
}

static void read_snapshots(struct expiry *e)
{
	struct json_object *list = json_member(e->metadata, "snapshots");

	e->n = list ? json_object_array_length(list) : 0;
	e->snapshots = cx_array(e->rq.cx, e->n + 1, sizeof(*e->snapshots));
	for (size_t i = 0; i < e->n; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		e->snapshots[i] =
			(struct snapshot){ .id = json_int(o, "snapshot-id", -1),
					   .parent = json_int(o, "parent-snapshot-id", -1),
					   .made_ms = json_int(o, "timestamp-ms", INT64_MAX) };
	}
	qsort(e->snapshots, e->n, sizeof(*e->snapshots), by_id);
}

/* A property that is not a number, or none at all, is as if it was not set. */
static int64_t property(struct json_object *metadata, const char *key, int64_t other)
{
	struct json_object *properties = json_member(metadata, "properties");
	const char *text = properties ? json_text(properties, key) : NULL;
	char *end;
	int64_t v = text ? strtoll(text, &end, 10) : 0;

	return text && *text && !*end && v >= 0 ? v : other;
}

/* Back from the head as long as they are few or young; each is an ancestor of a branch. */
static void keep_branch(struct expiry *e, int64_t head, int64_t keep, int64_t age_ms)
{
	struct snapshot *s = find(e, head);
	bool stays = true;

	for (size_t i = 0; s && i < e->n; i++, s = find(e, s->parent)) {
		stays = stays && (i == 0 || (int64_t)i < keep || s->made_ms >= e->now_ms - age_ms);
		s->referenced = true;
		s->stays |= stays;
	}
}

/* main never ends; a ref whose snapshot is not there is not ours to judge. */
static bool is_old(const struct expiry *e, const char *name, struct json_object *ref,
		   const struct snapshot *s)
{
	int64_t most = property(e->metadata, "history.expire.max-ref-age-ms", INT64_MAX);

	return !text_same(name, "main") && s->made_ms < e->now_ms &&
	       e->now_ms - s->made_ms > json_int(ref, "max-ref-age-ms", most);
}

static void keep_ref(struct expiry *e, const char *name, struct json_object *ref)
{
	struct snapshot *s = find(e, json_int(ref, "snapshot-id", -1));

	if (!s)
		return;
	if (is_old(e, name, ref, s)) {
		json_add_text(e->old_refs, name);
	} else if (text_same(json_text(ref, "type"), "tag")) {
		s->referenced = s->stays = true;
	} else {
		keep_branch(e, s->id, json_int(ref, "min-snapshots-to-keep", e->keep),
			    json_int(ref, "max-snapshot-age-ms", e->age_ms));
	}
}

static void keep_refs(struct expiry *e)
{
	struct json_object *refs = json_member(e->metadata, "refs");

	e->old_refs = json_new_array(e->rq.cx);
	keep_branch(e, json_int(e->metadata, "current-snapshot-id", -1), e->keep, e->age_ms);
	if (!refs)
		return;
	json_object_object_foreach(refs, name, ref)
		keep_ref(e, name, ref);
}

static void keep_young(struct expiry *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (!e->snapshots[i].referenced && e->snapshots[i].made_ms >= e->now_ms - e->age_ms)
			e->snapshots[i].stays = true;
}

static bool any_goes(const struct expiry *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (!e->snapshots[i].stays)
			return true;
	return false;
}

/* --- what other rows read ------------------------------------------------------------------- */

static enum status keep_row(struct expiry *e, const struct asset *a)
{
	struct json_object *metadata, *list;
	enum status s = text_read_json(&e->rq, e->sc, a, &metadata);

	if (s == NOT_FOUND) /* nothing is read through a file that is gone */
		return OK;
	if (s)
		return s;
	list = json_member(metadata, "snapshots");
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		struct snapshot *known = find(e, json_int(o, "snapshot-id", -1));

		if (known)
			known->stays = true;
	}
	return OK;
}

static enum status list_rows(struct expiry *e, const struct asset *from, const char *column,
			     struct rows *rows)
{
	struct query q = { .from = &from->row, .bound = 1, .where = { column } };

	return store_list_all(e->rq.cx, e->rq.rs->store, &q, rows);
}

/* Living and kept, of any branch and catalog; but the one that the commit replaces. */
static enum status keep_others(struct expiry *e)
{
	const struct asset *own = e->place->seen;
	struct asset from = { .row = ROW(asset),
			      .tenant_id = e->ref->tenant_id,
			      .asset_id = own->asset_id };
	struct json_object *seen = json_new_object(e->rq.cx);
	struct rows rows;
	enum status s = list_rows(e, &from, "asset_id", &rows);

	for (size_t i = 0; !s && i < rows.n; i++) {
		const struct asset *a = (const struct asset *)rows.items + i;

		if (!a->metadata_location || json_has(seen, a->metadata_location) ||
		    guard_replaces(a, e->ref, &e->branch))
			continue;
		json_set_bool(seen, a->metadata_location, true);
		s = keep_row(e, a);
	}
	return s;
}

/* The same table under another id: a registered copy, whose readers nobody tells. */
static enum status look_for_copies(struct expiry *e, const char *location, bool *copied)
{
	struct asset from = { .row = ROW(asset),
			      .tenant_id = e->ref->tenant_id,
			      .metadata_location = location };
	struct rows rows;
	enum status s = list_rows(e, &from, "metadata_location", &rows);

	for (size_t i = 0; !s && i < rows.n; i++)
		if (!text_same(((const struct asset *)rows.items)[i].asset_id,
			       e->place->seen->asset_id))
			*copied = true;
	return s;
}

static enum status is_copied(struct expiry *e, bool *copied)
{
	struct json_object *log = json_member(e->metadata, "metadata-log");
	enum status s = look_for_copies(e, e->place->seen->metadata_location, copied);

	for (size_t i = 0; !s && !*copied && log && i < json_object_array_length(log); i++) {
		const char *file = json_text(json_object_array_get_idx(log, i), "metadata-file");

		if (file)
			s = look_for_copies(e, file, copied);
	}
	return s;
}

/* --- one try --------------------------------------------------------------------------------- */

static enum status plan(struct expiry *e, const struct expire_rule *rule, struct expired *out)
{
	struct json_object *properties;
	bool copied = false;
	enum status s = text_read_json(&e->rq, e->sc, e->place->seen, &e->metadata);

	if (s)
		return s;
	properties = json_member(e->metadata, "properties");
	if (properties && text_same(json_text(properties, "gc.enabled"), "false")) {
		out->skipped = "its property gc.enabled is \"false\"";
		return OK;
	}
	e->age_ms = rule->age_ms >= 0 ? rule->age_ms
				      : property(e->metadata, "history.expire.max-snapshot-age-ms",
						 DEFAULT_AGE_MS);
	e->keep = rule->keep >= 0
			  ? rule->keep
			  : property(e->metadata, "history.expire.min-snapshots-to-keep", 1);
	read_snapshots(e);
	keep_refs(e);
	keep_young(e);
	if (!any_goes(e))
		return OK;
	s = keep_others(e);
	if (!s && any_goes(e))
		s = is_copied(e, &copied);
	if (copied)
		out->skipped = "it is registered a second time";
	return s;
}

static const int64_t *doomed(struct expiry *e, size_t *n)
{
	int64_t *ids = cx_array(e->rq.cx, e->n + 1, sizeof(*ids));

	*n = 0;
	for (size_t i = 0; i < e->n && *n < MAX_IDS; i++)
		if (!e->snapshots[i].stays)
			ids[(*n)++] = e->snapshots[i].id;
	return ids;
}

static struct json_object *update_of(struct cx *cx, struct json_object *updates, const char *action)
{
	struct json_object *update = json_new_object(cx);

	json_set_text(update, "action", action);
	json_add(updates, update);
	return update;
}

static struct json_object *removal(const struct expiry *e, const int64_t *ids, size_t n)
{
	struct cx *cx = e->rq.cx;
	struct json_object *updates = json_new_array(cx), *list = json_new_array(cx);

	for (size_t i = 0; i < json_object_array_length(e->old_refs); i++)
		json_set_text(update_of(cx, updates, "remove-snapshot-ref"), "ref-name",
			      json_object_get_string(json_object_array_get_idx(e->old_refs, i)));
	for (size_t i = 0; i < n; i++)
		json_add(list, json_new_int(cx, ids[i]));
	if (n)
		json_set(update_of(cx, updates, "remove-snapshots"), "snapshot-ids", list);
	return updates;
}

/* Once: what was planned stands on the very row and branch that were read. */
static enum status commit(struct expiry *e, const struct asset_name *at, const int64_t *ids,
			  size_t n)
{
	struct cx *cx = e->rq.cx;
	struct job *job = job_expired(cx, e->ref, e->place->seen, ids, n);
	struct rider rider = { .change = { INSERT, &job->row } };
	struct table_change t = { .kind = &table_metadata,
				  .at = *at,
				  .requirements = json_new_array(cx),
				  .updates = removal(e, ids, n),
				  .place = e->place };
	struct config once = *e->rq.rs->config;
	struct responder rs = *e->rq.rs;
	enum status s;

	once.commit_tries = 1;
	rs.config = &once;
	e->rq.rs = &rs;
	rs.store->rider = n ? &rider : NULL;
	s = commit_changes(&e->rq, e->ref, &e->branch, &t, 1);
	rs.store->rider = NULL;
	return s;
}

static enum status try_expire(struct cx *cx, struct responder *rs, const struct catalog_ref *ref,
			      const struct asset_name *at, const struct expire_rule *rule,
			      struct expired *out)
{
	static const struct principal operator= { .name = "operator" };
	struct expiry e = {
		.rq = { .cx = cx, .rs = rs, .who = &operator}, .ref = ref, .now_ms = cx_now_ms() };
	const int64_t *ids;
	enum status s = scope_of(cx, ref, &e.sc);

	*out = (struct expired){ 0 };
	e.place = place_asset(cx, ref, at->path, at->name);
	if (!s)
		s = content_read(cx, rs->store, ref, &e.branch, &e.place, 1, NULL, 0);
	if (s)
		return s;
	if (!e.place->seen || !text_same(e.place->seen->type, table_metadata.type))
		return asset_missing(cx, table_metadata.type, at);
	if (e.place->seen != &e.place->rows[0]) {
		out->skipped = "the branch shows its parent's";
		return OK;
	}
	s = plan(&e, rule, out);
	if (s || out->skipped)
		return s;
	ids = doomed(&e, &out->n);
	out->refs = json_object_array_length(e.old_refs);
	return (!out->n && !out->refs) || rule->dry_run ? OK : commit(&e, at, ids, out->n);
}

enum status expire_snapshots(struct cx *cx, struct responder *rs, const struct catalog_ref *ref,
			     const struct asset_name *at, const struct expire_rule *rule,
			     struct expired *out)
{
	struct catalog_ref own = *ref;

	own.merge_only = false; /* what the branch shows stays what it is */
	for (size_t i = 1;; i++) {
		enum status s;

		cx->deadline_ms = cx_monotonic_ms() + TIMEOUT_MS;
		s = try_expire(cx, rs, &own, at, rule, out);
		if (s != CONFLICT || i == EDIT_TRIES)
			return s;
		edit_backoff(cx, i);
	}
}
