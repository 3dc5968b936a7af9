/* SPDX-License-Identifier: Apache-2.0 */
/* kill_points.h - kill -9 of this process at the n-th system call that a store makes; for tests. */
#ifndef TESTS_UNIT_KILL_POINTS_H
#define TESTS_UNIT_KILL_POINTS_H

/*
 * The libraries of all stores write by these functions, and the linker gives them ours: SQLite
 * pwrite, ftruncate, fdatasync and the queue's flock; libpq send and recv; libmongoc sendmsg and
 * recv.  What was sent when recv is reached may have been done by the server.  To be included
 * by one file of a program.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KILL_STEPS 10000
struct kill_steps {
	volatile int n;
	volatile bool writes[KILL_STEPS + 1]; /* that step can be torn */
};

/* Calls are counted from 1 while `armed`; at number `at` the process is killed: before the call, or
 * (torn) once half of what it writes is written. */
static struct {
	bool armed, torn;
	int at;
	struct kill_steps *steps; /* shared with who watches */
} kill_points;

static inline bool kill_now(bool writes)
{
	int step;

	if (!kill_points.armed || kill_points.steps->n == KILL_STEPS)
		return false;
	step = ++kill_points.steps->n;
	kill_points.steps->writes[step] = writes;
	return step == kill_points.at;
}

static inline void kill_self(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* A call that writes `size` bytes: how much of it to do where the process dies in it. */
static inline size_t kill_part(bool now, size_t size)
{
	if (now && !kill_points.torn)
		kill_self();
	return now ? size / 2 : size;
}

#define KILL_AFTER(now, call)                                                                      \
	do {                                                                                       \
		long result_ = (call);                                                             \
		if (now)                                                                           \
			kill_self();                                                               \
		return result_;                                                                    \
	} while (0)

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
	bool now = kill_now(true);

	KILL_AFTER(now, syscall(SYS_pwrite64, fd, data, kill_part(now, size), at));
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
	return pwrite64(fd, data, size, at);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
	bool now = kill_now(true);

	KILL_AFTER(now, syscall(SYS_sendto, fd, data, kill_part(now, size), flags, NULL, 0));
}

/* Half of it: the first of its parts, or half of the only one. */
ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	bool now = kill_now(true);
	struct msghdr half = *m;
	struct iovec first;

	kill_part(now, 0);
	if (!now || !m->msg_iovlen)
		return syscall(SYS_sendmsg, fd, m, flags);
	first = m->msg_iov[0];
	if (m->msg_iovlen == 1)
		first.iov_len /= 2;
	half.msg_iov = &first;
	half.msg_iovlen = 1;
	KILL_AFTER(now, syscall(SYS_sendmsg, fd, &half, flags));
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
	kill_part(kill_now(false), 0);
	return syscall(SYS_recvfrom, fd, data, size, flags, NULL, NULL);
}

int fdatasync(int fd)
{
	kill_part(kill_now(false), 0);
	return (int)syscall(SYS_fdatasync, fd);
}

int ftruncate64(int fd, off64_t size)
{
	kill_part(kill_now(false), 0);
	return (int)syscall(SYS_ftruncate, fd, size);
}

int flock(int fd, int how)
{
	kill_part(kill_now(false), 0);
	return (int)syscall(SYS_flock, fd, how);
}

#endif
