/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - checks reports by the members that their schemas require. */
#include "common/iceberg/report.h"

#include "common/iceberg/filter_shape.h"

/* {"unit", "value"} or {"time-unit", "count", "total-duration"}. */
static enum status check_metric(struct cx *cx, struct json_object *o, const char *where)
{
	const char *unit;
	int64_t n;
	enum status s;

	if (json_object_is_type(o, json_type_object) && json_has(o, "time-unit")) {
		s = json_get_text(cx, o, where, "time-unit", &unit);
		if (!s)
			s = json_get_int(cx, o, where, "count", &n);
		return s ? s : json_get_int(cx, o, where, "total-duration", &n);
	}
	if (!json_object_is_type(o, json_type_object))
		return fail(cx, INVALID, "%s: neither a counter nor a timer", where);
	s = json_get_text(cx, o, where, "unit", &unit);
	return s ? s : json_get_int(cx, o, where, "value", &n);
}

static enum status check_metrics(struct cx *cx, struct json_object *report)
{
	struct json_object *metrics;
	enum status s = json_get_object(cx, report, "", "metrics", &metrics);

	if (s)
		return s;
	json_object_object_foreach(metrics, name, metric) {
		s = check_metric(cx, metric, cx_printf(cx, "metrics.%s", name));
		if (s)
			return s;
	}
	return OK;
}

/* An array whose items are all of one type. */
static enum status check_array(struct cx *cx, struct json_object *report, const char *key,
			       enum json_type type, const char *what)
{
	struct json_object *list;
	enum status s = json_get_array(cx, report, "", key, &list);

	for (size_t i = 0; !s && i < json_object_array_length(list); i++)
		if (!json_object_is_type(json_object_array_get_idx(list, i), type))
			s = fail(cx, INVALID, "%s[%zu]: not %s", key, i, what);
	return s;
}

static enum status check_scan(struct cx *cx, struct json_object *report)
{
	int64_t schema_id;
	enum status s = json_get_int(cx, report, "", "schema-id", &schema_id);

	if (!s)
		s = filter_shape_check(cx, json_member(report, "filter"), "filter");
	if (!s)
		s = check_array(cx, report, "projected-field-ids", json_type_int, "an integer");
	return s ? s
		 : check_array(cx, report, "projected-field-names", json_type_string, "a string");
}

static enum status check_commit(struct cx *cx, struct json_object *report)
{
	const char *operation;
	int64_t sequence_number;
	enum status s = json_get_int(cx, report, "", "sequence-number", &sequence_number);

	return s ? s : json_get_text(cx, report, "", "operation", &operation);
}

/* What both kinds have. */
static enum status check_common(struct cx *cx, struct json_object *report, struct report *out)
{
	struct json_object *metadata = NULL;
	const char *table_name;
	enum status s = json_get_text(cx, report, "", "table-name", &table_name);

	if (!s)
		s = json_get_int(cx, report, "", "snapshot-id", &out->snapshot_id);
	if (!s)
		s = check_metrics(cx, report);
	if (!s)
		s = json_opt_object(cx, report, "", "metadata", &metadata);
	return s || !metadata ? s : json_check_texts(cx, metadata, "metadata");
}

enum status report_check(struct cx *cx, struct json_object *json, struct report *out)
{
	enum status s = json_get_text(cx, json, "", "report-type", &out->type);

	if (s)
		return s;
	if (strcmp(out->type, "scan-report") == 0)
		s = check_scan(cx, json);
	else if (strcmp(out->type, "commit-report") == 0)
		s = check_commit(cx, json);
	else
		s = fail(cx, INVALID, "report-type: neither \"scan-report\" nor \"commit-report\"");
	return s ? s : check_common(cx, json, out);
}
