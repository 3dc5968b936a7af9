/* SPDX-License-Identifier: Apache-2.0 */
/* bulk.c - /api/v1/bulk/assets/delete: up to a hundred assets by their ids, each decided on. */
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/lookup.h"
#include "stores/assets.h"

#define MAX_IDS 100

static enum status read_ids(struct request *rq, const char **ids, size_t *n)
{
	struct json_object *given;
	enum status s = json_get_array(rq->cx, rq->json, "", "asset_ids", &given);

	if (s)
		return s;
	*n = json_object_array_length(given);
	if (*n > MAX_IDS)
		return fail(rq->cx, INVALID, "asset_ids: more than %d", MAX_IDS);
	for (size_t i = 0; i < *n; i++) {
		struct json_object *v = json_object_array_get_idx(given, i);

		if (!json_object_is_type(v, json_type_string))
			return fail(rq->cx, INVALID, "asset_ids[%zu]: not a text", i);
		ids[i] = json_object_get_string(v);
	}
	return OK;
}

static enum status delete_one(struct request *rq, const char *id)
{
	const struct catalog_ref *ref;
	struct sighting a;
	enum status s = asset_lookup(rq, id, MAY_DELETE, &a);

	if (!s)
		s = content_catalog(rq->cx, rq->rs->content, rq->rs->store, rq->tenant_id,
				    a.catalog, NULL, &ref);
	return s ? s : asset_drop_id(rq->cx, rq->rs->store, ref, a.row, request_actor(rq));
}

/* What can't be done leaves the others done; a store that is away ends it. */
enum status delete_assets(struct request *rq)
{
	struct json_object *o = json_new_object(rq->cx), *errors = json_new_array(rq->cx);
	const char *ids[MAX_IDS];
	int64_t succeeded = 0, failed = 0;
	size_t n = 0;
	enum status s = request_json(rq, false);

	if (!s)
		s = read_ids(rq, ids, &n);
	for (size_t i = 0; !s && i < n; i++) {
		s = delete_one(rq, ids[i]);
		if (!s) {
			succeeded++;
			continue;
		}
		if (s == NOT_FOUND || s == DENIED || s == INVALID || s == CONFLICT) {
			failed++;
			json_add_text(errors, cx_printf(rq->cx, "%s: %s", ids[i], rq->cx->message));
			s = OK;
		}
	}
	if (s)
		return s;
	rq->error_type = NULL;
	json_set_int(o, "succeeded", succeeded);
	json_set_int(o, "failed", failed);
	json_set(o, "errors", errors);
	return answer_json(rq, 200, o);
}
