/* SPDX-License-Identifier: Apache-2.0 */
/* dump_write.c - exports: a tenant after the other, a page of rows at a time. */
#include <errno.h>

#include "common/hmac.h"
#include "common/json.h"
#include "common/text.h"
#include "stores/dump.h"
#include "stores/migrate.h"
#include "stores/rows.h"
#include "stores/seen.h"

#define PAGE 1000
#define LOOKUP_PAGE 10000 /* of lists by an index, which are sorted anew for each page */
#define PAGE_TIMEOUT_MS 60000

struct dump {
	struct cx *cx, page; /* of the whole; of one page */
	struct store *st;
	const struct dump_options *o;
	struct dump_hash *hash;
	struct seen *catalogs, *assets; /* of this tenant: what rows may hang on */
	char header_sha256[SHA256_HEX + 1];
};

/* --- lines ---------------------------------------------------------------------------- */

static enum status put_line(struct dump *d, const char *line, size_t n)
{
	if (d->o->out && fwrite(line, 1, n, d->o->out) != n)
		return fail(d->cx, UNAVAILABLE, "the export can't be written: %s", strerror(errno));
	return OK;
}

static enum status put_object(struct dump *d, struct json_object *o, const char **line, size_t *n)
{
	const char *text = json_print(&d->page, o, n);

	*line = cx_printf(&d->page, "%s\n", text);
	return put_line(d, *line, ++*n);
}

static enum status put_header(struct dump *d)
{
	struct json_object *o = json_new_object(&d->page), *ids;
	const char *line;
	size_t n;
	enum status s;

	json_set_int(o, "pangolin-export", DUMP_FORMAT);
	json_set_int(o, "schema", migrate_program());
	json_set_text(o, "time", d->o->no_time ? NULL : text_time(&d->page, cx_now_ms()));
	if (d->o->tenants) {
		ids = json_new_array(&d->page);
		for (size_t i = 0; i < d->o->n_tenants; i++)
			json_add_text(ids, d->o->tenants[i]);
		json_set(o, "tenants", ids);
	} else {
		json_set_text(o, "tenants", "all");
	}
	json_set_text(o, "secrets", d->o->reseal ? "key-file" : "stored");
	s = put_object(d, o, &line, &n);
	memcpy(d->header_sha256, sha256_hex(&d->page, line, n), sizeof(d->header_sha256));
	return s;
}

static struct json_object *count_json(struct cx *cx, const struct dump_count *c)
{
	struct json_object *o = json_new_object(cx);

	json_set_int(o, "rows", c->rows);
	json_set_text(o, "sha256", c->sha256);
	return o;
}

static enum status put_trailer(struct dump *d, struct dump_totals *totals)
{
	struct cx *cx = &d->page;
	struct json_object *o = json_new_object(cx), *end = json_new_object(cx),
			   *kinds = json_new_object(cx);
	const char *line;
	size_t n;

	dump_hash_read(d->hash, totals);
	json_set_text(end, "header", d->header_sha256);
	json_set_int(end, "rows", totals->all.rows);
	json_set_text(end, "sha256", totals->all.sha256);
	for (size_t i = 0; dump_kind(i); i++)
		if (totals->kinds[i].rows)
			json_set(kinds, dump_kind(i)->name, count_json(cx, &totals->kinds[i]));
	json_set(end, "kinds", kinds);
	json_set(o, "end", end);
	return put_object(d, o, &line, &n);
}

/* --- rows ------------------------------------------------------------------------------ */

/* The page's own failure, told in the memory that outlives it. */
static enum status page_failed(struct dump *d, enum status s)
{
	return s ? fail(d->cx, s, "%s", d->page.message) : OK;
}

static struct json_object *row_json(struct cx *cx, const struct row *row)
{
	struct json_object *o = json_new_object(cx), *columns = json_new_object(cx);

	for (size_t i = 0; i < row->kind->n_columns; i++) {
		const struct column *c = &row->kind->columns[i];

		if (c->type == BOOL)
			json_set_bool(columns, c->name, model_int(row, c) != 0);
		else if (!model_is_text(c))
			json_set_int(columns, c->name, model_int(row, c));
		else if (model_text(row, c))
			json_set_text(columns, c->name, model_text(row, c));
	}
	json_set(o, row->kind->name, columns);
	return o;
}

/* True for what no catalog or table stands behind any more: the worker is about to remove it. */
static bool is_dead(struct dump *d, const struct row *row)
{
	const struct kind *k = row->kind;
	const char *asset_id;

	if (k == &kind_catalog)
		seen_add(d->catalogs, ((const struct catalog *)row)->id);
	if (k->n_keys > 1 && strcmp(k->columns[1].name, "catalog_id") == 0 &&
	    !seen_has(d->catalogs, model_text(row, &k->columns[1])))
		return true;
	if (k == &kind_asset && ((const struct asset *)row)->asset_id)
		seen_add(d->assets, ((const struct asset *)row)->asset_id);
	asset_id = dump_asset(row);
	return asset_id && !seen_has(d->assets, asset_id);
}

/* How far a job is, and who may write now, is this store's affair. */
static void forget_state(struct row *row)
{
	struct job *j = (struct job *)row;

	if (row->kind == &kind_tenant)
		((struct tenant *)row)->read_only = NULL;
	if (row->kind != &kind_job)
		return;
	j->due_ms = j->created_ms;
	j->lease_ms = j->attempts = 0;
	j->error = NULL;
}

static enum status put_row(struct dump *d, size_t kind, struct row *row)
{
	const char *line;
	size_t n;
	enum status s = OK;

	if (is_dead(d, row))
		return OK;
	forget_state(row);
	if (d->o->reseal)
		s = page_failed(d, dump_reseal(&d->page, row, d->st->seal, d->o->reseal));
	if (!s)
		s = put_object(d, row_json(&d->page, row), &line, &n);
	if (!s)
		dump_hash_line(d->hash, kind, line, n);
	return s;
}

static enum status tick(struct dump *d)
{
	const struct dump_watch *w = &d->o->watch;

	if (!w->tick || w->tick(w->arg, dump_hash_rows(d->hash)))
		return OK;
	return fail(d->cx, UNAVAILABLE, "stopped before it was done");
}

/* All rows of a kind that the query finds, a page at a time. */
static enum status put_kind(struct dump *d, size_t kind, struct query *q)
{
	const struct kind *k = dump_kind(kind);
	struct cx keys[2] = { 0 };
	struct rows rows;
	enum status s;
	int turn = 0;

	do {
		d->page.deadline_ms = cx_monotonic_ms() + PAGE_TIMEOUT_MS;
		s = page_failed(d, store_list(&d->page, d->st, q, &rows));
		if (!s && rows.n) {
			const char *last = (const char *)rows.items + (rows.n - 1) * k->size;

			turn = !turn;
			cx_reset(&keys[turn]);
			q->after = rows_bound(&keys[turn],
					      &(struct query){ .from = (const struct row *)last,
							       .bound = k->n_keys });
		}
		for (size_t i = 0; !s && i < rows.n; i++)
			s = put_row(d, kind, (struct row *)((char *)rows.items + i * k->size));
		if (!s)
			s = tick(d);
		cx_reset(&d->page);
	} while (!s && rows.n == q->limit);
	cx_free(&keys[0]);
	cx_free(&keys[1]);
	return s;
}

static enum status put_tenant_row(struct dump *d, const char *tenant_id)
{
	struct tenant t = { .row = ROW(tenant), .tenant_id = tenant_id };
	enum status s = page_failed(d, store_get(&d->page, d->st, &t.row));

	if (!s)
		s = put_row(d, 0, &t.row);
	cx_reset(&d->page);
	return s;
}

static enum status put_tenant(struct dump *d, const char *tenant_id)
{
	const struct kind *k;
	enum status s = *tenant_id ? put_tenant_row(d, tenant_id) : OK;

	seen_clear(d->catalogs);
	seen_clear(d->assets);
	for (size_t i = 1; !s && (k = dump_kind(i)); i++) {
		struct row *from = cx_alloc(d->cx, k->size);
		struct query q = { .from = from, .bound = 1, .limit = PAGE };

		from->kind = k;
		model_set_text(from, model_column(k, "tenant_id"), tenant_id);
		if (k->flags & GLOBAL) {
			q.bound = 0;
			q.where[0] = "tenant_id";
			q.limit = LOOKUP_PAGE;
		}
		s = put_kind(d, i, &q);
	}
	return s;
}

static enum status put_all_tenants(struct dump *d)
{
	struct tenant from = { .row = ROW(tenant) };
	struct query q = { .from = &from.row, .limit = PAGE };
	enum status s = put_tenant(d, "");
	struct rows rows = { 0 };

	do {
		struct tenant *t;

		d->cx->deadline_ms = cx_monotonic_ms() + PAGE_TIMEOUT_MS;
		if (!s)
			s = store_list(d->cx, d->st, &q, &rows);
		d->cx->deadline_ms = 0;
		t = rows.items;
		for (size_t i = 0; !s && i < rows.n; i++) {
			s = put_tenant(d, t[i].tenant_id);
			q.after = &t[i].row;
		}
	} while (!s && rows.n == PAGE);
	return s;
}

static enum status put_rows(struct dump *d)
{
	enum status s = OK;

	if (!d->o->tenants)
		return put_all_tenants(d);
	for (size_t i = 0; !s && i < d->o->n_tenants; i++)
		s = put_tenant(d, d->o->tenants[i]);
	return s;
}

static enum status put_file(struct dump *d, struct dump_totals *totals)
{
	enum status s = put_header(d);

	cx_reset(&d->page);
	if (!s)
		s = put_rows(d);
	if (!s)
		s = put_trailer(d, totals);
	if (!s && d->o->out && fflush(d->o->out))
		s = fail(d->cx, UNAVAILABLE, "the export can't be written: %s", strerror(errno));
	cx_free(&d->page);
	return s;
}

enum status dump_write(struct cx *cx, struct store *st, const struct dump_options *o,
		       struct dump_totals *totals, bool *one_moment)
{
	struct dump d = { .cx = cx,
			  .st = st,
			  .o = o,
			  .hash = dump_hash_open(cx),
			  .catalogs = seen_open(cx),
			  .assets = seen_open(cx) };
	bool sealed = st->sealed;
	enum status s, end = OK;

	if (o->reseal && !st->seal)
		return fail(cx, INVALID, "the secrets can't be opened: there is no storage key");
	s = store_hold(cx, st, true);
	*one_moment = s == OK;
	if (s && s != UNSUPPORTED)
		return s;
	st->sealed = true;
	s = put_file(&d, totals);
	st->sealed = sealed;
	if (*one_moment)
		end = store_hold(cx, st, false);
	return s ? s : end;
}
