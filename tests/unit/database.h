/* SPDX-License-Identifier: Apache-2.0 */
/* database.h - databases in folders of their own, for tests of the SQLite and memory stores. */
#ifndef TESTS_UNIT_DATABASE_H
#define TESTS_UNIT_DATABASE_H

#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"
#include "stores/sqlite.h"
#include "tests/unit/suite.h"

struct folder {
	struct cx cx;
	char path[64];
	const char *url, *file;
};

static inline void folder_make(struct folder *f, const char *where, const char *scheme)
{
	*f = (struct folder){ 0 };
	snprintf(f->path, sizeof(f->path), "%s/pangolin-test-%s", where, text_uuid4(&f->cx));
	ck_assert_int_eq(mkdir(f->path, 0700), 0);
	f->file = cx_printf(&f->cx, "%s/pangolin.db", f->path);
	f->url = strcmp(scheme, "memory") == 0 ? cx_printf(&f->cx, "memory:%s", f->path)
					       : cx_printf(&f->cx, "sqlite://%s", f->file);
}

static inline void folder_remove(struct folder *f)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-queue", "-writer", "-link" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		unlink(cx_printf(&f->cx, "%s%s", f->file, ends[i]));
	ck_assert_int_eq(rmdir(f->path), 0);
	cx_free(&f->cx);
}

static inline struct store *open_store(struct folder *f)
{
	struct store *st = NULL;

	ck_assert_msg(store_open(&f->cx, f->url, NULL, false, &st) == OK, "%s", f->cx.message);
	return st;
}

static inline void migrate(struct folder *f)
{
	struct store *st;
	int64_t from, to;

	ck_assert_msg(store_open(&f->cx, f->url, NULL, true, &st) == OK, "%s", f->cx.message);
	ck_assert_msg(store_migrate(&f->cx, st, &from, &to) == OK, "%s", f->cx.message);
	store_close(st);
}

/* SQL of an operator's own, beside the store. */
static inline void run_sql(struct folder *f, const char *sql)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(f->file, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
		      sqlite3_errmsg(db));
	sqlite3_close(db);
}

static inline enum status touch(struct cx *cx, struct store *st)
{
	struct epoch e = { .row = ROW(epoch), .tenant_id = NIL_UUID };
	struct change list[] = { { TOUCH, &e.row } };

	return store_apply(cx, st, list, 1, NULL);
}

static inline enum status insert(struct cx *cx, struct store *st, const char *name, size_t size)
{
	struct catalog c = { .row = ROW(catalog), .tenant_id = NIL_UUID, .name = name };
	struct change list[] = { { INSERT, &c.row } };

	c.properties = memset(cx_alloc(cx, size + 1), 'x', size);
	return store_apply(cx, st, list, 1, NULL);
}

static inline bool is_there(struct cx *cx, struct store *st, const char *name)
{
	struct catalog c = { .row = ROW(catalog), .tenant_id = NIL_UUID, .name = name };

	return store_get(cx, st, &c.row) == OK;
}

#endif
