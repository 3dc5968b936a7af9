/* SPDX-License-Identifier: Apache-2.0 */
/* tenant.c - pangolin tenant create, tenant list. */
#include "cli/cli.h"
#include "common/text.h"
#include "stores/tenants.h"

#define PAGE 1000

enum status run_tenant_create(struct cli *c)
{
	struct tenant t = { .name = c->args[0],
			    .tenant_id = cli_flag(c, "id"),
			    .properties = "{}" };
	enum status s;

	if (!*t.name || strlen(t.name) > 255)
		return fail(c->cx, INVALID, "a tenant's name has 1 to 255 bytes");
	if (t.tenant_id && !text_is_uuid(t.tenant_id))
		return fail(c->cx, INVALID, "--id is no UUID: \"%s\"", t.tenant_id);
	s = cli_store(c, false);
	if (!s)
		s = tenant_create(c->cx, c->store, &t, NULL);
	if (!s)
		cli_say("%s", t.tenant_id);
	return s;
}

enum status run_tenant_list(struct cli *c)
{
	struct tenant from = { .row = ROW(tenant) };
	struct query q = { .from = &from.row, .limit = PAGE };
	struct rows page;
	enum status s = cli_store(c, false);

	if (s)
		return s;
	do {
		struct tenant *t;

		s = store_list(c->cx, c->store, &q, &page);
		if (s)
			return s;
		t = page.items;
		for (size_t i = 0; i < page.n; i++, t++) {
			if (c->quiet)
				cli_say("%s", t->tenant_id);
			else
				cli_say("%s  %s%s", t->tenant_id, t->name,
					t->read_only ? "  (read-only)" : "");
			q.after = &t->row;
		}
	} while (page.n == PAGE);
	return OK;
}

static enum status set_read_only(struct cli *c, const char *reason)
{
	static const struct audit self = { .username = "operator" };
	enum status s = cli_store(c, false);

	return s ? s : tenant_set_read_only(c->cx, c->store, c->args[0], reason, &self);
}

enum status run_tenant_read_only(struct cli *c)
{
	const char *reason = cli_flag(c, "reason");

	return set_read_only(c, reason && *reason ? reason : "the tenant is read-only");
}

enum status run_tenant_writable(struct cli *c)
{
	return set_read_only(c, NULL);
}
