/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_export.c - export files of any bytes: rows that are read are whole, and few are read to the end. */
#include "stores/dump.h"

/* libFuzzer's entry; driver.c calls it too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every row is of a kind that travels, has its whole key, and can be INSERTed. */
static void check_row(struct cx *cx, const struct row *row)
{
	if (row->kind->flags & VOLATILE || store_check_row(cx, row) || !dump_tenant(row))
		abort();
}

static void read_all(struct cx *cx, struct dump_reader *r)
{
	struct row *row = NULL;
	struct cx memory = { 0 };
	int64_t rows = 0;
	enum status s;

	do {
		s = dump_next(&memory, r, &row);
		if (!s && row) {
			check_row(cx, row);
			rows++;
		}
		cx_reset(&memory);
	} while (!s && row);
	if (s && s != INVALID)
		abort();
	if (!s && dump_read(r)->all.rows != rows)
		abort();
	cx_free(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cx cx = { 0 };
	struct dump_reader *r;
	FILE *f;

	if (!size)
		return 0;
	f = fmemopen((void *)(uintptr_t)data, size, "r");
	if (!f)
		abort();
	if (!dump_open(&cx, f, &r))
		read_all(&cx, r);
	fclose(f);
	cx_free(&cx);
	return 0;
}
