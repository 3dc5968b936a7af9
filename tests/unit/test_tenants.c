/* SPDX-License-Identifier: Apache-2.0 */
/* test_tenants.c - tenants and warehouses as containers, and what is left when they are dropped. */
#include "stores/tenants.h"

#include <check.h>
#include <unistd.h>

#include "common/seal.h"
#include "common/text.h"
#include "tests/unit/fresh_store.h"
#include "stores/catalogs.h"
#include "stores/drop.h"
#include "stores/jobs.h"
#include "stores/plans.h"
#include "stores/reports.h"
#include "stores/warehouses.h"

static struct cx cx;
static struct store *st;
static char folder[64];
static const char *url;

#define ok(call) ck_assert_msg((call) == OK, "%s: %s", #call, cx.message)
#define gives(call, status) ck_assert_int_eq((call), (status))

static void set_up(void)
{
	const char *key;

	snprintf(folder, sizeof(folder), "%s", fresh_folder(&cx));
	key = cx_printf(&cx, "%s/storage.key", folder);
	ok(seal_add_key(&cx, key));
	url = fresh_store(&cx, folder);
	ok(store_open(&cx, url, key, false, &st));
}

static void tear_down(void)
{
	store_close(st);
	ck_assert_int_eq(0, system(cx_printf(&cx, "rm -rf %s", folder)));
	cx_free(&cx);
}

/* --- shorthands --------------------------------------------------------------- */

static const char *make_tenant(const char *name)
{
	struct tenant t = { .name = name, .properties = "{}" };

	ok(tenant_create(&cx, st, &t, NULL));
	return t.tenant_id;
}

static enum status make_warehouse(const char *tenant, const char *name)
{
	struct warehouse w = { .tenant_id = tenant,
			       .name = name,
			       .storage_config = "{\"s3.secret-access-key\":\"hidden\"}" };

	return warehouse_create(&cx, st, &w, NULL);
}

static enum status make_catalog(const char *tenant, const char *name, const char *warehouse)
{
	struct catalog c = { .tenant_id = tenant, .name = name, .warehouse_name = warehouse };

	return catalog_create(&cx, st, &c, NULL);
}

static const char *catalog_id(const char *tenant, const char *name)
{
	struct catalog c;

	ok(catalog_find(&cx, st, tenant, name, &c));
	return c.id;
}

static int64_t epoch_of(const char *tenant)
{
	struct epoch e = { .row = ROW(epoch), .tenant_id = tenant };
	struct row *row = &e.row;

	ok(store_get_all(&cx, st, &row, 1));
	return e.row.version;
}

/* Rows of a kind below a tenant; of a global kind, all. */
static size_t count(const struct kind *k, const char *tenant)
{
	struct row *from = cx_alloc(&cx, k->size);
	struct query q = { .from = from, .bound = k->flags & GLOBAL ? 0 : 1, .limit = 10000 };
	struct rows rows;

	from->kind = k;
	model_set_text(from, &k->columns[0], tenant);
	ok(store_list(&cx, st, &q, &rows));
	return rows.n;
}

static const char *last_action(const char *tenant)
{
	struct audit from = { .row = ROW(audit), .tenant_id = tenant };
	struct query q = { .from = &from.row, .bound = 1, .limit = 10000 };
	struct rows rows;

	ok(store_list(&cx, st, &q, &rows));
	return rows.n ? ((struct audit *)rows.items)[rows.n - 1].action : NULL;
}

/* --- tenants ------------------------------------------------------------------ */

START_TEST(test_tenant)
{
	const char *id = make_tenant("one");
	struct tenant t, same = { .tenant_id = id, .name = "other" };

	ck_assert_str_eq(last_action(""), "create_tenant");
	ck_assert_int_ne(epoch_of(id), 0);
	ok(tenant_find(&cx, st, id, &t));
	ck_assert_str_eq(t.name, "one");
	ck_assert_int_ne(t.created_ms, 0);
	gives(tenant_create(&cx, st, &same, NULL), EXISTS);
	ck_assert_ptr_ne(make_tenant("one"), NULL); /* names need not be unique */
}
END_TEST

START_TEST(test_tenant_update)
{
	const char *id = make_tenant("one");
	int64_t epoch = epoch_of(id);
	struct tenant t, late;

	ok(tenant_find(&cx, st, id, &t));
	ok(tenant_find(&cx, st, id, &late));
	t.name = "two";
	ok(tenant_update(&cx, st, &t, NULL));
	ck_assert_int_gt(epoch_of(id), epoch);
	late.name = "three";
	gives(tenant_update(&cx, st, &late, NULL), CONFLICT);
	ok(tenant_find(&cx, st, id, &t));
	ck_assert_str_eq(t.name, "two");
}
END_TEST

START_TEST(test_tenant_drop)
{
	const char *id = make_tenant("one");
	struct tenant t;

	ok(tenant_drop(&cx, st, id, NULL));
	gives(tenant_find(&cx, st, id, &t), NOT_FOUND);
	gives(tenant_drop(&cx, st, id, NULL), NOT_FOUND);
	ck_assert_uint_eq(count(&kind_job, ""), 1);
	ck_assert_str_eq(last_action(""), "delete_tenant");
	gives(make_warehouse(id, "w"), NOT_FOUND);
	gives(make_catalog(id, "c", NULL), NOT_FOUND);
	gives(tenant_drop(&cx, st, NIL_UUID, NULL), CONFLICT);
}
END_TEST

/* --- warehouses --------------------------------------------------------------- */

START_TEST(test_warehouse)
{
	const char *a = make_tenant("a"), *b = make_tenant("b");
	struct warehouse w;

	ok(make_warehouse(a, "w"));
	gives(make_warehouse(a, "w"), EXISTS);
	gives(warehouse_find(&cx, st, b, "w", &w), NOT_FOUND);
	ok(make_warehouse(b, "w"));
	gives(make_warehouse("no-such-tenant", "w"), NOT_FOUND);
	ok(warehouse_find(&cx, st, a, "w", &w));
	ck_assert_ptr_nonnull(strstr(w.storage_config, "hidden"));
	ck_assert_str_eq(last_action(a), "create_warehouse");
}
END_TEST

/* Prints what the database itself holds of warehouses. */
static const char *raw_warehouses(void)
{
	if (strncmp(fresh_store_kind(), "postgres", strlen("postgres")) == 0)
		return cx_printf(&cx, "psql -qXd '%s' -c 'SELECT * FROM warehouses'", url);
	return cx_printf(&cx, "cat %s/pangolin.db*", folder);
}

START_TEST(test_secrets_are_sealed)
{
	struct warehouse w;

	ok(make_warehouse(NIL_UUID, "w"));
	store_close(st);
	if (strncmp(fresh_store_kind(), "mongodb", strlen("mongodb")) != 0) { /* no shell for it */
		ck_assert_int_ne(system(cx_printf(&cx, "%s | grep -q hidden", raw_warehouses())),
				 0);
		ck_assert_int_eq(system(cx_printf(&cx, "%s | grep -q enc:v1:", raw_warehouses())),
				 0);
	}
	ok(store_open(&cx, url, NULL, false, &st));
	ok(warehouse_find(&cx, st, NIL_UUID, "w", &w));
	ck_assert_ptr_null(w.storage_config);
}
END_TEST

START_TEST(test_warehouse_update)
{
	int64_t epoch = epoch_of(NIL_UUID);
	struct warehouse w, late;

	ok(make_warehouse(NIL_UUID, "w"));
	ok(warehouse_find(&cx, st, NIL_UUID, "w", &w));
	ok(warehouse_find(&cx, st, NIL_UUID, "w", &late));
	w.use_sts = true;
	ok(warehouse_update(&cx, st, &w, "w", NULL));
	ck_assert_int_gt(epoch_of(NIL_UUID), epoch);
	gives(warehouse_update(&cx, st, &late, NULL, NULL), CONFLICT);
	ok(warehouse_find(&cx, st, NIL_UUID, "w", &w));
	ck_assert(w.use_sts);
}
END_TEST

START_TEST(test_warehouse_rename)
{
	struct warehouse w;
	struct catalog c;

	ok(make_warehouse(NIL_UUID, "w"));
	ok(make_warehouse(NIL_UUID, "taken"));
	ok(make_catalog(NIL_UUID, "c", "w"));
	ok(make_catalog(NIL_UUID, "d", "taken"));
	ok(warehouse_find(&cx, st, NIL_UUID, "w", &w));
	gives(warehouse_update(&cx, st, &w, "taken", NULL), EXISTS);
	ok(warehouse_find(&cx, st, NIL_UUID, "w", &w));
	ok(warehouse_update(&cx, st, &w, "v", NULL));
	gives(warehouse_find(&cx, st, NIL_UUID, "w", &w), NOT_FOUND);
	ok(warehouse_find(&cx, st, NIL_UUID, "v", &w));
	ck_assert_ptr_nonnull(strstr(w.storage_config, "hidden"));
	ok(catalog_find(&cx, st, NIL_UUID, "c", &c));
	ck_assert_str_eq(c.warehouse_name, "v");
	ok(catalog_find(&cx, st, NIL_UUID, "d", &c));
	ck_assert_str_eq(c.warehouse_name, "taken");
}
END_TEST

/* A catalog is made between the look for users and the removal, or the renaming. */
START_TEST(test_warehouse_races)
{
	struct warehouse w, renamed;

	ok(make_warehouse(NIL_UUID, "w"));
	ok(warehouse_find(&cx, st, NIL_UUID, "w", &w));
	ok(warehouse_find(&cx, st, NIL_UUID, "w", &renamed));
	ok(make_catalog(NIL_UUID, "c", "w"));
	gives(store_apply(&cx, st, (struct change[]){ { DELETE, &w.row } }, 1, NULL), CONFLICT);
	gives(warehouse_update(&cx, st, &renamed, "v", NULL), CONFLICT);
	gives(warehouse_drop(&cx, st, NIL_UUID, "w", NULL), CONFLICT);
	ck_assert_ptr_nonnull(strstr(cx.message, "\"c\""));
	ok(drop_catalog(&cx, st, "c"));
	ok(warehouse_drop(&cx, st, NIL_UUID, "w", NULL));
	gives(make_catalog(NIL_UUID, "c", "w"), NOT_FOUND);
	gives(warehouse_drop(&cx, st, NIL_UUID, "w", NULL), NOT_FOUND);
}
END_TEST

/* Another that took the name since it was decided on stays. */
START_TEST(test_catalog_drop_races)
{
	struct catalog c, now;

	ok(make_catalog(NIL_UUID, "c", NULL));
	ok(catalog_find(&cx, st, NIL_UUID, "c", &c));
	ok(drop_catalog(&cx, st, "c"));
	ok(make_catalog(NIL_UUID, "c", NULL));
	gives(catalog_drop(&cx, st, &c, NULL), CONFLICT);
	ok(catalog_find(&cx, st, NIL_UUID, "c", &now));
	ck_assert_str_ne(now.id, c.id);
}
END_TEST

START_TEST(test_catalog_rename)
{
	struct catalog c;
	const char *id;

	ok(make_catalog(NIL_UUID, "c", NULL));
	ok(make_catalog(NIL_UUID, "taken", NULL));
	id = catalog_id(NIL_UUID, "c");
	ok(catalog_find(&cx, st, NIL_UUID, "c", &c));
	gives(catalog_update(&cx, st, &c, "taken", NULL), EXISTS);
	ok(catalog_find(&cx, st, NIL_UUID, "c", &c));
	ok(catalog_update(&cx, st, &c, "d", NULL));
	ck_assert_str_eq(catalog_id(NIL_UUID, "d"), id);
	gives(catalog_find(&cx, st, NIL_UUID, "c", &c), NOT_FOUND);
	ok(catalog_find(&cx, st, NIL_UUID, "d", &c));
	c.warehouse_name = "nowhere";
	gives(catalog_update(&cx, st, &c, "e", NULL), NOT_FOUND);
	ck_assert_str_eq(catalog_id(NIL_UUID, "d"), id);
}
END_TEST

/* --- what is left of what was dropped ------------------------------------------- */

static void put_assets(const char *tenant, const char *catalog, int n)
{
	for (int i = 0; i < n; i++) {
		struct asset a = { .row = ROW(asset),
				   .tenant_id = tenant,
				   .catalog_id = catalog,
				   .branch_id = "b",
				   .namespace = "n",
				   .name = cx_printf(&cx, "t%d", i),
				   .until = LIVING,
				   .asset_id = text_uuid7(&cx),
				   .type = "ICEBERG_TABLE" };
		struct location_row l = { .row = ROW(location_row),
					  .storage = "file",
					  .path = cx_printf(&cx, "/%s/t%d", catalog, i),
					  .type = "TABLE",
					  .tenant_id = tenant,
					  .asset_id = a.asset_id };
		struct change list[] = { { INSERT, &a.row }, { INSERT, &l.row } };

		ok(store_apply(&cx, st, list, 2, NULL));
	}
}

static void drop_catalog_content(const char *tenant, const char *id, size_t batch)
{
	bool done = false;

	for (int i = 0; !done; i++) {
		ck_assert_int_lt(i, 100);
		ok(drop_catalog_rows(&cx, st, tenant, id, batch, &done));
	}
}

START_TEST(test_drop_catalog)
{
	const char *gone, *kept;

	ok(make_catalog(NIL_UUID, "gone", NULL));
	ok(make_catalog(NIL_UUID, "kept", NULL));
	gone = catalog_id(NIL_UUID, "gone");
	kept = catalog_id(NIL_UUID, "kept");
	put_assets(NIL_UUID, gone, 25);
	put_assets(NIL_UUID, kept, 3);
	ok(drop_catalog(&cx, st, "gone"));
	drop_catalog_content(NIL_UUID, gone, 7);
	ck_assert_uint_eq(count(&kind_asset, NIL_UUID), 3);
	ck_assert_uint_eq(count(&kind_location_row, ""), 3);
	ck_assert_uint_eq(count(&kind_branch, NIL_UUID), 1);
	ck_assert_uint_eq(count(&kind_catalog, NIL_UUID), 1);
}
END_TEST

/* A key's own row lies outside the tenant. */
static void put_service_user(const char *tenant)
{
	struct service_user u = { .row = ROW(service_user),
				  .tenant_id = tenant,
				  .id = "s",
				  .name = "s",
				  .api_key_hash = "hash-of-s" };
	struct api_key k = { .row = ROW(api_key),
			     .key_hash = "hash-of-s",
			     .tenant_id = tenant,
			     .service_user_id = "s" };
	struct change list[] = { { INSERT, &u.row }, { INSERT, &k.row } };

	ok(store_apply(&cx, st, list, 2, NULL));
}

START_TEST(test_drop_tenant)
{
	const char *gone = make_tenant("gone"), *kept = make_tenant("kept");
	bool done = false;

	ok(make_warehouse(gone, "w"));
	ok(make_warehouse(kept, "w"));
	ok(make_catalog(gone, "c", "w"));
	put_assets(gone, catalog_id(gone, "c"), 5);
	put_service_user(gone);
	gives(drop_tenant_rows(&cx, st, gone, 3, &done), CONFLICT);
	ok(tenant_drop(&cx, st, gone, NULL));
	for (int i = 0; !done; i++) {
		ck_assert_int_lt(i, 100);
		ok(drop_tenant_rows(&cx, st, gone, 3, &done));
	}
	for (size_t i = 0; model_kinds[i]; i++)
		if (!(model_kinds[i]->flags & GLOBAL))
			ck_assert_msg(count(model_kinds[i], gone) == 0, "%s", model_kinds[i]->name);
	ck_assert_uint_eq(count(&kind_location_row, ""), 0);
	ck_assert_uint_eq(count(&kind_api_key, ""), 0);
	ck_assert_int_eq(epoch_of(gone), 0);
	ck_assert_uint_eq(count(&kind_warehouse, kept), 1);
}
END_TEST

static void put_token(const char *tenant, const char *id, int64_t expires)
{
	struct token t = {
		.row = ROW(token), .tenant_id = tenant, .token_id = id, .expires_at = expires
	};

	ok(store_apply(&cx, st, (struct change[]){ { INSERT, &t.row } }, 1, NULL));
}

START_TEST(test_expired_tokens)
{
	bool done = false;

	for (int i = 0; i < 9; i++)
		put_token(NIL_UUID, cx_printf(&cx, "t%d", i), i % 3 ? 1000 : 3000);
	put_token("", "root", 1000);
	for (int i = 0; !done; i++) {
		ck_assert_int_lt(i, 100);
		ok(drop_expired(&cx, st, &kind_token, "expires_at", NIL_UUID, 2000, 2, &done));
	}
	ck_assert_uint_eq(count(&kind_token, NIL_UUID), 3);
	ck_assert_uint_eq(count(&kind_token, ""), 1);
}
END_TEST

/* --- planned scans ---------------------------------------------------------------- */

static struct scan_plan plan_of(const char *plan_id, const char *asset_id, const char *user_id)
{
	return (struct scan_plan){ .row = ROW(scan_plan),
				   .tenant_id = NIL_UUID,
				   .catalog_id = "c",
				   .plan_id = plan_id,
				   .asset_id = asset_id,
				   .user_id = user_id,
				   .request = "{\"min-rows-requested\":7}" };
}

START_TEST(test_plans)
{
	struct scan_plan made = plan_of(NULL, "a", "u"), p;

	made.snapshot_id = 5;
	ok(plan_create(&cx, st, 60, &made));
	p = plan_of(made.plan_id, "a", "u");
	ok(plan_find(&cx, st, &p));
	ck_assert_int_eq(p.snapshot_id, 5);
	ck_assert_str_eq(p.request, made.request);
	/* of another table, another user, nobody, no such id, no id */
	p = plan_of(made.plan_id, "b", "u");
	gives(plan_find(&cx, st, &p), NOT_FOUND);
	p = plan_of(made.plan_id, "a", "v");
	gives(plan_find(&cx, st, &p), NOT_FOUND);
	p = plan_of(made.plan_id, "a", NULL);
	gives(plan_find(&cx, st, &p), NOT_FOUND);
	p = plan_of(NIL_UUID, "a", "u");
	gives(plan_find(&cx, st, &p), NOT_FOUND);
	p = plan_of("", "a", "u");
	gives(plan_find(&cx, st, &p), NOT_FOUND);
	p = made;
	ok(plan_remove(&cx, st, &p));
	gives(plan_remove(&cx, st, &made), NOT_FOUND);
	made.request = cx_printf(&cx, "%*s", (int)PLAN_MAX_REQUEST + 1, "{}");
	gives(plan_create(&cx, st, 60, &made), TOO_LARGE);
}
END_TEST

START_TEST(test_expired_plans)
{
	struct scan_plan old = plan_of(NULL, "a", "u"), young = old, p;
	bool done = false;

	ok(plan_create(&cx, st, 0, &old));
	ok(plan_create(&cx, st, 0, &old));
	ok(plan_create(&cx, st, 0, &old));
	ok(plan_create(&cx, st, 600, &young));
	p = plan_of(old.plan_id, "a", "u");
	gives(plan_find(&cx, st, &p), NOT_FOUND);
	ck_assert_uint_eq(count(&kind_scan_plan, NIL_UUID), 4);
	for (int i = 0; !done; i++) {
		ck_assert_int_lt(i, 100);
		ok(drop_expired(&cx, st, &kind_scan_plan, "expires_ms", NIL_UUID,
				cx_now_ms() + 60000, 2, &done));
	}
	ck_assert_uint_eq(count(&kind_scan_plan, NIL_UUID), 1);
	ok(drop_catalog_rows(&cx, st, NIL_UUID, "c", 10, &done));
	ck_assert_uint_eq(count(&kind_scan_plan, NIL_UUID), 0);
}
END_TEST

/* --- metrics reports ------------------------------------------------------------- */

#define DAY_MS ((int64_t)86400000)

static void keep_report(const char *table, int64_t snapshot, int64_t most)
{
	struct metrics_report r = { .tenant_id = NIL_UUID,
				    .catalog_id = "c",
				    .asset_id = table,
				    .snapshot_id = snapshot,
				    .report_type = "scan-report",
				    .report = "{}" };

	ok(report_keep(&cx, st, &r, most));
}

/* However many come, the last ones are kept, newest first. */
START_TEST(test_reports_are_bounded)
{
	struct metrics_report from = { .row = ROW(metrics_report),
				       .tenant_id = NIL_UUID,
				       .catalog_id = "c",
				       .asset_id = "t" },
			      *r;
	struct query q = { .from = &from.row, .bound = 3, .limit = 100 };
	struct rows rows;

	for (int i = 1; i <= 40; i++)
		keep_report("t", i, 5);
	keep_report("u", 1, 5);
	ok(store_list(&cx, st, &q, &rows));
	ck_assert_uint_eq(rows.n, 5);
	r = rows.items;
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(r[i].snapshot_id, 40 - i);
	ck_assert_uint_eq(count(&kind_metrics_report, NIL_UUID), 6);
	keep_report("t", 41, 2);
	ck_assert_uint_eq(count(&kind_metrics_report, NIL_UUID), 3);
}
END_TEST

START_TEST(test_old_reports)
{
	bool done = false;
	int64_t now = cx_now_ms();

	for (int i = 1; i <= 9; i++)
		keep_report("t", i, 100);
	ok(drop_old_reports(&cx, st, NIL_UUID, now + 29 * DAY_MS, 30, 2, &done));
	ck_assert(done);
	ck_assert_uint_eq(count(&kind_metrics_report, NIL_UUID), 9);
	done = false;
	for (int i = 0; !done; i++) {
		ck_assert_int_lt(i, 100);
		ok(drop_old_reports(&cx, st, NIL_UUID, now + 38 * DAY_MS, 30, 2, &done));
	}
	ck_assert_uint_eq(count(&kind_metrics_report, NIL_UUID), 0);
}
END_TEST

/* Every week is either one that may hold a report to show, or one of the old. */
START_TEST(test_the_ring_of_weeks)
{
	static const int64_t days[] = { 1, 7, 30, 400 };
	int64_t now = 1800000000000;
	const char *weeks[REPORT_WEEKS];
	size_t n = report_old_weeks(&cx, now, days[_i], weeks);

	ck_assert_uint_gt(n, 0);
	for (int64_t day = -days[_i]; day <= 7; day++) {
		const char *living = cx_printf(
			&cx, "%02d", (int)((now + day * DAY_MS) / (7 * DAY_MS) % REPORT_WEEKS));

		for (size_t i = 0; i < n; i++)
			ck_assert_str_ne(living, weeks[i]);
	}
	ck_assert_uint_ge(n + (size_t)days[_i] / 7 + 4, REPORT_WEEKS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tenants");
	TCase *t = tcase_create("tenants");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, test_tenant);
	tcase_add_test(t, test_tenant_update);
	tcase_add_test(t, test_tenant_drop);
	tcase_add_test(t, test_warehouse);
	tcase_add_test(t, test_secrets_are_sealed);
	tcase_add_test(t, test_warehouse_update);
	tcase_add_test(t, test_warehouse_rename);
	tcase_add_test(t, test_warehouse_races);
	tcase_add_test(t, test_catalog_drop_races);
	tcase_add_test(t, test_catalog_rename);
	tcase_add_test(t, test_drop_catalog);
	tcase_add_test(t, test_drop_tenant);
	tcase_add_test(t, test_expired_tokens);
	tcase_add_test(t, test_plans);
	tcase_add_test(t, test_expired_plans);
	tcase_add_test(t, test_reports_are_bounded);
	tcase_add_test(t, test_old_reports);
	tcase_add_loop_test(t, test_the_ring_of_weeks, 0, 4);
	suite_add_tcase(suite, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
