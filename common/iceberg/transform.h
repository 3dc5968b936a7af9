/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transform.h - partition transforms applied to values.
 * Source: iceberg.apache.org/spec, "Partition Transforms" and appendix B "32-bit Hash Requirements".
 */
#ifndef COMMON_ICEBERG_TRANSFORM_H
#define COMMON_ICEBERG_TRANSFORM_H

#include "common/iceberg/literal.h"

/* What it makes of values of `source`; false where it does not take them. */
bool transform_result(const struct transform *f, const struct type *source, struct type *out);

/* f(v), without allocating: text and bytes are a part of v's.  Null gives null; unknown, and
 * what an unknown transform is given, unknown.  v is of type `source`, which f takes. */
struct literal transform_apply(const struct transform *f, const struct type *source,
			       const struct literal *v);

/* a <= b means f(a) <= f(b). */
bool transform_keeps_order(const struct transform *f);

/* Bytes of the first n code points of len bytes of UTF-8 at s; len where there are fewer. */
size_t utf8_prefix(const char *s, size_t len, size_t n);
/* How many code points it has. */
size_t utf8_count(const char *s, size_t len);

/* 32-bit Murmur3, x86, seed 0. */
uint32_t murmur3(const void *bytes, size_t n);

#endif
