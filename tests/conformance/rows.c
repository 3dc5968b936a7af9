/* SPDX-License-Identifier: Apache-2.0 */
/* rows.c - rows of every kind to test with. */
#include "tests/conformance/conformance.h"

struct asset t_asset(struct t *t, const char *namespace, const char *name)
{
	return (struct asset){ .row = ROW(asset),
			       .tenant_id = t->tenant,
			       .catalog_id = t->catalog,
			       .branch_id = "main-id",
			       .namespace = namespace,
			       .name = name,
			       .until = LIVING,
			       .asset_id = "asset-id",
			       .type = "ICEBERG_TABLE" };
}

struct branch t_branch(struct t *t, const char *name)
{
	return (struct branch){ .row = ROW(branch),
				.tenant_id = t->tenant,
				.catalog_id = t->catalog,
				.name = name,
				.id = "branch-id" };
}

struct catalog t_catalog(struct t *t, const char *name)
{
	return (struct catalog){
		.row = ROW(catalog), .tenant_id = t->tenant, .name = name, .id = "catalog-id"
	};
}

static const char *fill_text(struct t *t, const struct column *c, int64_t seed)
{
	if (c->flags & KEY || seed % 3)
		return c->type == JSON
			       ? cx_printf(&t->cx, "{\"%s\":%lld}", c->name, (long long)seed)
			       : cx_printf(&t->cx, "%s/%lld/\xc3\xa9\xe2\x82\xac", c->name,
					   (long long)seed);
	return seed % 2 ? "" : NULL; /* which are not the same */
}

static int64_t fill_int(const struct column *c, int64_t seed)
{
	static const int64_t values[] = {
		0, 1, -1, INT64_MAX, INT64_MIN, 1795503789123, 4294967296
	};

	if (c->type == BOOL)
		return seed & 1;
	return values[(size_t)(seed + (int64_t)c->offset) % ARRAY_SIZE(values)];
}

struct row *t_fill(struct t *t, const struct kind *k, const char *tenant, int64_t seed)
{
	struct row *row = cx_alloc(&t->cx, k->size);

	row->kind = k;
	for (size_t i = 0; i < k->n_columns; i++) {
		const struct column *c = &k->columns[i];

		if (!model_is_text(c))
			model_set_int(row, c, fill_int(c, seed + (int64_t)i));
		else if (i == 0 && !(k->flags & GLOBAL))
			model_set_text(row, c, tenant);
		else if (c->flags & KEY && k->flags & GLOBAL) /* no other case's rows */
			model_set_text(
				row, c,
				cx_printf(&t->cx, "%s/%s/%lld", tenant, c->name, (long long)seed));
		else
			model_set_text(row, c, fill_text(t, c, seed + (int64_t)i));
	}
	return row;
}

bool t_same(const struct row *a, const struct row *b)
{
	for (size_t i = 0; i < a->kind->n_columns; i++) {
		const struct column *c = &a->kind->columns[i];

		if (model_is_text(c) ? !text_same(model_text(a, c), model_text(b, c))
				     : model_int(a, c) != model_int(b, c))
			return false;
	}
	return a->kind == b->kind;
}

struct row *t_key_of(struct t *t, const struct row *row)
{
	const struct kind *k = row->kind;
	struct row *key = cx_alloc(&t->cx, k->size);

	key->kind = k;
	for (size_t i = 0; i < k->n_keys; i++) {
		const struct column *c = &k->columns[i];

		if (model_is_text(c))
			model_set_text(key, c, model_text(row, c));
		else
			model_set_int(key, c, model_int(row, c));
	}
	return key;
}

size_t t_count(struct t *t, const struct row *from, size_t bound)
{
	struct query q = { .from = from, .bound = bound, .limit = 997 };
	struct rows rows;
	size_t n = 0;

	do {
		WANT(t, OK, store_list(&t->cx, t->st, &q, &rows));
		n += rows.n;
		if (rows.n)
			q.after = (struct row *)((char *)rows.items +
						 (rows.n - 1) * from->kind->size);
	} while (rows.n == q.limit);
	return n;
}
