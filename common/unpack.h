/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.h - blocks of snappy and zstandard back to plain bytes, as Avro files hold them. */
#ifndef COMMON_UNPACK_H
#define COMMON_UNPACK_H

#include "common/cx.h"

/*
 * INVALID: broken or cut; TOO_LARGE: more than max bytes.  What is allocated
 * follows from the bytes that are there, never from a length they claim.
 */

/* Avro's: raw snappy, and behind it the CRC-32 of the plain bytes, big-endian. */
MUST_USE enum status snappy_unpack(struct cx *cx, const char *bytes, size_t n, size_t max,
				   const char **out, size_t *out_n);

/* All frames (RFC 8878); no window larger than 32 MiB. */
MUST_USE enum status zstd_unpack(struct cx *cx, const char *bytes, size_t n, size_t max,
				 const char **out, size_t *out_n);

#endif
