/* SPDX-License-Identifier: Apache-2.0 */
/* gateway.c - FastCGI through libfcgi, its large answers past it, and plain CGI. */
#include "fcgi/gateway.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/text.h"

/* A record's content: FastCGI allows 65,535 bytes; a multiple of 8 needs no padding. */
#define RECORD_BYTES 65528
#define RECORD_STDOUT 6
/*
 * Up to here head and body go through libfcgi's 8 KiB buffer and share one write with
 * the end record.  Past it they are sent from where they lie: at 6 KB the buffer saves
 * 3 of 44 us of a process's time, at 20 KB writing costs 4 us less, at 74 KB 10 of 70.
 */
#define SMALL_BYTES 7168
#define BYTES_A_SECOND 65536
/* A connection that the web server keeps for further requests pins its process: not for long. */
#define KEPT_MS 1000

struct gateway {
	bool cgi;
	bool local;  /* the web server is on a unix socket */
	bool begun;  /* a request was accepted: CGI has but one */
	bool broken; /* the connection is of no more use */
	FCGX_Request fcgx;
};

/* --- accepting -------------------------------------------------------------- */

/*
 * SIGTERM: puts /dev/null in the listening socket's place.  A process waiting in
 * accept() wakes and finds no socket, and there is no moment between a test and
 * accept() in which the signal could get lost.  Whoever has a request keeps the
 * signal waiting until it is answered.
 */
static void stop_listening(int signal_number)
{
	int before = errno;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)signal_number;
	if (fd < 0) {
		close(STDIN_FILENO);
	} else {
		dup2(fd, STDIN_FILENO);
		close(fd);
	}
	errno = before;
}

static const int ending_signals[] = {
	SIGTERM, SIGINT, SIGUSR1 /* the FastCGI specification's graceful end */
};

static void hold_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ending_signals); i++)
		sigaddset(&set, ending_signals[i]);
	sigprocmask(how, &set, NULL);
}

static void handle_signals(void)
{
	struct sigaction stop = { .sa_handler = stop_listening }; /* without SA_RESTART */
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	hold_signals(SIG_BLOCK);
	for (size_t i = 0; i < ARRAY_SIZE(ending_signals); i++)
		sigaction(ending_signals[i], &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

/* A read of libfcgi's on this connection takes at most so long. */
static void limit_reads(int fd, int64_t ms)
{
	struct timeval t = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	if (ms <= 0)
		t.tv_usec = 1; /* 0 would be for ever */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
}

static bool is_unix_socket(int fd)
{
	int family = AF_UNSPEC;
	socklen_t n = sizeof(family);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &n) == 0 && family == AF_UNIX;
}

bool gateway_is_cgi(void)
{
	return FCGX_IsCGI();
}

struct gateway *gateway_open(struct cx *cx)
{
	struct gateway *g = CX_NEW(cx, struct gateway);

	g->cgi = gateway_is_cgi();
	if (g->cgi)
		return g;
	if (FCGX_Init() || FCGX_InitRequest(&g->fcgx, STDIN_FILENO, 0))
		abort(); /* out of memory is all that can fail */
	g->local = is_unix_socket(STDIN_FILENO);
	handle_signals();
	return g;
}

const char *const *gateway_accept(struct gateway *g)
{
	char **env = environ;
	int got;

	g->broken = false;
	if (g->cgi && g->begun)
		return NULL;
	g->begun = true;
	if (g->cgi)
		return (const char *const *)env;
	if (g->fcgx.ipcFd >= 0)
		limit_reads(g->fcgx.ipcFd, KEPT_MS);
	hold_signals(SIG_UNBLOCK);
	got = FCGX_Accept_r(&g->fcgx);
	hold_signals(SIG_BLOCK);
	env = g->fcgx.envp;
	return got < 0 ? NULL : (const char *const *)env;
}

/*
 * libfcgi shuts a connection down and waits up to two seconds for the web server to
 * close it, because TCP can lose an answer whose socket is closed too early.  A unix
 * socket loses none once all that came over it was read; a detached request is just
 * closed.  Waiting for the web server would keep this process from the next request.
 */
void gateway_finish(struct gateway *g)
{
	if (g->cgi)
		return;
	if (g->broken) {
		FCGX_Free(&g->fcgx, 1);
		return;
	}
	if (g->local && FCGX_HasSeenEOF(g->fcgx.in))
		FCGX_Detach(&g->fcgx);
	FCGX_Finish_r(&g->fcgx);
}

/* --- reading ---------------------------------------------------------------- */

static int64_t left_until(int64_t deadline_ms)
{
	int64_t left = deadline_ms - cx_monotonic_ms();

	return left > 0 ? left : 0;
}

/* Waits for a descriptor; false where the time is up. */
static bool wait_for(int fd, short events, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;

	do
		n = poll(&p, 1, (int)left_until(deadline_ms));
	while (n < 0 && errno == EINTR);
	return n > 0;
}

static ssize_t read_fcgi(struct gateway *g, char *buf, size_t n, int64_t deadline_ms)
{
	FCGX_Stream *in = g->fcgx.in;
	size_t ready = (size_t)(in->stop - in->rdNext);
	int got;

	if (!ready) {
		limit_reads(g->fcgx.ipcFd, left_until(deadline_ms));
		ready = 1;
	}
	got = FCGX_GetStr(buf, (int)(n < ready ? n : ready), in);
	if (got > 0 || !FCGX_GetError(in))
		return got;
	errno = FCGX_GetError(in) == EAGAIN ? ETIMEDOUT : EIO;
	return -1;
}

static ssize_t read_cgi(char *buf, size_t n, int64_t deadline_ms)
{
	ssize_t got;

	if (!wait_for(STDIN_FILENO, POLLIN, deadline_ms)) {
		errno = ETIMEDOUT;
		return -1;
	}
	do
		got = read(STDIN_FILENO, buf, n);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Some bytes of the body: how many, 0 at its end, -1 with errno (ETIMEDOUT: too slow). */
static ssize_t read_some(struct gateway *g, char *buf, size_t n, int64_t deadline_ms)
{
	if (left_until(deadline_ms) == 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	return g->cgi ? read_cgi(buf, n, deadline_ms) : read_fcgi(g, buf, n, deadline_ms);
}

/* -1 where the request says nothing. */
static enum status body_length(struct request *rq, int64_t *out)
{
	const char *text = request_env(rq, "CONTENT_LENGTH");

	*out = -1;
	if (text && *text && (!text_int(text, out) || *out < 0))
		return fail(rq->cx, INVALID, "Content-Length is no number");
	return OK;
}

static enum status read_failed(struct gateway *g, struct request *rq)
{
	g->broken = errno != ETIMEDOUT;
	if (errno != ETIMEDOUT)
		return fail(rq->cx, INVALID, "the request's body ended early");
	rq->answer.http = 408;
	return fail(rq->cx, INVALID, "the request's body came too slowly");
}

static enum status too_large(struct request *rq, int64_t max_bytes)
{
	return fail(rq->cx, TOO_LARGE, "the request's body is larger than %lld bytes",
		    (long long)max_bytes);
}

/* Room for at least one byte more and a NUL, at most for max + 1. */
static char *grow(struct cx *cx, char *body, size_t len, size_t *cap, size_t max)
{
	char *bigger;

	if (len + 1 < *cap)
		return body;
	*cap = *cap * 2 < max + 2 ? *cap * 2 : max + 2;
	bigger = cx_alloc(cx, *cap);
	memcpy(bigger, body, len);
	return bigger;
}

/* `max` is one more than may come, so that too much shows. */
static enum status read_all(struct gateway *g, struct request *rq, size_t expected, size_t max,
			    int64_t timeout_ms)
{
	int64_t start_ms = cx_monotonic_ms(), extra_ms;
	size_t len = 0, cap = expected + 2;
	char *body = cx_alloc(rq->cx, cap);
	ssize_t n;

	while (len < max) {
		extra_ms = (int64_t)len * 1000 / BYTES_A_SECOND;
		body = grow(rq->cx, body, len, &cap, max);
		n = read_some(g, body + len, cap - len - 1, start_ms + timeout_ms + extra_ms);
		if (n < 0)
			return read_failed(g, rq);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	body[len] = '\0';
	rq->body = body;
	rq->body_len = len;
	return OK;
}

static enum status read_body(struct gateway *g, struct request *rq, int64_t max_bytes,
			     int64_t timeout_ms)
{
	int64_t length;
	enum status s;

	s = body_length(rq, &length);
	if (s)
		return s;
	if (length > max_bytes)
		return too_large(rq, max_bytes);
	if (g->cgi && length >= 0) /* behind its end nothing may be read: RFC 3875, 4.2 */
		s = read_all(g, rq, (size_t)length, (size_t)length, timeout_ms);
	else if (length >= 0)
		s = read_all(g, rq, (size_t)length, (size_t)length + 1, timeout_ms);
	else
		s = read_all(g, rq, 8192, (size_t)max_bytes + 1, timeout_ms);
	if (s)
		return s;
	if (length >= 0 && rq->body_len != (size_t)length)
		return fail(rq->cx, INVALID,
			    "the request's body has not the length it was said to have");
	return rq->body_len > (size_t)max_bytes ? too_large(rq, max_bytes) : OK;
}

enum status gateway_read(struct gateway *g, struct request *rq, int64_t max_bytes,
			 int64_t timeout_ms)
{
	enum status s;

	rq->body = "";
	s = read_body(g, rq, max_bytes, timeout_ms);
	if (s)
		g->fcgx.keepConnection = 0; /* what was not read is no next request */
	return s;
}

/* --- sending ---------------------------------------------------------------- */

/* Writes all of `v`, moving on in it; false where the peer is gone or takes nothing. */
static bool send_all(int fd, bool is_socket, struct iovec *v, size_t n, int64_t timeout_ms)
{
	while (n) {
		struct msghdr m = { .msg_iov = v, .msg_iovlen = n };
		ssize_t sent = is_socket ? sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT)
					 : writev(fd, v, (int)n);

		if (sent < 0 && errno == EAGAIN) {
			if (!wait_for(fd, POLLOUT, cx_monotonic_ms() + timeout_ms))
				return false;
			continue;
		}
		if (sent < 0 && errno != EINTR)
			return false;
		for (size_t done = sent > 0 ? (size_t)sent : 0; n; v++, n--) {
			if (done < v->iov_len) {
				v->iov_base = (char *)v->iov_base + done;
				v->iov_len -= done;
				break;
			}
			done -= v->iov_len;
		}
	}
	return true;
}

/* Takes up to `max` bytes off the front of `from`; what was taken goes to `to`. */
static size_t take(struct iovec *from, size_t n_from, size_t max, struct iovec *to, size_t *n_to)
{
	size_t taken = 0;

	*n_to = 0;
	for (size_t i = 0; i < n_from && taken < max; i++) {
		size_t n = from[i].iov_len < max - taken ? from[i].iov_len : max - taken;

		if (!n)
			continue;
		to[(*n_to)++] = (struct iovec){ from[i].iov_base, n };
		from[i].iov_base = (char *)from[i].iov_base + n;
		from[i].iov_len -= n;
		taken += n;
	}
	return taken;
}

static bool send_records(struct gateway *g, struct iovec *all, size_t n, int64_t timeout_ms)
{
	int id = g->fcgx.requestId;
	struct iovec v[MAX_PARTS + 2];
	size_t len, n_v;

	while ((len = take(all, n, RECORD_BYTES, v + 1, &n_v)) > 0) {
		unsigned char head[8] = { 1,
					  RECORD_STDOUT,
					  (unsigned char)(id >> 8),
					  (unsigned char)id,
					  (unsigned char)(len >> 8),
					  (unsigned char)len,
					  0,
					  0 };

		v[0] = (struct iovec){ head, sizeof(head) };
		if (!send_all(g->fcgx.ipcFd, true, v, n_v + 1, timeout_ms))
			return false;
	}
	return true;
}

static void send_small(struct gateway *g, const struct iovec *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		FCGX_PutStr(all[i].iov_base, (int)all[i].iov_len, g->fcgx.out);
}

void gateway_send(struct gateway *g, const char *head, size_t head_len, const struct part *parts,
		  size_t n, int64_t timeout_ms)
{
	struct iovec all[MAX_PARTS + 1] = { { (void *)(uintptr_t)head, head_len } };
	size_t total = head_len;

	for (size_t i = 0; i < n; i++) {
		all[i + 1] = (struct iovec){ (void *)(uintptr_t)parts[i].bytes, parts[i].n };
		total += parts[i].n;
	}
	if (g->broken)
		return;
	if (g->cgi)
		g->broken = !send_all(STDOUT_FILENO, false, all, n + 1, timeout_ms);
	else if (total <= SMALL_BYTES)
		send_small(g, all, n + 1);
	else
		g->broken = !send_records(g, all, n + 1, timeout_ms);
}
