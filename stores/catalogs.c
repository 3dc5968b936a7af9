/* SPDX-License-Identifier: Apache-2.0 */
/* catalogs.c - catalogs as lists of changes. */
#include "stores/catalogs.h"

#include "common/json.h"
#include "common/text.h"
#include "stores/audit.h"
#include "stores/tenants.h"
#include "stores/warehouses.h"

enum status catalog_name_check(struct cx *cx, const char *name)
{
	static const char *const words[] = {
		"v1",	  "config", "oauth",	    "namespaces", ".",
		"tables", "views",  "transactions", "..",	  "api"
	};

	if (!name || !*name)
		return fail(cx, INVALID, "a catalog needs a name");
	if (strlen(name) > 255)
		return fail(cx, INVALID, "a catalog name is longer than 255 bytes");
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f || strchr("/@%?#\\", *c))
			return fail(cx, INVALID,
				    "a catalog name cannot hold / @ %% ? # \\ or control bytes");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(name, words[i]) == 0)
			return fail(cx, INVALID, "a catalog cannot be called \"%s\"", name);
	return OK;
}

bool catalog_is_federated(const struct catalog *c)
{
	return text_same(c->catalog_type, "Federated");
}

static struct change record(struct cx *cx, const struct audit *by, const char *action,
			    const struct catalog *c)
{
	struct audit *a = audit_new(cx, by, c->tenant_id, action, "catalog", c->id, c->name);

	return (struct change){ INSERT, &a->row };
}

static bool has_warehouse(const struct catalog *c)
{
	return c->warehouse_name && *c->warehouse_name;
}

static struct change main_branch(struct cx *cx, const struct catalog *c)
{
	struct branch *b = CX_NEW(cx, struct branch);

	*b = (struct branch){ .row = ROW(branch),
			      .tenant_id = c->tenant_id,
			      .catalog_id = c->id,
			      .name = "main",
			      .id = text_uuid7(cx),
			      .chain = "[]",
			      .branch_type = "ingest",
			      .created_ms = c->created_ms };
	return (struct change){ INSERT, &b->row };
}

enum status catalog_create(struct cx *cx, struct store *st, struct catalog *c,
			   const struct audit *by)
{
	struct change list[5];
	size_t n = 0, failed = 0;
	enum status s;

	c->row = (struct row)ROW(catalog);
	c->id = text_uuid7(cx);
	c->created_ms = cx_now_ms();
	if (!c->catalog_type)
		c->catalog_type = "Local";
	list[n++] = (struct change){ INSERT, &c->row };
	list[n++] = tenant_touch(cx, c->tenant_id);
	list[n++] = main_branch(cx, c);
	list[n++] = record(cx, by, "create_catalog", c);
	if (has_warehouse(c))
		list[n++] = warehouse_touch(cx, c->tenant_id, c->warehouse_name);
	s = store_apply(cx, st, list, n, &failed);
	if (s == EXISTS && failed == 0)
		return fail(cx, s, "a catalog \"%s\" exists already", c->name);
	if (s == CONFLICT && failed == 4)
		return fail(cx, NOT_FOUND, "no warehouse \"%s\"", c->warehouse_name);
	return s == CONFLICT ? fail(cx, NOT_FOUND, "no tenant \"%s\"", c->tenant_id) : s;
}

enum status catalog_find(struct cx *cx, struct store *st, const char *tenant_id, const char *name,
			 struct catalog *out)
{
	*out = (struct catalog){ .row = ROW(catalog), .tenant_id = tenant_id, .name = name };
	return store_get(cx, st, &out->row);
}

enum status catalog_find_id(struct cx *cx, struct store *st, const char *tenant_id, const char *id,
			    struct catalog *out)
{
	struct catalog from = { .row = ROW(catalog), .tenant_id = tenant_id, .id = id };
	struct query q = { .from = &from.row, .bound = 1, .where = { "id" }, .limit = 1 };
	struct rows rows;
	enum status s = store_list(cx, st, &q, &rows);

	*out = from;
	if (s)
		return s;
	if (!rows.n)
		return fail(cx, NOT_FOUND, "no catalog with the id %s", id);
	*out = *(struct catalog *)rows.items;
	return OK;
}

/* UPDATE, or the row moves to its new key: which of the list fails then is c's. */
static size_t write_or_move(struct cx *cx, struct catalog *c, const char *name, struct change *list)
{
	struct catalog *old;

	if (!name || strcmp(name, c->name) == 0) {
		list[0] = (struct change){ UPDATE, &c->row };
		return 1;
	}
	old = CX_NEW(cx, struct catalog);
	*old = *c;
	c->row.version = 0;
	c->name = name;
	list[0] = (struct change){ INSERT, &c->row };
	list[1] = (struct change){ DELETE, &old->row };
	return 2;
}

enum status catalog_update(struct cx *cx, struct store *st, struct catalog *c, const char *name,
			   const struct audit *by)
{
	struct change list[5];
	size_t n = write_or_move(cx, c, name, list), failed = 0;
	enum status s;

	list[n++] = epoch_touch(cx, c->tenant_id);
	list[n++] = record(cx, by, "update_catalog", c);
	if (has_warehouse(c))
		list[n++] = warehouse_touch(cx, c->tenant_id, c->warehouse_name);
	s = store_apply(cx, st, list, n, &failed);
	if (s == EXISTS && failed == 0)
		return fail(cx, s, "a catalog \"%s\" exists already", c->name);
	if (s == CONFLICT && has_warehouse(c) && failed == n - 1)
		return fail(cx, NOT_FOUND, "no warehouse \"%s\"", c->warehouse_name);
	return s == CONFLICT ? fail(cx, s, "catalog \"%s\" was changed meanwhile", c->name) : s;
}

static struct change drop_job(struct cx *cx, const struct catalog *c)
{
	struct job *j = CX_NEW(cx, struct job);
	struct json_object *payload = json_new_object(cx);

	json_set_text(payload, "catalog_id", c->id);
	*j = (struct job){ .row = ROW(job),
			   .job_id = text_uuid7(cx),
			   .tenant_id = c->tenant_id,
			   .type = "drop-catalog",
			   .payload = json_print(cx, payload, NULL),
			   .due_ms = cx_now_ms(),
			   .created_ms = cx_now_ms() };
	return (struct change){ INSERT, &j->row };
}

enum status catalog_drop(struct cx *cx, struct store *st, struct catalog *c, const struct audit *by)
{
	struct change list[] = {
		{ DELETE, &c->row },
		epoch_touch(cx, c->tenant_id),
		drop_job(cx, c),
		record(cx, by, "delete_catalog", c),
	};
	enum status s = store_apply(cx, st, list, ARRAY_SIZE(list), NULL);

	return s == CONFLICT ? fail(cx, s, "catalog \"%s\" was changed meanwhile", c->name) : s;
}

enum status catalog_list(struct cx *cx, struct store *st, const char *tenant_id, size_t max,
			 struct catalog **out, size_t *n, bool *more)
{
	struct catalog from = { .row = ROW(catalog), .tenant_id = tenant_id };
	struct query q = { .from = &from.row, .bound = 1, .limit = max + 1 };
	struct rows rows;
	enum status s = store_list(cx, st, &q, &rows);

	if (s)
		return s;
	*out = rows.items;
	*more = rows.n > max;
	*n = *more ? max : rows.n;
	return OK;
}
