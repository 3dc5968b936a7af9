/* SPDX-License-Identifier: Apache-2.0 */
/* cloud_impl.h - what cloud.c and the clouds share. */
#ifndef VENDING_CLOUD_IMPL_H
#define VENDING_CLOUD_IMPL_H

#include "vending/cloud.h"

#define LIST_MAX 1000 /* entries of one cloud_list */

struct cloud {
	struct cloud_limits limits;
	struct cloud_counts counts;
	struct http *http;   /* made at the first request; NULL before */
	struct vault *vault; /* of tokens */
	bool own_vault;
	/* Where a list that is read page by page goes on (Azure's can't be entered anywhere). */
	char *list_folder, *list_after, *list_mark;
};

/* http_perform by the cloud's connections, counted. */
struct http_request;
void cloud_perform(struct cx *cx, struct cloud *c, struct http_request *requests, size_t n);

/* One new object; its location is within the storage. */
struct put {
	struct location location;
	const char *bytes;
	size_t n;
	bool maybe; /* out: it is there, or may be, by this call; false after EXISTS */
	bool heard; /* out: something of it reached the storage */
};

/* One scheme's slots.  Locations are parsed and within the storage; a list's
 * `after` is text, or NULL. */
struct cloud_ops {
	const char *scheme;
	enum status (*get)(struct cx *, struct cloud *, const struct storage *,
			   const struct location *, const char **, size_t *);
	enum status (*put)(struct cx *, struct cloud *, const struct storage *, struct put *,
			   size_t n);
	/* each[i]: how that one ended, NOT_FOUND among them.  The first failure, and its message. */
	enum status (*remove)(struct cx *, struct cloud *, const struct storage *,
			      const struct location *, size_t n, enum status *each);
	/* Sizes in bytes; the rest as of remove. */
	enum status (*stat)(struct cx *, struct cloud *, const struct storage *,
			    const struct location *, size_t n, int64_t *sizes, enum status *each);
	enum status (*list)(struct cx *, struct cloud *, const struct storage *,
			    const struct location *, const char *after, struct cloud_entry *,
			    size_t *n, bool *more);
};

extern const struct cloud_ops file_cloud, s3_cloud, azure_cloud, google_cloud;

#endif
