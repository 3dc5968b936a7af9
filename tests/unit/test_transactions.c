/* SPDX-License-Identifier: Apache-2.0 */
/* test_transactions.c - commits of many tables, all or none; unregister and register beside commits. */
#include "tests/unit/fresh_store.h"
#include "tests/unit/rest.h"

#define COMMIT "/v1/c/transactions/commit"
#define REGISTER "/v1/c/namespaces/a/register"
#define RENAME "/v1/c/tables/rename"
#define ID(space, name) "{\"namespace\":[\"" space "\"],\"name\":\"" name "\"}"
#define CHANGE(space, name, rest) "{\"identifier\":" ID(space, name) "," rest "}"
#define TX(changes) "{\"table-changes\":[" changes "]}"
#define PUT(key, value)                                                                            \
	"\"requirements\":[],\"updates\":[{\"action\":\"set-properties\",\"updates\":{\"" key      \
	"\":\"" value "\"}}]"
#define PUT_IF(requirement, key, value)                                                            \
	"\"requirements\":[" requirement                                                           \
	"],\"updates\":[{\"action\":\"set-properties\",\"updates\":{\"" key "\":\"" value "\"}}]"
#define SCHEMA_IS_7 "{\"type\":\"assert-current-schema-id\",\"current-schema-id\":7}"
#define AT(location)                                                                               \
	"\"requirements\":[],\"updates\":[{\"action\":\"set-location\",\"location\":\"" location   \
	"\"}]"
#define NOTHING "\"requirements\":[],\"updates\":[]"
#define MOVE(from_space, from, to_space, to)                                                       \
	"{\"source\":" ID(from_space, from) ",\"destination\":" ID(to_space, to) "}"

static void make_t_and_u(void)
{
	make_t();
	expect("POST", T, "{\"name\":\"u\"," SCHEMA "}", 200, NULL);
	expect("POST", "/v1/c/namespaces", "{\"namespace\":[\"b\"]}", 200, NULL);
}

static bool has(const char *uri, const char *text)
{
	return strstr(call("GET", uri, NULL).body, text) != NULL;
}

/* --- what is refused, and leaves nothing behind -------------------------------------------- */

static const struct {
	const char *body;
	int status;
	const char *contains;
} refused[] = {
	{ "{}", 400, "table-changes" },
	{ "{\"table-changes\":{}}", 400, "table-changes" },
	{ "{\"table-changes\":[]}", 400, "Invalid table changes: empty" },
	{ "{\"table-changes\":[7]}", 400, "table-changes[0]: not an object" },
	{ "{\"table-changes\":[null]}", 400, "table-changes[0]: not an object" },
	{ TX("{" PUT("k", "v") "}"), 400, "identifier" },
	{ TX("{\"identifier\":{\"namespace\":[],\"name\":\"t\"}," PUT("k", "v") "}"), 400, NULL },
	{ TX("{\"identifier\":{\"namespace\":[\"a\"],\"name\":7}," PUT("k", "v") "}"), 400, NULL },
	{ TX(CHANGE("a", "t", "\"updates\":[]")), 400, "table-changes[0]: requirements" },
	{ TX(CHANGE("a", "t", "\"requirements\":[]")), 400, "table-changes[0]: updates" },
	{ TX(CHANGE("a", "t", PUT("k", "v")) "," CHANGE("a", "t", PUT("l", "w"))), 400,
	  "a.t stands in the transaction twice" },
	{ TX(CHANGE("a", "t", PUT("k", "v")) "," CHANGE("a", "none", PUT("k", "v"))), 404,
	  "Table does not exist: a.none" },
	{ TX(CHANGE("a", "none", PUT("k", "v"))), 404, "NoSuchTableException" },
	{ TX(CHANGE("a", "t", PUT("k", "v")) "," CHANGE("none", "x", STAGED_BODY("$W/x"))), 404,
	  "NoSuchNamespaceException" },
	{ TX(CHANGE("a", "t", PUT("k", "v")) "," CHANGE("a", "u", PUT_IF(SCHEMA_IS_7, "k", "v"))),
	  409, "a.u: Requirement failed: current schema changed" },
	{ TX(CHANGE("a", "t", PUT_IF(SCHEMA_IS_7, "k", "v"))), 409, "CommitFailedException" },
	{ TX(CHANGE("a", "t", PUT("k", "v")) "," CHANGE("a", "u",
							PUT_IF("{\"type\":\"x\"}", "k", "v"))),
	  400, "unknown requirement" },
	{ TX(CHANGE("a", "t", PUT("k", "v")) "," CHANGE(
		  "a", "u", "\"requirements\":[],\"updates\":[{\"action\":\"x\"}]")),
	  400, "a.u: " },
	/* an unchanged table's requirements count too */
	{ TX(CHANGE("a", "t", PUT("k", "v")) "," CHANGE(
		  "a", "u", "\"requirements\":[" SCHEMA_IS_7 "],\"updates\":[]")),
	  409, "Requirement failed" },
	{ TX(CHANGE("a", "t", PUT("k", "v")) "," CHANGE("a", "u", STAGED_BODY("$W/x"))), 409,
	  "Requirement failed: table already exists" },
	{ TX(CHANGE("a", "t", PUT("k", "v")) "," CHANGE("a", "x@y", STAGED_BODY("$W/x"))), 400,
	  "'@'" },
	/* folders: of others, and of each other */
	{ TX(CHANGE("a", "t", PUT("k", "v")) "," CHANGE("a", "x", STAGED_BODY("file:///etc/x"))),
	  400, NULL },
	{ TX(CHANGE("a", "x", STAGED_BODY("$W/x")) "," CHANGE("a", "y", STAGED_BODY("$W/x"))), 400,
	  "overlaps" },
	{ TX(CHANGE("a", "x", STAGED_BODY("$W/x/y")) "," CHANGE("a", "y", STAGED_BODY("$W/x"))),
	  400, "overlaps" },
	{ TX(CHANGE("a", "x", STAGED_BODY("$W/x")) "," CHANGE("a", "y", STAGED_BODY("$W/x/y"))),
	  400, "overlaps" },
	{ TX(CHANGE("a", "t", AT("$W/x")) "," CHANGE("a", "u", AT("$W/x/y"))), 400, "overlaps" },
};

START_TEST(test_refused)
{
	const char *t, *u;
	int files;

	make_t_and_u();
	t = call("GET", T "/t", NULL).body;
	u = call("GET", T "/u", NULL).body;
	files = files_in(root);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		expect("POST", COMMIT, refused[i].body, refused[i].status, refused[i].contains);
		ck_assert_str_eq(call("GET", T "/t", NULL).body, t);
		ck_assert_str_eq(call("GET", T "/u", NULL).body, u);
		ck_assert_int_eq(files_in(root), files);
	}
	expect("GET", T, NULL, 200,
	       "[{\"namespace\":[\"a\"],\"name\":\"t\"},{\"namespace\":[\"a\"],\"name\":\"u\"}]");
}
END_TEST

/* --- what is done ---------------------------------------------------------------------------- */

START_TEST(test_two_tables)
{
	struct fcgi_answer a;
	int files;

	make_t_and_u();
	files = files_in(root);
	a = call("POST", COMMIT,
		 TX(CHANGE("a", "t", PUT("k", "1")) "," CHANGE("a", "u", PUT("k", "2"))));
	ck_assert_int_eq(a.status, 204);
	ck_assert_uint_eq(a.body_len, 0);
	/* the route's rows, the tables' rows, and one list */
	ck_counts(a.head, 3, "requests=0 gets=0 puts=2 removes=0");
	ck_assert_int_eq(files_in(root), files + 2);
	ck_assert(has(T "/t", "\"k\":\"1\"") && has(T "/u", "\"k\":\"2\""));
	/* one that changes nothing stays as it is */
	a = call("POST", COMMIT, TX(CHANGE("a", "t", PUT("k", "3")) "," CHANGE("a", "u", NOTHING)));
	ck_assert_int_eq(a.status, 204);
	ck_assert(has(T "/t", "\"k\":\"3\"") && has(T "/u", "\"k\":\"2\""));
	ck_assert_int_eq(files_in(root), files + 3);
	expect("POST", COMMIT, TX(CHANGE("a", "t", NOTHING) "," CHANGE("a", "u", NOTHING)), 204,
	       NULL);
	ck_assert_int_eq(files_in(root), files + 3);
}
END_TEST

START_TEST(test_creation_inside)
{
	make_t_and_u();
	expect("POST", COMMIT,
	       TX(CHANGE("b", "x", STAGED_BODY("$W/s/x")) "," CHANGE(
		       "a", "t", PUT("k", "1")) "," CHANGE("b", "y", STAGED_BODY("$W/s/y"))),
	       204, NULL);
	ck_assert(has("/v1/c/namespaces/b/tables/x", "/s/x\""));
	ck_assert(has("/v1/c/namespaces/b/tables/y", "/s/y\""));
	ck_assert(has(T "/t", "\"k\":\"1\""));
	expect("DELETE", "/v1/c/namespaces/b", NULL, 409, "not empty");
	/* their folders are theirs */
	expect("DELETE", T "/u", NULL, 204, NULL);
	expect("POST", T, CREATE_AT("$W/s/x/z", ""), 400, "overlaps");
	expect("POST", COMMIT, TX(CHANGE("b", "x", STAGED_BODY("$W/s/z"))), 409,
	       "table already exists");
	expect("DELETE", "/v1/c/namespaces/b/tables/x", NULL, 204, NULL);
	expect("POST", COMMIT, TX(CHANGE("b", "x", STAGED_BODY("$W/s/x"))), 204, NULL);
}
END_TEST

/* Some hundred tables: made by one list, changed by one list. */
#define MANY 300

static const char *many(const char *(*rest)(int i), int n)
{
	struct text t = text_open(&cx, (size_t)8 << 20);

	for (int i = 0; i < n; i++)
		text_addf(&t, "%s{\"identifier\":{\"namespace\":[\"b\"],\"name\":\"m%d\"},%s}",
			  i ? "," : "{\"table-changes\":[", i, rest(i));
	text_add(&t, "]}");
	return t.s;
}

static const char *staged_at(int i)
{
	return filled(cx_printf(&cx, STAGED_BODY("$W/many/%d"), i));
}

static const char *number(int i)
{
	return cx_printf(&cx, PUT("number", "n%d"), i);
}

START_TEST(test_many_tables)
{
	struct fcgi_answer a;

	make_t_and_u();
	expect("POST", COMMIT, many(staged_at, MANY), 204, NULL);
	a = call("POST", COMMIT, many(number, MANY));
	ck_assert_int_eq(a.status, 204);
	ck_counts(a.head, 3, "requests=0 gets=0 puts=300");
	for (int i = 0; i < MANY; i += 37)
		ck_assert(has(cx_printf(&cx, "/v1/c/namespaces/b/tables/m%d", i),
			      cx_printf(&cx, "\"number\":\"n%d\"", i)));
	expect("POST", COMMIT, many(number, 1001), 400, "at most 1000 are possible");
}
END_TEST

/* A view is no table: neither to be changed, nor to be made another of. */
START_TEST(test_views)
{
	int files;

	make_t_and_u();
	expect("POST", "/v1/c/namespaces/a/views", "{\"name\":\"v\",\"sql\":\"SELECT 1\"}", 201,
	       NULL);
	files = files_in(root);
	expect("POST", COMMIT,
	       TX(CHANGE("a", "t", PUT("k", "v")) "," CHANGE("a", "v", PUT("k", "v"))), 404,
	       "Table does not exist: a.v");
	expect("POST", COMMIT,
	       TX(CHANGE("a", "t", PUT("k", "v")) "," CHANGE("a", "v", STAGED_BODY("$W/x"))), 409,
	       "View with same name already exists: a.v");
	expect("POST", T "/v", STAGED("$W/x"), 409, "\"View with same name already exists: a.v");
	expect("POST", T "/v", STAGED("$W/x"), 409, "AlreadyExistsException");
	expect("GET", T "/t", NULL, 200, NULL);
	expect("POST", REGISTER, "{\"name\":\"v\",\"metadata-location\":\"$M\",\"overwrite\":true}",
	       409, "View with same name already exists: a.v");
	expect("POST", RENAME, MOVE("a", "t", "a", "v"), 409,
	       "Cannot rename a.t to a.v. View already exists");
	expect("POST", RENAME, MOVE("a", "v", "a", "w"), 404, "NoSuchTableException");
	expect("POST", T "/v/unregister", NULL, 404, "NoSuchTableException");
	ck_assert_int_eq(files_in(root), files);
	ck_assert(!has(T "/t", "\"k\":\"v\""));
}
END_TEST

/* --- branches ----------------------------------------------------------------------------------- */

START_TEST(test_branches)
{
	make_t_and_u();
	make_branch("dev");
	expect("POST", COMMIT,
	       TX(CHANGE("a", "t@dev", PUT("on", "dev")) "," CHANGE("a", "u", PUT("on", "main"))),
	       400, "branch dev and branch main");
	expect("POST", COMMIT,
	       TX(CHANGE("a", "t@dev", PUT("on", "dev")) "," CHANGE("a@dev", "t", PUT("on", "x"))),
	       400, "twice");
	expect("POST", COMMIT,
	       TX(CHANGE("a", "t@dev", PUT("on", "dev")) "," CHANGE(
		       "a@dev", "u", PUT("on", "dev")) "," CHANGE("a", "x@dev",
								  STAGED_BODY("$W/x"))),
	       204, NULL);
	ck_assert(has(T "/t@dev", "\"on\":\"dev\"") && has(T "/u@dev", "\"on\":\"dev\""));
	ck_assert(!has(T "/t", "\"on\"") && !has(T "/u", "\"on\""));
	expect("GET", T "/x", NULL, 404, NULL);
	expect("POST", COMMIT "?branch=dev", TX(CHANGE("a", "t", PUT("by", "query"))), 204, NULL);
	ck_assert(has(T "/t@dev", "\"by\":\"query\"") && !has(T "/t", "\"by\""));
	/* a rename stays on its branch */
	expect("POST", RENAME, MOVE("a", "t@dev", "b", "t"), 400, "branch");
	expect("POST", RENAME, MOVE("a", "t@dev", "b", "v@dev"), 204, NULL);
	ck_assert(has("/v1/c/namespaces/b/tables/v@dev", "\"on\":\"dev\""));
	expect("GET", T "/t@dev", NULL, 404, NULL);
	expect("GET", T "/t", NULL, 200, NULL);
}
END_TEST

/* --- rename ---------------------------------------------------------------------------------------- */

START_TEST(test_rename)
{
	const char *t;

	make_t_and_u();
	t = call("GET", T "/t", NULL).body;
	expect("POST", RENAME, MOVE("a", "t", "a", "u"), 409, "Table already exists");
	expect("POST", RENAME, MOVE("a", "t", "b", "x@y"), 400, "'@'");
	expect("POST", RENAME, MOVE("a", "t", "b", "t"), 204, NULL);
	ck_assert_str_eq(call("GET", "/v1/c/namespaces/b/tables/t", NULL).body, t);
	expect("POST", T "/t", SET("k", "v"), 404, "Table does not exist: a.t");
	/* nothing of it is left in the first namespace */
	expect("DELETE", T "/u", NULL, 204, NULL);
	expect("DELETE", "/v1/c/namespaces/a", NULL, 204, NULL);
	expect("DELETE", "/v1/c/namespaces/b", NULL, 409, "not empty");
	expect("POST", "/v1/c/namespaces/b/tables/t", SET("k", "v"), 200, "\"k\":\"v\"");
}
END_TEST

/* --- register and unregister ------------------------------------------------------------------------ */

START_TEST(test_unregister)
{
	struct fcgi_answer loaded, gone;
	int files;

	make_t_and_u();
	expect("POST", T "/t", SET("k", "v"), 200, NULL);
	loaded = call("GET", T "/t", NULL);
	files = files_in(root);
	gone = call("POST", T "/t/unregister", NULL);
	ck_assert_int_eq(gone.status, 200);
	/* as the load was, without the client's configuration */
	ck_assert_int_eq(strncmp(gone.body, loaded.body, gone.body_len - 1), 0);
	ck_assert_str_eq(loaded.body + gone.body_len - 1, ",\"config\":{}}");
	ck_assert_int_eq(files_in(root), files);
	expect("GET", T "/t", NULL, 404, "NoSuchTableException");
	expect("POST", T "/t", SET("k", "w"), 404, "NoSuchTableException");
	expect("POST", COMMIT, TX(CHANGE("a", "t", PUT("k", "w"))), 404, "NoSuchTableException");
	expect("POST", T "/t/unregister", NULL, 404, "Table does not exist: a.t");
	expect("POST", REGISTER, "{\"name\":\"back\",\"metadata-location\":\"$M\"}", 200,
	       "\"k\":\"v\"");
	expect("POST", T "/back", SET("l", "w"), 200, "\"k\":\"v\"");
	/* what can't be given back is not taken */
	ck_assert_int_eq(unlink(path_of(last_location)), 0);
	expect("POST", T "/back/unregister", NULL, 404, "NotFoundException");
	expect("HEAD", T "/back", NULL, 204, NULL);
}
END_TEST

START_TEST(test_register_overwrites)
{
	const char *first, *other;

	make_t_and_u();
	other = last_location;
	expect("GET", T "/t", NULL, 200, NULL);
	first = last_location;
	expect("POST", T "/t", SET("k", "v"), 200, NULL);
	last_location = first;
	expect("POST", REGISTER, "{\"name\":\"t\",\"metadata-location\":\"$M\"}", 409,
	       "Table already exists: a.t");
	expect("POST", REGISTER,
	       "{\"name\":\"t\",\"metadata-location\":\"$M\",\"overwrite\":false}", 409, NULL);
	expect("POST", REGISTER, "{\"name\":\"t\",\"metadata-location\":\"$M\",\"overwrite\":7}",
	       400, "overwrite");
	expect("POST", REGISTER, "{\"name\":\"t\",\"metadata-location\":\"$M\",\"overwrite\":true}",
	       200, first);
	ck_assert(!has(T "/t", "\"k\":\"v\""));
	expect("POST", T "/t", SET("l", "w"), 200, "\"l\":\"w\"");
	/* not by another table's folder, not where there is no namespace; and where nothing is
	 * overwritten it is a plain registration */
	last_location = other;
	expect("POST", REGISTER, "{\"name\":\"t\",\"metadata-location\":\"$M\",\"overwrite\":true}",
	       400, "overlaps");
	expect("POST", "/v1/c/namespaces/none/register",
	       "{\"name\":\"t\",\"metadata-location\":\"$M\",\"overwrite\":true}", 404,
	       "NoSuchNamespaceException");
	expect("DELETE", T "/u", NULL, 204, NULL);
	expect("POST", REGISTER, "{\"name\":\"w\",\"metadata-location\":\"$M\",\"overwrite\":true}",
	       200, other);
	/* folders that an overwritten table had are freed with it */
	expect("DELETE", T "/t", NULL, 204, NULL);
	last_location = first;
	expect("POST", REGISTER, "{\"name\":\"v\",\"metadata-location\":\"$M\"}", 200, NULL);
}
END_TEST

/* --- staged creates ------------------------------------------------------------------------------- */

START_TEST(test_staged)
{
	struct place *p;
	struct content *known = content_open();
	const struct catalog_ref *ref;

	expect("POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"]}", 200, NULL);
	expect("POST", "/v1/c/namespaces/none/tables/t", STAGED("$W/staged"), 404,
	       "NoSuchNamespaceException");
	expect("POST", T "/t", STAGED("$W/staged"), 200, "11111111-1111-4111-8111-111111111111");
	expect("GET", T "/t", NULL, 200, "/staged");
	expect("POST", T "/t", STAGED("$W/staged"), 409,
	       "\"Requirement failed: table already exists");
	expect("POST", T "/other", STAGED("$W/staged"), 400, "overlaps");
	/* the client's UUID is not what grants hang on */
	must(content_catalog(&cx, known, st, NIL_UUID, "c", NULL, &ref));
	p = place_asset(&cx, ref, "a", "t");
	must(content_read(&cx, st, ref, NULL, &p, 1, NULL, 0));
	ck_assert_str_eq(p->seen->table_uuid, "11111111-1111-4111-8111-111111111111");
	ck_assert_str_ne(p->seen->asset_id, p->seen->table_uuid);
	content_close(known);
}
END_TEST

/* Until its commit a staged table is not there at all, nor anything of it. */
START_TEST(test_stage_shows_nothing)
{
	int files;

	expect("POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"]}", 200, NULL);
	files = files_in(root);
	expect("POST", T, "{\"name\":\"t\"," SCHEMA ",\"stage-create\":true}", 200,
	       "{\"metadata\":{");
	ck_assert_int_eq(files_in(root), files);
	expect("GET", T, NULL, 200, "{\"identifiers\":[]");
	expect("GET", T "/t", NULL, 404, NULL);
	expect("HEAD", T "/t", NULL, 404, NULL);
	expect("POST", T "/t", SET("k", "v"), 404, "NoSuchTableException");
	expect("DELETE", T "/t", NULL, 404, NULL);
	/* another may take the name, and the loser is told so */
	expect("POST", T, "{\"name\":\"t\"," SCHEMA "}", 200, NULL);
	expect("POST", T "/t", STAGED("$W/t"), 409, "\"Requirement failed: table already exists");
	ck_assert_int_eq(files_in(root), files + 1);
}
END_TEST

/* --- races ------------------------------------------------------------------------------------------- */

#define CLIENTS 4
#define ROUNDS 10

/* Each client's own connections and memory; the exit status counts its successes. */
static int client(const char *(*body)(int client, int i), int mine, const char *uri, int good)
{
	struct cx own = { 0 };
	int n = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct fcgi_answer a =
			fcgi_call(&own, &responder, "POST", uri, NULL, body(mine, i));

		if (a.status == good)
			n++;
		else if (a.status != 409 && a.status != 404)
			return 255;
		cx_reset(&own);
	}
	return n;
}

static void race(pid_t *pids, const char *(*body)(int client, int i), const char *uri, int good)
{
	for (int i = 0; i < CLIENTS; i++) {
		pids[i] = fork();
		ck_assert_int_ge(pids[i], 0);
		if (pids[i] == 0)
			_exit(client(body, i, uri, good));
	}
}

static int sum_of(const pid_t *pids)
{
	int sum = 0, status;

	for (int i = 0; i < CLIENTS; i++) {
		waitpid(pids[i], &status, 0);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 255);
		sum += WEXITSTATUS(status);
	}
	return sum;
}

/* A property of the client's and round's own, in both tables. */
static const char *in_both(int mine, int i)
{
	static char text[1000]; /* a child's own */

	snprintf(text, sizeof(text),
		 mine % 2 ? TX(CHANGE("a", "t", PUT("p%d-%d", "x")) "," CHANGE("a", "u",
									       PUT("p%d-%d", "x")))
			  : TX(CHANGE("a", "u", PUT("p%d-%d", "x")) "," CHANGE("a", "t",
									       PUT("p%d-%d", "x"))),
		 mine, i, mine, i);
	return text;
}

static const char *in_one(int mine, int i)
{
	static char text[400];

	snprintf(text, sizeof(text), "{" PUT("p%d-%d", "x") "}", mine, i);
	return text;
}

static int count_in(const char *body)
{
	int n = 0;

	for (const char *at = body; (at = strstr(at, "\":\"x\"")); at++)
		n++;
	return n;
}

/* Two processes serve four clients whose transactions meet: each property is in both tables. */
START_TEST(test_race)
{
	struct responder_process second = responder;
	pid_t pids[CLIENTS];
	int sum, t, u;

	make_t_and_u();
	responder_again(&second, run);
	race(pids, in_both, COMMIT, 204);
	sum = sum_of(pids);
	t = count_in(call("GET", T "/t", NULL).body);
	ck_assert_int_eq(versions(last_location), sum + 1); /* losers' files are gone */
	u = count_in(call("GET", T "/u", NULL).body);
	ck_assert_int_eq(versions(last_location), sum + 1);
	ck_assert_int_eq(t, sum);
	ck_assert_int_eq(u, sum);
	ck_assert_int_ge(sum, CLIENTS * ROUNDS / 2);
	ck_assert_int_eq(responder_stop(&second), 0);
}
END_TEST

/* The unregistered table's text holds every commit that was acknowledged. */
START_TEST(test_unregister_race)
{
	struct responder_process second = responder;
	struct fcgi_answer gone;
	pid_t pids[CLIENTS];

	make_t_and_u();
	responder_again(&second, run);
	race(pids, in_one, T "/t", 200);
	usleep(20000);
	gone = call("POST", T "/t/unregister", NULL);
	ck_assert_int_eq(gone.status, 200);
	ck_assert_int_eq(count_in(gone.body), sum_of(pids));
	ck_assert_int_eq(responder_stop(&second), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transactions");
	TCase *t = tcase_create("transactions");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_refused);
	tcase_add_test(t, test_two_tables);
	tcase_add_test(t, test_creation_inside);
	tcase_add_test(t, test_many_tables);
	tcase_add_test(t, test_views);
	tcase_add_test(t, test_branches);
	tcase_add_test(t, test_rename);
	tcase_add_test(t, test_unregister);
	tcase_add_test(t, test_register_overwrites);
	tcase_add_test(t, test_staged);
	tcase_add_test(t, test_stage_shows_nothing);
	tcase_add_test(t, test_race);
	tcase_add_test(t, test_unregister_race);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *r = srunner_create(suite());
	int failed;

	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
