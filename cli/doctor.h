/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.h - what is wrong between the store and the warehouses' files, and how it is put right. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include "cli/progress.h"
#include "cli/site.h"
#include "stores/seen.h"

struct doctor {
	struct site site;
	bool fix, yes, quick;
	int64_t grace_ms; /* a file that is younger may be a commit's that is under way */
	int64_t found, fixed, looked_at;
	struct progress progress;
	struct cx step; /* memory of what is looked at now */
};

/* Prints one thing that is wrong. */
void doctor_finds(struct doctor *d, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Whether it shall be put right: with --fix, and after asking unless --yes. */
bool doctor_may(struct doctor *d, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Counts, and tells how an attempt to put something right ended. */
void doctor_did(struct doctor *d, enum status s);

/* UNAVAILABLE: told to stop.  Frees the step's memory, and begins another one. */
MUST_USE enum status doctor_step(struct doctor *d);

/* --- what is looked at; a failure is the store's ---------------------------------- */

/* Rows of one catalog whose metadata file is missing or another, and files that no row has. */
MUST_USE enum status doctor_catalog(struct doctor *d, const struct catalog *c);

/* Locations: tables in each other's folders, rows of no table, folders with nothing below. */
MUST_USE enum status doctor_places(struct doctor *d);

/* Jobs that fail again and again, or that nobody takes. */
MUST_USE enum status doctor_jobs(struct doctor *d);

#endif
