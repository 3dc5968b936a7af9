/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.h - Iceberg view metadata: text in, text out; no clock, no random, no IO.
 * Source: iceberg.apache.org/view-spec (format version 1), and the REST
 * catalog's OpenAPI document (ViewUpdate, ViewRequirement).
 */
#ifndef COMMON_ICEBERG_VIEW_H
#define COMMON_ICEBERG_VIEW_H

#include "common/iceberg/metadata.h"

/*
 * The metadata of a new view from a CreateViewRequest: its schema becomes schema
 * 0, and the version's own schema-id does not count.  env->new_uuid is the
 * view's.  `location`: normalised, no slash at the end.  INVALID names the member.
 */
MUST_USE enum status view_create(struct cx *cx, const struct metadata_env *env,
				 struct json_object *request, const char *location,
				 struct json_object **out);

/*
 * base + updates; what is said of metadata_apply holds here too.  A schema or
 * version that is there already is taken instead of a new one, and is then the one
 * that -1 ("last added") means: the same replace sent twice changes nothing the second
 * time.  INVALID: also where a dialect of the current version would be lost, unless
 * the property replace.drop-dialect.allowed is "true".  Of the versions,
 * version.history.num-entries (10) stay, and all that these updates add.
 */
MUST_USE enum status view_apply(struct cx *cx, const struct metadata_env *env,
				struct json_object *base, struct json_object *updates,
				struct json_object **out);

/* As requirements_check.  NULL requirements: none. */
MUST_USE enum status view_requirements_check(struct cx *cx, struct json_object *base,
					     struct json_object *requirements);

/* Invariants of metadata from outside (register).  INVALID names the member. */
MUST_USE enum status view_check(struct cx *cx, struct json_object *metadata);

/* What the asset row keeps of it: the UUID as table_uuid; no data_path, no snapshot, and 0 for
 * last_updated_ms, which a view's metadata does not have. */
MUST_USE enum status view_facts(struct cx *cx, struct json_object *metadata,
				struct metadata_facts *out);

/* As metadata_paths: its location and write.metadata.path. */
MUST_USE enum status view_paths(struct cx *cx, struct json_object *metadata,
				struct metadata_path **out, size_t *n);

/* The current version's first query; false where it has none in SQL. */
bool view_query(struct json_object *metadata, const char **sql, const char **dialect);

#endif
