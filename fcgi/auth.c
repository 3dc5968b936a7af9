/* SPDX-License-Identifier: Apache-2.0 */
/* auth.c - from a request's credential to a principal. */
#include "fcgi/auth.h"

#include "common/text.h"

enum status auth_open(struct cx *cx, struct responder *rs, bool may_sign)
{
	(void)cx;
	(void)rs;
	(void)may_sign;
	return OK;
}

void auth_close(struct responder *rs)
{
	(void)rs;
}

void auth_forget(struct responder *rs)
{
	(void)rs;
}

/* Whom everyone is in no-auth mode. */
static const struct principal nobody_asked = {
	.id = NIL_UUID, .name = "tenant_admin", .tenant_id = NIL_UUID, .role = ROLE_TENANT_ADMIN
};

enum status authenticate(struct request *rq)
{
	rq->tenant_id = NIL_UUID;
	if (request_header(rq, "authorization") || request_header(rq, "x-api-key"))
		return fail(rq->cx, UNAUTHENTICATED, "this credential is not valid");
	if (rq->rs->config->no_auth)
		rq->who = &nobody_asked;
	return OK;
}
