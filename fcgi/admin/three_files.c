/* SPDX-License-Identifier: Apache-2.0 */
/* three_files.c - what the metadata files of a conflict say. */
#include "fcgi/admin/three_files.h"

#include "common/text.h"
#include "fcgi/tables/text.h"
#include "stores/states.h"

static const struct {
	const char *word;
	const char *members[3]; /* of the metadata; NULL ends */
} parts[] = {
	{ "schema", { "schemas", "current-schema-id" } },
	{ "partition-spec", { "partition-specs", "default-spec-id" } },
	{ "sort-order", { "sort-orders", "default-sort-order-id" } },
	{ "snapshots", { "snapshots", "refs", "current-snapshot-id" } },
	{ "properties", { "properties" } },
	{ "location", { "location" } },
	{ "view-versions", { "versions", "current-version-id" } },
};

static bool differs(struct json_object *a, struct json_object *b, const char *const members[3])
{
	for (size_t i = 0; i < 3 && members[i]; i++)
		if (!json_equal(json_member(a, members[i]), json_member(b, members[i])))
			return true;
	return false;
}

/* One side of it: its state, and its file where that can be read. */
struct side {
	struct asset *state;
	struct json_object *metadata;
};

static enum status read_side(struct request *rq, const struct scope *sc, const char *text,
			     struct side *out)
{
	struct metadata_file f;
	enum status s = state_parse(rq->cx, text, &out->state);

	out->metadata = NULL;
	if (s || !out->state || !out->state->metadata_location)
		return s;
	s = text_read_file(rq, sc, out->state->metadata_location, &f, &out->metadata);
	return s == INVALID ? OK : s;
}

static void set_changed(struct cx *cx, struct json_object *o, const char *key,
			const struct side *base, const struct side *side)
{
	struct json_object *list = json_new_array(cx);

	if (base->state && !side->state)
		json_add_text(list, "deleted");
	else if (!base->metadata || !side->metadata)
		return;
	for (size_t i = 0; side->metadata && i < ARRAY_SIZE(parts); i++)
		if (differs(base->metadata, side->metadata, parts[i].members))
			json_add_text(list, parts[i].word);
	json_set(o, key, list);
}

enum status three_files(struct request *rq, const struct catalog_ref *ref,
			const struct merge_conflict *c, struct json_object **out)
{
	struct side base, source, target;
	struct json_object *o = json_new_object(rq->cx);
	const struct scope *sc;
	enum status s = scope_of(rq->cx, ref, &sc);

	*out = o;
	if (s)
		return s == INVALID ? OK : s; /* no warehouse: nothing can be read */
	s = read_side(rq, sc, c->base_state, &base);
	if (!s)
		s = read_side(rq, sc, c->source_state, &source);
	if (!s)
		s = read_side(rq, sc, c->target_state, &target);
	if (s)
		return s;
	json_set_text(o, "base", base.state ? base.state->metadata_location : NULL);
	json_set_text(o, "source", source.state ? source.state->metadata_location : NULL);
	json_set_text(o, "target", target.state ? target.state->metadata_location : NULL);
	set_changed(rq->cx, o, "source_changed", &base, &source);
	set_changed(rq->cx, o, "target_changed", &base, &target);
	return OK;
}

/* The asset that stays: the target's, else the source's, else the base's. */
static enum status subject_of(struct request *rq, const struct merge_conflict *c,
			      struct asset **out)
{
	enum status s = state_parse(rq->cx, c->target_state, out);

	if (!s && !*out)
		s = state_parse(rq->cx, c->source_state, out);
	if (!s && !*out)
		s = state_parse(rq->cx, c->base_state, out);
	return s;
}

/* What is put in by hand may not move the table: a folder is claimed by a commit. */
static enum status check_folders(struct request *rq, struct claim *claim, const char *asset_id,
				 const char *file)
{
	size_t n;
	struct row **rows = claim_rows(rq->cx, claim, &n);
	enum status s = n ? store_get_all(rq->cx, rq->rs->store, rows, n) : OK;

	if (!s)
		s = claim_check(rq->cx, claim, asset_id);
	if (!s && !claim_is_covered(claim))
		s = fail(rq->cx, INVALID, "%s: the table has another folder", file);
	return s;
}

enum status manual_state(struct request *rq, const struct catalog_ref *ref,
			 const struct merge_conflict *c, const char *location,
			 const struct asset **out)
{
	const struct metadata_kind *kind;
	struct json_object *metadata;
	struct metadata_file f;
	const struct scope *sc;
	struct location l;
	struct claim claim;
	struct asset *row;
	const char *uuid;
	enum status s = subject_of(rq, c, &row);

	if (s)
		return s;
	if (!row || !row->metadata_location)
		return fail(rq->cx, INVALID, "only a table or view can be given by hand");
	kind = text_same(row->type, "VIEW") ? &view_metadata : &table_metadata;
	uuid = row->table_uuid;
	s = scope_of(rq->cx, ref, &sc);
	if (!s)
		s = scope_check(rq->cx, sc, "metadata-location", location, &l);
	if (!s)
		s = text_read_file(rq, sc, l.text, &f, &metadata);
	if (!s)
		s = kind->check(rq->cx, metadata);
	if (!s)
		s = scope_describe(rq->cx, sc, kind, metadata, row, &claim);
	if (s)
		return s;
	if (!text_same(row->table_uuid, uuid))
		return fail(rq->cx, INVALID, "%s is another table's metadata", location);
	s = check_folders(rq, &claim, row->asset_id, location);
	if (s)
		return s;
	text_name(row, &f);
	*out = row;
	return OK;
}
