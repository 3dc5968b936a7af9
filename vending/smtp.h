/* SPDX-License-Identifier: Apache-2.0 */
/* smtp.h - hands a message to a mail server.  Source: RFC 5321, RFC 3207, RFC 4954, RFC 8314. */
#ifndef VENDING_SMTP_H
#define VENDING_SMTP_H

#include "vending/http.h"

#define SMTP_PORT 587  /* where none is said */
#define SMTPS_PORT 465 /* TLS from the first byte; elsewhere STARTTLS where it is offered */

/*
 * A mail server.  With a user, nothing is said to it but under TLS, unless it is this
 * machine: whoever sits in between could else take STARTTLS out of the talk and read
 * the password.  Certificates are verified.
 */
struct smtp_server {
	const char *host;	     /* a name or an address */
	int64_t port;		     /* 0 = SMTP_PORT */
	const char *user, *password; /* NULL = it asks for none */
};

/* A message, already printed (common/mail.h). */
struct smtp_message {
	const char *from;
	const char *const *to;
	size_t n_to;
	const char *bytes;
	size_t n;
};

/* INVALID ("smtp_host: ..."): it is no host's name or address, or none that the list of
 * hosts `allow` has (vending/address.h). */
MUST_USE enum status smtp_check(struct cx *cx, const char *allow, const struct smtp_server *server);

/*
 * Sends it, once.  A receiver the server does not take is passed over while it takes another.
 * UNAVAILABLE: it was not taken by cx's deadline, and why, without the password; it may
 * be sent again.  DENIED: a host or address this server does not talk to; INVALID: smtp_check.
 */
MUST_USE enum status smtp_send(struct cx *cx, const struct http_limits *limits,
			       const struct smtp_server *server, const struct smtp_message *m);

#endif
