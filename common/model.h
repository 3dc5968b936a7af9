/* SPDX-License-Identifier: Apache-2.0 */
/* model.h - every entity and its column table: the only place that lists fields. */
#ifndef COMMON_MODEL_H
#define COMMON_MODEL_H

#include "common/cx.h"

/*
 * An entity is a struct whose first member is `struct row row`, and a table of
 * its columns.  SQL, BSON and JSON follow from the table.
 *
 *	TEXT	const char *	NULL = none; a KEY column is never NULL
 *	INT	int64_t
 *	BOOL	bool
 *	TIME	int64_t		ms since 1970; 0 = none, JSON null; JSON shows RFC 3339
 *	JSON	const char *	compact JSON text; NULL = none, JSON null
 */
enum column_type { TEXT, INT, BOOL, TIME, JSON };

enum column_flag {
	KEY = 1,      /* part of the primary key; all KEY columns come first, in order */
	INDEX = 2,    /* a migration made an index: store_list may ask for its value */
	SECRET = 4,   /* sealed at rest (stores/seal), never in JSON, never logged */
	READONLY = 8, /* ignored in a request body */
	HIDDEN = 16,  /* ours alone: neither read from nor shown in JSON */
};

struct column {
	const char *name; /* the struct's member, and the database's column */
	const char *wire; /* the JSON key; NULL = name, spelled as the kind says */
	enum column_type type;
	unsigned flags;
	size_t offset;
};

enum kind_flag {
	GLOBAL = 1,    /* rows of no tenant, or looked up before the tenant is known */
	PINNED = 2,    /* may be REQUIREd: UPDATE and DELETE wait for running pins */
	KEBAB = 4,     /* JSON keys with '-' for '_' */
	UPSERT = 8,    /* TOUCH makes a missing row (epochs only) */
	VOLATILE = 16, /* worth nothing in another store: an export leaves it out */
};

struct kind {
	const char *name;  /* "asset": for messages */
	const char *table; /* "assets" */
	const struct column *columns;
	size_t n_columns, n_keys, size; /* size of the struct in bytes */
	unsigned flags;
};

struct row {
	const struct kind *kind;
	/* 0 = not in the store.  Random (2^62) on INSERT, +1 on each UPDATE and
	 * TOUCH: a dropped and re-created row never has an old version. */
	int64_t version;
	/* For store_get: the last key column's value is a lower bound: the row
	 * with the least value > it is read, and that value is filled in. */
	bool first_after;
	/* For UPDATE: the row as it was read, where somebody kept it; counts while its version
	 * is this one's.  A store then may leave out columns that stay as they were. */
	const struct row *was;
};

/* { .row = ROW(asset), .tenant_id = ... } */
#define ROW(k)                                                                                     \
	{                                                                                          \
		.kind = &kind_##k                                                                  \
	}

/* --- the server ---------------------------------------------------------- */

/* What process caches stand on.  tenant_id "" is the server's own epoch. */
struct epoch {
	struct row row;
	const char *tenant_id;
	int64_t min_program; /* of the schema; 0 in tenants' rows */
};

/* Work that outlives its request; inserted in the list of its cause. */
struct job {
	struct row row;
	const char *job_id; /* UUIDv7 */
	const char *tenant_id;
	const char *type;	  /* "purge", "drop-catalog", "drop-tenant" */
	const char *payload;	  /* JSON, per type; see stores/jobs.h */
	int64_t due_ms, lease_ms; /* TIME: not before; leased until */
	int64_t attempts;
	const char *error; /* of the last attempt */
	int64_t created_ms;
};

/* A principal's API key by the SHA-256 of its text, hex. */
struct api_key {
	struct row row;
	const char *key_hash;
	const char *tenant_id, *service_user_id;
};

/* Who owns which folder of which storage; makes overlap a store constraint. */
struct location_row {
	struct row row;
	const char *storage;   /* "file", "s3://endpoint-host/bucket": common/location.h */
	const char *path;      /* "/a/b", no slash at the end */
	const char *type;      /* "TABLE", "DIR", "STAGED" (struct absent) */
	const char *tenant_id; /* of a TABLE, else NULL */
	const char *asset_id;  /* NULL for a DIR */
};

/* --- tenants and principals ---------------------------------------------- */

struct tenant {
	struct row row;
	const char *tenant_id; /* wire: id */
	const char *name;
	const char *properties; /* {str: str} */
	int64_t created_ms;
	const char *read_only; /* NULL, or why nobody may write for now: "it is being copied" */
};

struct user {
	struct row row;
	const char *tenant_id; /* "" for root users */
	const char *username;
	const char *id;
	const char *email;
	const char *password_hash; /* common/password.h */
	const char *role;	   /* "root", "tenant-admin", "tenant-user" */
	bool active;
	const char *oauth_provider, *oauth_subject;
	int64_t created_at, updated_at, last_login;
};

struct service_user {
	struct row row;
	const char *tenant_id, *id;
	const char *name, *description;
	const char *api_key_hash;
	const char *role;
	bool active;
	const char *created_by;
	int64_t created_at, last_used, expires_at;
};

/* A token we issued; its row is what logout and revocation delete. */
struct token {
	struct row row;
	const char *tenant_id; /* "" for root's */
	const char *token_id;  /* jti */
	const char *user_id, *username;
	int64_t created_at, expires_at;
};

/* How often somebody failed to log in of late: fcgi/attempts.h. */
struct login_attempt {
	struct row row;
	const char *subject; /* "address 192.0.2.1", "account <tenant>/<username>" */
	int64_t failures;
	int64_t until_ms; /* then they are forgotten */
};

/* Who another server's users are here.  The user's row says the same. */
struct oauth_identity {
	struct row row;
	const char *provider, *subject; /* the provider's name here, its id for the user */
	const char *tenant_id, *username, *user_id;
};

/* A login under way at another server, or one that is done and not yet fetched. */
struct oauth_flow {
	struct row row;
	const char *handle_hash; /* SHA-256 of the state or the code, hex */
	const char *step;	 /* "state", "code" */
	const char *provider;
	const char *redirect_uri;		    /* where the browser goes in the end */
	const char *nonce, *verifier;		    /* of a state */
	const char *tenant_id, *username, *user_id; /* of a code */
	const char *roles; /* of a code: ids of those the provider's claims gave, [] */
	int64_t expires_ms;
};

/* Who asked for an account here and has not yet shown that the address is his. */
struct signup {
	struct row row;
	const char *token_hash; /* SHA-256 of the token, hex */
	const char *token;	/* for who mails it */
	const char *tenant_id, *email;
	const char *password_hash;
	int64_t expires_ms;
};

/* What an issuer of tokens says of itself, as it was last read: fcgi/issuers.h. */
struct issuer {
	struct row row;
	const char *issuer;    /* its URL */
	const char *endpoints; /* of its discovery document */
	const char *jwks;
	int64_t read_ms, tried_ms;
};

/*
 * A request that was sent under an Idempotency-Key and is over.  A success's row
 * rides in the list that was its effect; a refusal's stands alone.
 */
struct idempotency_key {
	struct row row;
	const char *tenant_id, *key;	 /* lower-case UUIDv7 */
	const char *operation;		 /* "POST /v1/{}/namespaces" */
	const char *principal;		 /* id or, where it has none, name */
	const char *request_hash;	 /* of all that makes it the same request */
	int64_t http;			 /* 0 = a success; else the refusal's number */
	const char *error_type, *answer; /* of a refusal, with its message; or what a */
	int64_t made_ms, expires_ms;	 /* replay needs to know: fcgi/route.h */
};

/* --- rights -------------------------------------------------------------- */

/* A named set of grants: whoever it is assigned to has them. */
struct role_row {
	struct row row;
	const char *tenant_id, *id;
	const char *name, *description;
	const char *permissions; /* [{"scope", "actions"}]: common/grants.h */
	const char *created_by;
	int64_t created_at, updated_at;
};

/* A user or service user has a role. */
struct role_assignment {
	struct row row;
	const char *tenant_id, *user_id, *role_id;
	const char *assigned_by;
	int64_t assigned_at;
};

/* A grant to one user or service user. */
struct permission {
	struct row row;
	const char *tenant_id, *id;
	const char *user_id;
	const char *scope;   /* {"type", ...}: common/grants.h */
	const char *actions; /* ["read", ...] */
	const char *granted_by;
	int64_t granted_at;
};

/* --- storage and catalogs ------------------------------------------------ */

struct warehouse {
	struct row row;
	const char *tenant_id, *name;
	const char *id;
	bool use_sts;
	const char *storage_config;   /* {str: str}; holds secrets */
	const char *vending_strategy; /* as management-api.md B.3; holds secrets */
	int64_t created_ms;
};

struct catalog {
	struct row row;
	const char *tenant_id, *name;
	const char *id;		  /* what all below is keyed by; a re-created catalog has another */
	const char *catalog_type; /* "Local", "Federated" */
	const char *warehouse_name, *storage_location;
	const char *federated_config; /* holds secrets */
	const char *properties;
	int64_t created_ms;
};

/* What was counted in a federated catalog, and when. */
struct federation_count {
	struct row row;
	const char *tenant_id, *catalog_id;
	int64_t last_synced_at;
	const char *sync_status; /* "Never Synced", "Running", "Success", "Failed" */
	int64_t namespaces_synced, tables_synced, views_synced;
	const char *error_message;
};

/* --- catalog content: one map, versioned by cuts -------------------------- */

/*
 * A branch, or a tag: a branch that nothing is ever written to once it has its
 * name.  Names of both stand in one key.  chain never changes: JSON
 * [[branch id, cut], ...] of its ancestors, nearest first; [] of main, and of a
 * partial branch, which holds copies of the listed assets.  cut counts the cuts
 * taken of this branch.  A hidden one (its name is '@' and its id) was deleted and is
 * still read through by others, or is being made: stores/branches.h.
 */
struct branch {
	struct row row;
	const char *tenant_id, *catalog_id, *name;
	const char *id;
	const char *parent_id; /* NULL for main */
	int64_t parent_cut;    /* its rows as of that cut may not go while this row is there */
	const char *chain;
	int64_t cut;
	const char *branch_type; /* "ingest", "experimental", "tag", "hidden" */
	const char *commit_id;	 /* the newest that it showed when it was made; NULL = none */
	/* It began as its parent was behind commit_id: 1 + that commit's cut.  0 = as the
	 * parent was at parent_cut. */
	int64_t as_of;
	const char *assets; /* of a partial branch: ["a.b.t", ...]; NULL = it is whole */
	/* [name, id or role of a principal]: who may merge into it; NULL = not protected */
	const char *protection;
	int64_t created_ms;
};

#define LIVING INT64_MAX /* asset.until of the living row */

/*
 * One entry of the map (namespace, name) on a branch, from cut `born` until
 * cut `until` (exclusive; LIVING = still).
 *
 * `namespace` is the levels joined by \x1F.  A NAMESPACE's own row stands in
 * its parent's place with a \x1F behind: a.b is (namespace "a\x1F", name "b"),
 * a is ("\x1F", "a"): its children are one key range, and no table can have
 * its name.  A FUNCTION f in a.b is (namespace "a\x1Fb\x1E", name "f"): a table can
 * have its name.  type TOMBSTONE hides what a parent branch still shows.
 */
struct asset {
	struct row row;
	const char *tenant_id, *catalog_id, *branch_id, *namespace, *name;
	int64_t until;
	const char *asset_id; /* the server's UUIDv7: kept over commits, renames, branches */
	/* "ICEBERG_TABLE", "VIEW", "FUNCTION", "NAMESPACE", "TOMBSTONE", B.1's kinds */
	const char *type;
	const char *table_uuid; /* the client's: never a key of grants */
	const char *metadata_location;
	const char *metadata_sha256;			  /* of the plain text, hex */
	int64_t metadata_size;				  /* of the plain text, bytes */
	const char *location, *data_path, *metadata_path; /* normalised */
	int64_t format_version;
	int64_t current_snapshot_id; /* -1 = none */
	int64_t born;
	const char *properties; /* {str: str}: of namespaces and generic assets */
	int64_t created_ms, updated_ms;
};

/* One change of a catalog's content. */
struct commit {
	struct row row;
	const char *tenant_id, *catalog_id, *branch_id, *commit_id; /* UUIDv7 */
	int64_t cut; /* the branch's then; COMMIT_ALONE: stores/commits.h */
	int64_t made_ms;
	const char *author, *message;
	const char *operations; /* as edit_operation gives them: stores/edit.h */
};

/* --- merges --------------------------------------------------------------- */

/* A merge of a source branch as of a cut into a target: stores/merge.h. */
struct merge_operation {
	struct row row;
	const char *tenant_id, *catalog_id, *id;   /* UUIDv7 */
	const char *source_branch, *target_branch; /* names, and ids */
	const char *source_id, *target_id;
	int64_t source_cut;
	const char *base_id; /* what both began with: that branch as of that cut */
	int64_t base_cut;
	int64_t base_version; /* of the merge_base row it was read from; 0 = there was none */
	const char *base_commit_id;
	const char *status; /* "pending", "conflicted", "ready", "completed", "aborted" */
	int64_t conflicts_count;
	const char *initiated_by;
	int64_t initiated_at, completed_at;
	const char *result_commit_id;
};

/* One name that both sides changed.  States are as stores/states.h prints them; NULL = nothing. */
struct merge_conflict {
	struct row row;
	const char *tenant_id, *catalog_id, *operation_id, *id; /* UUIDv7 */
	const char *namespace, *name;				/* key columns of the place */
	const char *asset_id;
	const char *conflict_type; /* "both_modified", "modified_deleted", "created_twice" ... */
	const char *description;
	const char *details; /* {}: what of it each side changed */
	const char *base_state, *source_state, *target_state;
	const char *strategy;	    /* "source", "target", "manual"; NULL = not resolved */
	const char *resolved_state; /* of "manual" */
	const char *resolved_value; /* as it was sent */
	const char *resolved_by;
	int64_t resolved_at, created_at;
};

/* Where the next merge between two branches, either way, begins: that branch as of that cut. */
struct merge_base {
	struct row row;
	const char *tenant_id, *catalog_id;
	const char *low_id, *high_id; /* of the two branches, in byte order */
	const char *branch_id;
	int64_t cut;
};

/* --- scans --------------------------------------------------------------- */

/* A scan that was planned: its tasks are worked out of this again, not kept. */
struct scan_plan {
	struct row row;
	const char *tenant_id, *catalog_id;
	const char *plan_id; /* UUIDv7 */
	const char *asset_id, *user_id;
	int64_t snapshot_id, schema_id; /* as they were chosen; -1 = none */
	const char *request;		/* PlanTableScanRequest */
	int64_t expires_ms;
};

/* A table that is not there (yet, or any more), whose files its owner may reach: stores/absent.h. */
struct absent {
	struct row row;
	const char *tenant_id, *catalog_id, *asset_id;
	const char *type;  /* "STAGED": its folders are reserved; "DROPPED" */
	const char *owner; /* names a principal */
	const char *namespace, *name;
	const char *location, *data_path, *metadata_path; /* as in struct asset */
	int64_t until_ms;
};

/* --- metrics --------------------------------------------------------------- */

/* What a client reported on a scan or a commit of a table: stores/reports.h. */
struct metrics_report {
	struct row row;
	const char *tenant_id, *catalog_id, *asset_id;
	int64_t place;		 /* INT64_MAX - (1, 2, 3 ... of this table): newest first */
	const char *id;		 /* UUIDv7 */
	const char *week;	 /* of received_at, on a ring: finds what is old */
	const char *report_type; /* "scan-report", "commit-report" */
	int64_t snapshot_id;
	int64_t received_at;
	const char *user_id, *username, *user_agent;
	const char *report; /* as it was sent */
};

/* --- audit --------------------------------------------------------------- */

struct audit {
	struct row row;
	const char *tenant_id, *id; /* UUIDv7 */
	const char *user_id, *username;
	const char *action, *resource_type, *resource_id, *resource_name;
	int64_t timestamp;
	const char *ip_address, *user_agent;
	const char *result; /* "success", "failure" */
	const char *error_message;
	const char *metadata;
};

/* --- what people say of assets -------------------------------------------- */

/* Business metadata: what people say of an asset.  Its tags carry grants. */
struct business_metadata {
	struct row row;
	const char *tenant_id, *asset_id;
	const char *id;
	const char *description;
	const char *tags;	/* ["text"], each once */
	const char *properties; /* any JSON */
	bool discoverable;	/* found by those who may not read the asset */
	const char *created_by;
	int64_t created_at;
	const char *updated_by;
	int64_t updated_at;
};

/* Somebody asks for the right to read an asset. */
struct access_request {
	struct row row;
	const char *tenant_id, *id; /* UUIDv7 */
	const char *user_id, *username;
	const char *asset_id;
	const char *resource; /* "catalog.a.b.t", as it was called when asked for */
	const char *reason;
	int64_t requested_at;
	const char *status; /* "pending", "approved", "rejected" */
	const char *reviewed_by;
	int64_t reviewed_at;
	const char *review_comment;
};

/*
 * What search finds an asset or a namespace by, as main shows it: one row a
 * term (stores/search.h).  The place is the same in all rows of an asset.
 */
struct search_entry {
	struct row row;
	const char *tenant_id, *term, *asset_id;
	const char *catalog_id, *namespace, *name; /* as in struct asset */
	const char *type;
};

/* What a tenant's administrators set; no row = all defaults. */
struct setting {
	struct row row;
	const char *tenant_id;
	bool allow_public_signup;
	const char *default_warehouse_bucket;
	int64_t default_retention_days; /* 0 = not said */
	const char *smtp_host;
	int64_t smtp_port; /* 0 = not said */
	const char *smtp_user, *smtp_password;
	const char *smtp_from; /* NULL = smtp_user, where that is an address, else pangolin@host */
};

/*
 * A seal over a stretch of a tenant's audit records, chained to the seal before it:
 * stores/seals.h.
 */
struct audit_seal {
	struct row row;
	const char *tenant_id;
	int64_t place;			/* INT64_MAX - (1, 2, 3 ... of this tenant): newest first */
	const char *after_id, *last_id; /* of records: past the one, up to the other */
	int64_t last_ms, records;
	const char *entries; /* "<id> <hash>" a line; NULL = the records' time was over */
	const char *entries_hash, *previous, *hash;
	const char *signature; /* a signed token that says hash */
	int64_t sealed_at;
};

/* How much a tenant with a quota has, at most: stores/quotas.h. */
struct quota_count {
	struct row row;
	const char *tenant_id;
	int64_t tenant_version; /* of the tenant's row that the count was begun under */
	int64_t tables, namespaces;
};

extern const struct kind kind_epoch, kind_job, kind_api_key, kind_location_row, kind_tenant,
	kind_user, kind_service_user, kind_token, kind_warehouse, kind_catalog, kind_branch,
	kind_asset, kind_commit, kind_metrics_report, kind_idempotency_key, kind_scan_plan,
	kind_audit, kind_business_metadata, kind_access_request, kind_search_entry, kind_setting,
	kind_role_row, kind_role_assignment, kind_permission, kind_login_attempt,
	kind_oauth_identity, kind_oauth_flow, kind_issuer, kind_federation_count, kind_audit_seal,
	kind_quota_count, kind_absent, kind_signup;

extern const struct kind kind_merge_operation, kind_merge_conflict, kind_merge_base;

/* All kinds, for tests, export and migrations; ends with NULL. */
extern const struct kind *const model_kinds[];

/* The column of that name, or NULL. */
const struct column *model_column(const struct kind *k, const char *name);

/* True where a column of the kind has that flag. */
bool model_has(const struct kind *k, unsigned flag);

/* Orders two rows of one kind by their keys: text as bytes, numbers as numbers. */
int model_compare(const struct row *a, const struct row *b);

/* Where column c of row r is kept. */
static inline const void *model_at(const struct row *r, const struct column *c)
{
	return (const char *)r + c->offset;
}
static inline const char *model_text(const struct row *r, const struct column *c)
{
	return *(const char *const *)model_at(r, c);
}
static inline int64_t model_int(const struct row *r, const struct column *c)
{
	if (c->type == BOOL)
		return *(const bool *)model_at(r, c);
	return *(const int64_t *)model_at(r, c);
}
static inline bool model_is_text(const struct column *c)
{
	return c->type == TEXT || c->type == JSON;
}
/* Stores; text is not copied. */
void model_set_text(struct row *r, const struct column *c, const char *s);
void model_set_int(struct row *r, const struct column *c, int64_t v);

#endif
