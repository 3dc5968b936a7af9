/* SPDX-License-Identifier: Apache-2.0 */
/* validate.c - /api/v1/validate/names: could something new be called so? */
#include "fcgi/admin/admin.h"
#include "stores/catalogs.h"

#define MAX_NAMES 100

struct candidate {
	const char *name;
	const char *reason; /* why not; NULL = it could */
	struct row *row;    /* of that name; NULL where it can't be one */
};

static struct row *row_named(struct request *rq, bool catalog, const char *name)
{
	struct catalog *c;
	struct warehouse *w;

	if (catalog) {
		c = CX_NEW(rq->cx, struct catalog);
		*c = (struct catalog){ .row = ROW(catalog),
				       .tenant_id = rq->tenant_id,
				       .name = name };
		return &c->row;
	}
	w = CX_NEW(rq->cx, struct warehouse);
	*w = (struct warehouse){ .row = ROW(warehouse), .tenant_id = rq->tenant_id, .name = name };
	return &w->row;
}

/* What the name alone says. */
static void judge_name(struct request *rq, const char *type, struct candidate *c)
{
	bool catalog = strcmp(type, "catalog") == 0;
	enum status s;

	if (!catalog && strcmp(type, "warehouse") != 0) {
		c->reason = "Unsupported resource type";
		return;
	}
	s = admin_check_name(rq->cx, type, c->name);
	if (!s && catalog)
		s = catalog_name_check(rq->cx, c->name);
	if (s)
		c->reason = cx_strdup(rq->cx, rq->cx->message);
	else
		c->row = row_named(rq, catalog, c->name);
}

static enum status read_candidates(struct request *rq, struct candidate *c, size_t *n)
{
	struct json_object *names;
	const char *type;
	enum status s = json_get_text(rq->cx, rq->json, "", "resource_type", &type);

	if (!s)
		s = json_get_array(rq->cx, rq->json, "", "names", &names);
	if (s)
		return s;
	*n = json_object_array_length(names);
	if (*n > MAX_NAMES)
		return fail(rq->cx, INVALID, "names: more than %d", MAX_NAMES);
	for (size_t i = 0; i < *n; i++) {
		struct json_object *name = json_object_array_get_idx(names, i);

		if (!json_object_is_type(name, json_type_string))
			return fail(rq->cx, INVALID, "names[%zu]: not a string", i);
		c[i].name = json_object_get_string(name);
		if (strlen(c[i].name) != (size_t)json_object_get_string_len(name))
			return fail(rq->cx, INVALID, "names[%zu]: holds a NUL", i);
		judge_name(rq, type, &c[i]);
	}
	return OK;
}

/* All rows in one round trip. */
static enum status look_up(struct request *rq, struct candidate *c, size_t n)
{
	struct row *rows[MAX_NAMES];
	size_t n_rows = 0;

	for (size_t i = 0; i < n; i++)
		if (c[i].row)
			rows[n_rows++] = c[i].row;
	return store_get_all(rq->cx, rq->rs->store, rows, n_rows);
}

enum status validate_names(struct request *rq)
{
	struct json_object *o = json_new_object(rq->cx), *results = json_new_array(rq->cx);
	struct candidate c[MAX_NAMES] = { 0 };
	size_t n = 0;
	enum status s = request_json(rq, false);

	if (!s)
		s = read_candidates(rq, c, &n);
	if (!s)
		s = look_up(rq, c, n);
	for (size_t i = 0; !s && i < n; i++) {
		struct json_object *result = json_new_object(rq->cx);

		if (c[i].row && c[i].row->version)
			c[i].reason = "the name is taken";
		json_set_text(result, "name", c[i].name);
		json_set_bool(result, "available", !c[i].reason);
		json_set_text(result, "reason", c[i].reason);
		json_add(results, result);
	}
	json_set(o, "results", results);
	return s ? s : answer_json(rq, 200, o);
}
