/* SPDX-License-Identifier: Apache-2.0 */
/* actor.c - who asks and from where. */
#include "fcgi/actor.h"

const struct audit *request_actor(const struct request *rq)
{
	struct audit *a = CX_NEW(rq->cx, struct audit);

	a->user_id = rq->who ? rq->who->id : NULL;
	a->username = rq->who ? rq->who->name : "anonymous";
	a->ip_address = rq->client_address;
	a->user_agent = rq->user_agent;
	return a;
}
