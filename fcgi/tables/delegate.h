/* SPDX-License-Identifier: Apache-2.0 */
/* delegate.h - how a client comes to reach a table's files, as far as it asked and may.
 * Source: the REST catalog's OpenAPI document (X-Iceberg-Access-Delegation, LoadTableResult). */
#ifndef FCGI_TABLES_DELEGATE_H
#define FCGI_TABLES_DELEGATE_H

#include "fcgi/tables/scope.h"
#include "stores/assets.h"
#include "vending/vend.h"

/* A table as it is, or as a staged create wants it to be. */
struct delegated {
	const struct catalog_ref *ref;
	const struct scope *sc;
	struct asset_name at;
	const struct asset *row; /* asset_id, location, data_path, metadata_path are set */
	bool staged;		 /* not created yet: stores/absent.h */
};

/* Members of a LoadTableResult, as JSON text. */
struct delegation {
	const char *config;	 /* "config" */
	const char *credentials; /* "storage-credentials"; NULL = none */
	const char *tag;	 /* changes where one of them does: for ETags */
};

/*
 * Follows X-Iceberg-Access-Delegation: nothing that was not asked for, and never
 * a failure for having asked: what can't be had is a line in the log.
 */
void delegate(struct request *rq, const struct delegated *t, struct delegation *out);

/* Who asks, as absent tables have owners: stores/absent.h. */
const char *delegate_owner(const struct request *rq);

/* True where the caller asks for a way to a table's files and the storage has one; or for signed
 * requests. */
bool delegate_reaches(const struct request *rq, const struct scope *sc);
bool delegate_signs(const struct request *rq, const struct scope *sc);

/* The same of the configuration alone, for answers that vend nothing. */
struct delegation delegate_nothing(const struct scope *sc);

/* The table's folders, checked again, with the verbs that the caller has.  INVALID. */
MUST_USE enum status delegate_scope(struct request *rq, const struct delegated *t,
				    struct vend_scope *out);

/* Credentials for the table's scope.  INVALID where the warehouse vends none. */
MUST_USE enum status delegate_vend(struct request *rq, const struct delegated *t,
				   const struct vend_scope *scope, struct vended *out);

/*
 * As vend(), for the caller, with a record of a fresh one that names the asset.  until_ms: what
 * clients are told is no later; 0 = no matter.
 */
struct vend_for {
	const struct warehouse *warehouse;
	const struct storage *storage;
	const struct vend_scope *scope;
	const char *asset_id, *name;
	int64_t until_ms;
};
MUST_USE enum status delegate_session(struct request *rq, const struct vend_for *what,
				      struct vended *out);

/* [{"prefix","config"}], one a folder. */
struct json_object *delegate_credentials(struct cx *cx, const struct vend_scope *scope,
					 const struct vended *vended);

#endif
