/* SPDX-License-Identifier: Apache-2.0 */
/* mail.h - an e-mail message as text.  Source: RFC 5322; RFC 2045, 6.8; RFC 2047; RFC 3834. */
#ifndef COMMON_MAIL_H
#define COMMON_MAIL_H

#include "common/cx.h"

/*
 * True for an address that mail can be sent to: local@domain in visible ASCII, no quotes,
 * comments or lists, a dot in the domain, at most 254 bytes.  What a user has in place of an
 * address that is not known ("<subject>@<provider>") is none.
 */
bool mail_address_is_sane(const char *address);

struct mail {
	const char *id;	  /* of the message: the same again where it is sent again */
	const char *from; /* addresses, sane all */
	const char *const *to;
	size_t n_to;
	const char *subject; /* UTF-8; control bytes become spaces, 200 bytes are kept */
	const char *text;    /* UTF-8, lines end in \n */
};

/* The message, as SMTP wants it: header, plain text in base64, lines of CRLF.  INVALID: an
 * address that is none, or nobody to send it to. */
MUST_USE enum status mail_print(struct cx *cx, const struct mail *m, int64_t now_ms,
				const char **out, size_t *n);

#endif
