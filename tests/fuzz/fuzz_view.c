/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_view.c - {base, updates, requirements, request} of a view: what is made passes the checks. */
#include "common/iceberg/view.h"

/* libFuzzer's entry; driver.c calls it too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct metadata_env env = { .now_ms = 2000000000000,
					 .new_uuid = "11111111-2222-4333-8444-555555555555" };

/* Everything the program does with metadata that it has made or let in. */
static void use(struct cx *cx, struct json_object *m)
{
	struct metadata_facts facts;
	struct metadata_path *paths;
	struct json_object *again;
	const char *sql, *dialect;
	size_t n;
	const char *text = json_print(cx, m, &n);

	if (view_check(cx, m) || view_facts(cx, m, &facts) || view_paths(cx, m, &paths, &n))
		abort();
	(void)view_query(m, &sql, &dialect);
	if (json_parse(cx, text, strlen(text), METADATA_MAX_DEPTH, &again) || view_check(cx, again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cx cx = { 0 };
	struct json_object *v, *base, *out;

	if (!json_parse(&cx, (const char *)data, size, METADATA_MAX_DEPTH, &v)) {
		const char *before;
		enum status s;

		base = json_member(v, "base");
		before = json_print(&cx, base, NULL);
		s = view_requirements_check(&cx, base, json_member(v, "requirements"));
		if (!view_check(&cx, base))
			use(&cx, base);
		if (!view_create(&cx, &env, json_member(v, "request"), "s3://b/v", &out))
			use(&cx, out);
		s = view_apply(&cx, &env, base, json_member(v, "updates"), &out);
		if (!s)
			use(&cx, out);
		if (strcmp(before, json_print(&cx, base, NULL)) != 0)
			abort();
	}
	cx_free(&cx);
	return 0;
}
