/* SPDX-License-Identifier: Apache-2.0 */
/* migrate.h - the schema's versions: what this program has, needs and brings. */
#ifndef STORES_MIGRATE_H
#define STORES_MIGRATE_H

#include "common/cx.h"

/*
 * Migrations are stores/migrations/NNNN_name.sql, forward only.  A program's
 * number is that of its last one.  Each file's first line says the least
 * program number that works after it ("-- min_program: 1"): a step that only
 * adds keeps the number of the step before, so old and new programs run side
 * by side during an upgrade.  A program starts when
 *	min_program <= its own number <= version.
 * MongoDB has no columns: its collections and indexes follow from common/model.h, and
 * what is missing in a document is 0 or NULL, so no added column has another DEFAULT.
 * A migration that changes rows needs its twin in stores/mongo_schema.c.
 */
struct schema_version {
	int64_t version, min_program; /* 0, 0: an empty database */
};

/* This program's number. */
int64_t migrate_program(void);
/* The least program number that works after the last migration. */
int64_t migrate_min_program(void);

/* INVALID, saying what to do, where this program does not work with `have`. */
MUST_USE enum status migrate_check(struct cx *cx, struct schema_version have);

/*
 * Brings the database from `have` to this program's number by `run`, which
 * executes SQL text of several statements.  The caller holds a transaction and
 * commits it.  A newer database that this program still works with is left
 * alone; INVALID where it does not.
 */
MUST_USE enum status migrate_run(struct cx *cx, struct schema_version have,
				 enum status (*run)(struct cx *cx, void *db, const char *sql),
				 void *db);

#endif
