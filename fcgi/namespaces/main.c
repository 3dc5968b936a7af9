/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - pangolin-namespaces: configuration and namespaces.  A web server that
 * routes by decoded paths can send it a table's request: it answers those too. */
#include "fcgi/server.h"

int main(void)
{
	static const struct route_table *const tables[] = { &namespaces_routes, &tables_routes };

	return serve("namespaces", NEED_CLOUD | NEED_CACHE | NEED_STORAGE_KEY, tables,
		     ARRAY_SIZE(tables));
}
