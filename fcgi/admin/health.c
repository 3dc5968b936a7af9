/* SPDX-License-Identifier: Apache-2.0 */
/* health.c - is it up, can it reach its store, and is authentication on. */
#include "common/text.h"
#include "fcgi/admin/admin.h"
#include "stores/signups.h"

#define HEALTH_TIMEOUT_MS 3000

enum status get_live(struct request *rq)
{
	struct json_object *o = json_new_object(rq->cx);

	json_set_text(o, "status", "alive");
	return answer_json(rq, 200, o);
}

/* 503 and why: the body is a probe's, not an error's alone. */
static enum status unready(struct request *rq, struct json_object *o)
{
	struct json_object *error = json_new_object(rq->cx);

	json_set_text(o, "status", "unready");
	json_set_text(o, "store", "unreachable");
	json_set_text(error, "message", "the store can't be reached");
	json_set_text(error, "type", "ServiceUnavailableException");
	json_set_int(error, "code", 503);
	json_set(o, "error", error);
	return answer_json(rq, 503, o);
}

enum status get_health(struct request *rq)
{
	struct epoch e = { .row = ROW(epoch), .tenant_id = "" };
	struct json_object *o = json_new_object(rq->cx);
	int64_t start = cx_monotonic_ms();

	if (cx_left_ms(rq->cx) > HEALTH_TIMEOUT_MS)
		rq->cx->deadline_ms = start + HEALTH_TIMEOUT_MS;
	if (store_get(rq->cx, rq->rs->store, &e.row))
		return unready(rq, o);
	json_set_text(o, "status", "ready");
	json_set_text(o, "store", "ok");
	json_set_int(o, "store_latency_ms", cx_monotonic_ms() - start);
	json_set_bool(o, "ephemeral", store_is_ephemeral(rq->rs->store));
	json_set_bool(o, "no_auth", rq->rs->config->no_auth);
	return answer_json(rq, 200, o);
}

/* Before anybody logged in: what a page of logins has to show.  `tenant-id` says whose. */
enum status get_app_config(struct request *rq)
{
	struct json_object *o = json_new_object(rq->cx);
	const char *tenant_id;
	struct setting v;
	enum status s = request_query(rq, "tenant-id", &tenant_id);

	if (s)
		return s;
	if (!tenant_id)
		tenant_id = NIL_UUID;
	if (cx_left_ms(rq->cx) > HEALTH_TIMEOUT_MS)
		rq->cx->deadline_ms = cx_monotonic_ms() + HEALTH_TIMEOUT_MS;
	s = text_is_uuid(tenant_id) ? signup_allowed(rq->cx, rq->rs->store, tenant_id, &v) : DENIED;
	json_set_bool(o, "auth_enabled", !rq->rs->config->no_auth);
	json_set_bool(o, "allow_public_signup", s == OK);
	return answer_json(rq, 200, o);
}
