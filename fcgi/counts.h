/* SPDX-License-Identifier: Apache-2.0 */
/* counts.h - what a request cost in round trips and objects, for those who measure. */
#ifndef FCGI_COUNTS_H
#define FCGI_COUNTS_H

#include "fcgi/http.h"

struct counts {
	uint64_t trips, rows, steps;		/* of the store: stores/store.h */
	uint64_t requests, gets, puts, removes; /* of objects */
	uint64_t parses;			/* of tables' metadata */
	uint64_t hits, misses;			/* of catalogs this process knows */
};

/* Since the process started. */
struct counts counts_now(const struct responder *rs);

/* Adds X-Pangolin-Counts to the answer: what was counted since `before`. */
void counts_show(struct request *rq, const struct counts *before);

#endif
