/* SPDX-License-Identifier: Apache-2.0 */
/* test_mail.c - messages: what strangers wrote stays text, whatever it holds. */
#include "common/mail.h"

#include "common/text.h"
#include "tests/unit/suite.h"

#define NOW INT64_C(1764011045000) /* 2025-11-24T19:04:05Z */

static struct cx cx;

/* --- addresses ------------------------------------------------------------------------- */

static const struct {
	const char *text;
	bool sane;
} addresses[] = {
	{ "ada@example.org", true },
	{ "a.b+c=d/e_f!@a-b.example", true },
	{ "", false },
	{ "ada", false },
	{ "@example.org", false },
	{ "ada@", false },
	{ "ada@localhost", false },
	{ "4711@google", false },
	{ "ada@.example", false },
	{ "ada@example.", false },
	{ "a@b@example.org", false },
	{ "ada lovelace@example.org", false },
	{ "ada@example.org\r\nBcc: eve@example.org", false },
	{ "ada@example.org\nRCPT TO:<eve@example.org>", false },
	{ "ada@example.org>", false },
	{ "<ada@example.org", false },
	{ "ada@example.org,eve@example.org", false },
	{ "\"ada\"@example.org", false },
	{ "ad\xc3\xa4@example.org", false },
};

START_TEST(an_address_is_one)
{
	ck_assert_int_eq(mail_address_is_sane(addresses[_i].text), addresses[_i].sane);
}
END_TEST

START_TEST(an_address_has_an_end)
{
	char text[300];

	memset(text, 'a', sizeof(text));
	memcpy(text + 250, "@b.c", 5);
	ck_assert(mail_address_is_sane(text));
	memcpy(text + 251, "@b.c", 5);
	ck_assert(!mail_address_is_sane(text));
}
END_TEST

/* --- messages -------------------------------------------------------------------------- */

static const char *print(const char *subject, const char *text)
{
	static const char *const to[] = { "ada@example.org", "bob@example.org" };
	struct mail m = { .id = "0193",
			  .from = "pangolin@example.net",
			  .to = to,
			  .n_to = 2,
			  .subject = subject,
			  .text = text };
	const char *out;
	size_t n;

	ck_assert_int_eq(mail_print(&cx, &m, NOW, &out, &n), OK);
	ck_assert_uint_eq(n, strlen(out));
	return out;
}

/* No bare CR or LF, nothing but ASCII, no line over 76 characters. */
static void check_lines(const char *message)
{
	for (const char *line = message; *line;) {
		size_t n = strcspn(line, "\r\n");

		ck_assert_msg(n <= 76, "%zu: %.*s", n, (int)n, line);
		ck_assert_msg(line[n] == '\r' && line[n + 1] == '\n', "%.*s", (int)n, line);
		for (size_t i = 0; i < n; i++)
			ck_assert(line[i] >= ' ' && line[i] <= '~');
		line += n + 2;
	}
}

static const char *decoded(const char *base64, size_t n)
{
	unsigned char *bytes;
	size_t len;

	ck_assert_int_eq(text_unbase64(&cx, base64, n, &bytes, &len), OK);
	ck_assert(text_is_utf8((char *)bytes, len)); /* no character is cut in two */
	return cx_strndup(&cx, (char *)bytes, len);
}

/* The subject, of its encoded words. */
static const char *subject_of(const char *message)
{
	struct text t = text_open(&cx, 1000);
	const char *at = strstr(message, "\r\nSubject:"), *end;

	ck_assert_ptr_nonnull(at);
	for (at += 10; text_starts(at, " =?UTF-8?B?"); at = end + 4) {
		at += 11;
		end = strstr(at, "?=\r\n");
		text_add(&t, decoded(at, (size_t)(end - at)));
	}
	at += text_starts(at, "\r\n") ? 2 : 0;	       /* of none */
	ck_assert_int_eq(strncmp(at, "Date: ", 6), 0); /* nothing in between */
	return t.s;
}

static const char *body_of(const char *message)
{
	struct text t = text_open(&cx, 100000);
	const char *at = strstr(message, "\r\n\r\n") + 4;

	for (; *at; at += strcspn(at, "\n") + 1)
		text_add(&t, decoded(at, strcspn(at, "\r")));
	return t.s;
}

START_TEST(a_message_is_whole)
{
	const char *m = print("Hello", "one\ntwo\n.\nthree \xe2\x98\x83\n");

	check_lines(m);
	ck_assert(text_starts(m, "From: Pangolin <pangolin@example.net>\r\n"
				 "To: ada@example.org,\r\n bob@example.org\r\n"));
	ck_assert_ptr_nonnull(strstr(m, "\r\nDate: Mon, 24 Nov 2025 19:04:05 +0000\r\n"));
	ck_assert_ptr_nonnull(strstr(m, "\r\nMessage-ID: <0193@example.net>\r\n"));
	ck_assert_ptr_nonnull(strstr(m, "\r\nContent-Transfer-Encoding: base64\r\n"));
	ck_assert_str_eq(subject_of(m), "Hello");
	ck_assert_str_eq(body_of(m), "one\r\ntwo\r\n.\r\nthree \xe2\x98\x83\r\n");
}
END_TEST

#define SNOW "\xe2\x98\x83\xe2\x98\x83\xe2\x98\x83\xe2\x98\x83\xe2\x98\x83"

static const struct {
	const char *subject, *read;
} subjects[] = {
	{ "", "" },
	{ "a\r\nBcc: eve@example.org\r\n\r\nand a body", "a  Bcc: eve@example.org    and a body" },
	{ "a\nb\tc\x7f", "a b c " },
	{ "=?UTF-8?Q?fake?= ?=", "=?UTF-8?Q?fake?= ?=" },
	{ SNOW SNOW SNOW SNOW SNOW, SNOW SNOW SNOW SNOW SNOW },
	{ "x" SNOW SNOW SNOW SNOW SNOW, "x" SNOW SNOW SNOW SNOW SNOW },
	{ "xy" SNOW SNOW SNOW SNOW SNOW, "xy" SNOW SNOW SNOW SNOW SNOW },
};

START_TEST(a_subject_is_one_header)
{
	const char *m = print(subjects[_i].subject, "text");

	check_lines(m);
	ck_assert_str_eq(subject_of(m), subjects[_i].read);
	ck_assert_ptr_null(strstr(m, "\nBcc"));
}
END_TEST

START_TEST(a_long_subject_ends)
{
	char subject[5000];
	const char *read;

	memset(subject, 'a', sizeof(subject));
	memcpy(subject + 199, SNOW, sizeof(SNOW));
	read = subject_of(print(subject, "text"));
	ck_assert_uint_eq(strlen(read), 199); /* the snowman would not fit whole */
}
END_TEST

START_TEST(what_can_not_be_sent_is_refused)
{
	const char *to[] = { "ada@example.org" }, *bad[] = { "a@b\r\nDATA" }, *out;
	struct mail m = { "1", "pangolin@example.net\r\nX: y", to, 1, "s", "t" };
	size_t n;

	ck_assert_int_eq(mail_print(&cx, &m, NOW, &out, &n), INVALID);
	m.from = "pangolin@example.net";
	m.to = bad;
	ck_assert_int_eq(mail_print(&cx, &m, NOW, &out, &n), INVALID);
	m.n_to = 0;
	ck_assert_int_eq(mail_print(&cx, &m, NOW, &out, &n), INVALID);
}
END_TEST

int main(void)
{
	const struct unit_test tests[] = {
		{ an_address_is_one, ARRAY_SIZE(addresses) },
		{ an_address_has_an_end, 0 },
		{ a_message_is_whole, 0 },
		{ a_subject_is_one_header, ARRAY_SIZE(subjects) },
		{ a_long_subject_ends, 0 },
		{ what_can_not_be_sent_is_refused, 0 },
	};

	return run_suite("mail", tests, ARRAY_SIZE(tests));
}
