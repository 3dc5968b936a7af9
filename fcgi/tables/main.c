/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - pangolin-tables: tables.  A web server that routes by decoded paths can
 * send it a namespace's request: it answers those too. */
#include "fcgi/server.h"

int main(void)
{
	static const struct route_table *const tables[] = { &tables_routes, &namespaces_routes };

	return serve("tables", NEED_CLOUD | NEED_CACHE | NEED_STORAGE_KEY, tables,
		     ARRAY_SIZE(tables));
}
