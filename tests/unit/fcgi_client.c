/* SPDX-License-Identifier: Apache-2.0 */
/* fcgi_client.c - FastCGI's client side, as small as tests need it.  Source: FastCGI 1.0. */
#include "tests/unit/fcgi_client.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/text.h"
#include "tests/unit/fresh_store.h"

#define BEGIN_REQUEST 1
#define END_REQUEST 3
#define PARAMS 4
#define STDIN 5
#define STDOUT 6
#define MAX_CONTENT 65528

/* --- processes ------------------------------------------------------------------ */

void responder_again(struct responder_process *p, int (*run)(void))
{
	p->pid = fork();
	ck_assert_int_ge(p->pid, 0);
	if (p->pid)
		return;
	sigaction(SIGTERM, &(struct sigaction){ .sa_handler = SIG_DFL }, NULL); /* not Check's */
	dup2(p->listener, STDIN_FILENO);
	close(p->listener);
	_exit(run());
}

void responder_start(struct responder_process *p, const char *folder, int (*run)(void))
{
	struct sockaddr_un *a = &p->address;

	a->sun_family = AF_UNIX;
	snprintf(a->sun_path, sizeof(a->sun_path), "%s/test.sock", folder);
	p->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(p->listener, (struct sockaddr *)a, sizeof(*a)), 0);
	ck_assert_int_eq(listen(p->listener, 64), 0);
	responder_again(p, run);
}

int responder_stop(struct responder_process *p)
{
	int status;

	kill(p->pid, SIGTERM);
	for (int i = 0; i < 500; i++) {
		if (waitpid(p->pid, &status, WNOHANG) == p->pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		usleep(10000);
	}
	kill(p->pid, SIGKILL);
	waitpid(p->pid, &status, 0);
	return -1;
}

const char *folder_with_store(struct cx *cx)
{
	const char *folder = fresh_folder(cx);

	setenv("DATABASE_URL", fresh_store(cx, folder), 1);
	return folder;
}

void folder_remove(const char *folder)
{
	DIR *d = opendir(folder);
	char path[600];

	for (struct dirent *e; d && (e = readdir(d));) {
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		if (unlink(path) && *e->d_name != '.')
			folder_remove(path);
	}
	if (d)
		closedir(d);
	rmdir(folder);
}

/* --- sending ----------------------------------------------------------------------- */

int fcgi_connect(const struct responder_process *p)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&p->address, sizeof(p->address)), 0);
	return fd;
}

static void send_bytes(int fd, const void *bytes, size_t n)
{
	const char *at = bytes;

	while (n) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return; /* the responder has had enough: its answer tells */
		at += sent;
		n -= (size_t)sent;
	}
}

static void send_record(int fd, int type, const void *bytes, size_t n)
{
	unsigned char head[8] = {
		1, (unsigned char)type, 0, 1, (unsigned char)(n >> 8), (unsigned char)n, 0, 0
	};

	send_bytes(fd, head, sizeof(head));
	send_bytes(fd, bytes, n);
}

static void add_length(struct text *t, size_t n)
{
	if (n < 128) {
		text_addc(t, (char)n);
		return;
	}
	text_addc(t, (char)(0x80 | n >> 24));
	text_addc(t, (char)(n >> 16));
	text_addc(t, (char)(n >> 8));
	text_addc(t, (char)n);
}

void fcgi_begin(struct cx *cx, int fd, bool keep, const char *const *params)
{
	const unsigned char begin[8] = { 0, 1 /* responder */, keep };
	struct text t = text_open(cx, MAX_CONTENT);

	send_record(fd, BEGIN_REQUEST, begin, sizeof(begin));
	for (; *params; params++) {
		size_t n = strcspn(*params, "=");

		add_length(&t, n);
		add_length(&t, strlen(*params + n + 1));
		text_addn(&t, *params, n);
		text_add(&t, *params + n + 1);
	}
	send_record(fd, PARAMS, t.s, t.len);
	send_record(fd, PARAMS, "", 0);
}

void fcgi_stdin(int fd, const char *bytes, size_t n)
{
	while (n > MAX_CONTENT) {
		send_record(fd, STDIN, bytes, MAX_CONTENT);
		bytes += MAX_CONTENT;
		n -= MAX_CONTENT;
	}
	send_record(fd, STDIN, bytes, n);
}

/* --- receiving --------------------------------------------------------------------- */

static bool read_bytes(int fd, void *bytes, size_t n)
{
	char *at = bytes;

	while (n) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t got = poll(&p, 1, 20000) > 0 ? read(fd, at, n) : 0;

		if (got <= 0)
			return false;
		at += got;
		n -= (size_t)got;
	}
	return true;
}

/* Takes the output apart: head, empty line, body. */
static void split_output(struct cx *cx, const struct text *out, struct fcgi_answer *a)
{
	const char *gap = strstr(out->s, "\r\n\r\n");

	if (!gap || strncmp(out->s, "Status: ", 8) != 0)
		return;
	a->status = (int)strtol(out->s + 8, NULL, 10);
	a->head = cx_strndup(cx, out->s, (size_t)(gap + 4 - out->s));
	a->body = gap + 4;
	a->body_len = out->len - (size_t)(a->body - out->s);
}

static struct fcgi_answer read_answer(struct cx *cx, int fd)
{
	struct text out = text_open(cx, (size_t)64 << 20);
	struct fcgi_answer a = { 0 };
	char *content = cx_alloc(cx, 65536 + 256);
	unsigned char head[8];
	bool ended = false;

	while (!ended && read_bytes(fd, head, sizeof(head))) {
		size_t n = (size_t)(head[4] << 8 | head[5]);

		if (!read_bytes(fd, content, n + head[6]))
			break;
		if (head[1] == STDOUT)
			text_addn(&out, content, n);
		ended = head[1] == END_REQUEST;
	}
	if (ended)
		split_output(cx, &out, &a);
	return a;
}

struct fcgi_answer fcgi_read_answer(struct cx *cx, int fd)
{
	struct fcgi_answer a = read_answer(cx, fd);

	close(fd);
	return a;
}

const char *answer_value(struct cx *cx, const struct fcgi_answer *a, const char *name)
{
	const char *line = strstr(a->head, cx_printf(cx, "\r\n%s: ", name));

	if (!line)
		return NULL;
	line += strlen(name) + 4;
	return cx_strndup(cx, line, strcspn(line, "\r"));
}

struct fcgi_answer fcgi_call(struct cx *cx, const struct responder_process *p, const char *method,
			     const char *uri, const char *const *params, const char *body)
{
	const char *all[32] = { cx_printf(cx, "REQUEST_METHOD=%s", method),
				cx_printf(cx, "REQUEST_URI=%s", uri) };
	size_t n = 2;
	int fd = fcgi_connect(p);

	for (; params && *params; params++)
		all[n++] = *params;
	all[n++] = "REMOTE_ADDR=127.0.0.1"; /* unless it was said: the first one counts */
	if (body)
		all[n++] = cx_printf(cx, "CONTENT_LENGTH=%zu", strlen(body));
	fcgi_begin(cx, fd, false, all);
	if (body && *body)
		fcgi_stdin(fd, body, strlen(body));
	fcgi_stdin(fd, "", 0);
	return fcgi_read_answer(cx, fd);
}

struct fcgi_answer fcgi_call_kept(struct cx *cx, const struct responder_process *p, int *fd,
				  const char *method, const char *uri, const char *body)
{
	const char *params[] = { cx_printf(cx, "REQUEST_METHOD=%s", method),
				 cx_printf(cx, "REQUEST_URI=%s", uri),
				 body ? cx_printf(cx, "CONTENT_LENGTH=%zu", strlen(body)) : NULL,
				 NULL };
	struct fcgi_answer a;

	if (*fd < 0)
		*fd = fcgi_connect(p);
	fcgi_begin(cx, *fd, true, params);
	if (body && *body)
		fcgi_stdin(*fd, body, strlen(body));
	fcgi_stdin(*fd, "", 0);
	a = read_answer(cx, *fd);
	if (!a.status) {
		close(*fd);
		*fd = -1;
	}
	return a;
}
