/* SPDX-License-Identifier: Apache-2.0 */
/* jobs.h - work that outlives its request: rows inserted with their cause, leased by a worker. */
#ifndef STORES_JOBS_H
#define STORES_JOBS_H

#include "stores/content.h"

/*
 * Types and payloads (JSON objects):
 *	"purge"		{"catalog_id", "warehouse", "storage_location", "asset_id",
 *			 "metadata_location", "locations": [the table's folders]}
 *	"remove-expired" the same, metadata_location being the file before the snapshots went,
 *			 and "snapshot_ids"
 *	"maintain"	{"catalog", "branch", "namespace", "name", "job_type", "age_ms"}
 *	"index"		{"catalog_id"}
 *	"free-branch"	{"catalog_id", "branch_id"}: rows of a hidden branch
 *	"free-history"	{"catalog_id", "branch_id"}: rows that no cut shows any more
 *	"drop-catalog"	{"catalog_id"}
 *	"drop-tenant"	{}
 *	"drop-grants"	{"user_id"} or {"role_id"}: what is left of it in others' rows
 *	"count-federated" {"catalog": name}
 *	"mail"		{"about", "id"}
 */

/* A letter about that row: stores/mails.h. */
struct job *job_mail(struct cx *cx, const char *tenant_id, const char *about, const char *id)
	__attribute__((returns_nonnull));

/* Removes the table's files, by the list its metadata gives. */
struct job *job_purge(struct cx *cx, const struct catalog_ref *ref, const struct asset *table)
	__attribute__((returns_nonnull));

/* Removes the files that only those snapshots reached, which `table` still has. */
struct job *job_expired(struct cx *cx, const struct catalog_ref *ref, const struct asset *table,
			const int64_t *ids, size_t n) __attribute__((returns_nonnull));

/* Upkeep of one table: job_type "expire_snapshots" or "remove_orphan_files", of what is older
 * than age_ms. */
struct job *job_maintain(struct cx *cx, const struct catalog_ref *ref, const char *path,
			 const char *name, const char *job_type, int64_t age_ms)
	__attribute__((returns_nonnull));

/* Makes the catalog's search entries anew: stores/index.h. */
struct job *job_index(struct cx *cx, const struct catalog_ref *ref)
	__attribute__((returns_nonnull));

/* Removes the grants to a principal that is gone, or who had a role that is; the other
 * is NULL.  Ids are never used again: until then they grant nothing. */
struct job *job_drop_grants(struct cx *cx, const char *tenant_id, const char *user_id,
			    const char *role_id) __attribute__((returns_nonnull));

/* Frees what nobody reads of the branch any more: `type` is "free-branch" or "free-history". */
struct job *job_free(struct cx *cx, const char *type, const struct branch *branch, int64_t due_ms)
	__attribute__((returns_nonnull));

#define JOB_LEASE_MS 120000

/*
 * Leases the job that is due longest, for JOB_LEASE_MS: `*found` is false where
 * none is due.  A job whose worker died is due again when its lease ends.
 */
MUST_USE enum status job_lease(struct cx *cx, struct store *st, struct job *out, bool *found);

/* More time for a job that takes longer.  CONFLICT: another worker has it now. */
MUST_USE enum status job_extend(struct cx *cx, struct store *st, struct job *job);

/* It is done: its row goes. */
MUST_USE enum status job_done(struct cx *cx, struct store *st, struct job *job);

/* It failed: due again later, ever later, with the reason kept. */
MUST_USE enum status job_failed(struct cx *cx, struct store *st, struct job *job,
				const char *reason);

#endif
