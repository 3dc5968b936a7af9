/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - the text of a table's or view's metadata: read, checked, written, kept. */
#ifndef FCGI_TABLES_TEXT_H
#define FCGI_TABLES_TEXT_H

#include "fcgi/tables/scope.h"

/* A metadata file. */
struct metadata_file {
	const char *location; /* NULL: there is none */
	const char *bytes;    /* the plain text */
	size_t n;
	const char *sha256;	      /* of the plain text */
	struct json_object *metadata; /* what it was made of or read as; NULL = not known */
	/* Of one that text_make made: what is written, and that it is there, or may be. */
	const char *packed;
	size_t n_packed;
	bool written;
};

/*
 * The plain text of the row's metadata file: from the cache, or read once,
 * unpacked, checked against the row's hash and size, and cached.  On a file
 * warehouse the file itself must still be there.  NOT_FOUND ("Failed to open
 * input stream for file: ...") with rq->error_type set; INTERNAL: another text.
 */
MUST_USE enum status text_read(struct request *rq, const struct scope *sc, const struct asset *row,
			       const char **bytes, size_t *n);

/* What text_read gave, parsed; INTERNAL: it does not read. */
MUST_USE enum status text_parse(struct request *rq, const struct asset *row, const char *bytes,
				size_t n, struct json_object **out);

/* As text_read, parsed. */
MUST_USE enum status text_read_json(struct request *rq, const struct scope *sc,
				    const struct asset *row, struct json_object **out);

/* Any file as metadata: for register.  INVALID: it is not there or not JSON. */
MUST_USE enum status text_read_file(struct request *rq, const struct scope *sc,
				    const char *location, struct metadata_file *out,
				    struct json_object **metadata);

/* OK where a load of the row has a text to answer: on a file warehouse the file must be
 * there.  NOT_FOUND as text_read. */
MUST_USE enum status text_confirm(struct request *rq, const struct scope *sc,
				  const struct asset *row);

/* How a client gets the metadata: with only those snapshots that a ref names; kept from removing
 * files (catalog_ref's guarded). */
enum text_form { FORM_ALL, FORM_REFS = 1, FORM_GUARDED = 2 };

/* As text_read, in a form (bits of text_form): derived once, and cached beside the text. */
MUST_USE enum status text_read_form(struct request *rq, const struct scope *sc,
				    const struct asset *row, unsigned form, const char **bytes,
				    size_t *n);

/* The same of a file that was just made or read. */
MUST_USE enum status text_of_file(struct request *rq, const struct metadata_file *f, unsigned form,
				  const char **bytes, size_t *n);

/*
 * The metadata's text under a fresh name, numbered one up from `previous` (a
 * location, or NULL): to be written.  TOO_LARGE.
 */
MUST_USE enum status text_make(struct request *rq, const struct metadata_kind *kind,
			       struct json_object *metadata, const char *previous,
			       struct metadata_file *out);

/* Writes those that have a location and are not written yet, together.  As
 * cloud_put_all; an EXISTS is INTERNAL: names are fresh. */
MUST_USE enum status text_write(struct request *rq, const struct scope *sc,
				struct metadata_file *const *files, size_t n);

/* The row names the file: location, hash and size. */
void text_name(struct asset *row, const struct metadata_file *f);

/* The row that names it is committed: keeps a copy for loads, in the guarded form too where
 * the catalog is, and, of a table with many snapshots, what loads with snapshots=refs answer. */
void text_keep(struct request *rq, const struct metadata_file *f, bool guarded);

/*
 * What to answer for a request that wrote `f` and then failed with s: removes
 * the file unless the outcome is UNKNOWN, and keeps s and its message.  Of a file
 * that was not written only the name goes.
 */
enum status text_undo(struct request *rq, const struct scope *sc, struct metadata_file *f,
		      enum status s);

#endif
