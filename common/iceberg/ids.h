/* SPDX-License-Identifier: Apache-2.0 */
/* ids.h - a map from 64-bit ids to pointers, for metadata of many snapshots. */
#ifndef COMMON_ICEBERG_IDS_H
#define COMMON_ICEBERG_IDS_H

#include "common/cx.h"

struct id_slot {
	int64_t id;
	void *value; /* NULL: removed */
	bool used;
};

/* `struct ids m = { .cx = cx };` is an empty one. */
struct ids {
	struct cx *cx;
	struct id_slot *slots;
	size_t cap, used;
};

/* Sets (value not NULL) or removes (NULL). */
void ids_set(struct ids *m, int64_t id, void *value);
/* NULL where it is not there. */
void *ids_get(const struct ids *m, int64_t id);

#endif
