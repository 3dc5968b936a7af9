/* SPDX-License-Identifier: Apache-2.0 */
/* test_function.c - which function metadata is well-formed, and what a new one or the next one fills in. */
#include "common/iceberg/function.h"

#include <json-c/json_pointer.h>

#include "common/text.h"
#include "tests/unit/suite.h"

#define UUID "42fd3f91-bc10-41c1-8a52-92b57dd0a9b2"
#define QUERIES                                                                                    \
	"[{\"type\":\"sql\",\"dialect\":\"trino\",\"sql\":\"x + 1\"},"                             \
	"{\"type\":\"sql\",\"dialect\":\"spark\",\"sql\":\"x + 1\",\"hint\":7}]"
#define INT_DEFINITION                                                                             \
	"{\"definition-id\":\"int\",\"specific-name\":\"add_int\",\"parameters\":[{\"name\":"      \
	"\"x\",\"type\":\"int\",\"doc\":\"d\"}],\"return-type\":\"int\",\"return-nullable\":"      \
	"false,\"function-type\":\"udf\",\"versions\":[{\"version-id\":1,\"representations\":"     \
	"" QUERIES ",\"timestamp-ms\":1},{\"version-id\":2,\"deterministic\":true,"                \
	"\"on-null-input\":\"return-null\",\"representations\":" QUERIES ",\"timestamp-ms\":2}],"  \
	"\"current-version-id\":2}"
#define TABLE_DEFINITION                                                                           \
	"{\"definition-id\":\"decimal(9,2),list<int>,map<string,struct<a:int,b:list<uuid>>>\","    \
	"\"parameters\":[{\"name\":\"p\",\"type\":\"decimal(9,2)\"},{\"name\":\"q\",\"type\":"     \
	"{\"type\":\"list\",\"element\":\"int\",\"element-id\":3}},{\"name\":\"r\",\"type\":"      \
	"{\"type\":\"map\",\"key\":\"string\",\"value\":{\"type\":\"struct\",\"fields\":["         \
	"{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"b\",\"type\":{\"type\":\"list\","           \
	"\"element\":\"uuid\"}}]}}}],\"return-type\":{\"type\":\"struct\",\"fields\":[{\"name\":"  \
	"\"n\",\"type\":\"variant\"}]},\"function-type\":\"udtf\",\"versions\":[{\"version-id\":"  \
	"5,\"representations\":[],\"timestamp-ms\":3}],\"current-version-id\":5}"
#define LOG                                                                                        \
	"[{\"timestamp-ms\":2,\"definition-versions\":[{\"definition-id\":\"int\","                \
	"\"version-id\":2}]}]"
#define WHOLE                                                                                      \
	"{\"function-uuid\":\"" UUID "\",\"format-version\":1,\"definitions\":[" INT_DEFINITION    \
	"," TABLE_DEFINITION "],\"definition-log\":" LOG ",\"location\":\"s3://b/f\","             \
	"\"properties\":{\"k\":\"v\"},\"secure\":true,\"doc\":\"adds\",\"later\":{\"x\":[1]}}"

static struct json_object *parse(struct cx *cx, const char *text)
{
	struct json_object *v = NULL;

	ck_assert_msg(json_parse(cx, text, strlen(text), 100, &v) == OK, "%s: %s", text,
		      cx->message);
	return v;
}

/* --- check ------------------------------------------------------------------------------- */

#define D "/definitions/0"
#define V D "/versions/1"

/* WHOLE with the value at one place changed (null: not there). */
static const struct {
	const char *at, *value;
	const char *message; /* NULL: it is well-formed still */
} changes[] = {
	{ "/doc", "\"other\"", NULL },
	{ "/doc", "null", NULL },
	{ "/doc", "1", "doc: not a string" },
	{ "/secure", "null", NULL },
	{ "/secure", "\"yes\"", "secure: not a boolean" },
	{ "/properties/k", "1", "properties.k: not a string" },
	{ "/properties", "[]", "properties: not an object" },
	{ "/location", "null", NULL },
	{ "/location", "7", "location: not a string" },
	{ "/function-uuid", "null", "function-uuid: missing" },
	{ "/function-uuid", "\"x\"", "function-uuid: not a UUID" },
	{ "/format-version", "2", "format-version: not 1" },
	{ "/format-version", "null", "format-version: missing" },
	{ "/definitions", "null", "definitions: missing" },
	{ "/definitions", "[]", NULL },
	{ "/definitions/1", "1", "definitions[1]: not an object" },
	{ "/definitions/1", INT_DEFINITION,
	  "definitions[1].definition-id: \"int\" stands there twice" },
	{ "/definitions/1/specific-name", "\"add_int\"", "specific-name: \"add_int\" stands" },
	{ D "/definition-id", "\"long\"", "is not what its parameters say: \"int\"" },
	{ D "/definition-id", "null", "definitions[0].definition-id: missing" },
	{ D "/specific-name", "null", NULL },
	{ D "/specific-name", "[]", "specific-name: not a string" },
	{ D "/parameters", "null", "definitions[0].parameters: missing" },
	{ D "/parameters", "[]", "is not what its parameters say: \"\"" },
	{ D "/parameters/0/name", "null", "parameters[0].name: missing" },
	{ D "/parameters/0/doc", "1", "parameters[0].doc: not a string" },
	{ D "/parameters/0/type", "null", "parameters[0].type: not a type" },
	{ D "/parameters/0/type", "\"number\"", "no type is called \"number\"" },
	{ D "/parameters/0/type", "\"decimal(9, 2)\"", "no type is called" },
	{ D "/parameters/0/type", "{\"type\":\"list\"}", "parameters[0].type.element: not a type" },
	{ D "/parameters/0/type", "{\"type\":\"set\"}", "neither list, map nor struct" },
	{ D "/parameters/0/type", "{\"type\":\"map\",\"key\":\"int\"}", "type.value: not a type" },
	{ D "/parameters/0/type", "{\"type\":\"struct\"}", "type.fields: missing" },
	{ D "/parameters/0/type", "{\"type\":\"struct\",\"fields\":[null]}", "fields[0]: not an" },
	{ D "/parameters/0/type", "{\"type\":\"struct\",\"fields\":[{\"type\":\"int\"}]}",
	  "fields[0].name: missing" },
	{ D "/return-type", "null", "return-type: not a type" },
	{ D "/return-nullable", "1", "return-nullable: not a boolean" },
	{ D "/function-type", "null", "function-type: missing" },
	{ D "/function-type", "\"macro\"", "function-type: neither" },
	{ D "/function-type", "\"udtf\"", "return-type: a udtf's is a struct" },
	{ D "/current-version-id", "3", "there is no version 3" },
	{ D "/current-version-id", "null", "current-version-id: missing" },
	{ D "/versions", "[]", "there is no version 2" },
	{ V "/version-id", "1", "versions[1].version-id: \"1\" stands there twice" },
	{ V "/version-id", "null", "versions[1].version-id: missing" },
	{ V "/timestamp-ms", "\"now\"", "versions[1].timestamp-ms: not" },
	{ V "/deterministic", "0", "deterministic: not a boolean" },
	{ V "/on-null-input", "\"call\"", NULL },
	{ V "/on-null-input", "\"never\"", "on-null-input: neither" },
	{ V "/representations", "null", "representations: missing" },
	{ V "/representations/0/type", "\"wasm\"", "representations[0].type: not \"sql\"" },
	{ V "/representations/0/dialect", "\"spark\"", "dialect: \"spark\" stands there twice" },
	{ V "/representations/0/dialect", "null", "representations[0].dialect: missing" },
	{ V "/representations/0/sql", "null", "representations[0].sql: missing" },
	{ "/definition-log", "null", "definition-log: missing" },
	{ "/definition-log/0/timestamp-ms", "null", "definition-log[0].timestamp-ms: missing" },
	{ "/definition-log/0/definition-versions", "null", "definition-versions: missing" },
	{ "/definition-log/0/definition-versions/0/definition-id", "3", "definition-id: not a" },
	{ "/definition-log/0/definition-versions/0/version-id", "null", "version-id: missing" },
};

START_TEST(metadata_is_checked)
{
	struct cx cx = { 0 };
	struct json_object *m = parse(&cx, WHOLE), *v = NULL;
	const char *part = changes[_i].message, *where = changes[_i].at;
	enum status s;

	if (strcmp(changes[_i].value, "null") != 0)
		v = json_copy(&cx, json_member(parse(&cx, cx_printf(&cx, "{\"v\":%s}",
								    changes[_i].value)),
					       "v"));
	ck_assert_int_eq(json_pointer_set(&m, where, json_object_get(v)), 0);
	s = function_check(&cx, m);
	ck_assert_msg(s == (part ? INVALID : OK), "%s: %d %s", where, s, cx.message);
	if (part)
		ck_assert_msg(strstr(cx.message, part) != NULL, "%s: %s", where, cx.message);
	cx_free(&cx);
}
END_TEST

/* --- create, replace ----------------------------------------------------------------------- */

static const struct metadata_env env = { .now_ms = 9, .new_uuid = UUID };

START_TEST(what_is_left_out_is_filled_in)
{
	struct cx cx = { 0 };
	struct json_object *given =
		parse(&cx, "{\"definitions\":[" INT_DEFINITION "],\"later\":1}");
	struct json_object *m;
	struct metadata_facts f;
	struct metadata_path *p;
	size_t n;

	ck_assert_int_eq(function_create(&cx, &env, given, "s3://b/new", &m), OK);
	ck_assert(json_equal(
		m, parse(&cx, "{\"definitions\":[" INT_DEFINITION
			      "],\"later\":1,\"function-uuid\":\"" UUID
			      "\",\"format-version\":1,\"location\":\"s3://b/new\",\"definition-"
			      "log\":[{\"timestamp-ms\":9,\"definition-versions\":[{\"definition-"
			      "id\":\"int\",\"version-id\":2}]}]}")));
	ck_assert_int_eq(function_check(&cx, m), OK);
	ck_assert_int_eq(function_facts(&cx, m, &f), OK);
	ck_assert_str_eq(f.table_uuid, UUID);
	ck_assert_str_eq(f.location, "s3://b/new");
	ck_assert_int_eq(function_paths(&cx, m, &p, &n), OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(p->location, "s3://b/new");
	ck_assert(!json_has(given, "location"));
	cx_free(&cx);
}
END_TEST

START_TEST(what_is_said_stays)
{
	struct cx cx = { 0 };
	struct json_object *given = parse(&cx, WHOLE), *m;

	ck_assert_int_eq(function_create(&cx, &env, given, "s3://b/f", &m), OK);
	ck_assert(json_equal(m, given));
	ck_assert_int_eq(function_create(&cx, &env, parse(&cx, "{}"), "s3://b/f", &m), INVALID);
	cx_free(&cx);
}
END_TEST

static const struct {
	const char *given, *message;
	size_t log; /* entries of what comes out; 0: the base itself */
} nexts[] = {
	{ WHOLE, NULL, 0 },
	{ "{\"definitions\":[" INT_DEFINITION "]}", NULL, 1 },
	{ "{\"definitions\":[" TABLE_DEFINITION "]}", NULL, 2 },
	{ "{\"definitions\":[" TABLE_DEFINITION "],\"definition-log\":[]}", "", 0 },
	{ "{\"definitions\":[],\"function-uuid\":\"" NIL_UUID "\"}", "function-uuid: it can't", 0 },
	{ "{\"definitions\":[],\"location\":\"s3://b/g\"}", "location: it can't change", 0 },
	{ "{}", "definitions: missing", 0 },
};

START_TEST(the_next_goes_on_from_the_base)
{
	struct cx cx = { 0 };
	struct json_object *base = parse(&cx, WHOLE), *copy = json_copy(&cx, base), *m;
	enum status s = function_replace(&cx, &env, base, parse(&cx, nexts[_i].given), &m);
	const char *part = nexts[_i].message;

	ck_assert(json_equal(base, copy));
	if (part && *part) {
		ck_assert_int_eq(s, INVALID);
		ck_assert_msg(strstr(cx.message, part) != NULL, "%s", cx.message);
		cx_free(&cx);
		return;
	}
	ck_assert_msg(s == OK, "%s", cx.message);
	ck_assert_int_eq(m == base, !nexts[_i].log && !part);
	ck_assert_str_eq(json_text(m, "function-uuid"), UUID);
	ck_assert_str_eq(json_text(m, "location"), "s3://b/f");
	if (nexts[_i].log || part)
		ck_assert_uint_eq(json_object_array_length(json_member(m, "definition-log")),
				  nexts[_i].log);
	cx_free(&cx);
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ metadata_is_checked, ARRAY_SIZE(changes) },
		{ what_is_left_out_is_filled_in, 0 },
		{ what_is_said_stays, 0 },
		{ the_next_goes_on_from_the_base, ARRAY_SIZE(nexts) },
	};

	return run_suite("function", tests, ARRAY_SIZE(tests));
}
