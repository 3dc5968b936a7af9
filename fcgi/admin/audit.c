/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - /api/v1/audit: who did what, newest first; administrators see all, others what they did. */
#include <ctype.h>

#include "common/list.h"
#include "common/text.h"
#include "fcgi/admin/people.h"
#include "fcgi/admin/walk.h"

#define DEFAULT_LIMIT 100
#define MAX_LIMIT 1000
#define MAX_OFFSET 10000 /* each record before it is read anew */
#define WINDOW_ROWS 2000
#define FIRST_WINDOW_MS 60000
#define ID_BYTES 37

struct filter {
	const char *user_id, *action, *resource_type, *resource_id, *result;
	int64_t start_ms, end_ms; /* both inclusive */
};

/* --- filters ---------------------------------------------------------------------------- */

/* A word as records have them; what is none could never be found. */
static enum status read_word(struct request *rq, const char *name, const char **out)
{
	enum status s = request_query(rq, name, out);

	if (s || !*out)
		return s;
	for (const char *c = *out; *c; c++)
		if (!islower((unsigned char)*c) && *c != '_')
			return fail(rq->cx, INVALID, "%s: no word of the audit log: \"%s\"", name,
				    *out);
	return **out ? OK : fail(rq->cx, INVALID, "%s is empty", name);
}

static enum status read_time(struct request *rq, const char *name, int64_t *out)
{
	const char *text = NULL;
	enum status s = request_query(rq, name, &text);

	if (s || !text)
		return s;
	if (!text_untime(text, out))
		return fail(rq->cx, INVALID, "%s: no time as 2026-01-31T12:00:00Z: \"%s\"", name,
			    text);
	return OK;
}

static enum status read_id(struct request *rq, const char *name, const char **out)
{
	enum status s = request_query(rq, name, out);

	if (!s && *out && !text_is_uuid(*out))
		return fail(rq->cx, INVALID, "%s: no UUID: \"%s\"", name, *out);
	return s;
}

static enum status read_filter(struct request *rq, struct filter *f)
{
	enum status s = read_id(rq, "user_id", &f->user_id);

	f->end_ms = cx_now_ms() + 60000; /* other hosts' clocks may be ahead */
	if (!s)
		s = read_id(rq, "resource_id", &f->resource_id);
	if (!s)
		s = read_word(rq, "action", &f->action);
	if (!s)
		s = read_word(rq, "resource_type", &f->resource_type);
	if (!s)
		s = read_word(rq, "result", &f->result);
	if (!s && f->result && strcmp(f->result, "success") != 0 &&
	    strcmp(f->result, "failure") != 0)
		s = fail(rq->cx, INVALID, "result: neither success nor failure: \"%s\"", f->result);
	if (!s)
		s = read_time(rq, "start_time", &f->start_ms);
	if (!s)
		s = read_time(rq, "end_time", &f->end_ms);
	if (s || people_admin(rq))
		return s;
	if (f->user_id && strcmp(f->user_id, rq->who->id) != 0)
		return fail(rq->cx, DENIED, "the records of others are the administrator's to see");
	f->user_id = rq->who->id;
	return OK;
}

static bool same(const char *wanted, const char *has)
{
	return !wanted || text_same(wanted, has);
}

static bool passes(const struct filter *f, const struct audit *a)
{
	return same(f->user_id, a->user_id) && same(f->action, a->action) &&
	       same(f->resource_type, a->resource_type) && same(f->resource_id, a->resource_id) &&
	       same(f->result, a->result) && a->timestamp >= f->start_ms &&
	       a->timestamp <= f->end_ms;
}

static struct query query_of(const struct filter *f, struct audit *from)
{
	struct query q = { .from = &from->row, .bound = 1, .limit = WINDOW_ROWS };

	from->user_id = f->user_id;
	from->resource_id = f->resource_id;
	if (f->resource_id)
		q.where[0] = "resource_id";
	else if (f->user_id)
		q.where[0] = "user_id";
	return q;
}

/* --- newest first --------------------------------------------------------------------------- */

/* A record's id begins with its time: the least id of that time. */
static const char *id_at(struct cx *cx, int64_t ms)
{
	return cx_printf(cx, "%08llx-%04llx", (unsigned long long)ms >> 16,
			 (unsigned long long)ms & 0xffff);
}

/* What is being collected of one tenant: as many as the page may need. */
struct collection {
	struct request *rq;
	const struct filter *filter;
	const char *tenant_id;
	size_t want;
	struct list *records; /* struct audit */
};

/* The records of [from, to) ms into cx, unless there are more than one read gives: *full then. */
static enum status read_window(struct collection *c, struct cx *cx, int64_t from_ms, int64_t to_ms,
			       struct rows *out, bool *full)
{
	struct audit from = { .row = ROW(audit), .tenant_id = c->tenant_id };
	struct audit after = from;
	struct query q = query_of(c->filter, &from);
	const char *end = id_at(cx, to_ms);
	const struct audit *a;
	enum status s;

	after.id = id_at(cx, from_ms);
	q.after = &after.row;
	s = store_list(cx, c->rq->rs->store, &q, out);
	if (s)
		return fail(c->rq->cx, s, "%s", cx->message);
	a = out->items;
	*full = out->n == q.limit && strcmp(a[out->n - 1].id, end) < 0;
	while (out->n && strcmp(a[out->n - 1].id, end) >= 0)
		out->n--;
	return OK;
}

static void keep(struct list *records, const struct audit *a)
{
	struct audit *kept = list_add(records);

	*kept = *a;
	for (size_t i = 0; i < kind_audit.n_columns; i++) {
		const struct column *column = &kind_audit.columns[i];

		if (model_is_text(column))
			model_set_text(&kept->row, column,
				       cx_strdup(records->cx, model_text(&a->row, column)));
	}
}

/* Backwards in time, in windows that fit one read: what does not pass is forgotten with its
 * window, so a filter that nothing passes takes no more memory than one. */
static enum status collect(struct collection *c)
{
	struct cx window = { 0 };
	size_t end = c->records->n + c->want;
	int64_t to = c->filter->end_ms + 1, width = FIRST_WINDOW_MS;
	enum status s = OK;

	while (!s && to > c->filter->start_ms && c->records->n < end) {
		int64_t from = to - width > c->filter->start_ms ? to - width : c->filter->start_ms;
		const struct audit *a;
		struct rows rows;
		bool full = false;

		cx_reset(&window);
		window.deadline_ms = c->rq->cx->deadline_ms;
		s = read_window(c, &window, from, to, &rows, &full);
		if (!s && full && to - from > 1) {
			width = (to - from) / 2;
			continue;
		}
		a = rows.items;
		for (size_t i = s ? 0 : rows.n; i > 0 && c->records->n < end; i--)
			if (passes(c->filter, &a[i - 1]))
				keep(c->records, &a[i - 1]);
		to = from;
		if (rows.n < WINDOW_ROWS / 4 && width < INT64_MAX / 4)
			width *= 4;
	}
	cx_free(&window);
	return s;
}

/* Root without a tenant sees those of all tenants, and the server's own. */
static bool sees_all(const struct request *rq)
{
	return rq->who->role == ROLE_ROOT && !request_header(rq, "x-pangolin-tenant");
}

static void add_tenant(void *arg, const void *row)
{
	struct list *l = arg;

	*(const char **)list_add(l) = cx_strdup(l->cx, ((const struct tenant *)row)->tenant_id);
}

static enum status tenants_of_caller(struct request *rq, struct list *out)
{
	struct tenant from = { .row = ROW(tenant) };
	struct query q = { .from = &from.row };

	*out = (struct list){ .cx = rq->cx, .size = sizeof(const char *) };
	*(const char **)list_add(out) = sees_all(rq) ? "" : rq->tenant_id;
	return sees_all(rq) ? rows_walk(rq, &q, add_tenant, out) : OK;
}

static int newest_first(const void *a, const void *b)
{
	const struct audit *x = a, *y = b;

	return strcmp(y->id, x->id);
}

static enum status read_page(struct request *rq, size_t *offset, size_t *limit)
{
	enum status s = admin_page(rq, offset, limit);

	*limit = *limit < MAX_LIMIT ? *limit : MAX_LIMIT;
	if (!s && *offset > MAX_OFFSET)
		s = fail(rq->cx, INVALID,
			 "offset: more than %d: what is older is found with end_time, the "
			 "timestamp of "
			 "the last record",
			 MAX_OFFSET);
	return s;
}

/* Of several tenants' only as many as the page needs are kept. */
static void keep_newest(struct list *records, size_t most)
{
	if (records->n)
		qsort(records->items, records->n, sizeof(struct audit), newest_first);
	if (records->n > most)
		records->n = most;
}

enum status list_audit(struct request *rq)
{
	struct list records = { .cx = rq->cx, .size = sizeof(struct audit) }, tenants;
	struct json_object *array = json_new_array(rq->cx);
	size_t limit = DEFAULT_LIMIT, offset = 0;
	struct filter f = { 0 };
	const struct audit *a;
	const char **tenant;
	enum status s = read_filter(rq, &f);

	if (!s)
		s = read_page(rq, &offset, &limit);
	if (!s)
		s = tenants_of_caller(rq, &tenants);
	if (s)
		return s;
	tenant = tenants.items;
	for (size_t i = 0; !s && i < tenants.n; i++) {
		struct collection c = { rq, &f, tenant[i], offset + limit, &records };

		s = collect(&c);
		if (tenants.n > 1)
			keep_newest(&records, offset + limit);
	}
	a = records.items;
	for (size_t i = offset; !s && i < records.n && i - offset < limit; i++) {
		struct json_object *o;

		s = admin_json(rq->cx, &a[i].row, &o);
		if (!s)
			json_add(array, o);
	}
	return s ? s : answer_json(rq, 200, array);
}

/* --- count, one ------------------------------------------------------------------------------ */

struct count {
	const struct filter *filter;
	int64_t n;
};

static void count_record(void *arg, const void *row)
{
	struct count *c = arg;

	c->n += passes(c->filter, row);
}

enum status count_audit(struct request *rq)
{
	struct json_object *o = json_new_object(rq->cx);
	struct filter f = { 0 };
	struct count c = { &f, 0 };
	struct list tenants;
	const char **tenant;
	enum status s = read_filter(rq, &f);

	if (!s)
		s = tenants_of_caller(rq, &tenants);
	if (s)
		return s;
	tenant = tenants.items;
	for (size_t i = 0; !s && i < tenants.n; i++) {
		struct audit from = { .row = ROW(audit), .tenant_id = tenant[i] };
		struct audit after = from;
		struct query q = query_of(&f, &from);

		after.id = id_at(rq->cx, f.start_ms);
		q.after = &after.row;
		s = rows_walk(rq, &q, count_record, &c);
	}
	json_set_int(o, "count", c.n);
	return s ? s : answer_json(rq, 200, o);
}

static enum status find_in(struct request *rq, const char *tenant_id, void *out)
{
	struct audit *a = out;

	*a = (struct audit){ .row = ROW(audit), .tenant_id = tenant_id, .id = rq->segments[0] };
	return store_get(rq->cx, rq->rs->store, &a->row);
}

enum status get_audit(struct request *rq)
{
	struct json_object *o;
	struct audit a;
	enum status s = people_find(rq, &a, find_in);

	if (s == NOT_FOUND || (!s && !people_admin(rq) && !text_same(a.user_id, rq->who->id)))
		return fail(rq->cx, NOT_FOUND, "no audit record \"%s\"", rq->segments[0]);
	if (!s)
		s = admin_json(rq->cx, &a.row, &o);
	return s ? s : answer_json(rq, 200, o);
}
