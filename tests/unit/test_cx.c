/* SPDX-License-Identifier: Apache-2.0 */
/* test_cx.c - the arena, the message and the deadline. */
#include "common/cx.h"

#include <malloc.h>
#include <stdalign.h>
#include <unistd.h>

#include "tests/unit/suite.h"

START_TEST(allocations_are_zeroed_and_aligned)
{
	static const size_t sizes[] = { 1, 7, 16, 17, 4096, 65520, 65536, 65537, 300000, 3 };
	struct cx cx = { 0 };

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			char *p = cx_alloc(&cx, sizes[i]);

			ck_assert_uint_eq((uintptr_t)p % alignof(max_align_t), 0);
			for (size_t k = 0; k < sizes[i]; k++)
				ck_assert_int_eq(p[k], 0);
			memset(p, 0xa5, sizes[i]);
		}
		cx_reset(&cx);
	}
	cx_free(&cx);
}
END_TEST

START_TEST(allocations_do_not_overlap)
{
	struct cx cx = { 0 };
	char *p[500];

	for (int i = 0; i < 500; i++) {
		p[i] = cx_alloc(&cx, i % 50 == 3 ? 70010 : i % 7 == 0 ? 1009 : 9);
		memset(p[i], i & 0x7f, 9);
	}
	for (int i = 0; i < 500; i++)
		for (int k = 0; k < 9; k++)
			ck_assert_int_eq(p[i][k], i & 0x7f);
	cx_free(&cx);
}
END_TEST

START_TEST(copies)
{
	struct cx cx = { 0 };
	char source[] = "abc";
	char *copy = cx_strdup(&cx, source);

	source[0] = 'x';
	ck_assert_str_eq(copy, "abc");
	ck_assert_str_eq(cx_strndup(&cx, "abcdef", 2), "ab");
	ck_assert_str_eq(cx_strndup(&cx, "", 0), "");
	ck_assert_ptr_null(cx_strdup(&cx, NULL));
	ck_assert_ptr_null(cx_strndup(&cx, NULL, 4));
	ck_assert_str_eq(cx_printf(&cx, "%s-%d", "n", 7), "n-7");
	ck_assert_uint_eq(strlen(cx_printf(&cx, "%100000d", 1)), 100000);
	cx_free(&cx);
}
END_TEST

static char released[8];

static void note(void *thing)
{
	size_t n = strlen(released);

	released[n] = *(const char *)thing;
}

START_TEST(owned_things_are_released_newest_first)
{
	struct cx cx = { 0 };

	cx_own(&cx, cx_strdup(&cx, "a"), note); /* released before the arena's memory goes */
	cx_own(&cx, cx_strdup(&cx, "b"), note);
	cx_reset(&cx);
	ck_assert_str_eq(released, "ba");
	cx_reset(&cx);
	ck_assert_str_eq(released, "ba");
	cx_own(&cx, cx_strdup(&cx, "c"), note);
	cx_free(&cx);
	ck_assert_str_eq(released, "bac");
}
END_TEST

START_TEST(reset_clears)
{
	struct cx cx = { 0 };

	cx.deadline_ms = 1;
	ck_assert_int_eq(fail(&cx, NOT_FOUND, "x"), NOT_FOUND);
	cx_reset(&cx);
	ck_assert_str_eq(cx.message, "");
	ck_assert_int_eq(cx.deadline_ms, 0);
	cx_free(&cx);
}
END_TEST

START_TEST(a_message_is_one_clean_line)
{
	struct cx cx = { 0 };

	(void)fail(&cx, INVALID, "a\nb\x7f\x01%s", "\xc3\xa9");
	ck_assert_str_eq(cx.message, "a?b??\xc3\xa9");
	(void)fail(&cx, INVALID, "again: %s", cx.message); /* its own text as an argument */
	ck_assert_str_eq(cx.message, "again: a?b??\xc3\xa9");
	cx_free(&cx);
}
END_TEST

/* A long message is cut between characters: answers must stay UTF-8. */
START_TEST(a_long_message_is_cut_between_characters)
{
	static const char *const letters[] = { "a", "\xc3\xa9", "\xe2\x82\xac",
					       "\xf0\x9f\xa6\x80" };
	const char *letter = letters[_i];
	struct cx cx = { 0 };
	char text[2048] = "";
	size_t n = strlen(letter), len;

	for (size_t shift = 0; shift < 4; shift++) {
		memset(text, '-', shift);
		for (len = shift; len + n < sizeof(text); len += n)
			memcpy(text + len, letter, n);
		text[len] = '\0';
		(void)fail(&cx, INVALID, "%s", text);
		len = strlen(cx.message);
		ck_assert_uint_eq((len - shift) % n, 0);
		ck_assert_uint_gt(len, sizeof(cx.message) - 1 - n);
	}
	cx_free(&cx);
}
END_TEST

START_TEST(deadlines)
{
	struct cx cx = { 0 };

	ck_assert_int_eq(cx_left_ms(&cx), INT64_MAX);
	cx.deadline_ms = cx_monotonic_ms() + 5000;
	ck_assert_int_gt(cx_left_ms(&cx), 4000);
	ck_assert_int_le(cx_left_ms(&cx), 5000);
	cx.deadline_ms = cx_monotonic_ms() - 1;
	ck_assert_int_eq(cx_left_ms(&cx), 0);
	ck_assert_int_gt(cx_now_ms(), INT64_C(1700000000000));
}
END_TEST

/* A served process stops growing: one request's memory serves the next. */
START_TEST(a_reset_context_is_used_again)
{
	struct mallinfo2 before, after;
	struct cx cx = { 0 };

	for (int i = 0; i < 200; i++) {
		if (i == 100)
			before = mallinfo2();
		for (size_t n = 1; n < 200000; n *= 3)
			(void)cx_alloc(&cx, n);
		cx_reset(&cx);
	}
	after = mallinfo2();
	ck_assert_uint_eq(after.uordblks, before.uordblks);
	cx_free(&cx);
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ allocations_are_zeroed_and_aligned, 0 },
		{ allocations_do_not_overlap, 0 },
		{ copies, 0 },
		{ owned_things_are_released_newest_first, 0 },
		{ reset_clears, 0 },
		{ a_message_is_one_clean_line, 0 },
		{ a_long_message_is_cut_between_characters, 4 },
		{ deadlines, 0 },
		{ a_reset_context_is_used_again, 0 },
	};

	return run_suite("cx", tests, ARRAY_SIZE(tests));
}
