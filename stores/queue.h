/* SPDX-License-Identifier: Apache-2.0 */
/* queue.h - lets the writers of one file in one by one, in fair turns and with a deadline. */
#ifndef STORES_QUEUE_H
#define STORES_QUEUE_H

#include "common/cx.h"

/*
 * Two locks (flock) on files beside the database.  A writer takes QUEUE, then
 * WRITER, gives QUEUE back, writes, and gives WRITER back: who has just
 * written stands behind the one who waits.  The kernel frees a dead process's
 * locks.
 */
struct queue;

/* Opens, or makes with mode 0660, `path`-queue and `path`-writer. */
MUST_USE enum status queue_open(struct cx *cx, const char *path, struct queue **out);
void queue_close(struct queue *q);

/* Waits for its turn; UNAVAILABLE past the deadline. */
MUST_USE enum status queue_enter(struct cx *cx, struct queue *q);
void queue_leave(struct queue *q);

#endif
