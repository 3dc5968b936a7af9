/* SPDX-License-Identifier: Apache-2.0 */
/* mongo_bson.c - rows to documents and back, from the column tables. */
#include "stores/mongo.h"

#include "common/text.h"

#define MAX_ID 4096

static void destroy(void *b)
{
	bson_destroy(b);
}

bson_t *mongo_own(struct cx *cx, bson_t *b)
{
	cx_own(cx, b, destroy);
	return b;
}

struct bytes mongo_id(struct cx *cx, const struct row *row, size_t n)
{
	const struct kind *k = row->kind;
	struct text t = text_open(cx, MAX_ID);

	for (size_t i = 0; i < n; i++) {
		const struct column *c = &k->columns[i];

		if (model_is_text(c))
			text_add(&t, model_text(row, c));
		else
			text_addf(&t, "%016llx",
				  (unsigned long long)model_int(row, c) ^ (1ULL << 63));
		if (i + 1 < k->n_keys)
			text_addc(&t, '\0');
	}
	return (struct bytes){ t.s, t.len };
}

struct bytes mongo_past(struct cx *cx, struct bytes prefix)
{
	char *s = cx_alloc(cx, prefix.n + 1);

	memcpy(s, prefix.s, prefix.n);
	s[prefix.n - 1]++; /* its last byte is the NUL behind a column */
	return (struct bytes){ s, prefix.n };
}

void mongo_append(bson_t *b, const char *name, struct bytes value)
{
	bson_append_utf8(b, name, -1, value.s, (int)value.n);
}

bson_t *mongo_by_id(struct cx *cx, const struct row *row)
{
	bson_t *b = mongo_own(cx, bson_new());

	mongo_append(b, "_id", mongo_id(cx, row, row->kind->n_keys));
	return b;
}

static void append_column(bson_t *b, const struct row *row, const struct column *c)
{
	if (c->type == BOOL)
		bson_append_bool(b, c->name, -1, model_int(row, c) != 0);
	else if (!model_is_text(c))
		bson_append_int64(b, c->name, -1, model_int(row, c));
	else if (model_text(row, c))
		bson_append_utf8(b, c->name, -1, model_text(row, c), -1);
	else
		bson_append_null(b, c->name, -1);
}

void mongo_append_match(bson_t *b, const struct row *row, const struct column *c)
{
	bool nothing = model_is_text(c) ? !model_text(row, c) : !model_int(row, c);
	bson_t any, either;

	if (!nothing) {
		append_column(b, row, c);
		return;
	}
	BSON_APPEND_DOCUMENT_BEGIN(b, c->name, &any);
	BSON_APPEND_ARRAY_BEGIN(&any, "$in", &either);
	BSON_APPEND_NULL(&either, "0"); /* finds missing members too */
	if (c->type == BOOL)
		BSON_APPEND_BOOL(&either, "1", false);
	else if (!model_is_text(c))
		BSON_APPEND_INT64(&either, "1", 0);
	bson_append_array_end(&any, &either);
	bson_append_document_end(b, &any);
}

void mongo_append_columns(bson_t *b, const struct row *row, size_t first)
{
	for (size_t i = first; i < row->kind->n_columns; i++)
		append_column(b, row, &row->kind->columns[i]);
}

bson_t *mongo_document(struct cx *cx, const struct row *row)
{
	bson_t *b = mongo_by_id(cx, row);

	mongo_append_columns(b, row, 0);
	bson_append_int64(b, "version", -1, row->version);
	return b;
}

static void read_column(struct cx *cx, const bson_iter_t *at, struct row *row,
			const struct column *c)
{
	uint32_t n;
	const char *s;

	if (!model_is_text(c)) {
		model_set_int(row, c, bson_iter_as_int64(at));
		return;
	}
	s = BSON_ITER_HOLDS_UTF8(at) ? bson_iter_utf8(at, &n) : NULL;
	model_set_text(row, c, s ? cx_strndup(cx, s, n) : NULL);
}

void mongo_read_row(struct cx *cx, const bson_t *doc, struct row *row, size_t first)
{
	bson_iter_t at;

	if (!bson_iter_init(&at, doc))
		return;
	while (bson_iter_next(&at)) {
		const struct column *c = model_column(row->kind, bson_iter_key(&at));

		if (c && c >= row->kind->columns + first)
			read_column(cx, &at, row, c);
		else if (strcmp(bson_iter_key(&at), "version") == 0)
			row->version = bson_iter_as_int64(&at);
	}
}
