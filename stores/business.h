/* SPDX-License-Identifier: Apache-2.0 */
/* business.h - business metadata: what people say of an asset, kept by the asset's id. */
#ifndef STORES_BUSINESS_H
#define STORES_BUSINESS_H

#include "stores/edit.h"

/* `by` is the start of the audit record (stores/audit.h), `name` what it calls the asset. */

/* NOT_FOUND. */
MUST_USE enum status business_find(struct cx *cx, struct store *st, const char *tenant_id,
				   const char *asset_id, struct business_metadata *out);

/*
 * Makes what people say of m->asset_id m's description, tags, properties and discoverable.
 * `old` is what was read of it, and decided on: what business_find left, also where that was
 * NOT_FOUND.  What is there already keeps its id and who made it.  m is what is stored then.
 * CONFLICT: it, or where the asset is, was changed since: read and decide again.
 */
MUST_USE enum status business_put(struct cx *cx, struct store *st, struct business_metadata *m,
				  struct business_metadata *old, const char *name,
				  const struct audit *by);

/* NOT_FOUND: nothing was said of it; CONFLICT as above. */
MUST_USE enum status business_delete(struct cx *cx, struct store *st, struct business_metadata *old,
				     const char *name, const struct audit *by);

/* Puts the DELETE of what was said of an asset that goes into the list. */
MUST_USE enum status business_free(struct edit *e, struct store *st, const char *asset_id);

#endif
