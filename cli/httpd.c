/* SPDX-License-Identifier: Apache-2.0 */
/* httpd.c - the web server's part of the routing, made from the route tables. */
#include "cli/httpd.h"

#include "common/text.h"
#include "fcgi/route.h"

#define MAX_REGEX 65536

/* In the order in which they are tried. */
static const struct route_table *const families[] = { &credentials_routes, &admin_routes,
						      &tables_routes, &namespaces_routes };

/* What no pattern is for: the responder then says that there is nothing. */
static const struct {
	const char *family, *regex;
} rest[] = { { "namespaces", "^/v1/" }, { "admin", "^/" } };

void httpd_list(void)
{
	for (size_t f = 0; f < ARRAY_SIZE(families); f++)
		for (size_t i = 0; i < families[f]->n; i++)
			printf("%-11s %-6s %s\n", families[f]->family,
			       families[f]->routes[i].method, families[f]->routes[i].pattern);
}

/* True where a name follows that may hold slashes once it is decoded. */
static bool holds_anything(const char *segment, size_t n)
{
	static const char *const words[] = { "namespaces", "tables", "views", "functions" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == n && memcmp(words[i], segment, n) == 0)
			return true;
	return false;
}

static void add_literal(struct text *t, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '.')
			text_addc(t, '\\');
		text_addc(t, s[i]);
	}
}

/*
 * "/v1/{}/namespaces/{}" is ^/v1/(?:[^/]+/v1/)?(?:[^/]+/)?namespaces/.+$: a client may
 * have a catalog in its base address, and none before "namespaces" then.
 */
static void add_pattern(struct text *t, const char *pattern)
{
	const char *before = "";
	size_t before_len = 0;

	text_addc(t, '^');
	if (text_starts(pattern, "/v1/")) {
		text_add(t, "/v1/(?:[^/]+/v1/)?");
		pattern += strlen("/v1");
		if (text_starts(pattern, "/{}/")) {
			text_add(t, "(?:[^/]+/)?");
			pattern += strlen("/{}");
		}
		pattern++;
	}
	while (*pattern) {
		size_t n = strcspn(pattern, "/");

		if (n == 2 && memcmp(pattern, "{}", 2) == 0)
			text_add(t, holds_anything(before, before_len) ? ".+" : "[^/]+");
		else
			add_literal(t, pattern, n);
		before = pattern;
		before_len = n;
		pattern += n;
		if (*pattern == '/')
			text_addc(t, *pattern++);
	}
	text_addc(t, '$');
}

/* One expression for all of a family's patterns. */
static enum status family_regex(struct cx *cx, const struct route_table *table, const char **out)
{
	struct text t = text_open(cx, MAX_REGEX);

	for (size_t i = 0; i < table->n; i++) {
		bool seen = false;

		for (size_t k = 0; k < i && !seen; k++)
			seen = strcmp(table->routes[k].pattern, table->routes[i].pattern) == 0;
		if (seen)
			continue;
		if (t.len)
			text_addc(&t, '|');
		add_pattern(&t, table->routes[i].pattern);
	}
	*out = t.s;
	return text_check(&t, "the routing expression");
}

/* --- lighttpd --------------------------------------------------------------- */

static void lighttpd_block(const char *sockets, const char *family, const char *regex, bool first)
{
	printf("%s$HTTP[\"url\"] =~ \"%s\" {\n", first ? "" : "else ", regex);
	printf("\tfastcgi.server = ( \"/\" => (( \"socket\" => ");
	if (sockets)
		printf("\"%s/%s.sock\"", sockets, family);
	else
		printf("var.sockets + \"/%s.sock\"", family);
	printf(", \"check-local\" => \"disable\", \"fix-root-scriptname\" => \"enable\", "
	       "\"disable-time\" => 1 )) )\n}\n");
}

enum status httpd_lighttpd(struct cx *cx, const char *sockets)
{
	const char *regex;
	enum status s;

	printf("# Printed by `pangolin routes --httpd lighttpd`.\n");
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		s = family_regex(cx, families[f], &regex);
		if (s)
			return s;
		lighttpd_block(sockets, families[f]->family, regex, f == 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
		lighttpd_block(sockets, rest[i].family, rest[i].regex, false);
	return OK;
}

/* --- Apache ----------------------------------------------------------------- */

static void apache_section(const char *sockets, const char *family, const char *regex)
{
	printf("<LocationMatch \"%s\">\n", regex);
	printf("\tSetHandler \"proxy:unix:%s/%s.sock|fcgi://%s/\"\n</LocationMatch>\n", sockets,
	       family, family);
}

/* Of the sections that match, Apache takes the last one's handler. */
enum status httpd_apache(struct cx *cx, const char *sockets)
{
	const char *regex;
	enum status s;

	printf("# Printed by `pangolin routes --httpd apache`.\n");
	for (size_t i = ARRAY_SIZE(rest); i-- > 0;)
		apache_section(sockets, rest[i].family, rest[i].regex);
	for (size_t f = ARRAY_SIZE(families); f-- > 0;) {
		s = family_regex(cx, families[f], &regex);
		if (s)
			return s;
		apache_section(sockets, families[f]->family, regex);
	}
	return OK;
}
