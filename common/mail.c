/* SPDX-License-Identifier: Apache-2.0 */
/* mail.c - an e-mail message as text: nothing that strangers wrote reaches a header unencoded. */
#include "common/mail.h"

#include <time.h>

#include "common/text.h"

#define MAX_ADDRESS 254 /* RFC 5321, 4.5.3.1.3 */
#define MAX_SUBJECT 200
#define WORD_BYTES 39 /* of text in an encoded word: its line has 76 characters at most */
#define LINE_BYTES 57 /* of text in one line of base64: 76 characters */
#define MAX_MESSAGE 65536

bool mail_address_is_sane(const char *address)
{
	const char *at = strchr(address, '@');

	if (!at || at == address || strlen(address) > MAX_ADDRESS || strchr(at + 1, '@'))
		return false;
	for (const char *c = address; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("()<>[]\\,;:\"", *c))
			return false;
	return at[1] != '.' && strchr(at + 1, '.') && address[strlen(address) - 1] != '.';
}

/* --- the subject ----------------------------------------------------------------------- */

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The length of the longest whole characters in the first `most` bytes. */
static size_t whole(const char *s, size_t most)
{
	size_t n = strnlen(s, most + 1);

	if (n <= most)
		return n;
	for (n = most; n && is_continuation(s[n]);)
		n--;
	return n;
}

static void add_subject(struct text *t, const char *subject)
{
	char *s = cx_strndup(t->cx, subject, whole(subject, MAX_SUBJECT));

	for (char *c = s; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	text_add(t, "Subject:");
	for (size_t n; *s; s += n) {
		n = whole(s, WORD_BYTES);
		text_addf(t, " =?UTF-8?B?%s?=\r\n", text_base64(t->cx, s, n));
	}
	if (text_ends(t->s, ":"))
		text_add(t, "\r\n");
}

/* --- the rest -------------------------------------------------------------------------- */

static void add_date(struct text *t, int64_t now_ms)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = (time_t)(now_ms / 1000);
	struct tm tm;

	gmtime_r(&now, &tm);
	text_addf(t, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
		  months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void add_receivers(struct text *t, const struct mail *m)
{
	text_add(t, "To: ");
	for (size_t i = 0; i < m->n_to; i++)
		text_addf(t, "%s%s", i ? ",\r\n " : "", m->to[i]);
	text_add(t, "\r\n");
}

static void add_body(struct text *t, const char *text)
{
	struct text crlf = text_open(t->cx, MAX_MESSAGE / 2);

	for (; *text; text++) {
		if (*text == '\n')
			text_addc(&crlf, '\r');
		if (*text != '\r')
			text_addc(&crlf, *text);
	}
	for (size_t i = 0; i < crlf.len; i += LINE_BYTES) {
		size_t n = crlf.len - i < LINE_BYTES ? crlf.len - i : LINE_BYTES;

		text_addf(t, "%s\r\n", text_base64(t->cx, crlf.s + i, n));
	}
	t->over |= crlf.over;
}

static enum status check(struct cx *cx, const struct mail *m)
{
	if (!mail_address_is_sane(m->from))
		return fail(cx, INVALID, "the sender is no e-mail address: \"%s\"", m->from);
	if (!m->n_to)
		return fail(cx, INVALID, "a message to nobody");
	for (size_t i = 0; i < m->n_to; i++)
		if (!mail_address_is_sane(m->to[i]))
			return fail(cx, INVALID, "no e-mail address: \"%s\"", m->to[i]);
	return OK;
}

enum status mail_print(struct cx *cx, const struct mail *m, int64_t now_ms, const char **out,
		       size_t *n)
{
	struct text t = text_open(cx, MAX_MESSAGE);
	enum status s = check(cx, m);

	if (s)
		return s;
	text_addf(&t, "From: Pangolin <%s>\r\n", m->from);
	add_receivers(&t, m);
	add_subject(&t, m->subject);
	add_date(&t, now_ms);
	text_addf(&t, "Message-ID: <%s@%s>\r\n", m->id, strchr(m->from, '@') + 1);
	text_add(&t, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
		     "Content-Type: text/plain; charset=utf-8\r\n"
		     "Content-Transfer-Encoding: base64\r\n\r\n");
	add_body(&t, m->text);
	*out = t.s;
	*n = t.len;
	return text_check(&t, "the message");
}
