/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_json.c - JSON of any bytes: what is read is written and read again as the same. */
#include "common/json.h"

/* libFuzzer's entry; driver.c calls it too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cx cx = { 0 };
	struct json_object *v, *again;
	const char *text, *text2;
	size_t n;

	if (!json_parse(&cx, (const char *)data, size, 50, &v)) {
		text = json_print(&cx, v, &n);
		if (json_parse(&cx, text, n, 50, &again) || !json_equal(v, again))
			abort();
		text2 = json_print(&cx, again, NULL);
		if (strcmp(text, text2) != 0 || !json_equal(json_copy(&cx, v), v))
			abort();
	}
	cx_free(&cx);
	return 0;
}
