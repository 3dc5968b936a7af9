/* SPDX-License-Identifier: Apache-2.0 */
/* upstream.h - another Iceberg REST catalog: where it is, who we are there, and a request to it. */
#ifndef VENDING_UPSTREAM_H
#define VENDING_UPSTREAM_H

#include "common/json.h"
#include "vending/cloud.h"
#include "vending/pair.h"
#include "vending/vault.h"

/*
 * A federated catalog's properties, {str: str}, with the names that Iceberg's clients have
 * for them:
 *	uri			base address, to which /v1/... is added; where it holds /v1/<prefix>
 *				already, that is where the catalog is
 *	warehouse, prefix	of the upstream's /v1/config; the prefix it answers is taken
 *	token			a bearer token
 *	username, password	HTTP Basic
 *	api_key, x-api-key	an X-API-Key header
 *	credential		"client id:secret" for OAuth2's client credentials, at
 *	oauth2-server-uri	(uri/v1/oauth/tokens) with scope (catalog), audience, resource
 * The first of token, credential, username, api_key counts.
 */
struct upstream {
	const char *base;  /* "https://host[:port][/path]": no slash at the end */
	const char *fixed; /* "v1/x", where uri says it; else NULL */
	const char *warehouse, *prefix;
	const char *token, *username, *password, *api_key, *credential; /* secrets */
	const char *token_uri, *scope, *audience, *resource;
};

/* INVALID names the property. */
MUST_USE enum status upstream_parse(struct cx *cx, struct json_object *properties,
				    struct upstream *out);

/* How this process talks to it. */
struct upstream_link {
	const struct upstream *upstream;
	struct cloud *cloud;
	struct vault *vault; /* keeps tokens and prefixes; NULL = they are asked for each time */
	const char *name;    /* of what is kept: another one whenever the properties change */
	size_t max_answer;   /* bytes */
};

struct upstream_request {
	/* in */
	const char *method;
	const char *path;  /* behind the prefix: "/namespaces/a", encoded */
	const char *query; /* as it goes out, or NULL */
	const struct pair *headers;
	size_t n_headers;
	const char *body; /* NULL = none */
	size_t n_body;
	/* out: its answer, whatever the code */
	int code;
	const char *answer; /* NUL behind it */
	size_t n_answer;
	const char *content_type, *etag, *retry_after; /* NULL = not said */
	const char *root; /* "v1/prefix": what its paths begin with, behind base */
};

/*
 * OK: an answer of the catalog.  Else why there is none that can be passed on:
 * UNAVAILABLE: it could not be reached, and nothing was done.  DENIED: an address that
 * this server does not talk to, or it does not accept our credentials; nothing was done.
 * UNKNOWN: the request was sent; no answer came, or a redirect, something that is not
 * JSON, or more than max_answer.
 *
 * GET and HEAD are tried again (vending/http.h), others never.  A token that is not
 * accepted any more is asked for anew, once.
 */
MUST_USE enum status upstream_send(struct cx *cx, const struct upstream_link *link,
				   struct upstream_request *r);

/* Asks for its configuration, past what is kept of it. */
MUST_USE enum status upstream_configure(struct cx *cx, const struct upstream_link *link);

/* How much there is of it. */
struct upstream_counts {
	int64_t namespaces, tables, views;
	bool complete; /* false: the time was over before all was seen */
};

/* Walks namespaces, tables and views until the deadline is near.  As upstream_send; also
 * UNKNOWN where the catalog answers with a failure. */
MUST_USE enum status upstream_count(struct cx *cx, const struct upstream_link *link,
				    struct upstream_counts *out);

#endif
