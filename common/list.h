/* SPDX-License-Identifier: Apache-2.0 */
/* list.h - an array that grows in an arena. */
#ifndef COMMON_LIST_H
#define COMMON_LIST_H

#include "common/cx.h"

/* { .cx = cx, .size = sizeof(struct item) } is an empty one. */
struct list {
	struct cx *cx;
	void *items; /* moves when it grows; NULL while it is empty */
	size_t n, cap, size;
};

/* Room for one item more at the end, zeroed. */
void *list_add(struct list *l) __attribute__((returns_nonnull));

#endif
