/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - every setting: one table of name, type, unit, default and help. */
#ifndef COMMON_CONFIG_H
#define COMMON_CONFIG_H

#include "common/cx.h"

/*
 * Read once at start from the environment; text lives as long as the process.
 * Each member is PANGOLIN_<MEMBER> but database_url (DATABASE_URL); config.c's
 * table has units, defaults and bounds.
 */
struct config {
	const char *database_url;
	const char *public_url;	 /* scheme://host[:port], no slash behind; NULL = ask the request */
	const char *runtime_dir; /* cache, locks; NULL = none */
	const char *keys_dir;	 /* identity.pem, identity.pub.json, storage.key */
	const char *storage_key; /* instead of storage.key; NULL = the file */
	const char *file_roots;	 /* ':' between; NULL = no file warehouses */
	const char *ca_file;	 /* PANGOLIN_CA_FILE: PEM; NULL = the system's */
	bool refuse_loopback;	 /* PANGOLIN_REFUSE_LOOPBACK: of storages' endpoints */
	const char *outbound_allow; /* hosts that may be talked to, ',' between; NULL = all */
	bool trust_warehouses; /* PANGOLIN_TRUST_WAREHOUSES: with this machine's files, identity */
	const char *default_storage; /* PANGOLIN_DEFAULT_STORAGE: JSON file; NULL = none */
	bool no_auth;
	const char *root_user;
	const char *root_password; /* or what the file in .._FILE holds; NULL = no root login */
	const char *cors_allowed_origins; /* ',' between; "*" */
	const char *trusted_proxies;	  /* addresses whose X-Forwarded-* count; NULL = none */
	int64_t max_body_bytes;
	int64_t max_metadata_bytes;
	int64_t max_json_depth;
	int64_t request_timeout_ms;
	int64_t body_timeout_ms;
	int64_t max_requests; /* then the process ends; 0 = never */
	int64_t commit_tries;
	int64_t max_page_size; /* rows */
	int64_t cache_bytes;
	bool password_rule;	/* PANGOLIN_PASSWORD_RULE */
	int64_t password_slots; /* password hashes at once on this machine */
	bool counts;		/* PANGOLIN_COUNTS: answers say what they cost */
	bool metrics_enabled;	/* /metrics */
	int64_t scan_files;	/* of one answer of a planned scan */
	int64_t scan_bytes;	/* of manifests read for it */
	int64_t scan_ttl_s;
	int64_t login_ttl_s, oauth_ttl_s;
	int64_t auth_rate_limit, auth_rate_window_s; /* .._SECS; fcgi/attempts.h */
	int64_t auth_lockout, auth_lockout_s;	     /* .._SECS */
	bool no_auth_anywhere; /* PANGOLIN_NO_AUTH_ANYWHERE: fcgi/loopback.h */
	/* Metrics reports kept: of one table, for how long, and how large one may be. */
	int64_t metrics_per_table, metrics_days, metrics_bytes;
	int64_t audit_days;	   /* how long audit records are kept; 0 = for ever */
	int64_t commit_days;	   /* likewise commits and merges: stores/trim.h */
	int64_t audit_seal_age_s;  /* how old they are sealed */
	int64_t idempotency_ttl_s; /* how long an Idempotency-Key may be sent again */
};

/* INVALID: a value that does not read, naming the variable.  Allocates for good. */
MUST_USE enum status config_read(struct cx *cx, struct config *out);

/* The text of a variable, or of the file that NAME_FILE names, without its line's end; NULL
 * where neither is set.  INVALID: the file does not read. */
MUST_USE enum status config_secret(struct cx *cx, const char *name, const char **out);

/* The table as text, for `pangolin config` and the manual. */
void config_help(void (*line)(const char *name, const char *unit, const char *fallback,
			      const char *help));

#endif
