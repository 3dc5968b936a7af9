/* SPDX-License-Identifier: Apache-2.0 */
/* user.c - pangolin user create. */
#include <errno.h>

#include "cli/cli.h"
#include "common/access.h"
#include "common/password.h"
#include "stores/principals.h"

#define MAX_PASSWORD 1024

/* The first line of a file or of stdin: a password on the command line would stand in
 * every process list. */
static enum status read_password(struct cli *c, const char **out)
{
	const char *path = cli_flag(c, "password-file");
	FILE *f = path ? fopen(path, "re") : stdin;
	char line[MAX_PASSWORD + 2] = "";

	if (!f)
		return fail(c->cx, INVALID, "%s: %s", path, strerror(errno));
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (path)
		fclose(f);
	line[strcspn(line, "\r\n")] = '\0';
	*out = cx_strdup(c->cx, line);
	explicit_bzero(line, sizeof(line));
	return **out ? OK : fail(c->cx, INVALID, "the password is empty");
}

static enum status hash_password(struct cli *c, struct user *u)
{
	struct password_limit limit = { c->config->runtime_dir, c->config->password_slots };
	const char *password = "";
	enum status s = read_password(c, &password);

	if (!s && c->config->password_rule)
		s = password_rule(c->cx, password);
	return s ? s : password_hash(c->cx, &limit, password, &u->password_hash);
}

static enum status read_user(struct cli *c, struct user *u)
{
	const char *tenant = cli_flag(c, "tenant"), *role;
	enum status s = cli_need(c, "username", &u->username);
	enum role r;

	if (!s)
		s = cli_need(c, "role", &role);
	if (s)
		return s;
	r = role_parse(role);
	if (r == ROLE_NONE)
		return fail(c->cx, INVALID,
			    "--role is none of root, tenant-admin, tenant-user: \"%s\"", role);
	if ((r == ROLE_ROOT) != !tenant)
		return fail(c->cx, INVALID, "a root user has no --tenant, every other has one");
	u->role = role_name(r);
	u->tenant_id = tenant ? tenant : "";
	u->email = cli_flag(c, "email");
	if (!u->email)
		u->email = cx_printf(c->cx, "%s@localhost", u->username);
	return OK;
}

enum status run_user_create(struct cli *c)
{
	struct user u = { .role = NULL };
	enum status s = read_user(c, &u);

	if (!s)
		s = cli_store(c, false);
	if (!s)
		s = hash_password(c, &u);
	if (!s)
		s = user_create(c->cx, c->store, &u, NULL);
	if (!s)
		cli_say("%s", u.id);
	return s;
}
