/* SPDX-License-Identifier: Apache-2.0 */
/* literal.c - reading, comparing and writing single values. */
#include "common/iceberg/literal.h"

#include <ctype.h>
#include <float.h>
#include <math.h>
#include <strings.h>

#include "common/iceberg/moments.h"
#include "common/text.h"

#define MAX_DIGITS 38 /* of a decimal */

static bool is_whole(enum type_id id)
{
	return id == TYPE_BOOLEAN || id == TYPE_INT || id == TYPE_LONG ||
	       (id >= TYPE_DATE && id <= TYPE_TIMESTAMPTZ_NS);
}

static bool is_bytes(enum type_id id)
{
	return id == TYPE_STRING || id == TYPE_UUID || id == TYPE_BINARY || id == TYPE_FIXED;
}

static bool is_float(enum type_id id)
{
	return id == TYPE_FLOAT || id == TYPE_DOUBLE;
}

static struct literal value_of(const struct type *t)
{
	return (struct literal){ .state = LITERAL_VALUE, .type = t->id, .scale = t->scale };
}

/* Little-endian, as the spec has all numbers but decimals. */
static uint64_t little(const char *s, size_t len)
{
	uint64_t n = 0;

	while (len--)
		n = n << 8 | (unsigned char)s[len];
	return n;
}

static __int128 power_of_ten(int n)
{
	__int128 p = 1;

	while (n--)
		p *= 10;
	return p;
}

/* Big-endian two's complement, of 38 digits at most. */
static bool big(const char *s, size_t len, __int128 *out)
{
	bool minus = len && (s[0] & 0x80);
	unsigned __int128 n = minus ? ~(unsigned __int128)0 : 0;
	char sign = minus ? '\xff' : '\0';

	while (len > 16 && *s == sign)
		s++, len--;
	if (len == 0 || len > 16)
		return false;
	for (size_t i = 0; i < len; i++)
		n = n << 8 | (unsigned char)s[i];
	*out = (__int128)n;
	return (*out < 0) == minus && *out < power_of_ten(MAX_DIGITS) &&
	       *out > -power_of_ten(MAX_DIGITS);
}

struct literal literal_from_int(const struct type *t, int64_t n)
{
	struct literal v = value_of(t);

	if (!is_whole(t->id))
		return (struct literal){ 0 };
	v.n = n;
	return v;
}

struct literal literal_from_double(const struct type *t, double d)
{
	struct literal v = value_of(t);

	if (!is_float(t->id))
		return (struct literal){ 0 };
	v.d = d;
	return v;
}

/* 4 bytes for a type of 8: an int, or a date, that was promoted. */
static struct literal promoted(const struct type *t, int32_t n)
{
	struct literal v = value_of(t);

	v.n = n;
	if (t->id == TYPE_TIMESTAMP)
		v.n = n * US_PER_DAY;
	if (t->id == TYPE_TIMESTAMP_NS && __builtin_mul_overflow(n, US_PER_DAY * 1000, &v.n))
		return (struct literal){ 0 };
	return v;
}

static struct literal float_from_bytes(const struct type *t, const char *s, size_t len)
{
	float f;
	double d;

	if (len == 4) {
		uint32_t bits = (uint32_t)little(s, 4);

		memcpy(&f, &bits, 4);
		return literal_from_double(t, (double)f);
	}
	if (len == 8 && t->id == TYPE_DOUBLE) {
		uint64_t bits = little(s, 8);

		memcpy(&d, &bits, 8);
		return literal_from_double(t, d);
	}
	return (struct literal){ 0 };
}

struct literal literal_from_bytes(const struct type *t, const char *s, size_t len)
{
	struct literal v = value_of(t), none = { 0 };
	size_t size = t->id == TYPE_BOOLEAN ? 1 : t->id == TYPE_INT || t->id == TYPE_DATE ? 4 : 8;

	if (is_float(t->id))
		return float_from_bytes(t, s, len);
	if (t->id == TYPE_DECIMAL)
		return big(s, len, &v.unscaled) ? v : none;
	if (t->id == TYPE_UUID && len != 16)
		return none;
	if (is_bytes(t->id)) {
		v.s = s;
		v.len = len;
		return v;
	}
	if (!is_whole(t->id))
		return none;
	if (size == 8 && len == 4)
		return promoted(t, (int32_t)little(s, 4));
	if (len != size)
		return none;
	v.n = size == 8 ? (int64_t)little(s, 8) : size == 4 ? (int32_t)little(s, 4) : *s != 0;
	return v;
}

/* A decimal number as digits: 0.DIGITS times 10^point. */
struct number {
	const char *digits; /* without zeros at its start */
	size_t n;
	int64_t point;
	bool minus;
};

/* [+-] digits [. digits] [e [+-] digits]; `room` takes the digits. */
static bool read_number(const char *s, char *room, struct number *out)
{
	size_t seen = 0;
	bool point = false;

	*out = (struct number){ .digits = room, .minus = *s == '-' };
	s += *s == '-' || *s == '+';
	for (; isdigit((unsigned char)*s) || (*s == '.' && !point); s++) {
		if (*s == '.') {
			point = true;
			continue;
		}
		seen++;
		if (!point && (out->n || *s != '0'))
			out->point++;
		if (point && !out->n && *s == '0')
			out->point--;
		if (out->n || *s != '0')
			room[out->n++] = *s;
	}
	if (*s == 'e' || *s == 'E') {
		bool minus = s[1] == '-';
		int64_t e = 0;

		s += s[1] == '-' || s[1] == '+' ? 2 : 1;
		if (!isdigit((unsigned char)*s))
			return false;
		for (; isdigit((unsigned char)*s); s++)
			e = e < 1000000 ? e * 10 + (*s - '0') : e;
		out->point += minus ? -e : e;
	}
	return seen && *s == '\0';
}

/* The number times 10^scale, cut; *fraction: the first digit that was cut off, '\0' where only
 * zeros were.  False: it has more than 38 digits. */
static bool scaled(const struct number *v, int scale, __int128 *out, char *fraction)
{
	int64_t whole = v->n ? v->point + scale : 0;

	*out = 0;
	*fraction = '\0';
	if (whole > MAX_DIGITS)
		return false;
	for (int64_t i = 0; i < whole; i++)
		*out = *out * 10 + (i < (int64_t)v->n ? v->digits[i] - '0' : 0);
	for (int64_t i = whole > 0 ? whole : 0; i < (int64_t)v->n && !*fraction; i++)
		if (v->digits[i] != '0')
			*fraction = i == whole ? v->digits[i] : '0';
	return true;
}

/*
 * Text of a number as the nearest value that is not above it; with `round` (numbers, not texts)
 * as the nearest one, half away from zero.  False: no number.
 */
static bool read_scaled(struct cx *cx, const char *s, int scale, bool round, __int128 *out,
			enum literal_fit *fit)
{
	struct number v;
	char fraction, room[64];
	size_t n = strlen(s);

	*fit = FIT_EXACT;
	if (!read_number(s, n < sizeof(room) ? room : cx_alloc(cx, n + 1), &v))
		return false;
	if (!scaled(&v, scale, out, &fraction)) {
		*fit = v.minus ? FIT_BELOW : FIT_ABOVE;
		return true;
	}
	if (fraction && round)
		*out += fraction >= '5';
	else if (fraction)
		*fit = FIT_BETWEEN;
	if (v.minus)
		*out = -*out - (*fit == FIT_BETWEEN);
	return true;
}

static bool is_number(struct json_object *v)
{
	return json_object_is_type(v, json_type_int) || json_object_is_type(v, json_type_double);
}

static void clamp(__int128 n, __int128 min, __int128 max, enum literal_fit *fit)
{
	if (*fit > FIT_BETWEEN)
		return;
	if (n > max)
		*fit = FIT_ABOVE;
	else if (n < min)
		*fit = FIT_BELOW;
}

static bool whole_from_json(struct cx *cx, struct json_object *v, struct literal *out,
			    enum literal_fit *fit)
{
	bool small = out->type == TYPE_INT || out->type == TYPE_DATE;
	bool number = out->type == TYPE_INT || out->type == TYPE_LONG;
	__int128 n = 0;

	if (!json_object_is_type(v, json_type_int) && !number)
		return false;
	if (!is_number(v) && !json_object_is_type(v, json_type_string))
		return false;
	if (!read_scaled(cx, json_object_get_string(v), 0, false, &n, fit))
		return false;
	clamp(n, small ? INT32_MIN : INT64_MIN, small ? INT32_MAX : INT64_MAX, fit);
	out->n = (int64_t)n;
	return true;
}

static bool float_from_json(struct json_object *v, struct literal *out, enum literal_fit *fit)
{
	const char *s = json_object_get_string(v);
	char *end;

	if (!is_number(v) && !json_object_is_type(v, json_type_string))
		return false;
	if (s[0] == '\0' || strspn(s, "0123456789+-.eE") != strlen(s))
		return false;
	out->d = strtod(s, &end);
	if (*end)
		return false;
	if (out->type == TYPE_FLOAT && out->d > (double)FLT_MAX)
		*fit = FIT_ABOVE;
	else if (out->type == TYPE_FLOAT && out->d < (double)-FLT_MAX)
		*fit = FIT_BELOW;
	else if (out->type == TYPE_FLOAT)
		out->d = (double)(float)out->d;
	else if (isinf(out->d))
		*fit = out->d > 0 ? FIT_ABOVE : FIT_BELOW;
	return true;
}

static bool decimal_from_json(struct cx *cx, const struct type *t, struct json_object *v,
			      struct literal *out, enum literal_fit *fit)
{
	__int128 max = power_of_ten(t->precision) - 1;

	if (!is_number(v) && !json_object_is_type(v, json_type_string))
		return false;
	if (!read_scaled(cx, json_object_get_string(v), t->scale, is_number(v), &out->unscaled,
			 fit))
		return false;
	clamp(out->unscaled, -max - (*fit == FIT_BETWEEN), max, fit);
	return true;
}

static bool timestamp_from_text(const char *s, struct literal *out, enum literal_fit *fit)
{
	bool ns = out->type == TYPE_TIMESTAMP_NS || out->type == TYPE_TIMESTAMPTZ_NS;
	bool utc = out->type == TYPE_TIMESTAMPTZ || out->type == TYPE_TIMESTAMPTZ_NS;
	__int128 ticks;

	if (!read_timestamp(s, utc ? ZONE_UTC_DEFAULT : ZONE_NONE, ns ? 1000000000 : 1000000,
			    &ticks))
		return false;
	clamp(ticks, INT64_MIN, INT64_MAX, fit);
	out->n = (int64_t)ticks;
	return true;
}

static bool bytes_from_text(struct cx *cx, const struct type *t, const char *s, struct literal *out)
{
	size_t n = strlen(s);
	char *hex = cx_strdup(cx, s);
	unsigned char *bytes = cx_alloc(cx, n / 2 + 1);

	if (t->id == TYPE_UUID) {
		if (!text_is_uuid(s))
			return false;
		n = 0;
		for (; *s; s++)
			if (*s != '-')
				hex[n++] = *s;
	}
	if (n % 2 || (t->id == TYPE_FIXED && n != 2 * (size_t)t->length))
		return false;
	hex[n] = '\0';
	out->s = (const char *)bytes;
	out->len = n / 2;
	return text_unhex(hex, bytes, n / 2);
}

static bool moment_from_text(const char *s, struct literal *out, enum literal_fit *fit)
{
	switch (out->type) {
	case TYPE_BOOLEAN:
		out->n = strcasecmp(s, "true") == 0;
		return out->n || strcasecmp(s, "false") == 0;
	case TYPE_DATE:
		if (!read_date(s, &out->n))
			return false;
		clamp(out->n, INT32_MIN, INT32_MAX, fit);
		return true;
	case TYPE_TIME:
		return read_time(s, &out->n);
	default:
		return timestamp_from_text(s, out, fit);
	}
}

/* Numbers of microseconds for nanoseconds, as Java's clients mean them. */
static bool ns_from_number(struct literal *out, enum literal_fit *fit)
{
	if (out->type != TYPE_TIMESTAMP_NS && out->type != TYPE_TIMESTAMPTZ_NS)
		return true;
	if (__builtin_mul_overflow(out->n, 1000, &out->n))
		*fit = out->n < 0 ? FIT_ABOVE : FIT_BELOW;
	return true;
}

static bool read_json(struct cx *cx, const struct type *t, struct json_object *v,
		      struct literal *out, enum literal_fit *fit)
{
	bool text = json_object_is_type(v, json_type_string);

	if (is_float(t->id))
		return float_from_json(v, out, fit);
	if (t->id == TYPE_DECIMAL)
		return decimal_from_json(cx, t, v, out, fit);
	if (t->id == TYPE_BOOLEAN && json_object_is_type(v, json_type_boolean)) {
		out->n = json_object_get_boolean(v);
		return true;
	}
	if (t->id == TYPE_STRING && text) {
		out->s = cx_strdup(cx, json_object_get_string(v));
		out->len = strlen(out->s);
		return true;
	}
	if (is_bytes(t->id))
		return text && t->id != TYPE_STRING &&
		       bytes_from_text(cx, t, json_object_get_string(v), out);
	if (text && t->id != TYPE_INT && t->id != TYPE_LONG)
		return is_whole(t->id) && moment_from_text(json_object_get_string(v), out, fit);
	if (!is_whole(t->id) || t->id == TYPE_BOOLEAN)
		return false;
	return whole_from_json(cx, v, out, fit) && ns_from_number(out, fit);
}

enum status literal_from_json(struct cx *cx, const struct type *t, const char *where,
			      struct json_object *v, struct literal *out, enum literal_fit *fit)
{
	*out = value_of(t);
	*fit = FIT_EXACT;
	if (!v)
		return fail(cx, INVALID, "%s: null is no value to compare with", where);
	if (json_object_is_type(v, json_type_string) &&
	    strlen(json_object_get_string(v)) != (size_t)json_object_get_string_len(v))
		return fail(cx, INVALID, "%s: holds a NUL", where);
	if (!read_json(cx, t, v, out, fit))
		return fail(cx, INVALID, "%s: Invalid value for conversion to type %s: %.80s",
			    where, t->text, json_print(cx, v, NULL));
	return OK;
}

/* The shortest text that reads back as the same double, of a float too: readers may compare so. */
static struct json_object *double_json(struct cx *cx, double d)
{
	struct json_object *v = NULL;
	char s[40];

	if (isnan(d) || isinf(d))
		return json_new_text(cx, isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity");
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(s, sizeof(s), "%.*g", digits, d);
		if (strtod(s, NULL) == d)
			break;
	}
	if (!strpbrk(s, ".e"))
		snprintf(s + strlen(s), sizeof(s) - strlen(s), ".0");
	return json_parse(cx, s, strlen(s), 1, &v) ? NULL : v;
}

/* Plain digits with `scale` of them behind the point. */
static const char *decimal_text(struct cx *cx, __int128 unscaled, int scale)
{
	unsigned __int128 n =
		unscaled < 0 ? -(unsigned __int128)unscaled : (unsigned __int128)unscaled;
	size_t size = 64 + (size_t)scale;
	char *s = cx_alloc(cx, size), *at = s + size - 1;

	for (int i = 0; n || i <= scale; i++) {
		if (i == scale && scale > 0)
			*--at = '.';
		*--at = (char)('0' + (int)(n % 10));
		n /= 10;
	}
	if (unscaled < 0)
		*--at = '-';
	return at;
}

static const char *upper_hex(struct cx *cx, const char *s, size_t len)
{
	char *hex = text_hex(cx, s, len);

	for (char *c = hex; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return hex;
}

static const char *uuid_text(struct cx *cx, const char *bytes)
{
	const char *h = text_hex(cx, bytes, 16);

	return cx_printf(cx, "%.8s-%.4s-%.4s-%.4s-%.12s", h, h + 8, h + 12, h + 16, h + 20);
}

static const char *value_text(struct cx *cx, const struct literal *v)
{
	switch (v->type) {
	case TYPE_DECIMAL:
		return decimal_text(cx, v->unscaled, v->scale);
	case TYPE_DATE:
		return date_text(cx, v->n);
	case TYPE_TIME:
		return time_text(cx, v->n);
	case TYPE_TIMESTAMP:
	case TYPE_TIMESTAMPTZ:
		return timestamp_text(cx, v->n, 1000000, v->type == TYPE_TIMESTAMPTZ);
	case TYPE_TIMESTAMP_NS:
	case TYPE_TIMESTAMPTZ_NS:
		return timestamp_text(cx, v->n, 1000000000, v->type == TYPE_TIMESTAMPTZ_NS);
	case TYPE_UUID:
		return uuid_text(cx, v->s);
	case TYPE_STRING: /* cut bounds and hostile files may not be UTF-8 */
		return text_is_utf8(v->s, v->len) ? cx_strndup(cx, v->s, v->len) : NULL;
	default:
		return upper_hex(cx, v->s, v->len);
	}
}

struct json_object *literal_json(struct cx *cx, const struct literal *v)
{
	const char *text;

	if (v->state != LITERAL_VALUE)
		return NULL;
	if (v->type == TYPE_BOOLEAN) {
		struct json_object *o = json_new_object(cx);

		json_set_bool(o, "v", v->n != 0);
		return json_member(o, "v");
	}
	if (v->type == TYPE_INT || v->type == TYPE_LONG)
		return json_new_int(cx, v->n);
	if (is_float(v->type))
		return double_json(cx, v->d);
	text = value_text(cx, v);
	return text ? json_new_text(cx, text) : NULL;
}

bool literal_is_nan(const struct literal *v)
{
	return v->state == LITERAL_VALUE && is_float(v->type) && isnan(v->d);
}

static int compare_doubles(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return (a > b) - (a < b);
}

int literal_compare(const struct literal *a, const struct literal *b)
{
	if (is_float(a->type))
		return compare_doubles(a->d, b->d);
	if (a->type == TYPE_DECIMAL)
		return (a->unscaled > b->unscaled) - (a->unscaled < b->unscaled);
	if (is_bytes(a->type)) {
		size_t n = a->len < b->len ? a->len : b->len;
		int c = n ? memcmp(a->s, b->s, n) : 0;

		return c ? c : (a->len > b->len) - (a->len < b->len);
	}
	return (a->n > b->n) - (a->n < b->n);
}
