/* SPDX-License-Identifier: Apache-2.0 */
/* warehouses.h - warehouses: where a catalog's tables are kept, and with which credentials. */
#ifndef STORES_WAREHOUSES_H
#define STORES_WAREHOUSES_H

#include "stores/store.h"

/* `by` is the start of the audit record (stores/audit.h); NULL = the operator. */

/* Fills id and created_ms.  EXISTS: the name; NOT_FOUND: the tenant. */
MUST_USE enum status warehouse_create(struct cx *cx, struct store *st, struct warehouse *w,
				      const struct audit *by);

/* NOT_FOUND. */
MUST_USE enum status warehouse_find(struct cx *cx, struct store *st, const char *tenant_id,
				    const char *name, struct warehouse *out);

/*
 * Writes a warehouse that was read, under `name` where that differs from its
 * own: then its catalogs name the new one from the same moment on.  EXISTS: the
 * new name; CONFLICT: another was faster; read again.
 */
MUST_USE enum status warehouse_update(struct cx *cx, struct store *st, struct warehouse *w,
				      const char *name, const struct audit *by);

/* NOT_FOUND; CONFLICT: a catalog uses it (the message names one), or another
 * changed it meanwhile. */
MUST_USE enum status warehouse_drop(struct cx *cx, struct store *st, const char *tenant_id,
				    const char *name, const struct audit *by);

/* { TOUCH, the warehouse's row }: for the list that makes a catalog name it. */
struct change warehouse_touch(struct cx *cx, const char *tenant_id, const char *name);

#endif
