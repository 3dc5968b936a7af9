/* SPDX-License-Identifier: Apache-2.0 */
/* idempotency.h - Idempotency-Keys: rows that ride in the list of what they name. */
#ifndef STORES_IDEMPOTENCY_H
#define STORES_IDEMPOTENCY_H

#include "stores/store.h"

/*
 * For a typed operation, before it applies its list: what a replay of the request
 * has to know and no row will tell later (JSON text; never a secret).  Does nothing
 * where the request has no key.
 */
void idempotency_answer(struct store *st, const char *json);

#endif
