/* SPDX-License-Identifier: Apache-2.0 */
/* attempts.h - how often an address and an account may fail to log in, counted for all processes. */
#ifndef FCGI_ATTEMPTS_H
#define FCGI_ATTEMPTS_H

#include "fcgi/http.h"

/*
 * PANGOLIN_AUTH_RATE_LIMIT failures of one address (IPv6: of its /64) within
 * PANGOLIN_AUTH_RATE_WINDOW_SECS, and PANGOLIN_AUTH_LOCKOUT of one account in a row, each
 * less than PANGOLIN_AUTH_LOCKOUT_SECS after the one before.  Accounts that are not there
 * are counted as well, or a lock would tell which are.  A success is not written down, and
 * nothing is once a limit is reached, so who hammers writes nothing.  Requests that
 * are under way at the same moment can pass a limit by as many as there are processes.
 */
struct attempts {
	struct login_attempt address, account;
	bool counts_account;
	int64_t account_s; /* PANGOLIN_AUTH_LOCKOUT_SECS, unless another is put in before it counts */
};

/*
 * Before a password or client secret is looked at.  LIMITED: too many failures; a right
 * password does not help, and Retry-After is set.  UNAVAILABLE: the store can't say.
 * username NULL: the address alone counts, for secrets nobody can guess.
 */
MUST_USE enum status attempts_check(struct request *rq, const char *tenant_id, const char *username,
				    struct attempts *out);

/* Counts a failure; cx->message stays.  UNAVAILABLE where it can't be counted: whoever
 * asks must not be told that the guess was wrong. */
MUST_USE enum status attempts_failed(struct request *rq, struct attempts *a);

/* Before a login by another server begins, which leaves a row for a while: counts it, ten
 * times as many of an address as failures may be.  LIMITED, UNAVAILABLE. */
MUST_USE enum status attempts_page(struct request *rq);

/* Whether the account has failures to forget now that it has succeeded; then *out does
 * that, in the list of what it logged in for. */
bool attempts_forgive(struct attempts *a, struct change *out);

#endif
