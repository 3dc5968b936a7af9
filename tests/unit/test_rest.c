/* SPDX-License-Identifier: Apache-2.0 */
/* test_rest.c - Iceberg's routes whole: what each answers, who wins races, what stays on disk. */
#include "fcgi/server.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/hmac.h"
#include "common/text.h"
#include "stores/catalogs.h"
#include "stores/content.h"
#include "tests/unit/fcgi_client.h"

#include <check.h>
#undef fail

#define T "/v1/c/namespaces/a/tables"
#define SCHEMA                                                                                     \
	"\"schema\":{\"type\":\"struct\",\"fields\":[{\"id\":1,\"name\":\"id\",\"type\":"          \
	"\"long\",\"required\":false}]}"
#define SET(key, value)                                                                            \
	"{\"requirements\":[],\"updates\":[{\"action\":\"set-properties\",\"updates\":{\"" key     \
	"\":\"" value "\"}}]}"

static struct cx cx;
static const char *folder, *root; /* root: of the file warehouse */
static struct store *st;
static struct responder_process responder;
static const char *last_location; /* metadata-location of the last answer that had one */

static int run(void)
{
	static const struct route_table *const tables[] = { &tables_routes, &namespaces_routes };

	return serve("tables", NEED_CLOUD | NEED_CACHE, tables, ARRAY_SIZE(tables));
}

static void must(enum status s)
{
	ck_assert_msg(s == OK, "%d: %s", s, cx.message);
}

static void start(void)
{
	struct catalog c = { .tenant_id = NIL_UUID, .name = "c" };

	cx = (struct cx){ 0 };
	folder = folder_with_store(&cx);
	root = cx_printf(&cx, "%s/warehouse", folder);
	setenv("PANGOLIN_NO_AUTH", "true", 1);
	setenv("PANGOLIN_FILE_ROOTS", root, 1);
	setenv("PANGOLIN_RUNTIME_DIR", folder, 1);
	setenv("PANGOLIN_MAX_PAGE_SIZE", "4", 1);
	setenv("PANGOLIN_COUNTS", "true", 1);
	ck_assert_int_eq(mkdir(root, 0700), 0);
	must(store_open(&cx, getenv("DATABASE_URL"), NULL, false, &st));
	c.storage_location = cx_printf(&cx, "file://%s", root);
	must(catalog_create(&cx, st, &c, NULL));
	responder_start(&responder, folder, run);
}

static void end(void)
{
	int status = responder_stop(&responder);

	close(responder.listener);
	store_close(st);
	ck_assert_int_eq(system(cx_printf(&cx, "rm -rf %s", root)), 0);
	ck_assert_int_eq(system(cx_printf(&cx, "rm -rf %s/cache-tables", folder)), 0);
	folder_remove(folder);
	cx_free(&cx);
	ck_assert_int_eq(status, 0);
}

/* --- asking ------------------------------------------------------------------------------ */

/* $M is the last metadata location, $W the warehouse's folder. */
static const char *filled(const char *text)
{
	struct text t = text_open(&cx, 1 << 20);

	for (const char *c = text; c && *c; c++) {
		if (c[0] == '$' && c[1] == 'M')
			text_add(&t, last_location), c++;
		else if (c[0] == '$' && c[1] == 'W')
			text_addf(&t, "file://%s", root), c++;
		else
			text_addc(&t, *c);
	}
	return text ? t.s : NULL;
}

static struct fcgi_answer call(const char *method, const char *uri, const char *body)
{
	struct fcgi_answer a = fcgi_call(&cx, &responder, method, uri, NULL, filled(body));
	const char *at = a.body ? strstr(a.body, "\"metadata-location\":\"") : NULL;

	if (at) {
		at += strlen("\"metadata-location\":\"");
		last_location = cx_strndup(&cx, at, strcspn(at, "\""));
	}
	return a;
}

static void expect(const char *method, const char *uri, const char *body, int status,
		   const char *contains)
{
	struct fcgi_answer a = call(method, uri, body);

	ck_assert_msg(a.status == status, "%s %s %s: %d, not %d: %s", method, uri, body ? body : "",
		      a.status, status, a.body);
	ck_assert_msg(!contains || strstr(a.body, contains), "%s %s: no %s in %s", method, uri,
		      contains, a.body);
}

static void make_t(void)
{
	expect("POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"]}", 200, NULL);
	expect("POST", T, "{\"name\":\"t\"," SCHEMA "}", 200, "\"metadata\":{");
}

/* How many files there are below a folder. */
static int files_in(const char *path)
{
	struct dirent *e;
	int n = 0;
	DIR *d = opendir(path);

	while (d && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (e->d_type == DT_DIR)
			n += files_in(cx_printf(&cx, "%s/%s", path, e->d_name));
		else
			n++;
	}
	if (d)
		closedir(d);
	return n;
}

/* --- what each route answers ----------------------------------------------------------------- */

/* In order: each row finds what the rows before it made. */
static const struct {
	const char *method, *uri, *body;
	int status;
	const char *contains;
} script[] = {
	{ "GET", "/v1/config", NULL, 200, "\"defaults\":{\"prefix\":\"c\"}" },
	{ "GET", "/v1/config?warehouse=c", NULL, 200, "\"overrides\":{\"prefix\":\"c\"}" },
	{ "GET", "/v1/config?warehouse=c", NULL, 200,
	  "\"POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics\"" },
	{ "GET", "/v1/config?warehouse=d", NULL, 404, "NoSuchWarehouseException" },
	{ "GET", "/v1/c/config", NULL, 200, "\"overrides\":{\"prefix\":\"c\"}" },
	{ "GET", "/v1/c/v1/config", NULL, 200, "\"overrides\":{}" },
	{ "GET", "/v1/d/namespaces", NULL, 404, "Catalog does not exist: d" },

	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"],\"properties\":{\"k\":\"v\"}}", 200,
	  "{\"namespace\":[\"a\"],\"properties\":{\"k\":\"v\"}}" },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"]}", 409, "AlreadyExistsException" },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"b\",\"x\",\"y\"]}", 200, NULL },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[]}", 400, NULL },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":\"a\"}", 400, NULL },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[1]}", 400, NULL },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"a@b\"]}", 400, "'@'" },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"..\"]}", 400, NULL },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"x\\u001fy\"]}", 400, NULL },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"x\\u0000y\"]}", 400, NULL },
	{ "POST", "/v1/c/namespaces", "{\"namespace\":[\"z\"],\"properties\":{\"k\":1}}", 400,
	  NULL },
	{ "POST", "/v1/c/namespaces", "[]", 400, NULL },
	{ "POST", "/v1/c/namespaces", "{", 400, NULL },
	{ "POST", "/v1/c/namespaces", NULL, 400, NULL },
	{ "GET", "/v1/c/namespaces", NULL, 200, "[[\"a\"],[\"b\"]]" },
	{ "GET", "/v1/c/namespaces?parent=", NULL, 200, "[[\"a\"],[\"b\"]]" },
	{ "GET", "/v1/c/namespaces?parent=b%1Fx", NULL, 200, "[[\"b\",\"x\",\"y\"]]" },
	{ "GET", "/v1/c/namespaces?parent=none", NULL, 404, "Namespace does not exist: none" },
	{ "GET", "/v1/c/namespaces?pageToken=&pageSize=1", NULL, 200,
	  "\"next-page-token\":\"YQ\"" },
	{ "GET", "/v1/c/namespaces?pageToken=YQ", NULL, 200, "[[\"b\"]],\"next-page-token\":null" },
	{ "GET", "/v1/c/namespaces?pageSize=0", NULL, 400, NULL },
	{ "GET", "/v1/c/namespaces?pageToken=%25", NULL, 400, NULL },
	{ "GET", "/v1/c/namespaces/a", NULL, 200, "\"properties\":{\"k\":\"v\"}" },
	{ "GET", "/v1/c/namespaces/b%1Fx", NULL, 200, "[\"b\",\"x\"]" },
	{ "GET", "/v1/c/namespaces/b.x", NULL, 200, "[\"b\",\"x\"]" },
	{ "HEAD", "/v1/c/namespaces/a", NULL, 204, NULL },
	{ "HEAD", "/v1/c/namespaces/none", NULL, 404, NULL },
	{ "GET", "/v1/c/namespaces/none", NULL, 404, "NoSuchNamespaceException" },
	{ "POST", "/v1/c/namespaces/a/properties",
	  "{\"updates\":{\"l\":\"w\"},\"removals\":[\"k\"]}", 200,
	  "{\"updated\":[\"l\"],\"removed\":[\"k\"],\"missing\":[]}" },
	{ "POST", "/v1/c/namespaces/a/properties",
	  "{\"updates\":{\"l\":\"w\"},\"removals\":[\"l\"]}", 422, "UnprocessableEntityException" },
	{ "POST", "/v1/c/namespaces/a/properties", "{\"removals\":[1]}", 400, NULL },
	{ "POST", "/v1/c/namespaces/none/properties", "{}", 404, "NoSuchNamespaceException" },
	{ "DELETE", "/v1/c/namespaces/b", NULL, 409, "NamespaceNotEmptyException" },
	{ "DELETE", "/v1/c/namespaces/b%1Fx%1Fy", NULL, 204, NULL },
	{ "DELETE", "/v1/c/namespaces/none", NULL, 404, "NoSuchNamespaceException" },

	{ "GET", T, NULL, 200, "{\"identifiers\":[],\"next-page-token\":null}" },
	{ "GET", "/v1/c/namespaces/none/tables", NULL, 404, "NoSuchNamespaceException" },
	{ "POST", T, "{\"name\":\"t\"," SCHEMA ",\"stage-create\":true}", 200, "{\"metadata\":{" },
	{ "GET", T "/t", NULL, 404, "Table does not exist: a.t" },
	{ "POST", T, "{\"name\":\"t\"," SCHEMA ",\"properties\":{\"p\":\"q\"}}", 200,
	  "\"metadata-location\":\"file:///" },
	{ "POST", T, "{\"name\":\"t\"," SCHEMA "}", 409, "Table already exists: a.t" },
	{ "POST", T, "{\"name\":\"t\"," SCHEMA ",\"stage-create\":true}", 409,
	  "AlreadyExistsException" },
	{ "POST", T, "{\"name\":\"u@b\"," SCHEMA "}", 400, NULL },
	{ "POST", T, "{\"name\":\"\"," SCHEMA "}", 400, NULL },
	{ "POST", T, "{\"name\":7," SCHEMA "}", 400, NULL },
	{ "POST", T, "{\"name\":\"u\"}", 400, NULL },
	{ "POST", T, "{\"name\":\"u\",\"schema\":{\"type\":\"struct\",\"fields\":[{}]}}", 400,
	  NULL },
	{ "POST", "/v1/c/namespaces/none/tables", "{\"name\":\"t\"," SCHEMA "}", 404,
	  "NoSuchNamespaceException" },
	{ "GET", T, NULL, 200, "{\"namespace\":[\"a\"],\"name\":\"t\"}" },
	{ "GET", T "/t", NULL, 200, "\"p\":\"q\"" },
	{ "GET", T "/t?snapshots=refs", NULL, 200, "\"p\":\"q\"" },
	{ "GET", T "/t?snapshots=some", NULL, 400, NULL },
	{ "HEAD", T "/t", NULL, 204, NULL },
	{ "HEAD", T "/none", NULL, 404, NULL },
	{ "POST", T "/t", SET("r", "s"), 200, "\"r\":\"s\"" },
	{ "GET", T "/t", NULL, 200, "\"r\":\"s\"" },
	{ "POST", T "/t", "{\"requirements\":[],\"updates\":[]}", 200, "\"r\":\"s\"" },
	{ "POST", T "/t", "{\"requirements\":[{\"type\":\"assert-create\"}],\"updates\":[]}", 409,
	  "Requirement failed: table already exists" },
	{ "POST", T "/t",
	  "{\"requirements\":[{\"type\":\"assert-current-schema-id\",\"current-schema-id\":7}],"
	  "\"updates\":[]}",
	  409, "CommitFailedException" },
	{ "POST", T "/t", "{\"requirements\":[{\"type\":\"assert-nonsense\"}],\"updates\":[]}", 400,
	  NULL },
	{ "POST", T "/t", "{\"requirements\":[],\"updates\":[{\"action\":\"nonsense\"}]}", 400,
	  NULL },
	{ "POST", T "/t", "{\"requirements\":{},\"updates\":[]}", 400, NULL },
	{ "POST", T "/t", "{\"updates\":[]}", 400, NULL },
	{ "POST", T "/none", SET("r", "s"), 404, "NoSuchTableException" },
	{ "POST", T "/t/metrics",
	  "{\"report-type\":\"scan-report\",\"table-name\":\"t\",\"metrics\":{}}", 204, NULL },
	{ "POST", T "/t/metrics",
	  "{\"report-type\":\"gossip\",\"table-name\":\"t\",\"metrics\":{}}", 400, NULL },
	{ "POST", T "/none/metrics",
	  "{\"report-type\":\"scan-report\",\"table-name\":\"t\",\"metrics\":{}}", 404, NULL },

	{ "POST", "/v1/c/tables/rename",
	  "{\"source\":{\"namespace\":[\"a\"],\"name\":\"t\"},"
	  "\"destination\":{\"namespace\":[\"none\"],\"name\":\"u\"}}",
	  404, "NoSuchNamespaceException" },
	{ "POST", "/v1/c/tables/rename",
	  "{\"source\":{\"namespace\":[\"a\"],\"name\":\"none\"},"
	  "\"destination\":{\"namespace\":[\"a\"],\"name\":\"u\"}}",
	  404, "NoSuchTableException" },
	{ "POST", "/v1/c/tables/rename",
	  "{\"source\":{\"namespace\":[\"a\"],\"name\":\"t\"},"
	  "\"destination\":{\"namespace\":[\"b\",\"x\"],\"name\":\"u\"}}",
	  204, NULL },
	{ "GET", T "/t", NULL, 404, "NoSuchTableException" },
	{ "GET", "/v1/c/namespaces/b%1Fx/tables/u", NULL, 200, "\"r\":\"s\"" },
	{ "GET", "/v1/c/namespaces/b.x/tables/u", NULL, 200, "\"r\":\"s\"" },
	{ "DELETE", "/v1/c/namespaces/b%1Fx", NULL, 409, "Namespace b.x is not empty" },
	{ "DELETE", "/v1/c/namespaces/b%1Fx/tables/u?purgeRequested=perhaps", NULL, 400, NULL },
	{ "DELETE", "/v1/c/namespaces/b%1Fx/tables/u", NULL, 204, NULL },
	{ "DELETE", "/v1/c/namespaces/b%1Fx/tables/u", NULL, 404, "NoSuchTableException" },

	{ "POST", "/v1/c/namespaces/a/register", "{\"name\":\"v\",\"metadata-location\":\"$M\"}",
	  200, "\"r\":\"s\"" },
	{ "POST", "/v1/c/namespaces/a/register", "{\"name\":\"v\",\"metadata-location\":\"$M\"}",
	  409, "Table already exists: a.v" },
	{ "POST", "/v1/c/namespaces/a/register", "{\"name\":\"w\",\"metadata-location\":\"$M\"}",
	  400, "overlaps" },
	{ "POST", "/v1/c/namespaces/a/register",
	  "{\"name\":\"v\",\"metadata-location\":\"$M\",\"overwrite\":true}", 200, "\"r\":\"s\"" },
	{ "POST", "/v1/c/namespaces/a/register", "{\"name\":\"w\",\"metadata-location\":\"$W/no\"}",
	  400, "Failed to open" },
	{ "POST", "/v1/c/namespaces/a/register",
	  "{\"name\":\"w\",\"metadata-location\":\"file:///etc/passwd\"}", 400, NULL },
	{ "POST", T "/v", SET("x", "y"), 200, "\"x\":\"y\"" },
};

START_TEST(test_script)
{
	for (size_t i = 0; i < ARRAY_SIZE(script); i++)
		expect(script[i].method, script[i].uri, script[i].body, script[i].status,
		       script[i].contains);
}
END_TEST

/* --- ETags, counts ------------------------------------------------------------------------------ */

static struct fcgi_answer load_with(const char *tag)
{
	const char *params[] = { cx_printf(&cx, "HTTP_IF_NONE_MATCH=%s", tag), NULL };

	return fcgi_call(&cx, &responder, "GET", T "/t", params, NULL);
}

START_TEST(test_etag)
{
	const char *tag, *inner;
	struct fcgi_answer a;

	make_t();
	a = call("GET", T "/t", NULL);
	tag = answer_value(&cx, &a, "ETag");
	ck_assert_ptr_nonnull(tag);
	inner = cx_strndup(&cx, tag + 1, strlen(tag) - 2);
	a = load_with(tag);
	ck_assert_int_eq(a.status, 304);
	ck_assert_uint_eq(a.body_len, 0);
	ck_assert_int_eq(load_with(cx_printf(&cx, "\"x\", W/%s", tag)).status, 304);
	ck_assert_int_eq(load_with(cx_printf(&cx, "\"%s-gzip\"", inner)).status, 304);
	ck_assert_int_eq(load_with(cx_printf(&cx, "\"%s-other\"", inner)).status, 200);
	a = call("GET", T "/t?snapshots=refs", NULL);
	ck_assert_str_ne(answer_value(&cx, &a, "ETag"), tag);
	expect("POST", T "/t", SET("k", "v"), 200, NULL);
	ck_assert_int_eq(load_with(tag).status, 200);
}
END_TEST

/* A warm load asks the store once and no storage; a commit asks twice and writes once. */
START_TEST(test_counts)
{
	struct fcgi_answer a;

	make_t();
	call("GET", T "/t", NULL);
	a = call("GET", T "/t", NULL);
	ck_assert_ptr_nonnull(strstr(a.head, "trips=1 requests=0 gets=0 puts=0 removes=0"));
	a = call("POST", T "/t", SET("k", "v"));
	ck_assert_ptr_nonnull(strstr(a.head, "trips=2 requests=0 gets=0 puts=1 removes=0"));
	a = call("GET", T "/t", NULL);
	ck_assert_ptr_nonnull(strstr(a.head, "trips=1 requests=0 gets=0"));
}
END_TEST

/* --- locations ------------------------------------------------------------------------------------ */

#define CREATE_AT(location, properties)                                                            \
	"{\"name\":\"u\"," SCHEMA ",\"location\":\"" location "\",\"properties\":{" properties "}" \
											       "}"
#define MOVE(location)                                                                             \
	"{\"requirements\":[],\"updates\":[{\"action\":\"set-location\",\"location\":\"" location  \
	"\"}]}"

static const char *const bad_creates[] = {
	CREATE_AT("file:///etc/t", ""),
	CREATE_AT("s3://bucket/t", ""),
	CREATE_AT("$W", ""),
	CREATE_AT("$W/../t", ""),
	CREATE_AT("$W/%2e%2e/t", ""),
	CREATE_AT("$W/x//t", ""),
	CREATE_AT("$W/t?x", ""),
	CREATE_AT("$W/taken", ""),
	CREATE_AT("$W/taken/below", ""),
	CREATE_AT("$W/u", "\"write.data.path\":\"file:///etc\""),
	CREATE_AT("$W/u", "\"write.data.path\":\"$W/taken/data\""),
	CREATE_AT("$W/u", "\"write.metadata.path\":\"file:///etc/x\""),
	CREATE_AT("$W/u", "\"write.metadata.path\":\"$W/u/../../x\""),
};
static const char *const bad_commits[] = {
	MOVE("file:///etc/t"),
	MOVE("$W/taken"),
	MOVE("$W/taken/x"),
	SET("write.data.path", "file:///etc/x"),
	SET("write.data.path", "$W/taken"),
	SET("write.metadata.path", "file:///etc/x"),
	SET("write.object-storage.path", "file:///etc/x"),
	"{\"requirements\":[],\"updates\":[{\"action\":\"set-statistics\",\"snapshot-id\":1,"
	"\"statistics\":{\"snapshot-id\":1,\"statistics-path\":\"file:///etc/x\","
	"\"file-size-in-bytes\":1,\"file-footer-size-in-bytes\":1,\"blob-metadata\":[]}}]}",
};

START_TEST(test_locations)
{
	int files;

	make_t();
	expect("POST", T, "{\"name\":\"taken\"," SCHEMA ",\"location\":\"$W/taken\"}", 200, NULL);
	files = files_in(root);
	for (size_t i = 0; i < ARRAY_SIZE(bad_creates); i++)
		expect("POST", T, bad_creates[i], 400, "BadRequestException");
	for (size_t i = 0; i < ARRAY_SIZE(bad_commits); i++)
		expect("POST", T "/t", bad_commits[i], 400, "BadRequestException");
	ck_assert_int_eq(files_in(root), files); /* and nothing was written for them */
	expect("POST", T "/t", MOVE("$W/moved"), 200, "/moved\"");
	expect("POST", T, CREATE_AT("$W/moved/x", ""), 400, "overlaps");
	expect("POST", T, CREATE_AT("$W/fine/", ""), 200, "/fine\"");
	expect("DELETE", T "/taken", NULL, 204, NULL);
	expect("POST", T, "{\"name\":\"again\"," SCHEMA ",\"location\":\"$W/taken\"}", 200, NULL);
}
END_TEST

/* --- metadata files --------------------------------------------------------------------------------- */

static const char *path_of(const char *location)
{
	return location + strlen("file://");
}

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

static int versions(const char *of)
{
	return files_in(
		cx_strndup(&cx, path_of(of), (size_t)(strrchr(of, '/') - of) - strlen("file://")));
}

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

/* --- staged creates --------------------------------------------------------------------------------------- */

static const char *staged_commit(void)
{
	return "{\"requirements\":[{\"type\":\"assert-create\"}],\"updates\":["
	       "{\"action\":\"assign-uuid\",\"uuid\":\"11111111-1111-4111-8111-111111111111\"},"
	       "{\"action\":\"upgrade-format-version\",\"format-version\":2},"
	       "{\"action\":\"add-schema\"," SCHEMA "},"
	       "{\"action\":\"set-current-schema\",\"schema-id\":-1},"
	       "{\"action\":\"add-spec\",\"spec\":{\"spec-id\":0,\"fields\":[]}},"
	       "{\"action\":\"set-default-spec\",\"spec-id\":-1},"
	       "{\"action\":\"add-sort-order\",\"sort-order\":{\"order-id\":0,\"fields\":[]}},"
	       "{\"action\":\"set-default-sort-order\",\"sort-order-id\":-1},"
	       "{\"action\":\"set-location\",\"location\":\"$W/staged\"}]}";
}

START_TEST(test_staged)
{
	struct place *p;
	struct content *known = content_open();
	const struct catalog_ref *ref;

	expect("POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"]}", 200, NULL);
	expect("POST", "/v1/c/namespaces/none/tables/t", staged_commit(), 404,
	       "NoSuchNamespaceException");
	expect("POST", T "/t", staged_commit(), 200, "11111111-1111-4111-8111-111111111111");
	expect("GET", T "/t", NULL, 200, "/staged");
	expect("POST", T "/t", staged_commit(), 409, "Requirement failed: table already exists");
	expect("POST", T "/other", staged_commit(), 400, "overlaps");
	/* the client's UUID is not what grants hang on */
	must(content_catalog(&cx, known, st, NIL_UUID, "c", NULL, &ref));
	p = place_asset(&cx, ref, "a", "t");
	must(content_read(&cx, st, ref, NULL, &p, 1, NULL, 0));
	ck_assert_str_eq(p->seen->table_uuid, "11111111-1111-4111-8111-111111111111");
	ck_assert_str_ne(p->seen->asset_id, p->seen->table_uuid);
	content_close(known);
}
END_TEST

/* --- branches ------------------------------------------------------------------------------------------------ */

/* As the branch routes will: a cut of main, a child there. */
static void make_branch(const char *name)
{
	struct catalog c;
	struct branch main_row, b;

	must(catalog_find(&cx, st, NIL_UUID, "c", &c));
	main_row = (struct branch){
		.row = ROW(branch), .tenant_id = NIL_UUID, .catalog_id = c.id, .name = "main"
	};
	must(store_get(&cx, st, &main_row.row));
	b = (struct branch){ .row = ROW(branch),
			     .tenant_id = NIL_UUID,
			     .catalog_id = c.id,
			     .name = name,
			     .id = text_uuid7(&cx),
			     .parent_id = main_row.id,
			     .parent_cut = main_row.cut,
			     .branch_type = "experimental" };
	b.chain = cx_printf(&cx, "[[\"%s\",%lld]]", main_row.id, (long long)main_row.cut);
	main_row.cut++;
	must(store_apply(&cx, st,
			 (struct change[]){ { UPDATE, &main_row.row }, { INSERT, &b.row } }, 2,
			 NULL));
}

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

/* --- epochs ----------------------------------------------------------------------------------------------------- */

/* What another process does to a catalog shows at the very next request. */
START_TEST(test_epochs)
{
	struct catalog c;

	make_t();
	expect("GET", T "/t", NULL, 200, NULL);
	must(catalog_drop(&cx, st, NIL_UUID, "c", NULL));
	expect("GET", T "/t", NULL, 404, "Catalog does not exist: c");
	c = (struct catalog){ .tenant_id = NIL_UUID, .name = "c" };
	must(catalog_create(&cx, st, &c, NULL));
	expect("GET", T "/t", NULL, 404, "Table does not exist: a.t");
	expect("POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"]}", 200, NULL);
	expect("POST", T, "{\"name\":\"t\"," SCHEMA "}", 400, "has no warehouse");
	must(catalog_drop(&cx, st, NIL_UUID, "c", NULL));
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

static Suite *suite(void)
{
	Suite *s = suite_create("rest");
	TCase *t = tcase_create("rest");

	tcase_add_checked_fixture(t, start, end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_script);
	tcase_add_test(t, test_etag);
	tcase_add_test(t, test_counts);
	tcase_add_test(t, test_locations);
	tcase_add_test(t, test_missing_file);
	tcase_add_test(t, test_changed_file);
	tcase_add_test(t, test_failed_write);
	tcase_add_test(t, test_old_files_go);
	tcase_add_test(t, test_gzip);
	tcase_add_test(t, test_staged);
	tcase_add_test(t, test_branch);
	tcase_add_test(t, test_epochs);
	tcase_add_test(t, test_race);
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
