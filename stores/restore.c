/* SPDX-License-Identifier: Apache-2.0 */
/* restore.c - writes an export's rows: a tenant's own row last, and what was not finished goes. */
#include "stores/restore.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json.h"
#include "common/list.h"
#include "common/log.h"
#include "common/text.h"
#include "stores/drop.h"
#include "stores/edit.h"
#include "stores/jobs.h"
#include "stores/rows.h"
#include "stores/seen.h"
#include "stores/tenants.h"

#define LEASE_MS 30000
#define STEP_TIMEOUT_MS 20000 /* of a list: within the lease */
#define ROWS_AT_ONCE 500
#define BYTES_AT_ONCE ((int64_t)2 * 1024 * 1024)
#define LOCATIONS_AT_ONCE 100 /* with the folders above them a list's worth */

struct restore {
	struct cx *cx, step; /* of the whole, with a row a tenant; of a list */
	struct store *st;
	const struct restore_options *o;
	FILE *f;
	struct stat file; /* as it was when it was checked */
	struct dump_reader *reader;
	struct restore_totals *totals;
	struct seen *folders; /* DIR rows that are known to be there */
	/* The tenant that is written. */
	struct tenant *row; /* NULL: the server's own rows, or skipping */
	struct job job;
	bool skipping;
	/* The list that is made. */
	struct row *rows[ROWS_AT_ONCE];
	size_t n;
	int64_t flushed; /* bytes */
};

static enum status step_failed(struct restore *r, enum status s)
{
	return s ? fail(r->cx, s, "%s", r->step.message) : OK;
}

static void next_step(struct restore *r)
{
	cx_reset(&r->step);
	r->step.deadline_ms = cx_monotonic_ms() + STEP_TIMEOUT_MS;
}

/* --- what was not finished -------------------------------------------------------------- */

static const char *this_host(struct cx *cx)
{
	char name[256] = "";

	(void)gethostname(name, sizeof(name) - 1);
	return cx_strdup(cx, name);
}

/* Who makes it: so that the next run knows whether it still does. */
static const char *job_payload(struct cx *cx)
{
	struct json_object *o = json_new_object(cx);

	json_set_text(o, "host", this_host(cx));
	json_set_int(o, "pid", getpid());
	return json_print(cx, o, NULL);
}

/* A restore on this host whose process is gone; of others only the lease tells. */
static bool is_abandoned(struct cx *cx, const struct job *j)
{
	struct json_object *o;
	int64_t pid;

	if (j->lease_ms <= cx_now_ms())
		return true;
	if (!j->payload || json_parse(cx, j->payload, strlen(j->payload), 4, &o))
		return false;
	pid = json_int(o, "pid", 0);
	return pid > 0 && text_same(json_text(o, "host"), this_host(cx)) &&
	       kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

static enum status remove_rows(struct cx *cx, struct store *st, struct job *j)
{
	bool done = false, sealed = st->sealed;
	enum status s = OK;

	st->sealed = false; /* API keys are found by their hash in the clear */
	while (!s && !done) {
		struct cx step = { .deadline_ms = cx_monotonic_ms() + STEP_TIMEOUT_MS };

		s = job_extend(&step, st, j);
		if (!s)
			s = drop_tenant_rows(&step, st, j->tenant_id, DROP_MAX_ROWS / 2, &done);
		if (s)
			fail(cx, s, "%s", step.message);
		cx_free(&step);
	}
	st->sealed = sealed;
	return s ? s : job_done(cx, st, j);
}

enum status restore_clean(struct cx *cx, struct store *st, const char *tenant_id)
{
	struct job from = { .row = ROW(job), .tenant_id = tenant_id };
	struct query q = { .from = &from.row, .where = { "tenant_id" }, .limit = ROWS_AT_ONCE };
	struct rows rows;
	enum status s = store_list(cx, st, &q, &rows);
	struct job *j = rows.items;

	for (size_t i = 0; !s && i < rows.n; i++) {
		if (!text_same(j[i].type, "drop-tenant"))
			continue;
		if (!is_abandoned(cx, &j[i]))
			return fail(cx, CONFLICT,
				    "tenant %s is being imported or removed by another process: "
				    "try again in %lld s",
				    tenant_id, (long long)(j[i].lease_ms - cx_now_ms()) / 1000 + 1);
		s = remove_rows(cx, st, &j[i]);
	}
	return s;
}

/* --- a tenant's begin and end ---------------------------------------------------------------- */

static void make_job(struct restore *r)
{
	r->job = (struct job){ .row = ROW(job),
			       .job_id = text_uuid7(r->cx),
			       .tenant_id = r->row->tenant_id,
			       .type = "drop-tenant",
			       .payload = job_payload(r->cx),
			       .due_ms = cx_now_ms(),
			       .lease_ms = cx_now_ms() + LEASE_MS,
			       .created_ms = cx_now_ms() };
}

/* The empty default tenant of a new store gives way; nobody is in it from here on. */
static enum status begin_tenant(struct restore *r, struct tenant *t)
{
	struct tenant empty = { .row = ROW(tenant), .tenant_id = t->tenant_id };
	struct row *look[] = { &empty.row };
	struct change list[3];
	bool there = false;
	enum status s = store_get_all(&r->step, r->st, look, 1);

	if (!s) /* behind its version: who comes in later changes that */
		s = restore_is_there(&r->step, r->st, empty.tenant_id, &there);
	if (!s && there && !r->o->skip_existing)
		s = fail(&r->step, CONFLICT, "tenant %s was made meanwhile", empty.tenant_id);
	r->skipping = there;
	if (s || there)
		return s;
	r->row = t;
	make_job(r);
	list[0] = (struct change){ INSERT, &r->job.row };
	list[1] = epoch_touch(&r->step, t->tenant_id);
	list[2] = (struct change){ DELETE, &empty.row };
	s = store_apply(&r->step, r->st, list, empty.row.version ? 3 : 2, NULL);
	if (s)
		r->row = NULL;
	return s;
}

/* --- rows ---------------------------------------------------------------------------------------- */

static const char *folder_name(struct restore *r, const struct location_row *l)
{
	return cx_printf(&r->step, "%s %s", l->storage, l->path);
}

/* A location of the list and all folders above it. */
struct lane {
	const struct location_row *table;
	struct location_row **rows;
	size_t n;
};

/* Reads what is there at and above the list's locations, but for folders known to be. */
static enum status read_lanes(struct restore *r, struct list *lanes)
{
	struct list look = { .cx = &r->step, .size = sizeof(struct row *) };

	for (size_t i = 0; i < r->n; i++) {
		struct lane *lane;

		if (r->rows[i]->kind != &kind_location_row)
			continue;
		lane = list_add(lanes);
		lane->table = (const struct location_row *)r->rows[i];
		lane->rows = location_rows(&r->step, lane->table, &lane->n);
		for (size_t k = 0; k < lane->n; k++)
			if (!seen_has(r->folders, folder_name(r, lane->rows[k])))
				*(struct row **)list_add(&look) = &lane->rows[k]->row;
	}
	return store_get_all(&r->step, r->st, look.items, look.n);
}

/* The folders above the list's locations that have no row yet. */
static enum status missing_folders(struct restore *r, struct list *folders)
{
	struct list lanes = { .cx = &r->step, .size = sizeof(struct lane) };
	struct seen *here = seen_open(&r->step);
	enum status s = read_lanes(r, &lanes);
	struct lane *lane = lanes.items;

	for (size_t i = 0; !s && i < lanes.n; i++, lane++) {
		const char *problem = location_problem(&r->step, lane->table, lane->rows, lane->n);

		if (problem)
			return fail(&r->step, EXISTS, "%s", problem);
		for (size_t k = 0; k + 1 < lane->n; k++) {
			const char *name = folder_name(r, lane->rows[k]);

			if (seen_has(r->folders, name))
				continue;
			if (lane->rows[k]->row.version)
				seen_add(r->folders, name);
			else if (seen_add(here, name))
				*(struct row **)list_add(folders) = &lane->rows[k]->row;
		}
	}
	return s;
}

/* One try: the rows, the folders they need, and `also`.  EXISTS: perhaps a folder that
 * another tenant's table needed at the same moment. */
static enum status try_list(struct restore *r, const struct change *also, size_t n_also)
{
	struct list folders = { .cx = &r->step, .size = sizeof(struct row *) };
	enum status s = missing_folders(r, &folders);
	struct row **dirs = folders.items;
	struct change *list = cx_array(&r->step, r->n + folders.n + n_also + 1, sizeof(*list));
	size_t n = 0;

	if (s)
		return s == EXISTS ? CONFLICT : s;
	for (size_t i = 0; i < r->n; i++)
		list[n++] = (struct change){ INSERT, r->rows[i] };
	for (size_t i = 0; i < folders.n; i++)
		list[n++] = (struct change){ INSERT, dirs[i] };
	for (size_t i = 0; i < n_also; i++)
		list[n++] = also[i];
	s = store_apply(&r->step, r->st, list, n, NULL);
	for (size_t i = 0; !s && i < folders.n; i++)
		seen_add(r->folders, folder_name(r, (struct location_row *)dirs[i]));
	return s;
}

/* The list and `also`, which holds the job: a CONFLICT says that the lease was lost. */
static enum status apply_list(struct restore *r, const struct change *also, size_t n_also)
{
	bool again = r->n && r->rows[r->n - 1]->kind == &kind_location_row;
	enum status s = try_list(r, also, n_also);

	for (size_t tries = 1; again && s == EXISTS && tries < EDIT_TRIES; tries++) {
		edit_backoff(&r->step, tries);
		s = try_list(r, also, n_also);
	}
	if (s)
		return s;
	r->totals->rows += (int64_t)r->n;
	r->n = 0;
	return OK;
}

/* --- the server's own rows ------------------------------------------------------------------- */

/* Those that are there already stay as they are. */
static enum status leave_out_known(struct restore *r)
{
	struct row **look = cx_array(&r->step, r->n + 1, sizeof(*look));
	size_t kept = 0;
	enum status s;

	for (size_t i = 0; i < r->n; i++) {
		look[i] = cx_alloc(&r->step, r->rows[i]->kind->size);
		look[i]->kind = r->rows[i]->kind;
		rows_copy(look[i], r->rows[i], look[i]->kind->n_keys);
	}
	s = store_get_all(&r->step, r->st, look, r->n);
	if (s)
		return s;
	for (size_t i = 0; i < r->n; i++)
		if (look[i]->version)
			r->totals->server_rows_there++;
		else
			r->rows[kept++] = r->rows[i];
	r->n = kept;
	return OK;
}

static enum status flush_server(struct restore *r)
{
	struct change touch = epoch_touch(&r->step, "");
	enum status s = leave_out_known(r);

	r->totals->server_rows += (int64_t)r->n;
	return s || !r->n ? s : apply_list(r, &touch, 1);
}

/* --- lists --------------------------------------------------------------------------------------- */

static enum status flush(struct restore *r)
{
	const struct dump_watch *w = &r->o->watch;
	struct change lease = { UPDATE, &r->job.row };
	enum status s = OK;

	if (w->tick && !w->tick(w->arg, dump_bytes(r->reader)))
		return fail(r->cx, UNAVAILABLE, "stopped before it was done");
	r->job.lease_ms = cx_now_ms() + LEASE_MS;
	if (!r->skipping)
		s = step_failed(r, r->row ? apply_list(r, &lease, 1) : flush_server(r));
	next_step(r);
	r->flushed = dump_bytes(r->reader);
	return s;
}

static bool is_full(const struct restore *r)
{
	return r->n == ROWS_AT_ONCE || dump_bytes(r->reader) - r->flushed > BYTES_AT_ONCE ||
	       (r->n && r->rows[r->n - 1]->kind == &kind_location_row && r->n >= LOCATIONS_AT_ONCE);
}

/* A file that somebody writes to while it is read is not the one that was checked. */
static enum status check_file(struct restore *r)
{
	struct stat now;

	if (fileno(r->f) < 0 || fstat(fileno(r->f), &now))
		return OK;
	if (now.st_size == r->file.st_size && now.st_mtim.tv_sec == r->file.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == r->file.st_mtim.tv_nsec)
		return OK;
	return fail(r->cx, CONFLICT, "the file was changed while it was read");
}

/* The tenant's own row, in one list with the end of the job.  No record is added: an import
 * is what was exported, to the row. */
static enum status end_tenant(struct restore *r)
{
	struct change also[3];
	enum status s = OK;

	if (r->n)
		s = flush(r);
	if (s || !r->row)
		return s;
	s = check_file(r);
	if (!s && r->o->approve)
		s = r->o->approve(r->cx, r->o->arg, r->row->tenant_id, r);
	if (s)
		return s;
	next_step(r);
	also[0] = (struct change){ INSERT, &r->row->row };
	also[1] = epoch_touch(&r->step, r->row->tenant_id);
	also[2] = (struct change){ DELETE, &r->job.row };
	s = step_failed(r, apply_list(r, also, ARRAY_SIZE(also)));
	if (s)
		return s;
	log_event(LOG_NOTE_, "tenant_imported", NULL, "tenant %s", r->row->tenant_id);
	r->totals->tenants++;
	r->totals->rows++;
	r->row = NULL;
	return OK;
}

enum status restore_keep(struct cx *cx, struct restore *r)
{
	if (r->job.lease_ms - cx_now_ms() > LEASE_MS / 2)
		return OK;
	r->job.lease_ms = cx_now_ms() + LEASE_MS;
	return store_apply(cx, r->st, (struct change[]){ { UPDATE, &r->job.row } }, 1, NULL);
}

/* What was written of a tenant that is not finished goes, if the store lets us; else the
 * worker does it later. */
static void abort_tenant(struct restore *r)
{
	struct cx cx = { 0 };

	if (r->row)
		(void)!remove_rows(&cx, r->st, &r->job);
	r->row = NULL;
	cx_free(&cx);
}

/* --- all ------------------------------------------------------------------------------------------ */

static enum status take_row(struct restore *r, struct row *row)
{
	enum status s = OK;

	if (r->skipping)
		return OK;
	if (dump_header(r->reader)->key_file)
		s = step_failed(r, dump_reseal(&r->step, row, r->o->key_file, r->st->seal));
	r->rows[r->n++] = row;
	return s;
}

/* The one before ends, and this one begins; NULL: there is no other. */
static enum status change_tenant(struct restore *r, const struct row *next)
{
	struct tenant *t = CX_NEW(r->cx, struct tenant);
	enum status s;

	if (next)
		rows_clone(r->cx, &t->row, next);
	s = end_tenant(r);
	r->skipping = false;
	next_step(r);
	if (s || !next)
		return s;
	s = step_failed(r, begin_tenant(r, t));
	r->totals->skipped += r->skipping;
	return s;
}

static enum status write_rows(struct restore *r)
{
	struct row *row = NULL;
	enum status s;

	next_step(r);
	do {
		s = step_failed(r, dump_next(&r->step, r->reader, &row));
		if (!s && (!row || row->kind == &kind_tenant)) {
			bool last = !row;

			s = change_tenant(r, row);
			if (last)
				return s;
		} else if (!s) {
			s = take_row(r, row);
		}
		if (!s && is_full(r))
			s = flush(r);
	} while (!s);
	return s;
}

static enum status write_file(struct restore *r)
{
	enum status s = dump_open(r->cx, r->f, &r->reader);

	r->folders = seen_open(r->cx);
	if (!s)
		s = write_rows(r);
	if (s)
		abort_tenant(r);
	cx_free(&r->step);
	return s;
}

enum status restore(struct cx *cx, struct store *st, FILE *f, const struct restore_options *o,
		    struct restore_totals *totals)
{
	struct restore r = { .cx = cx, .st = st, .o = o, .totals = totals, .f = f };
	bool sealed = st->sealed;
	enum status s;

	*totals = (struct restore_totals){ 0 };
	if (fileno(f) >= 0)
		(void)fstat(fileno(f), &r.file);
	s = restore_check(cx, st, f, o, &totals->file);
	if (s || o->check_only)
		return s;
	rewind(f);
	st->sealed = true;
	s = write_file(&r);
	st->sealed = sealed;
	return s;
}
