/* SPDX-License-Identifier: Apache-2.0 */
/* maintain.c - pangolin maintain: old snapshots of all tables go, on every branch, and their files. */
#include "cli/maintain.h"

#include <unistd.h>

#include "cli/removal.h"
#include "common/text.h"
#include "stores/branches.h"
#include "stores/jobs.h"
#include "stores/tenants.h"

#define PAGE 500
#define HOUR_MS ((int64_t)3600000)
#define DAY_MS (24 * HOUR_MS)

/* --- files -------------------------------------------------------------------------------------- */

static enum status open_removal(struct upkeep *u, struct cx *cx, const struct job *j,
				struct removal **r)
{
	struct json_object *payload;
	const char *identity;
	enum status s = json_parse(cx, j->payload, strlen(j->payload), 16, &payload);

	cx->deadline_ms = cx_monotonic_ms() + SITE_TIMEOUT_MS;
	if (!s)
		s = removal_storage(cx, &u->site.rs, j->tenant_id, payload, &identity);
	cx->deadline_ms = 0;
	if (!s)
		s = upkeep_shared(u, cx, j->tenant_id, identity);
	cx->deadline_ms = cx_monotonic_ms() + SITE_TIMEOUT_MS;
	if (!s)
		s = removal_open(cx, &u->site.rs, j->tenant_id, payload, u->shared, r);
	cx->deadline_ms = 0;
	return s;
}

static enum status run_removal(struct upkeep *u, struct cx *cx, const struct job *j)
{
	struct removal *r = NULL;
	bool done = false;
	enum status s = open_removal(u, cx, j, &r);

	while (!s && r && !done) {
		cx_reset(&u->step);
		u->step.deadline_ms = cx_monotonic_ms() + SITE_TIMEOUT_MS;
		s = removal_step(&u->step, r, &done);
		if (s)
			fail(cx, s, "%s", u->step.message);
	}
	if (r)
		u->files += (int64_t)removal_count(r);
	return s;
}

/* Also those of a run that was cut short.  A worker that has one just then does no harm: it
 * removes the same files. */
static enum status run_job(struct upkeep *u, struct job *j)
{
	struct cx cx = { 0 };
	enum status s = run_removal(u, &cx, j);

	if (s) {
		cli_say("%s: %s; `pangolin work` tries again", j->job_id, cx.message);
		u->failed++;
		s = OK;
	} else {
		s = job_done(&cx, u->site.rs.store, j);
		s = s == CONFLICT || s == NOT_FOUND ? OK : s;
		if (s)
			fail(u->site.c->cx, s, "%s", cx.message);
	}
	cx_free(&cx);
	return s;
}

static enum status remove_files(struct upkeep *u)
{
	struct job from = { .row = ROW(job) };
	struct query q = { .from = &from.row, .limit = PAGE };
	struct rows rows;
	enum status s;

	do {
		struct job *j;

		s = store_list(u->site.c->cx, u->site.rs.store, &q, &rows);
		u->shared = NULL; /* what is read for these jobs is read after they were inserted */
		j = rows.items;
		for (size_t i = 0; !s && i < rows.n; i++) {
			q.after = &j[i].row;
			if (text_same(j[i].type, "remove-expired") &&
			    (!u->tenant || text_same(u->tenant, j[i].tenant_id)))
				s = run_job(u, &j[i]);
		}
	} while (!s && rows.n == PAGE);
	return s;
}

/* --- snapshots ------------------------------------------------------------------------------------ */

bool upkeep_may(const char *fmt, ...)
{
	char answer[16] = "";
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf(" [y/N] ");
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

static enum status expire(struct upkeep *u, const struct catalog_ref *ref,
			  const struct asset_name *at, const char *shown, struct expired *done)
{
	struct expire_rule look = u->rule;
	enum status s;

	look.dry_run = true;
	if (!u->yes || u->dry_run) {
		s = expire_snapshots(&u->step, &u->site.rs, ref, at, &look, done);
		if (s || u->dry_run || (!done->n && !done->refs))
			return s;
		if (!upkeep_may("%s: expire %zu snapshots, %zu refs?", shown, done->n,
				done->refs)) {
			*done = (struct expired){ 0 };
			return OK;
		}
	}
	return expire_snapshots(&u->step, &u->site.rs, ref, at, &u->rule, done);
}

static void expire_row(struct upkeep *u, const struct catalog_ref *ref, const struct asset *a,
		       const char *shown)
{
	const struct asset_name at = { a->namespace, a->name };
	struct expired done = { 0 };
	enum status s;

	u->tables++;
	cx_reset(&u->step);
	s = expire(u, ref, &at, shown, &done);
	if (s) {
		u->failed++;
		cli_say("%s: %s", shown, u->step.message);
	} else if (done.skipped) {
		cli_say("%s: left alone: %s", shown, done.skipped);
	} else if (done.n || done.refs) {
		u->snapshots += (int64_t)done.n;
		cli_say("%s: %zu snapshots%s %s", shown, done.n,
			done.refs ? cx_printf(&u->step, " and %zu refs", done.refs) : "",
			u->dry_run ? "would expire" : "expired");
	}
}

/* One table's failure is told; the others go on. */
static void maintain_row(struct upkeep *u, struct cx *cx, const struct catalog_ref *ref,
			 const struct asset *a)
{
	const char *shown = asset_shown(cx, a->namespace, a->name);

	if (a->until != LIVING || !text_same(a->type, "ICEBERG_TABLE") ||
	    (u->table && !text_same(u->table, shown)))
		return;
	shown = cx_printf(cx, "%s of %s@%s", shown, ref->name, ref->branch_name);
	if (u->orphans)
		upkeep_orphans(u, ref, a, shown);
	else
		expire_row(u, ref, a, shown);
}

static enum status maintain_branch(struct upkeep *u, struct cx *cx, const struct catalog_ref *ref)
{
	struct asset from = { .row = ROW(asset),
			      .tenant_id = ref->tenant_id,
			      .catalog_id = ref->catalog_id,
			      .branch_id = ref->branch_id };
	struct query q = { .from = &from.row, .bound = 3, .limit = PAGE };
	struct rows rows;
	enum status s;

	do {
		struct asset *a;

		s = store_list(cx, u->site.rs.store, &q, &rows);
		a = rows.items;
		for (size_t i = 0; !s && i < rows.n; i++) {
			maintain_row(u, cx, ref, &a[i]);
			q.after = &a[i].row;
		}
	} while (!s && rows.n == PAGE);
	return s;
}

static enum status maintain_catalog(struct upkeep *u, const struct catalog *c)
{
	struct cx cx = { 0 };
	const struct catalog_ref *ref, *on;
	struct branch *all;
	size_t n = 0;
	enum status s = content_catalog(&cx, u->site.rs.content, u->site.rs.store, c->tenant_id,
					c->name, NULL, &ref);

	if (!s)
		s = branch_all(&cx, u->site.rs.store, ref, &all, &n);
	for (size_t i = 0; !s && i < n; i++) {
		s = content_catalog(&cx, u->site.rs.content, u->site.rs.store, c->tenant_id,
				    c->name, all[i].name, &on);
		if (!s && !on->read_only)
			s = maintain_branch(u, &cx, on);
		if (s == NOT_FOUND) /* dropped meanwhile, or hidden */
			s = OK;
	}
	if (s && s != NOT_FOUND)
		fail(u->site.c->cx, s, "catalog %s: %s", c->name, cx.message);
	cx_free(&cx);
	return s == NOT_FOUND ? OK : s;
}

static enum status maintain_tenant(void *arg, struct cx *cx, const char *tenant_id)
{
	struct upkeep *u = arg;
	struct catalog from = { .row = ROW(catalog), .tenant_id = tenant_id };
	struct query q = { .from = &from.row, .bound = 1, .limit = PAGE };
	struct rows rows;
	enum status s = OK;

	if (u->tenant && !text_same(u->tenant, tenant_id))
		return OK;
	s = tenant_may_write(cx, u->site.rs.store, tenant_id);
	if (s == DENIED) {
		cli_say("tenant %s: left alone: %s", tenant_id, cx->message);
		return OK;
	}
	if (s)
		return s;
	do {
		struct catalog *c;

		s = store_list(cx, u->site.rs.store, &q, &rows);
		c = rows.items;
		for (size_t i = 0; !s && i < rows.n; i++) {
			q.after = &c[i].row;
			if (text_same(c[i].catalog_type, "Federated") ||
			    (u->catalog && !text_same(u->catalog, c[i].name)))
				continue;
			s = maintain_catalog(u, &c[i]);
			if (s)
				fail(cx, s, "%s", cx_strdup(cx, u->site.c->cx->message));
		}
	} while (!s && rows.n == PAGE);
	return s;
}

/* --- the command ----------------------------------------------------------------------------------- */

static enum status read_orphan_flags(struct upkeep *u)
{
	struct cli *c = u->site.c;
	bool forced = cli_flag(c, "force") != NULL;
	int64_t hours = ORPHAN_AGE_MS / HOUR_MS;
	enum status s = cli_number(c, "orphan-age", 0, 876000, &hours);

	u->orphans = cli_flag(c, "orphans") != NULL;
	u->orphan_age_ms = hours * HOUR_MS;
	u->seen = seen_open(&u->seen_memory);
	if (!s && u->orphan_age_ms < ORPHAN_LEAST_AGE_MS && !forced)
		s = fail(
			c->cx, INVALID,
			"--orphan-age: a file that is younger than 24 hours may belong to a commit "
			"that is under way; --force where nobody writes");
	return s;
}

static enum status read_flags(struct upkeep *u)
{
	struct cli *c = u->site.c;
	int64_t days = -1;
	enum status s = cli_number(c, "older-than", 0, 36500, &days);

	u->dry_run = cli_flag(c, "dry-run") != NULL;
	u->rule = (struct expire_rule){ .keep = -1, .dry_run = u->dry_run };
	if (!s)
		s = cli_number(c, "keep", 1, 1000000, &u->rule.keep);
	if (!s)
		s = read_orphan_flags(u);
	u->rule.age_ms = days < 0 ? -1 : days * DAY_MS;
	u->tenant = cli_flag(c, "tenant");
	u->catalog = cli_flag(c, "catalog");
	u->table = cli_flag(c, "table");
	u->yes = cli_flag(c, "yes") != NULL;
	if (!s && !u->yes && !u->dry_run && !isatty(STDIN_FILENO))
		s = fail(c->cx, INVALID,
			 "maintain asks first: on a terminal, or with --yes (or --dry-run)");
	return s;
}

static void sum_up(const struct upkeep *u)
{
	const char *would = u->dry_run ? "would " : "";

	if (u->orphans)
		cli_note(u->site.c,
			 "%lld tables looked at, %lld orphan files %sgo, %lld bytes, %lld failed",
			 (long long)u->tables, (long long)u->files, would, (long long)u->bytes,
			 (long long)u->failed);
	else
		cli_note(
			u->site.c,
			"%lld tables looked at, %lld snapshots %s, %lld files removed, %lld failed",
			(long long)u->tables, (long long)u->snapshots,
			u->dry_run ? "would expire" : "expired", (long long)u->files,
			(long long)u->failed);
}

enum status run_maintain(struct cli *c)
{
	struct upkeep u = { .site.c = c };
	enum status s = read_flags(&u);

	if (!s)
		s = site_open(c, &u.site);
	if (s)
		return s;
	s = cli_each_tenant(c->cx, c->store, maintain_tenant, &u);
	if (!s && !u.dry_run && !u.orphans)
		s = remove_files(&u);
	upkeep_close(&u);
	site_close(&u.site);
	if (s)
		return s;
	sum_up(&u);
	return u.failed ? fail(c->cx, UNAVAILABLE, "not everything could be done") : OK;
}
