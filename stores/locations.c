/* SPDX-License-Identifier: Apache-2.0 */
/* locations.c - which table owns which folder of which storage. */
#include "stores/locations.h"

#include "common/text.h"

/* "/a/b" lies in "/a" and in itself, not in "/a/bc"'s. */
static bool lies_in(const char *inner, const char *outer)
{
	size_t n = strlen(outer);

	return strncmp(inner, outer, n) == 0 && (inner[n] == '/' || inner[n] == '\0');
}

enum status claim_path(struct cx *cx, struct claim *c, const char *path)
{
	size_t depth = 0, kept = 0;

	for (const char *s = path; *s; s++)
		depth += *s == '/';
	if (depth == 0 || depth > MAX_CLAIM_DEPTH)
		return fail(cx, INVALID, "a location has 1 to %d folders", MAX_CLAIM_DEPTH);
	for (size_t i = 0; i < c->n; i++)
		if (lies_in(path, c->paths[i]))
			return OK;
	for (size_t i = 0; i < c->n; i++)
		if (!lies_in(c->paths[i], path))
			c->paths[kept++] = c->paths[i];
	if (kept == MAX_CLAIM_PATHS)
		return fail(cx, INVALID, "a table has at most %d folders of its own",
			    MAX_CLAIM_PATHS);
	c->paths[kept++] = path;
	c->n = kept;
	return OK;
}

static struct location_row *row_at(const struct claim *c, const char *path, size_t n)
{
	for (size_t i = 0; i < c->n_rows; i++)
		if (strncmp(c->rows[i].path, path, n) == 0 && c->rows[i].path[n] == '\0')
			return &c->rows[i];
	return NULL;
}

/* The end of the folder that ends at or behind `from`: "/a/b" gives 2, then 4, then 0. */
static size_t next_folder(const char *path, size_t from)
{
	const char *slash;

	if (path[from] == '\0')
		return 0;
	slash = strchr(path + from + 1, '/');
	return slash ? (size_t)(slash - path) : strlen(path);
}

struct row **claim_rows(struct cx *cx, struct claim *c, size_t *n)
{
	struct row **rows;
	size_t max = 0;

	for (size_t i = 0; i < c->n; i++)
		for (const char *p = c->paths[i]; *p; p++)
			max += *p == '/';
	rows = cx_array(cx, max, sizeof(*rows));
	c->rows = cx_array(cx, max, sizeof(*c->rows));
	c->n_rows = 0;
	for (size_t i = 0; i < c->n; i++) {
		const char *path = c->paths[i];

		for (size_t end = next_folder(path, 0); end; end = next_folder(path, end)) {
			struct location_row *r = &c->rows[c->n_rows];

			if (row_at(c, path, end))
				continue;
			*r = (struct location_row){ .row = ROW(location_row),
						    .storage = c->storage,
						    .path = cx_strndup(cx, path, end) };
			rows[c->n_rows++] = &r->row;
		}
	}
	*n = c->n_rows;
	return rows;
}

bool claim_is_staged(const struct location_row *r)
{
	return r->row.version && text_same(r->type, "STAGED");
}

/* Or of a staged create: nobody else's in either case. */
static bool is_table(const struct location_row *r)
{
	return r->row.version && (text_same(r->type, "TABLE") || claim_is_staged(r));
}

enum status claim_check(struct cx *cx, const struct claim *c, const char *asset_id)
{
	for (size_t i = 0; i < c->n; i++) {
		const char *path = c->paths[i];
		const struct location_row *own = row_at(c, path, strlen(path));
		bool covered = false;

		for (size_t end = next_folder(path, 0); end; end = next_folder(path, end)) {
			const struct location_row *r = row_at(c, path, end);

			if (!is_table(r))
				continue;
			if (!text_same(r->asset_id, asset_id))
				return fail(cx, INVALID,
					    "the location %s overlaps that of another table", path);
			covered = true;
		}
		if (!covered && own->row.version)
			return fail(cx, INVALID, "the location %s overlaps that of another table",
				    path);
	}
	return OK;
}

const char *claim_owner(const struct claim *c)
{
	const struct location_row *r = c->n ? row_at(c, c->paths[0], strlen(c->paths[0])) : NULL;

	return r && is_table(r) ? r->asset_id : NULL;
}

/* True where a folder of the path is the asset's already. */
static bool is_covered(const struct claim *c, const char *path)
{
	for (size_t end = next_folder(path, 0); end; end = next_folder(path, end))
		if (is_table(row_at(c, path, end)))
			return true;
	return false;
}

/* The row of another claim of this list at the same place, or NULL. */
static const struct location_row *in_list(const struct edit *e, const struct location_row *r)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct row *other = e->changes[i].row;

		if (other->kind == r->row.kind && !model_compare(other, &r->row))
			return (const struct location_row *)other;
	}
	return NULL;
}

/* One missing row.  A folder above several claims is INSERTed once. */
static enum status add_row(struct edit *e, struct location_row *r, const char *owner, bool staged)
{
	const struct location_row *other = in_list(e, r);

	r->type = !owner ? "DIR" : staged ? "STAGED" : "TABLE";
	r->tenant_id = owner && !staged ? e->catalog->tenant_id : NULL;
	r->asset_id = owner;
	if (!other)
		edit_add(e, INSERT, &r->row, PART_LOCATION);
	else if (owner || other->asset_id)
		return fail(e->cx, INVALID, "the location %s overlaps that of another table",
			    r->path);
	return OK;
}

static void settle_staged(struct edit *e, struct claim *c, const char *asset_id)
{
	for (size_t i = 0; i < c->n_rows && !c->staged; i++) {
		struct location_row *r = &c->rows[i];

		if (!claim_is_staged(r) || !text_same(r->asset_id, asset_id))
			continue;
		r->type = "TABLE";
		r->tenant_id = e->catalog->tenant_id;
		edit_add(e, UPDATE, &r->row, PART_LOCATION);
	}
}

enum status claim_add(struct edit *e, struct claim *c, const char *asset_id)
{
	settle_staged(e, c, asset_id);
	for (size_t i = 0; i < c->n; i++) {
		const char *path = c->paths[i];

		if (is_covered(c, path))
			continue;
		for (size_t end = next_folder(path, 0); end; end = next_folder(path, end)) {
			struct location_row *r = row_at(c, path, end);
			enum status s;

			if (r->row.version || r->type) /* there, or added for another path */
				continue;
			s = add_row(e, r, path[end] ? NULL : asset_id, c->staged);
			if (s)
				return s;
		}
	}
	return OK;
}

bool claim_is_covered(const struct claim *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (!is_covered(c, c->paths[i]))
			return false;
	return true;
}

enum status claim_again(struct edit *e, struct store *st, struct claim *c, const char *asset_id)
{
	size_t n;
	struct row **rows = claim_rows(e->cx, c, &n);
	enum status s = n ? store_get_all(e->cx, st, rows, n) : OK;

	if (!s)
		s = claim_check(e->cx, c, asset_id);
	for (size_t i = 0; !s && i < c->n_rows; i++)
		if (is_table(&c->rows[i])) /* who frees it reads the asset's rows again */
			edit_add(e, TOUCH, &c->rows[i].row, PART_LOCATION);
	return s ? s : claim_add(e, c, asset_id);
}

enum status locations_free(struct edit *e, struct store *st, const char *asset_id)
{
	struct location_row from = { .row = ROW(location_row), .asset_id = asset_id };
	struct query q = { .from = &from.row, .where = { "asset_id" }, .limit = 100 };
	struct rows rows;
	struct location_row *r;
	enum status s = store_list(e->cx, st, &q, &rows);

	if (s)
		return s;
	r = rows.items;
	for (size_t i = 0; i < rows.n; i++)
		if (is_table(&r[i]))
			edit_add(e, DELETE, &r[i].row, PART_LOCATION);
	return OK;
}
