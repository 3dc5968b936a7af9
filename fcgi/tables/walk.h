/* SPDX-License-Identifier: Apache-2.0 */
/* walk.h - the files of a planned scan, a part at a time: manifests read, deletes found, JSON made. */
#ifndef FCGI_TABLES_WALK_H
#define FCGI_TABLES_WALK_H

#include "common/iceberg/scan.h"
#include "fcgi/tables/scope.h"

/* In the scan's snapshots, their manifest lists and those manifests: all of it is immutable. */
struct scan_position {
	size_t list, manifest, entry;
};

/* What a plan task stands for.  `to` is not included; its entry is 0. */
struct scan_part {
	struct scan_position from, to;
};

struct walked {
	const char *bytes; /* "delete-files":[...],"file-scan-tasks":[...] */
	size_t n;
	struct scan_part *rest; /* what there was no room, or time, for */
	size_t n_rest;
};

/*
 * The part's files, up to PANGOLIN_SCAN_FILES of them, by reading about
 * PANGOLIN_SCAN_BYTES of manifests in about half of the time that is left.
 * NOT_FOUND, with rq->error_type set: a manifest is not there.  INVALID: one is
 * broken, or lies outside of the warehouse; UNSUPPORTED: one that this server can't
 * read; and as cloud_get.
 */
MUST_USE enum status walk_part(struct request *rq, const struct scope *sc, struct scan *scan,
			       const struct scan_part *part, struct walked *out);

#endif
