/* SPDX-License-Identifier: Apache-2.0 */
/* jobs.c - leases on work, by compare-and-swap. */
#include "stores/jobs.h"

#include "common/text.h"

#define PAGE 200
#define RETRY_MS 60000 /* after the first failure; doubles */
#define RETRY_MOST_MS 86400000

static struct job *job_new(struct cx *cx, const char *tenant_id, const char *type,
			   struct json_object *payload)
{
	struct job *j = CX_NEW(cx, struct job);

	*j = (struct job){ .row = ROW(job),
			   .job_id = text_uuid7(cx),
			   .tenant_id = tenant_id,
			   .type = type,
			   .payload = json_print(cx, payload, NULL),
			   .due_ms = cx_now_ms(),
			   .created_ms = cx_now_ms() };
	return j;
}

struct job *job_index(struct cx *cx, const struct catalog_ref *ref)
{
	struct json_object *payload = json_new_object(cx);

	json_set_text(payload, "catalog_id", ref->catalog_id);
	return job_new(cx, ref->tenant_id, "index", payload);
}

/* What says which files are the table's. */
static struct json_object *files_payload(struct cx *cx, const struct catalog_ref *ref,
					 const struct asset *table)
{
	struct json_object *payload = json_new_object(cx), *locations = json_new_array(cx);
	const char *folders[] = { table->location, table->data_path, table->metadata_path };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (folders[i])
			json_add_text(locations, folders[i]);
	json_set_text(payload, "catalog_id", ref->catalog_id);
	json_set_text(payload, "warehouse", ref->row->warehouse_name);
	json_set_text(payload, "storage_location", ref->row->storage_location);
	json_set_bool(payload, "on_default", ref->on_default);
	json_set_text(payload, "asset_id", table->asset_id);
	json_set_text(payload, "metadata_location", table->metadata_location);
	json_set(payload, "locations", locations);
	return payload;
}

struct job *job_purge(struct cx *cx, const struct catalog_ref *ref, const struct asset *table)
{
	return job_new(cx, ref->tenant_id, "purge", files_payload(cx, ref, table));
}

struct job *job_expired(struct cx *cx, const struct catalog_ref *ref, const struct asset *table,
			const int64_t *ids, size_t n)
{
	struct json_object *payload = files_payload(cx, ref, table), *list = json_new_array(cx);

	for (size_t i = 0; i < n; i++)
		json_add(list, json_new_int(cx, ids[i]));
	json_set(payload, "snapshot_ids", list);
	return job_new(cx, ref->tenant_id, "remove-expired", payload);
}

struct job *job_maintain(struct cx *cx, const struct catalog_ref *ref, const char *path,
			 const char *name, const char *job_type, int64_t age_ms)
{
	struct json_object *payload = json_new_object(cx);

	json_set_text(payload, "catalog", ref->name);
	json_set_text(payload, "branch", ref->branch_name);
	json_set_text(payload, "namespace", path);
	json_set_text(payload, "name", name);
	json_set_text(payload, "job_type", job_type);
	json_set_int(payload, "age_ms", age_ms);
	return job_new(cx, ref->tenant_id, "maintain", payload);
}

struct job *job_drop_grants(struct cx *cx, const char *tenant_id, const char *user_id,
			    const char *role_id)
{
	struct json_object *payload = json_new_object(cx);

	json_set_text(payload, user_id ? "user_id" : "role_id", user_id ? user_id : role_id);
	return job_new(cx, tenant_id, "drop-grants", payload);
}

struct job *job_free(struct cx *cx, const char *type, const struct branch *branch, int64_t due_ms)
{
	struct json_object *payload = json_new_object(cx);
	struct job *j;

	json_set_text(payload, "catalog_id", branch->catalog_id);
	json_set_text(payload, "branch_id", branch->id);
	j = job_new(cx, branch->tenant_id, type, payload);
	j->due_ms = due_ms;
	return j;
}

struct job *job_mail(struct cx *cx, const char *tenant_id, const char *about, const char *id)
{
	struct json_object *payload = json_new_object(cx);

	json_set_text(payload, "about", about);
	json_set_text(payload, "id", id);
	return job_new(cx, tenant_id, "mail", payload);
}

static bool is_due(const struct job *j, int64_t now)
{
	return j->due_ms <= now && j->lease_ms <= now;
}

enum status job_lease(struct cx *cx, struct store *st, struct job *out, bool *found)
{
	struct job from = { .row = ROW(job) };
	struct query q = { .from = &from.row, .limit = PAGE };
	struct rows rows;
	int64_t now = cx_now_ms();

	*found = false;
	do { /* ids are in order of time */
		enum status s = store_list(cx, st, &q, &rows);
		struct job *j = rows.items;

		if (s)
			return s;
		for (size_t i = 0; i < rows.n; i++) {
			if (!is_due(&j[i], now))
				continue;
			j[i].lease_ms = now + JOB_LEASE_MS;
			j[i].attempts++;
			s = store_apply(cx, st, (struct change[]){ { UPDATE, &j[i].row } }, 1,
					NULL);
			if (s == CONFLICT)
				continue; /* another worker took it */
			*out = j[i];
			*found = !s;
			return s;
		}
		if (rows.n)
			q.after = &j[rows.n - 1].row;
	} while (rows.n == PAGE);
	return OK;
}

enum status job_extend(struct cx *cx, struct store *st, struct job *job)
{
	job->lease_ms = cx_now_ms() + JOB_LEASE_MS;
	return store_apply(cx, st, (struct change[]){ { UPDATE, &job->row } }, 1, NULL);
}

enum status job_done(struct cx *cx, struct store *st, struct job *job)
{
	return store_apply(cx, st, (struct change[]){ { DELETE, &job->row } }, 1, NULL);
}

enum status job_failed(struct cx *cx, struct store *st, struct job *job, const char *reason)
{
	int64_t wait = RETRY_MS;

	for (int64_t i = 1; i < job->attempts && wait < RETRY_MOST_MS; i++)
		wait *= 2;
	job->due_ms = cx_now_ms() + (wait < RETRY_MOST_MS ? wait : RETRY_MOST_MS);
	job->lease_ms = 0;
	job->error = cx_strdup(cx, reason);
	return store_apply(cx, st, (struct change[]){ { UPDATE, &job->row } }, 1, NULL);
}
