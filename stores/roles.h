/* SPDX-License-Identifier: Apache-2.0 */
/* roles.h - grants to principals: roles, who has them, and direct ones. */
#ifndef STORES_ROLES_H
#define STORES_ROLES_H

#include "common/grants.h"
#include "stores/store.h"

/*
 * `by` is the start of the audit record (stores/audit.h); NULL = the operator.
 * All that is written here moves the tenant's epoch: it holds in every process from the
 * next request on.
 */

#define MAX_ROLES 1000 /* of one principal; more are not read */

/*
 * What the principal holds, by roles and directly: two round trips, and one more where
 * it has roles.  `given` are roles beside those that are assigned to it.  A stored grant that can't be read grants nothing (and is logged).
 */
MUST_USE enum status grants_of(struct cx *cx, struct store *st, const char *tenant_id,
			       const char *user_id, struct given_roles given,
			       const struct grants **out);

/* --- roles ---------------------------------------------------------------------- */

/* NOT_FOUND. */
MUST_USE enum status role_find(struct cx *cx, struct store *st, const char *tenant_id,
			       const char *id, struct role_row *out);

/* Fills id (where NULL) and the times.  NOT_FOUND: the tenant. */
MUST_USE enum status role_create(struct cx *cx, struct store *st, struct role_row *r,
				 const struct audit *by);

/* Writes or removes a role that was read.  CONFLICT: another was faster; read again.  What
 * is left of a removed one (its assignments) grants nothing, and a job removes it. */
MUST_USE enum status role_update(struct cx *cx, struct store *st, struct role_row *r,
				 const struct audit *by);
MUST_USE enum status role_delete(struct cx *cx, struct store *st, struct role_row *r,
				 const struct audit *by);

/*
 * Gives the role to a principal; `holder` is the principal's row as it was read.
 * Again is no change.  NOT_FOUND: the role; CONFLICT: the holder is gone; INVALID: it has
 * MAX_ROLES already.
 */
MUST_USE enum status role_assign(struct cx *cx, struct store *st, struct role_assignment *a,
				 struct row *holder, const struct audit *by);

/* NOT_FOUND: the principal does not have it. */
MUST_USE enum status role_unassign(struct cx *cx, struct store *st, const char *tenant_id,
				   const char *user_id, const char *role_id,
				   const struct audit *by);

/* The roles of a principal, n of them, those given among them: one or two round trips. */
MUST_USE enum status roles_of(struct cx *cx, struct store *st, const char *tenant_id,
			      const char *user_id, struct given_roles given, struct role_row **out,
			      size_t *n);

/* Adds the ids of the tenant's roles of that name, up to MAX_GIVEN_ROLES in all, to `ids`, each
 * once.  None is no failure. */
MUST_USE enum status roles_named(struct cx *cx, struct store *st, const char *tenant_id,
				 const char *name, const char **ids, size_t *n);

/* --- direct grants ---------------------------------------------------------------- */

/* NOT_FOUND. */
MUST_USE enum status permission_find(struct cx *cx, struct store *st, const char *tenant_id,
				     const char *id, struct permission *out);

/* { INSERT, permission } and what goes with it, for lists that grant beside something
 * else: fills id (where NULL) and granted_at; adds three changes. */
void permission_add(struct cx *cx, struct permission *p, const struct audit *by,
		    struct change *list, size_t *n);

/* The same alone.  CONFLICT: the holder is gone; INVALID: it has MAX_GRANTS already. */
MUST_USE enum status permission_grant(struct cx *cx, struct store *st, struct permission *p,
				      struct row *holder, const struct audit *by);

/* Removes one that was read.  NOT_FOUND: it is gone. */
MUST_USE enum status permission_revoke(struct cx *cx, struct store *st, struct permission *p,
				       const struct audit *by);

#endif
