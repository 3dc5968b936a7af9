/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - bounded string buffers and the encodings of the field. */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include "common/cx.h"

/*
 * A growing string in a context's arena.  `s` is never NULL and always ends
 * in NUL.  What would pass `max` bytes is dropped whole and sets `over`:
 * check once, at the end.
 */
struct text {
	struct cx *cx;
	char *s;
	size_t len, cap, max;
	bool over;
};

/* max: the largest length in bytes this buffer may reach. */
struct text text_open(struct cx *cx, size_t max);
void text_add(struct text *t, const char *s);
void text_addn(struct text *t, const char *s, size_t n);
void text_addf(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void text_addc(struct text *t, char c);

/* Adds n bytes percent-encoded but for RFC 3986's unreserved ones; with
 * `slashes`, '/' stays too (AWS Signature Version 4's path encoding). */
void text_add_percent(struct text *t, const char *s, size_t n, bool slashes);

/* TOO_LARGE ("<what> is larger than <max> bytes") where the buffer overflowed. */
MUST_USE enum status text_check(const struct text *t, const char *what);

/* Decodes %XX (and '+' as a space where `form`).  INVALID: a broken escape, a
 * NUL byte, or bytes that are not UTF-8. */
MUST_USE enum status text_unpercent(struct cx *cx, const char *s, size_t n, bool form, char **out);

/* Lower-case hex of n bytes. */
char *text_hex(struct cx *cx, const void *bytes, size_t n);
/* Reads 2*n hex digits into out; false where there are not exactly those. */
bool text_unhex(const char *s, unsigned char *out, size_t n);

/* RFC 4648 base64 with padding, and base64url without. */
char *text_base64(struct cx *cx, const void *bytes, size_t n);
char *text_base64url(struct cx *cx, const void *bytes, size_t n);
/* Both alphabets, padding optional.  INVALID on any other byte, and
 * where bits are left over (each value has one text). */
MUST_USE enum status text_unbase64(struct cx *cx, const char *s, size_t n, unsigned char **out,
				   size_t *out_len);

/* True for n bytes of well-formed UTF-8 (RFC 3629: no surrogates, no overlong
 * forms) without NUL. */
bool text_is_utf8(const char *s, size_t n);

/* A whole decimal integer of 64 bits, with '-' or no sign, and nothing before or
 * after it; false otherwise. */
bool text_int(const char *s, int64_t *out);

bool text_starts(const char *s, const char *prefix);
bool text_ends(const char *s, const char *suffix);
/* NULL equals only NULL. */
bool text_same(const char *a, const char *b);

/* 36-character lower-case UUIDs (RFC 9562): random, and time-ordered (within
 * a quarter of a microsecond). */
char *text_uuid4(struct cx *cx);
char *text_uuid7(struct cx *cx);
/* True for 36 characters in UUID shape, either case. */
bool text_is_uuid(const char *s);
#define NIL_UUID "00000000-0000-0000-0000-000000000000"

/* "2026-11-24T07:03:09.123Z" (RFC 3339) and back; false where it is no such
 * time.  Reads any number of fraction digits and numeric offsets. */
char *text_time(struct cx *cx, int64_t ms);
bool text_untime(const char *s, int64_t *ms);

/* n bytes from the system's random source; aborts where there is none. */
void text_random(void *out, size_t n);
/* A random number in 1 .. 2^62-1: a row's first version. */
int64_t text_random62(void);

/* Time does not depend on where the strings differ (their lengths may show). */
bool text_same_secret(const char *a, const char *b);

#endif
