/* SPDX-License-Identifier: Apache-2.0 */
/* federated.c - /api/v1/federated-catalogs: catalogs that are another server's. */
#include "common/model_json.h"
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/admin.h"
#include "fcgi/federate.h"
#include "stores/catalogs.h"

/* --- configuration ------------------------------------------------------------------ */

/* Masked values are filled in from what is kept. */
static enum status restore(struct request *rq, const struct catalog *c,
			   struct json_object *properties)
{
	struct json_object *old = NULL;
	enum status s = OK;

	if (c->federated_config)
		s = admin_object(rq->cx, c->federated_config, &old);
	return s ? s
		 : secrets_restore(rq->cx, properties, json_member(old, "properties"),
				   "properties");
}

enum status federated_read(struct request *rq, const char *key, struct catalog *c)
{
	struct json_object *config, *given, *properties, *kept;
	struct upstream upstream;
	struct cx *cx = rq->cx;
	enum status s = json_get_object(cx, rq->json, "", key, &config);

	if (!s)
		s = json_get_object(cx, config, key, "properties", &given);
	if (!s)
		s = json_check_texts(cx, given, "properties");
	if (s)
		return s;
	properties = json_copy(cx, given);
	s = restore(rq, c, properties);
	if (!s)
		s = upstream_parse(cx, properties, &upstream);
	if (!s)
		s = cloud_check_url(cx, rq->rs->cloud, "uri", upstream.base);
	if (!s && upstream.credential)
		s = cloud_check_url(cx, rq->rs->cloud, "oauth2-server-uri", upstream.token_uri);
	if (s)
		return s;
	kept = json_new_object(cx);
	json_set(kept, "properties", properties);
	c->federated_config = json_print(cx, kept, NULL);
	c->catalog_type = "Federated";
	return OK;
}

enum status federated_show(struct request *rq, const struct catalog *c, struct json_object *out,
			   const char *key)
{
	struct json_object *config;
	enum status s = OK;

	json_set(out, key, NULL);
	if (!catalog_is_federated(c))
		return OK;
	s = admin_object(rq->cx, c->federated_config, &config);
	if (!s)
		json_set(out, key, secrets_mask(rq->cx, config));
	return s;
}

/* --- rows ------------------------------------------------------------------------------ */

static enum status show(struct request *rq, const void *item, struct json_object **out)
{
	const struct catalog *c = item;
	struct json_object *shown = json_new_object(rq->cx);
	enum status s = federated_show(rq, c, shown, "config");

	*out = json_new_object(rq->cx);
	json_set_text(*out, "id", c->id);
	json_set_text(*out, "name", c->name);
	json_set_text(*out, "catalog_type", c->catalog_type);
	/* not as "config": clients' models of that have more members */
	json_set(*out, "properties", json_member(json_member(shown, "config"), "properties"));
	return s;
}

static enum status show_visible(struct request *rq, const void *item, struct json_object **out)
{
	const struct catalog *c = catalog_is_federated(item) ? admin_shown(rq, item) : NULL;

	return c ? show(rq, c, out) : OK;
}

enum status list_federated(struct request *rq)
{
	struct catalog from = { .row = ROW(catalog), .tenant_id = rq->tenant_id };

	return admin_list(rq, &from.row, 1, false, show_visible);
}

static enum status find(struct request *rq, enum action action, struct catalog *c)
{
	enum status s = admin_catalog(rq, action, c);

	if (!s && !catalog_is_federated(c))
		s = fail(rq->cx, INVALID, "catalog \"%s\" is not federated", c->name);
	return s;
}

enum status get_federated(struct request *rq)
{
	struct catalog c;
	enum status s = find(rq, MAY_READ, &c);

	return s ? s : admin_answer(rq, 200, &c, show);
}

enum status create_federated(struct request *rq)
{
	struct catalog c = { .tenant_id = rq->tenant_id, .properties = "{}" };
	enum status s = request_json(rq, false);

	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "name", &c.name);
	if (!s)
		s = admin_check_name(rq->cx, "catalog", c.name);
	if (!s)
		s = catalog_name_check(rq->cx, c.name);
	if (!s)
		s = federated_read(rq, "config", &c);
	if (!s)
		s = catalog_create(rq->cx, rq->rs->store, &c, request_actor(rq));
	return s ? s : admin_answer(rq, 201, &c, show);
}

enum status delete_federated(struct request *rq)
{
	struct json_object *o = json_new_object(rq->cx);
	struct catalog c;
	enum status s = find(rq, MAY_DELETE, &c);

	if (!s)
		s = catalog_delete(rq, c.id);
	json_set_text(o, "status", "deleted");
	json_set_text(o, "catalog", rq->segments[0]);
	return s ? s : answer_json(rq, 200, o);
}

/* --- the upstream ------------------------------------------------------------------------- */

static enum status open_upstream(struct request *rq, enum action action, struct catalog *c,
				 struct federation *f)
{
	enum status s = find(rq, action, c);

	return s ? s
		 : federation_open(rq->cx, c, rq->rs->cloud, rq->rs->vault,
				   (size_t)rq->rs->config->max_metadata_bytes, f);
}

/* Its configuration, and a list with its credentials. */
static enum status try_upstream(struct cx *cx, const struct federation *f)
{
	const struct pair accept = { "Accept", "application/json" };
	struct upstream_request r = { .method = "GET",
				      .path = "/namespaces",
				      .query = "pageSize=1&pageToken=",
				      .headers = &accept,
				      .n_headers = 1 };
	struct json_object *o;
	enum status s = upstream_configure(cx, &f->link);

	if (!s)
		s = upstream_send(cx, &f->link, &r);
	if (s)
		return s;
	if (r.code != 200)
		return fail(cx, UNAVAILABLE,
			    "the upstream catalog answers %d to a list of namespaces%s", r.code,
			    r.code == 403   ? ": our credentials lack the right to it"
			    : r.code == 404 ? ": is uri, or its prefix, right?"
					    : "");
	if (json_parse(cx, r.answer, r.n_answer, 16, &o) || !json_member(o, "namespaces"))
		return fail(cx, UNAVAILABLE,
			    "the upstream catalog's list of namespaces is none: is uri the address "
			    "of an Iceberg REST catalog?");
	return OK;
}

static enum status answer_failed_test(struct request *rq, struct json_object *o)
{
	struct json_object *error = json_new_object(rq->cx);

	json_set_text(o, "status", "failed");
	json_set_text(error, "message", rq->cx->message);
	json_set_text(error, "type", "ServiceUnavailableException");
	json_set_int(error, "code", 503);
	json_set(o, "error", error);
	return answer_json(rq, 503, o);
}

enum status test_federated(struct request *rq)
{
	struct json_object *o = json_new_object(rq->cx);
	struct federation f;
	struct catalog c;
	enum status s = open_upstream(rq, MAY_READ, &c, &f);

	if (s)
		return s;
	json_set_text(o, "catalog", c.name);
	json_set_text(o, "base_url", f.upstream.base);
	if (try_upstream(rq->cx, &f))
		return answer_failed_test(rq, o);
	json_set_text(o, "status", "connected");
	return answer_json(rq, 200, o);
}

enum status sync_federated(struct request *rq)
{
	struct federation_count count;
	struct json_object *o;
	struct federation f;
	struct catalog c;
	struct job *job;
	bool complete;
	enum status s = open_upstream(rq, MAY_READ, &c, &f);

	if (!s)
		s = federation_sync(rq->cx, rq->rs->store, &c, &f, request_actor(rq), &count,
				    &complete);
	if (s == UNKNOWN) {
		rq->answer.http = 502;
		rq->error_type = "BadGatewayException";
	}
	if (s)
		return s;
	if (!complete) { /* a worker has the time */
		job = federation_count_job(rq->cx, c.tenant_id, c.name);
		s = store_apply(rq->cx, rq->rs->store, (struct change[]){ { INSERT, &job->row } },
				1, NULL);
	}
	if (!s)
		s = model_json_of(rq->cx, &count.row, &o);
	if (s)
		return s;
	json_set_text(o, "status", "Sync triggered");
	json_set_bool(o, "complete", complete);
	return answer_json(rq, 200, o);
}

enum status get_federated_stats(struct request *rq)
{
	struct federation_count count;
	struct json_object *o;
	struct catalog c;
	enum status s = find(rq, MAY_READ, &c);

	if (!s)
		s = federation_count_find(rq->cx, rq->rs->store, c.tenant_id, c.id, &count);
	if (!s)
		s = model_json_of(rq->cx, &count.row, &o);
	return s ? s : answer_json(rq, 200, o);
}
