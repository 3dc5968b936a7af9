/* SPDX-License-Identifier: Apache-2.0 */
/* storage.h - a warehouse's storage_config, whatever its spelling, as one model. */
#ifndef VENDING_STORAGE_H
#define VENDING_STORAGE_H

#include "common/json.h"
#include "common/location.h"

/* How a table's readers and writers come to reach its files. */
enum vending {
	VEND_SIGNED,  /* each request is signed for them: where nothing else is said */
	VEND_SESSION, /* keys that end soon, for the table's folders alone */
	VEND_STATIC,  /* the keys themselves: only where the warehouse says so */
	VEND_NOTHING, /* they have their own ways */
};

/* Text is NULL where not configured.  All of it but the secrets may be shown. */
struct storage {
	const char *scheme;	 /* "file", "s3", "abfss", "gs" */
	const char *root;	 /* normalised location all tables lie under by default */
	const char *allowed[16]; /* further locations for adopted tables; NULL ends */
	const char *bucket;	 /* Azure: the container */
	/* "https://host[:port]" of the object service; NULL = the cloud's own.  Azure: its blob
	 * service; where the host is not "<account>.…", the account stands in the path. */
	const char *endpoint;
	int64_t session_s; /* how long what is vended lives; 0 = as the cloud's code chooses */
	/* May name files of this machine, and use the machine's own identity: the operator's. */
	bool trusted;
	/* S3 */
	const char *region;
	bool path_style;
	const char *access_key_id, *secret_access_key, *session_token; /* SECRET */
	const char *role_arn, *external_id, *sts_endpoint; /* sts_endpoint: Google's too */
	/* Azure */
	const char *account_name;
	const char *azure_domain;	     /* "core.windows.net" */
	const char *account_key, *sas_token; /* SECRET */
	const char *azure_tenant_id, *client_id, *authority_host;
	const char *client_secret; /* SECRET */
	bool sas_of_container;	   /* what is vended may be for the whole container */
	/* Google */
	const char *project_id, *service_account_email, *service_account_file;
	const char *service_account_key; /* SECRET: JSON text, of an external account too */
	const char *private_key;	 /* SECRET: PEM, with service_account_email */
	const char *metadata_server; /* "http://host": the machine's identity; NULL = not used */
	const char *delete_role;     /* one that removes objects and does nothing else */
	const char *access_token;    /* SECRET: sent as it is (Google, Azure) */
	/* What clients get: storage_vending's. */
	enum vending vending;
	/* Requests that write may be signed with the storage's own keys: Amazon's, or the strategy
	 * says RemoteSigning.  MinIO takes headers that were not signed, a copy's source among
	 * them, so who may write one table could read all that the keys can. */
	bool signs_writes;
	const char *vended_key_id, *vended_secret; /* SECRET: of VEND_STATIC */
};

/*
 * Reads storage_config: {str: str}, and booleans.  Every spelling of
 * storage.c's table, which holds what the SDK, the command line, the UI and
 * the Iceberg clients write; two spellings of one key must agree.  Where the
 * storage is: "location" ("s3://bucket/prefix", "file:///folder", an absolute
 * path), or a bucket with an optional "prefix".  "allowed-locations" holds up
 * to 15 more, ',' between.  INVALID names the key.
 *
 * Without path-style said, an endpoint of its own that is not AWS's gets path
 * style.
 */
MUST_USE enum status storage_parse(struct cx *cx, struct json_object *config, struct storage *out);

/*
 * Reads how a warehouse vends: `strategy` is its vending_strategy, JSON text or
 * NULL: a name, or {name: {...}} with what it needs and storage_config does not
 * hold.  Names in any case, with any separators: AwsSts, AzureSas, GcpDownscoped,
 * Sts: VEND_SESSION; AwsStatic, AzureAccountKey, Static: VEND_STATIC; RemoteSigning:
 * VEND_SIGNED; None: VEND_NOTHING.  No strategy, a name that is none of these, or
 * another cloud's (clients send any): VEND_SESSION with use_sts, else VEND_SIGNED (on what
 * can't be signed for: VEND_NOTHING).  INVALID: a role that is none, a session that is too
 * short.  What is missing for a session shows when one is wanted.
 */
MUST_USE enum status storage_vending(struct cx *cx, struct storage *s, bool use_sts,
				     const char *strategy);

/* Both, of a warehouse's row. */
struct warehouse;
MUST_USE enum status storage_of(struct cx *cx, const struct warehouse *w, struct storage *out);

/* "aws", "aws-cn", "aws-us-gov" ...: what resource names of the region begin with. */
const char *storage_partition(const struct storage *s);

/* True where S3 is Amazon's own. */
bool storage_is_aws(const struct storage *s);

/* S3: "https://host[:port]" that requests go to, without the scheme's own port. */
const char *storage_endpoint(struct cx *cx, const struct storage *s);

/* S3: true where the bucket stands in the path; else it is a name under the endpoint. */
bool storage_by_path(const struct storage *s, const char *endpoint);

/* What location rows are keyed by: "file", "s3://<endpoint host or aws>/<bucket>",
 * "abfss://<container>@<account>", "gs://<bucket>". */
const char *storage_identity(struct cx *cx, const struct storage *s);

/* A location's path as its rows have it.  On S3 that is not Amazon's, capital letters become
 * small ones: SeaweedFS takes a session's policy for "/t" to be one for "/T" too, so two tables
 * must not differ by that alone. */
const char *storage_claim(struct cx *cx, const struct storage *s, const struct location *l);

/* OK where the location lies under root or an allowed location (or is an allowed
 * location), and is not itself a bucket's or the file system's root; else INVALID.
 * On Azure no level ends in a dot: the service drops it, and two names would be one. */
MUST_USE enum status storage_covers(struct cx *cx, const struct storage *s,
				    const struct location *l);

/* Adds to `config` what a client needs to reach this storage and may know: s3.endpoint, s3.region,
 * client.region, s3.path-style-access; adls.account-name, adls.account-host; gcs.project-id,
 * gcs.service.host.  No secrets. */
void storage_client_config(const struct storage *s, struct json_object *config);

#endif
