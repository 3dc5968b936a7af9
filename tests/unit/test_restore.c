/* SPDX-License-Identifier: Apache-2.0 */
/* test_restore.c - imports that are in the way of others, are stopped or killed: whole or not at all. */
#include "tests/unit/dump.h"

#include <sys/wait.h>

#include "stores/drop.h"

static void nothing_is_left(struct store *in)
{
	struct asset a = { .row = ROW(asset), .tenant_id = NIL_UUID };
	struct location_row l = { .row = ROW(location_row), .tenant_id = NIL_UUID };
	struct tenant t;

	ck_assert_uint_eq(count_rows(in, &a.row, NULL), 0);
	ck_assert_uint_eq(count_rows(in, &l.row, "tenant_id"), 0);
	ok(tenant_find(&cx, in, NIL_UUID, &t));
}

/* Tables of others lie where the file's do: found before anything is written. */
START_TEST(places_that_are_taken)
{
	static const char *const taken[] = { "/x", "/x/3", "/x/3/t003", "/x/3/t003/deep/er" };
	struct store *other;
	struct catalog c = { .tenant_id = ACME, .name = "theirs" };
	struct tenant t = { .tenant_id = ACME, .name = "acme" };
	struct claim claim = { .storage = "s3://w/b" };
	const struct catalog_ref *theirs;
	struct content *known = content_open();
	const char *text;

	begin();
	text = export_by(st, NULL, NIL_UUID, NULL);
	other = open_at("other");
	ok(tenant_create(&cx, other, &t, NULL));
	ok(catalog_create(&cx, other, &c, NULL));
	ok(content_catalog(&cx, known, other, ACME, "theirs", NULL, &theirs));
	ok(namespace_create(&cx, other, theirs, "a", json_new_object(&cx), NULL));
	ok(claim_path(&cx, &claim, taken[_i]));
	ok(asset_create(&cx, other, theirs, &(struct asset_name){ "a", "t" },
			&(struct asset){ .asset_id = "theirs", .type = "ICEBERG_TABLE" }, &claim,
			false, "create", NULL));
	ck_assert_int_eq(import(other, text), EXISTS);
	ck_assert_ptr_nonnull(strstr(cx.message, "the location s3://w/b"));
	nothing_is_left(other);
	store_close(other);
	content_close(known);
	end();
}
END_TEST

/* Ends the process, or the import, once so many bytes of the second reading are done. */
struct ending {
	int64_t at, last;
	bool second, kill;
};

static bool end_there(void *arg, int64_t bytes)
{
	struct ending *e = arg;

	if (bytes < e->last)
		e->second = true;
	e->last = bytes;
	if (!e->second || bytes < e->at)
		return true;
	if (e->kill)
		raise(SIGKILL);
	return false;
}

static enum status import_until(struct store *to, const char *text, struct ending *e)
{
	struct restore_options o = { .watch = { end_there, e } };

	return import_n(to, text, strlen(text), &o);
}

START_TEST(stopped)
{
	struct store *other;
	const char *text;
	struct ending e = { .at = 70000 };

	begin();
	text = export_all(st);
	other = open_at("other");
	ck_assert_int_eq(import_until(other, text, &e), UNAVAILABLE);
	ck_assert_ptr_nonnull(strstr(cx.message, "stopped"));
	nothing_is_left(other);
	ok(import(other, text));
	ck_assert(strcmp(export_all(other), text) == 0);
	store_close(other);
	end();
}
END_TEST

/* Killed half way: nobody sees what was written, and the next run begins anew. */
START_TEST(killed)
{
	struct store *other;
	const char *text;
	struct asset half = { .row = ROW(asset), .tenant_id = NIL_UUID };
	struct ending e = { .kill = true };
	struct tenant t;
	pid_t pid;
	int status;

	begin();
	text = export_all(st);
	e.at = (int64_t)strlen(text) * (_i + 1) / 8;
	store_close(open_at("other"));
	pid = fork();
	if (pid == 0) {
		other = open_at("other");
		_exit(import_until(other, text, &e) == OK);
	}
	waitpid(pid, &status, 0);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	other = open_at("other");
	if (_i == 5) { /* in the middle of the first tenant, which nobody reaches */
		ck_assert_uint_gt(count_rows(other, &half.row, NULL), 0);
		ck_assert_int_eq(tenant_find(&cx, other, NIL_UUID, &t), NOT_FOUND);
	}
	ok(import_n(other, text, strlen(text), &(struct restore_options){ .skip_existing = true }));
	ck_assert(strcmp(export_all(other), text) == 0);
	store_close(other);
	end();
}
END_TEST

/* The worker cleans up too, once the lease is over. */
START_TEST(left_to_the_worker)
{
	struct job job = {
		.row = ROW(job), .job_id = "j", .tenant_id = NIL_UUID, .type = "drop-tenant"
	};
	struct tenant t;
	bool done = false;

	begin();
	ok(tenant_find(&cx, st, NIL_UUID, &t));
	ok(store_apply(&cx, st, (struct change[]){ { DELETE, &t.row }, { INSERT, &job.row } }, 2,
		       NULL));
	while (!done)
		ok(drop_tenant_rows(&cx, st, NIL_UUID, 500, &done));
	nothing_is_left(st);
	end();
}
END_TEST

/* Another process is at it: this one keeps its hands off. */
START_TEST(two_at_once)
{
	struct job job = { .row = ROW(job),
			   .job_id = "j",
			   .tenant_id = ACME,
			   .type = "drop-tenant",
			   .lease_ms = cx_now_ms() + 30000 };
	struct store *other;

	begin();
	other = open_at("other");
	job.payload = cx_printf(&cx, "{\"host\":\"elsewhere\",\"pid\":%d}", getpid());
	ok(store_apply(&cx, other, (struct change[]){ { INSERT, &job.row } }, 1, NULL));
	ck_assert_int_eq(import(other, export_by(st, NULL, ACME, NULL)), CONFLICT);
	ck_assert_ptr_nonnull(strstr(cx.message, "another process"));
	store_close(other);
	end();
}
END_TEST

/* The default tenant's last look for emptiness is over, and somebody puts something in. */
static struct store_ops spied;
static const struct store_ops *below;
static int looks;

static enum status list_then_fill(struct cx *c, struct store *in, const struct query *q,
				  struct rows *out)
{
	struct warehouse w = { .tenant_id = NIL_UUID, .name = "late" };
	const struct kind *last = NULL;
	enum status s = below->list(c, in, q, out);

	for (size_t i = 0; dump_kind(i); i++)
		if (!(dump_kind(i)->flags & GLOBAL))
			last = dump_kind(i);
	if (q->from->kind != last || q->limit != 1 || ++looks != 2)
		return s;
	in->ops = below;
	in->sealed = false;
	ok(warehouse_create(c, in, &w, NULL));
	in->sealed = true;
	return s;
}

START_TEST(somebody_comes_in)
{
	struct warehouse w = { .row = ROW(warehouse), .tenant_id = NIL_UUID, .name = "late" };
	struct store *other;
	struct tenant t;

	begin();
	other = open_at("other");
	below = other->ops;
	spied = *below;
	spied.list = list_then_fill;
	other->ops = &spied;
	ck_assert_int_eq(import(other, export_by(st, NULL, NIL_UUID, NULL)), CONFLICT);
	ck_assert_int_eq(looks, 2);
	ok(tenant_find(&cx, other, NIL_UUID, &t));
	ok(store_get(&cx, other, &w.row));
	nothing_is_left(other);
	store_close(other);
	end();
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ places_that_are_taken, 4 }, { stopped, 0 },	  { killed, 7 },
		{ left_to_the_worker, 0 },    { two_at_once, 0 }, { somebody_comes_in, 0 },
	};

	return run_suite("restore", tests, ARRAY_SIZE(tests));
}
