/* SPDX-License-Identifier: Apache-2.0 */
/* restore_check.c - whether an export may be written into a store, before anything is. */
#include "common/text.h"
#include "stores/catalogs.h"
#include "stores/restore.h"
#include "stores/rows.h"
#include "stores/seen.h"
#include "stores/tenants.h"

#define ROW_TIMEOUT_MS 60000
#define LOCATIONS_AT_ONCE 200
#define ROWS_AT_ONCE 1000
#define BYTES_AT_ONCE ((int64_t)4 * 1024 * 1024)
#define MAX_DEPTH 128 /* folders of one path */

struct check {
	struct cx *cx, row; /* of the whole; of the rows since the last lookup */
	struct store *st;
	const struct restore_options *o;
	struct dump_reader *reader;
	bool skipping; /* rows of a tenant that is there, and stays */
	/* Of this tenant: what rows may name. */
	struct seen *warehouses, *catalogs, *service_users, *assets;
	struct seen *tables; /* locations: of the whole file */
	struct location_row *waiting[LOCATIONS_AT_ONCE];
	size_t n_waiting, n_rows;
	int64_t settled; /* bytes */
};

static enum status wrong(struct check *c, enum status s)
{
	return s ? fail(c->cx, s, "line %lld: %s", (long long)dump_line(c->reader), c->row.message)
		 : OK;
}

/* --- locations -------------------------------------------------------------------------- */

struct location_row **location_rows(struct cx *cx, const struct location_row *table, size_t *n)
{
	struct location_row **rows = cx_array(cx, MAX_DEPTH, sizeof(*rows));
	const char *end = table->path;

	*n = 0;
	while (*end && *n < MAX_DEPTH) {
		struct location_row *row = CX_NEW(cx, struct location_row);

		end += 1 + strcspn(end + 1, "/");
		*row = (struct location_row){ .row = ROW(location_row),
					      .storage = table->storage,
					      .path = cx_strndup(cx, table->path,
								 (size_t)(end - table->path)),
					      .type = "DIR" };
		rows[(*n)++] = row;
	}
	return rows;
}

const char *location_problem(struct cx *cx, const struct location_row *table,
			     struct location_row *const *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool own = strcmp(rows[i]->path, table->path) == 0;

		if (!rows[i]->row.version || (!own && text_same(rows[i]->type, "DIR")))
			continue;
		return cx_printf(cx, "the location %s%s %s", table->storage, table->path,
				 own ? "is in use already, or a folder below it is"
				     : "lies in another table's");
	}
	return NULL;
}

/* Looks up all locations that wait, in one read. */
static enum status check_waiting(struct check *c)
{
	struct location_row **rows[LOCATIONS_AT_ONCE];
	size_t n[LOCATIONS_AT_ONCE], total = 0, at = 0;
	struct row **all;
	enum status s;

	for (size_t i = 0; i < c->n_waiting; i++) {
		rows[i] = location_rows(&c->row, c->waiting[i], &n[i]);
		total += n[i];
	}
	all = cx_array(&c->row, total + 1, sizeof(*all));
	for (size_t i = 0; i < c->n_waiting; i++)
		for (size_t k = 0; k < n[i]; k++)
			all[at++] = &rows[i][k]->row;
	s = store_get_all(&c->row, c->st, all, total);
	if (s)
		return fail(c->cx, s, "%s", c->row.message);
	for (size_t i = 0; i < c->n_waiting; i++) {
		const char *problem = location_problem(&c->row, c->waiting[i], rows[i], n[i]);

		if (problem)
			return fail(c->cx, EXISTS, "%s", problem);
	}
	c->n_waiting = 0;
	return OK;
}

/* Sorted by path: what lies above was met before. */
static enum status check_in_file(struct check *c, struct location_row *l)
{
	size_t n;
	struct location_row **rows = location_rows(&c->row, l, &n);

	if (!text_same(l->type, "TABLE") || !l->asset_id || *l->path != '/' || n >= MAX_DEPTH ||
	    text_ends(l->path, "/") || strstr(l->path, "//"))
		return fail(&c->row, INVALID, "no location of a table");
	for (size_t i = 0; i < n; i++)
		if (seen_has(c->tables,
			     cx_printf(&c->row, "%s %s", rows[i]->storage, rows[i]->path)))
			return fail(&c->row, INVALID, "the location %s lies in another table's",
				    l->path);
	seen_add(c->tables, cx_printf(&c->row, "%s %s", l->storage, l->path));
	return OK;
}

static enum status check_location(struct check *c, struct location_row *l)
{
	enum status s = check_in_file(c, l);

	if (!s)
		c->waiting[c->n_waiting++] = l;
	return s;
}

/* --- references and names ------------------------------------------------------------------ */

static enum status check_catalog(struct check *c, const struct catalog *row)
{
	enum status s = catalog_name_check(&c->row, row->name);

	if (s)
		return s;
	if (!row->id || !text_is_uuid(row->id))
		return fail(&c->row, INVALID, "its id is no UUID");
	if (row->warehouse_name && *row->warehouse_name &&
	    !seen_has(c->warehouses, row->warehouse_name))
		return fail(&c->row, INVALID, "its warehouse \"%s\" is not in the file",
			    row->warehouse_name);
	seen_add(c->catalogs, row->id);
	return OK;
}

/* What is kept outside of tenants must not be another one's already.  (The server's own rows
 * join those that are there.) */
static enum status check_outside(struct check *c, const struct row *row)
{
	struct row *there = cx_alloc(&c->row, row->kind->size);
	enum status s;

	if (!*dump_tenant(row))
		return OK;
	there->kind = row->kind;
	rows_copy(there, row, row->kind->n_keys);
	s = store_get_all(&c->row, c->st, &there, 1);
	return !s && there->version
		       ? fail(&c->row, EXISTS, "the same %s is there already", row->kind->name)
		       : s;
}

static enum status check_api_key(struct check *c, const struct api_key *k)
{
	if (!seen_has(c->service_users, k->service_user_id ? k->service_user_id : ""))
		return fail(&c->row, INVALID, "the API key of a service user not in the file");
	return OK;
}

static enum status check_references(struct check *c, struct row *row)
{
	const struct kind *k = row->kind;
	enum status s = OK;

	if (k->n_keys > 1 && strcmp(k->columns[1].name, "catalog_id") == 0 &&
	    !seen_has(c->catalogs, model_text(row, &k->columns[1])))
		return fail(&c->row, INVALID, "a %s of a catalog that is not in the file", k->name);
	if (dump_asset(row) && !seen_has(c->assets, dump_asset(row)))
		return fail(&c->row, INVALID, "a %s of an asset that is not in the file", k->name);
	if (k == &kind_catalog)
		return check_catalog(c, (struct catalog *)row);
	if (k == &kind_warehouse)
		seen_add(c->warehouses, ((struct warehouse *)row)->name);
	else if (k == &kind_service_user)
		seen_add(c->service_users, ((struct service_user *)row)->id);
	else if (k == &kind_asset && ((struct asset *)row)->asset_id)
		seen_add(c->assets, ((struct asset *)row)->asset_id);
	else if (k == &kind_location_row)
		return check_location(c, (struct location_row *)row);
	else if (k == &kind_api_key)
		s = check_api_key(c, (struct api_key *)row);
	return s || !(k->flags & GLOBAL) || k == &kind_tenant ? s : check_outside(c, row);
}

static enum status check_secrets(struct check *c, const struct row *row)
{
	struct seal *seal = c->o->key_file ? c->o->key_file : c->st->seal;
	enum status s = OK;

	for (size_t i = 0; !s && i < row->kind->n_columns; i++) {
		const struct column *column = &row->kind->columns[i];
		const char *sealed = column->flags & SECRET ? model_text(row, column) : NULL;
		char *plain;

		if (!sealed)
			continue;
		if (!seal || !c->st->seal)
			return fail(&c->row, INVALID,
				    "it holds secrets, and there is no storage key to open them: "
				    "put the storage.key of the store it is from into "
				    "PANGOLIN_KEYS_DIR");
		s = seal_open_text(&c->row, seal, store_secret_place(&c->row, row, column), sealed,
				   &plain);
	}
	return s == INTERNAL ? fail(&c->row, INVALID, "%s", cx_strdup(&c->row, c->row.message)) : s;
}

/* --- tenants --------------------------------------------------------------------------------- */

static enum status has_rows(struct cx *cx, struct store *st, const char *tenant_id, bool *yes)
{
	const struct kind *k;
	enum status s = OK;

	*yes = false;
	for (size_t i = 1; !s && !*yes && (k = dump_kind(i)); i++) {
		struct row *from = cx_alloc(cx, k->size);
		struct query q = { .from = from, .bound = 1, .limit = 1 };
		struct rows rows = { 0 };

		if (k->flags & GLOBAL)
			continue;
		from->kind = k;
		model_set_text(from, &k->columns[0], tenant_id);
		s = store_list(cx, st, &q, &rows);
		*yes = rows.n > 0;
	}
	return s;
}

enum status restore_is_there(struct cx *cx, struct store *st, const char *tenant_id, bool *yes)
{
	struct tenant t;
	enum status s = tenant_find(cx, st, tenant_id, &t);

	*yes = s == OK;
	if (s == NOT_FOUND)
		return OK;
	if (!s && strcmp(tenant_id, NIL_UUID) == 0)
		s = has_rows(cx, st, tenant_id, yes);
	return s;
}

static enum status begin_tenant(struct check *c, const char *tenant_id)
{
	bool there = false;
	enum status s = restore_clean(&c->row, c->st, tenant_id);

	if (!s)
		s = restore_is_there(&c->row, c->st, tenant_id, &there);

	seen_clear(c->warehouses);
	seen_clear(c->catalogs);
	seen_clear(c->service_users);
	seen_clear(c->assets);
	c->skipping = !s && there;
	if (s || !there || c->o->skip_existing)
		return s;
	return fail(&c->row, EXISTS, "tenant %s is there already", tenant_id);
}

/* --- all ---------------------------------------------------------------------------------------- */

static enum status check_row(struct check *c, struct row *row)
{
	enum status s = OK;

	if (row->kind == &kind_tenant)
		s = begin_tenant(c, dump_tenant(row));
	if (!s && !c->skipping)
		s = check_references(c, row);
	if (!s && !c->skipping)
		s = check_secrets(c, row);
	return wrong(c, s);
}

/* Now and then: what waits is looked up, and the rows' memory goes. */
static enum status settle(struct check *c)
{
	const struct dump_watch *w = &c->o->watch;
	enum status s = check_waiting(c);

	if (!s && w->tick && !w->tick(w->arg, dump_bytes(c->reader)))
		s = fail(c->cx, UNAVAILABLE, "stopped before it was done: nothing was written");
	cx_reset(&c->row);
	c->row.deadline_ms = cx_monotonic_ms() + ROW_TIMEOUT_MS;
	c->n_rows = 0;
	c->settled = dump_bytes(c->reader);
	return s;
}

static bool is_much(struct check *c)
{
	return ++c->n_rows == ROWS_AT_ONCE || c->n_waiting == LOCATIONS_AT_ONCE ||
	       dump_bytes(c->reader) - c->settled > BYTES_AT_ONCE;
}

static enum status check_rows(struct check *c)
{
	struct row *row;
	enum status s = settle(c);

	while (!s) {
		s = dump_next(&c->row, c->reader, &row);
		if (s)
			return fail(c->cx, s, "%s", c->row.message);
		if (!row)
			return settle(c);
		s = check_row(c, row);
		if (!s && is_much(c))
			s = settle(c);
	}
	return s;
}

static struct seen **sets(struct check *c, size_t i)
{
	struct seen **const all[] = { &c->warehouses, &c->catalogs, &c->service_users, &c->assets,
				      &c->tables };

	return i < ARRAY_SIZE(all) ? all[i] : NULL;
}

enum status restore_check(struct cx *cx, struct store *st, FILE *f, const struct restore_options *o,
			  struct dump_totals *totals)
{
	struct check c = { .cx = cx, .st = st, .o = o };
	enum status s = dump_open(cx, f, &c.reader);

	if (s)
		return s;
	if (dump_header(c.reader)->key_file && !o->key_file)
		return fail(cx, INVALID,
			    "its secrets are sealed with a key of its own: --key-file names it");
	for (size_t i = 0; sets(&c, i); i++)
		*sets(&c, i) = seen_open(cx);
	s = check_rows(&c);
	*totals = *dump_read(c.reader);
	cx_free(&c.row);
	return s;
}
