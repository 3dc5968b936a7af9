/* SPDX-License-Identifier: Apache-2.0 */
/* build.h - table metadata while it is being changed: what updates work on. */
#ifndef COMMON_ICEBERG_BUILD_H
#define COMMON_ICEBERG_BUILD_H

#include "common/iceberg/ids.h"
#include "common/iceberg/read.h"

#define LAST_ADDED (-1) /* in updates: the one that this commit added last */

/*
 * Numbers are kept in `meta` and written by build_finish; lists and maps are
 * changed in `out`, which shares what is unchanged with the base.
 */
struct build {
	struct cx *cx;
	const struct metadata_env *env;
	struct json_object *base; /* NULL: a new table */
	struct meta meta;
	struct json_object *out;
	size_t changes; /* 0 at the end: there is nothing to commit */
	int64_t now_ms; /* last-updated-ms of this commit */

	/* ids of what was added last; has_ false: nothing was */
	bool has_schema, has_spec, has_order;
	int64_t added_schema, added_spec, added_order;
	int additions; /* how many schemas, specs and orders were offered */

	struct ids snapshots; /* id -> its JSON */
	struct ids added;     /* snapshots of this commit */
	struct ids mains;     /* added ones that main pointed at, at some time */
	bool snapshots_removed;

	struct schema current; /* read by build_schema */
	bool current_read;
};

/* INVALID where the base is broken.  `version`: of a new table (base NULL). */
MUST_USE enum status build_open(struct cx *cx, const struct metadata_env *env,
				struct json_object *base, int64_t version, struct build *b);

/* Member `key` of b->out as a list (or map) that may be changed; made where there is none. */
struct json_object *build_list(struct build *b, const char *key);
struct json_object *build_map(struct build *b, const char *key);

/* The current schema.  INVALID where there is none yet. */
MUST_USE enum status build_schema(struct build *b, const struct schema **out);

/* Checks the whole, writes logs and numbers.  *out == base where nothing changed. */
MUST_USE enum status build_finish(struct build *b, struct json_object **out);

#endif
