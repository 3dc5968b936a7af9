/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c - /metrics, for Prometheus: what all processes of this machine have counted. */
#include "fcgi/admin/admin.h"
#include "fcgi/meter.h"

#define MAX_BYTES (8u << 20)

static bool store_answers(struct request *rq)
{
	struct epoch e = { .row = ROW(epoch), .tenant_id = "" };

	return store_get(rq->cx, rq->rs->store, &e.row) == OK;
}

enum status get_metrics(struct request *rq)
{
	struct text t = text_open(rq->cx, MAX_BYTES);
	enum status s;

	if (!rq->rs->config->metrics_enabled || !rq->rs->meter)
		return fail(rq->cx, NOT_FOUND, "metrics are off");
	text_addf(&t,
		  "# HELP pangolin_ready Whether the store answers.\n# TYPE pangolin_ready gauge\n"
		  "pangolin_ready %d\n",
		  store_answers(rq));
	meter_print(rq->cx, rq->rs->meter, &t);
	s = text_check(&t, "the answer");
	if (s)
		return s;
	rq->answer.http = 200;
	rq->answer.content_type = "text/plain; version=0.0.4";
	answer_part(rq, t.s, t.len);
	return OK;
}
