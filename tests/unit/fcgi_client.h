/* SPDX-License-Identifier: Apache-2.0 */
/* fcgi_client.h - the web server's part, for tests: a responder under test, and requests to it. */
#ifndef TESTS_UNIT_FCGI_CLIENT_H
#define TESTS_UNIT_FCGI_CLIENT_H

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "common/cx.h"

/* A child process that runs main() of a responder on a socket in `folder`. */
struct responder_process {
	pid_t pid;
	struct sockaddr_un address;
	int listener; /* of the parent, so that another child can take it */
};
void responder_start(struct responder_process *p, const char *folder, int (*run)(void));
/* Another child on the same socket, as a supervisor starts one. */
void responder_again(struct responder_process *p, int (*run)(void));
/* SIGTERM, and waits up to 5 s: the exit status; -1 where it did not end (then it is killed). */
int responder_stop(struct responder_process *p);

/* A temporary folder and a fresh store (fresh_store.h); DATABASE_URL is set to it. */
const char *folder_with_store(struct cx *cx);
void folder_remove(const char *folder);

struct fcgi_answer {
	int status;	  /* of "Status:"; 0 = the responder gave no whole answer */
	const char *head; /* ends with an empty line */
	const char *body; /* NUL behind */
	size_t body_len;
};

/* The value of a header in an answer, or NULL. */
const char *answer_value(struct cx *cx, const struct fcgi_answer *a, const char *name);

/* A whole request.  `params`: "NAME=value" further ones, NULL ends; CONTENT_LENGTH is
 * added where there is a body. */
struct fcgi_answer fcgi_call(struct cx *cx, const struct responder_process *p, const char *method,
			     const char *uri, const char *const *params, const char *body);

/* The same on a connection that is kept: -1 opens it, and it is closed where there is no answer. */
struct fcgi_answer fcgi_call_kept(struct cx *cx, const struct responder_process *p, int *fd,
				  const char *method, const char *uri, const char *body);

/* The pieces of one, for requests that are not as they should be. */
int fcgi_connect(const struct responder_process *p);
void fcgi_begin(struct cx *cx, int fd, bool keep, const char *const *params);
void fcgi_stdin(int fd, const char *bytes, size_t n); /* n = 0: its end */
struct fcgi_answer fcgi_read_answer(struct cx *cx, int fd);

#endif
