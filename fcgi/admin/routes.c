/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c - the routes of pangolin-admin. */
#include "fcgi/admin/admin.h"
#include "fcgi/route.h"

#define V1 "/api/v1/"
#define FEDERATED V1 "federated-catalogs"

/* MAY_ANYTHING_OWN: the handler shows of the tenant what the caller may see. */
static const struct route routes[] = {
	{ "GET", "/health", PUBLIC, ON_SERVER, NOT_ICEBERG, get_health, NULL },
	{ "GET", "/health/live", PUBLIC, ON_SERVER, NOT_ICEBERG, get_live, NULL },
	{ "GET", "/health/ready", PUBLIC, ON_SERVER, NOT_ICEBERG, get_health, NULL },
	{ "GET", "/metrics", PUBLIC, ON_SERVER, NOT_ICEBERG, get_metrics, NULL },
	{ "GET", V1 "app-config", PUBLIC, ON_SERVER, NOT_ICEBERG, get_app_config, NULL },

	{ "GET", V1 "tenants", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, list_tenants, NULL },
	{ "POST", V1 "tenants", MAY_ROOT, ON_SERVER, NOT_ICEBERG, create_tenant, NULL },
	{ "GET", V1 "tenants/{}", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, get_tenant, NULL },
	{ "PUT", V1 "tenants/{}", MAY_ROOT, ON_SERVER, NOT_ICEBERG, update_tenant, NULL },
	{ "DELETE", V1 "tenants/{}", MAY_ROOT, ON_SERVER, NOT_ICEBERG, delete_tenant, NULL },

	{ "GET", V1 "warehouses", MAY_LIST, ON_TENANT, NOT_ICEBERG, list_warehouses, NULL },
	{ "POST", V1 "warehouses", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, create_warehouse, NULL },
	{ "GET", V1 "warehouses/{}", MAY_READ, ON_TENANT, NOT_ICEBERG, get_warehouse, NULL },
	{ "PUT", V1 "warehouses/{}", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, update_warehouse, NULL },
	{ "DELETE", V1 "warehouses/{}", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, delete_warehouse, NULL },

	{ "GET", V1 "catalogs", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, list_catalogs, NULL },
	{ "POST", V1 "catalogs", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, create_catalog, NULL },
	{ "GET", V1 "catalogs/{}", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, get_catalog, NULL },
	{ "PUT", V1 "catalogs/{}", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, update_catalog, NULL },
	{ "DELETE", V1 "catalogs/{}", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, delete_catalog, NULL },

	{ "GET", FEDERATED, MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, list_federated, NULL },
	{ "POST", FEDERATED, MAY_ADMIN, ON_TENANT, NOT_ICEBERG, create_federated, NULL },
	{ "GET", FEDERATED "/{}", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, get_federated, NULL },
	{ "DELETE", FEDERATED "/{}", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, delete_federated, NULL },
	{ "POST", FEDERATED "/{}/test", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, test_federated,
	  NULL },
	{ "POST", FEDERATED "/{}/sync", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, sync_federated, NULL },
	{ "GET", FEDERATED "/{}/stats", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG,
	  get_federated_stats, NULL },

	/* who read what of a table, and how much: its administrators' business */
	{ "GET", V1 "catalogs/{}/namespaces/{}/tables/{}/metrics", MAY_ADMIN, ON_ASSET,
	  NOT_ICEBERG | NOUN_TABLE, list_reports, NULL },

	{ "GET", V1 "catalogs/{}/summary", MAY_LIST, ON_CATALOG, NOT_ICEBERG, get_summary, NULL },
	{ "GET", V1 "catalogs/{}/namespaces/tree", MAY_LIST, ON_CATALOG, NOT_ICEBERG,
	  get_namespace_tree, NULL },
	{ "GET", V1 "catalogs/{}/namespaces/{}/assets", MAY_LIST, ON_NAMESPACE, NOT_ICEBERG,
	  list_assets, NULL },
	{ "POST", V1 "catalogs/{}/namespaces/{}/assets", MAY_CREATE, ON_NAMESPACE, NOT_ICEBERG,
	  create_asset, NULL },
	{ "GET", V1 "catalogs/{}/namespaces/{}/assets/{}", MAY_READ, ON_ASSET, NOT_ICEBERG,
	  get_asset, NULL },
	{ "PUT", V1 "catalogs/{}/namespaces/{}/assets/{}", MAY_UPDATE, ON_ASSET, NOT_ICEBERG,
	  update_asset, NULL },
	{ "DELETE", V1 "catalogs/{}/namespaces/{}/assets/{}", MAY_DELETE, ON_ASSET, NOT_ICEBERG,
	  delete_asset, NULL },

	/* by id: the handler finds where it is, and asks for the right on it */
	{ "GET", V1 "assets/search", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, search_assets_plain,
	  NULL },
	{ "GET", V1 "assets/{}", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, get_asset_by_id, NULL },
	{ "GET", V1 "assets/{}/metadata", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, get_about,
	  NULL },
	{ "POST", V1 "assets/{}/metadata", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, put_about,
	  NULL },
	{ "DELETE", V1 "assets/{}/metadata", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, delete_about,
	  NULL },
	{ "GET", V1 "business-metadata/{}", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, get_about,
	  NULL },
	{ "DELETE", V1 "business-metadata/{}", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG,
	  delete_about, NULL },
	{ "POST", V1 "assets/{}/access-requests", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG,
	  create_request, NULL },
	{ "GET", V1 "access-requests", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, list_requests,
	  NULL },
	{ "GET", V1 "access-requests/{}", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, get_request,
	  NULL },
	{ "PUT", V1 "access-requests/{}", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, decide_request, NULL },
	{ "POST", V1 "bulk/assets/delete", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, delete_assets,
	  NULL },

	{ "GET", V1 "search/assets", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, search_assets_paged,
	  NULL },
	{ "GET", V1 "search", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, search_all, NULL },
	{ "GET", V1 "explorer/tree", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, get_explorer_tree,
	  NULL },
	{ "GET", V1 "dashboard/stats", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, get_stats, NULL },

	{ "GET", V1 "audit", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, list_audit, NULL },
	{ "GET", V1 "audit/count", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, count_audit, NULL },
	{ "GET", V1 "audit/{}", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, get_audit, NULL },

	{ "GET", V1 "config/settings", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, get_settings, NULL },
	{ "PUT", V1 "config/settings", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, update_settings, NULL },

	{ "GET", V1 "users", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, list_users, NULL },
	{ "POST", V1 "users", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, create_user, NULL },
	{ "GET", V1 "users/{}", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, get_user, NULL },
	{ "PUT", V1 "users/{}", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, update_user, NULL },
	{ "DELETE", V1 "users/{}", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, delete_user, NULL },

	{ "GET", V1 "service-users", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, list_service_users, NULL },
	{ "POST", V1 "service-users", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, create_service_user,
	  NULL },
	{ "GET", V1 "service-users/{}", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, get_service_user, NULL },
	{ "PUT", V1 "service-users/{}", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, update_service_user,
	  NULL },
	{ "DELETE", V1 "service-users/{}", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, delete_service_user,
	  NULL },
	{ "POST", V1 "service-users/{}/rotate", MAY_ADMIN, ON_TENANT, NOT_ICEBERG,
	  rotate_service_user, NULL },

	{ "POST", V1 "validate/names", MAY_LIST, ON_TENANT, NOT_ICEBERG, validate_names, NULL },
};

const struct route_table admin_routes = { "admin", routes, ARRAY_SIZE(routes) };
