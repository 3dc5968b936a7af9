/* SPDX-License-Identifier: Apache-2.0 */
/* meter.h - what processes count: each in a page of its own, which pangolin-admin adds up for /metrics. */
#ifndef FCGI_METER_H
#define FCGI_METER_H

#include "common/text.h"
#include "fcgi/route.h"

enum count {
	COUNT_COMMITS, /* of tables, views and transactions, however they ended */
	COUNT_COMMITS_SUCCEEDED,
	COUNT_COMMITS_CONFLICTED,
	COUNT_COMMIT_RETRIES, /* another commit was in between */
	COUNT_AUTH_SUCCESS,
	COUNT_AUTH_FAILURE,
	COUNT_AUTH_THROTTLED,
	COUNT_REVOCATION_ERRORS, /* a credential could not be looked up */
	COUNT_AUDIT_FAILURES,	 /* a refusal that is not on record */
	COUNT_CACHE_HITS,	 /* catalogs and their warehouses, as this process knows them */
	COUNT_CACHE_MISSES,
	N_COUNTS
};

/*
 * A page is a file "counters-<family>-<number>" in the runtime folder, mapped by the one
 * process that holds its lock.  Who starts takes over the page of one that has ended, so
 * counters only grow, and there are as many pages as processes at once.
 */
struct meter;

/* folder NULL, or one that can't be written: the process counts for itself alone. */
struct meter *meter_open(const char *folder, const char *family);
void meter_close(struct meter *m);

/* m NULL: nothing is counted. */
void meter_add(struct meter *m, enum count c, uint64_t n);

/* A request that was answered; route NULL: there was none.  Counts commits and logins too. */
void meter_request(struct meter *m, const struct request *rq, int64_t took_us);

/* The sums over all pages in the folder, in Prometheus' text format (version 0.0.4). */
void meter_print(struct cx *cx, const struct meter *m, struct text *out);

#endif
