/* SPDX-License-Identifier: Apache-2.0 */
/* rest_refs.h - a table on two branches, by the routes, and what to ask of it; for tests. */
#ifndef TESTS_UNIT_REST_REFS_H
#define TESTS_UNIT_REST_REFS_H

#include "tests/unit/rest.h"

#define API "/api/v1/"
#define AT(ref) "/v1/c/namespaces/a/tables/t%40" ref

/* The text of the first member of that name behind `from`. */
static inline const char *member(struct fcgi_answer a, const char *name)
{
	const char *key = cx_printf(&cx, "\"%s\":\"", name), *at = strstr(a.body, key);

	ck_assert_msg(at != NULL, "no %s in %s", name, a.body);
	at += strlen(key);
	return cx_strndup(&cx, at, strcspn(at, "\""));
}

static inline void make_dev(void)
{
	make_t();
	expect("POST", API "branches", "{\"name\":\"dev\",\"catalog\":\"c\"}", 201,
	       "\"branch_type\":\"experimental\"");
}

static inline const char *create_at(const char *name, const char *location)
{
	return cx_printf(&cx, "{\"name\":\"%s\"," SCHEMA ",\"location\":\"%s\"}", name, location);
}

/* A snapshot more, as its number. */
static inline const char *append(const char *location, int i)
{
	return cx_printf(
		&cx,
		"{\"requirements\":[],\"updates\":[{\"action\":\"add-snapshot\",\"snapshot\":{"
		"\"snapshot-id\":%d,\"sequence-number\":%d,\"timestamp-ms\":%lld,"
		"\"manifest-list\":\"%s/metadata/snap-%d.avro\",\"summary\":{\"operation\":"
		"\"append\"},\"schema-id\":0}},{\"action\":\"set-snapshot-ref\",\"ref-name\":"
		"\"main\",\"type\":\"branch\",\"snapshot-id\":%d}]}",
		i, i, (long long)cx_now_ms() + i, location, i, i);
}

#define EXPIRE_1                                                                                   \
	"{\"requirements\":[],\"updates\":[{\"action\":\"remove-snapshots\",\"snapshot-ids\":[1]"  \
	"}]}"

#endif
