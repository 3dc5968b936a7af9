/* SPDX-License-Identifier: Apache-2.0 */
/* test_evaluate.c - edges of what bounds, counts and partitions tell of a predicate. */
#include "common/iceberg/evaluate.h"

#include "tests/unit/prune.h"
#include "tests/unit/table.h"

static struct cx cx;

static void teardown(void)
{
	cx_free(&cx);
}

static struct json_object *parse(const char *text)
{
	struct json_object *v = NULL;

	ck_assert_msg(!json_parse(&cx, text, strlen(text), 100, &v), "%s: %s", text, cx.message);
	return v;
}

/* `filter` is of column c; its op and value, "in" with a list. */
static const char *filter_text(const char *op, const char *value)
{
	bool not = strncmp(op, "not ", 4) == 0;
	const char *member = value && *value == '[' ? "values" : "value";
	const char *leaf = cx_printf(&cx, "{\"type\":\"%s\",\"term\":\"c\"%s}", op + (not ? 4 : 0),
				     value ? cx_printf(&cx, ",\"%s\":%s", member, value) : "");

	return not ? cx_printf(&cx, "{\"type\":\"not\",\"child\":%s}", leaf) : leaf;
}

/* The answer on an optional column c, partitioned by the transforms (or NULL). */
static struct json_object *ask(const char *type, const char *transform, const char *filter,
			       const char *more)
{
	const char *field = transform
				    ? cx_printf(&cx,
						"{\"name\":\"p\",\"source-id\":1,\"field-id\":1000,"
						"\"transform\":\"%s\"}",
						transform)
				    : "";
	struct json_object *reply = json_new_object(&cx), *q;

	q = parse(cx_printf(&cx,
			    "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"id\":1,\"name\":\"c\","
			    "\"required\":false,\"type\":\"%s\"}]},\"spec\":[%s],\"filter\":%s,%s}",
			    type, field, filter, more));
	ck_assert_msg(!prune_answer(&cx, q, reply), "%s: %s", filter, cx.message);
	return reply;
}

static const char *first(struct json_object *reply, const char *key)
{
	struct json_object *list = json_member(reply, key);

	return json_print(&cx, json_object_array_get_idx(list, 0), NULL);
}

/*
 * A partition value (hex, or "null"), and what is left of the predicate: true, false (then the
 * file is pruned), or all of it.
 */
enum left { ALL, TRUE_, FALSE_ };
static const struct {
	const char *type, *transform, *op, *value, *tuple;
	enum left left;
} partitions[] = {
	/* identity says it all */
	{ "int", "identity", "eq", "5", "05000000", TRUE_ },
	{ "int", "identity", "eq", "5", "06000000", FALSE_ },
	{ "int", "identity", "not-eq", "5", "05000000", FALSE_ },
	{ "int", "identity", "lt", "5", "04000000", TRUE_ },
	{ "int", "identity", "lt", "5", "05000000", FALSE_ },
	{ "int", "identity", "in", "[1,5]", "05000000", TRUE_ },
	{ "int", "identity", "not-in", "[1,5]", "05000000", FALSE_ },
	{ "long", "identity", "eq", "5", "05000000", TRUE_ }, /* an int when it was written */
	{ "string", "identity", "starts-with", "\"ab\"", "616263", TRUE_ },
	{ "string", "identity", "not-starts-with", "\"ab\"", "616263", FALSE_ },
	{ "int", "identity", "is-null", NULL, "null", TRUE_ },
	{ "int", "identity", "not-null", NULL, "null", FALSE_ },
	{ "int", "identity", "is-null", NULL, "05000000", FALSE_ },
	/* null: the reader decides where engines differ */
	{ "int", "identity", "eq", "5", "null", FALSE_ },
	{ "int", "identity", "lt", "5", "null", FALSE_ },
	{ "int", "identity", "not-eq", "5", "null", ALL },
	{ "int", "identity", "not lt", "5", "null", ALL },
	{ "int", "identity", "not lt", "5", "04000000", FALSE_ },
	{ "int", "identity", "not lt", "5", "05000000", TRUE_ },
	{ "string", "identity", "not-starts-with", "\"ab\"", "null", ALL },
	/* NaN, and zeros */
	{ "double", "identity", "is-nan", NULL, "000000000000f87f", TRUE_ },
	{ "double", "identity", "not-nan", NULL, "000000000000f87f", FALSE_ },
	{ "double", "identity", "not-nan", NULL, "0000000000000000", TRUE_ },
	{ "double", "identity", "not-nan", NULL, "null", ALL },
	{ "double", "identity", "lt", "5", "000000000000f87f", FALSE_ },
	{ "double", "identity", "gt", "5", "000000000000f87f", ALL },
	{ "double", "identity", "not-eq", "5", "000000000000f87f", TRUE_ },
	{ "double", "identity", "eq", "0.0", "0000000000000080", TRUE_ },
	{ "double", "identity", "lt", "0.0", "0000000000000080", FALSE_ },
	/* what can't be read may be anything */
	{ "int", "identity", "eq", "5", "05", ALL },
	{ "int", "zorder", "eq", "5", "05000000", ALL },
	{ "int", "void", "eq", "5", "null", ALL },
	{ "int", "void", "not-null", NULL, "null", ALL },
	/* bucket: 34 is in 2017239379 % 4 */
	{ "int", "bucket[4]", "eq", "34", "03000000", ALL },
	{ "int", "bucket[4]", "eq", "34", "02000000", FALSE_ },
	{ "int", "bucket[4]", "not-eq", "34", "02000000", TRUE_ },
	{ "int", "bucket[4]", "not-eq", "34", "03000000", ALL },
	{ "int", "bucket[4]", "lt", "34", "02000000", ALL },
	{ "int", "bucket[4]", "is-null", NULL, "null", TRUE_ },
	/* truncate of numbers */
	{ "int", "truncate[10]", "lt", "100", "5a000000", TRUE_ },  /* 90 */
	{ "int", "truncate[10]", "lt", "100", "64000000", FALSE_ }, /* 100 */
	{ "int", "truncate[10]", "lt", "101", "64000000", ALL },
	{ "int", "truncate[10]", "lt-eq", "99", "5a000000", TRUE_ },
	{ "int", "truncate[10]", "lt-eq", "98", "5a000000", ALL },
	{ "int", "truncate[10]", "gt", "99", "64000000", TRUE_ },
	{ "int", "truncate[10]", "gt", "99", "5a000000", FALSE_ },
	{ "int", "truncate[10]", "gt-eq", "100", "64000000", TRUE_ },
	{ "int", "truncate[10]", "gt-eq", "101", "64000000", ALL },
	{ "int", "truncate[10]", "eq", "-1", "f6ffffff", ALL }, /* -10 */
	{ "int", "truncate[10]", "eq", "-1", "00000000", FALSE_ },
	{ "int", "truncate[10]", "not-eq", "-1", "00000000", TRUE_ },
	{ "int", "truncate[10]", "in", "[1,-1,2]", "00000000", ALL },
	{ "int", "truncate[10]", "in", "[1,-1,2]", "0a000000", FALSE_ },
	{ "int", "truncate[10]", "lt", "0", "feffff7f", ALL }, /* of INT_MIN, as Java wraps it */
	{ "int", "truncate[10]", "lt", "-2147483648", "00000000", FALSE_ },
	{ "long", "truncate[10]", "lt", "-9223372036854775808", "0000000000000000", ALL },
	{ "decimal(9, 2)", "truncate[50]", "lt", "\"10.50\"", "03e8", TRUE_ }, /* 10.00 */
	{ "decimal(9, 2)", "truncate[50]", "lt", "\"10.50\"", "041a", FALSE_ },
	{ "decimal(9, 2)", "truncate[50]", "lt", "\"10.51\"", "041a", ALL },
	/* truncate of texts */
	{ "string", "truncate[2]", "lt", "\"abc\"", "6161", TRUE_ },
	{ "string", "truncate[2]", "lt", "\"abc\"", "6162", ALL },
	{ "string", "truncate[2]", "lt", "\"abc\"", "6163", FALSE_ },
	{ "string", "truncate[2]", "gt-eq", "\"abc\"", "6162", ALL },
	{ "string", "truncate[2]", "gt-eq", "\"abc\"", "6163", TRUE_ },
	{ "string", "truncate[2]", "starts-with", "\"a\"", "6162", TRUE_ },
	{ "string", "truncate[2]", "starts-with", "\"b\"", "6162", FALSE_ },
	{ "string", "truncate[2]", "starts-with", "\"ab\"", "6162", TRUE_ },
	{ "string", "truncate[2]", "starts-with", "\"abc\"", "6162", ALL },
	{ "string", "truncate[2]", "starts-with", "\"abc\"", "6163", FALSE_ },
	{ "string", "truncate[2]", "not-starts-with", "\"ab\"", "6162", FALSE_ },
	{ "string", "truncate[2]", "not-starts-with", "\"abc\"", "6162", ALL },
	{ "string", "truncate[2]", "not-starts-with", "\"abc\"", "6163", TRUE_ },
	{ "string", "truncate[2]", "starts-with", "\"\xc3\xa9\xc3\xa9\"", "c3a9c3a9", TRUE_ },
	{ "binary", "truncate[1]", "eq", "\"00FF\"", "00", ALL },
	{ "binary", "truncate[1]", "eq", "\"00FF\"", "01", FALSE_ },
	/* dates and times; 1 more before 1970, as Iceberg 0.10 wrote */
	{ "date", "day", "eq", "\"1969-12-31\"", "00000000", FALSE_ },
	{ "date", "month", "eq", "\"1969-12-31\"", "ffffffff", ALL },
	{ "date", "month", "eq", "\"1969-12-31\"", "00000000", ALL },
	{ "date", "month", "eq", "\"1970-01-01\"", "01000000", FALSE_ },
	{ "date", "year", "lt", "\"2000-01-01\"", "1d000000", TRUE_ },
	{ "date", "year", "lt", "\"2000-01-01\"", "1e000000", FALSE_ },
	{ "date", "year", "gt-eq", "\"2000-01-01\"", "1e000000", TRUE_ },
	{ "date", "year", "gt-eq", "\"2000-01-02\"", "1e000000", ALL },
	{ "timestamp", "day", "gt-eq", "\"2017-11-16T00:00:00\"", "4e440000", TRUE_ },
	{ "timestamp", "day", "gt", "\"2017-11-16T00:00:00\"", "4e440000", ALL },
	{ "timestamp", "day", "gt", "\"2017-11-15T23:59:59.999999\"", "4e440000", TRUE_ },
	{ "timestamp", "day", "lt-eq", "\"2017-11-16T23:59:59.999999\"", "4e440000", TRUE_ },
	{ "timestamp", "day", "lt", "\"2017-11-16T00:00:00\"", "4e440000", FALSE_ },
	{ "timestamp", "hour", "lt", "\"1970-01-01T00:00:00\"", "ffffffff", TRUE_ },
	{ "timestamp", "hour", "lt", "\"1970-01-01T00:00:00\"", "00000000", ALL },
	{ "timestamp", "hour", "gt", "\"1970-01-01T00:00:00\"", "01000000", ALL },
	{ "timestamptz", "month", "not-eq", "\"1969-12-31T00:00:00Z\"", "00000000", ALL },
	{ "timestamptz", "month", "not-eq", "\"1969-12-31T00:00:00Z\"", "01000000", TRUE_ },
	{ "timestamp_ns", "day", "lt", "\"2017-11-16T00:00:00.000000001\"", "4e440000", ALL },
};

START_TEST(partition)
{
	const char *op = partitions[_i].op, *value = partitions[_i].value;
	const char *tuple = partitions[_i].tuple;
	const char *quote = strcmp(tuple, "null") == 0 ? "" : "\"";
	struct json_object *reply =
		ask(partitions[_i].type, partitions[_i].transform, filter_text(op, value),
		    cx_printf(&cx, "\"tuples\":[[%s%s%s]]", quote, tuple, quote));
	const char *left = first(reply, "residuals");
	enum left got = strcmp(left, "true") == 0    ? TRUE_
			: strcmp(left, "false") == 0 ? FALSE_
						     : ALL;

	ck_assert_msg(got == partitions[_i].left, "%s of %s: %s %s on %s leaves %s",
		      partitions[_i].transform, partitions[_i].type, op, value, tuple, left);
	ck_assert_str_eq(first(reply, "tuples"), got == FALSE_ ? "0" : "1");
	if (got == ALL)
		ck_assert_str_eq(left, json_print(&cx, json_member(reply, "filter"), NULL));
}
END_TEST

/* A file's counts and bounds of c (1 row of it may match), and a predicate. */
static const struct {
	const char *type, *stats, *op, *value;
	int may;
} stats[] = {
	{ "int", "", "eq", "5", 1 },
	{ "int", "\"values\":9,\"nulls\":9", "eq", "5", 0 },
	{ "int", "\"values\":9,\"nulls\":9", "not-eq", "5", 1 },
	{ "int", "\"values\":9,\"nulls\":9", "not-null", NULL, 0 },
	{ "int", "\"values\":9,\"nulls\":8", "not-null", NULL, 1 },
	{ "int", "\"nulls\":0", "is-null", NULL, 0 },
	{ "int", "\"nulls\":1", "is-null", NULL, 1 },
	{ "int", "\"values\":9", "is-null", NULL, 1 },
	{ "int", "\"lower\":\"05000000\",\"upper\":\"09000000\"", "lt", "5", 0 },
	{ "int", "\"lower\":\"05000000\",\"upper\":\"09000000\"", "lt-eq", "5", 1 },
	{ "int", "\"lower\":\"05000000\",\"upper\":\"09000000\"", "gt", "9", 0 },
	{ "int", "\"lower\":\"05000000\",\"upper\":\"09000000\"", "gt-eq", "9", 1 },
	{ "int", "\"lower\":\"05000000\",\"upper\":\"09000000\"", "eq", "4", 0 },
	{ "int", "\"lower\":\"05000000\",\"upper\":\"09000000\"", "eq", "10", 0 },
	{ "int", "\"lower\":\"05000000\",\"upper\":\"09000000\"", "eq", "7", 1 },
	{ "int", "\"lower\":\"05000000\",\"upper\":\"09000000\"", "in", "[1,4,10,11]", 0 },
	{ "int", "\"lower\":\"05000000\",\"upper\":\"09000000\"", "in", "[1,4,9,11]", 1 },
	{ "int", "\"lower\":\"05000000\"", "in", "[1,4]", 0 },
	{ "int", "\"upper\":\"09000000\"", "in", "[10,11]", 0 },
	{ "int", "\"lower\":\"05000000\",\"upper\":\"05000000\",\"nulls\":0", "not-eq", "5", 0 },
	{ "int", "\"lower\":\"05000000\",\"upper\":\"05000000\",\"nulls\":0", "not-in", "[5,6]",
	  0 },
	{ "int", "\"lower\":\"05000000\",\"upper\":\"05000000\",\"nulls\":1", "not-eq", "5", 1 },
	{ "int", "\"lower\":\"05000000\",\"upper\":\"05000000\"", "not-eq", "5", 1 },
	{ "int", "\"lower\":\"05000000\",\"upper\":\"06000000\",\"nulls\":0", "not-eq", "5", 1 },
	{ "int", "\"upper\":\"04000000\",\"nulls\":0", "not lt", "5", 0 },
	{ "int", "\"upper\":\"04000000\",\"nulls\":1", "not lt", "5", 1 },
	{ "int", "\"upper\":\"04000000\"", "not lt", "5", 1 },
	{ "int", "\"lower\":\"0500\",\"upper\":\"09\"", "eq", "4", 1 }, /* no int */
	{ "long", "\"lower\":\"05000000\",\"upper\":\"09000000\"", "eq", "4", 0 },
	{ "double", "\"lower\":\"000080bf\",\"upper\":\"0000803f\"", "gt", "1.5", 0 }, /* floats */
	{ "double", "\"lower\":\"000000000000f87f\",\"upper\":\"000000000000f87f\"", "lt", "5", 1 },
	{ "double", "\"upper\":\"0000000000000000\",\"nans\":0", "gt", "5", 0 },
	{ "double", "\"upper\":\"0000000000000000\",\"nans\":1", "gt", "5", 1 },
	{ "double", "\"upper\":\"0000000000000080\"", "eq", "0.0", 1 },
	{ "double", "\"values\":9,\"nans\":9,\"nulls\":0", "lt", "5", 0 },
	{ "double", "\"values\":9,\"nans\":9,\"nulls\":0", "not-nan", NULL, 0 },
	{ "double", "\"values\":9,\"nans\":0", "is-nan", NULL, 0 },
	{ "double", "\"values\":9", "is-nan", NULL, 1 },
	{ "double", "\"values\":9,\"nulls\":9", "is-nan", NULL, 0 },
	{ "double", "\"values\":9,\"nulls\":9", "not-nan", NULL, 1 },
	{ "double", "\"lower\":\"0000000000000840\",\"upper\":\"0000000000000840\",\"nulls\":0",
	  "not-eq", "3", 1 },
	{ "double",
	  "\"lower\":\"0000000000000840\",\"upper\":\"0000000000000840\",\"nulls\":0,\"nans\":0",
	  "not-eq", "3", 0 },
	{ "string", "\"lower\":\"6162\",\"upper\":\"6164\"", "starts-with", "\"abc\"", 1 },
	{ "string", "\"lower\":\"6162\",\"upper\":\"6164\"", "starts-with", "\"ae\"", 0 },
	{ "string", "\"lower\":\"6162\",\"upper\":\"6164\"", "starts-with", "\"aa\"", 0 },
	{ "string", "\"lower\":\"6162\",\"upper\":\"6164\"", "starts-with", "\"a\"", 1 },
	{ "string", "\"lower\":\"6162\",\"upper\":\"61\"", "starts-with", "\"ab\"", 0 },
	{ "string", "\"lower\":\"6162\",\"upper\":\"6164\",\"nulls\":0", "not-starts-with", "\"a\"",
	  0 },
	{ "string", "\"lower\":\"6162\",\"upper\":\"6164\",\"nulls\":2", "not-starts-with", "\"a\"",
	  1 },
	{ "string", "\"lower\":\"61\",\"upper\":\"6164\",\"nulls\":0", "not-starts-with", "\"ab\"",
	  1 },
	{ "string", "\"lower\":\"6162\",\"upper\":\"62\",\"nulls\":0", "not-starts-with", "\"a\"",
	  1 },
	{ "string", "\"lower\":\"c3a9\",\"upper\":\"f09f9880\"", "lt", "\"z\"", 0 },
	{ "uuid", "\"lower\":\"80000000000000000000000000000000\"", "lt",
	  "\"7fffffff-0000-0000-0000-000000000000\"", 0 },
};

START_TEST(file_stats)
{
	struct json_object *reply = ask(
		stats[_i].type, NULL, filter_text(stats[_i].op, stats[_i].value),
		cx_printf(&cx, "\"files\":[{\"records\":9,\"1\":{%s}},{\"records\":0,\"1\":{%s}}]",
			  stats[_i].stats, stats[_i].stats));

	ck_assert_msg(*first(reply, "files") == '0' + stats[_i].may, "%s %s: %s %s", stats[_i].type,
		      stats[_i].stats, stats[_i].op, stats[_i].value);
	ck_assert_int_eq(json_object_get_int(prune_item(json_member(reply, "files"), 1)), 0);
}
END_TEST

/* Terms that are transforms, on bounds and on partitions by another transform. */
static const struct {
	const char *type, *term, *partitioned, *op, *value, *more, *key, *answer;
} terms[] = {
	{ "timestamp", "day", NULL, "lt", "\"1970-01-02\"",
	  "\"files\":[{\"1\":{\"lower\":\"0050d6dc01000000\"}}]", "files", "1" },
	{ "timestamp", "day", NULL, "lt", "\"1970-01-01\"",
	  "\"files\":[{\"1\":{\"lower\":\"0050d6dc01000000\"}}]", "files", "0" },
	{ "int", "bucket[4]", NULL, "eq", "3",
	  "\"files\":[{\"1\":{\"lower\":\"22000000\",\"upper\":\"22000000\"}}]", "files", "1" },
	{ "string", "truncate[2]", NULL, "eq", "\"ab\"",
	  "\"files\":[{\"1\":{\"lower\":\"616263\",\"upper\":\"616265\"}}]", "files", "1" },
	{ "string", "truncate[2]", NULL, "eq", "\"ac\"",
	  "\"files\":[{\"1\":{\"lower\":\"616263\",\"upper\":\"616265\"}}]", "files", "0" },
	{ "int", "bucket[4]", "bucket[4]", "eq", "3", "\"tuples\":[[\"03000000\"]]", "residuals",
	  "true" },
	{ "int", "bucket[4]", "bucket[4]", "gt", "3", "\"tuples\":[[\"03000000\"]]", "residuals",
	  "false" },
	{ "int", "bucket[4]", "bucket[8]", "gt", "3", "\"tuples\":[[\"03000000\"]]", "tuples",
	  "1" },
	{ "int", "bucket[4]", "identity", "eq", "3", "\"tuples\":[[\"22000000\"]]", "residuals",
	  "true" },
	{ "int", "bucket[4]", "identity", "eq", "2", "\"tuples\":[[\"22000000\"]]", "residuals",
	  "false" },
	{ "int", "truncate[10]", "identity", "eq", "30",
	  "\"manifests\":[[{\"lower\":\"21000000\",\"upper\":\"22000000\"}]]", "manifests", "1" },
	{ "int", "truncate[10]", "identity", "eq", "20",
	  "\"manifests\":[[{\"lower\":\"21000000\",\"upper\":\"22000000\"}]]", "manifests", "0" },
};

START_TEST(transformed)
{
	const char *filter = cx_printf(&cx,
				       "{\"type\":\"%s\",\"value\":%s,\"term\":{\"type\":"
				       "\"transform\",\"transform\":\"%s\",\"term\":\"c\"}}",
				       terms[_i].op, terms[_i].value, terms[_i].term);
	struct json_object *reply =
		ask(terms[_i].type, terms[_i].partitioned, filter, terms[_i].more);

	ck_assert_msg(strcmp(first(reply, terms[_i].key), terms[_i].answer) == 0, "%s", filter);
}
END_TEST

/* A manifest's summary of its partition field. */
static const struct {
	const char *type, *transform, *summary, *op, *value;
	int may;
} summaries[] = {
	{ "int", "identity", "{\"null\":0,\"lower\":\"05000000\",\"upper\":\"09000000\"}", "eq",
	  "5", 1 },
	{ "int", "identity", "{\"null\":0,\"lower\":\"05000000\",\"upper\":\"09000000\"}", "eq",
	  "4", 0 },
	{ "int", "identity", "{\"null\":0,\"lower\":\"05000000\",\"upper\":\"09000000\"}",
	  "is-null", NULL, 0 },
	{ "int", "identity", "{\"null\":1,\"lower\":\"05000000\",\"upper\":\"09000000\"}",
	  "is-null", NULL, 1 },
	{ "int", "identity", "{\"null\":1}", "not-null", NULL, 0 },
	{ "int", "identity", "{\"null\":1}", "eq", "5", 0 },
	{ "int", "identity", "{\"null\":0}", "eq", "5", 1 }, /* bounds were left out */
	{ "int", "identity", "{\"null\":0,\"lower\":\"05000000\",\"upper\":\"05000000\"}", "not-eq",
	  "5", 0 },
	{ "int", "identity", "{\"null\":1,\"lower\":\"05000000\",\"upper\":\"05000000\"}", "not-eq",
	  "5", 1 },
	{ "double", "identity", "{\"null\":1,\"nan\":1}", "not-null", NULL, 1 },
	{ "double", "identity", "{\"null\":0,\"nan\":1}", "not-nan", NULL, 0 },
	{ "double", "identity", "{\"null\":0,\"nan\":0,\"lower\":\"0000000000000000\"}", "is-nan",
	  NULL, 0 },
	{ "double", "identity", "{\"null\":0,\"lower\":\"0000000000000000\"}", "is-nan", NULL, 1 },
	{ "int", "bucket[4]", "{\"null\":0,\"lower\":\"00000000\",\"upper\":\"02000000\"}", "eq",
	  "34", 0 },
	{ "int", "bucket[4]", "{\"null\":0,\"lower\":\"00000000\",\"upper\":\"03000000\"}", "eq",
	  "34", 1 },
	{ "int", "truncate[10]", "{\"null\":0,\"lower\":\"0a000000\",\"upper\":\"14000000\"}", "lt",
	  "10", 0 },
	{ "int", "truncate[10]", "{\"null\":0,\"lower\":\"0a000000\",\"upper\":\"feffff7f\"}", "lt",
	  "10", 1 },
	{ "string", "truncate[2]", "{\"null\":0,\"lower\":\"6162\",\"upper\":\"6164\"}",
	  "starts-with", "\"aca\"", 1 },
	{ "string", "truncate[2]", "{\"null\":0,\"lower\":\"6162\",\"upper\":\"6164\"}",
	  "starts-with", "\"aea\"", 0 },
	{ "date", "month", "{\"null\":0,\"lower\":\"00000000\",\"upper\":\"00000000\"}", "lt",
	  "\"1970-01-01\"", 1 },
	{ "date", "month", "{\"null\":0,\"lower\":\"01000000\",\"upper\":\"01000000\"}", "lt",
	  "\"1970-01-01\"", 0 },
};

START_TEST(manifest)
{
	struct json_object *reply =
		ask(summaries[_i].type, summaries[_i].transform,
		    filter_text(summaries[_i].op, summaries[_i].value),
		    cx_printf(&cx, "\"manifests\":[[%s],[]]", summaries[_i].summary));

	ck_assert_msg(*first(reply, "manifests") == '0' + summaries[_i].may, "%s %s: %s %s",
		      summaries[_i].type, summaries[_i].summary, summaries[_i].op,
		      summaries[_i].value);
	ck_assert_int_eq(json_object_get_int(prune_item(json_member(reply, "manifests"), 1)), 1);
}
END_TEST

/* What is decided goes; the rest stays as it was. */
START_TEST(residuals_fold)
{
	static const struct {
		const char *op, *residuals;
	} joined[] = {
		{ "and", "[false,true,{\"type\":\"lt\",\"term\":\"c\",\"value\":"
			 "\"2017-11-17T12:00:00.000000\"},false]" },
		{ "or", "[true,true,true,true]" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(joined); i++) {
		const char *filter =
			cx_printf(&cx, "{\"type\":\"%s\",\"left\":%s,\"right\":%s}", joined[i].op,
				  filter_text("gt-eq", "\"2017-11-16T00:00:00\""),
				  filter_text("lt", "\"2017-11-17T12:00:00\""));
		struct json_object *reply = ask("timestamp", "day", filter,
						"\"tuples\":[[\"4d440000\"],[\"4e440000\"],"
						"[\"4f440000\"],[\"50440000\"]]");

		ck_assert_str_eq(json_print(&cx, json_member(reply, "residuals"), NULL),
				 joined[i].residuals);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("evaluate");
	TCase *t = tcase_create("evaluate");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, partition, 0, (int)ARRAY_SIZE(partitions));
	tcase_add_loop_test(t, file_stats, 0, (int)ARRAY_SIZE(stats));
	tcase_add_loop_test(t, transformed, 0, (int)ARRAY_SIZE(terms));
	tcase_add_loop_test(t, manifest, 0, (int)ARRAY_SIZE(summaries));
	tcase_add_test(t, residuals_fold);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
