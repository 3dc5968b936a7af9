/* SPDX-License-Identifier: Apache-2.0 */
/* objects.h - objects over HTTP: what S3, Azure and Google have in common. */
#ifndef VENDING_OBJECTS_H
#define VENDING_OBJECTS_H

#include "vending/cloud_impl.h"
#include "vending/http.h"

#define OBJECT_HEADERS_MAX 10
#define OBJECT_ERROR_MAX ((size_t)64 << 10) /* bytes of an error's answer */
#define OBJECT_LIST_MAX ((size_t)8 << 20)   /* bytes of a list's */

enum object_verb { OBJECT_GET, OBJECT_PUT, OBJECT_REMOVE, OBJECT_STAT, OBJECT_LIST };

/* A request on its way; body and max_answer are set. */
struct object_request {
	struct http_request http;
	enum object_verb verb;
	const struct location *at; /* the object; of a list, its folder */
	const struct pair *query;  /* of a list, in any order */
	size_t n_query;
	struct pair headers[OBJECT_HEADERS_MAX];
};

void object_header(struct object_request *r, const char *name, const char *value);

/* How one cloud is spoken to. */
struct object_dialect {
	/* Fills method, URL and headers, signature among them; OBJECT_PUT is create-only. */
	enum status (*prepare)(struct cx *, struct cloud *, const struct storage *,
			       struct object_request *);
	/* An answer's code that is no 2xx, in this program's words. */
	enum status (*refused)(struct cx *, const struct http_request *, const char *verb,
			       const char *location);
	/* OBJECT_STAT's answer: the object's size, or -1. */
	int64_t (*size)(struct cx *, const struct http_request *);
};

/* cloud_ops' slots, in a dialect. */
MUST_USE enum status objects_get(struct cx *cx, struct cloud *c, const struct storage *s,
				 const struct object_dialect *d, const struct location *l,
				 const char **bytes, size_t *n);
MUST_USE enum status objects_put(struct cx *cx, struct cloud *c, const struct storage *s,
				 const struct object_dialect *d, struct put *puts, size_t n);
MUST_USE enum status objects_remove(struct cx *cx, struct cloud *c, const struct storage *s,
				    const struct object_dialect *d, const struct location *at,
				    size_t n, enum status *each);
MUST_USE enum status objects_stat(struct cx *cx, struct cloud *c, const struct storage *s,
				  const struct object_dialect *d, const struct location *at,
				  size_t n, int64_t *sizes, enum status *each);
/* One page of a list, as it was answered. */
MUST_USE enum status objects_list(struct cx *cx, struct cloud *c, const struct storage *s,
				  const struct object_dialect *d, const struct location *l,
				  const struct pair *query, size_t n_query,
				  struct http_request *out);

/* A failure's code where no word of the cloud's says more. */
enum status object_status(int code);

/* A word that a cloud has for a failure, and what an operator has to look at. */
struct object_error {
	const char *word;
	enum status status;
	const char *hint; /* NULL where the word says it all */
};
/* "can't read "…": the storage says 404 NoSuchBucket: there is no such bucket".  A word
 * that is not of letters and digits is not repeated. */
enum status object_refusal(struct cx *cx, const struct object_error *errors, size_t n,
			   const struct http_request *r, const char *word, const char *verb,
			   const char *location);

/* s without its first '/': the object's name. */
const char *object_name(const struct location *l);

#endif
