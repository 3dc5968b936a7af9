/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c - the routes of pangolin-credentials. */
#include "fcgi/credentials/credentials.h"

#define V1 "/api/v1/"

static const struct route routes[] = {
	{ "POST", "/v1/oauth/tokens", PUBLIC, ON_SERVER, 0, create_oauth_token, NULL },
	{ "POST", "/v1/{}/oauth/tokens", PUBLIC, ON_SERVER, 0, create_oauth_token, NULL },
	{ "POST", V1 "iceberg/{}/oauth/tokens", PUBLIC, ON_SERVER, 0, create_oauth_token, NULL },
	{ "POST", V1 "iceberg/{}/v1/oauth/tokens", PUBLIC, ON_SERVER, 0, create_oauth_token, NULL },

	{ "POST", V1 "users/login", PUBLIC, ON_SERVER, NOT_ICEBERG, log_in, NULL },
	{ "POST", V1 "users/logout", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, log_out, NULL },
	{ "GET", V1 "users/me", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, get_me, NULL },
	{ "POST", V1 "tokens", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, create_token, token_objects },

	{ "GET", "/.well-known/jwks.json", PUBLIC, ON_SERVER, NOT_ICEBERG, get_jwks, NULL },
};

const struct route_table credentials_routes = { "credentials", routes, ARRAY_SIZE(routes) };
