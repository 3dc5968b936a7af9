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
