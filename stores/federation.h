/* SPDX-License-Identifier: Apache-2.0 */
/* federation.h - what was counted in federated catalogs. */
#ifndef STORES_FEDERATION_H
#define STORES_FEDERATION_H

#include "stores/store.h"

/* The catalog's count; a row of version 0, status "Never Synced", where there is none. */
MUST_USE enum status federation_count_find(struct cx *cx, struct store *st, const char *tenant_id,
					   const char *catalog_id, struct federation_count *out);

/* Keeps a count in the place of the one before, with its audit record. */
MUST_USE enum status federation_count_keep(struct cx *cx, struct store *st,
					   struct federation_count *row, struct audit *record);

/* The job that counts the catalog of that name: for more than a request has time for. */
struct job *federation_count_job(struct cx *cx, const char *tenant_id, const char *catalog)
	__attribute__((returns_nonnull));

#endif
