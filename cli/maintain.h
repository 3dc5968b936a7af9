/* SPDX-License-Identifier: Apache-2.0 */
/* maintain.h - one run of pangolin maintain: which tables, what is done to them, and what came of it. */
#ifndef CLI_MAINTAIN_H
#define CLI_MAINTAIN_H

#include "cli/expire.h"
#include "cli/orphans.h"
#include "cli/site.h"

struct upkeep {
	struct site site;
	struct expire_rule rule;
	const char *tenant, *catalog, *table; /* NULL = all */
	bool yes, dry_run;
	int64_t tables, snapshots, files, bytes, failed;
	struct cx step;

	/* What tables read outside of their own folders, of one tenant and storage at a time. */
	struct cx shared_memory;
	const char *shared_tenant, *shared_identity;
	struct foreign *shared; /* NULL: it is to be read */

	/* With --orphans: orphans instead of snapshots. */
	bool orphans;
	int64_t orphan_age_ms;
	struct cx seen_memory;
	struct seen *seen; /* assets that were looked at */
};

/* Asks on the terminal. */
bool upkeep_may(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* u->shared is of that tenant and storage; a failure's message is cx's. */
MUST_USE enum status upkeep_shared(struct upkeep *u, struct cx *cx, const char *tenant_id,
				   const char *identity);

/* Orphans of the row's table, once however many branches show it.  A failure is told. */
void upkeep_orphans(struct upkeep *u, const struct catalog_ref *ref, const struct asset *a,
		    const char *shown);

void upkeep_close(struct upkeep *u);

#endif
