/* SPDX-License-Identifier: Apache-2.0 */
/* isolation_rows.h - every field of a query or body that names something, holding what is another tenant's. */
#ifndef TESTS_UNIT_ISOLATION_ROWS_H
#define TESTS_UNIT_ISOLATION_ROWS_H

#include <stddef.h>

#define API "/api/v1/"
#define NS "/v1/c/namespaces"
#define ON(scope) "{\"permissions\":[{\"actions\":[\"read\"],\"scope\":" scope "}],"
#define CATALOG_SCOPE "{\"type\":\"catalog\",\"catalog_id\":\"<catalog id>\"}"
#define NAMESPACE_SCOPE                                                                            \
	"{\"type\":\"namespace\",\"catalog_id\":\"<catalog id>\",\"namespace\":\"a\"}"
#define ASSET_SCOPE                                                                                \
	"{\"type\":\"asset\",\"catalog_id\":\"<our catalog>\",\"namespace\":\"a\","                \
	"\"asset_id\":\"<asset>\"}"
#define CHANGE(namespace, name, uuid)                                                              \
	"{\"identifier\":{\"namespace\":[\"" namespace "\"],\"name\":\"" name                      \
						       "\"},\"requirements\":[{\"type\":\"assert-" \
						       "table-uuid\",\"uuid\":\"" uuid "\"}],"     \
						       "\"updates\":[{\"action\":\"set-"           \
						       "properties\",\"updates\":{\"a\":\"b\"}}]}"
#define RENAME(namespace, name)                                                                    \
	"{\"source\":{\"namespace\":[\"" namespace "\"],\"name\":\"" name "\"},\"destination\":{"  \
						   "\"namespace\":[\"d\"],\"name\":\"u\"}}"

/*
 * A word in <> stands for something of theirs (test_isolation_fields.c), and in a second request for
 * the like that nobody has: both must hear the same.  What begins with "our" is ours in both.
 * Routes that the list does not have are in `harmless`, or their only names are in the path.
 */
static const struct field_row {
	const char *method, *uri, *body; /* body NULL: none */
} field_rows[] = {
	/* Iceberg */
	{ "GET", "/v1/config?warehouse=<catalog>", NULL },
	{ "GET", "/v1/config?warehouse=<warehouse>", NULL },
	{ "GET", NS "?parent=<namespace>", NULL },
	{ "GET", NS "/a/tables/t?referenced-by=<namespace>.v", NULL },
	{ "GET", NS "/a/tables/t@<branch>", NULL },
	{ "POST", NS "/a/tables",
	  "{\"name\":\"n@<branch>\",\"schema\":{\"type\":\"struct\",\"fields\":[]}}" },
	{ "POST", NS "/a/tables/t", CHANGE("a", "<table>", "<asset>") },
	{ "POST", NS "/a/tables/t/tasks", "{\"plan-task\":\"<plan>/0/0\"}" },
	{ "POST", NS "/a/register", "{\"name\":\"n\",\"metadata-location\":\"<file>\"}" },
	{ "POST", NS "/a/register-view", "{\"name\":\"n\",\"metadata-location\":\"<file>\"}" },
	{ "POST", "/v1/c/tables/rename", RENAME("<namespace>", "t") },
	{ "POST", "/v1/c/tables/rename", RENAME("a", "<table>") },
	{ "POST", "/v1/c/views/rename", RENAME("a", "<table>") },
	{ "POST", "/v1/c/transactions/commit",
	  "{\"table-changes\":[" CHANGE("<namespace>", "t", "<asset>") "]}" },
	{ "POST", "/v1/c/transactions/commit",
	  "{\"table-changes\":[" CHANGE("a", "<table>", "<asset>") "]}" },
	/* credentials */
	{ "GET", API "warehouses/w/credentials?location=s3://<bucket>/t", NULL },
	{ "GET", API "storage/presigned-url?location=s3://<bucket>/t", NULL },
	{ "GET", NS "/a/tables/t/presign?location=s3://<bucket>/t", NULL },
	{ "POST", NS "/a/tables/t/sign",
	  "{\"method\":\"GET\",\"region\":\"r\",\"uri\":\"https://<bucket>/t\",\"headers\":{}}" },
	{ "POST", API "tokens", "{\"tenant_id\":\"<tenant>\"}" },
	{ "POST", API "tokens", "{\"tenant_id\":\"<our tenant>\",\"username\":\"<username>\"}" },
	/* catalogs, warehouses */
	{ "POST", API "catalogs", "{\"name\":\"n\",\"warehouse_name\":\"<warehouse>\"}" },
	{ "POST", API "catalogs",
	  "{\"name\":\"n\",\"warehouse_name\":\"w\",\"storage_location\":\"s3://<bucket>/x\"}" },
	{ "PUT", API "catalogs/c", "{\"warehouse_name\":\"<warehouse>\"}" },
	{ "PUT", API "catalogs/c", "{\"storage_location\":\"s3://<bucket>/x\"}" },
	{ "GET", API "explorer/tree?catalog=<catalog>", NULL },
	{ "GET", API "search/assets?q=t&catalog=<catalog>", NULL },
	{ "GET", API "search/assets?q=<table>", NULL },
	{ "GET", API "search?q=<namespace>", NULL },
	{ "GET", API "assets/search?query=%23<tag word>", NULL },
	{ "GET", API "assets/search?query=t&tags=<tag word>", NULL },
	{ "POST", API "validate/names",
	  "{\"resource_type\":\"catalog\",\"names\":[\"<catalog>\"]}" },
	{ "POST", API "validate/names",
	  "{\"resource_type\":\"warehouse\",\"names\":[\"<warehouse>\"]}" },
	/* assets, metadata, access requests */
	{ "POST", API "bulk/assets/delete", "{\"asset_ids\":[\"<asset>\"]}" },
	{ "POST", API "assets/<asset>/metadata",
	  "{\"tags\":[],\"properties\":{},\"discoverable\":true}" },
	{ "POST", API "assets/<asset>/access-requests", "{\"reason\":\"r\"}" },
	{ "PUT", API "access-requests/<request>", "{\"status\":\"approved\"}" },
	/* people */
	{ "POST", API "users",
	  "{\"username\":\"n\",\"email\":\"e@example.com\",\"password\":\"<our password>\","
	  "\"role\":\"tenant-user\",\"tenant_id\":\"<tenant>\"}" },
	{ "PUT", API "users/<user>", "{\"active\":false}" },
	{ "PUT", API "service-users/<service>", "{\"active\":false}" },
	{ "POST", API "users/<user>/roles", "{\"role-id\":\"<our role>\"}" },
	{ "POST", API "users/<our user>/roles", "{\"role-id\":\"<role>\"}" },
	{ "POST", API "roles", "{\"name\":\"n\",\"tenant-id\":\"<tenant>\"}" },
	{ "POST", API "roles", ON(CATALOG_SCOPE) "\"name\":\"n\"}" },
	{ "POST", API "roles", ON(NAMESPACE_SCOPE) "\"name\":\"n\"}" },
	{ "POST", API "roles", ON(ASSET_SCOPE) "\"name\":\"n\"}" },
	{ "PUT", API "roles/<our role>", ON(CATALOG_SCOPE) "\"name\":\"r\"}" },
	{ "PUT", API "roles/<our role>",
	  "{\"name\":\"r\",\"permissions\":[],\"tenant-id\":\"<tenant>\"}" },
	{ "PUT", API "roles/<our role>", "{\"name\":\"r\",\"permissions\":[],\"id\":\"<role>\"}" },
	{ "POST", API "permissions",
	  "{\"user-id\":\"<user>\",\"actions\":[\"read\"],\"scope\":{\"type\":\"tenant\"}}" },
	{ "POST", API "permissions",
	  "{\"user-id\":\"<our user>\",\"actions\":[\"read\"],\"scope\":" CATALOG_SCOPE "}" },
	{ "POST", API "permissions",
	  "{\"user-id\":\"<our user>\",\"actions\":[\"read\"],\"scope\":" NAMESPACE_SCOPE "}" },
	{ "POST", API "permissions",
	  "{\"user-id\":\"<our user>\",\"actions\":[\"read\"],\"scope\":" ASSET_SCOPE "}" },
	{ "GET", API "permissions?user=<user>", NULL },
	{ "GET", API "permissions?role=<role>", NULL },
	{ "GET", API "access/explain?user=<user>&action=read&object=tenant", NULL },
	{ "GET", API "access/explain?action=read&object=catalog:<catalog>", NULL },
	{ "GET", API "access/explain?action=read&object=namespace:c:<namespace>", NULL },
	{ "GET", API "access/explain?action=read&object=table:c:a.<table>", NULL },
	{ "GET", API "access/explain?action=read&object=asset:<asset>", NULL },
	{ "GET", API "access/explain?action=read&object=tag:<tag word>", NULL },
	/* audit */
	{ "GET", API "audit?user_id=<user>", NULL },
	{ "GET", API "audit?resource_id=<asset>", NULL },
	{ "GET", API "audit?resource_id=<catalog id>", NULL },
	{ "GET", API "audit/count?user_id=<user>", NULL },
	{ "GET", API "audit/count?resource_id=<catalog id>", NULL },
	/* branches, tags, commits */
	{ "GET", API "branches?catalog=<catalog>", NULL },
	{ "POST", API "branches", "{\"name\":\"n\",\"catalog\":\"<catalog>\"}" },
	{ "POST", API "branches",
	  "{\"name\":\"n\",\"catalog\":\"c\",\"from_branch\":\"<branch>\"}" },
	{ "POST", API "branches", "{\"name\":\"n\",\"catalog\":\"c\",\"from_branch\":\"<tag>\"}" },
	{ "POST", API "branches", "{\"name\":\"n\",\"catalog\":\"c\",\"commit_id\":\"<commit>\"}" },
	{ "POST", API "branches", "{\"name\":\"n\",\"catalog\":\"c\",\"assets\":[\"a.<table>\"]}" },
	{ "GET", API "branches/<branch>?catalog=c", NULL },
	{ "PUT", API "branches/<branch>", "{\"catalog\":\"c\",\"protected\":true}" },
	{ "PUT", API "branches/dev", "{\"catalog\":\"<catalog>\",\"protected\":true}" },
	{ "GET", API "branches/<branch>/commits?catalog=c", NULL },
	{ "GET", API "branches/main/commits?catalog=c&table=a.<table>", NULL },
	{ "GET", API "branches/main/commits?catalog=c&after=<commit>", NULL },
	{ "POST", API "branches/<branch>/rebase", "{\"catalog\":\"c\"}" },
	{ "POST", API "branches/dev/rebase", "{\"catalog\":\"c\",\"onto\":\"<branch>\"}" },
	{ "POST", API "branches/merge",
	  "{\"catalog\":\"c\",\"source_branch\":\"<branch>\",\"target_branch\":\"main\"}" },
	{ "POST", API "branches/merge",
	  "{\"catalog\":\"c\",\"source_branch\":\"dev\",\"target_branch\":\"<branch>\"}" },
	{ "POST", API "branches/merge",
	  "{\"catalog\":\"<catalog>\",\"source_branch\":\"dev\",\"target_branch\":\"main\"}" },
	{ "GET", API "tags?catalog=<catalog>", NULL },
	{ "GET", API "tags/<tag>?catalog=c", NULL },
	{ "POST", API "tags", "{\"name\":\"n\",\"catalog\":\"<catalog>\"}" },
	{ "POST", API "tags", "{\"name\":\"n\",\"catalog\":\"c\",\"commit_id\":\"<commit>\"}" },
	{ "GET", API "commits/<commit>?catalog=c", NULL },
	{ "POST", API "commits/<commit>/revert", "{\"catalog\":\"c\",\"branch\":\"main\"}" },
	{ "POST", API "commits/<our commit>/revert",
	  "{\"catalog\":\"c\",\"branch\":\"<branch>\"}" },
	{ "GET", API "diff?catalog=c&from=<branch>&to=main", NULL },
	{ "GET", API "diff?catalog=c&from=main&to=<tag>", NULL },
	{ "GET", API "diff?catalog=<catalog>&from=main&to=dev", NULL },
	{ "POST", API "conflicts/<conflict>/resolve", "{\"strategy\":\"TakeSource\"}" },
};

/* POST and PUT routes whose bodies name nothing that is there already; {} of the path are tried for all. */
static const struct harmless {
	const char *method, *pattern;
} harmless[] = {
	{ "POST", "/v1/{}/namespaces" },
	{ "POST", "/v1/{}/namespaces/{}/properties" },
	{ "POST", "/v1/{}/namespaces/{}/tables/{}/unregister" },
	{ "POST", "/v1/{}/namespaces/{}/tables/{}/metrics" },
	{ "POST", "/v1/{}/namespaces/{}/tables/{}/maintenance" },
	{ "POST", "/v1/{}/namespaces/{}/tables/{}/plan" },
	{ "POST", "/v1/{}/namespaces/{}/views" },
	{ "POST", "/v1/{}/namespaces/{}/views/{}" },
	{ "POST", API "catalogs/{}/namespaces/{}/functions" },
	{ "PUT", API "catalogs/{}/namespaces/{}/functions/{}" },
	{ "POST", API "catalogs/{}/namespaces/{}/assets" },
	{ "PUT", API "catalogs/{}/namespaces/{}/assets/{}" },
	{ "POST", API "warehouses/{}/test" },
	{ "POST", API "users/logout" },
	{ "POST", API "tokens/rotate" },
	{ "POST", API "auth/revoke" },
	{ "POST", API "auth/revoke/{}" },
	{ "POST", API "auth/cleanup-tokens" },
	{ "POST", API "tenants" },
	{ "PUT", API "tenants/{}" },
	{ "POST", API "warehouses" },
	{ "PUT", API "warehouses/{}" },
	{ "POST", API "federated-catalogs" },
	{ "POST", API "federated-catalogs/{}/test" },
	{ "POST", API "federated-catalogs/{}/sync" },
	{ "PUT", API "config/settings" },
	{ "POST", API "service-users" },
	{ "POST", API "service-users/{}/rotate" },
	{ "POST", API "merge-operations/{}/complete" },
	{ "POST", API "merge-operations/{}/abort" },
};

#undef API
#undef NS

#endif
