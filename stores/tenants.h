/* SPDX-License-Identifier: Apache-2.0 */
/* tenants.h - tenants: the outermost container of everything but the server's own rows. */
#ifndef STORES_TENANTS_H
#define STORES_TENANTS_H

#include "stores/store.h"

/* `by` is the start of the audit record (stores/audit.h); NULL = the operator. */

/* Makes the tenant and its epoch.  Fills tenant_id (where NULL) and created_ms.
 * Names need not be unique.  EXISTS: the id. */
MUST_USE enum status tenant_create(struct cx *cx, struct store *st, struct tenant *t,
				   const struct audit *by);

/* NOT_FOUND. */
MUST_USE enum status tenant_find(struct cx *cx, struct store *st, const char *id,
				 struct tenant *out);

/* Writes a tenant that was read.  CONFLICT: another was faster; read again. */
MUST_USE enum status tenant_update(struct cx *cx, struct store *st, struct tenant *t,
				   const struct audit *by);

/*
 * Lets nobody write to the tenant (`reason`, for people), or everybody again (NULL), from
 * each process's next request on; requests under way go on to their end.  Reading goes
 * on, with what it leaves: tokens, records, metrics.  `by` NULL: no record.  NOT_FOUND.
 */
MUST_USE enum status tenant_set_read_only(struct cx *cx, struct store *st, const char *id,
					  const char *reason, const struct audit *by);

/* DENIED where nobody may write to the tenant for now, with the reason; one that is gone can't be
 * written to anyway. */
MUST_USE enum status tenant_may_write(struct cx *cx, struct store *st, const char *id);

/*
 * Removes the tenant's row; a job removes all that was in it.  Its ids are
 * never used again, so nothing of it can be reached from here on.  NOT_FOUND;
 * CONFLICT: NIL_UUID, which stays, or another changed it meanwhile.
 */
MUST_USE enum status tenant_drop(struct cx *cx, struct store *st, const char *id,
				 const struct audit *by);

/* --- for the lists of those who put something into a tenant ---------------- */

/* { TOUCH, the tenant's row }: CONFLICT where the tenant is gone. */
struct change tenant_touch(struct cx *cx, const char *tenant_id);

/* { TOUCH, the epoch }: what processes cached of the tenant no longer stands.
 * "" is the server's. */
struct change epoch_touch(struct cx *cx, const char *tenant_id);

#endif
