/* SPDX-License-Identifier: Apache-2.0 */
/* fake_server.c - an HTTP server that answers from a script. */
#include "tests/unit/fake_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct script {
	const char *const *answers;
	size_t n;
	int delay_ms, port;
};

/* The request's head, NUL-terminated; 0 where the peer is gone. */
static size_t read_head(int fd, char *head)
{
	size_t n = 0;

	while (n < FAKE_HEAD_MAX - 1 && read(fd, head + n, 1) == 1) {
		head[++n] = '\0';
		if (n >= 4 && !memcmp(head + n - 4, "\r\n\r\n", 4))
			return n;
	}
	return 0;
}

static size_t read_body(int fd, const char *head)
{
	const char *length = strcasestr(head, "\r\nContent-Length:");
	size_t want = length ? (size_t)strtoul(length + 17, NULL, 10) : 0, n = 0;
	char bytes[4096];

	while (n < want) {
		ssize_t got = read(fd, bytes, sizeof(bytes) < want - n ? sizeof(bytes) : want - n);

		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return n;
}

/* Its answer's text, which nobody frees: the process ends with its connection. */
static const char *filled(const char *answer, int port)
{
	char *copy = strdup(answer), digits[8];

	if (!copy || snprintf(digits, sizeof(digits), "%d", port) != 5)
		abort();
	for (char *at = copy; (at = strstr(at, "$PORT"));)
		memcpy(at, digits, 5);
	return copy;
}

static void serve(int fd, const struct script *script, struct fake_seen *seen)
{
	char head[FAKE_HEAD_MAX];

	while (read_head(fd, head)) {
		size_t body = read_body(fd, head);
		size_t i = (size_t)__atomic_fetch_add(&seen->n, 1, __ATOMIC_SEQ_CST);
		const char *answer =
			filled(script->answers[i < script->n ? i : script->n - 1], script->port);

		if (i < FAKE_REQUESTS_MAX) {
			memcpy(seen->heads[i], head, sizeof(head));
			seen->body_bytes[i] = body;
		}
		usleep((useconds_t)script->delay_ms * 1000);
		if (!strcmp(answer, FAKE_SILENCE))
			pause();
		if (!*answer || write(fd, answer, strlen(answer)) < 0)
			break;
		if (strcasestr(answer, "Connection: close"))
			break;
	}
	close(fd);
}

/* Nothing outlives a test that fails, and so stops nothing itself. */
static pid_t fork_bound(void)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
	}
	return pid;
}

static void run(int listener, const struct script *script, struct fake_seen *seen)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGCHLD, &ignore, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		if (!fork_bound()) {
			close(listener);
			serve(fd, script, seen);
			_exit(0);
		}
		close(fd);
	}
}

void fake_start(struct fake_server *s, const char *const *answers, size_t n, int delay_ms)
{
	struct script script = { answers, n, delay_ms, 0 };
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	s->seen = mmap(NULL, sizeof(*s->seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (listener < 0 || s->seen == MAP_FAILED || bind(listener, (struct sockaddr *)&a, size) ||
	    listen(listener, 64) || getsockname(listener, (struct sockaddr *)&a, &size))
		abort();
	s->port = script.port = ntohs(a.sin_port);
	s->pid = fork_bound();
	if (!s->pid)
		run(listener, &script, s->seen);
	close(listener);
}

/* With the processes that serve its connections. */
void fake_stop(struct fake_server *s)
{
	if (s->pid) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
		munmap(s->seen, sizeof(*s->seen));
	}
	s->pid = 0;
}
