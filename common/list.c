/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - an array that grows in an arena. */
#include "common/list.h"

#include <string.h>

#define FIRST 16

void *list_add(struct list *l)
{
	if (l->n == l->cap) {
		void *more;

		l->cap = l->cap ? 2 * l->cap : FIRST;
		more = cx_array(l->cx, l->cap, l->size);
		if (l->n)
			memcpy(more, l->items, l->n * l->size);
		l->items = more;
	}
	return (char *)l->items + l->n++ * l->size;
}
