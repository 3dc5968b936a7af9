/* SPDX-License-Identifier: Apache-2.0 */
/* requests.c - access requests as lists of changes: the grant rides in the decision's. */
#include "stores/requests.h"

#include "common/grants.h"
#include "common/text.h"
#include "stores/audit.h"
#include "stores/mails.h"
#include "stores/principals.h"
#include "stores/roles.h"
#include "stores/tenants.h"

#define MAX_LOOKED_AT 1000 /* requests for one asset, for one that is pending */

enum status access_request_find(struct cx *cx, struct store *st, const char *tenant_id,
				const char *id, struct access_request *out)
{
	enum status s;

	*out = (struct access_request){ .row = ROW(access_request),
					.tenant_id = tenant_id,
					.id = id };
	s = store_get(cx, st, &out->row);
	return s == NOT_FOUND ? fail(cx, s, "no access request \"%s\"", id) : s;
}

static struct change record(struct cx *cx, const struct access_request *r, const char *action,
			    const struct audit *by)
{
	struct audit *a =
		audit_new(cx, by, r->tenant_id, action, "access_request", r->id, r->resource);

	return (struct change){ INSERT, &a->row };
}

/* --- asking ------------------------------------------------------------------------------ */

static enum status find_pending(struct cx *cx, struct store *st, const struct access_request *r,
				struct access_request **out)
{
	struct access_request from = { .row = ROW(access_request),
				       .tenant_id = r->tenant_id,
				       .asset_id = r->asset_id };
	struct query q = {
		.from = &from.row, .bound = 1, .where = { "asset_id" }, .limit = MAX_LOOKED_AT
	};
	struct access_request *there;
	struct rows rows;
	enum status s = store_list(cx, st, &q, &rows);

	*out = NULL;
	there = rows.items;
	for (size_t i = 0; !s && i < rows.n; i++)
		if (text_same(there[i].user_id, r->user_id) &&
		    text_same(there[i].status, "pending"))
			*out = &there[i];
	return s;
}

enum status access_request_create(struct cx *cx, struct store *st, struct access_request *r,
				  const struct audit *by)
{
	struct access_request *there;
	struct change list[4];
	size_t n = 3;
	enum status s = find_pending(cx, st, r, &there);

	if (s)
		return s;
	if (there) {
		*r = *there;
		return OK;
	}
	r->row = (struct row)ROW(access_request);
	r->id = text_uuid7(cx);
	r->status = "pending";
	r->requested_at = cx_now_ms();
	list[0] = (struct change){ INSERT, &r->row };
	list[1] = tenant_touch(cx, r->tenant_id);
	list[2] = record(cx, r, "request_access", by);
	s = mail_add(cx, st, r->tenant_id, MAIL_ACCESS_ASKED, r->id, list, &n);
	return s ? s : store_apply(cx, st, list, n, NULL);
}

/* --- deciding ----------------------------------------------------------------------------- */

/* The row of who asked: a user or a service user. */
static enum status find_holder(struct cx *cx, struct store *st, const struct access_request *r,
			       struct row **out)
{
	struct service_user *su = CX_NEW(cx, struct service_user);
	struct user *u = CX_NEW(cx, struct user);
	enum status s = user_find_id(cx, st, r->tenant_id, r->user_id, u);

	*out = &u->row;
	if (s == NOT_FOUND) {
		s = service_user_find(cx, st, r->tenant_id, r->user_id, su);
		*out = &su->row;
	}
	return s == NOT_FOUND ? fail(cx, INVALID, "who asked is no user of this tenant any more")
			      : s;
}

/* { TOUCH, the holder }, the permission to read and what goes with it. */
static enum status add_grant(struct cx *cx, struct store *st, const struct access_request *r,
			     const struct asset *asset, const struct audit *by, struct change *list,
			     size_t *n)
{
	struct grant g = { .scope = SCOPE_ASSET,
			   .catalog_id = asset->catalog_id,
			   .namespace = asset->namespace,
			   .asset_id = asset->asset_id };
	struct permission *p = CX_NEW(cx, struct permission);
	struct row *holder;
	enum status s = find_holder(cx, st, r, &holder);

	if (s)
		return s;
	*p = (struct permission){ .tenant_id = r->tenant_id,
				  .id = r->id,
				  .user_id = r->user_id,
				  .scope = json_print(cx, grant_show_scope(cx, &g), NULL),
				  .actions = "[\"read\"]",
				  .granted_by = r->reviewed_by };
	list[(*n)++] = (struct change){ TOUCH, holder };
	permission_add(cx, p, by, list, n);
	return OK;
}

static enum status add_revocation(struct cx *cx, struct store *st, const struct access_request *r,
				  struct change *list, size_t *n)
{
	struct permission *p = CX_NEW(cx, struct permission);
	enum status s = permission_find(cx, st, r->tenant_id, r->id, p);

	if (s)
		return s == NOT_FOUND ? OK : s;
	list[(*n)++] = (struct change){ DELETE, &p->row };
	list[(*n)++] = epoch_touch(cx, r->tenant_id);
	return OK;
}

enum status access_request_decide(struct cx *cx, struct store *st, struct access_request *r,
				  const struct asset *asset, const struct audit *by)
{
	bool yes = text_same(r->status, "approved");
	struct change list[8] = { { UPDATE, &r->row } };
	size_t n = 1;
	enum status s = OK;

	r->reviewed_at = cx_now_ms();
	list[n++] = record(cx, r, yes ? "approve_access" : "deny_access", by);
	if (yes && asset)
		s = add_grant(cx, st, r, asset, by, list, &n);
	else if (!yes)
		s = add_revocation(cx, st, r, list, &n);
	if (!s)
		s = mail_add(cx, st, r->tenant_id, MAIL_ACCESS_DECIDED, r->id, list, &n);
	if (!s)
		s = store_apply(cx, st, list, n, NULL);
	return s == EXISTS ? fail(cx, CONFLICT, "it was decided at the same time") : s;
}
