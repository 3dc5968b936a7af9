/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - scans planned by the server: plan, poll, cancel, fetch a task. */
#include "common/text.h"
#include "fcgi/tables/delegate.h"
#include "fcgi/tables/tables.h"
#include "fcgi/tables/walk.h"
#include "stores/plans.h"

#define MAX_HEAD ((size_t)1024 * 1024)
#define MAX_POSITION 1000000000
#define UUID_CHARS 36
#define N_NUMBERS 5 /* of a part in a plan task */

static const char no_plan[] = "NoSuchPlanIdException", no_task[] = "NoSuchPlanTaskException";

/* --- plan tasks ---------------------------------------------------------------------- */

/* A task is its plan and a part of it: nothing is kept of tasks. */
static const char *task_text(struct cx *cx, const char *plan_id, const struct scan_part *p)
{
	return cx_printf(cx, "%s.%zu.%zu.%zu.%zu.%zu", plan_id, p->from.list, p->from.manifest,
			 p->from.entry, p->to.list, p->to.manifest);
}

static bool task_read(struct cx *cx, const char *task, const char **plan_id, struct scan_part *part)
{
	size_t *const numbers[N_NUMBERS] = { &part->from.list, &part->from.manifest,
					     &part->from.entry, &part->to.list,
					     &part->to.manifest };
	char *rest = cx_strdup(cx, task);

	*part = (struct scan_part){ 0 };
	*plan_id = strsep(&rest, ".");
	for (size_t i = 0; i < N_NUMBERS; i++) {
		const char *one = rest ? strsep(&rest, ".") : NULL;
		int64_t n;

		if (!one || *one == '-' || !text_int(one, &n) || n > MAX_POSITION)
			return false;
		*numbers[i] = (size_t)n;
	}
	return !rest && strlen(*plan_id) == UUID_CHARS;
}

/* --- answers --------------------------------------------------------------------------- */

static void add_tasks(struct cx *cx, struct text *t, const char *plan_id, const struct walked *w)
{
	if (!w->n_rest)
		return;
	text_add(t, "\"plan-tasks\":[");
	for (size_t i = 0; i < w->n_rest; i++)
		text_addf(t, "%s\"%s\"", i ? "," : "", task_text(cx, plan_id, &w->rest[i]));
	text_add(t, "],");
}

/* {<begin>"plan-tasks":...,"delete-files":...,"file-scan-tasks":...} */
static enum status answer_tasks(struct request *rq, const char *begin, const char *plan_id,
				const struct walked *w)
{
	struct text head = text_open(rq->cx, MAX_HEAD);

	text_addf(&head, "{%s", begin);
	add_tasks(rq->cx, &head, plan_id, w);
	rq->answer.http = 200;
	answer_part(rq, head.s, head.len);
	answer_part(rq, w->bytes, w->n);
	answer_part(rq, "}", 1);
	return text_check(&head, "plan-tasks");
}

/* --- the table at hand ------------------------------------------------------------------- */

struct planned {
	const struct asset *row;
	const struct scope *sc;
	struct json_object *metadata;
	struct scan scan;
};

static enum status read_table(struct request *rq, struct planned *p)
{
	enum status s = scope_of(rq->cx, rq->resolved->catalog, &p->sc);

	return s ? s : text_read_json(rq, p->sc, p->row, &p->metadata);
}

static struct scan_plan plan_of(const struct request *rq, const struct asset *row)
{
	return (struct scan_plan){ .row = ROW(scan_plan),
				   .tenant_id = rq->tenant_id,
				   .catalog_id = rq->resolved->catalog->catalog_id,
				   .asset_id = row->asset_id,
				   .user_id = rq->who ? rq->who->id : NULL };
}

/* A plan that was made before, against the table as it is now; `missing` is what it
 * is called where there is none. */
static enum status open_plan(struct request *rq, const char *missing, const char *plan_id,
			     struct scan_plan *plan, struct planned *p)
{
	struct json_object *request;
	enum status s = path_table(rq, &p->row);

	if (s)
		return s;
	*plan = plan_of(rq, p->row);
	plan->plan_id = plan_id;
	s = plan_find(rq->cx, rq->rs->store, plan);
	if (s == NOT_FOUND)
		rq->error_type = missing;
	if (!s)
		s = read_table(rq, p);
	if (!s)
		s = json_parse(rq->cx, plan->request, strlen(plan->request),
			       (int)rq->rs->config->max_json_depth, &request);
	if (s)
		return s;
	s = scan_open(rq->cx, p->metadata, request,
		      (struct scan_pins){ plan->snapshot_id, plan->schema_id }, &p->scan);
	if (s == NOT_FOUND)
		rq->error_type = missing;
	return s;
}

/* The whole scan's first answer, as a load of the table: with credentials for its files. */
static enum status answer_plan(struct request *rq, struct planned *p, const char *begin,
			       const struct scan_plan *plan, const struct walked *w)
{
	const struct delegated t = { .ref = rq->resolved->catalog,
				     .sc = p->sc,
				     .at = { rq->resolved->path, rq->resolved->name },
				     .row = p->row };
	struct delegation d;

	delegate(rq, &t, &d);
	if (d.credentials) {
		answer_header(rq, "Cache-Control", "private, no-store");
		begin = cx_printf(rq->cx, "%s\"storage-credentials\":%s,", begin, d.credentials);
	}
	return answer_tasks(rq, begin, plan->plan_id, w);
}

static enum status walk_all(struct request *rq, struct planned *p, struct walked *out)
{
	const struct scan_part all = { .to = { .list = p->scan.n_snapshots } };

	return walk_part(rq, p->sc, &p->scan, &all, out);
}

/* --- handlers ------------------------------------------------------------------------------- */

enum status plan_table_scan(struct request *rq)
{
	struct planned p;
	struct scan_plan plan;
	struct walked w;
	enum status s = path_table(rq, &p.row);

	if (!s)
		s = request_json(rq, true);
	if (!s)
		s = read_table(rq, &p);
	if (!s)
		s = scan_open(rq->cx, p.metadata, rq->json, (struct scan_pins){ -1, -1 }, &p.scan);
	if (!s)
		s = walk_all(rq, &p, &w);
	if (s)
		return s;
	plan = plan_of(rq, p.row);
	plan.snapshot_id = p.scan.snapshot_id;
	plan.schema_id = p.scan.schema.id;
	plan.request = json_print(rq->cx, rq->json, NULL);
	s = plan_create(rq->cx, rq->rs->store, rq->rs->config->scan_ttl_s, &plan);
	if (s)
		return s;
	return answer_plan(
		rq, &p,
		cx_printf(rq->cx, "\"status\":\"completed\",\"plan-id\":\"%s\",", plan.plan_id),
		&plan, &w);
}

/* Plans are complete when they are made: this gives the first answer again. */
enum status fetch_planning_result(struct request *rq)
{
	struct planned p;
	struct scan_plan plan;
	struct walked w;
	enum status s = open_plan(rq, no_plan, rq->segments[3], &plan, &p);

	if (!s)
		s = walk_all(rq, &p, &w);
	return s ? s : answer_plan(rq, &p, "\"status\":\"completed\",", &plan, &w);
}

enum status cancel_planning(struct request *rq)
{
	const struct asset *row;
	struct scan_plan plan;
	enum status s = path_table(rq, &row);

	if (s)
		return s;
	plan = plan_of(rq, row);
	plan.plan_id = rq->segments[3];
	s = plan_find(rq->cx, rq->rs->store, &plan);
	if (!s)
		s = plan_remove(rq->cx, rq->rs->store, &plan);
	if (s == NOT_FOUND)
		rq->error_type = no_plan;
	return s ? s : answer_empty(rq, 204);
}

enum status fetch_scan_tasks(struct request *rq)
{
	const char *task, *plan_id;
	struct planned p;
	struct scan_plan plan;
	struct scan_part part;
	struct walked w;
	enum status s = request_json(rq, false);

	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "plan-task", &task);
	if (s)
		return s;
	if (!task_read(rq->cx, task, &plan_id, &part))
		plan_id = ""; /* no plan has it */
	s = open_plan(rq, no_task, plan_id, &plan, &p);
	if (s)
		return s == NOT_FOUND && rq->error_type == no_task
			       ? fail(rq->cx, s, "The plan task does not exist")
			       : s;
	s = walk_part(rq, p.sc, &p.scan, &part, &w);
	return s ? s : answer_tasks(rq, "", plan_id, &w);
}
