/* SPDX-License-Identifier: Apache-2.0 */
/* test_cache.c - what the cache gives is what was put, or nothing. */
#include "vending/cache.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/hmac.h"
#include "common/text.h"

static struct cx cx;
static char base[64];
static struct cache *cache;

static char *in(const char *path)
{
	return cx_printf(&cx, "%s/%s", base, path);
}

/* As another process sees it: nothing mapped, nothing verified. */
static void reopen(int64_t max_bytes)
{
	if (cache)
		cache_close(cache);
	cache = NULL;
	ck_assert_msg(!cache_open(&cx, in("cache"), max_bytes, &cache), "%s", cx.message);
}

static void setup(void)
{
	snprintf(base, sizeof(base), "/tmp/pangolin-cache-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
	reopen(100 << 20);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void teardown(void)
{
	cache_close(cache);
	nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	cx_free(&cx);
}

static const char *put(const char *text)
{
	const char *hash = sha256_hex(&cx, text, strlen(text));

	cache_put(cache, hash, text, strlen(text));
	return hash;
}

/* Is the text there, and right? */
static bool has(const char *text)
{
	const char *bytes, *hash = sha256_hex(&cx, text, strlen(text));

	if (cache_get(&cx, cache, hash, (int64_t)strlen(text), &bytes))
		return false;
	ck_assert(!memcmp(bytes, text, strlen(text)));
	return true;
}

static char *path_of(const char *hash)
{
	return in(cx_printf(&cx, "cache/%c/%s", hash[0], hash));
}

START_TEST(keeps)
{
	struct stat st;
	const char *hash = put("some text"), *bytes;

	ck_assert(has("some text"));
	ck_assert(has("some text"));
	reopen(100 << 20);
	ck_assert(has("some text"));
	ck_assert(!has("other text"));
	ck_assert_int_eq(cache_get(&cx, cache, hash, 8, &bytes), NOT_FOUND);
	ck_assert_int_eq(cache_get(&cx, cache, hash, 10, &bytes), NOT_FOUND);
	ck_assert_int_eq(cache_get(&cx, cache, hash, -1, &bytes), NOT_FOUND);
	ck_assert_int_eq(cache_get(&cx, cache, hash, 9, &bytes), OK);
	reopen(100 << 20);
	ck_assert_int_eq(cache_get(&cx, cache, hash, 8, &bytes), NOT_FOUND);
	put("some text");
	ck_assert(!stat(path_of(hash), &st));
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert(!stat(in("cache"), &st));
	ck_assert_int_eq(st.st_mode & 07777, 0700);
}
END_TEST

START_TEST(keeps_derived)
{
	const char *hash = put("text"), *bytes;
	size_t n;

	ck_assert_int_eq(cache_get_derived(&cx, cache, hash, "refs", &bytes, &n), NOT_FOUND);
	cache_put_derived(cache, hash, "refs", "shorter", 7);
	for (int i = 0; i < 3; i++) {
		ck_assert(!cache_get_derived(&cx, cache, hash, "refs", &bytes, &n));
		ck_assert_uint_eq(n, 7);
		ck_assert(!memcmp(bytes, "shorter", 7));
		ck_assert_int_eq(cache_get_derived(&cx, cache, hash, "gc", &bytes, &n), NOT_FOUND);
		ck_assert(has("text"));
		if (i == 1)
			reopen(100 << 20);
	}
	cache_put_derived(cache, hash, "none", "", 0);
	ck_assert(!cache_get_derived(&cx, cache, hash, "none", &bytes, &n));
	ck_assert_uint_eq(n, 0);
}
END_TEST

/* What happened to the file while nobody looked. */
static void torn(const char *path)
{
	ck_assert(!truncate(path, 4));
}
static void emptied(const char *path)
{
	ck_assert(!truncate(path, 0));
}
static void grown(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
}
static void changed(const char *path)
{
	int fd = open(path, O_WRONLY);

	ck_assert_int_eq(pwrite(fd, "X", 1, 70), 1);
	close(fd);
}
static void linked(const char *path)
{
	ck_assert(!rename(path, in("elsewhere")));
	ck_assert(!symlink(in("elsewhere"), path));
}
static void a_folder(const char *path)
{
	ck_assert(!unlink(path));
	ck_assert(!mkdir(path, 0700));
}
static void a_pipe(const char *path)
{
	ck_assert(!unlink(path));
	ck_assert(!mkfifo(path, 0600));
}
static void (*const harms[])(const char *path) = { torn,   emptied,  grown, changed,
						   linked, a_folder, a_pipe };

START_TEST(believes_no_file)
{
	char *text = cx_printf(&cx, "%0100d", 1), *path;
	const char *hash = put(text), *bytes;
	size_t n;

	cache_put_derived(cache, hash, "refs", text, 100);
	harms[_i](path_of(hash));
	path = cx_printf(&cx, "%s.refs", path_of(hash));
	if (access(in("elsewhere"), F_OK))
		harms[_i](path);
	else
		ck_assert(!unlink(path));
	ck_assert(!has(text));
	ck_assert_int_eq(cache_get_derived(&cx, cache, hash, "refs", &bytes, &n), NOT_FOUND);
}
END_TEST

/* Verified once is not verified for ever: a file put in its place, or changed
 * after it was unmapped, is read anew. */
START_TEST(verifies_a_new_inode)
{
	char *text = cx_printf(&cx, "%0100d", 1), *big = cx_alloc(&cx, 20 << 20);
	const char *hash = put(text);

	ck_assert(has(text));
	memset(big, 'x', (20 << 20) - 1);
	put(big);
	reopen(1000 << 20);
	put(big);
	ck_assert(has(text));
	ck_assert(has(big)); /* more than may be mapped: all else is unmapped */
	changed(path_of(hash));
	ck_assert(!has(text));
}
END_TEST

START_TEST(survives_bad_names)
{
	const char *names[] = {
		"",
		"..",
		"../../etc/passwd",
		"0123",
		"/etc/passwd",
		"ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"
	};
	const char *hash = put("x"), *bytes;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cache_put(cache, names[i], "x", 1);
		ck_assert_int_eq(cache_get(&cx, cache, names[i], 1, &bytes), NOT_FOUND);
	}
	cache_put_derived(cache, hash, "../../x", "x", 1);
	cache_put_derived(cache, hash, "a-suffix-that-is-much-too-long", "x", 1);
	ck_assert_int_eq(cache_get_derived(&cx, cache, hash, "../../x", &bytes, &n), NOT_FOUND);
	ck_assert(access(in("x"), F_OK));
}
END_TEST

START_TEST(refuses_others_folders)
{
	struct cache *c;

	ck_assert(!mkdir(in("open"), 0755));
	ck_assert(!chmod(in("open"), 0755));
	ck_assert_int_eq(cache_open(&cx, in("open"), 1000, &c), INVALID);
	ck_assert(!mkdir(in("mine"), 0700));
	ck_assert(!symlink(in("mine"), in("link")));
	ck_assert_int_eq(cache_open(&cx, in("link"), 1000, &c), INVALID);
	ck_assert_int_eq(cache_open(&cx, in("no/parent"), 1000, &c), INVALID);
	ck_assert(!close(open(in("file"), O_CREAT | O_WRONLY, 0600)));
	ck_assert_int_eq(cache_open(&cx, in("file"), 1000, &c), INVALID);
	if (!geteuid()) {
		ck_assert(!mkdir(in("theirs"), 0700));
		ck_assert(!chown(in("theirs"), 12345, 12345));
		ck_assert_int_eq(cache_open(&cx, in("theirs"), 1000, &c), INVALID);
	}
}
END_TEST

START_TEST(works_without_a_folder)
{
	struct cache *none;
	const char *bytes, *hash = sha256_hex(&cx, "x", 1);
	size_t n;

	ck_assert(!cache_open(&cx, NULL, 1000, &none));
	cache_put(none, hash, "x", 1);
	cache_put_derived(none, hash, "refs", "x", 1);
	ck_assert_int_eq(cache_get(&cx, none, hash, 1, &bytes), NOT_FOUND);
	ck_assert_int_eq(cache_get_derived(&cx, none, hash, "refs", &bytes, &n), NOT_FOUND);
	cache_close(none);
}
END_TEST

static int64_t used_bytes(int *files)
{
	int64_t total = 0;

	*files = 0;
	for (int i = 0; i < 16; i++) {
		char *shard = in(cx_printf(&cx, "cache/%x", i));
		DIR *dir = opendir(shard);
		struct dirent *e;
		struct stat st;

		while ((e = readdir(dir)))
			if (e->d_name[0] != '.' && !fstatat(dirfd(dir), e->d_name, &st, 0)) {
				total += st.st_size;
				++*files;
			}
		closedir(dir);
	}
	return total;
}

START_TEST(stays_bounded)
{
	char *text = cx_alloc(&cx, 4001);
	int files, kept = 0;

	reopen(1 << 20);
	for (int i = 0; i < 3000; i++) {
		memset(text, 'x', 4000);
		memcpy(text, &i, sizeof(i));
		cache_put(cache, sha256_hex(&cx, text, 4000), text, 4000);
	}
	/* 12 MB were written.  A shard may pass its share by what is written
	 * between two looks. */
	ck_assert_int_lt(used_bytes(&files), (1 << 20) * 3 / 2);
	ck_assert_int_gt(files, 100);
	for (int i = 2990; i < 3000; i++) { /* what is new stays */
		const char *bytes;

		memcpy(text, &i, sizeof(i));
		kept += !cache_get(&cx, cache, sha256_hex(&cx, text, 4000), 4000, &bytes);
	}
	ck_assert_int_eq(kept, 10);
	memset(text, 'y', 4000);
	cache_put(cache, sha256_hex(&cx, text, 4000), text, 4000);
	ck_assert(has(text));
}
END_TEST

/* A text given to a request stays as long as the request, whatever comes after. */
START_TEST(gives_for_the_whole_request)
{
	enum { N = 400, BYTES = 100000 };
	const char *given[N];
	char *text = cx_alloc(&cx, BYTES + 1);
	struct cx request = { 0 };

	reopen(1000 << 20);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < N; i++) { /* 40 MB: more than is kept mapped */
			const char *hash;

			memset(text, 'a' + i % 26, BYTES);
			memcpy(text, &i, sizeof(i));
			hash = sha256_hex(&cx, text, BYTES);
			cache_put(cache, hash, text, BYTES);
			ck_assert(!cache_get(&request, cache, hash, BYTES, &given[i]));
		}
		for (int i = 0; i < N; i++) {
			ck_assert(!memcmp(given[i], &i, sizeof(i)));
			ck_assert_int_eq(given[i][BYTES - 1], 'a' + i % 26);
		}
		cx_reset(&request);
	}
	cx_free(&request);
}
END_TEST

/* Processes that fill, clear and read the same few texts: right or absent. */
START_TEST(is_shared)
{
	int status, fd;

	for (int p = 0; p < 4; p++) {
		if (fork())
			continue;
		reopen(200000);
		for (int i = 0; i < 1500; i++) {
			char *text = cx_printf(&cx, "%d %0*d", i % 50, 3000 + i % 50, i % 50);

			put(text);
			has(text);
			if (i % 500 == 250)
				reopen(200000);
		}
		_exit(0);
	}
	for (int p = 0; p < 4; p++) {
		ck_assert(wait(&status) > 0);
		ck_assert_int_eq(status, 0);
	}
	fd = open(in("cache/0"), O_RDONLY | O_DIRECTORY);
	ck_assert(fd >= 0);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cache");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_set_timeout(all, 60);
	tcase_add_test(all, keeps);
	tcase_add_test(all, keeps_derived);
	tcase_add_loop_test(all, believes_no_file, 0, ARRAY_SIZE(harms));
	tcase_add_test(all, verifies_a_new_inode);
	tcase_add_test(all, survives_bad_names);
	tcase_add_test(all, refuses_others_folders);
	tcase_add_test(all, works_without_a_folder);
	tcase_add_test(all, stays_bounded);
	tcase_add_test(all, gives_for_the_whole_request);
	tcase_add_test(all, is_shared);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
