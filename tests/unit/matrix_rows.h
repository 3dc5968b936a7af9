/* SPDX-License-Identifier: Apache-2.0 */
/* matrix_rows.h - what each route says to each sort of caller: one row a route, for test_matrix.c. */
#ifndef TESTS_UNIT_MATRIX_ROWS_H
#define TESTS_UNIT_MATRIX_ROWS_H

/*
 * A new route needs a row here (a test fails without).  `cells` has one character for each of
 * these callers, all of whom ask about the same things of the tenant OURS:
 *
 *	stranger   the administrator of the other tenant
 *	none       a user of OURS without any grant
 *	narrow     one with "write" on the namespace a of the catalog "there"
 *	reader     one with "read" on the catalog "there"
 *	writer     one with "write" on the catalog "there"
 *	admin      the administrator of OURS
 *	root
 *
 *	+  let in: the handler runs (where the handler itself decides: any answer but 401, 403, 404, 500)
 *	3  403     4  404
 *
 * What is no row's business: nobody, and tokens that are broken, revoked, over or of a
 * deactivated user get 401 everywhere but on PUBLIC routes, which have no row.
 *
 * A {} of the pattern is filled by the segment before it: test_matrix.c's `names`.
 * `body` is sent with POST and PUT ("{}" where it is NULL): rows whose objects stand there
 * name things in namespace b, which `narrow` has no right on.
 */
struct matrix_row {
	const char *method, *pattern, *cells, *body;
	const char *uri; /* instead of the filled pattern; NULL = that */
};

#define NS "/v1/{}/namespaces"
#define TABLES NS "/{}/tables"
#define API "/api/v1/"
#define MERGE "{\"source_branch\":\"dev\",\"target_branch\":\"main\",\"catalog\":\"there\"}"
#define RENAME                                                                                     \
	"{\"source\":{\"namespace\":[\"a\"],\"name\":\"t\"},"                                      \
	"\"destination\":{\"namespace\":[\"b\"],\"name\":\"u\"}}"

static const struct matrix_row rows[] = {
	{ "GET", "/v1/config", "+++++++", NULL },
	{ "GET", "/v1/{}/config", "44+++++", NULL },
	{ "GET", NS, "44+++++", NULL },
	{ "POST", NS, "4443+++", "{\"namespace\":[\"b\",\"n\"]}" },
	{ "GET", NS "/{}", "44+++++", NULL },
	{ "HEAD", NS "/{}", "44+++++", NULL },
	{ "DELETE", NS "/{}", "44+3+++", NULL },
	{ "POST", NS "/{}/properties", "44+3+++", NULL },
	{ "GET", TABLES "/{}", "44+++++", NULL },
	{ "POST", TABLES "/{}", "44+3+++", NULL },
	{ "HEAD", TABLES "/{}", "44+++++", NULL },
	{ "DELETE", TABLES "/{}", "44+3+++", NULL },
	{ "POST", TABLES "/{}/unregister", "44+3+++", NULL },
	{ "POST", TABLES "/{}/metrics", "44+++++", NULL },
	{ "POST", TABLES "/{}/plan", "44+++++", NULL },
	{ "GET", TABLES "/{}/plan/{}", "44+++++", NULL },
	{ "DELETE", TABLES "/{}/plan/{}", "44+++++", NULL },
	{ "POST", TABLES "/{}/tasks", "44+++++", NULL },
	{ "GET", TABLES, "44+++++", NULL },
	{ "POST", TABLES, "44+3+++", NULL },
	{ "POST", NS "/{}/register", "44+3+++",
	  "{\"name\":\"t\",\"metadata-location\":\"file:///w/m.json\",\"overwrite\":true}" },
	{ "POST", "/v1/{}/tables/rename", "4443+++", RENAME },
	{ "POST", "/v1/{}/transactions/commit", "4443+++",
	  "{\"table-changes\":[{\"identifier\":{\"namespace\":[\"b\"],\"name\":\"t\"},"
	  "\"requirements\":[],\"updates\":[]}]}" },
	{ "GET", NS "/{}/views/{}", "44+++++", NULL },
	{ "POST", NS "/{}/views/{}", "44+3+++", NULL },
	{ "HEAD", NS "/{}/views/{}", "44+++++", NULL },
	{ "DELETE", NS "/{}/views/{}", "44+3+++", NULL },
	{ "GET", NS "/{}/views", "44+++++", NULL },
	{ "POST", NS "/{}/views", "44+3+++", NULL },
	{ "POST", NS "/{}/register-view", "44+3+++", NULL },
	{ "POST", "/v1/{}/views/rename", "4443+++", RENAME },
	{ "GET", NS "/{}/functions", "44+++++", NULL },
	{ "GET", NS "/{}/functions/{}", "44+++++", NULL },
	{ "POST", API "catalogs/{}/namespaces/{}/functions", "44+3+++", NULL },
	{ "PUT", API "catalogs/{}/namespaces/{}/functions/{}", "44+3+++", NULL },
	{ "DELETE", API "catalogs/{}/namespaces/{}/functions/{}", "44+3+++", NULL },
	{ "GET", TABLES "/{}/credentials", "44+++++", NULL },
	{ "POST", TABLES "/{}/sign", "44+++++", NULL },
	{ "GET", TABLES "/{}/presign", "44+++++", NULL },
	{ "GET", API "catalogs/{}/tables/{}/credentials", "44+++++", NULL,
	  "/api/v1/catalogs/there/tables/a.t/credentials" },
	{ "GET", API "warehouses/{}/credentials", "43333++", NULL,
	  "/api/v1/warehouses/w/credentials?location=s3://b/t" },
	{ "POST", API "warehouses/{}/test", "43333++", NULL },
	{ "GET", API "storage/presigned-url", "+3333++", NULL },
	{ "POST", API "users/logout", "+++++++", NULL },
	{ "GET", API "users/me", "+++++++", NULL },
	{ "POST", API "tokens", "43333++",
	  "{\"tenant_id\":\"11111111-1111-4111-8111-111111111111\"}" },
	{ "GET", API "users/me/tokens", "+++++++", NULL },
	{ "GET", API "users/{}/tokens", "43333++", NULL },
	{ "POST", API "tokens/rotate", "+++++++", NULL },
	{ "DELETE", API "tokens/{}", "444+4++", NULL },
	{ "POST", API "auth/revoke", "+++++++", NULL },
	{ "POST", API "auth/revoke/{}", "444+4++", NULL },
	{ "POST", API "auth/cleanup-tokens", "+3333++", NULL },
	{ "GET", API "tenants", "333333+", NULL },
	{ "POST", API "tenants", "333333+", NULL },
	{ "GET", API "tenants/{}", "4++++++", NULL },
	{ "PUT", API "tenants/{}", "333333+", NULL },
	{ "DELETE", API "tenants/{}", "333333+", NULL },
	{ "GET", API "warehouses", "+3333++", NULL },
	{ "POST", API "warehouses", "+3333++", NULL },
	{ "GET", API "warehouses/{}", "43333++", NULL },
	{ "PUT", API "warehouses/{}", "43333++", NULL },
	{ "DELETE", API "warehouses/{}", "43333++", NULL },
	{ "GET", API "catalogs", "+++++++", NULL },
	{ "POST", API "catalogs", "+3333++", NULL },
	{ "GET", API "catalogs/{}", "443++++", NULL },
	{ "PUT", API "catalogs/{}", "4433+++", NULL },
	{ "DELETE", API "catalogs/{}", "44333++", NULL },
	{ "GET", API "catalogs/{}/namespaces/{}/tables/{}/metrics", "44333++", NULL },
	{ "GET", API "federated-catalogs", "+++++++", NULL },
	{ "POST", API "federated-catalogs", "+3333++", NULL },
	{ "GET", API "federated-catalogs/{}", "44444++", NULL },
	{ "DELETE", API "federated-catalogs/{}", "43333++", NULL },
	{ "POST", API "federated-catalogs/{}/test", "44444++", NULL },
	{ "POST", API "federated-catalogs/{}/sync", "43333++", NULL },
	{ "GET", API "federated-catalogs/{}/stats", "44444++", NULL },
	{ "GET", API "catalogs/{}/summary", "44+++++", NULL },
	{ "GET", API "catalogs/{}/namespaces/tree", "44+++++", NULL },
	{ "GET", API "catalogs/{}/namespaces/{}/assets", "44+++++", NULL },
	{ "POST", API "catalogs/{}/namespaces/{}/assets", "44+3+++", NULL },
	{ "GET", API "catalogs/{}/namespaces/{}/assets/{}", "44+++++", NULL },
	{ "PUT", API "catalogs/{}/namespaces/{}/assets/{}", "44+3+++", NULL },
	{ "DELETE", API "catalogs/{}/namespaces/{}/assets/{}", "44+3+++", NULL },
	{ "GET", API "assets/search", "+++++++", NULL },
	{ "GET", API "assets/{}", "44+++++", NULL },
	{ "GET", API "assets/{}/metadata", "44+++++", NULL },
	{ "POST", API "assets/{}/metadata", "44+3+++", NULL },
	{ "DELETE", API "assets/{}/metadata", "44+3+++", NULL },
	{ "GET", API "business-metadata/{}", "44+++++", NULL },
	{ "DELETE", API "business-metadata/{}", "44+3+++", NULL },
	{ "POST", API "assets/{}/access-requests", "44+++++", NULL },
	{ "GET", API "access-requests", "+++++++", NULL },
	{ "GET", API "access-requests/{}", "444+4++", NULL },
	{ "PUT", API "access-requests/{}", "43333++", "{\"status\":\"approved\"}" },
	{ "POST", API "bulk/assets/delete", "+++++++", NULL },
	{ "GET", API "search/assets", "+++++++", NULL },
	{ "GET", API "search", "+++++++", NULL },
	{ "GET", API "explorer/tree", "+++++++", NULL },
	{ "GET", API "dashboard/stats", "+++++++", NULL },
	{ "GET", API "audit", "+++++++", NULL },
	{ "GET", API "audit/count", "+++++++", NULL },
	{ "GET", API "audit/{}", "44444++", NULL },
	{ "GET", API "config/settings", "+3333++", NULL },
	{ "PUT", API "config/settings", "+3333++", NULL },
	{ "GET", API "users", "+3333++", NULL },
	{ "POST", API "users", "+3333++", NULL },
	{ "GET", API "users/{}", "444+4++", NULL },
	{ "PUT", API "users/{}", "444+4++", NULL },
	{ "DELETE", API "users/{}", "43333++", NULL },
	{ "GET", API "service-users", "+3333++", NULL },
	{ "POST", API "service-users", "+3333++", NULL },
	{ "GET", API "service-users/{}", "43333++", NULL },
	{ "PUT", API "service-users/{}", "43333++", NULL },
	{ "DELETE", API "service-users/{}", "43333++", NULL },
	{ "POST", API "service-users/{}/rotate", "43333++", NULL },
	{ "GET", API "roles", "+++++++", NULL },
	{ "POST", API "roles", "+3333++", NULL },
	{ "GET", API "roles/{}", "44444++", NULL },
	{ "PUT", API "roles/{}", "43333++", NULL },
	{ "DELETE", API "roles/{}", "43333++", NULL },
	{ "GET", API "users/{}/roles", "444+4++", NULL },
	{ "POST", API "users/{}/roles", "43333++", "{\"role-id\":\"r\"}" },
	{ "DELETE", API "users/{}/roles/{}", "43333++", NULL },
	{ "GET", API "permissions", "+++++++", NULL },
	{ "POST", API "permissions", "+3333++", NULL },
	{ "DELETE", API "permissions/{}", "43333++", NULL },
	{ "GET", API "access/explain", "+++++++", NULL },
	{ "POST", TABLES "/{}/maintenance", "44+3+++", NULL },

	{ "GET", API "branches", "44+++++", NULL, API "branches?catalog=there" },
	{ "POST", API "branches", "44333++", "{\"name\":\"b\",\"catalog\":\"there\"}" },
	{ "POST", API "branches/merge", "4433+++", MERGE },
	{ "GET", API "branches/{}", "44+++++", NULL, API "branches/dev?catalog=there" },
	{ "PUT", API "branches/{}", "44333++", "{\"catalog\":\"there\"}", API "branches/dev" },
	{ "DELETE", API "branches/{}", "4433+++", NULL, API "branches/dev?catalog=there" },
	{ "GET", API "branches/{}/commits", "443++++", NULL,
	  API "branches/dev/commits?catalog=there" },
	{ "POST", API "branches/{}/rebase", "4433+++", "{\"catalog\":\"there\"}",
	  API "branches/dev/rebase" },
	{ "GET", API "tags", "44+++++", NULL, API "tags?catalog=there" },
	{ "POST", API "tags", "4433+++", "{\"name\":\"v2\",\"catalog\":\"there\"}" },
	{ "GET", API "tags/{}", "44+++++", NULL, API "tags/v1?catalog=there" },
	{ "DELETE", API "tags/{}", "4433+++", NULL, API "tags/v1?catalog=there" },
	{ "GET", API "commits/{}", "4434444", NULL, API "commits/x?catalog=there" },
	{ "POST", API "commits/{}/revert", "4433444", "{\"catalog\":\"there\"}" },
	{ "GET", API "diff", "443++++", NULL, API "diff?catalog=there&from=main&to=dev" },
	{ "GET", API "catalogs/{}/merge-operations", "44+++++", NULL },
	{ "GET", API "merge-operations/{}", "4444444", NULL },
	{ "GET", API "merge-operations/{}/conflicts", "4444444", NULL },
	{ "POST", API "merge-operations/{}/complete", "4444444", NULL },
	{ "POST", API "merge-operations/{}/abort", "4444444", NULL },
	{ "POST", API "conflicts/{}/resolve", "4444444", NULL },

	{ "POST", API "validate/names", "+3333++", NULL },
};

#undef NS
#undef TABLES
#undef API
#undef RENAME
#undef MERGE

#endif
