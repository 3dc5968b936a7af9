/* SPDX-License-Identifier: Apache-2.0 */
/* storage.h - a warehouse's storage_config, whatever its spelling, as one model. */
#ifndef VENDING_STORAGE_H
#define VENDING_STORAGE_H

#include "common/json.h"
#include "common/location.h"

/* Text is NULL where not configured.  All of it but the secrets may be shown. */
struct storage {
	const char *scheme;	 /* "file", "s3"; "abfss", "gs" have no object IO yet */
	const char *root;	 /* normalised location all tables lie under by default */
	const char *allowed[16]; /* further locations for adopted tables; NULL ends */
	/* S3 */
	const char *bucket, *region, *endpoint; /* endpoint: "https://host[:port]" or NULL = AWS */
	bool path_style;
	const char *access_key_id, *secret_access_key, *session_token; /* SECRET */
	const char *role_arn, *external_id, *sts_endpoint;
	/* Azure; bucket is the container */
	const char *account_name;
	const char *account_key, *sas_token; /* SECRET */
	const char *azure_tenant_id, *client_id, *authority_host;
	const char *client_secret; /* SECRET */
	/* Google */
	const char *project_id, *service_account_email, *service_account_file;
	const char *service_account_key; /* SECRET: JSON text */
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

/* What location rows are keyed by: "file", "s3://<endpoint host or aws>/<bucket>",
 * "abfss://<container>@<account>", "gs://<bucket>". */
const char *storage_identity(struct cx *cx, const struct storage *s);

/* OK where the location lies under root or an allowed location (or is an allowed
 * location), and is not itself a bucket's or the file system's root; else INVALID. */
MUST_USE enum status storage_covers(struct cx *cx, const struct storage *s,
				    const struct location *l);

/* Adds to `config` what a client needs to reach this storage and may know:
 * s3.endpoint, s3.region, client.region, s3.path-style-access.  No secrets. */
void storage_client_config(const struct storage *s, struct json_object *config);

#endif
