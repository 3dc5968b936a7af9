/* SPDX-License-Identifier: Apache-2.0 */
/* clean.c - rows that are past their time go, a tenant after the other. */
#include "cli/clean.h"

#include "cli/cli.h"
#include "common/log.h"
#include "stores/drop.h"
#include "stores/seals.h"
#include "stores/settings.h"
#include "stores/tenants.h"

#define STEP_TIMEOUT_MS 60000
#define DAY_MS ((int64_t)86400000)
#define CLEANINGS 4 /* beside the kinds that say themselves when they end */

/* A kind whose rows go by themselves, and the column that says when. */
static const struct {
	const struct kind *kind;
	const char *column;
} expiries[] = {
	{ &kind_token, "expires_at" },	    { &kind_idempotency_key, "expires_ms" },
	{ &kind_scan_plan, "expires_ms" },  { &kind_login_attempt, "until_ms" },
	{ &kind_oauth_flow, "expires_ms" }, { &kind_absent, "until_ms" },
	{ &kind_signup, "expires_ms" },
};

static enum status drop_expired_rows(struct cleaner *cl, struct cx *cx, size_t i,
				     const char *tenant_id, bool *done)
{
	const struct kind *k = expiries[i].kind;

	*done = k->flags & GLOBAL && *tenant_id;
	return *done ? OK
		     : drop_expired(cx, cl->st, k, expiries[i].column, tenant_id, cx_now_ms(),
				    cl->batch, done);
}

static enum status drop_reports(struct cleaner *cl, struct cx *cx, const char *tenant_id,
				bool *done)
{
	return drop_old_reports(cx, cl->st, tenant_id, cx_now_ms(), cl->config->metrics_days,
				cl->batch, done);
}

/* Where this process may sign. */
static enum status seal_audit(struct cleaner *cl, struct cx *cx, const char *tenant_id, bool *done)
{
	int64_t before_ms = cx_now_ms() - cl->config->audit_seal_age_s * 1000;
	struct seal_head head;
	enum status s;

	*done = true;
	if (!cl->signer)
		return OK;
	s = seal_all(cx, cl->st, cl->signer, tenant_id, before_ms, &head);
	return s == CONFLICT ? OK : s; /* another worker does it */
}

/* Records that are not as they were sealed are kept, and nothing else waits for them. */
static enum status expire_audit(struct cleaner *cl, struct cx *cx, const char *tenant_id,
				bool *done)
{
	int64_t days;
	enum status s = setting_audit_days(cx, cl->st, tenant_id, cl->config->audit_days, &days);

	*done = true;
	if (s || !days)
		return s;
	s = audit_expire(cx, cl->st, cl->signer, tenant_id, cx_now_ms() - days * DAY_MS, cl->batch,
			 done);
	if (s != CONFLICT)
		return s;
	log_event(LOG_ERROR_, "audit_changed", NULL, "tenant \"%s\": %s", tenant_id, cx->message);
	*done = true;
	return OK;
}

static enum status trim_commits(struct cleaner *cl, struct cx *cx, const char *tenant_id,
				bool *done)
{
	enum status s = *tenant_id ? tenant_may_write(cx, cl->st, tenant_id) : DENIED;

	*done = true; /* who copies a read-only tenant compares what is there */
	if (s)
		return s == DENIED ? OK : s;
	return trim_history(cx, cl->st, tenant_id, cx_now_ms(), cl->config->commit_days, &cl->trim,
			    cl->batch, done);
}

/* The i-th cleaning of a tenant's rows ("" = the server's, and rows of no tenant): one list. */
static enum status clean_step(struct cleaner *cl, struct cx *cx, size_t i, const char *tenant_id,
			      bool *done)
{
	static enum status (*const steps[CLEANINGS])(struct cleaner *, struct cx *, const char *,
						     bool *) = { drop_reports, seal_audit,
								 expire_audit, trim_commits };

	if (i < ARRAY_SIZE(expiries))
		return drop_expired_rows(cl, cx, i, tenant_id, done);
	return steps[i - ARRAY_SIZE(expiries)](cl, cx, tenant_id, done);
}

static enum status clean(void *arg, struct cx *outer, const char *tenant_id)
{
	struct cleaner *cl = arg;
	struct cx cx = { 0 };
	enum status s = OK;

	for (size_t i = 0; !s && i < ARRAY_SIZE(expiries) + CLEANINGS; i++) {
		bool done = false;

		while (!s && !done) {
			cx.deadline_ms = cx_monotonic_ms() + STEP_TIMEOUT_MS;
			s = clean_step(cl, &cx, i, tenant_id, &done);
			if (s)
				fail(outer, s, "%s", cx.message);
			cx_reset(&cx);
		}
	}
	cx_free(&cl->trim.cx);
	cl->trim = (struct trim_walk){ 0 };
	cx_free(&cx);
	return s;
}

enum status clean_all(struct cleaner *cl, struct cx *cx)
{
	return cli_each_tenant(cx, cl->st, clean, cl);
}
