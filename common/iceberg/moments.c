/* SPDX-License-Identifier: Apache-2.0 */
/* moments.c - the calendar, and ISO 8601. */
#include "common/iceberg/moments.h"

#include <ctype.h>

#define DAYS_PER_ERA 146097 /* 400 years */
#define EPOCH_DAY 719468    /* from 0000-03-01 to 1970-01-01 */

int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* Both by counting from March, so that a leap day is a year's last. */
int64_t days_of_date(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = floor_div(y, 400), of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH_DAY;
}

void date_of_days(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t n = days + EPOCH_DAY, era = floor_div(n, DAYS_PER_ERA);
	int64_t of_era = n - era * DAYS_PER_ERA;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int m = (int)((5 * of_year + 2) / 153);

	*day = (int)(of_year - (153 * m + 2) / 5) + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = y + era * 400 + (*month <= 2);
}

/* Reads min to max digits at *s, and moves it behind them. */
static bool digits(const char **s, int min, int max, int64_t *out)
{
	int n = 0;

	for (*out = 0; n < max && isdigit((unsigned char)**s); n++, ++*s)
		*out = *out * 10 + (**s - '0');
	return n >= min && !isdigit((unsigned char)**s);
}

static bool skip(const char **s, char c)
{
	if (**s != c)
		return false;
	++*s;
	return true;
}

static bool date_at(const char **s, int64_t *days)
{
	static const int lengths[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool minus = **s == '-', sign = minus || **s == '+';
	int64_t year, month, day, y;
	int m, d;

	*s += sign;
	if (!digits(s, 4, sign ? 6 : 4, &year) || !skip(s, '-') || !digits(s, 2, 2, &month) ||
	    !skip(s, '-') || !digits(s, 2, 2, &day))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > lengths[month - 1])
		return false;
	*days = days_of_date(minus ? -year : year, (int)month, (int)day);
	date_of_days(*days, &y, &m, &d); /* the 29th of February moves in other years */
	return m == (int)month;
}

/* Nanoseconds of the day. */
static bool time_at(const char **s, int64_t *ns)
{
	int64_t hour, minute, second = 0, fraction = 0;
	bool seconds;

	if (!digits(s, 2, 2, &hour) || !skip(s, ':') || !digits(s, 2, 2, &minute))
		return false;
	seconds = skip(s, ':');
	if (seconds && !digits(s, 2, 2, &second))
		return false;
	if (seconds && skip(s, '.')) {
		const char *from = *s;

		if (!digits(s, 1, 9, &fraction))
			return false;
		for (int64_t n = *s - from; n < 9; n++)
			fraction *= 10;
	}
	*ns = ((hour * 60 + minute) * 60 + second) * 1000000000 + fraction;
	return hour < 24 && minute < 60 && second < 60;
}

/* "Z", "+01:00" or "-01:00:30": seconds east of UTC. */
static bool zone_at(const char **s, int64_t *east)
{
	bool minus = **s == '-';
	int64_t hour, minute, second = 0;

	if (skip(s, 'Z') || skip(s, 'z'))
		return true;
	if (!skip(s, '+') && !skip(s, '-'))
		return false;
	if (!digits(s, 2, 2, &hour) || !skip(s, ':') || !digits(s, 2, 2, &minute))
		return false;
	if (skip(s, ':') && !digits(s, 2, 2, &second))
		return false;
	*east = ((hour * 60 + minute) * 60 + second) * (minus ? -1 : 1);
	return hour <= 18 && minute < 60 && second < 60;
}

bool read_date(const char *s, int64_t *days)
{
	return date_at(&s, days) && !*s;
}

bool read_time(const char *s, int64_t *us)
{
	int64_t ns;

	if (!time_at(&s, &ns) || *s)
		return false;
	*us = ns / 1000;
	return true;
}

bool read_timestamp(const char *s, enum zone_rule zone, int64_t per_second, __int128 *ticks)
{
	int64_t days, ns, east = 0;

	if (!date_at(&s, &days) || (!skip(&s, 'T') && !skip(&s, 't')) || !time_at(&s, &ns))
		return false;
	if (*s && (zone == ZONE_NONE || !zone_at(&s, &east)))
		return false;
	*ticks = ((__int128)days * 86400 - east) * 1000000000 + ns;
	*ticks /= 1000000000 / per_second;
	return !*s;
}

const char *date_text(struct cx *cx, int64_t days)
{
	int64_t year;
	int month, day;

	date_of_days(days, &year, &month, &day);
	return cx_printf(cx, "%s%04lld-%02d-%02d",
			 year < 0      ? "-"
			 : year > 9999 ? "+"
				       : "",
			 (long long)(year < 0 ? -year : year), month, day);
}

/* Ticks of a day. */
static const char *clock_text(struct cx *cx, int64_t ticks, int64_t per_second)
{
	int64_t s = ticks / per_second;

	return cx_printf(cx, "%02lld:%02lld:%02lld.%0*lld", (long long)(s / 3600),
			 (long long)(s / 60 % 60), (long long)(s % 60),
			 per_second == 1000000 ? 6 : 9, (long long)(ticks % per_second));
}

const char *time_text(struct cx *cx, int64_t us)
{
	return clock_text(cx, us, 1000000);
}

const char *timestamp_text(struct cx *cx, int64_t ticks, int64_t per_second, bool utc)
{
	int64_t per_day = 86400 * per_second, days = floor_div(ticks, per_day);
	int64_t of_day = (int64_t)(ticks - (__int128)days * per_day);

	return cx_printf(cx, "%sT%s%s", date_text(cx, days), clock_text(cx, of_day, per_second),
			 utc ? "+00:00" : "");
}
