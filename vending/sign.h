/* SPDX-License-Identifier: Apache-2.0 */
/* sign.h - S3 requests of clients, checked and signed with the warehouse's keys, which they never see.
 * Source: the REST catalog's OpenAPI document (RemoteSignRequest); Amazon S3 API reference. */
#ifndef VENDING_SIGN_H
#define VENDING_SIGN_H

#include "vending/pair.h"
#include "vending/policy.h"

struct sign_request {
	const char *method, *uri;
	struct json_object *headers; /* {str: [str]} */
	const char *body;	     /* where the body says what is done; NULL = not told */
};

struct sign_answer {
	const char *uri;	    /* to be called just so */
	const struct pair *headers; /* to be added, in place of those of the same name */
	size_t n_headers;
	bool cacheable; /* the same request may be sent again with them */
};

/*
 * Only what S3's object requests are made of, on keys that lie in the scope's
 * folders, with verbs that it has: read (GET, HEAD, listing below a folder), write
 * (PUT, parts, copies of keys in scope), delete (one, or many whose body names
 * keys in scope).  What is signed is the request as this server reads it, never as it was
 * sent.  DENIED: another key, verb, subresource or header; INVALID: not a request of this
 * storage's, or one that reads in two ways.
 */
MUST_USE enum status sign_request(struct cx *cx, const struct storage *s,
				  const struct vend_scope *scope,
				  const struct sign_request *request, int64_t now_ms,
				  struct sign_answer *out);

/* A URL that reads the object for so long.  As above. */
MUST_USE enum status sign_url(struct cx *cx, const struct storage *s,
			      const struct vend_scope *scope, const char *location,
			      int64_t expires_s, int64_t now_ms, const char **out);

#endif
