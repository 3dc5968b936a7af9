/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.c - snappy and zstandard by their libraries, with a limit. */
#include "common/unpack.h"

#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "common/text.h"

#define CRC_BYTES 4
#define SNAPPY_MOST 22 /* times: a copy of 64 bytes takes 3 */
#define SNAPPY_SPARE 64
#define ZSTD_MAX_WINDOW_LOG 25

static enum status too_large(struct cx *cx, size_t max)
{
	return fail(cx, TOO_LARGE, "it unpacks to more than %zu bytes", max);
}

static bool same_crc(const char *plain, size_t n, const unsigned char *crc)
{
	uLong own = crc32_z(crc32_z(0, NULL, 0), (const Bytef *)plain, n);

	return own == ((uLong)crc[0] << 24 | (uLong)crc[1] << 16 | (uLong)crc[2] << 8 | crc[3]);
}

enum status snappy_unpack(struct cx *cx, const char *bytes, size_t n, size_t max, const char **out,
			  size_t *out_n)
{
	size_t len;
	char *plain;

	if (n < CRC_BYTES)
		return fail(cx, INVALID, "compressed bytes are cut short");
	n -= CRC_BYTES;
	if (snappy_uncompressed_length(bytes, n, &len) != SNAPPY_OK ||
	    len > SNAPPY_MOST * n + SNAPPY_SPARE)
		return fail(cx, INVALID, "compressed bytes are broken");
	if (len > max)
		return too_large(cx, max);
	plain = cx_alloc(cx, len + 1);
	if (snappy_uncompress(bytes, n, plain, &len) != SNAPPY_OK ||
	    !same_crc(plain, len, (const unsigned char *)bytes + n))
		return fail(cx, INVALID, "compressed bytes are broken");
	*out = plain;
	*out_n = len;
	return OK;
}

/* A piece at a time into a buffer that grows with what came out. */
static enum status zstd_run(struct cx *cx, ZSTD_DCtx *z, ZSTD_inBuffer *in, struct text *plain)
{
	size_t piece_n = ZSTD_DStreamOutSize(), left = 0;
	char *piece = cx_alloc(cx, piece_n);
	bool full = false;

	while (in->pos < in->size || full) {
		ZSTD_outBuffer out = { piece, piece_n, 0 };

		left = ZSTD_decompressStream(z, &out, in);
		if (ZSTD_isError(left))
			return fail(cx, INVALID, "compressed bytes are broken");
		text_addn(plain, piece, out.pos);
		if (plain->over)
			return too_large(cx, plain->max);
		full = out.pos == piece_n && left;
	}
	return left ? fail(cx, INVALID, "compressed bytes are cut short") : OK;
}

enum status zstd_unpack(struct cx *cx, const char *bytes, size_t n, size_t max, const char **out,
			size_t *out_n)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();
	ZSTD_inBuffer in = { bytes, n, 0 };
	struct text plain = text_open(cx, max);
	enum status s;

	if (!z)
		abort();
	ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, ZSTD_MAX_WINDOW_LOG);
	s = zstd_run(cx, z, &in, &plain);
	ZSTD_freeDCtx(z);
	*out = plain.s;
	*out_n = plain.len;
	return s;
}
