/* SPDX-License-Identifier: Apache-2.0 */
/* export.c - pangolin export, pangolin import. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/progress.h"
#include "cli/transfer.h"
#include "common/list.h"
#include "common/text.h"
#include "stores/restore.h"

/* --- tenants ------------------------------------------------------------------------ */

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum status read_tenants(struct cli *c, const char ***out, size_t *n)
{
	struct list ids = { .cx = c->cx, .size = sizeof(char *) };
	const char *text = cli_flag(c, "tenant");
	size_t kept = 0;

	*out = NULL;
	*n = 0;
	while (text) {
		size_t len = strcspn(text, ",");
		char *id = cx_strndup(c->cx, text, len);

		if (!text_is_uuid(id))
			return fail(c->cx, INVALID, "--tenant: no UUID: \"%s\"", id);
		*(const char **)list_add(&ids) = id;
		text = text[len] ? text + len + 1 : NULL;
	}
	if (!ids.n)
		return OK;
	*out = ids.items;
	qsort(ids.items, ids.n, sizeof(char *), compare_texts);
	for (size_t i = 0; i < ids.n; i++)
		if (!i || strcmp((*out)[kept - 1], (*out)[i]) != 0)
			(*out)[kept++] = (*out)[i];
	*n = kept;
	return OK;
}

enum status read_key_file(struct cli *c, struct seal **out)
{
	const char *path = cli_flag(c, "key-file");

	*out = NULL;
	return path ? seal_open(c->cx, path, out) : OK;
}

void show_totals(const struct cli *c, const struct dump_totals *t)
{
	const struct kind *k;

	for (size_t i = 0; (k = dump_kind(i)); i++)
		if (t->kinds[i].rows)
			cli_note(c, "%-18s %10lld rows  %s", k->name, (long long)t->kinds[i].rows,
				 t->kinds[i].sha256);
	cli_note(c, "%-18s %10lld rows  %s", "all", (long long)t->all.rows, t->all.sha256);
}

/* --- export --------------------------------------------------------------------------- */

/* A file that stands under its name only once it is whole. */
struct output {
	const char *path, *part; /* NULL: stdout */
	FILE *f;
};

static enum status open_output(struct cli *c, struct output *o)
{
	int fd;

	*o = (struct output){ .f = stdout };
	if (!c->n_args)
		return OK;
	o->path = c->args[0];
	o->part = cx_printf(c->cx, "%s.part", o->path);
	fd = open(o->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	o->f = fd < 0 ? NULL : fdopen(fd, "w");
	return o->f ? OK : fail(c->cx, INVALID, "%s: %s", o->part, strerror(errno));
}

static enum status close_output(struct cli *c, struct output *o, enum status s)
{
	bool good = s == OK;

	if (!o->part)
		return s;
	good = good && fflush(o->f) == 0 && fsync(fileno(o->f)) == 0;
	good = fclose(o->f) == 0 && good && rename(o->part, o->path) == 0;
	if (good)
		return OK;
	if (!s)
		s = fail(c->cx, UNAVAILABLE, "%s: %s", o->path, strerror(errno));
	unlink(o->part);
	return s;
}

static enum status write_export(struct cli *c, struct dump_options *o, struct output *to)
{
	struct progress p;
	struct dump_totals totals;
	bool one_moment;
	enum status s;

	progress_open(&p, c, "export", "rows", 0);
	o->watch = (struct dump_watch){ progress_tick, &p };
	o->out = to->f;
	s = dump_write(c->cx, c->store, o, &totals, &one_moment);
	progress_close(&p);
	if (s)
		return s;
	if (!one_moment && !c->quiet)
		fprintf(stderr,
			"This store can't show one moment for long: rows are as they were when "
			"they were read.  `pangolin tenant read-only` keeps writers out.\n");
	if (to->path)
		show_totals(c, &totals);
	return OK;
}

enum status run_export(struct cli *c)
{
	struct dump_options o = { .no_time = cli_flag(c, "no-time") != NULL };
	struct output to = { 0 };
	struct seal *key = NULL;
	const char **tenants;
	enum status s = read_tenants(c, &tenants, &o.n_tenants);

	o.tenants = tenants;
	if (!s)
		s = read_key_file(c, &key);
	o.reseal = key;
	if (!s)
		s = cli_store(c, false);
	if (!s)
		s = open_output(c, &to);
	if (!s)
		s = close_output(c, &to, write_export(c, &o, &to));
	seal_close(key);
	return s;
}

/* --- import ---------------------------------------------------------------------------- */

static void show_import(const struct cli *c, const struct restore_options *o,
			const struct restore_totals *t)
{
	if (o->check_only) {
		show_totals(c, &t->file);
		cli_note(c, "the file is whole, and nothing is in its way; nothing was written");
		return;
	}
	cli_note(c, "%lld tenants imported, %lld were there already", (long long)t->tenants,
		 (long long)t->skipped);
	cli_note(c,
		 "%lld rows written, %lld of them the server's own; %lld of the server's were "
		 "there already",
		 (long long)t->rows, (long long)t->server_rows, (long long)t->server_rows_there);
}

static enum status open_input(struct cli *c, FILE **out, int64_t *bytes)
{
	struct stat st;

	*out = fopen(c->args[0], "re");
	if (!*out || fstat(fileno(*out), &st))
		return fail(c->cx, INVALID, "%s: %s", c->args[0], strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(c->cx, INVALID, "%s is no file: it is read twice", c->args[0]);
	*bytes = st.st_size;
	return OK;
}

static enum status read_import(struct cli *c, struct restore_options *o, FILE *f, int64_t bytes)
{
	struct restore_totals totals;
	struct progress p;
	enum status s;

	progress_open(&p, c, o->check_only ? "check" : "import", "bytes", bytes);
	o->watch = (struct dump_watch){ progress_tick, &p };
	s = restore(c->cx, c->store, f, o, &totals);
	progress_close(&p);
	if (!s)
		show_import(c, o, &totals);
	return s;
}

enum status run_import(struct cli *c)
{
	struct restore_options o = { .skip_existing = cli_flag(c, "skip-existing") != NULL,
				     .check_only = cli_flag(c, "check") != NULL };
	struct seal *key = NULL;
	FILE *f = NULL;
	int64_t bytes = 0;
	enum status s = read_key_file(c, &key);

	o.key_file = key;
	if (!s)
		s = cli_store(c, false);
	if (!s)
		s = open_input(c, &f, &bytes);
	if (!s)
		s = read_import(c, &o, f, bytes);
	if (f)
		fclose(f);
	seal_close(key);
	return s;
}
