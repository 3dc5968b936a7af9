/* SPDX-License-Identifier: Apache-2.0 */
/* token.c - pangolin token issue. */
#include "cli/cli.h"
#include "common/text.h"
#include "fcgi/auth.h"
#include "stores/audit.h"
#include "stores/principals.h"
#include "stores/tenants.h"

#define DAY_S ((int64_t)86400)

/* Root belongs to the server, all others to a tenant that is there. */
static enum status read_role(struct cli *c, struct principal *p)
{
	const char *tenant = cli_flag(c, "tenant"), *role = cli_flag(c, "role");

	if (cli_flag(c, "root"))
		role = "root";
	p->role = role_parse(role ? role : "tenant-admin");
	p->tenant_id = tenant ? tenant : "";
	if (p->role == ROLE_NONE)
		return fail(c->cx, INVALID,
			    "--role is neither tenant-admin nor tenant-user: \"%s\"", role);
	if (p->role == ROLE_ROOT && tenant)
		return fail(c->cx, INVALID, "root belongs to no tenant: leave --tenant out");
	if (p->role != ROLE_ROOT && !tenant)
		return fail(c->cx, INVALID, "--tenant or --root is needed");
	return OK;
}

/* A user's token is worth what the user is: it ends with the user, and has no
 * higher role.  A name that is nobody's stands for a program. */
static enum status find_principal(struct cli *c, struct principal *p)
{
	const char *name = cli_flag(c, "user");
	struct tenant t;
	struct user u;
	enum status s = *p->tenant_id ? tenant_find(c->cx, c->store, p->tenant_id, &t) : OK;

	if (s)
		return s;
	p->kind = A_TOKEN;
	p->id = text_uuid4(c->cx);
	p->name = name ? name : "operator";
	if (!name)
		return OK;
	s = user_find(c->cx, c->store, p->tenant_id, name, &u);
	if (s)
		return s == NOT_FOUND ? OK : s;
	if (!cli_flag(c, "role") || role_parse(u.role) < p->role)
		p->role = role_parse(u.role);
	p->kind = A_USER;
	p->id = u.id;
	return OK;
}

enum status run_token_issue(struct cli *c)
{
	struct responder rs = { .family = "cli", .config = c->config };
	struct issued issued;
	struct principal who = { .expires_ms = 0 };
	struct audit *record;
	int64_t ttl_s = DAY_S;
	enum status s = cli_number(c, "ttl", 60, 365 * DAY_S, &ttl_s);

	if (!s)
		s = read_role(c, &who);
	if (!s)
		s = cli_store(c, false);
	if (!s)
		s = find_principal(c, &who);
	if (s)
		return s;
	rs.store = c->store;
	record = audit_new(c->cx, NULL, who.tenant_id, "generate_token", "token", NULL, who.name);
	s = auth_open(c->cx, &rs, true);
	if (!s)
		s = auth_issue(c->cx, &rs, &who, ttl_s, &(struct change){ INSERT, &record->row }, 1,
			       &issued);
	if (!s)
		cli_say("%s", issued.token);
	auth_close(&rs);
	return s;
}
