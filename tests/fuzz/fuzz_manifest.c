/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_manifest.c - Avro files of any bytes, as manifest lists and as manifests. */
#include "common/iceberg/manifest.h"

/* libFuzzer's entry; driver.c calls it too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cx cx = { 0 };
	struct manifest_file *files;
	struct manifest_entry *entries;
	size_t n, bytes = 0;
	enum status s;

	s = manifest_list_read(&cx, (const char *)data, size, &files, &n);
	for (size_t i = 0; !s && i < n; i++)
		bytes += strlen(files[i].path);
	s = manifest_read(&cx, (const char *)data, size, &entries, &n);
	for (size_t i = 0; !s && i < n; i++)
		bytes += strlen(entries[i].path);
	if (bytes == SIZE_MAX)
		abort();
	cx_free(&cx);
	return 0;
}
