/* SPDX-License-Identifier: Apache-2.0 */
/* migrate.c - pangolin migrate. */
#include "cli/cli.h"

enum status run_migrate(struct cli *c)
{
	int64_t from = 0, to = 0;
	enum status s = cli_store(c, true);

	if (!s)
		s = store_migrate(c->cx, c->store, &from, &to);
	if (s)
		return s;
	if (from == to)
		cli_note(c, "the schema is at version %lld already", (long long)to);
	else
		cli_note(c, "the schema went from version %lld to %lld", (long long)from,
			 (long long)to);
	return OK;
}
