/* SPDX-License-Identifier: Apache-2.0 */
/* drop.c - rows below a dropped catalog or tenant go, a list at a time. */
#include "stores/drop.h"

#include "common/text.h"
#include "stores/absent.h"
#include "stores/index.h"
#include "stores/identities.h"
#include "stores/reports.h"
#include "stores/rows.h"
#include "stores/tenants.h"

#define MAX_LOCATIONS 8 /* folders of one table */
/* A list that is so long takes no further row: with what hangs on one there is still room. */
#define MAX_LIST (STORE_MAX_CHANGES - INDEX_MAX_TERMS - MAX_LOCATIONS - 2)

/* A list of removals. */
struct removal {
	struct cx *cx;
	struct store *st;
	struct change *list;
	size_t n, cap;
};

static struct removal removal_open(struct cx *cx, struct store *st, size_t batch)
{
	return (struct removal){ cx, st, cx_array(cx, batch, sizeof(struct change)), 0, batch };
}

static void remove_row(struct removal *r, struct row *row)
{
	if (r->n == r->cap) {
		struct change *more = cx_array(r->cx, 2 * r->cap, sizeof(*more));

		memcpy(more, r->list, r->n * sizeof(*more));
		r->list = more;
		r->cap *= 2;
	}
	r->list[r->n++] = (struct change){ DELETE, row };
}

/* Another changed a row meanwhile: it is read again in the next list. */
static enum status removal_apply(struct removal *r, bool *done)
{
	enum status s;

	*done = r->n == 0;
	if (*done)
		return OK;
	s = store_apply(r->cx, r->st, r->list, r->n, NULL);
	return s == CONFLICT ? OK : s;
}

static bool has_row(const struct removal *r, const struct row *row)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->list[i].row->kind == row->kind && model_compare(r->list[i].row, row) == 0)
			return true;
	return false;
}

/* The locations a table owned are free again. */
static enum status remove_locations(struct removal *r, const struct asset *a)
{
	struct location_row from = { .row = ROW(location_row), .asset_id = a->asset_id };
	struct query q = { .from = &from.row, .where = { "asset_id" }, .limit = MAX_LOCATIONS };
	struct location_row *l;
	struct rows page;
	enum status s;

	if (!a->asset_id)
		return OK;
	s = store_list(r->cx, r->st, &q, &page);
	if (s)
		return s;
	l = page.items;
	for (size_t i = 0; i < page.n; i++)
		if (!has_row(r, &l[i].row))
			remove_row(r, &l[i].row);
	return OK;
}

/* A dropped table's are free already; what is there under its id is not its own any more. */
static enum status remove_staged(struct removal *r, const struct absent *a)
{
	struct asset asset = { .asset_id = a->asset_id };

	return absent_is_staged(a) ? remove_locations(r, &asset) : OK;
}

/* What search finds the asset by, and what people said of it. */
static enum status remove_about(struct removal *r, const struct asset *a)
{
	struct business_metadata *about = CX_NEW(r->cx, struct business_metadata);
	struct search_entry *e;
	struct rows entries;
	enum status s;

	if (!a->asset_id)
		return OK;
	*about = (struct business_metadata){ .row = ROW(business_metadata),
					     .tenant_id = a->tenant_id,
					     .asset_id = a->asset_id };
	s = index_entries(r->cx, r->st, a->tenant_id, a->asset_id, &entries);
	if (!s)
		s = store_get_all(r->cx, r->st, (struct row *[]){ &about->row }, 1);
	if (s)
		return s;
	if (about->row.version && !has_row(r, &about->row))
		remove_row(r, &about->row);
	e = entries.items;
	if (entries.n && !has_row(r, &e[0].row))
		for (size_t i = 0; i < entries.n; i++)
			remove_row(r, &e[i].row);
	return OK;
}

/* An API key is kept under its own hash, outside the tenant. */
static enum status remove_api_key(struct removal *r, const struct service_user *u)
{
	struct api_key *k = CX_NEW(r->cx, struct api_key);
	enum status s;

	if (!u->api_key_hash)
		return OK;
	*k = (struct api_key){ .row = ROW(api_key), .key_hash = u->api_key_hash };
	s = store_get(r->cx, r->st, &k->row);
	if (!s)
		remove_row(r, &k->row);
	return s == NOT_FOUND ? OK : s;
}

/* Nor is who a user is at a provider. */
static enum status remove_identity(struct removal *r, const struct user *u)
{
	struct change c;
	bool there;
	enum status s = identity_removal(r->cx, r->st, u, &c, &there);

	if (!s && there)
		remove_row(r, c.row);
	return s;
}

static enum status remove_with_hangers(struct removal *r, struct row *row)
{
	enum status s;

	remove_row(r, row);
	if (row->kind == &kind_asset) {
		s = remove_about(r, (const struct asset *)row);
		return s ? s : remove_locations(r, (const struct asset *)row);
	}
	if (row->kind == &kind_absent)
		return remove_staged(r, (const struct absent *)row);
	if (row->kind == &kind_service_user)
		return remove_api_key(r, (const struct service_user *)row);
	if (row->kind == &kind_user)
		return remove_identity(r, (const struct user *)row);
	return OK;
}

/* Up to `limit` rows that the query finds. */
static enum status remove_found(struct removal *r, struct query *q, size_t limit)
{
	struct rows page;
	enum status s;

	q->limit = limit;
	s = store_list(r->cx, r->st, q, &page);
	for (size_t i = 0; !s && i < page.n && r->n < MAX_LIST; i++)
		s = remove_with_hangers(
			r, (struct row *)((char *)page.items + i * q->from->kind->size));
	return s;
}

/* The first kind that has rows below these leading key values. */
static enum status remove_below(struct removal *r, const char *const *values, size_t bound,
				size_t batch)
{
	enum status s = OK;

	for (size_t i = 0; !s && !r->n && model_kinds[i]; i++) {
		const struct kind *k = model_kinds[i];
		struct row *from;

		if (k->flags & GLOBAL || k->n_keys < bound)
			continue;
		if (bound > 1 && strcmp(k->columns[1].name, "catalog_id") != 0)
			continue;
		from = cx_alloc(r->cx, k->size);
		from->kind = k;
		for (size_t c = 0; c < bound; c++)
			model_set_text(from, &k->columns[c], values[c]);
		s = remove_found(r, &(struct query){ .from = from, .bound = bound }, batch);
	}
	return s;
}

enum status drop_catalog_rows(struct cx *cx, struct store *st, const char *tenant_id,
			      const char *catalog_id, size_t batch, bool *done)
{
	struct removal r = removal_open(cx, st, batch);
	const char *const values[] = { tenant_id, catalog_id };
	enum status s = remove_below(&r, values, 2, batch);

	return s ? s : removal_apply(&r, done);
}

/* What is kept outside of the tenant and was not found from within: that of an import that
 * was not finished.  Jobs stay: users were promised them. */
static enum status remove_outside(struct removal *r, const char *tenant_id, size_t batch)
{
	struct location_row l = { .row = ROW(location_row), .tenant_id = tenant_id };
	struct api_key k = { .row = ROW(api_key), .tenant_id = tenant_id };
	struct oauth_identity o = { .row = ROW(oauth_identity), .tenant_id = tenant_id };
	struct query queries[] = { { .from = &l.row }, { .from = &k.row }, { .from = &o.row } };
	enum status s = OK;

	for (size_t i = 0; !s && i < ARRAY_SIZE(queries) && !r->n; i++) {
		queries[i].where[0] = "tenant_id";
		s = remove_found(r, &queries[i], batch);
	}
	return s;
}

/* When all else is gone. */
static enum status remove_epoch(struct removal *r, const char *tenant_id)
{
	struct epoch *e = CX_NEW(r->cx, struct epoch);
	enum status s;

	*e = (struct epoch){ .row = ROW(epoch), .tenant_id = tenant_id };
	s = store_get(r->cx, r->st, &e->row);
	if (!s)
		remove_row(r, &e->row);
	return s == NOT_FOUND ? OK : s;
}

/* The default tenant is always there: what was removed is an import that was not finished. */
static enum status make_default(struct cx *cx, struct store *st)
{
	struct tenant t = { .row = ROW(tenant), .tenant_id = NIL_UUID, .name = "default" };
	struct change list[] = { { INSERT, &t.row }, epoch_touch(cx, NIL_UUID) };
	enum status s = store_apply(cx, st, list, ARRAY_SIZE(list), NULL);

	return s == EXISTS ? OK : s;
}

enum status drop_tenant_rows(struct cx *cx, struct store *st, const char *tenant_id, size_t batch,
			     bool *done)
{
	struct removal r = removal_open(cx, st, batch);
	bool is_default = strcmp(tenant_id, NIL_UUID) == 0;
	struct tenant t;
	enum status s = tenant_find(cx, st, tenant_id, &t);

	*done = s == OK && is_default;
	if (s == OK)
		return is_default ? OK
				  : fail(cx, CONFLICT, "tenant \"%s\" was not dropped", tenant_id);
	if (s == NOT_FOUND)
		s = remove_below(&r, &tenant_id, 1, batch);
	if (!s && !r.n)
		s = remove_outside(&r, tenant_id, batch);
	if (!s && !r.n)
		s = remove_epoch(&r, tenant_id);
	if (!s)
		s = removal_apply(&r, done);
	return !s && *done && is_default ? make_default(cx, st) : s;
}

enum status drop_grant_rows(struct cx *cx, struct store *st, const char *tenant_id,
			    const char *user_id, const char *role_id, size_t batch, bool *done)
{
	struct removal r = removal_open(cx, st, batch);
	struct permission direct = { .row = ROW(permission),
				     .tenant_id = tenant_id,
				     .user_id = user_id };
	struct role_assignment role = { .row = ROW(role_assignment),
					.tenant_id = tenant_id,
					.user_id = user_id,
					.role_id = role_id };
	struct query of_role = { .from = &role.row, .bound = 1, .where = { "role_id" } };
	struct query of_user = { .from = &direct.row, .bound = 1, .where = { "user_id" } };
	struct query roles = { .from = &role.row, .bound = 2 };
	enum status s = remove_found(&r, role_id ? &of_role : &of_user, batch);

	if (!s && !role_id && !r.n)
		s = remove_found(&r, &roles, batch);
	return s ? s : removal_apply(&r, done);
}

/* A row with memory of its own, to be removed as it was read. */
static struct row *keep_row(struct cx *cx, const struct row *row)
{
	struct row *copy = cx_alloc(cx, row->kind->size);

	rows_clone(cx, copy, row);
	copy->version = row->version;
	return copy;
}

/* Rows below `from` whose time in that column is over; 0 = never.  Those that stay may be many:
 * their memory goes with their page. */
static enum status remove_expired(struct removal *r, const struct row *from, size_t bound,
				  const struct column *column, int64_t before_ms, size_t batch)
{
	struct query q = { .from = from, .bound = bound, .limit = DROP_MAX_ROWS };
	struct cx pages[2] = { 0 };
	struct rows page;
	enum status s;
	int turn = 0;

	do {
		struct cx *cx = &pages[turn = !turn];

		cx_reset(cx);
		cx->deadline_ms = r->cx->deadline_ms;
		s = store_list(cx, r->st, &q, &page);
		if (s)
			fail(r->cx, s, "%s", cx->message);
		for (size_t i = 0; !s && i < page.n && r->n < batch; i++) {
			struct row *row = (struct row *)((char *)page.items + i * from->kind->size);
			int64_t at = model_int(row, column);

			if (at && at < before_ms)
				s = remove_with_hangers(r, keep_row(r->cx, row));
			q.after = row;
		}
	} while (!s && page.n == DROP_MAX_ROWS && r->n < batch);
	cx_free(&pages[0]);
	cx_free(&pages[1]);
	return s;
}

enum status drop_expired(struct cx *cx, struct store *st, const struct kind *k, const char *column,
			 const char *tenant_id, int64_t before_ms, size_t batch, bool *done)
{
	struct removal r = removal_open(cx, st, batch);
	struct row *from = cx_alloc(cx, k->size);
	size_t bound = k->flags & GLOBAL ? 0 : 1;
	enum status s;

	from->kind = k;
	if (bound)
		model_set_text(from, &k->columns[0], tenant_id);
	s = remove_expired(&r, from, bound, model_column(k, column), before_ms, batch);
	return s ? s : removal_apply(&r, done);
}

enum status drop_old_reports(struct cx *cx, struct store *st, const char *tenant_id, int64_t now_ms,
			     int64_t days, size_t batch, bool *done)
{
	struct removal r = removal_open(cx, st, batch);
	const char *weeks[REPORT_WEEKS];
	size_t n = report_old_weeks(cx, now_ms, days, weeks);
	enum status s = OK;

	for (size_t w = 0; !s && w < n && r.n < batch; w++) {
		struct metrics_report from = { .row = ROW(metrics_report),
					       .tenant_id = tenant_id,
					       .week = weeks[w] };
		struct query q = { .from = &from.row, .bound = 1, .where = { "week" } };

		s = remove_found(&r, &q, batch - r.n);
	}
	return s ? s : removal_apply(&r, done);
}
