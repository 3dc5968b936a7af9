/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c - a tenant's settings as lists of changes. */
#include "stores/settings.h"

#include "stores/audit.h"
#include "stores/tenants.h"

enum status setting_find(struct cx *cx, struct store *st, const char *tenant_id,
			 struct setting *out)
{
	struct row *row = &out->row;

	*out = (struct setting){ .row = ROW(setting), .tenant_id = tenant_id };
	return store_get_all(cx, st, &row, 1);
}

enum status setting_audit_days(struct cx *cx, struct store *st, const char *tenant_id,
			       int64_t otherwise, int64_t *out)
{
	struct setting v;
	enum status s = setting_find(cx, st, tenant_id, &v);

	if (s)
		return s;
	*out = otherwise;
	if (v.default_retention_days)
		*out = v.default_retention_days;
	if (v.default_retention_days && *out < SETTING_LEAST_DAYS)
		*out = SETTING_LEAST_DAYS;
	return OK;
}

enum status setting_put(struct cx *cx, struct store *st, struct setting *v, const struct audit *by)
{
	struct audit *a = audit_new(cx, by, v->tenant_id, "update_settings", "tenant", v->tenant_id,
				    "settings");
	struct change list[] = { { v->row.version ? UPDATE : INSERT, &v->row },
				 { INSERT, &a->row },
				 tenant_touch(cx, v->tenant_id),
				 epoch_touch(cx, v->tenant_id) };
	enum status s = store_apply(cx, st, list, ARRAY_SIZE(list), NULL);

	return s == EXISTS || s == CONFLICT
		       ? fail(cx, CONFLICT, "the settings were changed at the same time")
		       : s;
}
