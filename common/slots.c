/* SPDX-License-Identifier: Apache-2.0 */
/* slots.c - places to wait in, as locked bytes of a file a thing. */
#include "common/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/hmac.h"
#include "common/text.h"

#define MAX_PROCESSES 256
#define PROBE MAX_PROCESSES /* the byte of who tries a thing that does not answer */
#define COUNT_MS 2000	    /* how long a count of the processes is good */
#define LOOK_NS 5000000L    /* between two looks for a free place */

struct slots {
	char *folder;
	int processes; /* a file with one locked byte a process */
	int64_t n, counted_ms;
};

static bool lock_byte(int file, off_t at)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };

	return fcntl(file, F_OFD_SETLK, &l) == 0;
}

static bool is_locked(int file, off_t at)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = 1 };

	return fcntl(file, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

static int open_file(const struct slots *s, const char *name, int flags)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", s->folder, name) >= (int)sizeof(path))
		return -1;
	return open(path, O_RDWR | O_CLOEXEC | flags, 0660);
}

enum status slots_open(struct cx *cx, const char *folder, struct slots **out)
{
	struct slots *s;

	*out = NULL;
	if (!folder)
		return OK;
	if (mkdir(folder, 0770) && errno != EEXIST)
		return fail(cx, INVALID, "%s: %s", folder, strerror(errno));
	s = calloc(1, sizeof(*s));
	if (!s || !(s->folder = strdup(folder)))
		abort();
	s->processes = open_file(s, "processes", O_CREAT);
	if (s->processes < 0) {
		int error = errno;

		slots_close(s);
		return fail(cx, INVALID, "%s/processes: %s", folder, strerror(error));
	}
	for (off_t i = 0; i < MAX_PROCESSES && !lock_byte(s->processes, i);)
		i++;
	*out = s;
	return OK;
}

void slots_close(struct slots *s)
{
	if (!s)
		return;
	if (s->processes >= 0)
		close(s->processes);
	free(s->folder);
	free(s);
}

/* A third of the processes. */
static off_t places(struct slots *s)
{
	int64_t now = cx_monotonic_ms();

	if (!s->n || now - s->counted_ms > COUNT_MS) {
		s->n = 1; /* this one: its own lock does not show */
		for (off_t i = 0; i < MAX_PROCESSES; i++)
			s->n += is_locked(s->processes, i);
		s->counted_ms = now;
	}
	return s->n < 6 ? 1 : (off_t)s->n / 3;
}

/* A thing's file.  Times are of CLOCK_MONOTONIC: of another boot they may lie ahead. */
struct known {
	int64_t failures;
	int64_t asked_ms;    /* the first of those who wait now began then */
	int64_t answered_ms; /* the last time that somebody was answered quickly */
};

static struct known known_of(const struct slot *slot)
{
	struct known k = { 0 };

	/* shorter where the last was never noted */
	return pread(slot->file, &k, sizeof(k), 0) < 0 ? (struct known){ 0 } : k;
}

/* What is not noted is noted by the next. */
static void note(const struct slot *slot, size_t at, int64_t value)
{
	if (pwrite(slot->file, &value, sizeof(value), (off_t)at) != (ssize_t)sizeof(value))
		(void)ftruncate(slot->file, 0);
}

/* Opens the thing's file, if there is one (or O_CREAT is among the flags). */
static bool open_thing(struct slots *s, const char *thing, int flags, struct slot *out)
{
	unsigned char hash[SHA256_BYTES];

	*out = (struct slot){ .slots = s, .file = -1, .since_ms = cx_monotonic_ms() };
	if (!s)
		return false;
	sha256(thing, strlen(thing), hash);
	for (size_t i = 0; i < sizeof(out->name) / 2; i++)
		snprintf(out->name + 2 * i, 3, "%02x", hash[i]);
	out->file = open_file(s, out->name, flags);
	return out->file >= 0;
}

static bool any_locked(const struct slot *slot, off_t n)
{
	for (off_t i = 0; i < n; i++)
		if (is_locked(slot->file, i))
			return true;
	return false;
}

static bool take_place(struct slot *slot, off_t n)
{
	for (off_t i = 0; i < n && !slot->holds; i++)
		slot->holds = lock_byte(slot->file, i);
	return slot->holds;
}

bool slot_enter(struct slots *s, const char *thing, struct slot *out)
{
	off_t n;

	if (!open_thing(s, thing, 0, out))
		return true; /* it never was slow */
	if (known_of(out).failures >= SLOT_FAILURES)
		return out->holds = lock_byte(out->file, PROBE);
	n = places(s);
	for (off_t i = 0; i < n; i++)
		if (!is_locked(out->file, i))
			return true;
	return false;
}

static bool within(int64_t then_ms, int64_t now_ms, int64_t span_ms)
{
	return then_ms && then_ms <= now_ms && now_ms - then_ms < span_ms;
}

bool slot_take(struct cx *cx, struct slots *s, const char *thing, struct slot *out)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	off_t n;

	if (!open_thing(s, thing, O_CREAT, out))
		return true;
	if (known_of(out).failures >= SLOT_FAILURES)
		return out->holds = lock_byte(out->file, PROBE);
	n = places(s);
	/* before it is taken: who finds it taken must not read an older time */
	if (!any_locked(out, n))
		note(out, offsetof(struct known, asked_ms), cx_monotonic_ms());
	while (!take_place(out, n)) {
		struct known k = known_of(out);
		int64_t now_ms = cx_monotonic_ms();

		if (within(k.answered_ms, now_ms, SLOT_WELL_MS))
			return true;
		if (k.failures || !within(k.asked_ms, now_ms, SLOT_PATIENCE_MS) ||
		    cx_left_ms(cx) <= 0)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

bool slot_hold(struct slot *slot)
{
	if (!slot->slots || slot->holds)
		return true;
	if (slot->file < 0)
		slot->file = open_file(slot->slots, slot->name, O_CREAT);
	return slot->file < 0 || take_place(slot, places(slot->slots));
}

void slot_leave(struct slot *slot, enum slot_end end)
{
	int64_t now_ms = cx_monotonic_ms(), n;

	if (slot->file < 0)
		return;
	n = known_of(slot).failures;
	if (end == SLOT_FAILED ? n < SLOT_FAILURES : end == SLOT_ANSWERED && n)
		note(slot, offsetof(struct known, failures), end == SLOT_FAILED ? n + 1 : 0);
	if (end == SLOT_ANSWERED && now_ms - slot->since_ms < SLOT_QUICK_MS)
		note(slot, offsetof(struct known, answered_ms), now_ms);
	close(slot->file);
	slot->file = -1;
}
