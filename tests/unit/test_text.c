/* SPDX-License-Identifier: Apache-2.0 */
/* test_text.c - buffers, encodings, UTF-8, numbers, UUIDs and times. */
#include "common/text.h"

#include "tests/unit/suite.h"

START_TEST(a_buffer_keeps_to_its_maximum)
{
	struct cx cx = { 0 };
	struct text t = text_open(&cx, 10);

	text_add(&t, "12345");
	text_addc(&t, '6');
	text_addf(&t, "%d", 789);
	ck_assert_str_eq(t.s, "123456789");
	ck_assert_int_eq(text_check(&t, "thing"), OK);
	text_add(&t, "ab"); /* one too many: dropped whole */
	ck_assert_str_eq(t.s, "123456789");
	text_add(&t, "a"); /* and nothing after it */
	ck_assert_str_eq(t.s, "123456789");
	ck_assert_int_eq(text_check(&t, "thing"), TOO_LARGE);
	ck_assert_str_eq(cx.message, "thing is larger than 10 bytes");
	cx_free(&cx);
}
END_TEST

START_TEST(a_buffer_grows)
{
	struct cx cx = { 0 };
	struct text t = text_open(&cx, 1 << 20);

	for (int i = 0; i < 100000; i++)
		text_addc(&t, (char)('a' + i % 26));
	ck_assert_uint_eq(t.len, 100000);
	for (int i = 0; i < 100000; i++)
		ck_assert_int_eq(t.s[i], 'a' + i % 26);
	ck_assert_int_eq(t.s[100000], '\0');
	cx_free(&cx);
}
END_TEST

static const struct {
	const char *plain, *encoded, *with_slashes;
} percents[] = {
	{ "", "", "" },
	{ "aZ09-._~", "aZ09-._~", "aZ09-._~" },
	{ "a/b c", "a%2Fb%20c", "a/b%20c" },
	{ "%+=&?#", "%25%2B%3D%26%3F%23", "%25%2B%3D%26%3F%23" },
	{ "\xc3\xa9\x1f", "%C3%A9%1F", "%C3%A9%1F" },
};

START_TEST(percent_encodes)
{
	struct cx cx = { 0 };
	struct text t = text_open(&cx, 100), u = text_open(&cx, 100);
	char *back;

	text_add_percent(&t, percents[_i].plain, strlen(percents[_i].plain), false);
	ck_assert_str_eq(t.s, percents[_i].encoded);
	text_add_percent(&u, percents[_i].plain, strlen(percents[_i].plain), true);
	ck_assert_str_eq(u.s, percents[_i].with_slashes);
	ck_assert_int_eq(text_unpercent(&cx, t.s, t.len, false, &back), OK);
	ck_assert_str_eq(back, percents[_i].plain);
	cx_free(&cx);
}
END_TEST

static const struct {
	const char *text;
	bool form;
	const char *plain; /* NULL: INVALID */
} unpercents[] = {
	{ "a%2fb", false, "a/b" },     { "a+b", false, "a+b" },		{ "a+b", true, "a b" },
	{ "%", false, NULL },	       { "%4", false, NULL },		{ "a%4", false, NULL },
	{ "%4g", false, NULL },	       { "%g4", false, NULL },		{ "%%41", false, NULL },
	{ "%00", false, NULL },	       { "a%00b", false, NULL },	{ "%ff", false, NULL },
	{ "%c3", false, NULL },	       { "%c3%a9", false, "\xc3\xa9" }, { "%+1", false, NULL },
	{ "%25%32%46", false, "%2F" },
};

START_TEST(percent_decodes)
{
	struct cx cx = { 0 };
	const char *s = unpercents[_i].text;
	char *out = NULL;
	enum status want = unpercents[_i].plain ? OK : INVALID;

	ck_assert_int_eq(text_unpercent(&cx, s, strlen(s), unpercents[_i].form, &out), want);
	if (!want)
		ck_assert_str_eq(out, unpercents[_i].plain);
	cx_free(&cx);
}
END_TEST

START_TEST(hex)
{
	struct cx cx = { 0 };
	unsigned char out[3];

	ck_assert_str_eq(text_hex(&cx, "\x00\xff\x1a", 3), "00ff1a");
	ck_assert(text_unhex("00FF1a", out, 3));
	ck_assert_mem_eq(out, "\x00\xff\x1a", 3);
	ck_assert(!text_unhex("00ff1", out, 3));
	ck_assert(!text_unhex("00ff1a0", out, 3));
	ck_assert(!text_unhex("00ff1g", out, 3));
	ck_assert(text_unhex("", out, 0));
	cx_free(&cx);
}
END_TEST

/* RFC 4648, section 10, and both alphabets. */
static const struct {
	const char *plain, *base64, *url;
} bases[] = {
	{ "", "", "" },
	{ "f", "Zg==", "Zg" },
	{ "fo", "Zm8=", "Zm8" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xfb\xff\xbe", "+/++", "-_--" },
};

START_TEST(base64)
{
	struct cx cx = { 0 };
	const char *plain = bases[_i].plain, *texts[] = { bases[_i].base64, bases[_i].url };
	size_t n = strlen(plain), len;
	unsigned char *out;

	ck_assert_str_eq(text_base64(&cx, plain, n), bases[_i].base64);
	ck_assert_str_eq(text_base64url(&cx, plain, n), bases[_i].url);
	for (int k = 0; k < 2; k++) {
		ck_assert_int_eq(text_unbase64(&cx, texts[k], strlen(texts[k]), &out, &len), OK);
		ck_assert_uint_eq(len, n);
		ck_assert_int_eq(memcmp(out, plain, n), 0);
	}
	cx_free(&cx);
}
END_TEST

static const char *const bad_bases[] = { "Z",	   "Zg=",   "Zg===", "=",    "====",
					 "Zm9v=",  "Zh==",  "Zm9=",  "Zh",   "Zm9v Z",
					 "Zm\n9v", "Zm9v!", "Zg=a",  "Z===", "\xc3\xa9" };

START_TEST(base64_refuses)
{
	struct cx cx = { 0 };
	unsigned char *out;
	size_t len;

	ck_assert_int_eq(text_unbase64(&cx, bad_bases[_i], strlen(bad_bases[_i]), &out, &len),
			 INVALID);
	cx_free(&cx);
}
END_TEST

static const struct {
	const char *s;
	size_t n;
	bool good;
} utf8s[] = {
	{ "", 0, true },
	{ "abc", 3, true },
	{ "a\0b", 3, false },
	{ "abcdefgh\0", 9, false },
	{ "abc\0efgh", 8, false }, /* within the eight bytes that are looked at together */
	{ "abcdefg\x80", 8, false },
	{ "abcdefghi\xc3\xa9klmnopqrst", 20, true },
	{ "\xc3\xa9", 2, true },
	{ "\xe2\x82\xac", 3, true },
	{ "\xf0\x9f\xa6\x80", 4, true },
	{ "\xc3", 1, false }, /* cut short */
	{ "\xe2\x82", 2, false },
	{ "\xf0\x9f\xa6", 3, false },
	{ "\xc0\xaf", 2, false }, /* overlong */
	{ "\xc1\xbf", 2, false },
	{ "\xe0\x80\xaf", 3, false },
	{ "\xf0\x80\x80\xaf", 4, false },
	{ "\xc0\x80", 2, false },     /* an overlong NUL */
	{ "\xed\xa0\x80", 3, false }, /* surrogates */
	{ "\xed\xbf\xbf", 3, false },
	{ "\xed\x9f\xbf", 3, true },
	{ "\xee\x80\x80", 3, true },
	{ "\xf4\x8f\xbf\xbf", 4, true }, /* U+10FFFF */
	{ "\xf4\x90\x80\x80", 4, false },
	{ "\xf5\x80\x80\x80", 4, false },
	{ "\x80", 1, false },
	{ "\xff", 1, false },
	{ "\xc3\x28", 2, false },
	{ "a\xe2\x82\xac"
	  "b",
	  5, true },
	{ "a\xe2\x28\xac"
	  "b",
	  5, false },
};

START_TEST(utf8)
{
	ck_assert_int_eq(text_is_utf8(utf8s[_i].s, utf8s[_i].n), utf8s[_i].good);
}
END_TEST

static const struct {
	const char *s;
	bool good;
	int64_t v;
} ints[] = {
	{ "0", true, 0 },
	{ "-1", true, -1 },
	{ "9223372036854775807", true, INT64_MAX },
	{ "-9223372036854775808", true, INT64_MIN },
	{ "007", true, 7 },
	{ "9223372036854775808", false, 0 },
	{ "", false, 0 },
	{ " 1", false, 0 },
	{ "1 ", false, 0 },
	{ "+1", false, 0 },
	{ "-", false, 0 },
	{ "--1", false, 0 },
	{ "0x10", false, 0 },
	{ "1e3", false, 0 },
	{ "1.0", false, 0 },
	{ NULL, false, 0 },
};

START_TEST(integers)
{
	int64_t v = 0;

	ck_assert_int_eq(text_int(ints[_i].s, &v), ints[_i].good);
	if (ints[_i].good)
		ck_assert_int_eq(v, ints[_i].v);
}
END_TEST

static const struct {
	const char *s;
	bool good;
	int64_t ms;
} times[] = {
	{ "1970-01-01T00:00:00Z", true, 0 },
	{ "1970-01-01T00:00:00.001Z", true, 1 },
	{ "1969-12-31T23:59:59.999Z", true, -1 },
	{ "2026-11-24T07:03:09.123Z", true, 1795503789123 },
	{ "2026-11-24T07:03:09.123456789Z", true, 1795503789123 },
	{ "2026-11-24T07:03:09.1Z", true, 1795503789100 },
	{ "2026-11-24t07:03:09z", true, 1795503789000 },
	{ "2026-11-24T08:33:09+01:30", true, 1795503789000 },
	{ "2026-11-23T23:03:09-08:00", true, 1795503789000 },
	{ "2024-02-29T00:00:00Z", true, 1709164800000 },
	{ "2016-12-31T23:59:60Z", true, 1483228799000 },
	{ "2023-02-29T00:00:00Z", false, 0 },
	{ "2026-04-31T00:00:00Z", false, 0 },
	{ "2026-13-01T00:00:00Z", false, 0 },
	{ "2026-00-01T00:00:00Z", false, 0 },
	{ "2026-01-00T00:00:00Z", false, 0 },
	{ "2026-01-01T24:00:00Z", false, 0 },
	{ "2026-01-01T00:60:00Z", false, 0 },
	{ "2026-01-01T00:00:61Z", false, 0 },
	{ "2026-01-01T00:00:00", false, 0 },
	{ "2026-01-01T00:00:00.Z", false, 0 },
	{ "2026-01-01T00:00:00Z ", false, 0 },
	{ " 2026-01-01T00:00:00Z", false, 0 },
	{ "2026-1-1T00:00:00Z", false, 0 },
	{ "2026-01-01 00:00:00Z", false, 0 },
	{ "2026-01-01T00:00:00+1:00", false, 0 },
	{ "2026-01-01T00:00:00+24:00", false, 0 },
	{ "2026-01-01T00:00:00+01:60", false, 0 },
	{ "2026-01-01T00:00:00+0100", false, 0 },
	{ "-026-01-01T00:00:00Z", false, 0 },
	{ "2026-01-01", false, 0 },
	{ "", false, 0 },
};

START_TEST(times_are_read)
{
	int64_t ms = 0;

	ck_assert_msg(text_untime(times[_i].s, &ms) == times[_i].good, "%s", times[_i].s);
	if (times[_i].good)
		ck_assert_msg(ms == times[_i].ms, "%s is %lld", times[_i].s, (long long)ms);
}
END_TEST

START_TEST(times_are_written)
{
	static const int64_t values[] = {
		0, 1, -1, -1000, -62135596800000, 1795503789123, 253402300799999
	};
	struct cx cx = { 0 };
	int64_t back;

	ck_assert_str_eq(text_time(&cx, 1795503789123), "2026-11-24T07:03:09.123Z");
	ck_assert_str_eq(text_time(&cx, -1), "1969-12-31T23:59:59.999Z");
	for (size_t i = 1; i < ARRAY_SIZE(values); i++) {
		ck_assert_msg(text_untime(text_time(&cx, values[i]), &back), "%s",
			      text_time(&cx, values[i]));
		ck_assert_int_eq(back, values[i]);
	}
	cx_free(&cx);
}
END_TEST

START_TEST(uuids)
{
	struct cx cx = { 0 };
	const char *four = text_uuid4(&cx), *last = text_uuid7(&cx);

	ck_assert(text_is_uuid(four));
	ck_assert_int_eq(four[14], '4');
	ck_assert_ptr_nonnull(strchr("89ab", four[19]));
	ck_assert_str_ne(four, text_uuid4(&cx));
	for (int i = 0; i < 1000; i++) {
		const char *next = text_uuid7(&cx);

		ck_assert_int_eq(next[14], '7');
		ck_assert_ptr_nonnull(strchr("89ab", next[19]));
		/* the ms and 12 bits of its fraction stand in front */
		ck_assert_int_le(strncmp(last, next, 18), 0);
		last = next;
	}
	ck_assert(text_is_uuid(NIL_UUID));
	ck_assert(text_is_uuid("0123ABCD-0123-abcd-0123-0123456789AB"));
	ck_assert(!text_is_uuid("0123ABCD-0123-abcd-0123-0123456789A"));
	ck_assert(!text_is_uuid("0123ABCD-0123-abcd-0123-0123456789ABC"));
	ck_assert(!text_is_uuid("0123ABCD+0123-abcd-0123-0123456789AB"));
	ck_assert(!text_is_uuid("0123ABCG-0123-abcd-0123-0123456789AB"));
	ck_assert(!text_is_uuid(NULL));
	cx_free(&cx);
}
END_TEST

START_TEST(comparisons)
{
	ck_assert(text_starts("abc", "ab") && text_starts("abc", "") && !text_starts("ab", "abc"));
	ck_assert(text_ends("abc", "bc") && text_ends("abc", "") && !text_ends("bc", "abc"));
	ck_assert(!text_ends("abc", "b"));
	ck_assert(text_same("a", "a") && !text_same("a", "b") && text_same(NULL, NULL));
	ck_assert(!text_same("a", NULL) && !text_same(NULL, "a"));
	ck_assert(text_same_secret("abc", "abc") && text_same_secret("", ""));
	ck_assert(!text_same_secret("abc", "abd") && !text_same_secret("abc", "ab") &&
		  !text_same_secret("ab", "abc"));
}
END_TEST

START_TEST(random_numbers)
{
	int64_t all = 0;

	for (int i = 0; i < 200; i++) {
		int64_t v = text_random62();

		ck_assert_int_gt(v, 0);
		ck_assert_int_lt(v, INT64_C(1) << 62);
		all |= v;
	}
	ck_assert_int_eq(all, (INT64_C(1) << 62) - 1); /* every bit is used */
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ a_buffer_keeps_to_its_maximum, 0 },
		{ a_buffer_grows, 0 },
		{ percent_encodes, ARRAY_SIZE(percents) },
		{ percent_decodes, ARRAY_SIZE(unpercents) },
		{ hex, 0 },
		{ base64, ARRAY_SIZE(bases) },
		{ base64_refuses, ARRAY_SIZE(bad_bases) },
		{ utf8, ARRAY_SIZE(utf8s) },
		{ integers, ARRAY_SIZE(ints) },
		{ times_are_read, ARRAY_SIZE(times) },
		{ times_are_written, 0 },
		{ uuids, 0 },
		{ comparisons, 0 },
		{ random_numbers, 0 },
	};

	return run_suite("text", tests, ARRAY_SIZE(tests));
}
