/* SPDX-License-Identifier: Apache-2.0 */
/* business.c - business metadata as lists of changes: with what search finds of it. */
#include "stores/business.h"

#include "common/text.h"
#include "stores/index.h"
#include "stores/tenants.h"

enum status business_find(struct cx *cx, struct store *st, const char *tenant_id,
			  const char *asset_id, struct business_metadata *out)
{
	enum status s;

	*out = (struct business_metadata){ .row = ROW(business_metadata),
					   .tenant_id = tenant_id,
					   .asset_id = asset_id };
	s = store_get(cx, st, &out->row);
	return s == NOT_FOUND ? fail(cx, s, "the asset %s has no business metadata", asset_id) : s;
}

/* The changes of search's entries; none where main does not show the asset. */
static enum status add_entries(struct cx *cx, struct store *st, const char *tenant_id,
			       const char *asset_id, const struct business_metadata *about,
			       struct list *changes)
{
	const struct search_entry *e;
	struct rows old;
	enum status s = index_entries(cx, st, tenant_id, asset_id, &old);

	if (s || !old.n)
		return s;
	e = old.items;
	index_changes(cx, &old,
		      &(struct asset){ .tenant_id = e->tenant_id,
				       .catalog_id = e->catalog_id,
				       .namespace = e->namespace,
				       .name = e->name,
				       .asset_id = e->asset_id,
				       .type = e->type },
		      about, changes);
	return OK;
}

static void add(struct list *changes, struct change c)
{
	*(struct change *)list_add(changes) = c;
}

/* `m` is what is said from then on, NULL = nothing; `old` what was read, maybe of version 0. */
static enum status write_about(struct cx *cx, struct store *st, struct business_metadata *m,
			       struct business_metadata *old, const char *name,
			       const struct audit *by)
{
	static const char *const actions[] = { "add_metadata", "update_metadata",
					       "delete_metadata" };
	struct list changes = { .cx = cx, .size = sizeof(struct change) };
	const char *action = actions[!m ? 2 : old->row.version ? 1 : 0];
	struct audit *record =
		audit_new(cx, by, old->tenant_id, action, "metadata", old->asset_id, name);
	enum status s = add_entries(cx, st, old->tenant_id, old->asset_id, m, &changes);

	if (s)
		return s;
	if (m)
		add(&changes, (struct change){ old->row.version ? UPDATE : INSERT, &m->row });
	else
		add(&changes, (struct change){ DELETE, &old->row });
	add(&changes, (struct change){ INSERT, &record->row });
	if (!m || !text_same(m->tags, old->tags)) /* grants hang on tags */
		add(&changes, epoch_touch(cx, old->tenant_id));
	s = store_apply(cx, st, changes.items, changes.n, NULL);
	return s == EXISTS ? fail(cx, CONFLICT, "the asset was changed at the same time") : s;
}

enum status business_put(struct cx *cx, struct store *st, struct business_metadata *m,
			 struct business_metadata *old, const char *name, const struct audit *by)
{
	bool fresh = !old->row.version;

	m->row = (struct row)ROW(business_metadata);
	m->row.version = old->row.version;
	m->updated_by = by ? by->user_id : NULL;
	m->updated_at = cx_now_ms();
	m->id = fresh ? text_uuid7(cx) : old->id;
	m->created_by = fresh ? m->updated_by : old->created_by;
	m->created_at = fresh ? m->updated_at : old->created_at;
	return write_about(cx, st, m, old, name, by);
}

enum status business_delete(struct cx *cx, struct store *st, struct business_metadata *old,
			    const char *name, const struct audit *by)
{
	if (!old->row.version)
		return fail(cx, NOT_FOUND, "the asset %s has no business metadata", old->asset_id);
	return write_about(cx, st, NULL, old, name, by);
}

enum status business_free(struct edit *e, struct store *st, const char *asset_id)
{
	struct business_metadata *m = CX_NEW(e->cx, struct business_metadata);
	enum status s = business_find(e->cx, st, e->catalog->tenant_id, asset_id, m);

	if (!s)
		edit_add(e, DELETE, &m->row, PART_RECORD);
	return s == NOT_FOUND ? OK : s;
}
