/* SPDX-License-Identifier: Apache-2.0 */
/* gzip.h - whole texts to gzip and back, and raw deflate.  Source: RFC 1951, RFC 1952. */
#ifndef COMMON_GZIP_H
#define COMMON_GZIP_H

#include "common/cx.h"

/* True where the bytes begin as gzip does. */
bool gzip_is(const char *bytes, size_t n);

/* Never fails; the same text gives the same bytes. */
void gzip_pack(struct cx *cx, const char *bytes, size_t n, const char **out, size_t *out_n);

/*
 * Unpacks all gzip members; raw deflate is RFC 1951 without a header, and what
 * stands behind its end does not count (PyIceberg leaves three bytes of a
 * checksum there).  A NUL follows the result.  INVALID: broken or cut;
 * TOO_LARGE: more than max bytes; no more than that is ever allocated at a time.
 */
MUST_USE enum status gzip_unpack(struct cx *cx, const char *bytes, size_t n, size_t max,
				 const char **out, size_t *out_n);
MUST_USE enum status deflate_unpack(struct cx *cx, const char *bytes, size_t n, size_t max,
				    const char **out, size_t *out_n);

#endif
