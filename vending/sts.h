/* SPDX-License-Identifier: Apache-2.0 */
/* sts.h - sessions of an assumed role, limited by a policy.
 * Source: AWS Security Token Service API reference, "AssumeRole". */
#ifndef VENDING_STS_H
#define VENDING_STS_H

#include "vending/cloud.h"

#define STS_SESSION_MIN_S 900 /* of every STS that is known */

struct sts_request {
	const struct storage *storage;
	const char *policy; /* JSON */
	const char *who;    /* goes into the session's name, as far as it may */
	int64_t duration_s; /* at least STS_SESSION_MIN_S */
};

struct sts_session {
	const char *access_key_id, *secret_access_key, *session_token;
	int64_t expires_ms;
};

/*
 * One call, by the warehouse's own keys.  DENIED: keys or trust policy, or the
 * clock; TOO_LARGE: the policy; INVALID: role, duration; UNAVAILABLE: no answer,
 * throttled, or one that can't be read.  The message says which.
 */
MUST_USE enum status sts_assume(struct cx *cx, struct cloud *c, const struct sts_request *request,
				struct sts_session *out);

#endif
