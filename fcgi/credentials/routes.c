/* SPDX-License-Identifier: Apache-2.0 */
/* routes.c - the routes of pangolin-credentials. */
#include "fcgi/credentials/credentials.h"

#define V1 "/api/v1/"
#define TABLE "/v1/{}/namespaces/{}/tables/{}"

static const struct route routes[] = {
	{ "POST", "/v1/oauth/tokens", PUBLIC, ON_SERVER, 0, create_oauth_token, NULL },
	{ "POST", "/v1/{}/oauth/tokens", PUBLIC, ON_SERVER, 0, create_oauth_token, NULL },
	{ "POST", V1 "iceberg/{}/oauth/tokens", PUBLIC, ON_SERVER, 0, create_oauth_token, NULL },
	{ "POST", V1 "iceberg/{}/v1/oauth/tokens", PUBLIC, ON_SERVER, 0, create_oauth_token, NULL },

	{ "GET", TABLE "/credentials", MAY_READ, ON_ASSET, NOUN_TABLE, load_credentials, NULL },
	{ "POST", TABLE "/sign", MAY_READ, ON_ASSET, NOUN_TABLE, sign_table, NULL },
	{ "GET", TABLE "/presign", MAY_READ, ON_ASSET, NOUN_TABLE, presign_table, NULL },
	{ "GET", V1 "catalogs/{}/tables/{}/credentials", MAY_LIST, ON_CATALOG,
	  NOT_ICEBERG | NOUN_TABLE, load_catalog_credentials, catalog_credentials_objects },
	{ "GET", V1 "warehouses/{}/credentials", MAY_ADMIN, ON_TENANT, NOT_ICEBERG,
	  load_warehouse_credentials, NULL },
	{ "POST", V1 "warehouses/{}/test", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, test_warehouse,
	  NULL },
	{ "GET", V1 "storage/presigned-url", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, presign_location,
	  NULL },

	{ "POST", V1 "users/login", PUBLIC, ON_SERVER, NOT_ICEBERG, log_in, NULL },
	{ "POST", V1 "signup", PUBLIC, ON_SERVER, NOT_ICEBERG, sign_up, NULL },
	{ "POST", V1 "signup/confirm", PUBLIC, ON_SERVER, NOT_ICEBERG, confirm_signup, NULL },
	{ "POST", V1 "users/logout", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, log_out, NULL },
	{ "GET", V1 "users/me", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, get_me, NULL },
	{ "GET", V1 "users/me/tokens", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, list_my_tokens,
	  NULL },
	{ "GET", V1 "users/{}/tokens", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, list_tokens_of, NULL },
	{ "POST", V1 "tokens/rotate", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, rotate_token,
	  NULL },
	{ "DELETE", V1 "tokens/{}", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, delete_token, NULL },
	{ "POST", V1 "auth/revoke", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, revoke_my_token,
	  NULL },
	{ "POST", V1 "auth/revoke/{}", MAY_ANYTHING_OWN, ON_TENANT, NOT_ICEBERG, revoke_token,
	  NULL },
	{ "POST", V1 "auth/cleanup-tokens", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, cleanup_tokens,
	  NULL },
	{ "POST", V1 "tokens", MAY_ADMIN, ON_TENANT, NOT_ICEBERG, create_token, token_objects },

	{ "GET", V1 "oauth/providers", PUBLIC, ON_SERVER, NOT_ICEBERG, list_oauth_providers, NULL },
	{ "GET", "/oauth/authorize/{}", PUBLIC, ON_SERVER, NOT_ICEBERG, authorize_oauth, NULL },
	{ "GET", "/oauth/callback/{}", PUBLIC, ON_SERVER, NOT_ICEBERG, oauth_callback, NULL },
	{ "POST", V1 "oauth/exchange", PUBLIC, ON_SERVER, NOT_ICEBERG, exchange_oauth_code, NULL },

	{ "GET", "/.well-known/jwks.json", PUBLIC, ON_SERVER, NOT_ICEBERG, get_jwks, NULL },
};

const struct route_table credentials_routes = { "credentials", routes, ARRAY_SIZE(routes) };
