/* SPDX-License-Identifier: Apache-2.0 */
/* maintenance.c - what clients of other catalogs ask for, answered as what it is: not done here. */
#include "fcgi/tables/tables.h"

enum status maintain_table(struct request *rq)
{
	const char *type;
	const struct asset *row;
	enum status s = path_table(rq, &row);

	if (!s)
		s = request_json(rq, false);
	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "job_type", &type);
	if (s)
		return s;
	rq->answer.http = 501;
	return fail(rq->cx, UNSUPPORTED,
		    "this server runs no maintenance: call %s in an engine (Spark's "
		    "system.expire_snapshots and system.remove_orphan_files)",
		    type);
}
