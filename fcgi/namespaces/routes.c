/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c - the routes of pangolin-namespaces. */
#include "fcgi/namespaces/namespaces.h"

#define NS "/v1/{}/namespaces"

static const struct route routes[] = {
	/* any caller; the handler shows what he may see */
	{ "GET", "/v1/config", MAY_ANYTHING_OWN, ON_TENANT, 0, get_config, NULL },
	{ "GET", "/v1/{}/config", MAY_LIST, ON_CATALOG, LOCAL, get_prefix_config, NULL },

	{ "GET", NS, MAY_LIST, ON_CATALOG, NOUN_NAMESPACE, list_namespaces,
	  list_namespaces_objects },
	{ "POST", NS, MAY_LIST, ON_CATALOG, NOUN_NAMESPACE | IDEMPOTENT, create_namespace,
	  create_namespace_objects, replay_create_namespace },
	{ "GET", NS "/{}", MAY_READ, ON_NAMESPACE, NOUN_NAMESPACE, load_namespace, NULL },
	{ "HEAD", NS "/{}", MAY_LIST, ON_NAMESPACE, NOUN_NAMESPACE, head_namespace, NULL },
	{ "DELETE", NS "/{}", MAY_DELETE, ON_NAMESPACE, NOUN_NAMESPACE | IDEMPOTENT, drop_namespace,
	  NULL },
	{ "POST", NS "/{}/properties", MAY_WRITE, ON_NAMESPACE, NOUN_NAMESPACE | IDEMPOTENT,
	  update_namespace, NULL, replay_update_namespace },
};

const struct route_table namespaces_routes = { "namespaces", routes, ARRAY_SIZE(routes) };
