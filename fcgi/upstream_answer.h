/* SPDX-License-Identifier: Apache-2.0 */
/* upstream_answer.h - what another catalog answered, as our client may have it. */
#ifndef FCGI_UPSTREAM_ANSWER_H
#define FCGI_UPSTREAM_ANSWER_H

#include "fcgi/http.h"
#include "vending/upstream.h"

/*
 * Passes it on byte for byte, but for two things.  Of `config` only what says how to reach the storage is
 * left: a token, an address of a catalog or a class to load would make the client somebody
 * else's; and without `vended` (the caller may be given the upstream's credentials) no secret,
 * nor `storage-credentials`.  Addresses to which clients send their token of ours become ours.
 *
 * UNKNOWN: that can't be made of it; what was asked for may have been done.
 */
MUST_USE enum status upstream_answer(struct request *rq, const struct upstream *u,
				     const struct upstream_request *r, bool vended);

#endif
