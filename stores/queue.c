/* SPDX-License-Identifier: Apache-2.0 */
/* queue.c - two flocks, and a timer that ends the wait for them. */
#include "stores/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NUDGE_NS (10 * 1000 * 1000) /* a signal before the wait began is lost; the next is not */

struct queue {
	int first, writer; /* descriptors of the QUEUE and WRITER files */
	bool has_timer;	   /* made when first somebody had to wait */
	timer_t timer;
};

static enum status open_lock(struct cx *cx, const char *path, const char *suffix, int *fd)
{
	const char *name = cx_printf(cx, "%s-%s", path, suffix);

	*fd = open(name, O_RDWR | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT) {
		*fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
		if (*fd >= 0) /* whatever the umask is */
			(void)fchmod(*fd, 0660);
	}
	if (*fd < 0)
		return fail(cx, UNAVAILABLE, "cannot open lock file %s: %s", name, strerror(errno));
	return OK;
}

enum status queue_open(struct cx *cx, const char *path, struct queue **out)
{
	struct queue *q = calloc(1, sizeof(*q));
	enum status s;

	if (!q)
		abort();
	q->first = q->writer = -1;
	s = open_lock(cx, path, "queue", &q->first);
	if (!s)
		s = open_lock(cx, path, "writer", &q->writer);
	if (s) {
		queue_close(q);
		return s;
	}
	*out = q;
	return OK;
}

void queue_close(struct queue *q)
{
	if (!q)
		return;
	if (q->first >= 0)
		close(q->first);
	if (q->writer >= 0)
		close(q->writer);
	if (q->has_timer)
		timer_delete(q->timer);
	free(q);
}

static void on_timer(int sig)
{
	(void)sig; /* flock returns with EINTR: that is all it is for */
}

static void make_timer(struct queue *q)
{
	struct sigaction act = { .sa_handler = on_timer }; /* no SA_RESTART */
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 5 };

	if (sigaction(event.sigev_signo, &act, NULL) ||
	    timer_create(CLOCK_MONOTONIC, &event, &q->timer))
		abort();
	q->has_timer = true;
}

/* 0: off. */
static void set_timer(struct queue *q, int64_t ms)
{
	struct itimerspec when = { 0 };

	if (ms) {
		when.it_value.tv_sec = ms / 1000;
		when.it_value.tv_nsec = ms % 1000 * 1000000;
		when.it_interval.tv_nsec = NUDGE_NS;
	}
	timer_settime(q->timer, 0, &when, NULL);
}

static enum status take(struct cx *cx, struct queue *q, int fd)
{
	int64_t left = cx_left_ms(cx);
	bool timed = left < INT64_MAX;
	int rc;

	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return OK;
	if (errno != EWOULDBLOCK && errno != EINTR)
		return fail(cx, UNAVAILABLE, "cannot lock the database: %s", strerror(errno));
	if (timed && !q->has_timer)
		make_timer(q);
	if (timed && left)
		set_timer(q, left);
	do
		rc = left ? flock(fd, LOCK_EX) : -1;
	while (rc && left && errno == EINTR && (left = cx_left_ms(cx)) > 0);
	if (timed)
		set_timer(q, 0);
	return rc ? fail(cx, UNAVAILABLE,
			 "the database is busy: waited for other writers until the deadline")
		  : OK;
}

enum status queue_enter(struct cx *cx, struct queue *q)
{
	enum status s = take(cx, q, q->first);

	if (s)
		return s;
	s = take(cx, q, q->writer);
	flock(q->first, LOCK_UN);
	return s;
}

void queue_leave(struct queue *q)
{
	flock(q->writer, LOCK_UN);
}
