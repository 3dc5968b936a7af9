/* SPDX-License-Identifier: Apache-2.0 */
/* cx.h - the context of one request: an arena, one message, one deadline. */
#ifndef COMMON_CX_H
#define COMMON_CX_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/banned.h"

/*
 * How a call ended.  Only fcgi/answer.c knows the HTTP numbers.  Code branches
 * on the status alone; cx->message is for people and never holds a secret.
 */
enum status {
	OK = 0,
	INVALID,	 /* the caller's input is wrong: 400 */
	UNAUTHENTICATED, /* no valid credential: 401 */
	DENIED,		 /* some right, but not this one: 403 */
	NOT_FOUND,	 /* 404 */
	EXISTS,		 /* a row with this key is there already: 409 */
	CONFLICT,	 /* a version or a requirement did not hold: 409 */
	UNSUPPORTED,	 /* understood, and not something this server does: 406 */
	TOO_LARGE,	 /* 413 */
	LIMITED,	 /* 429; only before a request's first write */
	UNAVAILABLE,	 /* a service we need is down, nothing was written: 503 */
	UNKNOWN,	 /* COMMIT was sent and no answer came: 500, nothing deleted */
	INTERNAL,	 /* our mistake, or a broken row: 500 */
};

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct cx_block;
struct cx_owned;

/*
 * Everything a request allocates hangs on its context and goes with
 * cx_reset(): no caller frees a result.  Running out of memory aborts (the
 * supervisor starts another process), so no allocation is ever checked.
 */
struct cx {
	char message[512];	 /* why the last call failed; one line */
	int64_t deadline_ms;	 /* CLOCK_MONOTONIC; 0 = none.  Every wait gets the rest */
	struct cx_block *blocks; /* private */
	struct cx_owned *owned;	 /* private */
};

/* A context is ready when zeroed: `struct cx cx = {0};`.  No deadline then. */

/* Frees all memory, runs all release functions (newest first), clears message
 * and deadline.  Keeps one block, so a served process stops growing. */
void cx_reset(struct cx *cx);

/* As cx_reset, keeping nothing: for a context that ends. */
void cx_free(struct cx *cx);

/* `size` zeroed bytes, aligned for any type; lives until cx_reset. */
void *cx_alloc(struct cx *cx, size_t size) __attribute__((returns_nonnull));

/* Room for n items of `size` zeroed bytes each; aborts where n * size overflows. */
void *cx_array(struct cx *cx, size_t n, size_t size) __attribute__((returns_nonnull));

#define CX_NEW(cx, type) ((type *)cx_alloc((cx), sizeof(type)))

/* Copies; NULL stays NULL. */
char *cx_strdup(struct cx *cx, const char *s);
char *cx_strndup(struct cx *cx, const char *s, size_t n);

/* printf into the arena. */
char *cx_printf(struct cx *cx, const char *fmt, ...) PRINTF_LIKE(2, 3)
	__attribute__((returns_nonnull));

/* Calls release(thing) at cx_reset: for what a library allocated. */
void cx_own(struct cx *cx, void *thing, void (*release)(void *));

/* Sets the message (cut at its size, control bytes shown as '?') and RETURNS s:
 * `return fail(cx, NOT_FOUND, "no table \"%s\"", name);` */
enum status fail(struct cx *cx, enum status s, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Milliseconds left until the deadline: never negative, INT64_MAX where there
 * is none. */
int64_t cx_left_ms(const struct cx *cx);

/* CLOCK_MONOTONIC in ms: for deadlines. */
int64_t cx_monotonic_ms(void);

/* CLOCK_REALTIME in ms since 1970: for what is stored and shown. */
int64_t cx_now_ms(void);

#endif
