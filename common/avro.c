/* SPDX-License-Identifier: Apache-2.0 */
/* avro.c - blocks and values of an Avro file, each read checked against what is left. */
#include "common/avro.h"

#include "common/avro_schema.h"
#include "common/gzip.h"
#include "common/text.h"

#define MAX_DEPTH 100	    /* of the schema's JSON */
#define SPARE_STEPS 1000000 /* values that take no bytes */
#define STEPS_PER_BYTE 4

static enum status cut(struct cx *cx)
{
	return fail(cx, INVALID, "Avro: the file is cut short or broken");
}

/* Zig-zag in groups of 7 bits; false at the end or past 64 bits. */
static bool read_long(const char *s, size_t n, size_t *at, int64_t *out)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		unsigned char c;

		if (*at >= n)
			return false;
		c = (unsigned char)s[(*at)++];
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*out = (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
			return true;
		}
	}
	return false;
}

/* A length and that many bytes. */
static bool read_bytes(const char *s, size_t n, size_t *at, const char **out, size_t *len)
{
	int64_t size;

	if (!read_long(s, n, at, &size) || size < 0 || (uint64_t)size > n - *at)
		return false;
	*out = s + *at;
	*len = (size_t)size;
	*at += *len;
	return true;
}

/* Keys and values of the header; values that are no text (the sync marker's kin) are left out. */
static enum status read_header(struct avro_file *f)
{
	int64_t count, size;

	f->header = json_new_object(f->cx);
	for (;;) {
		if (!read_long(f->bytes, f->n, &f->at, &count) || count < -INT32_MAX)
			return cut(f->cx);
		if (count == 0)
			return OK;
		if (count < 0 && !read_long(f->bytes, f->n, &f->at, &size))
			return cut(f->cx);
		for (int64_t i = count < 0 ? -count : count; i > 0; i--) {
			const char *key, *value;
			size_t k, v;

			if (!read_bytes(f->bytes, f->n, &f->at, &key, &k) ||
			    !read_bytes(f->bytes, f->n, &f->at, &value, &v))
				return cut(f->cx);
			if (text_is_utf8(key, k) && text_is_utf8(value, v))
				json_set_text(f->header, cx_strndup(f->cx, key, k),
					      cx_strndup(f->cx, value, v));
		}
	}
}

const char *avro_header(const struct avro_file *f, const char *key)
{
	return json_text(f->header, key);
}

static enum status read_schema(struct avro_file *f, const struct avro_wanted *wanted)
{
	const char *text = avro_header(f, "avro.schema"), *codec = avro_header(f, "avro.codec");
	struct json_object *json = NULL;
	enum status s;

	if (!text)
		return fail(f->cx, INVALID, "Avro: the file has no schema");
	f->deflate = codec && strcmp(codec, "deflate") == 0;
	if (codec && !f->deflate && strcmp(codec, "null") != 0)
		return fail(f->cx, UNSUPPORTED, "Avro: compression %.40s", codec);
	s = json_parse(f->cx, text, strlen(text), MAX_DEPTH, &json);
	return s ? s : avro_schema(f->cx, json, wanted, f->n_slots, &f->schema);
}

static void free_block(void *block)
{
	cx_free(block);
}

enum status avro_open(struct cx *cx, const char *bytes, size_t n, const struct avro_wanted *wanted,
		      size_t n_wanted, struct avro_file *out)
{
	struct avro_file *f = out;
	enum status s;

	*f = (struct avro_file){ .cx = cx, .bytes = bytes, .n = n, .n_slots = n_wanted };
	f->slots = cx_array(cx, n_wanted, sizeof(*f->slots));
	f->block = CX_NEW(cx, struct cx);
	cx_own(cx, f->block, free_block);
	f->steps = SPARE_STEPS;
	if (n < 4 || memcmp(bytes, "Obj\x01", 4) != 0)
		return fail(cx, INVALID, "Avro: not an object container file");
	f->at = 4;
	s = read_header(f);
	if (s)
		return s;
	if (f->n - f->at < sizeof(f->sync))
		return cut(cx);
	memcpy(f->sync, f->bytes + f->at, sizeof(f->sync));
	f->at += sizeof(f->sync);
	return read_schema(f, wanted);
}

/* f->data: the next block's bytes, unpacked. */
static enum status read_block(struct avro_file *f)
{
	const char *data, *plain;
	size_t len;
	enum status s;

	if (!read_long(f->bytes, f->n, &f->at, &f->records) || f->records < 0 ||
	    !read_bytes(f->bytes, f->n, &f->at, &data, &len) || f->n - f->at < sizeof(f->sync) ||
	    memcmp(f->bytes + f->at, f->sync, sizeof(f->sync)) != 0)
		return cut(f->cx);
	f->at += sizeof(f->sync);
	if (f->deflate) {
		cx_reset(f->block);
		s = deflate_unpack(f->block, data, len, AVRO_MAX_UNPACKED - f->unpacked, &plain,
				   &len);
		if (s)
			return fail(f->cx, s, "Avro: %s", f->block->message);
		f->unpacked += len;
		data = plain;
	}
	f->data = data;
	f->data_n = len;
	f->data_at = 0;
	f->steps += STEPS_PER_BYTE * len;
	return OK;
}

static bool skip(struct avro_file *f, int64_t size)
{
	if (size < 0 || (uint64_t)size > f->data_n - f->data_at)
		return false;
	f->data_at += (size_t)size;
	return true;
}

/* A value; false where the bytes do not hold one.  slot: where it goes; NULL = nowhere. */
static bool read_value(struct avro_file *f, const struct avro_node *t, struct avro_slot *slot);

/* Arrays and maps come in blocks; a negative count is followed by the block's bytes. */
static bool skip_blocks(struct avro_file *f, const struct avro_node *t)
{
	struct avro_slot key;
	int64_t count, size;

	for (;;) {
		if (!read_long(f->data, f->data_n, &f->data_at, &count))
			return false;
		if (count == 0)
			return true;
		if (count < 0) {
			if (!read_long(f->data, f->data_n, &f->data_at, &size) || !skip(f, size))
				return false;
			continue;
		}
		for (; count > 0; count--) {
			if (t->type == AVRO_MAP &&
			    !read_bytes(f->data, f->data_n, &f->data_at, &key.s, &key.len))
				return false;
			if (!read_value(f, t->kids[0], NULL))
				return false;
		}
	}
}

static bool read_record(struct avro_file *f, const struct avro_node *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!read_value(f, t->kids[i], t->slots[i] < 0 ? NULL : &f->slots[t->slots[i]]))
			return false;
	return true;
}

static bool read_scalar(struct avro_file *f, const struct avro_node *t, struct avro_slot *out)
{
	out->set = true;
	switch (t->type) {
	case AVRO_BOOLEAN:
		if (f->data_at >= f->data_n)
			return false;
		out->n = f->data[f->data_at++] != 0;
		return true;
	case AVRO_FLOAT:
		return skip(f, 4);
	case AVRO_DOUBLE:
		return skip(f, 8);
	case AVRO_FIXED:
		out->s = f->data + f->data_at;
		out->len = (size_t)t->size;
		return skip(f, t->size);
	case AVRO_ENUM:
		return read_long(f->data, f->data_n, &f->data_at, &out->n) && out->n >= 0 &&
		       out->n < t->size;
	case AVRO_BYTES:
	case AVRO_STRING:
		return read_bytes(f->data, f->data_n, &f->data_at, &out->s, &out->len);
	default: /* int, long */
		return read_long(f->data, f->data_n, &f->data_at, &out->n);
	}
}

static bool read_value(struct avro_file *f, const struct avro_node *t, struct avro_slot *slot)
{
	struct avro_slot nowhere = { 0 };
	int64_t branch;

	if (!f->steps)
		return false;
	f->steps--;
	switch (t->type) {
	case AVRO_NULL:
		return true;
	case AVRO_UNION:
		return read_long(f->data, f->data_n, &f->data_at, &branch) && branch >= 0 &&
		       (uint64_t)branch < t->n && read_value(f, t->kids[branch], slot);
	case AVRO_ARRAY:
	case AVRO_MAP:
		return skip_blocks(f, t);
	case AVRO_RECORD:
		return read_record(f, t);
	default:
		return read_scalar(f, t, slot ? slot : &nowhere);
	}
}

enum status avro_next(struct avro_file *f, bool *more)
{
	*more = false;
	while (!f->records) {
		enum status s;

		if (f->data_at != f->data_n)
			return fail(f->cx, INVALID, "Avro: a block holds more than its records");
		if (f->at == f->n)
			return OK;
		s = read_block(f);
		if (s)
			return s;
	}
	memset(f->slots, 0, f->n_slots * sizeof(*f->slots));
	if (!read_value(f, f->schema, NULL))
		return cut(f->cx);
	f->records--;
	*more = true;
	return OK;
}
