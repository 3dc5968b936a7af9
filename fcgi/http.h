/* SPDX-License-Identifier: Apache-2.0 */
/* http.h - one request and its answer, and the process that serves them. */
#ifndef FCGI_HTTP_H
#define FCGI_HTTP_H

#include "common/access.h"
#include "common/config.h"
#include "common/json.h"
#include "common/model.h"
#include "common/slots.h"
#include "stores/store.h"
#include "vending/cache.h"
#include "vending/cloud.h"
#include "vending/vault.h"

#define MAX_SEGMENTS 16
#define MAX_PARTS 8

struct route_table;
struct content;	 /* stores/content.h: what this process knows of catalogs, while the epochs stand */
struct refusals; /* fcgi/refusals.h */
struct meter;	 /* fcgi/meter.h; NULL = nothing is counted */
struct external; /* fcgi/external.h */
struct request_counts;
struct identities; /* fcgi/auth.h: keys, and principals by token while the epochs stand */

/* One process: everything that outlives a request. */
struct responder {
	const char *family; /* "tables" */
	const struct config *config;
	struct store *store;
	struct cloud *cloud;
	struct cache *cache;
	struct vault *vault;
	struct request_counts *requests; /* fcgi/quota.h */
	struct slots *slots;		 /* NULL = any number of processes may wait for one thing */
	struct content *content;
	struct identities *identities;
	struct external *external; /* NULL: no other server's users are let in */
	struct refusals *refusals;
	struct meter *meter;
	const struct route_table *const *tables; /* what this process serves */
	size_t n_tables;
	uint64_t served;
	uint64_t parses; /* of metadata, counted for bench and tests */
	bool ending;	 /* the schema has moved past this program: no further request is taken */
};

struct part {
	const char *bytes;
	size_t n;
};

struct header {
	const char *name, *value;
};

struct answer {
	int http; /* 0 until there is an answer */
	const char *content_type;
	struct header headers[16];
	size_t n_headers;
	struct part parts[MAX_PARTS]; /* the body, sent as they are: no copy */
	size_t n_parts;
};

struct request {
	struct cx *cx;
	struct responder *rs;
	const struct route *route;

	/* As sent.  Segments are the matched pattern's {} parts, decoded once. */
	const char *method, *path, *query; /* path raw, without query; query raw or "" */
	const char *segments[MAX_SEGMENTS];
	size_t n_segments;
	const char *body; /* NUL behind it */
	size_t body_len;
	struct json_object *json; /* request_json's; NULL before */
	const char *request_id;	  /* inbound x-request-id if sane, else a UUID */
	const char *client_address, *user_agent;
	const char *const *env;	 /* FCGI or CGI parameters, NULL ends */
	const char *prefix_hint; /* catalog named twice in the path (/v1/c/v1/...), or NULL */

	/* Who and about what: set before the handler runs. */
	const struct principal *who; /* NULL on PUBLIC routes without credential */
	const char *tenant_id;	     /* effective: root may choose by X-Pangolin-Tenant */
	struct object object;
	struct resolved *resolved; /* fcgi/resolve.h: rows read with the object */
	/* Of the Idempotency-Key, on routes that take one; read along with the object.
	 * NULL = none given. */
	struct idempotency_key *key;

	/* The answer.  error_type: Iceberg exception name where the noun
	 * matters ("NoSuchNamespaceException"); NULL = the status's own. */
	struct answer answer;
	const char *error_type;
};

/* A FastCGI or CGI parameter ("REQUEST_URI"), or NULL. */
const char *request_env(const struct request *rq, const char *name);

/* The value of a request header ("x-request-id"), or NULL. */
const char *request_header(const struct request *rq, const char *name);

/*
 * Fills method, path, query, request_id, client_address and user_agent from
 * rq->env.  INVALID: no REQUEST_URI, an absolute-form one, a fragment, control
 * bytes, more than 16 KiB.
 */
MUST_USE enum status request_open(struct request *rq);

/* How clients reach this server, "https://host[:port]": PANGOLIN_PUBLIC_URL, else
 * what the request says (X-Forwarded-* only from a trusted proxy). */
const char *request_base_url(const struct request *rq);

/* The decoded value of a query parameter, or NULL; INVALID where it can't be decoded. */
MUST_USE enum status request_query(struct request *rq, const char *name, const char **out);

/* All values of a parameter that is given more than once, ',' between; NULL: absent. */
MUST_USE enum status request_query_all(struct request *rq, const char *name, const char **out);

/* The same as it was sent, not decoded: for lists of encoded texts.  NULL: absent. */
const char *request_query_raw(const struct request *rq, const char *name);

/* Parses the body as a JSON object into rq->json.  INVALID; an empty body is
 * INVALID unless `optional` (then {}). */
MUST_USE enum status request_json(struct request *rq, bool optional);

/* Parses application/x-www-form-urlencoded into a {str: str} object at rq->json. */
MUST_USE enum status request_form(struct request *rq);

/* --- answers; each returns OK --------------------------------------------- */

enum status answer_json(struct request *rq, int http, struct json_object *v);
/* No body. */
enum status answer_empty(struct request *rq, int http);
/* Adds to the body without a copy; sets status and type on first use. */
void answer_part(struct request *rq, const char *bytes, size_t n);
void answer_header(struct request *rq, const char *name, const char *value);

/*
 * Fills rq->answer from a failed status and cx->message: Iceberg's
 * {"error":{"message","type","code"}}.  The one table of HTTP numbers; a number
 * a handler has put into rq->answer.http before (422) stays.  Headers stay.
 * Of INTERNAL only the log says why.
 */
void answer_failure(struct request *rq, enum status s);

/* The number and the exception's name that answer_failure will give. */
int failure_http(const struct request *rq, enum status s);
const char *failure_type(const struct request *rq, enum status s);

/* Adds what every answer has: x-request-id, CORS, no-store and the no-auth mark. */
void answer_common(struct request *rq);

/* The head to send, from "Status:" to the empty line; Content-Length counts the
 * parts but is left out where HTTP has no body (204, 304). */
const char *answer_head(struct request *rq, size_t *n);

#endif
