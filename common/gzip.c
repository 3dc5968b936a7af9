/* SPDX-License-Identifier: Apache-2.0 */
/* gzip.c - whole texts to gzip and back, by zlib. */
#include "common/gzip.h"

#include <limits.h>
#define ZLIB_CONST
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* zlib's number for gzip with the largest window */
#define RAW_WINDOW (-15)      /* and for raw deflate */

bool gzip_is(const char *bytes, size_t n)
{
	return n >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0;
}

/* zlib counts input and output in unsigned ints. */
static uInt step(size_t left)
{
	return left > UINT_MAX ? UINT_MAX : (uInt)left;
}

void gzip_pack(struct cx *cx, const char *bytes, size_t n, const char **out, size_t *out_n)
{
	z_stream z = { 0 };
	size_t cap;
	char *packed;
	int r;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	cap = deflateBound(&z, n);
	packed = cx_alloc(cx, cap);
	z.next_in = (const Bytef *)bytes;
	z.next_out = (Bytef *)packed;
	do {
		size_t used = (size_t)((const char *)z.next_in - bytes);

		z.avail_in = step(n - used);
		z.avail_out = step(cap - (size_t)((char *)z.next_out - packed));
		r = deflate(&z, used + z.avail_in == n ? Z_FINISH : Z_NO_FLUSH);
	} while (r == Z_OK || r == Z_BUF_ERROR);
	if (r != Z_STREAM_END)
		abort();
	*out = packed;
	*out_n = (size_t)((char *)z.next_out - packed);
	deflateEnd(&z);
}

/* One unpacking: the output doubles as it needs to. */
struct unpack {
	struct cx *cx;
	z_stream z;
	const char *in;
	size_t n, max, cap, len;
	char *out;
};

static enum status make_room(struct unpack *u)
{
	char *more;

	if (u->len < u->cap)
		return OK;
	if (u->len > u->max)
		return fail(u->cx, TOO_LARGE, "it unpacks to more than %zu bytes", u->max);
	u->cap = u->cap > u->max / 2 ? u->max + 1 : 2 * u->cap;
	more = cx_alloc(u->cx, u->cap + 1);
	memcpy(more, u->out, u->len);
	u->out = more;
	return OK;
}

static size_t left_in(const struct unpack *u)
{
	return u->n - (size_t)((const char *)u->z.next_in - u->in);
}

/* Until the stream ends; a full buffer is not the end where zlib has still to look. */
static enum status unpack_member(struct unpack *u)
{
	for (;;) {
		size_t room = u->cap - u->len;
		enum status s;
		int r;

		u->z.avail_in = step(left_in(u));
		u->z.next_out = (Bytef *)u->out + u->len;
		u->z.avail_out = step(room);
		r = inflate(&u->z, Z_NO_FLUSH);
		u->len = (size_t)((char *)u->z.next_out - u->out);
		if (r == Z_STREAM_END)
			return OK;
		if (r == Z_MEM_ERROR)
			abort();
		if (r != Z_OK && r != Z_BUF_ERROR)
			return fail(u->cx, INVALID, "compressed bytes are broken");
		if (u->len < u->cap && !left_in(u))
			return fail(u->cx, INVALID, "compressed bytes are cut short");
		s = make_room(u);
		if (s)
			return s;
	}
}

static enum status unpack_all(struct unpack *u, bool members)
{
	enum status s = unpack_member(u);

	while (!s && members && left_in(u)) {
		if (inflateReset(&u->z) != Z_OK)
			abort();
		s = unpack_member(u);
	}
	return s;
}

static enum status unpack(struct cx *cx, const char *bytes, size_t n, size_t max, int window,
			  const char **out, size_t *out_n)
{
	struct unpack u = { .cx = cx, .in = bytes, .n = n, .max = max };
	enum status s;

	u.cap = 4 * n + 256 < max ? 4 * n + 256 : max + 1; /* one more tells too much from all */
	u.out = cx_alloc(cx, u.cap + 1);
	u.z.next_in = (const Bytef *)bytes;
	if (inflateInit2(&u.z, window) != Z_OK)
		abort();
	s = unpack_all(&u, window == GZIP_WINDOW);
	inflateEnd(&u.z);
	if (!s && u.len > max)
		return fail(cx, TOO_LARGE, "it unpacks to more than %zu bytes", max);
	if (s)
		return s;
	u.out[u.len] = '\0';
	*out = u.out;
	*out_n = u.len;
	return OK;
}

enum status gzip_unpack(struct cx *cx, const char *bytes, size_t n, size_t max, const char **out,
			size_t *out_n)
{
	return unpack(cx, bytes, n, max, GZIP_WINDOW, out, out_n);
}

enum status deflate_unpack(struct cx *cx, const char *bytes, size_t n, size_t max, const char **out,
			   size_t *out_n)
{
	return unpack(cx, bytes, n, max, RAW_WINDOW, out, out_n);
}
