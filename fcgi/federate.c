/* SPDX-License-Identifier: Apache-2.0 */
/* federate.c - requests on another server's catalogs, sent on to it. */
#include "fcgi/federate.h"

#include <strings.h>

#include "common/log.h"
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/decide.h"
#include "fcgi/resolve.h"
#include "fcgi/upstream_answer.h"
#include "stores/audit.h"
#include "stores/catalogs.h"

#define MAX_PATH 16384
#define CONFIG_DEPTH 8
#define PREFIX "/v1/{}"
#define RECORD_MS 3000

bool federate_applies(const struct request *rq)
{
	return rq->resolved && !(rq->route->flags & LOCAL) &&
	       catalog_is_federated(rq->resolved->catalog->row);
}

enum status federation_open(struct cx *cx, const struct catalog *c, struct cloud *cloud,
			    struct vault *vault, size_t max_answer, struct federation *out)
{
	struct json_object *config;
	const char *text = c->federated_config;
	enum status s;

	*out = (struct federation){ 0 };
	if (!text)
		return fail(cx, INTERNAL,
			    "federated catalog \"%s\": this process can't open its configuration: "
			    "it needs storage.key in PANGOLIN_KEYS_DIR",
			    c->name);
	s = json_parse(cx, text, strlen(text), CONFIG_DEPTH, &config);
	if (!s)
		s = upstream_parse(cx, json_member(config, "properties"), &out->upstream);
	if (s)
		return fail(cx, INTERNAL, "federated catalog \"%s\": %s", c->name,
			    cx_strdup(cx, cx->message));
	out->link = (struct upstream_link){
		.upstream = &out->upstream,
		.cloud = cloud,
		.vault = vault,
		.name = cx_printf(cx, "%s %lld", c->id, (long long)c->row.version),
		.max_answer = max_answer,
	};
	return OK;
}

/* --- what is sent on --------------------------------------------------------------- */

/* What was decided on, and nothing else: the route's path of its decoded names. */
static const char *path_of(const struct request *rq)
{
	struct text t = text_open(rq->cx, MAX_PATH);
	size_t next = 1;

	for (const char *c = rq->route->pattern + strlen(PREFIX); *c; c++) {
		const char *name;

		if (strncmp(c, "{}", 2) != 0) {
			text_addc(&t, *c);
			continue;
		}
		name = rq->segments[next++];
		text_add_percent(&t, name, strlen(name), false);
		c++;
	}
	return t.s;
}

/* A server or proxy that takes %2F for a slash would leave the path that was decided on. */
static enum status check_names(struct request *rq)
{
	for (size_t i = 1; i < rq->n_segments; i++)
		for (const char *c = rq->segments[i]; *c; c += strcspn(c, "/\\"), c += *c != '\0') {
			size_t n = strcspn(c, "/\\");

			if (n && n <= 2 && strspn(c, ".") >= n)
				return fail(rq->cx, INVALID,
					    "a name with a \".\" or \"..\" between slashes is not "
					    "sent to an upstream catalog");
		}
	return OK;
}

/* A parameter given twice could be one thing to us and another to the upstream. */
static enum status check_query(struct request *rq)
{
	for (const char *a = rq->query; *a; a += strcspn(a, "&"), a += *a == '&') {
		size_t n = strcspn(a, "=&");

		if (n && memchr(a, '%', n))
			return fail(rq->cx, INVALID, "the name of a query parameter is encoded");
		for (const char *b = a + strcspn(a, "&"); *b; b += strcspn(b, "&")) {
			b++;
			if (n && strcspn(b, "=&") == n && memcmp(a, b, n) == 0)
				return fail(rq->cx, INVALID,
					    "the query parameter \"%.*s\" is given twice", (int)n,
					    a);
		}
	}
	return OK;
}

/* Credentials that an upstream hands out do what it lets its own client do: they are for who
 * may write and delete here, too. */
#define DELEGATION "X-Iceberg-Access-Delegation"
static bool may_be_vended(const struct request *rq)
{
	return access_may(rq->who, MAY_WRITE, &rq->object) &&
	       access_may(rq->who, MAY_DELETE, &rq->object);
}

/* Of the request's own: never its credential, nothing of the connection. */
static size_t headers_of(struct request *rq, struct pair *out)
{
	static const char *const names[] = {
		"Content-Type",	   "Accept",	 "If-None-Match",
		"Idempotency-Key", "User-Agent", DELEGATION, /* the last: see below */
	};
	size_t n = 0, last = ARRAY_SIZE(names) - !may_be_vended(rq);

	for (size_t i = 0; i < last; i++) {
		const char *value = request_header(rq, names[i]);

		if (value && *value && !strpbrk(value, "\r\n"))
			out[n++] = (struct pair){ names[i], value };
	}
	out[n++] = (struct pair){ "X-Request-Id", rq->request_id };
	return n;
}

/* --- what comes back ---------------------------------------------------------------- */

static bool reads(const struct request *rq)
{
	return !strcmp(rq->method, "GET") || !strcmp(rq->method, "HEAD");
}

/* 502: whether it was carried out nobody knows here. */
static enum status no_answer(struct request *rq, enum status s)
{
	if (s == UNKNOWN) {
		rq->answer.http = 502;
		rq->error_type = reads(rq) ? "BadGatewayException" : "CommitStateUnknownException";
	}
	return s;
}

/* --- what is on record ---------------------------------------------------------------- */

static const struct mutation {
	const char *method, *path; /* behind the catalog's prefix */
	const char *action, *type;
} mutations[] = {
	{ "POST", "/namespaces", "create_namespace", "namespace" },
	{ "DELETE", "/namespaces/{}", "delete_namespace", "namespace" },
	{ "POST", "/namespaces/{}/properties", "update_namespace", "namespace" },
	{ "POST", "/namespaces/{}/tables", "create_table", "table" },
	{ "POST", "/namespaces/{}/register", "register_table", "table" },
	{ "POST", "/namespaces/{}/tables/{}", "commit_table", "table" },
	{ "DELETE", "/namespaces/{}/tables/{}", "drop_table", "table" },
	{ "POST", "/namespaces/{}/tables/{}/unregister", "unregister_table", "table" },
	{ "POST", "/tables/rename", "rename_table", "table" },
	{ "POST", "/transactions/commit", "commit_transaction", "catalog" },
	{ "POST", "/namespaces/{}/views", "create_view", "view" },
	{ "POST", "/namespaces/{}/register-view", "register_view", "view" },
	{ "POST", "/namespaces/{}/views/{}", "update_view", "view" },
	{ "DELETE", "/namespaces/{}/views/{}", "drop_view", "view" },
	{ "POST", "/views/rename", "rename_view", "view" },
};

static const struct mutation *mutation_of(const struct request *rq)
{
	const char *path = rq->route->pattern + strlen(PREFIX);

	for (size_t i = 0; i < ARRAY_SIZE(mutations); i++)
		if (!strcmp(mutations[i].method, rq->method) && !strcmp(mutations[i].path, path))
			return &mutations[i];
	return NULL;
}

/* "catalog/a.b.t", as far as path and body say. */
static const char *resource_name(struct request *rq)
{
	const struct object *o = &rq->object;
	struct json_object *body = NULL;
	const char *name = o->name;

	if (!o->namespace)
		return o->catalog;
	if (!name && !json_parse(rq->cx, rq->body, rq->body_len, 512, &body))
		name = json_text(body, "name");
	return cx_printf(rq->cx, "%s/%s", o->catalog,
			 name ? asset_shown(rq->cx, o->namespace, name)
			      : namespace_shown(rq->cx, o->namespace));
}

/*
 * The upstream's change can't ride in a list of ours: it goes on record before it is sent, as one
 * whose end is not known, so none can happen unrecorded, and is put right behind it.
 * *out is NULL where the request is no change.
 */
static enum status begin_record(struct request *rq, struct audit **out)
{
	const struct mutation *m = mutation_of(rq);
	struct audit *a;
	enum status s;

	*out = NULL;
	if (!m)
		return OK;
	a = audit_new(rq->cx, request_actor(rq), rq->tenant_id, m->action, m->type, NULL,
		      resource_name(rq));
	a->metadata = "{\"federated\":true}";
	a->result = "failure";
	a->error_message = "sent to the upstream catalog: whether it was done is not known";
	*out = a;
	s = store_apply(rq->cx, rq->rs->store, (struct change[]){ { INSERT, &a->row } }, 1, NULL);
	if (s)
		fail(rq->cx, UNAVAILABLE, "not sent to the upstream catalog: %s",
		     cx_strdup(rq->cx, rq->cx->message));
	return s ? UNAVAILABLE : OK;
}

/* What was not done leaves no record, as where it is ours.  cx->message stays. */
static void end_record(struct request *rq, struct audit *a, const struct upstream_request *r,
		       enum status s)
{
	struct cx *cx = rq->cx;
	const char *why = cx_strdup(cx, cx->message);
	bool refused = s ? s != UNKNOWN : r->code >= 300 && r->code < 500;
	struct change change = { refused ? DELETE : UPDATE, a ? &a->row : NULL };

	if (!a)
		return;
	if (s == UNKNOWN)
		a->error_message = why;
	if (r->code)
		a->metadata = cx_printf(cx, "{\"federated\":true,\"upstream_status\":%d}", r->code);
	if (!s && r->code < 300) {
		a->result = "success";
		a->error_message = NULL;
	}
	if (store_apply(cx, rq->rs->store, &change, 1, NULL))
		log_event(LOG_ERROR_, a->action, rq->request_id,
			  "its record says that its end is not known (%s)", cx->message);
	(void)fail(cx, s, "%s", why);
}

/* Behind the upstream's answer there has to be time to put the record right. */
static enum status send(struct request *rq, const struct federation *f, struct upstream_request *r)
{
	int64_t end = rq->cx->deadline_ms, left = cx_left_ms(rq->cx);
	struct audit *record;
	enum status s = begin_record(rq, &record);

	if (s)
		return s;
	if (end && record)
		rq->cx->deadline_ms = end - (left / 4 < RECORD_MS ? left / 4 : RECORD_MS);
	s = upstream_send(rq->cx, &f->link, r);
	rq->cx->deadline_ms = end;
	/* A proxy in between may say so of what it gave on; clients take 503 for "not done". */
	if (!s && record && r->code == 503)
		s = fail(rq->cx, UNKNOWN,
			 "the upstream catalog, or a proxy before it, answered 503: whether it was "
			 "done is not known");
	end_record(rq, record, r, s);
	return s;
}

/* What an upstream lists is passed on as it is: to who may know of all of it. */
static enum status check_list(struct request *rq)
{
	if (rq->route->action != MAY_LIST || strcmp(rq->method, "GET") != 0 ||
	    access_within(rq->who, MAY_LIST, &rq->object))
		return OK;
	return fail(rq->cx, DENIED,
		    "a list of a federated catalog is shown to who may list all that is in it");
}

/* An upstream signs what its own credentials may: what is not reading asks for more of who
 * calls; so does asking for credentials. */
static enum status check_delegation(struct request *rq)
{
	const char *path = rq->route->pattern + strlen(PREFIX), *method;
	enum status s;

	if (strcmp(path, "/namespaces/{}/tables/{}/credentials") == 0 && !may_be_vended(rq))
		return fail(
			rq->cx, DENIED,
			"what an upstream vends may write: this needs the right to write and to "
			"delete");
	if (strcmp(path, "/namespaces/{}/tables/{}/sign") != 0)
		return OK;
	s = request_json(rq, false);
	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "method", &method);
	if (s || !strcasecmp(method, "GET") || !strcasecmp(method, "HEAD"))
		return s;
	s = decide(rq, MAY_WRITE, &rq->object);
	/* POST: a list of keys to delete, too */
	return s || !strcasecmp(method, "PUT") ? s : decide(rq, MAY_DELETE, &rq->object);
}

enum status federate(struct request *rq)
{
	const struct catalog *c = rq->resolved->catalog->row;
	struct pair headers[16];
	struct upstream_request r = { .method = rq->method, .headers = headers };
	struct federation f;
	enum status s;

	if (rq->route->flags & NOT_ICEBERG)
		return fail(rq->cx, INVALID,
			    "catalog \"%s\" is federated: this is not something that its upstream "
			    "can be asked for",
			    c->name);
	s = check_names(rq);
	if (!s)
		s = check_query(rq);
	if (!s)
		s = check_list(rq);
	if (!s)
		s = check_delegation(rq);
	if (!s)
		s = federation_open(rq->cx, c, rq->rs->cloud, rq->rs->vault,
				    (size_t)rq->rs->config->max_metadata_bytes, &f);
	if (s)
		return s;
	r.path = path_of(rq);
	r.query = rq->query;
	r.n_headers = headers_of(rq, headers);
	r.body = rq->body_len ? rq->body : NULL;
	r.n_body = rq->body_len;
	s = send(rq, &f, &r);
	if (!s)
		s = upstream_answer(rq, &f.upstream, &r, may_be_vended(rq));
	return no_answer(rq, s);
}

/* --- counting ----------------------------------------------------------------------------- */

enum status federation_sync(struct cx *cx, struct store *st, const struct catalog *c,
			    const struct federation *f, const struct audit *by,
			    struct federation_count *row, bool *complete)
{
	struct upstream_counts n = { 0 };
	enum status s = upstream_count(cx, &f->link, &n), kept;
	const char *why = s ? cx_strdup(cx, cx->message) : NULL;
	struct audit *record = audit_new(cx, by, c->tenant_id, "sync_federated_catalog",
					 "federated_catalog", c->id, c->name);

	*complete = n.complete;
	*row = (struct federation_count){ .tenant_id = c->tenant_id,
					  .catalog_id = c->id,
					  .last_synced_at = cx_now_ms(),
					  .sync_status = s	      ? "Failed"
							 : n.complete ? "Success"
								      : "Running",
					  .namespaces_synced = n.namespaces,
					  .tables_synced = n.tables,
					  .views_synced = n.views,
					  .error_message = why };
	if (s) {
		record->result = "failure";
		record->error_message = why;
	}
	kept = federation_count_keep(cx, st, row, record);
	return s ? fail(cx, s, "%s", why) : kept;
}
