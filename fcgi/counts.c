/* SPDX-License-Identifier: Apache-2.0 */
/* counts.c - reads the counters of store and cloud, and shows how far they moved. */
#include "fcgi/counts.h"

#include "stores/content.h"

struct counts counts_now(const struct responder *rs)
{
	struct counts n = { .trips = rs->store->trips,
			    .rows = rs->store->rows_read,
			    .steps = rs->store->steps,
			    .parses = rs->parses };
	const struct cloud_counts *c = rs->cloud ? cloud_counts(rs->cloud) : NULL;

	if (rs->content)
		content_counts(rs->content, &n.hits, &n.misses);
	if (c) {
		n.requests = c->requests;
		n.gets = c->gets;
		n.puts = c->puts;
		n.removes = c->removes;
	}
	return n;
}

void counts_show(struct request *rq, const struct counts *before)
{
	struct counts n = counts_now(rq->rs);

	answer_header(rq, "X-Pangolin-Counts",
		      cx_printf(rq->cx,
				"trips=%llu requests=%llu gets=%llu puts=%llu removes=%llu "
				"parses=%llu rows=%llu steps=%llu",
				(unsigned long long)(n.trips - before->trips),
				(unsigned long long)(n.requests - before->requests),
				(unsigned long long)(n.gets - before->gets),
				(unsigned long long)(n.puts - before->puts),
				(unsigned long long)(n.removes - before->removes),
				(unsigned long long)(n.parses - before->parses),
				(unsigned long long)(n.rows - before->rows),
				(unsigned long long)(n.steps - before->steps)));
}
