/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h - a tenant's settings: one row, or the defaults. */
#ifndef STORES_SETTINGS_H
#define STORES_SETTINGS_H

#include "stores/store.h"

/* What is not set is false, 0 or NULL, and *out's version is 0 where nothing is. */
MUST_USE enum status setting_find(struct cx *cx, struct store *st, const char *tenant_id,
				  struct setting *out);

/* How many days the tenant's audit records are kept: what it set (though no less than
 * SETTING_LEAST_DAYS: who did something must not be able to have it forgotten at once), else
 * `otherwise`; 0 = for ever. */
#define SETTING_LEAST_DAYS 30
MUST_USE enum status setting_audit_days(struct cx *cx, struct store *st, const char *tenant_id,
					int64_t otherwise, int64_t *out);

/* Writes what was found, changed.  CONFLICT: another was faster; read again. */
MUST_USE enum status setting_put(struct cx *cx, struct store *st, struct setting *v,
				 const struct audit *by);

#endif
