/* SPDX-License-Identifier: Apache-2.0 */
/* fresh_store.h - an empty store of the kind that PANGOLIN_TEST_STORE names; for tests. */
#ifndef TESTS_UNIT_FRESH_STORE_H
#define TESTS_UNIT_FRESH_STORE_H

#include "stores/catalogs.h"

#include <check.h>
#undef fail

#include "common/text.h"

/* "memory", a postgresql: or mongodb: URL of a server where databases may be made; else SQLite. */
static inline const char *fresh_store_kind(void)
{
	const char *kind = getenv("PANGOLIN_TEST_STORE");

	return kind && *kind ? kind : "sqlite";
}

/* Fails unless the head counts so many trips to the store and this else; MongoDB takes
 * more trips (stores/mongo.h). */
static inline void ck_counts(const char *head, int trips, const char *rest)
{
	bool any = strncmp(fresh_store_kind(), "mongodb", strlen("mongodb")) == 0;
	char counted[32];

	snprintf(counted, sizeof(counted), "trips=%d ", trips);
	ck_assert(any || strstr(head, counted));
	ck_assert_ptr_nonnull(strstr(head, rest));
}

static inline enum status drop_catalog(struct cx *cx, struct store *st, const char *name)
{
	struct catalog c;
	enum status s = catalog_find(cx, st, NIL_UUID, name, &c);

	return s ? s : catalog_drop(cx, st, &c, NULL);
}

/* A new folder for a test, where its store can lie in it. */
static inline char *fresh_folder(struct cx *cx)
{
	bool memory = strcmp(fresh_store_kind(), "memory") == 0;
	char *folder = cx_printf(cx, "%s/pangolin-test-XXXXXX", memory ? "/dev/shm" : "/tmp");

	ck_assert_ptr_nonnull(mkdtemp(folder));
	return folder;
}

static inline const char *fresh_database(struct cx *cx, const char *server)
{
	const char *name = cx_printf(cx, "test_%.8s_%.12s", text_uuid4(cx), text_uuid4(cx) + 24);

	if (strncmp(server, "mongodb", strlen("mongodb")) == 0) {
		setenv("MONGO_DB_NAME", name, 1);
		return server;
	}
	ck_assert_int_eq(
		system(cx_printf(cx, "psql -qXd '%s' -c 'CREATE DATABASE %s'", server, name)), 0);
	return cx_printf(cx, "%.*s/%s", (int)(strrchr(server, '/') - server), server, name);
}

/* Its URL; the store has this program's schema and nothing in it. */
static inline const char *fresh_store(struct cx *cx, const char *folder)
{
	const char *kind = fresh_store_kind(), *url;
	struct store *st;
	int64_t from, to;

	if (strcmp(kind, "sqlite") == 0)
		url = cx_printf(cx, "sqlite://%s/pangolin.db", folder);
	else if (strcmp(kind, "memory") == 0)
		url = cx_printf(cx, "memory:%s", folder);
	else
		url = fresh_database(cx, kind);
	ck_assert_msg(store_open(cx, url, NULL, true, &st) == OK, "%s", cx->message);
	ck_assert_msg(store_migrate(cx, st, &from, &to) == OK, "%s", cx->message);
	store_close(st);
	return url;
}

#endif
