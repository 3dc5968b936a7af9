/* SPDX-License-Identifier: Apache-2.0 */
/* reach.h - every file that table metadata reads: lists, manifests, data, deletes, statistics. */
#ifndef CLI_REACH_H
#define CLI_REACH_H

#include "cli/table_files.h"
#include "common/list.h"
#include "stores/seen.h"

/*
 * Memory: 16 to 32 bytes (48 while it grows) for each file that is reached, and a text for each
 * metadata file, list and manifest that is still to be read.  More files than this are TOO_LARGE: 1 GiB.
 */
#define REACH_MAX 20000000

/* Whose metadata is read. */
struct reader {
	const char *id; /* the asset's: one manifest is read once for each */
	const struct table_files *files;
	bool notes_own; /* what lies in its own folders is noted, too */
	/* One of its metadata files that must be there says gc.enabled=false: set by reach_step. */
	bool keeps_all;
};

struct reach {
	struct seen *files;  /* all that is reached, by location_key() */
	struct seen *queued; /* reader and location */
	struct cx waiting;   /* memory of what is to be read */
	struct list metadata, lists, manifests;
	size_t next_metadata, next_list, next_manifest;
	size_t n;
};

/* Its memory is cx's; *r stays where it is. */
void reach_open(struct reach *r, struct cx *cx);

/*
 * A metadata file is reached, and what it names will be.  `must`: that it, or what it names, is not
 * there is a failure; else what is not there reaches nothing.  `by` stays.  step: see reach_step.
 */
void reach_metadata(struct cx *step, struct reach *r, struct reader *by, const char *location,
		    bool must);

/* The same of one snapshot of a metadata file. */
void reach_snapshot(struct cx *step, struct reach *r, struct reader *by,
		    struct json_object *snapshot, bool must);

/*
 * The metadata files, which must be there, of every row of the asset, living or kept, on any
 * branch: of those that were not yet met.  *rows: how many rows it has.
 */
MUST_USE enum status reach_asset(struct cx *step, struct reach *r, struct store *st,
				 const char *tenant_id, struct reader *by, size_t *rows);

/* A single file is reached; NULL: nothing. */
void reach_file(struct cx *step, struct reach *r, const struct reader *by, const char *location);

/*
 * Reads one file more; `step` is its memory and deadline.  *done: none was left.  A failure names
 * the file, and then nobody knows what is reached: INVALID where it does not read, NOT_FOUND
 * is told as CONFLICT.
 */
MUST_USE enum status reach_step(struct cx *step, struct reach *r, bool *done);

/*
 * However the location is spelled, escaped or not.  Also true of a file that is called as one that is reached
 * outside of its reader's folders: a link, a mount, or another name of the bucket may lead here.
 */
bool reach_has(struct cx *step, const struct reach *r, const char *location);

#endif
