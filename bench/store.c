/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - how fast a store reads and writes: point reads and applies, by 1 and by 8 processes. */
#include "stores/store.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/text.h"

#define TABLES 10000 /* rows that are read and written at random */
#define MAX_SAMPLES 2000000
#define MAX_PROCESSES 8

static const char catalog_id[] = "019ab000-0000-7000-8000-000000000001";
static const char branch_id[] = "019ab000-0000-7000-8000-000000000002";

/* Shared by the workers of one run. */
struct run {
	volatile bool go, stop;
	size_t n[MAX_PROCESSES];
	uint32_t samples[MAX_PROCESSES][MAX_SAMPLES / MAX_PROCESSES]; /* ns */
};

struct work {
	struct cx cx;
	struct store *st;
	struct run *run;
	unsigned seed;
	int number;
};

static _Noreturn void die(const struct cx *cx)
{
	fprintf(stderr, "bench: %s\n", cx->message);
	exit(1);
}

static void check(const struct cx *cx, enum status s)
{
	if (s)
		die(cx);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct asset asset_number(struct cx *cx, size_t i)
{
	return (struct asset){ .row = ROW(asset),
			       .tenant_id = NIL_UUID,
			       .catalog_id = catalog_id,
			       .branch_id = branch_id,
			       .namespace = "sales\x1f"
					    "eu",
			       .name = cx_printf(cx, "table_%05zu", i),
			       .until = LIVING };
}

static void fill(struct cx *cx, struct asset *a, size_t i)
{
	a->asset_id = text_uuid7(cx);
	a->type = "ICEBERG_TABLE";
	a->table_uuid = a->asset_id;
	a->location = cx_printf(cx, "s3://warehouse/sales/eu/table_%05zu", i);
	a->metadata_location =
		cx_printf(cx, "%s/metadata/00000-%s.metadata.json", a->location, text_uuid4(cx));
	a->metadata_sha256 = text_hex(cx, a->asset_id, 32);
	a->properties = "{}";
	a->format_version = 2;
	a->created_ms = a->updated_ms = cx_now_ms();
}

static void make_tables(struct cx *cx, struct store *st)
{
	struct asset *a = cx_array(cx, TABLES, sizeof(*a));
	struct change *list = cx_array(cx, TABLES, sizeof(*list));

	for (size_t i = 0; i < TABLES; i++) {
		a[i] = asset_number(cx, i);
		fill(cx, &a[i], i);
		list[i] = (struct change){ INSERT, &a[i].row };
	}
	if (store_get(cx, st, &a[0].row) == NOT_FOUND)
		check(cx, store_apply(cx, st, list, TABLES, NULL));
	cx_reset(cx);
}

/* --- what is measured ----------------------------------------------------------- */

static void get_one(struct work *w)
{
	struct asset a = asset_number(&w->cx, (size_t)rand_r(&w->seed) % TABLES);

	check(&w->cx, store_get(&w->cx, w->st, &a.row));
}

/* As a load does: both epochs and the table, at one moment. */
static void get_three(struct work *w)
{
	struct epoch server = { .row = ROW(epoch), .tenant_id = "" },
		     tenant = { .row = ROW(epoch), .tenant_id = NIL_UUID };
	struct asset a = asset_number(&w->cx, (size_t)rand_r(&w->seed) % TABLES);
	struct row *rows[] = { &server.row, &tenant.row, &a.row };

	check(&w->cx, store_get_all(&w->cx, w->st, rows, ARRAY_SIZE(rows)));
	if (!a.row.version)
		abort();
}

/* As a commit does: the table, a commit row and an audit row. */
static void commit(struct work *w)
{
	struct cx *cx = &w->cx;
	struct commit c = { .row = ROW(commit),
			    .tenant_id = NIL_UUID,
			    .catalog_id = catalog_id,
			    .branch_id = branch_id,
			    .commit_id = text_uuid7(cx),
			    .operations = "[]",
			    .made_ms = cx_now_ms() };
	struct audit record = { .row = ROW(audit),
				.tenant_id = NIL_UUID,
				.id = text_uuid7(cx),
				.action = "update_table",
				.result = "success",
				.timestamp = cx_now_ms() };
	enum status s;

	do {
		size_t i = (size_t)rand_r(&w->seed) % TABLES;
		struct asset a = asset_number(cx, i);
		struct change list[] = { { UPDATE, &a.row },
					 { INSERT, &c.row },
					 { INSERT, &record.row } };

		check(cx, store_get(cx, w->st, &a.row));
		a.metadata_location = cx_printf(cx, "%s/metadata/00001-%s.metadata.json",
						a.location, text_uuid4(cx));
		s = store_apply(cx, w->st, list, ARRAY_SIZE(list), NULL);
	} while (s == CONFLICT);
	check(cx, s);
}

static void touch(struct work *w)
{
	struct asset a = asset_number(&w->cx, (size_t)rand_r(&w->seed) % TABLES);
	struct change list[] = { { TOUCH, &a.row } };

	check(&w->cx, store_apply(&w->cx, w->st, list, 1, NULL));
}

static void list_page(struct work *w)
{
	struct asset from = asset_number(&w->cx, 0),
		     after = asset_number(&w->cx, (size_t)rand_r(&w->seed) % (TABLES - 100));
	struct query q = { .from = &from.row,
			   .bound = 4,
			   .after = &after.row,
			   .where = { "until" },
			   .limit = 100 };
	struct rows rows;

	check(&w->cx, store_list(&w->cx, w->st, &q, &rows));
	if (rows.n < 99)
		abort();
}

/* --- the runs --------------------------------------------------------------------- */

static int worker(struct work *w, const char *url, void (*what)(struct work *))
{
	size_t n = 0;

	check(&w->cx, store_open(&w->cx, url, NULL, false, &w->st));
	while (!w->run->go)
		usleep(1000);
	while (!w->run->stop) {
		int64_t from = now_ns();

		what(w);
		if (n < ARRAY_SIZE(w->run->samples[0]))
			w->run->samples[w->number][n] = (uint32_t)(now_ns() - from);
		n++;
		cx_reset(&w->cx);
	}
	w->run->n[w->number] = n;
	store_close(w->st);
	cx_free(&w->cx);
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void report(struct run *run, const char *name, int processes, double seconds)
{
	uint32_t *all = calloc(MAX_SAMPLES, sizeof(*all));
	size_t total = 0, n = 0, least = SIZE_MAX, most = 0;

	if (!all)
		abort();
	for (int i = 0; i < processes; i++) {
		size_t have = run->n[i] < ARRAY_SIZE(run->samples[0]) ? run->n[i]
								      : ARRAY_SIZE(run->samples[0]);

		memcpy(all + n, run->samples[i], have * sizeof(*all));
		n += have;
		total += run->n[i];
		least = run->n[i] < least ? run->n[i] : least;
		most = run->n[i] > most ? run->n[i] : most;
	}
	qsort(all, n, sizeof(*all), compare);
	printf("%-28s %d %s %9.0f/s   p50 %8.1f us   p99 %8.1f us   max %8.1f us   a process: %zu "
	       "to %zu\n",
	       name, processes, processes == 1 ? "process  " : "processes", (double)total / seconds,
	       all[n / 2] / 1e3, all[n * 99 / 100] / 1e3, all[n - 1] / 1e3, least, most);
	fflush(stdout);
	free(all);
}

static void measure(const char *url, const char *name, void (*what)(struct work *), int processes,
		    double seconds)
{
	struct run *run =
		mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[MAX_PROCESSES];
	int64_t from;

	if (run == MAP_FAILED)
		abort();
	for (int i = 0; i < processes; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			struct work w = { .run = run, .seed = (unsigned)i + 1, .number = i };

			_exit(worker(&w, url, what));
		}
	}
	usleep(100000);
	from = now_ns();
	run->go = true;
	usleep((useconds_t)(seconds * 1e6));
	run->stop = true;
	seconds = (double)(now_ns() - from) / 1e9;
	for (int i = 0; i < processes; i++) {
		int status;

		waitpid(pids[i], &status, 0);
		if (status)
			exit(1);
	}
	report(run, name, processes, seconds);
	munmap(run, sizeof(*run));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*what)(struct work *);
	} runs[] = {
		{ "get: a table", get_one },
		{ "get: 2 epochs and a table", get_three },
		{ "list: a page of 100 tables", list_page },
		{ "apply: a touch", touch },
		{ "get, apply: a commit", commit },
	};
	struct cx cx = { 0 };
	struct store *st;
	int64_t seconds = 2, from, to;

	if (argc < 2 || argc > 3 || (argc == 3 && (!text_int(argv[2], &seconds) || seconds < 1))) {
		fprintf(stderr, "usage: bench/store DATABASE_URL [SECONDS A RUN]\n");
		return 2;
	}
	check(&cx, store_open(&cx, argv[1], NULL, true, &st));
	check(&cx, store_migrate(&cx, st, &from, &to));
	make_tables(&cx, st);
	store_close(st);
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
		for (int processes = 1; processes <= MAX_PROCESSES; processes *= 8)
			measure(argv[1], runs[i].name, runs[i].what, processes, (double)seconds);
	cx_free(&cx);
	return 0;
}
