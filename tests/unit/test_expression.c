/* SPDX-License-Identifier: Apache-2.0 */
/* test_expression.c - filters: read, bound, folded and written (tests/data/filters.json); their limits. */
#include "common/iceberg/expression.h"

#include "tests/unit/table.h"

#define TABLE "filters.json"

static const char columns[] =
	"{\"type\":\"struct\",\"fields\":["
	"{\"id\":1,\"name\":\"id\",\"required\":true,\"type\":\"long\"},"
	"{\"id\":2,\"name\":\"n\",\"required\":false,\"type\":\"int\"},"
	"{\"id\":3,\"name\":\"f\",\"required\":false,\"type\":\"float\"},"
	"{\"id\":4,\"name\":\"d\",\"required\":false,\"type\":\"double\"},"
	"{\"id\":5,\"name\":\"dec\",\"required\":false,\"type\":\"decimal(9, 2)\"},"
	"{\"id\":6,\"name\":\"day\",\"required\":false,\"type\":\"date\"},"
	"{\"id\":7,\"name\":\"ts\",\"required\":false,\"type\":\"timestamp\"},"
	"{\"id\":8,\"name\":\"tz\",\"required\":false,\"type\":\"timestamptz\"},"
	"{\"id\":9,\"name\":\"s\",\"required\":false,\"type\":\"string\"},"
	"{\"id\":10,\"name\":\"a.b\",\"required\":false,\"type\":\"int\"},"
	"{\"id\":11,\"name\":\"aA\",\"required\":false,\"type\":\"int\"},"
	"{\"id\":12,\"name\":\"Aa\",\"required\":false,\"type\":\"int\"},"
	"{\"id\":13,\"name\":\"unk\",\"required\":false,\"type\":\"unknown\"},"
	"{\"id\":14,\"name\":\"place\",\"required\":false,\"type\":{\"type\":\"struct\",\"fields\":"
	"["
	"{\"id\":15,\"name\":\"city\",\"required\":true,\"type\":\"string\"},"
	"{\"id\":16,\"name\":\"zip\",\"required\":false,\"type\":\"int\"}]}},"
	"{\"id\":17,\"name\":\"tags\",\"required\":false,\"type\":{\"type\":\"list\",\"element-"
	"id\":"
	"18,"
	"\"element\":\"string\",\"element-required\":true}},"
	"{\"id\":19,\"name\":\"m\",\"required\":false,\"type\":{\"type\":\"map\",\"key-id\":20,"
	"\"key\":\"string\",\"value-id\":21,\"value\":\"int\",\"value-required\":false}}]}";

static struct cx cx;
static struct schema schema;

static void setup(void)
{
	struct json_object *v = NULL;

	ck_assert_msg(!json_parse(&cx, columns, strlen(columns), 20, &v), "%s", cx.message);
	ck_assert_msg(!schema_parse(&cx, v, "schema", &schema), "%s", cx.message);
}

static void teardown(void)
{
	cx_free(&cx);
}

/* The row's filter gives its `out`, and what was written is read as the same again. */
START_TEST(table)
{
	struct json_object *row = json_object_array_get_idx(table_json(&cx, TABLE), (size_t)_i);
	struct json_object *filter = json_member(row, "filter"), *out, *want;
	const char *name = json_text(row, "name");
	struct filter f, again;
	enum status s = filter_read(&cx, filter, &schema, !json_has(row, "any-case"), &f);

	table_expect(&cx, row, s);
	if (s)
		return;
	out = expr_json(&cx, f.expr);
	want = json_member(row, "out");
	ck_assert_msg(json_equal(out, want), "%s: %s", name, json_print(&cx, out, NULL));
	ck_assert_msg(!filter_read(&cx, out, &schema, true, &again), "%s: %s", name, cx.message);
	ck_assert_msg(json_equal(expr_json(&cx, again.expr), want), "%s, again", name);
}
END_TEST

static struct json_object *read_text(const char *text)
{
	struct json_object *v = NULL;

	ck_assert_msg(!json_parse(&cx, text, strlen(text), 2000, &v), "%s", cx.message);
	return v;
}

START_TEST(columns_are_numbered)
{
	struct filter f;
	struct json_object *v =
		read_text("{\"type\":\"and\",\"left\":{\"type\":\"eq\",\"term\":\"s\",\"value\":"
			  "\"x\"},\"right\":"
			  "{\"type\":\"and\",\"left\":{\"type\":\"eq\",\"term\":\"n\",\"value\":1},"
			  "\"right\":{\"type\":\"gt\",\"term\":\"s\",\"value\":\"a\"}}}");

	ck_assert(!filter_read(&cx, v, &schema, true, &f));
	ck_assert_uint_eq(f.n_leaves, 3);
	ck_assert_uint_eq(f.n_columns, 2);
	ck_assert_int_eq(f.columns[0], 2);
	ck_assert_int_eq(f.columns[1], 9);
	ck_assert_uint_eq(f.expr->n_kids, 3);
	ck_assert_uint_eq(f.expr->kids[0]->column, 1);
	ck_assert_uint_eq(f.expr->kids[1]->column, 0);
	ck_assert_uint_eq(f.expr->kids[2]->column, 1);
}
END_TEST

/* `n` times `before`, then the middle, then n times `after`. */
static struct json_object *nested(const char *before, const char *middle, const char *after, int n)
{
	struct json_object *v = NULL;
	size_t b = strlen(before), m = strlen(middle), a = strlen(after), times = (size_t)n;
	char *text = cx_alloc(&cx, times * (b + a) + m + 1), *at = text;

	for (int i = 0; i < n; i++, at += b)
		memcpy(at, before, b);
	memcpy(at, middle, m);
	at += m;
	for (int i = 0; i < n; i++, at += a)
		memcpy(at, after, a);
	ck_assert_msg(!json_parse(&cx, text, strlen(text), 5000, &v), "%s", cx.message);
	return v;
}

#define LEAF "{\"type\":\"eq\",\"term\":\"n\",\"value\":1}"

START_TEST(nesting_is_bounded)
{
	struct filter f;
	struct json_object *v = nested("{\"type\":\"not\",\"child\":", LEAF, "}", EXPR_MAX_DEPTH);

	ck_assert_msg(!filter_read(&cx, v, &schema, true, &f), "%s", cx.message);
	ck_assert_int_eq(f.expr->op, EXPR_EQ);
	v = nested("{\"type\":\"not\",\"child\":", LEAF, "}", EXPR_MAX_DEPTH + 1);
	ck_assert_int_eq(filter_read(&cx, v, &schema, true, &f), INVALID);
	ck_assert_str_eq(cx.message, "filter: nested deeper than 500");
	v = nested("{\"type\":\"or\",\"left\":" LEAF ",\"right\":", LEAF, "}", 4000);
	ck_assert_int_eq(filter_read(&cx, v, &schema, true, &f), INVALID);
}
END_TEST

/* A chain is one node; written, it is as deep as the logarithm of its length. */
START_TEST(chains_are_flat)
{
	struct filter f;
	struct json_object *v =
		nested("{\"type\":\"or\",\"right\":" LEAF ",\"left\":", LEAF, "}", 400);
	const char *text;
	int depth = 0, deepest = 0;

	ck_assert_msg(!filter_read(&cx, v, &schema, true, &f), "%s", cx.message);
	ck_assert_uint_eq(f.expr->n_kids, 401);
	text = json_print(&cx, expr_json(&cx, f.expr), NULL);
	for (; *text; text++) {
		depth += (*text == '{') - (*text == '}');
		deepest = depth > deepest ? depth : deepest;
	}
	ck_assert_int_le(deepest, 10);
}
END_TEST

static struct json_object *balanced(int n)
{
	struct json_object *o;

	if (n == 1)
		return read_text(LEAF);
	o = read_text("{\"type\":\"and\"}");
	json_set(o, "left", balanced(n / 2));
	json_set(o, "right", balanced(n - n / 2));
	return o;
}

START_TEST(predicates_are_counted)
{
	struct filter f;

	ck_assert(!filter_read(&cx, balanced(EXPR_MAX_LEAVES), &schema, true, &f));
	ck_assert_uint_eq(f.n_leaves, EXPR_MAX_LEAVES);
	ck_assert_int_eq(filter_read(&cx, balanced(EXPR_MAX_LEAVES + 1), &schema, true, &f),
			 INVALID);
	ck_assert_str_eq(cx.message, "filter: more than 5000 predicates");
}
END_TEST

/* [1, 1, ...] */
static struct json_object *in_list(int n)
{
	struct json_object *o = read_text("{\"type\":\"in\",\"term\":\"n\"}");
	struct json_object *list = json_new_array(&cx), *one = json_new_int(&cx, 1);

	while (n--)
		json_add(list, one);
	json_set(o, "values", list);
	return o;
}

START_TEST(values_are_counted)
{
	struct filter f;
	struct json_object *both = read_text("{\"type\":\"or\"}");

	ck_assert(!filter_read(&cx, in_list(EXPR_MAX_VALUES), &schema, true, &f));
	ck_assert_int_eq(f.expr->op, EXPR_EQ);
	ck_assert_int_eq(filter_read(&cx, in_list(EXPR_MAX_VALUES + 1), &schema, true, &f),
			 INVALID);
	ck_assert_str_eq(cx.message, "filter: more than 250000 values");
	json_set(both, "left", in_list(EXPR_MAX_VALUES));
	json_set(both, "right", in_list(1));
	ck_assert_int_eq(filter_read(&cx, both, &schema, true, &f), INVALID);
	ck_assert_str_eq(cx.message, "filter: more than 250000 values");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("expression");
	TCase *t = tcase_create("expression");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, table, 0, table_size(TABLE));
	tcase_add_test(t, columns_are_numbered);
	tcase_add_test(t, nesting_is_bounded);
	tcase_add_test(t, chains_are_flat);
	tcase_add_test(t, predicates_are_counted);
	tcase_add_test(t, values_are_counted);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
