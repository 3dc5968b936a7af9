/* SPDX-License-Identifier: Apache-2.0 */
/* migrate.c - runs the migrations that are embedded in the program. */
#include "stores/migrate.h"

struct migration {
	const char *name, *sql;
};

static const struct migration migrations[] = {
#include "stores/migrations.inc"
};

int64_t migrate_program(void)
{
	return (int64_t)ARRAY_SIZE(migrations);
}

int64_t migrate_min_program(void)
{
	const struct migration *m = &migrations[ARRAY_SIZE(migrations) - 1];
	int n = 0;

	if (sscanf(m->sql, "-- min_program: %d\n", &n) != 1 || n < 1)
		abort(); /* the file is broken: a test runs every one */
	return n;
}

enum status migrate_check(struct cx *cx, struct schema_version have)
{
	int64_t own = migrate_program();

	if (!have.version)
		return fail(cx, INVALID, "the database has no schema yet: run `pangolin migrate`");
	if (own > have.version)
		return fail(cx, INVALID,
			    "the database's schema is version %lld, this program needs %lld: "
			    "run `pangolin migrate`",
			    (long long)have.version, (long long)own);
	if (own < have.min_program)
		return fail(
			cx, INVALID,
			"the database's schema needs programs of version %lld or newer, this one "
			"is %lld: install the newer program",
			(long long)have.min_program, (long long)own);
	return OK;
}

enum status migrate_run(struct cx *cx, struct schema_version have,
			enum status (*run)(struct cx *cx, void *db, const char *sql), void *db)
{
	int64_t own = migrate_program();
	enum status s = OK;

	if (have.version > own)
		return have.min_program > own ? migrate_check(cx, have) : OK;
	for (int64_t i = have.version; !s && i < own; i++)
		s = run(cx, db, migrations[i].sql);
	if (s || have.version == own)
		return s;
	return run(
		cx, db,
		cx_printf(
			cx,
			"UPDATE \"schema_version\" SET \"version\" = %lld, \"min_program\" = %lld;"
			"UPDATE \"epochs\" SET \"version\" = \"version\" + 1, \"min_program\" = "
			"%lld "
			"WHERE \"tenant_id\" = ''",
			(long long)own, (long long)migrate_min_program(),
			(long long)migrate_min_program()));
}
