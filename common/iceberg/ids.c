/* SPDX-License-Identifier: Apache-2.0 */
/* ids.c - open addressing, at most half full. */
#include "common/iceberg/ids.h"

static struct id_slot *find(const struct ids *m, int64_t id)
{
	uint64_t h = (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(h >> 32) & (m->cap - 1);

	while (m->slots[at].used && m->slots[at].id != id)
		at = (at + 1) & (m->cap - 1);
	return &m->slots[at];
}

static void grow(struct ids *m)
{
	struct ids bigger = { .cx = m->cx, .cap = m->cap ? 2 * m->cap : 64, .used = m->used };

	bigger.slots = cx_array(m->cx, bigger.cap, sizeof(*bigger.slots));
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].used)
			*find(&bigger, m->slots[i].id) = m->slots[i];
	*m = bigger;
}

void ids_set(struct ids *m, int64_t id, void *value)
{
	struct id_slot *slot;

	if (2 * m->used >= m->cap)
		grow(m);
	slot = find(m, id);
	m->used += !slot->used;
	*slot = (struct id_slot){ .id = id, .value = value, .used = true };
}

void *ids_get(const struct ids *m, int64_t id)
{
	return m->cap ? find(m, id)->value : NULL;
}
