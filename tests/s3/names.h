/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - names of tables' folders that something could take for each other; for tests. */
#ifndef TESTS_S3_NAMES_H
#define TESTS_S3_NAMES_H

#include "common/text.h"

#define NAME_MAX_BYTES 64

static uint64_t seed;

static unsigned pick(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % n);
}

static const char *const atoms[] = {
	"t",
	"T",
	"1",
	"orders",
	"-",
	"_",
	".",
	"..",
	"...",
	"*",
	"?",
	"$",
	"${*}",
	"$a",
	"{",
	"}",
	"[a-z]",
	"'",
	"\"",
	"\\",
	"%",
	"%2e",
	"%2F",
	"%252e",
	"+",
	" ",
	"=",
	"&",
	"<",
	">",
	"&amp;",
	"\\u002a",
	",",
	";",
	":",
	"!",
	"~",
	"^",
	"|",
	"(",
	")",
	"\xc3\xa9",
	"e\xcc\x81",
	"\xe6\xbc\xa2",
	"\xf0\x9f\x90\xbc",
	"\xc2\xa0",
	"\xe2\x80\x8b",
	"\xef\xbc\x8f",
	"${aws:username}",
	"x=1",
	"\"]}",
	"/x",
};

static char *random_name(struct cx *cx)
{
	struct text t = text_open(cx, NAME_MAX_BYTES);

	text_add(&t, pick(4) ? "t" : "");
	for (unsigned i = 0, n = 1 + pick(4); i < n; i++)
		text_add(&t, atoms[pick(ARRAY_SIZE(atoms))]);
	return t.s;
}

/* A name that something could take for `name`, or for being in it. */
static const char *neighbour(struct cx *cx, const char *name)
{
	static const char *const ends[] = { "2", "x", "/../t2", "%2e", "*", ".", " ", "-", "/" };
	size_t n = strlen(name), at = n ? pick((unsigned)n) : 0;
	char *copy = cx_strdup(cx, name);

	switch (pick(6)) {
	case 0:
	case 1:
		return cx_printf(cx, "%s%s", name, ends[pick(ARRAY_SIZE(ends))]);
	case 2:
		copy[n ? n - 1 : 0] = '\0';
		return copy;
	case 3:
		copy[at] = (char)(copy[at] ^ 0x20);
		return copy;
	case 4:
		return cx_printf(cx, "%.*s%s%s", (int)at, name, atoms[pick(ARRAY_SIZE(atoms))],
				 name + at);
	default:
		return random_name(cx);
	}
}

#endif
