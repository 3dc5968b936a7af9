/* SPDX-License-Identifier: Apache-2.0 */
/* known.h - principals that this process verified, by the SHA-256 of their credential. */
#ifndef FCGI_KNOWN_H
#define FCGI_KNOWN_H

#include "common/access.h"

/* Of a fixed size: who comes later takes the place of who came before. */
struct known;

struct known *known_open(void);
void known_close(struct known *k);

/* NULL: not known, or its time is over.  A copy in the context's memory; its grants and
 * roles are the table's own, and good until the next known_keep. */
const struct principal *known_find(struct cx *cx, const struct known *k, const char *credential);

/* Keeps a copy; one with a name too long for a place is not kept. */
void known_keep(struct known *k, const char *credential, const struct principal *who);

void known_forget(struct known *k);

#endif
