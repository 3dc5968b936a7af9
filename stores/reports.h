/* SPDX-License-Identifier: Apache-2.0 */
/* reports.h - clients' metrics reports, kept in bounds: the latest of each table, for a time. */
#ifndef STORES_REPORTS_H
#define STORES_REPORTS_H

#include "stores/store.h"

/*
 * Keeps a report; tenant_id, catalog_id, asset_id and what was reported are set, the rest is
 * filled in.  In the same list the oldest of the table go, so that it never has more than
 * `most` (>= 1).  UNAVAILABLE: others were always faster.
 */
MUST_USE enum status report_keep(struct cx *cx, struct store *st, struct metrics_report *r,
				 int64_t most);

/* Past its time at now_ms: not shown any more, wherever the worker is. */
bool report_is_old(const struct metrics_report *r, int64_t now_ms, int64_t days);

/*
 * The weeks that hold nothing but old reports now (days: at most 400), as values of `week`.
 * A report is found here up to a week after its time.
 */
#define REPORT_WEEKS 64
size_t report_old_weeks(struct cx *cx, int64_t now_ms, int64_t days,
			const char *weeks[REPORT_WEEKS]);

#endif
