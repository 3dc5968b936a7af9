/* SPDX-License-Identifier: Apache-2.0 */
/* gateway.h - the web server's side of a request: FastCGI on descriptor 0, or one CGI call. */
#ifndef FCGI_GATEWAY_H
#define FCGI_GATEWAY_H

#include "fcgi/http.h"

struct gateway;

/* True where the web server started this process for the one request. */
bool gateway_is_cgi(void);

/*
 * Finds out which of the two it is and, for FastCGI, arranges that SIGTERM ends
 * the process once its request is answered.  Belongs to the context of the process.
 */
struct gateway *gateway_open(struct cx *cx);

/* Waits for a request and gives its parameters, which last until
 * gateway_finish.  NULL: no more will come. */
const char *const *gateway_accept(struct gateway *g);

/*
 * Reads the request's body to its end into rq->body, with a NUL behind.
 * TOO_LARGE: past max_bytes (the rest is left unread: lighttpd and Apache pass the
 * answer on all the same).  INVALID: shorter or longer than CONTENT_LENGTH, or
 * too slow (rq->answer.http is 408 then): a body may take timeout_ms and a second
 * for each 64 KiB.
 */
MUST_USE enum status gateway_read(struct gateway *g, struct request *rq, int64_t max_bytes,
				  int64_t timeout_ms);

/*
 * Sends head and parts (none where n is 0) as they lie in memory.  Gives up, and
 * drops the connection, where the web server takes nothing for timeout_ms.
 */
void gateway_send(struct gateway *g, const char *head, size_t head_len, const struct part *parts,
		  size_t n, int64_t timeout_ms);

/* Ends the request towards the web server. */
void gateway_finish(struct gateway *g);

#endif
