/* SPDX-License-Identifier: Apache-2.0 */
/* dump.h - stores with something of most kinds in them, exported to and imported from text; for tests. */
#ifndef TESTS_UNIT_DUMP_H
#define TESTS_UNIT_DUMP_H

#include "stores/restore.h"

#include "stores/principals.h"
#include "stores/tenants.h"
#include "stores/warehouses.h"
#include "tests/unit/content.h"
#include "tests/unit/suite.h"

#define ACME "11111111-1111-4111-8111-111111111111"
#define TABLES 300

static const char *key_path;
static char places[64]; /* the stores: many lists are made, none of which is to last */

/* --- stores ------------------------------------------------------------------------------ */

static inline struct store *open_at(const char *name)
{
	const char *url = cx_printf(&cx, "memory:%s/%s", places, name);
	struct store *s;
	int64_t from, to;

	ok(store_open(&cx, url, key_path, true, &s));
	ok(store_migrate(&cx, s, &from, &to));
	store_close(s);
	ok(store_open(&cx, url, key_path, false, &s));
	return s;
}

static inline void make_tables(const struct catalog_ref *r, size_t n)
{
	ok(make_namespace(r, "a.b"));
	for (size_t i = 0; i < n; i++) {
		const char *name = cx_printf(&cx, "t%03zu", i);
		struct claim claim = { .storage = "s3://w/b" };

		ok(claim_path(&cx, &claim, cx_printf(&cx, "/x/%zu/%s", i % 7, name)));
		ok(make_table(r, "a.b", name, cx_printf(&cx, "s3://b/%s.json", name), &claim));
	}
	ok(commit_table(r, "a.b", "t000", "s3://b/second.json"));
}

/* A store with something of most kinds, in two tenants. */
static inline void fill(void)
{
	struct tenant t = { .tenant_id = ACME,
			    .name = "acme \"quoted\" \n line",
			    .properties = "{}" };
	struct warehouse w = { .tenant_id = NIL_UUID,
			       .name = "w",
			       .storage_config = "{\"s3.secret\":\"hush\"}" };
	struct catalog c = { .tenant_id = ACME, .name = "c2", .properties = "{\"a\":\"é\"}" };
	struct user u = {
		.tenant_id = ACME, .username = "ann", .role = "tenant-user", .password_hash = "hash"
	};
	struct user root = {
		.tenant_id = "", .username = "root2", .role = "root", .password_hash = "hash"
	};
	struct service_user su = { .tenant_id = ACME, .name = "etl", .role = "tenant-user" };
	const struct catalog_ref *child;
	const char *key;

	ok(warehouse_create(&cx, st, &w, NULL));
	make_tables(ref, TABLES);
	ok(asset_drop(&cx, st, ref, "ICEBERG_TABLE", &(struct asset_name){ ns("a.b"), "t005" },
		      true, NULL, NULL));
	child = make_branch(ref, "dev");
	ok(commit_table(child, "a.b", "t001", "s3://b/dev.json"));
	ok(tenant_create(&cx, st, &t, NULL));
	ok(catalog_create(&cx, st, &c, NULL));
	ok(user_create(&cx, st, &u, NULL));
	ok(user_create(&cx, st, &root, NULL));
	ok(service_user_create(&cx, st, &su, NULL, &key));
}

static inline void begin_empty(void)
{
	set_up();
	snprintf(places, sizeof(places), "/dev/shm/pangolin-dump-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(places));
	key_path = cx_printf(&cx, "%s/storage.key", folder);
	ok(seal_add_key(&cx, key_path));
	store_close(st);
	content_close(content);
	content = content_open();
	st = open_at("first");
}

static inline void begin(void)
{
	struct catalog c = { .tenant_id = NIL_UUID, .name = "c" };

	begin_empty();
	ok(catalog_create(&cx, st, &c, NULL));
	ok(content_catalog(&cx, content, st, NIL_UUID, "c", NULL, &ref));
	fill();
}

static inline void end(void)
{
	ck_assert_int_eq(0, system(cx_printf(&cx, "rm -rf %s", places)));
	tear_down();
}

/* --- exports as text ----------------------------------------------------------------------- */

static inline const char *export_by(struct store *from, struct seal *reseal, const char *tenant,
				    struct dump_totals *totals)
{
	struct dump_totals unused;
	struct dump_options o = { .no_time = true, .reseal = reseal };
	char *text;
	size_t n;
	bool one;

	if (tenant) {
		o.tenants = &tenant;
		o.n_tenants = 1;
	}
	o.out = open_memstream(&text, &n);
	ok(dump_write(&cx, from, &o, totals ? totals : &unused, &one));
	ck_assert(one);
	fclose(o.out);
	cx_own(&cx, text, free);
	return text;
}

static inline const char *export_all(struct store *from)
{
	return export_by(from, NULL, NULL, NULL);
}

static inline FILE *open_text(const char *text, size_t n)
{
	FILE *f = fmemopen((void *)(uintptr_t)text, n, "r");

	ck_assert_ptr_nonnull(f);
	return f;
}

static inline enum status import_n(struct store *to, const char *text, size_t n,
				   const struct restore_options *o)
{
	struct restore_totals totals;
	FILE *f = open_text(text, n);
	enum status s = restore(&cx, to, f, o, &totals);

	fclose(f);
	return s;
}

static inline enum status import(struct store *to, const char *text)
{
	return import_n(to, text, strlen(text), &(struct restore_options){ .check_only = false });
}

static inline size_t count_rows(struct store *in, const struct row *from, const char *where)
{
	struct query q = {
		.from = from, .bound = where ? 0 : 1, .where = { where }, .limit = 10000
	};
	struct rows rows;

	ok(store_list(&cx, in, &q, &rows));
	return rows.n;
}

#endif
