/* SPDX-License-Identifier: Apache-2.0 */
/* guard.c - snapshots that other branches and tags read are not removed. */
#include "fcgi/tables/guard.h"

#include "common/iceberg/metadata.h"
#include "common/text.h"

#define MAX_ROWS 1000 /* of one table, over all branches and cuts */

bool guard_replaces(const struct asset *a, const struct catalog_ref *ref,
		    const struct branch *branch)
{
	return a->until == LIVING && text_same(a->catalog_id, ref->catalog_id) &&
	       text_same(a->branch_id, ref->branch_id) && a->born >= branch->cut;
}

static enum status refuse(struct request *rq, const struct table_change *t, const char *why)
{
	return fail(rq->cx, INVALID,
		    "%s: snapshots can't be removed that %s: first delete the branches and tags "
		    "that read them, or bring the branches up to date",
		    asset_shown(rq->cx, t->at.path, t->at.name), why);
}

static enum status check_row(struct request *rq, const struct scope *sc, const struct asset *a,
			     const struct table_change *t, const int64_t *ids, size_t n)
{
	struct json_object *metadata;
	enum status s;

	for (size_t i = 0; i < n; i++)
		if (a->current_snapshot_id == ids[i])
			return refuse(rq, t, "another branch or a tag shows");
	s = text_read_json(rq, sc, a, &metadata);
	if (s == NOT_FOUND) { /* nothing is read through a file that is gone */
		rq->error_type = NULL;
		return OK;
	}
	if (!s && metadata_has_any(metadata, ids, n))
		s = refuse(rq, t, "another branch or a tag shows");
	return s;
}

static enum status check_rows(struct request *rq, const struct catalog_ref *ref,
			      const struct scope *sc, const struct branch *branch,
			      const struct table_change *t, const int64_t *ids, size_t n)
{
	struct asset from = { .row = ROW(asset),
			      .tenant_id = ref->tenant_id,
			      .catalog_id = ref->catalog_id,
			      .asset_id = t->base_row.asset_id };
	struct query q = {
		.from = &from.row, .bound = 2, .where = { "asset_id" }, .limit = MAX_ROWS
	};
	struct json_object *seen = json_new_object(rq->cx);
	struct rows rows;
	enum status s = store_list(rq->cx, rq->rs->store, &q, &rows);

	if (!s && rows.n == MAX_ROWS)
		s = refuse(rq, t, "so many branches and tags may show");
	for (size_t i = 0; !s && i < rows.n; i++) {
		const struct asset *a = (const struct asset *)rows.items + i;

		if (!a->metadata_location || guard_replaces(a, ref, branch) ||
		    json_has(seen, a->metadata_location))
			continue;
		json_set_bool(seen, a->metadata_location, true);
		s = check_row(rq, sc, a, t, ids, n);
	}
	return s;
}

enum status guard_check(struct request *rq, const struct catalog_ref *ref, const struct scope *sc,
			const struct branch *branch, const struct table_change *t)
{
	int64_t *ids;
	size_t n;

	if ((!ref->guarded && !branch->cut) || t->kind != &table_metadata || !t->base ||
	    t->next == t->base)
		return OK;
	ids = metadata_removed_snapshots(rq->cx, t->base, t->next, &n);
	return n ? check_rows(rq, ref, sc, branch, t, ids, n) : OK;
}
