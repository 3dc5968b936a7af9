/* SPDX-License-Identifier: Apache-2.0 */
/* dump.c - what the writer and the reader of exports share: which kinds travel, checksums. */
#include "stores/dump.h"

#include <openssl/evp.h>

#include "common/hmac.h"
#include "common/text.h"

/* Tenants first; what is kept outside of tenants behind what is in them; work at last. */
static int rank(const struct kind *k)
{
	if (k->flags & VOLATILE)
		return -1;
	if (k == &kind_tenant)
		return 0;
	if (k == &kind_job)
		return 3;
	return k->flags & GLOBAL ? 2 : 1;
}

const struct kind *dump_kind(size_t n)
{
	for (int r = 0; r <= 3; r++)
		for (size_t i = 0; model_kinds[i]; i++)
			if (rank(model_kinds[i]) == r && n-- == 0)
				return model_kinds[i];
	return NULL;
}

const char *dump_tenant(const struct row *row)
{
	const char *id = model_text(row, model_column(row->kind, "tenant_id"));

	return id ? id : "";
}

const char *dump_asset(const struct row *row)
{
	const struct column *c = model_column(row->kind, "asset_id");

	if (!c || (!(c->flags & KEY) && row->kind != &kind_location_row))
		return NULL;
	return model_text(row, c) ? model_text(row, c) : "";
}

bool dump_same(const struct dump_totals *a, const struct dump_totals *b)
{
	return a->all.rows == b->all.rows && strcmp(a->all.sha256, b->all.sha256) == 0;
}

enum status dump_reseal(struct cx *cx, struct row *row, struct seal *from, struct seal *to)
{
	for (size_t i = 0; i < row->kind->n_columns; i++) {
		const struct column *c = &row->kind->columns[i];
		const char *place;
		char *plain;
		enum status s;

		if (!(c->flags & SECRET) || !model_text(row, c))
			continue;
		place = store_secret_place(cx, row, c);
		s = seal_open_text(cx, from, place, model_text(row, c), &plain);
		if (s)
			return fail(cx, s, "%s of a %s: %s", c->name, row->kind->name,
				    cx_strdup(cx, cx->message));
		model_set_text(row, c, seal_text(cx, to, place, plain));
	}
	return OK;
}

/* --- checksums --------------------------------------------------------------------- */

struct dump_hash {
	EVP_MD_CTX *all, *kinds[DUMP_MAX_KINDS];
	int64_t rows, kind_rows[DUMP_MAX_KINDS];
};

static EVP_MD_CTX *new_digest(void)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	if (!md || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1)
		abort();
	return md;
}

static void free_hash(void *arg)
{
	struct dump_hash *h = arg;

	EVP_MD_CTX_free(h->all);
	for (size_t i = 0; i < DUMP_MAX_KINDS; i++)
		EVP_MD_CTX_free(h->kinds[i]);
}

struct dump_hash *dump_hash_open(struct cx *cx)
{
	struct dump_hash *h = CX_NEW(cx, struct dump_hash);

	h->all = new_digest();
	for (size_t i = 0; dump_kind(i); i++) {
		if (i == DUMP_MAX_KINDS)
			abort();
		h->kinds[i] = new_digest();
	}
	cx_own(cx, h, free_hash);
	return h;
}

void dump_hash_line(struct dump_hash *h, size_t kind, const char *line, size_t n)
{
	if (EVP_DigestUpdate(h->all, line, n) != 1 ||
	    EVP_DigestUpdate(h->kinds[kind], line, n) != 1)
		abort();
	h->rows++;
	h->kind_rows[kind]++;
}

int64_t dump_hash_rows(const struct dump_hash *h)
{
	return h->rows;
}

static void read_digest(const EVP_MD_CTX *md, int64_t rows, struct dump_count *out)
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	unsigned char bytes[SHA256_BYTES];

	if (!copy || EVP_MD_CTX_copy_ex(copy, md) != 1 ||
	    EVP_DigestFinal_ex(copy, bytes, NULL) != 1)
		abort();
	EVP_MD_CTX_free(copy);
	out->rows = rows;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(out->sha256 + 2 * i, 3, "%02x", bytes[i]);
}

void dump_hash_read(const struct dump_hash *h, struct dump_totals *out)
{
	*out = (struct dump_totals){ 0 };
	read_digest(h->all, h->rows, &out->all);
	for (size_t i = 0; i < DUMP_MAX_KINDS && h->kinds[i]; i++)
		read_digest(h->kinds[i], h->kind_rows[i], &out->kinds[i]);
}
