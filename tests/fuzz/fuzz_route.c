/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_route.c - any bytes as method, address and form: what is accepted is decoded, sane UTF-8. */
#include "common/text.h"
#include "fcgi/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_segment(const char *s)
{
	must(text_is_utf8(s, strlen(s)));
	must(strcmp(s, ".") != 0 && strcmp(s, "..") != 0);
	for (; *s; s++)
		must((unsigned char)*s >= ' ' || *s == 0x1f);
}

static void check_texts(struct json_object *o)
{
	json_object_object_foreach(o, key, value) {
		must(text_is_utf8(key, strlen(key)));
		must(text_is_utf8(json_object_get_string(value),
				  strlen(json_object_get_string(value))));
	}
}

/* "METHOD ADDRESS BODY", NULs as the places between. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct route_table *const tables[] = { &admin_routes, &credentials_routes };
	struct config config = { .max_json_depth = 32, .cors_allowed_origins = "*" };
	struct responder rs = { .config = &config };
	struct cx cx = { 0 };
	const char *text = cx_strndup(&cx, (const char *)data, size);
	const char *address = memchr(text, ' ', size);
	const char *method = address ? cx_strndup(&cx, text, (size_t)(address - text)) : "GET";
	const char *env[] = { cx_printf(&cx, "REQUEST_METHOD=%s", method),
			      cx_printf(&cx, "REQUEST_URI=%s", address ? address + 1 : text),
			      cx_printf(&cx, "HTTP_X_REQUEST_ID=%s", text),
			      cx_printf(&cx, "HTTP_HOST=%s", text), NULL };
	struct request rq = { .cx = &cx, .rs = &rs, .env = env, .body = text, .body_len = size };
	const char *value = NULL;

	if (request_open(&rq) == OK) {
		if (route_find(&rq, tables, ARRAY_SIZE(tables)) == OK)
			for (size_t i = 0; i < rq.n_segments; i++)
				check_segment(rq.segments[i]);
		if (request_query(&rq, "branch", &value) == OK && value)
			must(text_is_utf8(value, strlen(value)));
	}
	must(!strpbrk(rq.request_id, "\"\r\n\\ "));
	must(!strpbrk(request_base_url(&rq), "\"\r\n\\ "));
	if (request_form(&rq) == OK)
		check_texts(rq.json);
	rq.json = NULL;
	(void)!request_json(&rq, true);
	cx_free(&cx);
	return 0;
}
