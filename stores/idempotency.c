/* SPDX-License-Identifier: Apache-2.0 */
/* idempotency.c - what a replay has to know, kept with the key. */
#include "stores/idempotency.h"

void idempotency_answer(struct store *st, const char *json)
{
	struct row *row = st->rider ? st->rider->change.row : NULL;

	if (row && row->kind == &kind_idempotency_key)
		((struct idempotency_key *)row)->answer = json;
}
