/* SPDX-License-Identifier: Apache-2.0 */
/* clean.h - rows that are past their time go. */
#ifndef CLI_CLEAN_H
#define CLI_CLEAN_H

#include "common/config.h"
#include "common/jwt.h"
#include "stores/store.h"
#include "stores/trim.h"

struct cleaner {
	struct store *st;
	const struct config *config;
	struct jwt_signer *signer; /* NULL = audit records are not sealed here */
	size_t batch;		   /* rows a list */
	struct trim_walk trim;	   /* zero: of the tenant that is cleaned */
};

/*
 * Tokens, attempts, reservations and the like of all tenants that have ended, reports, audit
 * records and commits older than their tenant keeps them; records that are old enough are
 * sealed first.  Ends at the first failure; what is done stays done.
 */
MUST_USE enum status clean_all(struct cleaner *cl, struct cx *cx);

#endif
