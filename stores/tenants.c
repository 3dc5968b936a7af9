/* SPDX-License-Identifier: Apache-2.0 */
/* tenants.c - tenants as lists of changes. */
#include "stores/tenants.h"

#include "common/text.h"
#include "stores/edit.h"

struct change tenant_touch(struct cx *cx, const char *tenant_id)
{
	struct tenant *t = CX_NEW(cx, struct tenant);

	*t = (struct tenant){ .row = ROW(tenant), .tenant_id = tenant_id };
	return (struct change){ TOUCH, &t->row };
}

struct change epoch_touch(struct cx *cx, const char *tenant_id)
{
	struct epoch *e = CX_NEW(cx, struct epoch);

	*e = (struct epoch){ .row = ROW(epoch), .tenant_id = tenant_id };
	return (struct change){ TOUCH, &e->row };
}

/* What happens to tenants is the server's record: it outlives them. */
static struct change record(struct cx *cx, const struct audit *by, const char *action,
			    const struct tenant *t)
{
	struct audit *a = audit_new(cx, by, "", action, "tenant", t->tenant_id, t->name);

	return (struct change){ INSERT, &a->row };
}

enum status tenant_create(struct cx *cx, struct store *st, struct tenant *t, const struct audit *by)
{
	enum status s;

	t->row = (struct row)ROW(tenant);
	if (!t->tenant_id)
		t->tenant_id = text_uuid4(cx);
	t->created_ms = cx_now_ms();
	struct change list[] = {
		{ INSERT, &t->row },
		epoch_touch(cx, t->tenant_id),
		record(cx, by, "create_tenant", t),
	};
	s = store_apply(cx, st, list, ARRAY_SIZE(list), NULL);
	return s == EXISTS ? fail(cx, s, "a tenant \"%s\" exists already", t->tenant_id) : s;
}

enum status tenant_find(struct cx *cx, struct store *st, const char *id, struct tenant *out)
{
	*out = (struct tenant){ .row = ROW(tenant), .tenant_id = id };
	return store_get(cx, st, &out->row);
}

enum status tenant_update(struct cx *cx, struct store *st, struct tenant *t, const struct audit *by)
{
	struct change list[] = {
		{ UPDATE, &t->row },
		epoch_touch(cx, t->tenant_id),
		record(cx, by, "update_tenant", t),
	};

	return store_apply(cx, st, list, ARRAY_SIZE(list), NULL);
}

enum status tenant_set_read_only(struct cx *cx, struct store *st, const char *id,
				 const char *reason, const struct audit *by)
{
	enum status s = CONFLICT;

	for (size_t tries = 1; s == CONFLICT && tries <= EDIT_TRIES; tries++) {
		struct tenant t;

		s = tenant_find(cx, st, id, &t);
		if (s)
			return s;
		t.read_only = reason;
		struct change list[] = {
			{ UPDATE, &t.row },
			epoch_touch(cx, id),
			record(cx, by, reason ? "set_tenant_read_only" : "set_tenant_writable", &t),
		};
		s = store_apply(cx, st, list, by ? 3 : 2, NULL);
	}
	return s;
}

static struct change drop_job(struct cx *cx, const char *tenant_id)
{
	struct job *j = CX_NEW(cx, struct job);
	int64_t now = cx_now_ms();

	*j = (struct job){ .row = ROW(job),
			   .job_id = text_uuid7(cx),
			   .tenant_id = tenant_id,
			   .type = "drop-tenant",
			   .payload = "{}",
			   .due_ms = now,
			   .created_ms = now };
	return (struct change){ INSERT, &j->row };
}

enum status tenant_may_write(struct cx *cx, struct store *st, const char *id)
{
	struct tenant t;
	enum status s = tenant_find(cx, st, id, &t);

	if (!s && t.read_only)
		s = fail(cx, DENIED, "nothing can be changed for now: %s", t.read_only);
	return s == NOT_FOUND ? OK : s;
}

enum status tenant_drop(struct cx *cx, struct store *st, const char *id, const struct audit *by)
{
	struct tenant t;
	enum status s;

	if (strcmp(id, NIL_UUID) == 0)
		return fail(cx, CONFLICT, "the default tenant can't be deleted");
	s = tenant_find(cx, st, id, &t);
	if (s)
		return s;
	struct change list[] = {
		{ DELETE, &t.row },
		epoch_touch(cx, id),
		drop_job(cx, id),
		record(cx, by, "delete_tenant", &t),
	};
	s = store_apply(cx, st, list, ARRAY_SIZE(list), NULL);
	return s == CONFLICT ? fail(cx, s, "tenant \"%s\" was changed meanwhile", id) : s;
}
