/* SPDX-License-Identifier: Apache-2.0 */
/* plans.c - rows of planned scans. */
#include "stores/plans.h"

#include "common/text.h"

enum status plan_create(struct cx *cx, struct store *st, int64_t ttl_s, struct scan_plan *plan)
{
	plan->row = (struct row)ROW(scan_plan);
	plan->plan_id = text_uuid7(cx);
	plan->expires_ms = cx_now_ms() + ttl_s * 1000;
	if (strlen(plan->request) > PLAN_MAX_REQUEST)
		return fail(cx, TOO_LARGE, "a scan's request is larger than %zu bytes",
			    PLAN_MAX_REQUEST);
	return store_apply(cx, st, (struct change[]){ { INSERT, &plan->row } }, 1, NULL);
}

static enum status no_plan(struct cx *cx)
{
	return fail(cx, NOT_FOUND, "The plan id does not exist");
}

enum status plan_find(struct cx *cx, struct store *st, struct scan_plan *plan)
{
	const char *asset_id = plan->asset_id, *user_id = plan->user_id;
	enum status s;

	plan->row = (struct row)ROW(scan_plan);
	if (!text_is_uuid(plan->plan_id))
		return no_plan(cx);
	s = store_get(cx, st, &plan->row);
	if (s == NOT_FOUND)
		return no_plan(cx);
	if (!s && (plan->expires_ms <= cx_now_ms() || !text_same(plan->asset_id, asset_id) ||
		   !text_same(plan->user_id, user_id)))
		return no_plan(cx);
	return s;
}

enum status plan_remove(struct cx *cx, struct store *st, struct scan_plan *plan)
{
	enum status s = store_apply(cx, st, (struct change[]){ { DELETE, &plan->row } }, 1, NULL);

	return s == CONFLICT ? no_plan(cx) : s;
}
