/* SPDX-License-Identifier: Apache-2.0 */
/* test_rest_state.c - Iceberg's routes: files, branches, epochs, and who wins races. */
#include "stores/tenants.h"
#include "stores/branches.h"
#include "stores/namespaces.h"
#include "tests/unit/fresh_store.h"
#include "tests/unit/rest.h"

/* --- metadata files --------------------------------------------------------------------------------- */

START_TEST(test_missing_file)
{
	const char *aside = cx_printf(&cx, "%s/aside", root);

	make_t();
	ck_assert_int_eq(rename(path_of(last_location), aside), 0);
	expect("GET", T "/t", NULL, 404, "\"NotFoundException\"");
	expect("GET", T "/t", NULL, 404, "Failed to open input stream for file: file:///");
	ck_assert_int_eq(rename(aside, path_of(last_location)), 0);
	expect("GET", T "/t", NULL, 200, NULL);
}
END_TEST

/* Another text under the same name, even of the same size, is never served. */
START_TEST(test_changed_file)
{
	FILE *f;

	make_t();
	ck_assert_int_eq(system(cx_printf(&cx, "rm -rf %s/cache-tables/*", folder)), 0);
	f = fopen(path_of(last_location), "r+");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fputc('[', f), '[');
	fclose(f);
	expect("GET", T "/t", NULL, 500, "InternalServerError");
	expect("POST", T "/t", SET("k", "v"), 500, NULL);
}
END_TEST

/* The folder for metadata cannot be made: an error, and no row. */
START_TEST(test_failed_write)
{
	FILE *f;

	expect("POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"]}", 200, NULL);
	f = fopen(cx_printf(&cx, "%s/blocked", root), "w");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	ck_assert_int_ge(call("POST", T, CREATE_AT("$W/blocked/t", "")).status, 400);
	expect("GET", T "/u", NULL, 404, NULL);
	expect("GET", T, NULL, 200, "\"identifiers\":[]");
}
END_TEST

START_TEST(test_old_files_go)
{
	const char *first;

	make_t();
	first = last_location;
	expect("POST", T "/t", SET("write.metadata.previous-versions-max", "2"), 200, NULL);
	for (int i = 0; i < 3; i++)
		expect("POST", T "/t", SET("k", "v"), 200, NULL);
	ck_assert_int_eq(versions(first), 5);
	ck_assert_int_eq(access(path_of(first), F_OK), 0);
	expect("POST", T "/t", SET("write.metadata.delete-after-commit.enabled", "true"), 200,
	       NULL);
	for (int i = 0; i < 4; i++)
		expect("POST", T "/t", SET("k", "v"), 200, NULL);
	ck_assert_int_eq(versions(first),
			 3 + 2); /* those before it was enabled: not its business */
	expect("GET", T "/t", NULL, 200, NULL);
}
END_TEST

START_TEST(test_gzip)
{
	expect("POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"]}", 200, NULL);
	expect("POST", T,
	       "{\"name\":\"t\"," SCHEMA
	       ",\"properties\":{\"write.metadata.compression-codec\":\"gzip\"}}",
	       200, ".gz.metadata.json");
	ck_assert_int_eq(system(cx_printf(&cx, "gzip -t < '%s'", path_of(last_location))), 0);
	expect("POST", T "/t", SET("k", "v"), 200, ".gz.metadata.json");
	ck_assert_int_eq(system(cx_printf(&cx, "rm -rf %s/cache-tables/*", folder)), 0);
	expect("GET", T "/t", NULL, 200, "\"k\":\"v\"");
	expect("DELETE", T "/t", NULL, 204, NULL);
	expect("POST", "/v1/c/namespaces/a/register",
	       "{\"name\":\"u\",\"metadata-location\":\"$M\"}", 200, "\"k\":\"v\"");
}
END_TEST

/* --- branches ------------------------------------------------------------------------------------------------ */

START_TEST(test_branch)
{
	make_t();
	expect("GET", T "/t@dev", NULL, 404, "Table does not exist: a.t@dev");
	make_branch("dev");
	expect("GET", T "/t@dev", NULL, 200, NULL);
	expect("POST", T "/t@dev", SET("on", "dev"), 200, NULL);
	expect("GET", T "/t@dev", NULL, 200, "\"on\":\"dev\"");
	expect("GET", "/v1/c/namespaces/a@dev/tables/t", NULL, 200, "\"on\":\"dev\"");
	expect("GET", T "/t?branch=dev", NULL, 200, "\"on\":\"dev\"");
	expect("GET", T "/t?branch=none", NULL, 404, NULL);
	ck_assert_ptr_null(strstr(call("GET", T "/t", NULL).body, "\"on\""));
	expect("POST", T, "{\"name\":\"u@dev\"," SCHEMA "}", 200, NULL);
	expect("GET", T "/u", NULL, 404, NULL);
	expect("GET", T "/u@dev", NULL, 200, NULL);
	expect("GET", "/v1/c/namespaces/a@dev/tables", NULL, 200, "\"u\"");
	expect("GET", T, NULL, 200, "{\"identifiers\":[{\"namespace\":[\"a\"],\"name\":\"t\"}]");
	expect("DELETE", T "/t@dev", NULL, 204, NULL);
	expect("GET", T "/t@dev", NULL, 404, NULL);
	expect("GET", T "/t", NULL, 200, NULL);
	expect("POST", "/v1/c/tables/rename",
	       "{\"source\":{\"namespace\":[\"a\"],\"name\":\"u@dev\"},"
	       "\"destination\":{\"namespace\":[\"a\"],\"name\":\"v\"}}",
	       400, "branch");
	expect("POST", "/v1/c/tables/rename",
	       "{\"source\":{\"namespace\":[\"a\"],\"name\":\"u@dev\"},"
	       "\"destination\":{\"namespace\":[\"a@dev\"],\"name\":\"v\"}}",
	       204, NULL);
	expect("GET", T "/v@dev", NULL, 200, NULL);
}
END_TEST

#define FUNCTIONS "/api/v1/catalogs/c/namespaces/a/functions"
#define DEFINED(doc) "\"metadata\":{\"definitions\":[],\"doc\":\"" doc "\"}"

/* Functions are of the same map as tables, under names of their own. */
START_TEST(test_functions)
{
	make_t();
	expect("POST", FUNCTIONS, "{\"name\":\"t\"," DEFINED("first") "}", 201, "00000-");
	make_branch("dev");
	expect("PUT", FUNCTIONS "/t@dev", "{" DEFINED("second") "}", 200, "00001-");
	expect("POST", FUNCTIONS, "{\"name\":\"g@dev\"," DEFINED("new") "}", 201, NULL);
	expect("GET", "/v1/c/namespaces/a/functions/t@dev", NULL, 200, "\"second\"");
	expect("GET", "/v1/c/namespaces/a/functions/t", NULL, 200, "\"first\"");
	expect("GET", "/v1/c/namespaces/a/functions", NULL, 200,
	       "{\"identifiers\":[[\"a\",\"t\"]],\"next-page-token\":null}");
	expect("GET", "/v1/c/namespaces/a@dev/functions?pageToken=&pageSize=1", NULL, 200,
	       "[[\"a@dev\",\"g\"]]");
	expect("DELETE", FUNCTIONS "/t@dev", NULL, 204, NULL);
	expect("GET", "/v1/c/namespaces/a/functions/t@dev", NULL, 404, "NoSuchFunctionException");
	expect("GET", "/v1/c/namespaces/a/functions/t", NULL, 200, "\"first\"");
	expect("GET", T "/t", NULL, 200, NULL);
	expect("DELETE", T "/t", NULL, 204, NULL);
	expect("DELETE", "/v1/c/namespaces/a", NULL, 409, "NamespaceNotEmptyException");
	expect("DELETE", FUNCTIONS "/t", NULL, 204, NULL);
	expect("DELETE", "/v1/c/namespaces/a", NULL, 204, NULL);
}
END_TEST

/* --- epochs ----------------------------------------------------------------------------------------------------- */

/* What another process does to a catalog shows at the very next request. */
START_TEST(test_epochs)
{
	struct catalog c;

	make_t();
	expect("GET", T "/t", NULL, 200, NULL);
	must(drop_catalog(&cx, st, "c"));
	expect("GET", T "/t", NULL, 404, "Catalog does not exist: c");
	c = (struct catalog){ .tenant_id = NIL_UUID, .name = "c" };
	must(catalog_create(&cx, st, &c, NULL));
	expect("GET", T "/t", NULL, 404, "Table does not exist: a.t");
	expect("POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"]}", 200, NULL);
	expect("POST", T, "{\"name\":\"t\"," SCHEMA "}", 400, "has no warehouse");
	must(drop_catalog(&cx, st, "c"));
	c = (struct catalog){ .tenant_id = NIL_UUID, .name = "c" };
	c.storage_location = cx_printf(&cx, "file://%s/second", root);
	must(catalog_create(&cx, st, &c, NULL));
	expect("POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"]}", 200, NULL);
	expect("POST", T, "{\"name\":\"t\"," SCHEMA "}", 200, "/second/a/t-");
}
END_TEST

/* --- races --------------------------------------------------------------------------------------------------------- */

#define CLIENTS 4
#define COMMITS 15

/* Each client's own connections and memory; the exit status counts its successes. */
static int client(int number, const char *(*body)(int client, int i), const char *uri, int good)
{
	struct cx own = { 0 };
	int n = 0;

	for (int i = 0; i < COMMITS; i++) {
		struct fcgi_answer a =
			fcgi_call(&own, &responder, "POST", uri, NULL, body(number, i));

		if (a.status == good)
			n++;
		else if (a.status != 409)
			return 255;
		cx_reset(&own);
	}
	return n;
}

static int race(const char *(*body)(int client, int i), const char *uri)
{
	pid_t pids[CLIENTS];
	int sum = 0, status;

	for (int i = 0; i < CLIENTS; i++) {
		pids[i] = fork();
		ck_assert_int_ge(pids[i], 0);
		if (pids[i] == 0)
			_exit(client(i, body, uri, 200));
	}
	for (int i = 0; i < CLIENTS; i++) {
		waitpid(pids[i], &status, 0);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 255);
		sum += WEXITSTATUS(status);
	}
	return sum;
}

static const char *own_property(int number, int i)
{
	static char text[200]; /* a child's own */

	snprintf(text, sizeof(text),
		 "{\"requirements\":[],\"updates\":[{\"action\":\"set-properties\",\"updates\":"
		 "{\"p%d-%d\":\"x\"}}]}",
		 number, i);
	return text;
}

static const char *same_name(int number, int i)
{
	static char text[200];

	(void)number;
	snprintf(text, sizeof(text), "{\"name\":\"r%d\"," SCHEMA "}", i);
	return text;
}

/* Two processes serve four clients: every commit that was acknowledged is there. */
START_TEST(test_race)
{
	struct responder_process second = responder;
	struct fcgi_answer a;
	int sum, found = 0;

	make_t();
	responder_again(&second, run);
	sum = race(own_property, T "/t");
	a = call("GET", T "/t", NULL);
	for (const char *at = a.body; (at = strstr(at, "\":\"x\"")); at++)
		found++;
	ck_assert_int_eq(found, sum);
	ck_assert_int_eq(sum, CLIENTS * COMMITS);	    /* the server tries again for them */
	ck_assert_int_eq(versions(last_location), sum + 1); /* losers' files are gone */
	ck_assert_int_eq(race(same_name, T), COMMITS);
	ck_assert_int_eq(responder_stop(&second), 0);
}
END_TEST

/* Nobody writes while a tenant is read-only; reading, and what it leaves, goes on. */
START_TEST(test_read_only)
{
	static const char rename[] = "{\"source\":{\"namespace\":[\"a\"],\"name\":\"t\"},"
				     "\"destination\":{\"namespace\":[\"a\"],\"name\":\"v\"}}";

	make_t();
	must(tenant_set_read_only(&cx, st, NIL_UUID, "it moves house", NULL));
	expect("POST", T "/t", SET("k", "v"), 503, "it moves house");
	expect("POST", T, "{\"name\":\"u\"," SCHEMA "}", 503, "it moves house");
	expect("POST", "/v1/c/namespaces", "{\"namespace\":[\"b\"]}", 503, NULL);
	expect("POST", "/v1/c/namespaces/a/properties", "{\"updates\":{\"k\":\"v\"}}", 503, NULL);
	expect("POST", "/v1/c/tables/rename", rename, 503, NULL);
	expect("POST", "/v1/c/transactions/commit", "{\"table-changes\":[]}", 503, NULL);
	expect("DELETE", T "/t", NULL, 503, NULL);
	expect("GET", T "/t", NULL, 200, "\"metadata\":{");
	expect("GET", T, NULL, 200, "\"t\"");
	expect("POST", T "/t/plan", "{}", 200, NULL);
	must(tenant_set_read_only(&cx, st, NIL_UUID, NULL, NULL));
	expect("POST", T "/t", SET("k", "v"), 200, NULL);
}
END_TEST

/* Where other processes wait long for a table's commits, the next commit does not begin. */
START_TEST(test_crowded_table)
{
	struct slots *slots;
	struct slot other;
	struct asset *a;
	struct catalog c;
	int files;

	make_t();
	must(catalog_find(&cx, st, NIL_UUID, "c", &c));
	struct asset from = { .row = ROW(asset), .tenant_id = NIL_UUID, .catalog_id = c.id };
	struct query q = { .from = &from.row, .bound = 2, .limit = 10 };
	struct rows rows;

	must(store_list(&cx, st, &q, &rows));
	a = rows.items;
	while (strcmp(a->name, "t") != 0)
		a++;
	must(slots_open(&cx, cx_printf(&cx, "%s/slots-tables", folder), &slots));
	ck_assert(slot_enter(slots, a->asset_id, &other) && slot_hold(&other));
	files = files_in(root);
	expect("POST", T "/t", SET("a", "b"), 503, "many commits to this table");
	ck_assert_int_eq(files_in(root), files);
	expect("POST", T, "{\"name\":\"u\"," SCHEMA "}", 200, NULL);
	expect("POST", T "/u", SET("a", "b"), 200, NULL);
	expect("GET", T "/t", NULL, 200, NULL);
	slot_leave(&other, SLOT_UNKNOWN);
	expect("POST", T "/t", SET("a", "b"), 200, NULL);
	slots_close(slots);
}
END_TEST

/* Nothing of ours is put into a catalog that is another server's. */
START_TEST(test_federated_catalog)
{
	struct catalog f = { .tenant_id = NIL_UUID, .name = "f", .catalog_type = "Federated" };
	const struct branch_wish wish = { .name = "b" };
	struct content *content = content_open();
	const struct catalog_ref *ref;
	struct branch b;

	must(catalog_create(&cx, st, &f, NULL));
	must(content_catalog(&cx, content, st, NIL_UUID, "f", NULL, &ref));
	ck_assert_int_eq(namespace_create(&cx, st, ref, "n", NULL, NULL), INVALID);
	ck_assert_ptr_nonnull(strstr(cx.message, "federated"));
	ck_assert_int_eq(branch_create(&cx, st, ref, &wish, NULL, &b), INVALID);
	content_close(content);
	/* this process has no key to open its configuration with */
	expect("GET", "/v1/f/namespaces", NULL, 500, "InternalServerError");
	expect("GET", "/v1/f/config", NULL, 200, "\"prefix\":\"f\"");
	expect("GET", "/v1/config?warehouse=f", NULL, 200, "\"prefix\":\"f\"");
	expect("PUT", "/api/v1/catalogs/f/namespaces/a/functions/x", "{}", 400, "federated");
}
END_TEST

/* --- lists of much ----------------------------------------------------------------------- */

#define MANY 20000

static void add_rows(struct row *(*make)(size_t i))
{
	struct change *list = cx_array(&cx, MANY, sizeof(*list));

	for (size_t i = 0; i < MANY; i++)
		list[i] = (struct change){ INSERT, make(i) };
	must(store_apply(&cx, st, list, MANY, NULL));
}

static struct asset first_asset(void)
{
	struct catalog c;
	struct rows rows;

	must(catalog_find(&cx, st, NIL_UUID, "c", &c));
	struct asset from = { .row = ROW(asset), .tenant_id = NIL_UUID, .catalog_id = c.id };
	struct query q = { .from = &from.row, .bound = 2, .limit = 10 };

	must(store_list(&cx, st, &q, &rows));
	for (size_t i = 0; i < rows.n; i++)
		if (strcmp(((struct asset *)rows.items)[i].name, "t") == 0)
			return ((struct asset *)rows.items)[i];
	ck_abort_msg("no table t");
}

static struct row *another_asset(size_t i)
{
	static struct asset first;
	struct asset *a = CX_NEW(&cx, struct asset);

	if (i == 0)
		first = first_asset();
	*a = first;
	a->row = (struct row)ROW(asset);
	a->name = cx_printf(&cx, "t%05zu", i);
	a->asset_id = text_uuid7(&cx);
	return &a->row;
}

/* A tree that is refused for its size is not read to its end. */
START_TEST(test_large_tree)
{
	struct fcgi_answer a;
	const char *counts;
	long rows;

	make_t();
	add_rows(another_asset);
	a = call("GET", "/api/v1/explorer/tree?catalog=c", NULL);
	ck_assert_int_eq(a.status, 413);
	counts = answer_value(&cx, &a, "X-Pangolin-Counts");
	ck_assert_ptr_nonnull(counts);
	rows = strtol(strstr(counts, "rows=") + 5, NULL, 10);
	ck_assert_int_gt(rows, 10000);
	ck_assert_int_lt(rows, 11000);
	expect("GET", "/api/v1/catalogs/c/namespaces/tree", NULL, 200, "\"full_path\":[\"a\"]");
}
END_TEST

static struct row *another_record(size_t i)
{
	struct audit *a = audit_new(&cx, NULL, NIL_UUID, i ? "update_asset" : "drop_asset", "asset",
				    NIL_UUID, "a.t");

	return &a->row;
}

static long peak_kib(void)
{
	char line[256];
	FILE *f = fopen(cx_printf(&cx, "/proc/%d/status", (int)responder.pid), "r");
	long kib = 0;

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	fclose(f);
	ck_assert_int_gt(kib, 0);
	return kib;
}

/* Memory follows what is shown, not what is looked at. */
START_TEST(test_audit_of_much)
{
	long before;

	add_rows(another_record);
	expect("GET", "/api/v1/audit?limit=1", NULL, 200, "update_asset");
	before = peak_kib();
	expect("GET", "/api/v1/audit?action=drop_asset", NULL, 200, "drop_asset");
	expect("GET", "/api/v1/audit/count?action=update_asset", NULL, 200, "19999");
#ifndef __SANITIZE_ADDRESS__ /* which keeps what is freed for a while */
	ck_assert_int_lt(peak_kib() - before, 16384);
#else
	(void)before;
#endif
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("rest state");
	TCase *t = tcase_create("rest state");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_missing_file);
	tcase_add_test(t, test_changed_file);
	tcase_add_test(t, test_failed_write);
	tcase_add_test(t, test_old_files_go);
	tcase_add_test(t, test_gzip);
	tcase_add_test(t, test_branch);
	tcase_add_test(t, test_functions);
	tcase_add_test(t, test_epochs);
	tcase_add_test(t, test_read_only);
	tcase_add_test(t, test_race);
	tcase_add_test(t, test_crowded_table);
	tcase_add_test(t, test_federated_catalog);
	tcase_add_test(t, test_large_tree);
	tcase_add_test(t, test_audit_of_much);
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
