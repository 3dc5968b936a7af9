/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c - the routes of pangolin-tables. */
#include "fcgi/tables/tables.h"

#define NS "/v1/{}/namespaces/{}"
#define TABLE NS "/tables/{}"

static const struct route routes[] = {
	{ "GET", TABLE, MAY_READ, ON_ASSET, NOUN_TABLE, load_table, NULL },
	{ "POST", TABLE, MAY_WRITE, ON_ASSET, NOUN_TABLE | BRANCH_ROW, commit_table, NULL },
	{ "HEAD", TABLE, MAY_READ, ON_ASSET, NOUN_TABLE, head_table, NULL },
	{ "DELETE", TABLE, MAY_DELETE, ON_ASSET, NOUN_TABLE, drop_table, NULL },
	{ "POST", TABLE "/unregister", MAY_DELETE, ON_ASSET, NOUN_TABLE | BRANCH_ROW,
	  unregister_table, NULL },
	{ "POST", TABLE "/metrics", MAY_READ, ON_ASSET, NOUN_TABLE, report_metrics, NULL },
	{ "GET", NS "/tables", MAY_LIST, ON_NAMESPACE, NOUN_NAMESPACE, list_tables, NULL },
	{ "POST", NS "/tables", MAY_CREATE, ON_NAMESPACE, NOUN_NAMESPACE, create_table, NULL },
	{ "POST", NS "/register", MAY_CREATE, ON_NAMESPACE, NOUN_NAMESPACE, register_table,
	  register_table_objects },
	{ "POST", "/v1/{}/tables/rename", MAY_LIST, ON_CATALOG, NOUN_TABLE, rename_table,
	  rename_table_objects },
	{ "POST", "/v1/{}/transactions/commit", MAY_LIST, ON_CATALOG, NOUN_TABLE,
	  commit_transaction, commit_transaction_objects },
};

const struct route_table tables_routes = { "tables", routes, ARRAY_SIZE(routes) };
