/* SPDX-License-Identifier: Apache-2.0 */
/* test_external.c - another issuer's tokens as credentials: who they are, and when they are none. */
#include "fcgi/server.h"

#include <sys/wait.h>

#include "fcgi/external.h"
#include "stores/catalogs.h"
#include "stores/identities.h"
#include "stores/roles.h"
#include "tests/unit/issuer.h"

#define MAX_JWKS ((size_t)300000)

/* --- let in --------------------------------------------------------------------------------- */

START_TEST(a_token_is_a_user)
{
	const char *token, *more = ",\"email\":\"zoe@corp\",\"email_verified\":true";
	struct json_object *found, *again;
	struct user u;

	begin_well();
	token = token_of("00u1", "");
	found = who(token);
	ck_assert_str_eq(json_text(found, "username"), "acme:00u1");
	ck_assert_str_eq(json_text(found, "tenant-id"), TENANT);
	ck_assert_str_eq(json_text(found, "role"), "tenant-user");
	ck_assert_str_eq(json_text(found, "oauth-provider"), "acme");
	/* another process, another token, another address: the same user; one fetch for all */
	ck_assert_int_eq(me(&responder, token), 200);
	again = who(token_of("00u1", more));
	ck_assert_str_eq(json_text(found, "id"), json_text(again, "id"));
	ck_assert_int_eq(issuer.seen->n, 2);
	ck_assert_str_eq(json_text(who(token_of("00u2", more)), "username"), "zoe@corp");
	/* an address that is not verified, or a name that somebody has, is no name */
	ck_assert_str_eq(json_text(who(token_of("00u3", ",\"email\":\"a@b\"")), "username"),
			 "acme:00u3");
	ck_assert_str_eq(json_text(who(token_of("00u4", more)), "username"), "acme:00u4");
	must(user_find(&cx, st, TENANT, "acme:00u1", &u));
	ck_assert_ptr_null(u.password_hash);
	u.active = false;
	must(user_update(&cx, st, &u, NULL));
	ck_assert_int_eq(me(&responder, token), 401);
	ck_assert_int_eq(me(&second, token), 401);
	must(user_delete(&cx, st, &u, NULL)); /* and is somebody new when he comes again */
	ck_assert_str_ne(json_text(who(token), "id"), u.id);
}
END_TEST

START_TEST(claims_give_roles)
{
	const char *uri = cx_printf(&cx, "/api/v1/users/%s/tokens", NIL_UUID);

	set("ROLES_CLAIM", "realm.roles");
	set("ADMIN_VALUES", "boss, chief");
	begin_well();
	ck_assert_int_eq(with_token(&second, "GET", uri,
				    token_of("u", ",\"realm\":{\"roles\":[\"x\"]}"), NULL)
				 .status,
			 403);
	ck_assert_int_eq(with_token(&second, "GET", uri,
				    token_of("u", ",\"realm\":{\"roles\":[\"x\",\"chief\"]}"), NULL)
				 .status,
			 404); /* an administrator hears that there is nobody */
	ck_assert_int_eq(with_token(&second, "GET", uri,
				    token_of("u", ",\"realm\":{\"roles\":\"root\"}"), NULL)
				 .status,
			 403);
}
END_TEST

/* --- roles of ours ---------------------------------------------------------------------------- */

static void make_role(struct role_row *r, const char *tenant_id, const char *name)
{
	*r = (struct role_row){ .tenant_id = tenant_id, .name = name, .permissions = "[]" };
	must(role_create(&cx, st, r, NULL));
}

/* The ids of those that a token of these claims gives, in our tenant. */
static struct given_roles given(const struct provider *p, const char *claims)
{
	struct responder rs = { .store = st };
	struct request rq = { .cx = &cx, .rs = &rs };
	struct json_object *v;
	struct given_roles out;

	must(json_parse(&cx, claims, strlen(claims), 8, &v));
	must(external_roles(&rq, p, v, TENANT, &out));
	return out;
}

static bool has_id(struct given_roles g, const struct role_row *r)
{
	for (size_t i = 0; i < g.n; i++)
		if (strcmp(g.ids[i], r->id) == 0)
			return true;
	return false;
}

START_TEST(groups_give_roles_by_name)
{
	struct provider p = { .roles_claim = "groups", .roles = "readers=Analysts, etl=Writers" };
	struct role_row analysts, writers, theirs, twin;
	struct given_roles g;

	begin_well();
	make_role(&analysts, TENANT, "Analysts");
	make_role(&writers, TENANT, "Writers");
	make_role(&theirs, OTHER, "Theirs");
	g = given(&p, "{\"groups\":[\"readers\",\"x\",7]}");
	ck_assert(g.n == 1 && has_id(g, &analysts));
	g = given(&p, "{\"groups\":\"etl\"}");
	ck_assert(g.n == 1 && has_id(g, &writers));
	g = given(&p, "{\"groups\":[\"etl\",\"readers\",\"etl\"]}");
	ck_assert_uint_eq(g.n, 2);
	/* a role's own name is no group's, nor another tenant's; what is no text gives nothing */
	ck_assert_uint_eq(given(&p, "{\"groups\":[\"Analysts\",\"reader\",\"READERS\"]}").n, 0);
	ck_assert_uint_eq(given(&p, "{\"groups\":{\"readers\":true}}").n, 0);
	ck_assert_uint_eq(given(&p, "{}").n, 0);
	p.roles = "readers=Theirs,etl=,=Analysts,readers";
	ck_assert_uint_eq(given(&p, "{\"groups\":[\"readers\",\"etl\"]}").n, 0);
	p.roles = "*";
	g = given(&p, "{\"groups\":[\"Writers\",\"Theirs\",\"readers\",\"\"]}");
	ck_assert(g.n == 1 && has_id(g, &writers));
	make_role(&twin, TENANT, "Writers");
	g = given(&p, "{\"groups\":[\"Writers\"]}");
	ck_assert(g.n == 2 && has_id(g, &writers) && has_id(g, &twin));
	p.roles = NULL;
	ck_assert_uint_eq(given(&p, "{\"groups\":[\"Writers\"]}").n, 0);
}
END_TEST

/* A token of ours for it. */
static const char *exchanged(const char *token)
{
	const char *params[] = { FORM, NULL };
	struct fcgi_answer a = fcgi_call(&cx, &responder, "POST", "/v1/oauth/tokens", params,
					 cx_printf(&cx, EXCHANGE "&subject_token=%s", token));

	ck_assert_msg(a.status == 200, "%d %s", a.status, a.body);
	return json_text(body_of(&a), "access_token");
}

START_TEST(a_tokens_groups_are_its_roles)
{
	struct role_row role;
	const char *token, *uri = "/api/v1/users/me";
	const struct grants *grants;

	set("ROLES_CLAIM", "groups");
	set("ROLES", "readers=Analysts");
	begin_well();
	make_role(&role, TENANT, "Analysts");
	token = exchanged(token_of("00u1", ",\"groups\":[\"readers\"]"));
	ck_assert_str_eq(role_in(token, 0), role.id);
	ck_assert_ptr_null(role_in(exchanged(token_of("00u1", ",\"groups\":[\"x\"]")), 0));
	/* handed on, it ends no later */
	ck_assert_str_eq(role_in(exchanged(token), 0), role.id);
	ck_assert_int_le(end_of(exchanged(token)), end_of(token_of("00u1", "")));
	ck_assert_int_eq(with_token(&second, "GET", uri, token, NULL).status, 200);
	must(grants_of(&cx, st, TENANT, "nobody", (struct given_roles){ &role.id, 1 }, &grants));
	ck_assert_uint_eq(grants->n, 0); /* of a role without any */
}
END_TEST

static int run_namespaces(void)
{
	static const struct route_table *const tables[] = { &namespaces_routes };

	return serve("namespaces", 0, tables, 1);
}

/* What the token's owner gets of the catalog's list. */
static int listed(const struct responder_process *p, const char *token)
{
	return with_token(p, "GET", "/v1/lake/namespaces", token, NULL).status;
}

/* A role by a claim opens what it is granted on, and closes it with the next token without it. */
START_TEST(a_role_by_a_claim_opens)
{
	struct catalog lake = { .tenant_id = TENANT, .name = "lake", .properties = "{}" };
	struct responder_process namespaces;
	const char *in, *out, *ours, *theirs, *place;
	struct role_row role;

	set("ROLES_CLAIM", "groups");
	set("ROLES", "readers=Analysts");
	begin_well();
	must(catalog_create(&cx, st, &lake, NULL));
	make_role(&role, TENANT, "Analysts");
	role.permissions = cx_printf(&cx,
				     "[{\"scope\":{\"type\":\"catalog\",\"catalog_id\":\"%s\"},"
				     "\"actions\":[\"read\"]}]",
				     lake.id);
	must(role_update(&cx, st, &role, NULL));
	in = token_of("00u1", ",\"groups\":[\"readers\"]");
	out = token_of("00u1", ",\"groups\":[\"writers\"]");
	ours = exchanged(in);
	theirs = exchanged(out);
	place = cx_printf(&cx, "%s/third", folder);
	ck_assert_int_eq(mkdir(place, 0700), 0);
	responder_start(&namespaces, place, run_namespaces);
	for (int i = 0; i < 2; i++) { /* what a process keeps of a token is that token's */
		ck_assert_int_eq(listed(&namespaces, in), 200);
		ck_assert_int_eq(listed(&namespaces, out), 404);
		ck_assert_int_eq(listed(&namespaces, ours), 200);
		ck_assert_int_eq(listed(&namespaces, theirs), 404);
	}
	ck_assert_int_eq(listed(&namespaces, token_of("00u2", "")), 404);
	role.permissions = "[]";
	must(role_update(&cx, st, &role, NULL));
	ck_assert_int_eq(listed(&namespaces, in), 404);
	ck_assert_int_eq(listed(&namespaces, ours), 404);
	ck_assert_int_eq(responder_stop(&namespaces), 0);
	close(namespaces.listener);
}
END_TEST

START_TEST(claims_give_tenants)
{
	set("TENANT_CLAIM", "org");
	set("TENANTS", "one=" TENANT ",two=" OTHER);
	begin_well();
	ck_assert_str_eq(json_text(who(token_of("a", ",\"org\":\"one\"")), "tenant-id"), TENANT);
	ck_assert_str_eq(json_text(who(token_of("b", ",\"org\":\"two\"")), "tenant-id"), OTHER);
	ck_assert_int_eq(me(&second, token_of("c", ",\"org\":\"three\"")), 401);
	ck_assert_int_eq(me(&second, token_of("c", ",\"org\":\"" OTHER "\"")), 401);
	ck_assert_int_eq(me(&second, token_of("c", "")), 401);
	/* who moves house does not take his old rights along */
	ck_assert_int_eq(me(&second, token_of("a", ",\"org\":\"two\"")), 401);
}
END_TEST

START_TEST(only_who_is_known)
{
	set("CREATE_USERS", "false");
	begin_well();
	ck_assert_int_eq(me(&second, token_of("a", "")), 401);
}
END_TEST

START_TEST(only_some_addresses)
{
	set("EMAIL_DOMAINS", "corp,corp.example");
	begin_well();
	ck_assert_int_eq(
		me(&second, token_of("a", ",\"email\":\"a@corp\",\"email_verified\":true")), 200);
	ck_assert_int_eq(me(&second, token_of("b", ",\"email\":\"a@corp\"")), 401);
	ck_assert_int_eq(
		me(&second, token_of("c", ",\"email\":\"a@evil\",\"email_verified\":true")), 401);
	ck_assert_int_eq(me(&second, token_of("d", "")), 401);
}
END_TEST

/* An address links an account only where its domain is named, and only a free account. */
START_TEST(an_address_links_an_account)
{
	struct user linked;

	setenv("PANGOLIN_OAUTH_EMAIL_LINK_DOMAINS", "corp", 1);
	begin_well();
	must(user_find(&cx, st, TENANT, "rob", &reader));
	reader.email = "rob@corp";
	must(user_update(&cx, st, &reader, NULL));
	ck_assert_str_ne(json_text(who(token_of("x", ",\"email\":\"rob@corp\"")), "id"), reader.id);
	ck_assert_str_ne(
		json_text(who(token_of("y", ",\"email\":\"a@b\",\"email_verified\":true")), "id"),
		admin.id);
	ck_assert_str_eq(
		json_text(who(token_of("z", ",\"email\":\"rob@corp\",\"email_verified\":true")),
			  "id"),
		reader.id);
	must(user_find(&cx, st, TENANT, "rob", &linked));
	ck_assert_str_eq(linked.oauth_subject, "z");
	ck_assert_str_ne(
		json_text(who(token_of("w", ",\"email\":\"rob@corp\",\"email_verified\":true")),
			  "id"),
		reader.id);
}
END_TEST

/* Who was shut out does not come in by a new account of the same address. */
START_TEST(an_address_of_who_is_not_active)
{
	struct user u;

	setenv("PANGOLIN_OAUTH_EMAIL_LINK_DOMAINS", "corp", 1);
	begin_well();
	must(user_find(&cx, st, TENANT, "rob", &reader));
	reader.email = "rob@corp";
	reader.active = false;
	must(user_update(&cx, st, &reader, NULL));
	ck_assert_int_eq(
		me(&second, token_of("z", ",\"email\":\"rob@corp\",\"email_verified\":true")), 401);
	ck_assert_int_eq(identity_find(&cx, st, "acme", "z", &u), NOT_FOUND);
}
END_TEST

/* Of two that come at once, one makes the user, and both are it. */
START_TEST(who_comes_second_makes_no_other)
{
	struct user one = { .tenant_id = TENANT,
			    .username = "one",
			    .role = "tenant-user",
			    .oauth_provider = "acme",
			    .oauth_subject = "00u1" };
	struct user two = one, found;

	begin_well();
	two.username = "two";
	must(identity_create(&cx, st, &one, NULL));
	ck_assert_int_eq(identity_create(&cx, st, &two, NULL), EXISTS);
	must(user_find(&cx, st, TENANT, "rob", &reader));
	reader.oauth_provider = "acme";
	reader.oauth_subject = "00u1";
	ck_assert_int_eq(identity_link(&cx, st, &reader, NULL), EXISTS);
	must(identity_find(&cx, st, "acme", "00u1", &found));
	ck_assert_str_eq(found.id, one.id);
	ck_assert_int_eq(user_find(&cx, st, TENANT, "two", &found), NOT_FOUND);
	ck_assert_str_eq(json_text(who(token_of("00u1", "")), "id"), one.id);
}
END_TEST

/* Ours lives no longer than what it was given for. */
START_TEST(one_is_exchanged)
{
	struct fcgi_answer a;

	begin_well();
	a = oauth(cx_printf(&cx, EXCHANGE "&subject_token=%s", token_of("a", "")));
	ck_assert_msg(a.status == 200, "%d %s", a.status, a.body);
	ck_assert_int_le(json_int(body_of(&a), "expires_in", 0), 600);
	ck_assert_str_eq(json_text(who(json_text(body_of(&a), "access_token")), "username"),
			 "acme:a");
}
END_TEST

/* --- kept out --------------------------------------------------------------------------------- */

START_TEST(hostile_tokens)
{
	const char *good, *past, *future, *bad[12];
	size_t n = 0;

	begin_well();
	good = claims_of("a", "");
	past = cx_printf(&cx, "{\"iss\":\"%s\",\"aud\":\"catalog\",\"sub\":\"a\",\"exp\":1000}",
			 url);
	future = claims_of("a",
			   cx_printf(&cx, ",\"nbf\":%lld", (long long)cx_now_ms() / 1000 + 300));
	bad[n++] = foreign_sign(&cx, &first, "{\"alg\":\"none\",\"kid\":\"first\"}", good);
	bad[n++] = foreign_sign(&cx, &first, "{\"alg\":\"HS256\",\"kid\":\"first\"}", good);
	bad[n++] = foreign_sign(&cx, &first, "{\"alg\":\"EdDSA\"}", good);
	bad[n++] = foreign_sign(&cx, &first, "{\"alg\":\"EdDSA\",\"kid\":\"other\"}", good);
	bad[n++] = foreign_token(&cx, &evil, good);
	bad[n++] = foreign_token(&cx, &first, past);
	bad[n++] = foreign_token(&cx, &first, future);
	bad[n++] = foreign_token(&cx, &first,
				 "{\"iss\":\"pangolin\",\"aud\":\"pangolin\",\"exp\":9999999999}");
	bad[n++] = foreign_token(&cx, &first,
				 "{\"iss\":\"http://evil\",\"aud\":\"catalog\",\"sub\":\"a\"}");
	bad[n++] = foreign_token(
		&cx, &first,
		cx_printf(&cx, "{\"iss\":\"%s\",\"aud\":\"them\",\"sub\":\"a\",\"exp\":9999999999}",
			  url));
	bad[n++] = foreign_token(
		&cx, &first,
		cx_printf(&cx, "{\"iss\":\"%s\",\"aud\":\"catalog\",\"exp\":9999999999}", url));
	bad[n++] = cx_printf(&cx, "%s.", foreign_token(&cx, &first, good));
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(me(&second, bad[i]) == 401, "token %zu", i);
	ck_assert_int_eq(me(&second, foreign_token(&cx, &first, good)), 200);
	ck_assert_int_eq(issuer.seen->n, 2); /* an unknown key fetches no more than once a minute */
}
END_TEST

static void let_a_minute_pass(void)
{
	struct issuer row = { .row = ROW(issuer), .issuer = url };

	must(store_get(&cx, st, &row.row));
	row.tried_ms = row.read_ms = row.read_ms - 61000;
	must(store_apply(&cx, st, (struct change[]){ { UPDATE, &row.row } }, 1, NULL));
}

START_TEST(keys_rotate_there)
{
	const char *fresh;

	begin_well();
	fresh = foreign_token(&cx, &next, claims_of("a", ""));
	ck_assert_int_eq(me(&responder, token_of("a", "")), 200);
	ck_assert_int_eq(me(&responder, fresh), 401);
	let_a_minute_pass();
	ck_assert_int_eq(me(&second, fresh), 200);
	ck_assert_int_eq(me(&responder, fresh), 200);
	ck_assert_int_eq(issuer.seen->n, 4);
	ck_assert_int_eq(me(&second, token_of("b", "")), 401); /* the old key's time is over */
}
END_TEST

/* What an issuer says can't be trusted either: none of it is taken. */
static const struct {
	const char *issuer, *jwks;
} lies[] = {
	{ "http://127.0.0.1:$PORT/", NULL },
	{ "https://accounts.google.com", NULL },
	{ "http://127.0.0.1:$PORT", "{\"keys\":[]}" },
	{ "http://127.0.0.1:$PORT", "{\"keys\":{}}" },
	{ "http://127.0.0.1:$PORT", "[[[[[[[[[[[[[[[[[[[[[[[[" },
	{ "http://127.0.0.1:$PORT", "" },
	{ "http://127.0.0.1:$PORT", "$HUGE" },
};

START_TEST(an_issuer_that_lies)
{
	const char *jwks = jwks_of(&first), *said = lies[_i].jwks;
	char *huge = cx_alloc(&cx, MAX_JWKS + 1);

	memset(huge, ' ', MAX_JWKS);
	if (said)
		jwks = http(strcmp(said, "$HUGE") == 0 ? cx_printf(&cx, "%s{\"keys\":[%s]}", huge,
								   foreign_jwk(&cx, &first))
						       : said);
	const char *answers[] = { discovery(lies[_i].issuer), jwks };

	set("TENANT", TENANT);
	begin(answers, ARRAY_SIZE(answers));
	ck_assert_int_eq(me(&second, token_of("a", "")), 503);
	ck_assert_int_eq(me(&second, login_token(ROB_LOGIN)), 200); /* our own go on */
	ck_assert_int_le(issuer.seen->n, 2);
}
END_TEST

/* Keys that were good an hour ago are good while the issuer can't be reached. */
START_TEST(an_issuer_that_is_away)
{
	struct issuer row = { .row = ROW(issuer) };

	begin_well();
	ck_assert_int_eq(me(&responder, token_of("a", "")), 200);
	fake_stop(&issuer);
	row.issuer = url;
	must(store_get(&cx, st, &row.row));
	row.tried_ms = row.read_ms = row.read_ms - 3600000;
	must(store_apply(&cx, st, (struct change[]){ { UPDATE, &row.row } }, 1, NULL));
	ck_assert_int_eq(me(&second, token_of("a", "")), 200);
}
END_TEST

/* Another process has begun to read the issuer, and is at it still. */
static void be_asked(const char *jwks, int64_t read_ms)
{
	struct issuer row = { .row = ROW(issuer),
			      .issuer = url,
			      .endpoints = "{}",
			      .jwks = jwks,
			      .read_ms = read_ms,
			      .tried_ms = cx_now_ms() };

	must(store_apply(&cx, st, (struct change[]){ { INSERT, &row.row } }, 1, NULL));
}

static void sends_away(const char *token)
{
	int64_t before = cx_monotonic_ms();
	struct fcgi_answer a = with_token(&second, "GET", ME, token, NULL);

	ck_assert_msg(a.status == 503, "%d %s", a.status, a.body);
	ck_assert_str_eq(answer_value(&cx, &a, "Retry-After"), "1");
	ck_assert_int_lt(cx_monotonic_ms() - before, 3000);
}

START_TEST(nobody_waits_long_for_another_process)
{
	begin_well();
	be_asked(NULL, 0);
	sends_away(token_of("a", ""));
	ck_assert_int_eq(issuer.seen->n, 0);
}
END_TEST

/* Keys of an hour ago do; one that is not among them is waited for. */
START_TEST(what_is_known_goes_on_meanwhile)
{
	const char *known = cx_printf(&cx, "{\"keys\":[%s]}", foreign_jwk(&cx, &first));
	int64_t before;

	begin_well();
	be_asked(known, cx_now_ms() - 3600000);
	before = cx_monotonic_ms();
	ck_assert_int_eq(me(&second, token_of("a", "")), 200);
	ck_assert_int_lt(cx_monotonic_ms() - before, 900);
	sends_away(foreign_token(&cx, &next, claims_of("a", "")));
	ck_assert_int_eq(issuer.seen->n, 0);
}
END_TEST

START_TEST(what_another_process_reads_is_waited_for)
{
	const char *answers[] = { discovery("http://127.0.0.1:$PORT"), jwks_of(&first) };
	const char *token;
	int status;
	pid_t pid;

	set("TENANT", TENANT);
	begin_slow(answers, ARRAY_SIZE(answers), 200);
	token = token_of("a", "");
	pid = fork();
	if (pid == 0)
		_exit(me(&responder, token) != 200);
	usleep(100000);
	ck_assert_int_eq(me(&second, token), 200);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_eq(issuer.seen->n, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("external");
	TCase *tc = tcase_create("external");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_token_is_a_user);
	tcase_add_test(tc, claims_give_roles);
	tcase_add_test(tc, groups_give_roles_by_name);
	tcase_add_test(tc, a_tokens_groups_are_its_roles);
	tcase_add_test(tc, a_role_by_a_claim_opens);
	tcase_add_test(tc, claims_give_tenants);
	tcase_add_test(tc, only_who_is_known);
	tcase_add_test(tc, only_some_addresses);
	tcase_add_test(tc, an_address_links_an_account);
	tcase_add_test(tc, an_address_of_who_is_not_active);
	tcase_add_test(tc, who_comes_second_makes_no_other);
	tcase_add_test(tc, one_is_exchanged);
	tcase_add_test(tc, hostile_tokens);
	tcase_add_test(tc, keys_rotate_there);
	tcase_add_loop_test(tc, an_issuer_that_lies, 0, (int)ARRAY_SIZE(lies));
	tcase_add_test(tc, an_issuer_that_is_away);
	tcase_add_test(tc, nobody_waits_long_for_another_process);
	tcase_add_test(tc, what_is_known_goes_on_meanwhile);
	tcase_add_test(tc, what_another_process_reads_is_waited_for);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
