/* SPDX-License-Identifier: Apache-2.0 */
/* test_store.c - what store.c does before and after its driver, with a driver that does as told. */
#include "stores/store.h"

#include <unistd.h>

#include "common/text.h"
#include "stores/postgres.h"
#include "stores/url.h"
#include "tests/unit/suite.h"

/* A driver that answers from a script and keeps what it was given. */
struct fake {
	struct store store;
	enum status answers[4]; /* of apply, one a call; the last stays */
	size_t failed, calls, n;
	struct change seen[16];
	int64_t versions[16];
	int64_t found; /* what get finds: a version, or -1 = the version that was INSERTed */
	size_t gets;
};

static enum status fake_get(struct cx *cx, struct store *st, struct row **rows, size_t n)
{
	struct fake *f = (struct fake *)st;

	(void)cx;
	f->gets++;
	for (size_t i = 0; i < n; i++)
		rows[i]->version = f->found == -1 ? f->versions[0] + 1 : f->found;
	return OK;
}

static enum status fake_apply(struct cx *cx, struct store *st, const struct change *changes,
			      size_t n, size_t *failed)
{
	struct fake *f = (struct fake *)st;
	size_t call = f->calls < ARRAY_SIZE(f->answers) ? f->calls : ARRAY_SIZE(f->answers) - 1;

	f->calls++;
	f->n = n;
	for (size_t i = 0; i < n && i < ARRAY_SIZE(f->seen); i++) {
		f->seen[i] = changes[i];
		if (f->calls > 1) /* the very same list again */
			ck_assert_int_eq(f->versions[i], changes[i].row->version);
		f->versions[i] = changes[i].row->version;
	}
	*failed = f->failed;
	return f->answers[call] == UNKNOWN ? fail(cx, UNKNOWN, "the answer was lost")
					   : f->answers[call];
}

static const struct store_ops fake_ops = { .get = fake_get, .apply = fake_apply };

static struct fake fake(enum status a, enum status b, enum status c)
{
	return (struct fake){ .store = { .ops = &fake_ops }, .answers = { a, b, c, c } };
}

/* --- order, versions ------------------------------------------------------------ */

START_TEST(lists_run_sorted_and_failed_is_the_callers)
{
	struct cx cx = { 0 };
	struct tenant t = { .row = ROW(tenant), .tenant_id = "t" };
	struct catalog a = { .row = ROW(catalog), .tenant_id = "t", .name = "a" }, b = a;
	struct branch m = {
		.row = ROW(branch), .tenant_id = "t", .catalog_id = "c", .name = "main"
	};
	struct fake f = fake(CONFLICT, OK, OK);
	size_t failed = 99;

	b.name = "b";
	struct change list[] = {
		{ TOUCH, &t.row }, { INSERT, &b.row }, { REQUIRE, &m.row }, { INSERT, &a.row }
	};

	f.failed = 2; /* in the order they ran: branches, catalogs a, b, tenants */
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 4, &failed), CONFLICT);
	ck_assert_uint_eq(failed, 1);
	ck_assert_str_eq(cx.message, "catalog \"b\" was changed by another request");
	ck_assert_ptr_eq(f.seen[0].row, &m.row);
	ck_assert_str_eq(((struct catalog *)f.seen[1].row)->name, "a");
	ck_assert_str_eq(((struct catalog *)f.seen[2].row)->name, "b");
	ck_assert_ptr_eq(f.seen[3].row, &t.row);
	ck_assert_int_eq(a.row.version, 0);    /* nothing was written: nothing is told */
	ck_assert_ptr_eq(list[0].row, &t.row); /* the caller's list stays as it was */
	cx_free(&cx);
}
END_TEST

START_TEST(versions)
{
	struct cx cx = { 0 };
	struct tenant made = { .row = ROW(tenant), .tenant_id = "a" }, changed = made,
		      touched = made, unread = made, gone = made;
	struct branch pinned = {
		.row = ROW(branch), .tenant_id = "t", .catalog_id = "c", .name = "main"
	};
	struct fake f = fake(OK, OK, OK);
	int64_t first;

	changed.tenant_id = "b";
	touched.tenant_id = "c";
	unread.tenant_id = "d";
	gone.tenant_id = "e";
	changed.row.version = touched.row.version = gone.row.version = pinned.row.version = 7;
	made.row.version = 3; /* of another life: INSERT draws its own */
	struct change list[] = { { INSERT, &made.row },	  { UPDATE, &changed.row },
				 { TOUCH, &touched.row }, { TOUCH, &unread.row },
				 { DELETE, &gone.row },	  { REQUIRE, &pinned.row } };

	ck_assert_int_eq(store_apply(&cx, &f.store, list, ARRAY_SIZE(list), NULL), OK);
	ck_assert_int_gt(made.row.version, 1000);
	ck_assert_int_eq(changed.row.version, 8);
	ck_assert_int_eq(touched.row.version, 8);
	ck_assert_int_eq(unread.row.version, 0);
	ck_assert_int_eq(gone.row.version, 7);
	ck_assert_int_eq(pinned.row.version, 7);
	first = made.row.version;
	f.calls = 0;
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), OK);
	ck_assert_int_ne(made.row.version, first);
	cx_free(&cx);
}
END_TEST

START_TEST(a_touched_epoch_gets_a_version_where_it_is_made)
{
	struct cx cx = { 0 };
	struct epoch e = { .row = ROW(epoch), .tenant_id = "t" };
	struct fake f = fake(OK, OK, OK);
	struct change list[] = { { TOUCH, &e.row } };

	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), OK);
	ck_assert_int_gt(f.versions[0], 1000);
	ck_assert_int_eq(e.row.version, 0);
	cx_free(&cx);
}
END_TEST

/* --- a rider ------------------------------------------------------------------------ */

static struct rider rider_of(struct idempotency_key *k)
{
	*k = (struct idempotency_key){ .row = ROW(idempotency_key), .tenant_id = "t", .key = "k" };
	return (struct rider){ .change = { INSERT, &k->row } };
}

START_TEST(a_rider_goes_with_one_list)
{
	struct cx cx = { 0 };
	struct tenant a = { .row = ROW(tenant), .tenant_id = "a" };
	struct change list[] = { { INSERT, &a.row } };
	struct idempotency_key k;
	struct rider rider = rider_of(&k);
	struct fake f = fake(CONFLICT, OK, OK);
	size_t failed = 99;

	f.store.rider = &rider;
	f.failed = 1; /* idempotency_keys stand before tenants */
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, &failed), CONFLICT);
	ck_assert_uint_eq(failed, 0);
	ck_assert_uint_eq(f.n, 2);
	ck_assert(!rider.spent && !rider.met);
	f = fake(OK, OK, OK);
	f.store.rider = &rider;
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), OK);
	ck_assert_uint_eq(f.n, 2);
	ck_assert(rider.spent);
	ck_assert_int_gt(k.row.version, 0);
	f.calls = 0;
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), OK);
	ck_assert_uint_eq(f.n, 1);
	cx_free(&cx);
}
END_TEST

/* Nobody takes that for a conflict of his own, which he would try again. */
START_TEST(a_rider_that_does_not_hold)
{
	struct cx cx = { 0 };
	struct tenant a = { .row = ROW(tenant), .tenant_id = "a" };
	struct change list[] = { { INSERT, &a.row } };
	struct idempotency_key k;

	for (int i = 0; i < 2; i++) {
		struct rider rider = rider_of(&k);
		struct fake f = fake(i ? CONFLICT : EXISTS, OK, OK);
		size_t failed = 99;

		if (i) {
			rider.change.op = UPDATE;
			k.row.version = 7;
		}
		f.store.rider = &rider;
		f.failed = 0;
		ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, &failed), INVALID);
		ck_assert(rider.met && !rider.spent);
		ck_assert_uint_eq(failed, 99);
		ck_assert_int_eq(a.row.version, 0);
	}
	cx_free(&cx);
}
END_TEST

/* --- what is refused --------------------------------------------------------------- */

START_TEST(a_row_is_named_once)
{
	struct cx cx = { 0 };
	struct asset a = { .row = ROW(asset),
			   .tenant_id = "t",
			   .catalog_id = "c",
			   .branch_id = "b",
			   .namespace = "n",
			   .name = "x",
			   .until = 1 },
		     b = a;
	struct fake f = fake(OK, OK, OK);
	struct change list[] = { { INSERT, &a.row }, { TOUCH, &b.row } };

	ck_assert_int_eq(store_apply(&cx, &f.store, list, 2, NULL), INTERNAL);
	ck_assert_str_eq(cx.message, "a list names asset \"x\" twice");
	ck_assert_uint_eq(f.calls, 0);
	b.until = 2;
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 2, NULL), OK);
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 0, NULL), OK);
	ck_assert_uint_eq(f.calls, 1);
	cx_free(&cx);
}
END_TEST

START_TEST(a_list_has_a_length)
{
	struct cx cx = { 0 };
	size_t n = STORE_MAX_CHANGES + 1;
	struct api_key *rows = cx_array(&cx, n, sizeof(*rows));
	struct change *list = cx_array(&cx, n, sizeof(*list));
	struct fake f = fake(OK, OK, OK);

	for (size_t i = 0; i < n; i++) {
		rows[i] = (struct api_key){ .row = ROW(api_key),
					    .key_hash = cx_printf(&cx, "%zu", i) };
		list[i] = (struct change){ INSERT, &rows[i].row };
	}
	ck_assert_int_eq(store_apply(&cx, &f.store, list, n, NULL), INVALID);
	ck_assert_ptr_nonnull(strstr(cx.message, "20000"));
	ck_assert_int_eq(store_apply(&cx, &f.store, list, n - 1, NULL), OK);
	ck_assert_uint_eq(f.n, STORE_MAX_CHANGES);
	cx_free(&cx);
}
END_TEST

static char *repeat(struct cx *cx, char c, size_t n)
{
	return memset(cx_alloc(cx, n + 1), c, n);
}

START_TEST(keys_and_text_are_checked)
{
	struct cx cx = { 0 };
	struct catalog c = { .row = ROW(catalog), .tenant_id = "t", .name = "n" };
	struct fake f = fake(OK, OK, OK);
	struct change list[] = { { INSERT, &c.row } };
	struct query q = { .from = &c.row, .bound = 2, .limit = 1 };
	struct rows rows;

	c.name = NULL;
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), INTERNAL);
	ck_assert_int_eq(store_get(&cx, &f.store, &c.row), INTERNAL);
	c.name = "\xff";
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), INVALID);
	ck_assert_str_eq(cx.message, "name of a catalog is not UTF-8");
	ck_assert_int_eq(store_get(&cx, &f.store, &c.row), INVALID);
	ck_assert_int_eq(store_list(&cx, &f.store, &q, &rows), INVALID);
	c.name = repeat(&cx, 'x', 1024); /* with the tenant's one: 1,025 */
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), INVALID);
	ck_assert_int_eq(store_get(&cx, &f.store, &c.row), INVALID);
	c.name = repeat(&cx, 'x', 1023);
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), OK);
	c.storage_location = "\xc3\x28";
	f.calls = 0;
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), INVALID);
	ck_assert_str_eq(cx.message, "storage_location of a catalog is not UTF-8");
	list[0].op = DELETE; /* which needs no more than the key */
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), OK);
	list[0].op = REQUIRE;
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL),
			 INTERNAL); /* catalogs are not PINNED */
	cx_free(&cx);
}
END_TEST

START_TEST(secrets_need_the_key)
{
	struct cx cx = { 0 };
	struct catalog c = { .row = ROW(catalog),
			     .tenant_id = "t",
			     .name = "n",
			     .federated_config = "{\"k\":\"v\"}" };
	struct fake f = fake(OK, OK, OK);
	struct change list[] = { { INSERT, &c.row } };

	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), INTERNAL);
	ck_assert_str_eq(cx.message,
			 "catalog \"n\" has secrets, and this process has no storage key");
	c.federated_config = NULL;
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), OK);
	list[0].op = UPDATE; /* would wipe a secret it did not see */
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), INTERNAL);
	list[0].op = TOUCH;
	f.calls = 0;
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), OK);
	f.found = 5; /* a sealed text reads as NULL */
	c.federated_config = "enc:v1:k:AAAA";
	ck_assert_int_eq(store_get(&cx, &f.store, &c.row), OK);
	ck_assert_ptr_null(c.federated_config);
	cx_free(&cx);
}
END_TEST

START_TEST(a_missing_row_has_a_name)
{
	struct cx cx = { 0 };
	struct service_user u = { .row = ROW(service_user), .tenant_id = "t", .id = "etl" };
	struct fake f = fake(OK, OK, OK);

	ck_assert_int_eq(store_get(&cx, &f.store, &u.row), NOT_FOUND);
	ck_assert_str_eq(cx.message, "no service user \"etl\"");
	cx_free(&cx);
}
END_TEST

START_TEST(nothing_starts_past_the_deadline)
{
	struct cx cx = { .deadline_ms = cx_monotonic_ms() - 1 };
	struct tenant t = { .row = ROW(tenant), .tenant_id = "t" };
	struct query q = { .from = &t.row, .limit = 1 };
	struct change list[] = { { INSERT, &t.row } };
	struct fake f = fake(OK, OK, OK);
	struct rows rows;

	ck_assert_int_eq(store_get(&cx, &f.store, &t.row), UNAVAILABLE);
	ck_assert_int_eq(store_list(&cx, &f.store, &q, &rows), UNAVAILABLE);
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), UNAVAILABLE);
	ck_assert_uint_eq(f.calls + f.gets, 0);
	cx_free(&cx);
}
END_TEST

/* --- an answer that was lost --------------------------------------------------------- */

static const struct {
	enum status answers[3];
	enum change_op op;
	int64_t found; /* -1: our own row, changed once since */
	enum status want;
	size_t calls;
} lost[] = {
	{ { UNKNOWN, OK, OK }, INSERT, 0, OK, 2 },	    /* it had not landed; now it has */
	{ { UNKNOWN, EXISTS, EXISTS }, INSERT, -1, OK, 2 }, /* it had landed */
	{ { UNKNOWN, EXISTS, EXISTS }, INSERT, 12345, EXISTS, 2 }, /* somebody else's row */
	{ { UNKNOWN, CONFLICT, CONFLICT },
	  INSERT,
	  0,
	  CONFLICT,
	  2 }, /* somebody else won, ours can't land */
	{ { UNKNOWN, UNAVAILABLE, OK }, INSERT, 0, OK, 3 },
	{ { UNKNOWN, UNKNOWN, OK }, INSERT, 0, OK, 3 },
	{ { UNKNOWN, UNKNOWN, UNKNOWN }, INSERT, 0, UNKNOWN, 0 }, /* until the deadline */
	{ { UNKNOWN, CONFLICT, CONFLICT },
	  UPDATE,
	  0,
	  UNKNOWN,
	  2 }, /* ours or theirs: nothing tells, and nothing will */
	{ { UNKNOWN, INTERNAL, INTERNAL }, INSERT, 0, UNKNOWN, 2 }, /* nor will a further try */
	{ { UNKNOWN, OK, OK }, UPDATE, 0, OK, 2 },
};

START_TEST(unknown_is_run_again)
{
	struct cx cx = { .deadline_ms = cx_monotonic_ms() + 300 };
	struct tenant t = { .row = ROW(tenant), .tenant_id = "t" };
	struct fake f = fake(lost[_i].answers[0], lost[_i].answers[1], lost[_i].answers[2]);
	struct change list[] = { { lost[_i].op, &t.row } };

	f.found = lost[_i].found;
	t.row.version = 7;
	ck_assert_int_eq(store_apply(&cx, &f.store, list, 1, NULL), lost[_i].want);
	if (lost[_i].calls)
		ck_assert_uint_eq(f.calls, lost[_i].calls);
	else
		ck_assert_uint_gt(f.calls, 2);
	if (lost[_i].want == UNKNOWN)
		ck_assert_str_eq(cx.message, "the answer was lost");
	ck_assert_int_eq(t.row.version == 7, lost[_i].want != OK);
	cx_free(&cx);
}
END_TEST

START_TEST(urls)
{
	static const char *const bad[] = { "postgresql://x",
					   "sqlite",
					   "sqlite:",
					   "sqlite:/tmp/x",
					   "sqlite://",
					   "sqlite:///tmp/x?mode=ro",
					   "memory",
					   "memory:a/b",
					   "memory:..",
					   "x:",
					   "sqlite:///nonexistent.db",
					   "sqlite:///tmp",
					   "memory:/proc/1" };
	struct cx cx = { 0 };
	struct store *st;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		enum status s = store_open(&cx, bad[i], NULL, false, &st);

		ck_assert_msg(s == INVALID || s == UNAVAILABLE, "%s: %d", bad[i], s);
		ck_assert(*cx.message);
	}
	store_close(NULL);
	cx_free(&cx);
}
END_TEST

START_TEST(a_url_is_shown_without_passwords)
{
	static const char *const shown[][2] = {
		{ NULL, "memory:" },
		{ "", "memory:" },
		{ "sqlite:///data/x.db", "sqlite:///data/x.db" },
		{ "postgresql://host/db", "postgresql://host/db" },
		{ "postgresql://u:secret@host:5432/db", "postgresql://***@host:5432/db" },
		{ "postgresql://host/db?user=u&password=secret", "postgresql://host/db" },
		{ "postgresql://u@h/db?sslmode=require&sslpassword=secret",
		  "postgresql://***@h/db" },
		{ "mongodb://u:secret@a,b/db?authMechanismProperties=T:secret",
		  "mongodb://***@a,b/db" },
	};
	struct cx cx = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		ck_assert_str_eq(url_shown(&cx, shown[i][0]), shown[i][1]);
	cx_free(&cx);
}
END_TEST

/* Of a broken connection libpq makes a result of its own, which has no SQLSTATE. */
START_TEST(a_failure_without_a_sqlstate)
{
	struct cx cx = { 0 };

	(void)!fail(&cx, INTERNAL, "PostgreSQL: lost synchronization with server");
	ck_assert_int_eq(pg_refused(&cx, NULL), UNAVAILABLE);
	ck_assert_str_eq(cx.message, "PostgreSQL: lost synchronization with server");
	(void)!fail(&cx, INTERNAL, "PostgreSQL: no such thing");
	ck_assert_int_eq(pg_refused(&cx, "42P01"), INTERNAL);
	cx_free(&cx);
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ lists_run_sorted_and_failed_is_the_callers, 0 },
		{ versions, 0 },
		{ a_touched_epoch_gets_a_version_where_it_is_made, 0 },
		{ a_rider_goes_with_one_list, 0 },
		{ a_rider_that_does_not_hold, 0 },
		{ a_row_is_named_once, 0 },
		{ a_list_has_a_length, 0 },
		{ keys_and_text_are_checked, 0 },
		{ secrets_need_the_key, 0 },
		{ a_missing_row_has_a_name, 0 },
		{ nothing_starts_past_the_deadline, 0 },
		{ unknown_is_run_again, ARRAY_SIZE(lost) },
		{ urls, 0 },
		{ a_url_is_shown_without_passwords, 0 },
		{ a_failure_without_a_sqlstate, 0 },
	};

	return run_suite("store", tests, ARRAY_SIZE(tests));
}
