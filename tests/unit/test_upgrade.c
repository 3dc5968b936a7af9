/* SPDX-License-Identifier: Apache-2.0 */
/* test_upgrade.c - a database that an older program filled keeps every row when it is migrated. */
#include <sqlite3.h>

#include "stores/migrate.h"
#include "tests/unit/database.h"

#define ROWS 5 /* put into each table of the older schema */

static const struct {
	const char *name, *sql;
} migrations[] = {
#include "stores/migrations.inc"
};

/* All of a query's first column, with ' ' behind each. */
static const char *ask(struct folder *f, const char *sql)
{
	struct text t = text_open(&f->cx, 1 << 16);
	sqlite3_stmt *p;
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(f->file, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &p, NULL) == SQLITE_OK, "%s: %s", sql,
		      sqlite3_errmsg(db));
	while (sqlite3_step(p) == SQLITE_ROW)
		text_addf(&t, "%s ", sqlite3_column_text(p, 0));
	sqlite3_finalize(p);
	sqlite3_close(db);
	return t.s;
}

/* Rows whose every column has a value: a text "COLUMN-N", a number N. */
static void fill(struct folder *f, const char *table)
{
	const char *values = ask(
		f, cx_printf(&f->cx,
			     "SELECT group_concat(CASE type WHEN 'TEXT' THEN '''' || name || '-'' "
			     "|| n' ELSE 'n' END, ', ') FROM pragma_table_info('%s')",
			     table));

	run_sql(f, cx_printf(&f->cx,
			     "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
			     "WHERE n < %d) INSERT INTO \"%s\" SELECT %s FROM c",
			     ROWS, table, values));
}

/* The database as a program of that version left it. */
static void make_old(struct folder *f, size_t version)
{
	char *tables, *rest = NULL;

	run_sql(f, "PRAGMA journal_mode = WAL");
	for (size_t i = 0; i < version; i++)
		run_sql(f, migrations[i].sql);
	tables = cx_strdup(&f->cx, ask(f, "SELECT name FROM sqlite_schema WHERE type = 'table' "
					  "AND name <> 'schema_version'"));
	for (char *t = strtok_r(tables, " ", &rest); t; t = strtok_r(NULL, " ", &rest))
		fill(f, t);
	run_sql(f, cx_printf(&f->cx, "UPDATE schema_version SET version = %zu, min_program = 1",
			     version));
}

/* What fill() put there; nothing, where a migration added the column since. */
static void expect_column(struct folder *f, const struct row *row, const struct column *c,
			  int64_t n, bool added)
{
	const char *text;

	if (!model_is_text(c)) {
		int64_t want = added ? 0 : c->type == BOOL ? 1 : n;

		ck_assert_msg(model_int(row, c) == want, "%s.%s", row->kind->table, c->name);
		return;
	}
	text = model_text(row, c);
	if (added)
		ck_assert_msg(!text, "%s.%s is %s", row->kind->table, c->name, text);
	else
		ck_assert_msg(text_same(text, cx_printf(&f->cx, "%s-%lld", c->name, (long long)n)),
			      "%s.%s is %s", row->kind->table, c->name, text ? text : "NULL");
}

static void expect_rows(struct folder *f, struct store *st, const struct kind *k, const char *old)
{
	for (int64_t n = 1; n <= ROWS; n++) {
		struct row *row = cx_alloc(&f->cx, k->size);

		row->kind = k;
		for (size_t i = 0; i < k->n_keys; i++) {
			const struct column *c = &k->columns[i];

			if (model_is_text(c))
				model_set_text(row, c,
					       cx_printf(&f->cx, "%s-%lld", c->name, (long long)n));
			else
				model_set_int(row, c, n);
		}
		ck_assert_msg(store_get(&f->cx, st, row) == OK, "%s: %s", k->table, f->cx.message);
		for (size_t i = 0; i < k->n_columns; i++) {
			const struct column *c = &k->columns[i];
			const char *name = cx_printf(&f->cx, " %s.%s ", k->table, c->name);

			expect_column(f, row, c, n, !strstr(old, name));
		}
	}
}

/* " table.column  table.column " */
static const char *columns_of(struct folder *f)
{
	return ask(f, "SELECT ' ' || s.name || '.' || i.name FROM sqlite_schema s, "
		      "pragma_table_info(s.name) i WHERE s.type = 'table'");
}

START_TEST(every_row_is_kept)
{
	size_t version = (size_t)_i + 1;
	struct folder f;
	struct store *st;
	const char *old;

	folder_make(&f, "/tmp", "sqlite");
	make_old(&f, version);
	old = columns_of(&f);
	migrate(&f);
	ck_assert_str_eq(ask(&f, "PRAGMA integrity_check"), "ok ");
	st = open_store(&f);
	st->sealed = true; /* what was put into SECRET columns is no sealed text */
	for (const struct kind *const *k = model_kinds; *k; k++)
		if (strstr(old, cx_printf(&f.cx, " %s.version ", (*k)->table)))
			expect_rows(&f, st, *k, old);
	store_close(st);
	if (version < 6) /* what was there before search was is indexed by a job a catalog */
		ck_assert_str_eq(ask(&f, "SELECT count(*) FROM jobs WHERE type = 'index'"), "5 ");
	folder_remove(&f);
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ every_row_is_kept, ARRAY_SIZE(migrations) },
	};

	return run_suite("upgrade", tests, ARRAY_SIZE(tests));
}
