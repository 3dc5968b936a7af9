/* SPDX-License-Identifier: Apache-2.0 */
/* orphans.h - files in a table's folders that nothing reads. */
#ifndef CLI_ORPHANS_H
#define CLI_ORPHANS_H

#include "cli/foreign.h"
#include "stores/assets.h"

#define ORPHAN_AGE_MS ((int64_t)72 * 3600 * 1000)	/* where nobody says another */
#define ORPHAN_LEAST_AGE_MS ((int64_t)24 * 3600 * 1000) /* unless an administrator insists */

struct orphan_rule {
	int64_t age_ms; /* what was written later may belong to a commit that is under way */
	bool dry_run;
	/* Called with each orphan before it goes; NULL: nobody is told. */
	void (*tell)(void *arg, const char *location, int64_t size);
	void *arg;
};

struct orphans_found {
	int64_t looked_at, files, bytes; /* that went, or would */
	const char *skipped;		 /* why nothing was looked for; NULL = it was */
};

struct orphans;

/*
 * Begins to look for orphans of the table that the ref's branch shows there; it belongs to cx, and
 * ref and rs stay.  `shared`: what the tenant's tables read outside of their own folders, read through
 * already (NULL: it is read for this table alone).
 *
 * Looked through are its location, write.data.path and write.metadata.path, as any row of it has
 * them, where they are its own by the location rows.  A file goes where it is older than the
 * rule says and no metadata file reads it that a row of any branch or tag has, living or kept, or
 * that a commit, a merge or a job still names (past.h); metadata files themselves and what their
 * logs name are read, too.  Names that begin with '_' or '.' are no table's, and version-hint.text is
 * always left.  Rows are read again before each page's files go: what was committed meanwhile is read
 * first.  What can't be read ends it, and nothing goes.  NOT_FOUND; INVALID: no storage.
 */
MUST_USE enum status orphans_open(struct cx *cx, struct responder *rs,
				  const struct catalog_ref *ref, const struct asset_name *at,
				  const struct orphan_rule *rule, const struct foreign *shared,
				  struct orphans **out);

/* Some more; `step` is its memory and deadline.  What ended half way begins again. */
MUST_USE enum status orphans_step(struct cx *step, struct orphans *o, bool *done);

const struct orphans_found *orphans_found(const struct orphans *o);

#endif
