/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - /v1/config: which catalog a client means, and what this server can do. */
#include "fcgi/namespaces/namespaces.h"

#include "common/text.h"
#include "fcgi/tables/scope.h"
#include "stores/catalogs.h"

#define MAX_CATALOGS 1000
#define PROPERTIES_DEPTH 4

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

	if (!text_starts(c, "/v1/{}/") || r->flags & NOT_ICEBERG ||
	    text_starts(c, "/v1/{}/config") || text_starts(c, "/v1/{}/oauth") ||
	    text_ends(c, "/presign")) /* ours alone */
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

	return access_may(rq->who, MAY_LIST, &o);
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

/* The members of `from` whose names begin with `prefix`; `whole`: they keep it. */
static void add_by_prefix(struct json_object *to, struct json_object *from, const char *prefix,
			  bool whole)
{
	json_object_object_foreach(from, key, value) {
		const char *name = whole ? key : key + strlen(prefix);

		if (text_starts(key, prefix) && *name)
			json_set(to, name, value);
	}
}

/* What an administrator put into the catalog's properties for its clients. */
static void add_properties(struct cx *cx, const struct catalog_ref *ref,
			   struct json_object *defaults, struct json_object *overrides)
{
	const char *text = ref->row->properties;
	struct json_object *properties;

	if (!text || json_parse(cx, text, strlen(text), PROPERTIES_DEPTH, &properties))
		return;
	add_by_prefix(defaults, properties, "default.", false);
	add_by_prefix(defaults, properties, "table-default.", true);
	add_by_prefix(overrides, properties, "override.", false);
	add_by_prefix(overrides, properties, "table-override.", true);
}

/* How clients reach the warehouse, as each table's load says it too. */
static void add_warehouse(struct cx *cx, const struct catalog_ref *ref,
			  struct json_object *defaults)
{
	const struct scope *sc;
	struct json_object *config;

	if (scope_of(cx, ref, &sc) ||
	    json_parse(cx, sc->config, strlen(sc->config), PROPERTIES_DEPTH, &config))
		return; /* who makes a table there is told why he can't */
	add_by_prefix(defaults, config, "", true);
}

/*
 * `prefix` goes where it wins over the client's own setting, or where it does not;
 * NULL = none.  ref NULL: no catalog is meant.
 */
static enum status answer_config(struct request *rq, const struct catalog_ref *ref,
				 const char *prefix, bool wins)
{
	struct json_object *o = json_new_object(rq->cx), *defaults = json_new_object(rq->cx),
			   *overrides = json_new_object(rq->cx);

	if (ref) {
		add_warehouse(rq->cx, ref, defaults);
		add_properties(rq->cx, ref, defaults, overrides);
	}
	if (store_is_ephemeral(rq->rs->store)) /* no client knows it, and none minds */
		json_set_text(defaults, "pangolin.ephemeral", "true");
	json_set_text(overrides, "namespace-separator", "%1F");
	if (prefix)
		json_set_text(wins ? overrides : defaults, "prefix", as_segment(rq->cx, prefix));
	json_set(o, "defaults", defaults);
	json_set(o, "overrides", overrides);
	json_set(o, "endpoints", endpoints(rq->cx));
	json_set_text(o, "idempotency-key-lifetime",
		      duration(rq->cx, rq->rs->config->idempotency_ttl_s));
	return answer_json(rq, 200, o);
}

/* The catalog as it is under the epochs that this request has read. */
static enum status read_catalog(struct request *rq, const char *name,
				const struct catalog_ref **out)
{
	struct content *c = rq->rs->content;
	enum status s = content_catalog(rq->cx, c, rq->rs->store, rq->tenant_id, name, NULL, out);

	if (s || content_stands(c, rq->tenant_id, (*out)->server_epoch, (*out)->tenant_epoch))
		return s;
	content_forget(rq->cx, c, *out);
	return content_catalog(rq->cx, c, rq->rs->store, rq->tenant_id, name, NULL, out);
}

enum status get_config(struct request *rq)
{
	const struct catalog_ref *ref = NULL;
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
	if (!s && name)
		s = read_catalog(rq, name, &ref);
	return s ? s : answer_config(rq, ref, name, wins);
}

/* Behind <host>/v1/<catalog> the base address says which catalog: a prefix would
 * name it twice. */
enum status get_prefix_config(struct request *rq)
{
	const struct catalog_ref *ref = rq->resolved->catalog;

	return answer_config(rq, ref, rq->prefix_hint ? NULL : ref->name, true);
}
