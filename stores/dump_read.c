/* SPDX-License-Identifier: Apache-2.0 */
/* dump_read.c - reads an export: line by line, believing nothing that was not checked. */
#include "common/hmac.h"
#include "common/json.h"
#include "common/text.h"
#include "stores/dump.h"
#include "stores/migrate.h"
#include "stores/rows.h"

#define FIRST_LINE 4096
#define MAX_DEPTH 8 /* of a line's own JSON: a row is two deep */

struct dump_reader {
	struct cx *cx;
	FILE *f;
	char *line; /* without its newline */
	size_t n, room;
	int64_t number, bytes;
	struct dump_header header;
	char header_sha256[SHA256_HEX + 1];
	struct dump_hash *hash;
	struct dump_totals totals;
	/* Where it stands: the row before, whose key is in one of the two. */
	struct cx keys[2];
	int turn;
	const struct row *last; /* NULL: none yet */
	size_t kind;		/* of last, as dump_kind counts */
	char *tenant_id;	/* whose rows are read; in cx */
};

/* --- lines ------------------------------------------------------------------------------ */

static void free_reader(void *arg)
{
	struct dump_reader *r = arg;

	free(r->line);
	cx_free(&r->keys[0]);
	cx_free(&r->keys[1]);
}

static enum status wrong(struct cx *cx, const struct dump_reader *r, const char *why)
{
	return fail(cx, INVALID, "line %lld: %s", (long long)r->number, cx_strdup(cx, why));
}

static void make_room(struct dump_reader *r)
{
	r->room = r->room ? 2 * r->room : FIRST_LINE;
	r->line = realloc(r->line, r->room);
	if (!r->line)
		abort();
}

/* The next line; false at the end of the file.  INVALID: it has no end, or holds a NUL. */
static enum status read_line(struct cx *cx, struct dump_reader *r, bool *found)
{
	int c = 0;

	r->n = 0;
	r->number++;
	while ((c = getc_unlocked(r->f)) != EOF && c != '\n') {
		if (r->n == DUMP_MAX_LINE)
			return wrong(cx, r, "longer than any row");
		if (r->n + 2 > r->room)
			make_room(r);
		r->line[r->n++] = (char)c;
	}
	*found = c == '\n';
	r->bytes += (int64_t)r->n + *found;
	if (*found)
		return OK;
	if (ferror(r->f))
		return fail(cx, UNAVAILABLE, "the file can't be read");
	return r->n ? wrong(cx, r, "the file was cut off here") : OK;
}

/* The next line as an object with one member. */
static enum status read_object(struct cx *cx, struct dump_reader *r, const char **name,
			       struct json_object **out)
{
	struct json_object *o;
	enum status s = json_parse(cx, r->line, r->n, MAX_DEPTH, &o);

	if (s)
		return wrong(cx, r, cx->message);
	if (!json_object_is_type(o, json_type_object) || json_object_object_length(o) != 1)
		return wrong(cx, r, "no object with one member");
	json_object_object_foreach(o, key, value) {
		*name = key;
		*out = value;
	}
	if (!json_object_is_type(*out, json_type_object))
		return wrong(cx, r, "its member is no object");
	return OK;
}

/* Its newline counts too. */
static const char *with_newline(struct dump_reader *r)
{
	if (r->n + 1 > r->room)
		make_room(r);
	r->line[r->n] = '\n';
	return r->line;
}

/* --- header ----------------------------------------------------------------------------- */

static enum status check_header(struct cx *cx, struct dump_header *h, int64_t format,
				const char *secrets)
{
	if (format != DUMP_FORMAT)
		return fail(cx, INVALID, "an export of format %lld: this program reads format %d",
			    (long long)format, DUMP_FORMAT);
	if (h->schema < 1 || h->schema > migrate_program())
		return fail(cx, INVALID,
			    "an export of schema %lld, and this program's is %lld: install the "
			    "program that made it, or a newer one",
			    (long long)h->schema, (long long)migrate_program());
	if (strcmp(secrets, "stored") != 0 && strcmp(secrets, "key-file") != 0)
		return fail(cx, INVALID, "line 1: secrets is neither stored nor key-file");
	h->key_file = strcmp(secrets, "key-file") == 0;
	return OK;
}

static enum status read_header(struct cx *cx, struct dump_reader *r)
{
	struct dump_header *h = &r->header;
	struct json_object *o;
	const char *secrets;
	int64_t format = 0;
	bool found;
	enum status s = read_line(cx, r, &found);

	if (!s && found)
		s = json_parse(cx, r->line, r->n, MAX_DEPTH, &o);
	if (s || !found || !json_object_is_type(o, json_type_object) ||
	    !json_has(o, "pangolin-export"))
		return fail(cx, INVALID, "this is no export of pangolin");
	s = json_get_int(cx, o, "", "pangolin-export", &format);
	if (!s)
		s = json_get_int(cx, o, "", "schema", &h->schema);
	if (!s)
		s = json_get_text(cx, o, "", "secrets", &secrets);
	return s ? s : check_header(cx, h, format, secrets);
}

enum status dump_open(struct cx *cx, FILE *f, struct dump_reader **out)
{
	struct dump_reader *r = CX_NEW(cx, struct dump_reader);
	enum status s;

	r->cx = cx;
	r->f = f;
	r->hash = dump_hash_open(cx);
	r->tenant_id = cx_strdup(cx, "");
	cx_own(cx, r, free_reader);
	s = read_header(cx, r);
	if (s)
		return s;
	memcpy(r->header_sha256, sha256_hex(cx, with_newline(r), r->n + 1),
	       sizeof(r->header_sha256));
	*out = r;
	return OK;
}

const struct dump_header *dump_header(const struct dump_reader *r)
{
	return &r->header;
}

const struct dump_totals *dump_read(const struct dump_reader *r)
{
	return &r->totals;
}

int64_t dump_line(const struct dump_reader *r)
{
	return r->number;
}

int64_t dump_bytes(const struct dump_reader *r)
{
	return r->bytes;
}

/* --- rows --------------------------------------------------------------------------------- */

static enum status read_column(struct cx *cx, struct json_object *o, const struct column *c,
			       struct row *row)
{
	const char *text = NULL;
	int64_t number = 0;
	bool yes = false;
	enum status s;

	if (model_is_text(c)) {
		s = json_get_text(cx, o, "", c->name, &text);
		model_set_text(row, c, text);
	} else if (c->type == BOOL) {
		s = json_opt_bool(cx, o, "", c->name, &yes);
		model_set_int(row, c, yes);
	} else {
		s = json_get_int(cx, o, "", c->name, &number);
		model_set_int(row, c, number);
	}
	return s;
}

/* What a column's text must be beside UTF-8, which JSON is anyway. */
static enum status check_column(struct cx *cx, const struct column *c, const char *text)
{
	struct json_object *unused;

	if (c->flags & KEY && !text)
		return fail(cx, INVALID, "its %s is missing", c->name);
	if (!text)
		return OK;
	if (c->flags & SECRET)
		return seal_is_sealed(text) ? OK
					    : fail(cx, INVALID, "its %s is not sealed", c->name);
	if (c->type == JSON && json_parse(cx, text, strlen(text), 100, &unused))
		return fail(cx, INVALID, "its %s is no JSON", c->name);
	return OK;
}

static enum status read_row(struct cx *cx, struct json_object *o, const struct kind *k,
			    struct row **out)
{
	struct row *row = cx_alloc(cx, k->size);
	enum status s = OK;

	row->kind = k;
	json_object_object_foreach(o, key, value) {
		const struct column *c = model_column(k, key);

		(void)value;
		if (!c)
			return fail(cx, INVALID, "a %s has no column \"%s\"", k->name, key);
		s = read_column(cx, o, c, row);
		if (s)
			return s;
	}
	for (size_t i = 0; !s && i < k->n_columns; i++)
		if (model_is_text(&k->columns[i]))
			s = check_column(cx, &k->columns[i], model_text(row, &k->columns[i]));
	*out = row;
	return s ? s : store_check_row(cx, row);
}

static enum status find_kind(struct cx *cx, const char *name, size_t *out)
{
	const struct kind *k;

	for (*out = 0; (k = dump_kind(*out)); ++*out)
		if (strcmp(k->name, name) == 0)
			return OK;
	return fail(cx, INVALID, "no kind \"%s\" is in exports", name);
}

/* Sorted, no row twice, all in their tenant. */
static enum status check_order(struct cx *cx, struct dump_reader *r, size_t kind,
			       const struct row *row)
{
	const char *tenant = dump_tenant(row);

	if (kind == 0) {
		if (strcmp(tenant, r->tenant_id) <= 0 || !text_is_uuid(tenant))
			return fail(cx, INVALID, "tenants are not in order, or no UUIDs");
		r->tenant_id = cx_strdup(r->cx, tenant);
	} else if (strcmp(tenant, r->tenant_id) != 0) {
		return fail(cx, INVALID, "it is of tenant \"%s\", whose own row is missing",
			    tenant);
	} else if (r->last && kind < r->kind) {
		return fail(cx, INVALID, "a %s stands behind a %s", row->kind->name,
			    r->last->kind->name);
	} else if (r->last && kind == r->kind && model_compare(r->last, row) >= 0) {
		return fail(cx, INVALID, "rows are not in order of their keys");
	}
	r->turn = !r->turn;
	cx_reset(&r->keys[r->turn]);
	r->last = rows_bound(&r->keys[r->turn],
			     &(struct query){ .from = row, .bound = row->kind->n_keys });
	r->kind = kind;
	return OK;
}

/* --- the end --------------------------------------------------------------------------------- */

static bool same_count(struct json_object *o, const struct dump_count *c)
{
	return json_int(o, "rows", -1) == c->rows && text_same(json_text(o, "sha256"), c->sha256);
}

static enum status check_trailer(struct cx *cx, struct dump_reader *r, struct json_object *end)
{
	struct json_object *kinds = json_member(end, "kinds");
	const struct kind *k;

	if (!text_same(json_text(end, "header"), r->header_sha256))
		return fail(cx, INVALID, "the first line was changed");
	for (size_t i = 0; (k = dump_kind(i)); i++) {
		struct json_object *told = kinds ? json_member(kinds, k->name) : NULL;
		const struct dump_count *have = &r->totals.kinds[i];

		if (have->rows || told)
			if (!told || !same_count(told, have))
				return fail(cx, INVALID,
					    "the file was changed: rows of kind %s have another "
					    "number or checksum than it says",
					    k->name);
	}
	if (!same_count(end, &r->totals.all))
		return fail(cx, INVALID,
			    "the file was changed: its rows have another number or checksum than "
			    "it says");
	return OK;
}

static enum status read_end(struct cx *cx, struct dump_reader *r, struct json_object *end)
{
	bool more = false;
	enum status s;

	dump_hash_read(r->hash, &r->totals);
	s = check_trailer(cx, r, end);
	if (!s)
		s = read_line(cx, r, &more);
	return !s && more ? wrong(cx, r, "there is something behind the end") : s;
}

enum status dump_next(struct cx *cx, struct dump_reader *r, struct row **row)
{
	struct json_object *o = NULL;
	const char *name = NULL;
	size_t kind;
	bool found = false;
	enum status s = read_line(cx, r, &found);

	*row = NULL;
	if (!s && !found)
		s = fail(cx, INVALID, "the file was cut off: its last line is missing");
	if (!s)
		s = read_object(cx, r, &name, &o);
	if (s)
		return s;
	if (strcmp(name, "end") == 0)
		return read_end(cx, r, o);
	s = find_kind(cx, name, &kind);
	if (!s)
		s = read_row(cx, o, dump_kind(kind), row);
	if (!s)
		s = check_order(cx, r, kind, *row);
	if (s)
		return wrong(cx, r, cx->message);
	dump_hash_line(r->hash, kind, with_newline(r), r->n + 1);
	return OK;
}
