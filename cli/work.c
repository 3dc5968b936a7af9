/* SPDX-License-Identifier: Apache-2.0 */
/* work.c - pangolin work: leases jobs and runs them, a small list at a time. */
#include "cli/clean.h"
#include "cli/cli.h"
#include "cli/expire.h"
#include "cli/mail.h"
#include "cli/orphans.h"
#include "cli/purge.h"
#include "cli/removal.h"
#include "common/default_storage.h"
#include "common/json.h"
#include "common/log.h"
#include "fcgi/federate.h"
#include "stores/catalogs.h"
#include "stores/drop.h"
#include "stores/free.h"
#include "stores/index.h"
#include "stores/jobs.h"
#include "stores/seals.h"
#include "stores/settings.h"
#include "stores/tenants.h"
#include "stores/trim.h"

#define STEP_TIMEOUT_MS 60000
#define IDLE_S 2
#define EXPIRE_EVERY_MS 600000

struct worker {
	struct store *st;
	struct cloud *cloud;
	size_t batch;
	const struct config *config;
	struct warehouse fallback;
	struct jwt_signer *signer; /* NULL = this process may not sign */
	struct mail_silence silence;
	sigset_t stops;
	bool stopping;
	int64_t done, failed;
};

/* A job's own memory is `cx`; a step's goes with every step. */
struct running {
	struct worker *w;
	struct cx *cx, step;
	struct job *job;
	struct json_object *payload;
	struct purge *purge;	  /* of a "purge" */
	struct removal *removal;  /* of a "remove-expired" */
	struct orphans *orphans;  /* of a "maintain" with remove_orphan_files */
	struct index_walk *index; /* of an "index" */
	struct free_walk history; /* of a "free-history" */
};

/* Waits up to `seconds` for SIGTERM or SIGINT (both are blocked); true: one came. */
static bool told_to_stop(struct worker *w, time_t seconds)
{
	const struct timespec wait = { .tv_sec = seconds };

	if (!w->stopping && sigtimedwait(&w->stops, NULL, &wait) > 0)
		w->stopping = true;
	return w->stopping;
}

/* --- steps ------------------------------------------------------------------ */

/* Steps until done; the lease is renewed while there is work.  A step's failure
 * is told in the job's context. */
static enum status run_steps(struct running *r, enum status (*step)(struct running *r, bool *done))
{
	bool done = false;
	enum status s = OK;

	while (!s && !done) {
		r->step.deadline_ms = cx_monotonic_ms() + STEP_TIMEOUT_MS;
		s = step(r, &done);
		if (!s && !done && r->job->lease_ms - cx_now_ms() < JOB_LEASE_MS / 2)
			s = job_extend(&r->step, r->w->st, r->job);
		if (s)
			fail(r->cx, s, "%s", r->step.message);
		cx_reset(&r->step);
		if (!s && !done && told_to_stop(r->w, 0))
			s = fail(r->cx, UNAVAILABLE, "stopped before it was done");
	}
	cx_free(&r->step);
	return s;
}

static enum status drop_catalog_step(struct running *r, bool *done)
{
	const char *id;
	enum status s = json_get_text(&r->step, r->payload, "", "catalog_id", &id);

	return s ? s
		 : drop_catalog_rows(&r->step, r->w->st, r->job->tenant_id, id, r->w->batch, done);
}

static enum status drop_tenant_step(struct running *r, bool *done)
{
	return drop_tenant_rows(&r->step, r->w->st, r->job->tenant_id, r->w->batch, done);
}

static enum status index_catalog_step(struct running *r, bool *done)
{
	return index_step_catalog(&r->step, r->w->st, r->index, done);
}

static enum status index_catalog(struct running *r)
{
	enum status s;

	r->index = CX_NEW(r->cx, struct index_walk);
	*r->index = (struct index_walk){ .cx = r->cx, .tenant_id = r->job->tenant_id };
	s = json_get_text(r->cx, r->payload, "", "catalog_id", &r->index->catalog_id);
	return s ? s : run_steps(r, index_catalog_step);
}

static enum status drop_grants_step(struct running *r, bool *done)
{
	const char *user_id = NULL, *role_id = NULL;
	enum status s = json_opt_text(&r->step, r->payload, "", "user_id", &user_id);

	if (!s)
		s = json_opt_text(&r->step, r->payload, "", "role_id", &role_id);
	if (!s && !user_id == !role_id)
		s = fail(&r->step, INVALID, "neither a user_id nor a role_id, or both");
	return s ? s
		 : drop_grant_rows(&r->step, r->w->st, r->job->tenant_id, user_id, role_id,
				   r->w->batch, done);
}

static enum status drop_catalog(struct running *r)
{
	return run_steps(r, drop_catalog_step);
}

static enum status drop_tenant(struct running *r)
{
	return run_steps(r, drop_tenant_step);
}

static enum status drop_grants(struct running *r)
{
	return run_steps(r, drop_grants_step);
}

static enum status read_branch(struct running *r, const char **catalog_id, const char **branch_id)
{
	enum status s = json_get_text(&r->step, r->payload, "", "catalog_id", catalog_id);

	return s ? s : json_get_text(&r->step, r->payload, "", "branch_id", branch_id);
}

static enum status free_branch_step(struct running *r, bool *done)
{
	const char *catalog, *branch;
	enum status s = read_branch(r, &catalog, &branch);

	return s ? s
		 : free_branch(&r->step, r->w->st, r->job->tenant_id, catalog, branch, r->w->batch,
			       done);
}

static enum status free_history_step(struct running *r, bool *done)
{
	const char *catalog, *branch;
	enum status s = read_branch(r, &catalog, &branch);

	return s ? s
		 : free_history(&r->step, r->w->st, r->job->tenant_id, catalog, branch, &r->history,
				r->w->batch, done);
}

static enum status free_hidden(struct running *r)
{
	return run_steps(r, free_branch_step);
}

static enum status free_kept(struct running *r)
{
	enum status s = run_steps(r, free_history_step);

	cx_free(&r->history.cx);
	return s;
}

static enum status purge_table_step(struct running *r, bool *done)
{
	return purge_step(&r->step, r->purge, done);
}

static enum status purge_table(struct running *r)
{
	enum status s;

	r->cx->deadline_ms = cx_monotonic_ms() + STEP_TIMEOUT_MS;
	s = tenant_may_write(r->cx, r->w->st,
			     r->job->tenant_id); /* another store may have it now */
	if (!s)
		s = purge_open(r->cx, r->w->st, r->w->cloud, r->job->tenant_id, r->payload,
			       &r->purge);
	r->cx->deadline_ms = 0;
	return s || !r->purge ? s : run_steps(r, purge_table_step);
}

static enum status remove_expired_step(struct running *r, bool *done)
{
	return removal_step(&r->step, r->removal, done);
}

static enum status remove_files(struct running *r, struct responder *rs)
{
	enum status s;

	r->cx->deadline_ms = cx_monotonic_ms() + STEP_TIMEOUT_MS;
	s = removal_open(r->cx, rs, r->job->tenant_id, r->payload, NULL, &r->removal);
	r->cx->deadline_ms = 0;
	return s || !r->removal ? s : run_steps(r, remove_expired_step);
}

static enum status orphans_named_step(struct running *r, bool *done)
{
	return orphans_step(&r->step, r->orphans, done);
}

static enum status orphans_named(struct running *r, struct responder *rs,
				 const struct catalog_ref *ref, const struct asset_name *at,
				 int64_t age_ms)
{
	struct orphan_rule rule = { .age_ms = age_ms };
	const struct orphans_found *found;
	enum status s;

	r->cx->deadline_ms = cx_monotonic_ms() + STEP_TIMEOUT_MS;
	s = orphans_open(r->cx, rs, ref, at, &rule, NULL, &r->orphans);
	r->cx->deadline_ms = 0;
	if (!s)
		s = run_steps(r, orphans_named_step);
	if (s)
		return s;
	found = orphans_found(r->orphans);
	log_event(LOG_NOTE_, "orphans", r->job->job_id, "%lld of %lld files, %lld bytes%s%s",
		  (long long)found->files, (long long)found->looked_at, (long long)found->bytes,
		  found->skipped ? ": left alone: " : "", found->skipped ? found->skipped : "");
	return OK;
}

static enum status upkeep_named(struct running *r, struct responder *rs)
{
	struct expire_rule rule = { .keep = -1 };
	const struct catalog_ref *ref;
	struct expired expired;
	struct asset_name at;
	const char *catalog, *branch, *type;
	enum status s = json_get_text(r->cx, r->payload, "", "catalog", &catalog);

	if (!s)
		s = json_get_text(r->cx, r->payload, "", "branch", &branch);
	if (!s)
		s = json_get_text(r->cx, r->payload, "", "namespace", &at.path);
	if (!s)
		s = json_get_text(r->cx, r->payload, "", "name", &at.name);
	if (!s)
		s = json_get_text(r->cx, r->payload, "", "job_type", &type);
	if (!s)
		s = json_get_int(r->cx, r->payload, "", "age_ms", &rule.age_ms);
	if (!s)
		s = tenant_may_write(r->cx, r->w->st, r->job->tenant_id);
	if (s)
		return s;
	s = content_catalog(r->cx, rs->content, rs->store, r->job->tenant_id, catalog, branch,
			    &ref);
	if (!s)
		s = strcmp(type, "remove_orphan_files") == 0
			    ? orphans_named(r, rs, ref, &at, rule.age_ms)
			    : expire_snapshots(r->cx, rs, ref, &at, &rule, &expired);
	return s == NOT_FOUND ? OK : s; /* dropped meanwhile */
}

/* With what fcgi/tables asks of a process. */
static enum status with_tables(struct running *r,
			       enum status (*run)(struct running *r, struct responder *rs))
{
	struct responder rs = {
		.family = "cli", .config = r->w->config, .store = r->w->st, .cloud = r->w->cloud
	};
	enum status s = cache_open(r->cx, NULL, 0, &rs.cache);

	if (s)
		return s;
	rs.content = content_open();
	s = run(r, &rs);
	r->cx->deadline_ms = 0;
	content_close(rs.content);
	cache_close(rs.cache);
	return s;
}

static enum status maintain_named(struct running *r)
{
	return with_tables(r, upkeep_named);
}

static enum status remove_expired(struct running *r)
{
	return with_tables(r, remove_files);
}

/* One walk as long as a lease is good: a catalog too large for it stays "Running", and due. */
static enum status count_federated(struct running *r)
{
	struct federation_count count;
	struct federation f;
	struct catalog c;
	const char *name;
	bool complete = false;
	enum status s = json_get_text(r->cx, r->payload, "", "catalog", &name);

	r->cx->deadline_ms = cx_monotonic_ms() + JOB_LEASE_MS;
	if (!s)
		s = catalog_find(r->cx, r->w->st, r->job->tenant_id, name, &c);
	if (s == NOT_FOUND || (!s && !catalog_is_federated(&c)))
		return OK; /* dropped meanwhile */
	if (!s)
		s = federation_open(r->cx, &c, r->w->cloud, NULL,
				    (size_t)r->w->config->max_metadata_bytes, &f);
	if (!s)
		s = federation_sync(r->cx, r->w->st, &c, &f, NULL, &count, &complete);
	r->cx->deadline_ms = 0;
	if (!s && !complete)
		s = fail(r->cx, UNAVAILABLE, "catalog \"%s\" is too large to be counted in time",
			 name);
	return s;
}

#define MAIL_MS 20000 /* a mail server that says nothing holds up all other work */

static enum status send_mail(struct running *r)
{
	const struct config *c = r->w->config;
	struct http_limits limits = { .ca_file = c->ca_file,
				      .refuse_loopback = c->refuse_loopback,
				      .allow = c->outbound_allow };
	enum status s;

	r->cx->deadline_ms = cx_monotonic_ms() + MAIL_MS;
	s = mail_run(r->cx, r->w->st, &limits, &r->w->silence, c->public_url, r->job, r->payload);
	r->cx->deadline_ms = 0;
	return s;
}

/* --- jobs ------------------------------------------------------------------- */

static const struct {
	const char *type;
	enum status (*run)(struct running *r);
} works[] = {
	{ "drop-catalog", drop_catalog },
	{ "drop-grants", drop_grants },
	{ "drop-tenant", drop_tenant },
	{ "index", index_catalog },
	{ "purge", purge_table },
	{ "count-federated", count_federated },
	{ "free-branch", free_hidden },
	{ "free-history", free_kept },
	{ "maintain", maintain_named },
	{ "remove-expired", remove_expired },
	{ "mail", send_mail },
};

static enum status run_job(struct running *r)
{
	const char *payload = r->job->payload ? r->job->payload : "{}";
	enum status s = json_parse(r->cx, payload, strlen(payload), 16, &r->payload);

	for (size_t i = 0; !s && i < ARRAY_SIZE(works); i++)
		if (strcmp(works[i].type, r->job->type) == 0)
			return works[i].run(r);
	return s ? s : fail(r->cx, UNSUPPORTED, "this program knows no work \"%s\"", r->job->type);
}

/* Leases one job and runs it to its end. */
static enum status work_one(struct worker *w, struct cx *cx, bool *found)
{
	struct job job;
	struct running r = { .w = w, .cx = cx, .job = &job };
	enum status s = job_lease(cx, w->st, &job, found);

	if (s || !*found)
		return s;
	s = run_job(&r);
	if (!s) {
		w->done++;
		return job_done(cx, w->st, &job);
	}
	w->failed++;
	log_event(LOG_ERROR_, "job_failed", job.job_id, "%s of tenant %s, attempt %lld: %s",
		  job.type, job.tenant_id, (long long)job.attempts, cx->message);
	return job_failed(cx, w->st, &job, cx_strdup(cx, cx->message));
}

static enum status work_due(struct worker *w, struct cx *outer)
{
	struct cx cx = { 0 };
	bool found = true;
	enum status s = OK;

	while (!s && found && !told_to_stop(w, 0)) {
		cx.deadline_ms = 0;
		s = work_one(w, &cx, &found);
		if (s)
			fail(outer, s, "%s", cx.message);
		cx_reset(&cx);
	}
	cx_free(&cx);
	return s;
}

/* --- the command ------------------------------------------------------------ */

static enum status clean_rows(struct worker *w, struct cx *cx)
{
	struct cleaner cleaner = {
		.st = w->st, .config = w->config, .signer = w->signer, .batch = w->batch
	};

	return clean_all(&cleaner, cx);
}

static enum status work_once(struct worker *w)
{
	struct cx cx = { 0 };
	enum status s = work_due(w, &cx);

	if (!s)
		s = clean_rows(w, &cx);
	if (s)
		log_event(LOG_ERROR_, "work_failed", NULL, "%s", cx.message);
	cx_free(&cx);
	return s;
}

/* A store that is away for a while ends nothing: the next round tries again. */
static void work_forever(struct worker *w)
{
	int64_t expire_ms = 0;
	struct cx cx = { 0 };

	while (!told_to_stop(w, IDLE_S)) {
		enum status s = work_due(w, &cx);

		if (!s && cx_monotonic_ms() >= expire_ms) {
			s = clean_rows(w, &cx);
			expire_ms = cx_monotonic_ms() + EXPIRE_EVERY_MS;
		}
		if (s)
			log_event(LOG_ERROR_, "work_failed", NULL, "%s", cx.message);
		cx_reset(&cx);
	}
	cx_free(&cx);
}

/* Not every worker may read the key: then `pangolin audit seal` does, as who may. */
static enum status open_signer(struct cli *c, struct worker *w)
{
	const char *path;
	enum status s = cli_key_path(c, JWT_PRIVATE_FILE, &path);

	return s ? s : jwt_signer_read(c->cx, path, &w->signer);
}

static enum status work_open(struct cli *c, struct worker *w)
{
	struct cloud_limits limits = cloud_limits_of(c->config);
	enum status s = cli_store(c, false);

	if (!s && c->config->default_storage) {
		s = default_storage_read(c->cx, c->config->default_storage, &w->fallback);
		c->store->fallback = &w->fallback;
	}
	if (!s)
		s = cloud_open(c->cx, &limits, &w->cloud);
	w->st = c->store;
	w->config = c->config;
	if (!s && c->config->keys_dir && open_signer(c, w))
		cli_note(c, "audit records are not sealed: %s", c->cx->message);
	sigemptyset(&w->stops);
	sigaddset(&w->stops, SIGTERM);
	sigaddset(&w->stops, SIGINT);
	sigprocmask(SIG_BLOCK, &w->stops, NULL);
	return s;
}

static enum status work(struct cli *c, struct worker *w)
{
	enum status s;

	if (cli_flag(c, "forever")) {
		work_forever(w);
		return OK;
	}
	s = work_once(w);
	if (s)
		return fail(c->cx, s, "the work was not ended; the line above says why");
	cli_note(c, "%lld jobs done, %lld failed and put off", (long long)w->done,
		 (long long)w->failed);
	return OK;
}

enum status run_work(struct cli *c)
{
	struct worker w = { 0 };
	int64_t batch = 200;
	enum status s = cli_number(c, "batch", 1, DROP_MAX_ROWS, &batch);

	if (!s && cli_flag(c, "once") && cli_flag(c, "forever"))
		s = fail(c->cx, INVALID, "--once or --forever, not both");
	if (!s)
		s = work_open(c, &w);
	w.batch = (size_t)batch;
	if (!s)
		s = work(c, &w);
	if (w.cloud)
		cloud_close(w.cloud);
	return s;
}
