/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_storage.c - any JSON as storage_config: what is taken is whole. */
#include "vending/storage.h"

#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cx cx = { 0 };
	struct json_object *config;
	struct location root;
	struct storage s;

	if (!json_parse(&cx, (const char *)data, size, 32, &config) &&
	    !storage_parse(&cx, config, &s)) {
		must(!location_parse(&cx, s.root, &root) && text_same(root.scheme, s.scheme));
		must(storage_covers(&cx, &s, &root) == INVALID || s.allowed[0]);
		must(*storage_identity(&cx, &s) != '\0');
		if (text_same(s.scheme, "s3"))
			must(s.bucket && s.region && !s.access_key_id == !s.secret_access_key);
		must(!s.endpoint || !strpbrk(s.endpoint, "@?# \r\n"));
	}
	cx_free(&cx);
	return 0;
}
