/* SPDX-License-Identifier: Apache-2.0 */
/* decide.h - what a caller may do with objects: common/access.h, with what it needs read. */
#ifndef FCGI_DECIDE_H
#define FCGI_DECIDE_H

#include "fcgi/http.h"

/*
 * As access_check of the request's caller.  Where only an asset's tags could say OK they are
 * read (one round trip; into rq->object where that is asked about).  An object may be one
 * that a body names: @branch is cut off its names, and its asset's id is read where that
 * could say OK (another).
 */
MUST_USE enum status decide(struct request *rq, enum action action, const struct object *object);

/* Of another than the caller.  The object's names and id are as they are kept. */
MUST_USE enum status decide_as(struct request *rq, const struct principal *who, enum action action,
			       struct object *object);

/* Of many, for lists: may[i] says whether the caller may.  One round trip at most, for the
 * tags of those that only they could say OK to. */
MUST_USE enum status decide_all(struct request *rq, enum action action, struct object *objects,
				size_t n, bool *may);

/* Fills the object's tags where the caller has a grant on one: for several questions about it. */
MUST_USE enum status decide_prepare(struct request *rq, struct object *object);

/* Its tags as an object has them; NULL, and a row that is not there, have none. */
const char *const *tags_of(struct cx *cx, const struct business_metadata *about);

#endif
