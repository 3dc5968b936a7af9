/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metadata.h - Iceberg table metadata: text in, text out; no clock, no random, no IO.
 * Source: iceberg.apache.org/spec (format versions 1 to 3), and the REST
 * catalog's OpenAPI document (TableUpdate, TableRequirement).
 */
#ifndef COMMON_ICEBERG_METADATA_H
#define COMMON_ICEBERG_METADATA_H

#include "common/json.h"

/* What a pure function may not ask the world for. */
struct metadata_env {
	int64_t now_ms;
	const char *new_uuid; /* for a table the client names no UUID for */
	/* The metadata file `base` was read from: goes into metadata-log.  NULL at create. */
	const char *base_location;
	/* A commit's last-updated-ms is the latest of now_ms, the base's and its new
	 * snapshots', so logs stay in order. */
};

#define METADATA_MAX_DEPTH 200 /* JSON nesting of schemas and updates */

/*
 * The metadata of a new table from a CreateTableRequest: fresh field ids from 1
 * (breadth of the schema as Iceberg's TypeUtil.assignFreshIds numbers them),
 * specs and orders rewritten to those ids, format-version from its property
 * (default 2; the property itself is not stored).  `location`: normalised, no slash at the end.
 */
MUST_USE enum status metadata_create(struct cx *cx, const struct metadata_env *env,
				     struct json_object *request, const char *location,
				     struct json_object **out);

/*
 * base + updates.  base NULL: a table that a staged create or a transaction
 * makes (updates then begin with assign-uuid ... as clients send them).  base is
 * not changed; *out shares values with it and with updates, so neither may be
 * changed later.  *out == base where the updates change nothing: there is
 * nothing to commit.  INVALID: an unknown action, a broken invariant or base
 * (the message names update and member).  CONFLICT: a new snapshot's sequence
 * number or first row id is older than the table: its writer must read the
 * table again; trying the same updates again can't help.
 * Members that this code does not know survive value for value.
 */
MUST_USE enum status metadata_apply(struct cx *cx, const struct metadata_env *env,
				    struct json_object *base, struct json_object *updates,
				    struct json_object **out);

/*
 * Every requirement against base (NULL: no such table).  CONFLICT with the
 * texts Iceberg's own clients print ("Requirement failed: ..."); INVALID for an
 * unknown type or a broken one.
 */
MUST_USE enum status requirements_check(struct cx *cx, struct json_object *base,
					struct json_object *requirements);

/* Invariants of metadata from outside (register): ids that point nowhere,
 * missing members, unknown format version.  INVALID names the member. */
MUST_USE enum status metadata_check(struct cx *cx, struct json_object *metadata);

/* What the asset row keeps of it; text in the metadata's memory. */
struct metadata_facts {
	const char *table_uuid, *location;
	const char *data_path, *metadata_path; /* write.*.path, or NULL */
	int64_t format_version;
	int64_t current_snapshot_id; /* -1 = none */
	int64_t last_updated_ms;
	const char *compression; /* write.metadata.compression-codec: "gzip" or "none" */
};
MUST_USE enum status metadata_facts(struct cx *cx, struct json_object *metadata,
				    struct metadata_facts *out);

/* Every location the metadata itself names (its own, write.*.path, manifest
 * lists, statistics, metadata-log), for scope checks and purge. */
struct metadata_path {
	const char *member; /* "snapshots[3].manifest-list" */
	const char *location;
};
MUST_USE enum status metadata_paths(struct cx *cx, struct json_object *metadata,
				    struct metadata_path **out, size_t *n);

/* A copy whose snapshots are only those a ref names (snapshots=refs); the
 * snapshot-log stays whole.  Shares values with the metadata. */
struct json_object *metadata_refs_only(struct cx *cx, struct json_object *metadata);

/* The metadata with its property gc.enabled "false", which keeps engines from removing files:
 * what else reads them, the table's own metadata does not say.  Shares the rest. */
struct json_object *metadata_guarded(struct cx *cx, struct json_object *metadata);

/* Ids of snapshots that `before` has and `after` has not: at most n in all are `before`'s. */
int64_t *metadata_removed_snapshots(struct cx *cx, struct json_object *before,
				    struct json_object *after, size_t *n);

/* True where the metadata has one of those snapshots. */
bool metadata_has_any(struct json_object *metadata, const int64_t *ids, size_t n);

#endif
