/* SPDX-License-Identifier: Apache-2.0 */
/* backup.c - pangolin backup. */
#include <errno.h>
#include <unistd.h>

#include "cli/progress.h"

enum status run_backup(struct cli *c)
{
	const char *path = c->args[0], *part = cx_printf(c->cx, "%s.part", path);
	struct progress p;
	enum status s = cli_store(c, false);

	if (!s && access(path, F_OK) == 0)
		s = fail(c->cx, EXISTS, "%s is there already", path);
	if (s)
		return s;
	progress_open(&p, c, "backup", "pages", 0);
	s = store_backup(c->cx, c->store, part, progress_tick, &p);
	progress_close(&p);
	if (!s && rename(part, path))
		s = fail(c->cx, UNAVAILABLE, "%s: %s", path, strerror(errno));
	if (!s)
		cli_note(c, "%s is whole; its secrets open with storage.key alone: keep that too",
			 path);
	return s;
}
