/* SPDX-License-Identifier: Apache-2.0 */
/* sql.h - rows to SQL text and back from the column tables, once for every SQL database. */
#ifndef STORES_SQL_H
#define STORES_SQL_H

#include "common/model.h"
#include "stores/store.h"

#define SQL_MAX_COLUMNS 32
#define SQL_MAX_PARAMS 64

/* The statements there are.  GET, FIRST_AFTER and LIST give rows; REQUIRE gives
 * a row where the pinned version stands; the others must change one row. */
enum sql_verb {
	SQL_GET,
	SQL_FIRST_AFTER, /* by all key columns but the last, which is a lower bound */
	SQL_LIST,
	SQL_INSERT,
	SQL_UPDATE,
	SQL_DELETE,
	SQL_REQUIRE,
	SQL_TOUCH,
};

/* What tells one statement's text from another's; the last four of a LIST.  `where` of an
 * UPDATE: indexed columns that are left out, whose indexes SQLite would write anew. */
struct sql_shape {
	const struct kind *kind;
	uint8_t verb, bound, after, backwards;
	uint8_t where[4]; /* column's number + 1; SQL_NULL is added where the value is NULL */
};
#define SQL_NULL 0x80

enum sql_source { SQL_OF_ROW, SQL_OF_AFTER, SQL_VERSION, SQL_LIMIT };

struct sql_param {
	enum sql_source source;
	const struct column *column; /* of SQL_OF_ROW and SQL_OF_AFTER */
};

struct sql_statement {
	struct sql_shape shape;
	char *text;
	struct sql_param params[SQL_MAX_PARAMS]; /* $1, $2 ...: in order of appearance */
	size_t n_params;
	/* Result columns: the version first, then these. */
	const struct column *results[SQL_MAX_COLUMNS];
	size_t n_results;
	void *prepared; /* the driver's; NULL until it prepared the text */
	struct sql_statement *next;
};

/* Every statement a process ever used; texts are built once.  Ready when zeroed. */
struct sql_cache {
	struct sql_statement *buckets[64];
};

/* The statement of that shape: never NULL, never freed before sql_clear. */
struct sql_statement *sql_statement(struct sql_cache *cache, const struct sql_shape *shape);

/* Frees all statements, each by `release` first where it is prepared. */
void sql_clear(struct sql_cache *cache, void (*release)(void *prepared));

/* The shape of a query that query_check() let pass. */
struct sql_shape sql_shape_query(const struct query *q);

/* The statement of a change. */
struct sql_shape sql_shape_change(const struct change *c);

/* What stands behind a statement's parameters. */
struct sql_call {
	const struct row *row, *after;
	int64_t limit;
};

struct sql_value {
	bool is_text;
	const char *text; /* NULL = SQL NULL */
	int64_t number;
};
struct sql_value sql_value(const struct sql_param *p, const struct sql_call *call);

#endif
