/* SPDX-License-Identifier: Apache-2.0 */
/* meter.c - counter pages: mapped by their process, read by whoever adds them up. */
#include "fcgi/meter.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_PAGES 256 /* of one family */
#define N_STATUSES ARRAY_SIZE(statuses)
#define N_BUCKETS ARRAY_SIZE(bounds_us)

static const struct route_table *const tables[] = { &namespaces_routes, &tables_routes,
						    &credentials_routes, &admin_routes };

/* The last one stands for all others. */
static const int statuses[] = { 200, 201, 204, 304, 400, 401, 403, 404, 405, 406,
				408, 409, 413, 422, 429, 500, 501, 502, 503, 0 };

static const struct {
	int64_t us;
	const char *text;
} bounds_us[] = {
	{ 5000, "0.005" },  { 10000, "0.01" },	{ 25000, "0.025" }, { 50000, "0.05" },
	{ 100000, "0.1" },  { 250000, "0.25" }, { 500000, "0.5" },  { 1000000, "1" },
	{ 2500000, "2.5" }, { 5000000, "5" },	{ 10000000, "10" }, { INT64_MAX, "+Inf" },
};

static const struct {
	const char *name, *help;
} counts[N_COUNTS] = {
	[COUNT_COMMITS] = { "pangolin_table_commits_total", "Commits asked for." },
	[COUNT_COMMITS_SUCCEEDED] = { "pangolin_table_commits_succeeded_total",
				      "Commits that landed." },
	[COUNT_COMMITS_CONFLICTED] = { "pangolin_table_commits_conflicted_total",
				       "Commits answered with 409." },
	[COUNT_COMMIT_RETRIES] = { "pangolin_table_commit_cas_retries_total",
				   "Tries that another commit overtook." },
	[COUNT_AUTH_SUCCESS] = { "pangolin_auth_success_total", "Requests and logins let in." },
	[COUNT_AUTH_FAILURE] = { "pangolin_auth_failure_total", "Requests and logins refused." },
	[COUNT_AUTH_THROTTLED] = { "pangolin_auth_throttled_total", "Logins put off." },
	[COUNT_REVOCATION_ERRORS] = { "pangolin_token_revocation_check_errors_total",
				      "Credentials that could not be looked up." },
	[COUNT_AUDIT_FAILURES] = { "pangolin_audit_write_failures_total",
				   "Refusals that are not on record." },
	[COUNT_CACHE_HITS] = { "pangolin_warehouse_cache_hits_total",
			       "Catalogs with their warehouses found in memory." },
	[COUNT_CACHE_MISSES] = { "pangolin_warehouse_cache_misses_total",
				 "Catalogs with their warehouses read from the store." },
};

/* Of one route. */
struct line {
	uint64_t by_status[N_STATUSES], by_time[N_BUCKETS], took_us;
};

struct page {
	uint64_t layout; /* what the lines are of: another program's page is no page */
	uint64_t counts[N_COUNTS];
	struct line lines[]; /* of each route, and of what was none */
};

struct meter {
	struct page *page;
	size_t size;
	int fd; /* -1: the page is in memory alone */
	char *folder;
};

/* --- layout ------------------------------------------------------------------------- */

static size_t n_routes(void)
{
	size_t n = 0;

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		n += tables[t]->n;
	return n;
}

static const struct route *route_at(size_t i)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		if (i < tables[t]->n)
			return &tables[t]->routes[i];
		i -= tables[t]->n;
	}
	return NULL;
}

/* Of a route that is in no table (a test's), and of none: the last line. */
static size_t index_of(const struct route *r)
{
	size_t at = 0;

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		const struct route *first = tables[t]->routes;

		if (r >= first && r < first + tables[t]->n)
			return at + (size_t)(r - first);
		at += tables[t]->n;
	}
	return at;
}

static size_t page_size(void)
{
	return sizeof(struct page) + (n_routes() + 1) * sizeof(struct line);
}

/* FNV-1a over all routes. */
static uint64_t layout(void)
{
	uint64_t h = 14695981039346656037u ^ sizeof(struct line) ^ N_COUNTS;
	size_t n = n_routes();

	for (size_t i = 0; i < n; i++) {
		const char *texts[] = { route_at(i)->method, route_at(i)->pattern };

		for (size_t k = 0; k < 2; k++)
			for (const char *c = texts[k]; *c; c++)
				h = (h ^ (unsigned char)*c) * 1099511628211u;
	}
	return h;
}

/* --- the process's own page ------------------------------------------------------------ */

static struct page *map(int fd, size_t size)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	void *at;

	if (fd >= 0 && ftruncate(fd, (off_t)size) != 0)
		return NULL;
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	return at == MAP_FAILED ? NULL : at;
}

/* A page that nobody holds, or -1. */
static int take_page(const char *folder, const char *family)
{
	char path[4096];

	for (int i = 0; i < MAX_PAGES; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/counters-%s-%d", folder, family, i);
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		close(fd);
	}
	return -1;
}

struct meter *meter_open(const char *folder, const char *family)
{
	struct meter *m = calloc(1, sizeof(*m));
	uint64_t own = layout();

	if (!m)
		abort();
	m->size = page_size();
	m->fd = folder ? take_page(folder, family) : -1;
	m->folder = folder ? strdup(folder) : NULL;
	m->page = map(m->fd, m->size);
	if (!m->page) {
		meter_close(m);
		return NULL;
	}
	if (m->page->layout != own) {
		memset(m->page, 0, m->size);
		m->page->layout = own;
	}
	return m;
}

void meter_close(struct meter *m)
{
	if (!m)
		return;
	if (m->page)
		munmap(m->page, m->size);
	if (m->fd >= 0)
		close(m->fd);
	free(m->folder);
	free(m);
}

/* --- counting ---------------------------------------------------------------------------- */

void meter_add(struct meter *m, enum count c, uint64_t n)
{
	if (m)
		m->page->counts[c] += n;
}

static bool is_commit(const struct route *r)
{
	static const char *const patterns[] = { "/v1/{}/namespaces/{}/tables/{}",
						"/v1/{}/namespaces/{}/views/{}",
						"/v1/{}/transactions/commit" };

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (strcmp(r->method, "POST") == 0 && strcmp(r->pattern, patterns[i]) == 0)
			return true;
	return false;
}

static void count_commit(struct meter *m, int http)
{
	meter_add(m, COUNT_COMMITS, 1);
	if (http < 300)
		meter_add(m, COUNT_COMMITS_SUCCEEDED, 1);
	else if (http == 409)
		meter_add(m, COUNT_COMMITS_CONFLICTED, 1);
}

static void count_auth(struct meter *m, const struct request *rq)
{
	bool login = rq->route->action == PUBLIC && strcmp(rq->method, "POST") == 0;
	int http = rq->answer.http;

	if (http == 401)
		meter_add(m, COUNT_AUTH_FAILURE, 1);
	else if (http == 429 && login)
		meter_add(m, COUNT_AUTH_THROTTLED, 1);
	else if (rq->who || (login && http == 200))
		meter_add(m, COUNT_AUTH_SUCCESS, 1);
}

void meter_request(struct meter *m, const struct request *rq, int64_t took_us)
{
	struct line *line;
	size_t status = 0, bucket = 0;

	if (!m)
		return;
	line = &m->page->lines[index_of(rq->route)];
	while (statuses[status] && statuses[status] != rq->answer.http)
		status++;
	while (took_us > bounds_us[bucket].us)
		bucket++;
	line->by_status[status]++;
	line->by_time[bucket]++;
	line->took_us += (uint64_t)took_us;
	if (!rq->route)
		return;
	count_auth(m, rq);
	if (is_commit(rq->route))
		count_commit(m, rq->answer.http);
}

/* --- adding up ------------------------------------------------------------------------------ */

/* Pages are arrays of numbers, but for the first. */
static void add_page(struct page *sum, const struct page *p, size_t size)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)p;

	for (size_t i = 1; i < size / sizeof(uint64_t); i++)
		to[i] += from[i];
}

static void add_file(struct cx *cx, const struct meter *m, const char *name, struct page *sum)
{
	struct page *p = cx_alloc(cx, m->size);
	int fd = open(cx_printf(cx, "%s/%s", m->folder, name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	if (pread(fd, p, m->size, 0) == (ssize_t)m->size && p->layout == m->page->layout)
		add_page(sum, p, m->size);
	close(fd);
}

static struct page *add_up(struct cx *cx, const struct meter *m)
{
	struct page *sum = cx_alloc(cx, m->size);
	DIR *d = m->fd >= 0 ? opendir(m->folder) : NULL;
	struct dirent *e;

	if (!d)
		add_page(sum, m->page, m->size);
	while (d && (e = readdir(d)))
		if (text_starts(e->d_name, "counters-"))
			add_file(cx, m, e->d_name, sum);
	if (d)
		closedir(d);
	return sum;
}

/* --- text -------------------------------------------------------------------------------------- */

static void print_head(struct text *out, const char *name, const char *type, const char *help)
{
	text_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static const char *labels_of(struct cx *cx, size_t i)
{
	const struct route *r = route_at(i);

	return r ? cx_printf(cx, "method=\"%s\",route=\"%s\"", r->method, r->pattern)
		 : "method=\"\",route=\"\"";
}

static void print_requests(struct cx *cx, const struct page *sum, struct text *out)
{
	print_head(out, "pangolin_http_requests_total", "counter", "Requests by route and status.");
	for (size_t i = 0; i <= n_routes(); i++)
		for (size_t k = 0; k < N_STATUSES; k++)
			if (sum->lines[i].by_status[k])
				text_addf(out,
					  "pangolin_http_requests_total{%s,status=\"%d\"} %llu\n",
					  labels_of(cx, i), statuses[k],
					  (unsigned long long)sum->lines[i].by_status[k]);
}

static void print_times(struct cx *cx, const struct page *sum, struct text *out)
{
	static const char name[] = "pangolin_http_request_duration_seconds";

	print_head(out, name, "histogram", "How long requests took.");
	for (size_t i = 0; i <= n_routes(); i++) {
		const struct line *line = &sum->lines[i];
		const char *labels = labels_of(cx, i);
		uint64_t n = 0, total = 0;

		for (size_t k = 0; k < N_BUCKETS; k++)
			total += line->by_time[k];
		for (size_t k = 0; total && k < N_BUCKETS; k++) {
			n += line->by_time[k];
			text_addf(out, "%s_bucket{%s,le=\"%s\"} %llu\n", name, labels,
				  bounds_us[k].text, (unsigned long long)n);
		}
		if (total)
			text_addf(out, "%s_sum{%s} %.6f\n%s_count{%s} %llu\n", name, labels,
				  (double)line->took_us / 1e6, name, labels,
				  (unsigned long long)total);
	}
}

void meter_print(struct cx *cx, const struct meter *m, struct text *out)
{
	const struct page *sum = add_up(cx, m);

	for (size_t i = 0; i < N_COUNTS; i++) {
		print_head(out, counts[i].name, "counter", counts[i].help);
		text_addf(out, "%s %llu\n", counts[i].name, (unsigned long long)sum->counts[i]);
	}
	print_requests(cx, sum, out);
	print_times(cx, sum, out);
}
