/* SPDX-License-Identifier: Apache-2.0 */
/* requests.c - access requests: who may not read an asset asks for it, an administrator decides. */
#include "stores/requests.h"

#include <strings.h>

#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/lookup.h"
#include "fcgi/admin/people.h"

#define MAX_REASON_BYTES 4000

static enum status show_request(struct request *rq, const void *item, struct json_object **out)
{
	enum status s = admin_json(rq->cx, &((const struct access_request *)item)->row, out);

	if (!s)
		admin_add_snake(rq->cx, *out);
	return s;
}

static enum status read_text(struct request *rq, const char *key, const char **out)
{
	enum status s = json_opt_text(rq->cx, rq->json, "", key, out);

	if (!s && *out && strlen(*out) > MAX_REASON_BYTES)
		s = fail(rq->cx, INVALID, "%s: longer than %d bytes", key, MAX_REASON_BYTES);
	return s;
}

/* --- asking ------------------------------------------------------------------------------ */

/* Who can't know of an asset can't ask for it: it must be one that others may find, or in
 * what the caller may list. */
static enum status find_asked(struct request *rq, struct sighting *a)
{
	enum status s = asset_sight(rq, rq->segments[0], a);

	if (s || is_discoverable(&a->about))
		return s;
	return asset_decide(rq, MAY_LIST, a);
}

enum status create_request(struct request *rq)
{
	struct access_request r = { .tenant_id = rq->tenant_id,
				    .user_id = rq->who->id,
				    .username = rq->who->name,
				    .asset_id = rq->segments[0] };
	struct sighting a;
	enum status s = request_json(rq, true);

	if (!s)
		s = read_text(rq, "reason", &r.reason);
	if (!s)
		s = find_asked(rq, &a);
	if (s)
		return s;
	r.resource = cx_printf(rq->cx, "%s.%s", a.catalog,
			       asset_shown(rq->cx, a.row->namespace, a.row->name));
	s = access_request_create(rq->cx, rq->rs->store, &r, request_actor(rq));
	return s ? s : admin_answer(rq, 201, &r, show_request);
}

/* --- looking ------------------------------------------------------------------------------ */

static enum status show_own(struct request *rq, const void *item, struct json_object **out)
{
	const struct access_request *r = item;

	if (!people_admin(rq) && !text_same(r->user_id, rq->who->id))
		return OK;
	return show_request(rq, item, out);
}

enum status list_requests(struct request *rq)
{
	struct access_request from = { .row = ROW(access_request), .tenant_id = rq->tenant_id };

	return admin_list(rq, &from.row, 1, false, show_own);
}

static enum status find(struct request *rq, struct access_request *r)
{
	enum status s =
		access_request_find(rq->cx, rq->rs->store, rq->tenant_id, rq->segments[0], r);

	if (!s && !people_admin(rq) && !text_same(r->user_id, rq->who->id))
		return fail(rq->cx, NOT_FOUND, "no access request \"%s\"", rq->segments[0]);
	return s;
}

enum status get_request(struct request *rq)
{
	struct access_request r;
	enum status s = find(rq, &r);

	return s ? s : admin_answer(rq, 200, &r, show_request);
}

/* --- deciding ----------------------------------------------------------------------------- */

static enum status read_decision(struct request *rq, const char **status, const char **comment)
{
	enum status s = json_get_text(rq->cx, rq->json, "", "status", status);

	if (!s)
		s = read_text(rq, "comment", comment);
	if (!s && strcasecmp(*status, "approved") != 0 && strcasecmp(*status, "rejected") != 0)
		s = fail(rq->cx, INVALID, "status: neither approved nor rejected: \"%s\"", *status);
	*status = !s && strcasecmp(*status, "approved") == 0 ? "approved" : "rejected";
	return s;
}

/* Approving grants what the asset's administrator holds: he holds all in his tenant. */
static enum status decide_once(struct request *rq, struct access_request *r, const char *status,
			       const char *comment)
{
	struct sighting a = { 0 };
	bool grant;
	enum status s = find(rq, r);

	if (s)
		return s;
	grant = strcmp(status, "approved") == 0 && !text_same(r->status, "approved");
	if (grant)
		s = asset_lookup(rq, r->asset_id, MAY_ADMIN, &a);
	if (s)
		return s;
	r->status = status;
	r->review_comment = comment;
	r->reviewed_by = rq->who->id;
	return access_request_decide(rq->cx, rq->rs->store, r, grant ? a.row : NULL,
				     request_actor(rq));
}

enum status decide_request(struct request *rq)
{
	const char *status = NULL, *comment = NULL;
	struct access_request r;
	enum status s = request_json(rq, false);

	if (!s)
		s = read_decision(rq, &status, &comment);
	if (s)
		return s;
	s = decide_once(rq, &r, status, comment);
	for (int i = 1; s == CONFLICT && i < ADMIN_TRIES; i++)
		s = decide_once(rq, &r, status, comment);
	return s ? s : admin_answer(rq, 200, &r, show_request);
}
