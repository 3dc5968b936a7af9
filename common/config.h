/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - every setting: one table of name, type, unit, default and help. */
#ifndef COMMON_CONFIG_H
#define COMMON_CONFIG_H

#include "common/cx.h"

/* Read once at start from the environment; text lives as long as the process. */
struct config {
	const char *database_url; /* DATABASE_URL */
	const char *public_url;	  /* PANGOLIN_PUBLIC_URL: scheme://host[:port], no slash */
	const char *runtime_dir;  /* PANGOLIN_RUNTIME_DIR: cache, locks; NULL = none */
	const char *keys_dir; /* PANGOLIN_KEYS_DIR: identity.pem, identity.pub.json, storage.key */
	const char *file_roots; /* PANGOLIN_FILE_ROOTS: ':' between; NULL = no file warehouses */
	bool no_auth;		/* PANGOLIN_NO_AUTH */
	const char *root_user;	/* PANGOLIN_ROOT_USER */
	const char *
		root_password; /* PANGOLIN_ROOT_PASSWORD or the text in _FILE; NULL = no root login */
	const char *cors_origins; /* PANGOLIN_CORS_ALLOWED_ORIGINS: ',' between; "*" */
	const char *
		trusted_proxies; /* PANGOLIN_TRUSTED_PROXIES: addresses whose X-Forwarded-* count */
	int64_t max_body_bytes;	 /* PANGOLIN_MAX_BODY_BYTES */
	int64_t max_metadata_bytes; /* PANGOLIN_MAX_METADATA_BYTES */
	int64_t max_json_depth;	    /* PANGOLIN_MAX_JSON_DEPTH */
	int64_t request_timeout_ms; /* PANGOLIN_REQUEST_TIMEOUT_MS */
	int64_t body_timeout_ms;    /* PANGOLIN_BODY_TIMEOUT_MS */
	int64_t max_requests;	    /* PANGOLIN_MAX_REQUESTS: then the process ends; 0 = never */
	int64_t commit_tries;	    /* PANGOLIN_COMMIT_TRIES */
	int64_t page_size;	    /* PANGOLIN_MAX_PAGE_SIZE */
	int64_t cache_bytes;	    /* PANGOLIN_CACHE_BYTES */
	int64_t login_ttl_s, oauth_ttl_s; /* PANGOLIN_LOGIN_TTL_S, PANGOLIN_OAUTH_TTL_S */
};

/* INVALID: a value that does not read, naming the variable.  Allocates for good. */
MUST_USE enum status config_read(struct cx *cx, struct config *out);

/* The table as text, for `pangolin config` and the manual. */
void config_help(void (*line)(const char *name, const char *unit, const char *fallback,
			      const char *help));

#endif
