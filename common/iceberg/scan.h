/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.h - a scan of a table: its snapshots, schema and filter, and which manifests and files it
 * reads; no IO.  Source: the REST catalog's OpenAPI document (PlanTableScanRequest), and
 * iceberg.apache.org/spec, "Scan Planning".
 */
#ifndef COMMON_ICEBERG_SCAN_H
#define COMMON_ICEBERG_SCAN_H

#include "common/iceberg/manifest.h"

/* A partition spec as the scan sees it. */
struct scan_spec {
	struct spec spec;
	bool partitioned; /* false: no field, or only void ones */
	struct projection projection;
	/* Of partition values, for reading them: where the scan's schema does not have
	 * the source, any of the table's. */
	struct type *types;
	bool *known;
	struct manifest_want want;
};

struct scan {
	struct cx *cx;
	struct json_object *metadata, *specs;
	struct schema schema;
	struct filter filter;
	bool incremental; /* only the files that the snapshots added, without deletes */
	/* Those whose manifest lists are read, oldest first; none: the table is empty, or
	 * nothing was appended. */
	struct json_object **snapshots;
	size_t n_snapshots;
	int64_t snapshot_id; /* the one that is scanned (incremental: the last); -1 = none */
	int64_t min_rows;    /* enough; 0: all */
	int *stats;	     /* field ids, ascending: statistics that are asked for */
	size_t n_stats;
	int *columns; /* field ids, ascending: statistics that are needed */
	size_t n_columns;
	struct column_stats *filter_stats; /* private: of the file at hand, by filter.columns */
	struct scan_spec **known_specs;	   /* private; by scan_spec_of */
	size_t n_known_specs;
};

/* What was decided when a plan was made, and holds for all of its tasks. */
struct scan_pins {
	int64_t snapshot_id, schema_id; /* -1: to be decided */
};

/*
 * INVALID: a request that contradicts itself, or names what the metadata does
 * not have; UNSUPPORTED: see filter_read.  NOT_FOUND: what `pins` names is not there
 * any more.  The scan shares with metadata and request.
 */
MUST_USE enum status scan_open(struct cx *cx, struct json_object *metadata,
			       struct json_object *request, struct scan_pins pins,
			       struct scan *out);

/* Reads these columns' statistics too from now on. */
void scan_add_columns(struct scan *scan, const int *ids, size_t n);

/* INVALID: the table has no such spec, or a broken one. */
MUST_USE enum status scan_spec_of(struct scan *scan, int64_t id, const struct scan_spec **out);

/* False where no file of the manifest can be of the scan.  `snapshot_id` is that of the list.
 * Deletes are not looked at in an incremental scan. */
bool scan_takes_manifest(const struct scan *scan, const struct scan_spec *spec,
			 const struct manifest_file *m, int64_t snapshot_id);

/* The same of a live data file. */
bool scan_takes_file(const struct scan *scan, const struct scan_spec *spec,
		     const struct manifest_entry *e, int64_t snapshot_id);

/* False where no row that an equality delete file removes can pass the filter. */
bool scan_takes_deletes(const struct scan *scan, const struct manifest_entry *e);

/* The entry's statistics of the column; NO_COLUMN_STATS where they were not read. */
struct column_stats scan_stats(const struct scan *scan, const struct manifest_entry *e, int id);

/* {"data-file", "delete-file-references", "residual-filter"} */
struct json_object *scan_task_json(struct cx *cx, const struct scan *scan,
				   const struct scan_spec *spec, const struct manifest_entry *e,
				   const int64_t *deletes, size_t n_deletes);

/* A ContentFile: of a data file with the statistics that were asked for. */
struct json_object *scan_file_json(struct cx *cx, const struct scan *scan,
				   const struct scan_spec *spec, const struct manifest_entry *e);

#endif
