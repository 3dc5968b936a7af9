/* SPDX-License-Identifier: Apache-2.0 */
/* maintenance.c - upkeep that clients of other catalogs ask for: a job for `pangolin work`. */
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/tables/tables.h"
#include "stores/audit.h"
#include "stores/jobs.h"

#define DAY_MS ((int64_t)86400000)

static enum status accept(struct request *rq, const struct asset *row, int64_t age_ms)
{
	const struct resolved *r = rq->resolved;
	struct json_object *answer = json_new_object(rq->cx);
	struct job *job =
		job_maintain(rq->cx, r->catalog, r->path, r->name, "expire_snapshots", age_ms);
	struct audit *record =
		audit_new(rq->cx, request_actor(rq), rq->tenant_id, "maintain_table", "table",
			  row->asset_id, asset_shown(rq->cx, r->path, r->name));
	struct change list[] = { { INSERT, &job->row }, { INSERT, &record->row } };
	enum status s = store_apply(rq->cx, rq->rs->store, list, ARRAY_SIZE(list), NULL);

	json_set_text(answer, "status", "accepted");
	return s ? s : answer_json(rq, 200, answer);
}

enum status maintain_table(struct request *rq)
{
	int64_t age_ms = DAY_MS;
	const struct asset *row;
	const char *type;
	enum status s = path_table(rq, &row);

	if (!s)
		s = request_json(rq, false);
	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "job_type", &type);
	if (!s)
		s = json_opt_int(rq->cx, rq->json, "", "retention_ms", &age_ms);
	if (s)
		return s;
	if (age_ms < 0)
		return fail(rq->cx, INVALID, "retention_ms: negative");
	if (text_same(type, "expire_snapshots")) {
		s = content_may_write(rq->cx, rq->resolved->catalog);
		return s ? s : accept(rq, row, age_ms);
	}
	if (!text_same(type, "remove_orphan_files"))
		return fail(rq->cx, INVALID,
			    "job_type: neither \"expire_snapshots\" nor \"remove_orphan_files\"");
	rq->answer.http = 501;
	return fail(rq->cx, UNSUPPORTED,
		    "this server does not look for orphan files: call Spark's "
		    "system.remove_orphan_files on a table that has no other branches and tags");
}
