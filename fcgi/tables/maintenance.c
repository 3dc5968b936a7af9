/* SPDX-License-Identifier: Apache-2.0 */
/* maintenance.c - upkeep that clients of other catalogs ask for: a job for `pangolin work`. */
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/tables/tables.h"
#include "stores/audit.h"
#include "stores/jobs.h"

#define HOUR_MS ((int64_t)3600000)

/* What each does, what its age is called, and what that is where the body says none. */
static const struct {
	const char *type, *age;
	int64_t age_ms, least_ms;
} works[] = {
	{ "expire_snapshots", "retention_ms", 24 * HOUR_MS, 0 },
	{ "remove_orphan_files", "older_than_ms", 72 * HOUR_MS, 24 * HOUR_MS },
};

static enum status accept(struct request *rq, const struct asset *row, const char *type,
			  int64_t age_ms)
{
	const struct resolved *r = rq->resolved;
	struct json_object *answer = json_new_object(rq->cx);
	struct job *job = job_maintain(rq->cx, r->catalog, r->path, r->name, type, age_ms);
	struct audit *record =
		audit_new(rq->cx, request_actor(rq), rq->tenant_id, "maintain_table", "table",
			  row->asset_id, asset_shown(rq->cx, r->path, r->name));
	struct change list[] = { { INSERT, &job->row }, { INSERT, &record->row } };
	struct json_object *said = json_new_object(rq->cx);
	enum status s;

	json_set_text(said, "job_type", type);
	json_set_int(said, "age_ms", age_ms);
	record->metadata = json_print(rq->cx, said, NULL);
	s = store_apply(rq->cx, rq->rs->store, list, ARRAY_SIZE(list), NULL);
	json_set_text(answer, "status", "accepted");
	return s ? s : answer_json(rq, 200, answer);
}

/* Files of a commit that is under way are nobody's yet: only an administrator knows there is none. */
static enum status check_age(struct request *rq, size_t work, int64_t age_ms)
{
	bool forced = false;
	enum status s = json_opt_bool(rq->cx, rq->json, "", "force", &forced);

	if (s || (age_ms >= 0 && age_ms >= works[work].least_ms))
		return s;
	if (age_ms < 0)
		return fail(rq->cx, INVALID, "%s: negative", works[work].age);
	if (!forced)
		return fail(rq->cx, INVALID,
			    "%s: less than 24 hours: files of a commit that is under way would go; "
			    "an administrator may say \"force\": true while nobody writes",
			    works[work].age);
	return rq->who->role >= ROLE_TENANT_ADMIN
		       ? OK
		       : fail(rq->cx, DENIED, "force: only an administrator may say so");
}

enum status maintain_table(struct request *rq)
{
	const struct asset *row;
	const char *type;
	size_t work = 0;
	int64_t age_ms;
	enum status s = path_table(rq, &row);

	if (!s)
		s = request_json(rq, false);
	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "job_type", &type);
	if (s)
		return s;
	while (work < ARRAY_SIZE(works) && !text_same(works[work].type, type))
		work++;
	if (work == ARRAY_SIZE(works))
		return fail(rq->cx, INVALID,
			    "job_type: neither \"expire_snapshots\" nor \"remove_orphan_files\"");
	age_ms = works[work].age_ms;
	s = json_opt_int(rq->cx, rq->json, "", works[work].age, &age_ms);
	if (!s)
		s = check_age(rq, work, age_ms);
	if (!s)
		s = content_may_write(rq->cx, rq->resolved->catalog);
	return s ? s : accept(rq, row, type, age_ms);
}
