/* SPDX-License-Identifier: Apache-2.0 */
/* tables.h - the handlers of tables.  Source: the REST catalog's OpenAPI document. */
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

/* The path's table; NOT_FOUND "Table does not exist: a.t". */
MUST_USE enum status path_table(struct request *rq, const struct asset **out);

/* {"metadata-location", "metadata", "config", "storage-credentials"}: the text as it is, not
 * copied.  location NULL: staged; d NULL: a commit's answer has no configuration. */
enum status answer_table(struct request *rq, const char *location, const char *bytes, size_t n,
			 const struct delegation *d);

/* Of the row's text in one form ("all", "refs") with what is answered beside it. */
const char *table_etag(struct cx *cx, const char *sha256, const char *form,
		       const struct delegation *d);

#endif
