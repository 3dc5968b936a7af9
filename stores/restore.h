/* SPDX-License-Identifier: Apache-2.0 */
/* restore.h - an export into a store: checked first, then tenant by tenant, each whole or not at all. */
#ifndef STORES_RESTORE_H
#define STORES_RESTORE_H

#include "stores/dump.h"

/*
 * A tenant's own row is inserted last: until then nothing of it can be reached.  What
 * was written of a tenant that never came to that is removed by a "drop-tenant" job
 * that is inserted first and leased while rows are written: by `pangolin work`, or by
 * the next restore of that tenant.
 *
 * The server's own rows (root's users, tokens, records) join those that are there;
 * where there is one with the same key, that one stays.
 */

struct restore;

struct restore_options {
	struct seal *key_file; /* the file's secrets are sealed with it; NULL: with st->seal's */
	bool skip_existing;    /* tenants that are there stay as they are; else EXISTS */
	bool check_only;
	struct dump_watch watch;
	/* Asked before a tenant's own row is inserted: anything but OK and it is not.  NULL = none. */
	enum status (*approve)(struct cx *cx, void *arg, const char *tenant_id, struct restore *r);
	void *arg;
};

struct restore_totals {
	struct dump_totals file;   /* what stands in the file */
	int64_t tenants, skipped;  /* tenants: written, and there before */
	int64_t rows;		   /* written */
	int64_t server_rows;	   /* of these the server's own */
	int64_t server_rows_there; /* that were there already */
};

/*
 * First reads the whole file and writes nothing (it only removes what a killed restore
 * of the same tenants has left behind): checksums, order, types, names, references,
 * that each secret opens, that no location overlaps another's in the file or in the
 * store, and that no tenant in it is there already.  Then writes, tenant by tenant.
 *
 * INVALID, EXISTS: the file, its line is named, or what is in its way; CONFLICT: another
 * restore of the tenant is under way, or the file was changed while it was read;
 * UNAVAILABLE: the store, or told to end.  A tenant that was not finished is removed again.
 */
MUST_USE enum status restore(struct cx *cx, struct store *st, FILE *f,
			     const struct restore_options *o, struct restore_totals *totals);

/* For an approve that takes long: the lease of the tenant's rows goes on. */
MUST_USE enum status restore_keep(struct cx *cx, struct restore *r);

/* --- private to restore*.c ---------------------------------------------------------- */

MUST_USE enum status restore_check(struct cx *cx, struct store *st, FILE *f,
				   const struct restore_options *o, struct dump_totals *totals);

/* What must not be there for a location to be free: all rows of the folders above it, and
 * its own.  `rows` are read and of this kind; *problem is NULL or says what is in the way. */
struct location_row **location_rows(struct cx *cx, const struct location_row *table, size_t *n)
	__attribute__((returns_nonnull));
const char *location_problem(struct cx *cx, const struct location_row *table,
			     struct location_row *const *rows, size_t n);

/* Removes what a restore of the tenant that was killed has left behind.  CONFLICT: one is
 * under way. */
MUST_USE enum status restore_clean(struct cx *cx, struct store *st, const char *tenant_id);

/* True where the tenant is there: its own row is, and (the default tenant is always there)
 * anything is in it. */
MUST_USE enum status restore_is_there(struct cx *cx, struct store *st, const char *tenant_id,
				      bool *yes);

#endif
