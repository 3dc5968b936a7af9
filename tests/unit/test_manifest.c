/* SPDX-License-Identifier: Apache-2.0 */
/* test_manifest.c - manifest lists and manifests of every version, and hostile Avro files. */
#include "common/iceberg/manifest.h"

#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "common/gzip.h"
#include "common/unpack.h"
#include "tests/unit/table.h"

static struct cx cx, work; /* work: of one reading */

static void teardown(void)
{
	cx_free(&cx);
	cx_free(&work);
}

static struct json_object *list_json(const struct manifest_file *m, size_t n)
{
	struct json_object *all = json_new_array(&work);

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_new_object(&work);

		json_set_text(o, "path", m[i].path);
		json_set_int(o, "length", m[i].length);
		json_set_bool(o, "deletes", m[i].deletes);
		json_set_int(o, "spec", m[i].partition_spec_id);
		json_set_int(o, "sequence", m[i].sequence_number);
		json_set_int(o, "min-sequence", m[i].min_sequence_number);
		json_set_int(o, "snapshot", m[i].added_snapshot_id);
		json_set_int(o, "added", m[i].added_files);
		json_set_int(o, "existing", m[i].existing_files);
		json_set_int(o, "deleted", m[i].deleted_files);
		json_set_int(o, "added-rows", m[i].added_rows);
		json_set_int(o, "existing-rows", m[i].existing_rows);
		json_set_int(o, "deleted-rows", m[i].deleted_rows);
		json_set_int(o, "first-row", m[i].first_row_id);
		json_add(all, o);
	}
	return all;
}

static struct json_object *entries_json(const struct manifest_entry *e, size_t n)
{
	struct json_object *all = json_new_array(&work);

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_new_object(&work);

		json_set_int(o, "status", e[i].status);
		json_set_int(o, "content", e[i].content);
		json_set_text(o, "path", e[i].path);
		json_set_text(o, "format", e[i].format);
		json_set_int(o, "snapshot", e[i].snapshot_id);
		json_set_int(o, "sequence", e[i].sequence_number);
		json_set_int(o, "file-sequence", e[i].file_sequence_number);
		json_set_int(o, "records", e[i].record_count);
		json_set_int(o, "size", e[i].file_size);
		json_set_int(o, "order", e[i].sort_order_id);
		json_set_int(o, "first-row", e[i].first_row_id);
		json_set_text(o, "of", e[i].referenced_data_file);
		json_set_int(o, "offset", e[i].content_offset);
		json_set_int(o, "content-size", e[i].content_size);
		json_add(all, o);
	}
	return all;
}

/* Reads the bytes as what the row says they are. */
static enum status read_as(struct json_object *row, const char *bytes, size_t n,
			   struct json_object **out)
{
	struct manifest_file *files;
	struct manifest_entry *entries;
	size_t count;
	enum status s;

	if (strcmp(json_text(row, "as"), "list") == 0) {
		s = manifest_list_read(&work, bytes, n, &files, &count);
		*out = list_json(files, count);
	} else {
		s = manifest_read(&work, bytes, n, &entries, &count);
		*out = entries_json(entries, count);
	}
	return s;
}

static struct json_object *row_of(int i)
{
	return json_object_array_get_idx(table_json(&cx, "manifests.json"), (size_t)i);
}

START_TEST(files)
{
	struct json_object *row = row_of(_i), *out = NULL;
	const char *name = json_text(row, "name");
	size_t n;
	char *bytes = table_text(&cx, cx_printf(&cx, "avro/%s", name), &n);
	enum status s = read_as(row, bytes, n, &out);

	table_expect(&work, row, s);
	if (!s)
		ck_assert_msg(json_equal(out, json_member(row, "expected")), "%s: %s", name,
			      json_print(&work, out, NULL));
}
END_TEST

static void read_and_forget(struct json_object *row, const char *bytes, size_t n)
{
	struct json_object *out;
	enum status s = read_as(row, bytes, n, &out);

	ck_assert_msg(s == OK || s == INVALID || s == UNSUPPORTED || s == TOO_LARGE,
		      "%s: status %d", json_text(row, "name"), (int)s);
	cx_reset(&work);
}

/* However a file is cut or changed: a status, never a crash. */
START_TEST(broken)
{
	static const char flips[] = { 1, 2, (char)0x80, (char)0xff };
	struct json_object *row = row_of(_i);
	size_t n;
	char *bytes = table_text(&cx, cx_printf(&cx, "avro/%s", json_text(row, "name")), &n);

	for (size_t i = 0; i < n; i += 1 + n / 1024) {
		char *copy = malloc(i + 1); /* of its own: a read behind its end is seen */

		memcpy(copy, bytes, i);
		read_and_forget(row, copy, i);
		free(copy);
		bytes[i] ^= flips[i % sizeof(flips)];
		read_and_forget(row, bytes, n);
		bytes[i] ^= flips[i % sizeof(flips)];
	}
}
END_TEST

START_TEST(gzip)
{
	size_t n = 300000, len, len2;
	char *plain = cx_alloc(&cx, n), *bad;
	const char *packed, *again;

	for (size_t i = 0; i < n; i++)
		plain[i] = (char)(i * i >> 7);
	gzip_pack(&cx, plain, n, &packed, &len);
	ck_assert(gzip_is(packed, len));
	ck_assert(!gzip_is(plain, n));
	ck_assert_int_eq(gzip_unpack(&cx, packed, len, n, &again, &len2), OK);
	ck_assert_uint_eq(len2, n);
	ck_assert(memcmp(plain, again, n) == 0);
	ck_assert_int_eq(gzip_unpack(&cx, packed, len, n - 1, &again, &len2), TOO_LARGE);
	ck_assert_int_eq(gzip_unpack(&cx, packed, len - 1, n, &again, &len2), INVALID);
	ck_assert_int_eq(gzip_unpack(&cx, packed, len - 9, n, &again, &len2), INVALID);
	ck_assert_int_eq(gzip_unpack(&cx, plain, 100, n, &again, &len2), INVALID);
	ck_assert_int_eq(gzip_unpack(&cx, "", 0, n, &again, &len2), INVALID);
	bad = cx_strndup(&cx, packed, len);
	bad[len - 5] ^= 1; /* the checksum */
	ck_assert_int_eq(gzip_unpack(&cx, bad, len, n, &again, &len2), INVALID);
}
END_TEST

START_TEST(gzip_small)
{
	const char *packed, *again;
	char *two;
	size_t len, n;

	gzip_pack(&cx, "", 0, &packed, &len);
	ck_assert_int_eq(gzip_unpack(&cx, packed, len, 10, &again, &n), OK);
	ck_assert_uint_eq(n, 0);
	gzip_pack(&cx, "{}", 2, &packed, &len);
	two = cx_alloc(&cx, 2 * len);
	memcpy(two, packed, len);
	memcpy(two + len, packed, len);
	ck_assert_int_eq(gzip_unpack(&cx, two, 2 * len, 10, &again, &n), OK);
	ck_assert_str_eq(again, "{}{}");
	ck_assert_int_eq(gzip_unpack(&cx, two, 2 * len - 1, 10, &again, &n), INVALID);
	ck_assert_int_eq(gzip_unpack(&cx, two, len + 1, 10, &again, &n), INVALID);
}
END_TEST

/* 64 MiB of zeros in 64 KiB: refused long before they are all there. */
START_TEST(gzip_bomb)
{
	size_t n = (size_t)64 << 20, len, len2;
	const char *plain = cx_alloc(&cx, n), *packed, *again;

	gzip_pack(&cx, plain, n, &packed, &len);
	ck_assert_uint_lt(len, 100000);
	ck_assert_int_eq(gzip_unpack(&cx, packed, len, 1 << 20, &again, &len2), TOO_LARGE);
	ck_assert_ptr_nonnull(strstr(cx.message, "more than 1048576 bytes"));
}
END_TEST

/* What text compresses well, cut and changed in every place. */
static const char *sample(size_t *n)
{
	char *plain = cx_alloc(&cx, 20000);

	*n = 20000;
	for (size_t i = 0; i < *n; i++)
		plain[i] = (char)('a' + i * i / 777 % 5);
	return plain;
}

typedef enum status unpack(struct cx *, const char *, size_t, size_t, const char **, size_t *);

static void unpack_all(unpack *f, char *packed, size_t len, const char *plain, size_t n)
{
	const char *out;
	size_t out_n;

	ck_assert_int_eq(f(&work, packed, len, n, &out, &out_n), OK);
	ck_assert_uint_eq(out_n, n);
	ck_assert(memcmp(out, plain, n) == 0);
	ck_assert_int_eq(f(&work, packed, len, n - 1, &out, &out_n), TOO_LARGE);
	for (size_t i = 0; i < len; i++) {
		char *cut = malloc(i + 1);

		memcpy(cut, packed, i);
		ck_assert(f(&work, cut, i, n, &out, &out_n) == INVALID || (i == 0 && !out_n));
		free(cut);
		packed[i] ^= 0x55;
		if (f(&work, packed, len, n, &out, &out_n) == OK)
			ck_assert_uint_le(out_n, n);
		packed[i] ^= 0x55;
		cx_reset(&work);
	}
}

START_TEST(snappy)
{
	size_t n, len;
	const char *plain = sample(&n), *out;
	char *packed;
	uLong crc;

	len = snappy_max_compressed_length(n);
	packed = cx_alloc(&cx, len + 4);
	ck_assert_int_eq(snappy_compress(plain, n, packed, &len), SNAPPY_OK);
	crc = crc32_z(0, (const Bytef *)plain, n);
	for (int i = 0; i < 4; i++)
		packed[len++] = (char)(crc >> (24 - 8 * i));
	unpack_all(snappy_unpack, packed, len, plain, n);
	/* 4 GiB, it says, in no bytes */
	ck_assert_int_eq(snappy_unpack(&cx,
				       "\xff\xff\xff\xff\x0f"
				       "1234",
				       9, (size_t)1 << 40, &out, &n),
			 INVALID);
}
END_TEST

START_TEST(zstd)
{
	size_t n, len;
	const char *plain = sample(&n), *out;
	char *packed = cx_alloc(&cx, 2 * ZSTD_compressBound(20000));

	len = ZSTD_compress(packed, ZSTD_compressBound(n), plain, n, 3);
	unpack_all(zstd_unpack, packed, len, plain, n);
	memcpy(packed + len, packed, len); /* two frames */
	ck_assert_int_eq(zstd_unpack(&cx, packed, 2 * len, 2 * n, &out, &len), OK);
	ck_assert_uint_eq(len, 2 * n);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("manifest");
	TCase *t = tcase_create("files");
	SRunner *runner;
	int failed, n = table_size("manifests.json");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, files, 0, n);
	tcase_add_loop_test(t, broken, 0, n);
	tcase_add_test(t, gzip);
	tcase_add_test(t, gzip_small);
	tcase_add_test(t, gzip_bomb);
	tcase_add_test(t, snappy);
	tcase_add_test(t, zstd);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
