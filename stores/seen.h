/* SPDX-License-Identifier: Apache-2.0 */
/* seen.h - which texts were met before, in 16 bytes each: for checks over millions of rows. */
#ifndef STORES_SEEN_H
#define STORES_SEEN_H

#include "common/cx.h"

/* By the first half of the text's SHA-256: nobody can make two texts meet. */
struct seen;

struct seen *seen_open(struct cx *cx) __attribute__((returns_nonnull));

/* True where it was not there before. */
bool seen_add(struct seen *s, const char *text);
bool seen_has(const struct seen *s, const char *text);

/* Forgets all. */
void seen_clear(struct seen *s);

#endif
