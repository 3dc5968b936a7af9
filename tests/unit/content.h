/* SPDX-License-Identifier: Apache-2.0 */
/* content.h - a store with one empty catalog "c", and shorthands for its content; for tests. */
#ifndef TESTS_UNIT_CONTENT_H
#define TESTS_UNIT_CONTENT_H

#include "stores/branches.h"
#include "stores/catalogs.h"
#include "stores/jobs.h"
#include "stores/namespaces.h"

#include <check.h>
#include <unistd.h>

#include "common/text.h"
#include "tests/unit/fresh_store.h"

static struct cx cx;
static struct store *st;
static struct content *content;
static const struct catalog_ref *ref;
static char folder[64];
static const char *store_url; /* until cx is reset */

#define ok(call) ck_assert_msg((call) == OK, "%s: %s", #call, cx.message)

static inline void set_up(void)
{
	struct catalog c = { .tenant_id = NIL_UUID, .name = "c" };

	snprintf(folder, sizeof(folder), "%s", fresh_folder(&cx));
	store_url = fresh_store(&cx, folder);
	ok(store_open(&cx, store_url, NULL, false, &st));
	content = content_open();
	ok(catalog_create(&cx, st, &c, NULL));
	ok(content_catalog(&cx, content, st, NIL_UUID, "c", NULL, &ref));
}

static inline void tear_down(void)
{
	store_close(st);
	content_close(content);
	ck_assert_int_eq(0, system(cx_printf(&cx, "rm -rf %s", folder)));
	cx_free(&cx);
}

/* --- shorthands ------------------------------------------------------------------ */

static inline const char *ns(const char *dotted)
{
	char *s = cx_strdup(&cx, dotted);

	for (char *c = s; *c; c++)
		if (*c == '.')
			*c = LEVEL_SEPARATOR;
	return s;
}

static inline enum status make_namespace(const struct catalog_ref *r, const char *dotted)
{
	return namespace_create(&cx, st, r, ns(dotted), json_new_object(&cx), NULL);
}

static inline enum status make_table(const struct catalog_ref *r, const char *space,
				     const char *name, const char *file, struct claim *claim)
{
	struct asset_name at = { ns(space), name };
	struct asset *row = CX_NEW(&cx, struct asset);

	*row = (struct asset){ .asset_id = text_uuid7(&cx),
			       .type = "ICEBERG_TABLE",
			       .metadata_location = file,
			       .location = "file:///w/t",
			       .current_snapshot_id = -1 };
	return asset_create(&cx, st, r, &at, row, claim, false, "create", NULL);
}

static inline enum status drop_table(const struct catalog_ref *r, const char *space,
				     const char *name)
{
	struct asset_name at = { ns(space), name };

	return asset_drop(&cx, st, r, "ICEBERG_TABLE", &at, false, NULL, NULL);
}

static inline enum status rename_table(const struct catalog_ref *r, const char *space,
				       const char *from, const char *to)
{
	struct asset_name a = { ns(space), from }, b = { ns(space), to };
	bool none;

	return asset_rename(&cx, st, r, "ICEBERG_TABLE", &a, &b, NULL, &none);
}

static inline const struct asset *seen(const struct catalog_ref *r, const char *space,
				       const char *name)
{
	struct place *p = place_asset(&cx, r, ns(space), name);

	ok(content_read(&cx, st, r, NULL, &p, 1, NULL, 0));
	return p->seen;
}

static inline enum status commit_table(const struct catalog_ref *r, const char *space,
				       const char *name, const char *file)
{
	struct place *p = place_asset(&cx, r, ns(space), name);
	struct asset *row = CX_NEW(&cx, struct asset);
	struct branch branch;
	enum edit_part failed;

	ok(content_read(&cx, st, r, &branch, &p, 1, NULL, 0));
	ck_assert_ptr_nonnull(p->seen);
	*row = *p->seen;
	row->metadata_location = file;
	return asset_commit(&cx, st, r, &branch, &(struct asset_change){ .place = p, .row = row },
			    1, NULL, &failed);
}

static inline const struct catalog_ref *on(const char *branch)
{
	const struct catalog_ref *out;

	ok(content_catalog(&cx, content, st, NIL_UUID, "c", branch, &out));
	return out;
}

static inline const struct catalog_ref *make_branch(const struct catalog_ref *parent,
						    const char *name)
{
	const struct branch_wish wish = { .name = name,
					  .type = "experimental",
					  .from = parent->branch_name };
	struct branch made;

	ok(branch_create(&cx, st, parent, &wish, NULL, &made));
	return on(name);
}

/* The names of a namespace, ' ' behind each, read in pages of `limit`. */
static inline const char *names_by(const struct catalog_ref *r, const char *space, size_t limit)
{
	struct text t = text_open(&cx, 1 << 20);
	struct page page = { .limit = limit, .types = { "ICEBERG_TABLE" } };
	struct listing l;

	do {
		ok(content_list(&cx, st, r, ns(space), &page, &l));
		ck_assert(!limit || l.n <= limit);
		for (size_t i = 0; i < l.n; i++)
			text_addf(&t, "%s ", l.rows[i]->name);
		page.after = l.next;
	} while (l.next);
	return t.s;
}

static inline const char *names(const struct catalog_ref *r, const char *space)
{
	return names_by(r, space, 0);
}

#endif
