/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - /v1/config: which catalog a client means, and what this server can do. */
#include "fcgi/namespaces/namespaces.h"

#include "common/text.h"
#include "stores/catalogs.h"

#define MAX_CATALOGS 1000

/* --- endpoints ------------------------------------------------------------------ */

/* What the {} behind a segment is called in the OpenAPI document. */
static const char *parameter(const char *segment, size_t n)
{
	static const char *const names[][2] = {
		{ "v1", "{prefix}" },  { "namespaces", "{namespace}" }, { "tables", "{table}" },
		{ "views", "{view}" }, { "functions", "{function}" },	{ "plan", "{plan-id}" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i][0]) == n && memcmp(names[i][0], segment, n) == 0)
			return names[i][1];
	return "{}";
}

/* "GET /v1/{prefix}/namespaces/{namespace}", or NULL: not a route of a catalog. */
static const char *endpoint(struct cx *cx, const struct route *r)
{
	struct text t = text_open(cx, 512);
	const char *before = "", *c = r->pattern;
	size_t before_n = 0;

	if (!text_starts(c, "/v1/{}/") || text_starts(c, "/v1/{}/config") ||
	    text_starts(c, "/v1/{}/oauth") || text_ends(c, "/presign")) /* ours alone */
		return NULL;
	text_addf(&t, "%s ", r->method);
	while (*c == '/') {
		size_t n = strcspn(c + 1, "/");

		text_addc(&t, '/');
		if (n == 2 && memcmp(c + 1, "{}", 2) == 0)
			text_add(&t, parameter(before, before_n));
		else
			text_addn(&t, c + 1, n);
		before = c + 1;
		before_n = n;
		c += n + 1;
	}
	return t.s;
}

static struct json_object *endpoints(struct cx *cx)
{
	const struct route_table *const tables[] = { &namespaces_routes, &tables_routes,
						     &credentials_routes };
	struct json_object *list = json_new_array(cx);

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (size_t i = 0; i < tables[t]->n; i++) {
			const char *e = endpoint(cx, &tables[t]->routes[i]);

			if (e)
				json_add_text(list, e);
		}
	return list;
}

/* --- which catalog -------------------------------------------------------------- */

static bool may_see(struct request *rq, const struct catalog *c)
{
	struct object o = { .kind = ON_CATALOG,
			    .tenant_id = c->tenant_id,
			    .catalog_id = c->id,
			    .catalog = c->name };

	return access_check(rq->cx, rq->who, MAY_LIST, &o) == OK;
}

/* The one catalog with that warehouse that the caller may see; none where there
 * are several.  warehouse NULL: the one catalog, or the one called "default". */
static enum status guess(struct request *rq, const char *warehouse, const char **out)
{
	struct catalog *c;
	size_t n, found = 0;
	bool more;
	enum status s =
		catalog_list(rq->cx, rq->rs->store, rq->tenant_id, MAX_CATALOGS, &c, &n, &more);

	*out = NULL;
	for (size_t i = 0; !s && i < n; i++) {
		if ((warehouse && !text_same(c[i].warehouse_name, warehouse)) ||
		    !may_see(rq, &c[i]))
			continue;
		if (!warehouse && strcmp(c[i].name, "default") == 0) {
			*out = c[i].name;
			return OK;
		}
		found++;
		*out = c[i].name;
	}
	if (found != 1 || more)
		*out = NULL;
	return s;
}

/* `warehouse` is what clients call the catalog they mean. */
static enum status named(struct request *rq, const char *warehouse, const char **out)
{
	struct catalog c;
	enum status s = catalog_find(rq->cx, rq->rs->store, rq->tenant_id, warehouse, &c);

	if (!s && may_see(rq, &c)) {
		*out = c.name;
		return OK;
	}
	if (s && s != NOT_FOUND)
		return s;
	s = guess(rq, warehouse, out);
	if (s || *out)
		return s;
	rq->error_type = "NoSuchWarehouseException";
	return fail(rq->cx, NOT_FOUND, "Warehouse does not exist: %s", warehouse);
}

/* --- answers ---------------------------------------------------------------------- */

/* A prefix stands in a path as it is. */
static const char *as_segment(struct cx *cx, const char *name)
{
	struct text t = text_open(cx, 3 * strlen(name) + 1);

	text_add_percent(&t, name, strlen(name), false);
	return t.s;
}

/* ISO 8601: "PT30M", "PT90S". */
static const char *duration(struct cx *cx, int64_t seconds)
{
	bool minutes = seconds % 60 == 0;

	return cx_printf(cx, "PT%lld%c", (long long)(minutes ? seconds / 60 : seconds),
			 minutes ? 'M' : 'S');
}

/* `prefix` goes where it wins over the client's own setting, or where it does not;
 * NULL = none. */
static enum status answer_config(struct request *rq, const char *prefix, bool wins)
{
	struct json_object *o = json_new_object(rq->cx), *defaults = json_new_object(rq->cx),
			   *overrides = json_new_object(rq->cx);

	if (prefix)
		json_set_text(wins ? overrides : defaults, "prefix", as_segment(rq->cx, prefix));
	json_set(o, "defaults", defaults);
	json_set(o, "overrides", overrides);
	json_set(o, "endpoints", endpoints(rq->cx));
	json_set_text(o, "idempotency-key-lifetime",
		      duration(rq->cx, rq->rs->config->idempotency_ttl_s));
	return answer_json(rq, 200, o);
}

enum status get_config(struct request *rq)
{
	const char *warehouse = NULL, *name = NULL;
	bool wins = false;
	enum status s = request_query(rq, "warehouse", &warehouse);

	if (s)
		return s;
	if (warehouse && *warehouse) {
		wins = true;
		s = named(rq, warehouse, &name);
	} else {
		s = guess(rq, NULL, &name);
	}
	return s ? s : answer_config(rq, name, wins);
}

/* Behind <host>/v1/<catalog> the base address says which catalog: a prefix would
 * name it twice. */
enum status get_prefix_config(struct request *rq)
{
	return answer_config(rq, rq->prefix_hint ? NULL : rq->resolved->catalog->name, true);
}
