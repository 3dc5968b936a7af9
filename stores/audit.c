/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - the record of a change. */
#include "stores/audit.h"

#include "common/text.h"

struct audit *audit_new(struct cx *cx, const struct audit *by, const char *tenant_id,
			const char *action, const char *type, const char *id, const char *name)
{
	static const struct audit self = { .username = "operator" };
	struct audit *a = CX_NEW(cx, struct audit);

	*a = by ? *by : self;
	a->row = (struct row)ROW(audit);
	a->tenant_id = tenant_id;
	a->id = text_uuid7(cx);
	a->action = action;
	a->resource_type = type;
	a->resource_id = id;
	a->resource_name = name;
	a->timestamp = cx_now_ms();
	a->result = "success";
	return a;
}
