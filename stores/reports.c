/* SPDX-License-Identifier: Apache-2.0 */
/* reports.c - metrics reports: numbered a table, the newest first in key order. */
#include "stores/reports.h"

#include "common/text.h"
#include "stores/edit.h"

#define DAY_MS ((int64_t)86400000)
#define WEEK_MS (7 * DAY_MS)
#define MAX_REMOVED 16 /* in one list; more than one only after the bound was lowered */

/* Weeks go round on a ring, so that all that are over can be named without knowing
 * how long ago the oldest report came. */
static const char *week_name(struct cx *cx, int64_t week)
{
	return cx_printf(cx, "%02lld", (long long)(week % REPORT_WEEKS));
}

size_t report_old_weeks(struct cx *cx, int64_t now_ms, int64_t days,
			const char *weeks[REPORT_WEEKS])
{
	int64_t oldest = (now_ms - days * DAY_MS) / WEEK_MS;
	int64_t next = now_ms / WEEK_MS + 1; /* another machine's clock may be there already */
	size_t n = 0;

	for (int64_t w = next + 1; w < oldest + REPORT_WEEKS; w++)
		weeks[n++] = week_name(cx, w);
	return n;
}

bool report_is_old(const struct metrics_report *r, int64_t now_ms, int64_t days)
{
	return r->received_at < now_ms - days * DAY_MS;
}

/* The next number of the table; `newest` is its row of the last one. */
static enum status number_it(struct cx *cx, struct store *st, struct metrics_report *r)
{
	struct metrics_report newest = *r;
	struct row *row = &newest.row;
	enum status s;

	newest.row = (struct row)ROW(metrics_report);
	newest.row.first_after = true;
	newest.place = 0;
	s = store_get_all(cx, st, &row, 1);
	r->place = row->version ? newest.place - 1 : INT64_MAX - 1;
	return s;
}

/* Those that are `most` or more places behind the new one. */
static enum status beyond(struct cx *cx, struct store *st, const struct metrics_report *r,
			  int64_t most, struct rows *out)
{
	struct metrics_report after = *r;
	struct query q = { .from = &r->row, .bound = 3, .after = &after.row, .limit = MAX_REMOVED };

	*out = (struct rows){ 0 };
	if (r->place > INT64_MAX - most)
		return OK;
	after.place = r->place + most - 1;
	return store_list(cx, st, &q, out);
}

static enum status try_keep(struct cx *cx, struct store *st, struct metrics_report *r, int64_t most)
{
	struct change list[1 + MAX_REMOVED] = { { INSERT, &r->row } };
	struct metrics_report *old;
	struct rows rows = { 0 };
	enum status s = number_it(cx, st, r);

	if (!s)
		s = beyond(cx, st, r, most, &rows);
	if (s)
		return s;
	old = rows.items;
	for (size_t i = 0; i < rows.n; i++)
		list[1 + i] = (struct change){ DELETE, &old[i].row };
	return store_apply(cx, st, list, 1 + rows.n, NULL);
}

enum status report_keep(struct cx *cx, struct store *st, struct metrics_report *r, int64_t most)
{
	r->row = (struct row)ROW(metrics_report);
	r->id = text_uuid7(cx);
	r->received_at = cx_now_ms();
	r->week = week_name(cx, r->received_at / WEEK_MS);
	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		enum status s = try_keep(cx, st, r, most);

		if (s != EXISTS && s != CONFLICT)
			return s;
		edit_backoff(cx, i);
	}
	return edit_gave_up(cx);
}
