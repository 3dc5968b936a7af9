/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c - how far a long command is. */
#include "cli/progress.h"

#include <unistd.h>

#define BAR_EVERY_MS 100
#define LINE_EVERY_MS 10000
#define BAR_WIDTH 30

void progress_open(struct progress *p, const struct cli *c, const char *what, const char *unit,
		   int64_t total)
{
	*p = (struct progress){ .c = c,
				.what = what,
				.unit = unit,
				.total = total,
				.begun_ms = cx_monotonic_ms(),
				.shown_ms = cx_monotonic_ms(),
				.terminal = isatty(STDERR_FILENO) };
	sigemptyset(&p->stops);
	sigaddset(&p->stops, SIGINT);
	sigaddset(&p->stops, SIGTERM);
	sigprocmask(SIG_BLOCK, &p->stops, NULL);
}

static bool told_to_stop(struct progress *p)
{
	const struct timespec now = { 0 };

	if (!p->stopping && sigtimedwait(&p->stops, NULL, &now) > 0)
		p->stopping = true;
	return p->stopping;
}

static void show_bar(struct progress *p)
{
	int full = (int)(p->done < p->total ? BAR_WIDTH * p->done / p->total : BAR_WIDTH);

	fprintf(stderr, "\r%s [%.*s%*s] %3d %%\033[K", p->what, full,
		"##############################", BAR_WIDTH - full, "", 100 * full / BAR_WIDTH);
}

static void show(struct progress *p)
{
	long long seconds = (cx_monotonic_ms() - p->begun_ms) / 1000;

	if (p->terminal && p->total)
		show_bar(p);
	else if (p->total)
		fprintf(stderr, "%s: %lld of %lld %s, %lld s\n", p->what, (long long)p->done,
			(long long)p->total, p->unit, seconds);
	else
		fprintf(stderr, "%s%s: %lld %s, %lld s%s", p->terminal ? "\r" : "", p->what,
			(long long)p->done, p->unit, seconds, p->terminal ? "\033[K" : "\n");
	p->shown = true;
	fflush(stderr);
}

bool progress_tick(void *arg, int64_t done)
{
	struct progress *p = arg;
	int64_t now = cx_monotonic_ms();

	p->done = done;
	if (!p->c->quiet && now - p->shown_ms >= (p->terminal ? BAR_EVERY_MS : LINE_EVERY_MS)) {
		p->shown_ms = now;
		show(p);
	}
	return !told_to_stop(p);
}

void progress_close(struct progress *p)
{
	if (p->shown && p->terminal)
		fprintf(stderr, "\r\033[K");
	fflush(stderr);
}
