/* SPDX-License-Identifier: Apache-2.0 */
/* test_seals.c - what was changed, removed or inserted in a sealed audit log is found and named. */
#include "stores/seals.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/text.h"
#include "stores/audit.h"
#include "tests/unit/fcgi_client.h"
#include "tests/unit/suite.h"

#define TENANT "11111111-1111-4111-8111-111111111111"
#define OTHER "22222222-2222-4222-8222-222222222222"
#define DAY_MS ((int64_t)86400000)

static struct cx cx;
static struct store *st;
static const char *folder;
static struct jwt_signer *signer;
static struct jwt_keys *keys;
static char said[4096];
static const char *ids[2000];

static void must(enum status s)
{
	ck_assert_msg(s == OK, "%d: %s", s, cx.message);
}

static void read_keys(void)
{
	must(jwt_signer_read(&cx, cx_printf(&cx, "%s/" JWT_PRIVATE_FILE, folder), &signer));
	must(jwt_keys_read(&cx, cx_printf(&cx, "%s/" JWT_PUBLIC_FILE, folder), &keys));
}

/* n records, made some days ago. */
static void add_records(const char *tenant_id, size_t n, int64_t days)
{
	struct change *list = cx_array(&cx, n, sizeof(*list));

	for (size_t i = 0; i < n; i++) {
		struct audit *a = audit_new(&cx, NULL, tenant_id, "create_table", "table", "id",
					    cx_printf(&cx, "t%zu", i));
		int64_t at = cx_now_ms() - days * DAY_MS + (int64_t)i;

		a->timestamp = at;
		a->metadata = "{\"a\":1}";
		a->id = cx_printf(&cx, "%08llx-%04llx-7000-8000-%012zx",
				  (unsigned long long)at >> 16, (unsigned long long)at & 0xffff, i);
		if (strcmp(tenant_id, TENANT) == 0)
			ids[i] = a->id;
		list[i] = (struct change){ INSERT, &a->row };
	}
	must(store_apply(&cx, st, list, n, NULL));
}

static struct seal_head seal(const char *tenant_id)
{
	struct seal_head head;

	must(seal_all(&cx, st, signer, tenant_id, cx_now_ms() - 60000, &head));
	return head;
}

static void note(void *arg, const char *what)
{
	size_t n = strlen(said);

	(void)arg;
	snprintf(said + n, sizeof(said) - n, "%s\n", what);
}

static struct seal_check verify(int64_t keep_days, struct seal_head expected)
{
	struct seal_check c = { .keys = keys,
				.tenant_id = TENANT,
				.expired_ms = cx_now_ms() - keep_days * DAY_MS,
				.expected = expected,
				.found = note };

	*said = '\0';
	must(seal_verify(&cx, st, &c));
	return c;
}

static const struct seal_head none;

static void setup(void)
{
	cx = (struct cx){ 0 };
	folder = folder_with_store(&cx);
	must(jwt_keys_create(&cx, folder, false));
	read_keys();
	must(store_open(&cx, getenv("DATABASE_URL"), NULL, false, &st));
}

static void teardown(void)
{
	store_close(st);
	folder_remove(folder);
	cx_free(&cx);
}

/* Behind the server's back. */
static void tamper(const char *sql)
{
	sqlite3 *db;
	char *error = NULL;

	ck_assert_int_eq(sqlite3_open(strstr(getenv("DATABASE_URL"), ":///") + 3, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	sqlite3_exec(db, sql, NULL, NULL, &error);
	ck_assert_msg(!error, "%s: %s", sql, error);
	ck_assert_int_gt(sqlite3_changes(db), 0);
	sqlite3_close(db);
}

START_TEST(what_is_as_it_was_passes)
{
	struct seal_head head;
	struct seal_check c;

	setup();
	add_records(TENANT, 1203, 3);
	add_records(OTHER, 2, 3);
	head = seal(TENANT);
	ck_assert_int_eq(head.number, 3);
	c = verify(365, head);
	ck_assert_msg(c.problems == 0, "%s", said);
	ck_assert_int_eq(c.records, 1203);
	ck_assert_int_eq(c.seals, 3);
	ck_assert_str_eq(c.newest.hash, head.hash);
	ck_assert_str_eq(seal(TENANT).hash, head.hash); /* nothing new */
	teardown();
}
END_TEST

START_TEST(what_is_young_waits)
{
	struct seal_head head;

	setup();
	add_records(TENANT, 3, 1);
	add_records(TENANT, 2, 0);
	head = seal(TENANT);
	ck_assert_int_eq(verify(365, head).records, 3);
	/* old enough later: the next seal follows */
	must(seal_all(&cx, st, signer, TENANT, cx_now_ms() + DAY_MS, &head));
	ck_assert_int_eq(head.number, 2);
	ck_assert_int_eq(verify(365, head).records, 5);
	ck_assert_int_eq(verify(365, head).problems, 0);
	teardown();
}
END_TEST

/* $n: the id of record n. */
static const struct {
	const char *sql;
	const char *finding; /* one of them */
	int64_t problems;
} tamperings[] = {
	{ "UPDATE audit SET username = 'nobody' WHERE id = '$7'", "record $7 was changed", 1 },
	{ "UPDATE audit SET metadata = NULL WHERE id = '$501'", "record $501 was changed", 1 },
	{ "UPDATE audit SET timestamp = timestamp + 1 WHERE id = '$0'", "record $0 was changed",
	  1 },
	{ "DELETE FROM audit WHERE id = '$8'", "record $8 was removed", 1 },
	{ "DELETE FROM audit WHERE id = '$599'", "record $599 was removed", 1 },
	{ "INSERT INTO audit SELECT tenant_id, substr('$9', 1, 35) || 'f', user_id, username, "
	  "action, resource_type, resource_id, resource_name, timestamp, ip_address, user_agent, "
	  "result, error_message, metadata, version FROM audit WHERE id = '$9'",
	  "was inserted", 1 },
	{ "UPDATE audit SET id = substr(id, 1, 35) || 'f' WHERE id = '$10'",
	  "record $10 was removed", 2 },
	{ "DELETE FROM audit_seals WHERE place = 9223372036854775806", "seals before seal 2 were",
	  1 },
	{ "UPDATE audit_seals SET entries = replace(entries, '$7', '$7') || 'x' WHERE place = "
	  "9223372036854775806",
	  "seal 1: its list of records was changed", 1 },
	{ "UPDATE audit_seals SET hash = 'x' WHERE place = 9223372036854775806",
	  "seal 1 was changed", 3 },
	{ "UPDATE audit_seals SET signature = 'x' WHERE place = 9223372036854775805",
	  "seal 2: its signature is not one of ours", 1 },
	{ "UPDATE audit_seals SET entries = NULL WHERE place = 9223372036854775806",
	  "seal 1 was emptied before its time", 501 },
	{ "DELETE FROM audit_seals WHERE place = 9223372036854775805",
	  "seal 2, which was written down, was removed", 1 },
	{ "DELETE FROM audit_seals", "seal 2, which was written down, was removed", 1 },
};

static const char *filled(const char *text)
{
	struct text t = text_open(&cx, 4096);

	for (; *text; text++) {
		char *end;

		if (*text != '$') {
			text_addc(&t, *text);
			continue;
		}
		text_add(&t, ids[strtoul(text + 1, &end, 10)]);
		text = end - 1;
	}
	return t.s;
}

/* Only these can be written to behind a server's back from here. */
static bool is_file(void)
{
	return strncmp(getenv("DATABASE_URL"), "sqlite:", 7) == 0;
}

START_TEST(tampering_is_named)
{
	struct seal_head head;
	struct seal_check c;

	setup();
	if (!is_file()) {
		teardown();
		return;
	}
	add_records(TENANT, 600, 3);
	head = seal(TENANT);
	tamper(filled(tamperings[_i].sql));
	c = verify(365, head);
	ck_assert_msg(strstr(said, filled(tamperings[_i].finding)), "%s: %s", tamperings[_i].sql,
		      said);
	ck_assert_msg(c.problems == tamperings[_i].problems, "%s: %s", tamperings[_i].sql, said);
	teardown();
}
END_TEST

/* Who can write the store and not sign can't seal anew what he changed. */
START_TEST(another_key_is_no_seal)
{
	struct jwt_signer *ours = signer;
	struct jwt_keys *our_keys = keys;
	const char *mine = folder;
	char other[] = "/tmp/pangolin-test-XXXXXX";

	setup();
	ours = signer;
	our_keys = keys;
	mine = folder;
	add_records(TENANT, 3, 3);
	ck_assert_ptr_nonnull(mkdtemp(other));
	folder = other;
	must(jwt_keys_create(&cx, folder, false));
	read_keys();
	ck_assert(signer != ours);
	seal(TENANT);
	keys = our_keys;
	folder = mine;
	ck_assert_int_eq(verify(365, none).problems, 1);
	ck_assert_ptr_nonnull(strstr(said, "signature"));
	ck_assert_int_eq(system(cx_printf(&cx, "rm -rf %s", other)), 0);
	teardown();
}
END_TEST

START_TEST(a_rotated_key_is_still_ours)
{
	setup();
	add_records(TENANT, 3, 3);
	seal(TENANT);
	must(jwt_keys_create(&cx, folder, true));
	read_keys();
	add_records(TENANT, 3, 2);
	ck_assert_int_eq(seal(TENANT).number, 2);
	ck_assert_msg(verify(365, none).problems == 0, "%s", said);
	teardown();
}
END_TEST

static int count_audit(void)
{
	struct audit from = { .row = ROW(audit), .tenant_id = TENANT };
	struct query q = { .from = &from.row, .bound = 1, .limit = 10000 };
	struct rows rows;

	must(store_list(&cx, st, &q, &rows));
	return (int)rows.n;
}

static enum status expire_of(const char *tenant_id, int64_t days)
{
	bool done = false;
	enum status s = OK;

	while (!s && !done)
		s = audit_expire(&cx, st, signer, tenant_id, cx_now_ms() - days * DAY_MS, 200,
				 &done);
	return s;
}

static enum status expire(int64_t days)
{
	return expire_of(TENANT, days);
}

START_TEST(what_is_past_its_time_goes_and_the_chain_holds)
{
	struct seal_check c;
	struct seal_head head;

	setup();
	add_records(TENANT, 700, 100);
	seal(TENANT);
	add_records(TENANT, 5, 10);
	head = seal(TENANT);
	ck_assert_int_eq(head.number, 3);
	must(expire(30));
	ck_assert_int_eq(count_audit(), 5 + 2); /* and two records that say so */
	c = verify(30, head);
	ck_assert_msg(c.problems == 0, "%s", said);
	ck_assert_int_eq(c.expired, 700);
	ck_assert_int_eq(c.records, 5);
	must(expire(30)); /* again: nothing more */
	ck_assert_int_eq(count_audit(), 5 + 2);
	c = verify(200, none); /* more is kept by now: what went then still did by rule */
	ck_assert_msg(c.problems == 0 && c.expired == 700, "%s", said);
	teardown();
}
END_TEST

/* A stretch that somebody removed is not one whose time was over. */
START_TEST(what_was_removed_by_hand_shows)
{
	static const struct {
		const char *entries, *says;
	} forged[] = {
		{ "NULL", "seal 1 was emptied before its time" },
		{ "'expired x'", "seal 1 was emptied before its time" },
		{ "'expired ' || signature", "seal 1 was emptied, and not by what is kept" },
		{ "(SELECT entries FROM audit_seals WHERE entries LIKE 'expired %')",
		  "seal 1 was emptied, and not by what is kept" },
	};

	setup();
	if (!is_file()) {
		teardown();
		return;
	}
	add_records("0f0f0f0f-0000-4000-8000-000000000000", 3, 100);
	seal("0f0f0f0f-0000-4000-8000-000000000000");
	must(expire_of("0f0f0f0f-0000-4000-8000-000000000000", 30));
	add_records(TENANT, 3, 100);
	seal(TENANT);
	tamper("DELETE FROM audit WHERE tenant_id = '" TENANT "'");
	tamper(cx_printf(&cx, "UPDATE audit_seals SET entries = %s WHERE tenant_id = '" TENANT "'",
			 forged[_i].entries));
	ck_assert_int_eq(verify(200, none).problems, 1);
	ck_assert_msg(strstr(said, forged[_i].says), "%s", said);
	teardown();
}
END_TEST

START_TEST(what_was_changed_is_kept)
{
	setup();
	if (!is_file()) {
		teardown();
		return;
	}
	add_records(TENANT, 10, 100);
	seal(TENANT);
	tamper(filled("UPDATE audit SET username = 'x' WHERE id = '$3'"));
	ck_assert_int_eq(expire(30), CONFLICT);
	ck_assert_ptr_nonnull(strstr(cx.message, filled("record $3 was changed")));
	ck_assert_int_eq(count_audit(), 10);
	teardown();
}
END_TEST

/* Nor does a list go that was made to fit: emptied, nobody could tell any more. */
START_TEST(a_changed_list_is_kept)
{
	static const char *const changed[] = {
		"UPDATE audit_seals SET entries = 'x'",
		"UPDATE audit_seals SET records = 0, entries = ''",
		"UPDATE audit_seals SET entries_hash = 'x'",
	};

	setup();
	if (!is_file()) {
		teardown();
		return;
	}
	add_records(TENANT, 10, 100);
	seal(TENANT);
	tamper("UPDATE audit SET username = 'x'");
	tamper(changed[_i]);
	ck_assert_int_eq(expire(30), CONFLICT);
	ck_assert_ptr_nonnull(strstr(cx.message, "seal 1"));
	ck_assert_int_eq(count_audit(), 10);
	teardown();
}
END_TEST

/* Who can sign could seal all anew: what was written down shows it, whatever key made it. */
START_TEST(what_was_written_down_is_looked_at_under_any_key)
{
	char other[] = "/tmp/pangolin-test-XXXXXX";
	struct jwt_signer *ours;
	struct seal_head head;

	setup();
	if (!is_file()) {
		teardown();
		return;
	}
	add_records(TENANT, 3, 3);
	head = seal(TENANT);
	tamper("DELETE FROM audit_seals");
	tamper("UPDATE audit SET username = 'x'");
	ours = signer;
	ck_assert_ptr_nonnull(mkdtemp(other));
	must(jwt_keys_create(&cx, other, false));
	must(jwt_signer_read(&cx, cx_printf(&cx, "%s/" JWT_PRIVATE_FILE, other), &signer));
	ck_assert_int_eq(seal(TENANT).number, 1);
	signer = ours;
	add_records(TENANT, 3, 2);
	ck_assert_int_eq(seal(TENANT).number, 2);
	ck_assert_int_eq(verify(365, head).problems, 1);
	ck_assert_ptr_nonnull(strstr(said, "seal 1 is not the one that was written down"));
	ck_assert_int_eq(system(cx_printf(&cx, "rm -rf %s", other)), 0);
	teardown();
}
END_TEST

START_TEST(without_seals_old_records_just_go)
{
	setup();
	add_records(TENANT, 450, 100);
	add_records(TENANT, 7, 1);
	must(expire(30));
	ck_assert_int_eq(count_audit(), 7);
	teardown();
}
END_TEST

/* Records are written all the while, by another process. */
START_TEST(seals_while_records_are_written)
{
	struct seal_head head = none;
	int status;
	pid_t pid;

	setup();
	store_close(st);
	pid = fork();
	if (!pid) {
		must(store_open(&cx, getenv("DATABASE_URL"), NULL, false, &st));
		for (int i = 0; i < 200; i++) {
			struct audit *a =
				audit_new(&cx, NULL, TENANT, "create_table", "table", "id", "t");

			must(store_apply(&cx, st, (struct change[]){ { INSERT, &a->row } }, 1,
					 NULL));
		}
		_exit(0);
	}
	must(store_open(&cx, getenv("DATABASE_URL"), NULL, false, &st));
	do {
		must(seal_all(&cx, st, signer, TENANT, cx_now_ms() - 50, &head));
		ck_assert_msg(verify(365, none).problems == 0, "%s", said);
	} while (waitpid(pid, &status, WNOHANG) == 0);
	ck_assert_int_eq(status, 0);
	must(seal_all(&cx, st, signer, TENANT, cx_now_ms() + 1000, &head));
	ck_assert_int_eq(verify(365, head).records, 200);
	ck_assert_msg(verify(365, head).problems == 0, "%s", said);
	teardown();
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ what_is_as_it_was_passes, 0 },
		{ what_is_young_waits, 0 },
		{ tampering_is_named, ARRAY_SIZE(tamperings) },
		{ another_key_is_no_seal, 0 },
		{ a_rotated_key_is_still_ours, 0 },
		{ what_is_past_its_time_goes_and_the_chain_holds, 0 },
		{ what_was_changed_is_kept, 0 },
		{ what_was_removed_by_hand_shows, 4 },
		{ a_changed_list_is_kept, 3 },
		{ what_was_written_down_is_looked_at_under_any_key, 0 },
		{ without_seals_old_records_just_go, 0 },
		{ seals_while_records_are_written, 0 },
	};

	return run_suite("seals", tests, ARRAY_SIZE(tests));
}
