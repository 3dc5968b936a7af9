/* SPDX-License-Identifier: Apache-2.0 */
/* avro.c - blocks and values of an Avro file, each read checked against what is left. */
#include "common/avro.h"

#include "common/avro_schema.h"
#include "common/gzip.h"
#include "common/text.h"
#include "common/unpack.h"

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

static enum status read_codec(struct avro_file *f)
{
	static const struct {
		const char *name;
		enum status (*unpack)(struct cx *, const char *, size_t, size_t, const char **,
				      size_t *);
	} codecs[] = {
		{ "null", NULL },
		{ "deflate", deflate_unpack },
		{ "snappy", snappy_unpack },
		{ "zstandard", zstd_unpack },
	};
	const char *codec = avro_header(f, "avro.codec");

	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++)
		if (!codec || strcmp(codec, codecs[i].name) == 0) {
			f->unpack = codecs[i].unpack;
			return OK;
		}
	return fail(f->cx, UNSUPPORTED, "Avro: compression %.40s", codec);
}

static enum status read_schema(struct avro_file *f, const struct avro_wanted *wanted)
{
	const char *text = avro_header(f, "avro.schema");
	struct json_object *json = NULL;
	enum status s;

	if (!text)
		return fail(f->cx, INVALID, "Avro: the file has no schema");
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
	s = read_codec(f);
	return s ? s : read_schema(f, wanted);
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
	if (f->unpack) {
		cx_reset(f->block);
		s = f->unpack(f->block, data, len, AVRO_MAX_UNPACKED - f->unpacked, &plain, &len);
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

/* Its bytes for avro_item, once they were seen to hold what the schema says. */
static bool read_array(struct avro_file *f, const struct avro_node *t, struct avro_slot *slot)
{
	size_t begin = f->data_at;

	if (!skip_blocks(f, t))
		return false;
	if (slot)
		*slot = (struct avro_slot){
			.set = true, .array = t, .s = f->data + begin, .len = f->data_at - begin
		};
	return true;
}

static bool read_record(struct avro_file *f, const struct avro_node *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!read_value(f, t->kids[i], t->slots[i] < 0 ? NULL : &f->slots[t->slots[i]]))
			return false;
	return true;
}

static bool read_fixed(struct avro_file *f, int64_t size, struct avro_slot *out)
{
	out->s = f->data + f->data_at;
	out->len = (size_t)size;
	return skip(f, size);
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
		return read_fixed(f, 4, out);
	case AVRO_DOUBLE:
		return read_fixed(f, 8, out);
	case AVRO_FIXED:
		return read_fixed(f, t->size, out);
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
		return read_array(f, t, slot);
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

/* Of an element: what avro_item filled before. */
static void clear_item(struct avro_file *f, const struct avro_node *t)
{
	const struct avro_node *item = t->kids[0];

	if (t->slots[0] >= 0)
		f->slots[t->slots[0]] = (struct avro_slot){ 0 };
	for (size_t i = 0; item->type == AVRO_RECORD && i < item->n; i++)
		if (item->slots[i] >= 0)
			f->slots[item->slots[i]] = (struct avro_slot){ 0 };
}

/* The head of the next block of elements that is not empty; false behind the last. */
static bool next_block(struct avro_file *f, struct avro_slot *a)
{
	int64_t size;

	if (!read_long(f->data, f->data_n, &f->data_at, &a->n) || a->n == 0 || a->n == INT64_MIN)
		return false;
	if (a->n < 0 && !read_long(f->data, f->data_n, &f->data_at, &size))
		return false;
	if (a->n < 0)
		a->n = -a->n;
	return true;
}

/* a->n counts the elements left in its block; a->s is moved along. */
static bool read_item(struct avro_file *f, struct avro_slot *a, bool *more)
{
	const struct avro_node *t = a->array;
	int slot = t->slots[0];

	*more = a->n > 0 || next_block(f, a);
	if (!*more)
		return true;
	a->n--;
	clear_item(f, t);
	return read_value(f, t->kids[0], slot < 0 ? NULL : &f->slots[slot]);
}

enum status avro_item(struct avro_file *f, size_t array, bool *more)
{
	struct avro_slot *a = &f->slots[array];
	size_t after = f->data_at, end;
	bool sound;

	*more = false;
	if (!a->set || !a->array)
		return OK;
	f->data_at = (size_t)(a->s - f->data);
	end = f->data_at + a->len;
	sound = read_item(f, a, more) && f->data_at <= end;
	a->s = f->data + f->data_at;
	a->len = end - f->data_at;
	f->data_at = after;
	return sound ? OK : cut(f->cx);
}

int64_t avro_number(const struct avro_slot *slot, int64_t other)
{
	return slot->set && !slot->s ? slot->n : other;
}

const char *avro_bytes(struct cx *cx, const struct avro_slot *slot, size_t *n)
{
	char *copy;

	*n = 0;
	if (!slot->set || !slot->s || slot->array)
		return NULL;
	*n = slot->len;
	copy = cx_alloc(cx, slot->len + 1);
	memcpy(copy, slot->s, slot->len);
	return copy;
}

enum status avro_text(struct cx *cx, const struct avro_slot *slot, const char *name, bool required,
		      const char **out)
{
	size_t n;

	*out = avro_bytes(cx, slot, &n);
	if (!*out)
		return required ? fail(cx, INVALID, "an entry has no %s", name) : OK;
	return text_is_utf8(*out, n) ? OK
				     : fail(cx, INVALID, "%s: not UTF-8, or holds a NUL", name);
}
