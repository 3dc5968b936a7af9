/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4.h - AWS Signature Version 4, as its specification's steps.
 * Source: docs.aws.amazon.com, IAM user guide, "Create a signed AWS API request". */
#ifndef VENDING_SIGV4_H
#define VENDING_SIGV4_H

#include "common/cx.h"
#include "vending/pair.h"

#define SIGV4_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SIGV4_UNSIGNED "UNSIGNED-PAYLOAD"

/*
 * What is signed and who signs it.  Nothing is encoded yet: the path starts
 * with '/' and is encoded once, as S3 wants it; it is never normalised.  Other
 * services (STS) are called at "/".
 */
struct sigv4 {
	const char *method, *path;
	const struct pair *query; /* in any order */
	size_t n_query;
	const struct pair *headers; /* those to sign, Host and x-amz-date among them */
	size_t n_headers;
	const char *payload; /* hex SHA-256 of the body, SIGV4_EMPTY or SIGV4_UNSIGNED */
	const char *region, *service;
	const char *access_key_id, *secret_access_key;
	int64_t now_ms;
};

/* "20150830T123600Z": x-amz-date. */
const char *sigv4_time(struct cx *cx, int64_t ms);

/* The path and the query as they are signed, which is how they must be sent. */
const char *sigv4_path(struct cx *cx, const char *path);
const char *sigv4_query(struct cx *cx, const struct pair *query, size_t n);

/* The steps. */
const char *sigv4_canonical_request(struct cx *cx, const struct sigv4 *r);
const char *sigv4_string_to_sign(struct cx *cx, const struct sigv4 *r, const char *canonical);
const char *sigv4_signature(struct cx *cx, const struct sigv4 *r, const char *string_to_sign);

/* All of them: the value of the Authorization header. */
const char *sigv4_authorization(struct cx *cx, const struct sigv4 *r);

/* The query string of a presigned URL, r->query and the signature in it.
 * r->headers: usually just Host.  token may be NULL. */
const char *sigv4_presign(struct cx *cx, const struct sigv4 *r, int64_t expires_s,
			  const char *token);

#endif
