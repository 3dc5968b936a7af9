/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - pangolin-credentials: who gets which token, and which keys to a table's files. */
#include "fcgi/server.h"

int main(void)
{
	static const struct route_table *const tables[] = { &credentials_routes };

	return serve("credentials", NEED_CLOUD | NEED_STORAGE_KEY | NEED_IDENTITY_KEY, tables,
		     ARRAY_SIZE(tables));
}
