/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - reads the JSON tables of tests/data for tests that walk them. */
#ifndef TESTS_UNIT_TABLE_H
#define TESTS_UNIT_TABLE_H

#include <check.h>
#include <stdio.h>

#include "common/json.h"

/* Tables are read before tests run too, where ck_assert does not work. */
_Noreturn static inline void table_die(const char *name, const char *why)
{
	fprintf(stderr, "%s: %s\n", name, why);
	exit(2);
}

/* The whole file tests/data/NAME; ends the test where it cannot be read. */
static inline char *table_text(struct cx *cx, const char *name, size_t *n)
{
	const char *root = getenv("srcdir");
	char *path = cx_printf(cx, "%s/tests/data/%s", root ? root : ".", name), *text;
	FILE *f = fopen(path, "rb");
	long size;

	if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
		table_die(path, "cannot be read");
	rewind(f);
	text = cx_alloc(cx, (size_t)size + 1);
	if (fread(text, 1, (size_t)size, f) != (size_t)size)
		table_die(path, "cannot be read");
	fclose(f);
	*n = (size_t)size;
	return text;
}

static inline struct json_object *table_json(struct cx *cx, const char *name)
{
	struct json_object *v = NULL;
	size_t n;
	char *text = table_text(cx, name, &n);
	enum status s = json_parse(cx, text, n, 1000, &v);

	if (s)
		table_die(name, cx->message);
	return v;
}

/* How many cases the array in the file has: for tcase_add_loop_test. */
static inline int table_size(const char *name)
{
	struct cx cx = { 0 };
	int n = (int)json_object_array_length(table_json(&cx, name));

	cx_free(&cx);
	return n;
}

/* "INVALID" and so on; OK where the case names no status. */
static inline enum status table_status(struct json_object *row)
{
	static const char *const names[] = { [INVALID] = "INVALID",
					     [CONFLICT] = "CONFLICT",
					     [UNSUPPORTED] = "UNSUPPORTED",
					     [TOO_LARGE] = "TOO_LARGE" };
	const char *text = json_text(row, "status");

	for (size_t i = 0; text && i < ARRAY_SIZE(names); i++)
		if (names[i] && strcmp(names[i], text) == 0)
			return (enum status)i;
	ck_assert_msg(!text, "unknown status %s", text);
	return OK;
}

/* Asserts the status and the message part that the row names. */
static inline void table_expect(struct cx *cx, struct json_object *row, enum status s)
{
	const char *name = json_text(row, "name"), *part = json_text(row, "message");

	ck_assert_msg(s == table_status(row), "%s: status %d, message: %s", name, (int)s,
		      cx->message);
	if (s)
		ck_assert_msg(part && strstr(cx->message, part), "%s: message: %s", name,
			      cx->message);
}

#endif
