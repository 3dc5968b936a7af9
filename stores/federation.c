/* SPDX-License-Identifier: Apache-2.0 */
/* federation.c - rows of counts of federated catalogs. */
#include "stores/federation.h"

#include "common/json.h"
#include "common/text.h"

#define TRIES 5

enum status federation_count_find(struct cx *cx, struct store *st, const char *tenant_id,
				  const char *catalog_id, struct federation_count *out)
{
	*out = (struct federation_count){ .row = ROW(federation_count),
					  .tenant_id = tenant_id,
					  .catalog_id = catalog_id,
					  .sync_status = "Never Synced" };
	return store_get_all(cx, st, (struct row *[]){ &out->row }, 1);
}

enum status federation_count_keep(struct cx *cx, struct store *st, struct federation_count *row,
				  struct audit *record)
{
	enum status s = CONFLICT;

	for (int i = 0; i < TRIES && (s == CONFLICT || s == EXISTS); i++) {
		struct federation_count old;

		s = federation_count_find(cx, st, row->tenant_id, row->catalog_id, &old);
		if (s)
			return s;
		row->row = (struct row)ROW(federation_count);
		row->row.version = old.row.version;
		struct change list[] = { { old.row.version ? UPDATE : INSERT, &row->row },
					 { INSERT, &record->row } };
		s = store_apply(cx, st, list, ARRAY_SIZE(list), NULL);
	}
	return s;
}

struct job *federation_count_job(struct cx *cx, const char *tenant_id, const char *catalog)
{
	struct json_object *payload = json_new_object(cx);
	struct job *j = CX_NEW(cx, struct job);

	json_set_text(payload, "catalog", catalog);
	*j = (struct job){ .row = ROW(job),
			   .job_id = text_uuid7(cx),
			   .tenant_id = tenant_id,
			   .type = "count-federated",
			   .payload = json_print(cx, payload, NULL),
			   .due_ms = cx_now_ms(),
			   .created_ms = cx_now_ms() };
	return j;
}
