/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c - pangolin doctor. */
#include "cli/doctor.h"

#include <unistd.h>

#include "common/list.h"
#include "common/text.h"
#include "stores/jobs.h"
#include "stores/postgres.h"
#include "stores/warehouses.h"
#include "vending/selftest.h"

#define PAGE 1000
#define FAMILIES 4
#define HOUR_MS ((int64_t)3600000)
#define MANY_TRIES 3
#define SPARE_CONNECTIONS 10

/* --- findings ------------------------------------------------------------------------ */

void doctor_finds(struct doctor *d, const char *fmt, ...)
{
	va_list ap;

	progress_close(&d->progress);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	d->found++;
}

bool doctor_may(struct doctor *d, const char *fmt, ...)
{
	char answer[16] = "";
	va_list ap;

	if (!d->fix)
		return false;
	va_start(ap, fmt);
	fputs("  ", stdout);
	vprintf(fmt, ap);
	va_end(ap);
	if (d->yes) {
		putchar('\n');
		return true;
	}
	fputs("? [y/N] ", stdout);
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

void doctor_did(struct doctor *d, enum status s)
{
	if (s)
		cli_say("  this was not possible: %s", d->step.message);
	else
		cli_say("  done");
	d->fixed += !s;
}

enum status doctor_step(struct doctor *d)
{
	cx_reset(&d->step);
	d->step.deadline_ms = cx_monotonic_ms() + SITE_TIMEOUT_MS;
	if (progress_tick(&d->progress, d->looked_at))
		return OK;
	return fail(d->site.c->cx, UNAVAILABLE, "stopped before it was done");
}

/* --- jobs ------------------------------------------------------------------------------ */

static void look_at_job(struct doctor *d, const struct job *j)
{
	int64_t now = cx_now_ms();

	if (j->error && j->attempts >= MANY_TRIES)
		doctor_finds(d, "job %s (%s, tenant %s) failed %lld times: %s", j->job_id, j->type,
			     j->tenant_id, (long long)j->attempts, j->error);
	else if (j->due_ms < now - HOUR_MS && j->lease_ms < now)
		doctor_finds(d, "job %s (%s, tenant %s) is due since %s: is `pangolin work` run?",
			     j->job_id, j->type, j->tenant_id, text_time(&d->step, j->due_ms));
}

enum status doctor_jobs(struct doctor *d)
{
	struct cx *cx = d->site.c->cx;
	struct job from = { .row = ROW(job) };
	struct query q = { .from = &from.row, .limit = PAGE };
	struct rows rows;
	enum status s;

	do {
		struct job *j;

		s = store_list(cx, d->site.rs.store, &q, &rows);
		j = rows.items;
		for (size_t i = 0; !s && i < rows.n; i++) {
			look_at_job(d, &j[i]);
			q.after = &j[i].row;
		}
	} while (!s && rows.n == PAGE);
	return s;
}

/* --- the database ------------------------------------------------------------------------ */

/* Every process keeps one connection for good. */
static enum status look_at_connections(struct doctor *d)
{
	int64_t processes = 8, hosts = 1, most = 0, wanted;
	enum status s = cli_number(d->site.c, "processes", 1, 10000, &processes);

	if (!s)
		s = cli_number(d->site.c, "hosts", 1, 10000, &hosts);
	if (!s)
		s = postgres_max_connections(d->site.c->cx, d->site.rs.store, &most);
	if (s)
		return s == UNSUPPORTED ? OK : s;
	wanted = processes * hosts * FAMILIES;
	if (wanted > most - SPARE_CONNECTIONS)
		doctor_finds(
			d,
			"%d families of %lld processes on %lld hosts want %lld connections, and "
			"PostgreSQL's max_connections is %lld: keep %d free",
			FAMILIES, (long long)processes, (long long)hosts, (long long)wanted,
			(long long)most, SPARE_CONNECTIONS);
	return OK;
}

/* --- catalogs ------------------------------------------------------------------------------ */

static enum status look_at_catalog(struct doctor *d, const struct catalog *c)
{
	struct cx *cx = d->site.c->cx;
	struct warehouse w;
	enum status s = OK;

	if (text_same(c->catalog_type, "Federated"))
		return OK;
	if (c->warehouse_name && *c->warehouse_name) {
		s = warehouse_find(cx, d->site.rs.store, c->tenant_id, c->warehouse_name, &w);
		if (s == NOT_FOUND)
			doctor_finds(d, "catalog %s of tenant %s: its warehouse \"%s\" is missing",
				     c->name, c->tenant_id, c->warehouse_name);
	} else if ((!c->storage_location || !*c->storage_location) && !d->site.rs.store->fallback) {
		s = NOT_FOUND;
		doctor_finds(d, "catalog %s of tenant %s has no warehouse: no table can be made",
			     c->name, c->tenant_id);
	}
	if (s)
		return s == NOT_FOUND ? OK : s;
	return doctor_catalog(d, c);
}

static enum status look_at_tenant(void *arg, struct cx *cx, const char *tenant_id)
{
	struct doctor *d = arg;
	const char *only = cli_flag(d->site.c, "tenant");
	struct catalog from = { .row = ROW(catalog), .tenant_id = tenant_id };
	struct query q = { .from = &from.row, .bound = 1, .limit = PAGE };
	struct rows rows;
	enum status s = OK;

	if (only && strcmp(only, tenant_id) != 0)
		return OK;
	do {
		struct catalog *c;

		s = store_list(cx, d->site.rs.store, &q, &rows);
		c = rows.items;
		for (size_t i = 0; !s && i < rows.n; i++) {
			s = look_at_catalog(d, &c[i]);
			q.after = &c[i].row;
			if (s)
				fail(cx, s, "%s", cx_strdup(cx, d->site.c->cx->message));
		}
	} while (!s && rows.n == PAGE);
	return s;
}

/* --- a warehouse ------------------------------------------------------------------------------ */

static enum status test_warehouse(struct doctor *d, const char *name)
{
	struct cli *c = d->site.c;
	const char *tenant = cli_flag(c, "tenant"), *problem = NULL;
	struct selftest_step *step;
	struct selftest result;
	struct storage storage;
	struct vault *vault;
	struct warehouse w;
	enum status s =
		warehouse_find(c->cx, d->site.rs.store, tenant ? tenant : NIL_UUID, name, &w);

	if (!s)
		s = vault_open(c->cx, NULL, c->store->seal, &vault);
	if (s)
		return s;
	if (storage_of(c->cx, &w, &storage))
		problem = cx_strdup(c->cx, c->cx->message);
	c->cx->deadline_ms = cx_monotonic_ms() + SITE_TIMEOUT_MS;
	selftest_run(c->cx, d->site.rs.cloud, vault, &storage, problem, &result);
	c->cx->deadline_ms = 0;
	vault_close(vault);
	for (step = result.steps; step < result.steps + result.n; step++) {
		static const char *const words[] = { "ok", "FAILED", "skipped" };

		cli_say("%-12s %-8s %s", step->name, words[step->result],
			step->says ? step->says : "");
		d->found += step->result == STEP_BAD;
	}
	return OK;
}

/* --- the command --------------------------------------------------------------------------------- */

static enum status read_flags(struct doctor *d)
{
	struct cli *c = d->site.c;
	int64_t hours = 72;
	enum status s = cli_number(c, "grace", 1, 24 * 365, &hours);

	d->fix = cli_flag(c, "fix") != NULL;
	d->yes = cli_flag(c, "yes") != NULL;
	d->quick = cli_flag(c, "quick") != NULL;
	d->grace_ms = hours * HOUR_MS;
	if (!s && d->fix && !d->yes && !isatty(STDIN_FILENO))
		s = fail(c->cx, INVALID, "--fix asks first: on a terminal, or with --yes");
	return s;
}

static enum status examine(struct doctor *d)
{
	struct cli *c = d->site.c;
	enum status s;

	if (cli_flag(c, "warehouse"))
		return test_warehouse(d, cli_flag(c, "warehouse"));
	s = look_at_connections(d);
	if (!s)
		s = doctor_jobs(d);
	if (!s)
		s = cli_each_tenant(c->cx, c->store, look_at_tenant, d);
	if (!s && !cli_flag(c, "tenant"))
		s = doctor_places(d);
	return s;
}

enum status run_doctor(struct cli *c)
{
	struct doctor d = { .site.c = c };
	enum status s = read_flags(&d);

	if (!s)
		s = site_open(c, &d.site);
	if (!s) {
		progress_open(&d.progress, c, "doctor", "rows", 0);
		s = doctor_step(&d);
	}
	if (!s)
		s = examine(&d);
	progress_close(&d.progress);
	cx_free(&d.step);
	site_close(&d.site);
	if (s)
		return s;
	cli_note(c, "%lld found, %lld put right", (long long)d.found, (long long)d.fixed);
	return d.found == d.fixed ? OK : fail(c->cx, CONFLICT, "not everything is as it should be");
}
