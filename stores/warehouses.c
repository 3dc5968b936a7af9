/* SPDX-License-Identifier: Apache-2.0 */
/* warehouses.c - warehouses as lists of changes. */
#include "stores/warehouses.h"

#include "common/text.h"
#include "stores/audit.h"
#include "stores/tenants.h"

#define PAGE 1000

struct change warehouse_touch(struct cx *cx, const char *tenant_id, const char *name)
{
	struct warehouse *w = CX_NEW(cx, struct warehouse);

	*w = (struct warehouse){ .row = ROW(warehouse), .tenant_id = tenant_id, .name = name };
	return (struct change){ TOUCH, &w->row };
}

static struct change record(struct cx *cx, const struct audit *by, const char *action,
			    const struct warehouse *w)
{
	struct audit *a = audit_new(cx, by, w->tenant_id, action, "warehouse", w->id, w->name);

	return (struct change){ INSERT, &a->row };
}

enum status warehouse_create(struct cx *cx, struct store *st, struct warehouse *w,
			     const struct audit *by)
{
	size_t failed = 0;
	enum status s;

	w->row = (struct row)ROW(warehouse);
	w->id = text_uuid4(cx);
	w->created_ms = cx_now_ms();
	struct change list[] = {
		{ INSERT, &w->row },
		tenant_touch(cx, w->tenant_id),
		epoch_touch(cx, w->tenant_id),
		record(cx, by, "create_warehouse", w),
	};
	s = store_apply(cx, st, list, ARRAY_SIZE(list), &failed);
	if (s == EXISTS && failed == 0)
		return fail(cx, s, "a warehouse \"%s\" exists already", w->name);
	if (s == CONFLICT)
		return fail(cx, NOT_FOUND, "no tenant \"%s\"", w->tenant_id);
	return s;
}

enum status warehouse_find(struct cx *cx, struct store *st, const char *tenant_id, const char *name,
			   struct warehouse *out)
{
	*out = (struct warehouse){ .row = ROW(warehouse), .tenant_id = tenant_id, .name = name };
	return store_get(cx, st, &out->row);
}

/* Catalogs that name a warehouse: up to max of them. */
static enum status users_of(struct cx *cx, struct store *st, const struct warehouse *w,
			    struct catalog **out, size_t max, size_t *n)
{
	struct catalog from = { .row = ROW(catalog), .tenant_id = w->tenant_id };
	struct query q = { .from = &from.row, .bound = 1, .limit = PAGE };
	struct rows page;

	*n = 0;
	do {
		enum status s = store_list(cx, st, &q, &page);
		struct catalog *c = page.items;

		if (s)
			return s;
		for (size_t i = 0; i < page.n; i++, c++) {
			if (!text_same(c->warehouse_name, w->name))
				continue;
			if (*n == max)
				return OK;
			out[(*n)++] = c;
		}
		if (page.n)
			q.after = &c[-1].row;
	} while (page.n == PAGE);
	return OK;
}

/* The row gets another key: the catalogs that name it follow in the same list.
 * Who makes a catalog name this warehouse TOUCHes it, so none is missed. */
static enum status rename_warehouse(struct cx *cx, struct store *st, struct warehouse *w,
				    const char *name, const struct audit *by)
{
	struct warehouse *old = CX_NEW(cx, struct warehouse);
	struct catalog **users = cx_array(cx, STORE_MAX_CHANGES, sizeof(struct catalog *));
	size_t n = 0, m = 0, failed = 0;
	struct change *list;
	enum status s = users_of(cx, st, w, users, STORE_MAX_CHANGES, &m);

	if (s)
		return s;
	*old = *w;
	w->row.version = 0;
	w->name = name;
	list = cx_array(cx, m + 4, sizeof(struct change));
	list[n++] = (struct change){ INSERT, &w->row };
	list[n++] = (struct change){ DELETE, &old->row };
	list[n++] = epoch_touch(cx, w->tenant_id);
	list[n++] = record(cx, by, "update_warehouse", w);
	for (size_t i = 0; i < m; i++) {
		users[i]->warehouse_name = name;
		list[n++] = (struct change){ UPDATE, &users[i]->row };
	}
	s = store_apply(cx, st, list, n, &failed);
	return s == EXISTS && failed == 0 ? fail(cx, s, "a warehouse \"%s\" exists already", name)
					  : s;
}

enum status warehouse_update(struct cx *cx, struct store *st, struct warehouse *w, const char *name,
			     const struct audit *by)
{
	struct change list[] = {
		{ UPDATE, &w->row },
		epoch_touch(cx, w->tenant_id),
		record(cx, by, "update_warehouse", w),
	};

	if (name && strcmp(name, w->name) != 0)
		return rename_warehouse(cx, st, w, name, by);
	return store_apply(cx, st, list, ARRAY_SIZE(list), NULL);
}

enum status warehouse_drop(struct cx *cx, struct store *st, const char *tenant_id, const char *name,
			   const struct audit *by)
{
	struct warehouse w;
	struct catalog *user;
	size_t n;
	enum status s = warehouse_find(cx, st, tenant_id, name, &w);

	if (!s)
		s = users_of(cx, st, &w, &user, 1, &n);
	if (s)
		return s;
	if (n)
		return fail(cx, CONFLICT, "warehouse \"%s\" is used by catalog \"%s\"", name,
			    user->name);
	struct change list[] = {
		{ DELETE, &w.row },
		epoch_touch(cx, tenant_id),
		record(cx, by, "delete_warehouse", &w),
	};
	s = store_apply(cx, st, list, ARRAY_SIZE(list), NULL);
	return s == CONFLICT ? fail(cx, s, "warehouse \"%s\" was changed meanwhile", name) : s;
}
