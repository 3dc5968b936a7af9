/* SPDX-License-Identifier: Apache-2.0 */
/* reports.c - the metrics reports that clients sent on a table, newest first. */
#include "stores/reports.h"

#include "common/text.h"
#include "fcgi/admin/admin.h"
#include "fcgi/resolve.h"

static enum status show(struct request *rq, const void *item, struct json_object **out)
{
	const struct metrics_report *r = item;

	if (report_is_old(r, cx_now_ms(), rq->rs->config->metrics_days))
		return OK;
	return admin_json(rq->cx, &r->row, out);
}

enum status list_reports(struct request *rq)
{
	const struct resolved *r = rq->resolved;
	struct metrics_report from = { .row = ROW(metrics_report),
				       .tenant_id = rq->tenant_id,
				       .catalog_id = r->catalog->catalog_id,
				       .asset_id = r->asset->asset_id };

	if (!r->asset->row.version || !text_same(r->asset->type, "ICEBERG_TABLE"))
		return fail(rq->cx, NOT_FOUND, "Table does not exist: %s",
			    asset_shown(rq->cx, r->path, r->name));
	return admin_list(rq, &from.row, 3, false, show);
}
