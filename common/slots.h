/* SPDX-License-Identifier: Apache-2.0 */
/* slots.h - of the processes that share a folder, how many may wait for one slow thing. */
#ifndef COMMON_SLOTS_H
#define COMMON_SLOTS_H

#include "common/cx.h"

/*
 * One thing that does not answer must not hold every process.  It has places, a third of
 * the processes (at least one).  Two ways to them:
 *
 * slot_take, for what is expected to answer (an endpoint): a wait begins with a place, and
 * beyond them only while the thing is known to answer.  Where it never did yet, as at its
 * first requests, who finds all places taken waits for a sign of life until they have
 * been waited in for SLOT_PATIENCE_MS, and nobody after that.
 *
 * slot_enter, for what nearly always costs no wait (a table's commits): nothing at first;
 * who has waited long asks for a place (slot_hold) and gives up where all are taken.  While
 * they are, nobody begins to wait.
 *
 * A thing that let SLOT_FAILURES of them wait in vain is tried by one process at a time until
 * it answers.  Locks of open files (fcntl's OFD ones): a process that dies holds none.
 */
struct slots;

#define SLOT_FAILURES 3
#define SLOT_QUICK_MS 1000    /* an answer within this is a sign of life ... */
#define SLOT_WELL_MS 1000     /* ... for so long */
#define SLOT_PATIENCE_MS 1000 /* how long others wait for one */

/* This process's part in the folder, which is made; NULL = no limit, and *out is NULL.
 * INVALID: it can't be used. */
MUST_USE enum status slots_open(struct cx *cx, const char *folder, struct slots **out);
void slots_close(struct slots *s);

/* One wait. */
struct slot {
	struct slots *slots; /* NULL = no limit */
	char name[33];
	int file;   /* -1 = none open */
	bool holds; /* one of the places */
	int64_t since_ms;
};

/* False: others wait for it already, don't begin.  Afterwards slot_leave in either case. */
bool slot_enter(struct slots *s, const char *thing, struct slot *out);
bool slot_take(struct cx *cx, struct slots *s, const char *thing, struct slot *out);

/* It takes long.  False: it has no place and gets none, give up. */
bool slot_hold(struct slot *slot);

enum slot_end {
	SLOT_ANSWERED, /* it is well again, if it was not */
	SLOT_FAILED,   /* it was waited for in vain */
	SLOT_UNKNOWN,
};
void slot_leave(struct slot *slot, enum slot_end end);

#endif
