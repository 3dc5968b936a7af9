/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - what clients report on scans and commits.
 * Source: the REST catalog's OpenAPI document: ReportMetricsRequest.
 */
#ifndef COMMON_ICEBERG_REPORT_H
#define COMMON_ICEBERG_REPORT_H

#include "common/json.h"

/* Text in the report's memory. */
struct report {
	const char *type;    /* "scan-report", "commit-report" */
	int64_t snapshot_id; /* -1: of a table without one */
};

/*
 * INVALID, naming the member, unless it is a ScanReport or a CommitReport by the document's
 * schema; a report of another type is neither.  Members that the schema does not know, and
 * metrics of any name, are welcome.
 */
MUST_USE enum status report_check(struct cx *cx, struct json_object *json, struct report *out);

#endif
