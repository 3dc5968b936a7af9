/* SPDX-License-Identifier: Apache-2.0 */
/* test_sql.c - migrations and column tables agree; statement texts; every query has its index. */
#include "stores/sql.h"

#include <sqlite3.h>
#include <unistd.h>

#include "common/text.h"
#include "stores/migrate.h"
#include "stores/rows.h"
#include "stores/sqlite.h"
#include "tests/unit/suite.h"

struct database {
	struct cx cx;
	char folder[40];
	struct store *store;
	sqlite3 *db;
};

/* A migrated database in a folder of its own. */
static void database_open(struct database *d)
{
	int64_t from, to;

	*d = (struct database){ .folder = "/tmp/pangolin-sql-XXXXXX" };
	ck_assert_ptr_nonnull(mkdtemp(d->folder));
	ck_assert_int_eq(store_open(&d->cx, cx_printf(&d->cx, "sqlite://%s/db", d->folder), NULL,
				    true, &d->store),
			 OK);
	ck_assert_int_eq(store_migrate(&d->cx, d->store, &from, &to), OK);
	ck_assert_int_eq(from, 0);
	ck_assert_int_eq(to, store_program());
	d->db = sqlite_of(d->store)->db;
}

static void database_close(struct database *d)
{
	static const char *const names[] = { "db", "db-wal", "db-shm", "db-queue", "db-writer" };

	store_close(d->store);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlink(cx_printf(&d->cx, "%s/%s", d->folder, names[i]));
	ck_assert_int_eq(rmdir(d->folder), 0);
	cx_free(&d->cx);
}

/* All rows of a query as one text: columns with ' ' between, rows with '\n'. */
static const char *ask(struct database *d, const char *sql)
{
	struct text t = text_open(&d->cx, 1 << 20);
	sqlite3_stmt *p;

	ck_assert_msg(sqlite3_prepare_v2(d->db, sql, -1, &p, NULL) == SQLITE_OK, "%s: %s", sql,
		      sqlite3_errmsg(d->db));
	while (sqlite3_step(p) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(p); i++)
			text_addf(&t, "%s%s", i ? " " : "", sqlite3_column_text(p, i));
		text_addc(&t, '\n');
	}
	sqlite3_finalize(p);
	ck_assert(!t.over);
	return t.s;
}

/* Every column is there with its type, wherever a migration put it, and nothing else is. */
START_TEST(columns_agree)
{
	struct database d;

	database_open(&d);
	for (const struct kind *const *k = model_kinds; *k; k++) {
		size_t n = 1;

		for (size_t i = 0; i < (*k)->n_columns; i++, n++) {
			const struct column *c = &(*k)->columns[i];
			bool must = c->flags & KEY || !model_is_text(c);

			ck_assert_str_eq(
				ask(&d, cx_printf(&d.cx,
						  "SELECT type, \"notnull\", pk FROM "
						  "pragma_table_info('%s') WHERE name = '%s'",
						  (*k)->table, c->name)),
				cx_printf(&d.cx, "%s %d %zu\n",
					  model_is_text(c) ? "TEXT" : "BIGINT", must,
					  i < (*k)->n_keys ? i + 1 : 0));
		}
		ck_assert_str_eq(ask(&d, cx_printf(&d.cx,
						   "SELECT count(*), sum(name = 'version') FROM "
						   "pragma_table_info('%s')",
						   (*k)->table)),
				 cx_printf(&d.cx, "%zu 1\n", n));
	}
	database_close(&d);
}
END_TEST

START_TEST(tables_agree)
{
	struct database d;
	size_t n = 1; /* schema_version */

	database_open(&d);
	for (const struct kind *const *k = model_kinds; *k; k++)
		n++;
	ck_assert_str_eq(ask(&d, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"),
			 cx_printf(&d.cx, "%zu\n", n));
	/* every database compares text as bytes: PostgreSQL has to be told so, column by column */
	ck_assert_str_eq(ask(&d,
			     "SELECT name FROM sqlite_schema WHERE type = 'table' AND "
			     "instr(replace(sql, ' TEXT COLLATE \"BINARY\"', ''), ' TEXT') > 0"),
			 "");
	database_close(&d);
}
END_TEST

/* An INDEX column has an index that begins with it: see 0005_lookups.sql. */
START_TEST(indexes_agree)
{
	struct database d;

	database_open(&d);
	for (const struct kind *const *k = model_kinds; *k; k++) {
		for (size_t i = 0; i < (*k)->n_columns; i++) {
			const struct column *c = &(*k)->columns[i];
			const char *columns;

			if (!(c->flags & INDEX))
				continue;
			columns = ask(&d, cx_printf(&d.cx,
						    "SELECT name FROM pragma_index_info('%s_%s')",
						    (*k)->table, c->name));
			ck_assert_msg(text_starts(columns, cx_printf(&d.cx, "%s\n", c->name)),
				      "%s.%s", (*k)->table, c->name);
		}
	}
	database_close(&d);
}
END_TEST

START_TEST(the_first_rows)
{
	struct database d;

	database_open(&d);
	ck_assert_str_eq(ask(&d, "SELECT tenant_id, name FROM tenants"), NIL_UUID " default\n");
	ck_assert_str_eq(ask(&d, "SELECT tenant_id, min_program FROM epochs ORDER BY 1"),
			 " 1\n" NIL_UUID " 0\n");
	ck_assert_str_eq(ask(&d, "SELECT * FROM schema_version"),
			 cx_printf(&d.cx, "%lld 1\n", (long long)migrate_program()));
	database_close(&d);
}
END_TEST

/* --- texts -------------------------------------------------------------------- */

static const struct {
	const struct kind *kind;
	enum sql_verb verb;
	const char *text;
} texts[] = {
	{ &kind_epoch, SQL_GET,
	  "SELECT \"version\", \"min_program\" FROM \"epochs\" WHERE \"tenant_id\" = $1" },
	{ &kind_epoch, SQL_TOUCH,
	  "INSERT INTO \"epochs\" (\"tenant_id\", \"min_program\", \"version\") VALUES ($1, $2, "
	  "$3) "
	  "ON CONFLICT (\"tenant_id\") DO UPDATE SET \"version\" = \"epochs\".\"version\" + 1" },
	{ &kind_api_key, SQL_INSERT,
	  "INSERT INTO \"api_keys\" (\"key_hash\", \"tenant_id\", \"service_user_id\", "
	  "\"version\") "
	  "VALUES ($1, $2, $3, $4) ON CONFLICT (\"key_hash\") DO NOTHING" },
	{ &kind_location_row, SQL_UPDATE,
	  "UPDATE \"locations\" SET \"version\" = \"version\" + 1, \"type\" = $1, \"tenant_id\" = "
	  "$2, "
	  "\"asset_id\" = $3 WHERE \"storage\" = $4 AND \"path\" = $5 AND \"version\" = $6" },
	{ &kind_location_row, SQL_DELETE,
	  "DELETE FROM \"locations\" WHERE \"storage\" = $1 AND \"path\" = $2 AND \"version\" = "
	  "$3" },
	{ &kind_branch, SQL_REQUIRE,
	  "SELECT \"version\" FROM \"branches\" WHERE \"tenant_id\" = $1 AND \"catalog_id\" = $2 "
	  "AND "
	  "\"name\" = $3 "
	  "AND \"version\" = $4" },
	{ &kind_branch, SQL_TOUCH,
	  "UPDATE \"branches\" SET \"version\" = \"version\" + 1 WHERE \"tenant_id\" = $1 AND "
	  "\"catalog_id\" = $2 "
	  "AND \"name\" = $3" },
	{ &kind_location_row, SQL_FIRST_AFTER,
	  "SELECT \"version\", \"path\", \"type\", \"tenant_id\", \"asset_id\" FROM \"locations\" "
	  "WHERE "
	  "\"storage\" = $1 AND \"path\" > $2 ORDER BY \"path\" LIMIT 1" },
};

START_TEST(statements)
{
	struct sql_cache cache = { 0 };
	struct sql_shape shape = { .kind = texts[_i].kind, .verb = (uint8_t)texts[_i].verb };
	struct sql_statement *s = sql_statement(&cache, &shape);

	ck_assert_str_eq(s->text, texts[_i].text);
	ck_assert_ptr_eq(sql_statement(&cache, &shape), s); /* built once */
	sql_clear(&cache, free);
}
END_TEST

START_TEST(list_statements)
{
	struct cx cx = { 0 };
	struct sql_cache cache = { 0 };
	struct branch from = { .row = ROW(branch), .tenant_id = "t" };
	struct query q = { .from = &from.row,
			   .bound = 1,
			   .limit = 1,
			   .after = &from.row,
			   .where = { "parent_id", "cut" } };
	struct sql_shape shape;

	shape = sql_shape_query(&q);
	ck_assert_ptr_nonnull(strstr(
		sql_statement(&cache, &shape)->text,
		" FROM \"branches\" WHERE \"tenant_id\" = $1 AND (\"catalog_id\", \"name\") > "
		"($2, $3) AND \"parent_id\" IS NULL AND \"cut\" = $4 ORDER BY "
		"\"catalog_id\" || '', \"name\" || '' LIMIT $5"));
	from.parent_id = "p";
	q.after = NULL;
	shape = sql_shape_query(&q);
	ck_assert_ptr_nonnull(strstr(
		sql_statement(&cache, &shape)->text,
		" WHERE \"tenant_id\" = $1 AND \"parent_id\" = $2 AND \"cut\" = $3 ORDER BY"));
	sql_clear(&cache, free);
	cx_free(&cx);
}
END_TEST

START_TEST(queries_that_are_not_allowed)
{
	struct cx cx = { 0 };
	struct user u = { .row = ROW(user), .tenant_id = "t" };
	struct job j = { .row = ROW(job) };
	const struct query queries[] = {
		{ .from = &u.row, .bound = 0 }, /* across tenants */
		{ .from = &u.row, .bound = 3 },
		{ .from = &u.row, .bound = 2, .after = &u.row },
		{ .from = &u.row, .bound = 1, .after = &j.row },
		{ .from = &u.row, .bound = 1, .where = { "role" } }, /* no index */
		{ .from = &u.row, .bound = 1, .where = { "password_hash" } },
		{ .from = &u.row, .bound = 1, .where = { "nothing" } },
		{ .from = &j.row, .bound = 0, .where = { "type" } },
	};
	const struct query good = { .from = &j.row, .bound = 0, .where = { "due_ms" } };

	for (size_t i = 0; i < ARRAY_SIZE(queries); i++)
		ck_assert_msg(query_check(&cx, &queries[i]) == INTERNAL, "query %zu", i);
	ck_assert_int_eq(query_check(&cx, &good), OK);
	cx_free(&cx);
}
END_TEST

/* --- plans -------------------------------------------------------------------- */

static void expect_seek(struct database *d, const struct sql_statement *s, const char *what)
{
	const char *plan = ask(d, cx_printf(&d->cx, "EXPLAIN QUERY PLAN %s", s->text));

	ck_assert_msg(strstr(plan, "SEARCH") && !strstr(plan, "SCAN") &&
			      !strstr(plan, "TEMP B-TREE"),
		      "%s of %s: %s\n%s", what, s->shape.kind->table, plan, s->text);
}

/* Whatever a list binds, it reads a range of the key's index, in order. */
START_TEST(lists_and_gets_seek)
{
	struct database d;
	struct sql_cache cache = { 0 };

	database_open(&d);
	for (const struct kind *const *k = model_kinds; *k; k++) {
		for (uint8_t verb = SQL_GET; verb <= SQL_TOUCH; verb++) {
			struct sql_shape shape = { .kind = *k, .verb = verb };

			if (verb != SQL_LIST && verb != SQL_INSERT && !((*k)->flags & UPSERT))
				expect_seek(&d, sql_statement(&cache, &shape), "verb");
		}
		for (uint8_t bound = 1; bound < (*k)->n_keys; bound++)
			for (uint8_t after = 0; after < 2; after++) {
				struct sql_shape shape = {
					.kind = *k, .verb = SQL_LIST, .bound = bound, .after = after
				};

				expect_seek(&d, sql_statement(&cache, &shape), "list");
			}
	}
	sql_clear(&cache, free);
	database_close(&d);
}
END_TEST

/* A commit leaves the indexes alone that find what it does not change. */
START_TEST(an_update_leaves_indexes_alone)
{
	struct sql_cache cache = { 0 };
	struct asset was = { .row = { &kind_asset, .version = 7 }, .asset_id = "a" }, row = was;
	const struct change c = { UPDATE, &row.row };
	struct sql_shape shape;
	const char *text;

	row.metadata_location = "file:///new";
	row.row.was = &was.row;
	shape = sql_shape_change(&c);
	text = sql_statement(&cache, &shape)->text;
	ck_assert(!strstr(text, "\"asset_id\"") && !strstr(text, "\"born\""));
	ck_assert(strstr(text, "\"metadata_location\"") && strstr(text, "\"metadata_size\""));
	row.row.version++; /* of another version: all are set */
	shape = sql_shape_change(&c);
	text = sql_statement(&cache, &shape)->text;
	ck_assert(strstr(text, "\"asset_id\"") && strstr(text, "\"born\""));
	sql_clear(&cache, free);
}
END_TEST

static const char *plan_of(struct database *d, struct sql_cache *cache, const struct query *q)
{
	struct sql_shape shape;

	shape = sql_shape_query(q);
	return ask(d,
		   cx_printf(&d->cx, "EXPLAIN QUERY PLAN %s", sql_statement(cache, &shape)->text));
}

/* So many key columns are bound where a list is by that column: a tenant's and a catalog's; of a
 * column that is a key itself, the tenant's alone; with a number, a branch's. */
static size_t least_bound(const struct kind *k, const struct column *c)
{
	return k->flags & GLOBAL ? 0 : model_is_text(c) ? 1 : 3;
}

static size_t most_bound(const struct kind *k, const struct column *c)
{
	size_t most = c->flags & KEY ? 1 : model_is_text(c) ? 2 : 3;

	return k->flags & GLOBAL ? 0 : most < k->n_keys ? most : k->n_keys - 1;
}

/* A list by an indexed column reads that index, whether it binds the tenant or the catalog too. */
START_TEST(lookups_use_their_index)
{
	struct database d;
	struct sql_cache cache = { 0 };
	size_t n = 0;

	database_open(&d);
	for (const struct kind *const *k = model_kinds; *k; k++)
		for (size_t i = 0; i < (*k)->n_columns; i++) {
			struct row *from = cx_alloc(&d.cx, (*k)->size);
			struct query q = { .from = from,
					   .limit = 1,
					   .where = { (*k)->columns[i].name } };

			from->kind = *k;
			q.bound = least_bound(*k, &(*k)->columns[i]);
			if (!((*k)->columns[i].flags & INDEX))
				continue;
			if (model_is_text(&(*k)->columns[i]))
				model_set_text(from, &(*k)->columns[i], "x");
			for (; q.bound <= most_bound(*k, &(*k)->columns[i]); q.bound++, n++) {
				const char *plan = plan_of(&d, &cache, &q);
				/* a key column that ends what is bound is the key's own to find */
				const char *index =
					cx_printf(&d.cx, "INDEX %s%s_%s ",
						  q.bound == i ? "sqlite_autoindex_" : "",
						  (*k)->table, q.bound == i ? "1" : q.where[0]);

				ck_assert_msg(strstr(plan, index) != NULL, "%s, bound %zu: %s",
					      index, q.bound, plan);
			}
		}
	ck_assert_uint_ge(n, 10);
	sql_clear(&cache, free);
	database_close(&d);
}
END_TEST

static const struct {
	size_t bound;
	const char *where;
} listings[] = {
	{ 4, "until" }, /* the living rows of a namespace */
	{ 3, "until" },
	{ 2, "until" },
	{ 5, NULL }, /* the history of a name */
};

START_TEST(listings_read_the_key_in_order)
{
	struct database d;
	struct sql_cache cache = { 0 };
	struct asset a = { .row = ROW(asset) };
	struct query q = { .from = &a.row,
			   .bound = listings[_i].bound,
			   .limit = 1,
			   .where = { listings[_i].where } };
	const char *plan;

	database_open(&d);
	plan = plan_of(&d, &cache, &q);
	ck_assert_msg(strstr(plan, "SEARCH assets USING INDEX sqlite_autoindex_assets_1") &&
			      !strstr(plan, "TEMP B-TREE"),
		      "%s", plan);
	sql_clear(&cache, free);
	database_close(&d);
}
END_TEST

START_TEST(network_file_systems)
{
	ck_assert(sqlite_is_network(0x6969));
	ck_assert(sqlite_is_network(0xff534d42));
	ck_assert(
		sqlite_is_network((unsigned long)(long)(int)0xff534d42)); /* f_type may be signed */
	ck_assert(!sqlite_is_network(0xef53));				  /* ext4 */
	ck_assert(!sqlite_is_network(0x01021994));			  /* tmpfs */
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ columns_agree, 0 },
		{ tables_agree, 0 },
		{ indexes_agree, 0 },
		{ the_first_rows, 0 },
		{ statements, ARRAY_SIZE(texts) },
		{ list_statements, 0 },
		{ queries_that_are_not_allowed, 0 },
		{ lists_and_gets_seek, 0 },
		{ lookups_use_their_index, 0 },
		{ an_update_leaves_indexes_alone, 0 },
		{ listings_read_the_key_in_order, ARRAY_SIZE(listings) },
		{ network_file_systems, 0 },
	};

	return run_suite("sql", tests, ARRAY_SIZE(tests));
}
