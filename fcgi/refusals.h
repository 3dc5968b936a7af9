/* SPDX-License-Identifier: Apache-2.0 */
/* refusals.h - failed logins and denials on record, without a write for each. */
#ifndef FCGI_REFUSALS_H
#define FCGI_REFUSALS_H

#include "fcgi/http.h"

/*
 * One audit row a (tenant, account, what, minute), with a count in its metadata.  A
 * process writes at the first, second, fourth, eighth ... refusal of a minute, so
 * who hammers does not fill the store: the count is at least half of the truth.
 */
struct refusals;

struct refusals *refusals_open(void);
void refusals_close(struct refusals *r);

/*
 * `tenant_id` and `username` are those of an account that is there (a tenant's, with
 * an unknown account: "unknown"), never a name that a stranger chose.  `action` is
 * "login_failed" or "permission_denied"; `what` a route's pattern; cx->message is
 * the reason (of the first: it is not part of what makes a row).
 * A record that can't be written is a line in the log.  cx->message stays.
 */
void refusal_note(struct request *rq, const char *tenant_id, const char *username,
		  const char *action, const char *what);

#endif
