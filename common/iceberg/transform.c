/* SPDX-License-Identifier: Apache-2.0 */
/* transform.c - partition transforms applied to values. */
#include "common/iceberg/transform.h"

#include "common/iceberg/moments.h"

bool transform_result(const struct transform *f, const struct type *source, struct type *out)
{
	static const struct type int_type = { .id = TYPE_INT, .text = "int" };
	static const struct type date_type = { .id = TYPE_DATE, .text = "date" };

	if (f->id == TRANSFORM_UNKNOWN || f->id == TRANSFORM_VOID || !transform_takes(f, source))
		return false;
	switch (f->id) {
	case TRANSFORM_IDENTITY:
	case TRANSFORM_TRUNCATE:
		*out = *source;
		break;
	case TRANSFORM_DAY:
		*out = date_type;
		break;
	default:
		*out = int_type;
	}
	return true;
}

bool transform_keeps_order(const struct transform *f)
{
	return f->id != TRANSFORM_BUCKET && f->id != TRANSFORM_VOID && f->id != TRANSFORM_UNKNOWN;
}

static uint32_t rotate(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static uint32_t scramble(uint32_t k)
{
	return rotate(k * 0xcc9e2d51u, 15) * 0x1b873593u;
}

uint32_t murmur3(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint32_t h = 0, k = 0;
	size_t i;

	for (i = 0; i + 4 <= n; i += 4) {
		k = p[i] | (uint32_t)p[i + 1] << 8 | (uint32_t)p[i + 2] << 16 |
		    (uint32_t)p[i + 3] << 24;
		h = rotate(h ^ scramble(k), 13) * 5 + 0xe6546b64u;
	}
	k = 0;
	for (size_t left = n; left-- > i;)
		k = k << 8 | p[left];
	h ^= scramble(k) ^ (uint32_t)n;
	h = (h ^ h >> 16) * 0x85ebca6bu;
	h = (h ^ h >> 13) * 0xc2b2ae35u;
	return h ^ h >> 16;
}

static uint32_t hash_long(int64_t n)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)((uint64_t)n >> 8 * i);
	return murmur3(bytes, 8);
}

/* The fewest bytes of two's complement, big-endian. */
static uint32_t hash_decimal(__int128 n)
{
	unsigned char bytes[16];
	size_t from = 0;

	for (int i = 0; i < 16; i++)
		bytes[i] = (unsigned char)((unsigned __int128)n >> (120 - 8 * i));
	while (from < 15 && ((bytes[from] == 0 && bytes[from + 1] < 0x80) ||
			     (bytes[from] == 0xff && bytes[from + 1] >= 0x80)))
		from++;
	return murmur3(bytes + from, 16 - from);
}

static bool is_ns(enum type_id id)
{
	return id == TYPE_TIMESTAMP_NS || id == TYPE_TIMESTAMPTZ_NS;
}

static uint32_t hash(const struct type *t, const struct literal *v)
{
	switch (t->id) {
	case TYPE_STRING:
	case TYPE_BINARY:
	case TYPE_FIXED:
	case TYPE_UUID:
		return murmur3(v->s, v->len);
	case TYPE_DECIMAL:
		return hash_decimal(v->unscaled);
	default: /* nanoseconds fall into the bucket of their microsecond */
		return hash_long(is_ns(t->id) ? floor_div(v->n, 1000) : v->n);
	}
}

size_t utf8_prefix(const char *s, size_t len, size_t n)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	return i;
}

size_t utf8_count(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

/* v - (v mod w), not below `min`. */
static __int128 cut(__int128 v, int width, __int128 min)
{
	__int128 rest = v % width, out = v - rest - (rest < 0 ? width : 0);

	return out < min ? min : out;
}

static struct literal truncate_value(const struct transform *f, const struct type *t,
				     const struct literal *v)
{
	struct literal out = *v;

	switch (t->id) {
	case TYPE_INT:
		out.n = (int64_t)cut(v->n, f->width, INT32_MIN);
		break;
	case TYPE_LONG:
		out.n = (int64_t)cut(v->n, f->width, INT64_MIN);
		break;
	case TYPE_DECIMAL:
		out.unscaled = cut(v->unscaled, f->width, v->unscaled - f->width);
		break;
	case TYPE_STRING:
		out.len = utf8_prefix(v->s, v->len, (size_t)f->width);
		break;
	default:
		out.len = v->len < (size_t)f->width ? v->len : (size_t)f->width;
	}
	return out;
}

static int64_t ticks_per_second(enum type_id id)
{
	return is_ns(id) ? 1000000000 : 1000000;
}

static int64_t time_unit(enum transform_id id, const struct type *t, int64_t n)
{
	int64_t days, year;
	int month, day;

	if (id == TRANSFORM_HOUR)
		return floor_div(n, 3600 * ticks_per_second(t->id));
	days = t->id == TYPE_DATE ? n : floor_div(n, 86400 * ticks_per_second(t->id));
	if (id == TRANSFORM_DAY)
		return days;
	date_of_days(days, &year, &month, &day);
	return id == TRANSFORM_YEAR ? year - 1970 : (year - 1970) * 12 + month - 1;
}

struct literal transform_apply(const struct transform *f, const struct type *source,
			       const struct literal *v)
{
	struct literal out = { .state = LITERAL_VALUE, .type = TYPE_INT };

	if (v->state != LITERAL_VALUE || f->id == TRANSFORM_IDENTITY)
		return *v;
	switch (f->id) {
	case TRANSFORM_BUCKET:
		out.n = (int64_t)(hash(source, v) & INT32_MAX) % f->width;
		return out;
	case TRANSFORM_TRUNCATE:
		return truncate_value(f, source, v);
	case TRANSFORM_VOID:
		return LITERAL_NULL_VALUE;
	case TRANSFORM_UNKNOWN:
		return (struct literal){ 0 };
	default:
		out.type = f->id == TRANSFORM_DAY ? TYPE_DATE : TYPE_INT;
		out.n = time_unit(f->id, source, v->n);
		return out;
	}
}
