/* SPDX-License-Identifier: Apache-2.0 */
/* apply.c - the Iceberg core as a filter: one JSON question a line in, one answer a line out. */
#include "common/iceberg/metadata.h"

/* {"request", "location"} is a create, {"base", "updates"} a commit; "now": ms, "uuid". */
static enum status answer(struct cx *cx, struct json_object *q, struct json_object **out)
{
	struct metadata_env env = { .now_ms = json_int(q, "now", 0),
				    .new_uuid = json_text(q, "uuid"),
				    .base_location = json_text(q, "base-location") };

	if (json_has(q, "request"))
		return metadata_create(cx, &env, json_member(q, "request"),
				       json_text(q, "location"), out);
	return metadata_apply(cx, &env, json_member(q, "base"), json_member(q, "updates"), out);
}

int main(void)
{
	struct cx cx = { 0 };
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, stdin)) > 0) {
		struct json_object *q = NULL, *out = NULL, *reply = json_new_object(&cx);
		enum status s = json_parse(&cx, line, (size_t)n, METADATA_MAX_DEPTH, &q);

		if (!s)
			s = answer(&cx, q, &out);
		json_set_int(reply, "status", s);
		if (s)
			json_set_text(reply, "message", cx.message);
		else
			json_set(reply, "metadata", out);
		puts(json_print(&cx, reply, NULL));
		fflush(stdout);
		cx_reset(&cx);
	}
	free(line);
	cx_free(&cx);
	return 0;
}
