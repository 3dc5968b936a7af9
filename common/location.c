/* SPDX-License-Identifier: Apache-2.0 */
/* location.c - the one normaliser of object locations. */
#include "common/location.h"

#include <ctype.h>
#include <strings.h>

#include "common/text.h"

#define LOCATION_MAX 1024

/* Spellings of one scheme: engines write what their file system library is called. */
static const struct {
	const char *alias, *scheme;
} schemes[] = {
	{ "file", "file" },   { "s3", "s3" },	   { "s3a", "s3" },	 { "s3n", "s3" },
	{ "gs", "gs" },	      { "gcs", "gs" },	   { "abfss", "abfss" }, { "abfs", "abfss" },
	{ "wasbs", "abfss" }, { "wasb", "abfss" }, { "az", "abfss" },
};

static const char *scheme_of(const char *text, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (strlen(schemes[i].alias) == n && !strncasecmp(schemes[i].alias, text, n))
			return schemes[i].scheme;
	return NULL;
}

/*
 * Some readers decode percent escapes and some don't.  We never do (Iceberg's
 * own file systems take a key as it stands), but what would mean another place
 * or a control byte to one that does is refused: c is the byte at s as such a
 * reader sees it, *len what it took.
 */
static unsigned char decoded_at(const char *s, size_t *len)
{
	unsigned char c;
	char digits[3] = { 0 };

	*len = 1;
	if (*s != '%' || !s[1] || !s[2])
		return (unsigned char)*s;
	memcpy(digits, s + 1, 2);
	if (!text_unhex(digits, &c, 1))
		return (unsigned char)*s;
	*len = 3;
	return c;
}

/* Refuses control bytes and segments of dots, plain or escaped. */
static enum status check_decoded(struct cx *cx, const char *path)
{
	size_t len, in_segment = 0, dots = 0;

	for (const char *s = path;; s += len) {
		unsigned char c = decoded_at(s, &len);

		if (!*s || c == '/') {
			if (in_segment && in_segment == dots && dots <= 2)
				return fail(cx, INVALID, "location: \".\" or \"..\" in the path");
			if (!*s)
				return OK;
			in_segment = dots = 0;
			continue;
		}
		if (c < 0x20 || c == 0x7f)
			return fail(cx, INVALID, "location: a control byte");
		in_segment++;
		dots += c == '.';
	}
}

static bool name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* Buckets, containers, hosts: letters, digits, "-_." and not a dot first. */
static bool is_name(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!name_byte(s[i]))
			return false;
	return n > 0 && n < 256 && s[0] != '.';
}

static void lower(char *s)
{
	for (; *s; s++)
		*s = (char)tolower((unsigned char)*s);
}

/* container@account.dfs.core.windows.net: both service names of an account mean
 * the same storage, so it is kept as container@account. */
static enum status azure_authority(struct cx *cx, char *authority, struct location *out)
{
	char *at = strchr(authority, '@'), *domain;

	if (!at || !is_name(authority, (size_t)(at - authority)) ||
	    !is_name(at + 1, strlen(at + 1)))
		return fail(cx, INVALID, "location: not container@account in \"%s\"", out->text);
	lower(at);
	domain = strchr(at, '.');
	if (domain && (text_starts(domain, ".dfs.core.") || text_starts(domain, ".blob.core.")))
		*domain = '\0';
	out->authority = authority;
	return OK;
}

static enum status set_authority(struct cx *cx, const char *s, size_t n, struct location *out)
{
	char *authority = cx_strndup(cx, s, n);

	if (text_same(out->scheme, "file")) {
		if (n && strcasecmp(authority, "localhost") != 0)
			return fail(cx, INVALID,
				    "location: a file has no host, but \"%s\" names one",
				    out->text);
		out->authority = "";
		return OK;
	}
	if (text_same(out->scheme, "abfss"))
		return azure_authority(cx, authority, out);
	if (!is_name(s, n))
		return fail(cx, INVALID, "location: no bucket's name in \"%s\"", out->text);
	out->authority = authority;
	return OK;
}

static enum status check_text(struct cx *cx, const char *text)
{
	size_t n = strlen(text);

	if (n > LOCATION_MAX)
		return fail(cx, INVALID, "location: longer than %d bytes", LOCATION_MAX);
	if (!text_is_utf8(text, n))
		return fail(cx, INVALID, "location: not UTF-8");
	if (strpbrk(text, "?#"))
		return fail(cx, INVALID, "location: a query or fragment in \"%s\"", text);
	if (strchr(text, '\\'))
		return fail(cx, INVALID, "location: a backslash in \"%s\"", text);
	return check_decoded(cx, text);
}

/* One slash at the end is dropped; an empty segment before it is an error. */
static enum status set_path(struct cx *cx, const char *path, struct location *out)
{
	size_t n = strlen(path), head = strlen(out->text) - n;

	if (strstr(path, "//"))
		return fail(cx, INVALID, "location: an empty segment in \"%s\"", out->text);
	if (n && path[n - 1] == '/')
		n--;
	out->path = cx_strndup(cx, path, n);
	/* "/" and "file:" would lose the slash that makes them a location. */
	out->text = cx_strndup(cx, out->text, n || out->authority[0] ? head + n : head + 1);
	return OK;
}

enum status location_parse(struct cx *cx, const char *text, struct location *out)
{
	const char *colon = strchr(text, ':'), *rest, *path;
	enum status s = check_text(cx, text);

	if (s)
		return s;
	*out = (struct location){ .scheme = "file", .authority = "", .text = text };
	if (text[0] == '/')
		return set_path(cx, text, out);
	out->scheme = colon ? scheme_of(text, (size_t)(colon - text)) : NULL;
	if (!out->scheme)
		return fail(cx, INVALID, "location: no scheme that is known here in \"%s\"", text);
	rest = colon + 1;
	if (text_starts(rest, "//")) {
		rest += 2;
		path = rest + strcspn(rest, "/");
		s = set_authority(cx, rest, (size_t)(path - rest), out);
		if (s)
			return s;
		if (text_same(out->scheme, "file") && !*path)
			return fail(cx, INVALID, "location: no path in \"%s\"", text);
		return set_path(cx, path, out);
	}
	if (!text_same(out->scheme, "file") || *rest != '/')
		return fail(cx, INVALID, "location: no \"//\" after the scheme in \"%s\"", text);
	return set_path(cx, rest, out);
}

bool location_within(const struct location *inner, const struct location *outer)
{
	size_t n = strlen(outer->path);

	return text_same(inner->scheme, outer->scheme) &&
	       text_same(inner->authority, outer->authority) &&
	       !strncmp(inner->path, outer->path, n) &&
	       (inner->path[n] == '/' || inner->path[n] == '\0');
}

const char *location_key(struct cx *cx, const char *text)
{
	struct location l;

	return location_parse(cx, text, &l)
		       ? text
		       : cx_printf(cx, "%s://%s%s", l.scheme, l.authority, l.path);
}

char *location_join(struct cx *cx, const char *base, const char *name)
{
	size_t n = strlen(base);

	while (n && base[n - 1] == '/')
		n--;
	while (*name == '/')
		name++;
	return cx_printf(cx, "%.*s/%s", (int)n, base, name);
}
