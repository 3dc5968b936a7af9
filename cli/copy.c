/* SPDX-License-Identifier: Apache-2.0 */
/* copy.c - pangolin copy: moves a live catalog from one store to another, tenant by tenant. */
#include <errno.h>
#include <unistd.h>

#include "cli/progress.h"
#include "cli/transfer.h"
#include "common/list.h"
#include "common/text.h"
#include "stores/restore.h"
#include "stores/tenants.h"

#define REASON "it is being copied to another store"
#define MARGIN_S 5 /* beyond a request's deadline */

/* Rows that readers leave, and the worker takes away: they need not stand still. */
static const struct kind *const moving[] = { &kind_token,	   &kind_audit, &kind_audit_seal,
					     &kind_metrics_report, &kind_user,	&kind_job };

struct side {
	const char *name; /* "FROM" */
	struct store *st;
};

struct tenant_copy {
	const char *id;
	bool marked; /* by us: it was writable before */
	bool done;
};

struct copy {
	struct cli *c;
	struct side from, to;
	struct tenant_copy *tenants;
	size_t n;
	bool with_server; /* and the server's own rows */
	struct progress progress;
	struct dump_totals file;
	struct restore *restoring; /* while the source is read again */
	int64_t different;
};

/* --- the stores --------------------------------------------------------------------- */

/* A URL, or env:NAME: what a process list shows is read by everybody. */
static enum status open_side(struct copy *k, struct side *s, const char *name, const char *arg)
{
	struct cli *c = k->c;
	const char *key = cli_storage_key(c), *url = arg;
	enum status r;

	if (text_starts(arg, "env:"))
		url = getenv(arg + strlen("env:"));
	if (!url || !*url)
		return fail(c->cx, INVALID, "%s: the environment has no %s", name,
			    arg + strlen("env:"));
	s->name = name;
	r = store_open(c->cx, url, key, false, &s->st);
	return r ? fail(c->cx, r, "%s: %s", name, cx_strdup(c->cx, c->cx->message)) : OK;
}

/* --- tenants -------------------------------------------------------------------------- */

static enum status add_tenant(void *arg, struct cx *cx, const char *tenant_id)
{
	struct list *all = arg;

	(void)cx;
	if (*tenant_id)
		*(struct tenant_copy *)list_add(all) =
			(struct tenant_copy){ .id = cx_strdup(all->cx, tenant_id) };
	return OK;
}

static enum status choose_tenants(struct copy *k)
{
	struct list all = { .cx = k->c->cx, .size = sizeof(struct tenant_copy) };
	const char **ids;
	size_t n;
	enum status s = read_tenants(k->c, &ids, &n);

	k->with_server = !ids;
	for (size_t i = 0; !s && i < n; i++)
		*(struct tenant_copy *)list_add(&all) = (struct tenant_copy){ .id = ids[i] };
	if (!s && !ids)
		s = cli_each_tenant(k->c->cx, k->from.st, add_tenant, &all);
	k->tenants = all.items;
	k->n = all.n;
	return s;
}

/* Refused before anything is done to anybody. */
static enum status check_tenants(struct copy *k)
{
	enum status s = OK;

	for (size_t i = 0; !s && i < k->n; i++) {
		struct tenant t;
		bool there = false;

		s = tenant_find(k->c->cx, k->from.st, k->tenants[i].id, &t);
		if (!s)
			s = restore_is_there(k->c->cx, k->to.st, k->tenants[i].id, &there);
		if (!s && there)
			s = fail(k->c->cx, EXISTS, "TO has tenant %s already", k->tenants[i].id);
	}
	return s;
}

/* --- the mark --------------------------------------------------------------------------- */

static enum status mark(struct copy *k)
{
	enum status s = OK;

	for (size_t i = 0; !s && i < k->n; i++) {
		struct tenant t;

		s = tenant_find(k->c->cx, k->from.st, k->tenants[i].id, &t);
		if (s || t.read_only)
			continue;
		s = tenant_set_read_only(k->c->cx, k->from.st, k->tenants[i].id, REASON, NULL);
		k->tenants[i].marked = !s;
	}
	return s;
}

/* Of what was copied the mark stays, unless --lift: writes would go to the wrong store. */
static void lift(struct copy *k)
{
	bool all = cli_flag(k->c, "lift") != NULL;

	for (size_t i = 0; i < k->n; i++) {
		const struct tenant_copy *t = &k->tenants[i];
		struct cx cx = { 0 };

		if (t->marked && (!t->done || all) &&
		    tenant_set_read_only(&cx, k->from.st, t->id, NULL, NULL))
			fprintf(stderr,
				"tenant %s is still read-only: `pangolin tenant writable %s` "
				"(%s)\n",
				t->id, t->id, cx.message);
		cx_free(&cx);
	}
}

static bool told_to_stop(struct copy *k)
{
	return !progress_tick(&k->progress, k->progress.done);
}

/* Requests that began before the mark have ended when this long is over. */
static enum status wait_for_requests(struct copy *k)
{
	int64_t seconds = k->c->config->request_timeout_ms / 1000 + MARGIN_S, until_ms;
	enum status s = cli_number(k->c, "wait", 0, 86400, &seconds);

	if (s)
		return s;
	cli_note(k->c, "%zu tenants are read-only; waiting %lld s for requests under way", k->n,
		 (long long)seconds);
	until_ms = cx_monotonic_ms() + 1000 * seconds;
	while (cx_monotonic_ms() < until_ms) {
		if (told_to_stop(k))
			return fail(k->c->cx, UNAVAILABLE, "stopped before it was done");
		usleep(50000);
	}
	return OK;
}

/* --- one tenant ------------------------------------------------------------------------------ */

static bool keep_going(void *arg, int64_t done)
{
	struct copy *k = arg;
	struct cx cx = { 0 };
	bool good = progress_tick(&k->progress, done);

	if (good && k->restoring)
		good = restore_keep(&cx, k->restoring) == OK;
	cx_free(&cx);
	return good;
}

/* Counts and checksums of a tenant in a store; with `out` its rows too. */
static enum status read_side(struct copy *k, const struct side *side, const char *id, FILE *out,
			     struct dump_totals *totals)
{
	struct dump_options o = {
		.tenants = &id, .n_tenants = 1, .out = out, .watch = { keep_going, k }
	};
	bool one_moment;

	return dump_write(k->c->cx, side->st, &o, totals, &one_moment);
}

static bool is_moving(const struct kind *k)
{
	for (size_t i = 0; i < ARRAY_SIZE(moving); i++)
		if (moving[i] == k)
			return true;
	return false;
}

/* Did the source stand still?  Whoever wrote past the mark would be lost otherwise. */
static enum status approve(struct cx *cx, void *arg, const char *tenant_id, struct restore *r)
{
	struct copy *k = arg;
	struct dump_totals again;
	const struct kind *kind;
	enum status s;

	k->restoring = r;
	s = read_side(k, &k->from, tenant_id, NULL, &again);
	k->restoring = NULL;
	for (size_t i = 0; !s && (kind = dump_kind(i)); i++)
		if (!is_moving(kind) && strcmp(again.kinds[i].sha256, k->file.kinds[i].sha256) != 0)
			s = fail(cx, CONFLICT,
				 "tenant %s was changed while it was copied (%s); is `pangolin "
				 "work` running on FROM, or was --wait too short?",
				 tenant_id, kind->name);
	return s;
}

/* What the file has beside what TO has now. */
static enum status compare(struct copy *k, const char *id)
{
	struct dump_totals there;
	const struct kind *kind;
	enum status s = read_side(k, &k->to, id, NULL, &there);

	if (s)
		return s;
	cli_note(k->c, "tenant %s", id);
	for (size_t i = 0; (kind = dump_kind(i)); i++) {
		const struct dump_count *a = &k->file.kinds[i], *b = &there.kinds[i];
		bool same = a->rows == b->rows && strcmp(a->sha256, b->sha256) == 0;

		k->different += !same;
		if (a->rows || b->rows)
			cli_note(k->c, "  %-18s %10lld %10lld  %.16s %.16s  %s", kind->name,
				 (long long)a->rows, (long long)b->rows, a->sha256, b->sha256,
				 same ? "same" : "DIFFERENT");
	}
	return OK;
}

static enum status copy_rows(struct copy *k, const char *id, FILE *f)
{
	struct restore_options o = { .watch = { keep_going, k }, .approve = approve, .arg = k };
	struct restore_totals totals;
	enum status s = read_side(k, &k->from, id, f, &k->file);

	if (s)
		return s;
	rewind(f);
	s = restore(k->c->cx, k->to.st, f, &o, &totals);
	if (s || *id)
		return s ? s : compare(k, id);
	cli_note(k->c,
		 "the server's own rows: %lld written; %lld were in TO already, and stay as "
		 "they are there",
		 (long long)totals.server_rows, (long long)totals.server_rows_there);
	return OK;
}

/* The file between has no name, and goes with the process. */
static enum status copy_tenant(struct copy *k, const char *id)
{
	FILE *f = tmpfile();
	enum status s;

	if (!f)
		return fail(k->c->cx, UNAVAILABLE, "no temporary file: %s", strerror(errno));
	s = copy_rows(k, id, f);
	fclose(f);
	return s;
}

static enum status copy_all(struct copy *k)
{
	enum status s = wait_for_requests(k);

	if (!s && k->with_server)
		s = copy_tenant(k, "");
	for (size_t i = 0; !s && i < k->n; i++) {
		s = copy_tenant(k, k->tenants[i].id);
		k->tenants[i].done = !s;
	}
	return s;
}

/* --- what came meanwhile ------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
	return strcmp(((const struct tenant_copy *)a)->id, ((const struct tenant_copy *)b)->id);
}

/* Who was made after the list was read has no mark, and is not copied. */
static enum status find_new(void *arg, struct cx *cx, const char *tenant_id)
{
	struct copy *k = arg;
	struct tenant_copy key = { .id = tenant_id };

	if (!*tenant_id || (k->n && bsearch(&key, k->tenants, k->n, sizeof(key), compare_ids)))
		return OK;
	return fail(
		cx, CONFLICT,
		"tenant %s was made in FROM meanwhile: copy it too, by --tenant (the others are "
		"in TO)",
		tenant_id);
}

static enum status copy(struct copy *k)
{
	enum status s = mark(k);

	if (!s)
		s = copy_all(k);
	progress_close(&k->progress);
	lift(k);
	if (s)
		return s;
	if (k->different)
		return fail(k->c->cx, INTERNAL, "%lld kinds differ: see above",
			    (long long)k->different);
	if (k->with_server)
		s = cli_each_tenant(k->c->cx, k->from.st, find_new, k);
	if (s)
		return s;
	cli_note(k->c, "%zu tenants are in TO as they were in FROM%s", k->n,
		 cli_flag(k->c, "lift") ? "" : ", where they stay read-only");
	return OK;
}

enum status run_copy(struct cli *c)
{
	struct copy k = { .c = c };
	enum status s = open_side(&k, &k.from, "FROM", c->args[0]);

	if (!s)
		s = open_side(&k, &k.to, "TO", c->args[1]);
	progress_open(&k.progress, c, "copy", "rows", 0);
	if (!s)
		s = choose_tenants(&k);
	if (!s)
		s = check_tenants(&k);
	if (!s)
		s = copy(&k);
	store_close(k.from.st);
	store_close(k.to.st);
	return s;
}
