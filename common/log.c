/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - one JSON line an event, written in one piece. */
#include "common/log.h"

#include <unistd.h>

#include "common/json.h"
#include "common/text.h"

#define MAX_LINE 4096

static const char *level_name(enum log_level level)
{
	static const char *const names[] = { "error", "warning", "note" };

	return names[level];
}

/* Text that is not UTF-8 loses its non-ASCII bytes, so that the line is JSON whatever came in. */
static void make_utf8(char *s)
{
	if (text_is_utf8(s, strlen(s)))
		return;
	for (; *s; s++)
		if ((unsigned char)*s >= 0x80)
			*s = '?';
}

void log_event(enum log_level level, const char *event, const char *request_id, const char *fmt,
	       ...)
{
	struct cx cx = { 0 };
	struct json_object *o = json_new_object(&cx);
	char message[MAX_LINE];
	const char *line;
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	make_utf8(message);
	json_set_text(o, "time", text_time(&cx, cx_now_ms()));
	json_set_text(o, "level", level_name(level));
	json_set_text(o, "event", event);
	json_set_int(o, "pid", getpid());
	if (request_id)
		json_set_text(o, "request_id", request_id);
	json_set_text(o, "message", message);
	line = json_print(&cx, o, &n);
	line = cx_printf(&cx, "%s\n", line);
	if (write(STDERR_FILENO, line, n + 1) < 0)
		n = 0; /* nowhere left to say it */
	cx_free(&cx);
}
