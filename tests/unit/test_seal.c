/* SPDX-License-Identifier: Apache-2.0 */
/* test_seal.c - key rings, sealed texts, rotation, and what must not open. */
#include "common/seal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"
#include "tests/unit/suite.h"

#define KEY_A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define KEY_B "ff23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A file with that text and mode, in a folder of its own. */
static char *file_of(struct cx *cx, const char *text, mode_t mode)
{
	char *folder = cx_strdup(cx, "/tmp/pangolin-seal-XXXXXX"), *path;
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	path = cx_printf(cx, "%s/key", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	fchmod(fd, mode);
	close(fd);
	return path;
}

static void remove_file(struct cx *cx, const char *path)
{
	char *folder = cx_strdup(cx, path);

	unlink(path);
	*strrchr(folder, '/') = '\0';
	rmdir(folder);
}

static const struct {
	const char *text;
	mode_t mode;
	enum status want;
} rings[] = {
	{ "k1 " KEY_A "\n", 0600, OK },
	{ "k1 " KEY_A, 0640, OK },
	{ "# ours\n\nk1 " KEY_A "\r\nk-2_ " KEY_B "\n", 0400, OK },
	{ "k1 " KEY_A "\n", 0644, INVALID },
	{ "k1 " KEY_A "\n", 0660, INVALID },
	{ "k1 " KEY_A "\n", 0604, INVALID },
	{ "k1 " KEY_A "\n", 0750, INVALID },
	{ "", 0600, INVALID },
	{ "# none\n", 0600, INVALID },
	{ KEY_A "\n", 0600, INVALID },
	{ "k1 " KEY_A "0\n", 0600, INVALID },
	{ "k1 " KEY_A "00\n", 0600, INVALID },
	{ "k1 0123\n", 0600, INVALID },
	{ "k:1 " KEY_A "\n", 0600, INVALID },
	{ " " KEY_A "\n", 0600, INVALID },
	{ "k1 " KEY_A "\nbroken\n", 0600, INVALID },
	{ "an-id-of-more-than-32-characters-- " KEY_A "\n", 0600, INVALID },
};

START_TEST(rings_are_read)
{
	struct cx cx = { 0 };
	char *path = file_of(&cx, rings[_i].text, rings[_i].mode);
	struct seal *seal = NULL;

	ck_assert_msg(seal_open(&cx, path, &seal) == rings[_i].want, "%s: %s", rings[_i].text,
		      cx.message);
	ck_assert_ptr_null(strstr(cx.message, "0123456789abcdef"));
	seal_close(seal);
	remove_file(&cx, path);
	cx_free(&cx);
}
END_TEST

START_TEST(no_ring)
{
	struct cx cx = { 0 };
	struct seal *seal;

	ck_assert_int_eq(seal_open(&cx, "/nonexistent/key", &seal), UNAVAILABLE);
	seal_close(NULL);
	cx_free(&cx);
}
END_TEST

static const char *const plains[] = { "", "x", "{\"secret\":\"s3cr3t\"}", "\xe2\x82\xac \n" };

START_TEST(seals_and_opens)
{
	struct cx cx = { 0 };
	char *path = file_of(&cx, "k1 " KEY_A "\n", 0600), *sealed, *plain;
	struct seal *seal;

	ck_assert_int_eq(seal_open(&cx, path, &seal), OK);
	sealed = seal_text(&cx, seal, "here", plains[_i]);
	ck_assert(text_starts(sealed, "enc:v1:k1:"));
	ck_assert_str_ne(sealed, seal_text(&cx, seal, "here", plains[_i])); /* a nonce each */
	ck_assert(!*plains[_i] || !strstr(sealed + 10, plains[_i]) || strlen(plains[_i]) == 1);
	ck_assert_int_eq(seal_open_text(&cx, seal, "here", sealed, &plain), OK);
	ck_assert_str_eq(plain, plains[_i]);
	ck_assert_int_eq(seal_open_text(&cx, seal, "there", sealed, &plain), INTERNAL);
	ck_assert_ptr_nonnull(strstr(cx.message, "moved"));
	seal_close(seal);
	remove_file(&cx, path);
	cx_free(&cx);
}
END_TEST

/* Every byte counts: the id, the nonce, the text, the tag. */
START_TEST(a_changed_text_does_not_open)
{
	struct cx cx = { 0 };
	char *path = file_of(&cx, "k1 " KEY_A "\n", 0600), *sealed, *plain;
	struct seal *seal;
	size_t n;

	ck_assert_int_eq(seal_open(&cx, path, &seal), OK);
	sealed = seal_text(&cx, seal, "here", "secret text"); /* 39 bytes: no padding */
	n = strlen(sealed);
	for (size_t i = 0; i < n; i++) {
		char was = sealed[i];

		sealed[i] = was == 'A' ? 'B' : 'A';
		ck_assert_msg(seal_open_text(&cx, seal, "here", sealed, &plain) == INTERNAL,
			      "byte %zu", i);
		ck_assert_ptr_null(strstr(cx.message, "secret text"));
		sealed[i] = '\0';
		ck_assert_msg(seal_open_text(&cx, seal, "here", sealed, &plain) == INTERNAL,
			      "cut at %zu", i);
		sealed[i] = was;
	}
	ck_assert_int_eq(seal_open_text(&cx, seal, "here", sealed, &plain), OK);
	seal_close(seal);
	remove_file(&cx, path);
	cx_free(&cx);
}
END_TEST

static void append(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

START_TEST(keys_rotate)
{
	struct cx cx = { 0 };
	char *path = file_of(&cx, "old " KEY_A "\n", 0600), *first, *second, *third, *plain;
	struct seal *one, *two;

	ck_assert_int_eq(seal_open(&cx, path, &one), OK);
	first = seal_text(&cx, one, "here", "secret");
	ck_assert_int_eq(seal_add_key(&cx, path), OK);
	ck_assert_int_eq(seal_open(&cx, path, &two), OK);
	second = seal_text(&cx, two, "here", "secret");
	ck_assert(!text_starts(second, "enc:v1:old:"));
	ck_assert_int_eq(seal_open_text(&cx, two, "here", first, &plain), OK);
	ck_assert_int_eq(seal_open_text(&cx, two, "here", second, &plain), OK);
	/* one that was opened before reads the file again, for opening and for sealing */
	ck_assert_int_eq(seal_open_text(&cx, one, "here", second, &plain), OK);
	ck_assert_str_eq(plain, "secret");
	ck_assert_int_eq(seal_add_key(&cx, path), OK);
	third = seal_text(&cx, one, "here", "secret");
	ck_assert(!text_starts(third, "enc:v1:old:"));
	ck_assert(strncmp(third, second, 15) != 0);
	ck_assert_int_eq(seal_open_text(&cx, two, "here", third, &plain), OK);
	/* a file that does not read leaves the keys as they were */
	append(path, "broken\n");
	ck_assert_int_eq(seal_open_text(&cx, one, "here", first, &plain), OK);
	third = seal_text(&cx, one, "here", "secret");
	ck_assert_int_eq(seal_open_text(&cx, two, "here", third, &plain), OK);
	ck_assert_int_eq(
		seal_open_text(&cx, one, "here", "enc:v1:nokey:AAAAAAAAAAAAAAAAAAAA", &plain),
		INTERNAL);
	ck_assert_ptr_nonnull(strstr(cx.message, "not in the key file"));
	seal_close(one);
	seal_close(two);
	remove_file(&cx, path);
	cx_free(&cx);
}
END_TEST

/* A ring that an editor left without its last line's end takes a key all the same. */
START_TEST(a_key_begins_its_own_line)
{
	struct cx cx = { 0 };
	char *path = file_of(&cx, "old " KEY_A, 0600), *plain;
	const char *sealed;
	struct seal *seal;

	ck_assert_int_eq(seal_open(&cx, path, &seal), OK);
	sealed = seal_text(&cx, seal, "here", "secret");
	seal_close(seal);
	ck_assert_int_eq(seal_add_key(&cx, path), OK);
	ck_assert_msg(seal_open(&cx, path, &seal) == OK, "%s", cx.message);
	ck_assert_int_eq(seal_open_text(&cx, seal, "here", sealed, &plain), OK);
	ck_assert(!text_starts(seal_text(&cx, seal, "here", "secret"), "enc:v1:old:"));
	seal_close(seal);
	remove_file(&cx, path);
	cx_free(&cx);
}
END_TEST

START_TEST(a_ring_in_the_environment)
{
	struct cx cx = { 0 };
	struct seal *seal;
	char *plain;

	ck_assert_int_eq(seal_open(&cx, "$TEST_RING", &seal), UNAVAILABLE);
	setenv("TEST_RING", "a " KEY_A ",b " KEY_B, 1);
	ck_assert_int_eq(seal_open(&cx, "$TEST_RING", &seal), OK);
	ck_assert(text_starts(seal_text(&cx, seal, "here", "secret"), "enc:v1:b:"));
	ck_assert_int_eq(
		seal_open_text(&cx, seal, "here", seal_text(&cx, seal, "here", "x"), &plain), OK);
	seal_close(seal);
	setenv("TEST_RING", "a " KEY_A ";", 1);
	ck_assert_int_eq(seal_open(&cx, "$TEST_RING", &seal), INVALID);
	cx_free(&cx);
}
END_TEST

START_TEST(a_new_ring_is_private)
{
	struct cx cx = { 0 };
	char *path = file_of(&cx, "", 0600);
	struct seal *seal;
	struct stat st;

	unlink(path);
	umask(0);
	ck_assert_int_eq(seal_add_key(&cx, path), OK);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0640);
	ck_assert_int_eq(seal_open(&cx, path, &seal), OK);
	seal_close(seal);
	remove_file(&cx, path);
	ck_assert_int_eq(seal_add_key(&cx, "/nonexistent/key"), UNAVAILABLE);
	cx_free(&cx);
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ rings_are_read, ARRAY_SIZE(rings) },	 { no_ring, 0 },
		{ seals_and_opens, ARRAY_SIZE(plains) }, { a_key_begins_its_own_line, 0 },
		{ a_changed_text_does_not_open, 0 },	 { keys_rotate, 0 },
		{ a_ring_in_the_environment, 0 },	 { a_new_ring_is_private, 0 },
	};

	return run_suite("seal", tests, ARRAY_SIZE(tests));
}
