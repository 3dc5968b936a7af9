/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - pangolin audit seal, audit verify. */
#include "cli/cli.h"
#include "common/text.h"
#include "stores/seals.h"
#include "stores/settings.h"

#define DAY_MS ((int64_t)86400000)

/* --- seal ----------------------------------------------------------------------- */

struct sealing {
	struct cli *c;
	struct jwt_signer *signer;
	int64_t before_ms;
};

static const char *name_of(const char *tenant_id)
{
	return *tenant_id ? tenant_id : "server";
}

static enum status seal_tenant(void *arg, struct cx *cx, const char *tenant_id)
{
	struct sealing *s = arg;
	struct seal_head head;
	enum status status;

	status = seal_all(cx, s->c->store, s->signer, tenant_id, s->before_ms, &head);
	if (!status && head.number)
		cli_say("%s %lld:%s", name_of(tenant_id), (long long)head.number, head.hash);
	return status;
}

/* One tenant ("server": what is no tenant's), or all of them. */
static enum status each(struct cli *c, cli_tenant_fn *run, void *arg)
{
	const char *one = cli_flag(c, "tenant");

	if (one)
		return run(arg, c->cx, strcmp(one, "server") == 0 ? "" : one);
	return cli_each_tenant(c->cx, c->store, run, arg);
}

enum status run_audit_seal(struct cli *c)
{
	struct sealing sealing = { .c = c,
				   .before_ms = cx_now_ms() - c->config->audit_seal_age_s * 1000 };
	const char *path;
	enum status s = cli_key_path(c, JWT_PRIVATE_FILE, &path);

	if (!s)
		s = jwt_signer_read(c->cx, path, &sealing.signer);
	if (!s)
		s = cli_store(c, false);
	return s ? s : each(c, seal_tenant, &sealing);
}

/* --- verify ----------------------------------------------------------------------- */

struct verifying {
	struct cli *c;
	struct jwt_keys *keys;
	struct seal_head expected;
	const char *tenant_id; /* that is verified now */
	int64_t problems;
};

static void say_problem(void *arg, const char *what)
{
	struct verifying *v = arg;

	cli_say("%s: %s", name_of(v->tenant_id), what);
}

static enum status verify_tenant(void *arg, struct cx *cx, const char *tenant_id)
{
	struct verifying *v = arg;
	struct seal_check check = { .keys = v->keys,
				    .tenant_id = tenant_id,
				    .expected = v->expected,
				    .found = say_problem,
				    .arg = v };
	int64_t days;
	enum status s =
		setting_audit_days(cx, v->c->store, tenant_id, v->c->config->audit_days, &days);

	if (s)
		return s;
	v->tenant_id = tenant_id;
	check.expired_ms = days ? cx_now_ms() - days * DAY_MS : 0;
	s = seal_verify(cx, v->c->store, &check);
	if (s)
		return s;
	v->problems += check.problems;
	if (!check.seals)
		cli_note(v->c, "%s: there are no seals, so nothing shows what was changed",
			 name_of(tenant_id));
	if (check.seals && !check.problems)
		cli_note(v->c, "%s: %lld records under %lld seals are as they were sealed%s",
			 name_of(tenant_id), (long long)check.records, (long long)check.seals,
			 check.expired ? cx_printf(cx, "; the time of %lld more was over",
						   (long long)check.expired)
				       : "");
	return OK;
}

/* "12:<64 hex digits>", as seal printed it. */
static enum status read_head(struct cli *c, struct seal_head *out)
{
	const char *text = cli_flag(c, "head"), *colon = text ? strchr(text, ':') : NULL;

	if (!text)
		return OK;
	if (!cli_flag(c, "tenant"))
		return fail(c->cx, INVALID, "--head is one tenant's: --tenant is needed too");
	if (!colon || !text_int(cx_strndup(c->cx, text, (size_t)(colon - text)), &out->number) ||
	    out->number < 1)
		return fail(c->cx, INVALID, "--head is no NUMBER:HASH as `audit seal` prints it");
	out->hash = colon + 1;
	return OK;
}

enum status run_audit_verify(struct cli *c)
{
	struct verifying v = { .c = c };
	const char *path;
	enum status s = read_head(c, &v.expected);

	if (!s)
		s = cli_key_path(c, JWT_PUBLIC_FILE, &path);
	if (!s)
		s = jwt_keys_read(c->cx, path, &v.keys);
	if (!s)
		s = cli_store(c, false);
	if (!s)
		s = each(c, verify_tenant, &v);
	if (!s && v.problems)
		s = fail(c->cx, CONFLICT,
			 "the audit log is not as it was sealed: %lld finding%s above",
			 (long long)v.problems, v.problems == 1 ? "" : "s");
	return s;
}
