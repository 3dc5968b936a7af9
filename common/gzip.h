/* SPDX-License-Identifier: Apache-2.0 */
/* gzip.h - whole texts to gzip and back.  Source: RFC 1952. */
#ifndef COMMON_GZIP_H
#define COMMON_GZIP_H

#include "common/cx.h"

/* True where the bytes begin as a gzip file does. */
bool gzip_is(const char *bytes, size_t n);

/* Never fails; the same text gives the same bytes. */
void gzip_pack(struct cx *cx, const char *bytes, size_t n, const char **out, size_t *out_n);

/* (*out)[*out_n] is NUL.  INVALID: not gzip, or torn; TOO_LARGE: more than `max`
 * bytes of text, of which no more than that is ever unpacked. */
MUST_USE enum status gzip_unpack(struct cx *cx, const char *bytes, size_t n, size_t max,
				 const char **out, size_t *out_n);

#endif
