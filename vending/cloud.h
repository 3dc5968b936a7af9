/* SPDX-License-Identifier: Apache-2.0 */
/* cloud.h - the few objects the catalog itself reads and writes, by the warehouse's own credentials. */
#ifndef VENDING_CLOUD_H
#define VENDING_CLOUD_H

#include "vending/storage.h"

struct vault;

/* One a process: the HTTP connections and what is known of each endpoint. */
struct cloud;

/* What an operator allows; text outlives the cloud. */
struct cloud_limits {
	const char *file_roots; /* folders file warehouses may lie in, ':' between; NULL = none */
	int64_t object_max_bytes;
	const char *ca_file;   /* PEM file of the authorities to trust; NULL = the system's */
	bool refuse_loopback;  /* endpoints on this machine itself are refused too */
	const char *allow;     /* hosts that may be talked to, ',' between; NULL = all */
	struct slots *slots;   /* common/slots.h; NULL = any number may wait for an endpoint */
	bool trust_warehouses; /* any may name files here and use the machine's identity */
	struct vault *vault;   /* where tokens are kept; NULL = in this process */
};

/* Those of the settings, without a vault. */
struct config;
struct cloud_limits cloud_limits_of(const struct config *config);

/* INVALID: file_roots does not read. */
MUST_USE enum status cloud_open(struct cx *cx, const struct cloud_limits *limits,
				struct cloud **out);
void cloud_close(struct cloud *c);

/* INVALID ("s3.endpoint: ...") where `url` names a host that the operator's list of hosts has
 * not: told to who writes it down.  NULL is fine. */
MUST_USE enum status cloud_check_url(struct cx *cx, const struct cloud *c, const char *what,
				     const char *url);

/* HTTP requests sent (each try counts), objects read, written, removed, and
 * fsyncs since cloud_open; for bench. */
struct cloud_counts {
	uint64_t requests, gets, puts, removes, fsyncs;
};
const struct cloud_counts *cloud_counts(const struct cloud *c);

/*
 * All calls below are INVALID where the location does not lie within the
 * storage (storage_covers), UNSUPPORTED where its scheme has no object IO,
 * DENIED where the storage refuses our credentials (or a file warehouse is not
 * within file_roots), UNAVAILABLE where it can't be reached by the deadline.
 */

/* Reads an object; *bytes[*n] is NUL.  NOT_FOUND; TOO_LARGE past
 * object_max_bytes. */
MUST_USE enum status cloud_get(struct cx *cx, struct cloud *c, const struct storage *s,
			       const char *location, const char **bytes, size_t *n);

/*
 * Writes a new object: EXISTS where there is one.  On a file warehouse the
 * folders are made, and file and folder are durable (fsync) on return.  A 412
 * answer to a RETRIED put whose object has our size is success: names are fresh.
 */
MUST_USE enum status cloud_put(struct cx *cx, struct cloud *c, const struct storage *s,
			       const char *location, const char *bytes, size_t n);

struct cloud_object {
	const char *location;
	const char *bytes;
	size_t n;
	bool sent; /* out: the storage heard of it; false: it is certainly not there by this */
};
/* Several new objects at once (at most 16 transfers in parallel); on failure
 * those written are removed again. */
MUST_USE enum status cloud_put_all(struct cx *cx, struct cloud *c, const struct storage *s,
				   struct cloud_object *objects, size_t n);

/* Removes; OK where there was none. */
MUST_USE enum status cloud_remove(struct cx *cx, struct cloud *c, const struct storage *s,
				  const char *location);
/* Several at once (at most 16 transfers in parallel).  gone[i]: that one is not there any
 * more; the first failure of any, and the others are tried all the same. */
MUST_USE enum status cloud_remove_all(struct cx *cx, struct cloud *c, const struct storage *s,
				      const char *const *locations, size_t n, bool *gone);

/* Size in bytes; NOT_FOUND. */
MUST_USE enum status cloud_stat(struct cx *cx, struct cloud *c, const struct storage *s,
				const char *location, int64_t *size);
/* Whether several are there (at most 16 requests in parallel).  each[i]: OK or NOT_FOUND; the first
 * failure of another kind. */
MUST_USE enum status cloud_stat_all(struct cx *cx, struct cloud *c, const struct storage *s,
				    const char *const *locations, size_t n, enum status *each);

struct cloud_entry {
	const char *location;
	int64_t size, modified_ms;
};
/* Up to 1,000 objects under a folder, at any depth, in key order (as bytes), after `after` (NULL = from
 * the start). *more: there are further ones. */
MUST_USE enum status cloud_list(struct cx *cx, struct cloud *c, const struct storage *s,
				const char *folder, const char *after, struct cloud_entry **out,
				size_t *n, bool *more);

#endif
