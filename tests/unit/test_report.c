/* SPDX-License-Identifier: Apache-2.0 */
/* test_report.c - which metrics reports, and which filters in them, are well-formed. */
#include "common/iceberg/report.h"

#include "common/iceberg/filter_shape.h"
#include "tests/unit/suite.h"

static struct json_object *parse(struct cx *cx, const char *text)
{
	struct json_object *v = NULL;

	ck_assert_msg(json_parse(cx, text, strlen(text), 100, &v) == OK, "%s: %s", text,
		      cx->message);
	return v;
}

/* --- reports -------------------------------------------------------------------------- */

#define COMMON "\"table-name\":\"c.n.t\",\"snapshot-id\":7,"
#define SCAN                                                                                       \
	"\"report-type\":\"scan-report\",\"filter\":true,\"schema-id\":0,\"projected-field-ids\":" \
	"[1,2],\"projected-field-names\":[\"a\",\"b\"],"
#define COMMIT "\"report-type\":\"commit-report\",\"sequence-number\":3,\"operation\":\"append\","
#define METRICS                                                                                    \
	"\"metrics\":{\"total-planning-duration\":{\"count\":1,\"time-unit\":\"nanoseconds\","     \
	"\"total-duration\":2644235116},\"result-data-files\":{\"unit\":\"count\",\"value\":1}}"

static const struct {
	const char *report;
	const char *message; /* part of it; NULL: it is well-formed */
} reports[] = {
	{ "{" SCAN COMMON METRICS "}", NULL },
	{ "{" COMMIT COMMON METRICS "}", NULL },
	{ "{" SCAN COMMON METRICS ",\"metadata\":{\"engine\":\"spark\"},\"new\":[]}", NULL },
	{ "{" SCAN COMMON METRICS ",\"metadata\":{\"engine\":1}}",
	  "metadata.engine: not a string" },
	{ "{" SCAN COMMON METRICS ",\"metadata\":[]}", "metadata: not an object" },
	{ "{" SCAN COMMON "\"metrics\":{}}", NULL },
	{ "{" SCAN COMMON "\"metrics\":{\"mine\":{\"unit\":\"bytes\",\"value\":-1,\"x\":1}}}",
	  NULL },
	{ "{" SCAN COMMON "\"metrics\":[]}", "metrics: not an object" },
	{ "{" SCAN COMMON "\"x\":0}", "metrics: missing" },
	{ "{" SCAN COMMON "\"metrics\":{\"m\":1}}", "metrics.m: neither a counter nor a timer" },
	{ "{" SCAN COMMON "\"metrics\":{\"m\":null}}", "metrics.m: neither a counter nor a timer" },
	{ "{" SCAN COMMON "\"metrics\":{\"m\":{}}}", "metrics.m.unit: missing" },
	{ "{" SCAN COMMON "\"metrics\":{\"m\":{\"unit\":\"count\"}}}", "metrics.m.value: missing" },
	{ "{" SCAN COMMON "\"metrics\":{\"m\":{\"unit\":\"count\",\"value\":\"1\"}}}",
	  "metrics.m.value: not" },
	{ "{" SCAN COMMON "\"metrics\":{\"m\":{\"time-unit\":\"seconds\",\"count\":1}}}",
	  "metrics.m.total-duration: missing" },
	{ "{" SCAN COMMON "\"metrics\":{\"m\":{\"time-unit\":1,\"count\":1,\"total-duration\":1}}}",
	  "metrics.m.time-unit: not a string" },
	{ "{" SCAN "\"table-name\":\"t\"," METRICS "}", "snapshot-id: missing" },
	{ "{" SCAN "\"table-name\":\"t\",\"snapshot-id\":1.5," METRICS "}", "snapshot-id: not" },
	{ "{" SCAN "\"snapshot-id\":1," METRICS "}", "table-name: missing" },
	{ "{\"report-type\":\"scan-report\"," COMMON METRICS "}", "schema-id: missing" },
	{ "{\"report-type\":\"scan-report\",\"schema-id\":1," COMMON METRICS "}", "filter: " },
	{ "{\"report-type\":\"scan-report\",\"schema-id\":1,\"filter\":{\"type\":\"eq\"}," COMMON
		  METRICS "}",
	  "filter.left: not a value" },
	{ "{\"report-type\":\"scan-report\",\"schema-id\":1,\"filter\":true,"
	  "\"projected-field-ids\":[\"1\"],\"projected-field-names\":[]," COMMON METRICS "}",
	  "projected-field-ids[0]: not an integer" },
	{ "{\"report-type\":\"scan-report\",\"schema-id\":1,\"filter\":true,"
	  "\"projected-field-ids\":[1],\"projected-field-names\":[\"a\",null]," COMMON METRICS "}",
	  "projected-field-names[1]: not a string" },
	{ "{\"report-type\":\"scan-report\",\"schema-id\":1,\"filter\":true," COMMON METRICS "}",
	  "projected-field-ids: missing" },
	{ "{\"report-type\":\"commit-report\",\"operation\":\"append\"," COMMON METRICS "}",
	  "sequence-number: missing" },
	{ "{\"report-type\":\"commit-report\",\"sequence-number\":1," COMMON METRICS "}",
	  "operation: missing" },
	{ "{\"report-type\":\"other-report\"," COMMON METRICS "}", "report-type: neither" },
	{ "{" COMMON METRICS "}", "report-type: missing" },
};

START_TEST(reports_are_checked)
{
	struct cx cx = { 0 };
	struct report r = { 0 };
	enum status s = report_check(&cx, parse(&cx, reports[_i].report), &r);
	const char *part = reports[_i].message;

	ck_assert_msg(s == (part ? INVALID : OK), "%s: %d %s", reports[_i].report, s, cx.message);
	if (part)
		ck_assert_msg(strstr(cx.message, part) != NULL, "%s: %s", reports[_i].report,
			      cx.message);
	else
		ck_assert_int_eq(r.snapshot_id, 7);
	cx_free(&cx);
}
END_TEST

/* --- filters -------------------------------------------------------------------------- */

#define REF "{\"type\":\"reference\",\"name\":\"a\"}"

static const struct {
	const char *filter, *message;
} filters[] = {
	{ "true", NULL },
	{ "{\"type\":\"false\"}", NULL },
	{ "{\"type\":\"eq\",\"term\":\"a\",\"value\":\"(2-digit-int)\"}", NULL },
	{ "{\"type\":\"eq\",\"left\":" REF ",\"right\":1}", NULL },
	{ "{\"type\":\"eq\",\"left\":1,\"right\":{\"type\":\"reference\",\"id\":3}}", NULL },
	{ "{\"type\":\"lt\",\"left\":" REF ",\"right\":{\"type\":\"literal\",\"value\":1,"
	  "\"data-type\":\"int\"}}",
	  NULL },
	{ "{\"type\":\"starts-with\",\"term\":{\"type\":\"transform\",\"transform\":"
	  "\"truncate[4]\",\"term\":\"a\"},\"value\":\"x\"}",
	  NULL },
	{ "{\"type\":\"gt\",\"left\":{\"type\":\"apply\",\"function\":\"bucket\",\"arguments\":[16,"
	  "" REF "]},\"right\":1}",
	  NULL },
	{ "{\"type\":\"gt\",\"left\":{\"type\":\"apply\",\"function\":[\"n\",\"f\"],\"arguments\":"
	  "[{\"type\":\"is-null\",\"child\":" REF "}]},\"right\":1}",
	  NULL },
	{ "{\"type\":\"gt\",\"left\":{\"type\":\"apply\",\"function\":{\"identifier\":[\"f\"]},"
	  "\"arguments\":[]},\"right\":1}",
	  NULL },
	{ "{\"type\":\"in\",\"term\":\"a\",\"values\":[1,\"b\",true]}", NULL },
	{ "{\"type\":\"not-in\",\"child\":" REF ",\"values\":{\"type\":\"literals\",\"values\":[1],"
	  "\"data-type\":\"int\"}}",
	  NULL },
	{ "{\"type\":\"is-null\",\"term\":\"a\"}", NULL },
	{ "{\"type\":\"and\",\"left\":true,\"right\":{\"type\":\"not\",\"child\":{\"type\":\"or\","
	  "\"left\":false,\"right\":{\"type\":\"not-nan\",\"term\":\"a\"}}}}",
	  NULL },
	{ "null", "f: neither true" },
	{ "1", "f: neither true" },
	{ "[]", "f: neither true" },
	{ "{}", "f.type: missing" },
	{ "{\"type\":\"like\",\"term\":\"a\",\"value\":\"x\"}", "no predicate \"like\"" },
	{ "{\"type\":\"and\",\"left\":true}", "f.right: neither" },
	{ "{\"type\":\"not\"}", "f.child: neither" },
	{ "{\"type\":\"or\",\"left\":{\"type\":\"not\",\"child\":1},\"right\":true}",
	  "f.left.child: neither" },
	{ "{\"type\":\"is-null\"}", "f.child: not a value" },
	{ "{\"type\":\"is-null\",\"term\":\"a\",\"value\":1}", "f.value: does not belong here" },
	{ "{\"type\":\"eq\",\"term\":\"a\"}", "f.right: not a value" },
	{ "{\"type\":\"eq\",\"term\":1,\"value\":1}", "f.term: not an object" },
	{ "{\"type\":\"eq\",\"term\":{\"type\":\"x\"},\"value\":1}", "f.term.type: neither" },
	{ "{\"type\":\"eq\",\"term\":{\"type\":\"transform\",\"term\":\"a\"},\"value\":1}",
	  "f.term.transform: missing" },
	{ "{\"type\":\"eq\",\"term\":\"a\",\"value\":[1]}", "f.value: not a value" },
	{ "{\"type\":\"eq\",\"left\":{\"type\":\"reference\"},\"right\":1}",
	  "f.left.name: missing" },
	{ "{\"type\":\"eq\",\"left\":{\"type\":\"reference\",\"name\":\"a\",\"x\":1},\"right\":1}",
	  "f.left.x: does not belong" },
	{ "{\"type\":\"in\",\"term\":\"a\"}", "f.values: missing" },
	{ "{\"type\":\"in\",\"term\":\"a\",\"values\":[[1]]}", "f.values[0]: not a value" },
	{ "{\"type\":\"in\",\"term\":\"a\",\"values\":{\"values\":[1]}}",
	  "f.values.data-type: missing" },
	{ "{\"type\":\"gt\",\"left\":{\"type\":\"apply\",\"function\":\"\",\"arguments\":[]},"
	  "\"right\":1}",
	  "f.left.function: not a function's name" },
	{ "{\"type\":\"gt\",\"left\":{\"type\":\"apply\",\"function\":\"f\"},\"right\":1}",
	  "f.left.arguments: missing" },
	{ "{\"type\":\"gt\",\"left\":{\"type\":\"apply\",\"function\":[1],\"arguments\":[]},"
	  "\"right\":1}",
	  "f.left.function[0]: not a name" },
};

START_TEST(filters_are_checked)
{
	struct cx cx = { 0 };
	enum status s = filter_shape_check(&cx, parse(&cx, filters[_i].filter), "f");
	const char *part = filters[_i].message;

	ck_assert_msg(s == (part ? INVALID : OK), "%s: %d %s", filters[_i].filter, s, cx.message);
	if (part)
		ck_assert_msg(strstr(cx.message, part) != NULL, "%s: %s", filters[_i].filter,
			      cx.message);
	cx_free(&cx);
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ reports_are_checked, ARRAY_SIZE(reports) },
		{ filters_are_checked, ARRAY_SIZE(filters) },
	};

	return run_suite("report", tests, ARRAY_SIZE(tests));
}
