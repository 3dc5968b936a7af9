/* SPDX-License-Identifier: Apache-2.0 */
/* actor.h - who asks and from where, as the start of an audit record. */
#ifndef FCGI_ACTOR_H
#define FCGI_ACTOR_H

#include "fcgi/http.h"

/* For stores/audit.h's `by`: user_id, username, ip_address and user_agent of
 * the request.  Belongs to the request's context. */
const struct audit *request_actor(const struct request *rq);

#endif
