/* SPDX-License-Identifier: Apache-2.0 */
/* token.h - access tokens of OAuth 2.0 token services, kept until they are nearly over.
 * Source: RFC 6749 (client credentials), RFC 7523 (JWT assertions), RFC 8693 (token exchange). */
#ifndef VENDING_TOKEN_H
#define VENDING_TOKEN_H

#include "vending/cloud.h"
#include "vending/pair.h"

#define TOKEN_FIELDS_MAX 8

struct token_request {
	const char *url;
	struct pair fields[TOKEN_FIELDS_MAX]; /* the form's */
	size_t n;
	/* Kept under a name made of url and key, so key holds whatever makes it another token,
	 * secrets too; NULL = not kept. */
	const char *key;
	int64_t spare_ms; /* a kept one is good for so long at least */
	bool machine;	  /* the machine's own metadata service: GET, and its header */
};

struct access_token {
	const char *text;
	int64_t expires_ms; /* 0 = the answer does not say */
};

/* True where one is kept: for who has work to do before he can ask for another. */
bool token_kept(struct cx *cx, struct cloud *c, const struct token_request *r,
		struct access_token *out);

/* A kept token, or one request.  DENIED: the service refuses who asks; INVALID: it
 * refuses what was asked for; UNAVAILABLE: no answer, or none that reads.  The message holds
 * the service's own word for it and what to look at, no secret. */
MUST_USE enum status token_get(struct cx *cx, struct cloud *c, const struct token_request *r,
			       struct access_token *out);

#endif
