/* SPDX-License-Identifier: Apache-2.0 */
/* location.h - the one normaliser of object locations, and its rules. */
#ifndef COMMON_LOCATION_H
#define COMMON_LOCATION_H

#include "common/cx.h"

/* A location taken apart and normalised; text in the context's memory. */
struct location {
	const char *scheme; /* "file", "s3", "abfss", "gs": aliases (s3a, s3n, wasbs ...) mapped */
	const char *authority; /* bucket, container@account; "" for file; host part in lower case */
	const char *path; /* "/a/b": no slash at the end, "" for the root; NOT percent-decoded */
	const char
		*text; /* the whole again, with the scheme as it was given, no slash at the end */
};

/*
 * Takes a URI or (file only) an absolute path.  INVALID, naming the rule: no or
 * unknown scheme, "." or ".." segments (also as %2e), empty segments within
 * the path, control bytes, a backslash (a slash to SeaweedFS), a query or fragment, more
 * than 1,024 bytes.
 */
MUST_USE enum status location_parse(struct cx *cx, const char *text, struct location *out);

/* True where `inner` is `outer` or lies in that folder ("/a" does not hold "/ab"). */
bool location_within(const struct location *inner, const struct location *outer);

/* The one spelling of all that name the same object, for comparing: "s3a://b/x" gives "s3://b/x",
 * "/x" and "file:/x" give "file:///x".  What is no location is given back as it is. */
const char *location_key(struct cx *cx, const char *text);

/* `base` + "/" + name, one slash between. */
char *location_join(struct cx *cx, const char *base, const char *name);

#endif
