/* SPDX-License-Identifier: Apache-2.0 */
/* foreign.h - files that tables read outside of their own folders, as after add_files. */
#ifndef CLI_FOREIGN_H
#define CLI_FOREIGN_H

#include "cli/reach.h"
#include "fcgi/tables/scope.h"

/*
 * Of every table of the tenant whose catalog has the same storage: rows of all branches, living and kept,
 * are read with all their manifests.  Such files are few, and so is what they take in memory.
 * A table that does not own its folders reads all of its files as a stranger.
 */
struct foreign;

/* It belongs to cx; `rs` and identity (scope.h) stay. */
struct foreign *foreign_open(struct cx *cx, struct responder *rs, const char *tenant_id,
			     const char *identity) __attribute__((returns_nonnull));

/* Some more.  What is missing reads nothing; what can't be read is a failure that names it. */
MUST_USE enum status foreign_step(struct cx *step, struct foreign *f, bool *done);

bool foreign_has(struct cx *step, const struct foreign *f, const char *location);

#endif
