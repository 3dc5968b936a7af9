/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c - the routes of pangolin-tables. */
#include "fcgi/tables/tables.h"

#include "fcgi/idempotency.h"

#define NS "/v1/{}/namespaces/{}"
#define TABLE NS "/tables/{}"
#define VIEW NS "/views/{}"
#define FUNCTIONS "/api/v1/catalogs/{}/namespaces/{}/functions"

static const struct route routes[] = {
	{ "GET", TABLE, MAY_READ, ON_ASSET, NOUN_TABLE, load_table, NULL },
	{ "POST", TABLE, MAY_WRITE, ON_ASSET, NOUN_TABLE | BRANCH_ROW | IDEMPOTENT, commit_table,
	  NULL, replay_commit_table },
	{ "HEAD", TABLE, MAY_READ, ON_ASSET, NOUN_TABLE, head_table, NULL },
	{ "DELETE", TABLE, MAY_DELETE, ON_ASSET, NOUN_TABLE | IDEMPOTENT, drop_table, NULL },
	{ "POST", TABLE "/unregister", MAY_DELETE, ON_ASSET, NOUN_TABLE | BRANCH_ROW | IDEMPOTENT,
	  unregister_table, NULL, replay_unregister_table },
	{ "POST", TABLE "/metrics", MAY_READ, ON_ASSET, NOUN_TABLE, report_metrics, NULL },
	{ "POST", TABLE "/maintenance", MAY_DELETE, ON_ASSET, NOT_ICEBERG | NOUN_TABLE,
	  maintain_table, NULL },
	/* planning again, or fetching again, changes nothing */
	{ "POST", TABLE "/plan", MAY_READ, ON_ASSET, NOUN_TABLE | IDEMPOTENT, plan_table_scan, NULL,
	  plan_table_scan },
	{ "GET", TABLE "/plan/{}", MAY_READ, ON_ASSET, NOUN_TABLE, fetch_planning_result, NULL },
	{ "DELETE", TABLE "/plan/{}", MAY_READ, ON_ASSET, NOUN_TABLE | IDEMPOTENT, cancel_planning,
	  NULL },
	{ "POST", TABLE "/tasks", MAY_READ, ON_ASSET, NOUN_TABLE | IDEMPOTENT, fetch_scan_tasks,
	  NULL, fetch_scan_tasks },
	{ "GET", NS "/tables", MAY_LIST, ON_NAMESPACE, NOUN_NAMESPACE, list_tables, NULL },
	{ "POST", NS "/tables", MAY_CREATE, ON_NAMESPACE, NOUN_NAMESPACE | IDEMPOTENT, create_table,
	  NULL, replay_create_table },
	{ "POST", NS "/register", MAY_CREATE, ON_NAMESPACE, NOUN_NAMESPACE | IDEMPOTENT,
	  register_table, register_table_objects, replay_register_table },
	{ "POST", "/v1/{}/tables/rename", MAY_LIST, ON_CATALOG, NOUN_TABLE | IDEMPOTENT,
	  rename_table, rename_table_objects },
	{ "POST", "/v1/{}/transactions/commit", MAY_LIST, ON_CATALOG, NOUN_TABLE | IDEMPOTENT,
	  commit_transaction, commit_transaction_objects },
	{ "GET", VIEW, MAY_READ, ON_ASSET, NOUN_VIEW, load_view, NULL },
	{ "POST", VIEW, MAY_WRITE, ON_ASSET, NOUN_VIEW | BRANCH_ROW | IDEMPOTENT, replace_view,
	  NULL, replay_as_get },
	{ "HEAD", VIEW, MAY_READ, ON_ASSET, NOUN_VIEW, head_view, NULL },
	{ "DELETE", VIEW, MAY_DELETE, ON_ASSET, NOUN_VIEW | IDEMPOTENT, drop_view, NULL },
	{ "GET", NS "/views", MAY_LIST, ON_NAMESPACE, NOUN_NAMESPACE, list_views, NULL },
	{ "POST", NS "/views", MAY_CREATE, ON_NAMESPACE, NOUN_NAMESPACE, create_view, NULL },
	{ "POST", NS "/register-view", MAY_CREATE, ON_NAMESPACE, NOUN_NAMESPACE | IDEMPOTENT,
	  register_view, NULL, replay_register_view },
	{ "POST", "/v1/{}/views/rename", MAY_LIST, ON_CATALOG, NOUN_VIEW | IDEMPOTENT, rename_view,
	  rename_table_objects },

	{ "GET", NS "/functions", MAY_LIST, ON_NAMESPACE, NOUN_NAMESPACE, list_functions, NULL },
	{ "GET", NS "/functions/{}", MAY_READ, ON_ASSET, NOUN_FUNCTION, load_function, NULL },
	{ "POST", FUNCTIONS, MAY_CREATE, ON_NAMESPACE, NOT_ICEBERG | NOUN_NAMESPACE,
	  create_function, NULL },
	{ "PUT", FUNCTIONS "/{}", MAY_WRITE, ON_ASSET, NOT_ICEBERG | NOUN_FUNCTION | BRANCH_ROW,
	  replace_function, NULL },
	{ "DELETE", FUNCTIONS "/{}", MAY_DELETE, ON_ASSET, NOT_ICEBERG | NOUN_FUNCTION | BRANCH_ROW,
	  drop_function, NULL },
};

const struct route_table tables_routes = { "tables", routes, ARRAY_SIZE(routes) };
