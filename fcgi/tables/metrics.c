/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c - what clients report on their scans and commits of a table. */
#include "common/iceberg/report.h"
#include "fcgi/actor.h"
#include "fcgi/tables/tables.h"
#include "stores/reports.h"

static enum status keep(struct request *rq, const struct asset *table, const struct report *report)
{
	const struct audit *by = request_actor(rq);
	const struct config *c = rq->rs->config;
	struct metrics_report r = {
		.tenant_id = rq->tenant_id,
		.catalog_id = rq->resolved->catalog->catalog_id,
		.asset_id = table->asset_id,
		.report_type = report->type,
		.snapshot_id = report->snapshot_id,
		.user_id = by->user_id,
		.username = by->username,
		.user_agent = by->user_agent,
	};

	r.report = json_print(rq->cx, rq->json, NULL);
	return report_keep(rq->cx, rq->rs->store, &r, c->metrics_per_table);
}

enum status report_metrics(struct request *rq)
{
	const struct config *c = rq->rs->config;
	struct report report;
	const struct asset *row;
	enum status s = path_table(rq, &row);

	if (!s && rq->body_len > (size_t)c->metrics_bytes)
		s = fail(rq->cx, TOO_LARGE, "the report is larger than %lld bytes",
			 (long long)c->metrics_bytes);
	if (!s)
		s = request_json(rq, false);
	if (!s)
		s = report_check(rq->cx, rq->json, &report);
	if (!s && c->metrics_per_table)
		s = keep(rq, row, &report);
	return s ? s : answer_empty(rq, 204);
}
