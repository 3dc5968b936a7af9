/* SPDX-License-Identifier: Apache-2.0 */
/* rest.h - a responder of Iceberg's routes over a folder of its own, and how to ask it; for tests. */
#ifndef TESTS_UNIT_REST_H
#define TESTS_UNIT_REST_H

#include "fcgi/server.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/hmac.h"
#include "common/text.h"
#include "stores/branches.h"
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
#define CREATE_AT(location, properties)                                                            \
	"{\"name\":\"u\"," SCHEMA ",\"location\":\"" location "\",\"properties\":{" properties "}" \
	"}"
/* What a staged create ends in: assert-create, and all there is to the table. */
#define STAGED_BODY(location)                                                                      \
	"\"requirements\":[{\"type\":\"assert-create\"}],\"updates\":["                            \
	"{\"action\":\"assign-uuid\",\"uuid\":\"11111111-1111-4111-8111-111111111111\"},"          \
	"{\"action\":\"upgrade-format-version\",\"format-version\":2},"                            \
	"{\"action\":\"add-schema\"," SCHEMA "},"                                                  \
	"{\"action\":\"set-current-schema\",\"schema-id\":-1},"                                    \
	"{\"action\":\"add-spec\",\"spec\":{\"spec-id\":0,\"fields\":[]}},"                        \
	"{\"action\":\"set-default-spec\",\"spec-id\":-1},"                                        \
	"{\"action\":\"add-sort-order\",\"sort-order\":{\"order-id\":0,\"fields\":[]}},"           \
	"{\"action\":\"set-default-sort-order\",\"sort-order-id\":-1},"                            \
	"{\"action\":\"set-location\",\"location\":\"" location "\"}]"
#define STAGED(location) "{" STAGED_BODY(location) "}"

#ifndef RESPONDER_NEEDS
#define RESPONDER_NEEDS (NEED_CLOUD | NEED_CACHE)
#endif

static struct cx cx;
static const char *folder, *root; /* root: of the file warehouse */
static struct store *st;
static struct responder_process responder;
static const char *last_location; /* metadata-location of the last answer that had one */

static inline int run(void)
{
	static const struct route_table *const tables[] = { &tables_routes, &namespaces_routes,
							    &admin_routes };

	return serve("tables", RESPONDER_NEEDS, tables, ARRAY_SIZE(tables));
}

static inline void must(enum status s)
{
	ck_assert_msg(s == OK, "%d: %s", s, cx.message);
}

static inline void start(void)
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

static inline void end(void)
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
static inline const char *filled(const char *text)
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

static inline struct fcgi_answer call(const char *method, const char *uri, const char *body)
{
	struct fcgi_answer a = fcgi_call(&cx, &responder, method, uri, NULL, filled(body));
	const char *at = a.body ? strstr(a.body, "\"metadata-location\":\"") : NULL;

	if (at) {
		at += strlen("\"metadata-location\":\"");
		last_location = cx_strndup(&cx, at, strcspn(at, "\""));
	}
	return a;
}

static inline void expect(const char *method, const char *uri, const char *body, int status,
			  const char *contains)
{
	struct fcgi_answer a = call(method, uri, body);

	ck_assert_msg(a.status == status, "%s %s %s: %d, not %d: %s", method, uri, body ? body : "",
		      a.status, status, a.body);
	ck_assert_msg(!contains || strstr(a.body, contains), "%s %s: no %s in %s", method, uri,
		      contains, a.body);
}

static inline void make_t(void)
{
	expect("POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"]}", 200, NULL);
	expect("POST", T, "{\"name\":\"t\"," SCHEMA "}", 200, "\"metadata\":{");
}

/* How many files there are below a folder. */
static inline int files_in(const char *path)
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

static inline const char *path_of(const char *location)
{
	return location + strlen("file://");
}

/* How many metadata files the table of that metadata file has. */
static inline int versions(const char *of)
{
	return files_in(
		cx_strndup(&cx, path_of(of), (size_t)(strrchr(of, '/') - of) - strlen("file://")));
}

static inline void make_ref(const char *name, const char *type, const char *from)
{
	const struct branch_wish wish = { .name = name, .type = type, .from = from };
	struct content *c = content_open();
	const struct catalog_ref *ref;
	struct branch made;

	must(content_catalog(&cx, c, st, NIL_UUID, "c", NULL, &ref));
	must(branch_create(&cx, st, ref, &wish, NULL, &made));
	content_close(c);
}

static inline void make_branch(const char *name)
{
	make_ref(name, "experimental", "main");
}

#endif
