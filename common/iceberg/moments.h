/* SPDX-License-Identifier: Apache-2.0 */
/* moments.h - days, times and timestamps as ISO 8601 texts, and the calendar behind them. */
#ifndef COMMON_ICEBERG_MOMENTS_H
#define COMMON_ICEBERG_MOMENTS_H

#include "common/cx.h"

#define US_PER_DAY INT64_C(86400000000)

/* 1970-01-01 is day 0; proleptic Gregorian. */
int64_t days_of_date(int64_t year, int month, int day);
void date_of_days(int64_t days, int64_t *year, int *month, int *day);

/* Rounds down. */
int64_t floor_div(int64_t a, int64_t b);

enum zone_rule { ZONE_NONE, ZONE_UTC_DEFAULT }; /* none may stand there; else UTC where none does */

/* False where the text is no such moment.  Years have 4 digits, or a sign and 4 to 6. */
bool read_date(const char *s, int64_t *days);
/* "10:15", "10:15:30", "10:15:30.123456789": µs; what is finer is cut off. */
bool read_time(const char *s, int64_t *us);
/* Ticks since 1970, `per_second` 1000000 or 1000000000 of them; finer digits are cut off
 * towards 1970, as Java does. */
bool read_timestamp(const char *s, enum zone_rule zone, int64_t per_second, __int128 *ticks);

/* "2007-12-03", "10:15:30.123456", "2007-12-03T10:15:30.123456": always 6 (9) digits. */
const char *date_text(struct cx *cx, int64_t days);
const char *time_text(struct cx *cx, int64_t us);
const char *timestamp_text(struct cx *cx, int64_t ticks, int64_t per_second, bool utc);

#endif
