/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - pangolin-credentials: who gets which token. */
#include "fcgi/server.h"

int main(void)
{
	static const struct route_table *const tables[] = { &credentials_routes };

	return serve("credentials", NEED_STORAGE_KEY | NEED_IDENTITY_KEY, tables,
		     ARRAY_SIZE(tables));
}
