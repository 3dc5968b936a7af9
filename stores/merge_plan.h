/* SPDX-License-Identifier: Apache-2.0 */
/* merge_plan.h - a merge under way: where it begins, and what it would do.  For stores/merge.c. */
#ifndef STORES_MERGE_PLAN_H
#define STORES_MERGE_PLAN_H

#include "stores/merge.h"
#include "stores/readings.h"

/* A merge under way. */
struct merging {
	struct cx *cx;
	struct store *st;
	const struct catalog_ref *ref;
	const struct audit *by;
	struct plan *plan;
	struct merge_base base; /* of the two; version 0: none yet */
	const char *base_id;
	int64_t base_cut;
	int64_t source_cut; /* LIVING: what it shows now */
	/* What the partial branch began with that the target reads through; ref NULL: it is whole. */
	struct reading began;
};

/* Finds both ends and the base that the last merge between them left.  As merge_preview. */
MUST_USE enum status merging_open(struct merging *m, const char *source, const char *target,
				  struct branch **all, size_t *n);

/* Fills m->plan, of the source as of m->source_cut; base_id NULL: chooses the base first. */
MUST_USE enum status merging_work_out(struct merging *m, struct branch *all, size_t n_all);

/* Counts the plan's changes and open conflicts again. */
void merging_count(struct plan *p);

#endif
