/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_metadata.c - {base, updates, requirements, request}: what is made passes the checks. */
#include "common/iceberg/metadata.h"

/* libFuzzer's entry; driver.c calls it too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct metadata_env env = { .now_ms = 2000000000000,
					 .new_uuid = "11111111-2222-4333-8444-555555555555",
					 .base_location = "s3://b/t/metadata/1.metadata.json" };

/* Everything the program does with metadata that it has made or let in. */
static void use(struct cx *cx, struct json_object *m)
{
	struct metadata_facts facts;
	struct metadata_path *paths;
	struct json_object *again;
	size_t n;
	const char *text = json_print(cx, m, &n);

	if (metadata_check(cx, m) || metadata_facts(cx, m, &facts) ||
	    metadata_paths(cx, m, &paths, &n))
		abort();
	if (metadata_check(cx, metadata_refs_only(cx, m)))
		abort();
	if (json_parse(cx, text, strlen(text), METADATA_MAX_DEPTH, &again) ||
	    metadata_check(cx, again))
		abort();
}

/* sound: the base passes metadata_check, whose reading of old schemas a commit leaves out. */
static void change(struct cx *cx, struct json_object *base, struct json_object *updates, bool sound)
{
	const char *before = json_print(cx, base, NULL);
	struct json_object *out;

	if (!metadata_apply(cx, &env, base, updates, &out) && sound)
		use(cx, out);
	if (strcmp(before, json_print(cx, base, NULL)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cx cx = { 0 };
	struct json_object *v, *base, *out;
	enum status s;

	if (!json_parse(&cx, (const char *)data, size, METADATA_MAX_DEPTH, &v)) {
		base = json_member(v, "base");
		s = requirements_check(&cx, base, json_member(v, "requirements"));
		if (!metadata_create(&cx, &env, json_member(v, "request"), "s3://b/t", &out))
			use(&cx, out);
		change(&cx, NULL, json_member(v, "updates"), true);
		s = metadata_check(&cx, base);
		if (!s)
			use(&cx, base);
		if (base)
			change(&cx, base, json_member(v, "updates"), !s);
		(void)metadata_refs_only(&cx, base);
	}
	cx_free(&cx);
	return 0;
}
