/* SPDX-License-Identifier: Apache-2.0 */
/* expire.h - takes snapshots out of a table that are old and that nothing reads any more. */
#ifndef CLI_EXPIRE_H
#define CLI_EXPIRE_H

#include "fcgi/tables/commit.h"

/* What is old.  -1 = as the table says: history.expire.max-snapshot-age-ms (5 days) and
 * history.expire.min-snapshots-to-keep (1); what a ref says of its own snapshots counts before.  A
 * ref but main goes by its max-ref-age-ms, else history.expire.max-ref-age-ms (never). */
struct expire_rule {
	int64_t age_ms, keep;
	bool dry_run;
};

struct expired {
	size_t n, refs;	     /* snapshots, and refs of the table, that went, or would */
	const char *skipped; /* why nothing was looked for; NULL = it was */
};

/*
 * Expires snapshots of the table that the ref's branch itself has at this place, by a commit
 * like a client's.  What stays: as Java's RemoveSnapshots has it, and every snapshot
 * that another row of the asset knows (of any branch or tag, living or kept).  The same
 * list inserts a job "remove-expired".  NOT_FOUND; CONFLICT: others were always faster.
 */
MUST_USE enum status expire_snapshots(struct cx *cx, struct responder *rs,
				      const struct catalog_ref *ref, const struct asset_name *at,
				      const struct expire_rule *rule, struct expired *out);

#endif
