/* SPDX-License-Identifier: Apache-2.0 */
/* json_scan.c - a strict reader of JSON text that keeps nothing. */
#include "common/json_scan.h"

#include <ctype.h>

#include "common/text.h"

struct scan {
	struct cx *cx;
	const char *s;
	size_t n, at;
	int depth, max_depth;
	size_t members;
};

static enum status broken(struct scan *k, const char *what)
{
	return fail(k->cx, INVALID, "JSON: %s at byte %zu", what, k->at);
}

/* The byte at hand; -1 at the end. */
static int peek(const struct scan *k)
{
	return k->at < k->n ? (unsigned char)k->s[k->at] : -1;
}

static void skip_space(struct scan *k)
{
	int c = peek(k);

	while (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
		k->at++;
		c = peek(k);
	}
}

static size_t skip_digits(struct scan *k)
{
	size_t from = k->at;

	while (isdigit(peek(k)))
		k->at++;
	return k->at - from;
}

/* An integer json-c would change: beyond 64 bits, or -0. */
static bool integer_is_lost(const char *s, size_t n)
{
	bool minus = *s == '-';
	const char *limit = minus ? "9223372036854775808" : "18446744073709551615";
	const char *digits = s + minus;
	size_t len = n - minus, max = strlen(limit);

	if (minus && len == 1 && *digits == '0')
		return true;
	return len > max || (len == max && memcmp(digits, limit, len) > 0);
}

static enum status scan_number(struct scan *k)
{
	size_t from = k->at, whole;

	k->at += peek(k) == '-';
	if (peek(k) == '0')
		k->at++;
	else if (!skip_digits(k))
		return broken(k, "a number without digits");
	whole = k->at;
	if (peek(k) == '.') {
		k->at++;
		if (!skip_digits(k))
			return broken(k, "a number without digits");
	}
	if (peek(k) == 'e' || peek(k) == 'E') {
		k->at++;
		k->at += peek(k) == '+' || peek(k) == '-';
		if (!skip_digits(k))
			return broken(k, "a number without digits");
	}
	if (k->at == whole && integer_is_lost(k->s + from, whole - from))
		return fail(k->cx, INVALID, "JSON: the integer at byte %zu does not fit 64 bits",
			    from);
	return OK;
}

/* Four hex digits, or -1. */
static int scan_hex(struct scan *k)
{
	int code = 0;

	for (int i = 0; i < 4; i++, k->at++) {
		int c = peek(k);

		if (!isxdigit(c))
			return -1;
		code = code * 16 + (isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return code;
}

/* Behind the backslash. */
static enum status scan_escape(struct scan *k, bool *nul)
{
	int c = peek(k), code;

	if (c != 'u') {
		if (c < 0 || !strchr("\"\\/bfnrt", c))
			return broken(k, "an unknown escape");
		k->at++;
		return OK;
	}
	k->at++;
	code = scan_hex(k);
	if (code < 0)
		return broken(k, "an escape that is not four hex digits");
	*nul |= code == 0;
	if (code < 0xd800 || code > 0xdfff)
		return OK;
	if (code <= 0xdbff && k->n - k->at >= 6 && memcmp(k->s + k->at, "\\u", 2) == 0) {
		k->at += 2;
		code = scan_hex(k);
		if (code >= 0xdc00 && code <= 0xdfff)
			return OK;
	}
	return broken(k, "half a surrogate pair");
}

/* Bytes of a string that need no look: to the next quote, backslash or control byte. */
static bool skip_plain(struct scan *k)
{
	const unsigned char *c = (const unsigned char *)k->s + k->at;
	const unsigned char *end = (const unsigned char *)k->s + k->n;
	unsigned char all = 0;

	while (c < end && *c >= 0x20 && *c != '"' && *c != '\\')
		all |= *c++;
	k->at = (size_t)((const char *)c - k->s);
	return all < 0x80;
}

static enum status scan_string(struct scan *k, bool *nul)
{
	size_t from = ++k->at;
	bool ascii = true;
	enum status s;

	for (;;) {
		ascii &= skip_plain(k);
		if (peek(k) != '\\')
			break;
		k->at++;
		s = scan_escape(k, nul);
		if (s)
			return s;
	}
	if (peek(k) != '"')
		return broken(k, k->at < k->n ? "a control byte in a string"
					      : "the end within a string");
	if (!ascii && !text_is_utf8(k->s + from, k->at - from))
		return broken(k, "bytes that are not UTF-8");
	k->at++;
	return OK;
}

static enum status scan_word(struct scan *k, const char *word)
{
	size_t n = strlen(word);

	if (k->n - k->at < n || memcmp(k->s + k->at, word, n) != 0)
		return broken(k, "an unexpected character");
	k->at += n;
	return OK;
}

static enum status scan_value(struct scan *k);

static enum status scan_member(struct scan *k)
{
	bool nul = false;
	enum status s;

	if (peek(k) != '"')
		return broken(k, "no key");
	s = scan_string(k, &nul);
	if (s)
		return s;
	if (nul)
		return broken(k, "a NUL in a key");
	skip_space(k);
	if (peek(k) != ':')
		return broken(k, "no colon");
	k->at++;
	k->members++;
	return scan_value(k);
}

/* An array or object: items between commas up to `close`. */
static enum status scan_items(struct scan *k, char close, enum status (*item)(struct scan *k))
{
	enum status s;

	if (++k->depth > k->max_depth)
		return broken(k, "nesting too deep");
	k->at++;
	skip_space(k);
	if (peek(k) == close) {
		k->at++;
		k->depth--;
		return OK;
	}
	for (;;) {
		skip_space(k);
		s = item(k);
		if (s)
			return s;
		skip_space(k);
		if (peek(k) == close)
			break;
		if (peek(k) != ',')
			return broken(k, "no comma");
		k->at++;
	}
	k->at++;
	k->depth--;
	return OK;
}

static enum status scan_value(struct scan *k)
{
	bool nul = false; /* a value may hold one, a key may not */

	skip_space(k);
	switch (peek(k)) {
	case '{':
		return scan_items(k, '}', scan_member);
	case '[':
		return scan_items(k, ']', scan_value);
	case '"':
		return scan_string(k, &nul);
	case 't':
		return scan_word(k, "true");
	case 'f':
		return scan_word(k, "false");
	case 'n':
		return scan_word(k, "null");
	case -1:
		return broken(k, "the end");
	default:
		if (peek(k) != '-' && !isdigit(peek(k)))
			return broken(k, "an unexpected character");
		return scan_number(k);
	}
}

enum status json_scan(struct cx *cx, const char *bytes, size_t n, int max_depth, size_t *members)
{
	struct scan k = { .cx = cx, .s = bytes, .n = n, .max_depth = max_depth };
	enum status s;

	s = scan_value(&k);
	skip_space(&k);
	if (!s && k.at < n)
		return broken(&k, "something behind the value");
	*members = k.members;
	return s;
}
