/* SPDX-License-Identifier: Apache-2.0 */
/* seals.h - a chain of signed seals over a tenant's audit records, so that a change shows. */
#ifndef STORES_SEALS_H
#define STORES_SEALS_H

#include "common/jwt.h"
#include "stores/store.h"

/*
 * A seal covers the records from the last one's end up to one that is old enough for
 * nothing to come before it any more (ids are in order of time).  It holds a hash of each
 * record, the hash of all of that and of the seal before, and a token that says this hash,
 * signed by the identity key.  So the newest seal vouches for all of them.
 */
#define SEAL_RECORDS 500 /* of one seal, at most */

/*
 * Adds one seal over records made before before_ms.  *done: none were left (then *out's
 * number is that of the newest seal, 0 = none).  CONFLICT: another process sealed meanwhile.
 */
struct seal_head {
	int64_t number; /* 1, 2, 3 ... */
	const char *hash;
};
MUST_USE enum status seal_step(struct cx *cx, struct store *st, const struct jwt_signer *signer,
			       const char *tenant_id, int64_t before_ms, struct seal_head *out,
			       bool *done);

/* All there is to seal. */
MUST_USE enum status seal_all(struct cx *cx, struct store *st, const struct jwt_signer *signer,
			      const char *tenant_id, int64_t before_ms, struct seal_head *out);

/* What verifying is about, and what it found. */
struct seal_check {
	const struct jwt_keys *keys;
	const char *tenant_id;
	int64_t expired_ms;	   /* records from before may be gone: see audit_expire */
	struct seal_head expected; /* one that was written down elsewhere; number 0 = none */
	/* Told of each thing that is not as it was sealed: "record <id> was changed". */
	void (*found)(void *arg, const char *what);
	void *arg;
	/* out */
	int64_t problems, seals, records,
		expired; /* records: checked; expired: of seals whose time was over */
	struct seal_head newest;
};

/* Reads all seals of the tenant and the records under them.  OK also where problems were found. */
MUST_USE enum status seal_verify(struct cx *cx, struct store *st, struct seal_check *check);

/*
 * Removes records made before before_ms, in one list; *done: none were left.  Where the
 * tenant has seals only whole sealed stretches go: the seal stays, without the records'
 * hashes, and a record ("expire_audit") says so; in the place of the hashes is a token, signed by
 * `signer` (NULL: none), that they were made before before_ms: a longer time that is set later makes no
 * hole of them, and no other hole passes for it.  CONFLICT: a stretch is not as it was
 * sealed, and is kept; the message names what was found.
 */
MUST_USE enum status audit_expire(struct cx *cx, struct store *st, const struct jwt_signer *signer,
				  const char *tenant_id, int64_t before_ms, size_t batch,
				  bool *done);

#endif
