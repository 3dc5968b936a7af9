/* SPDX-License-Identifier: Apache-2.0 */
/* tables.h - the handlers of tables and views.  Source: the REST catalog's OpenAPI document. */
#ifndef FCGI_TABLES_TABLES_H
#define FCGI_TABLES_TABLES_H

#include "fcgi/tables/delegate.h"
#include "fcgi/tables/text.h"

enum status list_tables(struct request *rq);
enum status create_table(struct request *rq);
enum status register_table(struct request *rq);
enum status load_table(struct request *rq);
enum status head_table(struct request *rq);
enum status commit_table(struct request *rq);
enum status commit_transaction(struct request *rq);
enum status drop_table(struct request *rq);
enum status unregister_table(struct request *rq);
enum status rename_table(struct request *rq);
enum status report_metrics(struct request *rq);
enum status maintain_table(struct request *rq);
enum status plan_table_scan(struct request *rq);
enum status fetch_planning_result(struct request *rq);
enum status cancel_planning(struct request *rq);
enum status fetch_scan_tasks(struct request *rq);

enum status list_functions(struct request *rq);
enum status load_function(struct request *rq);
enum status create_function(struct request *rq);
enum status replace_function(struct request *rq);
enum status drop_function(struct request *rq);

enum status list_views(struct request *rq);
enum status create_view(struct request *rq);
enum status register_view(struct request *rq);
enum status load_view(struct request *rq);
enum status head_view(struct request *rq);
enum status replace_view(struct request *rq);
enum status drop_view(struct request *rq);
enum status rename_view(struct request *rq);

enum status replay_commit_table(struct request *rq);
enum status replay_create_table(struct request *rq);
enum status replay_register_table(struct request *rq);
enum status replay_register_view(struct request *rq);
enum status replay_unregister_table(struct request *rq);

/* What a rename's body names: its source and the destination's namespace. */
enum status rename_table_objects(struct request *rq,
				 enum status (*visit)(struct request *, enum action,
						      const struct object *));

/* What a transaction's body names: its tables, and the namespaces it makes some in. */
enum status commit_transaction_objects(struct request *rq,
				       enum status (*visit)(struct request *, enum action,
							    const struct object *));

/* What a registration overwrites. */
enum status register_table_objects(struct request *rq,
				   enum status (*visit)(struct request *, enum action,
							const struct object *));

/* --- what they share ------------------------------------------------------------- */

/* The path's table (or view); NOT_FOUND "Table does not exist: a.t". */
MUST_USE enum status path_asset(struct request *rq, const struct metadata_kind *kind,
				const struct asset **out);
MUST_USE enum status path_table(struct request *rq, const struct asset **out);

/* Something new in the path's namespace. */
struct creation {
	const struct metadata_kind *kind;
	const struct catalog_ref *ref; /* on the branch that the name says */
	const struct scope *sc;
	struct asset_name at;
	struct asset *row; /* asset_id: a fresh one; all of it when it was made */
};
MUST_USE enum status creation_open(struct request *rq, const struct metadata_kind *kind,
				   const char *name, struct creation *c);

/* `wish`, normalised, or a new location where it is NULL.  INVALID. */
MUST_USE enum status creation_location(struct request *rq, const struct creation *c,
				       const char *wish, const char **out);

/* Makes it of `metadata`, written as its first file, where nothing is; *f is the file.
 * As asset_create. */
MUST_USE enum status creation_make(struct request *rq, const struct creation *c,
				   struct json_object *metadata, struct metadata_file *f);

/* Makes it of the metadata file that the body names. */
MUST_USE enum status register_asset(struct request *rq, const struct metadata_kind *kind,
				    struct creation *c, struct metadata_file *f,
				    struct json_object **metadata);

/* The body's source becomes its destination; 204. */
MUST_USE enum status rename_asset(struct request *rq, const struct metadata_kind *kind);

/*
 * {"metadata-location", "metadata", ...}: the text as it is, not copied.  location
 * NULL: staged.  `more`: an object that is not empty, whose members follow, or NULL.
 */
enum status answer_metadata(struct request *rq, const char *location, const char *bytes, size_t n,
			    const char *more);
/* With its configuration and credentials; d NULL: a commit's answer has none. */
enum status answer_table(struct request *rq, const char *location, const char *bytes, size_t n,
			 const struct delegation *d);

/* The form (text.h) in which clients get tables of the catalog. */
unsigned table_form(const struct catalog_ref *ref);

/* Of the row's text in one form with what is answered beside it. */
const char *table_etag(struct cx *cx, const char *sha256, unsigned form,
		       const struct delegation *d);

#endif
