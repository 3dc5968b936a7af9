/* SPDX-License-Identifier: Apache-2.0 */
/* seen.c - a hash table of digests, grown by doubling. */
#include "stores/seen.h"

#include "common/hmac.h"

#define FIRST 1024 /* places; a power of two */

struct digest {
	uint64_t a, b; /* 0, 0: an empty place */
};

struct seen {
	struct digest *places;
	size_t n, cap;
};

static void seen_free(void *arg)
{
	free(((struct seen *)arg)->places);
}

static struct digest *new_places(size_t n)
{
	struct digest *p = calloc(n, sizeof(*p));

	if (!p)
		abort();
	return p;
}

struct seen *seen_open(struct cx *cx)
{
	struct seen *s = CX_NEW(cx, struct seen);

	s->cap = FIRST;
	s->places = new_places(s->cap);
	cx_own(cx, s, seen_free);
	return s;
}

static struct digest digest_of(const char *text)
{
	unsigned char hash[SHA256_BYTES];
	struct digest d;

	sha256(text, strlen(text), hash);
	memcpy(&d, hash, sizeof(d));
	return d;
}

/* Its place, or the empty one where it belongs. */
static struct digest *place_of(const struct seen *s, const struct digest *d)
{
	size_t i = d->a & (s->cap - 1);

	while ((s->places[i].a || s->places[i].b) &&
	       (s->places[i].a != d->a || s->places[i].b != d->b))
		i = (i + 1) & (s->cap - 1);
	return &s->places[i];
}

static void grow(struct seen *s)
{
	struct seen bigger = { new_places(2 * s->cap), s->n, 2 * s->cap };

	for (size_t i = 0; i < s->cap; i++)
		if (s->places[i].a || s->places[i].b)
			*place_of(&bigger, &s->places[i]) = s->places[i];
	free(s->places);
	*s = bigger;
}

bool seen_has(const struct seen *s, const char *text)
{
	const struct digest d = digest_of(text), *p = place_of(s, &d);

	return p->a || p->b;
}

bool seen_add(struct seen *s, const char *text)
{
	struct digest d = digest_of(text), *p = place_of(s, &d);

	if (p->a || p->b)
		return false;
	*p = d;
	if (++s->n > s->cap / 2)
		grow(s);
	return true;
}

void seen_clear(struct seen *s)
{
	memset(s->places, 0, s->cap * sizeof(*s->places));
	s->n = 0;
}
