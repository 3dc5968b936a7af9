/* SPDX-License-Identifier: Apache-2.0 */
/* azure_sign.h - Shared Key and shared access signatures of Azure Storage, as their specifications' steps.
 * Source: learn.microsoft.com, REST API of Azure Storage: "Authorize with Shared Key", "Create a service SAS",
 * "Create a user delegation SAS". */
#ifndef VENDING_AZURE_SIGN_H
#define VENDING_AZURE_SIGN_H

#include "vending/pair.h"
#include "vending/policy.h"

#define AZURE_VERSION "2021-12-02" /* x-ms-version and sv */

struct azure_request {
	const char *method, *account;
	const char *path; /* as it is sent: encoded, with the account where it stands there */
	const struct pair *query; /* not encoded, in any order */
	size_t n_query;
	const struct pair *headers; /* x-ms-*, If-None-Match, Content-Type */
	size_t n_headers, n_body;
};

const char *azure_string_to_sign(struct cx *cx, const struct azure_request *r);

/* base64(HMAC-SHA256).  INVALID: the key is no base64. */
MUST_USE enum status azure_signature(struct cx *cx, const char *key, const char *string_to_sign,
				     const char **out);

/* Of a service principal, for signing on its behalf; text as the service gave it. */
struct azure_delegation {
	const char *oid, *tid, *start, *expiry, *service, *version;
	const char *value; /* SECRET, base64 */
};

/* What a SAS is for, and what signs it: the delegation, else the account's key. */
struct azure_sas {
	const char *account, *container;
	const char *path; /* no slash at either end; NULL or "" = the whole container */
	bool is_blob;	  /* path is one blob, no directory */
	unsigned verbs;	  /* of enum vend_verb */
	int64_t expires_ms;
	bool http; /* http is fine too */
	const char *account_key;
	const struct azure_delegation *delegation;
};

const char *azure_sas_string(struct cx *cx, const struct azure_sas *s);

/* The token: a query string without '?'.  INVALID: the key. */
MUST_USE enum status azure_sas_token(struct cx *cx, const struct azure_sas *s, const char **out);

#endif
