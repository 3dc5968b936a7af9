/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - what namespaces and assets may be called, and how they are shown. */
#include "stores/content.h"

#include "common/text.h"

#define MAX_NAME_BYTES 1024 /* all key columns together hold no more: store_apply checks the sum */

const char *namespace_children(struct cx *cx, const char *path)
{
	return cx_printf(cx, "%s%c", path, LEVEL_SEPARATOR);
}

const char *namespace_functions(struct cx *cx, const char *path)
{
	return cx_printf(cx, "%s%c", path, FUNCTIONS_MARK);
}

const char *namespace_shown(struct cx *cx, const char *path)
{
	char *shown = cx_strndup(cx, path, strcspn(path, (char[]){ FUNCTIONS_MARK, '\0' }));

	for (char *c = shown; *c; c++)
		if (*c == LEVEL_SEPARATOR)
			*c = '.';
	return shown;
}

const char *asset_shown(struct cx *cx, const char *path, const char *name)
{
	size_t n = strlen(path);

	/* the row of a namespace: its parent's path with a separator behind */
	if (n && path[n - 1] == LEVEL_SEPARATOR)
		path = cx_strndup(cx, path, n - 1);
	return *path ? cx_printf(cx, "%s.%s", namespace_shown(cx, path), name)
		     : cx_strdup(cx, name);
}

static enum status level_check(struct cx *cx, const char *what, const char *s, size_t n)
{
	if (n == 0)
		return fail(cx, INVALID, "a %s name is empty", what);
	if (n > MAX_NAME_BYTES)
		return fail(cx, INVALID, "a %s name is longer than %d bytes", what, MAX_NAME_BYTES);
	if ((n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
		return fail(cx, INVALID, "a %s cannot be called \"%.*s\"", what, (int)n, s);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c < 0x20 || c == 0x7f)
			return fail(cx, INVALID, "a %s name holds a control character", what);
		if (c == '@')
			return fail(cx, INVALID,
				    "a %s name cannot hold '@': it names a branch (\"%.*s\")", what,
				    (int)n, s);
	}
	if (!text_is_utf8(s, n))
		return fail(cx, INVALID, "a %s name is not UTF-8", what);
	return OK;
}

/*
 * True where a web server that matches decoded paths would send the path to
 * pangolin-credentials, whose patterns are .../tables/<any>/credentials, /sign
 * and /presign.
 */
static bool looks_like_credentials(const char *decoded)
{
	static const char *const ends[] = { "/credentials", "/sign", "/presign" };
	const char *tables = strstr(decoded, "/tables/");

	if (!tables)
		return false;
	tables += strlen("/tables/");
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (text_ends(tables, ends[i]) && strlen(tables) > strlen(ends[i]))
			return true;
	return false;
}

static enum status route_check(struct cx *cx, const char *path, const char *name)
{
	const char *decoded = name ? cx_printf(cx, "/namespaces/%s/tables/%s", path, name)
				   : cx_printf(cx, "/namespaces/%s", path);

	if (looks_like_credentials(decoded))
		return fail(cx, INVALID,
			    "the name cannot be used: web servers would take it for a route (%s)",
			    decoded);
	return OK;
}

enum status namespace_check(struct cx *cx, const char *path)
{
	const char *level = path;
	size_t n_levels = 1;
	enum status s;

	for (const char *c = path;; c++) {
		if (*c && *c != LEVEL_SEPARATOR)
			continue;
		s = level_check(cx, "namespace", level, (size_t)(c - level));
		if (s)
			return s;
		if (!*c)
			break;
		level = c + 1;
		if (++n_levels > MAX_NAMESPACE_LEVELS)
			return fail(cx, INVALID, "a namespace has at most %d levels",
				    MAX_NAMESPACE_LEVELS);
	}
	return route_check(cx, path, NULL);
}

enum status asset_name_check(struct cx *cx, const char *path, const char *name)
{
	enum status s = level_check(cx, "table", name, strlen(name));

	return s ? s : route_check(cx, path, name);
}
