/* SPDX-License-Identifier: Apache-2.0 */
/* test_file.c - file warehouses: created once, durable, and never outside their folder. */
#include "vending/cloud.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/text.h"

static struct cx cx;
static char base[64]; /* holds w/ (the warehouse) and out/ (what nobody may reach) */
static struct cloud *cloud;
static struct storage storage;

static char *in(const char *path)
{
	return cx_printf(&cx, "%s/%s", base, path);
}

static char *at(const char *path)
{
	return cx_printf(&cx, "file://%s/w/%s", base, path);
}

static void open_cloud(const char *roots)
{
	struct cloud_limits limits = { .file_roots = roots, .object_max_bytes = 1000000 };

	ck_assert_msg(!cloud_open(&cx, &limits, &cloud), "%s", cx.message);
}

static void setup(void)
{
	snprintf(base, sizeof(base), "/tmp/pangolin-file-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
	ck_assert(!mkdir(in("w"), 0777));
	ck_assert(!mkdir(in("out"), 0777));
	storage = (struct storage){ .scheme = "file", .root = cx_printf(&cx, "file://%s/w", base) };
	open_cloud(cx_printf(&cx, "/nowhere::%s/w/", base));
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
	cloud_close(cloud);
	nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	cx_free(&cx);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(in(path), "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static enum status put(const char *path, const char *text)
{
	return cloud_put(&cx, cloud, &storage, at(path), text, strlen(text));
}

static enum status get(const char *path, const char **text)
{
	size_t n;
	enum status s = cloud_get(&cx, cloud, &storage, at(path), text, &n);

	if (!s)
		ck_assert_uint_eq(n, strlen(*text));
	return s;
}

static int files_in(const char *path)
{
	struct cloud_entry *entries;
	size_t n;
	bool more;

	ck_assert_msg(!cloud_list(&cx, cloud, &storage, at(path), NULL, &entries, &n, &more), "%s",
		      cx.message);
	return (int)n;
}

START_TEST(round_trip)
{
	const char *text;
	int64_t size;

	ck_assert_int_eq(get("a/b/t.json", &text), NOT_FOUND);
	ck_assert_int_eq(cloud_stat(&cx, cloud, &storage, at("a/b/t.json"), &size), NOT_FOUND);
	ck_assert_msg(!put("a/b/t.json", "one"), "%s", cx.message);
	ck_assert(!get("a/b/t.json", &text));
	ck_assert_str_eq(text, "one");
	ck_assert(!cloud_stat(&cx, cloud, &storage, at("a/b/t.json"), &size));
	ck_assert_int_eq(size, 3);
	ck_assert_int_eq(put("a/b/t.json", "two"), EXISTS);
	ck_assert(!get("a/b/t.json", &text));
	ck_assert_str_eq(text, "one");
	ck_assert_int_eq(files_in("a"), 1); /* nothing temporary is left */
	ck_assert(!cloud_remove(&cx, cloud, &storage, at("a/b/t.json")));
	ck_assert(!cloud_remove(&cx, cloud, &storage, at("a/b/t.json")));
	ck_assert(!cloud_remove(&cx, cloud, &storage, at("never/was")));
	ck_assert_int_eq(get("a/b/t.json", &text), NOT_FOUND);
	ck_assert(!put("empty", ""));
	ck_assert(!get("empty", &text));
	ck_assert_str_eq(text, "");
}
END_TEST

/* One sync of the file, one of its folder, and one for each folder made. */
START_TEST(counts_syncs)
{
	const struct cloud_counts *c = cloud_counts(cloud);

	ck_assert(!put("a/b/1", "x"));
	ck_assert_uint_eq(c->fsyncs, 4);
	ck_assert(!put("a/b/2", "x"));
	ck_assert_uint_eq(c->fsyncs, 6);
	ck_assert_uint_eq(c->puts, 2);
	ck_assert_uint_eq(c->requests, 0);
}
END_TEST

static const char *const names[] = {
	"with space", "100%",	 "a=b+c", "%20", "\xc3\xa9\xe6\xbc\xa2",
	"~!(),'*\"",  ".hidden", "-rf",	  "a:b", "..."
};

START_TEST(odd_names)
{
	const char *path = cx_printf(&cx, "d/%s/f", names[_i]), *text;

	ck_assert_msg(!put(path, "x"), "%s", cx.message);
	ck_assert(!get(path, &text));
	ck_assert(!access(in(cx_printf(&cx, "w/%s", path)), R_OK));
	ck_assert_int_eq(files_in("d"), 1);
}
END_TEST

START_TEST(refuses_too_large)
{
	char *text = cx_alloc(&cx, 1000002);
	const char *got;

	memset(text, 'x', 1000001);
	ck_assert(!put("big", text));
	ck_assert_int_eq(get("big", &got), TOO_LARGE);
	text[1000000] = '\0';
	ck_assert(!put("fits", text));
	ck_assert(!get("fits", &got));
}
END_TEST

static const char *const elsewhere[] = {
	"file:///etc/passwd",
	"/etc/passwd",
	"file://%s/out/secret",
	"file://%s/w/../out/secret",
	"file://%s/w/%%2e%%2e/out/secret",
	"file://%s/w2/x",
	"file://%s/w",
	"s3://bucket/x",
	"file://%s/w/a//b",
};

START_TEST(stays_in_scope)
{
	char *path = cx_printf(&cx, elsewhere[_i], base);
	struct cloud_entry *entries;
	const char *bytes;
	size_t n;
	int64_t size;
	bool more;

	ck_assert_int_eq(cloud_get(&cx, cloud, &storage, path, &bytes, &n), INVALID);
	ck_assert_int_eq(cloud_put(&cx, cloud, &storage, path, "x", 1), INVALID);
	ck_assert_int_eq(cloud_remove(&cx, cloud, &storage, path), INVALID);
	ck_assert_int_eq(cloud_stat(&cx, cloud, &storage, path, &size), INVALID);
	if (strcmp(path, cx_printf(&cx, "file://%s/w", base)) != 0)
		ck_assert_int_eq(cloud_list(&cx, cloud, &storage, path, NULL, &entries, &n, &more),
				 INVALID);
}
END_TEST

/* What a warehouse says is not enough: the operator's folders are the limit. */
START_TEST(stays_in_the_operators_folders)
{
	const char *text, *roots[] = { NULL, "", in("out"), in("w/sub"), in("w2"), in("W") };

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		cloud_close(cloud);
		open_cloud(roots[i]);
		ck_assert_int_eq(put("x/y", "x"), DENIED);
		ck_assert_int_eq(get("x/y", &text), DENIED);
	}
	cloud_close(cloud);
	open_cloud("/");
	ck_assert(!put("x/y", "x"));
}
END_TEST

START_TEST(roots_are_checked)
{
	const char *bad[] = { "w", "/a/../b", "/a:b", "file:///a" };
	struct cloud_limits limits = { 0 };
	struct cloud *c;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		limits.file_roots = bad[i];
		ck_assert_int_eq(cloud_open(&cx, &limits, &c), INVALID);
	}
}
END_TEST

/* A link is followed nowhere: not as the file, not on the way, not into the
 * warehouse itself. */
START_TEST(follows_no_links)
{
	const char *text,
		*paths[] = { "file", "folder/secret", "inside/f", "dangling", "up/out/secret" };
	struct cloud_entry *entries;
	int64_t size;
	size_t n;
	bool more;

	write_file("out/secret", "secret");
	ck_assert(!put("real/f", "x"));
	ck_assert(!symlink(in("out/secret"), in("w/file")));
	ck_assert(!symlink(in("out"), in("w/folder")));
	ck_assert(!symlink("real", in("w/inside")));
	ck_assert(!symlink(in("out/new"), in("w/dangling")));
	ck_assert(!symlink("..", in("w/up")));
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		ck_assert_int_ne(get(paths[i], &text), OK);
		ck_assert_int_ne(put(paths[i], "x"), OK);
		ck_assert_int_ne(cloud_stat(&cx, cloud, &storage, at(paths[i]), &size), OK);
		ck_assert_int_ne(
			cloud_list(&cx, cloud, &storage, at(paths[i]), NULL, &entries, &n, &more) ||
				n == 0,
			OK);
	}
	ck_assert_int_ne(cloud_remove(&cx, cloud, &storage, at("folder/secret")), OK);
	ck_assert_int_ne(cloud_remove(&cx, cloud, &storage, at("up/out/secret")), OK);
	ck_assert(!access(in("out/secret"), R_OK));
	ck_assert(access(in("out/new"), F_OK));
	ck_assert_int_eq(files_in(""), 1);
}
END_TEST

/* While another swaps a folder for a link, no write comes out. */
START_TEST(is_not_raced)
{
	const char *text;
	pid_t pid;

	write_file("out/f", "secret");
	ck_assert(!put("d/f", "fine"));
	ck_assert(!symlink(in("out"), in("w/link")));
	pid = fork();
	if (!pid) {
		const char *a = in("w/d"), *b = in("w/link");

		prctl(PR_SET_PDEATHSIG, SIGKILL); /* where the test fails it stops nobody */
		while (!renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE))
			continue;
		_exit(1);
	}
	for (int i = 0; i < 3000; i++) {
		if (!get("d/f", &text))
			ck_assert_str_eq(text, "fine");
		if (i % 30 == 0)
			(void)!put(cx_printf(&cx, "d/%d/x", i), "x");
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (int i = 0; i < 3000; i += 30)
		ck_assert(access(in(cx_printf(&cx, "out/%d", i)), F_OK));
}
END_TEST

START_TEST(not_a_file)
{
	const char *text;
	int64_t size;

	ck_assert(!put("d/f", "x"));
	ck_assert(!mkfifo(in("w/pipe"), 0666));
	ck_assert_int_eq(get("d", &text), NOT_FOUND);
	ck_assert_int_eq(get("pipe", &text), NOT_FOUND);
	ck_assert_int_eq(cloud_stat(&cx, cloud, &storage, at("d"), &size), NOT_FOUND);
	ck_assert_int_eq(get("d/f/below", &text), NOT_FOUND);
	ck_assert_int_eq(put("d/f/below", "x"), INVALID);
	ck_assert_int_eq(put("d", "x"), EXISTS);
	ck_assert_int_eq(put(cx_printf(&cx, "%0300d", 1), "x"), INVALID);
	ck_assert_int_eq(files_in(""), 1);
}
END_TEST

/* Eight processes make the same 40 files: each is made once, whole. */
START_TEST(one_writer_wins)
{
	int won = 0;

	for (int p = 0; p < 8; p++) {
		if (fork())
			continue;
		for (int i = 0; i < 40; i++) {
			char *text = cx_printf(&cx, "%d %0*d", p, 5000, p);
			enum status s = put(cx_printf(&cx, "n/%d/f", i), text);

			won += s == OK;
			if (s != OK && s != EXISTS)
				_exit(255);
		}
		_exit(won);
	}
	for (int p = 0, code; p < 8; p++) {
		ck_assert(wait(&code) > 0);
		ck_assert_int_ne(WEXITSTATUS(code), 255);
		won += WEXITSTATUS(code);
	}
	ck_assert_int_eq(won, 40);
	ck_assert_int_eq(files_in("n"), 40);
}
END_TEST

START_TEST(all_or_none)
{
	struct cloud_object objects[3] = { { at("a/1"), "x", 1 },
					   { at("b/2"), "x", 1 },
					   { at("c/3"), "x", 1 } };
	const char *text;

	ck_assert(!put("b/2", "mine"));
	ck_assert_int_eq(cloud_put_all(&cx, cloud, &storage, objects, 3), EXISTS);
	ck_assert_ptr_nonnull(strstr(cx.message, "b/2"));
	ck_assert_int_eq(get("a/1", &text), NOT_FOUND);
	ck_assert_int_eq(get("c/3", &text), NOT_FOUND);
	ck_assert(!get("b/2", &text));
	ck_assert_str_eq(text, "mine");
	objects[1].location = at("b/3");
	ck_assert(!cloud_put_all(&cx, cloud, &storage, objects, 3));
	ck_assert_int_eq(files_in(""), 4);
	objects[1].location = "file:///etc/x";
	ck_assert_int_eq(cloud_put_all(&cx, cloud, &storage, objects, 3), INVALID);
	ck_assert(!cloud_put_all(&cx, cloud, &storage, objects, 0));
}
END_TEST

/* More than are written at once; each is whole, and of a list that fails none is left. */
START_TEST(long_lists)
{
	struct cloud_object objects[150];
	const char *text;

	for (int i = 0; i < 150; i++)
		objects[i] = (struct cloud_object){ at(cx_printf(&cx, "m/%d/x", i)),
						    cx_printf(&cx, "text %03d", i), 8 };
	ck_assert(!put("m/149/x", "mine"));
	ck_assert_int_eq(cloud_put_all(&cx, cloud, &storage, objects, 150), EXISTS);
	ck_assert_int_eq(files_in("m"), 1);
	ck_assert(!cloud_put_all(&cx, cloud, &storage, objects, 149));
	ck_assert_int_eq(files_in("m"), 150);
	for (int i = 0; i < 149; i++) {
		ck_assert(!get(cx_printf(&cx, "m/%d/x", i), &text));
		ck_assert_int_eq(strcmp(text, objects[i].bytes), 0);
	}
}
END_TEST

START_TEST(lists_in_key_order)
{
	static const char *const paths[] = {
		"l/a-b", "l/a.txt", "l/a/b/c", "l/a/z", "l/a0", "l/b"
	};
	const char *after = NULL;
	struct cloud_entry *entries;
	size_t n;
	bool more;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		ck_assert(!put(paths[ARRAY_SIZE(paths) - 1 - i], "xyz"));
	for (size_t from = 0; from <= ARRAY_SIZE(paths); from++) {
		after = from ? at(paths[from - 1]) : NULL;
		ck_assert(!cloud_list(&cx, cloud, &storage, at("l/"), after, &entries, &n, &more));
		ck_assert_uint_eq(n, ARRAY_SIZE(paths) - from);
		for (size_t i = 0; i < n; i++)
			ck_assert_str_eq(entries[i].location, at(paths[from + i]));
		ck_assert(!more);
	}
	ck_assert(!cloud_list(&cx, cloud, &storage, storage.root, NULL, &entries, &n, &more));
	ck_assert_uint_eq(n, ARRAY_SIZE(paths));
	ck_assert_int_eq(entries[0].size, 3);
	ck_assert_int_lt(llabs(entries[0].modified_ms - cx_now_ms()), 60000);
	ck_assert(!cloud_list(&cx, cloud, &storage, at("not/there"), NULL, &entries, &n, &more));
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(cloud_list(&cx, cloud, &storage, at("l"), at("m/x"), &entries, &n, &more),
			 INVALID);
}
END_TEST

START_TEST(lists_by_pages)
{
	const char *after = NULL;
	struct cloud_entry *entries;
	size_t n, total = 0, pages = 0;
	bool more = true;

	ck_assert(!put("p/x", "x"));
	for (int i = 0; i < 2500; i++) {
		if (i % 500 == 0)
			ck_assert(!mkdir(in(cx_printf(&cx, "w/p/%d", i / 500)), 0777));
		write_file(cx_printf(&cx, "w/p/%d/%d", i / 500, i), "");
	}
	for (; more; pages++) {
		ck_assert(!cloud_list(&cx, cloud, &storage, at("p"), after, &entries, &n, &more));
		for (size_t i = 0; i < n; i++) {
			ck_assert(!after || strcmp(after, entries[i].location) < 0);
			after = entries[i].location;
		}
		total += n;
	}
	ck_assert_uint_eq(total, 2501);
	ck_assert_uint_eq(pages, 3);
}
END_TEST

/* More names than are held at once, and many folders that hold nothing. */
START_TEST(lists_a_large_folder)
{
	const char *after = NULL;
	struct cloud_entry *entries;
	size_t n, total = 0, pages = 0;
	bool more = true;

	ck_assert(!put("big/x", "x"));
	for (int i = 0; i < 1500; i++)
		ck_assert(!mkdir(in(cx_printf(&cx, "w/big/d%05d", i)), 0777));
	for (int i = 0; i < 2999; i++)
		write_file(cx_printf(&cx, "w/big/%s%05d", i % 2 ? "a" : "e", i), "");
	for (; more; pages++) {
		ck_assert(!cloud_list(&cx, cloud, &storage, at("big"), after, &entries, &n, &more));
		for (size_t i = 0; i < n; i++) {
			ck_assert(!after || strcmp(after, entries[i].location) < 0);
			after = entries[i].location;
		}
		total += n;
	}
	ck_assert_uint_eq(total, 3000);
	ck_assert_uint_eq(pages, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("file");
	TCase *all = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, all);
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_set_timeout(all, 60);
	tcase_add_test(all, round_trip);
	tcase_add_test(all, counts_syncs);
	tcase_add_loop_test(all, odd_names, 0, ARRAY_SIZE(names));
	tcase_add_test(all, refuses_too_large);
	tcase_add_loop_test(all, stays_in_scope, 0, ARRAY_SIZE(elsewhere));
	tcase_add_test(all, stays_in_the_operators_folders);
	tcase_add_test(all, roots_are_checked);
	tcase_add_test(all, follows_no_links);
	tcase_add_test(all, is_not_raced);
	tcase_add_test(all, not_a_file);
	tcase_add_test(all, one_writer_wins);
	tcase_add_test(all, all_or_none);
	tcase_add_test(all, long_lists);
	tcase_add_test(all, lists_in_key_order);
	tcase_add_test(all, lists_by_pages);
	tcase_add_test(all, lists_a_large_folder);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
