/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h - how far a long command is: a bar on a terminal, lines now and then elsewhere. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/cli.h"

struct progress {
	const struct cli *c;
	const char *what, *unit; /* "import", "rows" */
	int64_t total;		 /* 0 = not known */
	int64_t done, begun_ms, shown_ms;
	bool terminal, shown, stopping;
	sigset_t stops;
};

/* On stderr; nothing with -q.  From here on SIGINT and SIGTERM end the command at its next
 * tick, so that it can put things right. */
void progress_open(struct progress *p, const struct cli *c, const char *what, const char *unit,
		   int64_t total);

/* `done` units are done (arg: struct progress).  False: told to stop. */
bool progress_tick(void *arg, int64_t done);

/* Ends the line. */
void progress_close(struct progress *p);

#endif
