/* SPDX-License-Identifier: Apache-2.0 */
/* gzip.c - whole texts to gzip and back, by zlib. */
#include "common/gzip.h"

#include <limits.h>
#include <zlib.h>

#define WINDOW_GZIP (15 + 16) /* zlib.h: the largest window, gzip's frame */
#define FIRST_BYTES ((size_t)64 * 1024)

bool gzip_is(const char *bytes, size_t n)
{
	return n > 2 && (unsigned char)bytes[0] == 0x1f && (unsigned char)bytes[1] == 0x8b;
}

void gzip_pack(struct cx *cx, const char *bytes, size_t n, const char **out, size_t *out_n)
{
	z_stream z = { 0 };
	size_t room;
	char *packed;

	if (n > UINT_MAX / 2 || deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_GZIP, 8,
					     Z_DEFAULT_STRATEGY) != Z_OK)
		abort(); /* out of memory; texts are bounded far below */
	room = deflateBound(&z, n);
	packed = cx_alloc(cx, room);
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)n;
	z.next_out = (Bytef *)packed;
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	*out = packed;
	*out_n = z.total_out;
	deflateEnd(&z);
}

/* Twice the room, up to `max` and one byte: that one says that it was too much. */
static void grow(struct cx *cx, char **buffer, size_t *room, size_t max)
{
	size_t more = *room ? *room * 2 : FIRST_BYTES;
	char *bigger;

	if (more > max + 1)
		more = max + 1;
	bigger = cx_alloc(cx, more + 1);
	if (*room)
		memcpy(bigger, *buffer, *room);
	*buffer = bigger;
	*room = more;
}

static enum status unpack(struct cx *cx, z_stream *z, size_t max, char **buffer)
{
	size_t room = 0;
	int r = Z_OK;

	while (r == Z_OK) {
		if (z->total_out == room) {
			if (room > max)
				return fail(cx, TOO_LARGE, "unpacked it is larger than %zu bytes",
					    max);
			grow(cx, buffer, &room, max);
		}
		z->next_out = (Bytef *)(*buffer + z->total_out);
		z->avail_out = (uInt)(room - z->total_out);
		r = inflate(z, Z_NO_FLUSH);
	}
	if (r != Z_STREAM_END)
		return fail(cx, INVALID, "it is no whole gzip file");
	return z->total_out > max ? fail(cx, TOO_LARGE, "unpacked it is larger than %zu bytes", max)
				  : OK;
}

enum status gzip_unpack(struct cx *cx, const char *bytes, size_t n, size_t max, const char **out,
			size_t *out_n)
{
	z_stream z = { 0 };
	char *buffer = NULL;
	enum status s;

	if (n > UINT_MAX || max > UINT_MAX / 2)
		return fail(cx, TOO_LARGE, "it is larger than this server reads");
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)n;
	if (inflateInit2(&z, WINDOW_GZIP) != Z_OK)
		abort();
	s = unpack(cx, &z, max, &buffer);
	*out_n = z.total_out;
	inflateEnd(&z);
	if (s)
		return s;
	buffer[*out_n] = '\0';
	*out = buffer;
	return OK;
}
