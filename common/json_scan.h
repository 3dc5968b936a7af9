/* SPDX-License-Identifier: Apache-2.0 */
/* json_scan.h - RFC 8259 to the letter: what json-c's parser lets through or changes is refused. */
#ifndef COMMON_JSON_SCAN_H
#define COMMON_JSON_SCAN_H

#include "common/cx.h"

/*
 * INVALID, naming the byte, unless the n bytes are one JSON value in UTF-8 that
 * json-c keeps as it is: no integer beyond 64 bits, no -0, no NUL in a key, no
 * half of a surrogate pair, arrays and objects at most max_depth deep.
 * *members: how many members all its objects have, those of the same name
 * counted each.
 */
MUST_USE enum status json_scan(struct cx *cx, const char *bytes, size_t n, int max_depth,
			       size_t *members);

#endif
