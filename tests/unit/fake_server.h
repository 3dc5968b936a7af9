/* SPDX-License-Identifier: Apache-2.0 */
/* fake_server.h - an HTTP server that answers from a script: what real ones can't be made to do. */
#ifndef TESTS_UNIT_FAKE_SERVER_H
#define TESTS_UNIT_FAKE_SERVER_H

#include <stddef.h>
#include <sys/types.h>

#define FAKE_REQUESTS_MAX 128
#define FAKE_HEAD_MAX 4096

/* Instead of an answer's text. */
#define FAKE_CLOSE ""		 /* closes the connection once it has read the request */
#define FAKE_SILENCE "(silence)" /* never answers */

/* The answers, in the order of requests, whatever connection they come by; the
 * last one is given again and again.  An answer's raw bytes, in which "$PORT" is the
 * server's own (as long: it has five digits), or one of the above.  delay_ms: before
 * each answer. */
struct fake_server {
	int port;
	pid_t pid;
	struct fake_seen *seen; /* shared with the server's processes */
};

struct fake_seen {
	int n;					      /* requests so far */
	char heads[FAKE_REQUESTS_MAX][FAKE_HEAD_MAX]; /* request line and headers */
	size_t body_bytes[FAKE_REQUESTS_MAX];
};

void fake_start(struct fake_server *s, const char *const *answers, size_t n, int delay_ms);
void fake_stop(struct fake_server *s);

#endif
