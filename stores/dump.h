/* SPDX-License-Identifier: Apache-2.0 */
/* dump.h - a store's rows as one file of JSON lines with checksums, written and read as a stream. */
#ifndef STORES_DUMP_H
#define STORES_DUMP_H

#include "common/seal.h"
#include "stores/store.h"

/*
 * The file, format 1: UTF-8, one JSON object a line.
 *
 *	{"pangolin-export":1,"schema":5,"time":"2026-…Z","tenants":"all","secrets":"stored"}
 *	{"tenant":{"tenant_id":"…","name":"…",…}}
 *	{"warehouse":{…}} …
 *	{"end":{"header":"<sha256>","rows":7,"sha256":"…","kinds":{"tenant":{"rows":1,"sha256":"…"},…}}}
 *
 * The first line: "tenants" is "all" (and the server's own rows) or an array of ids;
 * "time" is null where it was left out; "secrets" is "stored" (sealed as they lie in
 * the store) or "key-file" (sealed anew for the file).
 *
 * A row is {kind: {column: value}} by the kind's column table: INT and TIME (ms since
 * 1970) are numbers, JSON columns are texts, NULLs are left out, versions do not travel.
 * The server's own rows stand first (their tenant_id is ""); then each tenant by id: its
 * own row, its rows by kind (dump_kind's order) and key, then those that are kept outside
 * of tenants: API keys, locations (only TABLEs: DIRs follow from them), jobs (as if never
 * tried).  VOLATILE kinds, and rows below dropped catalogs, are left out.
 *
 * The last line: SHA-256 of the first line, of all row lines and of each kind's, their
 * newlines included.  Two stores with the same content give the same "sha256".
 */
#define DUMP_FORMAT 1
#define DUMP_MAX_KINDS 64
#define DUMP_MAX_LINE ((size_t)64 * 1024 * 1024)

/* Kinds that travel, in the order in which they stand in a tenant; NULL behind the last. */
const struct kind *dump_kind(size_t n);

struct dump_count {
	int64_t rows;
	char sha256[65];
};
struct dump_totals {
	struct dump_count all, kinds[DUMP_MAX_KINDS]; /* as dump_kind counts */
};

/* True where both are the same content. */
bool dump_same(const struct dump_totals *a, const struct dump_totals *b);

/* A long run's owner is told of it now and then; false: it shall end. */
struct dump_watch {
	bool (*tick)(void *arg, int64_t done); /* rows, of reading bytes, so far */
	void *arg;
};

struct dump_options {
	const char *const *tenants; /* NULL: all, and the server's own rows; "" is the server */
	size_t n_tenants;
	bool no_time;
	struct seal *reseal; /* NULL: secrets stay as they lie in the store */
	FILE *out;	     /* NULL: only counts and checksums */
	struct dump_watch watch;
};

/*
 * Writes the store's rows as they are at one moment (where the store can hold one,
 * else as they are read: *one_moment).  NOT_FOUND: a tenant; UNAVAILABLE: the store, the
 * file's disk, or told to end.  With reseal, st->seal must be there.
 */
MUST_USE enum status dump_write(struct cx *cx, struct store *st, const struct dump_options *o,
				struct dump_totals *totals, bool *one_moment);

/* --- reading --------------------------------------------------------------------- */

struct dump_reader;

struct dump_header {
	int64_t schema;
	bool key_file; /* secrets are sealed with the file's own key */
};

/* Reads the first line; the reader belongs to cx.  INVALID: not such a file, or one of a
 * later format or schema than this program's. */
MUST_USE enum status dump_open(struct cx *cx, FILE *f, struct dump_reader **out);
const struct dump_header *dump_header(const struct dump_reader *r);

/*
 * The next row, in the memory of `cx`; *row is NULL behind the last one, once the
 * checksums held.  INVALID names the line: not JSON, an unknown kind or column, a wrong
 * type, rows out of order or twice, of a tenant that did not begin, a wrong checksum, a
 * file that was cut off, or something behind its end.
 */
MUST_USE enum status dump_next(struct cx *cx, struct dump_reader *r, struct row **row);

/* What was read so far; complete once *row was NULL. */
const struct dump_totals *dump_read(const struct dump_reader *r);
/* Number of the line that was read last, and how many bytes were read up to its end. */
int64_t dump_line(const struct dump_reader *r);
int64_t dump_bytes(const struct dump_reader *r);

/* The tenant a row is of: "" for the server's. */
const char *dump_tenant(const struct row *row);

/* The asset a row is nothing without (its location, what was said of it), or NULL. */
const char *dump_asset(const struct row *row);

/* --- for both -------------------------------------------------------------------- */

/* Seals the row's secrets, which lie as `from` sealed them, by `to`.  INTERNAL: one does not open. */
MUST_USE enum status dump_reseal(struct cx *cx, struct row *row, struct seal *from,
				 struct seal *to);

/* Checksums under way. */
struct dump_hash;
struct dump_hash *dump_hash_open(struct cx *cx);
void dump_hash_line(struct dump_hash *h, size_t kind, const char *line, size_t n);
int64_t dump_hash_rows(const struct dump_hash *h);
/* As it stands now; more lines may follow. */
void dump_hash_read(const struct dump_hash *h, struct dump_totals *out);

#endif
