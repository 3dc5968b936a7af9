/* SPDX-License-Identifier: Apache-2.0 */
/* test_signup.c - people who ask for an account: who gets one, and that nobody else learns of it. */
#include "stores/mails.h"
#include "stores/settings.h"
#include "stores/signups.h"
#include "tests/unit/logins.h"

#define ASK                                                                                        \
	"{\"email\":\"New@Example.org\",\"password\":\"a long one\",\"tenant-id\":\"" TENANT "\"}"

static void set(bool open, const char *smtp_host)
{
	struct setting v;

	must(setting_find(&cx, st, TENANT, &v));
	v.allow_public_signup = open;
	v.smtp_host = smtp_host;
	must(setting_put(&cx, st, &v, NULL));
}

static struct fcgi_answer ask(const char *body)
{
	return fcgi_call(&cx, &responder, "POST", "/api/v1/signup", NULL, body);
}

static struct fcgi_answer ask_for(const char *email)
{
	return ask(cx_printf(&cx,
			     "{\"email\":\"%s\",\"password\":\"a long one\",\"tenant_id\":\"%s\"}",
			     email, TENANT));
}

static struct fcgi_answer confirm(const char *token, const char *password)
{
	return fcgi_call(&cx, &second, "POST", "/api/v1/signup/confirm", NULL,
			 cx_printf(&cx, "{\"token\":\"%s\",\"password\":\"%s\"}", token, password));
}

static int logs_in(const char *password)
{
	return login(cx_printf(&cx,
			       "{\"username\":\"new@example.org\",\"password\":\"%s\","
			       "\"tenant-id\":\"%s\"}",
			       password, TENANT))
		.status;
}

static size_t count(const struct row *from, size_t bound)
{
	struct query q = { .from = from, .bound = bound };
	struct rows rows;

	must(store_list_all(&cx, st, &q, &rows));
	return rows.n;
}

/* What was left for the worker to mail, the newest letter; *n of them are there. */
static struct letter newest_letter(size_t *n)
{
	struct job from = { .row = ROW(job) };
	struct query q = { .from = &from.row };
	struct json_object *payload;
	struct letter l = { .n_to = 0 };
	const struct job *j;
	struct rows rows;

	must(store_list_all(&cx, st, &q, &rows));
	j = rows.items;
	*n = 0;
	for (size_t i = 0; i < rows.n; i++) {
		if (strcmp(j[i].type, "mail") != 0)
			continue;
		ck_assert_str_eq(j[i].tenant_id, TENANT);
		must(json_parse(&cx, j[i].payload, strlen(j[i].payload), 3, &payload));
		must(mail_letter(&cx, st, TENANT, payload, "https://lake.test", &l));
		++*n;
	}
	return l;
}

static const char *mailed_token(void)
{
	size_t n;
	struct letter l = newest_letter(&n);
	const char *at = strstr(l.text, "Your token: ");

	ck_assert_uint_eq(l.n_to, 1);
	ck_assert_str_eq(l.to[0], "new@example.org");
	ck_assert_ptr_nonnull(strstr(l.text, "https://lake.test/api/v1/signup/confirm"));
	ck_assert_ptr_nonnull(at);
	return cx_strndup(&cx, at + 12, strcspn(at + 12, "\n"));
}

/* --- where nobody may ---------------------------------------------------------------------- */

START_TEST(nobody_signs_up_where_it_is_not_allowed)
{
	struct fcgi_answer closed = ask(ASK), gone;

	ck_assert_int_eq(closed.status, 403);
	gone = ask("{\"email\":\"a@example.org\",\"password\":\"a long one\",\"tenant-id\":"
		   "\"33333333-3333-4333-8333-333333333333\"}");
	ck_assert_int_eq(gone.status, 403);
	ck_assert_str_eq(json_text(json_member(body_of(&closed), "error"), "message"),
			 json_text(json_member(body_of(&gone), "error"), "message"));
	/* nor in the default tenant, whose settings are its own */
	set(true, NULL);
	gone = ask("{\"email\":\"a@example.org\",\"password\":\"a long one\"}");
	ck_assert_int_eq(gone.status, 403);
}
END_TEST

static const struct {
	const char *body;
	int status;
} bad[] = {
	{ "", 400 },
	{ "{}", 400 },
	{ "{\"email\":\"a@example.org\"}", 400 },
	{ "{\"password\":\"a long one\"}", 400 },
	{ "{\"email\":1,\"password\":\"a long one\"}", 400 },
	{ "{\"email\":\"ada\",\"password\":\"a long one\",\"tenant-id\":\"" TENANT "\"}", 400 },
	{ "{\"email\":\"a@example.org\\r\\nBcc: b@example.org\",\"password\":\"a long one\","
	  "\"tenant-id\":\"" TENANT "\"}",
	  400 },
	{ "{\"email\":\"a@example.org\",\"password\":\"short\",\"tenant-id\":\"" TENANT "\"}",
	  400 },
	{ "{\"email\":\"a@example.org\",\"password\":\"changeme\",\"tenant-id\":\"" TENANT "\"}",
	  400 },
	{ "{\"email\":\"a@example.org\",\"password\":\"a long one\",\"tenant-id\":\"x\"}", 400 },
	{ "{\"email\":\"a@corp.test\",\"password\":\"a long one\",\"tenant-id\":\"" TENANT "\"}",
	  403 },
};

START_TEST(what_is_wrong_makes_no_account)
{
	struct user from = { .row = ROW(user), .tenant_id = TENANT };
	struct signup left = { .row = ROW(signup) };
	size_t before;

	set(true, "mail.test");
	before = count(&from.row, 1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct fcgi_answer a = ask(bad[i].body);

		ck_assert_msg(a.status == bad[i].status, "%s: %d %s", bad[i].body, a.status,
			      a.body);
	}
	ck_assert_uint_eq(count(&from.row, 1), before);
	ck_assert_uint_eq(count(&left.row, 0), 0);
}
END_TEST

/* --- without mail ------------------------------------------------------------------------ */

START_TEST(an_administrator_activates)
{
	struct fcgi_answer a;
	struct user u;
	size_t n;

	set(true, NULL);
	a = ask(ASK);
	ck_assert_int_eq(a.status, 202);
	ck_assert_str_eq(json_text(body_of(&a), "status"), "awaiting-activation");
	must(user_find(&cx, st, TENANT, "new@example.org", &u));
	ck_assert(!u.active);
	ck_assert_str_eq(u.role, "tenant-user");
	ck_assert_str_eq(u.email, "new@example.org");
	(void)newest_letter(&n);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(logs_in("a long one"), 401);
	/* again: the same answer, and nothing of the account changes */
	ck_assert_str_eq(ask(cx_printf(&cx,
				       "{\"email\":\"new@example.org\",\"password\":"
				       "\"another one\",\"tenant-id\":\"%s\"}",
				       TENANT))
				 .body,
			 a.body);
	u.active = true;
	must(user_update(&cx, st, &u, NULL));
	ck_assert_int_eq(logs_in("a long one"), 200);
	ck_assert_int_eq(logs_in("another one"), 401);
}
END_TEST

/* --- with mail --------------------------------------------------------------------------- */

START_TEST(the_address_is_confirmed)
{
	struct fcgi_answer a;
	const char *token;
	struct user u;

	set(true, "mail.test");
	a = ask(ASK);
	ck_assert_int_eq(a.status, 202);
	ck_assert_str_eq(json_text(body_of(&a), "status"), "confirmation-mailed");
	ck_assert_int_eq(user_find(&cx, st, TENANT, "new@example.org", &u), NOT_FOUND);
	ck_assert_int_eq(logs_in("a long one"), 401);
	token = mailed_token();
	ck_assert_ptr_null(strstr(a.body, token));
	/* who reads the mail has to be who chose the password */
	ck_assert_int_eq(confirm(token, "another one").status, 401);
	ck_assert_int_eq(confirm("invented", "a long one").status, 401);
	ck_assert_int_eq(user_find(&cx, st, TENANT, "new@example.org", &u), NOT_FOUND);
	a = confirm(token, "a long one");
	ck_assert_msg(a.status == 201, "%d %s", a.status, a.body);
	ck_assert_str_eq(json_text(body_of(&a), "username"), "new@example.org");
	ck_assert_str_eq(json_text(body_of(&a), "role"), "tenant-user");
	ck_assert_int_eq(confirm(token, "a long one").status, 401);
	ck_assert_int_eq(logs_in("a long one"), 200);
}
END_TEST

START_TEST(an_old_token_is_worth_nothing)
{
	struct signup v;
	const char *token;

	set(true, "mail.test");
	ck_assert_int_eq(ask(ASK).status, 202);
	token = mailed_token();
	must(signup_find(&cx, st, token, &v));
	v.expires_ms = cx_now_ms() - 1;
	must(store_apply(&cx, st, (struct change[]){ { UPDATE, &v.row } }, 1, NULL));
	ck_assert_int_eq(confirm(token, "a long one").status, 401);
	v.expires_ms = cx_now_ms() + 60000;
	must(store_apply(&cx, st, (struct change[]){ { UPDATE, &v.row } }, 1, NULL));
	set(false, "mail.test"); /* the tenant has thought better of it */
	ck_assert_int_eq(confirm(token, "a long one").status, 403);
	set(true, "mail.test");
	ck_assert_int_eq(confirm(token, "a long one").status, 201);
}
END_TEST

/* Of two who asked by one address the first to confirm gets the account. */
START_TEST(two_ask_for_one_address)
{
	const char *first, *other;

	set(true, "mail.test");
	ck_assert_int_eq(ask(ASK).status, 202);
	first = mailed_token();
	ck_assert_int_eq(ask(cx_printf(&cx,
				       "{\"email\":\"new@example.org\",\"password\":"
				       "\"another one\",\"tenant-id\":\"%s\"}",
				       TENANT))
				 .status,
			 202);
	other = mailed_token();
	ck_assert_str_ne(first, other);
	ck_assert_int_eq(confirm(other, "a long one").status, 401); /* each has its own password */
	ck_assert_int_eq(confirm(other, "another one").status, 201);
	ck_assert_int_eq(confirm(first, "a long one").status, 404);
	ck_assert_int_eq(logs_in("a long one"), 401);
}
END_TEST

START_TEST(no_answer_says_who_is_there)
{
	struct user u = { .tenant_id = TENANT,
			  .username = "ann",
			  .email = "ann@example.org",
			  .role = "tenant-user",
			  .password_hash = HORSE };
	struct fcgi_answer fresh, known;
	struct letter l;
	size_t n;

	must(user_create(&cx, st, &u, NULL));
	set(true, "mail.test");
	fresh = ask_for("new@example.org");
	known = ask_for("ann@example.org");
	ck_assert_int_eq(known.status, fresh.status);
	ck_assert_str_eq(known.body, fresh.body);
	l = newest_letter(&n);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(l.to[0], "ann@example.org");
	ck_assert_ptr_null(strstr(l.text, "token"));
	set(true, NULL);
	fresh = ask_for("newer@example.org");
	known = ask_for("ann@example.org");
	ck_assert_int_eq(known.status, fresh.status);
	ck_assert_str_eq(known.body, fresh.body);
	must(user_find(&cx, st, TENANT, "ann", &u));
	ck_assert_str_eq(u.password_hash, HORSE);
}
END_TEST

START_TEST(the_token_is_sealed)
{
	struct signup v;
	const char *token;
	struct store *plain;
	struct row *row = &v.row;

	set(true, "mail.test");
	ck_assert_int_eq(ask(ASK).status, 202);
	token = mailed_token();
	must(signup_find(&cx, st, token, &v));
	ck_assert_str_eq(v.token, token);
	must(store_open(&cx, getenv("DATABASE_URL"), NULL, false, &plain));
	v = (struct signup){ .row = ROW(signup), .token_hash = v.token_hash };
	must(store_get_all(&cx, plain, &row, 1));
	ck_assert_int_ne(v.row.version, 0);
	ck_assert_ptr_null(v.token);
	ck_assert_ptr_null(v.password_hash);
	store_close(plain);
}
END_TEST

/* Nor how long it takes: where there is an account a list is written as well. */
START_TEST(who_is_there_is_on_record)
{
	struct user u = { .tenant_id = TENANT,
			  .username = "ann",
			  .email = "ann@example.org",
			  .role = "tenant-user",
			  .password_hash = HORSE };
	struct audit from = { .row = ROW(audit), .tenant_id = TENANT };
	size_t before;

	must(user_create(&cx, st, &u, NULL));
	set(true, NULL);
	before = count(&from.row, 1);
	ck_assert_int_eq(ask_for("ann@example.org").status, 202);
	ck_assert_uint_eq(count(&from.row, 1), before + 1);
	set(true, "mail.test");
	before = count(&from.row, 1);
	ck_assert_int_eq(ask_for("ann@example.org").status, 202);
	ck_assert_uint_eq(count(&from.row, 1), before + 1);
}
END_TEST

/* --- too many ---------------------------------------------------------------------------- */

START_TEST(who_asks_too_often_waits)
{
	struct fcgi_answer a;

	set(true, NULL);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(ask_for(cx_printf(&cx, "a%d@example.org", i)).status, 202);
	a = ask_for("a5@example.org");
	ck_assert_int_eq(a.status, 429);
	ck_assert_ptr_nonnull(answer_value(&cx, &a, "Retry-After"));
}
END_TEST

/* Of all addresses that end in it. */
START_TEST(a_mailbox_gets_some_letters_a_day)
{
	struct login_attempt from = { .row = ROW(login_attempt) };
	struct query q = { .from = &from.row };
	const struct login_attempt *a;
	struct rows rows;

	set(true, "mail.test");
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(ask_for(cx_printf(&cx, "new+%d@example.org", i)).status, 202);
	ck_assert_int_eq(ask_for("new+x@example.org").status, 429);
	ck_assert_int_eq(ask(ASK).status, 429);
	ck_assert_int_eq(ask_for("newer@example.org").status, 202);
	ck_assert_int_eq(ask_for("+new@example.org").status, 202);
	must(store_list_all(&cx, st, &q, &rows));
	a = rows.items;
	for (size_t i = 0; i < rows.n; i++)
		if (strstr(a[i].subject, "/new@example.org")) {
			ck_assert_int_eq(a[i].failures, 10);
			ck_assert_int_gt(a[i].until_ms, cx_now_ms() + SIGNUP_MS - 60000);
			return;
		}
	ck_abort_msg("the mailbox was not counted");
}
END_TEST

static void start_with_links(void)
{
	setenv("PANGOLIN_OAUTH_EMAIL_LINK_DOMAINS", "corp.test", 1);
	setenv("PANGOLIN_AUTH_RATE_LIMIT", "1000", 1);
	start();
}

int main(void)
{
	Suite *suite = suite_create("signup");
	TCase *tc = tcase_create("signup");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, start_with_links, end);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, nobody_signs_up_where_it_is_not_allowed);
	tcase_add_test(tc, what_is_wrong_makes_no_account);
	tcase_add_test(tc, an_administrator_activates);
	tcase_add_test(tc, the_address_is_confirmed);
	tcase_add_test(tc, an_old_token_is_worth_nothing);
	tcase_add_test(tc, two_ask_for_one_address);
	tcase_add_test(tc, no_answer_says_who_is_there);
	tcase_add_test(tc, who_is_there_is_on_record);
	tcase_add_test(tc, the_token_is_sealed);
	tcase_add_test(tc, a_mailbox_gets_some_letters_a_day);
	suite_add_tcase(suite, tc);
	tc = tcase_create("often");
	tcase_add_checked_fixture(tc, start_strict, end);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, who_asks_too_often_waits);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
