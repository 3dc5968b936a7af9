/* SPDX-License-Identifier: Apache-2.0 */
/*
 * literal.h - single values of Iceberg's primitive types: read, compared, written.
 * Source: iceberg.apache.org/spec, appendix D "Single-value serialization"; comparison as
 * the expressions spec (format/expressions-spec.md) has it.
 */
#ifndef COMMON_ICEBERG_LITERAL_H
#define COMMON_ICEBERG_LITERAL_H

#include "common/iceberg/types.h"

enum literal_state {
	LITERAL_UNKNOWN, /* could not be read: it may be anything */
	LITERAL_NULL,
	LITERAL_VALUE,
};

/* A zeroed one is unknown.  Text and bytes belong to whom they were read from. */
struct literal {
	enum literal_state state;
	enum type_id type;
	int scale; /* decimal's */
	union {
		int64_t n; /* boolean, int, long; date: days; time, timestamps: µs; _ns: ns */
		double d;  /* float, double */
		__int128 unscaled; /* decimal */
		struct {
			const char *s; /* string: UTF-8; uuid: 16 bytes; fixed, binary */
			size_t len;
		};
	};
};

/* How a value of JSON stands to the type it was read for. */
enum literal_fit {
	FIT_EXACT,
	FIT_BETWEEN, /* out is the next value below it: 1.005 for a decimal(9, 2) gives 1.00 */
	FIT_ABOVE,   /* above all values of the type; out is not set */
	FIT_BELOW,
};

#define LITERAL_NULL_VALUE ((struct literal){ .state = LITERAL_NULL })

/* The binary form of bounds and partition summaries, of Avro's string, bytes and fixed too.  A
 * bound of a type that was promoted since is converted.  Unknown where it is no such value. */
struct literal literal_from_bytes(const struct type *t, const char *s, size_t len);
/* Avro's boolean, int and long, float and double.  Unknown where t is no such type. */
struct literal literal_from_int(const struct type *t, int64_t n);
struct literal literal_from_double(const struct type *t, double d);

/*
 * A JSON value, as the spec's JSON form and Iceberg's clients write it: numbers for decimals, dates
 * (days), times and timestamps (µs) too; texts for numbers and booleans; any offset of UTC.
 * INVALID, with `where` first, for another type's value, null and NaN.
 */
MUST_USE enum status literal_from_json(struct cx *cx, const struct type *t, const char *where,
				       struct json_object *v, struct literal *out,
				       enum literal_fit *fit);

/* The spec's JSON form; NULL for null and unknown.  Floats that are no numbers are texts. */
struct json_object *literal_json(struct cx *cx, const struct literal *v);

/* Both values, of one type: < 0, 0, > 0.  -0.0 equals 0.0; NaN comes last, equal to itself. */
int literal_compare(const struct literal *a, const struct literal *b);
bool literal_is_nan(const struct literal *v);

#endif
