/* SPDX-License-Identifier: Apache-2.0 */
/* seal.h - AES-256-GCM for secrets at rest; the key's id is in the text, so keys can rotate. */
#ifndef COMMON_SEAL_H
#define COMMON_SEAL_H

#include "common/cx.h"

/*
 * A key ring's file: one key a line, "<id> <64 hex digits>", the id of 1 to 32
 * letters, digits, '-' or '_'; empty lines and lines from '#' on are skipped.
 * The LAST key seals, all of them open: rotation appends a line.
 *
 * A sealed text is "enc:v1:<id>:" + base64(nonce 12 ‖ ciphertext ‖ tag 16).
 * Where the file was changed since, it is read again: before a text is sealed, and
 * where one was sealed with a key that is not known yet.  A file that does not read
 * then leaves the ring as it was.
 *
 * `place` says where the text is kept (SP 800-38D's additional data): a text
 * that was moved to another place does not open.
 */
struct seal;

/* Reads a key ring; a path "$NAME" is the environment's variable of that name, with ',' for the
 * ends of lines.  UNAVAILABLE: no such file, not readable.  INVALID: its mode
 * allows more than 0640, a line does not read, it holds no key. */
MUST_USE enum status seal_open(struct cx *cx, const char *path, struct seal **out);
/* Wipes the keys; NULL is fine. */
void seal_close(struct seal *seal);

/* Appends a fresh key to the ring, making the file with mode 0640. */
MUST_USE enum status seal_add_key(struct cx *cx, const char *path);

char *seal_text(struct cx *cx, struct seal *seal, const char *place, const char *plain);

/* 64 hex digits that only who holds the ring's last key can work out of the text: for
 * names that tell nothing.  `use` keeps those of one purpose from another's. */
char *seal_mac(struct cx *cx, struct seal *seal, const char *use, const char *text);

/* True for what seal_text gives, whatever its key. */
bool seal_is_sealed(const char *text);

/* INTERNAL: not a sealed text, a key that is not in the ring, or changed or
 * moved since it was sealed. */
MUST_USE enum status seal_open_text(struct cx *cx, struct seal *seal, const char *place,
				    const char *sealed, char **plain);

#endif
