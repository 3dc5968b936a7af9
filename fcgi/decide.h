/* SPDX-License-Identifier: Apache-2.0 */
/* decide.h - what a caller may do with a request's objects: common/access.h, with what it needs read. */
#ifndef FCGI_DECIDE_H
#define FCGI_DECIDE_H

#include "fcgi/http.h"

/*
 * As access_check.  An object may be one that a body names: @branch is cut off its names,
 * and its asset's id is read where only that could say OK (one round trip).
 */
MUST_USE enum status decide(struct request *rq, enum action action, const struct object *object);

#endif
