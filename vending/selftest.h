/* SPDX-License-Identifier: Apache-2.0 */
/* selftest.h - does a warehouse work: its storage, its keys, and the limits of what it vends? */
#ifndef VENDING_SELFTEST_H
#define VENDING_SELFTEST_H

#include "vending/cloud.h"
#include "vending/vault.h"

#define SELFTEST_STEPS 12

enum selftest_result { STEP_GOOD, STEP_BAD, STEP_SKIPPED };

struct selftest_step {
	const char *name; /* "write", "vend" ... */
	enum selftest_result result;
	const char *says; /* what is wrong and what to look at; NULL where it is good */
};

struct selftest {
	struct selftest_step steps[SELFTEST_STEPS];
	size_t n;
	bool good; /* no step is bad */
};

/*
 * Writes, reads, lists and removes probes under <root>/pangolin-test-<random>, by the
 * warehouse's own keys.  Where it vends sessions: vends for one folder, and tries the session
 * there and on the folder beside it, which must be refused.  Leaves nothing where the
 * storage lets it remove.  `problem`, not NULL: the configuration does not read; nothing else
 * is tried.
 */
void selftest_run(struct cx *cx, struct cloud *c, struct vault *v, const struct storage *s,
		  const char *problem, struct selftest *out);

/* {"ok", "steps": [{"name", "result": "ok" | "failed" | "skipped", "message"}]} */
struct json_object *selftest_json(struct cx *cx, const struct selftest *t);

#endif
