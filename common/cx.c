/* SPDX-License-Identifier: Apache-2.0 */
/* cx.c - arena, message and deadline of one request. */
#include "common/cx.h"

#include <malloc.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* 0 (--enable-sanitizers) gives every allocation a block of its own, so that
 * AddressSanitizer sees where one ends. */
#ifndef CX_BLOCK_BYTES
#define CX_BLOCK_BYTES 65536
#endif
#define BLOCK_BYTES ((size_t)CX_BLOCK_BYTES)

struct cx_block {
	struct cx_block *next;
	size_t used, size;
	alignas(max_align_t) char bytes[];
};

struct cx_owned {
	struct cx_owned *next;
	void *thing;
	void (*release)(void *);
};

/* A large block goes behind the newest: what that has left is still used. */
static struct cx_block *block_new(struct cx *cx, size_t size)
{
	struct cx_block **at = size > BLOCK_BYTES && cx->blocks ? &cx->blocks->next : &cx->blocks;
	struct cx_block *b;

	b = malloc(sizeof(*b) + size);
	if (!b)
		abort();
	b->used = 0;
	b->size = size;
	b->next = *at;
	*at = b;
	return b;
}

void *cx_alloc(struct cx *cx, size_t size)
{
	size_t step = alignof(max_align_t);
	struct cx_block *b = cx->blocks;
	size_t need;
	void *p;

	if (size > SIZE_MAX / 4)
		abort();
	need = (size + step - 1) / step * step;
	if (need > BLOCK_BYTES) {
		need = size;
		b = block_new(cx, size);
	} else if (!b || b->size - b->used < need) {
		b = block_new(cx, BLOCK_BYTES);
	}
	p = b->bytes + b->used;
	b->used += need;
	return memset(p, 0, need);
}

void *cx_array(struct cx *cx, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / 4 / size)
		abort();
	return cx_alloc(cx, n * size);
}

char *cx_strndup(struct cx *cx, const char *s, size_t n)
{
	char *copy;

	if (!s)
		return NULL;
	copy = cx_alloc(cx, n + 1);
	memcpy(copy, s, n);
	return copy;
}

char *cx_strdup(struct cx *cx, const char *s)
{
	return s ? cx_strndup(cx, s, strlen(s)) : NULL;
}

char *cx_printf(struct cx *cx, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	s = cx_alloc(cx, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void cx_own(struct cx *cx, void *thing, void (*release)(void *))
{
	struct cx_owned *o = CX_NEW(cx, struct cx_owned);

	o->thing = thing;
	o->release = release;
	o->next = cx->owned;
	cx->owned = o;
}

/* Cuts a UTF-8 sequence that lost its end to the buffer's size. */
static void trim_utf8(char *s)
{
	size_t n = strlen(s), lead = n;
	size_t want;

	while (lead && ((unsigned char)s[lead - 1] & 0xc0) == 0x80)
		lead--;
	if (!lead || (unsigned char)s[lead - 1] < 0xc0)
		return;
	lead--;
	want = (unsigned char)s[lead] >= 0xf0 ? 4 : (unsigned char)s[lead] >= 0xe0 ? 3 : 2;
	if (n - lead < want)
		s[lead] = '\0';
}

enum status fail(struct cx *cx, enum status s, const char *fmt, ...)
{
	char text[sizeof(cx->message)]; /* fmt's arguments may hold the old message */
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	trim_utf8(text);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	memcpy(cx->message, text, sizeof(text));
	return s;
}

static void release_all(struct cx *cx)
{
	while (cx->owned) {
		struct cx_owned *o = cx->owned;

		cx->owned = o->next;
		o->release(o->thing);
	}
}

static void free_blocks(struct cx_block *b)
{
	while (b) {
		struct cx_block *next = b->next;

		free(b);
		b = next;
	}
}

/* A request of more than that is rare, and a process would keep its memory for ever. */
#define TRIM_BYTES ((size_t)2 << 20)

void cx_reset(struct cx *cx)
{
	struct cx_block *keep = NULL;
	size_t freed = 0;

	release_all(cx);
	while (cx->blocks) {
		struct cx_block *b = cx->blocks;

		cx->blocks = b->next;
		b->next = NULL;
		if (!keep && b->size == BLOCK_BYTES)
			keep = b;
		else {
			freed += b->size;
			free(b);
		}
	}
	if (keep)
		keep->used = 0;
	if (freed > TRIM_BYTES)
		malloc_trim(0);
	*cx = (struct cx){ .blocks = keep };
}

void cx_free(struct cx *cx)
{
	release_all(cx);
	free_blocks(cx->blocks);
	*cx = (struct cx){ 0 };
}

static int64_t clock_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t cx_monotonic_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

int64_t cx_now_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t cx_left_ms(const struct cx *cx)
{
	int64_t left;

	if (!cx->deadline_ms)
		return INT64_MAX;
	left = cx->deadline_ms - cx_monotonic_ms();
	return left > 0 ? left : 0;
}
