/* SPDX-License-Identifier: Apache-2.0 */
/* quota.h - requests a minute of a tenant, counted by all processes of a machine. */
#ifndef FCGI_QUOTA_H
#define FCGI_QUOTA_H

#include "fcgi/http.h"

/*
 * A page of counters in the runtime folder, shared by all families; without a folder each
 * process counts alone.  Only tenants with a quota are counted, and nothing is written to the
 * store.  INVALID: the page can't be had: then nobody is served.
 */
struct request_counts;
MUST_USE enum status request_counts_open(struct cx *cx, const char *path,
					 struct request_counts **out);
void request_counts_close(struct request_counts *c);

/* One request more of the tenant in this minute; how many there are now. */
int64_t request_counts_add(struct request_counts *c, const char *tenant_id, int64_t minute);

/* LIMITED: the tenant's requests of this minute are used up.  Root's don't count. */
MUST_USE enum status quota_spend(struct request *rq);

#endif
