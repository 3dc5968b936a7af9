/* SPDX-License-Identifier: Apache-2.0 */
/* test_sessions.c - tokens are listed, rotated and revoked; who guesses is slowed down. */
#include "tests/unit/logins.h"

#define NOBODY "{\"username\":\"zoe\",\"password\":\"correct horse\",\"tenant-id\":\"" TENANT "\"}"

#define WRONG "{\"username\":\"ada\",\"password\":\"wrong horse\",\"tenant-id\":\"" TENANT "\"}"

/* --- tokens that are there ---------------------------------------------------------------------- */

static struct json_object *tokens_at(const char *uri, const char *token)
{
	struct fcgi_answer a = with_token(&second, "GET", uri, token, NULL);

	ck_assert_msg(a.status == 200, "%d %s", a.status, a.body);
	ck_assert_ptr_null(strstr(a.body, "eyJ")); /* no token's text */
	return body_of(&a);
}

START_TEST(tokens_are_listed)
{
	const char *rob = login_token(ROB_LOGIN), *ada = login_token(ADA_LOGIN);
	const char *of_rob = cx_printf(&cx, "/api/v1/users/%s/tokens", reader.id);
	const char *theirs = cx_printf(&cx, "/api/v1/users/%s/tokens", admin.id);
	const char *root = login_token(ROOT_LOGIN);
	struct json_object *v, *first;

	with_token(&responder, "POST", "/api/v1/tokens", ada,
		   "{\"tenant_id\":\"" TENANT "\",\"username\":\"rob\",\"expires_in_hours\":99}");
	v = tokens_at("/api/v1/users/me/tokens", rob);
	ck_assert_uint_eq(json_object_array_length(v), 2);
	first = json_object_array_get_idx(v, 0); /* the one that lives longest */
	ck_assert_str_eq(json_text(first, "username"), "rob");
	ck_assert_str_eq(json_text(first, "user_id"), reader.id);
	ck_assert_str_eq(json_text(first, "tenant_id"), TENANT);
	ck_assert_str_eq(json_text(first, "id"), json_text(first, "token_id"));
	ck_assert(json_object_get_boolean(json_member(first, "is_valid")));
	ck_assert_int_gt(strcmp(json_text(first, "expires_at"),
				json_text(json_object_array_get_idx(v, 1), "expires_at")),
			 0);
	ck_assert_uint_eq(json_object_array_length(tokens_at(of_rob, ada)), 2);
	ck_assert_uint_eq(json_object_array_length(tokens_at(of_rob, root)), 2);
	v = tokens_at(cx_printf(&cx, "%s?offset=1&limit=5", of_rob), ada);
	ck_assert_uint_eq(json_object_array_length(v), 1);
	ck_assert_int_eq(with_token(&second, "GET", theirs, rob, NULL).status, 403);
	ck_assert_int_eq(
		with_token(&second, "GET", "/api/v1/users/" NIL_UUID "/tokens", ada, NULL).status,
		404);
	ck_assert_int_eq(with_token(&second, "GET", of_rob, login_token(EVE_LOGIN), NULL).status,
			 404);
	ck_assert_uint_eq(json_object_array_length(tokens_at("/api/v1/users/me/tokens", root)), 1);
}
END_TEST

static const char *id_of(const char *token)
{
	struct json_object *v = tokens_at("/api/v1/users/me/tokens", token);

	return json_text(json_object_array_get_idx(v, 0), "token_id");
}

START_TEST(a_rotated_token_ends)
{
	const char *old = login_token(ROB_LOGIN), *fresh, *short_lived;
	struct fcgi_answer a;
	int64_t before = 0, after = 0;

	ck_assert_int_eq(me(&second, old), 200);
	a = with_token(&responder, "POST", "/api/v1/tokens/rotate", old, NULL);
	ck_assert_msg(a.status == 200, "%d %s", a.status, a.body);
	fresh = json_text(body_of(&a), "token");
	ck_assert_str_eq(json_text(body_of(&a), "tenant_id"), TENANT);
	ck_assert_int_eq(me(&second, old), 401);
	ck_assert_int_eq(me(&responder, old), 401);
	ck_assert_int_eq(me(&second, fresh), 200);
	ck_assert_int_eq(with_token(&second, "POST", "/api/v1/tokens/rotate", old, NULL).status,
			 401);
	/* what an administrator gave a program for an hour stays an hour */
	a = with_token(&responder, "POST", "/api/v1/tokens", login_token(ADA_LOGIN),
		       "{\"tenant_id\":\"" TENANT "\",\"expires_in_hours\":1}");
	short_lived = json_text(body_of(&a), "token");
	ck_assert(text_untime(json_text(body_of(&a), "expires_at"), &before));
	a = oauth(cx_printf(&cx, EXCHANGE "&subject_token=%s", short_lived));
	ck_assert_int_le(json_int(body_of(&a), "expires_in", 0), 3600);
	a = with_token(&responder, "POST", "/api/v1/tokens/rotate", short_lived, "{}");
	ck_assert_int_eq(a.status, 200);
	ck_assert(text_untime(json_text(body_of(&a), "expires_at"), &after));
	ck_assert_int_le(after, before + 1000);
	/* root's claim is no empty tenant, and the new one works */
	a = with_token(&responder, "POST", "/api/v1/tokens/rotate", login_token(ROOT_LOGIN), "");
	ck_assert_int_eq(me(&second, json_text(body_of(&a), "token")), 200);
}
END_TEST

START_TEST(tokens_are_revoked)
{
	const char *rob = login_token(ROB_LOGIN), *ada = login_token(ADA_LOGIN);
	const char *eve = login_token(EVE_LOGIN), *rob_id = id_of(rob), *ada_id = id_of(ada);
	const char *uri = cx_printf(&cx, "/api/v1/tokens/%s", ada_id);
	const char *post = cx_printf(&cx, "/api/v1/auth/revoke/%s", rob_id);
	const char *key[] = { cx_printf(&cx, "HTTP_X_API_KEY=%s", api_key), NULL };
	struct fcgi_answer a;

	/* another's, and another tenant's, read as none */
	ck_assert_int_eq(with_token(&second, "DELETE", uri, rob, NULL).status, 404);
	ck_assert_int_eq(with_token(&second, "DELETE", uri, eve, NULL).status, 404);
	ck_assert_int_eq(with_token(&second, "POST", post, eve, NULL).status, 404);
	ck_assert_int_eq(
		with_token(&second, "DELETE", "/api/v1/tokens/" NIL_UUID, ada, NULL).status, 404);
	ck_assert_int_eq(me(&responder, rob) + me(&responder, ada), 400);
	/* an administrator's word, without a body and with a reason */
	a = with_token(&second, "POST", post, ada, NULL);
	ck_assert_msg(a.status == 200, "%d %s", a.status, a.body);
	ck_assert_ptr_nonnull(json_text(body_of(&a), "message"));
	ck_assert_int_eq(me(&responder, rob), 401);
	rob = login_token(ROB_LOGIN);
	post = cx_printf(&cx, "/api/v1/auth/revoke/%s", id_of(rob));
	ck_assert_int_eq(
		with_token(&second, "POST", post, login_token(ROOT_LOGIN), "{\"reason\":\"lost\"}")
			.status,
		200);
	ck_assert_int_eq(me(&responder, rob), 401);
	/* one's own, by its id or as it comes */
	rob = login_token(ROB_LOGIN);
	ck_assert_int_eq(with_token(&second, "DELETE",
				    cx_printf(&cx, "/api/v1/tokens/%s", id_of(rob)), rob, NULL)
				 .status,
			 204);
	ck_assert_int_eq(me(&responder, rob), 401);
	a = with_token(&second, "POST", "/api/v1/auth/revoke", ada, "{\"reason\":1}");
	ck_assert_int_eq(a.status, 400);
	ck_assert_int_eq(with_token(&second, "POST", "/api/v1/auth/revoke", ada, NULL).status, 200);
	ck_assert_int_eq(me(&responder, ada), 401);
	ck_assert_int_eq(fcgi_call(&cx, &second, "POST", "/api/v1/auth/revoke", key, NULL).status,
			 400);
}
END_TEST

START_TEST(what_is_past_its_time_is_cleaned_up)
{
	struct token t = { .row = ROW(token), .tenant_id = TENANT, .expires_at = 1000 };
	const char *ada = login_token(ADA_LOGIN);
	struct fcgi_answer a;

	for (int i = 0; i < 3; i++) {
		t.token_id = cx_printf(&cx, "old%d", i);
		t.row.version = 0;
		must(store_apply(&cx, st, (struct change[]){ { INSERT, &t.row } }, 1, NULL));
	}
	a = with_token(&second, "POST", "/api/v1/auth/cleanup-tokens", login_token(EVE_LOGIN), "");
	ck_assert_int_eq(json_int(body_of(&a), "count", -1), 0);
	a = with_token(&second, "POST", "/api/v1/auth/cleanup-tokens", ada, NULL);
	ck_assert_int_eq(json_int(body_of(&a), "count", -1), 3);
	ck_assert_int_eq(me(&responder, ada), 200);
}
END_TEST

/* Java's client: an expired token for a fresh one, with the credential beside it. */
START_TEST(an_ended_token_and_a_credential)
{
	const char *pair = cx_printf(&cx, "%s:%s", service.id, api_key);
	const char *params[] = { FORM,
				 cx_printf(&cx, "HTTP_AUTHORIZATION=Basic %s",
					   text_base64(&cx, pair, strlen(pair))),
				 NULL };
	struct fcgi_answer a =
		oauth(cx_printf(&cx, "grant_type=client_credentials&client_secret=%s", api_key));
	const char *token = access_token(&a), *ada = login_token(ADA_LOGIN);

	with_token(&second, "POST", "/api/v1/users/logout", token, NULL);
	with_token(&second, "POST", "/api/v1/users/logout", ada, NULL);
	a = fcgi_call(&cx, &responder, "POST", "/v1/oauth/tokens", params,
		      cx_printf(&cx, EXCHANGE "&subject_token=%s", token));
	ck_assert_int_eq(me(&second, access_token(&a)), 200);
	a = fcgi_call(&cx, &responder, "POST", "/v1/oauth/tokens", params,
		      cx_printf(&cx, EXCHANGE "&subject_token=%s", ada));
	ck_assert_int_eq(a.status, 400); /* another's */
}
END_TEST

/* --- on record ------------------------------------------------------------------------------------ */

static const struct audit *record_of(const char *action, const char *username)
{
	struct audit key = { .row = ROW(audit), .tenant_id = TENANT };
	struct query q = { .from = &key.row, .bound = 1, .limit = 1000 };
	const struct audit *a, *found = NULL;
	struct rows rows;

	must(store_list(&cx, st, &q, &rows));
	a = rows.items;
	for (size_t i = 0; i < rows.n; i++)
		if (strcmp(a[i].action, action) == 0 && text_same(a[i].username, username))
			found = &a[i];
	ck_assert_msg(found != NULL, "%s of %s is not on record", action, username);
	return found;
}

START_TEST(who_came_and_went_is_on_record)
{
	static const char *const came[][2] = { { "login", "ada" },
					       { "login_failed", "ada" },
					       { "login_failed", "unknown" },
					       { "generate_token", "job" },
					       { "revoke_token", "ada" },
					       { "logout", "rob" },
					       { "permission_denied", "rob" } };
	const char *from = "REMOTE_ADDR=192.0.2.7", *by = "HTTP_USER_AGENT=spark/3.5";
	const char *ada = login_token(ADA_LOGIN), *rob = login_token(ROB_LOGIN);
	const char *as_ada = cx_printf(&cx, "HTTP_AUTHORIZATION=Bearer %s", ada);
	const char *as_rob = cx_printf(&cx, "HTTP_AUTHORIZATION=Bearer %s", rob);
	const char *nobody[] = { from, by, NULL }, *admins[] = { from, by, as_ada, NULL };
	const char *readers[] = { from, by, as_rob, NULL };
	const char *job = "{\"tenant_id\":\"" TENANT "\",\"username\":\"job\"}";

	fcgi_call(&cx, &second, "POST", "/api/v1/users/login", nobody, ADA_LOGIN);
	fcgi_call(&cx, &second, "POST", "/api/v1/users/login", nobody, WRONG);
	fcgi_call(&cx, &second, "POST", "/api/v1/users/login", nobody, NOBODY);
	fcgi_call(&cx, &second, "POST", "/api/v1/tokens", admins, job);
	fcgi_call(&cx, &second, "POST", "/api/v1/tokens", readers, job);
	fcgi_call(&cx, &second, "POST", "/api/v1/users/logout", readers, NULL);
	fcgi_call(&cx, &second, "POST", "/api/v1/auth/revoke", admins, "{\"reason\":\"lost\"}");
	for (size_t i = 0; i < ARRAY_SIZE(came); i++) {
		const struct audit *a = record_of(came[i][0], came[i][1]);

		ck_assert_msg(text_same(a->ip_address, "192.0.2.7") &&
				      text_same(a->user_agent, "spark/3.5"),
			      "%s of %s", a->action, a->username);
	}
	ck_assert_str_eq(record_of("revoke_token", "ada")->metadata, "{\"reason\":\"lost\"}");
	ck_assert_str_eq(record_of("login_failed", "ada")->result, "failure");
}
END_TEST

/* --- who guesses ---------------------------------------------------------------------------------- */

static struct fcgi_answer login_from(const struct responder_process *p, const char *address,
				     const char *body)
{
	const char *params[] = { cx_printf(&cx, "REMOTE_ADDR=%s", address), NULL };

	return fcgi_call(&cx, p, "POST", "/api/v1/users/login", params, body);
}

/* Two processes count together; a right password does not pass a limit. */
START_TEST(an_address_is_slowed_down)
{
	static const char *const wrong[] = {
		WRONG, NOBODY, "{\"username\":\"root\",\"password\":\"x\"}",
		"{\"username\":\"ada\",\"password\":\"x\",\"tenant-id\":\"" OTHER "\"}"
	};
	struct fcgi_answer a;
	int64_t wait_s;

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(
			login_from(i % 2 ? &second : &responder, "2001:db8:1:2::7", wrong[i])
				.status,
			401);
	a = login_from(&second, "2001:db8:1:2:ffff::1", ADA_LOGIN);
	ck_assert_int_eq(a.status, 429);
	ck_assert(text_int(answer_value(&cx, &a, "Retry-After"), &wait_s));
	ck_assert(wait_s >= 2 && wait_s <= 60);
	ck_assert_int_eq(login_from(&responder, "2001:db8:1:3::7", ADA_LOGIN).status, 200);
	ck_assert_int_eq(login_from(&responder, "::ffff:192.0.2.1", WRONG).status, 401);
	ck_assert_int_eq(login_from(&responder, "192.0.2.1", ROOT_LOGIN).status, 200);
}
END_TEST

START_TEST(an_account_is_locked)
{
	struct login_attempt count = { .row = ROW(login_attempt),
				       .subject = "account " TENANT "/ada" };
	int64_t version;

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(
			login_from(&responder, cx_printf(&cx, "192.0.2.%d", i), WRONG).status, 401);
	must(store_get(&cx, st, &count.row));
	ck_assert_int_eq(count.failures, 3);
	ck_assert_int_eq(login_from(&second, "192.0.2.9", ADA_LOGIN).status, 200);
	ck_assert_int_eq(store_get(&cx, st, &count.row), NOT_FOUND); /* a success forgives */
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(
			login_from(&responder, cx_printf(&cx, "192.0.2.%d", 20 + i), WRONG).status,
			401);
	must(store_get(&cx, st, &count.row));
	version = count.row.version;
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(login_from(&second, "192.0.2.99", WRONG).status, 429);
	ck_assert_int_eq(login_from(&second, "192.0.2.99", ADA_LOGIN).status, 429);
	must(store_get(&cx, st, &count.row));
	ck_assert_int_eq(count.row.version, version); /* who hammers writes nothing */
	/* and who is not there is locked as well */
	for (int i = 0; i < 4; i++)
		login_from(&responder, cx_printf(&cx, "198.51.100.%d", i), NOBODY);
	ck_assert_int_eq(login_from(&responder, "198.51.100.7", NOBODY).status, 429);
	count.until_ms = 1;
	must(store_apply(&cx, st, (struct change[]){ { UPDATE, &count.row } }, 1, NULL));
	ck_assert_int_eq(login_from(&second, "192.0.2.99", ADA_LOGIN).status, 200);
}
END_TEST

START_TEST(guesses_at_roots_password_are_counted_on_every_way)
{
	const char *wrong = "HTTP_AUTHORIZATION=Basic cm9vdDp4"; /* root:x */
	const char *right = "HTTP_AUTHORIZATION=basic cm9vdDpyb290J3Mgb3du";
	const char *here = "REMOTE_ADDR=192.0.2.1", *there = "REMOTE_ADDR=192.0.2.2";
	const char *form = "grant_type=client_credentials&client_id=root&client_secret=x";
	const char *me_uri = "/api/v1/users/me";
	const char *oauth_params[] = { FORM, here, NULL };
	const char *early[] = { right, there, NULL }, *late[] = { right, here, NULL };
	const char *bad[] = { wrong, here, NULL };

	ck_assert_int_eq(fcgi_call(&cx, &responder, "GET", me_uri, early, NULL).status, 200);
	ck_assert_int_eq(fcgi_call(&cx, &responder, "GET", me_uri, bad, NULL).status, 401);
	ck_assert_int_eq(fcgi_call(&cx, &second, "GET", me_uri, bad, NULL).status, 401);
	ck_assert_int_eq(
		fcgi_call(&cx, &second, "POST", "/v1/oauth/tokens", oauth_params, form).status,
		401);
	ck_assert_int_eq(
		login_from(&second, "192.0.2.1", "{\"username\":\"root\",\"password\":\"x\"}")
			.status,
		401);
	ck_assert_int_eq(
		fcgi_call(&cx, &second, "POST", "/v1/oauth/tokens", oauth_params, form).status,
		429);
	ck_assert_int_eq(fcgi_call(&cx, &second, "GET", me_uri, bad, NULL).status, 429);
	ck_assert_int_eq(fcgi_call(&cx, &responder, "GET", me_uri, late, NULL).status, 429);
	/* who was right from elsewhere before goes on */
	ck_assert_int_eq(fcgi_call(&cx, &responder, "GET", me_uri, early, NULL).status, 200);
}
END_TEST

/* No account has such a name: its address alone is counted. */
START_TEST(a_guess_by_an_endless_name_is_counted)
{
	char *name = memset(cx_alloc(&cx, 3001), 'x', 3000);
	const char *pair = cx_printf(&cx, "%s:y", name), *params[3] = { NULL };

	params[0] =
		cx_printf(&cx, "HTTP_AUTHORIZATION=Basic %s", text_base64(&cx, pair, strlen(pair)));
	params[1] = "REMOTE_ADDR=192.0.2.77";
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(
			fcgi_call(&cx, &responder, "GET", "/api/v1/users/me", params, NULL).status,
			401);
	ck_assert_int_eq(fcgi_call(&cx, &second, "GET", "/api/v1/users/me", params, NULL).status,
			 429);
}
END_TEST

START_TEST(another_password_ends_tokens)
{
	const char *mine = login_token(ADA_LOGIN), *other = login_token(ADA_LOGIN);
	struct user row;

	must(user_find(&cx, st, TENANT, "ada", &row));
	must(user_change_password(&cx, st, &row, id_of(mine), NULL));
	ck_assert_int_eq(me(&responder, mine) == 200, me(&responder, other) != 200);
	must(user_change_password(&cx, st, &row, NULL, NULL));
	ck_assert_int_eq(me(&responder, mine), 401);
	ck_assert_int_eq(me(&second, other), 401);
}
END_TEST

/* --- a process that dies ------------------------------------------------------------------ */

#define MANY (2 * TOKENS_LISTED + 5)

static const struct store_ops *real_ops;
static int lists_left;

/* Of what this process has to write, some lists are written. */
static enum status dying_apply(struct cx *c, struct store *s, const struct change *changes,
			       size_t n, size_t *failed)
{
	if (lists_left-- == 0)
		return fail(c, UNAVAILABLE, "dead");
	return real_ops->apply(c, s, changes, n, failed);
}

static void give_many(void)
{
	struct token *tokens = cx_array(&cx, MANY, sizeof(*tokens));
	struct change *list = cx_array(&cx, MANY, sizeof(*list));

	for (size_t i = 0; i < MANY; i++) {
		tokens[i] = (struct token){ .row = ROW(token),
					    .tenant_id = TENANT,
					    .token_id = cx_printf(&cx, "t%zu", i),
					    .user_id = admin.id,
					    .username = "ada",
					    .expires_at = cx_now_ms() + 3600000 };
		list[i] = (struct change){ INSERT, &tokens[i].row };
	}
	for (size_t i = 0; i < MANY; i += TOKENS_LISTED)
		must(store_apply(&cx, st, &list[i],
				 MANY - i < TOKENS_LISTED ? MANY - i : TOKENS_LISTED, NULL));
}

static size_t tokens_left(void)
{
	struct rows left;

	must(token_list(&cx, st, TENANT, admin.id, &left));
	return left.n;
}

/* Where the password is another, no token of the one before is left but `keep`. */
START_TEST(a_password_changes_when_its_tokens_ended)
{
	struct store_ops ops;
	bool changed = false;
	struct user u;
	enum status s;
	int lists;

	give_many();
	real_ops = st->ops;
	ops = *real_ops;
	ops.apply = dying_apply;
	st->ops = &ops;
	for (lists = 0; !changed && lists < 9; lists++) {
		must(user_find(&cx, st, TENANT, "ada", &u));
		u.password_hash = "$other";
		lists_left = lists ? 1 : 0; /* dies at its second list */
		s = user_change_password(&cx, st, &u, "t7", NULL);
		must(user_find(&cx, st, TENANT, "ada", &u));
		changed = text_same(u.password_hash, "$other");
		ck_assert_int_eq(s, changed ? OK : UNAVAILABLE);
		ck_assert(!changed || tokens_left() == 1);
	}
	st->ops = real_ops;
	ck_assert(changed);
	ck_assert_int_eq(lists, 4); /* it died three times: at once, and after each list of many */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sessions");
	TCase *tc = tcase_create("tokens");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, start, end);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, tokens_are_listed);
	tcase_add_test(tc, a_rotated_token_ends);
	tcase_add_test(tc, tokens_are_revoked);
	tcase_add_test(tc, what_is_past_its_time_is_cleaned_up);
	tcase_add_test(tc, an_ended_token_and_a_credential);
	tcase_add_test(tc, another_password_ends_tokens);
	tcase_add_test(tc, a_password_changes_when_its_tokens_ended);
	tcase_add_test(tc, who_came_and_went_is_on_record);
	suite_add_tcase(suite, tc);
	tc = tcase_create("guesses");
	tcase_add_checked_fixture(tc, start_strict, end);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, an_address_is_slowed_down);
	tcase_add_test(tc, an_account_is_locked);
	tcase_add_test(tc, guesses_at_roots_password_are_counted_on_every_way);
	tcase_add_test(tc, a_guess_by_an_endless_name_is_counted);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
