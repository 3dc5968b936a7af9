/* SPDX-License-Identifier: Apache-2.0 */
/* adopt_folder.c - the tables that lie in a folder of a warehouse: the newest metadata file of each. */
#include <ctype.h>

#include "cli/adopt.h"
#include "common/text.h"

#define HINT "version-hint.text"
#define RANDOM_DIGITS 12 /* behind a name in the folders that this catalog makes */

/* The table whose files are listed: keys are in order, so they stand together. */
struct found {
	struct cx cx;
	const char *folder; /* "…/ns/t"; NULL: none */
	struct cloud_entry newest;
	bool hinted;
};

struct walk {
	struct adoption *a;
	const char *root;
	struct found table;
};

/* "…/t/metadata/x" gives "…/t"; NULL: not in a folder "metadata". */
static const char *table_folder(struct cx *cx, const char *location)
{
	const char *slash = strrchr(location, '/');
	static const char middle[] = "/metadata";
	size_t n = slash ? (size_t)(slash - location) : 0, m = strlen(middle);

	if (n <= m || strncmp(location + n - m, middle, m) != 0)
		return NULL;
	return cx_strndup(cx, location, n - m);
}

/* "t-0123456789ab", as this catalog names folders, is t; "sales.db", as Hive does, is sales. */
static const char *plain_name(struct cx *cx, const char *s, size_t n, bool is_table)
{
	size_t digits = 0;

	if (!is_table && n > 3 && strncmp(s + n - 3, ".db", 3) == 0)
		return cx_strndup(cx, s, n - 3);
	while (digits < n && isxdigit((unsigned char)s[n - 1 - digits]))
		digits++;
	if (is_table && digits == RANDOM_DIGITS && n > digits + 1 && s[n - digits - 1] == '-')
		n -= digits + 1;
	return cx_strndup(cx, s, n);
}

/* Hadoop's tables say which version counts. */
static const char *hinted_file(struct walk *w, struct cx *cx)
{
	const struct storage *storage = &w->a->sc->storage;
	struct cloud *cloud = w->a->site.rs.cloud;
	const char *bytes, *file;
	int64_t size, version;
	size_t n;

	if (!w->table.hinted ||
	    cloud_get(cx, cloud, storage, cx_printf(cx, "%s/metadata/" HINT, w->table.folder),
		      &bytes, &n) ||
	    !text_int(cx_strndup(cx, bytes, strcspn(bytes, "\r\n ")), &version))
		return NULL;
	file = cx_printf(cx, "%s/metadata/v%lld.metadata.json", w->table.folder,
			 (long long)version);
	return cloud_stat(cx, cloud, storage, file, &size) == OK ? file : NULL;
}

/* Adopts the table whose files were all seen. */
static enum status finish(struct walk *w)
{
	struct found *t = &w->table;
	struct cx *cx = &t->cx;
	struct text path = text_open(cx, 4096);
	const char *level, *file;
	enum status s = OK;

	if (t->folder && t->newest.location) {
		cx->deadline_ms = cx_monotonic_ms() + SITE_TIMEOUT_MS;
		file = hinted_file(w, cx);
		level = t->folder + strlen(w->root);
		level += *level == '/';
		for (const char *next; (next = strchr(level, '/')); level = next + 1)
			text_addf(&path, "%s%s", path.len ? "\x1f" : "",
				  plain_name(cx, level, (size_t)(next - level), false));
		s = adopt_one(w->a, path.s, plain_name(cx, level, strlen(level), true),
			      file ? file : t->newest.location);
	}
	cx_reset(cx);
	*t = (struct found){ .cx = *cx };
	return s;
}

static enum status see(struct walk *w, const struct cloud_entry *e)
{
	struct found *t = &w->table;
	struct cx cx = { 0 };
	const char *folder = table_folder(&cx, e->location);
	enum status s = OK;

	if (folder && (!t->folder || strcmp(t->folder, folder) != 0)) {
		s = finish(w);
		t->folder = cx_strdup(&t->cx, folder);
	}
	if (folder && text_ends(e->location, "/" HINT))
		t->hinted = true;
	else if (folder && site_is_metadata(e->location) &&
		 (!t->newest.location || site_is_newer(e, &t->newest))) {
		t->newest = *e;
		t->newest.location = cx_strdup(&t->cx, e->location);
	}
	cx_free(&cx);
	return s;
}

enum status adopt_folder(struct adoption *a)
{
	struct cx *outer = a->site.c->cx, pages[2] = { 0 };
	struct walk w = { .a = a };
	struct location root;
	const char *after = NULL;
	bool more = true;
	int turn = 0;
	enum status s = scope_check(outer, a->sc, "--from", a->from, &root);

	w.root = root.text;
	while (!s && more) {
		struct cx *cx = &pages[turn = !turn];
		struct cloud_entry *e;
		size_t n;

		cx_reset(cx);
		cx->deadline_ms = cx_monotonic_ms() + SITE_TIMEOUT_MS;
		s = cloud_list(cx, a->site.rs.cloud, &a->sc->storage, root.text, after, &e, &n,
			       &more);
		if (s)
			fail(outer, s, "%s: %s", a->from, cx->message);
		for (size_t i = 0; !s && i < n; i++) {
			s = see(&w, &e[i]);
			after = e[i].location;
		}
	}
	if (!s)
		s = finish(&w);
	cx_free(&w.table.cx);
	cx_free(&pages[0]);
	cx_free(&pages[1]);
	return s;
}
