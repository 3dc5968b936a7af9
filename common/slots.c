/* SPDX-License-Identifier: Apache-2.0 */
/* slots.c - places to wait in, as locked bytes of a file a thing. */
#include "common/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/hmac.h"
#include "common/text.h"

#define MAX_PROCESSES 256
#define PROBE MAX_PROCESSES /* the byte of who tries a thing that does not answer */
#define COUNT_MS 2000	    /* how long a count of the processes is good */

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

/* A third of the processes; looked at only when something is slow. */
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

static uint32_t failures(const struct slot *slot)
{
	uint32_t n = 0;

	return pread(slot->file, &n, sizeof(n), 0) == (ssize_t)sizeof(n) ? n : 0;
}

bool slot_enter(struct slots *s, const char *thing, struct slot *out)
{
	unsigned char hash[SHA256_BYTES];
	off_t n;

	*out = (struct slot){ .slots = s, .file = -1 };
	if (!s)
		return true;
	sha256(thing, strlen(thing), hash);
	for (size_t i = 0; i < sizeof(out->name) / 2; i++)
		snprintf(out->name + 2 * i, 3, "%02x", hash[i]);
	out->file = open_file(s, out->name, 0);
	if (out->file < 0)
		return true; /* it never was slow */
	if (failures(out) >= SLOT_FAILURES)
		return out->holds = lock_byte(out->file, PROBE);
	n = places(s);
	for (off_t i = 0; i < n; i++)
		if (!is_locked(out->file, i))
			return true;
	return false;
}

bool slot_hold(struct slot *slot)
{
	off_t n;

	if (!slot->slots || slot->holds)
		return true;
	if (slot->file < 0)
		slot->file = open_file(slot->slots, slot->name, O_CREAT);
	if (slot->file < 0)
		return true;
	n = places(slot->slots);
	for (off_t i = 0; i < n && !slot->holds; i++)
		slot->holds = lock_byte(slot->file, i);
	return slot->holds;
}

void slot_leave(struct slot *slot, enum slot_end end)
{
	uint32_t n;

	if (slot->file < 0)
		return;
	n = failures(slot);
	if (end == SLOT_FAILED ? n < SLOT_FAILURES : end == SLOT_ANSWERED && n) {
		n = end == SLOT_FAILED ? n + 1 : 0;
		/* what is not noted is noted by the next */
		if (pwrite(slot->file, &n, sizeof(n), 0) != (ssize_t)sizeof(n))
			slot->holds = false;
	}
	close(slot->file);
	slot->file = -1;
}
