/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h - does what `pangolin work` does with a catalog's branches; for tests with content.h. */
#ifndef TESTS_UNIT_WORKER_H
#define TESTS_UNIT_WORKER_H

#include "stores/free.h"

/* Runs every job that is due, two rows at a time. */
static inline void work_all(const struct catalog_ref *of)
{
	struct free_walk walk = { 0 };
	bool found, done;
	struct job job;

	for (;;) {
		struct json_object *payload;
		const char *branch;

		ok(job_lease(&cx, st, &job, &found));
		if (!found)
			return;
		ok(json_parse(&cx, job.payload, strlen(job.payload), 3, &payload));
		branch = json_text(payload, "branch_id");
		done = true; /* jobs of another kind */
		do
			if (strcmp(job.type, "free-branch") == 0)
				ok(free_branch(&cx, st, NIL_UUID, of->catalog_id, branch, 2,
					       &done));
			else if (strcmp(job.type, "free-history") == 0)
				ok(free_history(&cx, st, NIL_UUID, of->catalog_id, branch, &walk, 2,
						&done));
		while (!done);
		cx_free(&walk.cx);
		walk = (struct free_walk){ 0 };
		ok(job_done(&cx, st, &job));
	}
}

#endif
