/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_location.c - any bytes as a location: what is taken has one meaning and stays within itself. */
#include "common/location.h"

#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* No decoding, however often, finds a way up or a byte that cuts. */
static void check_path(struct cx *cx, const char *path)
{
	char *decoded, *segment;

	must(!*path || (path[0] == '/' && path[strlen(path) - 1] != '/'));
	must(!strstr(path, "//") && !strpbrk(path, "?#"));
	if (text_unpercent(cx, path, strlen(path), false, &decoded))
		decoded = cx_strdup(cx, path);
	for (const char *c = decoded; *c; c++)
		must((unsigned char)*c >= 0x20 && *c != 0x7f);
	while ((segment = strsep(&decoded, "/")))
		must(strcmp(segment, ".") != 0 && strcmp(segment, "..") != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cx cx = { 0 };
	char *text = cx_strndup(&cx, (const char *)data, size);
	struct location l, again, child;

	if (!location_parse(&cx, text, &l)) {
		must(strlen(l.text) <= 1024 && text_is_utf8(l.text, strlen(l.text)));
		check_path(&cx, l.path);
		must(!location_parse(&cx, l.text, &again));
		must(text_same(l.scheme, again.scheme) && text_same(l.authority, again.authority));
		must(text_same(l.path, again.path) && text_same(l.text, again.text));
		must(location_within(&l, &again));
		if (!location_parse(&cx, location_join(&cx, l.text, "x"), &child))
			must(location_within(&child, &l) && !location_within(&l, &child));
		must(text_same(l.scheme, "file") == !l.authority[0]);
	}
	cx_free(&cx);
	return 0;
}
