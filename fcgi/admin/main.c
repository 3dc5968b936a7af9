/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - pangolin-admin: tenants, warehouses, catalogs, users; health. */
#include "fcgi/server.h"

int main(void)
{
	static const struct route_table *const tables[] = { &admin_routes };

	return serve("admin", NEED_CLOUD | NEED_STORAGE_KEY, tables, ARRAY_SIZE(tables));
}
