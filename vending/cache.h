/* SPDX-License-Identifier: Apache-2.0 */
/* cache.h - metadata text on local disk, named by its SHA-256. */
#ifndef VENDING_CACHE_H
#define VENDING_CACHE_H

#include "common/cx.h"

/*
 * A folder, mode 0700, of one user's processes.  A file is written under a
 * temporary name and renamed; its size is checked at each open and its hash at
 * a process's first open of an inode, so a torn or changed file reads as absent.
 */
struct cache;

/* Makes the folder (its parent is there).  INVALID where it is not this user's
 * alone.  NULL folder: every lookup misses and every fill does nothing. */
MUST_USE enum status cache_open(struct cx *cx, const char *folder, int64_t max_bytes,
				struct cache **out);
void cache_close(struct cache *c);

/* Maps the text of that hash (64 hex digits) and size.  NOT_FOUND.  The map goes
 * with the context. */
MUST_USE enum status cache_get(struct cx *cx, struct cache *c, const char *sha256, int64_t size,
			       const char **bytes);

/* Keeps a copy; failing to is no failure, nor is a text of more than a sixteenth
 * of max_bytes kept.  Removes what was not used for longest past max_bytes now
 * and then. */
void cache_put(struct cache *c, const char *sha256, const char *bytes, size_t n);

/* A text derived from another, kept beside it under `suffix` ("refs"), with a
 * hash of its own in its first line.  suffix: at most 24 characters, no '.'. */
MUST_USE enum status cache_get_derived(struct cx *cx, struct cache *c, const char *sha256,
				       const char *suffix, const char **bytes, size_t *n);
void cache_put_derived(struct cache *c, const char *sha256, const char *suffix, const char *bytes,
		       size_t n);

#endif
