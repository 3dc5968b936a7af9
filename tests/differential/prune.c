/* SPDX-License-Identifier: Apache-2.0 */
/* prune.c - filters as a filter: one JSON question a line in, what is pruned and left a line out. */
#include "tests/unit/prune.h"

#define DEPTH 1000

int main(void)
{
	struct cx cx = { 0 };
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, stdin)) > 0) {
		struct json_object *q = NULL, *reply = json_new_object(&cx);
		enum status s = json_parse(&cx, line, (size_t)n, DEPTH, &q);

		if (!s)
			s = prune_answer(&cx, q, reply);
		json_set_int(reply, "status", s);
		if (s)
			json_set_text(reply, "message", cx.message);
		puts(json_print(&cx, reply, NULL));
		fflush(stdout);
		cx_reset(&cx);
	}
	free(line);
	cx_free(&cx);
	return 0;
}
