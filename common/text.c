/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - bounded string buffers and the encodings of the field. */
#include "common/text.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/random.h>

struct text text_open(struct cx *cx, size_t max)
{
	struct text t = { .cx = cx, .cap = 256, .max = max };

	t.s = cx_alloc(cx, t.cap);
	return t;
}

static bool text_room(struct text *t, size_t n)
{
	char *bigger;
	size_t cap = t->cap;

	if (t->over || n > t->max || t->len > t->max - n) {
		t->over = true;
		return false;
	}
	if (t->len + n + 1 <= cap)
		return true;
	while (cap < t->len + n + 1)
		cap *= 2;
	bigger = cx_alloc(t->cx, cap);
	memcpy(bigger, t->s, t->len);
	t->s = bigger;
	t->cap = cap;
	return true;
}

void text_addn(struct text *t, const char *s, size_t n)
{
	if (!text_room(t, n))
		return;
	memcpy(t->s + t->len, s, n);
	t->len += n;
	t->s[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_addn(t, s, strlen(s));
}

void text_addc(struct text *t, char c)
{
	text_addn(t, &c, 1);
}

void text_addf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !text_room(t, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(t->s + t->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}

void text_add_percent(struct text *t, const char *s, size_t n, bool slashes)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c < 0x80 && isalnum(c)) || (c && strchr("-._~", c)) || (slashes && c == '/')) {
			text_addc(t, (char)c);
		} else {
			char e[3] = { '%', digits[c >> 4], digits[c & 15] };

			text_addn(t, e, 3);
		}
	}
}

enum status text_check(const struct text *t, const char *what)
{
	if (t->over)
		return fail(t->cx, TOO_LARGE, "%s is larger than %zu bytes", what, t->max);
	return OK;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum status text_unpercent(struct cx *cx, const char *s, size_t n, bool form, char **out)
{
	char *d = cx_alloc(cx, n + 1);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '%') {
			int hi, lo;

			if (i + 2 >= n)
				return fail(cx, INVALID, "a percent escape is cut short");
			hi = hex_digit(s[i + 1]);
			lo = hex_digit(s[i + 2]);
			if (hi < 0 || lo < 0)
				return fail(cx, INVALID, "a percent escape is not two hex digits");
			d[len++] = (char)(hi << 4 | lo);
			i += 2;
		} else {
			d[len++] = form && s[i] == '+' ? ' ' : s[i];
		}
	}
	if (!text_is_utf8(d, len))
		return fail(cx, INVALID, "text is not UTF-8, or holds a NUL byte");
	*out = d;
	return OK;
}

char *text_hex(struct cx *cx, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *b = bytes;
	char *s = cx_alloc(cx, 2 * n + 1);

	for (size_t i = 0; i < n; i++) {
		s[2 * i] = digits[b[i] >> 4];
		s[2 * i + 1] = digits[b[i] & 15];
	}
	return s;
}

bool text_unhex(const char *s, unsigned char *out, size_t n)
{
	if (strlen(s) != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_digit(s[2 * i]), lo = hex_digit(s[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out[i] = (unsigned char)(hi << 4 | lo);
	}
	return true;
}

char *text_base64(struct cx *cx, const void *bytes, size_t n)
{
	char *s = cx_alloc(cx, (n + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)s, bytes, (int)n);
	return s;
}

char *text_base64url(struct cx *cx, const void *bytes, size_t n)
{
	char *s = text_base64(cx, bytes, n);

	for (char *c = s; *c; c++) {
		if (*c == '+')
			*c = '-';
		else if (*c == '/')
			*c = '_';
		else if (*c == '=')
			*c = '\0';
	}
	return s;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

enum status text_unbase64(struct cx *cx, const char *s, size_t n, unsigned char **out,
			  size_t *out_len)
{
	unsigned char *d = cx_alloc(cx, n / 4 * 3 + 4);
	unsigned long bits = 0;
	size_t len = 0, have = 0;

	if (n % 4 == 0)
		for (int i = 0; i < 2 && n && s[n - 1] == '='; i++)
			n--;
	for (size_t i = 0; i < n; i++) {
		int v = base64_digit(s[i]);

		if (v < 0)
			return fail(cx, INVALID, "not base64");
		bits = (bits << 6 | (unsigned long)v) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			d[len++] = (unsigned char)(bits >> have);
		}
	}
	if (n % 4 == 1 || bits & ((1u << have) - 1)) /* one text a value: no bits left over */
		return fail(cx, INVALID, "base64 is cut short");
	*out = d;
	*out_len = len;
	return OK;
}

/* How many bytes follow lead byte c, and the smallest code point of that
 * length; -1 where c cannot lead. */
static int utf8_tail(unsigned char c, uint32_t *min, uint32_t *bits)
{
	if (c < 0x80) {
		*min = 1; /* no NUL */
		*bits = c;
		return 0;
	}
	if (c >= 0xc2 && c <= 0xdf) {
		*min = 0x80;
		*bits = c & 0x1f;
		return 1;
	}
	if ((c & 0xf0) == 0xe0) {
		*min = 0x800;
		*bits = c & 0x0f;
		return 2;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		*min = 0x10000;
		*bits = c & 0x07;
		return 3;
	}
	return -1;
}

/* How many bytes from s on are plain ASCII without NUL, eight at a time. */
static size_t ascii_prefix(const char *s, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
	size_t i = 0;

	for (uint64_t v; n - i >= sizeof(v); i += sizeof(v)) {
		memcpy(&v, s + i, sizeof(v));
		if (v & tops || (v - ones) & tops) /* a byte above 0x7f, or a zero one */
			break;
	}
	return i;
}

bool text_is_utf8(const char *s, size_t n)
{
	for (size_t i = ascii_prefix(s, n); i < n; i++) {
		uint32_t min, code;
		int tail = utf8_tail((unsigned char)s[i], &min, &code);

		if (tail < 0 || (size_t)tail > n - i - 1)
			return false;
		for (int k = 0; k < tail; k++) {
			unsigned char c = (unsigned char)s[++i];

			if ((c & 0xc0) != 0x80)
				return false;
			code = code << 6 | (c & 0x3f);
		}
		if (code < min || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
			return false;
	}
	return true;
}

bool text_int(const char *s, int64_t *out)
{
	char *end;
	long long v;

	if (!s || !(isdigit((unsigned char)*s) || (*s == '-' && isdigit((unsigned char)s[1]))))
		return false;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno || *end)
		return false;
	*out = v;
	return true;
}

bool text_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool text_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool text_same_secret(const char *a, const char *b)
{
	size_t n = strlen(a);

	return n == strlen(b) && CRYPTO_memcmp(a, b, n) == 0;
}

void text_random(void *out, size_t n)
{
	unsigned char *at = out;

	while (n) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno != EINTR)
			abort();
		if (got > 0) {
			at += got;
			n -= (size_t)got;
		}
	}
}

int64_t text_random62(void)
{
	uint64_t v;

	do {
		text_random(&v, sizeof(v));
		v >>= 2;
	} while (!v);
	return (int64_t)v;
}

static char *uuid_text(struct cx *cx, unsigned char *b, unsigned version)
{
	static const char digits[] = "0123456789abcdef";
	char *out = cx_alloc(cx, 37), *to = out;

	b[6] = (unsigned char)((b[6] & 0x0f) | version << 4);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = digits[b[i] >> 4];
		*to++ = digits[b[i] & 15];
	}
	*to = '\0';
	return out;
}

char *text_uuid4(struct cx *cx)
{
	unsigned char b[16];

	text_random(b, sizeof(b));
	return uuid_text(cx, b, 4);
}

/* RFC 9562, 6.2 method 3: the 12 bits behind the ms are the fraction of it, so
 * that ids of one ms are in order too. */
char *text_uuid7(struct cx *cx)
{
	unsigned char b[16];
	struct timespec now;
	uint64_t ms;
	unsigned fraction;

	clock_gettime(CLOCK_REALTIME, &now);
	ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	fraction = (unsigned)((uint64_t)now.tv_nsec % 1000000 * 4096 / 1000000);
	text_random(b, sizeof(b));
	for (int i = 0; i < 6; i++)
		b[i] = (unsigned char)(ms >> (40 - 8 * i));
	b[6] = (unsigned char)(fraction >> 8);
	b[7] = (unsigned char)fraction;
	return uuid_text(cx, b, 7);
}

bool text_is_uuid(const char *s)
{
	if (!s || strlen(s) != 36)
		return false;
	for (int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : hex_digit(s[i]) < 0)
			return false;
	}
	return true;
}

char *text_time(struct cx *cx, int64_t ms)
{
	time_t s = (time_t)(ms / 1000);
	int rest = (int)(ms % 1000);
	struct tm tm;

	if (rest < 0) {
		rest += 1000;
		s--;
	}
	gmtime_r(&s, &tm);
	return cx_printf(cx, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
			 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, rest);
}

/* True where s begins with digits ('d') and other characters as the shape says. */
static bool has_shape(const char *s, const char *shape)
{
	for (; *shape; s++, shape++)
		if (*shape == 'd' ? !isdigit((unsigned char)*s) : *s != *shape)
			return false;
	return true;
}

static int decimal(const char *s, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++)
		v = 10 * v + (s[i] - '0');
	return v;
}

/* Reads the fraction of a second, if any, as ms; NULL where it has no digits. */
static const char *read_fraction(const char *p, int64_t *ms)
{
	int64_t unit = 100;

	*ms = 0;
	if (*p != '.')
		return p;
	if (!isdigit((unsigned char)*++p))
		return NULL;
	for (; isdigit((unsigned char)*p); p++, unit /= 10)
		*ms += (*p - '0') * unit;
	return p;
}

/* Reads "Z" or "+01:30" as minutes; NULL where it is neither. */
static const char *read_offset(const char *p, int64_t *minutes)
{
	*minutes = 0;
	if (*p == 'Z' || *p == 'z')
		return p + 1;
	if ((*p != '+' && *p != '-') || !has_shape(p + 1, "dd:dd"))
		return NULL;
	if (decimal(p + 1, 2) > 23 || decimal(p + 4, 2) > 59)
		return NULL;
	*minutes = decimal(p + 1, 2) * 60 + decimal(p + 4, 2);
	if (*p == '-')
		*minutes = -*minutes;
	return p + 6;
}

bool text_untime(const char *s, int64_t *ms)
{
	int64_t fraction, minutes;
	const char *p;
	struct tm tm, back;
	time_t at;

	if (!has_shape(s, "dddd-dd-ddTdd:dd:dd") && !has_shape(s, "dddd-dd-ddtdd:dd:dd"))
		return false;
	tm = (struct tm){ .tm_year = decimal(s, 4) - 1900,
			  .tm_mon = decimal(s + 5, 2) - 1,
			  .tm_mday = decimal(s + 8, 2),
			  .tm_hour = decimal(s + 11, 2),
			  .tm_min = decimal(s + 14, 2),
			  .tm_sec = decimal(s + 17, 2) };
	if (tm.tm_sec == 60) /* a leap second is the one before it, too */
		tm.tm_sec = 59;
	back = tm;
	at = timegm(&back);
	/* a day or hour that there is not comes back as another */
	if (back.tm_mon != tm.tm_mon || back.tm_hour != tm.tm_hour || back.tm_min != tm.tm_min ||
	    back.tm_sec != tm.tm_sec)
		return false;
	p = read_fraction(s + 19, &fraction);
	p = p ? read_offset(p, &minutes) : NULL;
	if (!p || *p)
		return false;
	*ms = (int64_t)at * 1000 + fraction - minutes * 60000;
	return true;
}
