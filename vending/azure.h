/* SPDX-License-Identifier: Apache-2.0 */
/* azure.h - who the server is to Azure Storage, and what it signs for others. */
#ifndef VENDING_AZURE_H
#define VENDING_AZURE_H

#include "vending/azure_sign.h"
#include "vending/cloud.h"

/* "https://account.blob.core.windows.net", or the storage's own with the account in its path. */
const char *azure_service(struct cx *cx, const struct storage *s);

/* The access token of the storage's client id and secret.  INVALID: it has none. */
MUST_USE enum status azure_token(struct cx *cx, struct cloud *c, const struct storage *s,
				 const char **out);

/* Fills what signs: a user delegation key (kept; one or two requests where there is none) where the
 * storage has a client, else the account's key.  expires_ms: the key must live so long. */
MUST_USE enum status azure_sas_key(struct cx *cx, struct cloud *c, const struct storage *s,
				   struct azure_sas *sas);

/* A URL that reads one blob until then. */
MUST_USE enum status azure_url(struct cx *cx, struct cloud *c, const struct storage *s,
			       const struct location *l, int64_t expires_ms, const char **out);

#endif
