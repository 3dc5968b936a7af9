/* SPDX-License-Identifier: Apache-2.0 */
/*
 * function.h - metadata of SQL functions: text in, text out; no clock, no random, no IO.
 * Source: Iceberg's format/udf-spec.md (format version 1), and the REST catalog's OpenAPI
 * document (FunctionMetadata).
 */
#ifndef COMMON_ICEBERG_FUNCTION_H
#define COMMON_ICEBERG_FUNCTION_H

#include "common/iceberg/metadata.h"

/*
 * The metadata of a new function, from `given`: a FunctionMetadata that may leave out
 * function-uuid (then env->new_uuid), format-version (1), location and definition-log (then
 * one entry: each definition's current version, now).  `location`: normalised, no slash at
 * the end; it goes in whatever `given` says.  INVALID names the member.
 */
MUST_USE enum status function_create(struct cx *cx, const struct metadata_env *env,
				     struct json_object *given, const char *location,
				     struct json_object **out);

/*
 * The metadata that replaces `base`.  function-uuid and location are the base's, and INVALID
 * where `given` has others; without a definition-log the base's goes on, with an entry more
 * where another version became current.  *out == base: nothing changes.
 */
MUST_USE enum status function_replace(struct cx *cx, const struct metadata_env *env,
				      struct json_object *base, struct json_object *given,
				      struct json_object **out);

/*
 * As metadata_apply, with one update: {"metadata": what is given, "location": a new one's,
 * "base-metadata-location": null, or the file that the base has to come from: else CONFLICT}.
 */
MUST_USE enum status function_apply(struct cx *cx, const struct metadata_env *env,
				    struct json_object *base, struct json_object *updates,
				    struct json_object **out);

/* EXISTS where any is asked for (it is that there be no function yet) and there is a base. */
MUST_USE enum status function_requirements_check(struct cx *cx, struct json_object *base,
						 struct json_object *requirements);

/*
 * All of the schema's and the specification's rules: members and their types, a definition's
 * id that says its parameters, ids, signatures and specific names that stand once, current
 * versions that are there, one query a dialect.  INVALID names the member.
 */
MUST_USE enum status function_check(struct cx *cx, struct json_object *metadata);

/* What the asset row keeps of it: the UUID as table_uuid; no snapshot, 0 for last_updated_ms. */
MUST_USE enum status function_facts(struct cx *cx, struct json_object *metadata,
				    struct metadata_facts *out);

/* As metadata_paths: its location. */
MUST_USE enum status function_paths(struct cx *cx, struct json_object *metadata,
				    struct metadata_path **out, size_t *n);

#endif
