/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_filter.c - {filter, schema, spec, manifests, tuples, files}: what is read can be written, read again, and asked. */
#include "tests/unit/prune.h"

#define DEPTH 600

/* libFuzzer's entry; driver.c calls it too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* For inputs that name none. */
static const char some_schema[] =
	"{\"type\":\"struct\",\"fields\":["
	"{\"id\":1,\"name\":\"i\",\"required\":false,\"type\":\"int\"},"
	"{\"id\":2,\"name\":\"l\",\"required\":true,\"type\":\"long\"},"
	"{\"id\":3,\"name\":\"d\",\"required\":false,\"type\":\"double\"},"
	"{\"id\":4,\"name\":\"p\",\"required\":false,\"type\":\"decimal(9, 2)\"},"
	"{\"id\":5,\"name\":\"t\",\"required\":false,\"type\":\"timestamptz\"},"
	"{\"id\":6,\"name\":\"n\",\"required\":false,\"type\":\"timestamp_ns\"},"
	"{\"id\":7,\"name\":\"s\",\"required\":false,\"type\":\"string\"},"
	"{\"id\":8,\"name\":\"b\",\"required\":false,\"type\":\"binary\"},"
	"{\"id\":9,\"name\":\"u\",\"required\":false,\"type\":\"uuid\"},"
	"{\"id\":10,\"name\":\"day\",\"required\":false,\"type\":\"date\"}]}";

static const char some_spec[] =
	"[{\"name\":\"a\",\"source-id\":1,\"field-id\":1000,\"transform\":\"truncate[10]\"},"
	"{\"name\":\"b\",\"source-id\":2,\"field-id\":1001,\"transform\":\"bucket[4]\"},"
	"{\"name\":\"c\",\"source-id\":7,\"field-id\":1002,\"transform\":\"truncate[2]\"},"
	"{\"name\":\"d\",\"source-id\":5,\"field-id\":1003,\"transform\":\"month\"},"
	"{\"name\":\"e\",\"source-id\":4,\"field-id\":1004,\"transform\":\"truncate[50]\"},"
	"{\"name\":\"f\",\"source-id\":3,\"field-id\":1005,\"transform\":\"identity\"}]";

static struct json_object *parse(struct cx *cx, const char *bytes, size_t n)
{
	struct json_object *v = NULL;

	return json_parse(cx, bytes, n, DEPTH, &v) ? NULL : v;
}

/* A filter that was written is read as what it was, and written the same. */
static void read_again(struct cx *cx, const struct schema *schema, struct json_object *filter)
{
	struct filter f, again;
	struct json_object *out;
	const char *text;

	if (filter_read(cx, filter, schema, true, &f))
		return;
	text = json_print(cx, expr_json(cx, f.expr), NULL);
	out = parse(cx, text, strlen(text));
	if (filter_read(cx, out, schema, true, &again) ||
	    strcmp(text, json_print(cx, expr_json(cx, again.expr), NULL)) != 0)
		abort();
}

static void use(struct cx *cx, struct json_object *q)
{
	struct json_object *reply = json_new_object(cx);
	struct schema schema;

	if (!json_has(q, "schema"))
		json_set(q, "schema", parse(cx, some_schema, strlen(some_schema)));
	if (!json_has(q, "spec"))
		json_set(q, "spec", parse(cx, some_spec, strlen(some_spec)));
	if (!schema_parse(cx, json_member(q, "schema"), "schema", &schema))
		read_again(cx, &schema, json_member(q, "filter"));
	if (!prune_answer(cx, q, reply))
		json_print(cx, reply, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cx cx = { 0 };
	struct json_object *q = parse(&cx, (const char *)data, size);

	if (json_object_is_type(q, json_type_object))
		use(&cx, q);
	cx_free(&cx);
	return 0;
}
