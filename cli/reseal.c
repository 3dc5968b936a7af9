/* SPDX-License-Identifier: Apache-2.0 */
/* reseal.c - pangolin keys reseal: every secret of the store under the newest storage key. */
#include "cli/cli.h"
#include "stores/audit.h"
#include "stores/tenants.h"

#define PAGE 200
#define TRIES 8

/* One list: each row is written as it was read, which seals it anew. */
static enum status write_page(struct cli *c, const char *tenant_id, const struct rows *page,
			      size_t size)
{
	struct change *list = cx_array(c->cx, page->n + 2, sizeof(*list));
	struct audit *a = audit_new(c->cx, NULL, tenant_id, "reseal_secrets", "tenant", NULL, "");

	for (size_t i = 0; i < page->n; i++)
		list[i] = (struct change){ UPDATE, (struct row *)((char *)page->items + i * size) };
	list[page->n] = epoch_touch(c->cx, tenant_id);
	list[page->n + 1] = (struct change){ INSERT, &a->row };
	return store_apply(c->cx, c->store, list, page->n + 2, NULL);
}

/* The next page; who changes a row meanwhile makes us read it again. */
static enum status reseal_page(struct cli *c, const char *tenant_id, struct query *q,
			       struct rows *page)
{
	enum status s = CONFLICT;

	for (int i = 0; i < TRIES && s == CONFLICT; i++) {
		s = store_list(c->cx, c->store, q, page);
		if (!s && page->n)
			s = write_page(c, tenant_id, page, q->from->kind->size);
	}
	return s;
}

static enum status reseal_kind(struct cli *c, const struct kind *k, const char *tenant_id,
			       size_t *count)
{
	struct row *from = cx_alloc(c->cx, k->size);
	struct query q = { .from = from, .bound = !(k->flags & GLOBAL), .limit = PAGE };
	struct rows page;
	enum status s;

	from->kind = k;
	if (q.bound)
		model_set_text(from, &k->columns[0], tenant_id);
	do {
		s = reseal_page(c, tenant_id, &q, &page);
		if (s)
			return s;
		*count += page.n;
		if (page.n)
			q.after = (struct row *)((char *)page.items + (page.n - 1) * k->size);
	} while (page.n == PAGE);
	return OK;
}

/* A tenant's rows; of the server ("") also those of no tenant. */
static enum status reseal_tenant(struct cli *c, const char *tenant_id, size_t *count)
{
	enum status s = OK;

	for (size_t i = 0; !s && model_kinds[i]; i++) {
		const struct kind *k = model_kinds[i];

		if (model_has(k, SECRET) && (!(k->flags & GLOBAL) || !*tenant_id))
			s = reseal_kind(c, k, tenant_id, count);
	}
	return s;
}

enum status run_keys_reseal(struct cli *c)
{
	struct tenant from = { .row = ROW(tenant) };
	struct query q = { .from = &from.row, .limit = PAGE };
	struct rows page = { 0 };
	size_t count = 0;
	enum status s = cli_store(c, false);

	if (!s && !c->store->seal)
		s = fail(c->cx, INVALID, "there is no storage key in PANGOLIN_KEYS_DIR");
	if (!s)
		s = reseal_tenant(c, "", &count);
	do {
		const struct tenant *t;

		if (!s)
			s = store_list(c->cx, c->store, &q, &page);
		t = page.items;
		for (size_t i = 0; !s && i < page.n; i++, t++) {
			s = reseal_tenant(c, t->tenant_id, &count);
			q.after = &t->row;
		}
	} while (!s && page.n == PAGE);
	if (!s)
		cli_note(c, "%zu rows are sealed with the newest key; the keys before it can go",
			 count);
	return s;
}
