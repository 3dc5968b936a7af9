/* SPDX-License-Identifier: Apache-2.0 */
/* default_storage.h - the operator's own warehouse, for catalogs that have none. */
#ifndef COMMON_DEFAULT_STORAGE_H
#define COMMON_DEFAULT_STORAGE_H

#include "common/model.h"

/* Reads a JSON file {"storage_config": {…}, "use_sts", "vending_strategy"}; storage_config has a
 * "location".  INVALID: the file can't be read, others may write it, or it holds something else. */
MUST_USE enum status default_storage_read(struct cx *cx, const char *path, struct warehouse *out);

/* A tenant's own folder of it, <location>/<tenant id>, as if it were a warehouse of the tenant's. */
struct warehouse *default_storage_of(struct cx *cx, const struct warehouse *whole,
				     const char *tenant_id) __attribute__((returns_nonnull));

#endif
